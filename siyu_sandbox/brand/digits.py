"""Whole columns of numbers and money turned into Arrow text and decimals without a Python loop over rows."""

import numpy as np
import pyarrow as pa

from siyu_sandbox.brand.plan import Ints


def numbered(prefix: str, numbers: Ints, width: int) -> pa.Array:
    """Text column `prefix` + zero-padded number; every number must have at most `width` digits (≤ 19)."""
    head = np.frombuffer(prefix.encode(), dtype=np.uint8)
    rows = np.empty((len(numbers), len(head) + width), dtype=np.uint8)
    rows[:, : len(head)] = head
    rest = numbers.astype(np.int64, copy=True)
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        rows[:, len(head) + place] = digit + ord("0")
    offsets = np.arange(len(numbers) + 1, dtype=np.int64) * rows.shape[1]
    column = pa.Array.from_buffers(
        pa.large_string(), len(numbers), [None, pa.py_buffer(offsets), pa.py_buffer(rows.ravel())]
    )
    return column.cast(pa.string())


def yuan(fen: Ints) -> pa.Array:
    """Money in fen as a decimal(12, 2) column in yuan: the 128-bit words are written directly."""
    words = np.empty((len(fen), 2), dtype=np.int64)
    words[:, 0] = fen
    words[:, 1] = fen >> 63
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(fen), [None, pa.py_buffer(words.ravel())])


def scrambled(numbers: Ints, digits: int, multiplier: int = 387_420_489) -> Ints:
    """Map 0 … 10^digits - 1 one to one onto itself so that neighbours look unrelated.

    `digits` ≤ 10; the multiplier shares no factor with 10, which is what makes the map one to one.
    """
    modulus = 10**digits
    mixed: Ints = (numbers * multiplier % modulus + 271_828_183) % modulus
    return mixed


def pick(values: list[str], positions: Ints) -> pa.Array:
    """Text column of `values` at `positions`."""
    return pa.array(values, pa.string()).take(pa.array(positions))


def instants(microseconds: Ints) -> pa.Array:
    """Aware UTC timestamps from microseconds since the epoch."""
    return pa.array(microseconds, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
