"""Rate windows (频率限制): so many calls per account, API and window of virtual time; over it, a block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from siyu_sandbox.clock import Clock
from siyu_sandbox.registry import Refusal


@dataclass(frozen=True)
class Window:
    """At most `limit` calls in `seconds`. The vendor blocks for as long as the window that was hit."""

    limit: int
    seconds: float
    code: int = 45009


class Windows:
    """Counters of all accounts. A limit may change while its window runs; the count stays."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # By account, API, and the window's place in the list: two may be equally long.
        self._counts: dict[tuple[str, str, int], tuple[float, int, float]] = {}
        self._blocked: dict[tuple[str, str, int], float] = {}
        self._open: defaultdict[tuple[str, str], int] = defaultdict(int)

    def take(self, account: str, api: str, windows: Sequence[Window]) -> None:
        """Count one call, or refuse it."""
        now = self._clock.now()
        for place, window in enumerate(windows):
            if self._blocked.get((account, api, place), 0) > now:
                raise _over(window)
        for place, window in enumerate(windows):
            key = (account, api, place)
            began, count, _ = self._counts.get(key, (now, 0, window.seconds))
            if now - began >= window.seconds:
                began, count = now, 0
            self._counts[key] = (began, count + 1, window.seconds)
            if count >= window.limit:
                self._blocked[key] = now + window.seconds
                raise _over(window)

    def enter(self, account: str, api: str, limit: int | None) -> None:
        """Count a call as open; refuse it when too many of its kind are (45033)."""
        if limit is not None and self._open[account, api] >= limit:
            raise Refusal(45033, "api concurrent out of limit")
        self._open[account, api] += 1

    def leave(self, account: str, api: str) -> None:
        """The call has been answered."""
        self._open[account, api] -= 1

    def forget(self, account: str) -> None:
        """Count the account's calls anew (clear_quota)."""
        for kept in (self._counts, self._blocked):
            for key in [key for key in kept if key[0] == account]:
                del kept[key]

    def used(self, account: str, api: str) -> dict[float, int]:
        """Calls counted in each window that is not over, by the window's seconds."""
        now = self._clock.now()
        return {
            seconds: count
            for (owner, path, _), (began, count, seconds) in self._counts.items()
            if owner == account and path == api and now - began < seconds
        }


def _over(window: Window) -> Refusal:
    return Refusal(window.code, "api freq out of limit")
