"""The client 客户端 of one corp's app: its token, and answers as frozen records."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from siyu.connectors._http import Reach, Upload
from siyu.connectors._wechat.api import Api, Call, Dialect, Download, Manner
from siyu.connectors._wechat.tokens import AccessToken, Issued
from siyu.connectors.errors import Unavailable
from siyu.connectors.ports import AccountKey, Ports
from siyu.connectors.wecom.codes import CODES
from siyu.connectors.wecom.limits import WeComLimits
from siyu.foundation.text import Text

BASE_URL = "https://qyapi.weixin.qq.com"
DIALECT = Dialect(CODES)
R = TypeVar("R")
Query = Mapping[str, str | int | None]


class Client:
    """Calls with the token of (corp, secret). Bodies leave out what is None."""

    def __init__(
        self,
        account: AccountKey,
        secret: str,
        limits: WeComLimits,
        ports: Ports,
        *,
        base_url: str,
        reach: Reach,
    ) -> None:
        manner = Manner(base_url, reach, limits.rates(), limits.api_rates(), limits.concurrency())
        self.account, self.limits, self.ports = account, limits, ports
        self._secret = secret
        self._api = Api(account, DIALECT, manner, ports)
        # One token a corp and secret: a secret that was changed must not be served the old one's token.
        mark = hashlib.sha256(f"{account.ref}\0{secret}".encode()).hexdigest()[:16]
        self.token_key = f"wecom:{account.ref}:{mark}"
        self._api.token = AccessToken(self.token_key, self._issue, ports)

    def __repr__(self) -> str:
        return f"Client({self.account.ref})"

    async def get(
        self, path: str, into: type[R], *, accepts: frozenset[str] = frozenset(), **query: str | int | None
    ) -> R:
        return _record(await self._api.json(Call("GET", path, query, accepts=accepts)), into, path)

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        into: type[R],
        *,
        idempotent: bool = True,
        accepts: frozenset[str] = frozenset(),
        seconds: float | None = None,
        query: Query | None = None,
    ) -> R:
        given = {name: value for name, value in body.items() if value is not None}
        call = Call("POST", path, query or {}, given, idempotent=idempotent, accepts=accepts, seconds=seconds)
        return _record(await self._api.json(call), into, path)

    async def upload(self, path: str, upload: Upload, into: type[R], **query: str | int | None) -> R:
        return _record(await self._api.json(Call("POST", path, query, upload=upload)), into, path)

    async def download(self, path: str, **query: str | int | None) -> Download:
        return await self._api.bytes(Call("GET", path, query))

    async def _issue(self) -> Issued:
        query = {"corpid": self.account.ref, "corpsecret": self._secret}
        answer = await self._api.json(Call("GET", "/cgi-bin/gettoken", query, with_token=False))
        found = _record(answer, _Issued, "/cgi-bin/gettoken")
        return Issued(found.access_token, found.expires_in)


class _Issued(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int = 7200


class Nothing(msgspec.Struct, frozen=True):
    """The answer of a call that only succeeds."""


def _record(fields: dict[str, Any], into: type[R], path: str) -> R:
    """The fields as a record; numbers that come as text are numbers, Unix seconds are instants, null is the default."""
    try:
        return msgspec.convert(fields, into, strict=False)
    except msgspec.ValidationError:
        pass
    try:
        return msgspec.convert(_without_null(fields), into, strict=False)
    except msgspec.ValidationError as error:
        raise Unavailable(
            Text("企业微信的回答与文档不符", "WeCom's answer is not as documented"),
            reached=True,
            vendor_code="shape",
            vendor_message=str(error)[:300],
            api=path,
        ) from None


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(one) for name, one in value.items() if one is not None}
    return [_without_null(one) for one in value if one is not None] if isinstance(value, list) else value


def seconds(at: datetime) -> int:
    """Unix seconds of an aware instant."""
    return int(at.timestamp())


def moment_or_none(at: datetime | None) -> datetime | None:
    """WeCom writes 0 where there is no time."""
    return at if at is not None and at > datetime(1970, 1, 2, tzinfo=UTC) else None
