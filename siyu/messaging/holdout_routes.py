"""The global hold-out over HTTP: the one of today, earlier ones, what each shows and who is in it, and drawing another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from math import isfinite
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from siyu.foundation.clock import from_ms
from siyu.foundation.http import (
    Body,
    Cursor,
    Items,
    Label,
    Limit,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.foundation.trials import Effect
from siyu.messaging import holdout_report, holdouts
from siyu.messaging.holdout_report import HeldArm, HoldoutReport, Outlook
from siyu.messaging.holdouts import Holdout
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/messaging/holdouts", tags=["messaging"])
Reader = Annotated[Access, Depends(require("messaging.read"))]
Writer = Annotated[Access, Depends(require("messaging.write"))]
Looker = Annotated[Access, Depends(require("customers.read"))]
Exporter = Annotated[Access, Depends(require("customers.export"))]
ArmName = Annotated[Literal["control", "compared"], Query(description="Those who are told nothing, or those whom they are compared with.")]


class HoldoutInfo(BaseModel):
    """`control_count` people are told nothing but what is transactional; `compared_count` are those they are compared with."""

    id: int
    rate: float
    from_on: date
    to_on: date | None
    control_count: int
    compared_count: int
    is_active: bool
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, one: Holdout, active: Holdout | None) -> HoldoutInfo:
        return cls(**vars(one), is_active=active is not None and one.id == active.id)


class NewHoldout(Body):
    """`days`: how long it lasts; null until another is drawn."""

    rate: Annotated[float, Field(gt=0, le=holdouts.MOST_RATE)] = 0.05
    days: Annotated[int | None, Field(ge=1, le=3660)] = 92


class HoldoutArm(BaseModel):
    """`told_count`: people reached in the period, by `message_count` messages. `left_count`: who ended a relation or took a consent back."""

    people_count: int
    told_count: int
    message_count: int
    buyer_count: int
    order_count: int
    spend_fen: int
    left_count: int

    @classmethod
    def of(cls, arm: HeldArm) -> HoldoutArm:
        return cls(**vars(arm))


class HoldoutEffect(BaseModel):
    """Compared minus control per person (a share 0–1, or fen), with an interval that holds at every look; a bound that is not defined is null."""

    difference: float
    low: float | None
    high: float | None
    relative: float | None
    relative_low: float | None
    relative_high: float | None
    is_detected: bool
    finding: Label

    @classmethod
    def of(cls, effect: Effect | None) -> HoldoutEffect | None:
        if effect is None:
            return None
        values = {name: float(getattr(effect, name)) for name in ("low", "high", "relative", "relative_low", "relative_high")}
        known: dict[str, Any] = {name: value if isfinite(value) else None for name, value in values.items()}
        return cls(difference=float(effect.difference), **known, is_detected=bool(effect.is_detected), finding=Label.of(effect.finding))


class HoldoutMoney(BaseModel):
    """An estimate and its interval, fen."""

    fen: int
    low_fen: int
    high_fen: int

    @classmethod
    def of(cls, money: tuple[int, int, int] | None) -> HoldoutMoney | None:
        return None if money is None else cls(fen=money[0], low_fen=money[1], high_fen=money[2])


class HoldoutReportInfo(BaseModel):
    """What those who are told nothing do, beside those who are told. `missed`: what the control goes without; `brought`: what all messages
    bring from the `others_count` others. `smallest_share`, `smallest_fen`: differences that would be found four times in five. `why_not`: why no effect is shown."""

    holdout: HoldoutInfo
    from_at: datetime
    to_at: datetime
    control: HoldoutArm
    compared: HoldoutArm
    others_count: int
    withheld_count: int
    bought: HoldoutEffect | None
    spend: HoldoutEffect | None
    left: HoldoutEffect | None
    why_not: Label | None
    mismatch_p: float | None
    smallest_share: float | None
    smallest_fen: float | None
    missed: HoldoutMoney | None
    brought: HoldoutMoney | None

    @classmethod
    def of(cls, found: HoldoutReport, active: Holdout | None) -> HoldoutReportInfo:
        read = found.reading
        return cls(
            holdout=HoldoutInfo.of(found.holdout, active), from_at=from_ms(found.from_ms), to_at=from_ms(found.to_ms), control=HoldoutArm.of(found.control),
            compared=HoldoutArm.of(found.compared), others_count=found.others_count, withheld_count=found.withheld_count, bought=HoldoutEffect.of(read.bought),
            spend=HoldoutEffect.of(read.spend), left=HoldoutEffect.of(read.left), why_not=Label.of(read.why_not) if read.why_not else None, mismatch_p=read.mismatch_p,
            smallest_share=read.smallest_share, smallest_fen=read.smallest_fen, missed=HoldoutMoney.of(read.missed_fen), brought=HoldoutMoney.of(read.brought_fen),
        )  # fmt: skip


class HoldoutOutlook(BaseModel):
    """By as many days that have passed: `held_count` people would be told nothing, who spent `spend_fen` then. A difference of `smallest_share`
    of buyers, or of `smallest_fen` a person, would be found four times in five. `quarter_days`: days until the next quarter begins."""

    people_count: int
    held_count: int
    buyer_share: float | None
    spend_fen: int
    smallest_share: float | None
    smallest_fen: float | None
    quarter_days: int

    @classmethod
    def of(cls, found: Outlook, quarter_days: int) -> HoldoutOutlook:
        return cls(**vars(found), quarter_days=quarter_days)


class HeldPerson(BaseModel):
    """`customer` is null for somebody who is no customer any more; contacts in it are masked."""

    customer_id: int
    customer: CustomerRow | None


@router.get("", summary="Every hold-out, the newest first")
def list_holdouts(access: Reader) -> Items[HoldoutInfo]:
    with access.stores.ledger.read() as tx:
        active = holdouts.active(access.stores, tx)
        return Items(items=[HoldoutInfo.of(one, active) for one in holdouts.holdouts(tx)])


@router.post("", status_code=201, summary="Draw a new hold-out; the one before ends today")
def draw_holdout(body: NewHoldout, access: Writer) -> HoldoutInfo:
    with access.stores.ledger.begin() as tx:
        found = holdouts.draw(access.stores, tx, rate=body.rate, days=body.days, by=access.actor.name)
        audit.record(tx, access.actor, "messaging.holdout_drawn", f"holdout:{found.id}", {"rate": found.rate, "days": body.days}, access.stores.now())
        return HoldoutInfo.of(found, found)


@router.delete("", status_code=204, summary="End the hold-out of today")
def end_holdout(access: Writer) -> None:
    with access.stores.ledger.begin() as tx:
        holdouts.end(access.stores, tx)
        audit.record(tx, access.actor, "messaging.holdout_ended", "holdout", {}, access.stores.now())


@router.get("/outlook", summary="What a hold-out of some size would cost and could show, by the days that have passed; nothing is written")
def get_outlook(access: Reader, rate: Annotated[float, Query(gt=0, le=holdouts.MOST_RATE)] = 0.05, days: Annotated[int, Query(ge=1, le=3660)] = 92) -> HoldoutOutlook:
    stores = access.stores
    return HoldoutOutlook.of(holdout_report.outlook(stores, rate=rate, days=days), holdout_report.next_quarter(stores))


@router.get("/{id}", summary="What a hold-out shows so far: those told nothing beside those who are told, with intervals, and what it costs")
def get_holdout(id: RowId, access: Reader) -> HoldoutReportInfo:
    with access.stores.ledger.read() as tx:
        active = holdouts.active(access.stores, tx)
    return HoldoutReportInfo.of(holdout_report.read_out(access.stores, id), active)


@router.get("/{id}/people", summary="Who is in a hold-out, contacts masked")
def list_held(id: RowId, access: Looker, arm: ArmName = "control", cursor: Cursor = None, limit: Limit = 50) -> Page[HeldPerson]:
    stores, scope = access.stores, f"held {id} {arm}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        ids, total = holdouts.listed(tx, id, arm, after=place[0] if place else 0, limit=limit + 1), holdouts.size(tx, id, arm)
        with stores.warehouse.read() as session:
            shown = {row.id: row for row in load_rows(stores, session, tx, ids[:limit])}
    following = encode_cursor(stores, scope, ids[limit - 1]) if len(ids) > limit else None
    return Page(items=[HeldPerson(customer_id=one, customer=shown.get(one)) for one in ids[:limit]], next_cursor=following, total=total)


@router.get("/{id}/people.csv", summary="Everybody who is in a hold-out, by their number, as CSV", response_class=StreamingResponse)
def export_held(id: RowId, access: Exporter, arm: ArmName = "control") -> StreamingResponse:
    stores = access.stores
    with stores.ledger.begin() as tx:
        ids = holdouts.arms(tx, id)[arm]
        audit.record(tx, access.actor, "messaging.holdout_exported", f"holdout:{id}", {"arm": arm, "row_count": len(ids)}, stores.now())

    def lines() -> Iterator[str]:
        yield "\ufeffcustomer_id,arm\r\n"
        for first in range(0, len(ids), _LINES):
            yield "".join(f"{one},{arm}\r\n" for one in ids[first : first + _LINES].tolist())

    return StreamingResponse(lines(), media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="holdout-{id}-{arm}.csv"'})


_LINES = 10_000
