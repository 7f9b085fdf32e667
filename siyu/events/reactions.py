"""Reactions 反应: what a room does about events, with a cursor that moves in the same transaction as the effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, update

from siyu.events import _tables, log
from siyu.foundation.database import insert_ignore
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch

React = Callable[[Stores, Connection, Sequence[Batch]], None]


@dataclass(frozen=True)
class Reaction:
    """`react` gets whole batches, in order, inside the transaction that also moves the cursor: exactly once, whatever is killed.

    It does set work on the rows, and may append events of its own. What another has to have seen first (whose a name is)
    is not looked at before it, also when more comes in between the two: `after`.
    """

    name: str
    events: tuple[str, ...]
    react: React
    after: Reaction | None = None


def advance(stores: Stores, reaction: Reaction, *, page: int = 5) -> int:
    """Bring a reaction up to the end of the log; returns how many batches it saw. An idle call costs one small read."""
    seen = 0
    while batches := _step(stores, reaction, page):
        seen += batches
    return seen


def advance_all(stores: Stores, reactions: Sequence[Reaction]) -> int:
    """Bring reactions up to the end of the log, one after the other; returns how many batches they saw.

    Those that nothing came for are moved on together in one write, and an idle call costs one small read.
    """
    seen, where = 0, _look(stores, reactions)
    passing: dict[str, int] = {}
    for reaction in reactions:
        at, end = where.of(reaction), where.end(reaction)
        if at >= end:
            continue
        if all(where.newest.get(event, 0) <= at for event in reaction.events):
            passing[reaction.name] = where.positions[reaction.name] = end
            continue
        _pass(stores, passing)
        seen += advance(stores, reaction)
        where, passing = _look(stores, reactions), {}
    _pass(stores, passing)
    return seen


def position(tx: Connection, reaction: Reaction) -> int:
    """How far the reaction has come: it has seen every event it cares about up to here."""
    return int(tx.scalar(select(_tables.cursor.c.position).where(_tables.cursor.c.reaction == reaction.name)) or 0)


@dataclass(frozen=True)
class _Where:
    """How far the log and each reaction have come; by event the newest position, where it is newer than the reaction that is last."""

    head: int
    positions: dict[str, int]
    newest: dict[str, int]

    def of(self, reaction: Reaction) -> int:
        return self.positions.get(reaction.name, 0)

    def end(self, reaction: Reaction) -> int:
        return self.head if reaction.after is None else min(self.head, self.of(reaction.after))


def _look(stores: Stores, reactions: Sequence[Reaction]) -> _Where:
    cursor, batch = _tables.cursor, _tables.batch
    with stores.ledger.read() as tx:
        head = log.head(tx)
        positions: dict[str, int] = {row.reaction: row.position for row in tx.execute(select(cursor.c.reaction, cursor.c.position))}
        last = min((positions.get(reaction.name, 0) for reaction in reactions), default=head)
        newer = select(batch.c.event, func.max(batch.c.position)).where(batch.c.position > last, batch.c.position <= head).group_by(batch.c.event)
        return _Where(head, positions, {row[0]: row[1] for row in tx.execute(newer)} if last < head else {})


def _pass(stores: Stores, reached: Mapping[str, int]) -> None:
    """Move reactions on past what they do not care about; one that has come further meanwhile stays."""
    if not reached:
        return
    cursor = _tables.cursor.c
    with stores.ledger.begin() as tx:
        insert_ignore(tx, _tables.cursor, [{"reaction": reaction, "position": 0} for reaction in reached])
        moved = update(_tables.cursor).where(cursor.reaction == bindparam("name"), cursor.position < bindparam("to")).values(position=bindparam("to"))
        tx.execute(moved, [{"name": reaction, "to": end} for reaction, end in sorted(reached.items())])


def _step(stores: Stores, reaction: Reaction, page: int) -> int:
    with stores.ledger.read() as tx:
        if position(tx, reaction) >= _end(tx, reaction):
            return 0
    with stores.ledger.begin() as tx:
        insert_ignore(tx, _tables.cursor, [{"reaction": reaction.name, "position": 0}])
        mine = _tables.cursor.c.reaction == reaction.name
        at = int(tx.scalar(select(_tables.cursor.c.position).where(mine).with_for_update()) or 0)
        end = _end(tx, reaction)
        if end <= at:
            return 0
        batches = log.batches(tx, at, end, reaction.events, limit=page)
        reached = batches[-1].position if len(batches) == page else end
        if batches:
            reaction.react(stores, tx, batches)
        # Its own events lie after `end`; they are left for the next step.
        tx.execute(update(_tables.cursor).where(mine).values(position=reached))
        return len(batches)


def _end(tx: Connection, reaction: Reaction) -> int:
    head = log.head(tx)
    return head if reaction.after is None else min(head, position(tx, reaction.after))
