"""A warehouse made by an earlier version gains the columns that facts gained since, wherever in the fact they stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa

from siyu.foundation import jobs
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.foundation.warehouse.facts import Column, Fact

NEW = Fact(
    "thing", "one thing", ("id",), (Column("id", "int64", "the thing"), Column("added", "string", "came later"), Column("size", "int64", "pieces"))
)
OLD = replace(NEW, columns=(NEW.columns[0], NEW.columns[2]))


def test_a_column_that_was_added_in_the_middle_is_read_by_its_name(tmp_path: Path) -> None:
    first = attach(DuckDBEngine(tmp_path / "w.duckdb", "256MB"), [OLD])
    with first.engine.write() as session:
        session.insert(OLD, session.keep("_r", pa.table({"id": [1], "size": [7]})))
    first.close()
    second = attach(DuckDBEngine(tmp_path / "w.duckdb", "256MB"), [NEW])
    with second.engine.write() as session:
        session.insert(NEW, session.keep("_r", pa.table({"id": [2], "added": ["x"], "size": [8]})))
    with second.read() as session:
        rows = session.query(NEW.table.order_by("id")).to_pylist()
    second.close()
    assert rows == [{"id": 1, "added": None, "size": 7}, {"id": 2, "added": "x", "size": 8}]


def test_jobs_of_the_clock_are_pruned_and_those_of_people_stay(stores: Stores) -> None:
    now = stores.now()
    kind = jobs.JobKind("look", Text("看", "Look"), lambda _running: {})
    with stores.ledger.begin() as tx:
        jobs.submit(tx, "look", {}, now=now, key="schedule:look")
        jobs.submit(tx, "look", {}, now=now, key="mine")
    runner = jobs.Runner(stores, [kind])
    runner.run_pending()
    with stores.ledger.begin() as tx:
        assert jobs.prune(tx, now - timedelta(days=1)) == 0
        assert jobs.prune(tx, now + timedelta(days=1)) == 1
        assert jobs.list_jobs(tx, [kind]).total == 1
