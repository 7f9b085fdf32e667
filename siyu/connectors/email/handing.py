"""Handing in 交信: one letter after another over an open connection, each in a transaction of its own.

The steps of a transaction are written here, not left to `sendmail`, because only so it is known whether the final dot had been
sent when a connection broke. Where the server offers PIPELINING (RFC 2920) the envelope is one group, and that of the next
letter goes out together with the content of this one: one round trip a letter. No content leaves before the server has asked
for it (354), with or without.
"""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from siyu.connectors.email.broken import lost, reaching
from siyu.connectors.email.letters import Letter, Sender, ascii_domain, message_id
from siyu.connectors.email.replies import refused_reply, said
from siyu.connectors.errors import CarrierError, Unavailable

_CONTENT_TIMES = 4
"""RFC 5321 §4.5.3.2: after the final dot a server may take minutes; other replies are quicker."""
_LONGEST_LINE = 8192
_RUBBISH = -1
Written = tuple[Letter, bytes]
Reply = tuple[int, bytes]


class _Step(NamedTuple):
    name: str
    good: tuple[int, ...]
    line: bytes


_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_GO_ON = 354
_DATA = _Step("content", (_GO_ON,), b"DATA\r\n")
_RESET = _Step("sender", (250,), b"RSET\r\n")


class Handing:
    """The transactions of one connection; whoever uses it looks at `is_open` after each."""

    def __init__(self, smtp: smtplib.SMTP, sender: Sender, timeout_seconds: float, now: Callable[[], datetime]) -> None:
        # The library's own reader, made at EHLO: a second one could miss what that has read already.
        assert smtp.file is not None
        self._smtp, self._sender, self._timeout, self._now = smtp, sender, timeout_seconds, now
        self._file = smtp.file
        self._tracked, self._sized, self._pipelined = smtp.has_extn("dsn"), smtp.has_extn("size"), smtp.has_extn("pipelining")
        self._from = f"MAIL FROM:<{wire_address(sender.envelope)}>"
        self._ahead: Letter | None = None
        self._stale = False

    @property
    def is_open(self) -> bool:
        return self._smtp.sock is not None

    def hand_in(self, letter: Letter, content: bytes, following: Callable[[], Written | None]) -> tuple[int, str]:
        """Hand in one letter; `following` is asked for the next one once this one's content may go.

        Raises
        ------
        CarrierError
            One of the five kinds; where the connection broke it is closed.
        """
        try:
            with reaching("sender"):
                self._envelope(letter, content)
            code, words = self._content(content, following())
        except CarrierError as error:
            if isinstance(error, Unavailable) and error.vendor_code in ("connection", "reply"):
                self._smtp.close()
            raise
        self._demand("content", (250,), code, words, unreadable=None)
        return code, said(words)

    def _envelope(self, letter: Letter, content: bytes) -> None:
        """Name sender and recipient and ask to send the content."""
        steps = self._steps(letter, content)
        if self._pipelined and self._ahead is not letter:
            self._write(_joined(steps))
        self._ahead = None
        bad: tuple[str, int, bytes] | None = None
        for step in steps:
            if not self._pipelined:
                self._write(step.line)
            code, words = self._reply()
            if code not in step.good and bad is None:
                bad = step.name, code, words
            if bad is not None and (not self._pipelined or _ends(code)):
                break
        self._stale = bad is not None
        if bad is not None:
            if self._pipelined and code == _GO_ON:
                # All recipients are refused and the content is asked for all the same: it is empty, and not taken.
                self._write(b".\r\n")
                self._reply()
            self._demand(bad[0], (), *bad[1:])

    def _content(self, content: bytes, following: Written | None) -> Reply:
        with reaching("content", reached=None):
            self._patience(_CONTENT_TIMES)
            group = dotted(content)
            if following is not None and self._pipelined:
                self._ahead = following[0]
                group += _joined(self._steps(*following))
            self._write(group)
            reply = self._reply()
            self._patience(1)
        return reply

    def _steps(self, letter: Letter, content: bytes) -> list[_Step]:
        # RFC 3461: the envelope's own name comes back in a delivery report, also where the head is cut off.
        named = f" RET=HDRS ENVID={message_id(letter.reference, self._sender.domain).strip('<>')}" if self._tracked else ""
        size = f" SIZE={len(content)}" if self._sized else ""
        notify = " NOTIFY=FAILURE,DELAY" if self._tracked else ""
        steps = [
            _Step("sender", (250,), f"{self._from}{size}{named}\r\n".encode()),
            _Step("recipient", (250, 251), f"RCPT TO:<{wire_address(letter.to)}>{notify}\r\n".encode()),
            _DATA,
        ]
        return [_RESET, *steps] if self._stale else steps

    def _patience(self, times: int) -> None:
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(self._timeout * times)

    def _write(self, group: bytes) -> None:
        if self._smtp.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        self._smtp.sock.sendall(group)
        if _QUICK_ACK is not None:
            # Asked for anew each time: a server that answers in several small pieces would wait 40 ms for each of our receipts.
            self._smtp.sock.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def _reply(self) -> Reply:
        words = b""
        while True:
            line = self._file.readline(_LONGEST_LINE + 1)
            if not line:
                raise smtplib.SMTPServerDisconnected("the connection was closed")
            words = words + b"\n" + line[4:].strip() if words else line[4:].strip()
            if len(line) > _LONGEST_LINE or not line[:3].isdigit():
                return _RUBBISH, words
            if line[3:4] != b"-":
                return int(line[:3]), words

    def _demand(self, stage: str, good: tuple[int, ...], code: int, words: bytes, *, unreadable: bool | None = False) -> None:
        if code in good:
            return
        if _ends(code):
            self._smtp.close()
        if not 400 <= code < 600:
            raise lost(reached=unreadable, words=said(words), stage=stage)
        raise refused_reply(stage, code, said(words), self._now())


def _ends(code: int) -> bool:
    """After this answer nothing more is to be had from the connection."""
    return code == 421 or not 200 <= code < 600


def _joined(steps: list[_Step]) -> bytes:
    return b"".join([step.line for step in steps])


def wire_address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{ascii_domain(domain)}"


def dotted(content: bytes) -> bytes:
    """RFC 5321 §4.5.2: a leading dot is doubled, and a line with only a dot ends the letter."""
    body = content.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
