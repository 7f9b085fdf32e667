"""What is left of the daily calls (接口调用额度), and how to have them counted anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.registry import Endpoint, Json, Refusal
from siyu_sandbox.weixin.account import Account

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

DAY = 86_400
MONTH = 30 * DAY
OK = {"errcode": 0, "errmsg": "ok"}


def clear(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/clear_quota: ten times a month."""
    if body.get("appid") != account.appid:
        raise Refusal(40013)
    now = box.clock.now()
    account.quota_resets[:] = [at for at in account.quota_resets if at > now - MONTH]
    if len(account.quota_resets) >= account.limits.quota_resets_per_month:
        raise Refusal(48006, "forbid to clear quota because of reaching the limit")
    account.quota_resets.append(now)
    box.windows.forget(account.appid)
    return OK


def left(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/openapi/quota/get."""
    path = body.get("cgi_path")
    most = account.limits.daily.get(str(path))
    if most is None:
        raise Refusal(76022, "could not use this cgi_path, no permission")
    used = min(box.windows.used(account.appid, str(path)).get(DAY, 0), most)
    return {**OK, "quota": {"daily_limit": most, "used": used, "remain": most - used}}


def endpoints(product: str) -> tuple[Endpoint, ...]:
    """Return the addresses for one of the two products."""
    return (
        Endpoint("POST", "/cgi-bin/clear_quota", clear, product),
        Endpoint("POST", "/cgi-bin/openapi/quota/get", left, product),
    )
