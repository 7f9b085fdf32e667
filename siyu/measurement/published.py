"""Published 已发布的结果: a report is computed when the facts under it have moved, and read from the ledger otherwise.

A result is kept with the positions of the event log that its facts had when it was computed, read in the same session.
It holds as long as the log has no later batch of those facts' events, which the ledger alone can tell: reading a report
that holds asks the warehouse nothing. If there is one, the warehouse is asked how far it has come; only when it has
moved is the report computed, by one caller at a time. A reader who would rather not wait takes what is kept, and is told
that it is not the newest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec
from sqlalchemy import Connection, delete, select

from siyu.events import log
from siyu.foundation.brand import EPOCH_CURSOR, data_epoch
from siyu.foundation.database import upsert
from siyu.foundation.ids import content_hash
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import CURSORS
from siyu.foundation.warehouse.engines import Session
from siyu.measurement import _tables

DEFINITIONS = 1
"""Raise it when a report's formula or shape changes: results kept before are then not used."""
KEPT_DAYS = 35
T = TypeVar("T")
Positions = dict[str, int]
_computing = threading.Lock()


@dataclass(frozen=True)
class Recipe(Generic[T]):
    """How one report is made: its name and parameters, the published facts it rests on, its record and computation."""

    name: str
    parameters: Mapping[str, str | bool]
    sources: Sequence[str]
    record: type[T]
    compute: Callable[[Session], T]

    @property
    def key(self) -> str:
        named = [self.name, str(DEFINITIONS), *(f"{k}={v}" for k, v in sorted(self.parameters.items()))]
        return content_hash(f"{len(part)}:{part}".encode() for part in named)


@dataclass(frozen=True)
class Published(Generic[T]):
    """A report as kept. Equal `version`, equal content. `is_newest`: nothing that it rests on was recorded since."""

    record: T
    computed_at: datetime
    version: str
    is_newest: bool = True


def publish(stores: Stores, recipe: Recipe[T], *, kept: bool = False) -> Published[T]:
    """The report as of the newest published facts; with `kept`, an older result of the same data is given at once."""
    if (found := _found(stores, recipe)) is not None and (found.is_newest or kept):
        return found
    with _computing:
        if (found := _found(stores, recipe)) is not None and found.is_newest:
            return found
        with stores.warehouse.read() as session:
            positions = _positions(session, recipe.sources)
            if (same := _kept(stores, recipe)) is not None and same[1] == positions:
                return same[0]
            record = recipe.compute(session)
        return _keep(stores, recipe, record, positions)


def forget(tx: Connection) -> None:
    """Throw away what is kept: facts under it were made anew without anything recorded."""
    tx.execute(delete(_tables.report))


def _found(stores: Stores, recipe: Recipe[T]) -> Published[T] | None:
    """The kept result of this data. One from before the first orders is not worth having."""
    kept = _kept(stores, recipe)
    if kept is None:
        return None
    published, positions = kept
    events = {
        name: sorted(fact.sources) for fact in stores.warehouse.facts if (name := fact.name) in positions
    }
    with stores.ledger.read() as tx:
        if data_epoch(tx) != positions[EPOCH_CURSOR]:
            return None
        moved = any(log.batches(tx, positions[name], None, names, limit=1) for name, names in events.items())
    return None if moved and not all(positions[name] for name in events) else replace(published, is_newest=not moved)


def _kept(stores: Stores, recipe: Recipe[T]) -> tuple[Published[T], Positions] | None:
    table = _tables.report
    with stores.ledger.read() as tx:
        row = tx.execute(select(table).where(table.c.key == recipe.key)).one_or_none()
    if row is None:
        return None
    record = msgspec.convert(row.payload, recipe.record, str_keys=True)
    return Published(record, row.computed_at, _version(recipe, row.positions)), row.positions


def _keep(stores: Stores, recipe: Recipe[T], record: T, positions: Positions) -> Published[T]:
    now, table = stores.now(), _tables.report
    kept = {
        "key": recipe.key,
        "report": recipe.name,
        "parameters": dict(recipe.parameters),
        "positions": positions,
        "payload": record,
        "computed_at": now,
    }
    with stores.ledger.begin() as tx:
        upsert(tx, table, [kept], ["key"])
        tx.execute(delete(table).where(table.c.computed_at < now - timedelta(days=KEPT_DAYS)))
    return Published(record, now, _version(recipe, positions))


def _positions(session: Session, sources: Sequence[str]) -> Positions:
    """How far the event log has been published into each source (0 before the first batch), and which data it is."""
    cursors, names = CURSORS.table, [*sources, EPOCH_CURSOR]
    found = session.query(cursors.filter(cursors.fact.isin(names))).to_pylist()
    reached = {row["fact"]: int(row["position"]) for row in found}
    return {name: reached.get(name, 0) for name in names}


def _version(recipe: Recipe[T], positions: Positions) -> str:
    return f"{recipe.key} " + " ".join(f"{name}:{at}" for name, at in sorted(positions.items()))
