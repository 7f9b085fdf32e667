"""Until a date 等到某个日期: one of the person's own, or one that an event of the run told, some days before or after it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from msgspec import field as part
from sqlalchemy import Connection

from siyu.events.properties import normalise_path
from siyu.foundation.clock import DAY_MS
from siyu.foundation.errors import Fault
from siyu.foundation.ids import Ints
from siyu.foundation.text import Text
from siyu.journeys import dates, local
from siyu.journeys.calls import reached
from siyu.journeys.definition import Clock
from siyu.journeys.local import UNKNOWN
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.until_time import staying_until
from siyu.messaging.quiet import MINUTE_MS, Zones

HOUR_MS = 3_600_000
NAMES = {
    "birthday": Text("生日", "birthday"), "registered": Text("注册日", "registration"), "first_order": Text("首单", "first order"), "last_order": Text("最近一单", "last order"),
    "last_active": Text("最近活跃", "last activity"),
}  # fmt: skip


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one: a date of the person, or a property of what has happened in the run (the newest event that tells it)."""

    field: Annotated[str, Meta(pattern=dates.FIELD)] | None = None
    property: Annotated[str, Meta(min_length=1, max_length=120)] | None = None


class UntilDateSettings(Settings, frozen=True):
    """The first of `of` that is known counts. `days` and `hours` after it (negative: before). `at`: on that day at this time where the
    person lives; without it at the hour of the date itself. `yearly`: the next anniversary (a birthday's always)."""

    of: Annotated[tuple[Source, ...], Meta(max_length=5)] = part(default=(Source(field="birthday"),))
    days: Annotated[int, Meta(ge=-3660, le=3660)] = 0
    hours: Annotated[float, Meta(ge=-1000, le=1000)] = 0
    at: Clock | None = "10:00"
    yearly: bool = False


class UntilDate(Step):
    kind = "until_date"
    label = Text("等到某个日期", "Until a date")
    description = Text("等到生日、下单日等日期或事件里的日期之前或之后；已过的立刻走，没有日期的走另一条线", "until some time before or after a date of the person or of an event; one that is over does not wait, who has none goes the other way")
    group = "wait"
    Settings = UntilDateSettings
    waits = True

    def edges(self, settings: UntilDateSettings) -> tuple[str, ...]:
        return ("next", "unknown")

    def reads(self, settings: UntilDateSettings) -> bool:
        return any(source.field is not None for source in settings.of)

    def check(self, tx: Connection, settings: UntilDateSettings, field: str) -> list[Fault]:
        faults = [] if settings.of else [Fault(f"{field}.of", Text("选一个日期", "choose a date"))]
        for place, source in enumerate(settings.of):
            if (source.field is None) == (source.property is None):
                faults.append(Fault(f"{field}.of[{place}]", Text("选客户的日期或事件属性中的一样", "choose either a date of the person or a property of an event")))
            elif source.property is not None and normalise_path(source.property) is None:
                faults.append(Fault(f"{field}.of[{place}].property", Text("属性路径写错了", "the property's path is malformed")))
        return faults

    def advance(self, ctx: Context, settings: UntilDateSettings, people: People) -> Moves:
        until = self._until(ctx, settings, people)
        found = staying_until(until, ctx.now_ms)
        return Moves(np.where(until == UNKNOWN, 1, found.edge), found.due_ms, found.code)

    def sentence(self, settings: UntilDateSettings) -> Text:
        names = [NAMES.get(one.field or "", Text(one.field or one.property or "", one.field or one.property or "")) for one in settings.of]
        zh, en = " / ".join(one.zh for one in names), " / ".join(one.en for one in names)
        if settings.days or settings.hours:
            before = settings.days + settings.hours / 24 < 0
            zh += ("前" if before else "后") + "".join(f" {abs(value):g} {unit}" for value, unit in ((settings.days, "天"), (settings.hours, "小时")) if value)
            en = "".join(f"{abs(value):g} {unit} " for value, unit in ((settings.days, "d"), (settings.hours, "h")) if value) + ("before " if before else "after ") + en
        return Text(f"等到{zh}" + (f" {settings.at}" if settings.at else ""), f"until {en}" + (f", {settings.at}" if settings.at else ""))

    def _until(self, ctx: Context, settings: UntilDateSettings, people: People) -> Ints:
        zones = ctx.zones(people.customer_id)
        until = np.full(len(people), UNKNOWN, np.int64)
        for source in settings.of:
            open_ = np.flatnonzero(until == UNKNOWN)
            if not len(open_):
                break
            until[open_] = _shifted(settings, *_told(ctx, source, people.take(open_), zones.take(open_)), zones.take(open_), people.arrived_ms[open_], source.field == "birthday")
        return until


def _told(ctx: Context, source: Source, people: People, zones: Zones) -> tuple[Ints, bool]:
    """The date of each person, and whether it is one of days."""
    if source.field is not None:
        found = dates.of(ctx.stores, source.field, people.customer_id)
        return found.at_ms, found.is_day
    return local.instants(values_heard(people, source.property or ""), zones), False


def _shifted(settings: UntilDateSettings, at: Ints, is_day: bool, zones: Zones, arrived: Ints, yearly: bool) -> Ints:
    known = at != UNKNOWN
    at = np.where(known, at, 0)
    wall = at if is_day else zones.local(at)
    day, of_day = wall // DAY_MS, wall % DAY_MS
    if settings.at is not None:
        of_day = np.full_like(of_day, local.minute_of(settings.at) * MINUTE_MS)
    hours = round(settings.hours * HOUR_MS)
    if yearly or settings.yearly:
        day = _next_year(settings, day, of_day, zones, arrived - hours)
    elif settings.at is None and not is_day:
        return np.where(known, at + settings.days * DAY_MS + hours, UNKNOWN)
    return np.where(known, local.showing(zones, (day + settings.days) * DAY_MS + of_day) + hours, UNKNOWN)


def _next_year(settings: UntilDateSettings, day: Ints, of_day: Ints, zones: Zones, since: Ints) -> Ints:
    """The next anniversary whose moment, `days` from it, is not over yet."""
    today = local.days_of(zones, since) - settings.days
    first = local.anniversary(day, today)
    over = local.showing(zones, (first + settings.days) * DAY_MS + of_day) < since
    return np.where(over, local.anniversary(day, first + 1), first)


def values_heard(people: People, path: str) -> list[Any]:
    """What each run's newest event that has this property says; None where none does."""
    told = people.heard(people.enrolment_id)
    stored = normalise_path(path) or ""
    found: dict[int, Any] = {}
    for run, text in zip(told["enrolment_id"].to_pylist(), told["properties"].to_pylist(), strict=True):
        value = reached(msgspec.json.decode(text) if text else {}, stored)
        if value is not None:
            found[run] = value
    return [found.get(run) for run in people.enrolment_id.tolist()]


STEP = UntilDate()
