"""Throttle 限次: log-in attempts in fixed windows, counted in the ledger before the password is looked at."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from siyu.foundation.secrets import Secrets
from siyu.team._tables import LOGIN_ATTEMPT
from siyu.team.errors import LoginThrottledError

WINDOW = timedelta(minutes=15)
LIMIT_HERE = 5
LIMIT_LOGIN = 20
LIMIT_ADDRESS = 50
_CONTEXT = "team_login_attempt"


@dataclass(frozen=True)
class Buckets:
    """Three counts: this login from here; this login from anywhere (a spread attack); any login from here.

    The first has the smallest limit, so one noisy address does not lock Alice out at her own desk.
    """

    here: int
    login: int
    address: int

    @property
    def limits(self) -> list[tuple[int, int]]:
        # Sorted: two transactions take the rows in the same order and cannot wait for each other.
        return sorted({self.here: LIMIT_HERE, self.login: LIMIT_LOGIN, self.address: LIMIT_ADDRESS}.items())


def buckets_of(secrets: Secrets, login: str, address: str) -> Buckets:
    place = _network(address)
    return Buckets(
        *secrets.index([f"here\0{login}\0{place}", f"login\0{login}", f"address\0{place}"], _CONTEXT)
    )


def _network(address: str) -> str:
    """An IPv6 subscriber holds a /64 and could change address at every attempt."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def count_attempt(tx: Connection, buckets: Buckets, now: datetime) -> None:
    """Count one attempt, or raise `LoginThrottledError` (rolled back: a refused attempt prolongs nothing)."""
    tx.execute(delete(LOGIN_ATTEMPT).where(LOGIN_ATTEMPT.c.ends_at <= now))
    insert = sqlite.insert(LOGIN_ATTEMPT) if tx.dialect.name == "sqlite" else postgresql.insert(LOGIN_ATTEMPT)
    add_one = insert.on_conflict_do_update(
        index_elements=["key"], set_={"tried_count": LOGIN_ATTEMPT.c.tried_count + 1}
    ).returning(LOGIN_ATTEMPT.c.tried_count, LOGIN_ATTEMPT.c.ends_at)
    waits = []
    for key, limit in buckets.limits:
        tried = tx.execute(add_one, {"key": key, "tried_count": 1, "ends_at": now + WINDOW}).one()
        if tried.tried_count > limit:
            waits.append(max(1, int((tried.ends_at - now).total_seconds())))
    if waits:
        raise LoginThrottledError(max(waits))


def forgive(tx: Connection, buckets: Buckets) -> None:
    """After a true log-in the login starts afresh. The address only gets this attempt back: an attacker who
    owns one account could clear it otherwise.
    """
    tx.execute(delete(LOGIN_ATTEMPT).where(LOGIN_ATTEMPT.c.key.in_([buckets.here, buckets.login])))
    tx.execute(
        update(LOGIN_ATTEMPT)
        .where(LOGIN_ATTEMPT.c.key == buckets.address, LOGIN_ATTEMPT.c.tried_count > 0)
        .values(tried_count=LOGIN_ATTEMPT.c.tried_count - 1)
    )
