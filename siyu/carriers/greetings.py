"""Greetings 欢迎语发送记录: who was greeted, how fast, and who was not, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from siyu.carriers import _tables
from siyu.foundation.clock import to_ms

LOOKED_AT = 2_000
"""So many of the newest greetings say how fast they are."""


@dataclass(frozen=True)
class Greeting:
    event_key: int
    welcome_id: int
    welcome_name: str | None
    external_id: str
    contact_name: str | None
    staff: str
    state: str | None
    status: str
    status_code: str | None
    received_at: datetime
    settled_at: datetime | None

    @property
    def latency_ms(self) -> int | None:
        return None if self.settled_at is None or self.status != "sent" else to_ms(self.settled_at) - to_ms(self.received_at)


@dataclass(frozen=True)
class Totals:
    """Of the last `days`; p50 and p99 of what was sent, from callback to the carrier's answer, in ms (of the newest 2,000)."""

    days: int
    sent: int
    refused: int
    late: int
    attempting: int
    p50_ms: int | None
    p99_ms: int | None


def list_greetings(tx: Connection, account_id: int, *, status: str | None, before: tuple[datetime, int] | None, limit: int) -> list[Greeting]:
    """Newest first."""
    table, welcome, contact = _tables.welcome_dispatch, _tables.welcome, _tables.contact
    named = table.outerjoin(welcome, welcome.c.id == table.c.welcome_id).outerjoin(
        contact, (contact.c.account_id == table.c.account_id) & (contact.c.external_id == table.c.external_id)
    )
    columns: list[Any] = [table.c[name] for name in ("event_key", "welcome_id", "external_id", "staff", "state", "status", "status_code", "received_at", "settled_at")]
    query = select(*columns, welcome.c.name.label("welcome_name"), contact.c.name.label("contact_name")).select_from(named).where(table.c.account_id == account_id)
    if status:
        query = query.where(table.c.status == status)
    if before is not None:
        at, key = before
        query = query.where((table.c.received_at < at) | ((table.c.received_at == at) & (table.c.event_key < key)))
    rows = tx.execute(query.order_by(table.c.received_at.desc(), table.c.event_key.desc()).limit(limit))
    return [Greeting(**row._mapping) for row in rows]


def totals_of(tx: Connection, account_id: int, now: datetime, days: int = 7) -> Totals:
    table = _tables.welcome_dispatch
    recent = (table.c.account_id == account_id) & (table.c.received_at > now - timedelta(days=days))
    counts: dict[str, int] = {status: int(count) for status, count in tx.execute(select(table.c.status, func.count()).where(recent).group_by(table.c.status))}
    newest = select(table.c.received_at, table.c.settled_at).where(recent, table.c.status == "sent").order_by(table.c.received_at.desc()).limit(LOOKED_AT)
    took = sorted(to_ms(row.settled_at) - to_ms(row.received_at) for row in tx.execute(newest) if row.settled_at is not None)
    sent, refused, late, attempting = (counts.get(status, 0) for status in ("sent", "refused", "late", "attempting"))
    return Totals(days, sent, refused, late, attempting, _part(took, 0.5), _part(took, 0.99))


def _part(took: list[int], share: float) -> int | None:
    return took[min(len(took) - 1, int(len(took) * share))] if took else None
