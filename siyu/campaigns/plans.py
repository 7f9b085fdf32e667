"""Plans 活动方案: everything that an operator decides about a campaign, as one frozen value, and what is wrong with it by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import msgspec

from siyu.foundation.clock import Calendar
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text

Purpose = Literal["promotion", "value", "service", "feedback"]
Metric = Literal["read", "click", "buy"]
Unclear = Literal["best", "first", "hold"]
Reading = Literal["fixed", "sequential"]
MOST_VARIANTS, MOST_WAVES = 8, 10
MOST_CONTROL_RATE = 0.5
LOCAL = "%Y-%m-%d %H:%M"
EXACT = 1e-9
"""Shares that are typed as decimals add up to 1 within this."""


class Audience(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Members of any segment of `include` who are in none of `exclude`."""

    include: tuple[int, ...] = ()
    exclude: tuple[int, ...] = ()


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the contents; `version` null is the newest approved one when it is scheduled. `share` of the people treated, 0–1."""

    name: str
    piece_id: int
    share: float
    version: int | None = None


class StopIf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits on what becomes of those who were told, 0–1 of messages sent; passed, everything stops until a person decides."""

    block_rate: float | None = 0.01
    complaint_rate: float | None = 0.003
    # Refused or failed of those attempted.
    failure_rate: float | None = 0.2
    # Fewer messages than these say too little about a rate.
    least_sent: int = 200


class Wave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A share of the audience (0–1), and how long after it the next one waits, hours."""

    share: float
    wait_hours: float = 0
    stop_if: StopIf | None = StopIf()


class Winner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides between variants after the first wave: the metric; and what happens where the difference is not clear."""

    metric: Metric = "click"
    when_unclear: Unclear = "best"


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the route of a campaign for each field. Rates 0–1, money fen, hours and days as named."""

    audience: Audience = Audience()
    variants: tuple[Variant, ...] = ()
    carriers: tuple[str, ...] = ()
    accounts: tuple[int, ...] | None = None
    # "YYYY-MM-DD HH:MM" in the brand's zone; null: as soon as it is scheduled.
    starts: str | None = None
    valid_hours: float = 72
    per_minute: int | None = None
    waves: tuple[Wave, ...] = (Wave(1.0),)
    winner: Winner | None = None
    control_rate: float = 0.1
    use_global_holdout: bool = True
    # An order counts if it is placed within these days of the message (of the control: of when it would have been sent).
    window_days: int = 7
    # Spend of so many days before evens out differences between people (CUPED); null: not used.
    covariate_days: int | None = 90
    reading: Reading = "fixed"


def load(raw: Any) -> Plan:
    """A stored plan."""
    return msgspec.convert(raw, Plan)


def dump(plan: Plan) -> dict[str, Any]:
    raw: dict[str, Any] = msgspec.to_builtins(plan)
    return raw


def starts_at(plan: Plan, calendar: Calendar) -> datetime | None:
    """The instant of `starts`; an hour that daylight saving skips becomes the first valid instant after it.

    Raises
    ------
    ValueError
        It is no date and time.
    """
    return calendar.parse_local(datetime.strptime(plan.starts, LOCAL)) if plan.starts else None  # noqa: DTZ007  a wall-clock time is meant


def bounds(plan: Plan) -> list[tuple[float, float]]:
    """The part of all lots (0–1) that each wave takes; the last one takes all that is left, whatever rounding did."""
    edges = [0.0]
    for each in plan.waves:
        edges.append(edges[-1] + each.share)
    edges[-1] = 1.0
    return list(pairwise(edges))


def duration(plan: Plan) -> timedelta:
    """From the first wave to the last moment at which anybody is told."""
    return timedelta(hours=sum(each.wait_hours for each in plan.waves[:-1]) + plan.valid_hours)


def faults_of(plan: Plan, calendar: Calendar) -> list[Fault]:
    """Everything that is wrong with a plan by itself, each with its field."""
    return [*_audience(plan), *_variants(plan), *_waves(plan), *_numbers(plan), *_time(plan, calendar)]


def _audience(plan: Plan) -> list[Fault]:
    if not plan.audience.include:
        return [Fault("audience.include", Text("至少选一个分群", "choose at least one segment"))]
    both = sorted(set(plan.audience.include) & set(plan.audience.exclude))
    return [Fault("audience.exclude", Text(f"分群 {each} 同时被包含和排除", f"segment {each} is both included and excluded")) for each in both]


def _variants(plan: Plan) -> list[Fault]:
    found: list[Fault] = []
    if not plan.variants:
        found.append(Fault("variants", Text("至少要有一个版本的内容", "there has to be content: at least one variant")))
    if len(plan.variants) > MOST_VARIANTS:
        found.append(Fault("variants", Text(f"最多 {MOST_VARIANTS} 个版本", f"at most {MOST_VARIANTS} variants")))
    if len({each.name for each in plan.variants}) < len(plan.variants):
        found.append(Fault("variants", Text("版本名称不能重复", "two variants have the same name")))
    for number, each in enumerate(plan.variants):
        if not 0 < each.share <= 1:
            found.append(Fault(f"variants.{number}.share", Text("占比须大于 0、不超过 1", "the share must be above 0 and at most 1")))
    if plan.variants and abs(sum(each.share for each in plan.variants) - 1) > EXACT:
        found.append(Fault("variants", Text("各版本占比合计须为 100%", "the shares of the variants must add up to 100 %")))
    return found


def _waves(plan: Plan) -> list[Fault]:
    found: list[Fault] = []
    if not 1 <= len(plan.waves) <= MOST_WAVES:
        found.append(Fault("waves", Text(f"波次须为 1 到 {MOST_WAVES} 个", f"there must be 1 to {MOST_WAVES} waves")))
    for number, each in enumerate(plan.waves):
        if not 0 < each.share <= 1:
            found.append(Fault(f"waves.{number}.share", Text("占比须大于 0、不超过 1", "the share must be above 0 and at most 1")))
        if not 0 <= each.wait_hours <= 24 * 30:
            found.append(Fault(f"waves.{number}.wait_hours", Text("等待须在 0 到 720 小时之间", "the wait must be 0 to 720 hours")))
        if each.stop_if and any(rate is not None and not 0 <= rate <= 1 for rate in (each.stop_if.block_rate, each.stop_if.complaint_rate, each.stop_if.failure_rate)):
            found.append(Fault(f"waves.{number}.stop_if", Text("上限须在 0 与 100% 之间", "a limit must be between 0 and 100 %")))
    if plan.waves and abs(sum(each.share for each in plan.waves) - 1) > EXACT:
        found.append(Fault("waves", Text("各波次占比合计须为 100%", "the shares of the waves must add up to 100 %")))
    if plan.winner and (len(plan.variants) < 2 or len(plan.waves) < 2):
        found.append(Fault("winner", Text("选优胜版本需要至少两个版本和两个波次", "a winner needs at least two variants and two waves")))
    if plan.winner and plan.waves and plan.waves[0].wait_hours == 0:
        found.append(Fault("waves.0.wait_hours", Text("选优胜版本要给第一波留出时间", "give the first wave time before the winner is chosen")))
    return found


def _numbers(plan: Plan) -> list[Fault]:
    allowed: tuple[tuple[str, float | None, float, float], ...] = (
        ("control_rate", plan.control_rate, 0, MOST_CONTROL_RATE),
        ("valid_hours", plan.valid_hours, 0.25, 24 * 30),
        ("window_days", plan.window_days, 1, 90),
        ("covariate_days", plan.covariate_days, 7, 365),
        ("per_minute", plan.per_minute, 1, 1_000_000),
    )
    found = [
        Fault(name, Text(f"须在 {low:g} 与 {high:g} 之间", f"must be between {low:g} and {high:g}"))
        for name, value, low, high in allowed
        if value is not None and not low <= value <= high
    ]
    if not plan.carriers:
        found.append(Fault("carriers", Text("至少选一个载体", "choose at least one carrier")))
    if len(set(plan.carriers)) < len(plan.carriers):
        found.append(Fault("carriers", Text("载体不能重复", "a carrier is named twice")))
    return found


def _time(plan: Plan, calendar: Calendar) -> list[Fault]:
    try:
        starts_at(plan, calendar)
    except ValueError:
        return [Fault("starts", Text(f"「{plan.starts}」不是日期和时间，写成 2026-12-12 08:00", f"{plan.starts!r} is no date and time: write 2026-12-12 08:00"))]
    return []
