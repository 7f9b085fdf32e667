"""DuckDB in memory for tests: opened once with its tables, and emptied between two of them.

Opening one and making its tables takes ten times as long as emptying it, and nearly every test wants one.
"""

from __future__ import annotations

import threading
from typing import Any

import duckdb

from siyu.app import FACTS
from siyu.foundation.warehouse.connect import CURSORS
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine

_COLUMNS = {fact.name: len(fact.columns) for fact in (*FACTS, CURSORS)}
_free: dict[str, list[duckdb.DuckDBPyConnection]] = {}
_lock = threading.Lock()
_open, _close = DuckDBEngine._open, DuckDBEngine.close


def use_again() -> None:
    """From now on an engine in memory works on an emptied database where one is free.

    It has a connection of its own, which ends with it: who was left behind by a test cannot reach the next one's data.
    """
    DuckDBEngine._open = _borrow  # type: ignore[method-assign]
    DuckDBEngine.close = _give_back  # type: ignore[method-assign]


def _borrow(self: DuckDBEngine) -> duckdb.DuckDBPyConnection:
    if self._file is not None:
        return _open(self)
    key = repr(self._options)
    with _lock:
        free = _free.setdefault(key, [])
        database = free.pop() if free else None
    mine: Any = vars(self)
    mine["_borrowed"] = (key, database or _open(self))
    connection = mine["_borrowed"][1].cursor()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _give_back(self: DuckDBEngine) -> None:
    _close(self)
    key, database = vars(self).pop("_borrowed", (None, None))
    if database is None:
        return
    try:
        for table, columns, rows in database.execute("SELECT table_name, column_count, estimated_size FROM duckdb_tables()").fetchall():
            if rows or _COLUMNS.get(table) != columns:
                database.execute(f'DROP TABLE "{table}"')
    except duckdb.Error:  # somebody who was left behind is still at it
        database.close()
        return
    with _lock:
        _free[key].append(database)
