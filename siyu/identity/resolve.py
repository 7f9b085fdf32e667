"""Resolve 识别: identifiers seen together become customers, deterministically and in sets.

All that hangs together is one customer, within the limits (see `graph`, `limits`): new identifiers join whom they were seen
beside, customers who turn out to be one person are merged, and what belongs to nobody yet becomes a new customer. What the
limits forbid is kept as a conflict for review; an identifier that too many people are seen with links nobody. An identifier
that was unbound leaves for a customer of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from siyu.events import log
from siyu.events.catalogue.identity import IDENTIFIERS_CUT, IDENTIFIERS_LINKED, PEOPLE_SEEN
from siyu.events.identifiers import rank
from siyu.events.reactions import Reaction
from siyu.foundation.database import among, insert_ignore, select_in
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity import _tables, conflicts, graph
from siyu.identity.current import create, take_turn
from siyu.identity.graph import Counts, Edges, Flags, Ints
from siyu.identity.keys import by_key, store
from siyu.identity.limits import Limits, load_limits
from siyu.identity.merge import merge, split, who_stays

BY = "system"


def resolve(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    """React to `people_seen` and `identifiers_cut`, in the order of the log."""
    take_turn(tx)
    for event, run in groupby(batches, key=lambda batch: batch.event):
        rows = pa.concat_tables([batch.rows for batch in run]).combine_chunks()
        if event == PEOPLE_SEEN.name:
            _see(stores, tx, rows)
        else:
            _cut(stores, tx, rows)


RESOLVE = Reaction("identity.resolve", (PEOPLE_SEEN.name, IDENTIFIERS_CUT.name), resolve)


@dataclass(frozen=True)
class _Seen:
    """Sightings as a graph. Nodes are the identifiers (sorted by key), and after them their customers (sorted by number)."""

    keys: Ints
    first: Ints
    """The row that brought each identifier; -1 where only others were seen beside it."""
    customer: Ints
    """The customer who has each identifier already; 0 where nobody has."""
    claims: Ints
    space: Ints
    customers: Ints
    edges: Edges
    spaces: list[str]

    @property
    def size(self) -> int:
        return self.keys.size

    @property
    def new(self) -> Flags:
        found: Flags = (self.customer == 0) & (self.first >= 0)
        return found


def _see(stores: Stores, tx: Connection, rows: pa.Table) -> None:
    limits = load_limits(tx)
    seen = _read(tx, rows)
    shared, edges = _without_shared(seen, limits)
    belonging = np.flatnonzero(seen.customer)
    owned = Edges(belonging, seen.size + np.searchsorted(seen.customers, seen.customer[belonging]), np.zeros_like(belonging))
    tied = Edges(*(np.concatenate([getattr(owned, name), getattr(edges, name)]) for name in ("weak", "strong", "rank")))
    parts = graph.components(seen.size + seen.customers.size, tied)
    counts, spaces = _counts(tx, seen, parts, limits)
    apart = _kept_apart(tx, seen, parts)
    again = np.union1d(graph.crowded(parts, counts), parts[np.array([one for one, _ in apart], np.int64)])
    parts, refused = graph.within_limits(parts, again, tied, counts, apart)
    stays = _merged(stores, tx, seen, parts, edges)
    whose = _placed(stores, tx, seen, parts, stays)
    _store(stores, tx, rows, seen, whose, shared)
    over = [(tied.weak[each.edge], tied.strong[each.edge], spaces[each.space]) for each in refused if each.space >= 0]
    found = [(int(seen.keys[weak]), int(seen.keys[strong]), int(whose[weak]), int(whose[strong]), reason) for weak, strong, reason in over]
    conflicts.keep(tx, found, limits, dict(zip(seen.keys.tolist(), (seen.spaces[code] for code in seen.space), strict=True)) if found else {}, stores.now())


def _read(tx: Connection, rows: pa.Table) -> _Seen:
    key, anchor = (rows[name].to_numpy().astype(np.int64) for name in ("identity_key", "anchor_key"))
    keys, node = np.unique(np.concatenate([key, anchor]), return_inverse=True)
    weak, strong = node[: key.size], node[key.size :]
    first = np.full(keys.size, -1, np.int64)
    seen, at = np.unique(weak, return_index=True)
    first[seen] = at
    table = _tables.identifier
    found = by_key(tx, [table.c.identity_key, table.c.customer_id, table.c.claim_count], keys.tolist())
    known = np.array([tuple(row) for row in found], np.int64).reshape(-1, 3)
    customer, claims = np.zeros(keys.size, np.int64), np.ones(keys.size, np.int64)
    place = np.searchsorted(keys, known[:, 0])
    customer[place], claims[place] = known[:, 1], known[:, 2]
    encoded = rows["namespace"].combine_chunks().dictionary_encode()
    spaces: list[str] = encoded.dictionary.to_pylist()
    code = encoded.indices.to_numpy().astype(np.int64)
    strength = np.array([rank(space) for space in spaces], np.int64)
    # Whoever is only pointed at and unknown cannot be named: such a row stands alone.
    tied = np.flatnonzero((weak != strong) & ((first[strong] >= 0) | (customer[strong] > 0)))
    edges = Edges(weak[tied], strong[tied], strength[code[tied]])
    return _Seen(keys, first, customer, claims, code[first], np.unique(customer[customer > 0]), edges, spaces)


def _without_shared(seen: _Seen, limits: Limits) -> tuple[dict[int, int], Edges]:
    """(node → claims) of the identifiers that too many people are seen with now, and the edges that may link somebody.

    A new one goes with whom it was first seen beside, and links nobody else to them.
    """
    of = [limits.of(space) for space in seen.spaces]
    most, claimed = np.array([each.per_customer for each in of]), np.array([each.per_identifier for each in of])
    now = {node: many for node, many in graph.shared(seen.edges, seen.space, most).items() if many > claimed[seen.space[node]]}
    is_shared = seen.claims > claimed[seen.space]
    is_shared[np.array(list(now), np.int64)] = True
    loose = is_shared[seen.edges.weak] | is_shared[seen.edges.strong]
    fresh = np.flatnonzero(is_shared[seen.edges.weak] & seen.new[seen.edges.weak])
    _, at = np.unique(seen.edges.weak[fresh], return_index=True)
    loose[fresh[at]] = False
    return now, seen.edges.take(~loose)


def _counts(tx: Connection, seen: _Seen, parts: Ints, limits: Limits) -> tuple[Counts, list[str]]:
    """What each new identifier, and each customer whom something would join, has of every namespace."""
    fresh = np.flatnonzero(seen.new)
    of_customers = parts[seen.size :]
    changing = np.isin(of_customers, parts[fresh]) | (np.bincount(of_customers, minlength=parts.max() + 1)[of_customers] > 1)
    table = _tables.identifier
    query = select(table.c.customer_id, table.c.namespace, func.count()).group_by(table.c.customer_id, table.c.namespace)
    rows = tx.execute(query.where(among(tx, table.c.customer_id, seen.customers[changing].tolist()))).all() if changing.any() else []
    spaces = [*seen.spaces, *sorted({row[1] for row in rows} - set(seen.spaces))]
    code = {space: number for number, space in enumerate(spaces)}
    had = np.array([(row[0], code[row[1]], row[2]) for row in rows], np.int64).reshape(-1, 3)
    node = np.concatenate([fresh, seen.size + np.searchsorted(seen.customers, had[:, 0])])
    most = np.array([limits.of(space).per_customer for space in spaces], np.int64)
    return Counts(node, np.concatenate([seen.space[fresh], had[:, 1]]), np.concatenate([np.ones_like(fresh), had[:, 2]]), most), spaces


def _kept_apart(tx: Connection, seen: _Seen, parts: Ints) -> list[tuple[int, int]]:
    """Pairs of customers (as nodes) in one part who are known to be different people."""
    of_customers = parts[seen.size :]
    meeting = seen.customers[np.bincount(of_customers, minlength=1)[of_customers] > 1]
    if not meeting.size:
        return []
    table = _tables.apart
    rows = np.array([tuple(row) for row in select_in(tx, [table.c.customer_id, table.c.other_id], table.c.customer_id, meeting.tolist())], np.int64).reshape(-1, 2)
    rows = rows[np.isin(rows[:, 1], meeting)]
    one, other = (seen.size + np.searchsorted(seen.customers, rows[:, side]) for side in (0, 1))
    together = parts[one] == parts[other]
    return list(zip(one[together].tolist(), other[together].tolist(), strict=True))


def _merged(stores: Stores, tx: Connection, seen: _Seen, parts: Ints, edges: Edges) -> Ints:
    """Merge the customers of each part that has several; whom each customer is now."""
    stays = seen.customers.copy()
    of_customers = parts[seen.size :]
    order = np.argsort(of_customers, kind="stable")
    starts = np.flatnonzero(np.diff(of_customers[order], prepend=-1))
    groups = [seen.customers[group].tolist() for group in np.split(order, starts[1:]) if group.size > 1]
    if not groups:
        return stays
    chosen = who_stays(tx, groups)
    edge_of = dict(zip(parts[edges.weak][::-1].tolist(), reversed(range(len(edges))), strict=True))
    evidence = {}
    for group, one in zip(groups, chosen, strict=True):
        places = np.searchsorted(seen.customers, group)
        stays[places] = one
        edge = edge_of[int(of_customers[places[0]])]
        evidence[one] = {"identity_key": str(seen.keys[edges.weak[edge]]), "anchor_key": str(seen.keys[edges.strong[edge]])}
    pairs = [(one, other) for group, one in zip(groups, chosen, strict=True) for other in group if other != one]
    merge(stores, tx, pairs, by=BY, why="seen_together", beyond_limits=True, evidence=evidence)
    return stays


def _placed(stores: Stores, tx: Connection, seen: _Seen, parts: Ints, stays: Ints) -> Ints:
    """The customer of each identifier; parts without one get new numbers, in the order of arrival.

    So a file that is sorted by its own customer numbers keeps that order.
    """
    fresh = np.flatnonzero(seen.new)
    whose = np.zeros(parts.max() + 1 if parts.size else 0, np.int64)
    whose[parts[seen.size :]] = stays
    homeless = fresh[whose[parts[fresh]] == 0]
    part, at = np.unique(parts[homeless], return_inverse=True)
    arrived = np.full(part.size, np.iinfo(np.int64).max)
    np.minimum.at(arrived, at, seen.first[homeless])
    whose[part[np.argsort(arrived)]] = create(tx, part.size, stores.now())
    found: Ints = whose[parts[: seen.size]]
    return found


def _store(stores: Stores, tx: Connection, rows: pa.Table, seen: _Seen, whose: Ints, shared: dict[int, int]) -> None:
    fresh = np.flatnonzero(seen.new)
    claims = seen.claims.copy()
    claims[np.array(list(shared), np.int64)] = np.array(list(shared.values()), np.int64)
    if fresh.size:
        taken = rows.take(pa.array(seen.first[fresh]))
        customers = pa.array(whose[fresh])
        stored = {
            "identity_key": taken["identity_key"],
            "namespace": taken["namespace"],
            "value_sealed": taken["value_sealed"],
            "customer_id": customers,
            "first_seen_at": taken["seen_ms"].cast(pa.timestamp("ms", "UTC")),
            "claim_count": pa.array(claims[fresh]),
        }
        store(tx, pa.table(stored))
        insert_ignore(tx, _tables.namespace, [{"name": name} for name in pc.unique(taken["namespace"]).to_pylist()])
        linked = {"identity_key": taken["identity_key"], "customer_id": customers, "seen_ms": taken["seen_ms"]}
        log.append(tx, IDENTIFIERS_LINKED, IDENTIFIERS_LINKED.table(linked), now=stores.now())
    known = {int(seen.keys[node]): many for node, many in shared.items() if not seen.new[node] and many > seen.claims[node]}
    conflicts.found_shared(tx, known)


def _cut(stores: Stores, tx: Connection, rows: pa.Table) -> None:
    """The weaker of two identifiers that were unbound leaves, if they belong to one customer; the unbound one among equals."""
    pairs = list(zip(rows["identity_key"].to_pylist(), rows["anchor_key"].to_pylist(), strict=True))
    table = _tables.identifier
    found = by_key(tx, [table.c.identity_key, table.c.customer_id, table.c.namespace], (key for pair in pairs for key in pair))
    owner = {key: customer for key, customer, _ in found}
    strength = {key: rank(space) for key, _, space in found}
    leaving: list[int] = []
    for key, anchor in pairs:
        if key != anchor and key in owner and anchor in owner and owner[key] == owner[anchor]:
            weak = anchor if strength[anchor] > strength[key] else key
            leaving.append(weak)
            owner[weak] = -weak
    if leaving:
        split(stores, tx, [[key] for key in leaving], by=BY, why="unbound", remember=False)
