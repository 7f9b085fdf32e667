"""Health 健康: every call counted by hour and answer, and what an account's answers say about the account.

An account is `restricted` or has `bad_credentials` when the carrier says so, and `connected` again when a call succeeds; it
is `unreachable` when for a minute nothing but failures came back. One that is paused by us stays paused, and one that was
found silent (`siyu.carriers.silence`) stays restricted until it is heard again. What accounts tell us is counted here too.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from siyu.carriers import _tables, status
from siyu.connectors.ports import AccountKey
from siyu.foundation.stores import Stores

KEPT = timedelta(days=35)
UNREACHABLE_AFTER_SECONDS = 60.0
UNREACHABLE_AFTER_CALLS = 5
BUDGET_RATE = 0.01
"""The share of calls that may fail through no fault of the person or content, before an account counts as troubled."""
HEARD = "callback"
"""Stands for the API where what a carrier told us is counted, code "" for a callback, `VERIFIED` for a proof of the address."""
VERIFIED = "verified"
LEAST_BUDGET = 5
"""Failures that an account with few calls may have all the same."""
_STATUS = {"account_restricted": "restricted", "bad_credentials": "bad_credentials"}
ONE_API = frozenset({"48001", "48002", "48005", "48007"})
"""Restrictions of one API only, by the WeChat family's codes. They are shown as troubles; the account's other work goes on."""


@dataclass(frozen=True)
class Trouble:
    """An answer other than success, in the last day: how often, and when last."""

    api: str
    code: str
    kind: str
    count: int
    last_at: datetime


@dataclass(frozen=True)
class Health:
    """Of one account over the last 24 hours. `error_rate` counts failures that are not `refused` (those are about a person or
    content); `budget_left_rate` is what is left of the error budget, 0–1."""

    call_count: int
    failed_count: int
    error_rate: float
    budget_left_rate: float
    average_seconds: float | None
    last_call_at: datetime | None
    last_success_at: datetime | None
    troubles: list[Trouble]


@dataclass
class _Tally:
    kind: str | None
    count: int = 0
    seconds: float = 0.0
    last_at: datetime | None = None


_Tallies = dict[tuple[int, datetime, str, str], _Tally]
"""By account, hour, API and code."""


@dataclass
class _Run:
    """Failures since the last success."""

    since: float
    count: int = 0


@dataclass
class LedgerWatch:
    """Implements `connectors.ports.Watch`: counts in memory, written by `flush` (every second or two)."""

    stores: Stores
    _tallies: _Tallies = field(default_factory=dict)
    _runs: dict[int, _Run] = field(default_factory=dict)
    _statuses: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def called(self, account: AccountKey, api: str, code: str, kind: str | None, seconds: float) -> None:
        now = self.stores.now()
        with self._turn:
            tally = self._tallies.setdefault((account.id, _hour(now), api, code), _Tally(kind))
            tally.count, tally.seconds, tally.last_at = tally.count + 1, tally.seconds + seconds, now
            self._judge(account.id, code, kind)

    def heard(self, account_id: int, code: str) -> None:
        """A carrier spoke to us; that says nothing about our calls."""
        now = self.stores.now()
        with self._turn:
            tally = self._tallies.setdefault((account_id, _hour(now), HEARD, code), _Tally(None))
            tally.count, tally.last_at = tally.count + 1, now

    def _judge(self, account_id: int, code: str, kind: str | None) -> None:
        if kind in (None, "refused"):
            self._runs.pop(account_id, None)
            self._statuses[account_id] = ("connected", None)
        elif kind in _STATUS and code not in ONE_API:
            self._statuses[account_id] = (_STATUS[kind], code)
        elif kind == "unavailable":
            run = self._runs.setdefault(account_id, _Run(time.monotonic()))
            run.count += 1
            if run.count >= UNREACHABLE_AFTER_CALLS and time.monotonic() - run.since > UNREACHABLE_AFTER_SECONDS:
                self._statuses[account_id] = ("unreachable", code)

    def flush(self) -> list[int]:
        """Write what was counted; returns the accounts whose status is news."""
        with self._turn:
            tallies, self._tallies = self._tallies, {}
            statuses, self._statuses = self._statuses, {}
        if not tallies:
            return []
        try:
            return self._write(tallies, statuses)
        except Exception:
            self._put_back(tallies, statuses)
            raise

    def _write(self, tallies: _Tallies, statuses: dict[int, tuple[str, str | None]]) -> list[int]:
        with self.stores.ledger.begin() as tx:
            # One that was put away meanwhile (a sample) must not keep the others from being counted.
            there = set(tx.scalars(select(_tables.account.c.id)))
            _add(tx, {key: tally for key, tally in tallies.items() if key[0] in there})
            kept = _kept(tx)
            news = {number: new for number, new in statuses.items() if number not in kept["paused"] and not (new[0] == "connected" and number in kept["silent"])}
            return [number for number, (new, code) in news.items() if number in there and status.put(self.stores, tx, number, new, code)]

    def _put_back(self, tallies: _Tallies, statuses: dict[int, tuple[str, str | None]]) -> None:
        """It could not be written: it is counted with the next."""
        with self._turn:
            self._statuses = statuses | self._statuses
            for key, tally in self._tallies.items():
                before = tallies.setdefault(key, _Tally(tally.kind))
                before.count, before.seconds, before.last_at = before.count + tally.count, before.seconds + tally.seconds, tally.last_at
            self._tallies = tallies


def _kept(tx: Connection) -> dict[str, set[int]]:
    """Accounts whose status no successful call lifts."""
    table = _tables.account
    rows = tx.execute(select(table.c.id, table.c.status).where((table.c.status == "paused") | (table.c.status_code == status.SILENCE))).all()
    return {"paused": {row.id for row in rows if row.status == "paused"}, "silent": {row.id for row in rows if row.status != "paused"}}


def tally_heard(tx: Connection, received: Sequence[tuple[int, datetime]]) -> None:
    """Count callbacks by account and time of arrival, in the transaction that worked them off: each counts once."""
    counted = Counter((account_id, _hour(at)) for account_id, at in received)
    last = dict(sorted(received, key=lambda one: one[1]))
    _add(tx, {(account_id, hour, HEARD, ""): _Tally(None, count, 0.0, last[account_id]) for (account_id, hour), count in counted.items()})


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _add(tx: Connection, tallies: _Tallies) -> None:
    if not tallies:
        return
    table = _tables.call
    insert = sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)
    new = insert.excluded
    added = {"count": table.c.count + new["count"], "seconds": table.c.seconds + new.seconds, "last_at": new.last_at}
    rows = [
        {"account_id": number, "hour_at": hour, "api": api, "code": code, "kind": t.kind, "count": t.count, "seconds": t.seconds, "last_at": t.last_at}
        for (number, hour, api, code), t in tallies.items()
    ]
    tx.execute(insert.on_conflict_do_update(index_elements=["account_id", "hour_at", "api", "code"], set_=added), rows)


def health_of(tx: Connection, account_id: int, now: datetime) -> Health:
    """The last 24 hours, by whole hours."""
    table = _tables.call
    recent = _recent(account_id, now)
    failing = _failing()
    query = select(
        func.sum(table.c.count),
        func.sum(case((failing, table.c.count), else_=0)),
        func.sum(table.c.seconds),
        func.max(table.c.last_at),
        func.max(case((table.c.kind.is_(None), table.c.last_at))),
    ).where(recent)
    calls, failed, seconds, last_at, success_at = tx.execute(query).one()
    calls, failed = int(calls or 0), int(failed or 0)
    error_rate = failed / calls if calls else 0.0
    budget = max(0.0, 1 - failed / max(calls * BUDGET_RATE, LEAST_BUDGET))
    return Health(calls, failed, error_rate, budget, seconds / calls if calls else None, last_at, success_at, _troubles(tx, recent))


@dataclass(frozen=True)
class Hour:
    """Calls of one hour, and callbacks that came in it."""

    hour_at: datetime
    calls: int
    failed: int
    heard: int


def hours_of(tx: Connection, account_id: int, now: datetime) -> list[Hour]:
    """The last 24 whole hours, this one included, oldest first; none is left out."""
    table = _tables.call
    start = _hour(now) - timedelta(hours=23)
    is_call = table.c.api != HEARD
    query = select(
        table.c.hour_at,
        func.sum(case((is_call, table.c.count), else_=0)),
        func.sum(case((is_call & _failing(), table.c.count), else_=0)),
        func.sum(case((~is_call & (table.c.code == ""), table.c.count), else_=0)),
    ).where(table.c.account_id == account_id, table.c.hour_at >= start)
    found = {row[0]: row[1:] for row in tx.execute(query.group_by(table.c.hour_at))}
    hours = [start + timedelta(hours=number) for number in range(24)]
    return [Hour(hour, *(int(n or 0) for n in found.get(hour, (0, 0, 0)))) for hour in hours]


def verified_at(tx: Connection, account_id: int) -> datetime | None:
    """When the carrier last made us prove the callback address."""
    table = _tables.call
    mine = (table.c.account_id == account_id) & (table.c.api == HEARD) & (table.c.code == VERIFIED)
    return tx.execute(select(func.max(table.c.last_at)).where(mine)).scalar_one_or_none()


def _recent(account_id: int, now: datetime) -> ColumnElement[bool]:
    table = _tables.call
    return (table.c.account_id == account_id) & (table.c.hour_at > now - timedelta(hours=24)) & (table.c.api != HEARD)


def _failing() -> ColumnElement[bool]:
    return _tables.call.c.kind.is_not(None) & (_tables.call.c.kind != "refused")


def _troubles(tx: Connection, recent: ColumnElement[bool]) -> list[Trouble]:
    table = _tables.call
    last = func.max(table.c.last_at)
    query = select(table.c.api, table.c.code, table.c.kind, func.sum(table.c.count), last).where(recent, table.c.kind.is_not(None))
    rows = tx.execute(query.group_by(table.c.api, table.c.code, table.c.kind).order_by(last.desc()).limit(50))
    return [Trouble(api, code, kind, int(count), last_at) for api, code, kind, count, last_at in rows]


def prune(tx: Connection, now: datetime) -> None:
    """Hours older than five weeks are forgotten."""
    tx.execute(delete(_tables.call).where(_tables.call.c.hour_at < now - KEPT))
