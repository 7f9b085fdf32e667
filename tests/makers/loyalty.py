"""Points and coupons for tests: people who can have them, and the routes behind HTTP."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
from sqlalchemy import func, select

from siyu.customers import consent_routes
from siyu.foundation.database import metadata
from siyu.foundation.jobs import Runner
from siyu.foundation.stores import Stores
from siyu.loyalty import by_hand, coupon_routes, coupons, tasks
from siyu.loyalty import routes as loyalty_routes
from siyu.loyalty.coupons import Coupon, Draft
from siyu.river import flow
from siyu.surveys import routes as survey_routes
from tests.makers.content import open_desk as open_content
from tests.makers.customers import Desk
from tests.makers.identity import key_of, see

_number = count(1)


def people(stores: Stores, size: int) -> list[int]:
    """New customers, each with an identifier of their own."""
    found = [("anonymous", next(_number)) for _ in range(size)]
    see(stores, *([one] for one in found))
    flow(stores)
    identifier = metadata.tables["identity_identifier"]
    with stores.ledger.read() as tx:
        owner = {row[0]: row[1] for row in tx.execute(select(identifier.c.identity_key, identifier.c.customer_id))}
    return [owner[key_of(one)] for one in found]


def put_coupon(stores: Stores, **changes: Any) -> Coupon:
    """A coupon that is being issued: 20 off from 100, ten days."""
    draft = Draft(**{"name": "满减券", "kind": "amount", "face_fen": 2000, "threshold_fen": 10000, "days": 10, **changes})
    with stores.ledger.begin() as tx:
        made = coupons.add(stores, tx, draft, by="Alice")
        return coupons.set_status(stores, tx, made.id, "live", by="Alice")


def open_desk(stores: Stores) -> Desk:
    return open_content(stores, loyalty_routes.router, coupon_routes.router, survey_routes.router, consent_routes.router)


def work(stores: Stores) -> None:
    """Jobs that wait are done."""
    Runner(stores, (*tasks.job_kinds(), by_hand.job_kind()), (), lease_seconds=5).run_pending()


def books(stores: Stores) -> dict[str, int]:
    """The accounts as an auditor adds them up: entry by entry; `kept`: what the batches say they still hold; `least`: the poorest batch."""
    entry, lot = metadata.tables["loyalty_entry"], metadata.tables["loyalty_lot"]
    account = {"customer": 0, "pool": 0, "expired": 0}
    with stores.ledger.read() as tx:
        for source, target, points in tx.execute(select(entry.c.from_account, entry.c.to_account, entry.c.points)):
            account[source] -= points
            account[target] += points
        by_lot = {row.id: row.remaining for row in tx.execute(select(lot))}
        for lot_id, source, points in tx.execute(select(entry.c.lot_id, entry.c.from_account, entry.c.points)):
            by_lot[lot_id] += points if source == "customer" else -points
        kept, least = tx.execute(select(func.coalesce(func.sum(lot.c.remaining), 0), func.coalesce(func.min(lot.c.remaining), 0))).one()
    assert not any(by_lot.values()), "what a batch holds is not what its entries come to"
    return {**account, "kept": int(kept), "least": int(least)}


def ids(found: Any) -> list[int]:
    return list(np.asarray(found).tolist())
