"""The ports in memory 内存端口: for one process, for tools, and for tests."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from siyu.connectors.errors import Throttled
from siyu.connectors.ports import AccountKey, Fetch, Ports, Rate, Token
from siyu.foundation.clock import system_clock
from siyu.foundation.text import Text

Now = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]


class MemoryTokens:
    """Tokens of one process; one fetch at a time for each key."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._held: dict[str, Token] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, key: str, fetch: Fetch) -> Token:
        return await self._other_than(key, None, fetch)

    async def replace(self, key: str, stale: str, fetch: Fetch) -> Token:
        return await self._other_than(key, stale, fetch)

    async def _other_than(self, key: str, stale: str | None, fetch: Fetch) -> Token:
        async with self._locks[key]:
            held = self._held.get(key)
            if held is None or held.value == stale or held.expires_at <= self._now():
                held = self._held[key] = await fetch()
            return held


class MemoryLimits:
    """Limits of one process: sliding windows, and a semaphore for each API that has a concurrency."""

    def __init__(self, now: Now, sleep: Sleep, *, patience_seconds: float = 30) -> None:
        self._now, self._sleep, self._patience = now, sleep, patience_seconds
        self._calls: defaultdict[tuple[int, str, Rate], deque[datetime]] = defaultdict(deque)
        self._blocked: dict[tuple[int, str], tuple[datetime, str]] = {}
        self._at_once: dict[tuple[int, str], asyncio.Semaphore] = {}

    @asynccontextmanager
    async def acquire(
        self, account: AccountKey, api: str, rates: Sequence[Rate], concurrency: int | None
    ) -> AsyncIterator[None]:
        await self._wait(account, api, rates)
        if concurrency is None:
            yield
            return
        async with self.places(account, api, concurrency, 1):
            yield

    @asynccontextmanager
    async def places(self, account: AccountKey, api: str, concurrency: int, wanted: int) -> AsyncIterator[int]:
        room = self._at_once.setdefault((account.id, api), asyncio.Semaphore(concurrency))
        await room.acquire()
        held = 1
        while held < wanted and not room.locked():
            await room.acquire()
            held += 1
        try:
            yield held
        finally:
            for _ in range(held):
                room.release()

    async def take(self, account: AccountKey, api: str, rates: Sequence[Rate], most: int) -> int:
        await self._wait(account, api, rates)
        count = 1
        while count < most and self._free_at(account, api, rates) <= self._now():
            self._count(account, api, rates)
            count += 1
        return count

    async def blocked(self, account: AccountKey, api: str, until: datetime, code: str) -> None:
        self._blocked[account.id, api] = (until, code)

    async def _wait(self, account: AccountKey, api: str, rates: Sequence[Rate]) -> None:
        began = self._now()
        while (free := self._free_at(account, api, rates)) > (now := self._now()):
            code = self._blocked.get((account.id, api), (now, ""))[1]
            if (free - began).total_seconds() > self._patience:
                raise Throttled(
                    Text("调用已达上限，稍后继续", "the limit of calls is reached; it goes on later"),
                    free,
                    vendor_code=code,
                    api=api,
                )
            await self._sleep((free - now).total_seconds())
        self._count(account, api, rates)

    def _count(self, account: AccountKey, api: str, rates: Sequence[Rate]) -> None:
        for rate in rates:
            self._calls[account.id, api, rate].append(self._now())

    def _free_at(self, account: AccountKey, api: str, rates: Sequence[Rate]) -> datetime:
        now = self._now()
        free = max(self._blocked.get((account.id, api), (now, ""))[0], now)
        for rate in rates:
            calls, window = self._calls[account.id, api, rate], timedelta(seconds=rate.seconds)
            while calls and calls[0] + window <= now:
                calls.popleft()
            if len(calls) >= rate.limit:
                free = max(free, calls[-rate.limit] + window)
        return free


@dataclass(frozen=True)
class Called:
    """One call as the watch saw it."""

    account: AccountKey
    api: str
    code: str
    kind: str | None
    seconds: float


class MemoryWatch:
    """Keeps the last calls (10,000 unless told)."""

    def __init__(self, size: int = 10_000) -> None:
        self.calls: deque[Called] = deque(maxlen=size)

    def called(self, account: AccountKey, api: str, code: str, kind: str | None, seconds: float) -> None:
        self.calls.append(Called(account, api, code, kind, seconds))


def memory_ports(
    now: Now = system_clock,
    sleep: Sleep = asyncio.sleep,
    *,
    patience_seconds: float = 30,
    watch: MemoryWatch | None = None,
) -> Ports:
    """All ports in memory, by one clock."""
    return Ports(
        tokens=MemoryTokens(now),
        limits=MemoryLimits(now, sleep, patience_seconds=patience_seconds),
        watch=watch or MemoryWatch(),
        now=now,
        sleep=sleep,
    )
