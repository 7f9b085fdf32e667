"""Codewords 券码: twelve signs that nobody can guess, with one that tells a slip of the hand.

Eleven signs are drawn by lot (55 bits: with ten million codes out, a guess finds one in 3.6 thousand million tries); the
twelfth makes the sum of αⁱ·signᵢ over GF(2⁵) zero. The weights are different and none is zero, so that every single wrong
sign and every two signs that changed places are found. No I, L, O or U: they look like others (Crockford's base 32).
"""

from __future__ import annotations

from os import urandom

import numpy as np

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
_LIKE = str.maketrans("OILU", "011V", " -\t\u3000–—‐－")
_FIELD = 0b100101
"""x⁵ + x² + 1: α = x generates all 31 others."""
_Signs = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


def _times_alpha(value: int) -> int:
    return value << 1 if value < 16 else (value << 1) ^ _FIELD


def _weighed() -> _Signs:
    """[place, sign] → αᵖˡᵃᶜᵉ · sign."""
    rows = [list(range(32))]
    for _ in range(LENGTH - 1):
        rows.append([_times_alpha(value) for value in rows[-1]])
    return np.array(rows, np.uint8)


_WEIGHED = _weighed()
_LAST = np.argsort(_WEIGHED[-1]).astype(np.uint8)
"""Sum of the others → the last sign."""


def draw(count: int) -> list[str]:
    """New codes. They are by lot: whoever stores them sees to it that none is there yet."""
    raw = np.frombuffer(urandom(count * (LENGTH - 1)), np.uint8).reshape(count, LENGTH - 1) & 31
    total = np.bitwise_xor.reduce(_WEIGHED[np.arange(LENGTH - 1), raw], axis=1) if count else np.zeros(0, np.uint8)
    signs = np.hstack([raw, _LAST[total][:, None]])
    text = np.frombuffer(ALPHABET.encode(), np.uint8)[signs].tobytes().decode()
    return [text[at : at + LENGTH] for at in range(0, len(text), LENGTH)]


def clean(said: str) -> str:
    """A code as it is stored: in capitals, without blanks and strokes, look-alikes read as what was meant."""
    return said.strip().upper().translate(_LIKE)


def fits(code: str) -> bool:
    """Whether these can be the signs of a code; whether it was ever given only the ledger knows."""
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        return False
    signs = [ALPHABET.index(sign) for sign in code]
    return not np.bitwise_xor.reduce(_WEIGHED[np.arange(LENGTH), signs])


def shown(code: str) -> str:
    """In groups of four, as people read it."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
