"""Pushes of a WeChat Shop 微信小店消息推送: they name an order; their order of arrival means nothing, so the order is read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from siyu.connectors._wechat import xml
from siyu.connectors._wechat.callback import PlatformCallback
from siyu.connectors._wechat.pushes import translate as translate_other
from siyu.connectors.errors import BadBody
from siyu.connectors.happenings import Happening, instant, key_of
from siyu.connectors.selling import Told
from siyu.connectors.vendor import Fields
from siyu.foundation.text import Text

_ORDER = "channels_ec_order_"
_AFTER_SALE = "channels_ec_aftersale_update"
_HOLDERS = ("order_info", "finder_shop_aftersale_status_update")


class ShopCallback(PlatformCallback):
    def reply(self, fields: Fields) -> bytes:
        return b"success"


def callback(credentials: Mapping[str, str]) -> ShopCallback:
    """The codec of a shop; KeyError where its token is not entered."""
    return ShopCallback(credentials["callback_token"], credentials.get("encoding_aes_key", ""), credentials["appid"], translate)


def translate(fields: Fields) -> list[Happening]:
    event = str(fields.get("Event") or "")
    if not (event.startswith(_ORDER) or event == _AFTER_SALE):
        return translate_other(fields)
    at = instant(fields.get("CreateTime"))
    # A copy is the same in every field.
    key = key_of("wechat_shop", json.dumps(fields, sort_keys=True, ensure_ascii=False))
    detail: dict[str, Any] = {"order_no": order_no_of(fields), "type": event, "message": key}
    kind = "order_changed" if detail["order_no"] else "unknown"
    return [Happening(kind, at or datetime.now(UTC), None, None, detail, key)]


def told(document: bytes, settings: Mapping[str, Any]) -> Told:
    """
    Raises
    ------
    BadBody
    """
    number = order_no_of(_fields(document))
    if not number:
        raise BadBody(Text("推送里没有订单号", "the push names no order"))
    return Told(wanted=(number,))


def _fields(document: bytes) -> Fields:
    """JSON, or XML where the push is set so."""
    if document.lstrip()[:1] == b"<":
        return xml.parse(document)
    try:
        found = json.loads(document.decode("utf-8"), strict=False)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def order_no_of(fields: Fields) -> str:
    """The number in the event's own table; JSON brings it as a number beyond 2^53 or as text, XML as text."""
    for name in _HOLDERS:
        holder = fields.get(name)
        if isinstance(holder, Mapping) and str(holder.get("order_id") or "").isascii():
            return str(holder.get("order_id") or "")[:40]
    return ""
