"""Resolve 识别: identifiers seen in a set of rows become customers, deterministically and in sets.

An anchor that is known leads to its customer. One that is new joins the customer of a weaker identifier seen beside it
(the same phone in another shop), unless that customer already has another identifier of the anchor's namespace: one
phone used by thirty accounts does not make one person. Else it becomes a new customer. A weaker identifier that
belongs to somebody else stays there, and the pair is kept as a conflict for review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, func, select

from siyu.events import log
from siyu.events.catalogue.identity import IDENTIFIERS_LINKED, PEOPLE_SEEN
from siyu.events.identifiers import rank
from siyu.events.reactions import Reaction
from siyu.foundation.clock import from_ms
from siyu.foundation.database import insert_ignore, select_in
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity import _tables

STORED_TOGETHER = 20_000
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
Words = np.ndarray[tuple[int], np.dtype[np.object_]]


@dataclass
class _Owners:
    """Which customer has which identifier: two parallel arrays, sorted by key."""

    keys: Ints
    customers: Ints

    def of(self, keys: Ints) -> Ints:
        """The customer of each key; 0 where there is none."""
        if not self.keys.size:
            return np.zeros(keys.size, np.int64)
        at = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        return np.where(self.keys[at] == keys, self.customers[at], 0)

    def add(self, keys: Ints, customers: Ints) -> None:
        merged = np.concatenate([self.keys, keys])
        order = np.argsort(merged, kind="stable")
        self.keys, self.customers = merged[order], np.concatenate([self.customers, customers])[order]


@dataclass(frozen=True)
class _Seen:
    """The rows of `people_seen`, grain: one identifier beside one anchor, in order of arrival."""

    keys: Ints
    anchors: Ints
    spaces: Words


def resolve(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    """React to `people_seen`: give every identifier a customer and say so in `identifiers_linked`."""
    rows = pa.concat_tables([batch.rows for batch in batches]).combine_chunks()
    seen = _Seen(
        rows["identity_key"].to_numpy().astype(np.int64),
        rows["anchor_key"].to_numpy().astype(np.int64),
        rows["namespace"].to_numpy(zero_copy_only=False),
    )
    owners = _known(tx, np.union1d(seen.keys, seen.anchors))
    was_known = owners.of(seen.keys) > 0
    own = seen.keys == seen.anchors
    for space in sorted(set(seen.spaces[own]), key=lambda name: (rank(name), name)):
        _place_anchors(tx, seen, np.unique(seen.anchors[own & (seen.spaces == space)]), space, owners, stores.now())
    _, first = np.unique(seen.keys, return_index=True)
    fresh = np.sort(first[~was_known[first]])
    _store(tx, rows.take(pa.array(fresh)), owners.of(seen.keys[fresh]), stores.now())
    _keep_conflicts(tx, seen.keys, owners.of(seen.anchors), owners.of(seen.keys), stores.now())


RESOLVE = Reaction("identity.resolve", (PEOPLE_SEEN.name,), resolve)


def _known(tx: Connection, keys: Ints) -> _Owners:
    table = _tables.identifier
    found = select_in(tx, [table.c.identity_key, table.c.customer_id], table.c.identity_key, keys.tolist())
    pairs = np.array(sorted((int(key), int(customer)) for key, customer in found), np.int64).reshape(-1, 2)
    return _Owners(pairs[:, 0], pairs[:, 1])


def _place_anchors(tx: Connection, seen: _Seen, anchors: Ints, space: str, owners: _Owners, now: datetime) -> None:
    """Give the anchors of one namespace their customers, then the weaker identifiers that came with them."""
    mine = np.isin(seen.anchors, anchors)
    new = anchors[owners.of(anchors) == 0]
    chosen = _joinable(tx, seen, new, space, owners)
    missing = chosen == 0
    start = int(tx.scalar(select(func.max(_tables.customer.c.id))) or 0)
    # Numbers follow the order of arrival, so that a file that is sorted by its own customer numbers keeps that order.
    _, arrival = np.unique(seen.anchors, return_index=True)
    arrived = arrival[np.searchsorted(np.unique(seen.anchors), new[missing])]
    created = np.arange(start + 1, start + 1 + missing.sum(), dtype=np.int64)
    chosen[np.flatnonzero(missing)[np.argsort(arrived)]] = created
    insert_ignore(tx, _tables.customer, [{"id": number, "created_at": now} for number in created.tolist()])
    owners.add(new, chosen)
    unclaimed = np.flatnonzero(mine & (owners.of(seen.keys) == 0))
    keys, first = np.unique(seen.keys[unclaimed], return_index=True)
    owners.add(keys, owners.of(seen.anchors[unclaimed[first]]))


def _joinable(tx: Connection, seen: _Seen, new: Ints, space: str, owners: _Owners) -> Ints:
    """For each new anchor the customer it joins through a weaker identifier; 0 where it joins none."""
    chosen = np.zeros(new.size, np.int64)
    pairs = np.flatnonzero(np.isin(seen.anchors, new) & (seen.keys != seen.anchors) & (owners.of(seen.keys) > 0))
    if not pairs.size:
        return chosen
    candidates = owners.of(seen.keys[pairs])
    table = _tables.identifier
    having = select_in(tx, [table.c.customer_id, table.c.namespace], table.c.customer_id, np.unique(candidates).tolist())
    stored = np.array([customer for customer, name in having if name == space], np.int64)
    # Those given their customer a moment ago are not stored yet.
    taken = np.union1d(stored, owners.of(seen.keys[seen.spaces == space]))
    free = ~np.isin(candidates, taken)
    pairs, candidates = pairs[free], candidates[free]
    strength = np.array([rank(name) for name in seen.spaces[pairs]], np.int64)
    order = np.lexsort((pairs, strength))
    pairs, candidates = pairs[order], candidates[order]
    _, best = np.unique(seen.anchors[pairs], return_index=True)
    best.sort()
    _, single = np.unique(candidates[best], return_index=True)
    best = best[single]
    chosen[np.searchsorted(new, seen.anchors[pairs[best]])] = candidates[best]
    return chosen


def _store(tx: Connection, rows: pa.Table, customers: Ints, now: datetime) -> None:
    for start in range(0, rows.num_rows, STORED_TOGETHER):
        part = zip(rows.slice(start, STORED_TOGETHER).to_pylist(), customers[start : start + STORED_TOGETHER].tolist(), strict=True)
        stored = [
            {
                "identity_key": row["identity_key"],
                "namespace": row["namespace"],
                "value_sealed": row["value_sealed"],
                "customer_id": customer,
                "first_customer_id": customer,
                "first_seen_at": from_ms(row["seen_ms"]),
            }
            for row, customer in part
        ]
        insert_ignore(tx, _tables.identifier, stored)
    insert_ignore(tx, _tables.namespace, [{"name": name} for name in sorted(set(rows["namespace"].to_pylist()))])
    linked = {"identity_key": rows["identity_key"], "customer_id": customers, "seen_ms": rows["seen_ms"]}
    log.append(tx, IDENTIFIERS_LINKED, IDENTIFIERS_LINKED.table(linked), now=now)


def _keep_conflicts(tx: Connection, keys: Ints, wanted: Ints, owners: Ints, now: datetime) -> None:
    differ = wanted != owners
    pairs = {(int(key), int(customer)) for key, customer in zip(keys[differ], wanted[differ], strict=True)}
    insert_ignore(tx, _tables.conflict, [{"identity_key": k, "customer_id": c, "found_at": now} for k, c in sorted(pairs)])
