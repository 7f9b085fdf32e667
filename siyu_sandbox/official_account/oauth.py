"""Web log-in (网页授权): a code for whoever opens the page in WeChat, and what the account may ask with it.

`open.weixin.qq.com` knows the person by the phone. Here the query parameter `phone` says whose it is; without it
the answer is a page on which a developer picks one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from siyu_sandbox.registry import Answer, ControlFault, Endpoint, Json, Refusal
from siyu_sandbox.tokens import LIFE_SECONDS

if TYPE_CHECKING:
    from siyu_sandbox.official_account.account import OfficialAccount
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "official_account"
SCOPES = ("snsapi_base", "snsapi_userinfo")
REFRESH_SECONDS = 30 * 86_400
PICKED = 30
KEPT_CODES = 10_000


@dataclass
class Grant:
    """What one person allowed one account; `snapshot`: a preview of the page gave a virtual person (快照页)."""

    openid: str
    phone: int
    scope: str
    snapshot: bool = False


@dataclass
class _Kept:
    grant: Grant
    until: float
    used: bool = False


@dataclass
class Logins:
    """Codes (protocol time) and tokens (virtual time) of one account's web log-in."""

    codes: dict[str, _Kept] = field(default_factory=dict)
    tokens: dict[str, _Kept] = field(default_factory=dict)
    refreshes: dict[str, _Kept] = field(default_factory=dict)

    def forget_codes(self, real: float) -> None:
        """Drop codes that are over, once there are many."""
        if len(self.codes) >= KEPT_CODES:
            self.codes = {code: kept for code, kept in self.codes.items() if kept.until > real}


def grant(box: Sandbox, account: OfficialAccount, phone: int, scope: str, snapshot: bool = False) -> str:
    """Let a person allow it; return the code."""
    if scope not in SCOPES:
        raise ControlFault(f"scope must be one of {', '.join(SCOPES)}")
    if account.kind != "service":
        raise ControlFault("only a service account (服务号) has web log-in", 409)
    account.logins.forget_codes(box.clock.real())
    code = secrets.token_urlsafe(24)
    given = Grant(account.openid(phone), phone, scope, snapshot)
    account.logins.codes[code] = _Kept(given, box.clock.real() + account.limits.code_seconds)
    return code


def authorize(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Answer:
    """GET /connect/oauth2/authorize."""
    account: OfficialAccount | None = box.worlds[PRODUCT].accounts.get(query.get("appid"))
    back = urlsplit(query.get("redirect_uri", ""))
    if account is not None and account.kind != "service":
        return _page("Scope 参数错误或没有 Scope 权限 No right to this scope (10005)", 400)
    if account is None or query.get("response_type") != "code" or query.get("scope") not in SCOPES:
        return _page("参数错误 Bad parameters (10016)", 400)
    if (
        back.scheme not in ("http", "https")
        or not back.hostname
        or (account.domains and back.hostname not in account.domains)
    ):
        return _page("redirect_uri 参数错误 redirect_uri is not a trusted domain (10003)", 400)
    phone = query.get("phone", "")
    if not phone.isdigit():
        return _page(_choices(box, query))
    code = grant(box, account, box.phones.get(int(phone)).id, query["scope"])
    return Answer(
        b"", "text/plain", 302, {"Location": landing(query["redirect_uri"], code, query.get("state", ""))}
    )


def landing(redirect_uri: str, code: str, state: str) -> str:
    """Return the address to which WeChat sends the person back."""
    parts = urlsplit(redirect_uri)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), ("code", code), ("state", state)])
    return urlunsplit(parts._replace(query=query))


def _choices(box: Sandbox, query: dict[str, str]) -> str:
    asked = {name: value for name, value in query.items() if not name.startswith("_")}
    rows = []
    for number in range(1, min(box.phones.count, PICKED) + 1):
        link = escape("?" + urlencode(asked | {"phone": str(number)}))
        rows.append(f'<li><a href="{link}">{escape(box.phones.name(number))} ({number})</a></li>')
    return "<h1>谁在看这个页面?Whose phone is this?</h1><ul>" + "".join(rows) + "</ul>"


def _page(inside: str, status: int = 200) -> Answer:
    html = f'<!doctype html><meta charset="utf-8"><title>WeChat</title>{inside}'
    return Answer(html.encode(), "text/html; charset=utf-8", status)


def _account(box: Sandbox, query: dict[str, str]) -> OfficialAccount:
    account: OfficialAccount | None = box.worlds[PRODUCT].accounts.get(query.get("appid"))
    if account is None:
        raise Refusal(40013)
    return account


def access_token(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Json:
    """GET /sns/oauth2/access_token: the code works once."""
    account = _account(box, query)
    if query.get("secret") != account.secret:
        raise Refusal(40125)
    if query.get("grant_type") != "authorization_code":
        raise Refusal(40002, "invalid grant_type")
    if not query.get("code"):
        raise Refusal(41008, "missing code")
    kept = account.logins.codes.get(query["code"])
    if kept is None or kept.until <= box.clock.real():
        raise Refusal(40029, "invalid code")
    if kept.used:
        raise Refusal(40163, "code been used")
    kept.used = True
    return _tokens(box, account, kept.grant)


def _tokens(box: Sandbox, account: OfficialAccount, given: Grant, refresh: str = "") -> Json:
    now, token = box.clock.now(), secrets.token_urlsafe(60)
    account.logins.tokens[token] = _Kept(given, now + LIFE_SECONDS)
    if not refresh:
        refresh = secrets.token_urlsafe(60)
        account.logins.refreshes[refresh] = _Kept(given, now + REFRESH_SECONDS)
    answer: Json = {
        "access_token": token,
        "expires_in": LIFE_SECONDS,
        "refresh_token": refresh,
        "openid": given.openid,
        "scope": given.scope,
    }
    unionid = account.unionid(box.phones.about(given.phone)[2])
    if unionid and given.scope == "snsapi_userinfo":
        answer["unionid"] = unionid
    return answer | ({"is_snapshotuser": 1} if given.snapshot else {})


def refresh_token(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Json:
    """GET /sns/oauth2/refresh_token."""
    account = _account(box, query)
    kept = account.logins.refreshes.get(query.get("refresh_token", ""))
    if kept is None:
        raise Refusal(40030, "invalid refresh_token")
    if kept.until <= box.clock.now():
        raise Refusal(42002, "refresh_token expired")
    return _tokens(box, account, kept.grant, query["refresh_token"])


def _grant_of(box: Sandbox, query: dict[str, str]) -> tuple[OfficialAccount, Grant]:
    token = query.get("access_token", "")
    for account in box.worlds[PRODUCT].accounts.values():
        kept = account.logins.tokens.get(token)
        if kept is not None:
            if kept.until <= box.clock.now():
                raise Refusal(42001, "access_token expired")
            if query.get("openid") != kept.grant.openid:
                raise Refusal(40003)
            return account, kept.grant
    raise Refusal(40001)


def check(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Json:
    """GET /sns/auth."""
    _grant_of(box, query)
    return {"errcode": 0, "errmsg": "ok"}


def user_info(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Json:
    """GET /sns/userinfo: name and picture are told here only, where the person agreed."""
    account, given = _grant_of(box, query)
    if given.scope != "snsapi_userinfo":
        raise Refusal(48001)
    phone = box.phones.get(given.phone)
    unionid = account.unionid(phone.unionid)
    head = f"https://thirdwx.qlogo.cn/mmopen/vi_32/{given.openid}/132"
    answer: Json = {"openid": given.openid, "nickname": phone.name, "sex": 0, "language": "", "city": "", "province": "", "country": "", "headimgurl": head, "privilege": []}  # fmt: skip
    return answer | ({"unionid": unionid} if unionid else {})


ENDPOINTS = (
    Endpoint("GET", "/connect/oauth2/authorize", authorize, PRODUCT, token=False),
    Endpoint("GET", "/sns/oauth2/access_token", access_token, PRODUCT, token=False),
    Endpoint("GET", "/sns/oauth2/refresh_token", refresh_token, PRODUCT, token=False),
    Endpoint("GET", "/sns/auth", check, PRODUCT, token=False),
    Endpoint("GET", "/sns/userinfo", user_info, PRODUCT, token=False),
)
