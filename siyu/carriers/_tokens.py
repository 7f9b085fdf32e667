"""Tokens in the ledger: one for all processes, fetched by one of them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import or_, select, update

from siyu.carriers import _tables
from siyu.connectors.ports import Fetch, Token
from siyu.foundation.database import insert_ignore
from siyu.foundation.errors import SiyuError
from siyu.foundation.ids import new_id
from siyu.foundation.stores import Stores

LEASE = timedelta(seconds=15)
"""How long one process may take to fetch a token before another tries."""
POLL_SECONDS = 0.1
EARLY = timedelta(seconds=60)
"""A token that ends within this time is replaced before it is used."""


class LedgerTokens:
    """Implements `connectors.ports.Tokens`. Values are encrypted at rest."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._me = new_id("proc")
        self._held: dict[str, Token] = {}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._failed: dict[str, tuple[float, SiyuError]] = {}

    async def get(self, key: str, fetch: Fetch) -> Token:
        held = self._held.get(key)
        if held is not None and self._lasts(held):
            return held
        return await self._renewed(key, None, fetch)

    async def replace(self, key: str, stale: str, fetch: Fetch) -> Token:
        """A token other than `stale`: the one that somebody has fetched meanwhile, or a new one."""
        return await self._renewed(key, stale, fetch)

    async def _renewed(self, key: str, stale: str | None, fetch: Fetch) -> Token:
        asked_at = monotonic()
        async with self._turns[key]:
            # Whoever waited while a fetch failed has its answer too: many callers must not mean many wrong tries.
            failed_at, error = self._failed.get(key, (float("-inf"), None))
            if error is not None and failed_at >= asked_at:
                raise error.with_traceback(None)
            while True:
                found, leased = await asyncio.to_thread(self._look, key, stale)
                if found is not None:
                    self._held[key] = found
                    return found
                if leased:
                    return await self._fetched(key, fetch)
                await asyncio.sleep(POLL_SECONDS)

    async def _fetched(self, key: str, fetch: Fetch) -> Token:
        try:
            token = await fetch()
        except BaseException as error:
            if isinstance(error, SiyuError):
                self._failed[key] = (monotonic(), error)
            await asyncio.to_thread(self._give_up, key)
            raise
        self._failed.pop(key, None)
        await asyncio.to_thread(self._store, key, token)
        self._held[key] = token
        return token

    def _lasts(self, token: Token) -> bool:
        return token.expires_at - EARLY > self._stores.now()

    def _look(self, key: str, stale: str | None) -> tuple[Token | None, bool]:
        """A usable token, or else whether it is now ours to fetch one."""
        table, now = _tables.token, self._stores.now()
        with self._stores.ledger.begin() as tx:
            insert_ignore(tx, table, [{"key": key}])
            row = tx.execute(select(table).where(table.c.key == key).with_for_update()).one()
            token = self._opened(key, row.value_sealed, row.expires_at)
            if token is not None and token.value != stale and self._lasts(token):
                return token, False
            free = or_(table.c.refresher.is_(None), table.c.refresher == self._me, table.c.leased_until < now)
            taken = tx.execute(update(table).where(table.c.key == key, free).values(refresher=self._me, leased_until=now + LEASE))
            return None, taken.rowcount > 0

    def _opened(self, key: str, sealed: bytes | None, expires_at: datetime | None) -> Token | None:
        value = self._stores.secrets.open([sealed], f"carriers token {key}")[0] if sealed else None
        return Token(value, expires_at) if value is not None and expires_at is not None else None

    def _store(self, key: str, token: Token) -> None:
        table = _tables.token
        sealed = self._stores.secrets.seal([token.value], f"carriers token {key}")[0]
        values = {"value_sealed": sealed, "fetched_at": self._stores.now(), "expires_at": token.expires_at, "refresher": None, "leased_until": None}
        with self._stores.ledger.begin() as tx:
            tx.execute(update(table).where(table.c.key == key).values(values))

    def _give_up(self, key: str) -> None:
        table = _tables.token
        with self._stores.ledger.begin() as tx:
            tx.execute(update(table).where(table.c.key == key, table.c.refresher == self._me).values(refresher=None, leased_until=None))
