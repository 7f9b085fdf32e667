"""Pushes of Youzan 有赞消息推送: signed with MD5 over client_id, the message as it came, and the secret.

The signature covers the message alone, so nothing else of the envelope decides what is believed about an order; `msg_id`
names a message and is the same for every copy of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from siyu.connectors.errors import BadBody, BadSignature
from siyu.connectors.happenings import Happening, key_of
from siyu.connectors.selling import Told
from siyu.connectors.vendor import Fields, Opened
from siyu.connectors.youzan.orders import Settings, order_of
from siyu.foundation.text import Text

MAX_BYTES = 1_000_000
ANSWER = b'{"code":0,"msg":"success"}'
_ORDERS = "trade_"


class YouzanCallback:
    """The codec of one shop."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._shop, self._client = credentials["kdt_id"], credentials["client_id"]
        self._secret = credentials["client_secret"]

    def __repr__(self) -> str:
        return f"YouzanCallback({self._shop})"

    def verify_url(self, query: Mapping[str, str]) -> bytes:
        """Youzan does not prove addresses."""
        raise BadSignature(Text("有赞只用 POST 推送", "Youzan pushes by POST only"))

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        envelope = _envelope(body)
        message, given = envelope.get("msg"), envelope.get("sign")
        if not isinstance(message, str) or not isinstance(given, str):
            raise BadBody(Text("推送里没有 msg 或 sign", "the push lacks msg or sign"))
        if not hmac.compare_digest(given.encode("utf-8", "replace"), signature(self._client, message, self._secret).encode()):
            raise BadSignature(
                Text("有赞推送的签名不符", "the signature of the Youzan push is wrong"),
                way_out=Text("核对应用的 client_id 与 client_secret", "compare the app's client_id and client_secret"),
            )
        if self._shop not in (str(envelope.get("kdt_id")), str(envelope.get("root_kdt_id"))):
            raise BadSignature(Text("这条推送是另一家店铺的", "this push is another shop's"))
        return Opened(envelope, body)

    def translate(self, fields: Fields) -> list[Happening]:
        kind, order_no = str(fields.get("type") or "")[:80], str(fields.get("id") or "")[:80]
        # Unsigned, so the key also holds what is signed: a copy with another msg_id brings nothing new.
        key = key_of("youzan", fields.get("msg_id") or fields.get("version"), hashlib.sha256(str(fields["msg"]).encode("utf-8", "replace")).hexdigest())
        ours = "unknown" if not kind.startswith(_ORDERS) else "shop_tested" if _is_test(fields) else "order_changed"
        detail: dict[str, Any] = {"order_no": order_no, "type": kind, "message": key}
        return [Happening(ours, datetime.now(UTC), None, None, detail, key)]

    def reply(self, fields: Fields) -> bytes:
        return ANSWER


def told(document: bytes, settings: Settings) -> Told:
    """The order of a push; its number alone where the push does not hold the order.

    Raises
    ------
    BadBody
    """
    envelope = _envelope(document)
    message = _message(str(envelope.get("msg") or ""))
    info = message.get("full_order_info")
    if isinstance(info, Mapping):
        version = str(envelope.get("version") or "")
        return Told((order_of(info, message.get("refund_order"), int(version) if version.isascii() and version.isdigit() else 0, settings),))
    number = str(message.get("tid") or envelope.get("id") or "")
    if not number:
        raise BadBody(Text("推送里没有订单号", "the push names no order"))
    return Told(wanted=(number[:80],))


def signature(client_id: str, message: str, secret: str) -> str:
    return hashlib.md5(f"{client_id}{message}{secret}".encode("utf-8", "replace")).hexdigest()  # noqa: S324  the vendor's rule


def _is_test(fields: Fields) -> bool:
    return str(fields.get("test")).lower() in ("true", "1")


def _envelope(body: bytes) -> dict[str, Any]:
    found = _json(body.decode("utf-8", "replace")) if len(body) <= MAX_BYTES else None
    if not isinstance(found, dict):
        raise BadBody(Text("有赞推送不是合法的 JSON", "the Youzan push is not valid JSON"))
    return found


def _message(text: str) -> dict[str, Any]:
    """Percent-encoded JSON; some shops' messages come as plain JSON."""
    found = _json(text if text.lstrip().startswith("{") else unquote_plus(text))
    if not isinstance(found, dict):
        raise BadBody(Text("有赞推送的 msg 读不出来", "msg of the Youzan push cannot be read"))
    return found


def _json(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
