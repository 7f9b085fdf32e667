"""Kept 随写随算: facts that are brought up to date inside every transaction that changes the fact they are made of.

Whoever reads such a fact may rely on it as on the rows themselves: no writer can forget it, none is seen without it, and
one that is new in an older warehouse is made when the warehouse is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.warehouse.engines import Engine, Session, Values, WriteSession
from siyu.foundation.warehouse.facts import Fact


class KeepingEngine:
    """An engine whose writers keep the facts marked `always`. See `Engine`."""

    def __init__(self, engine: Engine, facts: Sequence[Fact]) -> None:
        self.inner = engine
        self.name = engine.name
        self._sources = {fact.name: fact for fact in facts}
        self._kept: dict[str, list[Fact]] = {}
        for fact in facts:
            if fact.always:
                (source,) = fact.derive_from
                self._kept.setdefault(source, []).append(fact)

    def create(self, facts: Sequence[Fact]) -> None:
        self.inner.create(facts)
        for source, followers in self._kept.items():
            for fact in followers:
                with self.inner.read() as session:
                    missing = _is_empty(session, fact) and not _is_empty(session, self._sources[source])
                if missing:
                    with self.inner.write() as writer:
                        writer.insert(fact, _derived(fact, self._sources[source].table))

    def read(self) -> AbstractContextManager[Session]:
        return self.inner.read()

    @contextmanager
    def write(self) -> Iterator[WriteSession]:
        with self.inner.write() as writer:
            session = _KeepingSession(writer, self._kept)
            yield session
            session.settle()

    def rewrite(self) -> None:
        self.inner.rewrite()

    def close(self) -> None:
        self.inner.close()


class _KeepingSession:
    """Passes everything on, and remembers the groups of the rows that came and went."""

    def __init__(self, writer: WriteSession, kept: Mapping[str, Sequence[Fact]]) -> None:
        self._writer, self._kept = writer, kept
        self._moved: dict[str, list[ir.Table]] = {}
        self._sources: dict[str, Fact] = {}
        self._count = 0

    def query(self, expression: ir.Expr, values: Values | None = None) -> pa.Table:
        return self._writer.query(expression, values)

    def scalar(self, expression: ir.Expr, values: Values | None = None) -> Any:
        return self._writer.scalar(expression, values)

    def keep(self, name: str, what: ir.Table | pa.Table, values: Values | None = None) -> ir.Table:
        return self._writer.keep(name, what, values)

    def insert(self, fact: Fact, rows: ir.Table) -> None:
        self._note(fact, rows)
        self._writer.insert(fact, rows)

    def delete(self, fact: Fact, keys: ir.Table, on: Sequence[str]) -> None:
        if fact.name in self._kept:
            self._note(fact, fact.table.semi_join(keys, list(on)))
        self._writer.delete(fact, keys, on)

    def clear(self, fact: Fact) -> None:
        for follower in self._kept.get(fact.name, ()):
            self._writer.clear(follower)
        self._writer.clear(fact)

    def settle(self) -> None:
        """Compute the groups noted anew, from the rows as they are at the end of the transaction."""
        for name, moved in self._moved.items():
            follower = next(each for followers in self._kept.values() for each in followers if each.name == name)
            groups = self._writer.keep(f"_moved_{name}", ibis.union(*moved, distinct=True) if len(moved) > 1 else moved[0].distinct())
            rows = self._sources[name].table.semi_join(groups, follower.group)
            fresh = self._writer.keep(f"_kept_{name}", _derived(follower, rows))
            self._writer.delete(follower, groups, [follower.group])
            self._writer.insert(follower, fresh)

    def _note(self, fact: Fact, rows: ir.Table) -> None:
        for follower in self._kept.get(fact.name, ()):
            self._count += 1
            groups = self._writer.keep(f"_moved_{self._count}", rows.select(follower.group).distinct())
            self._moved.setdefault(follower.name, []).append(groups)
            self._sources[follower.name] = fact


def _derived(fact: Fact, rows: ir.Table) -> ir.Table:
    assert fact.derive is not None
    return fact.derive({fact.derive_from[0]: rows}).select([column.name for column in fact.columns])


def _is_empty(session: Session, fact: Fact) -> bool:
    return not session.query(fact.table.select(fact.columns[0].name).limit(1)).num_rows
