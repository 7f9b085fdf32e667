"""Seen 去重: keys of operations that were taken in lately; what a client sends again is absorbed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, text

from siyu.collect._tables import operation as table
from siyu.foundation.clock import day_number
from siyu.foundation.stores import Stores

PARTS = 64
_KEYS = {
    "sqlite": "(SELECT value AS k FROM json_each(:keys)) AS told",
    "postgresql": "(SELECT CAST(value AS bigint) AS k FROM json_array_elements_text(CAST(:keys AS json))) AS told",
}


def known(tx: Connection, keys: Sequence[int]) -> set[int]:
    """Those of some keys that were taken in already."""
    asked = text(f"SELECT key FROM collect_operation WHERE key IN (SELECT k FROM {_KEYS[tx.dialect.name]})")
    return set(tx.scalars(asked, {"keys": _told(keys)}))


def remember(tx: Connection, keys: Sequence[int], now: datetime) -> int:
    """Keep keys; returns how many were new."""
    asked = text(
        f"INSERT INTO collect_operation (key, seen_on) SELECT k, :day FROM {_KEYS[tx.dialect.name]} WHERE true ON CONFLICT DO NOTHING"
    )
    return tx.execute(asked, {"keys": _told(keys), "day": day_number(now.date())}).rowcount


def forget(stores: Stores) -> None:
    """Drop keys that are older than clients send again, a part at a time, so that nobody waits long for the ledger."""
    before = day_number(stores.now().date()) - stores.settings.collect_repeat_days
    width = 2**63 // PARTS
    for part in range(PARTS):
        with stores.ledger.begin() as tx:
            mine = table.c.key.between(part * width, (part + 1) * width - 1)
            tx.execute(delete(table).where(mine, table.c.seen_on < before))


def _told(keys: Sequence[int]) -> str:
    # In order: neighbours of a tree lie on the same pages.
    return msgspec.json.encode(sorted(keys)).decode()
