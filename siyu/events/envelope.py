"""Envelope 信封: what an event type is: a name, a version, typed and documented columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from siyu.foundation.text import Text


@dataclass(frozen=True)
class Property:
    """One column of an event's rows. `meaning` states the unit."""

    name: str
    type: pa.DataType
    meaning: str


@dataclass(frozen=True)
class EventType:
    """A kind of event. A change of columns is a new `version`; old batches are read as they were written."""

    name: str
    version: int
    label: Text
    description: Text
    properties: tuple[Property, ...]

    @cached_property
    def schema(self) -> pa.Schema:
        return pa.schema([(p.name, p.type) for p in self.properties])

    def table(self, columns: dict[str, object]) -> pa.Table:
        """Rows of this event from columns (arrays or lists); a column that is not given is null."""
        size = len(next(iter(columns.values())))  # type: ignore[arg-type]
        arrays = [
            _column(columns[field.name], field.type) if field.name in columns else pa.nulls(size, field.type)
            for field in self.schema
        ]
        return pa.Table.from_arrays(arrays, schema=self.schema)


def _column(values: object, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(kind)
    return pa.array(values, kind)
