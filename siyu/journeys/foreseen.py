"""Foreseen 预计: what a rehearsal says, as numbers with intervals: reach by node, refusals, cost, load, goals and purchases.

Every number is that of the whole audience. Its interval is where the true one lies in 19 of 20 cases: the spread over futures, which
holds what is not known and what is chance. Of a sampled audience the sample's own noise is taken off and the audience's put in.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import numpy as np
import scipy

from siyu.foundation import trials
from siyu.foundation.clock import DAY_MS, from_day_number
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.journeys.people import NEVER
from siyu.journeys.reaching import ANSWERED
from siyu.journeys.rehearsal import Staged, purchases, told_assumptions
from siyu.journeys.response import Column
from siyu.journeys.states import ON_THE_WAY

LEVEL = 0.95
MOST_STAFF = 20


class Range(msgspec.Struct, frozen=True):
    """An expected number and its interval."""

    mean: float
    low: float
    high: float


class Message(msgspec.Struct, frozen=True):
    """Messages of a node: asked for, told (now or later), delivered, answered; refused by reason; cost in fen."""

    asked: Range
    told: Range
    later: Range
    delivered: Range
    read: Range
    clicked: Range
    opted_out: Range
    blocked: Range
    complained: Range
    cost_fen: Range
    refused: dict[str, Range]


class NodeForeseen(msgspec.Struct, frozen=True):
    """`came`: people who come to the node; `edges`: who takes which way out; `left`: who still stands there at the end."""

    came: Range
    edges: dict[str, Range]
    left: Range
    message: Message | None


class Day(msgspec.Struct, frozen=True):
    """One local day: who comes in, and what staff send by hand: in all, and the busiest of them."""

    on: str
    entering: float
    staff_messages: float
    busiest: float


class Staff(msgspec.Struct, frozen=True):
    account_id: int
    staff: str
    messages: float
    most_a_day: float


class Outcome(msgspec.Struct, frozen=True):
    """Of those treated, within the goal's window: with the journey, what they would do anyway, and the difference; shares 0–1 or counts.

    `detectable`: the least difference of shares that the hold-out can show in 4 of 5 cases; null without a hold-out.
    """

    treated: Range
    held_out: Range
    goal_rate: Range | None
    goal_anyway: Range | None
    goal_lift: Range | None
    goals: Range | None
    extra_goals: Range | None
    orders: Range
    orders_anyway: Range
    extra_orders: Range
    extra_revenue_fen: Range
    window_days: float
    detectable: float | None


class Foreseen(msgspec.Struct, frozen=True):
    """See the parts. `entries`: how many come in, `sampled` how many of them were rehearsed, in `futures` futures, until `until_on`."""

    computed_at: str
    entries: Range
    sampled: int
    futures: int
    until_on: str
    nodes: dict[str, NodeForeseen]
    refused: dict[str, Range]
    messages: Range
    cost_fen: Range
    opted_out: Range
    blocked: Range
    complained: Range
    days: list[Day]
    staff: list[Staff]
    outcome: Outcome
    assumed: list[Text]
    notes: list[Text]
    no_lift: Text | None


def foresee(stores: Stores, staged: Staged) -> Foreseen:
    """Add up the futures."""
    told, sim, world = _Teller(staged), staged.simulation, staged.world
    nodes = {node: _node(told, staged, node) for node in sim.nodes}
    every = {what: told.summed(world.counts[key] for key in world.counts if key[1] == what) for what in ("told", "cost_fen", *ANSWERED)}
    reasons = sorted({key[1].removeprefix("refused ") for key in world.counts if key[1].startswith("refused ")})
    refused = {reason: told.count(told.summed(world.counts[key] for key in world.counts if key[1] == f"refused {reason}")) for reason in reasons}
    purposes = sorted({ground.kind.purpose for ground in world.grounds.values()})
    definition = sim.book.definition
    no_lift = None if definition.holdout_rate else Text("没有对照组：上线后无法证明这条旅程带来了什么", "without a hold-out nobody will be able to show what the journey brought")
    days, staff = _load(stores, staged)
    return Foreseen(
        stores.now().isoformat(), told.count(np.bincount(sim.runs.replicate, minlength=sim.replicates).astype(float)), staged.size, sim.replicates,
        stores.calendar.on(stores.now()).isoformat() if not staged.size else from_day_number(int(world.brand.local(np.array([staged.until_ms]))[0] // DAY_MS)).isoformat(),
        nodes, refused, told.count(every["told"]), told.amount(every["cost_fen"]), told.count(every["opted_out"]), told.count(every["blocked"]), told.count(every["complained"]),
        days, staff, _outcome(told, staged), told_assumptions(staged, purposes), staged.notes, no_lift,
    )  # fmt: skip


class _Teller:
    """Turns numbers by future into a number with its interval."""

    def __init__(self, staged: Staged) -> None:
        self.futures, self.scale, self.size = staged.simulation.replicates, staged.scale, staged.size

    def summed(self, columns: Any) -> Column:
        return np.asarray(sum(columns, np.zeros(self.futures)))

    def count(self, by_future: Column) -> Range:
        """Of people: each is counted or not."""
        share = float(by_future.mean()) / max(self.size, 1)
        return self._range(by_future, self.size * max(share * (1 - share), 0.0))

    def amount(self, by_future: Column, per_row: float | None = None) -> Range:
        """Of events or money: `per_row` the variance of one row's, by default that of rare events."""
        return self._range(by_future, float(np.abs(by_future).mean()) if per_row is None else per_row * self.size)

    def _range(self, by_future: Column, chance: float) -> Range:
        mean = float(by_future.mean())
        variance = float(by_future.var(ddof=1)) if len(by_future) > 1 else 0.0
        if self.scale > 1:
            # What is left beyond the sample's own noise is not known; chance is that of the whole.
            whole = self.scale**2 * max(variance - chance, 0.0) + self.scale * chance
        else:
            whole = variance
        half = float(scipy.stats.t.ppf(0.5 + LEVEL / 2, max(self.futures - 1, 1))) * (whole * (1 + 1 / self.futures)) ** 0.5
        middle = mean * self.scale
        return Range(middle, max(0.0, middle - half) if middle >= 0 and float(by_future.min(initial=0)) >= 0 else middle - half, middle + half)

    def rate(self, part: Column, whole: Column) -> Range:
        """A share of two counts, by future."""
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.where(whole > 0, part / whole, 0.0)
        mean, people = float(each.mean()), float(whole.mean())
        variance = float(each.var(ddof=1)) if len(each) > 1 else 0.0
        if self.scale > 1 and people:
            chance = mean * (1 - mean) / people if 0 <= mean <= 1 else 0.0
            variance = max(variance - chance, 0.0) + chance / self.scale
        half = float(scipy.stats.t.ppf(0.5 + LEVEL / 2, max(self.futures - 1, 1))) * (variance * (1 + 1 / self.futures)) ** 0.5
        return Range(mean, mean - half if each.min(initial=0) < 0 else max(0.0, mean - half), mean + half)


def _node(told: _Teller, staged: Staged, node: str) -> NodeForeseen:
    sim, world = staged.simulation, staged.world
    none = np.zeros(sim.replicates)
    here = (sim.runs.state == ON_THE_WAY) & (sim.runs.node == sim.number[node])
    left = np.bincount(sim.runs.replicate[here], minlength=sim.replicates).astype(float)
    edges = {edge: told.count(by_future) for (name, edge), by_future in sim.passed.items() if name == node}
    message = None
    if (node, "asked") in world.counts:
        counts = {what: world.counts.get((node, what), none) for what in ("asked", "told", "later", *ANSWERED)}
        refused = {what.removeprefix("refused "): told.count(by_future) for (name, what), by_future in world.counts.items() if name == node and what.startswith("refused ")}
        message = Message(**{what: told.count(by_future) for what, by_future in counts.items()}, cost_fen=told.amount(world.counts.get((node, "cost_fen"), none)), refused=refused)
    return NodeForeseen(told.count(sim.came.get(node, none)), edges, told.count(left), message)


def _load(stores: Stores, staged: Staged) -> tuple[list[Day], list[Staff]]:
    """Days with who comes in and what staff do; the members of staff with most to do. Means over futures."""
    sim, world = staged.simulation, staged.world
    per = staged.scale / sim.replicates
    local = world.brand.take(np.zeros(len(sim.runs.entered_ms), np.int64)).local(sim.runs.entered_ms) // DAY_MS
    entering = dict(zip(*(column.tolist() for column in np.unique(local, return_counts=True)), strict=True))
    by_day: Counter[int] = Counter()
    busiest: dict[int, float] = {}
    by_staff: Counter[tuple[int, str]] = Counter()
    most: dict[tuple[int, str], float] = {}
    for (day, account, who), count in world.load.items():
        by_day[day] += count * per  # type: ignore[assignment]
        busiest[day] = max(busiest.get(day, 0.0), count * per)
        by_staff[(account, who)] += count * per  # type: ignore[assignment]
        most[(account, who)] = max(most.get((account, who), 0.0), count * per)
    days = [Day(from_day_number(day).isoformat(), entering.get(day, 0) * per, float(by_day[day]), busiest.get(day, 0.0)) for day in sorted({*entering, *by_day})]
    return days, [Staff(account, who, float(count), most[(account, who)]) for (account, who), count in by_staff.most_common(MOST_STAFF)]


def _outcome(told: _Teller, staged: Staged) -> Outcome:
    sim = staged.simulation
    runs, size = sim.runs, sim.replicates
    treated = ~runs.held & (runs.state >= 0)
    people = np.bincount(runs.replicate[treated], minlength=size).astype(float)
    kept = np.bincount(runs.replicate[runs.held], minlength=size).astype(float)
    paid, window = purchases(sim.streams), staged.window_ms

    def inside(row: Any, at_ms: Any) -> Any:
        return treated[row] & (at_ms >= runs.entered_ms[row]) & (at_ms < runs.entered_ms[row] + window)

    own = inside(sim.own.row, sim.own.at_ms)
    was_paid = np.isin(sim.own.stream, paid)
    lost = sim.own.stream == len(sim.streams)
    anyway = np.bincount(runs.replicate[sim.own.row[own & (was_paid | lost)]], minlength=size).astype(float)
    more = [row[inside(row, at) & np.isin(stream, paid)] for row, at, stream in sim.extra]
    brought = np.bincount(runs.replicate[np.concatenate(more)], minlength=size).astype(float) if more else np.zeros(size)
    kept_from = np.bincount(runs.replicate[sim.own.row[own & lost]], minlength=size).astype(float)
    orders, extra = anyway + brought - kept_from, brought - kept_from
    money = _money(staged, extra)
    goal = _goals(told, staged, treated, people, kept)
    return Outcome(
        told.count(people), told.count(kept), **goal, orders=told.amount(orders), orders_anyway=told.amount(anyway), extra_orders=told.amount(extra), extra_revenue_fen=told.amount(money, None),
        window_days=window / DAY_MS,
    )  # fmt: skip


def _money(staged: Staged, extra: Column) -> Column:
    learned = staged.learned
    mean = staged.world.random.normal(learned.order_fen, learned.order_fen_error, len(extra)) if learned.order_fen_error > 0 else np.full(len(extra), learned.order_fen)
    return np.asarray(extra * np.maximum(mean, 0))


def _goals(told: _Teller, staged: Staged, treated: Any, people: Column, kept: Column) -> dict[str, Any]:
    """Goals of those treated, and what they would have reached anyway: the same futures without a message."""
    sim, goal = staged.simulation, staged.simulation.book.goal
    names = ("goal_rate", "goal_anyway", "goal_lift", "goals", "extra_goals", "detectable")
    if goal is None:
        return dict.fromkeys(names)
    runs, size = sim.runs, sim.replicates
    window = round(goal.days * DAY_MS)
    lost_goal = sim.goal_streams.copy()
    lost_goal[-1] = bool(sim.goal_streams[purchases(sim.streams)].any()) if purchases(sim.streams) else False
    inside = lost_goal[sim.own.stream] & (sim.own.at_ms < runs.entered_ms[sim.own.row] + window) & treated[sim.own.row]
    anyway_rows = np.unique(sim.own.row[inside])
    anyway = np.bincount(runs.replicate[anyway_rows], minlength=size).astype(float)
    reached = np.bincount(runs.replicate[treated & (runs.goal_ms < NEVER)], minlength=size).astype(float)
    rate = told.rate(anyway, people)
    one, none = float(people.mean()) * staged.scale, float(kept.mean()) * staged.scale
    detectable = trials.smallest_share(rate.mean, one, none) if one > 1 and none > 1 and 0 < rate.mean < 1 else None
    return {
        "goal_rate": told.rate(reached, people), "goal_anyway": rate, "goal_lift": told.rate(reached - anyway, people), "goals": told.count(reached),
        "extra_goals": told.amount(reached - anyway), "detectable": detectable,
    }  # fmt: skip

