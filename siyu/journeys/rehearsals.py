"""Rehearsals kept 彩排的保存: the last one of each journey, and whether it is of the draft as it stands now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from siyu.foundation.database import upsert
from siyu.foundation.ids import content_hash
from siyu.foundation.stores import Stores
from siyu.journeys import _kept_tables, journeys
from siyu.journeys.definition import Definition, dump
from siyu.journeys.foreseen import Foreseen, foresee
from siyu.journeys.rehearsal import Options, stage

FORMULA = 1
"""Raise it when a rehearsal's formula or shape changes: what was kept before is then not shown."""


@dataclass(frozen=True)
class Kept:
    """A rehearsal. `is_current`: of the draft as it stands now; where people stand on the canvas changes nothing."""

    foreseen: Foreseen
    options: Options
    draft_version: int
    computed_at: datetime
    is_current: bool


def rehearse(stores: Stores, journey_id: int, options: Options, *, told: Callable[[float], None] = lambda share: None) -> Foreseen:
    """Rehearse the draft of a journey and keep what that says.

    Raises
    ------
    InvalidError
        With everything that holds the draft back, or when it cannot be known who comes in.
    """
    with stores.ledger.read() as tx:
        journey = journeys.find(tx, journey_id)
    found = foresee(stores, stage(stores, journey.draft, journey_id=journey_id, version=0, salt=journey.salt, options=options, told=told))
    row: dict[str, Any] = {
        "journey_id": journey_id, "key": key_of(journey.draft), "draft_version": journey.draft_version, "options": asdict(options), "computed_at": stores.now(),
        "payload": msgspec.to_builtins(found),
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        upsert(tx, _kept_tables.rehearsal, [row], ["journey_id"])
    return found


def kept(stores: Stores, journey_id: int) -> Kept | None:
    """The last rehearsal of a journey; None if there was none.

    Raises
    ------
    NotFoundError
        No such journey.
    """
    table = _kept_tables.rehearsal
    with stores.ledger.read() as tx:
        journey = journeys.find(tx, journey_id)
        row = tx.execute(select(table).where(table.c.journey_id == journey_id)).one_or_none()
    if row is None or not row.key.startswith(f"{FORMULA}:"):
        return None
    return Kept(msgspec.convert(row.payload, Foreseen), Options(**row.options), row.draft_version, row.computed_at, row.key == key_of(journey.draft))


def key_of(definition: Definition) -> str:
    """Names what a definition does: its layout and remarks change nothing."""
    plain = dump(definition)
    for name in ("layout", "notes"):
        plain.pop(name, None)
    for node in plain["nodes"].values():
        node.pop("note", None)
    return f"{FORMULA}:{content_hash([msgspec.json.encode(plain, order='sorted')])}"
