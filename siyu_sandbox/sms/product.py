"""The SMS gateway, as the server takes it: its accounts by the control API, and what people answer."""

from __future__ import annotations

import dataclasses
import secrets
from typing import TYPE_CHECKING

from siyu_sandbox.registry import Control, ControlFault, Json, Product
from siyu_sandbox.sms.account import PRODUCT, SmsAccount, SmsWorld
from siyu_sandbox.sms.gateway import ENDPOINTS
from siyu_sandbox.sms.receipts import push_reply

if TYPE_CHECKING:
    from siyu_sandbox.phones import Phone
    from siyu_sandbox.sandbox import Sandbox

PLAIN = ("secret", "signature", "receipt_url", "reply_url", "templates", "balance", "failure_rate")
NUMBERS = ("blacklist", "undeliverable", "rejecting")
SHOWN = 1000


def _account(box: Sandbox, app_key: object) -> SmsAccount:
    world: SmsWorld = box.worlds[PRODUCT]
    account = world.accounts.get(str(app_key))
    if account is None and app_key is None and len(world.accounts) == 1:
        return next(iter(world.accounts.values()))
    if account is None:
        raise ControlFault(f"no SMS account {app_key}", 404)
    return account


def _changed(account: SmsAccount, body: Json) -> Json:
    for name in PLAIN:
        if name in body:
            setattr(account, name, body[name])
    for name in NUMBERS:
        if name in body:
            setattr(account, name, set(body[name]))
    return _shown(account)


def _shown(account: SmsAccount) -> Json:
    plain = {name: getattr(account, name) for name in ("app_key", *PLAIN)}
    return (
        plain
        | {name: sorted(getattr(account, name)) for name in NUMBERS}
        | {"messages": len(account.messages)}
    )


def make(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {app_key?, secret?, signature?, receipt_url?, reply_url?, templates?, balance?, failure_rate?, blacklist?, …}."""
    world: SmsWorld = box.worlds[PRODUCT]
    app_key = str(body.get("app_key") or "sms" + secrets.token_hex(6))
    if app_key in world.accounts:
        raise ControlFault(f"{app_key} is there already", 409)
    world.accounts[app_key] = SmsAccount(app_key, secrets.token_hex(16))
    return _changed(world.accounts[app_key], body)


def patch(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """PATCH what POST took."""
    return _changed(_account(box, params["app_key"]), body)


def show(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """GET the account and its latest messages with what became of them."""
    account = _account(box, params["app_key"])
    rows = [
        {"message_id": one.message_id, "id": one.id, "phone": one.phone, "template": one.template, "params": one.params,
         "at": one.at, "status": one.status, "told": one.told}
        for one in account.messages[-SHOWN:]
    ]  # fmt: skip
    return _shown(account) | {"sent": rows}


def reply_sms(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account?, text}: answer to the gateway's number, for instance `TD` (退订)."""
    account = _account(box, body.get("account"))
    last = next((one for one in reversed(account.messages) if one.phone == phone.phone), None)
    told = {
        "phone": phone.phone,
        "text": str(body.get("text", "TD")),
        "at": box.clock.second(),
        "id": last.id if last else "",
    }
    push_reply(box.worlds[PRODUCT], account, told)
    return told


def _sent(box: Sandbox) -> list[Json]:
    """Return every message of every account, for `/sandbox/truth`."""
    gateway: SmsWorld = box.worlds[PRODUCT]
    return [
        {"account": account.app_key, **dataclasses.asdict(message)}
        for account in gateway.accounts.values()
        for message in account.messages
    ]


def world(box: Sandbox) -> SmsWorld:
    """Return a gateway without accounts."""
    return SmsWorld()


SMS = Product(
    name=PRODUCT,
    world=world,
    endpoints=ENDPOINTS,
    control=(
        Control("POST", "/sandbox/sms", make),
        Control("GET", "/sandbox/sms/{app_key}", show),
        Control("PATCH", "/sandbox/sms/{app_key}", patch),
    ),
    actions={"reply_sms": reply_sms},
    truth={"sms_messages": _sent},
)
