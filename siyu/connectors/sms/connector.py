"""The connector 连接器 of one account at an SMS gateway."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from siyu.connectors._http import Reach, send
from siyu.connectors._turns import Turns, in_turn
from siyu.connectors.errors import CarrierError, Codes, Known
from siyu.connectors.fields import (
    ALLOW_PRIVATE,
    MESSAGE_COST,
    answers,
    at_once,
    base_url,
    is_true,
    per_second,
    timeout_seconds,
)
from siyu.connectors.ports import AccountKey, Ports, Rate
from siyu.connectors.sms.callbacks import Receiver
from siyu.connectors.sms.checks import CHECKS
from siyu.connectors.sms.definition import load_definition
from siyu.connectors.sms.gateway import API, Gateway
from siyu.connectors.sms.messages import WAY_OUT, Message, Outcome, check
from siyu.connectors.vendor import Field, Vendor
from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text


class Sms:
    """Sends messages. A definition with faults is told when it is used, so that the wizard can say what is wrong with it."""

    def __init__(
        self, account: AccountKey, credentials: Mapping[str, str], settings: Mapping[str, Any], ports: Ports
    ) -> None:
        self.account, self.ports = account, ports
        self._credentials = dict(credentials)
        self._base_url = str(settings.get("base_url") or "")
        self._reach = Reach(
            allow_private=is_true(settings.get("allow_private")),
            total_seconds=float(settings.get("timeout_seconds") or 15),
        )
        self._rates = (Rate(int(settings.get("per_second") or 50), 1),)
        self._at_once = int(settings.get("at_once") or 10)
        self.test_phone = str(settings.get("test_phone") or "")
        self.test_template = str(settings.get("test_template") or "")
        self._gateway: Gateway | None = None

    def __repr__(self) -> str:
        return f"Sms({self.account.ref})"

    @property
    def gateway(self) -> Gateway:
        """InvalidError with every fault where the definition cannot be used."""
        if self._gateway is None:
            given = self._credentials
            definition = load_definition(given["definition"])
            self._gateway = Gateway(definition, given["app_key"], given["secret"], self._base_url)
        return self._gateway

    async def send(self, messages: Sequence[Message]) -> list[Outcome]:
        """One outcome a message, in order; nothing is raised for a message, and none is sent twice.

        Where the gateway refuses the account, throttles, or does not answer several times in a row, the rest is not tried, and
        says so (`reached` False where nobody answered).
        """
        gateway = self.gateway
        done = await in_turn(self.ports, Turns(self.account, API, self._rates, self._at_once), messages, partial(self._send_one, gateway))
        return [Outcome(message.id, message.phone, error=one) if isinstance(one, CarrierError) else one for message, one in zip(messages, done, strict=True)]

    async def _send_one(self, gateway: Gateway, message: Message) -> Outcome:
        try:
            check(message, gateway.definition.request.phone)
            return Outcome(message.id, message.phone, await self._call(gateway, message))
        except (CarrierError, InvalidError) as error:
            return Outcome(message.id, message.phone, error=error)

    async def _call(self, gateway: Gateway, message: Message) -> str:
        began, failed = time.monotonic(), None
        try:
            now = self.ports.now()
            reply = await send(gateway.request(message, now), self._reach)
            return gateway.message_id(reply, now)
        except CarrierError as error:
            failed = error
            raise
        finally:
            code, kind = ("0", None) if failed is None else (failed.vendor_code or "transport", failed.kind)
            self.ports.watch.called(self.account, API, code, kind, time.monotonic() - began)


def callback(credentials: Mapping[str, str]) -> Receiver:
    """The codec; KeyError where the definition takes no receipts, or cannot be used."""
    try:
        definition = load_definition(credentials["definition"])
    except InvalidError:
        raise KeyError("definition") from None
    return Receiver(
        definition, credentials["app_key"], credentials["secret"], credentials.get("receipt_key", "")
    )


_CREDENTIALS = (
    Field("app_key", Text("AppKey / 账号", "App key or account"), pattern=r"[!-~]{1,200}"),
    Field("secret", Text("密钥", "Secret"), secret=True, pattern=r"[!-~]{1,500}"),
    Field(
        "definition",
        Text("接口定义", "Definition"),
        Text(
            "内置定义的名字，或整段 TOML / JSON,见文档 connect-sms",
            "The name of a shipped one, or a whole TOML or JSON; see the page connect-sms",
        ),
    ),
    Field(
        "receipt_key",
        Text("回执地址口令", "Key of the receipts' address"),
        Text(
            "网关不签名时使用：写在回执地址的 ?key= 后面",
            "Where the gateway does not sign: stands behind ?key= in the address",
        ),
        secret=True,
        pattern=r"[A-Za-z0-9_-]{16,100}",
        required=False,
    ),
)
_SETTINGS = (
    base_url(help=Text("定义里 {base_url} 的值", "What {base_url} in the definition stands for")),
    ALLOW_PRIVATE,
    per_second(50, Text("每秒最多发送", "Messages a second")),
    at_once(),
    timeout_seconds(15),
    Field(
        "test_phone",
        Text("自检手机号", "Number for the check"),
        Text("填写后，接入检查会真的发一条", "Where it is set, the check truly sends one message"),
        required=False,
    ),
    Field(
        "optout_words",
        Text("退订提示语", "Words to opt out"),
        Text("写在营销短信文字末尾；用模板的短信由模板自带", "Stand at the end of marketing texts; messages by template have theirs in the template"),
        pattern=r"[^\x00-\x1f\x7f]{1,40}",
        required=False,
        default=WAY_OUT,
    ),
    *answers(),
    Field("optout_template", Text("退订确认模板", "Template that confirms an opt-out"), Text("只收模板的网关填模板号；与确认语都不填则不回复", "For gateways that take templates only; without it and without words there is no answer"), pattern=r"[!-~]{1,100}", required=False),
    Field("optin_template", Text("订阅确认模板", "Template that confirms a subscription"), pattern=r"[!-~]{1,100}", required=False),
    Field("test_template", Text("自检模板", "Template for the check"), required=False),
)
CODES: Codes = {
    "http_401": Known("bad_credentials", Text("密钥不被接受", "the secret is not accepted")),
    "http_403": Known("bad_credentials", Text("密钥不被接受", "the secret is not accepted")),
}

VENDOR = Vendor(
    product="sms",
    name=Text("短信", "SMS"),
    ref_field="app_key",
    credentials=_CREDENTIALS,
    settings=(*_SETTINGS, MESSAGE_COST),
    connect=Sms,
    callback=callback,
    checks=CHECKS,
    codes=CODES,
    answers_callbacks=True,
)
