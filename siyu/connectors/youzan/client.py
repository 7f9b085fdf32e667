"""The client 客户端 of one Youzan shop: its token, and answers as plain tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from siyu.connectors._http import Reply
from siyu.connectors._wechat.api import Api, Call, Dialect, Manner
from siyu.connectors._wechat.tokens import AccessToken, Issued
from siyu.connectors.errors import Codes, Known, Unavailable
from siyu.connectors.ports import AccountKey, Ports
from siyu.foundation.text import Text

BASE_URL = "https://open.youzanyun.com"
TOKEN = "/auth/token"  # noqa: S105  a path
_TOKEN_CODES = frozenset({"4201", "4202", "4203"})
_SECRET = Known("bad_credentials", Text("有赞不接受 client_id 或 client_secret", "Youzan does not accept client_id or client_secret"),
                Text("在有赞云的应用详情里核对，并确认店铺已授权给这个应用", "compare them in the app's page, and see that the shop has authorised the app"))  # fmt: skip
CODES: Codes = {
    **{code: Known("bad_credentials", Text("有赞的访问令牌失效", "the access token of Youzan has ended")) for code in _TOKEN_CODES},
    "token_refused": _SECRET,
}
DIALECT = Dialect(CODES, token=_TOKEN_CODES, busy=frozenset(), dispatching=frozenset(), crowded=frozenset(), blocking=frozenset({"http_429"}))


class _Calls(Api):
    """Youzan words success and errors its own way: code 200 with `data`; older APIs `response`, the gateway `gw_err_resp`."""

    def _answer(self, call: Call, reply: Reply, *, raw: bool) -> dict[str, Any]:
        if reply.status == 429 or not 200 <= reply.status < 300:
            return super()._answer(call, reply, raw=False)  # type: ignore[return-value]
        fields = _decoded(reply.body)
        if fields is None:
            raise Unavailable(Text("有赞的回答无法读取", "Youzan's answer cannot be read"), vendor_code="unreadable", api=call.path)
        for name in ("gw_err_resp", "error_response"):
            if isinstance(wrong := fields.get(name), Mapping):
                raise self._known(str(wrong.get("err_code", wrong.get("code", ""))), str(wrong.get("err_msg", wrong.get("msg", ""))), call)
        data = fields.get("data", fields.get("response"))
        code = str(fields.get("code", "200"))
        if code not in ("200", "0") or fields.get("success") is False or not isinstance(data, dict):
            raise self._known("token_refused" if call.path == TOKEN else code, str(fields.get("message") or fields.get("msg") or ""), call)
        return data


@dataclass(frozen=True)
class App:
    kdt_id: str
    client_id: str
    client_secret: str


class Client:
    def __init__(self, account: AccountKey, app: App, manner: Manner, ports: Ports) -> None:
        self.account, self._app, self._ports = account, app, ports
        self._api = _Calls(account, DIALECT, manner, ports)
        mark = hashlib.sha256(f"{app.kdt_id}\0{app.client_id}\0{app.client_secret}".encode()).hexdigest()[:16]
        self._api.token = AccessToken(f"youzan:{app.kdt_id}:{mark}", self._issue, ports)

    def __repr__(self) -> str:
        return f"Client({self._app.kdt_id})"

    async def ask(self, method: str, version: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A call that only reads, so it may be repeated."""
        return await self._api.json(Call("POST", f"/api/{method}/{version}", body=body))

    async def check_token(self) -> None:
        await self._issue()

    async def _issue(self) -> Issued:
        app = self._app
        body = {"client_id": app.client_id, "client_secret": app.client_secret, "authorize_type": "silent", "grant_id": app.kdt_id}
        found = await self._api.json(Call("POST", TOKEN, body=body, with_token=False))
        token, expires = found.get("access_token"), found.get("expires")
        if not isinstance(token, str) or not token:
            raise Unavailable(Text("有赞没有给出访问令牌", "Youzan gave no access token"), reached=True, vendor_code="shape", api=TOKEN)
        # `expires` is an instant in ms; where it is not told, tokens live for a week, and a day is safe.
        left = int(expires / 1000 - self._ports.now().timestamp()) if isinstance(expires, int | float) else 86_400
        return Issued(token, max(60, left))


def _decoded(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body.decode("utf-8"), strict=False)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
