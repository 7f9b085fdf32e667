"""Running 运行: what works for the carriers in this process while it runs: the loop, the inbox, greetings, the inbox's reader."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from siyu.carriers import deliveries, health, inbound, mailboxes, openings, reading, silence
from siyu.carriers.calls import Calls
from siyu.carriers.greeting import Greeter
from siyu.carriers.inbox import Arrival, Inbox
from siyu.carriers.recovery import Recovery
from siyu.foundation.stores import Stores

IDLE_SECONDS = 1.0
LISTEN_SECONDS = 60.0
FORGET_EVERY = timedelta(hours=6)
_log = logging.getLogger("siyu.carriers")


class Carriers:
    """One a process, from `start` to `stop`."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.calls = Calls(stores)
        self.greeter = Greeter(self.calls)
        self.inbox = Inbox(stores, self._also)
        self.listening_since = stores.now()
        self.refused_at: dict[int, datetime] = {}
        """When somebody last spoke to an account's callback address with a wrong signature; kept in memory only."""
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, args=(partial(inbound.take_in, stores, self.calls),), name="inbound", daemon=True),
            threading.Thread(target=self._keep, args=(reading.Reader(self.calls).read_on,), name="reading", daemon=True),
            threading.Thread(target=self._keep, args=(deliveries.Postman(self.calls).deliver_due,), name="deliveries", daemon=True),
            threading.Thread(target=self._keep, args=(Recovery(self.calls).look,), name="recovery", daemon=True),
            threading.Thread(target=self._listen, name="silence", daemon=True),
        ]

    def start(self) -> None:
        self.listening_since = self.stores.now()
        self.calls.start()
        self.greeter.start()
        self.inbox.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._news.set()
        self.inbox.stop()
        for thread in self._threads:
            thread.join(timeout=10)
        self.calls.stop()

    def _also(self, tx: Connection, arrivals: Sequence[Arrival]) -> Callable[[], None]:
        send = self.greeter.plan(tx, arrivals)

        def after() -> None:
            send()
            self._news.set()

        return after

    def _listen(self) -> None:
        forgot_at = None
        while not self._stopping.wait(LISTEN_SECONDS):
            try:
                silence.mark(self.stores, self.listening_since)
                if mailboxes.read_mailboxes(self.calls):
                    self._news.set()
                if forgot_at is None or self.stores.now() - forgot_at > FORGET_EVERY:
                    forgot_at = self.stores.now()
                    self._forget(forgot_at)
            except Exception:
                _log.exception("silent accounts and mailboxes could not be looked at; the next look tries again")

    def _forget(self, now: datetime) -> None:
        """Counts and deliveries that are older than anybody looks at."""
        with self.stores.ledger.begin() as tx:
            health.prune(tx, now)
            deliveries.prune(tx, now)
            openings.prune(tx, now)

    def _keep(self, step: Callable[[], int]) -> None:
        """Go on while there is work; then wait for news, or look again after a while."""
        while not self._stopping.is_set():
            self._news.clear()
            try:
                worked = step() > 0
            except Exception:
                _log.exception("carriers stopped for a moment; they go on with the next look")
                worked = False
            if not worked:
                self._news.wait(IDLE_SECONDS)
