"""Calls 调用: the one loop of this process in which connectors speak to carriers, and the ports they are given."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from siyu.carriers import accounts
from siyu.carriers._limits import LedgerLimits, patient
from siyu.carriers._tokens import LedgerTokens
from siyu.carriers.accounts import Account
from siyu.carriers.health import LedgerWatch
from siyu.carriers.rests import Rests
from siyu.connectors.ports import Ports
from siyu.connectors.registry import close_connections
from siyu.foundation.stores import Stores

T = TypeVar("T")
FLUSH_SECONDS = 2.0
_log = logging.getLogger("siyu.carriers")


class Calls:
    """Start it once a process. `run` is for threads that wait for the answer, `soon` for those that do not."""

    _loop: asyncio.AbstractEventLoop

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.watch = LedgerWatch(stores)
        self.rests = Rests(stores)
        # Of those who are asked while others wait for the answer.
        self.brief_rests = Rests(stores)
        self._ports = Ports(LedgerTokens(stores), LedgerLimits(stores), self.watch, stores.now, asyncio.sleep)
        # The callback key besides: data that is put away gives its numbers free for other accounts.
        self._connectors: dict[tuple[int, str], tuple[int, Any]] = {}
        self._thread = threading.Thread(target=self._turn, name="carriers", daemon=True)
        self._background: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        self.soon(self._keep_counting())

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()
        self.watch.flush()

    def run(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        return self.soon(work).result(timeout)

    def soon(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    @staticmethod
    def patient(seconds: float) -> AbstractContextManager[None]:
        """Inside, a call waits so long for its turn at the carrier; it gives up sooner elsewhere, where somebody waits."""
        return patient(seconds)

    def connector(self, account: Account) -> Any:
        """What `Vendor.connect` gives for this account, built anew when the account has changed. Call it inside the loop."""
        mine = (account.id, account.callback_key)
        held = self._connectors.get(mine)
        if held is None or held[0] != account.version:
            with self.stores.ledger.read() as tx:
                credentials = accounts.credentials_of(self.stores, tx, account)
            held = (account.version, account.vendor.connect(account.key, credentials, account.all_settings, self._ports))
            self._connectors[mine] = held
        return held[1]

    def _turn(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())

    async def _end(self) -> None:
        """Whatever is still under way is cut off, and connections are closed."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await close_connections()
        await self._loop.shutdown_asyncgens()

    async def _keep_counting(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await asyncio.to_thread(self.watch.flush)
            except Exception:
                _log.exception("calls could not be counted; the next look tries again")
