"""The POP3 door (RFC 1939): whoever writes to a mailbox of the sandbox can read there what came back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from siyu_sandbox.smtp.post_office import PRODUCT, Mail, MailWorld

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

IDLE_SECONDS = 300
VERBS = frozenset(
    ("CAPA", "USER", "PASS", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET", "NOOP", "QUIT")
)
FREE = frozenset(("CAPA", "USER", "PASS", "NOOP", "QUIT"))


class Reading:
    """One connection: the letters of one mailbox as they lay there at log-in."""

    def __init__(self, box: Sandbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._box = box
        self._reader = reader
        self._writer = writer
        self._name = ""
        self._mails: list[Mail] | None = None
        self._gone: set[int] = set()

    async def serve(self) -> None:
        """Talk until the other side has enough."""
        try:
            await self._say("+OK sandbox")
            while await self._turn():
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass
        finally:
            self._writer.close()

    async def _turn(self) -> bool:
        async with asyncio.timeout(IDLE_SECONDS):
            line = (await self._reader.readuntil(b"\n")).decode("utf-8", "replace").strip()
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        if verb not in VERBS or (self._mails is None and verb not in FREE):
            await self._say("-ERR not now" if verb in VERBS else "-ERR unknown")
        else:
            await self._say(*getattr(self, f"_{verb.lower()}")(rest.strip()))
        return verb != "QUIT"

    @property
    def _world(self) -> MailWorld:
        world: MailWorld = self._box.worlds[PRODUCT]
        return world

    def _capa(self, rest: str) -> list[str]:
        return ["+OK", "USER", "UIDL", "TOP", "."]

    def _user(self, rest: str) -> list[str]:
        self._name = rest
        return ["+OK"]

    def _pass(self, rest: str) -> list[str]:
        limits = self._world.limits
        if limits.password and rest != limits.password:
            return ["-ERR [AUTH] wrong password"]
        self._mails = self._world.mailbox(self._name)
        return [f"+OK {len(self._mails)} messages"]

    def _here(self) -> list[tuple[int, Mail]]:
        return [(place, mail) for place, mail in enumerate(self._mails or [], 1) if place not in self._gone]

    def _one(self, text: str) -> Mail | None:
        return next((mail for place, mail in self._here() if str(place) == text), None)

    def _stat(self, rest: str) -> list[str]:
        return [f"+OK {len(self._here())} {sum(len(mail.raw) for _, mail in self._here())}"]

    def _listed(self, rest: str, word: str) -> list[str]:
        rows = [f"{place} {_word(mail, word)}" for place, mail in self._here() if rest in ("", str(place))]
        if rest:
            return [f"+OK {rows[0]}"] if rows else ["-ERR no such message"]
        return ["+OK", *rows, "."]

    def _list(self, rest: str) -> list[str]:
        return self._listed(rest, "size")

    def _uidl(self, rest: str) -> list[str]:
        return self._listed(rest, "id")

    def _retr(self, rest: str) -> list[str]:
        return self._text(self._one(rest), None)

    def _top(self, rest: str) -> list[str]:
        place, _, count = rest.partition(" ")
        return self._text(self._one(place), int(count) if count.isdigit() else 0)

    @staticmethod
    def _text(mail: Mail | None, count: int | None) -> list[str]:
        if mail is None:
            return ["-ERR no such message"]
        lines = mail.raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n").rstrip("\n").split("\n")
        if count is not None and "" in lines:
            lines = lines[: lines.index("") + 1 + count]
        return ["+OK", *(f".{line}" if line.startswith(".") else line for line in lines), "."]

    def _dele(self, rest: str) -> list[str]:
        if self._one(rest) is None:
            return ["-ERR no such message"]
        self._gone.add(int(rest))
        return ["+OK"]

    def _rset(self, rest: str) -> list[str]:
        self._gone.clear()
        return ["+OK"]

    def _noop(self, rest: str) -> list[str]:
        return ["+OK"]

    def _quit(self, rest: str) -> list[str]:
        for place, mail in enumerate(self._mails or [], 1):
            mail.deleted = mail.deleted or place in self._gone
        return ["+OK"]

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape"))
        await self._writer.drain()


def _word(mail: Mail, word: str) -> str:
    return f"letter-{mail.number}" if word == "id" else str(len(mail.raw))
