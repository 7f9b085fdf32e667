"""SMTP 发信: one conversation for a set of letters, one outcome for each.

The conversation blocks and is run in a thread. The steps of a transaction are made one by one, not by `sendmail`, because
only so it is known whether the final dot had been sent when a connection broke.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from siyu.connectors._http import address_of
from siyu.connectors.email.letters import POLICY, Letter, Sender, ascii_domain, compose, message_id
from siyu.connectors.email.replies import refused_reply, said
from siyu.connectors.errors import BadCredentials, CarrierError, Unavailable
from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text

TlsMode = Literal["tls", "starttls", "none"]
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_CONTENT_TIMES = 4
"""RFC 5321 §4.5.3.2: after the final dot a server may take minutes; other replies are quicker."""
_TRANSIENT = (OSError, smtplib.SMTPServerDisconnected, EOFError)


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

    def send(self, letter: Letter, sender: Sender) -> Outcome:
        """Hand in one letter; every error is in the outcome, except that a broken connection is also seen by `alive`."""
        outcome = Outcome(letter.reference, letter.to, message_id(letter.reference, sender.domain))
        try:
            content = compose(letter, sender, self._now()).as_bytes(policy=POLICY)
            code, words = self._hand_in(letter, sender, content)
        except (CarrierError, InvalidError) as error:
            return replace(outcome, error=error)
        return replace(outcome, code=code, words=words)

    def offer(self, sender: Sender) -> None:
        """Name the sender and take it back: does the server let this account write as this address?"""
        smtp = self._smtp
        if smtp is None:
            raise _lost(reached=False)
        with _reaching("sender"):
            self._demand("sender", (250,), *smtp.mail(_wire(sender.envelope)))
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
        with _reaching("connect"):
            self._demand("connect", (220,), *smtp.connect(address, server.port))
            smtp.ehlo_or_helo_if_needed()
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
            with _reaching("login"):
                smtp.login(server.username, server.password)
        except smtplib.SMTPAuthenticationError as error:
            raise refused_reply("login", error.smtp_code, said(error.smtp_error), self._now()) from None
        except smtplib.SMTPNotSupportedError:
            raise BadCredentials(
                Text("服务器不支持登录", "the server offers no login"), vendor_code="no_auth", api="login",
                way_out=Text("确认端口与 TLS 方式;587 常用 starttls,465 用 tls", "check port and TLS: 587 is starttls, 465 is tls"),
            ) from None  # fmt: skip

    def _hand_in(self, letter: Letter, sender: Sender, content: bytes) -> tuple[int, str]:
        smtp = self._smtp
        if smtp is None or smtp.sock is None:
            raise _lost(reached=False)
        try:
            return self._transaction(smtp, letter, sender, content)
        except CarrierError:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if smtp.sock is not None:
                    smtp.rset()
            raise

    def _transaction(
        self, smtp: smtplib.SMTP, letter: Letter, sender: Sender, content: bytes
    ) -> tuple[int, str]:
        tracked = smtp.has_extn("dsn")
        options = [f"SIZE={len(content)}"] if smtp.has_extn("size") else []
        # RFC 3461: the envelope's own name comes back in a delivery report, also where the head is cut off.
        options += (
            ["RET=HDRS", f"ENVID={message_id(letter.reference, sender.domain).strip('<>')}"]
            if tracked
            else []
        )
        with _reaching("sender"):
            self._demand("sender", (250,), *smtp.mail(_wire(sender.envelope), options))
        with _reaching("recipient"):
            self._demand(
                "recipient",
                (250, 251),
                *smtp.rcpt(_wire(letter.to), ["NOTIFY=FAILURE,DELAY"] if tracked else []),
            )
        with _reaching("content"):
            self._demand("content", (354,), *smtp.docmd("DATA"))
        with _reaching("content", reached=None):
            self._patience(smtp, _CONTENT_TIMES)
            smtp.send(_dotted(content))
            code, words = smtp.getreply()
            self._patience(smtp, 1)
        self._demand("content", (250,), code, words, unreadable=None)
        return code, said(words)

    def _patience(self, smtp: smtplib.SMTP, times: int) -> None:
        if smtp.sock is not None:
            smtp.sock.settimeout(self._server.timeout_seconds * times)

    def _demand(
        self, stage: str, good: tuple[int, ...], code: int, words: bytes, *, unreadable: bool | None = False
    ) -> None:
        if code in good:
            return
        broken = not 400 <= code < 600
        if self._smtp is not None and (code == 421 or broken):
            self._smtp.close()
        if broken:
            raise _lost(reached=unreadable, words=said(words), stage=stage)
        raise refused_reply(stage, code, said(words), self._now())


def send_letters(
    server: Server, sender: Sender, letters: Sequence[Letter], now: Callable[[], datetime]
) -> list[Outcome]:
    """Hand in all letters over as few connections as can be; one outcome for each, in order.

    A connection that breaks is made again once for the letters that follow. Where the server is not to be had, or does not
    accept the account, the letters not yet tried carry that error and were not sent.
    """
    waiting = list(letters)
    done: list[Outcome] = []
    for _ in range(2):
        try:
            with Conversation(server, now) as talk:
                while waiting and talk.alive:
                    done.append(talk.send(waiting.pop(0), sender))
        except CarrierError as error:
            return done + [
                Outcome(one.reference, one.to, message_id(one.reference, sender.domain), error=error)
                for one in waiting
            ]
        if not waiting:
            break
    lost = _lost(reached=False)
    return done + [
        Outcome(one.reference, one.to, message_id(one.reference, sender.domain), error=lost)
        for one in waiting
    ]


@contextlib.contextmanager
def _reaching(stage: str, *, reached: bool | None = False) -> Iterator[None]:
    """A connection that breaks in here becomes Unavailable; `reached` says whether the server may have acted."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(
            Text(f"服务器证书无效:{error.verify_message}", f"the server's certificate is not valid: {error.verify_message}"),
            reached=False, vendor_code="certificate", vendor_message=error.verify_message, api=stage,
            way_out=Text("检查主机名是否写对", "see that the host name is right"),
        ) from None  # fmt: skip
    except smtplib.SMTPAuthenticationError:
        raise
    except smtplib.SMTPNotSupportedError:
        raise
    except (smtplib.SMTPHeloError, smtplib.SMTPConnectError, smtplib.SMTPResponseException) as error:
        words = (
            said(error.smtp_error) if isinstance(error, smtplib.SMTPResponseException) else said(str(error))
        )
        raise Unavailable(
            Text(f"邮件服务器:{words}", f"the mail server: {words}"),
            reached=reached,
            vendor_code="reply",
            vendor_message=words,
            api=stage,
        ) from None
    except _TRANSIENT as error:
        raise _lost(reached=reached, words=said(str(error) or type(error).__name__), stage=stage) from None
    except smtplib.SMTPException as error:
        raise _lost(reached=reached, words=said(str(error)), stage=stage) from None


def _lost(*, reached: bool | None, words: str = "", stage: str = "connect") -> Unavailable:
    return Unavailable(
        Text(f"与邮件服务器的连接断开 {words}".strip(), f"the connection to the mail server is lost {words}".strip()),
        reached=reached, vendor_code="connection", vendor_message=words, api=stage,
        way_out=Text("检查主机、端口与 TLS 方式,以及防火墙", "check host, port, TLS and the firewall"),
    )  # fmt: skip


def _wire(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{ascii_domain(domain)}"


def _dotted(content: bytes) -> bytes:
    """RFC 5321 §4.5.2: a leading dot is doubled, and a line with only a dot ends the letter."""
    body = content.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
