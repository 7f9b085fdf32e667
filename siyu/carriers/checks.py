"""Checks 逐项检查: the steps of connecting an account, in words, with what to put right. Also what the doctor runs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from siyu.carriers import accounts, health
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.errors import CarrierError
from siyu.connectors.vendor import Check, Found
from siyu.foundation.errors import InvalidError, SiyuError
from siyu.foundation.text import Text

PATIENCE_SECONDS = 30.0
PUSHING = {"email", "sms"}
"""Carriers whose callbacks are receipts of what was sent."""
LABEL = Text("回调地址", "Callback address")
_SKIPPED = Found(False, Text("前面的步骤通过后再检查", "checked once the steps before it are right"), None, "skipped")


@dataclass(frozen=True)
class Step:
    """`ok` is None where the step was not tried, because one before it failed."""

    key: str
    label: Text
    ok: bool | None
    says: Text
    fix: Text | None
    code: str


def run_checks(calls: Calls, account: Account, *, callback_url: str | None, refused_at: datetime | None = None) -> list[Step]:
    """Every step in order. With wrong credentials, or nobody there, nothing else can be learned: the other steps are not tried."""
    steps: list[Step] = []
    for check in account.vendor.checks:
        barred = any(step.ok is False and _bars(account, step, number) for number, step in enumerate(steps))
        found = _SKIPPED if barred else _run(calls, account, check)
        steps.append(Step(check.key, check.label, None if barred else found.ok, found.says, found.fix, found.code))
    if callback_url is not None and account.vendor.has_callbacks:
        steps.append(_callback(calls, account, callback_url, refused_at))
    return steps


def _bars(account: Account, step: Step, number: int) -> bool:
    """Wrong credentials, or nobody there at all (a first step without any code of the carrier's): the others could only say
    the same, slowly."""
    known = account.vendor.codes.get(step.code)
    return (number == 0 and step.code in ("", "timeout")) or (known is not None and known.kind == "bad_credentials")


def _run(calls: Calls, account: Account, check: Check) -> Found:
    async def ask() -> Found:
        return await check.run(calls.connector(account))

    try:
        return calls.run(ask(), PATIENCE_SECONDS)
    except CarrierError as error:
        return Found(False, error.message, error.way_out, error.vendor_code)
    except SiyuError as error:
        return Found(False, error.message, error.way_out, error.code)
    except TimeoutError:
        return Found(False, Text("30 秒内没有回答", "there was no answer within 30 seconds"), Text("检查网络和代理后再试", "check the network and the proxy, then try again"), "timeout")


def _callback(calls: Calls, account: Account, url: str, refused_at: datetime | None) -> Step:
    with calls.stores.ledger.read() as tx:
        heard_at, proved_at = accounts.find_account(tx, account.id).called_back_at, health.verified_at(tx, account.id)
        is_ready = _has_keys(account, accounts.credentials_of(calls.stores, tx, account))
    if account.product in PUSHING and heard_at is None:
        return _pushed(account, url, is_ready)
    if not is_ready:
        says = Text("还没有填写回调的 Token 和 EncodingAESKey", "Token and EncodingAESKey of the callback are not entered yet")
        fix = Text("在管理后台随机生成这两项，填到这里，再保存管理后台的设置", "generate both in the admin console, enter them here, then save the settings there")
        return Step("callback", LABEL, False, says, fix, "keys")
    last = max((at for at in (heard_at, proved_at) if at is not None), default=None)
    if refused_at is not None and (last is None or refused_at > last):
        says = Text("载体来过，但签名不对", "the carrier called, but its signature is wrong")
        fix = Text("管理后台的 Token、EncodingAESKey 要与这里填写的完全一致", "Token and EncodingAESKey in the admin console must be exactly those entered here")
        return Step("callback", LABEL, False, says, fix, "signature")
    if heard_at is not None:
        at = calls.stores.calendar
        shown = heard_at.astimezone(at.zone).strftime("%Y-%m-%d %H:%M:%S")
        return Step("callback", LABEL, True, Text(f"收到过回调，最近一次 {shown}", f"callbacks come in; the last at {shown}"), None, "")
    if proved_at is not None:
        return Step("callback", LABEL, True, Text("载体已验证过地址，还没有事件", "the carrier has verified the address; no event yet"), None, "")
    if _is_private(url) and not _is_private(str(account.settings.get("base_url") or "")):
        says = Text("载体从外网访问不到这个地址", "the carrier cannot reach this address from outside")
        fix = Text("用反向代理给 Siyu 一个公网 https 地址，设 SIYU_PUBLIC_URL 后重启", "give Siyu a public https address by a proxy, set SIYU_PUBLIC_URL and start again")
        return Step("callback", LABEL, False, says, fix, "private")
    says = Text("还没有收到验证或回调", "neither a verification nor a callback has come in yet")
    fix = Text(
        f"在管理后台「接收消息服务器配置」填写:URL {url};Token 和 EncodingAESKey 用这里填写的那两项",
        f"in the admin console (server that receives messages) enter: URL {url}; Token and EncodingAESKey as entered here",
    )
    if (place := account.vendor.callback_help) is not None:
        fix = Text(f"{place.zh}:{url}", f"{place.en}: {url}")
    return Step("callback", LABEL, False, says, fix, "waiting")


def _pushed(account: Account, url: str, is_ready: bool) -> Step:
    """Receipts are pushed only once something was sent, and can be done without."""
    says = Text("还没有收到推送的回执(发出第一条之后才会有)", "no receipt was pushed yet (they come once something was sent)")
    if not is_ready:
        says = Text("没有填写推送的密钥，回执推送未启用(选填)", "the keys of pushed receipts are not entered; they are not in use (optional)")
    fix = Text(f"需要时在{account.vendor.name.zh}服务商的推送设置里填写：{url}", f"where wanted, enter it in the provider's settings for pushes: {url}")
    return Step("callback", LABEL, True, says, fix, "")


def _has_keys(account: Account, credentials: Mapping[str, str]) -> bool:
    assert account.vendor.callback is not None
    try:
        account.vendor.callback(credentials)
    except (KeyError, InvalidError):
        return False
    return True


def all_right(steps: Sequence[Step]) -> bool:
    return all(step.ok for step in steps)


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if "." not in host and ":" not in host:
        return bool(host)
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
