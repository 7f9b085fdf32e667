"""Pace 限次: how often a link may be used, and how often one address may try links, in this process."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from siyu.foundation.errors import TooManyRequestsError
from siyu.foundation.text import Text

WINDOW = timedelta(minutes=1)
LIMIT_LINK, LIMIT_ADDRESS = 60, 300
"""A carrier's gateway or a company's proxy speaks for many people."""
MOST = 20_000


class Pace:
    """Fixed windows; when too many are counted at once all begin anew, so memory is bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends_at: datetime | None = None
        self._counts: dict[str, int] = {}

    def add(self, key: str, now: datetime) -> int:
        with self._lock:
            if self._ends_at is None or now >= self._ends_at or len(self._counts) >= MOST:
                self._ends_at, self._counts = now + WINDOW, {}
            self._counts[key] = self._counts.get(key, 0) + 1
            return self._counts[key]

    def count(self, address: str, token: str, now: datetime) -> None:
        """
        Raises
        ------
        TooManyRequestsError
        """
        if self.add(f"address {address}", now) > LIMIT_ADDRESS or self.add(f"link {token}", now) > LIMIT_LINK:
            raise TooManyRequestsError(Text("操作太频繁", "too many requests"), way_out=Text("请过一分钟再试", "try again in a minute"))
