"""Runs 在途: rows of enrolments as sets: written, changed, ended, and told to the log. What may happen to them is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, select, text

from siyu.events import log
from siyu.events.catalogue.journeys import JOURNEY_RUNS_CHANGED
from siyu.foundation.clock import from_ms
from siyu.foundation.database import among, insert_ignore
from siyu.foundation.ids import Ints
from siyu.journeys import _tables
from siyu.journeys.states import STATES

_table, _standing = _tables.enrolment, _tables.standing
TOGETHER = 50_000
"""Rows told to the log in one batch."""


def new_ids(tx: Connection, count: int) -> Ints:
    """Numbers for new runs, ascending. SQLite has one writer; PostgreSQL gives them out itself."""
    if tx.dialect.name == "sqlite":
        first = int(tx.scalar(select(func.max(_table.c.id))) or 0) + 1
        return np.arange(first, first + count, dtype=np.int64)
    query = text("SELECT nextval(pg_get_serial_sequence('journeys_enrolment', 'id')) FROM generate_series(1, :n)")
    return np.sort(np.array(tx.scalars(query, {"n": count}).all(), np.int64))


def add(tx: Connection, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert runs and where they stand, straight to the driver: all columns of both tables, each as a list (`id` is that of the run)."""
    _insert(tx, _table, columns)
    _insert(tx, _standing, {**columns, "enrolment_id": columns["id"]})


def _insert(tx: Connection, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    names = [column.name for column in table.c]
    rows = list(zip(*(columns[name] for name in names), strict=True))
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows)
        return
    driver = tx.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def change(tx: Connection, ids: Ints, values: Mapping[str, Sequence[Any] | Any]) -> None:
    """Set columns of where runs stand, each to a list of values or to one for all. Columns that stay are not named: their indexes are left alone."""
    _set(tx, _standing, ids, values)


def mark_goal(tx: Connection, ids: Ints, goal_ms: Sequence[int]) -> None:
    """Write down when each of these runs reached the goal."""
    _set(tx, _table, ids, {"goal_ms": list(goal_ms)})


def _set(tx: Connection, table: Table, ids: Ints, values: Mapping[str, Sequence[Any] | Any]) -> None:
    [key] = [column.name for column in table.primary_key]
    if tx.dialect.name == "sqlite":
        sets = ", ".join(f"{name} = ?" for name in values)
        columns = [value if isinstance(value, list) else [value] * len(ids) for value in values.values()]
        tx.exec_driver_sql(f"UPDATE {table.name} SET {sets} WHERE {key} = ?", list(zip(*columns, ids.tolist(), strict=True)))
        return
    # Most of a batch has the same values: only what differs is sent row by row.
    alike = {name: value[0] if isinstance(value, list) else value for name, value in values.items() if not isinstance(value, list) or value.count(value[0]) == len(value)}
    lists = {name: value for name, value in values.items() if name not in alike}
    sets = ", ".join(f"{name} = {f'n.{name}' if name in lists else f'CAST(:{name} AS {_KINDS[name]})'}" for name in values)
    arrays = "".join(f", CAST(:{name} AS {_KINDS[name]}[])" for name in lists)
    query = f"UPDATE {table.name} AS s SET {sets} FROM unnest(CAST(:key AS bigint[]){arrays}) AS n({', '.join(['key', *lists])}) WHERE s.{key} = n.key"
    with one_by_one(tx):
        tx.execute(text(query), {"key": _array(ids.tolist()), **alike, **{name: _array(column) for name, column in lists.items()}})


@contextmanager
def one_by_one(tx: Connection) -> Iterator[None]:
    """On PostgreSQL rows are looked up by their key here: it would rather read the whole table for each batch."""
    if tx.dialect.name == "sqlite":
        yield
        return
    tx.exec_driver_sql("; ".join(f"SET LOCAL {one} = off" for one in _WHOLE_TABLE))
    yield
    tx.exec_driver_sql("; ".join(f"SET LOCAL {one} TO DEFAULT" for one in _WHOLE_TABLE))


_WHOLE_TABLE = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")


def _array(values: Sequence[Any]) -> str:
    """An array as PostgreSQL writes it: the driver takes twenty times as long."""
    return f"{{{','.join(['NULL' if value is None else _quoted(value) if type(value) is str else str(value) for value in values])}}}"


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain(tx: Connection, query: Select[Any]) -> list[tuple[Any, ...]]:
    """The driver's own rows of a query of numbers and texts: a third of the time of SQLAlchemy's."""
    return list(tx.execute(query).cursor.fetchall())


_KINDS = {"state": "smallint", "place_id": "bigint", "due_ms": "bigint", "heard": "smallint", "arrived_ms": "bigint", "ended_ms": "bigint", "code": "text", "goal_ms": "bigint"}


def forget_heard(tx: Connection, ids: Ints) -> None:
    """What was heard during runs that are over."""
    if len(ids):
        tx.execute(delete(_tables.heard).where(among(tx, _tables.heard.c.enrolment_id, ids.tolist())))


def remember(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """What happened during runs, each event once."""
    insert_ignore(tx, _tables.heard, rows)


def heard_of(tx: Connection, ids: Ints) -> pa.Table:
    """What runs have heard so far: see `people.Heard`."""
    table = _tables.heard
    query = select(table.c.enrolment_id, table.c.event_key, table.c.name, table.c.at_ms, table.c.properties, table.c.is_entry)
    rows = tx.execute(query.where(among(tx, table.c.enrolment_id, ids.tolist())).order_by(table.c.at_ms, table.c.event_key)).all()
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), (), ()]
    kinds = {"enrolment_id": pa.int64(), "event_key": pa.int64(), "name": pa.string(), "at_ms": pa.int64(), "properties": pa.string(), "is_entry": pa.bool_()}
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)})


def tell(tx: Connection, which: ColumnElement[bool], now_ms: int) -> None:
    """Append how some runs stand now to the log."""
    with one_by_one(tx):
        rows = plain(tx, select(*(_both[name] for name in _TOLD)).select_from(_tables.run).where(which).order_by(_table.c.id))
    for start in range(0, len(rows), TOGETHER):
        some = dict(zip(_TOLD, zip(*rows[start : start + TOGETHER], strict=True), strict=True))
        tell_columns(tx, {name: list(values) for name, values in some.items()}, now_ms)


def tell_columns(tx: Connection, columns: Mapping[str, Sequence[Any]], now_ms: int) -> None:
    """The same of runs that are at hand as columns of their table."""
    told = {("enrolment_id" if name == "id" else name): values for name, values in columns.items() if name in _TOLD}
    told["state"] = pa.DictionaryArray.from_arrays(pa.array(columns["state"], pa.int8()), pa.array(STATES)).cast(pa.string())
    log.append(tx, JOURNEY_RUNS_CHANGED, JOURNEY_RUNS_CHANGED.table({**told, "at_ms": np.full(len(columns["id"]), now_ms)}), now=from_ms(now_ms))


_both = {column.name: column for column in (*_standing.c, *_table.c)}
_TOLD = ("id", "journey_id", "version", "customer_id", "number", "state", "code", "entered_ms", "ended_ms", "goal_ms")
