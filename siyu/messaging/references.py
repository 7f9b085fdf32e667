"""References 消息编号: our name of one message at its carrier: the same in every attempt, and known again when something comes back.

32 hexadecimal digits: send and route, the identifier that was written to, and four bytes that only the holder of the key can
make. So nobody can report a bounce of, or sign off, a message that they were not sent. The person is not in it: whose the
identifier is now is looked up, so it goes on working after merges.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest

from siyu.foundation.secrets import Secrets

_FORM = struct.Struct(">IQ")
_ROUTE_BITS = 4
_TAG = 4
_SHAPE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Reference:
    send_id: int
    route: int
    identity_key: int


def references(secrets: Secrets, send_id: int, routes: Sequence[int], identity_keys: Sequence[int]) -> list[str]:
    """One a message, in order. Sends are numbered up to 2^28, routes up to 15."""
    named = [_FORM.pack(send_id << _ROUTE_BITS | route, key) for route, key in zip(routes, identity_keys, strict=True)]
    return [(plain + _tag(secrets, plain)).hex() for plain in named]


def read(secrets: Secrets, text: object) -> Reference | None:
    """None for what is not ours, whatever it is."""
    if not isinstance(text, str) or not _SHAPE.fullmatch(text.strip().lower()):
        return None
    raw = bytes.fromhex(text.strip())
    plain, tag = raw[: _FORM.size], raw[_FORM.size :]
    if not compare_digest(tag, _tag(secrets, plain)):
        return None
    first, key = _FORM.unpack(plain)
    return Reference(first >> _ROUTE_BITS, first & (1 << _ROUTE_BITS) - 1, key)


def shown(identity_key: int) -> str:
    """How an identifier's key stands in every reference."""
    return f"{identity_key:016x}"


def _tag(secrets: Secrets, plain: bytes) -> bytes:
    return secrets.sign(b"message " + plain)[:_TAG]
