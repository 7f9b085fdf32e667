"""Moulds 信模: what is the same in all letters of a set is composed once, and the parts of each person are filled in.

The library takes about a millisecond for a letter, nearly all of it for what does not change. A mould lets it compose one
sample of each shape (with or without HTML, plain or base64 bodies, ways to unsubscribe), cuts the result where the sample's
own words stand, and fills those places. What a filler may be is checked for each letter; whatever is not plainly harmless is
left to `letters.compose`, so that the outcome is the same by either way, byte for byte but for the boundary.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from secrets import token_hex

from siyu.connectors.email.letters import (
    POLICY,
    REFERENCE,
    Body,
    Letter,
    Sender,
    address_fault,
    body_form,
    compose,
    subject_fault,
    url_fault,
)

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_LONGEST_ADDRESS = 70
"""A longer one is folded in the head, which is the library's business."""
_BASE64_LINE = 76
_SUBJECTS = 4096


@dataclass(frozen=True)
class _Shape:
    text: Body
    html: Body | None
    has_url: bool
    mail_to: str | None


class Mould:
    """Letters of one sender at one moment. Not for several threads."""

    def __init__(self, sender: Sender, at: datetime) -> None:
        self._sender, self._at = sender, at
        self._frames: dict[_Shape, list[tuple[bytes, str]]] = {}
        self._mail_to: str | None = None
        self._subject = lru_cache(_SUBJECTS)(_subject_line)

    def write(self, letter: Letter) -> bytes:
        """The letter as it goes over the wire.

        Raises
        ------
        InvalidError
            With every fault, as `letters.compose` does.
        """
        if not self._is_plain(letter):
            return compose(letter, self._sender, self._at).as_bytes(policy=POLICY)
        text = letter.text or " "
        html = letter.html
        shape = _Shape(body_form(text), None if html is None else body_form(html), letter.unsubscribe_url is not None, letter.unsubscribe_address)
        frame = self._frames.get(shape)
        if frame is None:
            frame = self._frames[shape] = _frame(self._sender, self._at, shape)
        fillers = {
            "to": letter.to.encode(), "subject": self._subject(letter.subject), "reference": letter.reference.encode(),
            "url": (letter.unsubscribe_url or "").encode(), "text": _written(text, shape.text),
            "html": b"" if html is None or shape.html is None else _written(html, shape.html), "": b"",
        }  # fmt: skip
        return b"".join([part for kept, name in frame for part in (kept, fillers[name])])

    def _is_plain(self, letter: Letter) -> bool:
        """Is there nothing in it that the library would have to fold, refuse or think about?"""
        if len(letter.to) > _LONGEST_ADDRESS or not _PLAIN_ADDRESS.fullmatch(letter.to) or address_fault(letter.to):
            return False
        if not REFERENCE.fullmatch(letter.reference) or not self._subject(letter.subject):
            return False
        if not letter.text.strip() and not (letter.html or "").strip():
            return False
        if letter.unsubscribe_url is not None and (url_fault(letter.unsubscribe_url) or not letter.unsubscribe_url):
            return False
        if letter.unsubscribe_address is not None and letter.unsubscribe_address != self._mail_to:
            if address_fault(letter.unsubscribe_address):
                return False
            self._mail_to = letter.unsubscribe_address
        # A line that looks like a boundary could end a part before its time.
        return not _bounds(letter.text) and not (letter.html is not None and _bounds(letter.html))


def _bounds(text: str) -> bool:
    return "--===" in text


def _subject_line(subject: str) -> bytes:
    """The whole header, folded; empty where the subject is refused."""
    if subject_fault(subject) or not subject.strip():
        return b""
    return POLICY.fold_binary(*POLICY.header_store_parse("Subject", subject))


def _written(text: str, form: Body) -> bytes:
    """A body as the library writes it: lines end with CR LF, base64 in lines of 76."""
    body = b"\r\n".join(text.encode().splitlines()) + b"\r\n"
    if form == "7bit":
        return body
    coded = b2a_base64(body, newline=False)
    return b"\r\n".join([coded[at : at + _BASE64_LINE] for at in range(0, len(coded), _BASE64_LINE)]) + b"\r\n"


def _frame(sender: Sender, at: datetime, shape: _Shape) -> list[tuple[bytes, str]]:
    """What stays of a sample, and after each piece the name of what is filled in ("" at the end)."""
    mark = token_hex(12)
    body = {"7bit": f"b{mark}", "base64": f"书{mark}"}
    sample = Letter(
        f"t{mark}@sample.test", f"s{mark}", body[shape.text], f"r{mark}",
        None if shape.html is None else "h" + body[shape.html], f"https://u{mark}.test/" if shape.has_url else None, shape.mail_to,
    )  # fmt: skip
    raw = compose(sample, sender, at).as_bytes(policy=POLICY)
    marks = {"to": sample.to.encode(), "subject": _subject_line(sample.subject), "reference": sample.reference.encode(), "text": _written(sample.text, shape.text)}
    if shape.has_url:
        marks["url"] = str(sample.unsubscribe_url).encode()
    if shape.html is not None:
        marks["html"] = _written(str(sample.html), shape.html)
    pattern = re.compile(b"|".join(b"(?P<%s>%s)" % (name.encode(), re.escape(words)) for name, words in marks.items()))
    frame, end = [], 0
    for found in pattern.finditer(raw):
        frame.append((raw[end : found.start()], str(found.lastgroup)))
        end = found.end()
    return [*frame, (raw[end:], "")]
