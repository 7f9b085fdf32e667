"""Local time 当地时间 of whole sets: offsets, days, weeks, months and quiet hours where each person lives.

A zone is read once into its jumps. Days are half-open; a wall-clock time that does not exist goes to the first instant after
the gap, one that occurs twice ends with its second occurrence only if the first lies in the past. An unknown zone is the brand's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pyarrow as pa

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.ids import Ints
from siyu.messaging.policy import Quiet, Window

MINUTE_MS = 60_000
FOREVER_MS = 2**62
_FROM, _UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=6)
"""No zone has two jumps closer together."""


@dataclass(frozen=True)
class Zone:
    """`jumps`: instants (epoch ms; the last never comes) up to which each of `offsets` (ms east of UTC) holds; one more of those."""

    jumps: Ints
    offsets: Ints

    def local(self, at: Ints) -> Ints:
        return at + self.offsets[np.searchsorted(self.jumps, at, side="right")]

    def reach(self, since: Ints, local: Ints) -> Ints:
        """The first instants from `since` on (at most a day or so) at which the wall clock shows `local` or later, to stay."""
        here = np.searchsorted(self.jumps, since, side="right")
        plain, jump = local - self.offsets[here], self.jumps[here]
        return np.where(jump > plain, plain, np.maximum(jump, local - self.offsets[here + 1]))


@lru_cache(1024)
def zone(name: str) -> Zone:
    """The jumps of a zone from 2000 to 2060; before and after, its first and last offset.

    Raises
    ------
    KeyError
        When there is no such zone.
    """
    if name not in _names():
        raise KeyError(name)
    info, jumps, offsets = ZoneInfo(name), [], []
    at, here = _FROM, _offset(info, _FROM)
    offsets.append(here)
    while at < _UNTIL:
        then = at + _STEP
        if _offset(info, then) != here:
            low, high = at, then
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if _offset(info, middle) == here else (low, middle)
            here = _offset(info, high)
            jumps.append(to_ms(high))
            offsets.append(here)
        at = then
    return Zone(np.array([*jumps, FOREVER_MS], np.int64), np.array([*offsets, here], np.int64))


@lru_cache(1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def _offset(info: ZoneInfo, at: datetime) -> int:
    return (at.astimezone(info).utcoffset() or timedelta()) // timedelta(milliseconds=1)


@dataclass(frozen=True)
class Zones:
    """Where people live: `code` gives for each person the place of their zone in `zones`."""

    zones: tuple[Zone, ...]
    code: Ints

    @classmethod
    def of(cls, names: pa.Array | pa.ChunkedArray, brand: str) -> Zones:
        """From IANA names; null and what is no zone are the brand's."""
        encoded = names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names
        if not pa.types.is_dictionary(encoded.type):
            encoded = encoded.cast(pa.string()).dictionary_encode()
        known = [name if name in _names() else brand for name in encoded.dictionary.to_pylist()]
        return cls(tuple(zone(name) for name in (*known, brand)), encoded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False).astype(np.int64))

    @classmethod
    def everywhere(cls, name: str, count: int) -> Zones:
        return cls((zone(name),), np.zeros(count, np.int64))

    def take(self, people: Ints) -> Zones:
        return Zones(self.zones, self.code[people] if len(self.zones) > 1 else np.zeros(len(people), np.int64))

    def local(self, at: Ints) -> Ints:
        return self._each(lambda here, mine: here.local(at[mine]))

    def reach(self, since: Ints, local: Ints) -> Ints:
        return self._each(lambda here, mine: here.reach(since[mine], local[mine]))

    def _each(self, of: Callable[[Zone, Any], Ints]) -> Ints:
        if len(self.zones) == 1:
            return of(self.zones[0], slice(None))
        present = np.unique(self.code)
        if len(present) == 1:
            return of(self.zones[present[0]], slice(None))
        found = np.zeros(len(self.code), np.int64)
        for code in present:
            mine = np.flatnonzero(self.code == code)
            found[mine] = of(self.zones[code], mine)
        return found


def wait(quiet: Quiet, zones: Zones, at: Ints) -> Ints:
    """For each instant the end of the quiet hours it lies in; itself where it lies in none."""
    local = zones.local(at)
    minute, day = local % DAY_MS // MINUTE_MS, local - local % DAY_MS
    over_midnight = quiet.from_minute > quiet.to_minute
    late, early = minute >= quiet.from_minute, minute < quiet.to_minute
    inside = (late | early) if over_midnight else (late & early)
    end = day + quiet.to_minute * MINUTE_MS + np.where(late & over_midnight, DAY_MS, 0)
    return np.where(inside, zones.reach(at, np.where(inside, end, local)), at)


def bucket(unit: Window, zones: Zones, at: Ints) -> Ints:
    """Number of the local day, week (from Monday) or month of each instant."""
    day = zones.local(at) // DAY_MS
    if unit == "day":
        return day
    return (day + 3) // 7 if unit == "week" else day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def bucket_days(unit: Window, number: Ints) -> tuple[Ints, Ints]:
    """First local day number, and count of days, of buckets."""
    if unit == "day":
        return number, np.ones_like(number)
    if unit == "week":
        return number * 7 - 3, np.full_like(number, 7)
    first, following = (each.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for each in (number, number + 1))
    return first, following - first


def day_start(zones: Zones, day: Ints) -> Ints:
    """The first instant of local days: from it on the wall clock does not show the day before again."""
    target = day * DAY_MS
    return zones.reach(target - zones.local(target) + target - DAY_MS // 2, target)
