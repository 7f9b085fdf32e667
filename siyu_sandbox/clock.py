"""The sandbox's clock (虚拟时钟): long rules run faster than life, short protocol windows do not."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable


class Clock:
    """`now()` is virtual epoch time: real time × speed, plus what was advanced by hand.

    `real()` counts seconds of the wall plus the same advances. It times what a program on the other side must do within
    seconds (welcome 20 s, OAuth code 5 min), so an accelerated world asks nothing impossible of it.
    """

    def __init__(self, speed: float = 1.0, start: float | None = None) -> None:
        self.speed = speed
        self._anchor = time.monotonic()
        self._virtual = time.time() if start is None else start
        self._advanced = 0.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Virtual seconds since 1970."""
        return self._virtual + (time.monotonic() - self._anchor) * self.speed

    def second(self) -> int:
        """Virtual time as vendors write it."""
        return int(self.now())

    def real(self) -> float:
        """Seconds that only ever grow at the wall's pace, and by advances."""
        return time.monotonic() + self._advanced

    def set_speed(self, speed: float) -> None:
        """Change the pace from now on; what has passed stays."""
        self._virtual, self._anchor, self.speed = self.now(), time.monotonic(), speed

    def advance(self, seconds: float) -> None:
        """Jump ahead, stopping on the way at every moment at which something is due."""
        target = self.now() + seconds
        self._advanced += seconds
        while self._due and self._due[0][0] <= target:
            when, _, act = heapq.heappop(self._due)
            self._virtual += max(0.0, when - self.now())
            act()
        self._virtual += max(0.0, target - self.now())

    def at(self, when: float, act: Callable[[], object]) -> None:
        """Call `act` once virtual time has reached `when`."""
        heapq.heappush(self._due, (when, next(self._order), act))

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        """Call `act` in `seconds` of virtual time."""
        self.at(self.now() + seconds, act)

    def run_due(self) -> int:
        """Do what is due; the server calls this many times a second."""
        done = 0
        while self._due and self._due[0][0] <= self.now():
            heapq.heappop(self._due)[2]()
            done += 1
        return done
