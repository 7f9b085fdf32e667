"""The way of calling 接口调用 that the WeChat family shares: token, limits, the vendor's codes, and what may be tried again.

The retry table is that of the protocol: -1 up to three times after 1, 2, 4 s; 6000 alike; a thing that is still being
dispatched after 5 to 30 s; a token that is not accepted once, with a new one; too many at once after a moment; 45009 never:
the API is blocked for everybody until its window is over. HTTP 5xx and time-outs only where a repeat does no harm.
"""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from siyu.connectors._http import Outgoing, Reach, Reply, TransportError, Upload, send
from siyu.connectors._wechat.tokens import AccessToken
from siyu.connectors.errors import BadCredentials, CarrierError, Codes, Known, Throttled, Unavailable, refusal
from siyu.connectors.ports import AccountKey, Ports, Rate
from siyu.foundation.text import Text

_log = logging.getLogger(__name__)
BUSY_SECONDS = (1.0, 2.0, 4.0)
DISPATCHING_SECONDS = (5.0, 15.0, 30.0)
CROWDED_SECONDS = (0.2, 0.5, 1.0)
CROWDED_LATER_SECONDS = 5
BLOCK_SECONDS = (60, 3600, 86_400)
"""A window of 45009 is not named in the answer: a minute first; still full after it, an hour; then a day."""
MOST_TRIES = 6
_SECRET = re.compile(r"(access_token|corpsecret|secret|ticket|code)=[^&\s\"']*", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """One product's codes. Codes are text; each set says how they are taken."""

    codes: Codes
    token: frozenset[str] = frozenset({"40001", "40014", "42001"})
    busy: frozenset[str] = frozenset({"-1", "6000"})
    dispatching: frozenset[str] = frozenset({"41063", "41079"})
    crowded: frozenset[str] = frozenset({"45033"})
    blocking: frozenset[str] = frozenset({"45009"})
    content: frozenset[str] = frozenset()
    """Codes that are an answer like any other for the caller, not an error (per product, rarely)."""


@dataclass(frozen=True)
class Manner:
    """An account's settings for calls: where, how far, how often (per API where told), and how many at once."""

    base_url: str
    reach: Reach = field(default_factory=Reach)
    rates: tuple[Rate, ...] = ()
    api_rates: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)
    concurrency: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call. `idempotent`: a repeat after an unknown outcome does no harm. `secret`: carries its own credentials, no token."""

    method: str
    path: str
    query: Mapping[str, str | int | None] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    upload: Upload | None = None
    idempotent: bool = True
    with_token: bool = True
    base_url: str = ""


@dataclass(frozen=True)
class Download:
    """Bytes instead of JSON: media, mini program codes."""

    content: bytes = field(repr=False)
    content_type: str
    filename: str


@dataclass
class _Tries:
    """What has been tried for one call."""

    total: int = 0
    waits: dict[str, int] = field(default_factory=dict)
    renewed: bool = False

    def wait(self, name: str, seconds: Sequence[float]) -> float | None:
        """How long to wait before the next try for this reason; None when it has been tried enough."""
        done = self.waits.get(name, 0)
        if done >= len(seconds) or self.total >= MOST_TRIES:
            return None
        self.waits[name] = done + 1
        return seconds[done] * random.uniform(0.9, 1.1)  # noqa: S311  only spreads the load


class Api:
    """Calls of one account."""

    def __init__(self, account: AccountKey, dialect: Dialect, manner: Manner, ports: Ports) -> None:
        self.account, self.dialect, self.manner, self.ports = account, dialect, manner, ports
        self._blocks: dict[str, int] = {}
        self.token: AccessToken | None = None

    async def json(self, call: Call) -> dict[str, Any]:
        """The answer's fields, when its errcode is 0 or absent."""
        found = await self._tried(call)
        assert isinstance(found, dict)
        return found

    async def bytes(self, call: Call) -> Download:
        """The answer's bytes, when it is not an error in JSON."""
        found = await self._tried(call, raw=True)
        if not isinstance(found, Download):
            raise _unreadable(call)
        return found

    async def _tried(self, call: Call, *, raw: bool = False) -> dict[str, Any] | Download:
        tries, token = _Tries(), None
        while True:
            token = await self._token(call, token, tries)
            tries.total += 1
            try:
                answer = await self._once(call, token, raw=raw)
            except CarrierError as error:
                await self._after(error, call, tries)
            else:
                self._went_well(call)
                return answer

    async def _token(self, call: Call, held: str | None, tries: _Tries) -> str | None:
        if not call.with_token or self.token is None:
            return None
        if held is None:
            return await self.token.get()
        if tries.renewed and tries.waits.pop("renew", 0):
            return await self.token.other_than(held)
        return held

    async def _once(self, call: Call, token: str | None, *, raw: bool) -> dict[str, Any] | Download:
        """One request. Every outcome is told to the watch."""
        rates = self.manner.api_rates.get(call.path, self.manner.rates)
        async with self.ports.limits.acquire(
            self.account, call.path, rates, self.manner.concurrency.get(call.path)
        ):
            error: CarrierError | None = None
            seconds = 0.0
            try:
                reply = await send(self._outgoing(call, token), self.manner.reach)
                seconds = reply.seconds
                return self._answer(call, reply, raw=raw)
            except CarrierError as caught:
                error = caught
                error.api = error.api or call.path
                raise
            finally:
                code = (error.vendor_code or "transport") if error else "0"
                self.ports.watch.called(self.account, call.path, code, error.kind if error else None, seconds)

    def _outgoing(self, call: Call, token: str | None) -> Outgoing:
        body = None if call.body is None else msgspec.json.encode(call.body)
        return Outgoing(
            call.method,
            (call.base_url or self.manner.base_url).rstrip("/") + call.path,
            query={"access_token": token, **call.query} if token else call.query,
            headers={} if body is None else {"content-type": "application/json; charset=utf-8"},
            content=body,
            upload=call.upload,
        )

    def _answer(self, call: Call, reply: Reply, *, raw: bool) -> dict[str, Any] | Download:
        if reply.status == 429:
            raise self._known("45009", "HTTP 429", call)
        if not 200 <= reply.status < 300:
            raise _bad_status(reply.status, call)
        kind = reply.headers.get("content-type", "")
        if raw and not _looks_like_error(kind, reply.body):
            return Download(reply.body, kind, _filename(reply.headers.get("content-disposition", "")))
        fields = _decoded(reply.body)
        if fields is None:
            raise _unreadable(call)
        code = str(fields.get("errcode", 0) or 0)
        if code == "0" or code in self.dialect.content:
            return fields
        raise self._known(code, str(fields.get("errmsg", "")), call)

    def _known(self, code: str, vendor_message: str, call: Call) -> CarrierError:
        known, said = self.dialect.codes.get(code), without_secrets(vendor_message)[:300]
        if known is None:
            _log.warning("unknown code %s of %s %s: %s", code, self.account.product, call.path, said)
            known = Known(
                "unavailable",
                Text(f"载体返回未知错误码 {code}", f"the carrier answers with the unknown code {code}"),
            )
        if code in self.dialect.token and call.with_token:
            known = Known("bad_credentials", known.says, known.fix)
        return refusal(
            known, code=code, vendor_message=said, api=call.path, retry_at=self._again_at(code, call)
        )

    def _again_at(self, code: str, call: Call) -> datetime:
        if code not in self.dialect.blocking:
            return self.ports.now() + timedelta(
                seconds=CROWDED_LATER_SECONDS if code in self.dialect.crowded else BLOCK_SECONDS[0]
            )
        step = min(self._blocks.get(call.path, 0), len(BLOCK_SECONDS) - 1)
        return self.ports.now() + timedelta(seconds=BLOCK_SECONDS[step])

    async def _after(self, error: CarrierError, call: Call, tries: _Tries) -> None:
        """Wait for the next try, or raise."""
        code, dialect = error.vendor_code, self.dialect
        if isinstance(error, Throttled) and code in dialect.blocking:
            self._blocks[call.path] = self._blocks.get(call.path, 0) + 1
            await self.ports.limits.blocked(self.account, call.path, error.retry_at, code)
            raise error
        if code in dialect.token and call.with_token and self.token is not None:
            self._renew(error, tries)
            return
        wait: float | None = None
        if code in dialect.busy:
            wait = tries.wait("busy", BUSY_SECONDS)
        elif code in dialect.dispatching:
            wait = tries.wait("dispatching", DISPATCHING_SECONDS)
        elif code in dialect.crowded:
            wait = tries.wait("crowded", CROWDED_SECONDS)
        elif isinstance(error, Unavailable) and _may_repeat(error, call):
            wait = tries.wait("transport", BUSY_SECONDS)
        if wait is None:
            raise error
        await self.ports.sleep(wait)

    def _renew(self, error: CarrierError, tries: _Tries) -> None:
        if tries.renewed:
            if self.token is not None and isinstance(error, BadCredentials):
                self.token.rejected(error)
            raise error
        tries.renewed = True
        tries.waits["renew"] = 1

    def _went_well(self, call: Call) -> None:
        self._blocks.pop(call.path, None)
        if call.with_token and self.token is not None:
            self.token.accepted()


def _unreadable(call: Call) -> Unavailable:
    return Unavailable(
        Text("载体的回答无法读取", "the carrier's answer cannot be read"),
        reached=None,
        vendor_code="unreadable",
        api=call.path,
    )


def _may_repeat(error: Unavailable, call: Call) -> bool:
    """Not after a code (that is an answer), and after an unknown outcome only what does no harm twice."""
    if error.reached is False:
        return isinstance(error, TransportError)
    return error.reached is None and call.idempotent


def _bad_status(status: int, call: Call) -> Unavailable:
    # 4xx of a gateway: the vendor itself was not reached.
    reached = None if status >= 500 else True
    return Unavailable(
        Text(f"载体返回 HTTP {status}", f"the carrier answers HTTP {status}"),
        reached=reached,
        vendor_code=f"http_{status}",
        api=call.path,
    )


def _decoded(body: bytes) -> dict[str, Any] | None:
    try:
        # Names of people hold raw control characters at times.
        found = json.loads(body.decode("utf-8"), strict=False)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _looks_like_error(content_type: str, body: bytes) -> bool:
    return "json" in content_type or "text/plain" in content_type or (body[:1] == b"{" and len(body) < 4096)


def _filename(disposition: str) -> str:
    found = re.search(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)", disposition, re.IGNORECASE)
    return found.group(1) if found else ""


def without_secrets(text: str) -> str:
    """A vendor's message without credentials (its hints quote the address that was called)."""
    return _SECRET.sub(r"\1=…", text)


async def pages(fetch: Callable[[str], Awaitable[tuple[Sequence[Any], str]]], cursor: str = "") -> Any:
    """Pages from `cursor` on, each with the cursor of the next; ends where there is none, or where it does not move."""
    while True:
        items, following = await fetch(cursor)
        yield items, following
        if not following or following == cursor:
            return
        cursor = following
