"""The ground truth of a market (真值): what each person really is, where the money really went, what each source really does.

Independent of the product: the same rule for shares (docs/theory/waste.md), applied to what is true instead of what is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from siyu_sandbox.market.arriving import HORIZON_DAYS, ORGANIC
from siyu_sandbox.market.buying import margin_of
from siyu_sandbox.market.plan import CYCLE_DAYS, DAY, WEEKS, Plan
from siyu_sandbox.market.shape import CLASSES, CREATIVES, HUNTER, ROLES, ZOMBIE
from siyu_sandbox.market.world import World

BUCKETS: Final = ("paid_back", "on_the_way", "never_added", "lost_7d", "zombie", "deal_hunter", "never_bought", "anyway")
PAID_BACK, ON_THE_WAY, NEVER_ADDED, LOST, ZOMBIES, HUNTERS, NEVER_BOUGHT, ANYWAY = range(len(BUCKETS))
HORIZONS: Final = (90.0, 180.0, HORIZON_DAYS)


@dataclass(frozen=True)
class Standing:
    """How the members stand at one moment; one entry a member who was added by then has `here`."""

    here: np.ndarray
    bought: np.ndarray
    margin_fen: np.ndarray
    further_fen: np.ndarray
    """Members × HORIZONS: what each really still brings."""
    lost: np.ndarray


def standing(world: World, at: float) -> Standing:
    """What is so at `at`, seconds since the beginning."""
    joined, orders, count = world.since, world.orders, len(world.member)
    age = (at - joined) / DAY
    mine = age[orders.person]

    def summed(values: np.ndarray) -> np.ndarray:
        return np.bincount(orders.person, weights=values, minlength=count)

    now = summed(margin_of(orders, mine))
    further = [np.maximum(summed(margin_of(orders, mine + days)) - now, 0) for days in HORIZONS]
    first = np.full(count, np.inf)
    np.minimum.at(first, orders.person, orders.after)
    stayed = (world.left - joined) / DAY
    lost = (world.left <= at) & (stayed <= 7.0) & ~(first < stayed)
    return Standing(joined <= at, first < age, now, np.stack(further, axis=1), lost)


@dataclass(frozen=True)
class Shares:
    """One entry a person and node (creative): the money that falls to them, fen. `row` is a row of arrivals, −1: nobody came."""

    row: np.ndarray
    node: np.ndarray
    """source × CREATIVES + creative."""
    fen: np.ndarray


def shares(world: World, at: float) -> Shares:
    """A node's spend of a week in equal parts to everybody who had a touch there in that week."""
    people, visits = world.arrivals, world.visits
    here = np.flatnonzero(people.source >= 0)
    own = people.source[here] * CREATIVES + people.creative[here]
    rows = np.concatenate([visits.arrival, here, here])
    nodes = np.concatenate([visits.source * CREATIVES + visits.creative, own, own])
    times = np.concatenate([visits.at, world.added[here], world.claimed[here]])
    seen = times < at
    weeks = (times[seen] // (7 * DAY)).astype(np.int64)
    keys = np.unique(np.stack([nodes[seen], weeks, rows[seen]]), axis=1)
    spent = _weekly(world, at)
    count = np.zeros_like(spent)
    np.add.at(count, (keys[0], keys[1]), 1)
    share = spent[keys[0], keys[1]] / count[keys[0], keys[1]]
    nobody = np.argwhere((count == 0) & (spent > 0))
    return Shares(
        np.concatenate([keys[2], np.full(len(nobody), -1)]), np.concatenate([keys[0], nobody[:, 0]]),
        np.concatenate([share, spent[nobody[:, 0], nobody[:, 1]]]),
    )  # fmt: skip


def _weekly(world: World, at: float) -> np.ndarray:
    """Nodes × weeks since the beginning: fen spent before `at`."""
    weeks = int(at // (7 * DAY)) + 1
    found = np.zeros((len(ROLES) * CREATIVES, max(weeks, (world.plan.cycle + 1) * CYCLE_DAYS // 7)))
    for cycle, spending in enumerate(world.spending):
        days = np.arange(spending.paid_fen.shape[1]) + cycle * CYCLE_DAYS
        paid = spending.paid_fen * (days * DAY < at)[None, :, None]
        by_week = paid.reshape(len(ROLES), WEEKS, 7, CREATIVES).sum(axis=2)
        first = cycle * CYCLE_DAYS // 7
        found[:, first : first + WEEKS] += by_week.transpose(0, 2, 1).reshape(len(ROLES) * CREATIVES, WEEKS)
    return found


def split(world: World, at: float, *, known_only: bool = True) -> np.ndarray:
    """Sources × BUCKETS, fen: where the money really went by `at`.

    `known_only`: money that came back from people who would have come anyway goes to `anyway` only at sources that a
    hold-out has measured, as nobody could know it elsewhere; else everywhere.
    """
    told, stands, people = shares(world, at), standing(world, at), world.arrivals
    place = np.full(len(people.at) + 1, -1)
    place[world.member] = np.arange(len(world.member))
    member, row = place[told.row], np.maximum(told.row, 0)
    source = told.node // CREATIVES
    at_home = (member >= 0) & (people.source[row] * CREATIVES + people.creative[row] == told.node)
    at_home &= stands.here[member]
    kind, bought = people.kind[row], stands.bought[member]
    lost, zombie = stands.lost[member], (kind == ZOMBIE) & ~bought
    rest = [~at_home, lost, zombie, kind == HUNTER]
    bucket = np.select(rest, [NEVER_ADDED, LOST, ZOMBIES, HUNTERS], -1)
    found = np.zeros((len(ROLES), len(BUCKETS)))
    clear = bucket >= 0
    np.add.at(found, (source[clear], bucket[clear]), told.fen[clear])
    left = ~clear
    fen, who = told.fen[left], member[left]
    paid = np.where(bought[left], np.minimum(fen, stands.margin_fen[who]), 0.0)
    way = np.minimum(fen - paid, stands.further_fen[who, -1])
    measured = {test.source for test in world.tests}
    known = np.isin(source[left], list(measured)) if known_only else np.ones(int(left.sum()), bool)
    anyway = people.anyway[row[left]] & known
    for where, amount in (
        (np.where(anyway, ANYWAY, PAID_BACK), paid), (np.where(anyway, ANYWAY, ON_THE_WAY), way),
        (np.full(int(left.sum()), NEVER_BOUGHT), fen - paid - way),
    ):  # fmt: skip
        np.add.at(found, (source[left], where), amount)
    return found


def returns(world: World, at: float) -> np.ndarray:
    """Margin per yuan of each source, to `at` and the 365 days after, of people who would not have come anyway."""
    stands, people = standing(world, at), world.arrivals
    caused = stands.here & ~people.anyway[world.member] & (people.source[world.member] != ORGANIC)
    source = people.source[world.member]
    brought = np.bincount(source[caused], weights=(stands.margin_fen + stands.further_fen[:, -1])[caused], minlength=len(ROLES))
    spent = _weekly(world, at).reshape(len(ROLES), -1).sum(axis=1)
    found: np.ndarray = brought / np.maximum(spent, 1)
    return found


def value_of(world: World, yuan: np.ndarray) -> float:
    """Expected margin (yuan, over a year) that a cycle with these budgets truly causes; one entry a source, yuan a cycle."""
    shape, economy = world.shape, world.economy
    people = economy.pull * np.log1p(np.maximum(yuan, 0) / WEEKS / shape.bend_yuan) * WEEKS * shape.add_rate
    return float((people * economy.value_fen * (1 - shape.anyway)).sum() / 100)


def persons(world: World, at: float) -> pa.Table:
    """One row a person who arrived by `at`; `person` is null for those who were never added."""
    people, stands = world.arrivals, standing(world, at)
    seen = people.at < at
    place = np.full(len(people.at), -1)
    place[world.member] = np.arange(len(world.member))
    member = np.where(world.added < at, place, -1)[seen]
    none = member < 0

    def of(values: np.ndarray) -> pa.Array:
        return pa.array(values[member], mask=none)

    keys, source, kind = person_keys(world), people.source[seen], people.kind[seen]
    kinds = pa.array(CLASSES).take(pa.array(kind, mask=kind < 0))
    columns: dict[str, Any] = {
        "person": keys.take(pa.array(member, mask=none)),
        "visitor": np.flatnonzero(seen) + 1,
        "source": pa.array(world.shape.key).take(pa.array(source, mask=source < 0)),
        "class": kinds,
        "would_have_come": people.anyway[seen],
        "arrived_at": _instants(world.plan, people.at[seen]),
        "added_at": _instants(world.plan, world.added[seen], none),
        "bought": of(stands.bought),
        "lost_7d": of(stands.lost),
        "margin_fen": of(stands.margin_fen),
    }
    for number, days in enumerate(HORIZONS):
        columns[f"further_{int(days)}d_fen"] = of(stands.further_fen[:, number])
    return pa.table(columns)


def person_keys(world: World) -> pa.Array:
    """The brand's own number of each member."""
    return pa.array([f"P{row + 1:07d}" for row in range(len(world.member))], pa.string())


def _instants(plan: Plan, seconds: np.ndarray, mask: np.ndarray | None = None) -> pa.Array:
    finite = np.where(np.isfinite(seconds), seconds, 0.0)
    return pa.array(plan.microseconds(finite), pa.int64(), mask=mask).cast(pa.timestamp("us", tz="UTC"))


def told(world: World, at: float) -> dict[str, Any]:
    """Buckets and returns as plain values."""
    by_source, whole = split(world, at), split(world, at, known_only=False)
    return {
        "as_of_day": at / DAY,
        "horizon_days": HORIZON_DAYS,
        "spent_fen": round(float(by_source.sum())),
        "buckets_fen": _named(by_source.sum(axis=0)),
        "buckets_with_all_anyway_fen": _named(whole.sum(axis=0)),
        "by_source": {key: _named(by_source[place]) for place, key in enumerate(world.shape.key)},
        "true_roi": dict(zip(world.shape.key, np.round(returns(world, at), 4).tolist(), strict=True)),
        "hold_outs": [world.shape.key[test.source] for test in world.tests],
    }


def _named(row: np.ndarray) -> dict[str, int]:
    return {name: round(float(value)) for name, value in zip(BUCKETS, row, strict=True)}


def response(world: World) -> dict[str, Any]:
    """The true response of each source: people arriving a week = pull × ln(1 + yuan a week / bend)."""
    shape, economy = world.shape, world.economy
    return {
        key: {
            "role": ROLES[shape.role[place]].name,
            "pull": float(economy.pull[place]),
            "bend_yuan": float(shape.bend_yuan[place]),
            "weekly_yuan": float(shape.weekly_yuan[place]),
            "add_rate": float(shape.add_rate[place]),
            "value_fen": float(economy.value_fen[place]),
            "anyway": float(shape.anyway[place]),
        }
        for place, key in enumerate(shape.key)
    }
