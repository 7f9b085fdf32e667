"""Runner 推进: everybody who is due at a node moves on together, through as many steps as need no waiting.

A tick looks at each place (node of a published version) where somebody is due. A batch of its people is taken through the
steps in memory, as columns: each step decides (`advance`) and has its effects (`act`) in the same ledger transaction in which
the people are written down where they have come to, counted, and their moves appended to the log. So a kill loses nothing
and repeats nothing. A person who makes a step fail is found by halving the batch, stops there with the reason, and the
others go on.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, exists, func, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from siyu.events import log
from siyu.events.catalogue.journeys import JOURNEY_STEPS_LEFT
from siyu.foundation import faults
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.database import among
from siyu.foundation.errors import SiyuError
from siyu.foundation.ids import Ints, new_id
from siyu.foundation.stores import Stores
from siyu.journeys import _tables, enrolments, entries, runs
from siyu.journeys.books import book
from siyu.journeys.passing import count_passed
from siyu.journeys.people import FAIL, NEVER, STAY, Codes, Flags, Moves, People
from siyu.journeys.states import COMPLETED, FAILED, FRESH, MOVING, ON_THE_WAY, WAITING, WOKEN
from siyu.journeys.steps.step import Context

BATCH = 20_000
"""People of one transaction: others who write wait about half a second."""
LEASE = timedelta(minutes=2)
"""A place that was begun so long ago and not ended was cut off in the middle."""
MOST_CRASHES = 3
"""Whom a batch of that many kills the process for is found, and stops; the last time, people are tried alone."""
TRYING = "trying"
_table, _standing, _place, _journey = _tables.enrolment, _tables.standing, _tables.place, _tables.journey
_log = logging.getLogger("siyu.journeys")
Begin = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True)
class _Due:
    """A place where people are due."""

    place_id: int
    journey_id: int
    version: int
    node: str
    salt: str


class _StepError(Exception):
    """A step failed for a batch: which node, and what it said."""

    def __init__(self, node: str, cause: Exception) -> None:
        super().__init__(node)
        self.node, self.cause = node, cause


def tick(stores: Stores, *, batch: int = BATCH, begin: Begin | None = None, told: Callable[[int], None] = lambda moved: None) -> int:
    """Move everybody who is due now; returns how many were looked at. What falls due meanwhile waits for the next tick.

    Parameters
    ----------
    told
        Called between transactions with the people moved so far; what it raises ends the tick at that place.
    """
    begin, now_ms, moved, troubles = begin or stores.ledger.begin, to_ms(stores.now()), 0, list[Exception]()
    with stores.ledger.read() as tx:
        places = _due(tx, now_ms)
    for due in places:
        crashes = _begin_place(begin, due, now_ms)
        try:
            while crashes is not None:
                told(moved)
                if not (done := _some(stores, begin, due, now_ms, batch)):
                    break
                moved += done
        except BaseException as error:
            # An end of the process that is asked for, or a database that fails, is not a batch that kills.
            _put_down(begin, due)
            if not isinstance(error, SQLAlchemyError):
                raise
            _log.exception("journey %s, node %s stops for a moment; the others go on", due.journey_id, due.node)
            troubles.append(error)
    if troubles:
        raise troubles[0]
    return moved


def waiting(stores: Stores) -> int | None:
    """When somebody is due next, epoch ms; None for nobody."""
    with stores.ledger.read() as tx:
        # Place by place: the first of each stands at the head of its index.
        first = select(func.min(_standing.c.due_ms)).where(_standing.c.place_id == _place.c.id, _standing.c.state == ON_THE_WAY).scalar_subquery()
        each = select(first.label("due_ms")).select_from(_place).join(_journey, _journey.c.id == _place.c.journey_id).where(_journey.c.status.in_(MOVING)).subquery()
        found: int | None = tx.scalar(select(func.min(each.c.due_ms)))
        return found


def take_up(stores: Stores) -> None:
    """Call when the one process of an embedded ledger starts: places that were begun and not ended were cut off."""
    with stores.ledger.begin() as tx:
        tx.execute(update(_place).where(_place.c.begun_at.is_not(None)).values(begun_at=from_ms(0)))


def _due(tx: Connection, now_ms: int) -> list[_Due]:
    here = exists().where(_standing.c.place_id == _place.c.id, _standing.c.state == ON_THE_WAY, _standing.c.due_ms <= now_ms)
    query = (
        select(_place.c.id, _place.c.journey_id, _place.c.version, _place.c.node, _journey.c.salt)
        .join(_journey, _journey.c.id == _place.c.journey_id)
        .where(_journey.c.status.in_(MOVING), here)
        .order_by(_place.c.id)
    )
    return [_Due(*row) for row in tx.execute(query)]


def _begin_place(begin: Begin, due: _Due, now_ms: int) -> int | None:
    """Write down that a place is begun: how often it was begun before and not ended; None while another process is at it."""
    with begin() as tx:
        row = tx.execute(select(_place.c.begun_at, _place.c.crash_count).where(_place.c.id == due.place_id).with_for_update()).one()
        now = from_ms(now_ms)
        if row.begun_at is not None and now - LEASE < row.begun_at <= now:
            return None
        crashes = 0 if row.begun_at is None else row.crash_count + 1
        tx.execute(update(_place).where(_place.c.id == due.place_id).values(begun_at=now, crash_count=crashes))
        return int(crashes)


def _put_down(begin: Begin, due: _Due) -> None:
    with suppress(SQLAlchemyError), begin() as tx:
        _tried(tx, due, is_found=False)
        tx.execute(update(_place).where(_place.c.id == due.place_id).values(begun_at=None))


def _some(stores: Stores, begin: Begin, due: _Due, now_ms: int, batch: int) -> int:
    """One batch of a place; the last one ends it. Returns how many people were looked at."""
    blocked: dict[str, str] = {}
    size, is_tried = batch, False
    while True:
        try:
            with begin() as tx:
                crashes = _crashes(tx, due)
                if crashes is None:
                    return 0
                alone = crashes >= MOST_CRASHES - 1
                if alone and not is_tried:
                    is_tried = _try(tx, due, now_ms, blocked)
                    continue
                size = 1 if alone else min(size, max(1, batch >> (4 * crashes)))
                people = _take(tx, due, now_ms, size)
                if alone:
                    _tried(tx, due, is_found=bool(blocked))
                if len(people):
                    _Chain(stores, tx, due, now_ms, blocked).go(people)
                if len(people) < size:
                    tx.execute(update(_place).where(_place.c.id == due.place_id).values(begun_at=None, crash_count=0))
                faults.reach("journeys.moved")
            faults.reach("journeys.kept")
            return len(people)
        except _StepError as error:
            if isinstance(error.cause, OperationalError) or (isinstance(error.cause, SiyuError) and error.cause.retry != "never"):
                _log.warning("journey %s, node %s: %s; the next tick tries again", due.journey_id, error.node, error.cause)
                _put_down(begin, due)
                return 0
            if size > 1:
                size = max(1, size // 2)
                continue
            _log.error("journey %s, node %s fails for one person, who stops there", due.journey_id, error.node, exc_info=error.cause)
            blocked[error.node] = error.cause.code if isinstance(error.cause, SiyuError) else "crashed"


def _try(tx: Connection, due: _Due, now_ms: int, blocked: dict[str, str]) -> bool:
    """Write down who is tried alone. Whoever is found written down has killed the process: they stop here, the others go on."""
    s = _standing.c
    row = tx.execute(select(s.enrolment_id, s.code).where(*_due_at(due, now_ms)).order_by(s.due_ms, s.enrolment_id).limit(1)).first()
    if row is not None and row.code == TRYING:
        _log.error("journey %s, node %s: run %s has killed the process; it stops there", due.journey_id, due.node, row.enrolment_id)
        blocked[due.node] = "crashed"
    elif row is not None:
        tx.execute(update(_standing).where(s.enrolment_id == row.enrolment_id).values(code=TRYING))
    return True


def _tried(tx: Connection, due: _Due, *, is_found: bool) -> None:
    tx.execute(update(_standing).where(_standing.c.place_id == due.place_id, _standing.c.state == ON_THE_WAY, _standing.c.code == TRYING).values(code=None))
    if is_found:
        tx.execute(update(_place).where(_place.c.id == due.place_id).values(crash_count=0))


def _crashes(tx: Connection, due: _Due) -> int | None:
    """How often this place was cut off; None when its journey does not move people any more (the place is put down)."""
    query = select(_place.c.crash_count, _journey.c.status).join(_journey, _journey.c.id == _place.c.journey_id).where(_place.c.id == due.place_id)
    row = tx.execute(query.with_for_update(of=_place)).one()
    if row.status in MOVING:
        return int(row.crash_count)
    tx.execute(update(_place).where(_place.c.id == due.place_id).values(begun_at=None))
    return None


def _due_at(due: _Due, now_ms: int) -> tuple[ColumnElement[bool], ...]:
    return _standing.c.place_id == due.place_id, _standing.c.state == ON_THE_WAY, _standing.c.due_ms <= now_ms


def _take(tx: Connection, due: _Due, now_ms: int, size: int) -> People:
    """The people who have been due longest, locked until the end of the transaction."""
    c, s = _table.c, _standing.c
    query = select(c.id, c.customer_id, c.first_id, c.entered_ms, s.arrived_ms, s.due_ms, s.heard).select_from(_tables.run).where(*_due_at(due, now_ms))
    # Who of those due at one instant comes first says nothing, but when one is tried alone it is whom `_try` has written down: by number too,
    # which many would have to be sorted for on PostgreSQL.
    order = (s.due_ms, s.enrolment_id) if size == 1 else (s.due_ms,)
    # Whom the listener holds just now comes with the next tick, and has then heard.
    with runs.one_by_one(tx):
        rows = runs.plain(tx, query.order_by(*order).limit(size).with_for_update(skip_locked=True, of=_standing))
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)] or [np.zeros(0, np.int64)] * 7
    ascending = np.argsort(columns[0], kind="stable")
    ids, who, first, entered, arrived, dues, heard = (column[ascending] for column in columns)
    return People(ids, who, first, entered, arrived, dues, heard == FRESH, heard == WOKEN, np.zeros(len(ids), np.bool_), lambda some: runs.heard_of(tx, some))


@dataclass
class _Chain:
    """One batch on its way through the steps."""

    stores: Stores
    tx: Connection
    due: _Due
    now_ms: int
    blocked: Mapping[str, str]

    def go(self, people: People) -> None:
        self.book = book(self.stores, self.tx, self.due.journey_id, self.due.version)
        self.ctx = Context(
            self.stores, self.tx, self.now_ms, self.due.journey_id, self.due.version, self.due.node, self.due.place_id, new_id("tick"), self.due.salt, self.book.definition,
            enrol=self._enrol, take_out=self._take_out,
        )  # fmt: skip
        self.left: list[dict[str, Any]] = []
        self.ends: dict[int, list[Ints]] = defaultdict(list)
        self.passed: Counter[tuple[int, str]] = Counter()
        here: dict[str, list[People]] = {self.due.node: [people]}
        seen: dict[str, list[Ints]] = defaultdict(list)
        while here:
            node = min(here, key=lambda one: self.book.order.get(one, 0))
            arrivals = People.together(here.pop(node))
            again = np.isin(arrivals.enrolment_id, np.concatenate(seen[node])) if seen[node] else np.zeros(len(arrivals), np.bool_)
            seen[node].append(arrivals.enrolment_id)
            if again.any():
                # A loop whose wait was over at once goes round once a tick.
                self._stand(node, arrivals.take(again), np.full(int(again.sum()), self.now_ms + 1), FRESH)
                arrivals = arrivals.take(~again)
            if len(arrivals):
                self._at(node, arrivals, here)
        self._finish()

    def _enrol(self, journey_id: int, customer_ids: list[int]) -> None:
        enrolments.pass_on(self.stores, self.tx, journey_id, customer_ids)

    def _take_out(self, journey_id: int, customer_ids: list[int]) -> None:
        enrolments.take_out(self.tx, journey_id, customer_ids, now=from_ms(self.now_ms), code="journey")

    def _at(self, node: str, people: People, here: dict[str, list[People]]) -> None:
        one = self.book.steps[node]
        if one.step.reads(one.settings) and people.changed.any():
            self._stand(node, people.take(people.changed), np.full(int(people.changed.sum()), self.now_ms + 1), FRESH)
            people = people.take(~people.changed)
            if not len(people):
                return
        if node in self.blocked:
            moves = Moves.along(len(people)).failing(np.ones(len(people), np.bool_), self.blocked[node])
        else:
            moves = self._decided(node, people)
        self._stay(node, people, moves)
        self._fail(node, people, moves)
        on = moves.edge >= 0
        if not one.edges:
            self._end(node, people.take(on), "end", moves.code[on])
            return
        for number, edge in enumerate(one.edges):
            which = moves.edge == number
            if not which.any():
                continue
            some, codes = people.take(which), moves.code[which]
            after = one.node.to.get(edge)
            if after is None:
                self._end(node, some, edge, codes)
                continue
            self._leave(node, some, edge, codes)
            count = len(some)
            here.setdefault(after, []).append(
                replace(
                    some, arrived_ms=np.full(count, self.now_ms, np.int64), arrived=np.ones(count, np.bool_), woken=np.zeros(count, np.bool_), changed=some.changed | one.step.writes
                )
            )

    def _decided(self, node: str, people: People) -> Moves:
        one = self.book.steps[node]
        ctx = replace(self.ctx, node=node, place_id=self.book.places[node])
        try:
            moves = one.step.advance(ctx, one.settings, people)
            new = people.arrived & (moves.edge != FAIL)
            if new.any():
                acted = one.step.act(ctx, one.settings, people.take(new))
                if acted is not None:
                    moves = _replaced(moves, new, acted)
        except Exception as error:
            raise _StepError(node, error) from error
        return moves

    def _stay(self, node: str, people: People, moves: Moves) -> None:
        stays = moves.edge == STAY
        if stays.any():
            self._stand(node, people.take(stays), np.maximum(moves.due_ms[stays], self.now_ms + 1), WAITING)

    def _stand(self, node: str, people: People, due_ms: Ints, heard: int) -> None:
        dues = [None if due >= NEVER else due for due in due_ms.tolist()]
        values = {"place_id": self.book.places[node], "due_ms": dues, "heard": heard, "arrived_ms": people.arrived_ms.tolist()}
        runs.change(self.tx, people.enrolment_id, values)

    def _fail(self, node: str, people: People, moves: Moves) -> None:
        failed = moves.edge == FAIL
        if not failed.any():
            return
        some, codes = people.take(failed), moves.code[failed]
        values = {
            "state": FAILED, "place_id": self.book.places[node], "due_ms": None, "heard": FRESH, "arrived_ms": some.arrived_ms.tolist(), "ended_ms": self.now_ms, "code": codes.tolist(),
        }  # fmt: skip
        runs.change(self.tx, some.enrolment_id, values)
        self._leave(node, some, "failed", codes)
        self.ends[FAILED].append(some.enrolment_id)

    def _end(self, node: str, people: People, edge: str, codes: Codes) -> None:
        values = {"state": COMPLETED, "place_id": self.book.places[node], "due_ms": None, "heard": WAITING, "arrived_ms": people.arrived_ms.tolist(), "ended_ms": self.now_ms}
        runs.change(self.tx, people.enrolment_id, values)
        self._leave(node, people, edge, codes)
        self.ends[COMPLETED].append(people.enrolment_id)

    def _leave(self, node: str, people: People, edge: str, codes: Codes) -> None:
        count = len(people)
        if not count:
            return
        self.passed[(self.book.places[node], edge)] += count
        self.left.append({
            "enrolment_id": people.enrolment_id, "customer_id": people.customer_id, "arrived_ms": people.arrived_ms,
            "node": np.full(count, node, object), "edge": np.full(count, edge, object), "code": codes,
        })  # fmt: skip

    def _finish(self) -> None:
        count_passed(self.tx, self.passed)
        if self.left:
            columns = {name: np.concatenate([part[name] for part in self.left]) for name in self.left[0]}
            size = len(columns["enrolment_id"])
            same = {"journey_id": self.due.journey_id, "version": self.due.version, "left_ms": self.now_ms}
            rows = JOURNEY_STEPS_LEFT.table({**{name: list(values) if values.dtype == object else values for name, values in columns.items()}, **{n: np.full(size, v) for n, v in same.items()}})
            log.append(self.tx, JOURNEY_STEPS_LEFT, rows, now=from_ms(self.now_ms))
        ended = [ids for some in self.ends.values() for ids in some]
        if ended:
            ids = np.sort(np.concatenate(ended))
            runs.tell(self.tx, among(self.tx, _table.c.id, ids.tolist()), self.now_ms)
            done = np.concatenate(self.ends[COMPLETED]) if self.ends[COMPLETED] else ids[:0]
            runs.forget_heard(self.tx, done)
            entries.again(self.stores, self.tx, self.book, done, self.now_ms)


def _replaced(moves: Moves, which: Flags, by: Moves) -> Moves:
    edge, due_ms, code = moves.edge.copy(), moves.due_ms.copy(), moves.code.copy()
    edge[which], due_ms[which], code[which] = by.edge, by.due_ms, by.code
    return Moves(edge, due_ms, code)
