"""Proposing 预算建议: weekly budgets of everybody from what messages were found to bring, and what they would change.

A pure calculation. A budget of b lets a message through where fewer than b were sent in the seven days before, so it gives up what comes
at place b and later. What that is worth is the effect at each place times how often the place comes up. Budgets are chosen by all
draws; what they bring is estimated on draws that had no part in the choice: people are halved, each half judges the other's choice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from siyu.foundation.ids import Ints, draw_rows
from siyu.foundation.text import Text
from siyu.messaging.cells import CODES
from siyu.messaging.optimiser import allot
from siyu.messaging.policy import Policy
from siyu.messaging.responses import LEAST_DRAWS, Curves, Draws, Floats, Z, learn

MOST_PLACES = 7
"""Places in a week that are looked at: nobody is to be told more than once a day."""
LEAST_DAYS = 28
"""Days of draws below which a month's rhythm would be taken for an effect."""
_SALT = "budget halves"
_EVEN = 1e-6


@dataclass(frozen=True)
class Terms:
    """What a proposal is asked to keep to.

    Attributes
    ----------
    margin_rate : what of each yuan spent is earned, above 0 to 1.
    lost_fen : what one lost person costs; None: what one person spent in the last 365 days on average, times the margin.
    worth_fen : what a message must bring at least, above its cost.
    least : messages a week that everybody keeps at least.
    per_person : messages a week on average at most, over all people; None: as many as pay.
    """

    margin_rate: float = 1.0
    lost_fen: int | None = None
    worth_fen: int = 0
    least: int = 1
    per_person: float | None = None


@dataclass(frozen=True)
class Estimate:
    """With a 95 % interval."""

    point: float
    low: float
    high: float

    @classmethod
    def of(cls, point: float, variance: float) -> Estimate:
        error = Z * variance**0.5
        return cls(point, point - error, point + error)


@dataclass(frozen=True)
class Found:
    """What was found. Money in fen a week over all people, counts a week.

    `lacking`: why nothing is proposed, as codes of `LACKS`; empty when something is. `most`: what the policy leaves a person a week. `top`: messages a week at which somebody just follows the
    policy; `before`, `after`: people by budget. `gain`: profit more than under the policy alone; `lost`: people fewer who are lost;
    `messages_before`, `messages_after`. `even_gain_fen`: the gain if as many messages were given up evenly, everybody alike.
    """

    lacking: tuple[str, ...]
    most: int
    top: int
    people: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    messages_before: float
    messages_after: float
    gain: Estimate
    lost: Estimate
    even_gain_fen: float
    lost_fen: float
    cost_fen: float
    cells: tuple[dict[str, Any], ...]
    draws: int
    controls: int
    sends: int
    weeks: float

    def json(self) -> dict[str, Any]:
        return asdict(self)


LACKS: dict[str, Text] = {
    "no_controls": Text("没有带对照组的发送：没有人被随机留下，就分不清是消息带来的，还是本来就会买", "no send kept a control: without people kept back by chance nobody can tell what messages bring from what would have come anyway"),
    "too_few": Text(f"一周内第 2 条及以后的消息，被随机留下的不足 {LEAST_DRAWS} 人次", f"of second and later messages in a week fewer than {LEAST_DRAWS} were kept back by chance"),
    "too_short": Text(f"有对照的发送还不满 {LEAST_DAYS} 天", f"sends with a control span fewer than {LEAST_DAYS} days"),
    "no_cap": Text("克制策略每周只允许这么多，没有可再降的余地", "the policy leaves no more a week than everybody is to keep"),
}  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What there is to learn from: see `_budget_history.History`, whose names these are."""

    draws: Draws
    before: Floats
    lost: Floats
    messages: Any
    people: Ints
    cell: Ints
    lost_fen: float
    cost_fen: float
    weeks: float
    sends: int
    days: float


def weekly_most(policy: Policy) -> int:
    """Messages that the policy's caps over all carriers leave a person in any 7 days, at most; `MOST_PLACES` without such caps."""
    most = MOST_PLACES
    for cap in policy.caps:
        if cap.purpose is None and cap.carrier is None and cap.at_most is not None:
            windows = -(-7 // (cap.days or 1)) if cap.window == "rolling" else {"day": 8, "week": 2, "month": 2}[cap.window]
            most = min(most, cap.at_most * windows)
    return most


def propose(evidence: Evidence, terms: Terms, most: int) -> tuple[Found, Ints]:
    """What to give everybody, and the budget of each of `evidence.people`. Where something is lacking everybody's is `most`.

    Parameters
    ----------
    most
        What the policy's caps leave in 7 days (`weekly_most`).
    """
    places = max(1, most)
    worth = evidence.draws.of(_worth(evidence, terms))
    curves, losses = learn(worth, len(CODES), places), learn(worth.of(evidence.lost), len(CODES), places)
    counts = np.bincount(evidence.cell, minlength=len(CODES))
    demand = evidence.messages / (np.maximum(counts, 1) * max(evidence.weeks, 1e-9))[:, None]
    if lacking := _lacking(evidence, terms, curves, most):
        levels = np.full(len(evidence.people), most)
        return _found(evidence, curves, losses, demand, counts, levels, most, lacking), levels
    top = min(most, curves.depth)
    gains = _gains(curves, demand, terms.least, top)
    budget = _budget(terms, top, len(evidence.people))
    levels = allot(gains[evidence.cell], budget).levels + terms.least
    found = _found(evidence, curves, losses, demand, counts, levels, top, ())
    return replace(found, **_judged(evidence, worth, demand, counts, levels, terms, top)), levels


def _budget(terms: Terms, top: int, people: int) -> int:
    """Messages a week that may be given beyond the least."""
    return ((top - terms.least) * people) if terms.per_person is None else max(0, round((terms.per_person - terms.least) * people))


def _worth(evidence: Evidence, terms: Terms) -> Floats:
    """What each draw came to, fen: earned, less what was lost and what the message cost."""
    spent = _evened(evidence.draws.outcome, evidence.before)
    earned = spent * terms.margin_rate - evidence.lost * evidence.lost_fen
    return earned - np.where(evidence.draws.told, evidence.cost_fen + terms.worth_fen, 0)


def _evened(outcome: Floats, before: Floats) -> Floats:
    """Outcomes less what the spend before the draw foretold of them (CUPED, Deng et al. 2013): as true on average, and less scattered."""
    spread = float(before.var()) if len(before) else 0.0
    if spread == 0:
        return outcome
    off = before - before.mean()
    foretold: Floats = float((outcome * off).mean()) / spread * off
    return outcome - foretold


def _lacking(evidence: Evidence, terms: Terms, curves: Curves, most: int) -> tuple[str, ...]:
    if not len(evidence.draws.person):
        return ("no_controls",)
    faults = [("no_cap", most <= terms.least), ("too_short", evidence.days < LEAST_DAYS), ("too_few", min(most, curves.depth) <= terms.least < most)]
    return tuple(code for code, is_so in faults if is_so)


def _gains(curves: Curves, demand: Floats, least: int, top: int) -> Floats:
    """By cell, what budgets of least, least + 1, … top bring a person in a week, more than the least. Where one more makes no difference
    nobody is given a lower one for nothing."""
    steps = curves.effect[:, least:top] * demand[:, least:top] + _EVEN
    return np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps, axis=1)], axis=1)


def _given_up(levels: Ints, cell: Ints, places: int, top: int) -> Floats:
    """By cell and place, how many people give up what comes there; whoever has `top` follows the policy and gives up nothing."""
    table = np.zeros((len(CODES), places + 1))
    np.add.at(table, (cell, np.where(levels < top, levels, places)), 1)
    found: Floats = np.cumsum(table, axis=1)[:, :places]
    return found


def _found(evidence: Evidence, curves: Curves, losses: Curves, demand: Floats, counts: Ints, levels: Ints, top: int, lacking: tuple[str, ...]) -> Found:
    after = np.bincount(levels, minlength=top + 1)
    before = np.zeros(top + 1, np.int64)
    before[top] = len(levels)
    told = float((counts[:, None] * demand).sum())
    given_up = float((_given_up(levels, evidence.cell, demand.shape[1], top) * demand).sum())
    most_common = np.array([np.bincount(levels[evidence.cell == cell], minlength=top + 1).argmax() if counts[cell] else top for cell in range(len(CODES))])
    nothing = Estimate(0.0, 0.0, 0.0)
    return Found(
        lacking, demand.shape[1], top, len(levels), tuple(before.tolist()), tuple(after.tolist()), told, told - given_up, nothing, nothing, 0.0, evidence.lost_fen, evidence.cost_fen,
        _told(curves, losses, demand, counts, most_common), len(evidence.draws.person), int((~evidence.draws.told).sum()), evidence.sends, evidence.weeks,
    )  # fmt: skip


def _judged(evidence: Evidence, worth: Draws, demand: Floats, counts: Ints, levels: Ints, terms: Terms, top: int) -> dict[str, Any]:
    """What the budgets bring: each half of the people judges what the other half would choose on the same terms."""
    places, budget = demand.shape[1], _budget(terms, top, len(levels))
    up = _given_up(levels, evidence.cell, places, top) * (np.arange(places) < top)
    even = counts[:, None] * _share_given_up(up, counts, demand, top)
    first = draw_rows(_SALT, worth.person) < 0.5
    gains, losses, evens = [], [], []
    for mine in (first, ~first):
        chosen = learn(worth.take(mine), len(CODES), places)
        judge, of_lost = (learn(draws.take(~mine), len(CODES), places) for draws in (worth, worth.of(evidence.lost)))
        often = demand * _would_give_up(_gains(chosen, demand, terms.least, top), counts, budget, places, terms.least)
        gains.append(_sum(judge, often))
        losses.append(_sum(of_lost, often))
        evens.append(_sum(judge, even * demand)[0])
    gain, lost = (sum(one for one, _ in both) / 2 for both in (gains, losses))
    of_gain, of_lost_ = (sum(square for _, square in both) / 4 for both in (gains, losses))
    return {"gain": Estimate.of(-gain, of_gain), "lost": Estimate.of(lost, of_lost_), "even_gain_fen": -sum(evens) / 2}


def _would_give_up(gains: Floats, counts: Ints, budget: int, places: int, least: int) -> Floats:
    """By cell and place, people who give it up if cells are given what `allot` would give them; a part of the cell in which the budget ends."""

    def at(price: float) -> Ints:
        found: Ints = (gains - price * np.arange(gains.shape[1])).argmax(axis=1)
        return found

    def given_up(levels: Ints) -> Floats:
        found: Floats = (np.arange(places) >= (least + levels)[:, None]) * (np.arange(places) < least + gains.shape[1] - 1) * counts[:, None].astype(np.float64)
        return found

    low, high = 0.0, float(np.abs(gains).max(initial=0.0)) * 2 + 1.0
    if int((at(low) * counts).sum()) <= budget:
        return given_up(at(low))
    for _ in range(60):
        price = (low + high) / 2
        low, high = (price, high) if int((at(price) * counts).sum()) > budget else (low, price)
    more, fewer = (int((at(price) * counts).sum()) for price in (low, high))
    part = (budget - fewer) / (more - fewer)
    return part * given_up(at(low)) + (1 - part) * given_up(at(high))


def _share_given_up(up: Floats, counts: Ints, demand: Floats, top: int) -> Floats:
    """By place, the share of all people who give it up if as many messages are given up evenly: the last places first."""
    wanted, share = float((up * demand).sum()), np.zeros(demand.shape[1])
    for place in range(top - 1, -1, -1):
        here = float((counts * demand[:, place]).sum())
        share[place] = min(1.0, wanted / here) if here > 0 else 0.0
        wanted -= share[place] * here
    return share


def _sum(curves: Curves, often: Floats) -> tuple[float, float]:
    """The sum of effects, each so often, and its variance; the error of the mean of a place is shared by all its cells."""
    sure = np.isfinite(curves.error) & (often > 0)
    effect, error = np.where(sure, curves.effect, 0.0), np.where(sure, curves.error, 0.0)
    return float((effect * often).sum()), float(((error * often).sum(axis=0) ** 2).sum())


def _told(curves: Curves, losses: Curves, demand: Floats, counts: Ints, level: Ints) -> tuple[dict[str, Any], ...]:
    """What is shown of each cell."""

    def number(value: float) -> float | None:
        return float(value) if np.isfinite(value) else None

    return tuple(
        {
            "code": code, "people": int(counts[cell]), "level": int(level[cell]),
            "places": [
                {
                    "effect_fen": number(curves.effect[cell, place]) if curves.learned[place] else None, "error_fen": number(curves.error[cell, place]) if curves.learned[place] else None,
                    "lost_rate": number(losses.effect[cell, place]) if curves.learned[place] else None, "observed_fen": number(curves.observed[cell, place]),
                    "told_count": int(curves.told_count[cell, place]), "control_count": int(curves.control_count[cell, place]), "often": float(demand[cell, place]),
                }
                for place in range(demand.shape[1])
            ],
        }
        for cell, code in enumerate(CODES)
    )  # fmt: skip
