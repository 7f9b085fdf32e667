"""Lines 连接: HTTP/1.1 over connections that stay open, at the cost of little more than the bytes.

For calls by the thousand (a message a person): a general client takes half a millisecond of processor time a call, this about a
tenth of that. Requests are whole in memory and answers bounded; one request at a time on a connection.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress

KEEP_SECONDS = 4.0
"""Shorter than servers keep: else a call may go into a connection that is being closed, and nobody knows whether it arrived."""
KEPT, AT_MOST = 20, 100
_HEAD_BYTES = 65_536
_NO_BODY = (204, 304)
Answer = tuple[int, dict[str, str], bytes]
Place = tuple[str, int, str | None]
"""Address, port, and the name that a certificate must prove (None: not encrypted)."""


class LineError(OSError):
    """The connection broke, or what came is not HTTP. `sent` False: the request never left."""

    def __init__(self, words: str, *, sent: bool) -> None:
        super().__init__(words)
        self.sent = sent


class TooLargeError(LineError):
    """The answer has more bytes than it may."""


class Lines:
    """The connections of one loop to one host."""

    def __init__(self) -> None:
        self._idle: list[_Connection] = []
        self._room = asyncio.Semaphore(AT_MOST)
        self.busy = 0

    async def ask(self, place: Place, context: ssl.SSLContext | None, request: bytes, most_bytes: int, connect_seconds: float) -> Answer:
        """One request. The caller limits the time; one that is cut off closes its connection."""
        async with self._room:
            line = self._free(place) or await _connected(place, context, connect_seconds)
            whole = False
            try:
                answer = await line.ask(request, most_bytes)
                whole = line.stays
            finally:
                if whole and len(self._idle) < KEPT:
                    line.idle_since = time.monotonic()
                    self._idle.append(line)
                else:
                    line.close()
            return answer

    def _free(self, place: Place) -> _Connection | None:
        """The one used last; those idle for too long are closed."""
        oldest = time.monotonic() - KEEP_SECONDS
        while self._idle:
            line = self._idle.pop()
            if line.place == place and line.is_open and line.idle_since > oldest:
                return line
            line.close()
        return None

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


def written(method: str, target: str, headers: Mapping[str, str], content: bytes | None) -> bytes:
    """A request as it goes over the wire.

    Raises
    ------
    LineError
        Where a value could end its header and begin another.
    """
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if content is not None or method not in ("GET", "HEAD"):
        lines.append(f"content-length: {len(content or b'')}")
    head = "\r\n".join(lines)
    if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1 or "\0" in head or " " in target:
        raise LineError("a header may not hold a line break", sent=False)
    return head.encode("utf-8") + b"\r\n\r\n" + (content or b"")


async def _connected(place: Place, context: ssl.SSLContext | None, connect_seconds: float) -> _Connection:
    address, port, name = place
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(connect_seconds):
            _, line = await loop.create_connection(
                lambda: _Connection(place), address, port, ssl=context if name is not None else None, server_hostname=name
            )
    except TimeoutError:
        raise LineError("no connection in time", sent=False) from None
    except OSError as error:
        raise LineError(type(error).__name__, sent=False) from None
    return line


class _Connection(asyncio.Protocol):
    def __init__(self, place: Place) -> None:
        self.place, self.idle_since, self.stays = place, 0.0, False
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None
        self._most = 0
        self._head: tuple[int, dict[str, str], int] | None = None
        self._searched = 0

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing() and not self._buffer

    async def ask(self, request: bytes, most_bytes: int) -> Answer:
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._most, self._head, self._searched, self.stays = most_bytes, None, 0, False
        self._transport.write(request)
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._waiting is None or self._waiting.done():
            return
        try:
            answer = self._answer(ended=False)
        except (ValueError, LineError) as error:
            self._waiting.set_exception(error if isinstance(error, LineError) else LineError("the answer is not HTTP", sent=True))
            return
        if answer is not None:
            self._waiting.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is None or self._waiting.done():
            return
        answer = None
        with suppress(ValueError, LineError):
            answer = self._answer(ended=True) if error is None else None
        if answer is not None:
            self._waiting.set_result(answer)
        else:
            self._waiting.set_exception(LineError("the connection was closed", sent=True))

    def _answer(self, *, ended: bool) -> Answer | None:
        """The answer once it is whole; what is over stays in the buffer, and the connection is then not used again."""
        while self._head is None:
            at = self._buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
            if at < 0:
                self._searched = len(self._buffer)
                if self._searched > _HEAD_BYTES:
                    raise TooLargeError("the answer's head is too long", sent=True)
                return None
            status, headers, persistent = _read_head(bytes(self._buffer[:at]))
            del self._buffer[: at + 4]
            if status >= 200:
                self._head, self.stays = (status, headers, at), persistent
        status, headers, _ = self._head
        body = self._body(status, headers, ended=ended)
        return None if body is None else (status, headers, body)

    def _body(self, status: int, headers: dict[str, str], *, ended: bool) -> bytes | None:
        if status in _NO_BODY:
            return b""
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunked()
        told = headers.get("content-length")
        if told is None:
            self.stays = False
            self._bounded(len(self._buffer))
            return bytes(self._buffer) if ended else None
        size = int(told) if told.isascii() and told.isdigit() else -1
        if size < 0:
            raise LineError("the answer's length is no number", sent=True)
        self._bounded(max(size, 0))
        if len(self._buffer) < size:
            return None
        body = bytes(self._buffer[:size])
        del self._buffer[:size]
        return body

    def _chunked(self) -> bytes | None:
        """Read from the beginning each time: answers in chunks are rare here, and bounded."""
        parts: list[bytes] = []
        at, size = 0, 0
        while True:
            end = self._buffer.find(b"\r\n", at)
            if end < 0:
                self._bounded(len(self._buffer) - at + size)
                return None
            length = int(bytes(self._buffer[at:end]).split(b";")[0].strip(), 16)
            size += length
            self._bounded(size)
            begin = end + 2
            if length == 0:
                end = self._buffer.find(b"\r\n\r\n", end)
                if end < 0:
                    return None
                del self._buffer[: end + 4]
                return b"".join(parts)
            if len(self._buffer) < begin + length + 2:
                return None
            parts.append(bytes(self._buffer[begin : begin + length]))
            at = begin + length + 2

    def _bounded(self, size: int) -> None:
        if size > self._most:
            raise TooLargeError("the answer is too large", sent=True)


def _read_head(head: bytes) -> tuple[int, dict[str, str], bool]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise ValueError(first[:20])
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    connection = headers.get("connection", "").lower()
    persistent = "close" not in connection and (version != "HTTP/1.0" or "keep-alive" in connection)
    return int(rest[:3]), headers, persistent
