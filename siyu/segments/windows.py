"""Windows 时间窗: a rule's span of time as epoch milliseconds at a given moment, and what crosses its edges later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from siyu.foundation.clock import DAY_MS, Calendar, from_ms, to_ms
from siyu.segments.rules import Window, instant

_UNIT_MS = {"hour": 3_600_000, "minute": 60_000, "second": 1000}
FOREVER = -(2**62)


@dataclass(frozen=True)
class Moment:
    """The instant for which a rule is answered. Calendar days are the brand's; they begin at local midnight."""

    now_ms: int
    calendar: Calendar

    @property
    def today(self) -> date:
        return self.calendar.on(from_ms(self.now_ms))

    def days_ago_ms(self, days: int) -> int:
        return self.calendar.midnight_ms(self.today - timedelta(days=days))


@dataclass(frozen=True)
class Span:
    """Half-open [from_ms, to_ms): an instant is inside when from_ms ≤ t < to_ms."""

    from_ms: int
    to_ms: int


def span(window: Window | None, moment: Moment) -> Span:
    """The window at this moment; nothing later than now is ever inside.

    "Last 30 days" is [local midnight 30 days before today, now]; "last 5 seconds" is (now − 5 s, now];
    "60 until 30 days ago" ends where "last 30 days" begins.
    """
    end = moment.now_ms + 1
    if window is None:
        return Span(FOREVER, end)
    if window.last is None:
        low = moment.calendar.midnight_ms(date.fromisoformat(window.from_)) if window.from_ else FOREVER
        high = moment.calendar.midnight_ms(date.fromisoformat(window.to)) if window.to else end
        return Span(low, min(high, end))
    if window.unit == "day":
        until = end if window.until_last is None else moment.days_ago_ms(window.until_last)
        return Span(moment.days_ago_ms(window.last), min(until, end))
    size = _UNIT_MS[window.unit]
    until = end if window.until_last is None else end - window.until_last * size
    return Span(end - window.last * size, until)


def crossed(window: Window | None, before: Moment, after: Moment) -> list[Span]:
    """Spans of time whose rows are inside at one of two moments and outside at the other."""
    old, new = span(window, before), span(window, after)
    edges = [Span(*sorted((old.from_ms, new.from_ms))), Span(*sorted((old.to_ms, new.to_ms)))]
    return [edge for edge in edges if edge.from_ms < edge.to_ms]


def next_crossing_ms(window: Window | None, at_ms: int, moment: Moment) -> int | None:
    """When a row at `at_ms` next enters or leaves the window after `moment`; None if never. To the edge's own grain."""
    if at_ms > moment.now_ms:
        return at_ms
    if window is None or window.last is None:
        return None
    edges = [window.last, *([window.until_last] if window.until_last else [])]
    if window.unit == "day":
        on = moment.calendar.on(from_ms(at_ms))
        times = [moment.calendar.midnight_ms(on + timedelta(days=days + 1)) for days in edges]
        # A row exactly at midnight of day d is inside "last n days" until the end of day d + n, as the rest of its day is.
    else:
        times = [at_ms + size * _UNIT_MS[window.unit] for size in edges]
    return min((time for time in times if time > moment.now_ms), default=None)


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


__all__ = ["DAY_MS", "FOREVER", "Moment", "Span", "crossed", "instant_ms", "is_anniversary", "next_crossing_ms", "span"]
