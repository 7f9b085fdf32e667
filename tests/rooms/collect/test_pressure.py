"""More than can be written: clients that come again are told to, the others wait; a full disk refuses; memory stays bounded."""

from __future__ import annotations

import asyncio
import errno
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from siyu.collect.collector import Collector
from siyu.collect.door import Door
from siyu.collect.journal import Writer
from siyu.foundation.stores import Stores
from tests.makers.collect import logged, open_feeds

Answer = tuple[int, dict[bytes, bytes]]


@contextmanager
def opened(stores: Stores) -> Iterator[tuple[Door, Collector]]:
    open_feeds(stores, ("WK",))
    collector = Collector(stores)
    collector.start()
    try:
        yield Door(_nobody, collector), collector
    finally:
        collector.stop()


async def _nobody(*_: Any) -> None:
    raise AssertionError("this address is the door's own")


async def post(door: Door, path: str, body: bytes) -> Answer:
    address, _, query = path.partition("?")
    headers = [(b"authorization", b"Basic V0s6"), (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "path": address, "query_string": query.encode(), "headers": headers}
    told: dict[str, Any] = {}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        told.update(message)

    await door(scope, receive, send)  # type: ignore[arg-type]
    return told["status"], dict(told["headers"])


def segment(number: int) -> tuple[str, bytes]:
    return "/v1/track", json.dumps({"event": "e", "userId": "u", "messageId": f"m{number}", "properties": {"x": "y" * 1000}}).encode()


def sensors(number: int) -> tuple[str, bytes]:
    return "/sa?project=WK", json.dumps({"type": "track", "event": "s", "distinct_id": "d", "_track_id": number, "time": 1_790_000_000_000}).encode()


def test_who_comes_again_is_told_to_and_who_does_not_is_left_waiting(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    may_write, write = threading.Event(), Writer.append
    monkeypatch.setattr(Writer, "append", lambda self, *rest: (may_write.wait(30), write(self, *rest))[1])

    async def run(door: Door) -> tuple[list[Answer], list[Answer]]:
        first = asyncio.gather(*(post(door, *segment(n)) for n in range(40)))
        await asyncio.sleep(0.2)
        late = asyncio.gather(*(post(door, *sensors(n)) for n in range(30)))
        await asyncio.sleep(0.2)
        may_write.set()
        return await first, await late

    with opened(stores) as (door, collector):
        collector._commits._limit = 20_000
        first, late = asyncio.run(run(door))
        assert {status for status, _ in first} == {200, 429}
        assert all(b"retry-after" in headers for status, headers in first if status == 429)
        assert {status for status, _ in late} == {200}
        assert collector._commits._weight == 0
        collector.drain()
    taken = sum(status == 200 for status, _ in first)
    assert sorted(logged(stores, "activity_recorded")["name"].to_pylist()) == ["e"] * taken + ["s"] * 30


def test_a_full_disk_refuses_and_leaves_nothing_half_written(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    full = [False]

    def write(file: int, data: bytes) -> None:
        import os

        os.write(file, data[: len(data) // 2] if full[0] else data)
        if full[0]:
            raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("siyu.collect.journal._write_whole", write)

    async def run(door: Door) -> list[Answer]:
        answers = [await post(door, *segment(1))]
        full[0] = True
        answers += [await post(door, *segment(2)), await post(door, *sensors(2))]
        full[0] = False
        return [*answers, await post(door, *segment(3))]

    with opened(stores) as (door, collector):
        answers = asyncio.run(run(door))
        assert [status for status, _ in answers] == [200, 503, 503, 200]
        assert b"retry-after" in answers[1][1]
        collector.drain()
        assert collector.backlog().waiting_bytes == 0
    assert logged(stores, "activity_recorded").num_rows == 2


def test_bodies_that_are_being_read_take_bounded_memory(stores: Stores) -> None:
    async def run(door: Door) -> list[int]:
        door._reading = 127 * 1024 * 1024
        answers = [await post(door, "/v1/batch", b"x" * 1_000_000)]
        waiting = asyncio.create_task(post(door, "/sa?project=WK", b"[" + b" " * 1_000_000 + b"]"))
        await asyncio.sleep(0.15)
        assert not waiting.done()
        door._reading = 0
        return [status for status, _ in (*answers, await waiting)]

    with opened(stores) as (door, _):
        assert asyncio.run(run(door)) == [429, 200]
