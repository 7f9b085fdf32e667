"""Reports 退信与投诉: what a mailbox receives about letters of ours (RFC 3464 delivery status, RFC 5965 complaints)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from typing import Any, Literal

from siyu.connectors.email.letters import reference_of
from siyu.connectors.happenings import Happening, key_of

ReportKind = Literal["delivered", "delayed", "failed", "complained", "unsubscribed", "replied", "other"]

_ACTIONS: dict[str, ReportKind] = {
    "failed": "failed", "delayed": "delayed", "delivered": "delivered", "relayed": "delivered", "expanded": "delivered",
}  # fmt: skip
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_UNSUBSCRIBE = re.compile(r"\bunsubscribe-([A-Za-z0-9_-]{1,100})", re.IGNORECASE)
_DAEMON = re.compile(r"^(mailer-daemon|postmaster|bounce)", re.IGNORECASE)
_WORDS = 500
_SEARCHED = 200_000
"""Characters of one part that are searched for a reference: the letter's head comes first."""
_PARTS = 200


@dataclass(frozen=True)
class Report:
    """One thing that one message says about one address. `status` is the enhanced code ("5.1.1"), where one was given."""

    kind: ReportKind
    address: str | None
    reference: str | None
    status: str
    words: str

    @property
    def permanent(self) -> bool:
        return self.kind == "failed" and not self.status.startswith("4")


_KINDS: dict[ReportKind, str] = {
    "delivered": "message_delivered",
    "delayed": "message_delayed",
    "failed": "message_failed",
    "complained": "message_complained",
    "unsubscribed": "unsubscribed",
    "replied": "message_received",
}


def happening(report: Report, at: datetime, fields: dict[str, Any] | None = None) -> Happening:
    """The report as a happening. Copies (also of another day) have one key: a letter fails, or is complained of, once."""
    detail: dict[str, Any] = {"reference": report.reference, "status": report.status, "words": report.words}
    if report.kind == "failed":
        detail["permanent"] = report.permanent
    if report.kind == "other":
        detail["fields"] = fields or {}
    named = report.reference or key_of(at.isoformat(), report.words, str(fields or ""))
    key = key_of("email", report.kind, report.address, named, report.status)
    return Happening(_KINDS.get(report.kind, "unknown"), at, report.address, None, detail, key)


def read_reports(raw: bytes) -> list[Report]:
    """Everything that one message of the mailbox says; never raises: what cannot be read is of kind "other"."""
    try:
        return list(_reports(message_from_bytes(raw)))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # The library's parser trips over some hostile messages; one of those must not stop the mailbox.
        return [Report("other", None, None, "", "")]


def _reports(mail: Message) -> Iterator[Report]:
    told = str(mail.get_param("report-type", "") or "").lower()
    reference = _reference(mail)
    if told == "delivery-status" and (found := list(_statuses(mail, reference))):
        yield from found
    elif told == "feedback-report":
        yield _complaint(mail, reference)
    else:
        yield _plain(mail, reference)


def _statuses(mail: Message, reference: str | None) -> Iterator[Report]:
    for part in _parts(mail, "message/delivery-status"):
        for fields in _blocks(part):
            action = _ACTIONS.get(str(fields.get("Action", "")).strip().lower())
            if action:
                address = _recipient(fields.get("Original-Recipient")) or _recipient(
                    fields.get("Final-Recipient")
                )
                status = _STATUS.search(str(fields.get("Status", "")))
                yield Report(
                    action,
                    address,
                    reference,
                    status[1] if status else "",
                    _line(fields.get("Diagnostic-Code")),
                )


def _complaint(mail: Message, reference: str | None) -> Report:
    fields = next(
        (block for part in _parts(mail, "message/feedback-report") for block in _blocks(part)), Message()
    )
    address = _bare(fields.get("Original-Rcpt-To")) or _bare(_inner(mail).get("To"))
    return Report("complained", address, reference, "", _line(fields.get("Feedback-Type")))


def _plain(mail: Message, reference: str | None) -> Report:
    """A message without a report: a bounce in a server's own words, a wish to unsubscribe, an answer, something else."""
    sender = _bare(mail.get("From"))
    subject = _line(mail.get("Subject"))
    asked = _UNSUBSCRIBE.search(subject)
    if asked:
        return Report("unsubscribed", sender, asked[1], "", subject)
    bounced = _bare(mail.get("X-Failed-Recipients"))
    if bounced or _DAEMON.match(sender or ""):
        text = _searched(mail)
        status = _STATUS.search(text)
        return Report(
            "failed" if reference else "other", bounced, reference, status[1] if status else "", subject
        )
    if str(mail.get("Auto-Submitted", "no")).strip().lower() != "no":
        return Report("other", sender, reference, "", subject)
    return Report("replied" if reference else "other", sender, reference, "", subject)


def _reference(mail: Message) -> str | None:
    """Which letter is meant: the envelope's name first, then the Message-ID in the returned head, then anywhere in the text."""
    for part in _parts(mail, "message/delivery-status"):
        for fields in _blocks(part):
            if named := reference_of(str(fields.get("Original-Envelope-Id", ""))):
                return named
    heads = (_inner(mail).get("Message-ID"), mail.get("In-Reply-To"), mail.get("References"))
    return next((found for head in heads if (found := reference_of(str(head or "")))), None) or reference_of(
        _searched(mail)
    )


def _parts(mail: Message, kind: str) -> Iterator[Message]:
    for number, part in enumerate(mail.walk()):
        if number >= _PARTS:
            return
        if part.get_content_type() == kind:
            yield part


def _blocks(part: Message) -> list[Message]:
    content = part.get_payload()
    return [block for block in content if isinstance(block, Message)] if isinstance(content, list) else []


def _inner(mail: Message) -> Message:
    """The head of the letter that the report is about."""
    for part in _parts(mail, "message/rfc822"):
        if found := _blocks(part):
            return found[0]
    for part in _parts(mail, "text/rfc822-headers"):
        return message_from_bytes(_bytes(part))
    return Message()


def _searched(mail: Message) -> str:
    texts = (_bytes(part).decode("utf-8", "replace")[:_SEARCHED] for part in _parts(mail, "text/plain"))
    return "\n".join(texts)


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _recipient(field: object) -> str | None:
    """The address in "rfc822; somebody@example.com"."""
    return _bare(str(field).rpartition(";")[2]) if field else None


def _bare(field: object) -> str | None:
    address = parseaddr(str(field))[1] if field else ""
    return address.strip().lower() if "@" in address and len(address) <= 254 else None


def _line(field: object) -> str:
    return " ".join(str(field or "").split())[:_WORDS]
