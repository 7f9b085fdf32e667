"""DuckDB: the embedded engine. One process owns the file; a cursor for every session; writers take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.datashape as ds
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler
from ibis.backends.sql.datatypes import DuckDBType
from sqlglot import exp

from siyu.foundation.errors import UnavailableError
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Values
from siyu.foundation.warehouse.engines.gate import Gate
from siyu.foundation.warehouse.facts import Fact

_SQL_TYPES = {"int64": "BIGINT", "int32": "INTEGER", "float64": "DOUBLE", "string": "VARCHAR", "boolean": "BOOLEAN"}


DRAINED_SECONDS, REWRITES = 5.0, 20
OPENED_FOR = 500
"""Transactions that write, after which the file is opened anew: up to DuckDB 2.0 rows that come and go cost memory until it is
closed (its issue 25162), here some 25 kB a transaction."""
COMPILED, LONGEST = 256, 50_000
"""Statements remembered, and the most characters of one (a list of many customers is not worth keeping). Making one takes
1 to 50 ms, more than most of them run."""


class _Slot(ops.Value):  # type: ignore[misc]
    """Where a parameter stands in a statement."""

    label: str
    dtype: dt.DataType
    shape = ds.scalar


class _Compiler(DuckDBCompiler):  # type: ignore[misc]
    def visit__Slot(self, op: _Slot, **_: Any) -> exp.Expression:  # noqa: N802 - Ibis finds it by this name
        typed: exp.Expression = self.cast(exp.Parameter(this=exp.Var(this=op.label)), op.dtype)
        return typed


_COMPILER = _Compiler()


@dataclass(frozen=True)
class Statement:
    """SQL with the texts bound in it, and the name of each parameter that a run must give."""

    sql: str
    bound: Mapping[str, str]
    slots: Mapping[ops.Node, str]
    schema: ibis.Schema

    @cached_property
    def stated(self) -> str:
        """As a subquery whose columns have the types that the expression states."""
        columns = ", ".join(f'"{name}"::{DuckDBType.to_string(kind)} AS "{name}"' for name, kind in self.schema.items())
        return f"SELECT {columns} FROM ({self.sql})"

    @cached_property
    def arrow(self) -> pa.Schema:
        return self.schema.to_pyarrow()

    def given(self, values: Values | None) -> dict[str, Any]:
        mine = {self.slots[scalar.op()]: value for scalar, value in (values or {}).items() if scalar.op() in self.slots}
        return {**self.bound, **mine}


def compile_query(expression: ir.Expr) -> tuple[str, Mapping[str, str]]:
    """SQL and its parameters: every text literal is taken out of the statement and bound by name."""
    made = compiled(expression)
    return made.sql, made.bound


def compiled(expression: ir.Expr) -> Statement:
    """The statement of an expression; equal expressions are compiled once."""
    op = expression.as_table().op()
    with _remembering:
        known = _remembered.pop(op, None)
        if known:
            _remembered[op] = known
    if known:
        return known
    made = _compile(op)
    with _remembering:
        if len(made.sql) <= LONGEST:
            _remembered[op] = made
        while len(_remembered) > COMPILED:
            del _remembered[next(iter(_remembered))]
    return made


_remembered: dict[ops.Node, Statement] = {}
_remembering = threading.Lock()


def _compile(op: ops.Node) -> Statement:
    slots = {node: f"v{number}" for number, node in enumerate(op.find(ops.ScalarParameter))}
    given = op.replace({node: _Slot(label, node.dtype) for node, label in slots.items()}) if slots else op
    bound: dict[str, str] = {}

    def bind(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Literal) and node.is_string:
            name = f"p{len(bound)}"
            bound[name] = node.this
            return exp.Parameter(this=exp.Var(this=name))
        return node

    sql = _COMPILER.to_sqlglot(given.to_expr().unbind()).transform(bind).sql("duckdb")
    return Statement(sql, bound, slots, op.schema)


class DuckSession:
    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._kept: set[str] = set()

    def query(self, expression: ir.Expr, values: Values | None = None) -> pa.Table:
        made = compiled(expression)
        # DuckDB sums integers into 128 bits, and a column that was added later comes last: callers get what is stated.
        found = self._cursor.sql(made.sql, params=made.given(values)).to_arrow_table()
        return found.select(made.arrow.names).cast(made.arrow)

    def scalar(self, expression: ir.Expr, values: Values | None = None) -> Any:
        return self.query(expression.as_table(), values).column(0)[0].as_py()

    def keep(self, name: str, what: ir.Table | pa.Table, values: Values | None = None) -> ir.Table:
        bound: dict[str, Any] = {}
        if isinstance(what, pa.Table):
            self._cursor.register("_arriving", what)
            sql, schema = 'SELECT * FROM "_arriving"', ibis.Schema.from_pyarrow(what.schema)
        else:
            made = compiled(what)
            sql, bound, schema = made.stated, made.given(values), made.schema
        self._cursor.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {sql}', bound or None)
        if isinstance(what, pa.Table):
            self._cursor.unregister("_arriving")
        self._kept.add(name)
        return ibis.table(schema, name=name)

    def end(self) -> None:
        for name in self._kept:
            self._cursor.execute(f'DROP TABLE IF EXISTS temp."{name}"')

    # Writing; reached only through `write`, inside its transaction.
    def insert(self, fact: Fact, rows: ir.Table) -> None:
        names = ", ".join(f'"{column.name}"' for column in fact.columns)
        sql, bound = compile_query(_columns(rows.op(), tuple(column.name for column in fact.columns)))
        self._cursor.execute(f'INSERT INTO "{fact.name}" ({names}) {sql}', dict(bound) or None)

    def delete(self, fact: Fact, keys: ir.Table, on: Sequence[str]) -> None:
        sql, bound = compile_query(_keys(keys.op(), tuple(on)))
        same = " AND ".join(f'"{fact.name}"."{name}" = k."{name}"' for name in on)
        self._cursor.execute(f'DELETE FROM "{fact.name}" USING ({sql}) k WHERE {same}', dict(bound) or None)

    def clear(self, fact: Fact) -> None:
        self._cursor.execute(f'DELETE FROM "{fact.name}"')


@lru_cache(COMPILED)
def _columns(rows: ops.Node, names: tuple[str, ...]) -> ir.Table:
    return rows.to_expr().select(list(names))


@lru_cache(COMPILED)
def _keys(rows: ops.Node, names: tuple[str, ...]) -> ir.Table:
    return _columns(rows, names).distinct()


class DuckDBEngine:
    """See `Engine`. `file` None keeps everything in memory (tests)."""

    name = "duckdb"

    def __init__(self, file: Path | None, memory: str, threads: int = 0, spill: Path | None = None) -> None:
        # Row order is never relied on (every window has a total order), so DuckDB may write in parallel.
        self._options: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory, "preserve_insertion_order": False}
        if threads:
            self._options["threads"] = threads
        if spill:
            self._options["temp_directory"] = str(spill)
        self._file, self._spill = file, spill
        self._connection = self._open()
        self._writing = threading.RLock()
        self._writers = self._written = 0
        self._gate = Gate()

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(str(self._file) if self._file else ":memory:", config=self._options)
        # Its allocator gives back what it no longer needs only where a thread of its own sees to that.
        connection.execute("SET TimeZone = 'UTC'; SET allocator_background_threads = true")
        return connection

    def create(self, facts: Sequence[Fact]) -> None:
        with self._writing:
            there: dict[str, set[str]] = {}
            for table, column in self._connection.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main'").fetchall():
                there.setdefault(table, set()).add(column)
            missing = [statement for fact in facts for statement in _missing(fact, there.get(fact.name))]
            if missing:
                self._connection.execute("; ".join(["BEGIN", *missing, "COMMIT"]))

    @contextmanager
    def read(self) -> Iterator[DuckSession]:
        with self._gate:
            cursor = self._connection.cursor()
            session = DuckSession(cursor)
            try:
                cursor.begin()
                yield session
                cursor.rollback()
            finally:
                cursor.close()

    @contextmanager
    def write(self) -> Iterator[DuckSession]:
        with self._writing:
            cursor = self._connection.cursor()
            session = DuckSession(cursor)
            cursor.begin()
            self._writers += 1
            try:
                yield session
                session.end()
                cursor.commit()
            except BaseException:
                cursor.rollback()
                raise
            finally:
                cursor.close()
                self._writers -= 1
            self._written += 1
            if self._written >= OPENED_FOR and not self._writers:
                self._open_anew()

    def _open_anew(self) -> None:
        """Give back the memory that only closing gives back, if nobody reads just now; else after the next one that writes."""
        if self._file is None or not self._gate.shut(0):
            return
        try:
            self._connection.close()
            self._connection, self._written = self._open(), 0
        finally:
            self._gate.open()

    def rewrite(self) -> None:
        """Copy what is alive into a new file and open that in the old one's place; DuckDB keeps the bytes of deleted rows else.

        Writers wait, readers go on while it is copied; for the swap itself nobody may be reading. Whoever reads and
        wants to write would wait for this one, as this one does for them: so it steps back and tries again.
        """
        if self._file is None:
            return
        for _ in range(REWRITES):
            with self._writing:
                fresh = self._copied(self._file)
                if self._gate.shut(DRAINED_SECONDS):
                    try:
                        self._swap(self._file, fresh)
                    finally:
                        self._gate.open()
                    return
                fresh.unlink()
        raise UnavailableError(
            Text("数仓一直有人在读，暂时不能重写文件", "the warehouse is being read all the time and its file cannot be written anew just now"),
            way_out=Text("稍后会自动再试", "it is tried again by itself"),
        )

    def _copied(self, file: Path) -> Path:
        fresh = file.with_name(file.name + ".new")
        fresh.unlink(missing_ok=True)
        cursor = self._connection.cursor()
        try:
            (alive,) = cursor.execute("SELECT current_database()").fetchall()[0]
            place = str(fresh).replace("'", "''")
            cursor.execute(f"ATTACH '{place}' AS fresh")
            try:
                cursor.execute(f'COPY FROM DATABASE "{alive}" TO fresh')
                cursor.execute("CHECKPOINT fresh")
            finally:
                cursor.execute("DETACH fresh")
        finally:
            cursor.close()
        return fresh

    def _swap(self, file: Path, fresh: Path) -> None:
        self._connection.close()
        file.with_name(file.name + ".wal").unlink(missing_ok=True)
        fresh.replace(file)
        if self._spill and self._spill.is_dir():
            # What a killed process has spilled; nobody has it open now.
            for left in self._spill.iterdir():
                left.unlink()
        self._connection = self._open()

    def close(self) -> None:
        self._connection.close()


def _missing(fact: Fact, there: set[str] | None) -> list[str]:
    """Statements that bring a table to the columns of its fact; `there`: those that it has, None without a table."""
    columns = [f'"{c.name}" {_SQL_TYPES[c.type]}' for c in fact.columns if c.name not in (there or ())]
    if there is None:
        return [f'CREATE TABLE "{fact.name}" ({", ".join(columns)})']
    return [f'ALTER TABLE "{fact.name}" ADD COLUMN {column}' for column in columns]


def private_connection(memory: str, threads: int = 0) -> duckdb.DuckDBPyConnection:
    """A DuckDB of the caller's own that lives in memory and never spills: for values that must not lie on disk in clear."""
    # An empty folder for temporary files turns spilling off.
    options: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory, "temp_directory": ""}
    if threads:
        options["threads"] = threads
    return duckdb.connect(":memory:", config=options)
