"""Moves 搬移: rows that a room keeps by customer, and what becomes of them when customers are merged, split or parted again.

A room declares one `Move` for each column of the ledger that names a customer; the composition root hands all of them to
`declare`. A move takes whole sets: the rows of every customer concerned are read once, united, and written once. What it
changed is told as `Change`s, which are journalled, announced to the room, and applied the other way round by an undo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Table, and_, bindparam, delete, insert, update

from siyu.foundation.database import select_in

Row = dict[str, Any]
Unite = Callable[[Sequence[Row]], Row]
"""Rows of one person under one key, the survivor's first and then in the order of the customers' numbers → the row that stays."""


class Change(NamedTuple):
    """One row before and after; None where there was or is none. For a column outside the key: the key and that column."""

    before: Row | None
    after: Row | None


Announce = Callable[[Connection, Sequence[Change], datetime], None]
"""Appends the room's events about rows that came to another customer, in the transaction of the operation."""


def keep_survivor(rows: Sequence[Row]) -> Row:
    """The survivor's own row, or else that of the oldest customer."""
    return rows[0]


def keep_newest(column: str) -> Unite:
    """The row with the greatest value of a column; the survivor's among equals."""
    return lambda rows: max(rows, key=lambda row: row[column])


def most_restrictive(column: str, order: Sequence[Any]) -> Unite:
    """The row whose value comes first in `order` (the most restrictive first); the survivor's among equals."""
    return lambda rows: min(rows, key=lambda row: order.index(row[column]))


@dataclass(frozen=True)
class Move:
    """A column of a table that names a customer.

    Where it is part of the key, a merge brings rows together under one key and `unite` says which stays; where it is
    not, it is only rewritten. With `copied_on_split` the customer who leaves takes a copy of the rows along.
    """

    table: Table
    customer: str = "customer_id"
    unite: Unite = keep_survivor
    copied_on_split: bool = False
    announce: Announce | None = None

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.customer}"

    @cached_property
    def keys(self) -> list[str]:
        return [column.name for column in self.table.primary_key]

    @property
    def in_key(self) -> bool:
        return self.customer in self.keys

    @property
    def columns(self) -> list[Column[Any]]:
        """All of a row where it may be united with another; else only what names it, and the customer."""
        if self.in_key:
            return list(self.table.c)
        return [self.table.c[name] for name in (*self.keys, self.customer)]

    def key_of(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[name] for name in self.keys)


_declared: dict[str, Move] = {}


def declare(moves: Iterable[Move]) -> None:
    """Make moves known; a move that is declared again takes the place of the first."""
    _declared.update((move.name, move) for move in moves)


def declared() -> list[Move]:
    return list(_declared.values())


def find(name: str) -> Move:
    return _declared[name]


def rows_of(tx: Connection, move: Move, customers: Iterable[int]) -> list[Row]:
    """The rows of these customers."""
    found = select_in(tx, move.columns, move.table.c[move.customer], sorted(set(customers)))
    return [dict(row._mapping) for row in found]


def unite(tx: Connection, move: Move, into: Mapping[int, int]) -> list[Change]:
    """What changes when each customer of `into` becomes part of another; nothing is written."""
    if not move.in_key:
        return [Change(row, {**row, move.customer: into[row[move.customer]]}) for row in rows_of(tx, move, into)]
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    leaving: set[tuple[Any, ...]] = set()
    for row in sorted(rows_of(tx, move, {*into, *into.values()}), key=lambda row: (row[move.customer] in into, row[move.customer])):
        survivor = into.get(row[move.customer], row[move.customer])
        group = move.key_of({**row, move.customer: survivor})
        groups[group].append(row)
        if row[move.customer] in into:
            leaving.add(group)
    changes: list[Change] = []
    for group in leaving:
        rows = groups[group]
        first = rows[0] if rows[0][move.customer] not in into else None
        stays = {**move.unite(rows), move.customer: dict(zip(move.keys, group, strict=True))[move.customer]}
        changes += [Change(row, None) for row in rows if row is not first]
        if stays != first:
            changes.append(Change(first, stays))
    return changes


def apply(tx: Connection, move: Move, changes: Sequence[Change]) -> None:
    """Write changes: rows that went, then rows that are new or other."""
    table, keys = move.table, move.keys
    named = and_(*(table.c[name] == bindparam(f"_{name}") for name in keys))

    def bound(row: Row) -> Row:
        return {f"_{name}": row[name] for name in keys}

    gone = [bound(change.before) for change in changes if change.before is not None and change.after is None]
    other = [
        {name: value for name, value in {**change.after, **bound(change.after)}.items() if name not in keys}
        for change in changes
        if change.before is not None and change.after is not None
    ]
    new = [change.after for change in changes if change.before is None and change.after is not None]
    if gone:
        tx.execute(delete(table).where(named), gone)
    if other:
        # Names of columns are set, the others are the key.
        tx.execute(update(table).where(named), other)
    if new:
        tx.execute(insert(table), new)


def undo(tx: Connection, move: Move, changes: Sequence[Change]) -> list[Change]:
    """The changes that put rows back as they were. A row that was changed again since stays as it is now."""
    customers = {row[move.customer] for change in changes for row in change if row is not None and row[move.customer] is not None}
    here: dict[tuple[Any, ...], Row | None] = {move.key_of(row): row for row in rows_of(tx, move, customers)}
    then = dict(here)
    for before, after in reversed(changes):
        key = move.key_of(after or before or {})
        if then.get(key) == after:
            then[key] = before
    return [Change(here.get(key), row) for key, row in then.items() if row != here.get(key)]
