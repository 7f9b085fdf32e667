"""Pushed reports 退信推送: what a provider tells by webhook in JSON, read by a definition (which path holds what)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from siyu.connectors._definitions import (
    Part,
    Signing,
    TimeForm,
    items_at,
    pick,
    read_definition,
    read_time,
    signed,
    template_faults,
)
from siyu.connectors.email.letters import REFERENCE, reference_of
from siyu.connectors.email.reports import Report, ReportKind, happening
from siyu.connectors.errors import BadBody, BadSignature
from siyu.connectors.happenings import Happening
from siyu.connectors.vendor import Fields, Opened
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

MAX_BYTES = 2_000_000
_BLANKS = frozenset({"body", "secret", "timestamp"})


class Sign(Signing):
    """Where the signature and its time stand; without a recipe the address holds `?key=` and the secret itself."""

    header: str = ""
    timestamp_header: str = ""


class ReportKinds(Part):
    delivered: list[str] = []
    delayed: list[str] = []
    failed: list[str] = []
    complained: list[str] = []
    unsubscribed: list[str] = []

    def of(self, told: str) -> ReportKind | None:
        kinds: tuple[ReportKind, ...] = ("delivered", "delayed", "failed", "complained", "unsubscribed")
        return next((kind for kind in kinds if told in getattr(self, kind)), None)


class PushDefinition(Part):
    """Paths into each item: `message_id` is the letter's Message-ID (or our reference, where the provider hands it on)."""

    items: str = ""
    address: str
    kind: str
    message_id: str
    status: str = ""
    words: str = ""
    at: str = ""
    at_form: TimeForm = "seconds"
    kinds: ReportKinds
    sign: Sign = Field(default_factory=Sign)


def load_push_definition(text: str) -> PushDefinition:
    """The definition out of TOML or JSON; InvalidError with every fault."""
    definition, faults = read_definition(text, PushDefinition)
    if definition is not None:
        faults += _meaning(definition)
    if faults or definition is None:
        raise InvalidError(
            Text(
                f"退信推送定义有 {len(faults)} 处不对",
                f"{len(faults)} fault(s) in the definition of pushed reports",
            ),
            faults=faults,
        )
    return definition


def _meaning(definition: PushDefinition) -> Iterator[Fault]:
    sign = definition.sign
    for field in ("text", "key", "prefix", "suffix"):
        yield from template_faults(f"sign.{field}", getattr(sign, field), _BLANKS)
    if sign.recipe == "sorted-params":
        yield Fault("sign.recipe", Text("退信推送不支持 sorted-params", "sorted-params is not possible here"))
    elif sign.recipe != "none":
        if "{body}" not in sign.text or "{secret}" not in sign.text + sign.key:
            yield Fault(
                "sign.text",
                Text("签名要覆盖 {body} 并用到 {secret}", "the signature covers {body} and uses {secret}"),
            )
        if not sign.header:
            yield Fault("sign.header", Text("缺少签名所在的请求头", "the header of the signature is missing"))


class PushedReports:
    """The codec of an email account's callbacks."""

    def __init__(self, definition: PushDefinition, secret: str) -> None:
        self._definition, self._secret = definition, secret

    def __repr__(self) -> str:
        return "PushedReports(…)"

    def verify_url(self, query: Mapping[str, str]) -> bytes:
        self._check(query, b"")
        return b"ok"

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        if len(body) > MAX_BYTES:
            raise BadBody(Text("内容过大", "the body is too large"))
        self._check(query, body)
        try:
            content = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            raise BadBody(Text("不是合法的 JSON", "the body is not valid JSON")) from None
        return Opened({"content": content}, body)

    def translate(self, fields: Fields) -> list[Happening]:
        items = items_at(fields.get("content"), self._definition.items)
        return [self._happening(item) for item in items]

    def reply(self, fields: Fields) -> bytes:
        return b""

    def _check(self, query: Mapping[str, str], body: bytes) -> None:
        sign = self._definition.sign
        if sign.recipe == "none":
            given, expected = query.get("key", ""), self._secret
        else:
            stamp = query.get(f"header:{sign.timestamp_header.lower()}", "") if sign.timestamp_header else ""
            values = {"body": body.decode("utf-8", "replace"), "secret": self._secret, "timestamp": stamp}
            given, expected = query.get(f"header:{sign.header.lower()}", ""), signed(sign, values, {})
        if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
            raise BadSignature(
                Text("退信推送的签名不符", "the signature of the pushed report is wrong"),
                way_out=Text("核对服务商后台的推送密钥", "compare the secret in the provider's console"),
            )

    def _happening(self, item: Mapping[str, Any]) -> Happening:
        definition = self._definition
        kind = definition.kinds.of(_text(pick(item, definition.kind))) or "other"
        named = _text(pick(item, definition.message_id))
        reference = reference_of(named) or (named if REFERENCE.fullmatch(named) else None)
        at = (
            read_time(pick(item, definition.at), definition.at_form, ZoneInfo("UTC"))
            if definition.at
            else None
        )
        address = _text(pick(item, definition.address)).lower() or None
        status, words = _text(pick(item, definition.status)), _text(pick(item, definition.words))
        report = Report(
            kind, address, reference, status if definition.status else "", words if definition.words else ""
        )
        return happening(report, at or datetime.now(UTC), dict(item))


def _text(value: object) -> str:
    return str(value)[:500] if isinstance(value, str | int | float) else ""
