"""Never more calls than a window allows, by however many processes; closures and places are shared too."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.carriers._limits import LedgerLimits, patient, used
from siyu.connectors.errors import Throttled
from siyu.connectors.ports import Rate
from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.carriers import wecom_account

API = "/cgi-bin/externalcontact/list"


async def _calls(limits: LedgerLimits, key: object, count: int, rates: list[Rate]) -> int:
    """How many of so many calls got through."""
    through = 0
    for _ in range(count):
        try:
            async with limits.acquire(key, API, rates, None):  # type: ignore[arg-type]
                through += 1
        except Throttled:
            return through
    return through


@pytest.mark.parametrize(("limit", "processes"), [(1, 1), (1, 3), (7, 2), (200, 3), (1000, 4)])
def test_processes_together_never_pass_the_limit_and_use_nearly_all_of_it(any_stores: Stores, limit: int, processes: int) -> None:
    key = wecom_account(any_stores).key

    async def all_together() -> int:
        return sum(await asyncio.gather(*(_calls(LedgerLimits(any_stores), key, limit * 2, [Rate(limit, 3600)]) for _ in range(processes))))

    with patient(0):
        through = asyncio.run(all_together())
    assert limit - max(1, limit // 20) * (processes - 1) <= through <= limit


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 30), st.integers(0, 90)), max_size=12))
def test_in_every_window_however_time_and_processes_go(stores: Stores, clock: SetClock, steps: list[tuple[int, int, int]]) -> None:
    clock.at = clock.at + timedelta(days=1)
    key, processes = _once(stores), [LedgerLimits(stores) for _ in range(3)]
    by_minute: dict[int, int] = {}
    with patient(0):
        for process, count, seconds in steps:
            through = asyncio.run(_calls(processes[process], key, count, [Rate(20, 60), Rate(60, 3600)]))
            minute = int(clock.at.timestamp()) // 60
            by_minute[minute] = by_minute.get(minute, 0) + through
            clock.at += timedelta(seconds=seconds)
    assert all(count <= 20 for count in by_minute.values())
    for hour in {minute // 60 for minute in by_minute}:
        assert sum(count for minute, count in by_minute.items() if minute // 60 == hour) <= 60


def test_a_process_whose_clock_lags_does_not_open_a_window_anew(stores: Stores, clock: SetClock) -> None:
    """Around the turn of a minute one process takes calls of the next window while another still takes them of the last."""
    key, on_time, late = wecom_account(stores).key, LedgerLimits(stores), LedgerLimits(stores)
    minute = clock.at = clock.at.replace(minute=1, second=0, microsecond=0)
    through = 0
    with patient(0):
        for _ in range(40):
            for process, at in ((on_time, minute), (late, minute - timedelta(milliseconds=5))):
                clock.at = at
                through += asyncio.run(_calls(process, key, 1, [Rate(20, 60)]))
    assert through <= 20


def test_an_api_that_the_carrier_closed_is_closed_for_every_process(any_stores: Stores) -> None:
    key, until = wecom_account(any_stores).key, any_stores.now() + timedelta(seconds=60)

    async def blocked_then_tried() -> int:
        await LedgerLimits(any_stores).blocked(key, API, until, "45009")
        return await _calls(LedgerLimits(any_stores), key, 1, [Rate(100, 60)])

    with patient(1):
        assert asyncio.run(blocked_then_tried()) == 0


def test_places_for_calls_at_the_same_time_are_shared(any_stores: Stores) -> None:
    key, running, most = wecom_account(any_stores).key, 0, 0

    async def one(limits: LedgerLimits) -> None:
        nonlocal running, most
        async with limits.acquire(key, "/cgi-bin/externalcontact/mark_tag", [], 3):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.02)
            running -= 1

    async def many() -> None:
        processes = [LedgerLimits(any_stores) for _ in range(3)]
        await asyncio.gather(*(one(process) for process in processes for _ in range(5)))

    asyncio.run(many())
    assert most == 3


def test_used_and_left_can_be_shown_ahead_of_time(stores: Stores, clock: SetClock) -> None:
    key = wecom_account(stores).key
    asyncio.run(_calls(LedgerLimits(stores), key, 5, [Rate(100, 60)]))
    with stores.ledger.read() as tx:
        window = used(tx, key.id, stores.now())[0]
    assert (window["api"], window["used_count"], window["limit_count"]) == (API, 5, 100)
    clock.at += timedelta(seconds=61)
    with stores.ledger.read() as tx:
        assert used(tx, key.id, stores.now())[0]["used_count"] == 0


def _once(stores: Stores) -> object:
    from siyu.carriers import accounts

    with stores.ledger.read() as tx:
        known = accounts.list_accounts(tx)
    return known[0].key if known else wecom_account(stores).key
