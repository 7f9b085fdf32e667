"""What a gateway pushes 状态报告与上行短信: receipts of messages, and texts that people send back."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from siyu.connectors._definitions import items_at, pick, read_time, signed
from siyu.connectors.errors import BadBody, BadSignature
from siyu.connectors.happenings import Happening, key_of
from siyu.connectors.sms.definition import Definition, Pushed, Receipts
from siyu.connectors.sms.messages import international
from siyu.connectors.vendor import Fields, Opened
from siyu.foundation.text import Text

MAX_BYTES = 2_000_000


class Receiver:
    """The codec of an SMS account's callbacks. A header is looked up in the query as `header:name`, in small letters."""

    def __init__(self, definition: Definition, app_key: str, secret: str, receipt_key: str) -> None:
        if definition.receipts is None:
            raise KeyError("receipts")
        self._definition, self._receipts = definition, definition.receipts
        self._account = {**definition.constants, "app_key": app_key, "secret": secret}
        self._key = receipt_key
        if self._receipts.sign.recipe == "none" and not receipt_key:
            raise KeyError("receipt_key")

    def __repr__(self) -> str:
        return f"Receiver({self._definition.name})"

    def verify_url(self, query: Mapping[str, str]) -> bytes:
        """Gateways do not prove addresses; only one that knows the key gets an answer."""
        if not self._key or not _same(query.get("key", ""), self._key):
            raise _wrong()
        return self._receipts.answer.encode()

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        if len(body) > MAX_BYTES:
            raise BadBody(Text("内容过大", "the body is too large"))
        sign = self._receipts.sign
        if sign.recipe == "none":
            if not _same(query.get("key", ""), self._key):
                raise _wrong()
            return Opened({"content": self._content(body)}, body)
        if sign.header:
            self._check(query.get(f"header:{sign.header.lower()}", ""), body, {})
            return Opened({"content": self._content(body)}, body)
        content = self._content(body)
        fields = dict(content) if isinstance(content, Mapping) else {}
        self._check(str(fields.pop(sign.field, "")), body, fields)
        return Opened({"content": content}, body)

    def translate(self, fields: Fields) -> list[Happening]:
        content, replies = fields.get("content"), self._definition.replies
        found = [
            self._receipt(item) for item in items_at(content, self._receipts.items) if self._is_receipt(item)
        ]
        if replies is not None:
            found += [
                self._reply(item, replies.text)
                for item in items_at(content, replies.items)
                if pick(item, replies.text) is not None
            ]
        return found or list(self._unknown(content))

    def reply(self, fields: Fields) -> bytes:
        return self._receipts.answer.encode()

    def _content(self, body: bytes) -> Any:
        try:
            text = body.decode("utf-8")
            return (
                json.loads(text)
                if self._receipts.body == "json"
                else dict(parse_qsl(text, max_num_fields=200))
            )
        except (ValueError, RecursionError):
            raise BadBody(Text("内容无法读取", "the body cannot be read")) from None

    def _check(self, given: str, body: bytes, fields: Mapping[str, Any]) -> None:
        values = {**self._account, "body": body.decode("utf-8", "replace")}
        if not _same(given, signed(self._receipts.sign, values, fields)):
            raise _wrong()

    def _is_receipt(self, item: Mapping[str, Any]) -> bool:
        return pick(item, self._receipts.status) is not None

    def _receipt(self, item: Mapping[str, Any]) -> Happening:
        receipts = self._receipts
        status = str(pick(item, receipts.status))[:100]
        names = {"message_id": _named(item, receipts.message_id), "reference": _named(item, receipts.id)}
        detail: dict[str, Any] = {**names, "status": status, "words": _named(item, receipts.words) or ""}
        kind = _kind(receipts, status)
        if kind == "message_failed":
            # Refused by the person's network or list: there is no use in another try.
            detail["permanent"] = status in receipts.refused
        if kind == "unknown":
            detail["fields"] = dict(item)
        key = key_of(
            "sms", "receipt", names["message_id"], names["reference"], _named(item, receipts.phone), status
        )
        return Happening(kind, self._at(item, receipts), _phone(item, receipts), None, detail, key)

    def _reply(self, item: Mapping[str, Any], path: str) -> Happening:
        replies = self._definition.replies
        assert replies is not None
        text = str(pick(item, path))[:1000]
        detail = {
            "type": "text",
            "text": text,
            "message_id": _named(item, replies.message_id),
            "reference": _named(item, replies.id),
        }
        key = key_of(
            "sms",
            "reply",
            _named(item, replies.message_id),
            _named(item, replies.phone),
            _named(item, replies.at),
            text,
        )
        return Happening(
            "message_received", self._at(item, replies), _phone(item, replies), None, detail, key
        )

    def _unknown(self, content: object) -> Iterator[Happening]:
        if content not in ({}, [], None):
            text = json.dumps(content, sort_keys=True, ensure_ascii=False)
            yield Happening(
                "unknown", datetime.now(UTC), None, None, {"fields": content}, key_of("sms", "unknown", text)
            )

    def _at(self, item: Mapping[str, Any], pushed: Pushed) -> datetime:
        told = pick(item, pushed.at) if pushed.at else None
        return read_time(told, pushed.at_form, ZoneInfo(self._definition.zone)) or datetime.now(UTC)


def _kind(receipts: Receipts, status: str) -> str:
    if status in receipts.delivered:
        return "message_delivered"
    return "message_failed" if status in [*receipts.failed, *receipts.refused] else "unknown"


def _named(item: Mapping[str, Any], path: str) -> str | None:
    found = pick(item, path) if path else None
    return str(found)[:300] if isinstance(found, str | int) and found != "" else None


def _phone(item: Mapping[str, Any], pushed: Pushed) -> str | None:
    told = _named(item, pushed.phone)
    return None if told is None else international(told) or international("+" + told) or told


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _wrong() -> BadSignature:
    return BadSignature(
        Text("短信回执的签名不符", "the signature of the SMS receipts is wrong"),
        way_out=Text(
            "核对密钥与定义里的 receipts.sign", "compare the secret and receipts.sign of the definition"
        ),
    )
