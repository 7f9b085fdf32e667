"""The connector 连接器 of one email account: letters out, reports in.

The blocking conversations of the standard library run in threads: a conversation lasts for a whole set of letters, so a thread
for each costs nothing that would be noticed, and nothing is to be installed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from siyu.connectors.email.checks import CHECKS
from siyu.connectors.email.fields import CODES, CREDENTIALS, SETTINGS
from siyu.connectors.email.letters import Letter, Sender
from siyu.connectors.email.mailbox import Mailbox, Read, read_mailbox
from siyu.connectors.email.pushed import PushedReports, load_push_definition
from siyu.connectors.email.reports import happening, read_reports
from siyu.connectors.email.smtp import Outcome, Server, outcome_of, send_letters
from siyu.connectors.errors import BadCredentials, CarrierError, Throttled
from siyu.connectors.fields import is_true
from siyu.connectors.happenings import Happening
from siyu.connectors.ports import AccountKey, Ports, Rate
from siyu.connectors.vendor import Vendor
from siyu.foundation.errors import InvalidError, SiyuError
from siyu.foundation.text import Text

SEND, READ = "smtp/send", "mailbox/read"
AT_ONCE = 4
"""Conversations of one account at the same time; providers commonly allow ten or fewer."""
_TOGETHER = 250
"""Letters of one conversation: the place it takes among the account's is leased for a minute."""
_LONG_SECONDS = 0.005


@dataclass(frozen=True)
class Told:
    """What the mailbox told, and the cursor to keep once it is on disk."""

    happenings: list[Happening]
    cursor: str
    more: bool


class Email:
    def __init__(
        self, account: AccountKey, credentials: Mapping[str, str], settings: Mapping[str, Any], ports: Ports
    ) -> None:
        self.account, self.ports = account, ports
        self.sender = Sender(
            credentials["address"],
            str(settings.get("sender_name") or ""),
            str(settings.get("reply_to") or ""),
            str(settings.get("bounce_address") or ""),
        )
        self.unsubscribe_address = str(settings.get("unsubscribe_address") or "") or None
        self.server = _server(credentials, settings)
        self.mailbox = _mailbox(credentials, settings)
        self._rates = (Rate(int(settings.get("per_minute") or 600), 60),)
        self._letter_seconds = 0.0

    def __repr__(self) -> str:
        return f"Email({self.account.ref})"

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """One outcome a letter, in order; nothing is raised for a letter. What was not tried says so (`reached` False, Throttled)."""
        given = [self._with_way_out(letter) for letter in letters]
        outcomes: list[Outcome] = []
        while left := given[len(outcomes) : len(outcomes) + _TOGETHER]:
            try:
                allowed = await self.ports.limits.take(self.account, SEND, self._rates, len(left))
            except Throttled as error:
                return outcomes + [outcome_of(letter, self.sender, error) for letter in given[len(outcomes) :]]
            outcomes += await self._send_some(left[:allowed])
        return outcomes

    async def read(self, cursor: str = "", at_most: int = 200) -> Told:
        """What came into the mailbox after `cursor`; the caller is told of errors, the account's health is not."""
        if self.mailbox is None:
            return Told([], cursor, more=False)
        # The watch judges whether letters can be sent; a mailbox that cannot be read must not stop them, nor a readable one excuse them.
        async with self.ports.limits.acquire(self.account, READ, (), 1):
            found: Read = await asyncio.to_thread(read_mailbox, self.mailbox, cursor, at_most)
        reports = [report for raw in found.messages for report in read_reports(raw)]
        return Told([happening(report, self.ports.now()) for report in reports], found.cursor, found.more)

    async def _send_some(self, letters: list[Letter]) -> list[Outcome]:
        """Side by side where a letter takes long: then most of the time is the way to the server and back."""
        began = time.monotonic()
        lines = AT_ONCE if self._letter_seconds > _LONG_SECONDS else 1
        size = -(-len(letters) // lines)
        parts = [letters[start : start + size] for start in range(0, len(letters), size)]
        sent = [outcome for part in await asyncio.gather(*(self._converse(part) for part in parts)) for outcome in part]
        self._letter_seconds = (time.monotonic() - began) / size
        for outcome in sent:
            self.saw(SEND, outcome.error, self._letter_seconds)
        return sent

    async def _converse(self, letters: list[Letter]) -> list[Outcome]:
        try:
            async with self.ports.limits.acquire(self.account, "smtp/conversation", (), AT_ONCE):
                return await asyncio.to_thread(send_letters, self.server, self.sender, letters, self.ports.now)
        except Throttled as error:
            return [outcome_of(letter, self.sender, error) for letter in letters]

    def _with_way_out(self, letter: Letter) -> Letter:
        """Where people may unsubscribe at all, they may also do it by mail, if the account has an address for that."""
        if letter.unsubscribe_url and not letter.unsubscribe_address and self.unsubscribe_address:
            return replace(letter, unsubscribe_address=self.unsubscribe_address)
        return letter

    def saw(self, api: str, error: SiyuError | None, seconds: float) -> None:
        """Tell the watch how a call went; a letter with faults was no call."""
        if isinstance(error, CarrierError):
            self.ports.watch.called(self.account, api, error.vendor_code or "error", error.kind, seconds)
        elif error is None:
            self.ports.watch.called(self.account, api, "0", None, seconds)


def _server(credentials: Mapping[str, str], settings: Mapping[str, Any]) -> Server:
    tls = str(settings.get("tls") or "tls")
    if tls not in ("tls", "starttls", "none"):
        raise BadCredentials(Text("不认识的加密方式", "the kind of TLS is not known"), vendor_code="no_tls")
    return Server(
        str(settings["host"]),
        int(settings.get("port") or 465),
        tls,  # type: ignore[arg-type]
        credentials.get("username", ""),
        credentials.get("password", ""),
        float(settings.get("timeout_seconds") or 30),
        allow_private=is_true(settings.get("allow_private")),
    )


def _mailbox(credentials: Mapping[str, str], settings: Mapping[str, Any]) -> Mailbox | None:
    host = str(settings.get("mailbox_host") or "")
    if not host:
        return None
    return Mailbox(
        host,
        int(settings.get("mailbox_port") or 993),
        str(settings.get("mailbox_username") or credentials.get("username", "")),
        credentials.get("mailbox_password") or credentials.get("password", ""),
        "pop3" if settings.get("mailbox_protocol") == "pop3" else "imap",
        tls=str(settings.get("mailbox_tls") or "true").lower() != "false",
        folder=str(settings.get("mailbox_folder") or "INBOX"),
        timeout_seconds=float(settings.get("timeout_seconds") or 30),
        allow_private=is_true(settings.get("allow_private")),
    )


def callback(credentials: Mapping[str, str]) -> PushedReports:
    """The codec of pushed reports; KeyError where the account has none (or one that cannot be used)."""
    try:
        definition = load_push_definition(credentials["push_definition"])
    except InvalidError:
        raise KeyError("push_definition") from None
    return PushedReports(definition, credentials["push_secret"])


VENDOR = Vendor(
    product="email",
    name=Text("邮件", "Email"),
    ref_field="address",
    credentials=CREDENTIALS,
    settings=SETTINGS,
    connect=Email,
    callback=callback,
    checks=CHECKS,
    codes=CODES,
)
