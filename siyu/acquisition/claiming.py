"""Claiming 领取窗口: people who ask at the same moment are answered together; each waits until what they got is on disk."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from siyu.acquisition import claims
from siyu.acquisition.claims import Claimed
from siyu.foundation.commits import FullError, GroupCommits
from siyu.foundation.errors import SiyuError, UnavailableError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

WAITING, TOGETHER = 20_000, 2_000
_log = logging.getLogger("siyu.acquisition")


@dataclass(eq=False)
class Asked:
    """One person who asks for an offer. `reason` is filled when it was refused."""

    offer_id: int
    customer_id: int
    reason: str | None = None


class Claiming:
    """One a process, from `start` to `stop`."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self._commits = GroupCommits[Asked](self._answer, name="claims", limit=WAITING, together=TOGETHER)

    def start(self) -> None:
        self._commits.start()

    def stop(self) -> None:
        self._commits.stop()

    async def claim(self, offer_id: int, customer_id: int) -> str | None:
        """None when they have it (now or before); else the reason.

        Raises
        ------
        NotFoundError, UnavailableError
        """
        asked = Asked(offer_id, customer_id)
        try:
            await self._commits.put(asked)
        except FullError:
            raise _busy() from None
        return asked.reason

    def _answer(self, waiting: Sequence[Asked]) -> list[SiyuError | None]:
        said: dict[Asked, SiyuError | None] = {}
        by_offer: dict[int, list[Asked]] = {}
        for one in waiting:
            by_offer.setdefault(one.offer_id, []).append(one)
        for offer_id, asked in by_offer.items():
            try:
                _fill(asked, claims.claim(self.stores, offer_id, [one.customer_id for one in asked]))
                said |= dict.fromkeys(asked)
            except SiyuError as error:
                said |= dict.fromkeys(asked, error)
            except Exception:
                _log.exception("%s people who asked for offer %s were not answered", len(asked), offer_id)
                said |= dict.fromkeys(asked, _busy())
        return [said[one] for one in waiting]


def _fill(asked: Sequence[Asked], made: Claimed) -> None:
    have = set(made.customer_ids.tolist())
    why = {int(one): reason for reason, ids in made.refused.items() for one in ids.tolist()}
    for one in asked:
        # Whose number became another's in this very moment is in neither; they ask again by the page that they see.
        one.reason = None if one.customer_id in have else why.get(one.customer_id)


def _busy() -> UnavailableError:
    return UnavailableError(Text("人太多了，请稍后再试", "too many ask at once"), way_out=Text("没有丢失名额，稍后再点一次", "nothing is lost: try again in a moment"))
