"""Listening 倾听: what happens to people brings them into journeys, wakes those who wait for it, and ends runs. A reaction: exactly once.

Events are heard in the order of the log. Each in turn is remembered for the runs that ask about it, wakes, ends (exit rules,
goals), and only then lets people in: so the event that brings somebody in does not also end that run. An event counts for a run if
it happened after the person came in, however late it arrives; it brings somebody in only if it is not older than `STALE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, select, update

from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY
from siyu.events.catalogue.customers import CONSENTS_CHANGED
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.events.catalogue.segments import SEGMENT_MEMBERS_CHANGED
from siyu.events.properties import normalise_path
from siyu.events.reactions import Reaction
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.database import among
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.identifiers import customers_of
from siyu.journeys import _tables, entries, runs
from siyu.journeys.books import Book, Journey, book, journeys
from siyu.journeys.conditions import passing
from siyu.journeys.definition import Condition, EventEntry, ScanEntry, SegmentEntry, SurveyEntry
from siyu.journeys.entries import Newcomers
from siyu.journeys.passing import count_passed
from siyu.journeys.people import Flags
from siyu.journeys.purchases import purchases
from siyu.journeys.states import EXITED, GOAL, ON_THE_WAY, STATES, WAITING, WOKEN

STALE_MS = 3 * DAY_MS
"""Older events are history, such as an import's; they bring nobody in."""
_table, _place = _tables.enrolment, _tables.place
_LONG = ("event_key", "path", "text", "number", "time_ms")


@dataclass(frozen=True)
class Happenings:
    """Events of one kind, by time: parallel columns, and their properties in long form."""

    event_key: Ints
    customer_id: Ints
    name: Any
    at_ms: Ints
    properties: pa.Table

    def take(self, which: Any) -> Happenings:
        return Happenings(self.event_key[which], self.customer_id[which], self.name[which], self.at_ms[which], self.properties)

    def __len__(self) -> int:
        return len(self.event_key)


@dataclass(frozen=True)
class _Watched:
    """A version that hears: newcomers only by the journey's own version."""

    journey: Journey
    book: Book

    @property
    def is_open(self) -> bool:
        return self.journey.status == "live" and self.journey.version == self.book.number


def react(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    watched = _watched(stores, tx)
    if not watched:
        return
    names = frozenset().union(*(_names(one.book) for one in watched))
    for batch in batches:
        if batch.event == SEGMENT_MEMBERS_CHANGED.name:
            _members_changed(stores, tx, watched, batch.rows)
        elif batch.event == CONSENTS_CHANGED.name:
            _opted_out(stores, tx, watched, batch.rows)
        elif len(found := _happenings(tx, batch, names)):
            for one in watched:
                _happened(stores, tx, one, found)


def _watched(stores: Stores, tx: Connection) -> list[_Watched]:
    """Versions that are open, and those that people are still on (or were lately: their goals)."""
    found = journeys(tx, "live", "paused", "draining")
    version = _tables.version
    numbers = tx.execute(select(version.c.journey_id, version.c.number).where(version.c.journey_id.in_([one.id for one in found]))).all() if found else []
    by_id = {one.id: one for one in found}
    return [_Watched(by_id[journey_id], book(stores, tx, journey_id, number)) for journey_id, number in numbers]


def _names(one: Book) -> frozenset[str]:
    """Events that a version cares about."""
    definition = one.definition
    conditions = [condition for _, condition in one.waits] + list(definition.exit)
    told = {condition.event for condition in conditions if condition.event}
    told |= {definition.goal.event} if definition.goal and definition.goal.event else set()
    return frozenset(told | one.remembered | _entry_names(definition.entry))


def _entry_names(entry: Any) -> set[str]:
    match entry:
        case EventEntry():
            return {entry.name}
        case ScanEntry():
            return {"contact_added"}
        case SurveyEntry():
            return {"survey_answered"}
    return set()


def _happenings(tx: Connection, batch: Batch, names: frozenset[str]) -> Happenings:
    """The events of a batch that somebody cares about, of people who are known."""
    if batch.event == ORDER_LINES_RECORDED.name:
        rows, properties = purchases(batch.rows) if "order_paid" in names else (None, None)
    else:
        rows = CUSTOMERS_ACTIVITY.sources[batch.event](batch)
        rows = rows.filter(pc.is_in(rows["name"], pa.array(sorted(names), pa.string())))
        properties = CUSTOMERS_PROPERTY.sources[batch.event](batch) if rows.num_rows else None
    if rows is None or not rows.num_rows:
        empty = np.zeros(0, np.int64)
        return Happenings(empty, empty, np.zeros(0, object), empty, NOTHING_SAID)
    owner = customers_of(tx, pc.unique(rows["identity_key"]).to_pylist())
    who = np.array([owner.get(key, 0) for key in rows["identity_key"].to_pylist()], np.int64)
    assert properties is not None
    found = Happenings(rows["event_key"].to_numpy(), who, np.array(rows["name"].to_pylist(), object), rows["at_ms"].to_numpy(), properties.select(_LONG))
    found = found.take(np.lexsort((found.event_key, found.at_ms)))
    return found.take(found.customer_id > 0)


NOTHING_SAID = pa.table({"event_key": pa.array([], pa.int64()), "path": pa.array([], pa.string()), "text": pa.array([], pa.string()), "number": pa.array([], pa.float64()), "time_ms": pa.array([], pa.int64())})


def _happened(stores: Stores, tx: Connection, one: _Watched, all_: Happenings) -> None:
    book_, definition = one.book, one.book.definition
    heard = all_.take(np.isin(all_.name.astype(str), sorted(_names(book_))))
    if not len(heard):
        return
    now_ms = to_ms(stores.now())
    going = _going(tx, book_, heard)
    if len(going) and book_.remembered:
        _remember(tx, book_, heard, going)
    for place, condition in book_.waits:
        if condition.event is not None:
            _wake(tx, place, _runs_that(heard, going, condition, book_), now_ms)
    for condition in definition.exit:
        if condition.event is not None:
            _end(tx, book_, _runs_that(heard, going, condition, book_), EXITED, f"event:{condition.event}"[:40], now_ms)
    if definition.goal and definition.goal.event is not None:
        _reached(tx, book_, heard, Condition(event=definition.goal.event, where=definition.goal.where), now_ms)
    if one.is_open:
        _enter(stores, tx, one, heard, now_ms)


def _going(tx: Connection, one: Book, heard: Happenings) -> pa.Table:
    """Runs on the way of the people concerned: id, customer_id, key, entered_ms."""
    c = _table.c
    rows = tx.execute(
        select(c.id, c.customer_id, c.key, c.entered_ms).where(
            c.journey_id == one.journey_id, c.version == one.number, c.state == ON_THE_WAY, among(tx, c.customer_id, np.unique(heard.customer_id).tolist())
        )
    ).all()
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return pa.table({"id": pa.array(columns[0], pa.int64()), "customer_id": pa.array(columns[1], pa.int64()), "key": pa.array(columns[2], pa.string()), "entered_ms": pa.array(columns[3], pa.int64())})


def _pairs(heard: Happenings, going: pa.Table, one: Book) -> tuple[Ints, Ints]:
    """(places of events, places of runs) of each event that counts for each run."""
    events = pa.table({"customer_id": heard.customer_id, "event": np.arange(len(heard)), "at_ms": heard.at_ms})
    both = events.join(going.append_column("run", pa.array(np.arange(going.num_rows))), "customer_id", join_type="inner")
    both = both.filter(pc.greater_equal(both["at_ms"], both["entered_ms"]))
    entry = one.definition.entry
    if isinstance(entry, EventEntry) and entry.key and both.num_rows:
        said = np.array(_values(heard, entry.key), object)[both["event"].to_numpy()]
        both = both.filter(pa.array(said == np.array(both["key"].to_pylist(), object)))
    both = both.sort_by([("event", "ascending"), ("run", "ascending")])
    return both["event"].to_numpy(), both["run"].to_numpy()


def _runs_that(heard: Happenings, going: pa.Table, condition: Condition, one: Book) -> Ints:
    """Runs to which a condition has happened."""
    if not going.num_rows:
        return np.zeros(0, np.int64)
    some = heard.take((heard.name == condition.event) & passing(condition.where, heard.event_key, heard.properties))
    _, run = _pairs(some, going, one) if len(some) else (None, np.zeros(0, np.int64))
    return np.unique(going["id"].to_numpy()[run])


def _remember(tx: Connection, one: Book, heard: Happenings, going: pa.Table) -> None:
    some = heard.take(np.isin(heard.name.astype(str), sorted(one.remembered)))
    if not len(some):
        return
    event, run = _pairs(some, going, one)
    texts, ids = _json(some), going["id"].to_numpy()
    runs.remember(tx, [
        {"enrolment_id": int(ids[r]), "event_key": int(some.event_key[e]), "name": some.name[e], "at_ms": int(some.at_ms[e]), "properties": texts[e], "is_entry": False}
        for e, r in zip(event.tolist(), run.tolist(), strict=True)
    ])  # fmt: skip


def _wake(tx: Connection, place: int, ids: Ints, now_ms: int) -> None:
    if len(ids):
        there = (_table.c.place_id == place) & (_table.c.state == ON_THE_WAY) & (_table.c.heard == WAITING)
        tx.execute(update(_table).where(there, among(tx, _table.c.id, ids.tolist())).values(heard=WOKEN, due_ms=now_ms))


def _end(tx: Connection, one: Book, ids: Ints, state: int, code: str, now_ms: int) -> None:
    """Runs end at once, also within a wait."""
    if not len(ids):
        return
    which = among(tx, _table.c.id, ids.tolist()) & (_table.c.state == ON_THE_WAY)
    places = tx.execute(update(_table).where(which).values(state=state, code=code, ended_ms=now_ms, due_ms=None).returning(_table.c.id, _table.c.place_id)).all()
    left: dict[tuple[int, str], int] = {}
    for _, place in places:
        left[(place, STATES[state])] = left.get((place, STATES[state]), 0) + 1
    count_passed(tx, left)
    ended = np.array([row[0] for row in places], np.int64)
    if len(ended):
        runs.tell(tx, among(tx, _table.c.id, ended.tolist()), now_ms)
        runs.forget_heard(tx, ended)


def _reached(tx: Connection, one: Book, heard: Happenings, condition: Condition, now_ms: int) -> None:
    """The goal is reached within its days: also by those who are held out, and by those whose run is over."""
    some = heard.take((heard.name == condition.event) & passing(condition.where, heard.event_key, heard.properties))
    if len(some):
        _mark_goal(tx, one, some.customer_id, some.at_ms, now_ms, some)


def _mark_goal(tx: Connection, one: Book, who: Ints, at_ms: Ints, now_ms: int, heard: Happenings | None) -> None:
    goal, c = one.definition.goal, _table.c
    assert goal is not None
    rows = tx.execute(
        select(c.id, c.customer_id, c.key, c.entered_ms).where(c.journey_id == one.journey_id, c.version == one.number, c.goal_ms.is_(None), among(tx, c.customer_id, np.unique(who).tolist()))
    ).all()
    if not rows:
        return
    columns = list(zip(*rows, strict=True))
    going = pa.table({name: list(column) for name, column in zip(("id", "customer_id", "key", "entered_ms"), columns, strict=True)})
    said = heard or Happenings(np.arange(len(who)), who, np.zeros(len(who), object), at_ms, NOTHING_SAID)
    event, run = _pairs(said, going, one) if heard else _unkeyed(said, going)
    entered = going["entered_ms"].to_numpy()[run]
    good = at_ms[event] <= entered + goal.days * DAY_MS
    first: dict[int, int] = {}
    for number, when in zip(going["id"].to_numpy()[run[good]].tolist(), at_ms[event[good]].tolist(), strict=True):
        first[number] = min(first.get(number, when), when)
    if not first:
        return
    ids = np.array(sorted(first), np.int64)
    for when in sorted(set(first.values())):
        mine = [number for number, at in first.items() if at == when]
        tx.execute(update(_table).where(among(tx, c.id, mine)).values(goal_ms=when))
    if goal.ends:
        _end(tx, one, ids, GOAL, "goal", now_ms)
    runs.tell(tx, among(tx, c.id, ids.tolist()), now_ms)


def _unkeyed(said: Happenings, going: pa.Table) -> tuple[Ints, Ints]:
    events = pa.table({"customer_id": said.customer_id, "event": np.arange(len(said)), "at_ms": said.at_ms})
    both = events.join(going.append_column("run", pa.array(np.arange(going.num_rows))), "customer_id", join_type="inner")
    both = both.filter(pc.greater_equal(both["at_ms"], both["entered_ms"]))
    return both["event"].to_numpy(), both["run"].to_numpy()


def _enter(stores: Stores, tx: Connection, one: _Watched, heard: Happenings, now_ms: int) -> None:
    entry = one.book.definition.entry
    names = _entry_names(entry)
    if not names:
        return
    mine = np.isin(heard.name.astype(str), sorted(names)) & (heard.at_ms >= max(now_ms - STALE_MS, one.journey.started_ms)) & _wanted(entry, heard)
    some = heard.take(mine)
    if not len(some):
        return
    key = entry.key if isinstance(entry, EventEntry) else ""
    keys = _values(some, key) if key else [""] * len(some)
    new = Newcomers(some.customer_id, np.minimum(some.at_ms, now_ms), keys, some.event_key, str(next(iter(names))), _json(some))
    entries.admit(stores, tx, one.book, one.journey.salt, new, now_ms=now_ms)


def _wanted(entry: Any, heard: Happenings) -> Flags:
    match entry:
        case EventEntry():
            return passing(entry.where, heard.event_key, heard.properties)
        case ScanEntry():
            state = np.array(_values(heard, "state"), object).astype(str)
            found: Flags = np.isin(state, list(entry.ways) or [""], invert=not entry.ways)
            return found
        case SurveyEntry():
            answered: Flags = np.array(_values(heard, "survey"), object).astype(str) == str(entry.survey)
            return answered
    return np.zeros(len(heard), np.bool_)


def _values(heard: Happenings, path: str) -> list[str]:
    """A property of each event as text; empty where it lacks it."""
    mine = heard.properties.filter(pc.equal(heard.properties["path"], normalise_path(path) or ""))
    said = dict(zip(mine["event_key"].to_pylist(), mine["text"].to_pylist(), strict=True))
    return [said.get(key) or "" for key in heard.event_key.tolist()]


def _json(heard: Happenings) -> list[str]:
    """All properties of each event as JSON, flat."""
    said: dict[int, dict[str, Any]] = {}
    for key, path, text, number in zip(*(heard.properties[name].to_pylist() for name in _LONG[:4]), strict=True):
        said.setdefault(key, {})[path] = int(number) if number is not None and float(number).is_integer() else number if number is not None else text
    return [msgspec.json.encode(said.get(key, {})).decode() for key in heard.event_key.tolist()]


def _members_changed(stores: Stores, tx: Connection, watched: Sequence[_Watched], rows: pa.Table) -> None:
    now_ms = to_ms(stores.now())
    segment, who, entered = rows["segment_id"].to_numpy(), rows["customer_id"].to_numpy(), rows["entered"].to_numpy(zero_copy_only=False)
    at_ms = rows["at_ms"].to_numpy()
    for one in watched:
        definition = one.book.definition
        for place, condition in one.book.waits:
            _wake(tx, place, _runs_of(tx, one.book, _changed(condition, segment, who, entered)), now_ms)
        for condition in definition.exit:
            number = condition.segment or condition.left
            _end(tx, one.book, _runs_of(tx, one.book, _changed(condition, segment, who, entered)), EXITED, f"segment:{number}", now_ms)
        if definition.goal and definition.goal.segment is not None:
            mine = (segment == definition.goal.segment) & entered
            if mine.any():
                _mark_goal(tx, one.book, who[mine], np.maximum(at_ms[mine], 0), now_ms, None)
        entry = definition.entry
        if one.is_open and isinstance(entry, SegmentEntry):
            mine = (segment == entry.segment) & (entered == (entry.direction == "entered"))
            entries.admit(stores, tx, one.book, one.journey.salt, Newcomers.plain(np.unique(who[mine]), now_ms), now_ms=now_ms)


def _changed(condition: Condition, segment: Ints, who: Ints, entered: Flags) -> Ints:
    if condition.segment is not None:
        return np.unique(who[(segment == condition.segment) & entered])
    if condition.left is not None:
        return np.unique(who[(segment == condition.left) & ~entered])
    return np.zeros(0, np.int64)


def _runs_of(tx: Connection, one: Book, customer_ids: Ints, more: ColumnElement[bool] | None = None) -> Ints:
    """Runs on the way of some people."""
    if not len(customer_ids):
        return customer_ids
    c = _table.c
    which = [c.journey_id == one.journey_id, c.version == one.number, c.state == ON_THE_WAY, among(tx, c.customer_id, customer_ids.tolist())]
    return np.array(tx.scalars(select(c.id).where(*which)).all(), np.int64)


def _opted_out(stores: Stores, tx: Connection, watched: Sequence[_Watched], rows: pa.Table) -> None:
    """Whoever withdraws consent leaves the journeys that say so, at once."""
    out = rows.filter(pc.and_(pc.is_in(rows["state"], pa.array(["withdrawn", "refused"])), pc.is_in(rows["purpose"], pa.array(["promotion", "content"]))))
    who = np.unique(out["customer_id"].to_numpy())
    for one in watched:
        if one.book.definition.exit_on_opt_out:
            _end(tx, one.book, _runs_of(tx, one.book, who), EXITED, "opted_out", to_ms(stores.now()))


LISTEN = Reaction("journeys.listen", (*CUSTOMERS_ACTIVITY.sources, ORDER_LINES_RECORDED.name, SEGMENT_MEMBERS_CHANGED.name, CONSENTS_CHANGED.name), react)
