"""A mail server and an HTTP receiver that only count, for send_email.py and send_sms.py: a process of its own, so that its CPU time can be told apart.

    python bench/sinks.py smtp | http

Without a kind it does nothing. The first line it prints is its port. To each line on its input it answers one of JSON: how often each recipient was told since the last line, and the CPU seconds meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
END = b"\r\n.\r\n"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
WHO = re.compile(rb'"(?:phone|address)": ?"([^"]*)"')
told: Counter[str] = Counter()


class Counting(asyncio.Protocol):
    """Takes in bytes; `take` eats what is whole from `buffer` and returns what is to be answered."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer = transport, b""
        self.socket: Any = transport.get_extra_info("socket")
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        if QUICK_ACK is not None:
            self.socket.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)
        self.buffer += data
        if answer := self.take():
            self.transport.write(answer)

    def take(self) -> bytes:
        raise NotImplementedError


class Smtp(Counting):
    """RFC 5321 with PIPELINING (RFC 2920): whatever arrived together is answered together."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.to, self.in_content = "", False
        self.transport.write(b"220 sink ESMTP\r\n")

    def take(self) -> bytes:
        said: list[bytes] = []
        while True:
            if self.in_content:
                at = self.buffer.find(END)
                if at < 0:
                    return b"".join(said)
                self.buffer, self.in_content = self.buffer[at + len(END) :], False
                told[self.to] += 1
                said.append(b"250 ok\r\n")
                continue
            line, whole, rest = self.buffer.partition(b"\r\n")
            if not whole:
                return b"".join(said)
            self.buffer = rest
            said.append(self.answer(line))

    def answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self.to = line[line.index(b"<") + 1 : line.index(b">")].decode()
        elif verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250 SIZE 10000000\r\n"
        elif verb == b"DATA":
            self.in_content = True
            return b"354 go on\r\n"
        elif verb == b"QUIT":
            return b"221 bye\r\n"
        return b"250 ok\r\n"


class Http(Counting):
    """Any POST; who is meant stands in its JSON body as `phone` or `address`. The answer is that of the sandbox's SMS gateway."""

    answer = b'{"code":"OK","message":"","message_id":"m"}'
    whole = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(answer), answer)

    def take(self) -> bytes:
        count = 0
        while (at := self.buffer.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self.buffer, 0, at)
            end = at + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < end:
                break
            who = WHO.search(self.buffer, at, end)
            told[who[1].decode() if who else ""] += 1
            self.buffer, count = self.buffer[end:], count + 1
        return self.whole * count


async def serve(kind: str) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Smtp if kind == "smtp" else Http, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    since = time.process_time()
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps({"cpu": time.process_time() - since, "told": told}), flush=True)
        told.clear()
        since = time.process_time()
    server.close()


@dataclass(frozen=True)
class Heard:
    """Since it was asked last."""

    cpu_seconds: float
    told: Counter[str]


class Sink:
    """One of them, from the side of the bench."""

    def __init__(self, kind: str) -> None:
        self._process = subprocess.Popen([sys.executable, __file__, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._ask, self._hear = self._process.stdin, self._process.stdout
        self.port = int(self._hear.readline())

    def heard(self) -> Heard:
        self._ask.write("\n")
        self._ask.flush()
        answer = json.loads(self._hear.readline())
        return Heard(answer["cpu"], Counter(answer["told"]))

    def close(self) -> None:
        self._ask.close()
        self._process.wait(10)


if __name__ == "__main__" and len(sys.argv) > 1:
    asyncio.run(serve(sys.argv[1]))
