"""Reports of journeys over HTTP: what a version did, and what it brought against those held out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel

from siyu.campaigns.report import Shown
from siyu.foundation.http import Id, Label, Router, RowId
from siyu.journeys import reports
from siyu.journeys.report import Lift
from siyu.team.access import Access, require

router = Router(prefix="/journeys/{journey_id}", tags=["journeys"])
Reader = Annotated[Access, Depends(require("journeys.read"))]


class JourneyEffect(BaseModel):
    """Treated minus held out per person (a share 0–1, or fen), with its interval; a bound that is not defined is null."""

    difference: float
    low: float | None
    high: float | None
    p_value: float | None
    relative: float | None
    relative_low: float | None
    relative_high: float | None
    is_detected: bool
    finding: Label

    @classmethod
    def of(cls, effect: Shown | None) -> JourneyEffect | None:
        return None if effect is None else cls(**{**vars(effect), "finding": Label.of(effect.finding)})


class JourneyArm(BaseModel):
    """People whose window is over; of those how many reached the goal, bought, and what they spent, fen."""

    people: int
    goals: int
    buyers: int
    spend_fen: int


class JourneyLift(BaseModel):
    """`goal`, `bought`, `spend`: with intervals that hold at every look; `goal_once`: with that of one look only. `why_not` (code no_holdout,
    too_few or mismatch): why nothing is read."""

    treated: JourneyArm
    held_out: JourneyArm
    planned_rate: float
    mismatch_p: float | None
    why_not: Label | None
    why_not_code: Literal["no_holdout", "too_few", "mismatch"] | None
    goal: JourneyEffect | None
    goal_once: JourneyEffect | None
    bought: JourneyEffect | None
    spend: JourneyEffect | None
    extra_goals: float | None
    extra_goals_low: float | None
    extra_goals_high: float | None
    extra_revenue_fen: int | None
    cost_per_extra_goal_fen: int | None

    @classmethod
    def of(cls, lift: Lift) -> JourneyLift:
        plain: dict[str, Any] = {**vars(lift), "treated": vars(lift.treated), "held_out": vars(lift.held_out)}
        plain |= {name: JourneyEffect.of(getattr(lift, name)) for name in ("goal", "goal_once", "bought", "spend")}
        return cls(**{**plain, "why_not": None if lift.why_not is None else Label.of(lift.why_not)})


class JourneyMessages(BaseModel):
    """Messages of a node. `refused`: people by why they were held back; `waited`: told later, by why."""

    asked: int
    told: int
    delivered: int
    failed: int
    read: int
    clicked: int
    opted_out: int
    blocked: int
    complained: int
    cost_fen: int
    refused: dict[str, int]
    waited: dict[str, int]


class JourneyNodeReport(BaseModel):
    """Runs that left a node by each way out; how long they were there, ms: half of them at most `median_ms`, nine in ten at most `p90_ms`."""

    node: str
    passed: int
    edges: dict[str, int]
    median_ms: float | None
    p90_ms: float | None
    remarks: dict[str, int]
    messages: JourneyMessages | None


class JourneyLook(BaseModel):
    at: datetime
    people: int
    difference: float
    low: float | None
    high: float | None


class JourneyReport(BaseModel):
    """What a version did. `states`: runs by how they stand; `refused`: people by why restraint held messages back; `looks`: the lift as it was
    on each day."""

    journey_id: int
    version: int
    computed_at: datetime
    is_newest: bool
    window_days: float
    has_goal: bool
    entered: int
    held_out: int
    states: dict[str, int]
    ended_by: dict[str, int]
    nodes: list[JourneyNodeReport]
    lift: JourneyLift
    goal_rate: float | None
    messages: int
    cost_fen: int
    opted_out: int
    blocked: int
    complained: int
    refused: dict[str, int]
    looks: list[JourneyLook]


@router.get("/report", summary="What a version did: funnel, time in each node, goal rate against the hold-out, cost, opt-outs, what restraint held back")
def read_journey_report(
    journey_id: RowId, access: Reader, version: Annotated[Id | None, Query(description="Without it the one that newcomers take.")] = None,
    fresh: Annotated[bool, Query(description="Compute it anew if anything was published since.")] = False,
) -> JourneyReport:  # fmt: skip
    kept = reports.report_of(access.stores, journey_id, version, fresh=fresh)
    report = kept.report
    lists = {"nodes": [asdict(node) for node in report.nodes], "looks": [vars(look) for look in report.looks]}
    return JourneyReport(**{**vars(report), **lists, "lift": JourneyLift.of(report.lift), "computed_at": kept.computed_at, "is_newest": kept.is_newest})
