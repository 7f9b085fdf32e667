"""Publish 发布: batches of the event log become rows of facts, exactly once, in runs.

A run is one transaction of the warehouse: the rows, everything derived from them and the cursors become visible
together. A run that was cut off is done again from its cursors, so a position is never counted twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.warehouse.connect import CURSORS, Warehouse
from siyu.foundation.warehouse.engines import Session, WriteSession
from siyu.foundation.warehouse.facts import Batch, Fact, Tables

ReadLog = Callable[[int, int, Sequence[str]], Iterable[Batch]]
"""(after position, up to position, event names) → the batches in order."""

Arrivals = Mapping[str, Sequence[pa.Table]]
"""By fact: the rows of a run that it has not taken yet; facts without any are absent."""
PublishRun = Callable[[WriteSession, Tables, Sequence[Fact], Arrivals], int]
RUN_ROWS = 400_000
WORKED_OUT = 1024
"""Expressions remembered. They are the same in every run of a fact, and building one takes longer than its few rows."""


def published_through(warehouse: Warehouse, fact: Fact) -> int:
    """The last position whose rows are in `fact`; 0 before the first."""
    with warehouse.read() as session:
        return _positions(session).get(fact.name, 0)


def publish(warehouse: Warehouse, read_log: ReadLog, *, resolved_through: int, head: int) -> int:
    """Bring every fact up to date; returns the number of rows that came in.

    Links of identifiers are published first, up to `head`; facts about people then go as far as identifiers have been
    resolved (`resolved_through`), so that each row finds its customer.
    """
    links = [fact for fact in warehouse.facts if fact.links_identity]
    others = [fact for fact in warehouse.facts if not fact.links_identity]
    return _bring(warehouse, links, read_log, head, _publish_links) + _bring(warehouse, others, read_log, resolved_through, _publish_run)


def _bring(warehouse: Warehouse, facts: Sequence[Fact], read_log: ReadLog, through: int, publish_run: PublishRun) -> int:
    sourced = [fact for fact in facts if fact.sources]
    if not sourced:
        return 0
    with warehouse.read() as reader:
        positions = _positions(reader)
    after = min(positions.get(fact.name, 0) for fact in sourced)
    names = sorted({event for fact in sourced for event in fact.sources})
    count = 0
    for run in _runs(read_log(after, through, names) if through > after else ()):
        with warehouse.engine.write() as session:
            positions = _positions(session)
            count += publish_run(session, warehouse.tables, warehouse.facts, _arriving(sourced, run, positions))
            behind = [fact.name for fact in sourced if positions.get(fact.name, 0) < run[-1].position]
            _move_cursors(session, behind, run[-1].position)
    return count


def _runs(batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    run: list[Batch] = []
    size = 0
    for batch in batches:
        run.append(batch)
        size += batch.rows.num_rows
        if size >= RUN_ROWS:
            yield run
            run, size = [], 0
    if run:
        yield run


def _publish_run(session: WriteSession, tables: Tables, facts: Sequence[Fact], arriving: Arrivals) -> int:
    arrived: dict[str, ir.Table] = {}
    count = 0
    for fact in facts:
        if fact.sources and not fact.links_identity:
            if rows := arriving.get(fact.name):
                arrived[fact.name] = staged = _stage(session, tables, fact, pa.concat_tables(rows))
                count += _store(session, fact, staged)
        else:
            _derive_if(session, tables, fact, arrived)
    return count


def _publish_links(session: WriteSession, tables: Tables, facts: Sequence[Fact], arriving: Arrivals) -> int:
    """Store whom identifiers belong to. Rows that came in under one that belongs to another customer now go along, and what
    is derived is computed again for both."""
    arrived: dict[str, ir.Table] = {}
    count = 0
    left: ir.Table | None = None
    for fact in sorted(facts, key=lambda each: not each.links_identity):
        if fact.links_identity:
            if rows := arriving.get(fact.name):
                staged = _stage(session, tables, fact, pa.concat_tables(rows))
                was = session.keep(f"_was_{fact.name}", fact.table.semi_join(staged, list(fact.key)))
                left = _left(session, staged, was)
                arrived[fact.name] = ibis.union(staged, was)
                count += _store(session, fact, staged)
        elif fact.needs_customer and left is not None:
            if (moved := _relink(session, fact, left)) is not None:
                arrived[fact.name] = moved
        else:
            _derive_if(session, tables, fact, arrived)
    return count


def _left(session: WriteSession, staged: ir.Table, was: ir.Table) -> ir.Table | None:
    """Identifiers that belong to another customer now: identity_key, customer_id; None if there are none."""
    before = was.select("identity_key", was_customer_id="customer_id")
    joined = staged.inner_join(before, "identity_key")
    left = session.keep("_left", joined.filter(joined.customer_id != joined.was_customer_id).select("identity_key", "customer_id"))
    return left if session.scalar(left.count()) else None


def _relink(session: WriteSession, fact: Fact, left: ir.Table) -> ir.Table | None:
    """Give the rows of identifiers that left their customer to the new one; those rows before and after, None without any."""
    was = session.keep(f"_was_{fact.name}", fact.table.semi_join(left, "identity_key"))
    if not session.scalar(was.count()):
        return None
    whose = left.select("identity_key", now_customer_id="customer_id")
    joined = was.inner_join(whose, "identity_key")
    now = session.keep(f"_new_{fact.name}", joined.mutate(customer_id=joined.now_customer_id).select(was.columns))
    session.delete(fact, left, ["identity_key"])
    session.insert(fact, now)
    return ibis.union(was, now)


def _arriving(facts: Sequence[Fact], run: Sequence[Batch], positions: Mapping[str, int]) -> dict[str, list[pa.Table]]:
    found: dict[str, list[pa.Table]] = {}
    for fact in facts:
        done = positions.get(fact.name, 0)
        if rows := [_translated(fact, batch) for batch in run if batch.event in fact.sources and batch.position > done]:
            found[fact.name] = rows
    return found


def _derive_if(session: WriteSession, tables: Tables, fact: Fact, arrived: dict[str, ir.Table]) -> None:
    if fact.derive and not fact.always and any(name in arrived for name in fact.derive_from):
        arrived[fact.name] = _derive(session, tables, fact, arrived)


def _translated(fact: Fact, batch: Batch) -> pa.Table:
    rows = fact.sources[batch.event](batch)
    missing = [c for c in fact.arrow if c.name not in rows.column_names]
    for column in missing:
        rows = rows.append_column(column, pa.nulls(rows.num_rows, column.type))
    return rows.select(fact.arrow.names).cast(fact.arrow)


def _stage(session: WriteSession, tables: Tables, fact: Fact, rows: pa.Table) -> ir.Table:
    """The arriving rows as an intermediate table: one row a key, each with its customer."""
    numbered = rows.append_column("_row", pa.array(range(rows.num_rows), pa.int64()))
    raw = session.keep(f"_raw_{fact.name}", numbered)
    staged = session.keep(f"_new_{fact.name}", _chosen(fact, raw.op(), tables["identity_link"].op() if fact.needs_customer else None))
    if fact.needs_customer and session.scalar(staged.customer_id.isnull().sum()):
        raise RuntimeError(f"{fact.name}: rows were published before their identifiers were resolved")
    return staged


@lru_cache(WORKED_OUT)
def _chosen(fact: Fact, arriving: ops.Node, links: ops.Node | None) -> ir.Table:
    raw = arriving.to_expr()
    if links is not None:
        link = links.to_expr().select("identity_key", linked="customer_id")
        joined = raw.drop("customer_id").left_join(link, "identity_key").drop("identity_key_right")
        # Key 0 means that the row names nobody: it is kept, and belongs to customer 0.
        raw = joined.mutate(customer_id=(joined.identity_key == 0).ifelse(0, joined.linked)).drop("linked")
    order = raw._row.desc() if fact.on_duplicate == "replace" else raw._row.asc()
    first = raw.mutate(_rank=ibis.row_number().over(ibis.window(group_by=list(fact.key), order_by=order)))
    chosen = first.filter(first._rank == 0).drop("_rank", "_row")
    return chosen.anti_join(fact.table, list(fact.key)) if fact.on_duplicate == "keep" else chosen


def _store(session: WriteSession, fact: Fact, staged: ir.Table) -> int:
    if fact.on_duplicate == "replace":
        session.delete(fact, staged, fact.key)
    session.insert(fact, staged)
    return int(session.scalar(staged.count()))


def _derive(session: WriteSession, tables: Tables, fact: Fact, arrived: Tables) -> ir.Table:
    """Compute the derived fact again for the groups that the arriving rows belong to, and for no other."""
    groups = _groups(fact, tuple(arrived[name].op() for name in fact.derive_from if name in arrived))
    touched = session.keep(f"_touched_{fact.name}", groups)
    fresh = session.keep(f"_new_{fact.name}", _derived(fact, touched.op(), tuple((name, table.op()) for name, table in tables.items())))
    session.delete(fact, touched, [fact.group])
    session.insert(fact, fresh)
    return fresh


@lru_cache(WORKED_OUT)
def _groups(fact: Fact, arrived: tuple[ops.Node, ...]) -> ir.Table:
    keys = [rows.to_expr().select(fact.group) for rows in arrived]
    return ibis.union(*keys, distinct=True) if len(keys) > 1 else keys[0].distinct()


@lru_cache(WORKED_OUT)
def _derived(fact: Fact, touched: ops.Node, tables: tuple[tuple[str, ops.Node], ...]) -> ir.Table:
    assert fact.derive is not None
    mine, all_of_them = touched.to_expr(), {name: table.to_expr() for name, table in tables}
    narrowed = {name: table.semi_join(mine, fact.group) if name in fact.derive_from else table for name, table in all_of_them.items()}
    return fact.derive(narrowed).select([c.name for c in fact.columns])


def _positions(session: Session) -> dict[str, int]:
    """How far each fact has come."""
    rows = session.query(CURSORS.table)
    return dict(zip(rows["fact"].to_pylist(), rows["position"].to_pylist(), strict=True))


def _move_cursors(session: WriteSession, facts: Sequence[str], position: int) -> None:
    rows = session.keep("_cursor", pa.table({"fact": facts, "position": [position] * len(facts)}, CURSORS.arrow))
    session.delete(CURSORS, rows, CURSORS.key)
    session.insert(CURSORS, rows)
