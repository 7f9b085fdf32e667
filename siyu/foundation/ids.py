"""Ids 标识符: random public ids, and keys that are the same wherever they are computed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

Keys = np.ndarray[tuple[int], np.dtype[np.uint64]]
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
Shares = np.ndarray[tuple[int], np.dtype[np.float64]]
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


def key64_rows(*columns: pa.Array) -> Keys:
    """A 63-bit key for each row of some columns (null is a value of its own); equal rows have equal keys everywhere.

    Distinct values are hashed once each (BLAKE2b) and mixed by position with splitmix64.
    """
    mixed = np.full(len(columns[0]), 0x9E3779B97F4A7C15, np.uint64)
    for column in columns:
        encoded = column.cast(pa.string()).dictionary_encode(null_encoding="encode")
        hashes = np.array([_hash(value) for value in encoded.dictionary.to_pylist()], np.uint64)
        mixed = _mix(mixed * np.uint64(31) + hashes[encoded.indices.to_numpy()])
    return mixed >> np.uint64(1)


def key64_numbers(*columns: Ints) -> Keys:
    """A 63-bit key for each row of some columns of whole numbers, equal for equal rows everywhere; mixed by position."""
    mixed = np.full(len(columns[0]), 0x9E3779B97F4A7C15, np.uint64)
    for column in columns:
        mixed = _mix(mixed * np.uint64(31) + column.astype(np.int64).view(np.uint64))
    return mixed >> np.uint64(1)


def draw_rows(salt: str, ids: Ints) -> Shares:
    """A number in [0, 1) for each id that is always the same for a salt, and tells nothing of the number of another salt.

    Chance that sticks: who is in a hold-out, which variant somebody sees. splitmix64 of the id, keyed by BLAKE2b of the salt.
    """
    keyed = _mix(ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(_hash(f"draw {salt}")))
    return (_mix(keyed ^ np.uint64(_hash(f"draw again {salt}"))) >> np.uint64(11)).astype(np.float64) / 2.0**53


def _hash(value: str | None) -> int:
    raw = b"\0null" if value is None else value.encode()
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "big")


def _mix(x: Keys) -> Keys:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def content_hash(parts: Iterable[bytes]) -> str:
    """A hex digest of a stream of bytes, used to know the same file or rule again."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
