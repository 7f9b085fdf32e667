"""Log-in by web page 网页授权: who opens a page inside WeChat.

The access token here is the visitor's, not the account's. On a snapshot page (is_snapshotuser) WeChat shows a made-up person:
such a visitor is nobody, and must not be merged with anybody.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

import msgspec

from siyu.connectors._wechat.platform import Nothing, Platform

OPEN_URL = "https://open.weixin.qq.com"
Scope = Literal["snsapi_base", "snsapi_userinfo"]


class Grant(msgspec.Struct, frozen=True):
    """What a visitor granted. The refresh token lives for 30 days; `unionid` only with snsapi_userinfo and a bound account."""

    openid: str
    access_token: str
    expires_in: int = 7200
    refresh_token: str = ""
    scope: str = ""
    unionid: str = ""
    is_snapshotuser: int = 0

    @property
    def is_somebody(self) -> bool:
        """False for the made-up person of a snapshot page."""
        return self.is_snapshotuser == 0

    def __repr__(self) -> str:
        return f"Grant({self.openid})"


class Visitor(msgspec.Struct, frozen=True):
    """`sex`: 0 not told, 1 man, 2 woman."""

    openid: str
    nickname: str = ""
    sex: int = 0
    province: str = ""
    city: str = ""
    country: str = ""
    headimgurl: str = ""
    privilege: tuple[str, ...] = ()
    unionid: str = ""


class OAuth:
    def __init__(self, platform: Platform, open_url: str) -> None:
        self._platform, self._open_url = platform, open_url.rstrip("/")

    def authorize_url(self, redirect_uri: str, state: str, scope: Scope = "snsapi_base") -> str:
        """Where to send a visitor. The order of parameters and the fragment are the vendor's."""
        query = urlencode({
            "appid": self._platform.account.ref,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": scope,
            "state": state,
        })  # fmt: skip
        return f"{self._open_url}/connect/oauth2/authorize?{query}#wechat_redirect"

    async def exchange(self, code: str) -> Grant:
        """A code is good once, for five minutes (40029 wrong, 40163 used)."""
        return await self._platform.ask(
            "/sns/oauth2/access_token", Grant, code=code, grant_type="authorization_code"
        )

    async def refresh(self, refresh_token: str) -> Grant:
        return await self._platform.ask(
            "/sns/oauth2/refresh_token",
            Grant,
            with_secret=False,
            grant_type="refresh_token",
            refresh_token=refresh_token,
        )

    async def visitor(self, grant: Grant, language: str = "zh_CN") -> Visitor:
        """Name and picture; 48001 where only snsapi_base was granted."""
        return await self._platform.ask(
            "/sns/userinfo", Visitor, as_app=False, with_secret=False,
            access_token=grant.access_token, openid=grant.openid, lang=language,
        )  # fmt: skip

    async def check(self, grant: Grant) -> None:
        """Raises where the grant is no longer valid."""
        await self._platform.ask(
            "/sns/auth",
            Nothing,
            as_app=False,
            with_secret=False,
            access_token=grant.access_token,
            openid=grant.openid,
        )
