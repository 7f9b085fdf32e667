"""Signing 签名: HMAC-SHA256 over `timestamp.body`, so that neither can be changed and an old call cannot be played again.

    X-Siyu-Id: 01J…            the same for every attempt of one delivery
    X-Siyu-Event: order.paid
    X-Siyu-Timestamp: 1767225600
    X-Siyu-Signature: v1=<hex>[,v1=<hex>]

Two signatures stand there while a secret is being replaced; one that fits is enough.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from siyu.connectors.errors import BadSignature
from siyu.foundation.text import Text

ID, EVENT, TIMESTAMP, SIGNATURE = "X-Siyu-Id", "X-Siyu-Event", "X-Siyu-Timestamp", "X-Siyu-Signature"
WINDOW_SECONDS = 300
"""How old (or how early) a call may be: long enough for clocks that differ, short enough to be useless to a thief."""
_VERSION = "v1="
_MOST = 10


def signature(secret: str, timestamp: int, body: bytes) -> str:
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return _VERSION + mac.hexdigest()


def headers(id: str, event: str, body: bytes, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of one attempt; its time is its own, so that a late attempt is not taken for an old call."""
    timestamp = int(at.timestamp())
    signatures = ",".join(signature(secret, timestamp, body) for secret in secrets)
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Siyu-Webhook/1",
        ID: id,
        EVENT: event,
        TIMESTAMP: str(timestamp),
        SIGNATURE: signatures,
    }


def verify(given: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """What a receiver does (and what the documentation shows). BadSignature where the call is not ours, changed, or old."""
    found = {name.lower(): value for name, value in given.items()}
    stamp = found.get(TIMESTAMP.lower(), "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise _wrong("时间戳缺失或不正确", "the timestamp is missing or not a number")
    if abs(int(stamp) - now.timestamp()) > WINDOW_SECONDS:
        raise _wrong("时间戳超出允许范围", "the timestamp is outside the window")
    wanted = [signature(secret, int(stamp), body).encode() for secret in secrets]
    offered = [
        one.strip().encode("utf-8", "replace") for one in found.get(SIGNATURE.lower(), "").split(",")[:_MOST]
    ]
    # Every pair is compared, so that the time taken says nothing.
    matches = [hmac.compare_digest(one, ours) for one in offered for ours in wanted]
    if not any(matches):
        raise _wrong("签名不符", "the signature is wrong")


def _wrong(zh: str, en: str) -> BadSignature:
    return BadSignature(Text(zh, en))
