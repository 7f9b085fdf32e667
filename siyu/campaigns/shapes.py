"""Shapes of campaigns over HTTP: what is sent in and what comes back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, Field

from siyu.campaigns.campaigns import STATUSES, Campaign, Happening, Written
from siyu.campaigns.plans import Metric, Plan, Purpose, Reading, Unclear
from siyu.foundation.errors import Fault
from siyu.foundation.http import Body, Id, Label, Line

Status = Literal["draft", "in_review", "approved", "scheduled", "running", "paused", "over", "cancelled"]
Action = Literal["submit", "withdraw", "approve", "reject", "schedule", "pause", "resume", "cancel"]
Rate = Annotated[float, Field(ge=0, le=1)]
Few = Annotated[int, Field(ge=0, le=1_000_000)]
Hours = Annotated[float, Field(ge=0, le=10_000)]
Local = Annotated[Line, Field(max_length=16, description="YYYY-MM-DD HH:MM in the brand's zone.", examples=["2026-12-12 08:00"])]
Fen = Annotated[int, Field(ge=0, le=10**12)]


class CampaignAudience(Body):
    include: Annotated[list[Id], Field(max_length=100, description="Segments: whoever is in any of them.")] = []
    exclude: Annotated[list[Id], Field(max_length=100, description="Segments: whoever is in any of them is left out.")] = []


class VariantBody(Body):
    name: Annotated[Line, Field(min_length=1, max_length=16)]
    piece_id: Id
    share: Annotated[float, Field(ge=0, le=1, description="Of the people treated; the shares add up to 1.")]
    version: Annotated[int | None, Field(ge=1, le=10**6, description="Null: the newest approved one when it is scheduled.")] = None


class StopBody(Body):
    block_rate: Annotated[Rate | None, Field(description="Who leave or block, of messages sent; null: no limit.")] = 0.01
    complaint_rate: Annotated[Rate | None, Field(description="Who complain, of messages sent; null: no limit.")] = 0.003
    failure_rate: Annotated[Rate | None, Field(description="Refused or failed, of messages attempted; null: no limit.")] = 0.2
    least_sent: Annotated[Few, Field(description="Below so many messages nothing is concluded.")] = 200


class CampaignWave(Body):
    share: Annotated[float, Field(ge=0, le=1, description="Of the audience; the shares add up to 1.")]
    wait_hours: Annotated[Hours, Field(description="From its start to that of the next wave.")] = 0
    stop_if: StopBody | None = StopBody()


class WinnerBody(Body):
    metric: Metric = "click"
    when_unclear: Annotated[Unclear, Field(description="`best`: the better one goes on; `first`: the first variant; `hold`: the campaign is paused until a person decides.")] = "best"


class PlanBody(Body):
    """Everything that is decided about a campaign."""

    audience: CampaignAudience = CampaignAudience()
    variants: Annotated[list[VariantBody], Field(max_length=20)] = []
    carriers: Annotated[list[Line], Field(max_length=10, description="Products in order of preference; whoever the first does not reach is tried by the next.")] = []
    accounts: Annotated[list[Id] | None, Field(max_length=200, description="Null: every healthy account of these carriers.")] = None
    starts: Annotated[Local | None, Field(description="Null: as soon as it is scheduled.")] = None
    valid_hours: Annotated[Hours, Field(description="Nobody is told later than this after a wave is due.")] = 72
    per_minute: Annotated[int | None, Field(ge=1, le=1_000_000, description="Messages a minute at most.")] = None
    waves: Annotated[list[CampaignWave], Field(max_length=20)] = [CampaignWave(share=1)]
    winner: WinnerBody | None = None
    control_rate: Annotated[Rate, Field(description="Held back by this campaign's own lot, so that its effect can be measured.")] = 0.1
    use_global_holdout: Annotated[bool, Field(description="Leave out those whom no campaign tells anything.")] = True
    window_days: Annotated[int, Field(ge=1, le=365, description="Orders count within so many days of the message.")] = 7
    covariate_days: Annotated[int | None, Field(ge=1, le=3650, description="Spend of so many days before evens out differences (CUPED); null: not used.")] = 90
    reading: Annotated[Reading, Field(description="`fixed`: the result is shown when all windows are over; `sequential`: at any time, with a wider interval.")] = "fixed"


class CampaignBody(Body):
    name: Annotated[Line, Field(min_length=1, max_length=80)]
    description: Annotated[Line | None, Field(max_length=2000)] = None
    purpose: Purpose
    priority_fen: Annotated[Fen, Field(description="What one message is worth: of two campaigns that want a person's last slot, the dearer gets it.")] = 0
    plan: PlanBody = PlanBody()

    def written(self) -> Written:
        return Written(self.name.strip(), self.description, self.purpose, self.priority_fen, msgspec.convert(self.plan.model_dump(), Plan))


class NoteBody(Body):
    note: Annotated[Line, Field(max_length=1000)] = ""


class WinnerChoice(Body):
    variant: Annotated[Line, Field(max_length=16)]


class FaultInfo(BaseModel):
    field: str
    message: Label

    @classmethod
    def of(cls, fault: Fault) -> FaultInfo:
        return cls(field=fault.field, message=Label.of(fault.message))


class WaveInfo(BaseModel):
    """`counts`: messages of its send by status (planned, sent, received, unknown …); `decided`: people by what was decided."""

    number: int
    status: Literal["waiting", "running", "over", "stopped", "cancelled"]
    status_code: str | None
    from_rate: float
    to_rate: float
    due_at: datetime | None
    send_id: int | None
    send_status: str | None
    variant: str | None
    started_at: datetime | None
    over_at: datetime | None
    counts: dict[str, int]
    decided: dict[str, Any]


class HappeningInfo(BaseModel):
    at: datetime
    by: str
    what: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, one: Happening) -> HappeningInfo:
        return cls(at=one.at, by=one.by, what=one.what, detail=one.detail)


class VariantEffect(BaseModel):
    """What a variant could show against the control: the smallest difference of the share that buys (80 % power)."""

    name: str
    people: int
    smallest_difference: float | None


class ForecastInfo(BaseModel):
    """A dry run: who would be told if it were planned now. Nothing is reserved by it.

    `reach`: people told; `control`: held back to measure; `refused`: people by reason; `waiting`: of those reached, who
    are told later, by what they wait for. `staff_…`: how many members of staff would send, what they all and the busiest would. `base_rate`: of the audience, who buys within
    the window without being told (as in the window before now). `smallest_difference` and `smallest_relative`: the least
    effect on that share that this campaign would find in 4 of 5 cases; null where there is no control.
    """

    version: int
    computed_at: datetime
    audience: int
    reach: int
    control: int
    refused: dict[str, int]
    by_carrier: dict[str, int]
    waiting: dict[str, int]
    staff_count: int
    staff_messages: int
    staff_most: int
    base_rate: float | None
    mean_spend_fen: float | None
    smallest_difference: float | None
    smallest_relative: float | None
    smallest_spend_fen: float | None
    needed_per_arm: int | None
    variants: list[VariantEffect]
    notes: list[Label]


class CampaignRow(BaseModel):
    id: int
    name: str
    status: Status
    status_name: Label
    status_code: str | None
    purpose: Purpose
    priority_fen: int
    carriers: list[str]
    starts_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    wave_count: int
    wave_done_count: int
    variant_count: int
    control_rate: float
    reach: int | None
    sent_count: int
    created_by: str
    updated_at: datetime


class CampaignPage(BaseModel):
    """One page, the campaign that changed last first; `counts` are of all campaigns by status."""

    items: list[CampaignRow]
    next_cursor: str | None
    counts: dict[str, int]


class CampaignDetail(CampaignRow):
    """`faults` hold it back from review; `actions` is what may be done now; `forecast` null until it was asked for."""

    description: str | None
    version: int
    plan: PlanBody
    starts_local: str | None
    submitted_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    winner: str | None
    created_at: datetime
    waves: list[WaveInfo]
    happenings: list[HappeningInfo]
    faults: list[FaultInfo]
    actions: list[Action]
    forecast: ForecastInfo | None
    forecast_is_current: bool


class CampaignCheck(BaseModel):
    faults: list[FaultInfo]


class JobStarted(BaseModel):
    job_id: str


class TestBody(Body):
    customer_ids: Annotated[list[Id], Field(min_length=1, max_length=5, description="Yourself and a few colleagues, as customers.")]
    variant: Annotated[Line | None, Field(max_length=16, description="Null: the first one.")] = None


class TestSent(BaseModel):
    send_id: int


class FestivalInfo(BaseModel):
    on: date
    key: str
    name: Label
    kind: Literal["festival", "shopping"]


class ClashInfo(BaseModel):
    """Why two campaigns get in each other's way, or one in the way of the limits."""

    kind: Literal["same_audience", "caps", "mix"]
    campaign_ids: list[int]
    on: date
    message: Label


class CalendarItem(BaseModel):
    campaign_id: int
    wave: int | None
    name: str
    status: Status
    purpose: Purpose
    carriers: list[str]
    on: date | None
    at: datetime | None
    local_time: str | None
    reach: int | None
    reach_is_current: bool
    priority_fen: int
    movable: bool


class CalendarDay(BaseModel):
    on: date
    items: list[CalendarItem]
    festivals: list[FestivalInfo]
    load: dict[str, int]


class CalendarWeek(BaseModel):
    """Monday to Sunday. `promotion` and `value` count messages expected (campaigns where no forecast is kept); `ratio` promotion to one of value.
    `load_per_staff`: by carrier, messages that each member of staff sends by hand, on average."""

    from_on: date
    promotion: int
    value: int
    promotion_campaigns: int
    value_campaigns: int
    ratio: float | None
    is_too_much: bool
    load: dict[str, int]
    load_per_staff: dict[str, float]


class CalendarInfo(BaseModel):
    from_on: date
    to_on: date
    zone: str
    days: list[CalendarDay]
    weeks: list[CalendarWeek]
    clashes: list[ClashInfo]
    unplanned: list[CalendarItem] = []


class MoveBody(Body):
    starts: Local
    accept_clashes: Annotated[bool, Field(description="Move it although it clashes.")] = False


class Moved(BaseModel):
    campaign: CampaignDetail
    clashes: list[ClashInfo]


def plan_body(plan: Plan) -> PlanBody:
    # Not validated again: what is stored may be from a version that allowed other numbers.
    return PlanBody.model_validate(msgspec.to_builtins(plan))


def row_values(campaign: Campaign) -> dict[str, Any]:
    """The columns of a row that the campaign itself tells."""
    plan, told = campaign.plan, campaign.forecast or {}
    same = ("id", "name", "status", "status_code", "purpose", "priority_fen", "starts_at", "started_at", "ended_at", "created_by", "updated_at")
    return {
        **{name: getattr(campaign, name) for name in same},
        "status_name": Label.of(STATUSES[campaign.status]),
        "carriers": list(plan.carriers),
        "wave_count": len(campaign.waves) or len(plan.waves),
        "wave_done_count": sum(wave.status == "over" for wave in campaign.waves),
        "variant_count": len(plan.variants),
        "control_rate": plan.control_rate,
        "reach": told.get("reach"),
    }
