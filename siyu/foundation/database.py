"""Ledger 账本: the transactional store. SQLite (WAL) by default, PostgreSQL by URL; one schema, one migration chain."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    literal,
    select,
)
from sqlalchemy import (
    Text as SqlText,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator

from siyu.foundation.errors import UnavailableError
from siyu.foundation.text import Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
TURN_SECONDS = 60.0
BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key that SQLite still treats as its row id."""


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite stores it naive, PostgreSQL with its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time must not reach the ledger")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """Any plain value as JSON text (one encoding on both stores, so a rule reads back as it was written)."""

    impl = SqlText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value)


class Turns:
    """Writers of one process in the order of their arrival.

    SQLite has one writer at a time, and lets the others sleep and try again: one with much to write can keep the rest out
    for a minute. Whoever does not get a turn in a minute is left to SQLite, which says what is wrong.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        if not mine.wait(TURN_SECONDS):
            with self._guard:
                if mine in self._waiting:
                    self._waiting.remove(mine)

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


class Ledger:
    """The open ledger. `begin` writes (one writer at a time on SQLite), `read` sees one consistent moment."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turns = Turns()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back on any exception."""
        if not self.is_sqlite:
            with self.engine.connect() as connection:
                yield connection
                connection.commit()
            return
        with self._turns, self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
            connection.rollback()

    @contextmanager
    def aside(self) -> Iterator[Connection]:
        """A connection outside of any transaction, for what cannot run in one (VACUUM); this process's writers wait on SQLite."""
        if not self.is_sqlite:
            with self.engine.connect() as connection:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
            return
        with self._turns, self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def open_ledger(url: str) -> Ledger:
    """Connect to the ledger; the schema is not touched (see `migrations`)."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        engine = create_engine(target, connect_args={"timeout": 60, "check_same_thread": False}, pool_size=8, max_overflow=8)
        event.listen(engine, "connect", _tune_sqlite)
    else:
        engine = create_engine(target, pool_size=8, max_overflow=8, pool_pre_ping=True)
    return Ledger(engine)


def _tune_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    # The driver must not open transactions by itself: `begin` and `read` say BEGIN IMMEDIATE or BEGIN.
    connection.isolation_level = None
    # A log of 100 MB before it is written back: a page that many identifiers fall into is written back once, not twenty times.
    for pragma in ("journal_mode=WAL", "wal_autocheckpoint=25000", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000", "cache_size=-64000", "temp_store=MEMORY", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def check_ledger(ledger: Ledger) -> None:
    try:
        with ledger.read() as tx:
            tx.execute(select(1))
    except OperationalError as error:
        raise UnavailableError(
            Text("连不上账本数据库", "the ledger database cannot be reached"),
            way_out=Text("检查 SIYU_DATABASE_URL 和数据库是否在运行", "check SIYU_DATABASE_URL and that the database is running"),
        ) from error


def insert_ignore(tx: Connection, table: Table, rows: Sequence[dict[str, Any]], chunk: int = 20_000) -> None:
    """Insert a set of rows, leaving those whose key is already there."""
    new = sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)
    for start in range(0, len(rows), chunk):
        tx.execute(new.on_conflict_do_nothing(), rows[start : start + chunk])


def upsert(tx: Connection, table: Table, rows: Sequence[dict[str, Any]], keys: Sequence[str]) -> None:
    """Insert a set of rows or replace the non-key columns of those that are there. All rows carry the same columns."""
    if not rows:
        return
    new = sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)
    changed = {name: new.excluded[name] for name in rows[0] if name not in keys}
    tx.execute(new.on_conflict_do_update(index_elements=list(keys), set_=changed), list(rows))


def among(tx: Connection, key: Column[Any], values: Sequence[int]) -> ColumnElement[bool]:
    """The condition that a column of whole numbers is one of a set: one bound value, whatever its size."""
    if tx.dialect.name == "sqlite":
        return key.in_(select(func.json_each(msgspec.json.encode(values).decode()).table_valued("value").c.value))
    return key == func.any(literal(list(values), postgresql.ARRAY(BigInteger)))


SPARSE = 8
"""Where fewer than one number in so many is wanted, rows are looked up one by one, not read as a range."""


def whose(tx: Connection, key: Column[Any], ids: Sequence[int]) -> ColumnElement[bool]:
    """A condition that holds for these ascending numbers, and for others between them where they lie close together."""
    low, high = int(ids[0]), int(ids[-1])
    if high - low > SPARSE * len(ids):
        return among(tx, key, [int(one) for one in ids])
    return key.between(low, high)


def select_in(tx: Connection, columns: Sequence[Column[Any]], key: Column[Any], values: Sequence[Any], chunk: int = 10_000) -> list[Any]:
    """Rows whose `key` is in a set of any size (bound in chunks; no driver limit is met)."""
    if values and all(type(value) is int for value in values):
        return list(tx.execute(select(*columns).where(among(tx, key, values))).all())
    found: list[Any] = []
    for start in range(0, len(values), chunk):
        found += tx.execute(select(*columns).where(key.in_(values[start : start + chunk]))).all()
    return found


def insert_table(tx: Connection, table: Table, rows: pa.Table, replaces: Sequence[str] = ()) -> None:
    """Insert rows that come as Arrow, times as timestamps in UTC. None of their keys may be there, unless `replaces` names the key.

    On SQLite they go to the driver as they are: the types of SQLAlchemy would take longer than SQLite itself.
    """
    new = sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)
    changed = {name: new.excluded[name] for name in rows.column_names if name not in replaces}
    filled = new.on_conflict_do_update(index_elements=list(replaces), set_=changed) if replaces else new
    if tx.dialect.name != "sqlite":
        tx.execute(filled, rows.to_pylist())
        return
    statement = filled.compile(dialect=tx.dialect, column_keys=rows.column_names)
    assert isinstance(statement, SQLCompiler)
    columns = [_as_stored(rows[name]).to_pylist() for name in statement.positiontup or ()]
    tx.exec_driver_sql(str(statement), list(zip(*columns, strict=True)))


def _as_stored(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_timestamp(column.type):
        return column
    return column.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us")).cast(pa.string())
