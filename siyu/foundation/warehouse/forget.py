"""Forget 遗忘: rows of some customers leave the facts; what must stay for totals goes on under a number that is nobody's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.warehouse.connect import Warehouse
from siyu.foundation.warehouse.engines import WriteSession
from siyu.foundation.warehouse.facts import Fact

ANONYMOUS = pa.schema([("customer_id", pa.int64()), ("new_customer_id", pa.int64()), ("new_identity_key", pa.int64())])
_WHO = ibis.table(dict.fromkeys(ANONYMOUS.names, "int64"), name="_forgotten")
Counts = dict[int, dict[str, int]]


def rows_of(warehouse: Warehouse, who: pa.Table) -> Counts:
    """By customer and fact, how many rows each has. Grain of `who`: one customer."""
    counts: Counts = {}
    with warehouse.read() as session:
        session.keep("_forgotten", who.cast(ANONYMOUS))
        for fact in warehouse.facts:
            if "customer_id" in fact.arrow.names and not fact.always:
                mine = fact.table.semi_join(_WHO, "customer_id")
                for row in session.query(mine.group_by("customer_id").agg(n=mine.count())).to_pylist():
                    counts.setdefault(row["customer_id"], {})[fact.name] = row["n"]
    return counts


def mine_of(warehouse: Warehouse, customer_ids: Sequence[int]) -> dict[str, pa.Table]:
    """By fact, every row of these customers; for a copy of everything."""
    with warehouse.read() as session:
        mine = session.keep("_asked_for", pa.table({"customer_id": pa.array(customer_ids, pa.int64())}))
        return {fact.name: session.query(fact.table.semi_join(mine, "customer_id")) for fact in warehouse.facts if "customer_id" in fact.arrow.names}


def forget(warehouse: Warehouse, who: pa.Table, kept: Collection[str]) -> None:
    """Take some customers out of every fact, in one transaction.

    Parameters
    ----------
    who
        Rows of `ANONYMOUS`: one a customer.
    kept
        Facts whose rows stay, under the new number and key. Facts derived from them are computed again for the groups touched.
    """
    with warehouse.engine.write() as session:
        session.keep("_forgotten", who.cast(ANONYMOUS))
        arrived: dict[str, ir.Table] = {}
        for fact in warehouse.facts:
            if fact.name in kept:
                arrived[fact.name] = _renumber(session, fact)
            elif fact.derive and not fact.always and any(name in arrived for name in fact.derive_from) and fact.group != "customer_id":
                _again(session, warehouse, fact, arrived)
            elif "customer_id" in fact.arrow.names and not fact.always:
                session.delete(fact, _WHO.select("customer_id"), ["customer_id"])


def _renumber(session: WriteSession, fact: Fact) -> ir.Table:
    rows = fact.table.inner_join(_WHO, "customer_id")
    moved = {"customer_id": rows.new_customer_id}
    if "identity_key" in fact.arrow.names:
        moved["identity_key"] = rows.new_identity_key
    staged = session.keep(f"_kept_{fact.name}", rows.mutate(**moved).select(fact.arrow.names))
    session.delete(fact, staged, fact.key)
    session.insert(fact, staged)
    return staged


def _again(session: WriteSession, warehouse: Warehouse, fact: Fact, arrived: dict[str, ir.Table]) -> None:
    assert fact.derive is not None
    parts = [arrived[name].select(fact.group) for name in fact.derive_from if name in arrived]
    groups = session.keep(f"_groups_{fact.name}", ibis.union(*parts, distinct=True) if len(parts) > 1 else parts[0].distinct())
    tables = {name: table.semi_join(groups, fact.group) if name in fact.derive_from else table for name, table in warehouse.tables.items()}
    fresh = session.keep(f"_again_{fact.name}", fact.derive(tables).select(fact.arrow.names))
    session.delete(fact, groups, [fact.group])
    session.insert(fact, fresh)
    arrived[fact.name] = fresh


def count_before(warehouse: Warehouse, name: str, before_ms: int) -> int:
    """Rows of a fact whose `at_ms` lies before an instant."""
    fact = next(fact for fact in warehouse.facts if fact.name == name)
    with warehouse.read() as session:
        return int(session.scalar(fact.table.filter(fact.table.at_ms < before_ms).count()))


def forget_before(warehouse: Warehouse, name: str, column: str, before_ms: int, with_them: Mapping[str, str]) -> None:
    """Remove rows of a fact from before an instant, and those of other facts that have their key (fact → column)."""
    facts = {fact.name: fact for fact in warehouse.facts}
    fact = facts[name]
    with warehouse.engine.write() as session:
        old = session.keep("_old", fact.table.filter(fact.table[column] < before_ms).select(*fact.key))
        for other, key in with_them.items():
            session.delete(facts[other], old, [key])
        session.delete(fact, old, fact.key)
