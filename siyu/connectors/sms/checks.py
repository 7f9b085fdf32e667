"""The steps of connecting an SMS account 短信接入检查.

Gateways have no call that only proves a key. The signature is computed and shown to be possible; where the account names a
number for it, one message is truly sent.
"""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

from siyu.connectors.errors import CarrierError
from siyu.connectors.sms.messages import Message
from siyu.connectors.vendor import Check, Found
from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text

if TYPE_CHECKING:
    from siyu.connectors.sms.connector import Sms

_SHOWN = 5


async def _definition(sms: Sms) -> Found:
    """Is the definition without a fault?"""
    try:
        definition = sms.gateway.definition
    except InvalidError as error:
        first = error.faults[:_SHOWN]
        zh = ";".join(f"{fault.field}:{fault.message.zh}" for fault in first)
        en = "; ".join(f"{fault.field}: {fault.message.en}" for fault in first)
        return Found(
            False, Text(f"{error.message.zh}:{zh}", f"{error.message.en}: {en}"), error.way_out, "definition"
        )
    return Found(
        True,
        Text(
            f"接口定义「{definition.title.zh}」没有错误",
            f"the definition “{definition.title.en}” has no fault",
        ),
    )


async def _request(sms: Sms) -> Found:
    """Can a request be made and signed, to an address that begins rightly?"""
    url = sms.gateway.request(Message("13800000000", "check", "check", "check"), sms.ports.now()).url
    if not url.startswith(("https://", "http://")):
        fix = Text("在账号设置里填写接口地址 base_url", "enter the base URL in the account's settings")
        return Found(
            False, Text(f"接口地址「{url}」不完整", f"the address “{url}” is not whole"), fix, "base_url"
        )
    if url.startswith("http://") and sms.gateway.definition.name != "sandbox":
        return Found(
            True,
            Text("接口地址没有加密", "the address is not encrypted"),
            Text("网关支持时请改用 https", "use https if the gateway has it"),
        )
    return Found(True, Text("请求和签名可以生成", "the request and its signature can be made"))


async def _signature(sms: Sms) -> Found:
    """Does the gateway accept key and signature? Only a message can show it."""
    if not sms.test_phone:
        return Found(
            True,
            Text(
                "没有填写自检手机号，密钥与签名未经网关确认",
                "no number for the check is set: the gateway has not confirmed key and signature",
            ),
            Text(
                "在账号设置里填写自检手机号与模板后再检查(会真的发一条短信)",
                "enter a number and a template in the settings and check again (one message is truly sent)",
            ),
        )
    message = Message(
        sms.test_phone, f"check-{token_hex(6)}", sms.test_template, "" if sms.test_template else "Siyu"
    )
    (outcome,) = await sms.send([message])
    if outcome.error is None:
        return Found(True, Text("网关接受了自检短信", "the gateway took the message of the check"))
    if isinstance(outcome.error, CarrierError):
        return Found(False, outcome.error.message, outcome.error.way_out, outcome.error.vendor_code)
    return Found(
        False, outcome.error.message, Text("改正自检手机号", "correct the number for the check"), "test_phone"
    )


async def _receipts(sms: Sms) -> Found:
    if sms.gateway.definition.receipts is None:
        return Found(
            True,
            Text(
                "定义里没有回执：是否送达无从得知",
                "the definition has no receipts: nobody will know what arrived",
            ),
            Text("网关支持推送回执时，请补上 receipts", "add receipts if the gateway pushes them"),
        )
    fix = Text(
        "把本账号的回调地址填到网关后台的「状态报告推送地址」",
        "enter this account's callback address at the gateway as the address for receipts",
    )
    return Found(True, Text("定义里有回执", "the definition takes receipts"), fix)


CHECKS = (
    Check("definition", Text("接口定义", "Definition"), _definition),
    Check("request", Text("请求与签名", "Request and signature"), _request),
    Check("signature", Text("密钥", "Key"), _signature),
    Check("receipts", Text("回执", "Receipts"), _receipts),
)
