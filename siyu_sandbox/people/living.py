"""One step of everybody's life (一步): who buys, who leaves, and why, by common random numbers.

Each person draws one uniform `u` a step. The low end buys, the high end leaves. The twin, who never receives anything, has the
same `u` with its own rates; so each purchase is known to be one that would have happened anyway, one that a message caused, or
one that messages prevented, and purchases minus the twin's is exactly what messages did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siyu_sandbox.people import response
from siyu_sandbox.people.chance import Column, hashed, stream
from siyu_sandbox.people.crowd import ANYWAY, ELSEWHERE, NOBODY, REWARDED, TIRED, Crowd
from siyu_sandbox.people.hearing import most_boost
from siyu_sandbox.people.messages import Messages

GOES_ELSEWHERE, ELSEWHERE_NEED = 0.3, 0.3
NOTICED = 0.02


@dataclass(frozen=True)
class Step:
    """`number` seeds the draws; `day` is when it begins, `days` how long it is, `shape` the hour's share of shopping."""

    number: int
    day: float
    days: float
    shape: float


@dataclass(frozen=True)
class Lived:
    """What came of a step. `bought`, `anyway`, `by`, `depth`: purchases, whether the twin bought too, which message caused it,
    the discount that was at hand. `prevented`, `prevented_by`: purchases of the twin alone. `left`: who left."""

    bought: Column
    anyway: Column
    by: Column
    depth: Column
    prevented: Column
    prevented_by: Column
    left: Column


def live(crowd: Crowd, messages: Messages, step: Step, seed: int) -> Lived:
    """Let everybody live one step."""
    count, pace = crowd.count, np.float32(step.days * step.shape)
    luck = stream(seed, "step", step.number).random(count, np.float32)
    # Only those whose luck lies inside a bound are looked at: a few in a hundred.
    low = np.flatnonzero(luck < crowd.cap[:count] * pace)
    high = np.flatnonzero(1 - luck < crowd.leave_cap[:count] * np.float32(step.days))
    bought = _buy(crowd, messages, low, luck[low].astype(np.float64), step)
    left = _leave(crowd, high, 1 - luck[high].astype(np.float64), step, seed)
    return Lived(*bought, left)


def _buy(
    crowd: Crowd, messages: Messages, rows: Column, luck: Column, step: Step
) -> tuple[Column, Column, Column, Column, Column, Column]:
    need = crowd.need[rows].astype(np.float64) * (step.days * step.shape)
    would = need * response.appetite(crowd.twin_bought[rows], crowd.twin_gone[rows], step.day)
    tired = response.fatigue_now(crowd.fatigue[rows], crowd.touched[rows], step.day)
    gone, by = crowd.gone[rows], crowd.by[rows]
    willing = need * response.appetite(crowd.bought[rows], gone, step.day)
    calm = np.where(gone, 0.0, response.annoyance(tired))
    boosts = response.boosts_now(crowd.boost[rows], crowd.since[rows], messages.half[by], step.day)
    boosts = np.where(gone[:, None], 0.0, boosts)
    rungs = np.minimum(np.cumsum(boosts, axis=1), most_boost(crowd.hunter[rows])[:, None])
    ladder = (willing * (1 - calm))[:, None] * np.exp(np.column_stack([np.zeros(len(rows)), rungs]))
    buys, twin = luck < ladder[:, -1], luck < would
    caused, prevented = buys & ~twin, twin & ~buys
    rung = np.argmax(luck[:, None] < ladder, axis=1)
    owed = crowd.owes[rows]
    cause = np.where(rung == 0, owed, by[np.arange(len(rows)), np.maximum(rung - 1, 0)])
    cause = np.where(caused, cause, NOBODY)
    blame = np.where(
        gone & ~crowd.twin_gone[rows], crowd.gone_by[rows], np.where(calm > 0, crowd.last[rows], owed)
    )
    depth = np.where(boosts > NOTICED, messages.depth[by], 0).max(axis=1, initial=0)
    crowd.bought[rows[buys]] = crowd.twin_bought[rows[twin]] = step.day
    crowd.owes[rows[caused]], crowd.owes[rows[prevented]] = cause[caused], blame[prevented]
    return rows[buys], twin[buys], cause[buys], depth[buys], rows[prevented], blame[prevented]


def _leave(crowd: Crowd, rows: Column, luck: Column, step: Step, seed: int) -> Column:
    hunter, rewarded = crowd.hunter[rows], crowd.rewarded[rows]
    none = np.zeros(len(rows))
    tired = response.fatigue_now(crowd.fatigue[rows], crowd.touched[rows], step.day)
    would = response.leave_rate(none, crowd.trust_first[rows], hunter, none.astype(bool)) * step.days
    does = response.leave_rate(tired, crowd.trust[rows], hunter, rewarded) * step.days
    gone, twin_gone = crowd.gone[rows], crowd.twin_gone[rows]
    leaves, twin = (luck < does) & ~gone, (luck < would) & ~twin_gone
    kept = twin & ~leaves & ~gone
    away = twin & (hashed(seed, "elsewhere", step.number, rows) < GOES_ELSEWHERE)
    driven = leaves & ~twin & ~twin_gone
    why = np.where(driven, np.where(hunter & rewarded, REWARDED, TIRED), np.where(away, ELSEWHERE, ANYWAY))
    left = rows[leaves]
    crowd.twin_gone[rows[twin]] = True
    crowd.gone[left], crowd.why[left] = True, why[leaves]
    crowd.gone_by[left] = np.where(driven, crowd.last[rows], NOBODY)[leaves]
    crowd.owes[rows[kept]] = crowd.last[rows[kept]]
    crowd.need[rows[away]] *= ELSEWHERE_NEED
    return left
