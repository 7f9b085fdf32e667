"""Silence 静默: an account that usually tells us things and has not for improbably long.

Rule. Callbacks of the last 14 days are counted by hour (`health.heard`). For each hour of the day in the brand's zone the
rate is (callbacks + mean) / (hours seen + 1), so that an hour seen once does not stand for itself. The callbacks expected
since the last one are the sum of these rates over the time since; with independent arrivals none would come with
probability exp(−expected) (Poisson). Arrivals come in bunches, so `expected` is divided by the dispersion of the hourly
counts (mean of (count − rate)² / rate, at least 1). Silent: that probability is below one in a million. Only an account
that was heard `LEAST_COUNT` times over `LEAST_HOURS` is judged, and only time in which Siyu was listening counts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from siyu.carriers import _tables, accounts, status
from siyu.carriers.health import HEARD
from siyu.foundation.stores import Stores

LOOKED_BACK = timedelta(days=14)
LEAST_COUNT = 50
LEAST_HOURS = 24
IMPROBABLE = 1e-6
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Silence:
    """`since` is the last sign of the account; `probability` that so long a silence comes by chance, None where too little is known."""

    since: datetime | None
    probability: float | None

    @property
    def is_silent(self) -> bool:
        return self.probability is not None and self.probability < IMPROBABLE


def silence_of(tx: Connection, account_id: int, *, now: datetime, listening_since: datetime, zone: ZoneInfo) -> Silence:
    """Of one account, from what it told in the last 14 days."""
    table = _tables.call
    heard = (table.c.account_id == account_id) & (table.c.api == HEARD) & (table.c.code == "") & (table.c.hour_at > now - LOOKED_BACK)
    rows = tx.execute(select(table.c.hour_at, func.sum(table.c.count), func.max(table.c.last_at)).where(heard).group_by(table.c.hour_at)).all()
    if not rows:
        return Silence(None, None)
    last_at = max(row[2] for row in rows)
    expected = expected_between({row[0]: int(row[1]) for row in rows}, max(last_at, listening_since), now, zone)
    return Silence(last_at, None if expected is None else math.exp(-expected))


def mark(stores: Stores, listening_since: datetime) -> list[int]:
    """Connected accounts that are silent become restricted, until they are heard again; returns them."""
    now, marked = stores.now(), []
    with stores.ledger.read() as tx:
        connected = [account.id for account in accounts.list_accounts(tx) if account.status == "connected"]
        silent = [one for one in connected if silence_of(tx, one, now=now, listening_since=listening_since, zone=stores.calendar.zone).is_silent]
    for account_id in silent:
        with stores.ledger.begin() as tx:
            if status.put(stores, tx, account_id, "restricted", status.SILENCE):
                marked.append(account_id)
    return marked


def expected_between(counts: Mapping[datetime, int], since: datetime, until: datetime, zone: ZoneInfo) -> float | None:
    """How many callbacks were to be expected in that time, by `counts` of whole hours; None where too little is known."""
    first, last = min(counts), max(counts)
    hours = [first + HOUR * number for number in range(int((last - first) / HOUR) + 1)]
    if sum(counts.values()) < LEAST_COUNT or len(hours) < LEAST_HOURS:
        return None
    rates = _rates(counts, hours, zone)
    spread = [(counts.get(hour, 0) - rate) ** 2 / rate for hour in hours if (rate := rates[hour.astimezone(zone).hour]) > 0]
    dispersion = max(1.0, sum(spread) / len(spread))
    expected, at = 0.0, since
    while at < until:
        upto = min(until, at.replace(minute=0, second=0, microsecond=0) + HOUR)
        expected += rates[at.astimezone(zone).hour] * ((upto - at) / HOUR)
        at = upto
    return expected / dispersion


def _rates(counts: Mapping[datetime, int], hours: list[datetime], zone: ZoneInfo) -> list[float]:
    """Callbacks an hour, by the hour of the day."""
    mean = sum(counts.values()) / len(hours)
    seen, told = Counter[int](), Counter[int]()
    for hour in hours:
        of_day = hour.astimezone(zone).hour
        seen[of_day] += 1
        told[of_day] += counts.get(hour, 0)
    return [(told[of_day] + mean) / (seen[of_day] + 1) for of_day in range(24)]
