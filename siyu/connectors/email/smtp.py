"""SMTP 发信: one conversation for a set of letters, one outcome for each. It blocks and is run in a thread."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from siyu.connectors._http import address_of
from siyu.connectors.email.broken import lost, reaching
from siyu.connectors.email.handing import Handing, Written, wire_address
from siyu.connectors.email.letters import Letter, Sender, message_id
from siyu.connectors.email.moulds import Mould
from siyu.connectors.email.replies import refused_reply, said
from siyu.connectors.errors import AccountRestricted, BadCredentials, CarrierError, Unavailable
from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text

TlsMode = Literal["tls", "starttls", "none"]
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_FRUITLESS = 2
"""So many connections that end without a letter through are enough."""


@dataclass(frozen=True)
class Server:
    """Where letters are handed in. `tls` is from the first byte, `starttls` is demanded, never optional; `none` sends no password.

    `context` is for a certificate authority of one's own; without it the system's are used.
    """

    host: str
    port: int
    tls: TlsMode = "starttls"
    username: str = ""
    password: str = ""
    timeout_seconds: float = 30
    context: ssl.SSLContext | None = None
    helo: str = "localhost"
    allow_private: bool = False

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port}, {self.tls})"


@dataclass(frozen=True)
class Outcome:
    """What became of one letter. Without an error the server took charge of it; whether it arrives is told later, if ever."""

    reference: str
    to: str
    message_id: str
    code: int = 0
    words: str = ""
    error: CarrierError | InvalidError | None = None


Waiting = deque[tuple[int, Letter]]
Told = Callable[[int, Outcome], None]
_Ready = tuple[int, Letter, bytes]


class Conversation:
    """One connection to the server; raises the five kinds."""

    def __init__(self, server: Server, now: Callable[[], datetime]) -> None:
        self._server, self._now = server, now
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Conversation:
        try:
            self._log_in(self._connect())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        with contextlib.suppress(OSError, smtplib.SMTPException, ValueError):
            if smtp.sock is not None:
                smtp.sock.settimeout(2)
            smtp.quit()
        smtp.close()

    def send(self, waiting: Waiting, sender: Sender, told: Told) -> None:
        """Hand in what waits, as long as the connection holds; every error is in an outcome. What still waits was not handed in."""
        assert self._smtp is not None
        handing = Handing(self._smtp, sender, self._server.timeout_seconds, self._now)
        mould = Mould(sender, self._now())
        one = _written(waiting, mould, sender, told)
        while one is not None:
            number, letter, content = one
            following: list[_Ready | None] = []

            def ahead(following: list[_Ready | None] = following) -> Written | None:
                following.append(_written(waiting, mould, sender, told))
                return following[0] and following[0][1:]

            try:
                code, words = handing.hand_in(letter, content, ahead)
                told(number, replace(outcome_of(letter, sender), code=code, words=words))
            except CarrierError as error:
                told(number, outcome_of(letter, sender, error))
                if isinstance(error, AccountRestricted | BadCredentials):
                    # It would be said of each of the others too.
                    raise
            if not handing.is_open:
                waiting.extendleft(unsent[:2] for unsent in following if unsent is not None)
                return
            one = following[0] if following else _written(waiting, mould, sender, told)

    def offer(self, sender: Sender) -> None:
        """Name the sender and take it back: does the server let this account write as this address?"""
        smtp = self._smtp
        if smtp is None:
            raise lost(reached=False)
        with reaching("sender"):
            self._demand("sender", (250,), *smtp.mail(wire_address(sender.envelope)))
            smtp.rset()

    @property
    def alive(self) -> bool:
        return self._smtp is not None and self._smtp.sock is not None

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        context = server.context or ssl.create_default_context()
        smtp = self._smtp = (
            smtplib.SMTP_SSL(local_hostname=server.helo, timeout=server.timeout_seconds, context=context)
            if server.tls == "tls"
            else smtplib.SMTP(local_hostname=server.helo, timeout=server.timeout_seconds)
        )
        # The library reads the name for the certificate from here; `connect` alone does not set it.
        smtp._host = server.host  # type: ignore[attr-defined]
        address = address_of(server.host, server.port, server.allow_private)
        with reaching("connect"):
            self._demand("connect", (220,), *smtp.connect(address, server.port))
            smtp.ehlo_or_helo_if_needed()
            if smtp.sock is not None:
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if server.tls == "starttls":
                self._secure(smtp, context)
        return smtp

    def _secure(self, smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
        if not smtp.has_extn("starttls"):
            raise Unavailable(
                Text("服务器不提供 STARTTLS,不会明文发送", "the server offers no STARTTLS, and nothing is sent in the clear"),
                reached=False, vendor_code="no_starttls", api="connect",
                way_out=Text("改用 465 端口的 tls,或换服务器", "use tls on port 465, or another server"),
            )  # fmt: skip
        smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        server = self._server
        if not server.username:
            return
        if server.tls == "none" and server.host not in LOOPBACK:
            raise BadCredentials(
                Text("没有加密的连接上不会发送密码", "no password is sent over a connection without TLS"),
                vendor_code="no_tls", api="login", way_out=Text("选择 tls 或 starttls", "choose tls or starttls"),
            )  # fmt: skip
        try:
            with reaching("login"):
                smtp.login(server.username, server.password)
        except smtplib.SMTPAuthenticationError as error:
            raise refused_reply("login", error.smtp_code, said(error.smtp_error), self._now()) from None
        except smtplib.SMTPNotSupportedError:
            raise BadCredentials(
                Text("服务器不支持登录", "the server offers no login"), vendor_code="no_auth", api="login",
                way_out=Text("确认端口与 TLS 方式;587 常用 starttls,465 用 tls", "check port and TLS: 587 is starttls, 465 is tls"),
            ) from None  # fmt: skip

    def _demand(
        self, stage: str, good: tuple[int, ...], code: int, words: bytes, *, unreadable: bool | None = False
    ) -> None:
        if code in good:
            return
        broken = not 400 <= code < 600
        if self._smtp is not None and (code == 421 or broken):
            self._smtp.close()
        if broken:
            raise lost(reached=unreadable, words=said(words), stage=stage)
        raise refused_reply(stage, code, said(words), self._now())


def send_letters(
    server: Server, sender: Sender, letters: Sequence[Letter], now: Callable[[], datetime]
) -> list[Outcome]:
    """Hand in all letters over as few connections as can be; one outcome for each, in order.

    A connection that breaks is made again for the letters that follow, as long as the one before got a letter through. Where
    the server is not to be had, or does not accept the account, the letters not yet tried carry that error and were not sent.
    """
    waiting: Waiting = deque(enumerate(letters))
    done: dict[int, Outcome] = {}
    fruitless = 0
    error: CarrierError = lost(reached=False)
    while waiting and fruitless < _FRUITLESS:
        before = sum(one.error is None for one in done.values())
        try:
            with Conversation(server, now) as talk:
                talk.send(waiting, sender, done.__setitem__)
        except CarrierError as raised:
            error, fruitless = raised, _FRUITLESS
        else:
            fruitless = 0 if sum(one.error is None for one in done.values()) > before else fruitless + 1
    return [done[number] if number in done else outcome_of(letter, sender, error) for number, letter in enumerate(letters)]


def _written(waiting: Waiting, mould: Mould, sender: Sender, told: Told) -> _Ready | None:
    """The next letter that can be written; one with faults is told at once."""
    while waiting:
        number, letter = waiting.popleft()
        try:
            return number, letter, mould.write(letter)
        except InvalidError as error:
            told(number, outcome_of(letter, sender, error))
    return None


def outcome_of(letter: Letter, sender: Sender, error: CarrierError | InvalidError | None = None) -> Outcome:
    return Outcome(letter.reference, letter.to, message_id(letter.reference, sender.domain), error=error)
