"""Rests 歇息: an account that gave trouble is left alone for a while, longer each time it does so again.

What waits for it waits on; other accounts are not held up. Kept in memory: a new process finds out for itself.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from siyu.connectors.errors import Throttled
from siyu.foundation.stores import Stores

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 60.0


@dataclass(frozen=True)
class _Rest:
    version: int
    seconds: float
    until: datetime


@dataclass
class Rests:
    """Of one kind of work. An account that was changed (`version`) is tried at once."""

    stores: Stores
    first_seconds: float = FIRST_SECONDS
    longest_seconds: float = LONGEST_SECONDS
    _resting: dict[int, _Rest] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def is_resting(self, account_id: int, version: int) -> bool:
        rest = self._resting.get(account_id)
        return rest is not None and rest.version == version and rest.until > self.stores.now()

    def begin(self, account_id: int, version: int, error: BaseException | None = None) -> None:
        """It gave trouble: twice as long as the last time; one that throttles until the time it names."""
        with self._turn:
            last = self._resting.get(account_id)
            seconds = self.first_seconds if last is None or last.version != version else min(last.seconds * 2, self.longest_seconds)
            now = self.stores.now()
            until = now + timedelta(seconds=seconds)
            if isinstance(error, Throttled):
                until = min(max(until, error.retry_at), now + timedelta(seconds=self.longest_seconds))
            self._resting[account_id] = _Rest(version, seconds, until)

    def end(self, account_id: int) -> None:
        """It works again."""
        self._resting.pop(account_id, None)
