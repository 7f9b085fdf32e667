"""Walks over HTTP: one real customer through a draft, with time travel; nothing is sent or written about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import AwareDatetime, BaseModel, Field

from siyu.foundation.http import Body, Id, Label, Line, Router, RowId
from siyu.journeys import journeys
from siyu.journeys.definition import read
from siyu.journeys.walk import Choice, Walked, walk
from siyu.journeys.why import Why
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/journeys/{journey_id}", tags=["journeys"])
Walker = Annotated[Access, Depends(require("journeys.write"))]


class WalkChoice(Body):
    """What happens at a node, at the `visit`-th time: a way out (`edge`, where others decide), an event, or (neither) the time is over."""

    node: Annotated[Line, Field(max_length=40)]
    visit: Annotated[int, Field(ge=1, le=200)] = 1
    edge: Annotated[Line, Field(max_length=40)] | None = None
    event: Annotated[Line, Field(max_length=80)] | None = None
    properties: Annotated[dict[str, Any], Field(max_length=50)] = {}
    after_minutes: Annotated[float, Field(ge=0, le=5_000_000)] | None = None


class WalkBody(Body):
    """`definition`: what is being drawn; without it the saved draft. `at`: when the customer comes in; `data`: properties of the event."""

    customer_id: Id
    at: AwareDatetime | None = None
    definition: dict[str, Any] | None = None
    choices: Annotated[list[WalkChoice], Field(max_length=200)] = []
    data: Annotated[dict[str, Any], Field(max_length=50)] | None = None


class JourneyWhy(BaseModel):
    """One condition: in words, what was seen, whether it holds, and what it is made of."""

    what: Label
    seen: Label | None
    holds: bool
    children: list[JourneyWhy]

    @classmethod
    def of(cls, why: Why) -> JourneyWhy:
        return cls(what=Label.of(why.what), seen=None if why.seen is None else Label.of(why.seen), holds=why.holds, children=[cls.of(each) for each in why.children])


class WalkMessage(BaseModel):
    """What would be said: the gate's verdict then (`reason`, in `words`; `at`: when it would go), by which way, and the piece as rendered."""

    verdict: Literal["allow", "wait", "refuse"]
    reason: str | None
    words: Label | None
    at: datetime
    carrier: str | None
    account_id: int | None
    staff: str | None
    variant: str | None
    piece_id: int | None
    parts: dict[str, Any]
    missing: list[str]


class WalkStep(BaseModel):
    """One node on the way. `choices`: ways out that others decide; `events`: what wakes who waits here; `until`: when the wait is over."""

    node: str
    kind: str
    sentence: Label
    arrived_at: datetime
    left_at: datetime | None
    edge: str | None
    after: str | None
    code: str | None
    why: list[JourneyWhy]
    choices: list[str]
    events: list[str]
    until: datetime | None
    message: WalkMessage | None

    @classmethod
    def of(cls, step: Walked) -> WalkStep:
        plain = {name: value for name, value in vars(step).items() if name not in ("sentence", "why", "said")}
        said = step.said
        message = None
        if said is not None:
            own = {name: value for name, value in vars(said).items() if name not in ("words", "messages", "at_ms", "missing")}
            message = WalkMessage(**own, words=None if said.words is None else Label.of(said.words), missing=list(said.missing))
        return cls(**plain, sentence=Label.of(step.sentence), why=[JourneyWhy.of(each) for each in step.why], message=message)


class WalkInfo(BaseModel):
    """`entry`: whether they would come in at all; `ended`: completed, failed, waiting for something, or endless."""

    customer_id: int
    started_at: datetime
    entry: list[JourneyWhy]
    steps: list[WalkStep]
    ended: Literal["completed", "failed", "waiting", "endless"]


@router.post("/walk", summary="Walk one customer through a draft: which node when, which way and why, what would be said; nothing is sent")
def walk_journey(journey_id: RowId, body: WalkBody, access: Walker) -> WalkInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        found = journeys.find(tx, journey_id)
        audit.record(tx, access.actor, "journey.walked", f"journey:{journey_id}", {"name": found.name, "customer_id": body.customer_id}, stores.now())
    definition = found.draft if body.definition is None else read(body.definition)
    choices = [Choice(**each.model_dump()) for each in body.choices]
    made = walk(stores, definition, body.customer_id, journey_id=journey_id, salt=found.salt, at=body.at, choices=choices, data=body.data)
    return WalkInfo(
        customer_id=made.customer_id, started_at=made.started_at, entry=[JourneyWhy.of(each) for each in made.entry], steps=[WalkStep.of(each) for each in made.steps], ended=made.ended,
    )  # fmt: skip
