"""Statistics 数据统计 of the account, by day. A day is ready on the next morning (about eight o'clock)."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Platform


class FollowerDay(msgspec.Struct, frozen=True):
    """Who came and left on a day, by way (`user_source`: 0 all others, 1 search, 17 card, 30 QR code, 51 paid, 57 article …)."""

    on: date = msgspec.field(name="ref_date")
    user_source: int = 0
    new: int = msgspec.field(name="new_user", default=0)
    gone: int = msgspec.field(name="cancel_user", default=0)


class FollowerTotal(msgspec.Struct, frozen=True):
    on: date = msgspec.field(name="ref_date")
    followers: int = msgspec.field(name="cumulate_user", default=0)


class ReadDay(msgspec.Struct, frozen=True):
    """Readings of all articles on a day, by `user_source` of the reading."""

    on: date = msgspec.field(name="ref_date")
    user_source: int = 0
    readers: int = msgspec.field(name="int_page_read_user", default=0)
    reads: int = msgspec.field(name="int_page_read_count", default=0)
    sharers: int = msgspec.field(name="share_user", default=0)
    shares: int = msgspec.field(name="share_count", default=0)


class _FollowerDays(msgspec.Struct, frozen=True):
    list: tuple[FollowerDay, ...] = ()


class _FollowerTotals(msgspec.Struct, frozen=True):
    list: tuple[FollowerTotal, ...] = ()


class _ReadDays(msgspec.Struct, frozen=True):
    list: tuple[ReadDay, ...] = ()


class _Articles(msgspec.Struct, frozen=True):
    list: tuple[dict[str, Any], ...] = ()


class Statistics:
    """Spans are the vendor's: seven days of followers, three of readings, one of single articles."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def follower_days(self, begin: date, end: date) -> tuple[FollowerDay, ...]:
        return (
            await self._platform.post("/datacube/getusersummary", _span(begin, end, 7), _FollowerDays)
        ).list

    async def follower_totals(self, begin: date, end: date) -> tuple[FollowerTotal, ...]:
        return (
            await self._platform.post("/datacube/getusercumulate", _span(begin, end, 7), _FollowerTotals)
        ).list

    async def read_days(self, begin: date, end: date) -> tuple[ReadDay, ...]:
        return (await self._platform.post("/datacube/getuserread", _span(begin, end, 3), _ReadDays)).list

    async def articles(self, on: date) -> tuple[dict[str, Any], ...]:
        """Articles sent on a day, each with its readings of the following days, as the vendor writes them."""
        return (await self._platform.post("/datacube/getarticletotal", _span(on, on, 1), _Articles)).list


def _span(begin: date, end: date, most: int) -> dict[str, str]:
    faults = Faults()
    faults.between("days", (end - begin).days + 1, 1, most)
    faults.tell()
    return {"begin_date": begin.isoformat(), "end_date": end.isoformat()}
