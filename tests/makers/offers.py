"""Offers for tests: written, live, claimed by people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from siyu.acquisition import claims, offer_links, offer_page_routes, offer_routes, offers, redeem_page_routes
from siyu.acquisition.draws import PrizeDraft
from siyu.acquisition.offers import Draft, Offer
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.loyalty.coupons import Coupon
from siyu.web.application import build_application
from tests.makers.content import open_desk as open_content
from tests.makers.customers import Desk, TestClient
from tests.makers.loyalty import put_coupon

NEVER_ORDERED: dict[str, Any] = {"kind": "orders", "measure": "count", "op": "=", "value": 0}


def put_offer(stores: Stores, coupon: Coupon | None = None, **changes: Any) -> Offer:
    """A coupon that may be claimed now."""
    draft = Draft(**{"name": "新客券", "form": "coupon", "title": "新客专享", "coupon_id": coupon.id if coupon else None, **changes})
    with stores.ledger.begin() as tx:
        made = offers.add(stores, tx, draft, by="Alice")
        return offers.set_status(stores, tx, made.id, "live", by="Alice")


def put_draw(stores: Stores, *prizes: tuple[str, int, int], **changes: Any) -> Offer:
    """A lucky draw: (name, stock, odds in parts of a million) of each prize; all of them gifts."""
    coupon = put_coupon(stores, name="奖品券", kind="gift", gift="茶包", face_fen=0, threshold_fen=0, cost_fen=500, per_person=None)
    own = tuple(PrizeDraft(name, coupon.id, stock, odds) for name, stock, odds in prizes)
    return put_offer(stores, **{"form": "draw", "name": "幸运抽奖", "title": "抽茶包", "prizes": own, **changes})


def ask(stores: Stores, offer: Offer, *who: int) -> claims.Claimed:
    return claims.claim(stores, offer.id, who)


def found(stores: Stores, offer: Offer) -> Offer:
    with stores.ledger.read() as tx:
        return offers.find(tx, offer.id)


def of_person(stores: Stores, who: int, offer: Offer) -> list[claims.Claim]:
    with stores.ledger.read() as tx:
        return claims.of_person(tx, who, offer.id)


def code_of(stores: Stores, one: claims.Claim) -> str:
    table = metadata.tables["loyalty_code"]
    with stores.ledger.read() as tx:
        return str(tx.scalar(select(table.c.code).where(table.c.id == one.code_id)))


def path_of(stores: Stores, offer: Offer, who: int) -> str:
    address = offer_links.addresses(stores, offer.id, [who])[0] if who else offer_links.shared_address(stores, offer.id)
    return "/o/" + address.rsplit("/", 1)[1]


def pages(stores: Stores) -> TestClient:
    app = build_application(stores, [], title="Siyu", version="0.0.test", pages=(offer_page_routes.router, redeem_page_routes.router))
    return TestClient(app, base_url="http://localhost")


def open_desk(stores: Stores) -> Desk:
    return open_content(stores, offer_routes.router)
