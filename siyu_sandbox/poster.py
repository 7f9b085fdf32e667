"""A lean HTTP/1.1 client for callbacks: connections that stay open, bytes in, status and body out.

Callbacks come in hundreds a second while the program under test shares the machine, so the sender must cost next to
nothing; measured, a general client took several times the processor time for the same posts.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from urllib.parse import urlencode, urlsplit

KEPT_OPEN = 64
BODY_LIMIT = 1024 * 1024


class PostFault(Exception):
    """Nobody answered, or not in HTTP."""


class Poster:
    """Connections by host, kept for the next post."""

    def __init__(self) -> None:
        self._idle: defaultdict[tuple[str, int, bool], list[_Connection]] = defaultdict(list)

    async def request(
        self, method: str, url: str, query: dict[str, str], body: bytes = b"", media_type: str = ""
    ) -> tuple[int, bytes]:
        """One request; answers status and body, or raises `PostFault`. The caller sets the time limit."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        place = (parts.hostname or "", parts.port or (443 if secure else 80), secure)
        target = (parts.path or "/") + "?" + "&".join(filter(None, (parts.query, urlencode(query))))
        head = f"{method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(body)}\r\n"
        kind = f"Content-Type: {media_type}\r\n" if media_type else ""
        sent = (head + kind + "User-Agent: Mozilla/4.0\r\nAccept: */*\r\n\r\n").encode() + body
        while self._idle[place]:
            connection = self._idle[place].pop()
            if connection.is_open():
                break
        else:
            connection = await _connect(place)
        return await self._exchange(place, connection, sent)

    async def _exchange(
        self, place: tuple[str, int, bool], connection: _Connection, sent: bytes
    ) -> tuple[int, bytes]:
        done = False
        try:
            status, body, stays = await connection.exchange(sent)
            done = stays
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as wrong:
            raise PostFault(repr(wrong)) from wrong
        finally:
            if done and len(self._idle[place]) < KEPT_OPEN:
                self._idle[place].append(connection)
            else:
                connection.close()
        return status, body

    def close(self) -> None:
        """Hang up everywhere."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def is_open(self) -> bool:
        """Whether the other side has not hung up meanwhile."""
        return not (self._reader.at_eof() or self._writer.is_closing())

    def close(self) -> None:
        self._writer.close()

    async def exchange(self, sent: bytes) -> tuple[int, bytes, bool]:
        self._writer.write(sent)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
        }
        stays = headers.get("connection", "").lower() != "close" and not head[0].startswith("HTTP/1.0")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return status, await self._chunks(), stays
        if "content-length" not in headers and status not in (204, 304):
            return status, await self._reader.read(BODY_LIMIT), False
        length = int(headers.get("content-length", 0))
        if length > BODY_LIMIT:
            return status, b"", False
        return status, await self._reader.readexactly(length), stays

    async def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
            if size + sum(map(len, parts)) > BODY_LIMIT:
                raise ValueError("answer too long")
            parts.append((await self._reader.readexactly(size + 2))[:-2])
        await self._reader.readuntil(b"\r\n")
        return b"".join(parts)


async def _connect(place: tuple[str, int, bool]) -> _Connection:
    host, port, secure = place
    context = ssl.create_default_context() if secure else None
    try:
        return _Connection(*await asyncio.open_connection(host, port, ssl=context))
    except OSError as wrong:
        raise PostFault(repr(wrong)) from wrong
