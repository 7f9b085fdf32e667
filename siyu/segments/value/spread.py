"""Spread of the predicted value over the base 价值分布: histogram, tenths, share of the top."""

from dataclasses import dataclass

import numpy as np

from siyu.segments.value._arrays import Ints

BINS = 12


@dataclass(frozen=True)
class Bin:
    """Customers with from_fen <= predicted value < to_fen and the sum of their values."""

    from_fen: int
    to_fen: int
    count: int
    value_fen: int


@dataclass(frozen=True)
class Tenth:
    """A tenth of the customers, 1 = the most valuable, and the sum of their predicted values."""

    decile: int
    count: int
    predicted_value_fen: int


def histogram(predicted_value_fen: Ints) -> tuple[Bin, ...]:
    """Return at most 12 bins of predicted value.

    Eleven have one round width and reach at least the 95th percentile, the last holds the rest. One value in
    is one customer. Counts and values add up to the base exactly. Nobody: no bin.
    """
    if not len(predicted_value_fen):
        return ()
    top = int(predicted_value_fen.max())
    step = _round_step(float(np.quantile(predicted_value_fen, 0.95)) / (BINS - 1))
    place = np.minimum(predicted_value_fen // step, BINS - 1)
    count = np.bincount(place, minlength=BINS)
    value = [int(predicted_value_fen[place == i].sum()) for i in range(BINS)]
    last = int(place.max())
    ends = [(i + 1) * step for i in range(BINS - 1)] + [max(top + 1, BINS * step)]
    return tuple(Bin(i * step, ends[i], int(count[i]), value[i]) for i in range(last + 1))


def tenths(predicted_value_fen: Ints) -> tuple[Tenth, ...]:
    """Return ten groups of equal size (to one customer), the most valuable first."""
    ordered = np.sort(predicted_value_fen)[::-1]
    groups = np.array_split(ordered, min(10, max(len(ordered), 1)))
    return tuple(
        Tenth(i, len(group), int(group.sum())) for i, group in enumerate(groups, start=1) if len(group)
    )


def top_share(predicted_value_fen: Ints, part: float = 0.2) -> float | None:
    """Return the share of the total that the top `part` of customers (rounded up) hold, 0..1.

    None where nobody is expected to spend anything.
    """
    whole = int(predicted_value_fen.sum())
    if whole <= 0:
        return None
    size = int(np.ceil(len(predicted_value_fen) * part))
    return float(np.sort(predicted_value_fen)[::-1][:size].sum()) / whole


def _round_step(width: float) -> int:
    """Return the next of 1, 2, 5, 10, 20, 50, ... fen at or above the width."""
    if width <= 1:
        return 1
    power = 10 ** int(np.floor(np.log10(width)))
    return int(next(power * m for m in (1, 2, 5, 10) if power * m >= width))
