"""Seen 已见: how often each key came before, for files of any size: 12 bytes a key, and no Python object."""

from __future__ import annotations

import numpy as np

from siyu.foundation.ids import Ints, Keys

Counts = np.ndarray[tuple[int], np.dtype[np.uint32]]


class Seen:
    """A counted set of 64-bit keys. Runs sorted by key are merged when they have grown to the same size."""

    def __init__(self) -> None:
        self._runs: list[tuple[Keys, Counts]] = []

    def add(self, keys: Keys) -> Ints:
        """Note the keys; returns for each how many equal ones came before it, earlier in `keys` or in earlier calls."""
        values, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        order = np.argsort(inverse, kind="stable")
        within = np.empty(keys.size, np.int64)
        within[order] = np.arange(keys.size) - np.repeat(np.cumsum(counts) - counts, counts)
        before = self._before(values)
        self._runs.append((values, counts.astype(np.uint32)))
        while len(self._runs) > 1 and self._runs[-2][0].size < 2 * self._runs[-1][0].size:
            self._runs[-2:] = [_merged(*self._runs[-2:])]
        found: Ints = within + before[inverse]
        return found

    def _before(self, values: Keys) -> Ints:
        before = np.zeros(values.size, np.int64)
        for keys, counts in self._runs:
            if keys.size:
                at = np.minimum(np.searchsorted(keys, values), keys.size - 1)
                before += np.where(keys[at] == values, counts[at], 0)
        return before


def _merged(one: tuple[Keys, Counts], other: tuple[Keys, Counts]) -> tuple[Keys, Counts]:
    keys = np.concatenate([one[0], other[0]])
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], np.concatenate([one[1], other[1]])[order]
    if not keys.size:
        return keys, counts
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    return keys[first], np.add.reduceat(counts, first).astype(np.uint32)
