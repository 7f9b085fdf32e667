"""Letters 信件: one MIME message for one address, with headers that can be answered by one click and matched by us."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

ADDRESS_BYTES = 254
"""RFC 5321 §4.5.3.1.3 less the angle brackets."""
LOCAL_BYTES = 64
LINE_BYTES = 998
"""RFC 5322 §2.1.1: no line may be longer."""
REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,100}")
MESSAGE_ID = re.compile(r"<siyu\.([A-Za-z0-9_-]{1,100})@([A-Za-z0-9.-]{1,253})>")
_LOCAL = re.compile(r"[^\s\x00-\x20\x7f()<>@,;:\\\"\[\].]+(\.[^\s\x00-\x20\x7f()<>@,;:\\\"\[\].]+)*")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_WHOLE = {"list-unsubscribe", "message-id", "feedback-id"}
_NOT_PLAIN = re.compile(r"[^\t\r\n\x20-\x7e]")
_PLAIN_LINE = 78
Body = Literal["7bit", "base64"]


class _Policy(EmailPolicy):
    """The library folds a long URL into encoded words, which no mail program reads as an address: those stay whole."""

    def fold(self, name: str, value: Any) -> str:
        return f"{name}: {value}{self.linesep}" if name.lower() in _WHOLE else super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return (
            self.fold(name, value).encode("ascii")
            if name.lower() in _WHOLE
            else super().fold_binary(name, value)
        )


POLICY = _Policy(linesep="\r\n", cte_type="7bit", raise_on_defect=False)
"""7bit: whatever server is on the way, what leaves is ASCII."""


@dataclass(frozen=True)
class Sender:
    """Who writes. `address` is what people see; bounces go to `bounce_address`, else to it."""

    address: str
    name: str = ""
    reply_to: str = ""
    bounce_address: str = ""

    @property
    def domain(self) -> str:
        return ascii_domain(self.address.rpartition("@")[2])

    @property
    def envelope(self) -> str:
        return self.bounce_address or self.address


@dataclass(frozen=True)
class Letter:
    """`reference` is our own name of this dispatch: it becomes the Message-ID, so that what comes back finds it."""

    to: str
    subject: str
    text: str
    reference: str
    html: str | None = None
    unsubscribe_url: str | None = None
    unsubscribe_address: str | None = None


def message_id(reference: str, domain: str) -> str:
    return f"<siyu.{reference}@{domain}>"


def reference_of(text: str) -> str | None:
    """The reference in the first Message-ID of ours that stands in `text`."""
    found = MESSAGE_ID.search(text)
    return found.group(1) if found else None


def ascii_domain(domain: str) -> str:
    """The domain as it stands on the wire (IDNA); unchanged where that is not possible."""
    try:
        return domain.encode("ascii").decode() if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return domain


def address_fault(address: str) -> Text | None:
    """What is wrong with the form of an address; whether it exists only its server knows."""
    local, at, domain = address.rpartition("@")
    if _CONTROL.search(address):
        return Text("地址里有换行或控制字符", "the address holds a line break or a control character")
    if not local.isascii():
        return Text("@ 前只支持英文字符", "before the @ only ASCII is possible (SMTPUTF8 is not in use)")
    labels = ascii_domain(domain).split(".")
    if not at or not _LOCAL.fullmatch(local) or not all(_LABEL.fullmatch(label) for label in labels):
        return Text("不是邮件地址", "not an email address")
    if len(address.encode()) > ADDRESS_BYTES or len(local.encode()) > LOCAL_BYTES:
        return Text("地址太长", "the address is too long")
    return None


def subject_fault(words: str) -> Text | None:
    """What is wrong with words that become a header."""
    return Text("里面有换行或控制字符", "it holds a line break or a control character") if _CONTROL.search(words) else None


def compose(letter: Letter, sender: Sender, at: datetime) -> EmailMessage:
    """The message as it is sent: text and, where given, HTML as alternatives.

    Raises
    ------
    InvalidError
        With every fault: forms of addresses, line breaks in what becomes a header, an unsubscribe address nobody can click.
    """
    faults = list(_faults(letter, sender))
    if faults:
        raise InvalidError(
            Text(f"邮件有 {len(faults)} 处不对", f"{len(faults)} fault(s) in the letter"), faults=faults
        )
    mail = EmailMessage(policy=POLICY)
    mail["From"] = _shown(sender.address, sender.name)
    mail["To"] = _shown(letter.to)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id(letter.reference, sender.domain)
    if sender.reply_to:
        mail["Reply-To"] = _shown(sender.reply_to)
    for name, value in _unsubscribe(letter):
        mail[name] = value
    text = letter.text or " "
    mail.set_content(text, charset="utf-8", cte=body_form(text))
    if letter.html is not None:
        mail.add_alternative(letter.html, subtype="html", charset="utf-8", cte=body_form(letter.html))
    return mail


def body_form(text: str) -> Body:
    """How a body is written: as it is where it is short lines of ASCII, else in base64."""
    if not text.isascii() or _NOT_PLAIN.search(text):
        return "base64"
    return "7bit" if max((len(line) for line in text.encode().splitlines()), default=0) <= _PLAIN_LINE else "base64"


def _shown(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=ascii_domain(domain))


def _unsubscribe(letter: Letter) -> Iterator[tuple[str, str]]:
    """RFC 2369 and RFC 8058: the mail program posts to the https address, without a page and without a question."""
    ways = [letter.unsubscribe_url] if letter.unsubscribe_url else []
    if letter.unsubscribe_address:
        local, _, domain = letter.unsubscribe_address.rpartition("@")
        ways.append(f"mailto:{quote(local, safe='+')}@{ascii_domain(domain)}?subject=unsubscribe-{letter.reference}")
    if ways:
        yield "List-Unsubscribe", ", ".join(f"<{way}>" for way in ways)
    if letter.unsubscribe_url:
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    if ways:
        yield "Precedence", "bulk"


def _faults(letter: Letter, sender: Sender) -> Iterator[Fault]:
    addresses = {
        "to": letter.to, "sender.address": sender.address, "sender.reply_to": sender.reply_to,
        "sender.bounce_address": sender.bounce_address, "unsubscribe_address": letter.unsubscribe_address or "",
    }  # fmt: skip
    for field, address in addresses.items():
        wrong = address_fault(address) if address or field in ("to", "sender.address") else None
        if wrong:
            yield Fault(field, wrong)
    for field, header in {"subject": letter.subject, "sender.name": sender.name}.items():
        if wrong := subject_fault(header):
            yield Fault(field, wrong)
    if not letter.subject.strip():
        yield Fault("subject", Text("没有主题", "there is no subject"))
    if not REFERENCE.fullmatch(letter.reference):
        yield Fault("reference", Text("只能用字母、数字、- 和 _", "letters, digits, - and _ only"))
    if not letter.text.strip() and not (letter.html or "").strip():
        yield Fault("text", Text("没有内容", "there is no content"))
    if letter.unsubscribe_url is not None and (wrong := url_fault(letter.unsubscribe_url)):
        yield Fault("unsubscribe_url", wrong)


def url_fault(url: str) -> Text | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return Text("不是网址", "not a URL")
    if not url.isascii() or _CONTROL.search(url) or any(sign in url for sign in "<>, "):
        return Text("网址里有不允许的字符", "the URL holds characters that it may not")
    if len(url) > LINE_BYTES - 100:
        return Text("网址太长", "the URL is too long")
    # RFC 8058 §3.1 asks for https; a trial on one's own machine has no certificate.
    if parts.scheme != "https" and not (parts.scheme == "http" and host in ("127.0.0.1", "localhost", "::1")):
        return Text("一键退订要用 https 网址", "one-click unsubscribe needs an https URL")
    return None if host else Text("不是网址", "not a URL")
