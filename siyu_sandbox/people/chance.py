"""Luck (随机数): every draw follows from the seed, a subject, a number and the person, whoever else is there.

So adding a person or a message changes nobody else's luck, and two worlds can be compared person by person.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1


def stream(seed: int, subject: str, number: int = 0) -> np.random.Generator:
    """A generator of its own; a longer draw from it begins with the shorter one."""
    words = [abs(seed), zlib.crc32(subject.encode()), number]
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(words)))


def hashed(seed: int, subject: str, number: int, rows: Column) -> Column:
    """Uniforms on [0, 1) for these rows alone, by SplitMix64 (Steele, Lea, Flood 2014) of what they depend on."""
    key = (seed * 0x9E3779B97F4A7C15 + zlib.crc32(subject.encode()) * 0xBF58476D1CE4E5B9) & _MASK
    key = (key ^ (number * 0x94D049BB133111EB)) & _MASK
    mixed = (rows.astype(np.uint64) + np.uint64(1)) * _GOLDEN + np.uint64(key)
    for _ in range(2):
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        mixed ^= mixed >> np.uint64(31)
    found: Column = (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found
