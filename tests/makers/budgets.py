"""A simulated base for weekly budgets: people of eight kinds whom each further message in a week brings less, or drives away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from siyu.messaging.cells import CODES
from siyu.messaging.proposing import Evidence
from siyu.messaging.responses import Draws

PLACES, SENDS = 3, 3
SPEND_FEN, LOST_FEN = 500.0, 5_000.0
LIKES = np.array([[40, -60, -90], [120, 40, -30], [60, -20, -60], [200, 90, 30], [90, 10, -40], [260, 150, 80], [150, 30, -20], [400, 240, 150]], float)
"""By cell and place, what one more message truly brings, fen (what comes of lost people taken off)."""


@dataclass(frozen=True)
class Base:
    """`cell` of each person; `busy`: how much they buy anyway, which goes with how often they were told."""

    cell: Any
    busy: Any


def base(seed: int, people: int) -> Base:
    chance = np.random.default_rng(seed)
    cell = chance.integers(0, len(CODES), people)
    return Base(cell, chance.gamma(1.0, 1.0, people) * (1 + cell / 2))


def evidence(seed: int, people: int = 20_000, weeks: int = 12, rates: tuple[float, ...] = (0.1, 0.3)) -> Evidence:
    """Weeks of three sends each under an even cap, with controls of different sizes: whoever buys more anyway is told more often."""
    chance, crowd = np.random.default_rng(seed + 1), base(seed, people)
    columns: list[Any] = []
    for week in range(weeks):
        place = np.zeros(people, np.int64)
        for send in range(SENDS):
            rate = rates[(week * SENDS + send) % len(rates)]
            asked = chance.random(people) < np.clip(0.5 + crowd.busy / 8, 0, 0.95)
            told = asked & (chance.random(people) >= rate)
            truth = LIKES[crowd.cell, place] * told
            outcome = crowd.busy * SPEND_FEN * chance.gamma(0.3, 1.0, people) + truth
            who = np.flatnonzero(asked)
            columns.append((who, crowd.cell[who], place[who], told[who], np.full(len(who), 1 - rate), outcome[who]))
            place = place + told
    who, cell, place, told, kept, outcome = (np.concatenate(each) for each in zip(*columns, strict=True))
    messages = np.bincount(cell[told] * PLACES + place[told], minlength=len(CODES) * PLACES).reshape(-1, PLACES)
    draws = Draws(who, cell, place, told, kept, outcome)
    return Evidence(draws, crowd.busy[who] * SPEND_FEN * 15, np.zeros(len(who)), messages, np.arange(1, people + 1), crowd.cell, LOST_FEN, 0.0, float(weeks), weeks * SENDS, weeks * 7.0)


def true_gain(found: Evidence, levels: Any, top: int) -> float:
    """What giving up the messages beyond the budgets is truly worth in a week, fen."""
    counts = np.bincount(found.cell, minlength=len(CODES))
    often = found.messages / counts[:, None] / found.weeks
    up = np.arange(PLACES) >= np.minimum(levels, PLACES)[:, None]
    return float(-(LIKES * often)[found.cell][up & (np.arange(PLACES) < top)].sum())
