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
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec

from siyu.connectors._http import AddressError, Outgoing, Reach, Reply, TransportError, Upload, send
from siyu.connectors._wechat.tokens import AccessToken
from siyu.connectors.errors import BadCredentials, CarrierError, Codes, Known, Throttled, Unavailable, refusal
from siyu.connectors.ports import AccountKey, Ports, Rate
from siyu.foundation.text import Text

_log = logging.getLogger(__name__)
T = TypeVar("T")
BUSY_SECONDS = (1.0, 2.0, 4.0)
DISPATCHING_SECONDS = (5.0, 15.0, 30.0)
CROWDED_SECONDS = (0.2, 0.5, 1.0)
CROWDED_LATER_SECONDS = 5
BLOCK_SECONDS = (60, 3600, 86_400)
"""A window of 45009 is not named in the answer: a minute first; still full after it, an hour; then a day."""
MOST_TRIES = 6
UPLOAD_SECONDS = 120.0
_SECRET = re.compile(
    r"""(?<![a-z])(access_token|corpsecret|secret|ticket|code)["']?\s*[=:]\s*["']?[^&\s"',}\]]+""",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Dialect:
    """One product's codes. Codes are text; each set says how they are taken."""

    codes: Codes
    token: frozenset[str] = frozenset({"40001", "40014", "42001"})
    busy: frozenset[str] = frozenset({"-1", "6000"})
    dispatching: frozenset[str] = frozenset({"41063", "41079"})
    crowded: frozenset[str] = frozenset({"45033"})
    blocking: frozenset[str] = frozenset({"45009", "http_429"})


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
    """One call.

    `idempotent`: a repeat after an unknown outcome does no harm. `accepts`: codes that are an answer here, no error.
    `seconds`: how long one try may take, where that is less than the account's setting.
    """

    method: str
    path: str
    query: Mapping[str, str | int | None] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    upload: Upload | None = None
    idempotent: bool = True
    with_token: bool = True
    accepts: frozenset[str] = frozenset()
    seconds: float | None = None
    base_url: str = ""


@dataclass(frozen=True)
class Download:
    """Bytes instead of JSON: media, mini program codes."""

    content: bytes = field(repr=False)
    content_type: str
    filename: str


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. Reading may go on later from `next_cursor`; it is empty after the last page."""

    items: tuple[T, ...]
    next_cursor: str


@dataclass
class _Tries:
    """What has been tried for one call."""

    total: int = 0
    unknown: bool = False
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
        self._blocks: dict[str, tuple[int, datetime]] = {}
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
        tries = _Tries()
        token = await self._first_token(call)
        while True:
            tries.total += 1
            outcome = await self._once(call, token, raw=raw)
            if not isinstance(outcome, CarrierError):
                self._went_well(call, token)
                return outcome
            outcome.after_unknown = tries.unknown
            tries.unknown = tries.unknown or (isinstance(outcome, Unavailable) and outcome.reached is None)
            if token is not None and outcome.vendor_code in self.dialect.token:
                token = await self._renewed(outcome, token, tries)
            else:
                await self._wait(outcome, call, tries)

    async def _first_token(self, call: Call) -> str | None:
        return await self.token.get() if call.with_token and self.token is not None else None

    async def _renewed(self, error: CarrierError, stale: str, tries: _Tries) -> str:
        """A newer token, once; BadCredentials when that one was not accepted either."""
        assert self.token is not None
        if tries.renewed:
            if isinstance(error, BadCredentials):
                self.token.rejected(error)
            raise error
        tries.renewed = True
        return await self.token.other_than(stale)

    async def _once(
        self, call: Call, token: str | None, *, raw: bool
    ) -> dict[str, Any] | Download | CarrierError:
        """One request; an error is given back, so that what the limits raise is not taken for the vendor's answer."""
        rates = self.manner.api_rates.get(call.path, self.manner.rates)
        at_once = self.manner.concurrency.get(call.path)
        async with self.ports.limits.acquire(self.account, call.path, rates, at_once):
            began = time.monotonic()
            outcome: dict[str, Any] | Download | CarrierError
            try:
                outcome = self._answer(
                    call, await send(self._outgoing(call, token), self._reach(call)), raw=raw
                )
            except CarrierError as error:
                error.api = error.api or call.path
                outcome = error
            failed = outcome if isinstance(outcome, CarrierError) else None
            code = "0" if failed is None else failed.vendor_code or "transport"
            kind = None if failed is None else failed.kind
            self.ports.watch.called(self.account, call.path, code, kind, time.monotonic() - began)
            return outcome

    def _reach(self, call: Call) -> Reach:
        reach = self.manner.reach
        if call.upload is not None:
            return replace(reach, total_seconds=max(UPLOAD_SECONDS, reach.total_seconds))
        most = reach.total_seconds if call.seconds is None else call.seconds
        return replace(reach, total_seconds=min(most, reach.total_seconds))

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
            raise self._known("http_429", "", call)
        if not 200 <= reply.status < 300:
            raise _bad_status(reply.status, call)
        if raw and (found := _downloaded(reply)) is not None:
            return found
        fields = _decoded(reply.body)
        if fields is None:
            raise _unreadable(call)
        code = str(fields.get("errcode", 0) or 0)
        if code == "0" or code in call.accepts:
            return fields
        raise self._known(code, str(fields.get("errmsg", "")), call)

    def _known(self, code: str, vendor_message: str, call: Call) -> CarrierError:
        known, said = self.dialect.codes.get(code), without_secrets(vendor_message)[:300]
        if code in self.dialect.blocking:
            known = known or Known("throttled", Text("调用太频繁", "calls come too fast"))
        if known is None:
            _log.warning("unknown code %s of %s %s: %s", code, self.account.product, call.path, said)
            says = Text(f"载体返回未知错误码 {code}", f"the carrier answers with the unknown code {code}")
            known = Known("unavailable", says)
        if code in self.dialect.token and call.with_token:
            known = Known("bad_credentials", known.says, known.fix)
        at = self._again_at(code, call)
        return refusal(known, code=code, vendor_message=said, api=call.path, retry_at=at)

    def _again_at(self, code: str, call: Call) -> datetime:
        if code in self.dialect.blocking:
            return self._blocked_until(call)
        seconds = CROWDED_LATER_SECONDS if code in self.dialect.crowded else BLOCK_SECONDS[0]
        return self.ports.now() + timedelta(seconds=seconds)

    def _blocked_until(self, call: Call) -> datetime:
        """Calls that were under way together share one block; only one after it makes it longer."""
        now = self.ports.now()
        step, until = self._blocks.get(call.path, (-1, now))
        if now >= until:
            step = min(step + 1, len(BLOCK_SECONDS) - 1)
            until = now + timedelta(seconds=BLOCK_SECONDS[step])
            self._blocks[call.path] = (step, until)
        return until

    async def _wait(self, error: CarrierError, call: Call, tries: _Tries) -> None:
        """Wait for the next try, or raise."""
        code, dialect = error.vendor_code, self.dialect
        wait: float | None = None
        if isinstance(error, Throttled) and code in dialect.blocking:
            await self.ports.limits.blocked(self.account, call.path, error.retry_at, code)
        elif code in dialect.busy:
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

    def _went_well(self, call: Call, token: str | None) -> None:
        self._blocks.pop(call.path, None)
        if token is not None and self.token is not None:
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
        return isinstance(error, TransportError) and not isinstance(error, AddressError)
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


def _downloaded(reply: Reply) -> Download | None:
    """The file, unless it is an error: a small JSON object with an errcode, and no file name."""
    disposition = reply.headers.get("content-disposition", "")
    if not disposition and reply.body[:1] == b"{" and len(reply.body) < 65_536:
        fields = _decoded(reply.body)
        if fields is not None and "errcode" in fields:
            return None
    return Download(reply.body, reply.headers.get("content-type", ""), _filename(disposition))


def _filename(disposition: str) -> str:
    found = re.search(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)", disposition, re.IGNORECASE)
    return found.group(1) if found else ""


def without_secrets(text: str) -> str:
    """A vendor's message without credentials (its hints quote the address that was called)."""
    return _SECRET.sub(r"\1=…", text)


async def pages(fetch: Callable[[str], Awaitable[Page[T]]], cursor: str = "") -> AsyncIterator[Page[T]]:
    """Page after page from `cursor` on. A list that leads back to a page already read would never end: it is refused."""
    seen = {cursor}
    while True:
        page = await fetch(cursor)
        yield page
        cursor = page.next_cursor
        if not cursor:
            return
        if cursor in seen:
            raise Unavailable(
                Text("载体的翻页绕回了读过的一页", "the carrier's pages lead back to one that was read"),
                reached=True,
            )
        seen.add(cursor)
