"""Running 运行: journeys move on while the server runs: what came in is heard within half a second, who is due moves within a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from siyu.events import log
from siyu.foundation.stores import Stores
from siyu.journeys import books, looking, runner

IDLE_SECONDS = 0.4
LOOK_EVERY = timedelta(seconds=10)
_log = logging.getLogger("siyu.journeys")


class Journeys:
    """One a process, from `start` to `stop`. Several processes at once do no harm: a place is moved by one at a time."""

    def __init__(self, stores: Stores, flow: Callable[[Stores], int]) -> None:
        self.stores, self._flow = stores, flow
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="journeys", daemon=True)
        self._heard, self._looked_at = -1, datetime.min.replace(tzinfo=stores.now().tzinfo)

    def start(self) -> None:
        if self.stores.ledger.is_sqlite:
            runner.take_up(self.stores)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=30)

    def step(self) -> int:
        """Hear what came in, let in whoever is due by time, move whoever is due; returns how many came in or moved.

        While no journey is under way it costs one small read.
        """
        with self.stores.ledger.read() as tx:
            if not books.journeys(tx, "live", "paused", "draining"):
                return 0
            head = log.head(tx)
        if head != self._heard:
            self._flow(self.stores)
            self._heard = head
        done, now = 0, self.stores.now()
        if abs(now - self._looked_at) >= LOOK_EVERY:
            done += looking.look(self.stores, told=self._told)
            self._looked_at = now
        return done + runner.tick(self.stores, told=lambda _: self._told())

    def _told(self) -> None:
        if self._stopping.is_set():
            raise _Stopped

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                moved = self.step()
            except _Stopped:
                return
            except Exception:
                _log.exception("journeys stopped for a moment; they go on with the next look")
                moved = 0
            if not moved:
                self._stopping.wait(IDLE_SECONDS)


class _Stopped(Exception):
    pass
