"""Calls of somebody who tells of orders: signed as our own webhooks are (`X-Siyu-Timestamp`, `X-Siyu-Signature`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from siyu.connectors._signing import ID, verify
from siyu.connectors.errors import BadBody, BadSignature
from siyu.connectors.happenings import Happening, key_of
from siyu.connectors.order_webhook.mapping import orders_in, read_mapping
from siyu.connectors.selling import Told
from siyu.connectors.vendor import Fields, Opened
from siyu.foundation.text import Text

MAX_BYTES = 1_000_000
ANSWER = b'{"ok":true}'


class OrderCallback:
    """The codec of one source."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._secrets = [one for one in (credentials["secret"], credentials.get("former_secret", "")) if one]

    def __repr__(self) -> str:
        return "OrderCallback(…)"

    def verify_url(self, query: Mapping[str, str]) -> bytes:
        raise BadSignature(Text("订单用 POST 发来", "orders are posted"))

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        if len(body) > MAX_BYTES:
            raise BadBody(Text("内容过大，请分批", "the body is too large; send fewer orders at once"))
        headers = {name.removeprefix("header:"): value for name, value in query.items() if name.startswith("header:")}
        verify(headers, body, self._secrets, datetime.now(UTC))
        content(body)
        return Opened({"id": headers.get(ID.lower(), ""), "body": hashlib.sha256(body).hexdigest()}, body)

    def translate(self, fields: Fields) -> list[Happening]:
        # The same body again is a repeat; with an id of the sender's own it may be meant.
        key = key_of("order_webhook", fields["id"], fields["body"])
        detail: dict[str, Any] = {"order_no": "", "type": "orders", "message": key}
        return [Happening("order_changed", datetime.now(UTC), None, None, detail, key)]

    def reply(self, fields: Fields) -> bytes:
        return ANSWER


def told(document: bytes, settings: Mapping[str, Any]) -> Told:
    """
    Raises
    ------
    BadBody, InvalidError
    """
    return Told(tuple(orders_in(content(document), read_mapping(str(settings.get("mapping") or "")))))


def content(body: bytes) -> Any:
    try:
        found = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict | list):
        raise BadBody(Text("内容不是 JSON 对象或列表", "the body is not a JSON object or list"))
    return found
