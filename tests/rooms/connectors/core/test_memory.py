"""The ports in memory: one fetch for all, windows that slide, blocks that hold."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from siyu.connectors.errors import Throttled
from siyu.connectors.memory import MemoryLimits, MemoryTokens
from siyu.connectors.ports import Rate, Token
from tests.makers.vendor import ACCOUNT, Time, run


class Fetching:
    def __init__(self, time: Time) -> None:
        self.time, self.count = time, 0

    async def __call__(self) -> Token:
        self.count += 1
        number = self.count
        await asyncio.sleep(0)
        return Token(f"t{number}", self.time.now() + timedelta(seconds=100))


def test_many_who_ask_at_once_share_one_fetch() -> None:
    time = Time()
    tokens, fetch = MemoryTokens(time.now), Fetching(time)

    async def body() -> None:
        found = await asyncio.gather(*(tokens.get("k", fetch) for _ in range(50)))
        assert ({one.value for one in found}, fetch.count) == ({"t1"}, 1)
        newer = await asyncio.gather(*(tokens.replace("k", "t1", fetch) for _ in range(50)))
        assert ({one.value for one in newer}, fetch.count) == ({"t2"}, 2)
        time.at += timedelta(seconds=100)
        assert (await tokens.get("k", fetch)).value == "t3"

    run(body())


def test_a_token_is_never_printed() -> None:
    assert "t1" not in repr(Token("t1", Time().at))


def test_calls_wait_for_the_window() -> None:
    time = Time()
    limits = MemoryLimits(time.now, time.sleep, patience_seconds=100)

    async def body() -> None:
        for _ in range(7):
            async with limits.acquire(ACCOUNT, "/a", (Rate(3, 10), Rate(6, 60)), None):
                pass
        assert time.slept == [10, 50], "three, three more after ten seconds, the seventh after the minute"
        async with limits.acquire(ACCOUNT, "/b", (Rate(3, 10),), None):
            pass
        assert len(time.slept) == 2, "another API has windows of its own"

    run(body())


def test_who_would_wait_too_long_is_told_when() -> None:
    time = Time()
    limits = MemoryLimits(time.now, time.sleep, patience_seconds=5)

    async def body() -> None:
        for _ in range(2):
            async with limits.acquire(ACCOUNT, "/a", (Rate(2, 60),), None):
                pass
        with pytest.raises(Throttled) as caught:
            async with limits.acquire(ACCOUNT, "/a", (Rate(2, 60),), None):
                pass
        assert caught.value.retry_at == time.at + timedelta(seconds=60)
        assert time.slept == []

    run(body())


def test_a_block_holds_for_everybody() -> None:
    time = Time()
    limits = MemoryLimits(time.now, time.sleep)

    async def body() -> None:
        await limits.blocked(ACCOUNT, "/a", time.at + timedelta(seconds=60), "45009")
        with pytest.raises(Throttled) as caught:
            async with limits.acquire(ACCOUNT, "/a", (), None):
                pass
        assert caught.value.vendor_code == "45009"
        time.at += timedelta(seconds=61)
        async with limits.acquire(ACCOUNT, "/a", (), None):
            pass

    run(body())


def test_no_more_at_once_than_may_be() -> None:
    time = Time()
    limits = MemoryLimits(time.now, time.sleep)
    inside, most = 0, 0

    async def one() -> None:
        nonlocal inside, most
        async with limits.acquire(ACCOUNT, "/a", (), 5):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    async def body() -> None:
        await asyncio.gather(*(one() for _ in range(40)))

    run(body())
    assert most == 5
