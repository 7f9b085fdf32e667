"""`POST /sms/send`: one message to one number. A repeated call sends twice, as most gateways do."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from siyu_sandbox.registry import Endpoint, Json
from siyu_sandbox.sms.account import PRODUCT, Message, SmsAccount, SmsWorld
from siyu_sandbox.sms.receipts import plan
from siyu_sandbox.windows import Window

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

NUMBER = re.compile(r"(?:\+86|0086)?(1[3-9]\d{9})")
FIELDS = ("app_key", "timestamp", "sign", "phone", "template", "id")
DAY = 86_400


class _No(Exception):
    """The gateway's own refusal, by its code."""


def signature(secret: str, text: str) -> str:
    """Return hex HMAC-SHA256."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def send(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Json:
    """Check the call, let the phone receive it, and plan the receipt."""
    world: SmsWorld = box.worlds[PRODUCT]
    try:
        account = _account(box, world, body)
        number = _number(account, body)
        _paid(box, world, account, number)
    except _No as refusal:
        code = str(refusal)
        return {"code": code, "message": code.lower().replace("_", " ")}
    message_id = f"{box.clock.second()}{secrets.token_hex(6)}"
    message = Message(
        message_id, str(body["id"]), number, str(body["template"]), body.get("params"), box.clock.now()
    )
    account.messages.append(message)
    plan(box, world, account, message)
    return {"code": "OK", "message": "OK", "message_id": message_id}


def _account(box: Sandbox, world: SmsWorld, body: Json) -> SmsAccount:
    if any(not body.get(name) for name in FIELDS):
        raise _No("BAD_PARAMS")
    account = world.accounts.get(str(body["app_key"]))
    if account is None:
        raise _No("BAD_KEY")
    if not _timely(box, world, body["timestamp"]):
        raise _No("EXPIRED")
    wanted = signature(account.secret, f"{body['app_key']}{body['timestamp']}{body['phone']}{body['id']}")
    if not hmac.compare_digest(wanted, str(body["sign"])):
        raise _No("BAD_SIGN")
    return account


def _timely(box: Sandbox, world: SmsWorld, stamp: Any) -> bool:
    """Take a timestamp by the wall's clock or by the virtual one: the caller may live by either."""
    if not str(stamp).isdigit():
        return False
    return any(abs(int(stamp) - now) <= world.limits.clock_seconds for now in (time.time(), box.clock.now()))


def _number(account: SmsAccount, body: Json) -> str:
    found = NUMBER.fullmatch(str(body["phone"]))
    if found is None:
        raise _No("BAD_PHONE")
    if found[1] in account.blacklist:
        raise _No("BLACKLIST")
    if account.templates is not None and body["template"] not in account.templates:
        raise _No("BAD_TEMPLATE")
    if not isinstance(body.get("params", {}), dict | list | str | None):
        raise _No("BAD_PARAMS")
    return found[1]


def _paid(box: Sandbox, world: SmsWorld, account: SmsAccount, number: str) -> None:
    if not _within(box, account, "send", Window(world.limits.calls_per_second, 1)):
        raise _No("THROTTLED")
    if not _within(box, account, f"send:{number}", Window(world.limits.per_phone_day, DAY)):
        raise _No("LIMIT")
    if account.balance is not None:
        if account.balance <= 0:
            raise _No("NO_BALANCE")
        account.balance -= 1


def _within(box: Sandbox, account: SmsAccount, what: str, window: Window) -> bool:
    used = box.windows.used(account.app_key, what).get(window.seconds, 0)
    if used < window.limit:
        box.windows.take(account.app_key, what, [window])
    return used < window.limit


ENDPOINTS = (Endpoint("POST", "/sms/send", send, PRODUCT, token=False),)
