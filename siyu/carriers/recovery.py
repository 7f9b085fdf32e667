"""Recovery 复查: an account that is restricted, unreachable or has wrong credentials is asked again, seldom and ever more seldom.

Work for such an account stands still, so without this nobody would notice that it is well again. The question is the first
step of its connect check, which only reads; its answer counts like any other call (`siyu.carriers.health`). An account whose
credentials or settings were changed is asked at once.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future

from siyu.carriers import accounts, status
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.rests import Rests
from siyu.connectors.registry import VENDORS
from siyu.foundation.errors import SiyuError

FIRST_SECONDS = 60.0
LONGEST_SECONDS = 3_600.0
TROUBLED = ("restricted", "bad_credentials", "unreachable")
PRODUCTS = ("wecom", "official_account", "mini_program", "email", "youzan", "wechat_shop")
"""Whose first step only reads. A webhook is told things whatever its status is, and an SMS gateway is called only to send."""
_log = logging.getLogger("siyu.carriers")


class Recovery:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._rests = Rests(calls.stores, FIRST_SECONDS, LONGEST_SECONDS)
        self._asking: dict[int, Future[None]] = {}

    def look(self) -> int:
        """Ask those whose time has come, without waiting for their answers; always 0, for there is no more to do at once."""
        with self._calls.stores.ledger.read() as tx:
            found = [one for one in accounts.list_accounts(tx, PRODUCTS) if one.product in VENDORS]
        troubled = [one for one in found if one.status in TROUBLED and one.status_code != status.SILENCE]
        for number in {one.id for one in found} - {one.id for one in troubled}:
            self._rests.end(number)
        for account in troubled:
            under_way = self._asking.get(account.id)
            if (under_way is None or under_way.done()) and not self._rests.is_resting(account.id, account.version):
                # Rests from its first question on; how it went is for the watch to say.
                self._rests.begin(account.id, account.version)
                self._asking[account.id] = self._calls.soon(self._ask(account))
        return 0

    async def _ask(self, account: Account) -> None:
        try:
            await account.vendor.checks[0].run(self._calls.connector(account))
        except SiyuError as error:
            _log.info("account %s is not well yet: %s", account.id, error.code)
        except Exception:
            _log.exception("account %s could not be asked whether it is well again", account.id)
