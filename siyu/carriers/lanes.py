"""Lanes 分道: work for several accounts side by side, so that one that is slow or in trouble holds up nobody else."""

from __future__ import annotations

import logging
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Generic, TypeVar

from siyu.carriers.accounts import Account
from siyu.carriers.rests import Rests

T = TypeVar("T")
LOOK_SECONDS = 0.5
_log = logging.getLogger("siyu.carriers")


class Lanes(Generic[T]):
    """One piece of work an account at a time, in the loop of calls. For one thread."""

    def __init__(self, rests: Rests) -> None:
        self._rests = rests
        self._under_way: dict[int, tuple[Account, Future[T]]] = {}

    @property
    def count(self) -> int:
        return len(self._under_way)

    def is_free(self, account: Account) -> bool:
        return account.id not in self._under_way and not self._rests.is_resting(account.id, account.version)

    def begin(self, account: Account, work: Future[T]) -> None:
        self._under_way[account.id] = (account, work)

    def finished(self) -> list[tuple[Account, T]]:
        """What has come to its end, waiting a moment for the first; an account whose work broke rests."""
        if not self._under_way:
            return []
        ended, _ = wait([work for _, work in self._under_way.values()], LOOK_SECONDS, return_when=FIRST_COMPLETED)
        found = []
        for number, (account, work) in list(self._under_way.items()):
            if work not in ended:
                continue
            del self._under_way[number]
            try:
                found.append((account, work.result()))
            except Exception as error:
                self._rests.begin(account.id, account.version, error)
                _log.exception("work for account %s broke off; it goes on after a rest", account.id)
        return found
