"""The connector 连接器 of one address that wants to be told."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from siyu.connectors._http import Outgoing, Reach, Reply, send
from siyu.connectors._signing import headers
from siyu.connectors._turns import Turns, in_turn
from siyu.connectors.errors import BadCredentials, CarrierError, Codes, Known, Refused, Throttled, Unavailable
from siyu.connectors.fields import ALLOW_PRIVATE, MESSAGE_COST, at_once, is_true, per_second, timeout_seconds
from siyu.connectors.ports import AccountKey, Ports, Rate
from siyu.connectors.vendor import Check, Field, Found, Vendor
from siyu.connectors.webhook.attempt import EXCERPT_CHARACTERS, Attempt, sha256
from siyu.foundation.text import Text

API: Final = "webhook/post"
MAX_BODY_BYTES: Final = 1_000_000
_ANSWER_BYTES: Final = 64 * 1024
_LONGEST_WAIT = timedelta(days=1)
_BUSY = (408, 425, 429)


@dataclass(frozen=True)
class Delivery:
    """What is to be told. `id` is ours, the same for every attempt, so that the receiver can leave out what it has had."""

    id: str
    event: str
    body: Mapping[str, Any]

    def content(self) -> bytes:
        """The same bytes each time, whatever the order in which the body was made."""
        return json.dumps(self.body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Webhook:
    def __init__(
        self, account: AccountKey, credentials: Mapping[str, str], settings: Mapping[str, Any], ports: Ports
    ) -> None:
        self.account, self.ports = account, ports
        self.url = credentials["url"]
        self._secrets = tuple(
            one for one in (credentials["secret"], credentials.get("former_secret", "")) if one
        )
        self._reach = Reach(
            allow_private=is_true(settings.get("allow_private")),
            total_seconds=float(settings.get("timeout_seconds") or 10),
            max_bytes=_ANSWER_BYTES,
        )
        self._rates = (Rate(int(settings.get("per_second") or 20), 1),)
        self._at_once = int(settings.get("at_once") or 10)

    def __repr__(self) -> str:
        return f"Webhook({self.account.ref})"

    async def deliver(self, delivery: Delivery, number: int = 1) -> Attempt:
        """One attempt; an error is in it. The caller keeps it in the log and tries again at `schedule.retry_at`."""
        return await self._attempt(delivery, number, self._rates)

    async def deliver_all(self, deliveries: Sequence[Delivery]) -> list[Attempt | CarrierError]:
        """One attempt each, some at a time, in order. Where the receiver refuses everything or is silent, the rest is not tried: the error says so."""
        turns = Turns(self.account, API, self._rates, self._at_once)
        return await in_turn(self.ports, turns, deliveries, lambda one: self._attempt(one, 1, ()))

    async def _attempt(self, delivery: Delivery, number: int, rates: tuple[Rate, ...]) -> Attempt:
        body = delivery.content()
        at, began = self.ports.now(), time.monotonic()
        reply: Reply | None = None
        error: CarrierError | None = None
        try:
            async with self.ports.limits.acquire(self.account, API, rates, None):
                at, began = self.ports.now(), time.monotonic()
                reply = await self._post(delivery, body, at)
                error = _error(reply, at)
        except CarrierError as raised:
            error = raised
        seconds = time.monotonic() - began
        code = "0" if error is None else error.vendor_code or "transport"
        self.ports.watch.called(self.account, API, code, None if error is None else error.kind, seconds)
        status, excerpt = (reply.status, _excerpt(reply.body)) if reply is not None else (0, "")
        return Attempt(
            delivery.id,
            delivery.event,
            self.url,
            number,
            at,
            seconds,
            status,
            excerpt,
            sha256(body),
            len(body),
            error,
            "" if reply is None else reply.body.decode("utf-8", "replace"),
        )

    async def _post(self, delivery: Delivery, body: bytes, at: datetime) -> Reply:
        if len(body) > MAX_BODY_BYTES:
            raise Refused(
                Text(f"内容超过 {MAX_BODY_BYTES} 字节", f"the body has more than {MAX_BODY_BYTES} bytes"),
                vendor_code="too_large",
                api=API,
            )
        told = headers(delivery.id, delivery.event, body, self._secrets, at)
        if any(not value.isascii() or not value.isprintable() for value in told.values()):
            raise Refused(
                Text(
                    "编号或事件名含有不允许的字符",
                    "the id or the event holds characters that a header may not",
                ),
                vendor_code="header",
                api=API,
            )
        return await send(Outgoing("POST", self.url, headers=told, content=body), self._reach)


def _error(reply: Reply, now: datetime) -> CarrierError | None:
    """2xx is taken, a redirect is not followed (the new address was not checked or agreed), 410 wants no more of it."""
    code = f"http_{reply.status}"
    if 200 <= reply.status < 300:
        return None
    said = Text(f"对方返回 HTTP {reply.status}", f"the receiver answers HTTP {reply.status}")
    if reply.status in _BUSY:
        return Throttled(said, _retry_after(reply, now), vendor_code=code, api=API)
    if reply.status in (401, 403):
        fix = Text("核对双方的密钥", "compare the secret on both sides")
        return BadCredentials(said, vendor_code=code, api=API, way_out=fix)
    if 300 <= reply.status < 400:
        fix = Text("填写最终地址；不跟随跳转", "enter the final address; redirects are not followed")
        return Refused(said, vendor_code=code, api=API, way_out=fix)
    if 400 <= reply.status < 500:
        return Refused(said, vendor_code=code, api=API)
    return Unavailable(said, reached=None, vendor_code=code, api=API)


def _retry_after(reply: Reply, now: datetime) -> datetime:
    """Seconds or a date (RFC 9110 §10.2.3), at most a day; a minute where it is missing or cannot be read."""
    told = reply.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit() and len(told) < 9:
        return now + min(timedelta(seconds=int(told)), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(told)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(at, now), now + _LONGEST_WAIT)
    except (ValueError, TypeError):
        return now + timedelta(minutes=1)


def _excerpt(body: bytes) -> str:
    text = body[: EXCERPT_CHARACTERS * 4].decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else " " for sign in text)[:EXCERPT_CHARACTERS].strip()


async def _reachable(webhook: Webhook) -> Found:
    """One signed ping: the receiver must answer 2xx to a call that is signed."""
    attempt = await webhook.deliver(
        Delivery(f"ping-{int(webhook.ports.now().timestamp())}", "ping", {"event": "ping"})
    )
    if attempt.error is None:
        return Found(
            True,
            Text(
                f"对方收下了签名的测试({attempt.status}，{attempt.seconds:.2f} 秒)",
                f"the receiver took the signed ping ({attempt.status}, {attempt.seconds:.2f} s)",
            ),
        )
    fix = attempt.error.way_out or Text(
        "确认地址正确、服务在运行，且从本机可以访问",
        "see that the address is right, the receiver runs, and this machine can reach it",
    )
    return Found(False, attempt.error.message, fix, attempt.error.vendor_code)


async def _encrypted(webhook: Webhook) -> Found:
    if webhook.url.lower().startswith("https://"):
        return Found(True, Text("地址使用 https", "the address is https"))
    return Found(
        True,
        Text(
            "地址没有加密，内容可被途中看到",
            "the address is not encrypted: what is told can be read on its way",
        ),
        Text("请改用 https", "use https"),
    )


CODES: Codes = {
    "http_401": Known(
        "bad_credentials", Text("对方不接受签名", "the receiver does not accept the signature")
    ),
    "http_403": Known(
        "bad_credentials", Text("对方不接受签名", "the receiver does not accept the signature")
    ),
    "http_410": Known("refused", Text("对方不再接收", "the receiver wants no more of it")),
}
_CREDENTIALS = (
    Field(
        "url",
        Text("接收地址", "Address"),
        Text("以 https:// 开头，不含用户名和密码", "Begins with https://, without user and password"),
        pattern=r"https?://[^\s?#@/]+(/[^\s#]*)?",
    ),
    Field(
        "secret",
        Text("签名密钥", "Signing secret"),
        Text("双方相同，至少 16 位", "The same on both sides, 16 characters or more"),
        secret=True,
        pattern=r"[!-~]{16,200}",
    ),
    Field(
        "former_secret",
        Text("旧密钥", "Former secret"),
        Text("更换密钥期间一并签名，换完清空", "Signs too while the secret is replaced; remove it afterwards"),
        secret=True,
        pattern=r"[!-~]{16,200}",
        required=False,
    ),
)
_SETTINGS = (
    Field(
        "tells",
        Text("告知哪些事情", "What to tell"),
        Text(
            "从载体收到的事情，如 contact_added,contact_removed;用逗号隔开,* 表示全部",
            "What carriers told, such as contact_added,contact_removed; with commas, or * for everything",
        ),
        pattern=r"\*|[a-z_]+(\s*,\s*[a-z_]+)*",
        required=False,
    ),
    ALLOW_PRIVATE,
    timeout_seconds(10),
    per_second(20, Text("每秒最多投递", "Deliveries a second")),
    at_once(),
)

VENDOR = Vendor(
    product="webhook",
    name=Text("网络钩子", "Webhook"),
    ref_field="url",
    credentials=_CREDENTIALS,
    settings=(*_SETTINGS, MESSAGE_COST),
    connect=Webhook,
    callback=None,
    checks=(
        Check("reachable", Text("连通与签名", "Reachable and signed"), _reachable),
        Check("encrypted", Text("加密", "Encryption"), _encrypted),
    ),
    codes=CODES,
)
