"""One token for all processes, fetched by one of them, encrypted at rest."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from siyu.carriers._tokens import LEASE, LedgerTokens
from siyu.connectors.errors import Unavailable
from siyu.connectors.ports import Token
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from tests.conftest import SetClock


class Vendor:
    """Gives out tokens and counts how many."""

    def __init__(self, stores: Stores, seconds: float = 0.0) -> None:
        self.stores, self.seconds, self.given = stores, seconds, 0

    async def fetch(self) -> Token:
        self.given += 1
        number = self.given
        await asyncio.sleep(self.seconds)
        return Token(f"token {number}", self.stores.now() + timedelta(hours=2))


def test_many_callers_in_several_processes_share_one_fetch(any_stores: Stores) -> None:
    vendor = Vendor(any_stores, seconds=0.2)
    processes = [LedgerTokens(any_stores) for _ in range(4)]

    async def all_at_once() -> list[Token]:
        return await asyncio.gather(*(process.get("wecom 1", vendor.fetch) for process in processes for _ in range(10)))

    assert {token.value for token in asyncio.run(all_at_once())} == {"token 1"}
    assert vendor.given == 1


def test_whoever_comes_second_with_a_stale_token_gets_the_first_ones_new_token(any_stores: Stores) -> None:
    vendor = Vendor(any_stores)

    async def both() -> list[str]:
        one, other = LedgerTokens(any_stores), LedgerTokens(any_stores)
        stale = (await one.get("k", vendor.fetch)).value
        await other.get("k", vendor.fetch)
        renewed = await asyncio.gather(one.replace("k", stale, vendor.fetch), other.replace("k", stale, vendor.fetch))
        return [token.value for token in renewed]

    assert asyncio.run(both()) == ["token 2", "token 2"]
    assert vendor.given == 2


def test_a_token_that_ends_soon_is_renewed_before_it_is_used(stores: Stores, clock: SetClock) -> None:
    vendor = Vendor(stores)
    tokens = LedgerTokens(stores)
    assert asyncio.run(tokens.get("k", vendor.fetch)).value == "token 1"
    clock.at += timedelta(hours=1, minutes=59, seconds=30)
    assert asyncio.run(tokens.get("k", vendor.fetch)).value == "token 2"


def test_a_refresher_that_was_killed_is_replaced_when_its_lease_ends(stores: Stores, clock: SetClock) -> None:
    vendor = Vendor(stores)
    killed, other = LedgerTokens(stores), LedgerTokens(stores)
    assert killed._look("k", None) == (None, True)  # it has the lease, and is never heard of again
    assert other._look("k", None) == (None, False)
    clock.at += LEASE + timedelta(seconds=1)
    assert asyncio.run(other.get("k", vendor.fetch)).value == "token 1"


def test_a_fetch_that_fails_leaves_the_lease_to_the_next(stores: Stores) -> None:
    vendor = Vendor(stores)

    async def failing() -> Token:
        raise Unavailable(Text("不通", "no way"), reached=False)

    with pytest.raises(Unavailable):
        asyncio.run(LedgerTokens(stores).get("k", failing))
    assert asyncio.run(LedgerTokens(stores).get("k", vendor.fetch)).value == "token 1"


def test_callers_who_waited_for_a_fetch_that_failed_share_its_failure(stores: Stores) -> None:
    asked = 0

    async def failing() -> Token:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.1)
        raise Unavailable(Text("不通", "no way"), reached=False)

    async def all_at_once() -> list[object]:
        tokens = LedgerTokens(stores)
        return await asyncio.gather(*(tokens.get("k", failing) for _ in range(50)), return_exceptions=True)

    found = asyncio.run(all_at_once())
    assert all(isinstance(one, Unavailable) and one.reached is False for one in found)
    assert asked == 1


def test_no_token_lies_in_the_clear(stores: Stores) -> None:
    vendor = Vendor(stores)
    asyncio.run(LedgerTokens(stores).get("k", vendor.fetch))
    with stores.ledger.read() as tx:
        assert b"token 1" not in tx.scalar(text("SELECT value_sealed FROM carriers_token"))
