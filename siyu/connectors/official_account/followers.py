"""Followers 粉丝: who follows, what is known of each, remarks and the blacklist. Names and pictures are not told since 2021-12-27."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec

from siyu.connectors._wechat.api import Page, pages
from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Nothing, Platform
from siyu.connectors.official_account.limits import AccountLimits


class Follower(msgspec.Struct, frozen=True):
    """Somebody who is or was a follower; of one who left only the openid is told. `unionid` needs an Open Platform account.

    `subscribe_scene` is how they came ("ADD_SCENE_QR_CODE", …); with a code, `qr_scene` or `qr_scene_str` is its scene.
    """

    openid: str
    follows: bool = msgspec.field(name="subscribe", default=False)
    followed_at: datetime | None = msgspec.field(name="subscribe_time", default=None)
    unionid: str = ""
    language: str = ""
    remark: str = ""
    tag_ids: tuple[int, ...] = msgspec.field(name="tagid_list", default=())
    subscribe_scene: str = ""
    qr_scene: int = 0
    qr_scene_str: str = ""

    @property
    def scene(self) -> str:
        """The scene of the code by which they came, or ""."""
        return self.qr_scene_str or (str(self.qr_scene) if self.qr_scene else "")


class _Openids(msgspec.Struct, frozen=True):
    openid: tuple[str, ...] = ()


class OpenidList(msgspec.Struct, frozen=True):
    total: int = 0
    count: int = 0
    data: _Openids = _Openids()
    next_openid: str = ""


class _Infos(msgspec.Struct, frozen=True):
    user_info_list: tuple[Follower, ...] = ()


class Followers:
    def __init__(self, platform: Platform, limits: AccountLimits) -> None:
        self._platform, self._limits = platform, limits

    async def page(self, after: str = "") -> Page[str]:
        """Openids after one of them, up to 10,000. The last page is empty: the vendor names a next one even when there is none."""
        found = await self._platform.get("/cgi-bin/user/get", OpenidList, next_openid=after or None)
        return openid_page(found)

    async def ids(self, after: str = "") -> AsyncIterator[Page[str]]:
        """Everybody who follows, page by page."""
        async for page in pages(self.page, after):
            yield page

    async def total(self) -> int:
        """How many follow now."""
        return (await self._platform.get("/cgi-bin/user/get", OpenidList)).total

    async def get(self, openid: str, language: str = "zh_CN") -> Follower:
        return await self._platform.get("/cgi-bin/user/info", Follower, openid=openid, lang=language)

    async def get_many(self, openids: Sequence[str], language: str = "zh_CN") -> tuple[Follower, ...]:
        """Up to 100 at once."""
        faults = Faults()
        faults.count("openids", openids, self._limits.people_per_info)
        faults.tell()
        body = {"user_list": [{"openid": openid, "lang": language} for openid in openids]}
        return (await self._platform.post("/cgi-bin/user/info/batchget", body, _Infos)).user_info_list

    async def remark(self, openid: str, remark: str) -> None:
        faults = Faults()
        faults.characters("remark", remark, self._limits.remark_characters)
        faults.tell()
        await self._platform.post(
            "/cgi-bin/user/info/updateremark", {"openid": openid, "remark": remark}, Nothing
        )

    async def blocked(self, after: str = "") -> Page[str]:
        """A page of the blacklist; paged as the followers are."""
        body = {"begin_openid": after}
        return openid_page(await self._platform.post("/cgi-bin/tags/members/getblacklist", body, OpenidList))

    async def block(self, openids: Sequence[str]) -> None:
        await self._blacklist("/cgi-bin/tags/members/batchblacklist", openids)

    async def unblock(self, openids: Sequence[str]) -> None:
        await self._blacklist("/cgi-bin/tags/members/batchunblacklist", openids)

    async def _blacklist(self, path: str, openids: Sequence[str]) -> None:
        faults = Faults()
        faults.count("openids", openids, self._limits.people_per_block)
        faults.tell()
        await self._platform.post(path, {"openid_list": [*openids]}, Nothing)


def openid_page(found: OpenidList) -> Page[str]:
    return Page(found.data.openid, found.next_openid if found.data.openid else "")
