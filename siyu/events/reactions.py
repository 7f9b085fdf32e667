"""Reactions 反应: what a room does about events, with a cursor that moves in the same transaction as the effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

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


def position(tx: Connection, reaction: Reaction) -> int:
    """How far the reaction has come: it has seen every event it cares about up to here."""
    return int(tx.scalar(select(_tables.cursor.c.position).where(_tables.cursor.c.reaction == reaction.name)) or 0)


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
