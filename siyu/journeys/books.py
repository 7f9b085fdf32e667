"""Books 生效版本: the published versions with their places and typed steps, as the runner and the listener need them; read once and kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, select

from siyu.foundation.clock import to_ms
from siyu.foundation.database import Ledger
from siyu.foundation.stores import Stores
from siyu.journeys import _tables
from siyu.journeys.definition import Condition, Definition, Goal, read
from siyu.journeys.steps.registry import Placed, all_placed


@dataclass(frozen=True)
class Book:
    """One published version. `places`: node → its place."""

    journey_id: int
    number: int
    definition: Definition
    places: Mapping[str, int]

    @cached_property
    def steps(self) -> dict[str, Placed]:
        return all_placed(self.definition)

    @cached_property
    def order(self) -> dict[str, int]:
        """Nodes in an order in which each comes after those that lead to it, loops aside: batches meet before they go on."""
        left: list[str] = []
        seen: set[str] = set()
        stack: list[tuple[str | None, bool]] = [(self.definition.start, False)]
        while stack:
            node, is_done = stack.pop()
            if node is None or (node in seen and not is_done):
                continue
            if is_done:
                left.append(node)
                continue
            seen.add(node)
            stack.append((node, True))
            stack += [(after, False) for after in self.definition.nodes[node].to.values() if after not in seen]
        return {node: place for place, node in enumerate(reversed(left))}

    @cached_property
    def remembered(self) -> frozenset[str]:
        """Events that its steps ask about later in the run."""
        return frozenset().union(*(one.step.remembers(one.settings) for one in self.steps.values()))

    @cached_property
    def waits(self) -> list[tuple[int, Condition]]:
        """(place, what wakes those who wait there)"""
        return [(self.places[node], condition) for node, one in self.steps.items() for condition in one.step.hears(one.settings)]

    @property
    def goal(self) -> Goal | None:
        return self.definition.goal


@dataclass(frozen=True)
class Journey:
    """What moving people needs to know of a journey. `changed_ms`: when its status or draft changed last."""

    id: int
    name: str
    status: str
    version: int | None
    salt: str
    started_ms: int
    changed_ms: int = 0


_kept: WeakKeyDictionary[Ledger, dict[tuple[int, int], Book]] = WeakKeyDictionary()
_guard = threading.Lock()


def book(stores: Stores, tx: Connection, journey_id: int, number: int) -> Book:
    """A published version; it never changes."""
    with _guard:
        kept = _kept.setdefault(stores.ledger, {})
        if found := kept.get((journey_id, number)):
            return found
    version, place = _tables.version, _tables.place
    raw = tx.scalars(select(version.c.definition).where(version.c.journey_id == journey_id, version.c.number == number)).one()
    places = tx.execute(select(place.c.node, place.c.id).where(place.c.journey_id == journey_id, place.c.version == number)).all()
    found = Book(journey_id, number, read(raw), {node: int(number) for node, number in places})
    with _guard:
        kept[(journey_id, number)] = found
    return found


def journeys(tx: Connection, *statuses: str) -> list[Journey]:
    """Journeys of some statuses, the worthiest first is not told here: by number."""
    table = _tables.journey
    rows = tx.execute(
        select(table.c.id, table.c.name, table.c.status, table.c.version, table.c.salt, table.c.started_at, table.c.updated_at).where(table.c.status.in_(statuses)).order_by(table.c.id)
    ).all()
    return [Journey(row.id, row.name, row.status, row.version, row.salt, int(row.started_at.timestamp() * 1000) if row.started_at else 0, to_ms(row.updated_at)) for row in rows]
