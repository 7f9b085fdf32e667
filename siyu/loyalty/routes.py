"""Points over HTTP: balances, the journal of acts, granting and taking by hand or by API, taking back; what one customer has."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.current import current_one
from siyu.loyalty import balances, by_hand, codes, codewords, coupons, points, redemptions
from siyu.loyalty.balances import Posting
from siyu.loyalty.points import Posted
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/loyalty", tags=["loyalty"])
Reader = Annotated[Access, Depends(require("loyalty.read"))]
Writer = Annotated[Access, Depends(require("loyalty.write"))]
CustomerReader = Annotated[Access, Depends(require("customers.read"))]
Points = Annotated[int, Field(ge=1, le=points.MOST)]
Ref = Annotated[Line, Field(min_length=1, max_length=120)]
Reason = Annotated[Line, Field(min_length=1, max_length=200)]


class PointsTotals(BaseModel):
    """The accounts: `customers` + `pool` + `expired` = 0. `ended`: in batches that are over and not moved yet; `ending_soon` within 30 days."""

    customers: int
    pool: int
    expired: int
    ended: int
    people: int
    granted: int
    spent: int
    ending_soon: int


class PointsBalance(BaseModel):
    customer_id: int
    customer: CustomerRow | None
    points: int


class PostingInfo(BaseModel):
    """`taken_back`: how much of its points reversals have moved back."""

    id: int
    ref: str
    kind: Literal["grant", "spend", "expire", "reverse"]
    reverses: int | None
    reason: str
    by: str
    at: datetime
    people: int
    points: int
    taken_back: int

    @classmethod
    def of(cls, one: Posting) -> PostingInfo:
        return cls.model_validate(one, from_attributes=True)


class PointsToGive(Body):
    """To a segment or to people named, by a job. `ref`: asked again with the same nobody is served twice. `last_on`: the points' last day."""

    segment_id: Id | None = None
    customer_ids: Annotated[list[Id], Field(max_length=1000)] | None = None
    points: Points
    reason: Reason
    ref: Ref
    last_on: date | None = None


class PointsToTake(Body):
    """`points` of each; who has too few keeps them and is named."""

    customer_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]
    points: Points
    reason: Reason
    ref: Ref


class PointsToTakeBack(Body):
    """All that is left of the act; or `points` of one customer."""

    reason: Reason
    ref: Ref
    customer_id: Id | None = None
    points: Points | None = None


class PointsRefused(BaseModel):
    reason: str
    name: Label
    customer_ids: list[int]


class PostedInfo(BaseModel):
    """`again`: served before under this reference. Numbers are those that customers have now."""

    posting_id: int
    done: list[int]
    again: list[int]
    refused: list[PointsRefused]

    @classmethod
    def of(cls, one: Posted) -> PostedInfo:
        refused = [PointsRefused(reason=reason, name=Label.of(points.REASONS[reason]), customer_ids=ids.tolist()) for reason, ids in one.refused.items()]
        return cls(posting_id=one.posting_id, done=one.done.tolist(), again=one.again.tolist(), refused=refused)


class GivingJob(BaseModel):
    job_id: str


class PointsLot(BaseModel):
    id: int
    granted: int
    remaining: int
    granted_at: datetime
    last_on: date | None
    reason: str


class PointsMovement(BaseModel):
    """`account`: where they came from or went: pool or expired. Below zero: they left the customer."""

    posting_id: int
    at: datetime
    kind: str
    account: str
    points: int
    reason: str
    by: str
    ref: str


class CustomerCoupon(BaseModel):
    """`value_fen`: what its redemption took off; null before. The code is masked for who may not redeem."""

    code_id: int
    code: str
    coupon_id: int
    name: str
    promise: Label
    state: str
    usable: bool
    issued_at: datetime
    from_at: datetime
    last_on: date
    redeemed_at: datetime | None
    value_fen: int | None


class CustomerLoyalty(BaseModel):
    customer_id: int
    points: int
    lots: list[PointsLot]
    movements: list[PointsMovement]
    coupons: list[CustomerCoupon]


@router.get("/points", summary="The accounts of points: with customers, the brand's pool, ended")
def get_totals(access: Reader) -> PointsTotals:
    with access.stores.ledger.read() as tx:
        return PointsTotals.model_validate(balances.totals(access.stores, tx), from_attributes=True)


@router.get("/points/balances", summary="Who has points, the most first")
def list_balances(access: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[PointsBalance]:
    stores = access.stores
    place = decode_cursor(stores, "points balances", cursor)
    with stores.ledger.read() as tx:
        found = balances.top(stores, tx, before=(place[0], place[1]) if place else None, limit=limit)
        rows = shown_rows(stores, tx, [one for one, _ in found])
    after = encode_cursor(stores, "points balances", found[-1][1], found[-1][0]) if len(found) == limit else None
    return Page(items=[PointsBalance(customer_id=one, customer=rows.get(one), points=have) for one, have in found], next_cursor=after, total=None)


@router.get("/points/postings", summary="Acts on points, the latest first")
def list_postings(access: Reader, kind: Annotated[Literal["grant", "spend", "expire", "reverse"] | None, Query()] = None, limit: Limit = 50, cursor: Cursor = None) -> Page[PostingInfo]:
    stores, scope = access.stores, f"points postings {kind}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = balances.postings(tx, kind=kind, before_id=place[0] if place else None, limit=limit)
    after = encode_cursor(stores, scope, found[-1].id) if len(found) == limit else None
    return Page(items=[PostingInfo.of(one) for one in found], next_cursor=after, total=None)


@router.get("/points/postings/{posting_id}/people", summary="The people of an act, and what it did to each")
def list_posting_people(posting_id: RowId, access: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[PointsBalance]:
    stores, scope = access.stores, f"points posting {posting_id}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        balances.find(tx, posting_id)
        found = balances.people_of(tx, posting_id, after=place[0] if place else 0, limit=limit)
        rows = shown_rows(stores, tx, [one for one, _ in found])
    after = encode_cursor(stores, scope, found[-1][0]) if len(found) == limit else None
    return Page(items=[PointsBalance(customer_id=one, customer=rows.get(one), points=moved) for one, moved in found], next_cursor=after, total=None)


@router.post("/points/grants", summary="Give points to a segment or to people named, by a job", status_code=202)
def give_points(body: PointsToGive, access: Writer) -> GivingJob:
    stores = access.stores
    with stores.ledger.begin() as tx:
        job_id = by_hand.ask(stores, tx, "grant", **body.model_dump(), by=access.actor.name)
        _audit(tx, access, "points_granted", "points", body.model_dump(mode="json"))
    return GivingJob(job_id=job_id)


@router.post("/points/spends", summary="Take points from people named; who has too few is answered")
def take_points(body: PointsToTake, access: Writer) -> PostedInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        posted = points.spend(stores, tx, body.customer_ids, [body.points] * len(body.customer_ids), reason=body.reason, ref=body.ref, by=access.actor.name)
        _audit(tx, access, "points_spent", f"posting:{posted.posting_id}", {"people": posted.people, "points": body.points, "reason": body.reason})
    return PostedInfo.of(posted)


@router.post("/points/postings/{posting_id}/reverse", summary="Take back a grant or a spending: all that is left of it, or a part for one customer")
def take_back(posting_id: RowId, body: PointsToTakeBack, access: Writer) -> PostedInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        if (body.customer_id is None) != (body.points is None):
            raise InvalidError(Text("要么全部，要么写明客户和积分", "either all of it, or a customer with points"), faults=[Fault("points", Text("客户和积分要一起写", "a customer and points go together"))])
        origin = balances.find(tx, posting_id)
        amounts = {body.customer_id: body.points} if body.customer_id is not None and body.points is not None else None
        posted = points.reverse(stores, tx, origin.ref, ref=body.ref, reason=body.reason, by=access.actor.name, amounts=amounts)
        _audit(tx, access, "points_reversed", f"posting:{posting_id}", {"people": posted.people, "reason": body.reason})
    return PostedInfo.of(posted)


@router.get("/customers/{customer_id}", summary="One customer's points and coupons")
def get_customer(customer_id: RowId, access: CustomerReader) -> CustomerLoyalty:
    stores = access.stores
    with stores.ledger.read() as tx:
        person = current_one(tx, customer_id)
        held = codes.of_customer(tx, person)
        named = coupons.find_some(tx, sorted({one.coupon_id for one in held}))
        used = redemptions.of_codes(tx, [one.id for one in held if one.state == "redeemed"])
        lots, moved = balances.lots(stores, tx, person), balances.movements(tx, person)
        have = balances.of(stores, tx, [person]).get(person, 0)
    return CustomerLoyalty(
        customer_id=person, points=have, lots=[PointsLot(**vars(one)) for one in lots], movements=[PointsMovement(**vars(one)) for one in moved],
        coupons=[_coupon(access, one, named[one.coupon_id], used.get(one.id)) for one in held],
    )  # fmt: skip


def _coupon(access: Access, one: codes.Code, coupon: coupons.Coupon, used: redemptions.Redemption | None) -> CustomerCoupon:
    stores = access.stores
    usable = one.state == "issued" and one.from_at <= stores.now() < one.until_at
    return CustomerCoupon(
        code_id=one.id, code=shown_code(access, one.code), coupon_id=coupon.id, name=coupon.name, promise=Label.of(coupons.promise(coupon)), state=one.state, usable=usable,
        issued_at=one.issued_at, from_at=one.from_at, last_on=one.ends_on(stores), redeemed_at=used.at if used else None, value_fen=used.value_fen if used else None,
    )  # fmt: skip


def shown_code(access: Access, code: str) -> str:
    """A code can be used by whoever knows it."""
    return codewords.shown(code if access.may("loyalty.redeem") else f"{code[:4]}{'•' * (len(code) - 4)}")


def shown_rows(stores: Stores, tx: Connection, customer_ids: list[int]) -> dict[int, CustomerRow]:
    """Customers as lists show them, contacts masked; who is not known (any more) is absent."""
    if not customer_ids:
        return {}
    with stores.warehouse.read() as session:
        return {row.id: row for row in load_rows(stores, session, tx, customer_ids)}


def _audit(tx: Connection, access: Access, action: str, subject: str, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"loyalty.{action}", subject, detail, access.stores.now())
