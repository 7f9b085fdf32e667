"""Facts 事实表: what a room publishes for analysis, with its grain, key, columns and units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import ibis
import ibis.expr.types as ir
import pyarrow as pa

Type = Literal["int64", "int32", "float64", "string", "boolean"]
_ARROW: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "int32": pa.int32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
}


@dataclass(frozen=True)
class Column:
    """One column. `meaning` states the unit: `_ms` epoch milliseconds UTC, `_on` local day number, `_fen`, `_rate` …"""

    name: str
    type: Type
    meaning: str


@dataclass(frozen=True)
class Batch:
    """One batch of the event log as the warehouse sees it: rows of one event, at one position."""

    position: int
    event: str
    rows: pa.Table


Translate = Callable[[Batch], pa.Table]
Tables = Mapping[str, ir.Table]


@dataclass(frozen=True, eq=False)
class Fact:
    """A table of the warehouse; equal to itself alone.

    `grain` says what one row is; `key` is unique. A fact is filled in one of two ways: `sources` translates batches of
    events (one function an event name), or `derive` computes it from other facts, for the values of `group` that
    the arriving rows carry; so a row that comes again must stay in its group. `on_duplicate` says which row stays when a key comes again. A fact whose rows belong to a person has both
    `identity_key` (as it came in) and `customer_id` (whom that identifier belongs to now; filled at publishing).
    With `always`, a fact derived from one other is brought up to date inside every transaction that changes that one,
    whoever writes, and for the groups of the rows that went as well; publishing leaves it alone.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sources: Mapping[str, Translate] = field(default_factory=dict)
    derive: Callable[[Tables], ir.Table] | None = None
    derive_from: tuple[str, ...] = ()
    group: str = ""
    always: bool = False
    on_duplicate: Literal["keep", "replace"] = "replace"
    links_identity: bool = False

    @property
    def needs_customer(self) -> bool:
        return not self.links_identity and {"identity_key", "customer_id"} <= {column.name for column in self.columns}

    @cached_property
    def arrow(self) -> pa.Schema:
        return pa.schema([(column.name, _ARROW[column.type]) for column in self.columns])

    @cached_property
    def table(self) -> ir.Table:
        """The fact as an unbound Ibis table: expressions are written against it and compiled by the engine."""
        return ibis.table({column.name: column.type for column in self.columns}, name=self.name)
