"""Log 事件日志: batches with positions in commit order and without gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, func, select, update

from siyu.events import _tables
from siyu.events.envelope import EventType
from siyu.foundation.database import Ledger, insert_ignore
from siyu.foundation.warehouse.facts import Batch

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="zstd")
_PAGE = 200


def append(tx: Connection, event: EventType, rows: pa.Table, *, now: datetime, dedup_key: str | None = None) -> int | None:
    """Write one batch in the caller's transaction; returns its position.

    `dedup_key` makes the append idempotent: a second batch with the same key is not written and None is returned.
    Positions are given by one row that every append updates, so they follow the order of commits; a reader that has
    seen position n will never find a smaller one later.
    """
    if rows.num_rows == 0:
        return None
    if rows.schema != event.schema:
        rows = rows.select(event.schema.names).cast(event.schema)
    position = _next_position(tx)
    if dedup_key and tx.scalar(select(_tables.batch.c.position).where(_tables.batch.c.dedup_key == dedup_key)):
        return None
    tx.execute(
        _tables.batch.insert().values(
            position=position,
            event=event.name,
            version=event.version,
            row_count=rows.num_rows,
            recorded_at=now,
            dedup_key=dedup_key,
            payload=_packed(rows),
        )
    )
    tx.execute(update(_tables.head).where(_tables.head.c.id == 1).values(position=position))
    return position


def hold(tx: Connection) -> int:
    """Position of the last batch; until this transaction ends nobody else appends, so what was read of the log stays all there is."""
    return _next_position(tx) - 1


def head(tx: Connection) -> int:
    """Position of the last batch; 0 for an empty log."""
    return int(tx.scalar(select(_tables.head.c.position).where(_tables.head.c.id == 1)) or 0)


def batches(tx: Connection, after: int, through: int | None, events: Sequence[str], limit: int = _PAGE) -> list[Batch]:
    """The next batches of these events after a position, in order."""
    table = _tables.batch
    query = select(table.c.position, table.c.event, table.c.payload).where(table.c.position > after, table.c.event.in_(list(events)), table.c.row_count > 0)
    if through is not None:
        query = query.where(table.c.position <= through)
    rows = tx.execute(query.order_by(table.c.position).limit(limit))
    return [Batch(position, event, _unpacked(payload)) for position, event, payload in rows]


def read(ledger: Ledger, after: int, through: int, events: Sequence[str]) -> Iterator[Batch]:
    """All batches of these events in (after, through], read page by page."""
    while True:
        with ledger.read() as tx:
            page = batches(tx, after, through, events, limit=20)
        yield from page
        if len(page) < 20:
            return
        after = page[-1].position


@dataclass(frozen=True)
class Rewritten:
    """How far a rewriting has come (None: to its end), and by event the rows that went and those that changed."""

    reached: int | None
    gone: dict[str, int]
    changed: dict[str, int]


Change = Callable[[str, pa.Table], tuple[pa.Table, int] | None]
"""(event, rows) → the rows that stay and how many of them are new; None when nothing is to be changed."""


def rewrite(tx: Connection, after: int, through: int, change: Change, *, limit: int = _PAGE) -> Rewritten:
    """Write the next batches in (after, through] anew without what must go. A batch keeps its position, also when it is empty."""
    table = _tables.batch
    query = select(table.c.position, table.c.event, table.c.payload).where(table.c.position > after, table.c.position <= through, table.c.row_count > 0)
    page = tx.execute(query.order_by(table.c.position).limit(limit)).all()
    gone: dict[str, int] = {}
    changed: dict[str, int] = {}
    for position, event, payload in page:
        rows = _unpacked(payload)
        left = change(event, rows)
        if left is None:
            continue
        tx.execute(update(table).where(table.c.position == position).values(row_count=left[0].num_rows, payload=_packed(left[0])))
        gone[event] = gone.get(event, 0) + rows.num_rows - left[0].num_rows
        changed[event] = changed.get(event, 0) + left[1]
    return Rewritten(page[-1].position if len(page) == limit else None, gone, changed)


def counts(tx: Connection, since: datetime) -> dict[str, int]:
    """Rows recorded since an instant, by event name."""
    table = _tables.batch
    query = select(table.c.event, func.sum(table.c.row_count)).where(table.c.recorded_at >= since).group_by(table.c.event)
    return {event: int(count) for event, count in tx.execute(query)}


def _next_position(tx: Connection) -> int:
    insert_ignore(tx, _tables.head, [{"id": 1, "position": 0}])
    # The row stays locked until the transaction ends: appends take turns.
    return int(tx.scalar(select(_tables.head.c.position).where(_tables.head.c.id == 1).with_for_update()) or 0) + 1


def _packed(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=_COMPRESSED) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


def _unpacked(payload: bytes) -> pa.Table:
    with pa.ipc.open_stream(payload) as reader:
        return reader.read_all()
