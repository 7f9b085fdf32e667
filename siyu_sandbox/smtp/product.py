"""The mail server, as the server takes it: its two doors, its control routes, and what people do with a letter."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from siyu_sandbox.registry import Control, ControlFault, Json, Product
from siyu_sandbox.smtp.pop3 import Reading
from siyu_sandbox.smtp.post_office import PRODUCT, Mail, MailWorld, post_form, spawn, take
from siyu_sandbox.smtp.server import Conversation

if TYPE_CHECKING:
    from siyu_sandbox.phones import Phone
    from siyu_sandbox.sandbox import Sandbox

STREAM_LIMIT = 1 << 20
ANGLED = re.compile(r"<([^<>]+)>")
_ports: dict[str, int] = {}


async def listen(box: Sandbox, host: str, port: int) -> Callable[[], Awaitable[None]]:
    """Open the SMTP door and, one port above, the POP3 door (any free port where that one is taken)."""

    async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Conversation(box, reader, writer).serve()

    async def pop3(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Reading(box, reader, writer).serve()

    doors = [await asyncio.start_server(smtp, host, port, limit=STREAM_LIMIT)]
    try:
        doors.append(await asyncio.start_server(pop3, host, port + 1, limit=STREAM_LIMIT))
    except OSError:
        doors.append(await asyncio.start_server(pop3, host, 0, limit=STREAM_LIMIT))
    _ports.update(smtp=port, pop3=doors[1].sockets[0].getsockname()[1])

    async def close() -> None:
        for door in doors:
            door.close()

    return close


def _mail(mail: Mail) -> Json:
    letter = mail.opened
    return {
        "number": mail.number,
        "at": mail.at,
        "from": mail.sender,
        "to": mail.address,
        "subject": str(letter["Subject"] or ""),
        "headers": {name: str(value) for name, value in letter.items()},
        "raw": mail.raw.decode("utf-8", "replace"),
    }


def show(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """GET the doors and how many letters lie in each mailbox."""
    world: MailWorld = box.worlds[PRODUCT]
    return {
        "smtp_port": _ports.get("smtp"),
        "pop3_port": _ports.get("pop3"),
        "mailboxes": {name: len(world.mailbox(name)) for name in world.boxes},
    }


def mailbox(box: Sandbox, params: dict[str, str], body: Json) -> list[Json]:
    """GET the letters of one mailbox, whoever's it is, bounces too."""
    world: MailWorld = box.worlds[PRODUCT]
    return [_mail(mail) for mail in world.mailbox(params["address"])]


def _latest(box: Sandbox, phone: Phone, body: Json) -> Mail:
    world: MailWorld = box.worlds[PRODUCT]
    wanted = body.get("number")
    mails = [mail for mail in world.mailbox(phone.email) if wanted in (None, mail.number)]
    if not mails:
        raise ControlFault("no such letter on this phone", 404)
    return mails[-1]


def unsubscribe_email(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{number?}: press unsubscribe in the mail program: one-click post (RFC 8058), else a letter to the mailto address."""
    letter = _latest(box, phone, body).opened
    links = ANGLED.findall(str(letter["List-Unsubscribe"] or ""))
    web = next((link for link in links if link.startswith(("https://", "http://"))), None)
    if web and letter["List-Unsubscribe-Post"]:
        name, _, value = str(letter["List-Unsubscribe-Post"]).partition("=")
        spawn(post_form(web, {name: value}))
        return {"posted": web}
    mail_to = next((link for link in links if link.startswith("mailto:")), None)
    if mail_to is None:
        raise ControlFault("the letter has no List-Unsubscribe that a program can use", 409)
    parts = urlsplit(mail_to)
    asked = EmailMessage()
    asked["From"], asked["To"] = phone.email, unquote(parts.path)
    asked["Subject"], asked["Date"] = (
        parse_qs(parts.query).get("subject", ["unsubscribe"])[0],
        formatdate(box.clock.now()),
    )
    asked.set_content("")
    take(box, phone.email, [unquote(parts.path)], asked.as_bytes())
    return {"mailed": unquote(parts.path)}


def reply_email(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{number?, text}: answer the letter."""
    letter = _latest(box, phone, body).opened
    answer = EmailMessage()
    answer["From"], answer["To"] = phone.email, str(letter["Reply-To"] or letter["From"])
    answer["Subject"], answer["In-Reply-To"] = f"Re: {letter['Subject']}", str(letter["Message-ID"] or "")
    answer.set_content(str(body.get("text", "谢谢")))
    address = ANGLED.search(str(answer["To"]))
    to = address[1] if address else str(answer["To"])
    take(box, phone.email, [to], answer.as_bytes())
    return {"mailed": to}


def _letters(box: Sandbox) -> list[Json]:
    """Return the envelope of every letter that was taken, for `/sandbox/truth`."""
    office: MailWorld = box.worlds[PRODUCT]
    return [
        {"number": mail.number, "at": mail.at, "from": mail.sender, "to": mail.address}
        for box_of_one in office.boxes.values()
        for mail in box_of_one
    ]


def world(box: Sandbox) -> Any:
    """Return a mail server without letters."""
    return MailWorld()


SMTP = Product(
    name=PRODUCT,
    world=world,
    control=(
        Control("GET", "/sandbox/smtp", show),
        Control("GET", "/sandbox/mailboxes/{address}", mailbox),
    ),
    actions={"unsubscribe_email": unsubscribe_email, "reply_email": reply_email},
    listen=listen,
    truth={"letters": _letters},
)
