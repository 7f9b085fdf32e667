"""Turns 轮流: many calls of one account, some at a time, within its rate, until one says that more would be of no use."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from siyu.connectors.errors import AccountRestricted, BadCredentials, CarrierError, Throttled, Unavailable
from siyu.connectors.ports import AccountKey, Ports, Rate
from siyu.foundation.errors import SiyuError
from siyu.foundation.text import Text

SILENT = 5
"""So many calls in a row that nobody answered: the others would not be answered either."""
_HELD_SECONDS = 20.0
"""Places for concurrent calls are leased for a minute, and a call may take some of that."""


@dataclass(frozen=True)
class Turns:
    """Whose calls, within which rates, and how many at a time."""

    account: AccountKey
    api: str
    rates: tuple[Rate, ...]
    at_once: int


class Done(Protocol):
    """What came of one call."""

    @property
    def error(self) -> SiyuError | None: ...


T = TypeVar("T")
D = TypeVar("D", bound=Done)


async def in_turn(ports: Ports, turns: Turns, items: Sequence[T], call: Callable[[T], Awaitable[D]]) -> list[D | CarrierError]:
    """What came of each, in order; the error for those that were not tried. `call` raises nothing."""
    waiting = deque(enumerate(items))
    done: dict[int, D] = {}
    stop = _Stop()
    try:
        while waiting and stop.error is None:
            allowed = await ports.limits.take(turns.account, turns.api, turns.rates, len(waiting))
            part = deque(waiting.popleft() for _ in range(allowed))
            try:
                while part and stop.error is None:
                    async with ports.limits.places(turns.account, turns.api, turns.at_once, len(part)) as places:
                        await _work_off(part, done, call, places, stop)
            finally:
                waiting.extendleft(reversed(part))
    except Throttled as error:
        stop.error = error
    return [done[place] if place in done else stop.error or _nobody() for place in range(len(items))]


class _Stop:
    """Whether to go on."""

    def __init__(self) -> None:
        self.error: CarrierError | None = None
        self._silent = 0

    def saw(self, error: SiyuError | None) -> None:
        self._silent = self._silent + 1 if isinstance(error, Unavailable) else 0
        if isinstance(error, Throttled | AccountRestricted | BadCredentials):
            self.error = error
        elif self._silent >= SILENT:
            self.error = _nobody()


async def _work_off(part: deque[tuple[int, T]], done: dict[int, D], call: Callable[[T], Awaitable[D]], places: int, stop: _Stop) -> None:
    ends = time.monotonic() + _HELD_SECONDS

    async def one_after_another() -> None:
        while part and stop.error is None and time.monotonic() < ends:
            place, item = part.popleft()
            done[place] = await call(item)
            stop.saw(done[place].error)

    await asyncio.gather(*(one_after_another() for _ in range(places)))


def _nobody() -> CarrierError:
    return Unavailable(Text("对方连续没有回答，其余没有发出", "nobody answered several times in a row; the rest was not sent"), reached=False, vendor_code="silent")
