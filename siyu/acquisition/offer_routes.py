"""Offers over HTTP: written with checks as one types, live, paused and ended; their claims and refusals; codes redeemed by other systems."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.background import BackgroundTask

from siyu.acquisition import (
    claim_files,
    claims,
    draws,
    eligibility,
    offer_checks,
    offer_links,
    offers,
    redeem_links,
)
from siyu.acquisition.draws import MILLION, MOST_PRIZES, PrizeDraft
from siyu.acquisition.offers import Draft, Form, Offer
from siyu.carriers.callback_routes import carriers_of
from siyu.foundation.errors import InvalidError
from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
    Items,
    Label,
    Limit,
    Line,
    Page,
    ProblemFault,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
    language_of,
)
from siyu.loyalty import redemptions
from siyu.loyalty.coupon_routes import RedemptionInfo
from siyu.loyalty.routes import shown_rows
from siyu.segments.directory_rows import CustomerRow
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/acquisition", tags=["acquisition"])
Reader = Annotated[Access, Depends(require("acquisition.read"))]
Writer = Annotated[Access, Depends(require("acquisition.write"))]
Redeemer = Annotated[Access, Depends(require("offers.redeem"))]
Exporter = Annotated[Access, Depends(require("customers.export"))]
Count = Annotated[int, Field(ge=1, le=offer_checks.MOST)]
Fen = Annotated[int, Field(ge=1, le=offer_checks.MOST * 1000)]
Key = Annotated[Line, Header(alias="Idempotency-Key", min_length=1, max_length=100)]
State = Literal["given", "used", "ended", "void", "no_prize"]
Status = Literal["draft", "live", "paused", "ended"]
WAIT_SECONDS = 30


class PrizeBody(Body):
    """`odds_ppm`: of a million tickets so many draw it, while there is any."""

    name: Annotated[Line, Field(max_length=80)]
    coupon_id: Id
    stock: Count
    odds_ppm: Annotated[int, Field(ge=1, le=MILLION)]


class OfferBody(Body):
    """`form` decides the kind: coupon, gift, trial, draw (benefit), tutorial, group (service), logistics, consultation (scene). `stock`: how many may
    claim it, of a draw: take part; null: no bound. `rule`: of the language of segments, null: everybody. `event`: what opens a scene, for `event_days` days."""

    name: Annotated[Line, Field(max_length=80)]
    form: Form
    title: Annotated[Line, Field(max_length=80)] = ""
    words: Annotated[Line, Field(max_length=2000)] = ""
    for_whom: Annotated[Line, Field(max_length=200)] = ""
    source_id: Id | None = None
    coupon_id: Id | None = None
    piece_id: Id | None = None
    join_way_id: Id | None = None
    way_account_id: Id | None = None
    way_id: Id | None = None
    rule: dict[str, Any] | None = None
    event: Annotated[Line, Field(max_length=80)] = ""
    event_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    stock: Count | None = None
    per_day: Count | None = None
    budget_fen: Fen | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    prizes: Annotated[list[PrizeBody], Field(max_length=MOST_PRIZES)] = []

    def draft(self) -> Draft:
        given = {name: getattr(self, name) for name in Draft.__dataclass_fields__ if name != "prizes"}
        return Draft(**given, prizes=tuple(PrizeDraft(**one.model_dump()) for one in self.prizes))


class OfferChange(OfferBody):
    """`edit` as it was read: who saves over somebody else's change is told."""

    edit: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class PrizeInfo(BaseModel):
    id: int
    name: str
    coupon_id: int
    stock: int
    odds_ppm: int
    given: int


class OfferInfo(BaseModel):
    """`claimed`: how many have it, of a draw: took part. `committed_fen`: what codes that are out can still cost; `redeemed_fen`: what used ones took off.
    `closed`: why nobody can claim it now. `counts`: people by the state of their claim, and refused ones by reason (`refused:<reason>`)."""

    id: int
    name: str
    form: Form
    kind: Literal["benefit", "service", "scene"]
    form_name: Label
    title: str
    words: str
    for_whom: str
    source_id: int | None
    coupon_id: int | None
    piece_id: int | None
    join_way_id: int | None
    way_account_id: int | None
    way_id: int | None
    rule: dict[str, Any] | None
    event: str
    event_days: int | None
    stock: int | None
    per_day: int | None
    budget_fen: int | None
    begins_at: datetime | None
    ends_at: datetime | None
    prizes: list[PrizeInfo]
    status: Status
    closed: str | None
    claimed: int
    left: int | None
    committed_fen: int
    redeemed_fen: int
    seed_hash: str | None
    counts: dict[str, int]
    edit: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, access: Access, one: Offer, counts: dict[str, int] | None = None) -> OfferInfo:
        own = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name) and name not in ("prizes", "counts")}
        prizes = [PrizeInfo.model_validate(prize, from_attributes=True) for prize in one.prizes]
        return cls(**own, form_name=Label.of(offers.FORMS[one.form]), prizes=prizes, closed=claims.closed(access.stores, one), counts=counts or {})


class OfferChecked(BaseModel):
    """`faults`: what is missing before it can go live; `who`: the rule in words."""

    faults: list[ProblemFault]
    who: Label


class OfferStatusBody(Body):
    status: Literal["live", "paused", "ended"]


class OddsBody(Body):
    """`people`: how many are expected to take part."""

    prizes: Annotated[list[PrizeBody], Field(min_length=1, max_length=MOST_PRIZES)]
    people: Annotated[int, Field(ge=1, le=100_000_000)]


class PrizeOdds(BaseModel):
    """`given`: on average; `runs_out_rate`: how likely more draw it than there are."""

    name: str
    given: float
    runs_out_rate: float


class OddsInfo(BaseModel):
    """`no_prize_ppm`: of a million tickets so many draw nothing even while all prizes are there. `cost_fen`: what the prizes given cost on average."""

    prizes: list[PrizeOdds]
    no_prize_ppm: int
    cost_fen: int
    most_fen: int


class ClaimInfo(BaseModel):
    id: int
    customer_id: int
    customer: CustomerRow | None
    ticket: int
    at: datetime
    state: State
    prize_id: int | None
    cost_fen: int
    spent_fen: int


class RefusalInfo(BaseModel):
    customer_id: int
    customer: CustomerRow | None
    reason: str
    name: Label
    times: int
    at: datetime


class OfferLinks(Body):
    customer_ids: Annotated[list[Id], Field(max_length=1000)] = []


class OfferLink(BaseModel):
    customer_id: int | None
    url: str


class RedeemOfferBody(Body):
    """`order_fen`: what is paid before it; without it the threshold is not checked."""

    code: Annotated[Line, Field(min_length=1, max_length=40)]
    order_fen: Annotated[int, Field(ge=0, le=10**13)] | None = None
    order_no: Annotated[Line, Field(max_length=80)] = ""
    place: Annotated[Line, Field(max_length=80)] = ""


class RedeemPage(Body):
    """`tell`: send it to them as a card of the account's app, too."""

    account_id: Id
    staff: Annotated[Line, Field(min_length=1, max_length=64)]
    tell: bool = False


class RedeemPageInfo(BaseModel):
    """`told`: the carrier has taken the card for them."""

    url: str
    told: bool


@router.get("/offers", summary="Offers, the newest first")
def list_offers(access: Reader, status: Status | None = None, q: Annotated[Line, Query(max_length=80)] = "", limit: Limit = 50, cursor: Cursor = None) -> Page[OfferInfo]:
    stores, scope = access.stores, f"offers {status} {q}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = offers.listed(tx, status=status, q=q, before_id=place[0] if place else None, limit=limit)
        counts = claims.counts(tx, [one.id for one in found])
    after = encode_cursor(stores, scope, found[-1].id) if len(found) == limit else None
    return Page(items=[OfferInfo.of(access, one, counts[one.id]) for one in found], next_cursor=after, total=None)


@router.post("/offers", summary="Write a new offer", status_code=201)
def add_offer(body: OfferBody, access: Writer) -> OfferInfo:
    with access.stores.ledger.begin() as tx:
        made = offers.add(access.stores, tx, body.draft(), by=access.actor.name)
        _audit(tx, access, "offer_added", made.id, {"name": made.name, "form": made.form})
    return OfferInfo.of(access, made)


@router.post("/offers/check", summary="What is missing in an offer before it can go live, while it is being written")
def check_offer(body: OfferBody, access: Writer, request: Request) -> OfferChecked:
    stores, lang = access.stores, language_of(request)
    with stores.ledger.read() as tx:
        try:
            clean = offer_checks.kept(body.draft())
            faults = offer_checks.to_go_live(stores, tx, clean)
        except InvalidError as error:
            faults = error.faults
        try:
            who = eligibility.said(stores, tx, eligibility.whole(body.rule, body.event, body.event_days))
        except InvalidError as error:
            who = error.message
    return OfferChecked(faults=[ProblemFault(field=one.field, message=one.message.to(lang)) for one in faults], who=Label.of(who))


@router.post("/offers/odds", summary="What odds come to when so many take part")
def work_out_odds(body: OddsBody, access: Reader) -> OddsInfo:
    prizes = [PrizeDraft(**one.model_dump()) for one in body.prizes]
    with access.stores.ledger.read() as tx:
        costs = claims.costs(tx, [one.coupon_id for one in prizes])
    found = draws.expected(prizes, body.people)
    return OddsInfo(
        prizes=[PrizeOdds(name=one.name, given=round(what.given, 2), runs_out_rate=round(what.runs_out_rate, 4)) for one, what in zip(prizes, found, strict=True)],
        no_prize_ppm=max(0, MILLION - sum(one.odds_ppm for one in prizes)), cost_fen=round(sum(what.given * costs.get(one.coupon_id, 0) for one, what in zip(prizes, found, strict=True))),
        most_fen=sum(one.stock * costs.get(one.coupon_id, 0) for one in prizes),
    )  # fmt: skip


@router.get("/offers/{offer_id}", summary="An offer")
def get_offer(offer_id: RowId, access: Reader) -> OfferInfo:
    with access.stores.ledger.read() as tx:
        return OfferInfo.of(access, offers.find(tx, offer_id), claims.counts(tx, [offer_id])[offer_id])


@router.put("/offers/{offer_id}", summary="Change an offer; what was promised stays once it is live")
def change_offer(offer_id: RowId, body: OfferChange, access: Writer) -> OfferInfo:
    with access.stores.ledger.begin() as tx:
        made = offers.change(access.stores, tx, offer_id, body.draft(), edit=body.edit, by=access.actor.name)
        _audit(tx, access, "offer_changed", offer_id, {"name": made.name, "stock": made.stock, "budget_fen": made.budget_fen})
        counts = claims.counts(tx, [offer_id])[offer_id]
    return OfferInfo.of(access, made, counts)


@router.delete("/offers/{offer_id}", summary="Remove a draft of an offer", status_code=204)
def remove_offer(offer_id: RowId, access: Writer) -> None:
    with access.stores.ledger.begin() as tx:
        gone = offers.remove(tx, offer_id)
        _audit(tx, access, "offer_removed", offer_id, {"name": gone.name})


@router.post("/offers/{offer_id}/status", summary="Let an offer go live, pause it, or end it for good")
def set_offer_status(offer_id: RowId, body: OfferStatusBody, access: Writer) -> OfferInfo:
    with access.stores.ledger.begin() as tx:
        made = offers.set_status(access.stores, tx, offer_id, body.status, by=access.actor.name)
        _audit(tx, access, f"offer_{body.status}", offer_id, {"name": made.name})
        counts = claims.counts(tx, [offer_id])[offer_id]
    return OfferInfo.of(access, made, counts)


@router.post("/offers/{offer_id}/copy", summary="Copy an offer to a new draft", status_code=201)
def copy_offer(offer_id: RowId, access: Writer) -> OfferInfo:
    with access.stores.ledger.begin() as tx:
        made = offers.add(access.stores, tx, offers.copy_of(offers.find(tx, offer_id)), by=access.actor.name)
        _audit(tx, access, "offer_added", made.id, {"name": made.name, "form": made.form, "copy_of": offer_id})
    return OfferInfo.of(access, made)


@router.post("/offers/{offer_id}/links", summary="The shared link of an offer, and those of people named")
def make_links(offer_id: RowId, body: OfferLinks, access: Writer) -> Items[OfferLink]:
    stores = access.stores
    with stores.ledger.begin() as tx:
        offers.find(tx, offer_id)
        if body.customer_ids:
            _audit(tx, access, "offer_links_made", offer_id, {"people": len(body.customer_ids)})
    own = offer_links.addresses(stores, offer_id, body.customer_ids)
    shared = OfferLink(customer_id=None, url=offer_links.shared_address(stores, offer_id))
    return Items(items=[shared, *(OfferLink(customer_id=one, url=url) for one, url in zip(body.customer_ids, own, strict=True))])


@router.get("/offers/{offer_id}/claims", summary="Who has claimed an offer, the newest first")
def list_claims(offer_id: RowId, access: Reader, state: State | None = None, limit: Limit = 50, cursor: Cursor = None) -> Page[ClaimInfo]:
    stores, scope = access.stores, f"claims {offer_id} {state}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        offers.find(tx, offer_id)
        found = claims.listed(tx, offer_id, state=state, before_id=place[0] if place else None, limit=limit)
        rows = shown_rows(stores, tx, list({one.customer_id: None for one in found}))
    after = encode_cursor(stores, scope, found[-1].id) if len(found) == limit else None
    own = ("id", "customer_id", "ticket", "at", "state", "prize_id", "cost_fen", "spent_fen")
    return Page(items=[ClaimInfo(**{name: getattr(one, name) for name in own}, customer=rows.get(one.customer_id)) for one in found], next_cursor=after, total=None)


@router.get("/offers/{offer_id}/refusals", summary="Who asked for an offer and was refused, and why")
def list_refusals(offer_id: RowId, access: Reader, reason: Annotated[Line, Query(max_length=16)] = "", limit: Limit = 50, cursor: Cursor = None) -> Page[RefusalInfo]:
    stores, scope = access.stores, f"refusals {offer_id} {reason}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        offers.find(tx, offer_id)
        found = claims.refusals(tx, offer_id, reason=reason or None, after=(int(place[0]), str(place[1])) if place else None, limit=limit)
        rows = shown_rows(stores, tx, list({one.customer_id: None for one in found}))
    after = encode_cursor(stores, scope, found[-1].customer_id, found[-1].reason) if len(found) == limit else None
    items = [
        RefusalInfo(customer_id=one.customer_id, customer=rows.get(one.customer_id), reason=one.reason, name=Label.of(claims.REASONS[one.reason]), times=one.times, at=one.at) for one in found
    ]
    return Page(items=items, next_cursor=after, total=None)


@router.get("/offers/{offer_id}/export", summary="Claims of an offer as a file", response_class=FileResponse)
def export_claims(offer_id: RowId, access: Exporter, request: Request, format: Literal["csv", "xlsx"] = "csv", what: Literal["claims", "refusals"] = "claims") -> FileResponse:
    stores = access.stores
    with stores.ledger.read() as tx:
        offer = offers.find(tx, offer_id)
    # Among the exports: what a killed process leaves behind goes with them when somebody is erased.
    exports = stores.settings.files / "exports"
    exports.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=exports))
    path = folder / f"offer-{offer_id}-{what}.{format}"
    count = claim_files.write(stores, path, offer, format, language_of(request), what=what)
    with stores.ledger.begin() as tx:
        _audit(tx, access, "offer_exported", offer_id, {"format": format, "row_count": count, "what": what})
    return FileResponse(path, filename=path.name, background=BackgroundTask(claim_files.remove, folder))


@router.post("/redemptions", summary="Redeem a code, once; asked again with the same Idempotency-Key it answers the same")
def redeem_code(body: RedeemOfferBody, key: Key, access: Redeemer) -> RedemptionInfo:
    with access.stores.ledger.begin() as tx:
        made = redemptions.redeem(access.stores, tx, body.code, ref=f"api:{key}", by=access.actor.name, order_fen=body.order_fen, order_no=body.order_no, place=body.place)
        if not made.again:
            audit.record(tx, access.actor, "acquisition.code_redeemed", f"code:{made.code_id}", {"ref": made.ref, "value_fen": made.value_fen}, access.stores.now())
    return RedemptionInfo.of(made)


@router.post("/redemptions/pages", summary="The redemption page of a member of staff")
def make_redeem_page(body: RedeemPage, access: Writer, request: Request) -> RedeemPageInfo:
    with access.stores.ledger.begin() as tx:
        url = redeem_links.address(access.stores, tx, body.account_id, body.staff)
        audit.record(tx, access.actor, "acquisition.redeem_page_made", f"account:{body.account_id}", {"staff": body.staff, "told": body.tell}, access.stores.now())
    if not body.tell:
        return RedeemPageInfo(url=url, told=False)
    calls = carriers_of(request).calls
    return RedeemPageInfo(url=url, told=bool(calls.run(redeem_links.tell(calls, body.account_id, body.staff, url), WAIT_SECONDS)))


def _audit(tx: Connection, access: Access, action: str, offer_id: int, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"acquisition.{action}", f"offer:{offer_id}", detail, access.stores.now())
