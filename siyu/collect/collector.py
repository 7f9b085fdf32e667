"""Collector 接收器: what works for the feeds in this process while it runs: keys, the journal's end, the translator."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool

from siyu.collect import feeds, journal, seen, translate
from siyu.collect.feeds import Feed
from siyu.collect.journal import Arrival, Backlog, Writer
from siyu.foundation.clock import to_ms
from siyu.foundation.commits import GroupCommits
from siyu.foundation.errors import SiyuError, UnavailableError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

WAITING_BYTES = 32 * 1024 * 1024
"""So many bytes of requests wait to be written at the most; who has more to say is asked to wait."""
TOGETHER_BYTES = 2 * 1024 * 1024
FREE_BYTES = 256 * 1024 * 1024
"""A disk with less than this counts as full: the ledger needs the rest."""
HELD_SECONDS = 3.0
ASK_AGAIN_SECONDS = 0.5
IDLE_SECONDS = 1.0
FORGET_EVERY = timedelta(hours=1)
_log = logging.getLogger("siyu.collect")


class Collector:
    """One a process, from `start` to `stop`."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self._commits = GroupCommits[Arrival](
            self._write, name="collect", limit=WAITING_BYTES, together=TOGETHER_BYTES, weigh=lambda one: len(one.body) + 100
        )
        self._writer: Writer | None = None
        self._held: dict[str, Feed] = {}
        self._asked = float("-inf")
        self._asking = WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]()
        self._refreshing: asyncio.Task[None] | None = None
        self._disk = (float("-inf"), True)
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._translator = threading.Thread(target=self._keep, name="translate", daemon=True)

    @cached_property
    def _journal(self) -> tuple[str, Path]:
        return journal.open_folder(self.stores.settings.home)

    @property
    def name(self) -> str:
        return self._journal[0]

    @property
    def folder(self) -> Path:
        return self._journal[1]

    def start(self) -> None:
        with self.stores.ledger.read() as tx:
            place = translate.place_of(tx, self.name)
        self._writer = Writer(self.folder, self.stores.secrets, place.segment + 1)
        self._commits.start()
        self._translator.start()

    def stop(self) -> None:
        self._commits.stop()
        self._stopping.set()
        self._news.set()
        self._translator.join(timeout=10)
        if self._writer is not None:
            self._writer.close()

    async def put(self, arrival: Arrival) -> None:
        """Returns when the request is on disk; errors as in `GroupCommits.put`."""
        await self._commits.put(arrival)

    async def find(self, keys: Iterable[str]) -> Feed | None:
        """The feed of the first key that is one. A key that is known holds while the ledger is asked again; for one that is not, it is asked first."""
        told = list(keys)
        found = self._known(told)
        age = time.monotonic() - self._asked
        if found is None and age >= ASK_AGAIN_SECONDS:
            await self._ask(ASK_AGAIN_SECONDS)
            return self._known(told)
        if age >= HELD_SECONDS and self._refreshing is None:
            self._refreshing = asyncio.create_task(self._ask(HELD_SECONDS))
            self._refreshing.add_done_callback(lambda _: setattr(self, "_refreshing", None))
        return found

    def look_again(self) -> None:
        """A feed was made or changed in this process: the next request asks the ledger, and a new key works at once."""
        self._asked = float("-inf")

    def _known(self, told: Iterable[str]) -> Feed | None:
        return next((self._held[key] for key in told if key in self._held), None)

    async def _ask(self, older_than_seconds: float) -> None:
        async with self._asking.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            if time.monotonic() - self._asked >= older_than_seconds:
                try:
                    self._held = await run_in_threadpool(self._look_up)
                except Exception:
                    _log.exception("the feeds could not be read; those that are known still hold")
                self._asked = time.monotonic()

    def backlog(self) -> Backlog:
        """What waits to be translated."""
        with self.stores.ledger.read() as tx:
            place = translate.place_of(tx, self.name)
        return journal.backlog(self.folder, place)

    def drain(self) -> int:
        """Translate all that lies there; returns how many requests that were."""
        done = 0
        while worked := translate.step(self.stores, self.name, self.folder):
            done += worked
        return done

    def _look_up(self) -> dict[str, Feed]:
        now = self.stores.now()
        with self.stores.ledger.read() as tx:
            return {key: feed for feed in feeds.list_feeds(tx) for key in feed.keys(now)}

    def _write(self, arrivals: Sequence[Arrival]) -> list[SiyuError | None]:
        try:
            self._refuse_full_disk()
            assert self._writer is not None
            self._writer.append(arrivals, to_ms(self.stores.now()))
        except (OSError, UnavailableError) as error:
            _log.error("events cannot be written down: %s", error)
            full = UnavailableError(Text("磁盘写不下了", "the disk cannot be written"), way_out=Text("清理磁盘", "make room on the disk"))
            return [full] * len(arrivals)
        self._news.set()
        return [None] * len(arrivals)

    def _refuse_full_disk(self) -> None:
        looked, free = self._disk
        if time.monotonic() - looked > 1:
            free = shutil.disk_usage(self.folder).free > FREE_BYTES
            self._disk = (time.monotonic(), free)
        if not free:
            raise UnavailableError(Text("磁盘已满", "the disk is full"))

    def _keep(self) -> None:
        """Go on while there is work; then wait for news, or look again after a while."""
        forgot_at = None
        while not self._stopping.is_set():
            self._news.clear()
            worked = 0
            try:
                worked = translate.step(self.stores, self.name, self.folder)
                if not worked and (forgot_at is None or self.stores.now() - forgot_at > FORGET_EVERY):
                    forgot_at = self.stores.now()
                    self._forget()
            except Exception:
                _log.exception("translating stopped for a moment; it goes on with the next look")
            if not worked:
                self._news.wait(IDLE_SECONDS)

    def _forget(self) -> None:
        """What is translated and older than anybody asks for."""
        with self.stores.ledger.read() as tx:
            place = translate.place_of(tx, self.name)
        before = self.stores.now() - timedelta(days=self.stores.settings.collect_keep_days)
        journal.drop(self.folder, place, to_ms(before))
        seen.forget(self.stores)
