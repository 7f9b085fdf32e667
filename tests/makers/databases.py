"""PostgreSQL databases for tests: made once, and emptied between two of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine, text

EMPTY = """
DO $$
DECLARE one text; used text[] := '{}'; has_rows boolean;
BEGIN
  FOR one IN SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE 'SELECT EXISTS (SELECT FROM ' || one || ')' INTO has_rows;
    IF has_rows THEN used := used || one; END IF;
  END LOOP;
  IF used <> '{}' THEN EXECUTE 'TRUNCATE ' || array_to_string(used, ',') || ' CASCADE'; END IF;
  FOR one IN SELECT format('%I', sequencename) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    EXECUTE 'ALTER SEQUENCE ' || one || ' RESTART';
  END LOOP;
END $$
"""
SHAPE = """
SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
  SELECT c.relname || '.' || a.attname || ':' || a.atttypid || a.attnotnull AS line
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped
  UNION ALL SELECT conname || ':' || contype::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
) parts
"""


class Databases:
    """PostgreSQL databases with every table and nothing in them. One that was used is emptied and gets another name, so that
    whoever was left behind with the old one finds nothing; that takes a tenth of the time of a new one.
    """

    def __init__(self, server_url: str, blank: str) -> None:
        self._server = create_engine(server_url, isolation_level="AUTOCOMMIT")
        self._url, self._blank = self._server.url, blank
        self._shape = self._shape_of(blank)
        self._free: list[str] = []
        self._made = 0

    @contextmanager
    def one(self) -> Iterator[str]:
        """The URL of a database for one test."""
        name = self._free.pop() if self._free else self._new()
        yield self._url.set(database=name).render_as_string(hide_password=False)
        self._put_back(name)

    def close(self) -> None:
        with self._server.connect() as server:
            for name in self._free:
                server.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        self._server.dispose()

    def _new(self) -> str:
        name = self._name()
        with self._server.connect() as server:
            server.execute(text(f"CREATE DATABASE {name} TEMPLATE {self._blank}"))
        return name

    def _name(self) -> str:
        self._made += 1
        return f"siyu_test_{os.getpid()}_{self._made}"

    def _put_back(self, used: str) -> None:
        name = self._name()
        with self._server.connect() as server:
            server.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :used"), {"used": used})
            if self._shape_of(used, empty=True) != self._shape:
                server.execute(text(f"DROP DATABASE {used} WITH (FORCE)"))
                return
            server.execute(text(f"ALTER DATABASE {used} RENAME TO {name}"))
        self._free.append(name)

    def _shape_of(self, name: str, *, empty: bool = False) -> Any:
        """What tables, columns and indexes there are."""
        engine = create_engine(self._url.set(database=name), isolation_level="AUTOCOMMIT")
        with engine.connect() as inside:
            if empty:
                inside.execute(text(EMPTY))
            found = inside.execute(text(SHAPE)).scalar()
        engine.dispose()
        return found
