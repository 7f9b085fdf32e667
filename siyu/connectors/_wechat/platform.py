"""The client 客户端 of one Official Account or Mini Program: its token, and answers as frozen records.

The stable token is asked for unless the account says otherwise: with the plain one every process (and every other system of the
brand) that asks makes the token of the others invalid after five minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from siyu.connectors._http import Upload
from siyu.connectors._wechat.api import Api, Call, Dialect, Download, Manner
from siyu.connectors._wechat.platform_codes import CODES
from siyu.connectors._wechat.tokens import AccessToken, Issued
from siyu.connectors.errors import Unavailable
from siyu.connectors.ports import AccountKey, Ports
from siyu.foundation.text import Text

BASE_URL = "https://api.weixin.qq.com"
DIALECT = Dialect(CODES, busy=frozenset({"-1"}), dispatching=frozenset(), crowded=frozenset())
STABLE, PLAIN = "/cgi-bin/stable_token", "/cgi-bin/token"
R = TypeVar("R")
Query = Mapping[str, str | int | None]


class Nothing(msgspec.Struct, frozen=True):
    """The answer of a call that only succeeds."""


class _Issued(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int = 7200


class _JsTicket(msgspec.Struct, frozen=True):
    ticket: str


class Quota(msgspec.Struct, frozen=True):
    """How often an API may be called today, and how often it was."""

    daily_limit: int = 0
    used: int = 0
    remain: int = 0


class _Quota(msgspec.Struct, frozen=True):
    quota: Quota = Quota()


class Platform:
    """Calls with the token of (appid, secret). Bodies leave out what is None."""

    def __init__(
        self, account: AccountKey, secret: str, manner: Manner, ports: Ports, *, stable: bool = True
    ) -> None:
        self.account, self.ports = account, ports
        self._secret, self._stable = secret, stable
        self._api = Api(account, DIALECT, manner, ports)
        # One token an app and secret: a secret that was changed must not be served the old one's token.
        mark = hashlib.sha256(f"{account.ref}\0{secret}".encode()).hexdigest()[:16]
        self.token_key = f"{account.product}:{account.ref}:{mark}:{'stable' if stable else 'plain'}"
        self._api.token = AccessToken(self.token_key, self._issue, ports)

    def __repr__(self) -> str:
        return f"Platform({self.account.ref})"

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
        query: Query | None = None,
    ) -> R:
        given = {name: value for name, value in body.items() if value is not None}
        call = Call("POST", path, query or {}, given, idempotent=idempotent, accepts=accepts)
        return _record(await self._api.json(call), into, path)

    async def upload(self, path: str, upload: Upload, into: type[R], **query: str | int | None) -> R:
        return _record(await self._api.json(Call("POST", path, query, upload=upload)), into, path)

    async def download(self, path: str, **query: str | int | None) -> Download:
        return await self._api.bytes(Call("GET", path, query))

    async def picture(self, path: str, body: Mapping[str, Any]) -> Download:
        """A picture that is made for a body (mini program codes)."""
        given = {name: value for name, value in body.items() if value is not None}
        return await self._api.bytes(Call("POST", path, body=given))

    async def ask(
        self,
        path: str,
        into: type[R],
        *,
        as_app: bool = True,
        with_secret: bool = True,
        **query: str | int | None,
    ) -> R:
        """A call without the token: log-ins. They carry a code that can be used once, so they are not tried again."""
        mine = {"appid": self.account.ref} if as_app else {}
        mine |= {"secret": self._secret} if with_secret else {}
        call = Call("GET", path, {**mine, **query}, idempotent=False, with_token=False)
        return _record(await self._api.json(call), into, path)

    async def js_ticket(self, kind: str = "jsapi") -> str:
        """The ticket that signs pages (`_wechat.crypto.jsapi_signature`); it lives for two hours."""
        return (await self.get("/cgi-bin/ticket/getticket", _JsTicket, type=kind)).ticket

    async def quota(self, path: str) -> Quota:
        """What the vendor itself counts for one API of the account, named by its path."""
        return (await self.post("/cgi-bin/openapi/quota/get", {"cgi_path": path}, _Quota)).quota

    async def clear_quota(self) -> None:
        """Set today's counts of all APIs back; ten times a month (48006)."""
        await self.post("/cgi-bin/clear_quota", {"appid": self.account.ref}, Nothing, idempotent=False)

    async def check_token(self) -> None:
        """Raises what is wrong with appid, secret or address; asks the vendor, whatever is held."""
        await self._issue()

    async def _issue(self) -> Issued:
        mine = {"grant_type": "client_credential", "appid": self.account.ref, "secret": self._secret}
        call = (
            Call("POST", STABLE, body={**mine, "force_refresh": False}, with_token=False)
            if self._stable
            else Call("GET", PLAIN, mine, with_token=False)
        )
        found = _record(await self._api.json(call), _Issued, call.path)
        return Issued(found.access_token, found.expires_in)


def _record(fields: dict[str, Any], into: type[R], path: str) -> R:
    """The fields as a record; numbers that come as text are numbers, Unix seconds are instants, null is the default."""
    for given in (fields, _without_null(fields)):
        try:
            return msgspec.convert(given, into, strict=False)
        except msgspec.ValidationError as error:
            words = str(error)[:300]
    raise Unavailable(
        Text("微信的回答与文档不符", "WeChat's answer is not as documented"),
        reached=True,
        vendor_code="shape",
        vendor_message=words,
        api=path,
    )


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(one) for name, one in value.items() if one is not None}
    return [_without_null(one) for one in value if one is not None] if isinstance(value, list) else value
