"""Listing 列表: journeys with how many people are in them, and how many reached the goal beside those held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select, tuple_

from siyu.journeys import _tables, journeys
from siyu.journeys.definition import dump
from siyu.journeys.journeys import Journey
from siyu.journeys.states import FAILED, HELD_OUT, JOURNEY, ON_THE_WAY

_table, _enrolment, _standing, _version = _tables.journey, _tables.enrolment, _tables.standing, _tables.version


@dataclass(frozen=True)
class Tally:
    """Runs of one journey: all that came in (those held out aside), and how many of each kind reached the goal."""

    on_the_way: int = 0
    failed: int = 0
    entered: int = 0
    held_out: int = 0
    reached: int = 0
    held_out_reached: int = 0

    @property
    def goal_rate(self) -> float | None:
        return self.reached / self.entered if self.entered else None

    @property
    def holdout_goal_rate(self) -> float | None:
        return self.held_out_reached / self.held_out if self.held_out else None


@dataclass(frozen=True)
class Listed:
    journey: Journey
    tally: Tally = field(default_factory=Tally)
    is_changed: bool = False
    """The draft is not what was published last."""


def page(tx: Connection, *, statuses: Sequence[str] = (), q: str = "", before: tuple[datetime, int] | None = None, limit: int = 50) -> list[Listed]:
    """The journey that changed last first. `before`: time of change and id of the last one of the page before."""
    query = select(_table.c.id)
    if statuses:
        query = query.where(_table.c.status.in_(statuses))
    if q:
        query = query.where(func.lower(_table.c.name).contains(q.lower(), autoescape=True))
    if before is not None:
        query = query.where((_table.c.updated_at < before[0]) | ((_table.c.updated_at == before[0]) & (_table.c.id < before[1])))
    ids = list(tx.scalars(query.order_by(_table.c.updated_at.desc(), _table.c.id.desc()).limit(limit)))
    return told(tx, [journeys.find(tx, journey_id) for journey_id in ids])


def told(tx: Connection, found: Sequence[Journey]) -> list[Listed]:
    """These journeys with their numbers."""
    counted = tallies(tx, [one.id for one in found])
    wanted = [(one.id, one.version) for one in found if one.version is not None]
    published = {
        row.journey_id: row.definition
        for row in tx.execute(select(_version.c.journey_id, _version.c.definition).where(tuple_(_version.c.journey_id, _version.c.number).in_(wanted)))
    }
    return [Listed(one, counted.get(one.id, Tally()), one.id not in published or published[one.id] != dump(one.draft)) for one in found]


def tallies(tx: Connection, journey_ids: Sequence[int]) -> dict[int, Tally]:
    """Runs by journey."""
    c, s, place = _enrolment.c, _standing.c, _tables.place.c
    # How many stand where is in an index; whom to look up for the goal are only those who reached it.
    people = select(place.journey_id, s.state, func.count()).join(_standing, s.place_id == place.id).where(place.journey_id.in_(list(journey_ids))).group_by(place.journey_id, s.state)
    goals = select(c.journey_id, s.state, func.count()).select_from(_tables.run).where(c.journey_id.in_(list(journey_ids)), c.goal_ms.is_not(None)).group_by(c.journey_id, s.state)
    reached = {(journey_id, state): count for journey_id, state, count in tx.execute(goals)}
    by: dict[int, dict[int, tuple[int, int]]] = {}
    for journey_id, state, count in tx.execute(people):
        by.setdefault(journey_id, {})[state] = (count, reached.get((journey_id, state), 0))
    found = {}
    for journey_id, states in by.items():
        treated = [pair for state, pair in states.items() if state != HELD_OUT]
        held, held_reached = states.get(HELD_OUT, (0, 0))
        found[journey_id] = Tally(
            states.get(ON_THE_WAY, (0, 0))[0], states.get(FAILED, (0, 0))[0], sum(people for people, _ in treated), held, sum(reached for _, reached in treated), held_reached
        )
    return found


def counts(tx: Connection) -> dict[str, int]:
    """How many journeys are in each state."""
    found: dict[str, int] = {row[0]: row[1] for row in tx.execute(select(_table.c.status, func.count()).group_by(_table.c.status))}
    return {status: found.get(status, 0) for status in JOURNEY}
