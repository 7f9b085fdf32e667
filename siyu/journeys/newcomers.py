"""Newcomers 预计进入: who would come into a journey in the days ahead: those who could now, and each day like four weeks ago.

People who came four weeks ago on a Tuesday morning stand for those who come next Tuesday morning: the brand's own people, hours and
weekdays, with no model in between. Fewer days of history than that are said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import ibis.expr.types as ir
import msgspec
import numpy as np

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.journeys._history import PAID, examples, happenings, orders_of
from siyu.journeys.books import Book
from siyu.journeys.definition import (
    ApiEntry,
    Condition,
    DateEntry,
    Definition,
    EventEntry,
    ManualEntry,
    ScanEntry,
    ScheduleEntry,
    SegmentEntry,
)
from siyu.journeys.looking import by_date, next_look
from siyu.journeys.standing import all_members
from siyu.segments.rules import Where
from siyu.surveys.responses import ANSWERED

CYCLE_DAYS = 28
"""Four whole weeks: weekdays meet weekdays."""
CYCLE_MS = CYCLE_DAYS * DAY_MS


@dataclass(frozen=True)
class Expected:
    """One row an entry, by time: who, when (epoch ms, from `now` on), and for entries by events the key and properties (JSON text).

    `is_certain`: nobody but chance decides whether they come (members today); the others stand for people like them. `history_days`: on how
    many days of history the flow rests; `notes`: what is not known.
    """

    customer_id: Ints
    at_ms: Ints
    is_certain: Any
    key: Sequence[str]
    properties: Sequence[str]
    event: str = ""
    history_days: int = 0
    notes: list[Text] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.customer_id)

    def take(self, which: Ints) -> Expected:
        rows = which.tolist()
        return Expected(
            self.customer_id[which], self.at_ms[which], self.is_certain[which], [self.key[row] for row in rows], [self.properties[row] for row in rows] if self.event else (), self.event,
            self.history_days, self.notes,
        )  # fmt: skip


def expected(stores: Stores, definition: Definition, *, now: datetime, days: int, segment: int | None = None) -> Expected:
    """Who would come in within so many days (0: only those who would at once).

    Parameters
    ----------
    segment
        Instead of the journey's own way in: the members of this segment, at once (what operators or another system would name).

    Raises
    ------
    InvalidError
        A journey that people are named for by hand or over the API, and no segment was said to stand for them.
    """
    if segment is not None:
        return _at_once(stores, segment, to_ms(now))
    with stores.warehouse.read() as session:
        return _expected(stores, session, definition, now, days)


def _expected(stores: Stores, session: Session, definition: Definition, now: datetime, days: int) -> Expected:
    entry, tables, now_ms = definition.entry, stores.warehouse.tables, to_ms(now)
    match entry:
        case SegmentEntry():
            flow = _flow(session, _changes(tables, entry.segment, entered=entry.direction == "entered"), now_ms, days)
            return _joined(_at_once(stores, entry.segment, now_ms), flow) if entry.existing and entry.direction == "entered" else flow
        case EventEntry():
            return _events(session, tables, Condition(event=entry.name, where=entry.where), entry.key, now_ms, days)
        case ScheduleEntry():
            times = _occurrences(stores, definition, now, max(days, 1))
            members = all_members(stores, entry.segment)
            return _certain(np.tile(members, len(times)), np.repeat(np.array([to_ms(at) for at in times], np.int64), len(members)))
        case DateEntry():
            return _dates(stores, entry, now, max(days, 1))
        case ScanEntry():
            return _flow(session, _scans(tables, entry), now_ms, days)
        case ApiEntry() | ManualEntry():
            fault = Fault("segment", Text("名单由人或系统给出，请选一个分群代表他们", "people are named by hand or by another system: choose a segment to stand for them"))
            raise InvalidError(Text("不知道谁会进入", "nobody knows who would come in"), faults=[fault])
    answered = Condition(event=ANSWERED, where=(Where(path="survey", op="is", value=entry.survey),))
    return _events(session, tables, answered, "", now_ms, days)


def _at_once(stores: Stores, segment: int, now_ms: int) -> Expected:
    members = all_members(stores, segment)
    return _certain(members, np.full(len(members), now_ms, np.int64))


def _certain(ids: Ints, at_ms: Ints) -> Expected:
    order = np.lexsort((ids, at_ms))
    return Expected(ids[order], at_ms[order], np.ones(len(ids), np.bool_), [""] * len(ids), ())


def _joined(one: Expected, other: Expected) -> Expected:
    return Expected(
        np.concatenate([one.customer_id, other.customer_id]), np.concatenate([one.at_ms, other.at_ms]), np.concatenate([one.is_certain, other.is_certain]),
        [*one.key, *other.key], (), "", other.history_days, other.notes,
    )  # fmt: skip


def _changes(tables: Tables, segment: int, *, entered: bool) -> ir.Table:
    change = tables["segments_change"]
    return change.filter((change.segment_id == segment) & (change.entered == entered)).select("customer_id", "at_ms")


def _scans(tables: Tables, entry: ScanEntry) -> ir.Table:
    spells = tables["carriers_relation"]
    found = spells.filter(~spells.void.fill_null(False) & spells.began_known.fill_null(True) & (spells.customer_id > 0) & (spells.state != ""))
    if entry.ways:
        found = found.filter(found.state.isin(list(entry.ways)))
    return found.select("customer_id", at_ms="began_ms")


def _flow(session: Session, rows: ir.Table, now_ms: int, days: int) -> Expected:
    """Those of the last four weeks, once more."""
    first = session.scalar(rows.at_ms.min())
    recent = session.query(rows.filter((rows.at_ms >= now_ms - CYCLE_MS) & (rows.at_ms < now_ms)).order_by(["at_ms", "customer_id"]))
    who, at = recent["customer_id"].to_numpy(), recent["at_ms"].to_numpy()
    place, when = _repeated(at, now_ms, days)
    known, notes = _span(first, now_ms)
    return Expected(who[place], when, np.zeros(len(place), np.bool_), [""] * len(place), (), "", known, notes)


def _events(session: Session, tables: Tables, condition: Condition, key: str, now_ms: int, days: int) -> Expected:
    found = happenings(session, tables, condition, now_ms - CYCLE_MS, now_ms)
    order = np.lexsort((found.customer_id, found.at_ms))
    who, at, keys = found.customer_id[order], found.at_ms[order], found.event_key[order]
    known = (orders_of if condition.event == PAID else examples)(session, tables, keys)
    first = session.scalar((tables["orders_order"].ordered_ms if condition.event == PAID else tables["customers_activity"].at_ms).min())
    place, when = _repeated(at, now_ms, days)
    said = [known.get(one, {}) for one in keys.tolist()]
    texts = [msgspec.json.encode(one).decode() for one in said]
    values = [str(one.get(key, "")) if key else "" for one in said]
    history, notes = _span(first, now_ms)
    return Expected(who[place], when, np.zeros(len(place), np.bool_), [values[p] for p in place.tolist()], [texts[p] for p in place.tolist()], str(condition.event), history, notes)


def _repeated(at: Ints, now_ms: int, days: int) -> tuple[Ints, Ints]:
    """(place, when) of what happened in the last four weeks, moved on by as many weeks as it takes, for so many days ahead."""
    turns = -(-days // CYCLE_DAYS)
    place = np.tile(np.arange(len(at)), turns)
    when = np.concatenate([at + CYCLE_MS * turn for turn in range(1, turns + 1)]) if turns else np.zeros(0, np.int64)
    order = np.argsort(when, kind="stable")
    place, when = place[order], when[order]
    ahead = when < now_ms + days * DAY_MS
    return place[ahead], when[ahead]


def _span(first: Any, now_ms: int) -> tuple[int, list[Text]]:
    known = 0 if first is None else int(min(CYCLE_DAYS, max(0, (now_ms - int(first)) // DAY_MS)))
    if known >= CYCLE_DAYS:
        return known, []
    return known, [Text(f"进入人数只有 {known} 天历史可依", f"how many come in rests on {known} days of history")]


def _occurrences(stores: Stores, definition: Definition, now: datetime, days: int) -> list[datetime]:
    """When the schedule takes people in within so many days, by the runner's own calendar."""
    book, found, at = Book(0, 0, definition, {}), [], now
    while (following := next_look(stores, book, at)) is not None and following < now + timedelta(days=days) and following > at:
        found.append(following)
        at = following
    return found


def _dates(stores: Stores, entry: DateEntry, now: datetime, days: int) -> Expected:
    """Whose date (moved by the offset) falls within so many days, each day as the runner looks at it."""
    parts = [by_date(stores, entry, max(now, stores.calendar.midnight(stores.calendar.on(now) + timedelta(days=ahead)))) for ahead in range(days)]
    ids = np.concatenate([part.customer_id for part in parts])
    at = np.concatenate([part.at_ms if part.due_ms is None else part.due_ms for part in parts])
    return _certain(ids, at)
