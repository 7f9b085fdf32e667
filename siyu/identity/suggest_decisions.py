"""Decisions 审核: what follows when a suggestion is accepted, rejected, put off, or taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, delete, or_

from siyu.foundation.stores import Stores
from siyu.identity import _tables, suggestions
from siyu.identity.current import current
from siyu.identity.merge import keep_apart, merge, undo, who_stays
from siyu.identity.operations import find_operation
from siyu.identity.suggestions import Suggestion

Decision = Literal["accept", "reject", "later", "open"]


@dataclass(frozen=True)
class Outcome:
    """How many suggestions it concerned, how many customers became (or were again) another, and the merges made."""

    suggestion_count: int
    customer_count: int
    operation_ids: tuple[int, ...] = ()


def count(tx: Connection, chosen: Sequence[Suggestion]) -> Outcome:
    """What accepting these would come to; nothing is changed."""
    alive = _alive(tx, chosen)
    return Outcome(len(alive), len({each for pair in alive for each in pair[1:]}))


def decide(stores: Stores, tx: Connection, chosen: Sequence[Suggestion], decision: Decision, *, by: str, beyond_limits: bool = False) -> Outcome:
    """Carry a decision out in the caller's transaction.

    Accepting merges (undo it with "open"). Rejecting keeps the two apart, also where an identifier is seen with both. Pairs
    that became one person by other means are stale.

    Raises
    ------
    OverLimitError
        When a merge would go beyond the limits of identifiers, and not `beyond_limits`.
    InTheWayError
        When a merge cannot be taken back, because a later operation changed the same customers.
    """
    if not chosen:
        return Outcome(0, 0)
    if decision == "accept":
        return _accept(stores, tx, chosen, by, beyond_limits)
    pairs = [(each.low_id, each.high_id) for each in chosen]
    state: Literal["rejected", "later", "open"] = "rejected" if decision == "reject" else decision
    if decision == "open":
        for operation in sorted({each.operation_id for each in chosen if each.operation_id is not None}, reverse=True):
            undo(stores, tx, operation, by=by, remember=False)
            chosen = [*chosen, *(other for other in suggestions.of_operation(tx, operation) if other not in chosen)]
        apart = _tables.apart.c
        both = [(apart.customer_id == one) & (apart.other_id == other) for pair in pairs for one, other in (pair, pair[::-1])]
        tx.execute(delete(_tables.apart).where(or_(*both)))
    suggestions.decide(tx, chosen, state, by, stores.now())
    if decision == "reject":
        keep_apart(stores, tx, pairs, by=by)
    return Outcome(len(chosen), 2 * len(chosen))


def _accept(stores: Stores, tx: Connection, chosen: Sequence[Suggestion], by: str, beyond_limits: bool) -> Outcome:
    alive = _alive(tx, chosen)
    stays = who_stays(tx, [pair[1:] for pair in alive])
    pairs = [(stay, low if stay == high else high) for stay, (_, low, high) in zip(stays, alive, strict=True)]
    operations = merge(stores, tx, pairs, by=by, why="suggestion", beyond_limits=beyond_limits)
    made_by = {find_operation(tx, key).customer_id: key for key in operations}
    into = current(tx, stays)
    merged = [each for each, *_ in alive]
    for each, stay in zip(merged, stays, strict=True):
        suggestions.decide(tx, [each], "accepted", by, stores.now(), made_by.get(into[stay]))
    suggestions.outdate(tx, [each for each in chosen if each not in merged])
    return Outcome(len(merged), len({one for pair in alive for one in pair[1:]}), tuple(operations))


def _alive(tx: Connection, chosen: Sequence[Suggestion]) -> list[tuple[Suggestion, int, int]]:
    """Those that still are two customers, with whom their numbers stand for now."""
    ids = current(tx, (end for each in chosen for end in (each.low_id, each.high_id)))
    return [(each, ids[each.low_id], ids[each.high_id]) for each in chosen if ids[each.low_id] != ids[each.high_id]]
