"""gettoken: one live token per corp and secret; asking again inside its life gives the same one."""

from __future__ import annotations

from siyu_sandbox.registry import Endpoint, Json, Refusal
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom.world import Caller, Corp, WecomWorld

LOCKED_SECONDS = 3600


def gettoken(box: Sandbox, _: None, query: dict[str, str], body: Json) -> Json:
    """GET gettoken?corpid&corpsecret."""
    corpid, secret = query.get("corpid", ""), query.get("corpsecret", "")
    if not corpid:
        raise Refusal(41002, "corpid missing")
    if not secret:
        raise Refusal(41004, "corpsecret missing")
    world: WecomWorld = box.worlds["wecom"]
    corp = world.accounts.get(corpid)
    if corp is None:
        raise Refusal(40013, "invalid corpid")
    _known(corp, secret, query["_ip"])
    life = corp.limits.token_life_seconds
    token = box.tokens.live("wecom", corpid, secret) or box.tokens.issue("wecom", corpid, secret, life)
    return {
        "errcode": 0,
        "errmsg": "ok",
        "access_token": token.value,
        "expires_in": max(1, round(token.expires_at - box.clock.now())),
    }


def _known(corp: Corp, secret: str, ip: str) -> None:
    """Refuse a wrong secret; too many shut the IP out for an hour."""
    count, until = corp.wrong_secrets.get(ip, (0, 0.0))
    now = corp.box.clock.now()
    if until > now:
        raise Refusal(45009, "ip locked: too many wrong secrets")
    if secret in corp.apps:
        corp.wrong_secrets.pop(ip, None)
        return
    locked = count + 1 >= corp.limits.wrong_secrets
    corp.wrong_secrets[ip] = (0, now + LOCKED_SECONDS) if locked else (count + 1, 0.0)
    raise Refusal(40001, "invalid credential")


def callback_ips(box: Sandbox, caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET getcallbackip: where callbacks come from."""
    return {"errcode": 0, "errmsg": "ok", "ip_list": ["127.0.0.1"]}


ENDPOINTS = (
    Endpoint("GET", "/cgi-bin/gettoken", gettoken, "wecom", token=False),
    Endpoint("GET", "/cgi-bin/getcallbackip", callback_ips, "wecom"),
)
