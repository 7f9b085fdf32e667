"""Versions 版本: what is published does not change. Publishing says what becomes of the people who are on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from siyu.foundation.clock import to_ms
from siyu.foundation.database import among
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text
from siyu.journeys import _tables, checks, runs
from siyu.journeys.circles import circles
from siyu.journeys.definition import Definition, dump, read
from siyu.journeys.errors import JourneyStateError
from siyu.journeys.journeys import Journey, find, note
from siyu.journeys.passing import count_passed
from siyu.journeys.states import FAILED, FRESH, ON_THE_WAY, STOPPED

_table, _place, _enrolment, _standing = _tables.version, _tables.place, _tables.enrolment, _tables.standing


class InFlight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People on the way `finish` on their version, or `move`: from each node of theirs to one of the new version (null: they leave)."""

    rule: Literal["finish", "move"] = "finish"
    mapping: dict[str, str | None] = {}


FINISH = InFlight()


@dataclass(frozen=True)
class Version:
    """One published version. `in_flight`: what was said of the people on the way, and how many were moved or left."""

    journey_id: int
    number: int
    definition: Definition
    published_at: datetime
    published_by: str
    note: str
    in_flight: dict[str, Any]


def publish(tx: Connection, journey_id: int, *, over: int, in_flight: InFlight = FINISH, remark: str = "", by: str, now: datetime) -> Version:
    """Make the draft the version that newcomers take.

    Parameters
    ----------
    over
        The `draft_version` that was looked at.

    Raises
    ------
    InvalidError
        With every fault of the draft and of the mapping.
    """
    journey = find(tx, journey_id)
    if journey.status == "stopped":
        raise JourneyStateError(Text("已停止的旅程不能再发布，可以复制一份", "a stopped journey cannot be published again; copy it"))
    if journey.draft_version != over:
        raise JourneyStateError(Text("草稿已有新的改动，先看一看", "the draft has changed meanwhile; look at it first"))
    faults = checks.check(tx, journey.draft).faults + circles(tx, journey_id, journey.draft) + _mapping_faults(tx, journey, in_flight)
    if faults:
        raise InvalidError(Text("旅程还不能发布", "the journey cannot be published yet"), faults=faults, way_out=Text("改好所列各项", "mend what is listed"))
    number = int(tx.scalar(select(func.max(_table.c.number)).where(_table.c.journey_id == journey_id)) or 0) + 1
    values = {"journey_id": journey_id, "number": number, "definition": dump(journey.draft), "published_at": now, "published_by": by[:80], "note": remark[:200]}
    tx.execute(insert(_table).values(**values, in_flight={"rule": in_flight.rule}))
    tx.execute(insert(_place), [{"journey_id": journey_id, "version": number, "node": node, "crash_count": 0} for node in journey.draft.ids])
    status = journey.status if journey.status == "paused" else "live"
    tx.execute(
        update(_tables.journey).where(_tables.journey.c.id == journey_id).values(version=number, status=status, started_at=journey.started_at or now, looks_at=now, updated_at=now)
    )
    told: dict[str, Any] = {"rule": in_flight.rule}
    if in_flight.rule == "move":
        told |= {"mapping": in_flight.mapping, **_move(tx, journey_id, number, in_flight.mapping, to_ms(now))}
        tx.execute(update(_table).where(_table.c.journey_id == journey_id, _table.c.number == number).values(in_flight=told))
    note(tx, journey_id, "published", {"version": number, **told}, by=by, now=now)
    return find_version(tx, journey_id, number)


def find_version(tx: Connection, journey_id: int, number: int) -> Version:
    row = tx.execute(select(_table).where(_table.c.journey_id == journey_id, _table.c.number == number)).first()
    if row is None:
        raise NotFoundError(Text(f"旅程 {journey_id} 没有第 {number} 版", f"journey {journey_id} has no version {number}"))
    return Version(**{**row._mapping, "definition": read(row.definition)})


def listed(tx: Connection, journey_id: int) -> list[Version]:
    """The newest first."""
    rows = tx.execute(select(_table).where(_table.c.journey_id == journey_id).order_by(_table.c.number.desc()))
    return [Version(**{**row._mapping, "definition": read(row.definition)}) for row in rows]


def standing(tx: Connection, journey_id: int) -> dict[tuple[int, str], int]:
    """(version, node) → people on the way or failed there: what a mapping must name."""
    s = _standing.c
    rows = tx.execute(
        select(_place.c.version, _place.c.node, func.count())
        .join(_standing, s.place_id == _place.c.id)
        .where(_place.c.journey_id == journey_id, s.state.in_((ON_THE_WAY, FAILED)))
        .group_by(_place.c.version, _place.c.node)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _mapping_faults(tx: Connection, journey: Journey, in_flight: InFlight) -> list[Fault]:
    if in_flight.rule == "finish":
        return []
    faults = [
        Fault(f"mapping.{node}", Text(f"新版本没有节点 {after}", f"the new version has no step {after}"))
        for node, after in in_flight.mapping.items()
        if after is not None and after not in journey.draft.nodes
    ]
    for _, node in sorted(standing(tx, journey.id)):
        if node not in in_flight.mapping:
            faults.append(Fault(f"mapping.{node}", Text("这里还有人，说明他们去哪里", "people are here; say where they go")))
    return faults


def _move(tx: Connection, journey_id: int, number: int, mapping: Mapping[str, str | None], now_ms: int) -> dict[str, int]:
    """Everybody on an older version goes where the mapping says. Who comes to another node or step arrives there; who stays at the same goes on waiting."""
    places = {(row.version, row.node): row.id for row in tx.execute(select(_place.c.id, _place.c.version, _place.c.node).where(_place.c.journey_id == journey_id))}
    definitions = {one.number: one.definition for one in listed(tx, journey_id)}
    moved = left = 0
    c, s = _enrolment.c, _standing.c
    for (version, node), place in places.items():
        if version == number or node not in mapping:
            continue
        here = (s.place_id == place) & s.state.in_((ON_THE_WAY, FAILED))
        after = mapping[node]
        # Whoever hears of people locks their runs first, then where they stand: so is it here.
        first = select(c.id).select_from(_tables.run).where(here).order_by(c.id).with_for_update(of=_enrolment).subquery()
        tx.execute(select(func.count()).select_from(first))
        if after is None:
            ids = list(tx.scalars(update(_standing).where(here).values(state=STOPPED, code="version", ended_ms=now_ms, due_ms=None).returning(s.enrolment_id)))
            count_passed(tx, {(place, "stopped"): len(ids)} if ids else {})
            _tell(tx, ids, now_ms)
            left += len(ids)
            continue
        values: dict[str, Any] = {"place_id": places[(number, after)]}
        before, then = definitions[version].nodes[node], definitions[number].nodes[after]
        if after != node or before.step != then.step:
            values |= {"arrived_ms": now_ms, "due_ms": now_ms, "heard": FRESH}
        elif before.with_ != then.with_:
            # They go on waiting, by what it says now: a time-out may be new.
            values |= {"due_ms": now_ms}
        ids = list(tx.scalars(update(_standing).where(here & (s.state == ON_THE_WAY)).values(**values).returning(s.enrolment_id)))
        ids += list(tx.scalars(update(_standing).where(here & (s.state == FAILED)).values(place_id=places[(number, after)]).returning(s.enrolment_id)))
        tx.execute(update(_enrolment).where(among(tx, _enrolment.c.id, ids)).values(version=number))
        _tell(tx, ids, now_ms)
        moved += len(ids)
    return {"moved": moved, "left": left}


def _tell(tx: Connection, ids: list[int], now_ms: int) -> None:
    for start in range(0, len(ids), runs.TOGETHER):
        runs.tell(tx, among(tx, _enrolment.c.id, ids[start : start + runs.TOGETHER]), now_ms)
