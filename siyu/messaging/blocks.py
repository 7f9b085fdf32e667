"""Blocks 占用时段: the stretches of time in which one more message would break a cap, a quota or the mix, of whole sets of people.

n messages within less than a window W leave no room for another from (the last − W, the first + W): such a stretch, of any n
consecutive messages, is a block. A message that staff have not sent yet may happen at any instant from its own on: as one of
the n it only moves the beginning of the stretch, and n of them leave no room ever after.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.clock import DAY_MS
from siyu.foundation.ids import Ints
from siyu.messaging.policy import MASS, PURPOSES, Cap, Mix
from siyu.messaging.quiet import FOREVER_MS, Zones, bucket, bucket_days, day_start

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
PROMOTION, VALUE = PURPOSES.index("promotion"), PURPOSES.index("value")
_EVEN = 1e-6
_FEWEST_DAYS = 28
"""Of a month: what a cap of as many as its days is at least."""


class Blocks(NamedTuple):
    """Stretches [start, end), epoch ms, of people (places in the set that is asked about)."""

    person: Ints
    start: Ints
    end: Ints

    def take(self, which: Any) -> Blocks:
        return Blocks(*(column[which] for column in self))


class Messages(NamedTuple):
    """Messages that count for one rule, in the order of (person, at)."""

    person: Ints
    at: Ints
    floating: Flags

    def take(self, which: Any) -> Messages:
        return Messages(*(column[which] for column in self))


class Rows(NamedTuple):
    """The history in the order of (person, at), one entry a message; `source` is its row in the given table."""

    person: Ints
    at: Ints
    floating: Flags
    purpose: Ints
    exempt: Flags
    planned: Flags
    account: Ints
    carrier: Ints
    staff: Ints
    priority: Ints
    send: Ints
    form: Ints
    source: Ints

    def take(self, which: Any) -> Rows:
        return Rows(*(column[which] for column in self))

    def messages(self, which: Any) -> Messages:
        return Messages(self.person[which], self.at[which], self.floating[which])


def order(history: pa.Table, person: Ints, since_ms: int, names: Names) -> Rows:
    """The history of the people asked about; who is not among them has place -1. What lies before `since_ms` counts as lying there
    (only floating messages reach so far)."""
    at = np.maximum(numbers(history, "at_ms", 0), since_ms)
    mine = person >= 0
    span = int(at.max(initial=since_ms)) - since_ms + 1
    key = person * span + (at - since_ms)
    source = np.flatnonzero(mine)
    if not mine.all() or (key[1:] < key[:-1]).any():
        source = source[np.argsort(key[source], kind="stable")]
    columns = (
        person, at, flags(history, "floating"), numbers(history, "purpose", 0), flags(history, "exempt"), numbers(history, "status", 0) == 0,
        numbers(history, "account_id", 0), names.carrier(history), names.staff(history), numbers(history, "priority_fen", FOREVER_MS), numbers(history, "send_id", -1),
        names.form(history),
    )  # fmt: skip
    kept: list[Any] = [column[source] for column in (*columns, np.arange(len(at)))]
    return Rows(*kept)


class Names:
    """Carriers, staff and forms as numbers, the same in routes and history; -1 is none."""

    def __init__(self, routes: pa.Table, history: pa.Table) -> None:
        self._known = {name: _unique(routes, name) for name in ("carrier", "staff")}
        self._known["form"] = pc.unique(pa.concat_arrays([_unique(routes, "form"), _unique(history, "form"), pa.array([MASS])]))

    def carrier(self, table: pa.Table) -> Ints:
        return self._places(table, "carrier")

    def staff(self, table: pa.Table) -> Ints:
        return self._places(table, "staff")

    def form(self, table: pa.Table) -> Ints:
        return self._places(table, "form")

    def form_number(self, name: str) -> int:
        return int(pc.index(self._known["form"], name).as_py())

    def carrier_number(self, name: str) -> int:
        return int(pc.index(self._known["carrier"], name).as_py())

    def _places(self, table: pa.Table, name: str) -> Ints:
        values = column(table, name, pa.string())
        if pa.types.is_dictionary(values.type):
            places = pc.index_in(values.dictionary.cast(pa.string()), self._known[name]).take(values.indices)
        else:
            places = pc.index_in(values, self._known[name])
        found: Ints = places.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return found


def _unique(table: pa.Table, name: str) -> pa.Array:
    return pc.unique(column(table, name, pa.string())).drop_null().cast(pa.string())


def near(cap: Cap, rows: Rows, due: int) -> Flags:
    """Which messages can share a window with one at `due` or later."""
    return (rows.at > due - cap.reach_days * DAY_MS) | rows.floating


def of_cap(cap: Cap, rows: Messages, people: Ints, zones: Zones) -> Blocks:
    """Where one more message of `people` would be more than the cap allows. `rows`: those messages of theirs that count with it."""
    if cap.at_most == 0:
        return Blocks(people, np.full(len(people), -FOREVER_MS), np.full(len(people), FOREVER_MS))
    # Whoever has fewer than the least that fills a window meets none that is full.
    many = np.bincount(rows.person, minlength=len(zones.code)) >= (cap.at_most or _FEWEST_DAYS)
    rows = rows.take(many[rows.person])
    plain, floating = rows.take(~rows.floating), rows.take(rows.floating)
    if cap.window == "rolling":
        return _rolling(plain, floating, cap.at_most or 0, (cap.days or 0) * DAY_MS, len(zones.code))
    return _calendar(cap, plain, floating, zones)


def _rolling(plain: Messages, floating: Messages, at_most: int, window: int, count: int) -> Blocks:
    found = [_stretches(plain, at_most, window, None)]
    since = np.searchsorted(floating.person, np.arange(count + 1)) if len(floating.at) else np.zeros(count + 1, np.int64)
    for some in range(1, min(at_most, int(np.diff(since).max(initial=0))) + 1):
        # From when on so many floating messages can happen.
        from_ms = np.full(count, FOREVER_MS)
        those = np.flatnonzero(np.diff(since) >= some)
        from_ms[those] = floating.at[since[those] + some - 1]
        if some < at_most:
            found.append(_stretches(plain, at_most - some, window, from_ms))
        else:
            found.append(Blocks(those, from_ms[those] - window + 1, np.full(len(those), FOREVER_MS)))
    return joined(found)


def _stretches(plain: Messages, size: int, window: int, from_ms: Ints | None) -> Blocks:
    if len(plain.at) < size:
        return joined([])
    first, last = slice(None, len(plain.at) - size + 1), slice(size - 1, None)
    begins, ends = plain.at[first], plain.at[last]
    person = plain.person[first]
    if from_ms is not None:
        ends = np.maximum(ends, from_ms[person])
    near = np.flatnonzero((person == plain.person[last]) & (ends - begins < window))
    return Blocks(person[near], ends[near] - window + 1, begins[near] + window)


def _calendar(cap: Cap, plain: Messages, floating: Messages, zones: Zones) -> Blocks:
    number = bucket(cap.window, zones.take(plain.person), plain.at)
    # In the order of (person, bucket): a clock that is put back may show a day again.
    key = np.sort(plain.person * 2**24 + number) if len(number) else number
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    person, number = np.divmod(key[starts], 2**24)
    taken = np.diff(starts, append=len(key))
    begins, ends, days = _ranges(cap, zones, person, number)
    most = days if cap.at_most is None else np.full(len(days), cap.at_most)
    span = int(max(ends.max(initial=0), floating.at.max(initial=0))) + 1
    keys = floating.person * span + floating.at
    waiting = np.searchsorted(keys, person * span + ends) - np.searchsorted(keys, person * span)
    full = np.flatnonzero(taken + waiting >= most)
    least = cap.at_most or _FEWEST_DAYS
    nth = np.flatnonzero(floating.person[least - 1 :] == floating.person[: max(0, len(floating.person) - least + 1)])
    ever, at = floating.person[nth], floating.at[nth + least - 1]
    from_ms = _ranges(cap, zones, ever, bucket(cap.window, zones.take(ever), at))[0]
    return joined([Blocks(person[full], begins[full], ends[full]), Blocks(ever, from_ms, np.full(len(ever), FOREVER_MS))])


def _ranges(cap: Cap, zones: Zones, person: Ints, number: Ints) -> tuple[Ints, Ints, Ints]:
    first, days = bucket_days(cap.window, number)
    here = zones.take(person)
    return day_start(here, first), day_start(here, first + days), days


def of_mix(mix: Mix, rows: Rows, which: Flags, people: Ints, count: int, due: int) -> Blocks:
    """Where, from `due` on, one more promotion would be too many for the messages of value before it, or for a promotion that is planned
    after it. What lies before `due` is one number a person; only whose room can become short is looked at further."""
    window = mix.days * DAY_MS
    promotions, values = rows.messages(which & (rows.purpose == PROMOTION)), rows.messages(which & (rows.purpose == VALUE) & ~rows.floating)
    plain, floating = promotions.take(~promotions.floating), promotions.take(promotions.floating)
    changes = [
        part for each, change in ((plain, -1.0), (values, mix.promotion_per_value)) for part in ((each.person, each.at, change), (each.person, each.at + window, -change))
    ] + [(floating.person, floating.at, -1.0)]  # fmt: skip
    room, low = np.full(count, float(mix.free)), np.zeros(count)
    for person, at, change in changes:
        room += change * np.bincount(person[at <= due], minlength=count)
        if change < 0:
            low += change * np.bincount(person[at > due], minlength=count)
    tight = np.zeros(count, bool)
    tight[people] = (room + low)[people] < 1 - _EVEN
    then = _Room.of(np.flatnonzero(tight), room, [(person[near], at[near], change) for person, at, change in changes for near in [(at > due) & tight[person]]], due)
    person, short, ends = then.short()
    found = [Blocks(person, short, ends)]
    planned = plain.take((plain.at >= due) & tight[plain.person])
    there = then.at(planned.person, planned.at) < 1 - _EVEN
    found.append(Blocks(planned.person[there], planned.at[there] - window + 1, planned.at[there] + 1))
    if len(floating.at):
        since = np.full(count, FOREVER_MS)
        np.minimum.at(since, floating.person, floating.at)
        begins = np.maximum(short, since[person])
        late = begins < ends
        found.append(Blocks(person[late], begins[late] - window + 1, ends[late]))
    return joined(found)


class _Room(NamedTuple):
    """Room for promotions of people over time: from each instant of `key` (person × span + instant − due) to the next it is `room`."""

    key: Ints
    room: Any
    due: int
    span: int

    @classmethod
    def of(cls, people: Ints, room: Any, changes: list[tuple[Ints, Ints, float]], due: int) -> _Room:
        span = max((int(at.max(initial=due)) for _, at, _ in changes), default=due) - due + 1
        key = np.concatenate([people * span, *(person * span + (at - due) for person, at, _ in changes)])
        change = np.concatenate([room[people], *(np.full(len(at), change) for _, at, change in changes)])
        # What everybody begins with stands first among what happens at `due`, for the sort is stable.
        order = np.argsort(key, kind="stable")
        key, total = key[order], np.cumsum(change[order])
        heads = np.searchsorted(key, people * span)
        before = np.concatenate([[0.0], total])[heads]
        return cls(key, total - np.repeat(before, np.diff(heads, append=len(key))), due, span)

    def short(self) -> tuple[Ints, Ints, Ints]:
        """Person, from, to of the stretches without room for one."""
        short = np.flatnonzero(self.room < 1 - _EVEN)
        person, at = np.divmod(self.key[short], self.span)
        following = np.minimum(short + 1, len(self.key) - 1)
        after = self.key[following] - person * self.span
        ends = np.where((following > short) & (after < self.span), self.due + after, FOREVER_MS)
        lasts = ends > at + self.due
        return person[lasts], at[lasts] + self.due, ends[lasts]

    def at(self, person: Ints, at: Ints) -> Any:
        """Room after all that happens up to an instant, of people who are in it."""
        return self.room[np.searchsorted(self.key, person * self.span + np.minimum(at - self.due, self.span - 1), side="right") - 1]


def joined(parts: list[Blocks]) -> Blocks:
    empty = np.zeros(0, np.int64)
    return Blocks(*(np.concatenate(columns) for columns in zip(*parts, strict=True))) if parts else Blocks(empty, empty, empty)


def column(table: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    """A column as one array; one that is left out is null."""
    if name not in table.column_names:
        return pa.nulls(table.num_rows, kind)
    found = table[name]
    if not isinstance(found, pa.ChunkedArray):
        return found
    return found.unify_dictionaries().combine_chunks() if pa.types.is_dictionary(found.type) else found.combine_chunks()


def numbers(table: pa.Table, name: str, default: int) -> Ints:
    """A column of whole numbers, null as `default`."""
    values = column(table, name, pa.int64())
    if values.null_count == len(values):
        return np.full(len(values), default)
    found: Ints = (pc.fill_null(values.cast(pa.int64()), default) if values.null_count else values.cast(pa.int64())).to_numpy(zero_copy_only=False)
    return found


def flags(table: pa.Table, name: str, default: bool = False) -> Flags:
    values = column(table, name, pa.bool_())
    if values.null_count == len(values):
        return np.full(len(values), default)
    found: Flags = pc.fill_null(values, default).to_numpy(zero_copy_only=False)
    return found
