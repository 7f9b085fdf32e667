"""Messages 短信 and their numbers: what is sent, and how a number is written for a gateway."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from siyu.connectors.errors import CarrierError
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}")
_MAINLAND = re.compile(r"1[3-9]\d{9}")
_COUNTRY = "+86"
WAY_OUT = "拒收请回复R"
"""What stands at the end of marketing texts where the account names no words of its own."""
LONGEST = 1000
"""Gateways split a long text into parts of 67 characters; more than about fifteen is surely a slip."""


@dataclass(frozen=True)
class Message:
    """One message. `id` is our own name of this dispatch; a template with its parameters, or a text, as the gateway takes it."""

    phone: str
    id: str
    template: str = ""
    text: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of one message. Without an error the gateway took charge of it; its receipt says whether it arrived."""

    id: str
    phone: str
    message_id: str = ""
    error: CarrierError | InvalidError | None = None


def international(phone: str) -> str | None:
    """The number with its country ("+8613800000000"); a mainland mobile number needs none. None where it is no number."""
    plain = re.sub(r"[\s()-]", "", phone)
    plain = "+" + plain[2:] if plain.startswith("00") else plain
    if _MAINLAND.fullmatch(plain):
        return _COUNTRY + plain
    if not _INTERNATIONAL.fullmatch(plain):
        return None
    home = plain.removeprefix(_COUNTRY)
    return plain if home == plain or _MAINLAND.fullmatch(home) else None


def written(phone: str, form: Literal["plain", "e164", "digits"]) -> str | None:
    """The number as the gateway wants it; None where it cannot be written so (a foreign one without its country)."""
    whole = international(phone)
    if whole is None or form == "e164":
        return whole
    if form == "digits":
        return whole[1:]
    return whole.removeprefix(_COUNTRY) if whole.startswith(_COUNTRY) else None


def check(message: Message, form: Literal["plain", "e164", "digits"]) -> None:
    """InvalidError with every fault of a message."""
    faults = []
    if written(message.phone, form) is None:
        faults.append(
            Fault("phone", Text("不是这个网关能发的手机号", "not a number that this gateway can send to"))
        )
    if not REFERENCE.fullmatch(message.id):
        faults.append(Fault("id", Text("1 到 64 位字母、数字、- 和 _", "1 to 64 letters, digits, - and _")))
    if not message.template and not message.text.strip():
        faults.append(Fault("text", Text("模板和文字都为空", "there is neither a template nor a text")))
    if len(message.text) > LONGEST or any(len(value) > LONGEST for value in message.params.values()):
        faults.append(Fault("text", Text(f"最多 {LONGEST} 字", f"at most {LONGEST} characters")))
    if faults:
        raise InvalidError(
            Text(f"短信有 {len(faults)} 处不对", f"{len(faults)} fault(s) in the message"), faults=faults
        )
