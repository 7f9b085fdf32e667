"""How an account gets its access token (接口调用凭据), plain or stable, and its JS-SDK ticket.

A plain token ends five minutes after the next one was made. A stable one (稳定版) is the same until five minutes
before its end, and plain ones do not touch it (api_getstableaccesstoken).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.registry import Endpoint, Json, Refusal
from siyu_sandbox.tokens import LIFE_SECONDS, Token
from siyu_sandbox.weixin.account import Account, short_id

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

DAY = 86_400
PRODUCTS = ("official_account", "mini_program", "wechat_shop")


def find_account(box: Sandbox, appid: object, secret: object, ip: str) -> Account:
    """Return the account of an appid and its secret, of whichever product, if the caller's IP is on its list."""
    if not appid:
        raise Refusal(41002, "appid missing")
    if not secret:
        raise Refusal(41004, "appsecret missing")
    for product in PRODUCTS:
        account: Account | None = box.worlds[product].accounts.get(appid)
        if account is not None:
            if account.secret != secret:
                raise Refusal(40125, "invalid appsecret")
            if account.trusted_ips is not None and ip not in account.trusted_ips:
                raise Refusal(40164, f"invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist")
            return account
    raise Refusal(40013, "invalid appid")


def _answer(box: Sandbox, token: Token) -> Json:
    return {"access_token": token.value, "expires_in": int(token.expires_at - box.clock.now() + 0.5)}


def plain_token(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/token: a new token at every call."""
    if query.get("grant_type") != "client_credential":
        raise Refusal(40002, "invalid grant_type")
    account = find_account(box, query.get("appid"), query.get("secret"), query["_ip"])
    before = box.tokens.live(account.product, account.appid, "plain")
    if before:
        box.tokens.end(before, account.limits.token_overlap_seconds)
    return _answer(box, box.tokens.issue(account.product, account.appid, "plain", LIFE_SECONDS))


def stable_token(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/stable_token: the same token, unless its end is near or a new one is forced."""
    if body.get("grant_type") != "client_credential":
        raise Refusal(40002, "invalid grant_type")
    account = find_account(box, body.get("appid"), body.get("secret"), query["_ip"])
    token = box.tokens.live(account.product, account.appid, "stable")
    if body.get("force_refresh") is True:
        _force(box, account, token)
        token = None
    if token is None or token.expires_at - box.clock.now() <= account.limits.token_overlap_seconds:
        token = box.tokens.issue(account.product, account.appid, "stable", LIFE_SECONDS)
    return _answer(box, token)


def _force(box: Sandbox, account: Account, token: Token | None) -> None:
    now = box.clock.now()
    account.forced_at[:] = [at for at in account.forced_at if at > now - DAY]
    if account.forced_at and now - account.forced_at[-1] < account.limits.forced_tokens_apart_seconds:
        raise Refusal(45011)
    if len(account.forced_at) >= account.limits.forced_tokens_per_day:
        raise Refusal(45009)
    account.forced_at.append(now)
    if token:
        box.tokens.end(token)


def js_ticket(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/ticket/getticket: the same ticket for two hours."""
    if query.get("type") not in ("jsapi", "wx_card"):
        raise Refusal(40097, "invalid args")
    term, left = divmod(box.clock.now(), LIFE_SECONDS)
    ticket = short_id(f"{account.secret}:{query['type']}:{int(term)}", 43) * 2
    return {"errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": int(LIFE_SECONDS - left)}


def addresses(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/getcallbackip and get_api_domain_ip."""
    return {"ip_list": ["127.0.0.1"]}


def endpoints(product: str) -> tuple[Endpoint, ...]:
    """Return the addresses for one of the products."""
    return (
        Endpoint("GET", "/cgi-bin/token", plain_token, product, token=False),
        Endpoint("POST", "/cgi-bin/stable_token", stable_token, product, token=False),
        Endpoint("GET", "/cgi-bin/ticket/getticket", js_ticket, product),
        Endpoint("GET", "/cgi-bin/getcallbackip", addresses, product),
        Endpoint("GET", "/cgi-bin/get_api_domain_ip", addresses, product),
    )
