"""Entries 进入: people come into a journey, as sets. Who may is decided by its rule of re-entry; chance holds some of them out.

One event brings nobody in twice, and whoever was taken out by hand comes back only by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, case, func, select

from siyu.foundation.clock import DAY_MS
from siyu.foundation.database import among, select_in
from siyu.foundation.ids import Ints, draw_rows, key64_numbers
from siyu.foundation.stores import Stores
from siyu.identity.current import merged_among
from siyu.journeys import _tables, runs
from siyu.journeys.books import Book
from siyu.journeys.books import book as find_book
from siyu.journeys.definition import Reentry, SegmentEntry
from siyu.journeys.people import Flags
from siyu.journeys.standing import among as members_among
from siyu.journeys.states import FRESH, HELD_OUT, ON_THE_WAY, REMOVED, WAITING
from siyu.messaging import holdouts

_table, _standing = _tables.enrolment, _tables.standing
NOBODY = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Newcomers:
    """Those who ask to come in, in the order of time. `key`: what tells runs of one person apart; `event_key` 0 for none;
    `due_ms`: when their first step is due; `properties`: of the event, JSON text."""

    customer_id: Ints
    at_ms: Ints
    key: Sequence[str]
    event_key: Ints
    name: str = ""
    properties: Sequence[str] = ()
    due_ms: Ints | None = None

    @classmethod
    def plain(cls, customer_ids: Ints, at_ms: int, *, key: str = "", due_ms: Ints | None = None, by: Ints | None = None) -> Newcomers:
        """All at one instant. `by`: what brings each of them in and can do so only once, as numbers (such as when they came into a segment)."""
        count = len(customer_ids)
        events = np.zeros(count, np.int64) if by is None else key64_numbers(customer_ids, by).astype(np.int64)
        return cls(customer_ids, np.full(count, at_ms, np.int64), [key] * count, events, due_ms=due_ms)

    def take(self, which: Any) -> Newcomers:
        """Those between two places of the order."""
        due = None if self.due_ms is None else self.due_ms[which]
        return Newcomers(self.customer_id[which], self.at_ms[which], self.key[which], self.event_key[which], self.name, self.properties[which], due)


@dataclass(frozen=True)
class Entered:
    """What became of newcomers: runs that began (held-out ones are among them), and how many were refused, by reason."""

    enrolment_ids: Ints = field(default_factory=lambda: NOBODY)
    held_out_count: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.enrolment_ids)


def admit(stores: Stores, tx: Connection, book: Book, salt: str, new: Newcomers, *, now_ms: int, by_hand: bool = False) -> Entered:
    """Let newcomers in, in the caller's transaction. Reasons of refusal: once, on_the_way, too_often, too_soon, removed, full, twice."""
    if not len(new.customer_id):
        return Entered()
    merged = merged_among(tx, np.unique(new.customer_id))
    who = np.array([merged.get(one, one) for one in new.customer_id.tolist()], np.int64) if merged else new.customer_id
    keys = np.array(new.key, object)
    turn, ids, held, refused = _turns(who, keys), [NOBODY], 0, Counter[str]()
    for number in range(int(turn.max()) + 1):
        rows = np.flatnonzero(turn == number)
        some, out = _admit_each_once(stores, tx, book, salt, new, who, keys, rows, now_ms, by_hand, refused)
        ids.append(some)
        held += out
    return Entered(np.concatenate(ids), held, dict(+refused))


def again(stores: Stores, tx: Connection, completed_on: Book, completed: Ints, now_ms: int) -> None:
    """Those who have completed a journey that takes members again, and are members still, come in anew at the next tick: on the version that newcomers take."""
    if not len(completed):
        return
    query = select(_tables.journey.c.salt, _tables.journey.c.status, _tables.journey.c.version)
    journey = tx.execute(query.where(_tables.journey.c.id == completed_on.journey_id)).one()
    book = completed_on if journey.version == completed_on.number else find_book(stores, tx, completed_on.journey_id, journey.version)
    entry = book.definition.entry
    if journey.status != "live" or not (isinstance(entry, SegmentEntry) and entry.again):
        return
    rows = select_in(tx, [_table.c.customer_id], _table.c.id, completed.tolist())
    ids = np.unique(np.array([row[0] for row in rows], np.int64))
    still = ids[members_among(stores, entry.segment, ids) == (entry.direction == "entered")]
    if len(still):
        admit(stores, tx, book, journey.salt, Newcomers.plain(still, now_ms, due_ms=np.full(len(still), now_ms + 1, np.int64)), now_ms=now_ms)


@dataclass
class _Before:
    """Runs that a person (and key) has had."""

    count: int
    last_number: int
    last_entered_ms: int
    is_on_the_way: bool


@dataclass
class _Past:
    """What a journey knows of some people: runs by person and key, whom a hand took out last, and who is held out."""

    runs: dict[tuple[int, str], _Before]
    removed: set[int]
    held_out: set[int]


def _past(tx: Connection, journey_id: int, customer_ids: Ints) -> _Past:
    c, s = _table.c, _standing.c
    going, held = func.max(_flag(s.state.in_((ON_THE_WAY, HELD_OUT)))), func.max(_flag(s.state == HELD_OUT))
    removed = func.max(case((s.state == REMOVED, c.id), else_=0))
    columns = (c.customer_id, c.key, func.count(), func.max(c.number), func.max(c.entered_ms), going, func.max(c.id), removed, held)
    query = select(*columns).select_from(_tables.run).where(c.journey_id == journey_id)
    rows = tx.execute(query.where(among(tx, c.customer_id, customer_ids.tolist())).group_by(c.customer_id, c.key)).all()
    last, out = dict[int, int](), dict[int, int]()
    for row in rows:
        last[row[0]], out[row[0]] = max(last.get(row[0], 0), row[6]), max(out.get(row[0], 0), row[7])
    found = {(row[0], row[1]): _Before(row[2], row[3], row[4], bool(row[5])) for row in rows}
    return _Past(found, {who for who, number in last.items() if out[who] == number}, {row[0] for row in rows if row[8]})


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _why_not(rule: Reentry, before: _Before | None, at_ms: int, *, was_removed: bool, by_hand: bool) -> str | None:
    if was_removed and not by_hand:
        return "removed"
    if before is None:
        return None
    if rule.rule == "once" and not (by_hand and was_removed):
        return "once"
    if before.is_on_the_way and rule.rule != "always":
        return "on_the_way"
    if rule.at_most is not None and before.count >= rule.at_most:
        return "too_often"
    if rule.min_days is not None and at_ms < before.last_entered_ms + rule.min_days * DAY_MS:
        return "too_soon"
    return None


def _admit_each_once(
    stores: Stores, tx: Connection, book: Book, salt: str, new: Newcomers, who: Ints, keys: Any, rows: Ints, now_ms: int, by_hand: bool, refused: Counter[str]
) -> tuple[Ints, int]:
    """Those of some rows, each person and key once among them: the runs that began, and how many are held out."""
    past = _past(tx, book.journey_id, np.unique(who[rows]))
    fresh = ~_used(tx, book.journey_id, new.event_key[rows])
    refused["twice"] += int((~fresh).sum())
    rows = rows[fresh]
    ok, number = np.ones(len(rows), np.bool_), np.ones(len(rows), np.int64)
    for place, row in enumerate(rows.tolist()) if past.runs else ():
        before = past.runs.get((int(who[row]), str(keys[row])))
        reason = _why_not(book.definition.reentry, before, int(new.at_ms[row]), was_removed=int(who[row]) in past.removed, by_hand=by_hand)
        if reason:
            ok[place], refused[reason] = False, refused[reason] + 1
        elif before:
            number[place] = before.last_number + 1
    ok = _with_room(tx, book, ok, refused)
    if not ok.any():
        return NOBODY, 0
    ids, held = _write(stores, tx, book, salt, new, who, rows[ok], number[ok], np.array(sorted(past.held_out), np.int64), now_ms)
    return ids, int(held.sum())


def _turns(who: Ints, keys: Any) -> Ints:
    """For each row, how many of the same person and key come before it."""
    names, code = np.unique(keys.astype(str), return_inverse=True)
    mixed = who * len(names) + code
    order = np.argsort(mixed, kind="stable")
    first = np.searchsorted(mixed[order], mixed[order], side="left")
    turn = np.empty(len(who), np.int64)
    turn[order] = np.arange(len(who)) - first
    return turn


def _used(tx: Connection, journey_id: int, event_keys: Ints) -> Flags:
    """Which of these events have brought somebody in already."""
    told = np.unique(event_keys[event_keys != 0])
    if not len(told):
        return np.zeros(len(event_keys), np.bool_)
    used = tx.scalars(select(_table.c.event_key).where(_table.c.journey_id == journey_id, among(tx, _table.c.event_key, told.tolist()))).all()
    return np.isin(event_keys, np.array(used, np.int64))


def _with_room(tx: Connection, book: Book, ok: Flags, refused: Counter[str]) -> Flags:
    """Not more on the way at once than the journey takes; whoever comes first is first."""
    most = book.definition.max_active
    if most is None:
        return ok
    places = select(_tables.place.c.id).where(_tables.place.c.journey_id == book.journey_id)
    here = int(tx.scalar(select(func.count()).select_from(_standing).where(_standing.c.place_id.in_(places), _standing.c.state == ON_THE_WAY)) or 0)
    fits = ok & (np.cumsum(ok) <= max(0, most - here))
    refused["full"] += int((ok & ~fits).sum())
    return fits


def _write(stores: Stores, tx: Connection, book: Book, salt: str, new: Newcomers, who: Ints, rows: Ints, number: Ints, watched: Ints, now_ms: int) -> tuple[Ints, Flags]:
    count, first = len(rows), who[rows]
    ids = runs.new_ids(tx, count)
    drawn = draw_rows(f"{salt} holdout", first) < book.definition.holdout_rate
    everywhere = np.zeros(count, np.bool_)
    if book.definition.use_global_holdout:
        people = np.unique(first)
        everywhere = np.isin(first, people[holdouts.held_out(stores, tx, people)])
    # Whoever is held out stays so, also as part of somebody for whom chance fell otherwise.
    held = drawn | everywhere | np.isin(first, watched)
    assert book.definition.start is not None
    due = (new.due_ms if new.due_ms is not None else np.full(len(who), now_ms, np.int64))[rows]
    events = new.event_key[rows].tolist()
    columns: dict[str, Sequence[Any]] = {
        "id": ids.tolist(), "journey_id": [book.journey_id] * count, "version": [book.number] * count, "customer_id": first.tolist(), "first_id": first.tolist(),
        "event_key": [key or None for key in events], "key": [str(new.key[row]) for row in rows.tolist()], "number": number.tolist(),
        "state": np.where(held, HELD_OUT, ON_THE_WAY).tolist(), "place_id": [book.places[book.definition.start]] * count,
        "due_ms": [None if out else when for out, when in zip(held.tolist(), due.tolist(), strict=True)], "heard": np.where(held, WAITING, FRESH).tolist(),
        "arrived_ms": [now_ms] * count, "entered_ms": new.at_ms[rows].tolist(), "ended_ms": [None] * count,
        "code": ["global_holdout" if out else None for out in everywhere.tolist()], "goal_ms": [None] * count,
    }  # fmt: skip
    runs.add(tx, columns)
    if new.name:
        runs.remember(tx, [
            {"enrolment_id": one, "event_key": key, "name": new.name, "at_ms": int(new.at_ms[row]), "properties": new.properties[row], "is_entry": True}
            for one, key, row in zip(ids.tolist(), events, rows.tolist(), strict=True)
        ])  # fmt: skip
    runs.tell_columns(tx, columns, now_ms)
    return ids, held
