"""Web 网页: the sidebar's signatures (JS-SDK) and the log-in of staff by OAuth."""

from __future__ import annotations

import secrets
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from siyu.connectors._wechat.crypto import jsapi_signature
from siyu.connectors._wechat.tokens import AccessToken, Issued
from siyu.connectors.wecom.client import Client
from siyu.connectors.wecom.content import Faults

AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"
Scope = Literal["snsapi_base", "snsapi_privateinfo"]


class PageSignature(msgspec.Struct, frozen=True):
    """What `wx.config` (and with `agentid` `wx.agentConfig`) is given for one page."""

    corpid: str
    timestamp: int
    nonce: str
    signature: str
    agentid: int | None = None


class Visitor(msgspec.Struct, frozen=True):
    """Who opened the page: a staff member (`userid`, and a ticket for details), or somebody outside (`openid`)."""

    userid: str = ""
    user_ticket: str = ""
    openid: str = ""
    external_userid: str = ""


class VisitorDetail(msgspec.Struct, frozen=True):
    """What the staff member agreed to show."""

    userid: str
    gender: int = 0
    avatar: str = ""
    qr_code: str = ""
    mobile: str = ""
    email: str = ""
    biz_mail: str = ""
    address: str = ""


class _Ticket(msgspec.Struct, frozen=True):
    ticket: str
    expires_in: int = 7200


class Web:
    def __init__(self, client: Client, agentid: int | None) -> None:
        self._client, self._agentid = client, agentid
        key, ports = client.token_key, client.ports
        self._corp_ticket = AccessToken(f"{key}:jsapi", self._issue_corp_ticket, ports)
        self._app_ticket = AccessToken(f"{key}:agent_config", self._issue_app_ticket, ports)

    async def sign_page(self, url: str) -> PageSignature:
        """For `wx.config` on the page at `url`."""
        return self._signed(await self._corp_ticket.get(), url, None)

    async def sign_app_page(self, url: str) -> PageSignature:
        """For `wx.agentConfig`: needed by what the sidebar calls, such as the current customer."""
        faults = Faults()
        faults.needed("agentid", self._agentid)
        faults.tell()
        return self._signed(await self._app_ticket.get(), url, self._agentid)

    def authorize_url(
        self, redirect_uri: str, state: str, *, scope: Scope = "snsapi_base", base_url: str = AUTHORIZE
    ) -> str:
        """Where a staff member is sent to log in; they come back to `redirect_uri` with `code` and `state`."""
        faults = Faults()
        if not redirect_uri.startswith(("http://", "https://")):
            faults.add(
                "redirect_uri", "必须以 http:// 或 https:// 开头", "must begin with http:// or https://"
            )
        if not (state.isascii() and state.isalnum()) or len(state) > 128:
            faults.add("state", "应为 128 位以内的字母和数字", "letters and digits, at most 128")
        if scope != "snsapi_base":
            faults.needed("agentid", self._agentid)
        faults.tell()
        query: dict[str, Any] = {
            "appid": self._client.account.ref,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": scope,
            "state": state,
        }
        if self._agentid is not None:
            query["agentid"] = self._agentid
        return f"{base_url}?{urlencode(query)}#wechat_redirect"

    async def visitor(self, code: str) -> Visitor:
        """Who came back with `code` (it works once, for five minutes)."""
        return await self._client.get("/cgi-bin/auth/getuserinfo", Visitor, code=code)

    async def visitor_detail(self, user_ticket: str) -> VisitorDetail:
        return await self._client.post(
            "/cgi-bin/auth/getuserdetail", {"user_ticket": user_ticket}, VisitorDetail
        )

    def _signed(self, ticket: str, url: str, agentid: int | None) -> PageSignature:
        now, nonce = int(self._client.ports.now().timestamp()), secrets.token_hex(8)
        return PageSignature(
            self._client.account.ref, now, nonce, jsapi_signature(ticket, nonce, now, url), agentid
        )

    async def _issue_corp_ticket(self) -> Issued:
        found = await self._client.get("/cgi-bin/get_jsapi_ticket", _Ticket)
        return Issued(found.ticket, found.expires_in)

    async def _issue_app_ticket(self) -> Issued:
        found = await self._client.get("/cgi-bin/ticket/get", _Ticket, type="agent_config")
        return Issued(found.ticket, found.expires_in)
