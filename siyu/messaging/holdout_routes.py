"""The global hold-out over HTTP: the one of today, earlier ones, and drawing another."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from siyu.foundation.http import Body, Items
from siyu.messaging import holdouts
from siyu.messaging.holdouts import Holdout
from siyu.team import audit
from siyu.team.access import Access, require

router = APIRouter(prefix="/messaging/holdouts", tags=["messaging"])
Reader = Annotated[Access, Depends(require("messaging.read"))]
Writer = Annotated[Access, Depends(require("messaging.write"))]


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
