"""Bonds 关系: who of some friends counts: nobody invites themselves, nobody comes twice, nobody is invited by those they brought.

Found again from what is written down with every merge, split and undo, so that it does not matter when people turn out to be one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import scipy
from sqlalchemy import Connection, select, update

from siyu.foundation.database import among
from siyu.foundation.ids import Ints
from siyu.referral import _tables

SELF, DUPLICATE, LOOP = "self", "duplicate", "loop"
DEEPEST = 64
"""Ways back to the first inviter that are longer than this are not followed."""
_f = _tables.friend


def voids(row: Ints, inviter: Ints, friend: Ints, at_ms: Ints) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Why each of some friends of one programme does not count, '' where they do. `row`: their numbers, which settle what came at one moment.

    The rows must hold everything of the people among them, and of those who brought their inviters.
    """
    found = np.full(len(row), "", object)
    found[inviter == friend] = SELF
    order = np.lexsort((row, at_ms))
    counts = order[found[order] == ""]
    while True:
        _, first = np.unique(friend[counts], return_index=True)
        chosen = counts[np.sort(first)]
        late = _closing(inviter[chosen], friend[chosen])
        if not late.any():
            break
        # Without it a later invitation of the same person may count after all.
        found[chosen[late]] = LOOP
        counts = counts[found[counts] == ""]
    found[np.setdiff1d(counts, chosen)] = DUPLICATE
    return found


def _closing(inviter: Ints, friend: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Of invitations in the order of time, each friend once: those that close a circle (the latest of each)."""
    found = np.zeros(len(inviter), np.bool_)
    if len(inviter) < 2:
        return found
    people, place = np.unique(np.concatenate([inviter, friend]), return_inverse=True)
    one, other = place[: len(inviter)], place[len(inviter) :]
    shape = (len(people), len(people))
    _, part = scipy.sparse.csgraph.connected_components(scipy.sparse.coo_array((np.ones(len(one)), (one, other)), shape=shape), directed=True, connection="strong")
    inside = np.flatnonzero(part[one] == part[other])
    if len(inside):
        # Everybody has one inviter, so each part of more than one is one circle.
        last = len(inside) - 1 - np.unique(part[one[inside]][::-1], return_index=True)[1]
        found[inside[last]] = True
    return found


def settle(tx: Connection, programme_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Find again who of a programme counts, as far as these people are concerned; the numbers of the rows that changed.

    The programme's row must be held, so that nobody else comes in meanwhile.
    """
    rows = _around(tx, programme_id, sorted(set(customer_ids)))
    if not rows:
        return set()
    columns = [np.array([row[place] for row in rows], np.int64) for place in range(4)]
    now = voids(*columns)
    before = np.array([row[4] for row in rows], object)
    changed = np.flatnonzero(now != before)
    for reason in np.unique(now[changed].astype(str)).tolist() if len(changed) else ():
        ids = columns[0][changed[now[changed] == reason]]
        tx.execute(update(_f).where(among(tx, _f.c.id, ids.tolist())).values(void=reason, news=True))
    return set(columns[0][changed].tolist())


def _around(tx: Connection, programme_id: int, people: Sequence[int]) -> list[tuple[int, int, int, int, str]]:
    """(row, inviter, friend, at, void) of every invitation of these people, and of everybody on the way up from their inviters."""
    found: dict[int, tuple[int, int, int, int, str]] = {}
    seen: set[int] = set()
    asked = set(people)
    for _ in range(DEEPEST):
        asked -= seen
        if not asked:
            break
        seen |= asked
        query = select(_f.c.id, _f.c.inviter_id, _f.c.customer_id, _f.c.at_ms, _f.c.void).where(_f.c.programme_id == programme_id, among(tx, _f.c.customer_id, sorted(asked)))
        new = [(int(row[0]), int(row[1]), int(row[2]), int(row[3]), row[4]) for row in tx.execute(query)]
        found |= {row[0]: row for row in new}
        asked = {row[1] for row in new}
    return list(found.values())
