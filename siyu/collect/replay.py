"""Replay 重放: what lies in the quarantine is listed, taken in after a fix, or given up with a reason. Nothing goes silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from siyu.collect import feeds, quarantine, translate
from siyu.collect._tables import quarantine as table
from siyu.collect.journal import Arrival
from siyu.collect.wire.reasons import REASONS, Reason
from siyu.events.sealed import cautious, masked, personal_kind
from siyu.foundation.errors import InvalidError, NotFoundError
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import audit

REPLAY = "collect.replay"
TIDY = "collect.tidy"
_TOGETHER = 100
_LOOKED_AT = 20_000
_UNKNOWN = Reason(Text("没有收下", "it was not taken in"), Text("升级后重放", "replay after an upgrade"))


@dataclass(frozen=True)
class Which:
    """Which entries that wait: these, or all of a reason, of a feed, or all."""

    ids: tuple[int, ...] = ()
    reason: str | None = None
    feed: int | None = None

    def conditions(self) -> list[Any]:
        wanted: list[Any] = [table.c.status == "waiting"]
        if self.ids:
            wanted.append(table.c.id.in_(self.ids))
        if self.reason:
            wanted.append(table.c.reason == self.reason)
        if self.feed is not None:
            wanted.append(table.c.feed_id == self.feed)
        return wanted


@dataclass(frozen=True)
class Quarantined:
    """One entry without its content. `status`: waiting, replayed, discarded."""

    id: int
    feed_id: int | None
    reason: str
    detail: str
    operation_count: int
    format: str
    received_at: datetime
    status: str
    settled_at: datetime | None
    settled_by: str | None

    @property
    def says(self) -> Reason:
        return reason_of(self.reason)


_SHOWN = [table.c[name] for name in Quarantined.__dataclass_fields__]


def list_quarantined(
    tx: Connection, *, status: str = "waiting", reason: str | None = None, feed_id: int | None = None, before: int | None = None, limit: int = 50
) -> list[Quarantined]:
    """Entries, the newest first."""
    query = select(*_SHOWN).where(table.c.status == status).order_by(table.c.id.desc()).limit(limit)
    for column, wanted in ((table.c.reason, reason), (table.c.feed_id, feed_id)):
        if wanted is not None:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(table.c.id < before)
    return [Quarantined(**row._mapping) for row in tx.execute(query)]


def reason_of(name: str) -> Reason:
    """Why something lies here, in words; an entry of a newer version has none of its own."""
    return REASONS.get(name, _UNKNOWN)


def count_reasons(tx: Connection, *, status: str = "waiting", feed_id: int | None = None) -> dict[str, int]:
    """Entries by reason, the most frequent first."""
    query = select(table.c.reason, func.count()).where(table.c.status == status).group_by(table.c.reason)
    if feed_id is not None:
        query = query.where(table.c.feed_id == feed_id)
    return dict(sorted(((reason, int(count)) for reason, count in tx.execute(query)), key=lambda pair: (-pair[1], pair[0])))


def look_at(stores: Stores, tx: Connection, number: int) -> tuple[Quarantined, str]:
    """One entry and what it holds, masked.

    Raises
    ------
    NotFoundError
    """
    row = tx.execute(select(*_SHOWN, table.c.arrival_sealed).where(table.c.id == number)).one_or_none()
    if row is None:
        raise NotFoundError(Text(f"没有隔离记录 {number}", f"there is no quarantined entry {number}"), way_out=Text("它可能已过保留期", "its retention may have ended"))
    arrival = quarantine.open_arrival(stores.secrets, row.arrival_sealed)
    values = dict(row._mapping)
    del values["arrival_sealed"]
    return Quarantined(**values), _document(arrival)


def discard(stores: Stores, tx: Connection, which: Which, *, actor: audit.Actor, why: str) -> int:
    """Give entries up; they stay, marked, until their retention ends. Returns how many."""
    if not why.strip():
        raise InvalidError(Text("请写明为什么丢弃", "say why they are discarded"))
    now = stores.now()
    found = tx.execute(update(table).where(*which.conditions()).values(status="discarded", settled_at=now, settled_by=actor.name[:80])).rowcount
    detail = {"count": found, "why": why.strip(), "ids": list(which.ids)[:100], "reason": which.reason, "feed": which.feed}
    audit.record(tx, actor, "quarantine.discarded", "quarantine", detail, now)
    return found


def _replay(running: Running) -> dict[str, Any]:
    """Take entries in again, in their order. Killed in the middle it goes on; what was taken in already is known by its key."""
    stores = running.stores
    arguments = running.arguments
    which = Which(tuple(arguments.get("ids") or ()), arguments.get("reason"), arguments.get("feed"))
    with stores.ledger.read() as tx:
        total = int(tx.scalar(select(func.count()).select_from(table).where(*which.conditions())) or 0)
        last = int(tx.scalar(select(func.max(table.c.id)).where(*which.conditions())) or 0)
    at, done, operations, replayed = 0, 0, 0, 0
    while True:
        with stores.ledger.read() as tx:
            query = select(table.c.id, table.c.content_key, table.c.arrival_sealed).where(*which.conditions(), table.c.id > at, table.c.id <= last)
            rows = tx.execute(query.order_by(table.c.id).limit(_TOGETHER)).all()
        if not rows:
            return {"entries": done, "replayed": replayed, "operations": operations}
        new, settled = again(stores, rows, by=running.created_by or "system")
        at, done = int(rows[-1].id), done + len(rows)
        operations, replayed = operations + new, replayed + settled
        running.progress(done, max(total, done), Text(f"已重放 {replayed} 条", f"{replayed} replayed"))


def again(stores: Stores, rows: Sequence[Any], *, by: str) -> tuple[int, int]:
    """Take these entries in; (operations that were new, entries that are settled). Those that fail as before wait on."""
    with stores.ledger.read() as tx:
        senders = {feed.id: feed for feed in feeds.list_feeds(tx)}
    by_key = {key: feed.id for feed in senders.values() for key in feed.keys(stores.now())}
    opened = [(row, quarantine.open_arrival(stores.secrets, row.arrival_sealed)) for row in rows]
    arrivals = [_belonging(arrival, by_key) for _, arrival in opened if arrival is not None]
    settling = {int(row.content_key): int(row.id) for row, arrival in opened if arrival is not None}
    return translate.take_again(stores, arrivals, senders, settling, by=by)


def _belonging(arrival: Arrival, by_key: dict[str, int]) -> Arrival:
    """A request of no known feed, once there is a feed with its key."""
    return arrival if arrival.feed_id else msgspec.structs.replace(arrival, feed_id=by_key.get(arrival.key, 0))


def _tidy(running: Running) -> dict[str, Any]:
    """Remove what has been kept long enough, and say how much that was."""
    stores = running.stores
    before = stores.now() - timedelta(days=stores.settings.collect_quarantine_days)
    old = table.c.received_at < before
    with running.begin() as tx:
        found = {f"{status} {reason}": int(count) for status, reason, count in tx.execute(select(table.c.status, table.c.reason, func.count()).where(old).group_by(table.c.status, table.c.reason))}
        if found:
            tx.execute(delete(table).where(old))
            audit.record(tx, audit.SYSTEM, "quarantine.expired", "quarantine", {"counts": found, "before": before.isoformat()}, stores.now())
    return {"removed": sum(found.values())}


def _document(arrival: Arrival | None) -> str:
    if arrival is None:
        return ""
    try:
        content = _hidden("", msgspec.json.decode(arrival.body[:_LOOKED_AT]))
    except msgspec.DecodeError:
        return cautious(arrival.body[:_LOOKED_AT].decode("utf-8", "replace"), 2_000)
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode()


def _hidden(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _hidden(key, each) for key, each in value.items()}
    if isinstance(value, list):
        return [_hidden(name, each) for each in value[:50]]
    if value is not None and personal_kind(name.removeprefix("$identity_")):
        return masked(name.removeprefix("$identity_"), value)
    return cautious(value, 300) if isinstance(value, str) else value


def job_kinds() -> tuple[JobKind, ...]:
    return (
        JobKind(REPLAY, Text("重放隔离区", "Replay the quarantine"), _replay, link=lambda _: "/events?tab=quarantine"),
        JobKind(TIDY, Text("清理到期的隔离记录", "Remove quarantined entries whose retention ended"), _tidy),
    )
