"""Shapes of journeys over HTTP: what is sent in and what comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from siyu.foundation.errors import Fault
from siyu.foundation.http import Body, Id, Label, Line
from siyu.segments.directory_rows import CustomerRow

Status = Literal["draft", "live", "paused", "draining", "stopped"]
Action = Literal["pause", "resume", "drain", "stop"]
State = Literal["here", "waiting", "failed", "passed"]
Node = Annotated[Line, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Definition = Annotated[dict[str, Any], Field(description="See docs/rooms/journeys.md; `GET /journeys/steps` has the settings of each step.")]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
Few = Annotated[list[Id], Field(min_length=1, max_length=10_000)]


class JourneyBody(Body):
    name: Annotated[Line, Field(min_length=1, max_length=80)]
    description: Annotated[Line | None, Field(max_length=2000)] = None
    definition: Definition | None = None


class JourneyDraft(Body):
    """What is being drawn; `draft_version` is the one that was read."""

    name: Annotated[Line, Field(min_length=1, max_length=80)]
    description: Annotated[Line | None, Field(max_length=2000)] = None
    definition: Definition
    draft_version: Number


class JourneyDrawn(Body):
    definition: Definition


class JourneyInFlight(Body):
    """Those on the way `finish` on their version, or `move`: from each node where somebody is to one of the new version (null: they leave)."""

    rule: Literal["finish", "move"] = "finish"
    mapping: Annotated[dict[Node, Node | None], Field(max_length=2000)] = {}


class JourneyPublish(Body):
    draft_version: Number
    note: Annotated[Line, Field(max_length=200)] = ""
    in_flight: JourneyInFlight = JourneyInFlight()


class JourneyRetry(Body):
    """Some runs, or all that failed at a node."""

    enrolment_ids: Annotated[list[Id], Field(max_length=10_000)] = []
    node: Node | None = None


class JourneyPeople(Body):
    customer_ids: Few
    data: Annotated[dict[Line, Any] | None, Field(max_length=100, description="Properties of this entry, which later steps can ask about.")] = None


class JourneyRemove(Body):
    customer_ids: Few


class JourneySettings(Body):
    settings: Annotated[dict[str, Any], Field(max_length=200)] = {}


class JourneyFault(BaseModel):
    field: str
    message: Label

    @classmethod
    def of(cls, fault: Fault) -> JourneyFault:
        return cls(field=fault.field, message=Label.of(fault.message))


class JourneyNodeSaid(BaseModel):
    """What the card of a node says. Null `sentence`: its settings cannot be read yet."""

    step: str
    edges: list[str]
    sentence: Label | None


class JourneyCheck(BaseModel):
    """`faults` hold it back from being published, `warnings` do not."""

    faults: list[JourneyFault]
    warnings: list[JourneyFault]
    nodes: dict[str, JourneyNodeSaid]


class JourneyRow(BaseModel):
    """`goal_rate` and `holdout_goal_rate`: who reached the goal, of those who came in and of those held out; null where nobody did or there is no goal."""

    id: int
    name: str
    description: str | None
    status: Status
    status_name: Label
    version: int | None
    on_the_way_count: int
    failed_count: int
    entered_count: int
    held_out_count: int
    goal_rate: float | None
    holdout_goal_rate: float | None
    is_changed: bool = Field(description="The draft is not what was published last.")
    updated_at: datetime


class JourneyListing(BaseModel):
    items: list[JourneyRow]
    next_cursor: str | None
    counts: dict[str, int]


class JourneyDetail(JourneyRow):
    definition: Definition
    draft_version: int
    actions: list[Action]
    can_publish: bool
    created_at: datetime
    created_by: str
    started_at: datetime | None


class JourneyVersionRow(BaseModel):
    number: int
    is_live: bool
    published_at: datetime
    published_by: str
    note: str
    in_flight: dict[str, Any]
    on_the_way_count: int


class JourneyVersion(JourneyVersionRow):
    definition: Definition


class JourneyNodeCounts(BaseModel):
    """`here`: on the way at this node now. `waiting_for_restraint`: whose message of this node is put off (they may have gone on). `edges`: who left, by way."""

    here: int
    failed: int
    waiting_for_restraint: int
    edges: dict[str, int]


class JourneyFlow(BaseModel):
    """`version` null: all versions together. `states`: runs of the whole journey by how they stand."""

    version: int | None
    nodes: dict[str, JourneyNodeCounts]
    states: dict[str, int]


class JourneyPerson(BaseModel):
    """`due_at` null: only an event wakes. `edge` and `left_at`: of those who went on."""

    enrolment_id: int
    customer: CustomerRow
    state: str
    state_name: Label
    node: str
    edge: str | None
    code: str | None
    entered_at: datetime | None
    arrived_at: datetime
    due_at: datetime | None
    left_at: datetime | None


class JourneyHappening(BaseModel):
    at: datetime
    by: str
    what: str
    detail: dict[str, Any]


class JourneyStepInfo(BaseModel):
    """`settings_schema`: JSON schema of its settings. `edges`: its ways out with settings as they start."""

    kind: str
    label: Label
    description: Label
    group: Literal["reach", "wait", "branch", "customer", "flow"]
    waits: bool
    settings_schema: dict[str, Any]
    edges: list[str]
    edge_labels: dict[str, Label]


class JourneyTemplate(BaseModel):
    """`steps`: kinds in the order in which people come to them; `choices`: what has to be chosen before it can be published."""

    code: str
    name: Label
    why: Label
    when: Label
    does: Label
    adapt: Label
    steps: list[str]
    choices: list[Label]


class JourneyEnrolled(BaseModel):
    """`refused`: people by reason."""

    entered: int
    refused: dict[str, int]


class JourneyDone(BaseModel):
    count: int
