"""Windows 时间窗: a rule's span of time as epoch milliseconds at a given moment, and what crosses its edges later."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from siyu.foundation.clock import DAY_MS, Calendar, from_ms, month_number, to_ms
from siyu.segments.rules import Window, instant

DAYS = {"day": 1, "week": 7}
"""Days of the units that are cut at local midnights; a month is one of the calendar."""
_UNIT_MS = {"hour": 3_600_000, "minute": 60_000, "second": 1000}
FOREVER = -(2**62)
NOW, BEFORE = ibis.param("int64"), ibis.param("int64")
"""Parameters of expressions that are kept and asked again: the instant of the answer, and that of the answer before it."""


@dataclass(frozen=True)
class Moment:
    """The instant for which a rule is answered. Calendar days are the brand's; they begin at local midnight.

    `standing_in` takes the place of `now_ms` in expressions. Such an expression holds for every instant of the same
    local day: midnights are in it as numbers, the instant is given when it runs.
    """

    now_ms: int
    calendar: Calendar
    standing_in: Any = field(default=None, compare=False)

    @property
    def today(self) -> date:
        return self.calendar.on(from_ms(self.now_ms))

    @property
    def instant(self) -> Any:
        """Epoch ms of now, as expressions have it."""
        return self.now_ms if self.standing_in is None else self.standing_in

    def as_parameter(self, parameter: Any) -> Moment:
        return replace(self, standing_in=parameter)

    def days_ago_ms(self, days: int) -> int:
        return self.calendar.midnight_ms(self.today - timedelta(days=days))

    def ago_ms(self, count: int, unit: str) -> int:
        """Local midnight of the day that is so many days, weeks or months before today."""
        return self.calendar.midnight_ms(shifted(self.today, -count, unit))


@dataclass(frozen=True)
class Span:
    """Half-open [from_ms, to_ms): an instant is inside when from_ms ≤ t < to_ms. Edges are numbers, or (`bounds`) expressions."""

    from_ms: Any
    to_ms: Any


def span(window: Window | None, moment: Moment) -> Span:
    """The window at this moment, in numbers. See `bounds`."""
    return bounds(window, replace(moment, standing_in=None))


def earliest_ms(window: Window | None, moment: Moment) -> int:
    """Before this no row is inside at any instant of the moment's local day."""
    return int(span(window, replace(moment, now_ms=moment.calendar.midnight_ms(moment.today))).from_ms)


def bounds(window: Window | None, moment: Moment) -> Span:
    """The window at this moment; nothing later than now is ever inside.

    "Last 30 days" is [local midnight 30 days before today, now]; "last 5 seconds" is (now − 5 s, now];
    "60 until 30 days ago" ends where "last 30 days" begins. A month ago is the same day of the month before, or its last.
    """
    end = moment.instant + 1
    if window is None:
        return Span(FOREVER, end)
    if window.last is None:
        low = moment.calendar.midnight_ms(date.fromisoformat(window.from_)) if window.from_ else FOREVER
        return Span(low, _until_now(moment.calendar.midnight_ms(date.fromisoformat(window.to)), moment) if window.to else end)
    if window.unit not in _UNIT_MS:
        until = end if window.until_last is None else moment.ago_ms(window.until_last, window.unit)
        return Span(moment.ago_ms(window.last, window.unit), until if window.until_last is None else _until_now(until, moment))
    size = _UNIT_MS[window.unit]
    until = end if window.until_last is None else end - window.until_last * size
    return Span(end - window.last * size, until)


def _until_now(midnight_ms: int, moment: Moment) -> Any:
    """The earlier of a local midnight and the end of now; which of them it is does not change within a local day."""
    return midnight_ms if midnight_ms <= moment.now_ms else moment.instant + 1


def crossed(window: Window | None, before: Moment, after: Moment) -> list[Span]:
    """Spans of time whose rows are inside at one of two moments and outside at the other.

    How many there are, and which moment has the earlier edge, depends on the two local days and on which moment is first.
    """
    old, new = span(window, before), span(window, after)
    was, is_ = bounds(window, before), bounds(window, after)
    edges = [(old.from_ms, new.from_ms, was.from_ms, is_.from_ms), (old.to_ms, new.to_ms, was.to_ms, is_.to_ms)]
    return [Span(a, b) if left < right else Span(b, a) for left, right, a, b in edges if left != right]


def next_crossing_ms(window: Window | None, at_ms: int, moment: Moment) -> int | None:
    """When a row at `at_ms` next enters or leaves the window after `moment`; None if never. To the edge's own grain."""
    if at_ms > moment.now_ms:
        return at_ms
    if window is None or window.last is None:
        return None
    edges = [window.last, *([window.until_last] if window.until_last else [])]
    if window.unit not in _UNIT_MS:
        on = moment.calendar.on(from_ms(at_ms))
        times = [moment.calendar.midnight_ms(_first_beyond(on, count, window.unit)) for count in edges]
        # A row exactly at midnight of day d is inside "last n days" until the end of day d + n, as the rest of its day is.
    else:
        times = [at_ms + size * _UNIT_MS[window.unit] for size in edges]
    return min((time for time in times if time > moment.now_ms), default=None)


def shifted(on: date, count: int, unit: str) -> date:
    """The local day so many days, weeks or months later (earlier, if negative); in a shorter month its last day."""
    if unit in DAYS:
        return on + timedelta(days=count * DAYS[unit])
    month = month_number(on) + count
    return date(month // 12, month % 12 + 1, min(on.day, monthrange(month // 12, month % 12 + 1)[1]))


def _first_beyond(on: date, count: int, unit: str) -> date:
    """The first day on which `on` lies before what is `count` units ago."""
    day = shifted(on, count, unit)
    while shifted(day, -count, unit) <= on:
        day += timedelta(days=1)
    return day


def local_day(at: ir.IntegerValue, calendar: Calendar) -> ir.IntegerValue:
    """The number of the local day of an instant in epoch ms, from 1990 on, by integers: no engine's calendar is asked."""
    (_, first), *later = _offsets(str(calendar.zone))
    shifted_ms = ibis.cases(*((at >= since, at + offset) for since, offset in reversed(later)), else_=at + first) if later else at + first
    return (shifted_ms // DAY_MS).cast("int64")


@cache
def _offsets(zone: str) -> list[tuple[int, int]]:
    """(since when in epoch ms, offset of the zone's clock in ms), oldest first, from 1990 to 2100."""
    clock, hour = ZoneInfo(zone), timedelta(hours=1)
    found: list[tuple[int, int]] = []
    day, end = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    while day < end:
        if not found or _offset(day, clock) != found[-1][1]:
            since = day
            while found and since > day - timedelta(days=7) and _offset(since - hour / 4, clock) != found[-1][1]:
                since -= hour / 4
            found.append((to_ms(since), _offset(day, clock)))
        day += timedelta(days=7)
    return found


def _offset(at: datetime, clock: ZoneInfo) -> int:
    return (at.astimezone(clock).utcoffset() or timedelta()) // timedelta(milliseconds=1)


def instant_ms(text: str, calendar: Calendar) -> int:
    """Epoch ms of an ISO date (its local midnight) or time (local unless it has an offset)."""
    value = instant(text)
    assert value is not None
    if not isinstance(value, datetime):
        return calendar.midnight_ms(value)
    return to_ms(value if value.tzinfo else calendar.parse_local(value))


def is_anniversary(month_day: tuple[int, int], today: date, days: int) -> bool:
    """Whether a month and day comes within `days` days from today (0: today); 29 February counts on 28 in common years."""
    for ahead in range(days + 1):
        on = today + timedelta(days=ahead)
        if (on.month, on.day) == month_day or (month_day == (2, 29) and (on.month, on.day) == (2, 28) and not _leap(on.year)):
            return True
    return False


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


__all__ = ["BEFORE", "DAY_MS", "FOREVER", "NOW", "Moment", "Span", "bounds", "crossed", "earliest_ms", "instant_ms", "is_anniversary", "local_day", "next_crossing_ms", "shifted", "span"]
