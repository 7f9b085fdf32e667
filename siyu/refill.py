"""Refill 补算: derived facts that are new, or defined in another way, than when the warehouse was filled are computed from their sources.

Publishing computes a derived fact only for the rows that arrive, so one that a newer version brings would hold nothing of
what came before. Beside each cursor of publishing stands a number of the definition that a derived fact was made by; where
it is another one, a job makes the whole fact anew, once. Reports that were kept under the old definition go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from siyu.foundation import jobs
from siyu.foundation.ids import key64
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.connect import CURSORS, Warehouse
from siyu.foundation.warehouse.engines import Session, WriteSession
from siyu.foundation.warehouse.facts import Fact, Tables
from siyu.measurement import published
from siyu.segments import reports
from siyu.segments.tasks import RECOMPUTE

REFILL = "facts.refill"


def job_kind(flow: Callable[[Stores], int]) -> JobKind:
    def run(running: Running) -> dict[str, Any]:
        flow(running.stores)
        return {"facts": refill(running)}

    return JobKind(REFILL, Text("补算事实表", "Compute derived facts anew"), run, link=lambda _: "/system")


def ask(stores: Stores) -> str | None:
    """Ask for the job if a derived fact is behind its definition; its id. Called when the server starts: one small read else."""
    warehouse = stores.warehouse
    with warehouse.read() as session:
        cursors = _cursors(session)
        behind = _behind(warehouse, cursors)
    if not behind:
        return None
    if not any(fact.name in cursors for fact in warehouse.facts):
        # Nothing was ever published: all that comes is derived as it is defined now.
        with warehouse.engine.write() as writer:
            for fact in behind:
                mark(writer, warehouse.tables, fact)
        return None
    with stores.ledger.begin() as tx:
        return jobs.submit(tx, REFILL, {}, now=stores.now(), key="refill")


def refill(running: Running) -> list[str]:
    """Make each fact that is behind, in the order of the facts, one transaction each; returns their names."""
    stores = running.stores
    warehouse = stores.warehouse
    with warehouse.read() as session:
        behind = _behind(warehouse, _cursors(session))
    for done, fact in enumerate(behind):
        running.progress(done, len(behind), Text(f"正在补算 {fact.name}", f"computing {fact.name}"))
        assert fact.derive is not None
        with warehouse.engine.write() as writer:
            writer.clear(fact)
            writer.insert(fact, fact.derive(warehouse.tables).select([column.name for column in fact.columns]))
            mark(writer, warehouse.tables, fact)
    if behind:
        with running.begin() as tx:
            published.forget(tx)
            reports.forget(tx)
            jobs.submit(tx, RECOMPUTE, {}, now=stores.now(), key=f"all {running.id}")
    return [fact.name for fact in behind]


def mark(writer: WriteSession, tables: Tables, fact: Fact) -> None:
    """Write down, in the transaction that made it, by which definition a derived fact was made."""
    row = writer.keep("_made_by", pa.table({"fact": [_name(fact)], "position": [definition(fact, tables)]}, CURSORS.arrow))
    writer.delete(CURSORS, row, CURSORS.key)
    writer.insert(CURSORS, row)


def definition(fact: Fact, tables: Tables) -> int:
    """A number of how a fact is derived: of its expression, with all names, literals and windows."""
    assert fact.derive is not None
    return key64(fact.name, fact.group, repr(fact.derive(tables).select([column.name for column in fact.columns]).unbind()))


def _behind(warehouse: Warehouse, cursors: Mapping[str, int]) -> Sequence[Fact]:
    """Derived facts whose definition is another one, and those made of them."""
    found: list[Fact] = []
    for fact in warehouse.facts:
        if fact.derive and (
            cursors.get(_name(fact)) != definition(fact, warehouse.tables) or any(each.name in fact.derive_from for each in found)
        ):
            found.append(fact)
    return found


def _cursors(session: Session) -> dict[str, int]:
    return {row["fact"]: int(row["position"]) for row in session.query(CURSORS.table).to_pylist()}


def _name(fact: Fact) -> str:
    return f"definition of {fact.name}"
