"""A warehouse is opened anew after so many transactions: nobody who reads or writes is cut off, nothing is lost, and the memory comes back."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pytest

from siyu.foundation.warehouse.connect import Warehouse, attach
from siyu.foundation.warehouse.engines import duckdb as engine
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.foundation.warehouse.facts import Column, Fact

TALLY = Fact("tally", "one number", ("id",), (Column("id", "int64", "which"), Column("count", "int64", "how many")))


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setattr(engine, "OPENED_FOR", 3)
    return attach(DuckDBEngine(tmp_path / "w.duckdb", "256MB"), [TALLY])


def count(warehouse: Warehouse) -> int:
    with warehouse.read() as session:
        return int(session.query(TALLY.table)["count"].to_pylist()[0])


def put(warehouse: Warehouse, number: int) -> None:
    with warehouse.engine.write() as session:
        one = session.keep("_one", pa.table({"id": [1], "count": [number]}))
        session.delete(TALLY, one, ["id"])
        session.insert(TALLY, one)


def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    times: list[int] = []
    open_ = DuckDBEngine._open
    monkeypatch.setattr(DuckDBEngine, "_open", lambda self: times.append(1) or open_(self))
    return times


def test_what_was_written_is_there_and_readers_beside_go_on(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    times = opened(monkeypatch)
    put(warehouse, 0)
    faults: list[BaseException] = []
    done = threading.Event()

    def look() -> None:
        last = 0
        try:
            while not done.is_set():
                last, before = count(warehouse), last
                assert last >= before
        except BaseException as fault:
            faults.append(fault)

    readers = [threading.Thread(target=look) for _ in range(3)]
    for each in readers:
        each.start()
    for number in range(1, 60):
        put(warehouse, number)
    done.set()
    for each in readers:
        each.join()
    put(warehouse, 60)
    assert (faults, count(warehouse)) == ([], 60)
    assert times
    warehouse.close()


def test_a_reader_keeps_what_it_saw_and_the_next_writer_opens_anew(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    put(warehouse, 0)
    times = opened(monkeypatch)
    with warehouse.read() as session:
        assert session.query(TALLY.table)["count"].to_pylist() == [0]
        for number in range(1, 9):
            put(warehouse, number)
        assert session.query(TALLY.table)["count"].to_pylist() == [0]
        assert not times
    put(warehouse, 9)
    assert (len(times), count(warehouse)) == (1, 9)
    warehouse.close()


def test_who_writes_within_a_writer_ends_first(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    times = opened(monkeypatch)
    with warehouse.engine.write() as outer:
        outer.insert(TALLY, outer.keep("_two", pa.table({"id": [2], "count": [2]})))
        for number in range(5):
            put(warehouse, number)
        assert not times
    assert len(times) == 1
    warehouse.close()
