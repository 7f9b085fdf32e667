"""Tree 裂变树: who brought whom. Only one level is ever paid; the tree shows how far it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, or_, select

from siyu.foundation.database import among
from siyu.foundation.ids import Ints
from siyu.referral import _tables

_f, _r = _tables.friend, _tables.reward
MOST = 10_000
"""People of one tree that are shown; those with the most below them first."""


@dataclass(frozen=True)
class Node:
    """`parent_id` None at the top. `friends`: brought by them; `below`: everybody below. `state`: how they came true themselves; `paid`: whether their
    inviter was paid for them."""

    customer_id: int
    parent_id: int | None
    depth: int
    friends: int
    below: int
    state: str
    review: str
    paid: bool
    at_ms: int | None


@dataclass(frozen=True)
class Tree:
    """`people`: all there are; `nodes` those that are shown, each after its parent; `depth`: the longest way down."""

    people: int
    tops: int
    depth: int
    nodes: list[Node]


def tree(tx: Connection, programme_id: int, *, around: int | None = None, most: int = MOST) -> Tree:
    """The tree of a programme; `around` only what hangs together with one customer: the way up, and everybody below."""
    rows = tx.execute(
        select(_f.c.id, _f.c.inviter_id, _f.c.customer_id, _f.c.at_ms, _f.c.state, _f.c.review)
        .where(_f.c.programme_id == programme_id, _f.c.void == "", _f.c.barred == "").order_by(_f.c.at_ms, _f.c.id)
    ).all()  # fmt: skip
    if not rows:
        return Tree(0, 0, 0, [])
    number, inviter, friend, at_ms = (np.array([row[place] for row in rows], np.int64) for place in range(4))
    people, place = np.unique(np.concatenate([inviter, friend]), return_inverse=True)
    parent = np.full(len(people), -1)
    parent[place[len(inviter) :]] = place[: len(inviter)]
    row_of = np.full(len(people), -1)
    row_of[place[len(inviter) :]] = np.arange(len(rows))
    depth = _depths(parent)
    friends, below = np.bincount(parent[parent >= 0], minlength=len(people)), _below(parent, depth)
    chosen = _chosen(people, parent, depth, below, around, most)
    paid = set(tx.scalars(select(_r.c.friend_id).where(_r.c.programme_id == programme_id, _r.c.side != "friend", _r.c.state == "given")))
    nodes = []
    for at in chosen.tolist():
        row = rows[row_of[at]] if row_of[at] >= 0 else None
        nodes.append(
            Node(int(people[at]), int(people[parent[at]]) if parent[at] >= 0 else None, int(depth[at]), int(friends[at]), int(below[at]), row.state if row else "top",
                 row.review if row else "", row is not None and int(number[row_of[at]]) in paid, int(at_ms[row_of[at]]) if row else None)
        )  # fmt: skip
    return Tree(len(people), int((parent < 0).sum()), int(depth.max()), nodes)


def _depths(parent: Ints) -> Ints:
    """How many steps lie above each; a level at a time."""
    depth, above = np.zeros(len(parent), np.int64), parent.copy()
    while (above >= 0).any():
        depth[above >= 0] += 1
        above = np.where(above >= 0, parent[above], -1)
    return depth


def _below(parent: Ints, depth: Ints) -> Ints:
    """How many people hang below each, the deepest counted first."""
    below = np.zeros(len(parent), np.int64)
    for level in range(int(depth.max()), 0, -1):
        here = depth == level
        np.add.at(below, parent[here], below[here] + 1)
    return below


def _chosen(people: Ints, parent: Ints, depth: Ints, below: Ints, around: int | None, most: int) -> Ints:
    """Places of the people to show, each after its parent."""
    if around is None:
        keep = np.arange(len(people))
    else:
        at = int(np.searchsorted(people, around))
        if at >= len(people) or people[at] != around:
            return np.zeros(0, np.int64)
        keep_flags = np.zeros(len(people), np.bool_)
        keep_flags[at] = True
        for level in range(int(depth[at]) + 1, int(depth.max()) + 1):
            here = np.flatnonzero(depth == level)
            keep_flags[here] |= keep_flags[parent[here]]
        up = int(parent[at])
        while up >= 0:
            keep_flags[up] = True
            up = int(parent[up])
        keep = np.flatnonzero(keep_flags)
    # Above comes before below, then whoever has the most below: cut off anywhere, nobody is without their parent.
    order = np.lexsort((people[keep], -below[keep], depth[keep]))
    kept: Ints = keep[order][:most]
    return kept


def programmes_of(tx: Connection, customer_ids: Sequence[int]) -> list[tuple[int, int]]:
    """(customer, programme) of everybody of these who invited or came."""
    query = select(_f.c.inviter_id, _f.c.customer_id, _f.c.programme_id).where(or_(among(tx, _f.c.inviter_id, list(customer_ids)), among(tx, _f.c.customer_id, list(customer_ids))))
    wanted = set(customer_ids)
    return sorted({(int(who), int(row.programme_id)) for row in tx.execute(query) for who in (row.inviter_id, row.customer_id) if who in wanted})
