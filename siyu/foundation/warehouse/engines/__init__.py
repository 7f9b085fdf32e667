"""Engines 引擎: each runs the same Ibis expressions and keeps the same facts. Only these files import an engine's package.

An engine gives sessions. A session reads one consistent state, may keep intermediate tables that nobody else sees, and,
if opened for writing, changes facts in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.warehouse.facts import Fact

Values = Mapping[ir.Scalar, Any]
"""What the parameters (`ibis.param`) of an expression stand for in this run. An expression that is kept and asked again
with other values is compiled once."""


class Session(Protocol):
    """A reader's view. Text values of an expression are bound as parameters, never part of the statement."""

    def query(self, expression: ir.Expr, values: Values | None = None) -> pa.Table: ...

    def scalar(self, expression: ir.Expr, values: Values | None = None) -> Any: ...

    def keep(self, name: str, what: ir.Table | pa.Table, values: Values | None = None) -> ir.Table:
        """Compute an intermediate table once, for this session; returns it as an Ibis table."""
        ...


class WriteSession(Session, Protocol):
    """A writer's view: everything done in it becomes visible together at its end, or not at all."""

    def insert(self, fact: Fact, rows: ir.Table) -> None: ...

    def delete(self, fact: Fact, keys: ir.Table, on: Sequence[str]) -> None:
        """Remove the rows of `fact` whose `on` columns are among `keys`."""
        ...

    def clear(self, fact: Fact) -> None: ...


class Engine(Protocol):
    """One analytic engine with its tables."""

    name: str

    def create(self, facts: Sequence[Fact]) -> None:
        """Make the tables that are missing and add the columns that are new."""
        ...

    def read(self) -> AbstractContextManager[Session]: ...

    def write(self) -> AbstractContextManager[WriteSession]: ...

    def rewrite(self) -> None:
        """Write the files anew, so that nothing of rows that were deleted is left in them. Readers go on meanwhile."""
        ...

    def close(self) -> None: ...
