"""Commits 成组提交: what arrives in one moment is written together; whoever brought it waits until it is on disk."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from siyu.foundation.errors import SiyuError

T = TypeVar("T")
Write = Callable[[Sequence[T]], "Sequence[SiyuError | None]"]
"""Writes a set down, and says for each of them why it could not be; None where it is on disk."""


class FullError(Exception):
    """More waits than may wait."""


class GroupCommits(Generic[T]):
    """One thread writes all that waits, again and again. What waits is bounded by weight, so memory is."""

    def __init__(self, write: Write[T], *, name: str, limit: int, together: int, weigh: Callable[[T], int] = lambda _: 1) -> None:
        self._write = write
        self._limit = limit
        self._together = together
        self._weigh = weigh
        self._waiting: queue.SimpleQueue[tuple[T, asyncio.AbstractEventLoop, asyncio.Future[None]] | None] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._weight = 0
        self._thread = threading.Thread(target=self._turn, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What waits is written first, as far as that goes within ten seconds; the rest was not answered, and comes again."""
        self._waiting.put(None)
        self._thread.join(timeout=10)

    async def put(self, item: T) -> None:
        """Returns when the item is on disk.

        Raises
        ------
        FullError
            When too much waits already.
        SiyuError
            What the writer said of it.
        """
        weight = self._weigh(item)
        with self._guard:
            if self._weight and self._weight + weight > self._limit:
                raise FullError
            self._weight += weight
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        self._waiting.put((item, loop, stored))
        await stored

    def _turn(self) -> None:
        ending = False
        while not ending:
            batch = [self._waiting.get()]
            weight = self._weigh(batch[0][0]) if batch[0] else 0
            while weight < self._together and batch[-1] is not None:
                try:
                    batch.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
                weight += self._weigh(batch[-1][0]) if batch[-1] else 0
            arrived = [one for one in batch if one is not None]
            ending = len(arrived) < len(batch)
            if arrived:
                said = self._write([item for item, _, _ in arrived])
                with self._guard:
                    self._weight -= weight
                _settle(arrived, said)


def _settle(arrived: Sequence[tuple[T, asyncio.AbstractEventLoop, asyncio.Future[None]]], said: Sequence[SiyuError | None]) -> None:
    """Wake those who wait: one call into each loop, however many they are."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[None], SiyuError | None]]] = {}
    for (_, loop, stored), error in zip(arrived, said, strict=True):
        by_loop.setdefault(loop, []).append((stored, error))
    for loop, ended in by_loop.items():
        # A loop that has stopped: nobody waits there any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_wake, ended)


def _wake(ended: Sequence[tuple[asyncio.Future[None], SiyuError | None]]) -> None:
    for stored, error in ended:
        if stored.done():
            continue
        if error is None:
            stored.set_result(None)
        else:
            stored.set_exception(error)
