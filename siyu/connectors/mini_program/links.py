"""Links and codes 链接与小程序码 that lead into the Mini Program. A link belongs to the first person who opens it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Literal

import msgspec

from siyu.connectors._wechat.api import Download
from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Platform
from siyu.connectors.mini_program.limits import MiniProgramLimits

Version = Literal["release", "trial", "develop"]
SCENE = re.compile(r"[0-9a-zA-Z!#$&'()*+,/:;=?@\-._~]+")
LEAST_WIDTH, MOST_WIDTH = 280, 1280


class LinkInfo(msgspec.Struct, frozen=True):
    """`expire_time` is in Unix seconds, 0 where the link does not end by time."""

    path: str = ""
    query: str = ""
    create_time: int = 0
    expire_time: int = 0
    env_version: str = "release"


class _UrlLink(msgspec.Struct, frozen=True):
    url_link: str


class _Scheme(msgspec.Struct, frozen=True):
    openlink: str


class _Short(msgspec.Struct, frozen=True):
    link: str


class _LinkInfo(msgspec.Struct, frozen=True):
    url_link_info: LinkInfo = LinkInfo()


class Links:
    def __init__(self, platform: Platform, limits: MiniProgramLimits) -> None:
        self._platform, self._limits = platform, limits

    async def url_link(
        self,
        path: str = "",
        query: str = "",
        *,
        until: datetime | None = None,
        days: int | None = None,
        version: Version = "release",
    ) -> str:
        """An https link for SMS and mail; it lives until `until`, or for `days` (the longest, if neither is given)."""
        self._check(path, query, days)
        body = {"path": path, "query": query, "env_version": version, **self._expiry(until, days)}
        return (await self._platform.post("/wxa/generate_urllink", body, _UrlLink, idempotent=False)).url_link

    async def query_url_link(self, url_link: str) -> LinkInfo:
        return (
            await self._platform.post("/wxa/query_urllink", {"url_link": url_link}, _LinkInfo)
        ).url_link_info

    async def scheme(
        self,
        path: str = "",
        query: str = "",
        *,
        until: datetime | None = None,
        days: int | None = None,
        version: Version = "release",
    ) -> str:
        """A weixin:// link, for apps and pages that may open one."""
        self._check(path, query, days)
        body = {
            "jump_wxa": {"path": path, "query": query, "env_version": version},
            "is_expire": True,
            **self._expiry(until, days),
        }
        return (await self._platform.post("/wxa/generatescheme", body, _Scheme, idempotent=False)).openlink

    async def short_link(self, page_url: str, title: str = "", *, lasting: bool = False) -> str:
        """A link that works inside WeChat only."""
        body = {"page_url": page_url, "page_title": title, "is_permanent": lasting}
        return (await self._platform.post("/wxa/genwxashortlink", body, _Short, idempotent=False)).link

    async def code(
        self,
        scene: str,
        page: str = "",
        *,
        check_path: bool = True,
        version: Version = "release",
        width: int = 430,
        transparent: bool = False,
    ) -> Download:
        """A picture of a code; there may be any number of them. What is scanned reaches the page as `scene`."""
        faults = Faults()
        if not SCENE.fullmatch(scene):
            faults.add(
                "scene",
                "只能用数字、字母和 !#$&'()*+,/:;=?@-._~",
                "digits, letters and !#$&'()*+,/:;=?@-._~ only",
            )
        faults.characters("scene", scene, self._limits.scene_characters)
        if page.startswith("/") or "?" in page:
            faults.add("page", "不要以 / 开头，也不要带参数", "it does not begin with / and has no query")
        faults.between("width", width, LEAST_WIDTH, MOST_WIDTH)
        faults.tell()
        body = {
            "scene": scene, "page": page or None, "check_path": check_path, "env_version": version,
            "width": width, "is_hyaline": transparent,
        }  # fmt: skip
        return await self._platform.picture("/wxa/getwxacodeunlimit", body)

    async def lasting_code(self, path: str, *, width: int = 430, version: Version = "release") -> Download:
        """A code of a whole path; 100,000 for ever, together with those of the older call."""
        self._check_code_path(path, width)
        return await self._platform.picture(
            "/wxa/getwxacode", {"path": path, "width": width, "env_version": version}
        )

    async def square_code(self, path: str, *, width: int = 430) -> Download:
        """The older, square form; counts against the same 100,000."""
        self._check_code_path(path, width)
        return await self._platform.picture("/cgi-bin/wxaapp/createwxaqrcode", {"path": path, "width": width})

    def _check_code_path(self, path: str, width: int) -> None:
        faults = Faults()
        faults.needed("path", path)
        faults.bytes("path", path, self._limits.code_path_bytes)
        faults.between("width", width, LEAST_WIDTH, MOST_WIDTH)
        faults.tell()

    def _check(self, path: str, query: str, days: int | None) -> None:
        faults = Faults()
        if "?" in path:
            faults.add("path", "路径里不要带参数", "the path has no query")
        faults.characters("query", query, self._limits.query_characters)
        if days is not None:
            faults.between("days", days, 1, self._limits.link_days)
        faults.tell()

    def _expiry(self, until: datetime | None, days: int | None) -> dict[str, Any]:
        if until is not None:
            return {"expire_type": 0, "expire_time": int(until.timestamp())}
        return {"expire_type": 1, "expire_interval": days or self._limits.link_days}
