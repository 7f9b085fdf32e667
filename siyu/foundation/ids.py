"""Ids 标识符: random public ids, and keys that are the same wherever they are computed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """A random id such as `job_7k2m…`: 80 bits, no look-alike letters, safe in an address."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(16))}"


def key64(*parts: object) -> int:
    """A 63-bit key of the parts, equal on every machine (BLAKE2b; parts are length-prefixed, so ("a","bc") ≠ ("ab","c"))."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        raw = str(part).encode()
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return int.from_bytes(digest.digest(), "big") >> 1


def content_hash(parts: Iterable[bytes]) -> str:
    """A hex digest of a stream of bytes, used to know the same file or rule again."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
