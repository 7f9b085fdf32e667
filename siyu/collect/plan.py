"""Tracking plan 埋点方案: the event names and properties that a brand has agreed on, and how strictly each feed keeps to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from siyu.collect import _plan_tables as tables
from siyu.collect._plan_tables import NAME_CHARS
from siyu.foundation.database import insert_ignore, upsert
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text

Kind = Literal["text", "number", "boolean", "time", "list", "object", "any"]
Mode = Literal["record", "quarantine", "strict"]
KINDS: tuple[Kind, ...] = get_args(Kind)
EVERY = "*"
"""The plan's row for every event: properties that any of them may have."""
PROFILE = "$profile"
"""The plan's row for attributes of people (identify, profile_set …)."""
MOST_EVENTS = 2_000
MOST_PROPERTIES = 500
MOST_ALLOWED = 200


class PlannedProperty(msgspec.Struct, frozen=True):
    """One property of an event. `allowed` empty: any value of its type. `personal`: sealed wherever it is stored."""

    name: str
    type: Kind = "any"
    required: bool = False
    allowed: tuple[str | float, ...] = ()
    description: str = ""
    personal: bool = False


class PlannedEvent(msgspec.Struct, frozen=True):
    name: str
    description: str = ""
    properties: tuple[PlannedProperty, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All that is planned, as of one version. `modes` names the feeds that do more than record violations."""

    version: int
    events: dict[str, PlannedEvent]
    modes: dict[int, Mode]

    def mode(self, feed_id: int) -> Mode:
        return self.modes.get(feed_id, "record")


def version(tx: Connection) -> int:
    return int(tx.scalar(select(tables.plan_state.c.version)) or 0)


def load_plan(tx: Connection) -> Plan:
    rows = tx.execute(select(tables.plan_event).order_by(tables.plan_event.c.name)).all()
    events = {row.name: PlannedEvent(row.name, row.description, msgspec.convert(row.properties, tuple[PlannedProperty, ...])) for row in rows}
    modes = tx.execute(select(tables.plan_mode)).all()
    return Plan(version(tx), events, {int(feed): mode for feed, mode in modes})


def save_events(tx: Connection, events: Sequence[PlannedEvent], *, by: str, now: datetime, replace: bool = False) -> None:
    """Add or change planned events; with `replace` nothing else stays planned.

    Raises
    ------
    InvalidError
        With every fault of every event; nothing is saved then.
    """
    known = set() if replace else set(tx.scalars(select(tables.plan_event.c.name)))
    faults = [fault for event in events for fault in _faults(event)]
    if len(known | {event.name for event in events}) > MOST_EVENTS:
        faults.append(Fault("events", Text(f"最多 {MOST_EVENTS} 个事件", f"at most {MOST_EVENTS} events")))
    if faults:
        raise InvalidError(Text("埋点方案有误", "The tracking plan is not valid"), faults=faults[:50], way_out=Text("改好后再保存", "mend it, then save again"))
    if replace:
        tx.execute(delete(tables.plan_event))
    rows = [
        {"name": event.name, "description": event.description, "properties": msgspec.to_builtins(event.properties), "changed_at": now, "changed_by": by}
        for event in {event.name: event for event in events}.values()
    ]
    upsert(tx, tables.plan_event, rows, ["name"])
    _raise_version(tx)


def remove_event(tx: Connection, name: str) -> None:
    """Take an event out of the plan; what came in stays."""
    if not tx.execute(delete(tables.plan_event).where(tables.plan_event.c.name == name)).rowcount:
        raise NotFoundError(Text(f"埋点方案里没有 {name}", f"{name} is not in the tracking plan"), way_out=Text("刷新页面看最新的方案", "load the plan again"))
    _raise_version(tx)


def set_mode(tx: Connection, feed_id: int, mode: Mode) -> None:
    """How a feed keeps to the plan: record violations; quarantine events that break it; or unknown names too (strict)."""
    upsert(tx, tables.plan_mode, [{"feed_id": feed_id, "mode": mode}], ["feed_id"])
    _raise_version(tx)


def planned_count(tx: Connection) -> int:
    return int(tx.scalar(select(func.count()).select_from(tables.plan_event)) or 0)


def _raise_version(tx: Connection) -> None:
    insert_ignore(tx, tables.plan_state, [{"id": 1, "version": 0}])
    tx.execute(update(tables.plan_state).values(version=tables.plan_state.c.version + 1))


def _faults(event: PlannedEvent) -> list[Fault]:
    at = event.name or "?"
    found = [*_name_faults(at, event.name)]
    if len(event.description) > 1000:
        found.append(Fault(f"{at}.description", Text("说明最多 1000 字", "a description has at most 1000 characters")))
    if len(event.properties) > MOST_PROPERTIES:
        found.append(Fault(f"{at}.properties", Text(f"最多 {MOST_PROPERTIES} 个属性", f"at most {MOST_PROPERTIES} properties")))
    names = [each.name for each in event.properties]
    found += [Fault(f"{at}.{name}", Text("属性写了两次", "the property is there twice")) for name in sorted({name for name in names if names.count(name) > 1})]
    for each in event.properties:
        place = f"{at}.{each.name or '?'}"
        found += _name_faults(place, each.name)
        if len(each.allowed) > MOST_ALLOWED:
            found.append(Fault(f"{place}.allowed", Text(f"最多 {MOST_ALLOWED} 个允许值", f"at most {MOST_ALLOWED} allowed values")))
        if each.allowed and each.type not in ("text", "number", "any"):
            found.append(Fault(f"{place}.allowed", Text("只有文本和数值可以限定取值", "only text and numbers can have allowed values")))
        if each.type == "number" and any(isinstance(value, str) for value in each.allowed):
            found.append(Fault(f"{place}.allowed", Text("数值属性的允许值必须是数字", "the allowed values of a number are numbers")))
    return found


def _name_faults(place: str, name: str) -> list[Fault]:
    if not name.strip() or name != name.strip() or "\0" in name:
        return [Fault(place, Text("名称不能为空，首尾不能有空格", "a name is not empty and has no spaces around it"))]
    if len(name) > NAME_CHARS:
        return [Fault(place, Text(f"名称最多 {NAME_CHARS} 字", f"a name has at most {NAME_CHARS} characters"))]
    return []
