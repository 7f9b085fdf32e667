"""Sealed values 加密值: a personal property inside an event: encrypted, beside a masked form that anybody may read.

A sealed value is one text, `sealed:v1:<masked>:<base64>`, so that it can stand wherever the value stood: in JSON, in the
log, in a fact. Who may see it opens it; everybody else is shown its masked form.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from siyu.events.identifiers import mask
from siyu.foundation.secrets import Secrets

MARK = "sealed:v1:"
_CONTEXT = "event property"
_KINDS = {
    "phone": ("phone", "mobile", "tel", "telephone", "phonenumber", "mobilephone", "mobilenumber", "receiverphone", "receivermobile", "手机", "手机号", "手机号码", "电话", "联系电话"),
    "email": ("email", "mail", "emailaddress", "邮箱", "电子邮箱"),
    "id_card": ("idcard", "idno", "idnumber", "identitycard", "identitynumber", "passport", "身份证", "身份证号", "身份证号码", "证件号"),
    "address": ("address", "addr", "receiveraddress", "shippingaddress", "homeaddress", "deliveryaddress", "地址", "收货地址", "详细地址"),
    "name": ("realname", "truename", "legalname", "receivername", "真实姓名", "姓名", "收货人"),
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}
_LOOSE = re.compile(r"[\s$_.\-]")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_DIGITS = re.compile(r"\d{7,}")
_CLEAR_CHARS = 60


def personal_kind(name: str) -> str | None:
    """What a property of this name holds about a person (phone, email, id_card, address, name); None for most names."""
    return _KIND_OF.get(_LOOSE.sub("", name).lower())


def masked(name: str, value: Any) -> str:
    """What everybody may see of a personal value."""
    if isinstance(value, list | dict):
        return "***"
    text, kind = _text(value), personal_kind(name) or ""
    if kind == "address":
        return f"{text[:3]}***" if len(text) > 5 else "***"
    if kind == "name":
        return f"{text[:1]}**" if text else "***"
    return mask(kind, text)


def seal(secrets: Secrets, values: Sequence[tuple[str, Any]]) -> list[str]:
    """The sealed form of each (name, value); the name says how it is masked."""
    blobs = secrets.seal([_text(value) for _, value in values], _CONTEXT)
    shown = (masked(name, value).replace(":", " ") for name, value in values)
    return [f"{MARK}{mask}:{b64encode(blob or b'').decode()}" for mask, blob in zip(shown, blobs, strict=True)]


def is_sealed(text: str) -> bool:
    return text.startswith(MARK)


def shown(text: str) -> str:
    """A text as everybody may see it: the masked form of a sealed one, any other as it is."""
    return text[len(MARK) :].rpartition(":")[0] if text.startswith(MARK) else text


def shown_within(value: Any) -> Any:
    """A value with every text in it as everybody may see it."""
    return changed(value, shown)


def changed(value: Any, change: Callable[[str], str]) -> Any:
    """A value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [changed(each, change) for each in value]
    return {name: changed(each, change) for name, each in value.items()} if isinstance(value, dict) else value


def opened(secrets: Secrets, text: str) -> str:
    """The value of a sealed text; its masked form if the key is gone."""
    if not text.startswith(MARK):
        return text
    shown_as, _, blob = text[len(MARK) :].rpartition(":")
    try:
        value = secrets.open([b64decode(blob)], _CONTEXT)[0]
    except ValueError:  # somebody sent a text that only looks like one of ours
        return shown_as
    return shown_as if value is None else value


def cautious(text: str, most: int = _CLEAR_CHARS) -> str:
    """A text of unknown content for people who may not see identifiers: e-mail and long numbers in it masked, and short."""
    calm = _EMAIL.sub(lambda found: mask("email", found[0]), shown(text))
    calm = _DIGITS.sub(lambda found: mask("phone", found[0]), calm)
    return calm if len(calm) <= most else calm[: most - 1] + "…"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
