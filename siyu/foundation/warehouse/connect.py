"""Connect 连接数仓: opens the engine and makes the facts' tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from siyu.foundation.settings import Settings
from siyu.foundation.warehouse.engines import Engine, Session
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.foundation.warehouse.facts import Column, Fact, Tables
from siyu.foundation.warehouse.kept import KeepingEngine

CURSORS = Fact(
    name="warehouse_cursor",
    grain="one fact",
    key=("fact",),
    columns=(Column("fact", "string", "name of the fact"), Column("position", "int64", "last position of the event log that it holds")),
)


@dataclass(frozen=True)
class Warehouse:
    """The engine and the facts that the rooms publish on it (all of them, in the order of publishing)."""

    engine: Engine
    facts: Sequence[Fact]

    @property
    def tables(self) -> Tables:
        return {fact.name: fact.table for fact in self.facts}

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self.engine.read() as session:
            yield session

    def close(self) -> None:
        self.engine.close()


def open_warehouse(settings: Settings, facts: Sequence[Fact]) -> Warehouse:
    """Open the embedded engine on the data folder's file."""
    engine = DuckDBEngine(
        settings.warehouse_file, settings.warehouse_memory, settings.warehouse_threads, settings.home / "spill"
    )
    return attach(engine, facts)


def attach(engine: Engine, facts: Sequence[Fact]) -> Warehouse:
    """A warehouse on an engine that is already open (tests, benches, another engine)."""
    keeping = KeepingEngine(engine, facts)
    keeping.create([*facts, CURSORS])
    return Warehouse(keeping, facts)
