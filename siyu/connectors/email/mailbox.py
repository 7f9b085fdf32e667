"""Mailbox 退信邮箱: where bounces, complaints and wishes to unsubscribe arrive; read by IMAP or POP3, nothing is deleted.

A cursor says how far it was read: for IMAP the folder's validity and the last number, for POP3 the ids that were seen.
"""

from __future__ import annotations

import contextlib
import imaplib
import json
import poplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from siyu.connectors._http import address_of
from siyu.connectors.email.replies import said
from siyu.connectors.email.smtp import LOOPBACK
from siyu.connectors.errors import BadCredentials, Unavailable
from siyu.foundation.text import Text

LARGEST_BYTES = 1_000_000
"""Of a message only so much is read: a report's own words come first, the returned letter last."""
_KEPT_IDS = 20_000


@dataclass(frozen=True)
class Mailbox:
    host: str
    port: int
    username: str
    password: str
    protocol: Literal["imap", "pop3"] = "imap"
    tls: bool = True
    folder: str = "INBOX"
    timeout_seconds: float = 30
    context: ssl.SSLContext | None = None
    allow_private: bool = False

    def __repr__(self) -> str:
        return f"Mailbox({self.protocol} {self.host}:{self.port})"


@dataclass(frozen=True)
class Read:
    """Messages as they lie there, and the cursor to go on from once they are kept. `more`: there are further ones."""

    messages: list[bytes]
    cursor: str
    more: bool


def read_mailbox(box: Mailbox, cursor: str = "", at_most: int = 200) -> Read:
    """The next messages after `cursor` ("" is the beginning). Raises BadCredentials or Unavailable."""
    if not box.tls and box.host not in LOOPBACK:
        raise BadCredentials(
            Text("没有加密的连接上不会发送密码", "no password is sent over a connection without TLS"),
            vendor_code="no_tls", api="mailbox", way_out=Text("邮箱请使用 TLS", "use TLS for the mailbox"),
        )  # fmt: skip
    address_of(box.host, box.port, box.allow_private)
    with _reaching():
        return _imap(box, cursor, at_most) if box.protocol == "imap" else _pop(box, cursor, at_most)


@contextlib.contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, imaplib.IMAP4.error, poplib.error_proto, ValueError) as error:
        words = said(str(error))
        raise Unavailable(
            Text(f"读不到退信邮箱：{words}", f"the mailbox cannot be read: {words}"), reached=False, vendor_code="mailbox",
            vendor_message=words, api="mailbox", way_out=Text("检查主机、端口与 TLS", "check host, port and TLS"),
        ) from None  # fmt: skip


def _logged_in(log_in: Callable[[], object]) -> None:
    try:
        log_in()
    except (imaplib.IMAP4.error, poplib.error_proto) as error:
        if isinstance(error, imaplib.IMAP4.abort):
            raise
        words = said(str(error))
        raise BadCredentials(
            Text(f"邮箱登录被拒绝：{words}", f"the mailbox refuses the login: {words}"), vendor_code="login", vendor_message=words, api="mailbox",
            way_out=Text("检查用户名与密码；很多服务商要先开启 IMAP/POP3 并使用授权码", "check the password; many providers want IMAP/POP3 switched on first"),
        ) from None  # fmt: skip


def _imap(box: Mailbox, cursor: str, at_most: int) -> Read:
    context = box.context or ssl.create_default_context()
    talk = (
        imaplib.IMAP4_SSL(box.host, box.port, ssl_context=context, timeout=box.timeout_seconds)
        if box.tls
        else imaplib.IMAP4(box.host, box.port, timeout=box.timeout_seconds)
    )
    try:
        _logged_in(lambda: talk.login(box.username, box.password))
        _ok(talk.select(f'"{_quoted(box.folder)}"', readonly=True))
        validity = str(int((talk.response("UIDVALIDITY")[1] or [b"0"])[0] or 0))
        known, _, last = cursor.partition(":")
        after = int(last) if known == validity and last.isdigit() else 0
        # "n:*" always names the newest message, also where it is older than n.
        found = [int(number) for number in _ok(talk.uid("SEARCH", f"UID {after + 1}:*"))[0].split()]
        new = sorted(number for number in found if number > after)
        messages = [_imap_message(talk, number) for number in new[:at_most]]
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            talk.logout()
        with contextlib.suppress(OSError):
            talk.shutdown()
    return Read(
        [raw for raw in messages if raw], f"{validity}:{max([after, *new[:at_most]])}", len(new) > at_most
    )


def _imap_message(talk: imaplib.IMAP4, number: int) -> bytes:
    answer = _ok(talk.uid("FETCH", str(number), f"(BODY.PEEK[]<0.{LARGEST_BYTES}>)"))
    return next((part[1] for part in answer if isinstance(part, tuple)), b"")


def _ok(answer: tuple[str, Any]) -> list[Any]:
    if answer[0] != "OK":
        raise ValueError(said(str(answer[1])))
    return [part if part is not None else b"" for part in answer[1]]


def _quoted(folder: str) -> str:
    if not folder.isprintable() or not folder.isascii():
        raise ValueError("the folder's name has characters that are not ASCII; give it in modified UTF-7")
    return folder.replace("\\", "\\\\").replace('"', '\\"')


def _pop(box: Mailbox, cursor: str, at_most: int) -> Read:
    context = box.context or ssl.create_default_context()
    talk = (
        poplib.POP3_SSL(box.host, box.port, context=context, timeout=box.timeout_seconds)
        if box.tls
        else poplib.POP3(box.host, box.port, timeout=box.timeout_seconds)
    )
    try:
        _logged_in(lambda: (talk.user(box.username), talk.pass_(box.password)))
        listed = [line.decode("ascii", "replace").split(maxsplit=1) for line in talk.uidl()[1]]
        there = {name: int(number) for number, name in (pair for pair in listed if len(pair) == 2)}
        seen = {name for name in _ids(cursor) if name in there}
        new = [name for name in there if name not in seen]
        messages = _pop_messages(talk, [there[name] for name in new[:at_most]])
    finally:
        with contextlib.suppress(OSError, poplib.error_proto):
            talk.quit()
        talk.close()
    seen.update(new[: len(messages)])
    kept = [name for name in there if name in seen][-_KEPT_IDS:]
    return Read([raw for raw in messages if raw], json.dumps(kept), len(new) > len(messages))


def _pop_messages(talk: poplib.POP3, numbers: list[int]) -> list[bytes]:
    """One that the library cannot take in (a line without end) counts as read and ends this reading: the next one goes on after it."""
    messages: list[bytes] = []
    for number in numbers:
        try:
            messages.append(b"\r\n".join(talk.retr(number)[1])[:LARGEST_BYTES])
        except poplib.error_proto:
            return [*messages, b""]
    return messages


def _ids(cursor: str) -> list[str]:
    try:
        names = json.loads(cursor) if cursor else []
    except ValueError:
        return []
    return [str(name) for name in names] if isinstance(names, list) else []
