"""What becomes of a letter that was taken: mailboxes, phones, bounces (退信, RFC 3464) and complaints (投诉, RFC 5965).

Addresses below these domains behave in a way of their own: `bounce.test` does not exist (550 at once),
`full.bounce.test` is full (452 at once), `later.bounce.test` is taken and returned, `complain.test` is taken and
marked as spam.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default as modern
from typing import TYPE_CHECKING, Any

import httpx

from siyu_sandbox.registry import Json
from siyu_sandbox.smtp import readers
from siyu_sandbox.smtp.reports import bounce, complaint

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "smtp"
KEPT_BYTES = 200_000
"""Of a letter's texts only so much is shown on a phone."""
SHOWN_HEADERS = (
    "Message-ID",
    "Reply-To",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
    "Feedback-ID",
)
_tasks: set[asyncio.Task[None]] = set()


@dataclass
class Mail:
    """One letter in one mailbox; `sender` and `address` are those of the envelope."""

    number: int
    at: float
    sender: str
    address: str
    raw: bytes
    deleted: bool = False

    @property
    def opened(self) -> EmailMessage:
        """The letter, read."""
        message = message_from_bytes(self.raw, policy=modern)
        assert isinstance(message, EmailMessage)
        return message


@dataclass
class MailLimits:
    """Settings of the mail server (`PATCH /sandbox/settings`)."""

    size_bytes: int = 25 << 20
    recipients: int = 100
    bounce_seconds: float = 5
    """Virtual time until a letter is returned or complained about."""
    bounce_webhook: str = ""
    press_rate: float = 0
    press_seconds: float = 60
    """Of letters to people who have no phone here, the share whose first link is pressed, and the mean time until then."""
    username: str = ""
    password: str = ""
    """Where given, log-in is required, for mailboxes too."""


@dataclass
class MailWorld:
    """All mailboxes."""

    accounts: dict[str, Any] = field(default_factory=dict)
    limits: MailLimits = field(default_factory=MailLimits)
    boxes: dict[str, list[Mail]] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def caller(self, token: Any) -> None:
        """There are no tokens."""

    def windows(self, api: str) -> tuple[()]:
        """No windows."""
        return ()

    def concurrency(self, api: str) -> int | None:
        """Unlimited."""
        return None

    def errmsg(self, refusal: Any, ip: str) -> str:
        """Return the words of a refusal."""
        return str(refusal.errmsg)

    def counts(self) -> dict[str, int]:
        """Return how many mailboxes and letters there are."""
        return {"mailboxes": len(self.boxes), "letters": sum(len(box) for box in self.boxes.values())}

    def mailbox(self, address: str) -> list[Mail]:
        """Return the letters of an address that were not deleted."""
        return [mail for mail in self.boxes.get(address.lower(), []) if not mail.deleted]


def domain_of(address: str) -> str:
    """Return what stands behind the @, in small letters."""
    return address.rpartition("@")[2].lower()


def refusal(address: str) -> tuple[int, str] | None:
    """Return how the server refuses an address at once, if it does."""
    domain = domain_of(address)
    if domain == "bounce.test":
        return 550, "5.1.1 The email account that you tried to reach does not exist"
    if domain == "full.bounce.test":
        return 452, "4.2.2 The recipient's inbox is out of storage space"
    return None


def take(box: Sandbox, sender: str, addresses: list[str], raw: bytes) -> str:
    """Put a letter into the mailboxes of its envelope, and let phones have it; return its number."""
    world: MailWorld = box.worlds[PRODUCT]
    last = 0
    for address in addresses:
        mail = Mail(next(world.numbers), box.clock.now(), sender, address.lower(), raw)
        last = mail.number
        if domain_of(address) == "later.bounce.test":
            _later(box, world, mail, bounce)
            continue
        world.boxes.setdefault(mail.address, []).append(mail)
        _show(box, world, mail)
        if domain_of(address) == "complain.test":
            _later(box, world, mail, complaint)
    return f"{last:08d}"


def _show(box: Sandbox, world: MailWorld, mail: Mail) -> None:
    owner = box.phones.by_address(mail.address)
    if owner is None:
        readers.read(box, mail, world.limits)
        return
    letter = mail.opened
    content: Json = {"number": mail.number, "subject": str(letter["Subject"] or ""), "to": mail.address}
    for kind in ("plain", "html"):
        part = letter.get_body((kind,))
        if part is not None:
            content["text" if kind == "plain" else kind] = _words(part)
    content["headers"] = {name: str(letter[name]) for name in SHOWN_HEADERS if letter[name]}
    box.phones.deliver(owner.id, "email", mail.sender, str(letter["From"] or mail.sender), "email", content)


def _words(part: MIMEPart) -> str:
    """Return the text of a part; one of an unknown character set is shown as it came."""
    try:
        return str(part.get_content())[:KEPT_BYTES]
    except (LookupError, ValueError):
        return str(part.get_payload())[:KEPT_BYTES]


def _later(box: Sandbox, world: MailWorld, mail: Mail, report: Any) -> None:
    """Write to the sender of the envelope after a while; a letter without one is a report itself."""
    if not mail.sender:
        return
    box.clock.after(world.limits.bounce_seconds, lambda: _return(box, world, mail, report))


def _return(box: Sandbox, world: MailWorld, mail: Mail, report: Any) -> None:
    raw, told = report(mail.opened, mail.sender, mail.address, box.clock.now())
    take(box, "", [mail.sender], raw)
    if world.limits.bounce_webhook:
        spawn(post(world.limits.bounce_webhook, {**told, "at": box.clock.second()}))


async def post(url: str, body: Json) -> None:
    """Post JSON once; nobody waits for the answer."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            await client.post(url, json=body)
        except httpx.HTTPError:
            return


async def post_form(url: str, form: dict[str, str]) -> None:
    """Post a form once, as a mail program does for one-click unsubscribe (RFC 8058)."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            await client.post(url, data=form)
        except httpx.HTTPError:
            return


def spawn(work: Coroutine[Any, Any, None]) -> None:
    """Do something beside, and hold on to it until it is done."""
    task = asyncio.get_running_loop().create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
