"""Touched 触及人群: between recomputes, only the people whose answer can have changed are asked again.

Somebody is touched by a new row about them, or when one of their rows crosses the edge of a rule's window. The second
set is found by the clock: only rows between an edge's old and new place can matter. The same expressions then answer
over those people's rows alone; a test holds the result equal to the full recompute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from siyu.events import log
from siyu.events.catalogue.customers import ACTIVITY_RECORDED, PROFILE_RECORDED, TAGS_CHANGED
from siyu.events.catalogue.identity import IDENTIFIERS_LINKED
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Batch, Tables
from siyu.segments import _tables
from siyu.segments.evaluate import members
from siyu.segments.leaves import STANDING_FIELDS, TIME_COLUMNS, Aggregate, inside, leaf_of
from siyu.segments.recompute import (
    Change,
    append_changes,
    differences,
    layers,
    moment_of,
    set_clock,
    store_size,
    tally,
    valid,
)
from siyu.segments.rules import (
    Attribute,
    Event,
    InSegment,
    LastEvent,
    Lifecycle,
    Orders,
    Rfm,
    Rule,
    Window,
    leaves,
    rule_key,
)
from siyu.segments.segments import Segment, list_segments
from siyu.segments.windows import FOREVER, Moment, crossed, span

ABOUT_PEOPLE = (ORDER_LINES_RECORDED.name, ACTIVITY_RECORDED.name, PROFILE_RECORDED.name, TAGS_CHANGED.name, IDENTIFIERS_LINKED.name)


def refresh(stores: Stores, flow: Callable[[Stores], int]) -> list[Change]:
    """Ask the touched people again for every segment that has been computed; returns what changed.

    A round in which nothing arrived and no edge moved asks the warehouse nothing.
    """
    flow(stores)
    now = stores.now()
    with stores.ledger.read() as tx:
        segments = [segment for segment in list_segments(tx) if segment.computed_version == segment.rule_version]
        clock = tx.execute(select(_tables.clock)).one_or_none()
        head = log.head(tx)
    if clock is None or not segments:
        return []
    keys, customers = _arrived(log.read(stores.ledger, clock.position, head, ABOUT_PEOPLE))
    good = valid(stores, segments, now)
    before, after = moment_of(stores, clock.at), moment_of(stores, now)
    if not (len(keys) or len(customers) or any(edges(rule, before, after) for _, rule in good)):
        return []
    changes: list[Change] = []
    for layer in layers({segment.id: rule for segment, rule in good}):
        chosen = {segment.id: (segment, rule) for segment, rule in good if segment.id in layer}
        changes += _refresh_layer(stores, chosen, keys, customers, (before, after), now)
        flow(stores)
    set_clock(stores, head, now)
    return changes


def edges(rule: Rule, before: Moment, after: Moment) -> bool:
    """Whether the passing of time alone can have changed anybody's answer."""
    for leaf in leaves(rule):
        window: Window | None = getattr(leaf, "window", None)
        if window is not None and window.last is not None and len(crossed(window, before, after)) > (window.until_last is None):
            return True
        if isinstance(leaf, Attribute) and (leaf.op.startswith("held_") or (leaf.op == "anniversary_within_days" and before.today != after.today)):
            return True
    return False


def touched(session: Session, rules: Iterable[Rule], tables: Tables, before: Moment, after: Moment, arrived: ir.Table) -> ir.Table:
    """customer_id of everybody whose answer to one of the rules can differ between the two moments, and of `arrived`."""
    found = [arrived.select("customer_id")]
    distinct = {rule_key(leaf): leaf for rule in rules for leaf in leaves(rule)}
    for leaf_rule in distinct.values():
        now = leaf_of(leaf_rule, tables, after)
        if isinstance(now, Aggregate):
            rows = tables[now.source]
            at = rows[TIME_COLUMNS[now.source]]
            found += [rows.filter(inside(at, span)).select("customer_id") for span in crossed(now.window, before, after)]
        if isinstance(leaf_rule, Attribute) and leaf_rule.op in _CLOCKED:
            was, is_ = members(leaf_rule, tables, before), members(leaf_rule, tables, after)
            found += [was.anti_join(is_, "customer_id"), is_.anti_join(was, "customer_id")]
        if isinstance(leaf_rule, InSegment):
            changed = tables["segments_member"].filter(tables["segments_member"].at_ms > before.now_ms)
            found.append(changed.filter(changed.segment_id == leaf_rule.segment).select("customer_id"))
    return session.keep("_touched", ibis.union(*found, distinct=True) if len(found) > 1 else found[0].distinct())


_CLOCKED = ("within", "not_within", "anniversary_within_days", "held_at_least", "held_less_than")


def narrowed(session: Session, tables: Tables, people: ir.Table, rules: Iterable[Rule], moment: Moment) -> Tables:
    """The facts that the rules read, reduced to these people's rows: one scan of each fact, whatever the number of rules.

    Rows older than the widest window on a fact are not looked at.
    """
    since: dict[str, int] = {"customers_profile": FOREVER, "segments_member": FOREVER}
    for rule in rules:
        for leaf in leaves(rule):
            for name, from_ms in _read_by(leaf, tables, moment).items():
                since[name] = min(since.get(name, from_ms), from_ms)
    return {name: session.keep(f"_narrow_{name}", _theirs(table, people, since[name])) if name in since else table for name, table in tables.items()}


def _theirs(table: ir.Table, people: ir.Table, from_ms: int) -> ir.Table:
    time = TIME_COLUMNS.get(table.get_name())
    rows = table if time is None or from_ms == FOREVER else table.filter(table[time] >= from_ms)
    return rows.semi_join(people, "customer_id").drop([name for name in _UNREAD if name in table.columns])


_UNREAD = ("identity_key", "content_key", "order_no", "line_count", "first_seen_ms", "ordered_on", "ordered_month", "set_ms", "by")
"""Columns of facts that no rule reads."""


def _read_by(leaf_rule: Rule, tables: Tables, moment: Moment) -> dict[str, int]:
    """The facts that a condition reads, each with the earliest instant that matters to it."""
    match leaf_rule:
        case Event(where=[_, *_]) | LastEvent():
            return {"customers_activity": span(getattr(leaf_rule, "window", None), moment).from_ms, "customers_property": FOREVER}
        case Rfm() | Lifecycle():
            return {"segments_standing": FOREVER}
        case Attribute(field=field) if field in STANDING_FIELDS:
            return {"segments_standing": FOREVER}
        case Attribute(field=field) if field.startswith("custom:"):
            return {"customers_attribute": FOREVER}
        case _:
            leaf = leaf_of(leaf_rule, tables, moment)
            if not isinstance(leaf, Aggregate):
                return {}
            bounded = isinstance(leaf_rule, Event | Orders)
            return {leaf.source: span(leaf.window, moment).from_ms if bounded else FOREVER}


def _refresh_layer(
    stores: Stores,
    chosen: Mapping[int, tuple[Segment, Rule]],
    keys: pa.Array,
    customers: pa.Array,
    moments: tuple[Moment, Moment],
    now: datetime,
) -> list[Change]:
    rules = {key: rule for key, (_, rule) in chosen.items()}
    tables = stores.warehouse.tables
    with stores.warehouse.read() as session:
        link = tables["identity_link"]
        by_key = link.semi_join(session.keep("_keys", pa.table({"identity_key": keys})), "identity_key").select("customer_id")
        arrived = by_key.union(session.keep("_ids", pa.table({"customer_id": customers})))
        people = touched(session, rules.values(), tables, *moments, arrived)
        small = narrowed(session, tables, people, rules.values(), moments[1])
        rows, _ = differences(session, rules, small, moments[1])
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
    return pc.unique(pa.concat_arrays(keys)), pc.unique(pa.concat_arrays(customers))
