"""Contacts 联系方式: phones and e-mails of all customers, opened in memory, to be compared and forgotten."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select

from siyu.foundation.stores import Stores
from siyu.identity import _tables

_PART = 50_000


def contacts(stores: Stores, tx: Connection) -> pa.Table:
    """customer_id, place (0, 1, …), phone, email: a customer's first phone beside their first e-mail, and so on."""
    sides = []
    for namespace in ("phone", "email"):
        ids, values = _opened(stores, tx, namespace)
        start = np.searchsorted(ids, ids)
        sides.append(pa.table({"customer_id": ids, "place": np.arange(ids.size) - start, namespace: pa.array(values, pa.string())}))
    return sides[0].join(sides[1], ["customer_id", "place"], join_type="full outer")


def _opened(stores: Stores, tx: Connection, namespace: str) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[str | None]]:
    table = _tables.identifier
    query = select(table.c.customer_id, table.c.value_sealed).where(table.c.namespace == namespace).order_by(table.c.customer_id, table.c.identity_key)
    ids: list[int] = []
    values: list[str | None] = []
    for part in tx.execution_options(yield_per=_PART).execute(query).partitions():
        ids += [row[0] for row in part]
        values += stores.secrets.open([row[1] for row in part], f"identifier {namespace}")
    return np.array(ids, np.int64), values
