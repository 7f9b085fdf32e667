"""Keys 标识索引: identifiers are stored in the order of arrival, and found by key through two narrow tables.

Keys have no order, so each new one falls on a page of its own: in one table of tens of millions every row that is added writes a
page of 4 KB, and adding is as slow as the disk. The newest keys stand in a small table instead, and go to the large one two
million at a time, sorted: several to a page. Measured at 3 M rows: .7 GB written for each million instead of 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Column, Connection, delete, func, select, true
from sqlalchemy.dialects import postgresql, sqlite

from siyu.foundation.database import among, insert_table, select_in
from siyu.identity import _tables

SETTLED_TOGETHER = 1 << 21
_LEVELS = (_tables.recent_key, _tables.settled_key)


def by_key(tx: Connection, columns: Sequence[Column[Any]], keys: Iterable[int]) -> list[Any]:
    """Columns of the identifiers with these keys, in no order; keys that nobody has are absent."""
    wanted, table = np.unique(np.fromiter(keys, np.int64)).tolist(), _tables.identifier
    found: list[Any] = []
    for level in _LEVELS if wanted else ():
        # A key is believed only together with its row: whoever removed the row may have left the key.
        theirs = (level.c.identifier_id == table.c.id) & (level.c.identity_key == table.c.identity_key)
        found += tx.execute(select(*columns).join_from(level, table, theirs).where(among(tx, level.c.identity_key, wanted))).all()
    return found


def store(tx: Connection, rows: pa.Table) -> None:
    """Add identifiers that nobody has: the columns of the table without `id`, times as timestamps in UTC."""
    table = _tables.identifier
    start = int(tx.scalar(select(func.max(table.c.id))) or 0)
    ids = pa.array(range(start + 1, start + 1 + rows.num_rows), pa.int64())
    insert_table(tx, table, rows.append_column("id", ids))
    pairs = pa.table({"identity_key": rows["identity_key"], "identifier_id": ids}).sort_by("identity_key")
    # A key without its row may have stayed behind: it is written over.
    insert_table(tx, _tables.recent_key, pairs, replaces=["identity_key"])
    if start // SETTLED_TOGETHER != (start + rows.num_rows) // SETTLED_TOGETHER:
        _settle(tx)


def forget(tx: Connection, customer_ids: Sequence[int]) -> int:
    """Remove the identifiers of customers, with their keys; how many there were."""
    table = _tables.identifier
    keys = [row[0] for row in select_in(tx, [table.c.identity_key], table.c.customer_id, list(customer_ids))]
    if keys:
        for level in _LEVELS:
            tx.execute(delete(level).where(among(tx, level.c.identity_key, keys)))
        tx.execute(delete(table).where(among(tx, table.c.customer_id, list(customer_ids))))
    return len(keys)


def _settle(tx: Connection) -> None:
    """Bring the newest keys to the others, in their order."""
    recent, settled = _LEVELS
    # Without WHERE, SQLite would read ON CONFLICT as the condition of a join.
    rows = select(recent.c.identity_key, recent.c.identifier_id).where(true()).order_by(recent.c.identity_key)
    new = sqlite.insert(settled) if tx.dialect.name == "sqlite" else postgresql.insert(settled)
    filled = new.from_select(["identity_key", "identifier_id"], rows)
    tx.execute(filled.on_conflict_do_update(index_elements=["identity_key"], set_={"identifier_id": filled.excluded.identifier_id}))
    tx.execute(delete(recent))
