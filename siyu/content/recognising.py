"""Recognising 识别读者: where many share a link inside WeChat, a connected Official Account can say who reads it (snsapi_base: no question is asked)."""

from __future__ import annotations

import asyncio
import logging
from secrets import token_urlsafe
from time import monotonic

import pyarrow as pa

from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.errors import CarrierError
from siyu.events.identifiers import identify
from siyu.foundation.errors import SiyuError
from siyu.foundation.stores import Stores

PATIENCE_SECONDS = 4.0
HELD_SECONDS = 60.0
_log = logging.getLogger("siyu.content")


class Recogniser:
    """One a process. Which account is asked is looked up again every minute: a burst of readers does not ask the ledger."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._looked = float("-inf")
        self._account: Account | None = None

    async def address(self, back: str) -> str | None:
        """Where to send a reader; None without a connected service account."""
        if monotonic() - self._looked > HELD_SECONDS:
            self._account, self._looked = await asyncio.to_thread(_connected_account, self._calls.stores), monotonic()
        if self._account is None:
            return None
        return await asyncio.wait_for(asyncio.wrap_future(self._calls.soon(_authorize(self._calls, self._account, f"{back}/{self._account.id}"))), PATIENCE_SECONDS)

    async def named(self, account_id: int, code: str) -> int:
        """The identity key of whoever WeChat names by this code; 0 when it names nobody, or does not answer soon."""
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self._calls.soon(_named(self._calls, account_id, code))), PATIENCE_SECONDS)
        except (CarrierError, SiyuError, TimeoutError):
            _log.info("WeChat did not say who reads; the reader stays nobody")
            return 0


async def _authorize(calls: Calls, account: Account, back: str) -> str:
    return str(calls.connector(account).oauth.authorize_url(back, token_urlsafe(8)))


async def _named(calls: Calls, account_id: int, code: str) -> int:
    account = await asyncio.to_thread(_find, calls.stores, account_id)
    if account.product != "official_account":
        return 0
    grant = await calls.connector(account).oauth.exchange(code)
    if not grant.is_somebody:
        return 0
    return int(identify(calls.stores.secrets, account.namespace, pa.array([grant.openid], pa.string())).keys[0].as_py())


def _find(stores: Stores, account_id: int) -> Account:
    with stores.ledger.read() as tx:
        return accounts.find_account(tx, account_id)


def _connected_account(stores: Stores) -> Account | None:
    with stores.ledger.read() as tx:
        found = [one for one in accounts.list_accounts(tx, ["official_account"]) if one.status == "connected" and one.all_settings.get("kind", "service") == "service"]
    return found[0] if found else None
