"""A vendor's server that does as it is told, also what no server should: for connectors. And their ports on a clock of their own."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from siyu.connectors._http import close_clients
from siyu.connectors.memory import MemoryWatch, memory_ports
from siyu.connectors.ports import AccountKey, Ports

ACCOUNT = AccountKey(7, "wecom", "wwtest")


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Said:
    """What to answer. `hang`: say nothing for so long. `drip`: a byte at a time, so far apart. `drop`: close without a word."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0
    drip: float = 0
    drop: bool = False

    def bytes(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answer = Callable[[Asked], Any]


class FakeVendor:
    """Answers `script[path]` (a value, a list used up one by one with the last kept, or a function); gettoken by itself."""

    def __init__(self, script: dict[str, Any]) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.tokens = 0
        self.url = ""
        self.inside = self.most_at_once = 0

    def count(self, path: str) -> int:
        return Counter(one.path for one in self.asked)[path]

    def of(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]

    def _say(self, asked: Asked) -> Said:
        found = self.script.get(asked.path)
        if found is None and asked.path == "/cgi-bin/gettoken":
            self.tokens += 1
            return Said({"errcode": 0, "access_token": f"token-{self.tokens}", "expires_in": 7200})
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if callable(found):
            found = found(asked)
        return (
            found
            if isinstance(found, Said)
            else Said({"errcode": 0, "errmsg": "ok"} if found is None else found)
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (asked := await _request(reader)) is not None:
                self.asked.append(asked)
                said = self._say(asked)
                self.inside += 1
                self.most_at_once = max(self.most_at_once, self.inside)
                try:
                    await asyncio.sleep(said.hang)
                finally:
                    self.inside -= 1
                if said.drop:
                    break
                head = {
                    "content-type": "application/json",
                    "content-length": str(len(said.bytes())),
                    **said.headers,
                }
                lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
                answer = f"HTTP/1.1 {said.status} Said\r\n{lines}\r\n".encode() + said.bytes()
                for part in (bytes([one]) for one in answer) if said.drip else (answer,):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(said.drip)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    return Asked(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)


@asynccontextmanager
async def fake_vendor(script: dict[str, Any] | None = None) -> AsyncIterator[FakeVendor]:
    """The server on a free port of loopback, for as long as the block lasts."""
    vendor = FakeVendor(script or {})
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0)
    vendor.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield vendor
    finally:
        await close_clients()
        server.close()
        await asyncio.sleep(0)


class Time:
    """A clock that only sleeping moves, and what was slept."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, 12, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


def ports_on(time: Time, *, patience_seconds: float = 30, watch: MemoryWatch | None = None) -> Ports:
    return memory_ports(time.now, time.sleep, patience_seconds=patience_seconds, watch=watch)


def run(body: Awaitable[Any]) -> Any:
    async def whole() -> Any:
        return await body

    return asyncio.run(whole())
