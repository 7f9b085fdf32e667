"""Operations 操作记录: merges, splits and undos as they happened, with a journal of every row that each of them changed."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, insert, select

from siyu.foundation.database import select_in
from siyu.foundation.errors import NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity import _tables, moves
from siyu.identity.moves import Change, Move

Kind = Literal["merge", "split", "undo"]
_CONTEXT = "identity journal"
_IMAGE = tuple[dict[str, Any] | None, dict[str, Any] | None]


@dataclass(frozen=True)
class Operation:
    """One merge, split or undo. `customer_id` survived, or was split; `customer_ids` are all it concerned."""

    id: int
    kind: Kind
    customer_id: int
    customer_ids: list[int]
    at: datetime
    by: str
    why: str
    detail: dict[str, Any]
    undoes: int | None
    undone_by: int | None


@dataclass(frozen=True)
class Draft:
    """An operation that is about to happen."""

    customer_id: int
    others: Sequence[int]
    detail: Mapping[str, Any]


def begin(tx: Connection, kind: Kind, drafts: Sequence[Draft], *, by: str, why: str, now: datetime, undoes: int | None = None) -> list[int]:
    """Write operations down; their ids in the order of the drafts."""
    table = _tables.operation
    rows = [
        {"kind": kind, "customer_id": draft.customer_id, "at": now, "by": by[:80], "why": why[:40], "detail": dict(draft.detail), "undoes": undoes}
        for draft in drafts
    ]
    ids = [int(key) for key in tx.scalars(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows)]
    concerned = [
        {"operation_id": key, "customer_id": each}
        for key, draft in zip(ids, drafts, strict=True)
        for each in sorted({draft.customer_id, *draft.others})
    ]
    tx.execute(insert(_tables.operation_customer), concerned)
    return ids


class Journal:
    """Collects what operations change, in order, and writes it down sealed: rows of other rooms may hold personal data."""

    def __init__(self) -> None:
        self._entries: dict[int, list[tuple[str, Change]]] = {}

    def note(self, operation_id: int, move: Move, change: Change) -> None:
        self._entries.setdefault(operation_id, []).append((move.name, change))

    def by_move(self) -> list[tuple[Move, list[Change]]]:
        found: dict[str, list[Change]] = {}
        for move, change in (entry for entries in self._entries.values() for entry in entries):
            found.setdefault(move, []).append(change)
        return [(moves.find(name), changes) for name, changes in found.items()]

    def write(self, stores: Stores, tx: Connection) -> None:
        rows = [(key, number, move, change) for key, entries in self._entries.items() for number, (move, change) in enumerate(entries)]
        images = stores.secrets.seal([b64encode(msgspec.msgpack.encode(tuple(change))).decode() for *_, change in rows], _CONTEXT)
        stored = [
            {"operation_id": key, "number": number, "move": move, "image_sealed": image}
            for (key, number, move, _), image in zip(rows, images, strict=True)
        ]
        if stored:
            tx.execute(insert(_tables.journal), stored)


def read_journal(stores: Stores, tx: Connection, operation_id: int) -> list[tuple[Move, list[Change]]]:
    """What an operation changed, in order, neighbours of one move together."""
    table = _tables.journal
    rows = tx.execute(select(table.c.move, table.c.image_sealed).where(table.c.operation_id == operation_id).order_by(table.c.number)).all()
    images = [msgspec.msgpack.decode(b64decode(image or ""), type=_IMAGE) for image in stores.secrets.open([row.image_sealed for row in rows], _CONTEXT)]
    entries = zip((row.move for row in rows), images, strict=True)
    return [(moves.find(name), [Change(*image) for _, image in some]) for name, some in groupby(entries, key=lambda entry: entry[0])]


def find_operation(tx: Connection, operation_id: int) -> Operation:
    """One operation.

    Raises
    ------
    NotFoundError
    """
    row = tx.execute(select(_tables.operation).where(_tables.operation.c.id == operation_id)).one_or_none()
    if row is None:
        raise NotFoundError(Text(f"没有操作 {operation_id}", f"there is no operation {operation_id}"), way_out=Text("在客户的合并记录里查看编号", "see the customer's history of merges"))
    return _loaded(tx, [row])[0]


def list_operations(tx: Connection, *, customer_ids: Iterable[int] | None = None, before_id: int | None = None, limit: int = 50) -> list[Operation]:
    """Operations, the newest first; with `customer_ids` those that concern one of them."""
    table, concerned = _tables.operation, _tables.operation_customer
    query = select(table).order_by(table.c.id.desc()).limit(limit)
    if customer_ids is not None:
        query = query.where(table.c.id.in_(select(concerned.c.operation_id).where(concerned.c.customer_id.in_(sorted(set(customer_ids))))))
    if before_id is not None:
        query = query.where(table.c.id < before_id)
    return _loaded(tx, tx.execute(query).all())


def in_the_way(tx: Connection, operation: Operation) -> Operation | None:
    """The last operation after this one that changed one of its customers and was not undone."""
    table, concerned = _tables.operation, _tables.operation_customer
    theirs = select(concerned.c.operation_id).where(concerned.c.customer_id.in_(operation.customer_ids))
    later = select(table).where(table.c.id > operation.id, table.c.kind != "undo", table.c.undone_by.is_(None), table.c.id.in_(theirs))
    row = tx.execute(later.order_by(table.c.id.desc()).limit(1)).one_or_none()
    return _loaded(tx, [row])[0] if row is not None else None


def _loaded(tx: Connection, rows: Sequence[Row[Any]]) -> list[Operation]:
    table = _tables.operation_customer
    ids: dict[int, list[int]] = {}
    for key, customer in select_in(tx, [table.c.operation_id, table.c.customer_id], table.c.operation_id, [row.id for row in rows]):
        ids.setdefault(key, []).append(customer)
    return [
        Operation(row.id, row.kind, row.customer_id, sorted(ids.get(row.id, [])), row.at, row.by, row.why, row.detail, row.undoes, row.undone_by)
        for row in rows
    ]
