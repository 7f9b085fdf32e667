"""Attribution 归因: how first orders are booked on the sources that people had touched, by seven rules. Credit, not cause.

All rules but time decay need only the ways (sources in order), how many people went each and whether an order followed; each books every
first order exactly once, so their sums agree. Worked numbers: docs/theory/attribution.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

ENDS = 0.4
"""What the first and the last touch get of an order by position; the rest is shared by those between."""
Credits = dict[int, float]


@dataclass(frozen=True)
class Way:
    """`steps`: sources in order, none twice running; `people` went this way, and a first order followed or not."""

    steps: tuple[int, ...]
    people: int
    bought: bool


def first_touch(ways: Sequence[Way]) -> Credits:
    return _book((way.steps[0], float(way.people)) for way in ways if way.bought)


def last_touch(ways: Sequence[Way]) -> Credits:
    return _book((way.steps[-1], float(way.people)) for way in ways if way.bought)


def linear(ways: Sequence[Way]) -> Credits:
    return _book((step, way.people / len(way.steps)) for way in ways if way.bought for step in way.steps)


def position(ways: Sequence[Way]) -> Credits:
    """40 % to the first, 40 % to the last, 20 % to those between; of two touches half each."""
    return _book((step, way.people * weight) for way in ways if way.bought for step, weight in zip(way.steps, _by_place(len(way.steps)), strict=True))


def _by_place(count: int) -> list[float]:
    if count <= 2:
        return [1 / count] * count
    return [ENDS, *[(1 - 2 * ENDS) / (count - 2)] * (count - 2), ENDS]


def _book(parts: Iterable[tuple[int, float]]) -> Credits:
    booked: Credits = {}
    for source, amount in parts:
        booked[source] = booked.get(source, 0.0) + amount
    return booked


def markov(ways: Sequence[Way]) -> Credits:
    """By removal effects in a first-order chain: how much of the chance of an order is gone when a source leads nowhere."""
    sources = sorted({step for way in ways for step in way.steps})
    orders = float(sum(way.people for way in ways if way.bought))
    if not sources or not orders:
        return {}
    chain = _chain(ways, sources)
    whole = _chance(chain)
    effects = [max(1 - _chance(_without(chain, place)) / whole, 0.0) for place in range(1, len(sources) + 1)]
    return {source: orders * effect / sum(effects) for source, effect in zip(sources, effects, strict=True)}


def removal_effects(ways: Sequence[Way]) -> tuple[float, Mapping[int, float]]:
    """(chance of an order along the chain, removal effect of each source)."""
    sources = sorted({step for way in ways for step in way.steps})
    chain = _chain(ways, sources)
    whole = _chance(chain)
    return whole, {source: 1 - _chance(_without(chain, place)) / whole for place, source in enumerate(sources, start=1)}


def _chain(ways: Sequence[Way], sources: Sequence[int]) -> np.ndarray:
    """Transition chances: state 0 the start, 1 … n the sources, n + 1 an order, n + 2 nothing."""
    place = {source: number for number, source in enumerate(sources, start=1)}
    size = len(sources) + 3
    counts = np.zeros((size, size))
    for way in ways:
        states = [0, *(place[step] for step in way.steps), size - 2 if way.bought else size - 1]
        for one, next_one in pairwise(states):
            counts[one, next_one] += way.people
    total = counts.sum(axis=1, keepdims=True)
    found: np.ndarray = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    return found


def _without(chain: np.ndarray, place: int) -> np.ndarray:
    cut = chain.copy()
    cut[place] = 0.0
    cut[place, -1] = 1.0
    return cut


def _chance(chain: np.ndarray) -> float:
    """The chance to end in an order from the start."""
    inner = chain[:-2, :-2]
    ended: np.ndarray = np.linalg.solve(np.eye(len(inner)) - inner, chain[:-2, -2])
    return float(ended[0])


def shapley(ways: Sequence[Way]) -> Credits:
    """By sets of sources: v(S) is the orders whose sources all lie in S.

    An order of a set T adds 1 to every v(S) with S ⊇ T, a game in which the members of T are alike and the others nothing: so its Shapley
    value is an equal share to the members of T, and the sum over orders needs no sum over sets.
    """
    return _book((step, way.people / len(set(way.steps))) for way in ways if way.bought for step in set(way.steps))
