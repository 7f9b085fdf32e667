"""Lists 名单: people who stand in Arrow in a column of the ledger: audiences that are still to be planned, dispatches still to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, and_, func, select, update

from siyu.foundation.database import metadata
from siyu.rights.people import People

LISTS: tuple[tuple[str, str], ...] = (("messaging_audience", "people"), ("messaging_dispatch", "people"))
"""Table and column."""


def leave_lists(tx: Connection, people: People) -> dict[str, int]:
    """Take these people out of every list; returns rows that went, by table. The others stay in their order."""
    counts: dict[str, int] = {}
    for name, column_name in LISTS:
        table = metadata.tables[name]
        key, column = list(table.primary_key.columns), table.c[column_name]
        # One list at a time: a large audience is many megabytes.
        for place in tx.execute(select(*key).where(func.length(column) > 0)).all():
            mine = and_(*(part == value for part, value in zip(key, place, strict=True)))
            rows = _opened(tx.scalar(select(column).where(mine).with_for_update()))
            left = rows.filter(pc.invert(_about(rows, people)))
            if gone := rows.num_rows - left.num_rows:
                tx.execute(update(table).where(mine).values({column_name: _packed(left)}))
                counts[name] = counts.get(name, 0) + gone
    return counts


def _about(rows: pa.Table, people: People) -> pa.ChunkedArray:
    marks: dict[str, Sequence[int]] = {"customer_id": people.customer_ids, "identity_key": people.identity_keys}
    named = [pc.is_in(rows[name], value_set=pa.array(values, pa.int64())) for name, values in marks.items() if name in rows.column_names]
    return reduce(pc.or_, named)


def _opened(blob: bytes | None) -> pa.Table:
    if not blob:
        return pa.table({"customer_id": pa.array([], pa.int64())})
    with pa.ipc.open_stream(blob) as reader:
        return reader.read_all()


def _packed(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())
