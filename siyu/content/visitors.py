"""Visitors 访客: a browser's number, given by lot and signed, so that nobody can claim another's."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from secrets import randbits

from siyu.content.tokens import VISITOR_BITS
from siyu.foundation.secrets import Secrets

COOKIE = "siyu_reader"
COOKIE_SECONDS = 180 * 86_400
_BYTES, _MAC = 6, 12


def new_number() -> int:
    return randbits(VISITOR_BITS) or 1


def cookie_value(secrets: Secrets, visitor: int) -> str:
    raw = visitor.to_bytes(_BYTES, "big")
    return urlsafe_b64encode(raw + secrets.sign(b"content visitor " + raw)[:_MAC]).decode()


def number_in(secrets: Secrets, value: str) -> int:
    """The number in a cookie; 0 when it is not one of ours."""
    if len(value) != (_BYTES + _MAC) * 4 // 3:
        return 0
    try:
        whole = urlsafe_b64decode(value)
    except ValueError:
        return 0
    raw = whole[:_BYTES]
    return int.from_bytes(raw, "big") if compare_digest(whole[_BYTES:], secrets.sign(b"content visitor " + raw)[:_MAC]) else 0
