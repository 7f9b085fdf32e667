"""Quotas 配额: what was used of every window of an account's calls, and what the carrier has closed for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from siyu.carriers import _tables
from siyu.carriers._limits import used


@dataclass(frozen=True)
class Quota:
    """One window of one API. `used_count` counts calls that were made; of a window shorter than an hour it is at most what
    processes have taken for themselves in it (they take calls by the slice), and never more than the hour's calls."""

    api: str
    seconds: int
    used_count: int
    limit_count: int
    ends_at: datetime
    blocked_until: datetime | None
    blocked_code: str | None


def quotas_of(tx: Connection, account_id: int, now: datetime) -> list[Quota]:
    """Those closed first, then by the share that is used."""
    table = _tables.block
    rows = tx.execute(select(table).where(table.c.account_id == account_id, table.c.until > now))
    closed = {row.api: (row.until, row.code) for row in rows}
    windows: list[dict[str, Any]] = used(tx, account_id, now)
    for window in windows:
        began = (window["ends_at"] - timedelta(seconds=window["seconds"])).replace(minute=0, second=0, microsecond=0)
        window["used_count"] = min(window["used_count"], _called(tx, account_id, window["api"], began))
    found = [Quota(**window, blocked_until=closed.get(window["api"], (None, None))[0], blocked_code=closed.get(window["api"], (None, None))[1]) for window in windows]
    return sorted(found, key=lambda quota: (quota.blocked_until is None, -quota.used_count / max(1, quota.limit_count), quota.api, quota.seconds))


def _called(tx: Connection, account_id: int, api: str, since: datetime) -> int:
    table = _tables.call
    mine = (table.c.account_id == account_id) & (table.c.api == api) & (table.c.hour_at >= since)
    return int(tx.scalar(select(func.sum(table.c.count)).where(mine)) or 0)
