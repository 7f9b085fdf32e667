"""Enrolments 在途: who is where, who came in by hand or over the API, who is taken out, and who tries again after a failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, exists, func, select, update

from siyu.foundation.clock import to_ms
from siyu.foundation.database import among
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.journeys import _tables, entries, runs
from siyu.journeys.books import book
from siyu.journeys.entries import Entered, Newcomers
from siyu.journeys.errors import JourneyStateError
from siyu.journeys.journeys import find
from siyu.journeys.passing import count_passed
from siyu.journeys.states import FAILED, FRESH, HELD_OUT, ON_THE_WAY, REMOVED, STATES

_table, _standing, _place, _passed = _tables.enrolment, _tables.standing, _tables.place, _tables.passed


@dataclass(frozen=True)
class Run:
    """One person's way through a journey. `node`: where they are, or were last."""

    id: int
    customer_id: int
    version: int
    node: str
    key: str
    number: int
    state: str
    code: str | None
    entered_ms: int
    arrived_ms: int
    due_ms: int | None
    ended_ms: int | None
    goal_ms: int | None


@dataclass(frozen=True)
class NodeCounts:
    """People of one node: on the way here now, stopped here by a failure, and how many took each way out so far."""

    here: int
    failed: int
    passed: dict[str, int]


def enrol(stores: Stores, tx: Connection, journey_id: int, customer_ids: Sequence[int], *, data: dict[str, Any] | None = None, by: str) -> Entered:
    """Let people in by hand or over the API, whatever the entry of the journey is. Who may not is counted by reason.

    Raises
    ------
    JourneyStateError
        When the journey takes nobody in.
    """
    journey = find(tx, journey_id)
    if journey.status != "live" or journey.version is None:
        raise JourneyStateError(Text("旅程没有在进行，不能加人", "the journey is not live; nobody can be let in"), way_out=Text("先发布或恢复旅程", "publish or resume it first"))
    now_ms, count = to_ms(stores.now()), len(customer_ids)
    new = Newcomers.plain(np.array(customer_ids, np.int64), now_ms)
    if data is not None:
        new = Newcomers(new.customer_id, new.at_ms, new.key, new.event_key, "enrolled", [msgspec.json.encode(data).decode()] * count)
    return entries.admit(stores, tx, book(stores, tx, journey_id, journey.version), journey.salt, new, now_ms=now_ms, by_hand=True)


def pass_on(stores: Stores, tx: Connection, journey_id: int, customer_ids: Sequence[int]) -> Entered:
    """Let people in from another journey: the rules of re-entry hold as for anybody who comes.

    Raises
    ------
    JourneyStateError
        When the journey takes nobody in.
    """
    journey = find(tx, journey_id)
    if journey.status != "live" or journey.version is None:
        raise JourneyStateError(Text("旅程没有在进行，不能加人", "the journey is not live; nobody can be let in"), way_out=Text("先发布或恢复旅程", "publish or resume it first"))
    now_ms = to_ms(stores.now())
    new = Newcomers.plain(np.unique(np.array(customer_ids, np.int64)), now_ms)
    return entries.admit(stores, tx, book(stores, tx, journey_id, journey.version), journey.salt, new, now_ms=now_ms)


def take_out(tx: Connection, journey_id: int, customer_ids: Sequence[int], *, now: datetime, code: str = "by_hand") -> int:
    """End the runs of people by hand (or by the step of another journey, `code`); only a hand lets them in again. Returns how many ended."""
    c, s = _table.c, _standing.c
    which = (s.enrolment_id == c.id) & (c.journey_id == journey_id) & s.state.in_((ON_THE_WAY, FAILED, HELD_OUT)) & among(tx, c.customer_id, list(customer_ids))
    rows = tx.execute(update(_standing).where(which).values(state=REMOVED, code=code, ended_ms=to_ms(now), due_ms=None).returning(s.enrolment_id, s.place_id)).all()
    left: dict[tuple[int, str], int] = {}
    for _, place in rows:
        left[(place, "removed")] = left.get((place, "removed"), 0) + 1
    count_passed(tx, left)
    if rows:
        ids = np.array([row[0] for row in rows], np.int64)
        runs.tell(tx, among(tx, c.id, ids.tolist()), to_ms(now))
        runs.forget_heard(tx, ids)
    return len(rows)


def retry(tx: Connection, journey_id: int, *, node: str | None = None, ids: Sequence[int] | None = None, now: datetime) -> int:
    """Have those whose step failed try it again: all of the journey, of a node, or some runs. Returns how many.

    Raises
    ------
    JourneyStateError
        When the journey has stopped.
    """
    c, s = _table.c, _standing.c
    if find(tx, journey_id).status == "stopped":
        raise JourneyStateError(Text("旅程已停止，不能重试", "the journey has stopped; nothing can be tried again"))
    which = (c.journey_id == journey_id) & (s.state == FAILED)
    if node is not None:
        which &= s.place_id.in_(select(_place.c.id).where(_place.c.journey_id == journey_id, _place.c.node == node))
    if ids is not None:
        which &= among(tx, c.id, list(ids))
    # Whoever came in again meanwhile goes on there.
    later, then = _table.alias("later"), _standing.alias("later_standing")
    again = exists().where(
        later.c.journey_id == journey_id, later.c.customer_id == c.customer_id, later.c.key == c.key, later.c.number > c.number, then.c.enrolment_id == later.c.id, then.c.state == ON_THE_WAY
    )  # fmt: skip
    found = select(c.id).select_from(_tables.run).where(which, ~again)
    changed = update(_standing).where(s.enrolment_id.in_(found)).values(state=ON_THE_WAY, heard=FRESH, due_ms=to_ms(now), code=None, ended_ms=None)
    tried = list(tx.scalars(changed.returning(s.enrolment_id)))
    for start in range(0, len(tried), runs.TOGETHER):
        runs.tell(tx, among(tx, c.id, tried[start : start + runs.TOGETHER]), to_ms(now))
    return len(tried)


def people(tx: Connection, journey_id: int, *, version: int | None = None, node: str | None = None, state: str | None = None, before: int | None = None, limit: int = 50) -> list[Run]:
    """Runs, the newest first."""
    c, s = _table.c, _standing.c
    names = (c.id, c.customer_id, c.version, c.key, c.number, s.state, s.code, c.entered_ms, s.arrived_ms, s.due_ms, s.ended_ms, c.goal_ms)
    query = select(*names, _place.c.node).select_from(_tables.run.join(_place, _place.c.id == s.place_id)).where(c.journey_id == journey_id)
    if version is not None:
        query = query.where(c.version == version)
    if node is not None:
        query = query.where(s.place_id.in_(select(_place.c.id).where(_place.c.journey_id == journey_id, _place.c.node == node)))
    if state is not None:
        query = query.where(s.state == STATES.index(state))
    if before is not None:
        query = query.where(c.id < before)
    return [Run(**{**row._mapping, "state": STATES[row.state]}) for row in tx.execute(query.order_by(c.id.desc()).limit(limit))]


def counts(tx: Connection, journey_id: int, *, version: int | None = None) -> dict[str, NodeCounts]:
    """By node; of one version, or of all together."""
    of = (_place.c.journey_id == journey_id) if version is None else (_place.c.journey_id == journey_id) & (_place.c.version == version)
    places = {row.id: row.node for row in tx.execute(select(_place.c.id, _place.c.node).where(of))}
    found: dict[str, dict[str, Any]] = {node: {"here": 0, "failed": 0, "passed": {}} for node in places.values()}
    s = _standing.c
    standing = select(s.place_id, s.state, func.count()).where(s.place_id.in_(list(places)), s.state.in_((ON_THE_WAY, FAILED))).group_by(s.place_id, s.state)
    for place, state, count in tx.execute(standing):
        found[places[place]]["here" if state == ON_THE_WAY else "failed"] += count
    for row in tx.execute(select(_passed).where(_passed.c.place_id.in_(list(places)))):
        passed = found[places[row.place_id]]["passed"]
        passed[row.edge] = passed.get(row.edge, 0) + row.people_count
    return {node: NodeCounts(**one) for node, one in found.items()}


def states(tx: Connection, journey_id: int) -> dict[str, int]:
    """Runs by state."""
    s = _standing.c
    here = select(_place.c.id).where(_place.c.journey_id == journey_id)
    rows = tx.execute(select(s.state, func.count()).where(s.place_id.in_(here)).group_by(s.state))
    return {STATES[state]: count for state, count in rows}
