"""Report 活动报告: what a campaign did: the funnel, and what it brought against those who were kept back.

Computed from published facts in a few scans, and kept; a page reads what is kept. Grain: one report a campaign. Everybody whom all
else allowed is compared as drawn (treated or control), told or not in the end: who drops out later would make the arms unlike.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any

from siyu.campaigns._people import CONTROL, OUT, TREATED
from siyu.campaigns.campaigns import Campaign
from siyu.campaigns.outcomes import COLUMNS, METRICS, keep
from siyu.campaigns.plans import Plan
from siyu.foundation import trials
from siyu.foundation.clock import DAY_MS, from_day_number, from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.trials import Effect, Paired

STAGES = ("planned", "eligible", "told", "sent", "received", "read", "clicked", "bought")
SPLIT_BROKEN = Text(
    "对照组与触达组的人数比例不是抽签应有的比例，读数已关闭：先查明为何有人被多算或漏算",
    "the arms are not of the sizes that the draw gives, so nothing is read from them: find out first who is missing or counted twice",
)
NO_CONTROL = Text("没有对照组，增量无法测量", "there is no control: what it brought cannot be measured")
TOO_FEW = Text("对照组或触达组不足 2 人", "fewer than two people in an arm")
HIDDEN = Text("固定样本读数要等全部归因窗口结束才公布；提前偷看会把巧合当成效果", "a fixed reading is shown when all windows are over: looking earlier takes chance for effect")


@dataclass(frozen=True)
class Stage:
    """`count` people; `rate` of those of the stage before, null of nobody."""

    stage: str
    count: int
    rate: float | None


@dataclass(frozen=True)
class Shown:
    """An effect per person with its interval; in the outcome's unit (share 0–1, or fen). Bounds that are not defined are null."""

    difference: float
    low: float | None
    high: float | None
    p_value: float | None
    relative: float | None
    relative_low: float | None
    relative_high: float | None
    is_detected: bool
    finding: Text


@dataclass(frozen=True)
class Arm:
    """One arm: people as drawn, who bought in the window, and what they spent, fen."""

    people: int
    bought: int
    spend_fen: int


@dataclass(frozen=True)
class Lift:
    """Treated against control. `why_not` says why nothing is read; then every effect is null.

    `bought`: of the share that bought; `spend`: of spend per person, fen; `spend_adjusted`: the same evened out by spend before the
    start (CUPED), whose variance is smaller by `reduction`. `extra_…`: the effects times the people treated.
    """

    treated: Arm
    control: Arm
    planned_control_rate: float
    mismatch_p: float | None
    why_not: Text | None
    why_not_code: str | None = None
    bought: Shown | None = None
    spend: Shown | None = None
    spend_adjusted: Shown | None = None
    reduction: float | None = None
    extra_buyers: float | None = None
    extra_buyers_low: float | None = None
    extra_buyers_high: float | None = None
    extra_revenue_fen: int | None = None
    extra_revenue_low_fen: int | None = None
    extra_revenue_high_fen: int | None = None
    cost_per_extra_buyer_fen: int | None = None


@dataclass(frozen=True)
class VariantRow:
    """One variant among the waves that all variants had; effects against the control of the same waves, corrected for their number."""

    name: str
    arm: Arm
    counts: dict[str, int]
    read_rate: float | None
    click_rate: float | None
    bought: Shown | None
    spend: Shown | None


@dataclass(frozen=True)
class Part:
    """What happened to those told by one carrier, or on one local day."""

    key: str
    counts: dict[str, int]
    spend_fen: int
    cost_fen: int


@dataclass(frozen=True)
class Look:
    """What the lift in the share that bought was when the report was made on a day."""

    at: datetime
    people: int
    difference: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Report:
    """`last_window_at`: when the last order can count. `cost_fen`: what carriers took for the messages."""

    campaign_id: int
    version: int
    window_days: int
    reading: str
    last_window_at: datetime | None
    funnel: list[Stage]
    refused: dict[str, int]
    variants: list[VariantRow]
    variants_mismatch_p: float | None
    leader: str | None
    leader_is_clear: bool
    winner: str | None
    carriers: list[Part]
    days: list[Part]
    lift: Lift
    cost_fen: int
    opted_out: int
    blocked: int
    complained: int
    unknown: int
    looks: list[Look] = field(default_factory=list)


def compute(stores: Stores, campaign: Campaign) -> Report:
    """The report of a campaign from the facts as published."""
    tested = [wave.send_id for wave in campaign.waves if wave.send_id is not None and wave.variant is None]
    with stores.warehouse.read() as session:
        people = keep(stores, session, campaign.send_ids or [-1], campaign.plan, campaign.started_at or campaign.starts_at or stores.now())
        people = people.mutate(tested=people.send_id.isin(tested or [-1]), spend=people.spend_fen.cast("float64"), before=people.before_fen.cast("float64"))
        counted = {name: people[name].sum() for name in (*COLUMNS, "spend_fen", "cost_fen")}
        sums = {
            "people": people.count(), "spend": people.spend.sum(), "squares": (people.spend * people.spend).sum(), "before": people.before.sum(),
            "before_squares": (people.before * people.before).sum(), "products": (people.spend * people.before).sum(), "last_ms": people.at_ms.max(),
        }  # fmt: skip
        cells = session.query(people.group_by("arm", "variant", "tested").agg(**counted, **sums)).to_pylist()
        out = people.filter(people.arm == OUT)
        refused = session.query(out.group_by("reason").agg(n=out.count())).to_pylist()
        reached = people.filter(people.sent > 0)
        parts = {name: session.query(reached.group_by(key=reached[name]).agg(people=reached.count(), **{each: reached[each].sum() for each in counted})).to_pylist() for name in ("carrier", "on")}
    return _report(campaign, cells, {row["reason"] or "unknown": row["n"] for row in refused}, parts)


def _report(campaign: Campaign, cells: list[dict[str, Any]], refused: dict[str, int], parts: dict[str, list[dict[str, Any]]]) -> Report:
    plan = campaign.plan
    total = _added(cells)
    treated, control = _added([c for c in cells if c["arm"] == TREATED]), _added([c for c in cells if c["arm"] == CONTROL])
    last = max((c["last_ms"] for c in cells if c["arm"] != OUT and c["last_ms"] is not None), default=None)
    variants, variants_p = _variants(campaign, [c for c in cells if c["tested"]])
    best = trials.winner([trials.share(row.arm.people, row.counts[_metric(plan)]) for row in variants]) if len(variants) > 1 and all(row.arm.people > 1 for row in variants) else None
    lift = _lift(plan, treated, control, int(total["cost_fen"]), campaign)
    return Report(
        campaign_id=campaign.id, version=campaign.version, window_days=plan.window_days, reading=plan.reading,
        last_window_at=None if last is None else from_ms(last + plan.window_days * DAY_MS), funnel=_funnel(total, treated, control), refused=refused,
        variants=variants, variants_mismatch_p=variants_p, leader=variants[best.place].name if best else None, leader_is_clear=best is not None and best.is_clear,
        winner=campaign.winner, carriers=[_part(row, str(row["key"])) for row in sorted(parts["carrier"], key=lambda row: -row["people"])],
        days=[_part(row, from_day_number(row["key"]).isoformat()) for row in sorted(parts["on"], key=lambda row: row["key"])], lift=lift,
        cost_fen=int(total["cost_fen"]), opted_out=int(total["opted_out"]), blocked=int(total["blocked"]), complained=int(total["complained"]), unknown=int(total["unknown"]),
    )  # fmt: skip


_SUMS = (*COLUMNS, "spend_fen", "cost_fen", "people", "spend", "squares", "before", "before_squares", "products")


def _added(cells: list[dict[str, Any]]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for cell in cells:
        total.update({name: cell[name] or 0 for name in _SUMS})
    return {name: total[name] for name in _SUMS}


def _funnel(total: dict[str, float], treated: dict[str, float], control: dict[str, float]) -> list[Stage]:
    counts = [total["people"], treated["people"] + control["people"], treated["tried"], treated["sent"], treated["received"], treated["read"], treated["clicked"], treated["bought"]]
    # Not every carrier says who received: of those who read, those who were sent to are the measure.
    before = [None, *counts[:3], counts[3], counts[3], counts[5], counts[3]]
    return [Stage(stage, int(count), count / base if base else None) for stage, count, base in zip(STAGES, counts, before, strict=True)]


def _arm(sums: dict[str, float]) -> Arm:
    return Arm(int(sums["people"]), int(sums["bought"]), int(sums["spend_fen"]))


def _paired(sums: dict[str, float]) -> Paired:
    count = sums["people"]
    spend, before = trials.from_sums(count, sums["spend"], sums["squares"]), trials.from_sums(count, sums["before"], sums["before_squares"])
    covariance = (sums["products"] - count * spend.mean * before.mean) / (count - 1)
    return Paired(count, spend.mean, spend.variance, before.mean, before.variance, covariance)


def _lift(plan: Plan, treated: dict[str, float], control: dict[str, float], cost_fen: int, campaign: Campaign) -> Lift:
    arms, rate = (_arm(treated), _arm(control)), plan.control_rate
    if not rate:
        return Lift(*arms, rate, None, NO_CONTROL, "no_control")
    if min(arm.people for arm in arms) < 2:
        return Lift(*arms, rate, None, TOO_FEW, "too_few")
    p = float(trials.mismatch([arms[0].people, arms[1].people], [1 - rate, rate]))
    if p < trials.MISMATCH:
        return Lift(*arms, rate, p, SPLIT_BROKEN, "mismatch")
    compare = trials.sequential if plan.reading == "sequential" else trials.difference
    bought = compare(trials.share(arms[0].people, arms[0].bought), trials.share(arms[1].people, arms[1].bought))
    pairs = _paired(treated), _paired(control)
    spend = compare(pairs[0].sample, pairs[1].sample)
    evened, reduction = None, None
    if plan.covariate_days and campaign.started_at:
        one, none, reduced = trials.adjusted(*pairs, measured_until=campaign.started_at, started=campaign.started_at)
        evened, reduction = compare(one, none), float(reduced)
    best, people = evened or spend, arms[0].people
    per_buyer = round(cost_fen / (float(bought.difference) * people)) if bought.is_detected and bought.difference > 0 else None
    return Lift(
        *arms, rate, p, None, None, shown(bought), shown(spend), shown(evened) if evened else None, reduction,
        extra_buyers=float(bought.difference) * people, extra_buyers_low=float(bought.low) * people, extra_buyers_high=float(bought.high) * people,
        extra_revenue_fen=round(float(best.difference) * people), extra_revenue_low_fen=round(float(best.low) * people),
        extra_revenue_high_fen=round(float(best.high) * people), cost_per_extra_buyer_fen=per_buyer,
    )  # fmt: skip


def _variants(campaign: Campaign, cells: list[dict[str, Any]]) -> tuple[list[VariantRow], float | None]:
    """Each variant among the waves that all of them had, and the probability of their sizes."""
    plan = campaign.plan
    control = _added([c for c in cells if c["arm"] == CONTROL])
    sums = {each.name: _added([c for c in cells if c["arm"] == TREATED and c["variant"] == each.name]) for each in plan.variants}
    p = float(trials.mismatch([sums[each.name]["people"] for each in plan.variants], [each.share for each in plan.variants])) if len(sums) > 1 and any(s["people"] for s in sums.values()) else None
    readable = plan.control_rate > 0 and control["people"] > 1 and (p is None or p >= trials.MISMATCH) and all(each["people"] > 1 for each in sums.values())
    bought: list[Effect | None] = [None] * len(sums)
    spend: list[Effect | None] = [None] * len(sums)
    if readable and sums:
        bought = [*trials.against_control([trials.share(each["people"], each["bought"]) for each in sums.values()], trials.share(control["people"], control["bought"]))]
        spend = [*trials.against_control([_paired(each).sample for each in sums.values()], _paired(control).sample)]
    rows = [
        VariantRow(
            name, _arm(each), {column: int(each[column]) for column in COLUMNS}, each["read"] / each["sent"] if each["sent"] else None, each["clicked"] / each["sent"] if each["sent"] else None,
            shown(one) if one else None, shown(other) if other else None,
        )
        for (name, each), one, other in zip(sums.items(), bought, spend, strict=True)
    ]  # fmt: skip
    return rows, p


def _metric(plan: Plan) -> str:
    return METRICS[plan.winner.metric if plan.winner else "click"]


def _part(row: dict[str, Any], key: str) -> Part:
    return Part(key, {"people": int(row["people"]), **{name: int(row[name] or 0) for name in COLUMNS}}, int(row["spend_fen"] or 0), int(row["cost_fen"] or 0))


def shown(effect: Effect) -> Shown:
    """An effect as it is kept and shown; what is not defined is null."""

    def known(value: Any) -> float | None:
        return float(value) if isfinite(value) else None

    names = ("low", "high", "p_value", "relative", "relative_low", "relative_high")
    return Shown(float(effect.difference), **{name: known(getattr(effect, name)) for name in names}, is_detected=bool(effect.is_detected), finding=effect.finding)
