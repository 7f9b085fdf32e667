"""The SMTP door: one conversation after another (RFC 5321, with AUTH PLAIN and LOGIN, SIZE, 8BITMIME, SMTPUTF8).

Written on asyncio's streams: the library of this trade had its last release in 2024, and the few verbs are quickly told.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from siyu_sandbox.calls import Call
from siyu_sandbox.smtp.post_office import PRODUCT, MailWorld, refusal, take

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

LINE_BYTES = 2048
IDLE_SECONDS = 300
PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>\s*(.*)", re.IGNORECASE)
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class _Gone(Exception):
    """The other side hung up, or a fault says so."""


@dataclass
class _Envelope:
    sender: str | None = None
    addresses: list[str] = field(default_factory=list)


class Conversation:
    """One connection."""

    def __init__(self, box: Sandbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._box = box
        self._reader = reader
        self._writer = writer
        self._envelope = _Envelope()
        self._known = False
        self._logged_in = False

    async def serve(self) -> None:
        """Talk until the other side has enough."""
        try:
            await self._meet("CONNECT")
            await self._say("220 sandbox ESMTP")
            while await self._turn():
                pass
        except (_Gone, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass
        finally:
            self._writer.close()

    @property
    def _world(self) -> MailWorld:
        world: MailWorld = self._box.worlds[PRODUCT]
        return world

    async def _turn(self) -> bool:
        verb, _, rest = (await self._line()).partition(" ")
        verb = verb.upper()
        serve = getattr(self, f"_{verb.lower()}", None) if verb.isalpha() and verb in VERBS else None
        if serve is None:
            await self._say("500 5.5.1 Command unrecognized")
        elif not await self._meet(verb):
            await serve(rest.strip())
        return verb != "QUIT"

    async def _meet(self, verb: str) -> bool:
        """Suffer the faults that are switched on for this verb; say whether one has answered already."""
        for fault in self._box.faults.check(PRODUCT, f"/smtp/{verb}"):
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "drop":
                self._count(verb, "drop")
                raise _Gone
            else:
                code = fault.code if 400 <= int(fault.code) < 600 else 451
                await self._say(f"{code} {code // 100}.3.0 Try again later")
                self._count(verb, str(code))
                return True
        return False

    def _count(self, verb: str, outcome: str) -> None:
        self._box.calls.record(Call(self._box.clock.now(), PRODUCT, f"/smtp/{verb}", outcome, 0))

    async def _helo(self, rest: str) -> None:
        self._known = True
        await self._say("250 sandbox")

    async def _ehlo(self, rest: str) -> None:
        self._known = True
        size = self._world.limits.size_bytes
        await self._say(
            "250-sandbox",
            f"250-SIZE {size}",
            "250-8BITMIME",
            "250-SMTPUTF8",
            "250-PIPELINING",
            "250 AUTH PLAIN LOGIN",
        )

    async def _auth(self, rest: str) -> None:
        kind, _, first = rest.partition(" ")
        if kind.upper() == "PLAIN":
            secret = self._decoded(first or await self._asked("334 "))
            _, name, word = [*secret.split("\0"), "", "", ""][:3]
        elif kind.upper() == "LOGIN":
            name = self._decoded(first or await self._asked("334 VXNlcm5hbWU6"))
            word = self._decoded(await self._asked("334 UGFzc3dvcmQ6"))
        else:
            await self._say("504 5.5.4 Unrecognized authentication type")
            return
        limits = self._world.limits
        self._logged_in = not limits.username or (name, word) == (limits.username, limits.password)
        self._count("AUTH", "235" if self._logged_in else "535")
        await self._say(
            "235 2.7.0 Authentication successful"
            if self._logged_in
            else "535 5.7.8 Authentication credentials invalid"
        )

    @staticmethod
    def _decoded(text: str) -> str:
        try:
            return base64.b64decode(text).decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""

    async def _asked(self, prompt: str) -> str:
        await self._say(prompt)
        return await self._line()

    async def _mail(self, rest: str) -> None:
        found = PATH.fullmatch(rest)
        limits = self._world.limits
        size = re.search(r"SIZE=(\d+)", found[2], re.IGNORECASE) if found else None
        if not self._known:
            await self._say("503 5.5.1 EHLO first")
        elif limits.username and not self._logged_in:
            await self._say("530 5.7.0 Authentication required")
        elif found is None or (found[1] and not ADDRESS.fullmatch(found[1])):
            await self._say("501 5.1.7 Bad sender address syntax")
        elif size and int(size[1]) > limits.size_bytes:
            await self._say("552 5.3.4 Message size exceeds fixed limit")
        else:
            self._envelope = _Envelope(found[1])
            await self._say("250 2.1.0 OK")

    async def _rcpt(self, rest: str) -> None:
        found = PATH.fullmatch(rest)
        if self._envelope.sender is None:
            await self._say("503 5.5.1 MAIL first")
        elif found is None or not ADDRESS.fullmatch(found[1]):
            await self._say("501 5.1.3 Bad recipient address syntax")
        elif len(self._envelope.addresses) >= self._world.limits.recipients:
            await self._say("452 4.5.3 Too many recipients")
        else:
            refused = refusal(found[1])
            self._count("RCPT", str(refused[0] if refused else 250))
            if refused is None:
                self._envelope.addresses.append(found[1])
            await self._say(f"{refused[0]} {refused[1]}" if refused else "250 2.1.5 OK")

    async def _data(self, rest: str) -> None:
        if not self._envelope.addresses or self._envelope.sender is None:
            await self._say("503 5.5.1 RCPT first")
            return
        await self._say("354 End data with <CR><LF>.<CR><LF>")
        sender, raw = self._envelope.sender, await self._letter()
        if raw is None:
            self._envelope = _Envelope()
            await self._say("552 5.3.4 Message size exceeds fixed limit")
            return
        number = take(self._box, sender, self._envelope.addresses, raw)
        self._envelope = _Envelope()
        self._count("DATA", "250")
        if not await self._meet("ACCEPTED"):
            await self._say(f"250 2.0.0 OK queued as {number}")

    async def _letter(self) -> bytes | None:
        """Read until the line with one dot; None for a letter that is too long."""
        lines: list[bytes] = []
        size = 0
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                line = await self._reader.readuntil(b"\n")
            if line in (b".\r\n", b".\n"):
                return None if size > self._world.limits.size_bytes else b"".join(lines)
            line = line[1:] if line.startswith(b".") else line
            size += len(line)
            if size <= self._world.limits.size_bytes:
                lines.append(line)

    async def _rset(self, rest: str) -> None:
        self._envelope = _Envelope()
        await self._say("250 2.0.0 OK")

    async def _noop(self, rest: str) -> None:
        await self._say("250 2.0.0 OK")

    async def _vrfy(self, rest: str) -> None:
        await self._say("252 2.1.5 Cannot verify, but will try")

    async def _quit(self, rest: str) -> None:
        await self._say("221 2.0.0 Bye")

    async def _line(self) -> str:
        async with asyncio.timeout(IDLE_SECONDS):
            line = await self._reader.readuntil(b"\n")
        if len(line) > LINE_BYTES:
            raise _Gone
        return line.decode("utf-8", "replace").rstrip("\r\n")

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()


VERBS = frozenset(("HELO", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "QUIT"))
