"""Local 当地时刻: instants where each person lives: the next time of day, the first moment of a send window, a date and an offset.

All is set work on epoch ms. The rules of the wall clock are those of `messaging.quiet`: a time that does not exist goes to the first
instant after the gap, one that occurs twice is its first occurrence, unless that lies in the past. Weekdays are 1 (Monday) to 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.ids import Ints
from siyu.messaging.quiet import MINUTE_MS, Zones

UNKNOWN = -(2**62)
"""Stands for an instant that is not known."""
_SECONDS_BELOW = 1e11
"""Numbers up to here count seconds (until the year 5138), larger ones milliseconds."""
_THURSDAY = 3
"""1970-01-01 was the fourth day of its week."""


@dataclass(frozen=True)
class Window:
    """When people may be written to, where they live. Minutes of the day, half-open [from, to); of two given the earlier begins it, one alone
    says nothing. `exact`: at this minute and no other, then from and to do not count. `weekdays`: only on these; empty: on all."""

    from_minute: int | None = None
    to_minute: int | None = None
    weekdays: tuple[int, ...] = ()
    exact_minute: int | None = None


def minute_of(clock: str) -> int:
    """Minutes since midnight of `HH:MM`."""
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def showing(zones: Zones, local: Ints, *, since: Ints | None = None) -> Ints:
    """The instants at which the wall clock shows `local` (ms since 1970 on that clock); where that lies before `since`, its second occurrence."""
    found = zones.reach(2 * local - zones.local(local) - DAY_MS // 2, local)
    return found if since is None else np.where(found < since, zones.reach(since, local), found)


def next_clock(zones: Zones, at: Ints, minute: int, weekdays: Sequence[int] = ()) -> Ints:
    """The first instants after `at` at which it is that minute of the day, on one of the weekdays."""
    local = zones.local(at)
    day = local // DAY_MS + (local % DAY_MS >= minute * MINUTE_MS)
    day += _days_ahead(day, weekdays)
    return showing(zones, day * DAY_MS + minute * MINUTE_MS, since=at)


def within(zones: Zones, at: Ints, window: Window) -> Ints:
    """The first instants from `at` on that lie in the window. Who is on a day that is left out keeps the time of day, if that is allowed."""
    local = zones.local(at)
    day, minute = local // DAY_MS, local % DAY_MS // MINUTE_MS
    begin, stays = minute, np.ones(len(at), np.bool_)
    if window.exact_minute is not None:
        stays = minute == window.exact_minute
        day, begin = day + (minute > window.exact_minute), np.full_like(minute, window.exact_minute)
    elif window.from_minute is not None and window.to_minute is not None:
        opens, ends = sorted((window.from_minute, window.to_minute))
        stays = (minute >= opens) & (minute < ends)
        day, begin = day + (minute >= ends), np.full_like(minute, opens)
    ahead = _days_ahead(day, window.weekdays)
    target = (day + ahead) * DAY_MS + np.where(stays, local % DAY_MS, begin * MINUTE_MS)
    return np.where(stays & (ahead == 0), at, showing(zones, target, since=at))


def ends(zones: Zones, at: Ints, window: Window) -> Ints:
    """When the window ends in which each instant lies: at its hour, else at the end of the last of the allowed days in a row (a week on at most)."""
    local = zones.local(at)
    day = local // DAY_MS
    if window.exact_minute is not None:
        return showing(zones, (local // MINUTE_MS + 60) * MINUTE_MS, since=at)
    if window.from_minute is not None and window.to_minute is not None:
        return showing(zones, day * DAY_MS + max(window.from_minute, window.to_minute) * MINUTE_MS, since=at)
    left_out = [number for number in range(1, 8) if number not in window.weekdays] if window.weekdays else []
    following = day + 1 + (_days_ahead(day + 1, left_out) if left_out else 6)
    return showing(zones, following * DAY_MS, since=at)


def days_of(zones: Zones, at: Ints) -> Ints:
    """Number of the local day (since 1970-01-01) of each instant."""
    return zones.local(at) // DAY_MS


def anniversary(day: Ints, since_day: Ints) -> Ints:
    """The first day from `since_day` on with the month and day of `day`. Who was born on 29 February has it on the 28th in other years."""
    first = _in_year(day, _year(since_day))
    return np.where(first < since_day, _in_year(day, _year(since_day) + 1), first)


def instants(values: Sequence[Any], zones: Zones) -> Ints:
    """Instants from what an event said: seconds or milliseconds since 1970 (also as text), or an ISO date or time; what has no zone is
    on the person's clock. `UNKNOWN` where nothing was said, or nothing that can be read."""
    read = [_read(value) for value in values]
    found = np.array([ms for ms, _ in read], np.int64)
    local = np.array([is_local for _, is_local in read], np.bool_)
    if local.any():
        places = np.flatnonzero(local)
        found[places] = showing(zones.take(places), found[places])
    return found


def _read(value: Any) -> tuple[int, bool]:
    """(epoch ms, whether on the person's own clock)."""
    if value is None or isinstance(value, bool):
        return UNKNOWN, False
    try:
        number = float(value)
    except (TypeError, ValueError):
        return _read_text(value)
    if not abs(number) < 1e15:
        return UNKNOWN, False
    return int(number if abs(number) > _SECONDS_BELOW else number * 1000), False


def _read_text(value: Any) -> tuple[int, bool]:
    try:
        at = datetime.fromisoformat(value.strip())
    except (AttributeError, ValueError):
        return UNKNOWN, False
    return (to_ms(at), False) if at.tzinfo is not None else (to_ms(at.replace(tzinfo=UTC)), True)


def _days_ahead(day: Ints, weekdays: Sequence[int]) -> Ints:
    """Days from each day to the next one (itself counts) that is one of the weekdays; 0 where all are."""
    if not weekdays:
        return np.zeros_like(day)
    ahead = np.array([min((wanted - 1 - place) % 7 for wanted in weekdays) for place in range(7)], np.int64)
    return ahead[(day + _THURSDAY) % 7]


def _year(day: Ints) -> Ints:
    return day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)


def _in_year(day: Ints, year: Ints) -> Ints:
    """That month and day in another year (years since 1970)."""
    date = day.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    of_month = (date - month.astype("datetime64[D]")).astype(np.int64)
    wanted = year * 12 + month.astype(np.int64) % 12
    begin, following = (each.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for each in (wanted, wanted + 1))
    found: Ints = np.minimum(begin + of_month, following - 1)
    return found
