"""A mail server for tests that does as it is told: SMTP with a script for each step, and small IMAP and POP3 mailboxes."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HANG_UP = "hang up"
SILENT = "say nothing"


@dataclass
class Received:
    sender: str
    options: str
    to: str
    content: bytes


@dataclass
class MailServer:
    """`script` says what to answer to a command ("MAIL", "RCPT", "DATA", "." after the content, "connect"…), in turn or always.

    HANG_UP closes the connection there. A function is given the line.
    """

    script: dict[str, object] = field(default_factory=dict)
    extensions: list[str] = field(default_factory=lambda: ["SIZE 10000000", "8BITMIME"])
    login: tuple[str, str] | None = None
    tls: str = "none"
    received: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    def answer(self, step: str, line: str, usual: str) -> str:
        found = self.script.get(step, usual)
        if isinstance(found, list):
            found = found.pop(0) if found else usual
        return str(found(line)) if callable(found) else str(found)


class _HungUp(Exception):
    pass


class _Talk:
    def __init__(self, server: MailServer, conn: socket.socket) -> None:
        self.server = server
        self.secured = server.tls == "tls"
        self.conn = certificate()[1].wrap_socket(conn, server_side=True) if self.secured else conn
        self.file = self.conn.makefile("rb")
        self.envelope = Received("", "", "", b"")

    def say(self, step: str, line: str, usual: str) -> str:
        text = self.server.answer(step, line, usual)
        if text == HANG_UP:
            raise _HungUp
        if text != SILENT:
            self.conn.sendall(text.encode() + b"\r\n")
        return text

    def run(self) -> None:
        self.say("connect", "", "220 mail.test ready")
        while raw := self.file.readline():
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            verb = line.split(" ")[0].upper()
            self.server.commands.append(line)
            if verb == "QUIT":
                self.say("QUIT", line, "221 bye")
                return
            getattr(self, f"do_{verb.lower()}", self.do_other)(line)

    def do_other(self, line: str) -> None:
        self.say(line.split(" ")[0].upper(), line, "250 ok")

    def do_ehlo(self, line: str) -> None:
        offered = [*self.server.extensions, *(["AUTH PLAIN LOGIN"] if self.server.login else [])]
        offered += ["STARTTLS"] if self.server.tls == "starttls" and not self.secured else []
        whole = ["mail.test", *offered]
        self.say("EHLO", line, "\r\n".join(f"250{' ' if one is whole[-1] else '-'}{one}" for one in whole))

    def do_starttls(self, line: str) -> None:
        if self.say("STARTTLS", line, "220 go").startswith("220"):
            self.conn = certificate()[1].wrap_socket(self.conn, server_side=True)
            self.file, self.secured = self.conn.makefile("rb"), True

    def do_auth(self, line: str) -> None:
        given = base64.b64decode(line.split(" ")[2]).split(b"\0")[1:]
        right = self.server.login is not None and given == [one.encode() for one in self.server.login]
        self.say("AUTH", line, "235 2.7.0 welcome" if right else "535 5.7.8 wrong user name or password")

    def do_mail(self, line: str) -> None:
        address, _, options = line.partition(">")
        self.envelope = Received(address.partition("<")[2], options.strip(), "", b"")
        self.say("MAIL", line, "250 2.1.0 ok")

    def do_rcpt(self, line: str) -> None:
        if self.say("RCPT", line, "250 2.1.5 ok").startswith("250"):
            self.envelope.to = line.partition("<")[2].partition(">")[0]

    def do_data(self, line: str) -> None:
        if not self.say("DATA", line, "354 go on" if self.envelope.to else "503 5.5.1 no recipient").startswith("354"):
            return
        lines: list[bytes] = []
        while (raw := self.file.readline()) != b".\r\n":
            if not raw:
                return
            lines.append(raw[1:] if raw.startswith(b".") else raw)
        if not self.envelope.to:
            self.conn.sendall(b"554 5.5.1 no recipient\r\n")
            return
        self.envelope.content = b"".join(lines)
        self.server.received.append(self.envelope)
        self.envelope = Received("", "", "", b"")
        self.say(".", line, "250 2.0.0 queued as 1")


@contextlib.contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port of loopback on which each connection is talked to in a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def one(conn: socket.socket) -> None:
        with conn, contextlib.suppress(OSError, ssl.SSLError, _HungUp):
            talk(conn)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                conn, _ = listening.accept()
                conn.settimeout(10)
                thread = threading.Thread(target=one, args=(conn,), daemon=True)
                threads.append(thread)
                thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in [accepting, *threads]:
            thread.join(5)


@contextlib.contextmanager
def mail_server(server: MailServer | None = None) -> Iterator[MailServer]:
    kept = server or MailServer()

    def talk(conn: socket.socket) -> None:
        kept.connections += 1
        one = _Talk(kept, conn)
        try:
            one.run()
        finally:
            one.file.close()
            if one.conn is not conn:
                one.conn.close()

    with serving(talk) as port:
        kept.port = port
        yield kept


@cache
def certificate() -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 of our own making: its file, and the server's side."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = Path(mkdtemp(prefix="siyu-mail-"))
    file, private = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, private)
    return file, context


def trusting() -> ssl.SSLContext:
    """A client that trusts the certificate above."""
    return ssl.create_default_context(cafile=str(certificate()[0]))


@contextlib.contextmanager
def imap_server(messages: dict[int, bytes], *, validity: int = 1, password: str = "secret") -> Iterator[int]:
    """A mailbox by IMAP: uid → message."""

    def answer(line: str) -> list[bytes]:
        tag, _, rest = line.partition(" ")
        verb = rest.split(" ")[0].upper()
        done = f"{tag} OK done".encode()
        if verb == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1", done]
        if verb == "LOGIN":
            return [done if rest.endswith(f'"{password}"') else f"{tag} NO wrong password".encode()]
        if verb == "EXAMINE":
            return [f"* {len(messages)} EXISTS".encode(), f"* OK [UIDVALIDITY {validity}] ok".encode(), done]
        if rest.upper().startswith("UID SEARCH"):
            first = int(rest.split("UID ")[-1].split(":")[0])
            numbers = [uid for uid in messages if uid >= first] or sorted(messages)[-1:]
            return [b"* SEARCH " + " ".join(map(str, numbers)).encode(), done]
        if rest.upper().startswith("UID FETCH"):
            uid = int(rest.split(" ")[2])
            body = messages[uid]
            head = f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(body)}}}".encode()
            return [head + b"\r\n" + body + b")", done]
        if verb == "LOGOUT":
            return [b"* BYE", done]
        return [done]

    def talk(conn: socket.socket) -> None:
        with conn.makefile("rb") as file:
            conn.sendall(b"* OK ready\r\n")
            while raw := file.readline():
                conn.sendall(b"".join(one + b"\r\n" for one in answer(raw.decode().strip())))

    with serving(talk) as port:
        yield port


@contextlib.contextmanager
def pop_server(messages: dict[str, bytes], *, password: str = "secret") -> Iterator[int]:
    """A mailbox by POP3: id → message."""

    def answer(line: str) -> list[bytes]:
        verb, _, rest = line.partition(" ")
        names = list(messages)
        if verb == "PASS":
            return [b"+OK" if rest == password else b"-ERR wrong password"]
        if verb == "UIDL":
            return [b"+OK", *(f"{number} {name}".encode() for number, name in enumerate(names, 1)), b"."]
        if verb == "RETR":
            return [b"+OK", *messages[names[int(rest) - 1]].split(b"\r\n"), b"."]
        return [b"+OK"]

    def talk(conn: socket.socket) -> None:
        with conn.makefile("rb") as file:
            conn.sendall(b"+OK ready\r\n")
            while raw := file.readline():
                conn.sendall(b"".join(one + b"\r\n" for one in answer(raw.decode().strip())))

    with serving(talk) as port:
        yield port
