"""Rehearsals of journeys over HTTP: ask for one, and read the last."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import Depends
from pydantic import BaseModel, Field

from siyu.foundation import jobs
from siyu.foundation.errors import NotFoundError
from siyu.foundation.http import Body, Id, Label, Router, RowId
from siyu.foundation.text import Text
from siyu.journeys import journeys, rehearsals
from siyu.journeys.rehearsal_tasks import REHEARSE
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/journeys/{journey_id}", tags=["journeys"])
Reader = Annotated[Access, Depends(require("journeys.read"))]
Writer = Annotated[Access, Depends(require("journeys.write"))]
_TEXTS = ("assumed", "notes")


class RehearseBody(Body):
    """`days`: so long newcomers come in (0: those who would come in at once). `segment`: stands for those whom people or another system
    name. `follow_days`: so long the journey is followed after that."""

    days: Annotated[int, Field(ge=0, le=90)] = 28
    segment: Id | None = None
    follow_days: Annotated[int, Field(ge=1, le=120)] = 30


class RehearsalAsked(BaseModel):
    job_id: str


class JourneyRange(BaseModel):
    """An expected number, and the interval in which the true one lies in 19 of 20 cases."""

    mean: float
    low: float
    high: float


class RehearsedMessages(BaseModel):
    """Messages of a node: asked for, told now or later, delivered, answered; `refused` by reason; cost in fen."""

    asked: JourneyRange
    told: JourneyRange
    later: JourneyRange
    delivered: JourneyRange
    read: JourneyRange
    clicked: JourneyRange
    opted_out: JourneyRange
    blocked: JourneyRange
    complained: JourneyRange
    cost_fen: JourneyRange
    refused: dict[str, JourneyRange]


class RehearsedNode(BaseModel):
    """`came`: people who come to it; `edges`: who takes which way out; `left`: who still stands there at the end."""

    came: JourneyRange
    edges: dict[str, JourneyRange]
    left: JourneyRange
    message: RehearsedMessages | None


class RehearsedDay(BaseModel):
    """Means: who comes in on a local day, what staff send by hand, and the busiest of them."""

    on: str
    entering: float
    staff_messages: float
    busiest: float


class RehearsedStaff(BaseModel):
    account_id: int
    staff: str
    messages: float
    most_a_day: float


class RehearsedOutcome(BaseModel):
    """Of those treated, within `window_days` of coming in. `…_anyway`: what they would do without a message. `goal_…` null without a goal;
    `detectable`: the least difference of goal rates that the hold-out can show in 4 of 5 cases, null without a hold-out."""

    treated: JourneyRange
    held_out: JourneyRange
    goal_rate: JourneyRange | None
    goal_anyway: JourneyRange | None
    goal_lift: JourneyRange | None
    goals: JourneyRange | None
    extra_goals: JourneyRange | None
    orders: JourneyRange
    orders_anyway: JourneyRange
    extra_orders: JourneyRange
    extra_revenue_fen: JourneyRange
    window_days: float
    detectable: float | None


class RehearsalInfo(BaseModel):
    """The last rehearsal. `is_current`: of the draft as it stands. `assumed`: rates that rest on too little history; `no_lift`: why the
    effect will not be measurable."""

    journey_id: int
    draft_version: int
    computed_at: datetime
    is_current: bool
    days: int
    segment: int | None
    entries: JourneyRange
    sampled: int
    futures: int
    until_on: str
    nodes: dict[str, RehearsedNode]
    refused: dict[str, JourneyRange]
    messages: JourneyRange
    cost_fen: JourneyRange
    opted_out: JourneyRange
    blocked: JourneyRange
    complained: JourneyRange
    load: list[RehearsedDay]
    staff: list[RehearsedStaff]
    outcome: RehearsedOutcome
    assumed: list[Label]
    notes: list[Label]
    no_lift: Label | None


@router.post("/rehearse", summary="Rehearse the draft over its real audience: nothing is sent, nothing is written about people", status_code=202)
def rehearse_journey(journey_id: RowId, body: RehearseBody, access: Writer) -> RehearsalAsked:
    stores = access.stores
    with stores.ledger.begin() as tx:
        found = journeys.find(tx, journey_id)
        arguments = {"journey_id": journey_id, **body.model_dump()}
        job = jobs.submit(tx, REHEARSE, arguments, now=stores.now(), key=f"{journey_id} {found.draft_version} {sorted(arguments.items())}"[:200], created_by=access.actor.name)
        audit.record(tx, access.actor, "journey.rehearsed", f"journey:{journey_id}", {"name": found.name, "draft_version": found.draft_version}, stores.now())
    return RehearsalAsked(job_id=job)


@router.get("/rehearsal", summary="What the last rehearsal said, each number with its interval")
def read_rehearsal(journey_id: RowId, access: Reader) -> RehearsalInfo:
    kept = rehearsals.kept(access.stores, journey_id)
    if kept is None:
        raise NotFoundError(Text("这条旅程还没有彩排过", "this journey has not been rehearsed yet"), way_out=Text("先彩排", "rehearse it first"))
    found = kept.foreseen
    plain: dict[str, Any] = msgspec.to_builtins(found)
    words = {name: [Label.of(Text(*one)) for one in plain[name]] for name in _TEXTS}
    no_lift = None if found.no_lift is None else Label.of(found.no_lift)
    own = {"journey_id": journey_id, "draft_version": kept.draft_version, "computed_at": kept.computed_at, "is_current": kept.is_current, "load": plain["days"]}
    return RehearsalInfo(**{**plain, **words, **own, "days": kept.options.days, "segment": kept.options.segment, "no_lift": no_lift})
