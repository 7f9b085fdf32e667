"""Listening 倾听: what happens to people brings them into journeys, wakes those who wait for it, and ends runs. A reaction: exactly once.

Events are heard in the order of the log. Each in turn is remembered for the runs that ask about it, wakes, ends (exit rules,
goals), and only then lets people in: so the event that brings somebody in does not also end that run. An event counts for a run if
it happened after the person came in, however late it arrives; it brings somebody in only if it is not older than `STALE`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, func, select, update

from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY
from siyu.events.catalogue.customers import CONSENTS_CHANGED
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.events.catalogue.segments import SEGMENT_MEMBERS_CHANGED
from siyu.events.properties import normalise_path
from siyu.events.reactions import Reaction
from siyu.foundation import faults
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.database import among
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.identifiers import customers_of
from siyu.identity.resolve import RESOLVE
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
LONGEST_KEY = 200
_table, _standing = _tables.enrolment, _tables.standing
Left = Counter[tuple[int, str]]
"""(place, way out) → people."""
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

    @property
    def is_over(self) -> bool:
        return self.journey.status == "stopped"

    def goal_is_open(self, now_ms: int) -> bool:
        """Whether somebody who came in before it stopped may still reach the goal in time."""
        goal = self.book.goal
        return goal is not None and now_ms <= self.journey.changed_ms + goal.days * DAY_MS


def react(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    watched = _watched(stores, tx)
    if not watched:
        return
    names = frozenset().union(*(_names(one.book) for one in watched))
    left: Left = Counter()
    for batch in batches:
        if batch.event == SEGMENT_MEMBERS_CHANGED.name:
            _members_changed(stores, tx, watched, batch.rows, left)
        elif batch.event == CONSENTS_CHANGED.name:
            _opted_out(stores, tx, watched, batch.rows, left)
        elif len(found := _happenings(tx, batch, names)):
            for _, versions in groupby(watched, key=lambda one: one.journey.id):
                _happened(stores, tx, list(versions), found, left)
    # At the end: whoever moves people meanwhile locks them first, then these.
    count_passed(tx, left)
    faults.reach("journeys.heard")


def _watched(stores: Stores, tx: Connection) -> list[_Watched]:
    """Every version that somebody may be on, by journey, the oldest first. Those that have stopped only look for their goal."""
    found = {one.id: one for one in journeys(tx, "live", "paused", "draining", "stopped")}
    version = _tables.version
    rows = tx.execute(
        select(version.c.journey_id, version.c.number).where(version.c.journey_id.in_(list(found))).order_by(version.c.journey_id, version.c.number)
    ).all() if found else []  # fmt: skip
    every = [_Watched(found[journey_id], book(stores, tx, journey_id, number)) for journey_id, number in rows]
    now_ms = to_ms(stores.now())
    return [one for one in every if not one.is_over or one.goal_is_open(now_ms)]


def _names(one: Book) -> frozenset[str]:
    """Events that a version cares about."""
    return _asked(one) | _entry_names(one.definition.entry)


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


def _happened(stores: Stores, tx: Connection, versions: Sequence[_Watched], all_: Happenings, left: Left) -> None:
    """What happened to people on one journey. Who comes in is on the way for what happens to them next, also in the same batch: events are
    taken in rounds, each of them up to the next that may bring its person in."""
    heard = all_.take(np.isin(all_.name.astype(str), sorted(frozenset().union(*(_names(one.book) for one in versions)))))
    now_ms = to_ms(stores.now())
    door = next((one for one in versions if one.is_open), None)
    brings = _brings(door, heard, now_ms) if door else np.zeros(len(heard), np.bool_)
    rounds = _rounds(heard.customer_id, brings)
    for number in range(int(rounds.max()) + 1 if len(rounds) else 0):
        now = rounds == number
        for one in versions:
            _hear(tx, one, heard.take(now), left, now_ms)
        if door and (now & brings).any():
            _enter(stores, tx, door, heard.take(now & brings), now_ms)


def _rounds(who: Ints, brings: Flags) -> Ints:
    """For each event, how many that may bring its person in come before it."""
    order = np.argsort(who, kind="stable")
    before: Ints = np.cumsum(brings[order]) - brings[order].astype(np.int64)
    first = np.searchsorted(who[order], who[order], side="left")
    found = np.empty(len(who), np.int64)
    found[order] = before - before[first] if len(who) else before
    return found


def _hear(tx: Connection, one: _Watched, heard: Happenings, left: Left, now_ms: int) -> None:
    """Events are remembered, wake, and end runs of a version: whatever comes first ends them, and the goal before an exit rule of the same event."""
    book_, definition = one.book, one.book.definition
    heard = heard.take(np.isin(heard.name.astype(str), sorted(_asked(book_))))
    if not len(heard):
        return
    ends: dict[int, tuple[int, int, str]] = {}
    if definition.goal and definition.goal.event is not None:
        _reached(tx, book_, heard, Condition(event=definition.goal.event, where=definition.goal.where), now_ms, ends)
    if one.is_over:
        return
    going = _going(tx, book_, heard)
    if not going.num_rows:
        return
    if book_.remembered:
        _remember(tx, book_, heard, going)
    for place, condition in book_.waits:
        if condition.event is not None:
            _wake(tx, place, np.array(sorted(_first(heard, going, condition, book_)), np.int64), now_ms)
    for condition in definition.exit:
        if condition.event is not None:
            for run, event in _first(heard, going, condition, book_).items():
                if run not in ends or event < ends[run][0]:
                    ends[run] = event, EXITED, f"event:{condition.event}"[:40]
    by: dict[tuple[int, str], list[int]] = {}
    for run, (_, state, code) in sorted(ends.items()):
        by.setdefault((state, code), []).append(run)
    for (state, code), ids in by.items():
        _end(tx, np.array(ids, np.int64), state, code, now_ms, left)


def _asked(one: Book) -> frozenset[str]:
    """Events that a version asks about other than to let people in."""
    definition = one.definition
    conditions = [condition for _, condition in one.waits] + list(definition.exit)
    told = {condition.event for condition in conditions if condition.event}
    return frozenset(told | one.remembered | ({definition.goal.event} if definition.goal and definition.goal.event else set()))


def _going(tx: Connection, one: Book, heard: Happenings) -> pa.Table:
    """Runs on the way of the people concerned (see `_runs`). Locked, so that nobody comes to a wait while what it waits for is heard."""
    query = select(*_RUN).select_from(_tables.run).where(*_on_the_way(tx, one, np.unique(heard.customer_id)))
    return _runs(tx.execute(query.order_by(_table.c.id).with_for_update(of=_standing)).all())


def _on_the_way(tx: Connection, one: Book, customer_ids: Ints) -> tuple[ColumnElement[bool], ...]:
    c = _table.c
    return c.journey_id == one.journey_id, c.version == one.number, _standing.c.state == ON_THE_WAY, among(tx, c.customer_id, customer_ids.tolist())


def _runs(rows: Sequence[Any]) -> pa.Table:
    """Runs as columns. `entry_key`: the event by which they began; it does not happen to them once more, however often it is told."""
    columns = list(zip(*rows, strict=True)) or [()] * len(_RUN)
    kinds = {"id": pa.int64(), "customer_id": pa.int64(), "key": pa.string(), "entered_ms": pa.int64(), "entry_key": pa.int64()}
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)})


_RUN = (_table.c.id, _table.c.customer_id, _table.c.key, _table.c.entered_ms, func.coalesce(_table.c.event_key, 0))


def _pairs(heard: Happenings, going: pa.Table, one: Book) -> tuple[Ints, Ints]:
    """(places of events, places of runs) of each event that counts for each run."""
    events = pa.table({"customer_id": heard.customer_id, "event": np.arange(len(heard)), "at_ms": heard.at_ms, "event_key": heard.event_key})
    both = events.join(going.append_column("run", pa.array(np.arange(going.num_rows))), "customer_id", join_type="inner")
    both = both.filter(pc.and_(pc.greater_equal(both["at_ms"], both["entered_ms"]), pc.not_equal(both["event_key"], both["entry_key"])))
    entry = one.definition.entry
    if isinstance(entry, EventEntry) and entry.key and both.num_rows:
        said = np.array(_keys(heard, entry.key), object)[both["event"].to_numpy()]
        both = both.filter(pa.array(said == np.array(both["key"].to_pylist(), object)))
    both = both.sort_by([("event", "ascending"), ("run", "ascending")])
    return both["event"].to_numpy(), both["run"].to_numpy()


def _first(heard: Happenings, going: pa.Table, condition: Condition, one: Book) -> dict[int, int]:
    """Run → place of the first event by which a condition has happened to it."""
    passed = (heard.name == condition.event) & passing(condition.where, heard.event_key, heard.properties)
    if not passed.any():
        return {}
    places = np.flatnonzero(passed)
    event, run = _pairs(heard.take(passed), going, one)
    ids = going["id"].to_numpy()[run]
    found, first = np.unique(ids, return_index=True)
    return dict(zip(found.tolist(), places[event[first]].tolist(), strict=True))


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
        there = (_standing.c.place_id == place) & (_standing.c.state == ON_THE_WAY) & (_standing.c.heard == WAITING)
        tx.execute(update(_standing).where(there, among(tx, _standing.c.enrolment_id, ids.tolist())).values(heard=WOKEN, due_ms=now_ms))


def _end(tx: Connection, ids: Ints, state: int, code: str, now_ms: int, left: Left) -> None:
    """Runs end at once, also within a wait."""
    if not len(ids):
        return
    s = _standing.c
    which = among(tx, s.enrolment_id, ids.tolist()) & (s.state == ON_THE_WAY)
    places = tx.execute(update(_standing).where(which).values(state=state, code=code, ended_ms=now_ms, due_ms=None).returning(s.enrolment_id, s.place_id)).all()
    left.update((place, STATES[state]) for _, place in places)
    ended = np.array([row[0] for row in places], np.int64)
    if len(ended):
        runs.tell(tx, among(tx, _table.c.id, ended.tolist()), now_ms)
        runs.forget_heard(tx, ended)


def _reached(tx: Connection, one: Book, heard: Happenings, condition: Condition, now_ms: int, ends: dict[int, tuple[int, int, str]]) -> None:
    """The goal is reached within its days: also by those who are held out, and by those whose run is over."""
    passed = (heard.name == condition.event) & passing(condition.where, heard.event_key, heard.properties)
    if passed.any():
        some, places = heard.take(passed), np.flatnonzero(passed)
        reached = _mark_goal(tx, one, some.customer_id, some.at_ms, now_ms, some)
        if one.goal and one.goal.ends:
            ends.update({run: (int(places[event]), GOAL, "goal") for run, event in reached.items()})


def _mark_goal(tx: Connection, one: Book, who: Ints, at_ms: Ints, now_ms: int, heard: Happenings | None) -> dict[int, int]:
    """Write down who reached the goal; run → place of the event that did it."""
    goal, c = one.definition.goal, _table.c
    assert goal is not None
    mine = among(tx, c.customer_id, np.unique(who).tolist())
    query = select(*_RUN).where(c.journey_id == one.journey_id, c.version == one.number, c.goal_ms.is_(None), mine)
    going = _runs(tx.execute(query.order_by(c.id).with_for_update()).all())
    if not going.num_rows:
        return {}
    said = heard or Happenings(np.arange(len(who)), who, np.zeros(len(who), object), at_ms, NOTHING_SAID)
    event, run = _pairs(said, going, one) if heard else _unkeyed(said, going)
    good = at_ms[event] <= going["entered_ms"].to_numpy()[run] + goal.days * DAY_MS
    event, run = event[good], run[good]
    if not len(run):
        return {}
    order = np.lexsort((event, at_ms[event], run))
    which, first = np.unique(run[order], return_index=True)
    ids, by = going["id"].to_numpy()[which], event[order][first]
    runs.mark_goal(tx, ids, at_ms[by].tolist())
    runs.tell(tx, among(tx, c.id, ids.tolist()), now_ms)
    return dict(zip(ids.tolist(), by.tolist(), strict=True))


def _unkeyed(said: Happenings, going: pa.Table) -> tuple[Ints, Ints]:
    events = pa.table({"customer_id": said.customer_id, "event": np.arange(len(said)), "at_ms": said.at_ms})
    both = events.join(going.append_column("run", pa.array(np.arange(going.num_rows))), "customer_id", join_type="inner")
    both = both.filter(pc.greater_equal(both["at_ms"], both["entered_ms"]))
    return both["event"].to_numpy(), both["run"].to_numpy()


def _brings(one: _Watched, heard: Happenings, now_ms: int) -> Flags:
    """Which events may bring their person in."""
    entry = one.book.definition.entry
    fresh: Flags = np.isin(heard.name.astype(str), sorted(_entry_names(entry))) & (heard.at_ms >= max(now_ms - STALE_MS, one.journey.started_ms))
    return fresh & _wanted(entry, heard) if fresh.any() else fresh


def _enter(stores: Stores, tx: Connection, one: _Watched, some: Happenings, now_ms: int) -> None:
    entry = one.book.definition.entry
    key = entry.key if isinstance(entry, EventEntry) else ""
    keys = _keys(some, key) if key else [""] * len(some)
    new = Newcomers(some.customer_id, np.minimum(some.at_ms, now_ms), keys, some.event_key, str(some.name[0]), _json(some))
    entries.admit(stores, tx, one.book, one.journey.salt, new, now_ms=now_ms)


def _keys(heard: Happenings, path: str) -> list[str]:
    """What tells runs of one person apart, as it can be kept."""
    return [text.replace("\0", "")[:LONGEST_KEY] for text in _values(heard, path)]


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


def _members_changed(stores: Stores, tx: Connection, watched: Sequence[_Watched], rows: pa.Table, left: Left) -> None:
    now_ms = to_ms(stores.now())
    segment, who, entered = rows["segment_id"].to_numpy(), rows["customer_id"].to_numpy(), rows["entered"].to_numpy(zero_copy_only=False)
    at_ms = rows["at_ms"].to_numpy()
    for one in watched:
        definition = one.book.definition
        if definition.goal and definition.goal.segment is not None:
            mine = (segment == definition.goal.segment) & entered
            reached = _mark_goal(tx, one.book, who[mine], np.maximum(at_ms[mine], 0), now_ms, None) if mine.any() else {}
            if definition.goal.ends:
                _end(tx, np.array(sorted(reached), np.int64), GOAL, "goal", now_ms, left)
        if one.is_over:
            continue
        for place, condition in one.book.waits:
            _wake(tx, place, _runs_of(tx, one.book, _changed(condition, segment, who, entered)), now_ms)
        for condition in definition.exit:
            number = condition.segment or condition.left
            _end(tx, _runs_of(tx, one.book, _changed(condition, segment, who, entered)), EXITED, f"segment:{number}", now_ms, left)
    for one in watched:
        entry = one.book.definition.entry
        if one.is_open and isinstance(entry, SegmentEntry):
            mine = (segment == entry.segment) & (entered == (entry.direction == "entered"))
            last = np.unique(who[mine], return_index=True)[1]
            new = Newcomers.plain(who[mine][last], now_ms, by=at_ms[mine][last])
            entries.admit(stores, tx, one.book, one.journey.salt, new, now_ms=now_ms)


def _changed(condition: Condition, segment: Ints, who: Ints, entered: Flags) -> Ints:
    if condition.segment is not None:
        return np.unique(who[(segment == condition.segment) & entered])
    if condition.left is not None:
        return np.unique(who[(segment == condition.left) & ~entered])
    return np.zeros(0, np.int64)


def _runs_of(tx: Connection, one: Book, customer_ids: Ints) -> Ints:
    """Runs on the way of some people, locked."""
    if not len(customer_ids):
        return customer_ids
    query = select(_table.c.id).select_from(_tables.run).where(*_on_the_way(tx, one, customer_ids))
    return np.array(tx.scalars(query.order_by(_table.c.id).with_for_update(of=_standing)).all(), np.int64)


def _opted_out(stores: Stores, tx: Connection, watched: Sequence[_Watched], rows: pa.Table, left: Left) -> None:
    """Whoever withdraws consent leaves the journeys that say so, at once."""
    out = rows.filter(pc.and_(pc.is_in(rows["state"], pa.array(["withdrawn", "refused"])), pc.is_in(rows["purpose"], pa.array(["promotion", "content"]))))
    who = np.unique(out["customer_id"].to_numpy())
    for one in watched:
        if one.book.definition.exit_on_opt_out and not one.is_over:
            _end(tx, _runs_of(tx, one.book, who), EXITED, "opted_out", to_ms(stores.now()), left)


LISTEN = Reaction("journeys.listen", (*CUSTOMERS_ACTIVITY.sources, ORDER_LINES_RECORDED.name, SEGMENT_MEMBERS_CHANGED.name, CONSENTS_CHANGED.name), react, after=RESOLVE)
