"""Parquet: typed columns; those of types that an order line cannot have are read as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text
from siyu.orders._rows import WAY_OUT, header_names

_DAMAGED = (pa.ArrowException, OSError, ValueError)


def columns(path: Path) -> list[str]:
    """Names of the columns.

    Raises
    ------
    InvalidError
    """
    try:
        return header_names(pq.ParquetFile(path).schema_arrow.names)
    except _DAMAGED as error:
        raise _damaged() from error


def row_count(path: Path) -> int:
    return int(pq.ParquetFile(path).metadata.num_rows)


def batches(path: Path, wanted: list[str], size: int) -> Iterator[tuple[pa.Array, dict[str, pa.Array]]]:
    """(row numbers from 1, columns) for every `size` rows."""
    try:
        file = pq.ParquetFile(path)
        stored = file.schema_arrow.names
        at = {name: place for place, name in enumerate(header_names(stored)) if name in wanted}
        start = 1
        for batch in file.iter_batches(batch_size=size, columns=[stored[place] for place in at.values()]):
            fields = {name: batch.schema.get_all_field_indices(stored[place])[stored[:place].count(stored[place])] for name, place in at.items()}
            lines = pa.array(range(start, start + batch.num_rows), pa.int64())
            start += batch.num_rows
            yield lines, {name: _plain(batch.column(field)) for name, field in fields.items()}
    except _DAMAGED as error:
        raise _damaged() from error


def _plain(column: pa.Array) -> pa.Array:
    """Text, numbers, dates and times as they are; all else (lists, bytes, durations …) as text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_string(kind):
        return column
    if pa.types.is_decimal(kind) or pa.types.is_boolean(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    return pa.array([_shown(value) for value in column.to_pylist()], pa.string())


def _shown(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return None if value is None else str(value)


def _damaged() -> InvalidError:
    return InvalidError(Text("Parquet 文件已损坏或不完整", "the Parquet file is damaged or incomplete"), way_out=WAY_OUT)
