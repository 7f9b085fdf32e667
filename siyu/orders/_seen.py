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
    """Both runs as one. The smaller is put into the larger: sorting them together takes three times the memory."""
    (keys, counts), (more, added) = (one, other) if one[0].size >= other[0].size else (other, one)
    at = np.searchsorted(keys, more)
    known = np.zeros(more.size, bool)
    known[at < keys.size] = keys[at[at < keys.size]] == more[at < keys.size]
    counts = counts.copy()
    counts[at[known]] += added[known]
    at = at[~known]
    return np.insert(keys, at, more[~known]), np.insert(counts, at, added[~known])
