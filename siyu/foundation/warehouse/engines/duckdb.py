"""DuckDB: the embedded engine. One process owns the file; a cursor for every session; writers take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.compilers.duckdb import compiler
from ibis.backends.sql.datatypes import DuckDBType
from sqlglot import exp

from siyu.foundation.warehouse.facts import Fact

_SQL_TYPES = {"int64": "BIGINT", "int32": "INTEGER", "float64": "DOUBLE", "string": "VARCHAR", "boolean": "BOOLEAN"}


def compile_query(expression: ir.Expr) -> tuple[str, dict[str, str]]:
    """SQL and its parameters: every text literal is taken out of the statement and bound by name."""
    bound: dict[str, str] = {}

    def bind(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Literal) and node.is_string:
            name = f"p{len(bound)}"
            bound[name] = node.this
            return exp.Parameter(this=exp.Var(this=name))
        return node

    return compiler.to_sqlglot(expression.unbind()).transform(bind).sql("duckdb"), bound


class DuckSession:
    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._kept: set[str] = set()

    def query(self, expression: ir.Expr) -> pa.Table:
        sql, bound = compile_query(expression)
        # DuckDB sums integers into 128 bits, and a column that was added later comes last: callers get what is stated.
        stated = expression.as_table().schema().to_pyarrow()
        return self._cursor.sql(sql, params=bound).to_arrow_table().select(stated.names).cast(stated)

    def scalar(self, expression: ir.Expr) -> Any:
        return self.query(expression.as_table()).column(0)[0].as_py()

    def keep(self, name: str, what: ir.Table | pa.Table) -> ir.Table:
        if isinstance(what, pa.Table):
            self._cursor.register("_arriving", what)
            bound: dict[str, str] = {}
            sql, schema = 'SELECT * FROM "_arriving"', ibis.Schema.from_pyarrow(what.schema)
        else:
            (sql, bound), schema = compile_query(what), what.schema()
            stated = ", ".join(f'"{n}"::{DuckDBType.to_string(t)} AS "{n}"' for n, t in schema.items())
            sql = f"SELECT {stated} FROM ({sql})"
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
        sql, bound = compile_query(rows.select([column.name for column in fact.columns]))
        self._cursor.execute(f'INSERT INTO "{fact.name}" ({names}) {sql}', bound or None)

    def delete(self, fact: Fact, keys: ir.Table, on: Sequence[str]) -> None:
        sql, bound = compile_query(keys.select(list(on)).distinct())
        same = " AND ".join(f'"{fact.name}"."{name}" = k."{name}"' for name in on)
        self._cursor.execute(f'DELETE FROM "{fact.name}" USING ({sql}) k WHERE {same}', bound or None)

    def clear(self, fact: Fact) -> None:
        self._cursor.execute(f'DELETE FROM "{fact.name}"')


class DuckDBEngine:
    """See `Engine`. `file` None keeps everything in memory (tests)."""

    name = "duckdb"

    def __init__(self, file: Path | None, memory: str, threads: int = 0, spill: Path | None = None) -> None:
        # Row order is never relied on (every window has a total order), so DuckDB may write in parallel.
        options: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory, "preserve_insertion_order": False}
        if threads:
            options["threads"] = threads
        if spill:
            options["temp_directory"] = str(spill)
        self._connection = duckdb.connect(str(file) if file else ":memory:", config=options)
        self._connection.execute("SET TimeZone = 'UTC'")
        self._writing = threading.RLock()

    def create(self, facts: Sequence[Fact]) -> None:
        with self._writing:
            for fact in facts:
                columns = ", ".join(f'"{c.name}" {_SQL_TYPES[c.type]}' for c in fact.columns)
                self._connection.execute(f'CREATE TABLE IF NOT EXISTS "{fact.name}" ({columns})')
                for c in fact.columns:
                    self._connection.execute(f'ALTER TABLE "{fact.name}" ADD COLUMN IF NOT EXISTS "{c.name}" {_SQL_TYPES[c.type]}')

    @contextmanager
    def read(self) -> Iterator[DuckSession]:
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
            try:
                yield session
                session.end()
                cursor.commit()
            except BaseException:
                cursor.rollback()
                raise
            finally:
                cursor.close()

    def close(self) -> None:
        self._connection.close()
