"""Refresh 更新: what arrived and what the clock moved, since the last round, is asked again: first traits, then segments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from siyu.customers.facts import CUSTOMERS_ACTIVITY
from siyu.events import log
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.catalogue.customers import PROFILE_RECORDED, TAGS_CHANGED
from siyu.events.catalogue.identity import IDENTIFIERS_LINKED
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.orders.recency import default_as_of
from siyu.segments import _tables
from siyu.segments.quality import refresh_some
from siyu.segments.recompute import (
    Change,
    append_changes,
    layers,
    moment_of,
    set_clock,
    store_size,
    tally,
    valid,
)
from siyu.segments.rules import Quality, Rule, leaves
from siyu.segments.segments import Segment, list_segments
from siyu.segments.touched import ask_again, edges, keep_arrived
from siyu.segments.traits import used_traits
from siyu.segments.traits_refresh import refresh_traits, traits_move
from siyu.segments.traits_store import list_traits
from siyu.segments.windows import Moment

ABOUT_PEOPLE = (*CUSTOMERS_ACTIVITY.sources, ORDER_LINES_RECORDED.name, PROFILE_RECORDED.name, TAGS_CHANGED.name, IDENTIFIERS_LINKED.name, RELATIONS_CHANGED.name)


def refresh(stores: Stores, flow: Callable[[Stores], int]) -> list[Change]:
    """Ask the touched people again for every trait and segment that has been computed; returns which segments changed.

    A round in which nothing arrived and no edge moved asks the warehouse nothing.
    """
    flow(stores)
    now = stores.now()
    with stores.ledger.read() as tx:
        segments = [segment for segment in list_segments(tx) if segment.computed_version == segment.rule_version]
        traits = [trait for trait in list_traits(tx) if trait.status == "ready"]
        clock = tx.execute(select(_tables.clock)).one_or_none()
        head = log.head(tx)
    if clock is None or not (segments or traits):
        return []
    keys, customers = _arrived(log.read(stores.ledger, clock.position, head, ABOUT_PEOPLE))
    good = valid(stores, segments, now)
    before, after = moment_of(stores, clock.at), moment_of(stores, now)
    moving = traits_move(traits, before, after)
    if not (len(keys) or len(customers) or moving or any(edges(rule, before, after) for _, rule in good)):
        return []
    if traits:
        asked_of = set().union(*(used_traits(rule) for _, rule in good))
        customers = refresh_traits(stores, traits, (keys, customers), (before, after), asked_of)
    if (len(keys) or len(customers)) and any(isinstance(leaf, Quality) for _, rule in good for leaf in leaves(rule)):
        refresh_some(stores, keys, customers, default_as_of(stores))
    changes: list[Change] = []
    for layer in layers({segment.id: rule for segment, rule in good}):
        chosen = {segment.id: (segment, rule) for segment, rule in good if segment.id in layer}
        changes += _refresh_layer(stores, chosen, keys, customers, (before, after), now)
        flow(stores)
    set_clock(stores, head, now)
    return changes


def _refresh_layer(
    stores: Stores,
    chosen: Mapping[int, tuple[Segment, Rule]],
    keys: pa.Array,
    customers: pa.Array,
    moments: tuple[Moment, Moment],
    now: datetime,
) -> list[Change]:
    rules = {key: rule for key, (_, rule) in chosen.items()}
    with stores.warehouse.read() as session:
        keep_arrived(session, keys, customers)
        rows = ask_again(session, rules, stores.warehouse.tables, *moments)
    moved = tally(rows)
    changes = [
        Change(key, (segment.customer_count or 0) + moved.get((key, True), 0) - moved.get((key, False), 0), moved.get((key, True), 0), moved.get((key, False), 0))
        for key, (segment, _) in chosen.items()
        if (key, True) in moved or (key, False) in moved
    ]
    with stores.ledger.begin() as tx:
        append_changes(tx, rows, now)
        for change in changes:
            store_size(tx, change, chosen[change.segment_id][0].rule_version, now)
    return changes


def _arrived(batches: Iterable[Batch]) -> tuple[pa.Array, pa.Array]:
    """(identity keys, customer ids) that the batches are about."""
    keys: list[pa.Array] = [pa.array([], pa.int64())]
    customers: list[pa.Array] = [pa.array([], pa.int64())]
    for batch in batches:
        column = "customer_id" if batch.event in (TAGS_CHANGED.name, IDENTIFIERS_LINKED.name) else "identity_key"
        (customers if column == "customer_id" else keys).append(pc.unique(batch.rows[column]))
        if "was_customer_id" in batch.rows.column_names:
            customers.append(pc.unique(batch.rows["was_customer_id"].drop_null()))
    return pc.unique(pa.concat_arrays(keys)), pc.unique(pa.concat_arrays(customers))
