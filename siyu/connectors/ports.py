"""Ports 端口: what connectors need kept across processes: tokens, limits, a watch over every call. No store is named here.

`siyu.connectors.memory` has the doubles for one process; the carriers room keeps them in the ledger.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class AccountKey:
    """One account of one carrier: our `id`, the `product`, and the vendor's own name for it (corpid, appid, …)."""

    id: int
    product: str
    ref: str


@dataclass(frozen=True)
class Token:
    """A short-lived credential that the vendor issued; never printed."""

    value: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Rate:
    """At most `limit` calls in any `seconds`."""

    limit: int
    seconds: int


Fetch = Callable[[], Awaitable[Token]]


class Tokens(Protocol):
    """One token a key for every process, and one refresher: whoever comes second gets the first one's token."""

    async def get(self, key: str, fetch: Fetch) -> Token:
        """The token that is held, fetched if there is none or it has run out."""
        ...

    async def replace(self, key: str, stale: str, fetch: Fetch) -> Token:
        """A token other than `stale`: the one that somebody fetched meanwhile, or a new one."""
        ...


class Limits(Protocol):
    """How often and how many at once, for an account and an API, across processes."""

    def acquire(
        self, account: AccountKey, api: str, rates: Sequence[Rate], concurrency: int | None
    ) -> AbstractAsyncContextManager[None]:
        """Room for one call, held while it runs. Throttled(retry_at) where the wait would be longer than patience."""
        ...

    def places(self, account: AccountKey, api: str, concurrency: int, wanted: int) -> AbstractAsyncContextManager[int]:
        """Several of the places of an API that allows `concurrency` calls at a time: as many of `wanted` as are free, at least one, held while it runs."""
        ...

    async def take(self, account: AccountKey, api: str, rates: Sequence[Rate], most: int) -> int:
        """Room for several calls that follow one another: how many of `most` may be made now, at least 1. Waits and throttles as `acquire`."""
        ...

    async def blocked(self, account: AccountKey, api: str, until: datetime, code: str) -> None:
        """The vendor has had enough (`code`): nobody calls this API of this account before `until`."""
        ...


class Watch(Protocol):
    """Sees every call, also those that failed; `kind` is None where the vendor was content."""

    def called(self, account: AccountKey, api: str, code: str, kind: str | None, seconds: float) -> None: ...


@dataclass(frozen=True)
class Ports:
    """What a connector is given. `sleep` takes seconds; tests and simulations bring their own clock."""

    tokens: Tokens
    limits: Limits
    watch: Watch
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
