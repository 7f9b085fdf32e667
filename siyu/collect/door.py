"""Door 入口: the addresses that SDKs call. An answer of 200 says that what was told is on disk.

It stands before the application and speaks plain ASGI: a request of a hundred events costs one answer and one line of a file.
"""

from __future__ import annotations

import asyncio
import binascii
import json
import time
from collections.abc import Iterator
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from siyu.collect.collector import Collector
from siyu.collect.journal import Arrival
from siyu.collect.wire.body import (
    COMPRESSED_LIMIT,
    PLAIN_LIMIT,
    Body,
    TooLarge,
    Unreadable,
    read_form,
    unpack,
)
from siyu.collect.wire.formats import POSTHOG, SEGMENT, SENSORS, key_in
from siyu.foundation.clock import to_ms
from siyu.foundation.commits import FullError
from siyu.foundation.errors import SiyuError

LARGE = 64 * 1024
"""A body above this is unpacked in a thread, so that others are not kept waiting."""
READING_BYTES = 128 * 1024 * 1024
"""So much may be taken by bodies that are being read and unpacked."""
RETRY_AFTER_SECONDS = 2
PATIENCE_SECONDS = 20.0
"""So long a client that gives up on any completed answer is left waiting for room, before it is refused."""
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
_SHORT = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"}
_FLAGS = {"featureFlags": {}, "featureFlagPayloads": {}, "flags": {}, "errorsWhileComputingFlags": False, "sessionRecording": False, "supportedCompression": ["gzip-js"]}


class _Place(NamedTuple):
    format: str
    hint: str = ""


def _places() -> dict[str, _Place]:
    segment = {f"/v1/{name}": _Place(SEGMENT, kind) for short, kind in _SHORT.items() for name in (short, kind)}
    segment |= {f"/v1/pixel/{kind}": _Place(SEGMENT, kind) for kind in _SHORT.values()}
    segment["/v1/import"] = segment["/beacon/v1/batch"] = _Place(SEGMENT, "batch")
    posthog = {path: _Place(POSTHOG) for path in ("/batch", "/capture", "/e", "/track", "/i/v0/e", "/i/v0/ai/batch")}
    asked = {path: _Place(POSTHOG, "flags") for path in ("/decide", "/flags")}
    sensors = {path: _Place(SENSORS) for path in ("/sa", "/sa.gif", "/debug")}
    every = {**segment, **posthog, **asked, **sensors}
    return every | {f"{path}/": place for path, place in every.items()}


PLACES = _places()


class _Answer(Exception):
    def __init__(self, status: int, body: object, *headers: tuple[bytes, bytes]) -> None:
        self.status, self.body, self.headers = status, body, headers


class Door:
    """Wraps the application: requests of SDKs are answered here, all others go on."""

    def __init__(self, app: ASGIApp, collector: Collector) -> None:
        self.app = app
        self.collector = collector
        self._reading = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = PLACES.get(scope["path"]) if scope["type"] == "http" else None
        if place is None:
            return await self.app(scope, receive, send)
        headers = dict(scope["headers"])
        try:
            answer = await self._answer(place, scope, headers, receive)
        except _Answer as refusal:
            answer = refusal
        pixel = scope["path"].startswith(("/sa.gif", "/v1/pixel/")) and answer.status == 200
        body = PIXEL if pixel else b"" if answer.body is None else json.dumps(answer.body).encode()
        fixed = [
            (b"content-type", b"image/gif" if pixel else b"application/json"), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"cross-origin"),
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": answer.status, "headers": [*fixed, *_cors(headers), *answer.headers]})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, place: _Place, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> _Answer:
        method = scope["method"]
        if method == "OPTIONS":
            return _Answer(200, None, *_preflight(headers))
        if method not in ("GET", "POST", "HEAD", "PUT"):
            raise _Answer(405, {"success": False, "message": "use GET or POST"}, (b"allow", b"GET, POST, OPTIONS"))
        weight = _weight(headers) if method in ("POST", "PUT") else 0
        await self._room(place, weight, receive)
        try:
            raw = await _whole(receive) if weight else b""
            return await self._taken(place, scope, headers, raw)
        finally:
            self._reading -= weight

    async def _taken(self, place: _Place, scope: Scope, headers: dict[bytes, bytes], raw: bytes) -> _Answer:
        if place.hint == "flags":
            return _Answer(200, _FLAGS)
        query = {name: value.decode("utf-8", "replace") for name, value in read_form(scope["query_string"]).items()}
        try:
            body = await self._unpacked(raw or scope["query_string"], headers, bool(raw))
        except TooLarge:
            raise _too_large() from None
        except Unreadable:
            body = Body(raw, {})
        if not body.plain and not raw:
            # Somebody opens the address by hand, or a monitor looks whether it is there.
            return _said(place)
        feed = await self.collector.find(_keys(headers, query, body.fields)) or await self.collector.find(key_in(body.plain))
        if feed is None and place.format != SENSORS:
            raise _Answer(401, {"success": False, "code": "unknown_write_key", "message": "no feed has this write key"})
        if headers.get(b"dry-run", b"").lower() == b"true":
            return _said(place)
        received = to_ms(self.collector.stores.now())
        key = "" if feed else next(_keys(headers, query, body.fields), "")[:64]
        hint = "" if place.hint == "batch" else place.hint
        await self._keep(Arrival(feed.id if feed else 0, place.format, hint, received, body.plain, key))
        return _said(place)

    async def _unpacked(self, raw: bytes, headers: dict[bytes, bytes], is_body: bool) -> Body:
        if not is_body:
            form = read_form(raw)
            return unpack(raw) if "data" in form or "data_list" in form else Body(b"", {})
        coding = headers.get(b"content-encoding", b"").decode("latin-1")
        return await run_in_threadpool(unpack, raw, coding) if len(raw) > LARGE else unpack(raw, coding)

    async def _room(self, place: _Place, weight: int, receive: Receive) -> None:
        """Take room for a body that is going to be read."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self._reading and self._reading + weight > READING_BYTES:
            if place.format != SENSORS or time.monotonic() > until:
                # Read away: a connection that is closed on unread bytes can lose the answer.
                await _whole(receive, keep=False)
                raise _busy(429)
            await asyncio.sleep(0.05)
        self._reading += weight

    async def _keep(self, arrival: Arrival) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await self.collector.put(arrival)
            except FullError:
                if arrival.format != SENSORS or time.monotonic() > until:
                    raise _busy(429) from None
                await asyncio.sleep(0.05)
            except SiyuError:
                raise _busy(503) from None


def _weight(headers: dict[bytes, bytes]) -> int:
    """What a body may take in memory while it is unpacked, in bytes."""
    declared = headers.get(b"content-length", b"")
    if not declared.isdigit():
        return PLAIN_LIMIT
    if int(declared) > COMPRESSED_LIMIT:
        raise _too_large()
    return min(PLAIN_LIMIT, 1000 + 5 * int(declared))


async def _whole(receive: Receive, keep: bool = True) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Answer(400, None)
        part = message.get("body", b"")
        size += len(part)
        if size > COMPRESSED_LIMIT:
            raise _too_large()
        if keep:
            parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _keys(headers: dict[bytes, bytes], query: dict[str, str], fields: dict[str, str]) -> Iterator[str]:
    """Write keys that a request names outside of its JSON, the likelier first."""
    scheme, _, told = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"basic":
        try:
            user = binascii.a2b_base64(told.strip()).partition(b":")[0].decode("utf-8", "replace")
        except binascii.Error:
            user = ""
        if user:
            yield user
    if b"x-api-key" in headers:
        yield headers[b"x-api-key"].decode("latin-1")
    for found in (query, fields):
        for name in ("project", "token", "writeKey", "api_key"):
            if found.get(name):
                yield found[name]


def _said(place: _Place) -> _Answer:
    return _Answer(200, {"status": 1} if place.format == POSTHOG else {"success": True} if place.format == SEGMENT else {"code": 0})


def _busy(status: int) -> _Answer:
    return _Answer(status, {"success": False, "code": "busy", "message": "come again soon"}, (b"retry-after", str(RETRY_AFTER_SECONDS).encode()))


def _too_large() -> _Answer:
    return _Answer(413, {"success": False, "code": "too_large", "message": "at most 5 MiB, and 20 MiB unpacked"}, (b"connection", b"close"))


def _cors(headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Pages of any site may write: they hold the key, and read nothing."""
    origin = headers.get(b"origin")
    if origin is None:
        return []
    return [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true"), (b"vary", b"Origin")]


def _preflight(headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    asked = headers.get(b"access-control-request-headers", b"content-type, content-encoding, authorization")
    return [(b"access-control-allow-methods", b"GET, POST, OPTIONS"), (b"access-control-allow-headers", asked), (b"access-control-max-age", b"86400")]
