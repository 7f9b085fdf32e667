"""Graph 关系图: what a set of sightings ties together, as arrays; no database.

Identifiers, and the customers who have some of them already, are nodes; "seen beside" are edges. Everything that hangs
together is one person, as long as nobody gets more identifiers of a namespace than the limits allow and nobody is tied to
whom they are kept apart from. What would break that is taken edge by edge, the strongest first, and refused where it does.
All of it is union-find: at once for everything that fits (connected components), one by one only for what does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Edges:
    """`weak` was seen beside `strong` (nodes), in the order of arrival; `rank` is that of the weaker (0 the strongest)."""

    weak: Ints
    strong: Ints
    rank: Ints

    def __len__(self) -> int:
        return self.weak.size

    def take(self, chosen: Flags | Ints) -> Edges:
        return Edges(self.weak[chosen], self.strong[chosen], self.rank[chosen])


@dataclass(frozen=True)
class Counts:
    """How many identifiers of a namespace a node has: one row a (node, namespace). `most` is the limit of each namespace."""

    node: Ints
    space: Ints
    count: Ints
    most: Ints


@dataclass(frozen=True)
class Refused:
    """An edge that links nobody, and the namespace of which there would be too many (-1: the two are kept apart)."""

    edge: int
    space: int


def components(size: int, edges: Edges) -> Ints:
    """For each node the number of the part that it hangs together with."""
    ones = np.ones(len(edges), np.int8)
    found: Ints = scipy.sparse.csgraph.connected_components(scipy.sparse.coo_array((ones, (edges.weak, edges.strong)), shape=(size, size)), directed=False)[1].astype(np.int64)
    return found


def crowded(parts: Ints, counts: Counts) -> Ints:
    """The parts in which at least two nodes bring identifiers of a namespace, and together more than its limit."""
    place, where = np.unique(parts[counts.node] * counts.most.size + counts.space, return_inverse=True)
    total, bringing = np.bincount(where, counts.count), np.bincount(where)
    over = (total > counts.most[place % counts.most.size]) & (bringing > 1)
    return np.unique(place[over] // counts.most.size)


def within_limits(parts: Ints, again: Ints, edges: Edges, counts: Counts, apart: Sequence[tuple[int, int]]) -> tuple[Ints, list[Refused]]:
    """Parts again, with those in `again` put together edge by edge: the strongest first, then in the order of arrival."""
    if not again.size:
        return parts, []
    root = {int(node): int(node) for node in np.flatnonzero(np.isin(parts, again))}
    have: dict[int, Counter[int]] = {node: Counter() for node in root}
    for node, space, count in zip(counts.node.tolist(), counts.space.tolist(), counts.count.tolist(), strict=True):
        if node in have:
            have[node][space] += count
    others: dict[int, set[int]] = {node: set() for node in root}
    for one, other in apart:
        if one in root and other in root:
            others[one].add(other)
            others[other].add(one)

    def top(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    refused: list[Refused] = []
    mine = np.flatnonzero(np.isin(parts[edges.weak], again))
    for edge in mine[np.lexsort((mine, edges.rank[mine]))].tolist():
        one, other = top(int(edges.weak[edge])), top(int(edges.strong[edge]))
        if one == other:
            continue
        over = [space for space, count in have[one].items() if have[other][space] and count + have[other][space] > counts.most[space]]
        kept_apart = any(top(each) == other for each in others[one])
        if over or kept_apart:
            refused.append(Refused(edge, -1 if kept_apart else min(over)))
            continue
        root[other] = one
        have[one] += have.pop(other)
        others[one] |= others.pop(other)
    found = parts.copy()
    start = int(parts.max()) + 1
    for node in root:
        found[node] = start + top(node)
    return found, refused


def shared(edges: Edges, space: Ints, most: Ints) -> Mapping[int, int]:
    """For each weak node by how many people at least it is claimed here: anchors of one namespace, over what one person may have."""
    pairs = np.unique(np.stack([edges.weak, edges.strong], axis=1), axis=0)
    place, count = np.unique(pairs[:, 0] * most.size + space[pairs[:, 1]], return_counts=True)
    people = -(-count // most[place % most.size])
    least: dict[int, int] = {}
    # Nearly everybody claims alone; only the others are looked at one by one.
    for node, many in zip((place // most.size)[people > 1].tolist(), people[people > 1].tolist(), strict=True):
        least[node] = max(least.get(node, 1), many)
    return least
