"""Tags 粉丝标签 of an Official Account. The system's own (0, 1, 2) cannot be changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from siyu.connectors._wechat.api import Page
from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Nothing, Platform
from siyu.connectors.official_account.followers import OpenidList, openid_page
from siyu.connectors.official_account.limits import AccountLimits


class Tag(msgspec.Struct, frozen=True):
    id: int
    name: str = ""
    count: int = 0


class _Tags(msgspec.Struct, frozen=True):
    tags: tuple[Tag, ...] = ()


class _Made(msgspec.Struct, frozen=True):
    tag: Tag


class _Ids(msgspec.Struct, frozen=True):
    tagid_list: tuple[int, ...] = ()


class Tags:
    def __init__(self, platform: Platform, limits: AccountLimits) -> None:
        self._platform, self._limits = platform, limits

    async def list(self) -> tuple[Tag, ...]:
        return (await self._platform.get("/cgi-bin/tags/get", _Tags)).tags

    async def create(self, name: str) -> Tag:
        """Refused with 45157 where the name is taken."""
        self._check(name)
        return (
            await self._platform.post(
                "/cgi-bin/tags/create", {"tag": {"name": name}}, _Made, idempotent=False
            )
        ).tag

    async def rename(self, id: int, name: str) -> None:
        self._check(name)
        await self._platform.post("/cgi-bin/tags/update", {"tag": {"id": id, "name": name}}, Nothing)

    async def delete(self, id: int) -> None:
        await self._platform.post("/cgi-bin/tags/delete", {"tag": {"id": id}}, Nothing)

    async def mark(self, id: int, openids: Sequence[str]) -> None:
        await self._change("/cgi-bin/tags/members/batchtagging", id, openids)

    async def unmark(self, id: int, openids: Sequence[str]) -> None:
        await self._change("/cgi-bin/tags/members/batchuntagging", id, openids)

    async def of(self, openid: str) -> tuple[int, ...]:
        """The tags of one person."""
        return (await self._platform.post("/cgi-bin/tags/getidlist", {"openid": openid}, _Ids)).tagid_list

    async def people(self, id: int, after: str = "") -> Page[str]:
        """A page of who has the tag."""
        body = {"tagid": id, "next_openid": after}
        return openid_page(await self._platform.post("/cgi-bin/user/tag/get", body, OpenidList))

    async def _change(self, path: str, id: int, openids: Sequence[str]) -> None:
        faults = Faults()
        faults.count("openids", openids, self._limits.people_per_tagging)
        faults.tell()
        await self._platform.post(path, {"openid_list": [*openids], "tagid": id}, Nothing)

    def _check(self, name: str) -> None:
        faults = Faults()
        faults.needed("name", name.strip())
        faults.characters("name", name, self._limits.tag_name_characters)
        faults.tell()
