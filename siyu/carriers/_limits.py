"""Limits in the ledger: rate windows, closures and places for concurrent calls, shared by all processes.

A process takes a slice of a window's calls at a time, so the ledger is asked once in many calls; what a killed process had
taken and not used is lost until the window ends (fewer calls than allowed, never more).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import Connection, func, or_, select, update

from siyu.carriers import _tables
from siyu.connectors.errors import Throttled
from siyu.connectors.ports import AccountKey, Rate
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.database import insert_ignore, upsert
from siyu.foundation.ids import new_id
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

SLICES, SLICE_CALLS = 20, 250
"""A slice is a twentieth of a window's calls, and 250 at most: a killed process takes its slice with it, and twenty that were killed
within an hour would otherwise use the hour up."""
PLACE_LEASE = timedelta(seconds=60)
PLACE_POLL_SECONDS = 0.05
BLOCKS_READ_EVERY_SECONDS = 1.0
_patience: ContextVar[float] = ContextVar("patience", default=5.0)


@contextmanager
def patient(seconds: float) -> Iterator[None]:
    """Inside, a call waits so long for its turn before it gives up with Throttled; 5 s elsewhere."""
    before = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(before)


@dataclass
class _Slice:
    starts_at: datetime
    left_count: int


class LedgerLimits:
    """Implements `connectors.ports.Limits`."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._me = new_id("proc")
        self._slices: dict[tuple[int, str, int], _Slice] = {}
        self._closed: dict[tuple[int, str], tuple[datetime, str]] = {}
        self._read_at: dict[int, float] = {}
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def acquire(self, account: AccountKey, api: str, rates: Sequence[Rate], concurrency: int | None) -> AsyncIterator[None]:
        """Wait for a turn in every window; Throttled when that would take longer than the caller's patience."""
        deadline = self._stores.now() + timedelta(seconds=_patience.get())
        await self._open(account, api, deadline)
        for rate in rates:
            await self._take(account, api, rate, deadline)
        if concurrency is None:
            yield
            return
        async with self._held(account, api, concurrency, 1, deadline):
            yield

    @asynccontextmanager
    async def places(self, account: AccountKey, api: str, concurrency: int, wanted: int) -> AsyncIterator[int]:
        deadline = self._stores.now() + timedelta(seconds=_patience.get())
        async with self._held(account, api, concurrency, wanted, deadline) as count:
            yield count

    @asynccontextmanager
    async def _held(self, account: AccountKey, api: str, places: int, wanted: int, deadline: datetime) -> AsyncIterator[int]:
        numbers = await self._placed(account, api, places, wanted, deadline)
        try:
            yield len(numbers)
        finally:
            await asyncio.to_thread(self._leave, account, api, numbers)

    async def take(self, account: AccountKey, api: str, rates: Sequence[Rate], most: int) -> int:
        """What this process holds of the windows' slices, after one call was waited for."""
        deadline = self._stores.now() + timedelta(seconds=_patience.get())
        await self._open(account, api, deadline)
        for rate in rates:
            await self._take(account, api, rate, deadline)
        now = self._stores.now()
        held = [self._slices[account.id, api, rate.seconds] for rate in rates]
        more = min([most - 1, *(one.left_count if one.starts_at + timedelta(seconds=rate.seconds) > now else 0 for one, rate in zip(held, rates, strict=True))])
        for one in held:
            one.left_count -= more
        return 1 + more

    async def blocked(self, account: AccountKey, api: str, until: datetime, code: str) -> None:
        """The carrier has closed this API to us until then."""
        self._closed[(account.id, api)] = (until, code)
        await asyncio.to_thread(self._store_block, account, api, until, code)

    async def _open(self, account: AccountKey, api: str, deadline: datetime) -> None:
        if monotonic() - self._read_at.get(account.id, float("-inf")) > BLOCKS_READ_EVERY_SECONDS:
            self._read_at[account.id] = monotonic()
            await asyncio.to_thread(self._read_blocks, account)
        closed = self._closed.get((account.id, api))
        if closed is None:
            return
        if closed[0] > self._stores.now():
            await self._wait(closed[0], deadline, closed[1])
        self._closed.pop((account.id, api), None)

    async def _take(self, account: AccountKey, api: str, rate: Rate, deadline: datetime) -> None:
        key = (account.id, api, rate.seconds)
        while True:
            now = self._stores.now()
            held = self._slices.get(key)
            if held is not None and held.left_count > 0 and held.starts_at + timedelta(seconds=rate.seconds) > now:
                held.left_count -= 1
                return
            async with self._turn:
                held = self._slices.get(key)
                if held is None or held.left_count <= 0 or held.starts_at + timedelta(seconds=rate.seconds) <= now:
                    self._slices[key] = await asyncio.to_thread(self._slice, account, api, rate)
            if self._slices[key].left_count <= 0:
                await self._wait(self._slices[key].starts_at + timedelta(seconds=rate.seconds), deadline, "45009")

    async def _wait(self, until: datetime, deadline: datetime, code: str) -> None:
        if until > deadline:
            raise Throttled(Text("这个接口的调用额度已用完，稍后继续", "the calls allowed for this API are used up for now"), until, vendor_code=code)
        await asyncio.sleep(max(0.0, (until - self._stores.now()).total_seconds()) + 0.01)

    async def _placed(self, account: AccountKey, api: str, places: int, wanted: int, deadline: datetime) -> list[int]:
        while not (numbers := await asyncio.to_thread(self._enter, account, api, places, wanted)):
            if self._stores.now() > deadline:
                raise Throttled(Text("这个接口同时调用的名额已满", "too many calls of this API at the same time"), deadline, vendor_code="45033")
            await asyncio.sleep(PLACE_POLL_SECONDS)
        return numbers

    def _slice(self, account: AccountKey, api: str, rate: Rate) -> _Slice:
        """Windows are aligned to the epoch, as the carriers' own are to the minute and the hour."""
        now = self._stores.now()
        starts_at = from_ms(to_ms(now) // (rate.seconds * 1000) * rate.seconds * 1000)
        row = {"account_id": account.id, "api": api, "seconds": rate.seconds, "starts_at": starts_at, "taken_count": 0, "limit_count": rate.limit}
        table = _tables.window
        mine = (table.c.account_id == account.id) & (table.c.api == api) & (table.c.seconds == rate.seconds)
        with self._stores.ledger.begin() as tx:
            insert_ignore(tx, table, [row])
            held = tx.execute(select(table).where(mine).with_for_update()).one()
            taken = held.taken_count if held.starts_at >= starts_at else 0
            # Another process may have begun the next window already: its clock is ahead, or this one waited for the row.
            starts_at = max(starts_at, held.starts_at)
            size = min(max(1, rate.limit // SLICES), SLICE_CALLS, max(0, rate.limit - taken))
            tx.execute(update(table).where(mine).values(starts_at=starts_at, taken_count=taken + size, limit_count=rate.limit))
        return _Slice(starts_at, size)

    def _read_blocks(self, account: AccountKey) -> None:
        """What other processes were told."""
        table = _tables.block
        with self._stores.ledger.read() as tx:
            for row in tx.execute(select(table).where(table.c.account_id == account.id, table.c.until > self._stores.now())):
                self._closed[(account.id, row.api)] = (row.until, row.code)

    def _store_block(self, account: AccountKey, api: str, until: datetime, code: str) -> None:
        with self._stores.ledger.begin() as tx:
            upsert(tx, _tables.block, [{"account_id": account.id, "api": api, "until": until, "code": code}], ["account_id", "api"])

    def _enter(self, account: AccountKey, api: str, places: int, wanted: int) -> list[int]:
        table, now = _tables.slot, self._stores.now()
        mine = (table.c.account_id == account.id) & (table.c.api == api) & (table.c.number < places)
        free = or_(table.c.holder.is_(None), table.c.leased_until < now)
        with self._stores.ledger.begin() as tx:
            if (tx.scalar(select(func.count()).select_from(table).where(mine)) or 0) < places:
                insert_ignore(tx, table, [{"account_id": account.id, "api": api, "number": number} for number in range(places)])
            numbers = list(tx.scalars(select(table.c.number).where(mine, free).order_by(table.c.number).limit(wanted).with_for_update(skip_locked=True)))
            if numbers:
                here = (table.c.account_id == account.id) & (table.c.api == api) & table.c.number.in_(numbers)
                tx.execute(update(table).where(here).values(holder=self._me, leased_until=now + PLACE_LEASE))
        return numbers

    def _leave(self, account: AccountKey, api: str, numbers: list[int]) -> None:
        table = _tables.slot
        here = (table.c.account_id == account.id) & (table.c.api == api) & table.c.number.in_(numbers)
        with self._stores.ledger.begin() as tx:
            tx.execute(update(table).where(here, table.c.holder == self._me).values(holder=None, leased_until=None))


def used(tx: Connection, account_id: int, now: datetime) -> list[dict[str, object]]:
    """Windows of an account that are running now: api, seconds, used_count, limit_count, ends_at."""
    rows = tx.execute(select(_tables.window).where(_tables.window.c.account_id == account_id).order_by(_tables.window.c.api, _tables.window.c.seconds))
    windows = [(row, row.starts_at + timedelta(seconds=row.seconds)) for row in rows]
    return [
        {"api": row.api, "seconds": row.seconds, "used_count": row.taken_count if ends_at > now else 0, "limit_count": row.limit_count, "ends_at": ends_at}
        for row, ends_at in windows
    ]
