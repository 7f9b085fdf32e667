"""Reaching 触达推演: what stands in for messages in a rehearsal: the gate itself decides, and people answer at the rates learned.

A message that is told later counts from then; one that is refused says why. Whoever opts out or leaves in a future is not reached in it
again. What a message brings on top of what is bought anyway is drawn as purchases of their own, so both are known of everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.clock import DAY_MS
from siyu.foundation.ids import Ints
from siyu.journeys.learning import Learned
from siyu.journeys.people import NEVER
from siyu.journeys.response import Column, Random, extra
from siyu.journeys.simulating import Simulation
from siyu.messaging import supposing
from siyu.messaging.quiet import Zones
from siyu.messaging.restraint import HISTORY
from siyu.messaging.supposing import Ground

RELATED = ("wecom", "official_account")
"""Carriers that reach those who know an account."""
MOST_PARTS = 20
ANSWERED = ("delivered", "read", "clicked", "opted_out", "blocked", "complained")


@dataclass(frozen=True)
class Answer:
    """What the gate said, by row: `verdict` allow, wait or refuse; `reason` of the latter two; when the message goes (`NEVER`: not)."""

    verdict: Column
    reason: Column
    at_ms: Ints
    delivered: Column
    clicked_ms: Ints
    read_ms: Ints


@dataclass(frozen=True)
class Heard:
    """Streams of a node's answers: place of the stream and the outcome that makes it happen."""

    read: Sequence[int] = ()
    clicked: Sequence[int] = ()


@dataclass
class World:
    """What happens outside the journey, in every future.

    Attributes
    ----------
    person : of each row, whom it is in its future (rows of one person share restraint).
    rate : of each row, purchases a day of themselves.
    counts : (node, what) → messages, by replicate; what: asked, told, later, cost_fen, `refused <reason>` and `ANSWERED`.
    load : (local day, account, staff) → messages in all futures.
    """

    learned: Learned
    random: Random
    replicates: int
    person: Ints
    rate: Column
    brand: Zones
    until_ms: int
    paid: Ints
    paid_share: Column
    opt_out: int
    heard: dict[str, Heard] = field(default_factory=dict)
    grounds: dict[str, Ground] = field(default_factory=dict)
    counts: dict[tuple[str, str], Column] = field(default_factory=dict)
    load: dict[tuple[int, int, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        people = int(self.person.max(initial=-1)) + 1
        rate = self.learned.leave_rate
        self.left_ms = np.full(people, NEVER)
        if rate > 0:
            away = self.random.exponential(DAY_MS / rate, people)
            self.left_ms = np.where(away < NEVER, np.minimum(away, NEVER), NEVER).astype(np.int64)
        self.closed_ms = np.full(people, NEVER)
        self._said: list[pa.Table] = []
        self._drawn: dict[Any, Any] = {}

    def begin(self, start_ms: int) -> None:
        """From when on people may leave of themselves."""
        self.left_ms = np.where(self.left_ms < NEVER - start_ms, self.left_ms + start_ms, NEVER)

    def ask(self, sim: Simulation, node: str, rows: Ints, due_ms: Ints, until_ms: Ints) -> Answer:
        """Let these rows be told by a node, each when it is due."""
        size = len(rows)
        verdict, reason = np.full(size, "refuse", object), np.full(size, None, object)
        at, delivered = np.full(size, NEVER), np.zeros(size, np.bool_)
        clicked, read = np.full(size, NEVER), np.full(size, NEVER)
        for due, until in np.unique(np.stack([due_ms, until_ms]), axis=1).T.tolist():
            mine = np.flatnonzero((due_ms == due) & (until_ms == until))
            # Of two runs of one person at once the gate is asked for the first; the other hears that it is told already.
            _, first = np.unique(self.person[rows[mine]], return_index=True)
            again = np.delete(mine, first)
            reason[again] = "duplicate"
            self._count(sim, node, "refused duplicate", rows[again])
            one = self._decide(sim, node, rows[mine[first]], due, until)
            for column, new in zip((verdict, reason, at, delivered, clicked, read), one, strict=True):
                column[mine[first]] = new
        self._count(sim, node, "asked", rows)
        return Answer(verdict, reason, at, delivered, clicked, read)

    def _decide(self, sim: Simulation, node: str, rows: Ints, due_ms: int, until_ms: int) -> tuple[Column, ...]:
        known, person = self.grounds[node], self.person[rows]
        place = np.searchsorted(known.ids, sim.known.ids[sim.runs.place[rows]])
        more = [table.filter(pc.is_in(table["customer_id"], pa.array(person))) for table in self._said]
        table = supposing.decide(known, supposing.Case(person, place, pa.concat_tables([HISTORY.empty_table(), *more])), due_ms=due_ms, until_ms=until_ms)
        verdict, reason = np.array(table["verdict"].to_pylist(), object), np.array(table["reason"].to_pylist(), object)
        carrier = np.array(table["carrier"].to_pylist(), object)
        at = table["at_ms"].to_numpy()
        lost = (self.left_ms[person] <= at) & np.isin(carrier, RELATED)
        for code, which in (("lost", lost), ("no_consent", self.closed_ms[person] <= at)):
            which &= verdict != "refuse"
            verdict[which], reason[which] = "refuse", code
        told = verdict != "refuse"
        self._said.append(supposing.messages(known, table.filter(pa.array(told))))
        if len(self._said) > MOST_PARTS:
            self._said = [pa.concat_tables(self._said).combine_chunks()]
        for code in {str(one) for one in reason[~told]}:
            self._count(sim, node, f"refused {code}", rows[~told][reason[~told] == code])
        self._count(sim, node, "told", rows[told])
        self._count(sim, node, "later", rows[verdict == "wait"])
        delivered, clicked, read = np.zeros(len(rows), np.bool_), np.full(len(rows), NEVER), np.full(len(rows), NEVER)
        for name in sorted({str(one) for one in carrier[told]}):
            mine = np.flatnonzero(told & (carrier == name))
            delivered[mine], clicked[mine], read[mine] = self._answer(sim, node, rows[mine], at[mine], name)
        self._cost(sim, node, rows[told], table.filter(pa.array(told)), delivered[told])
        return verdict, reason, np.where(told, at, NEVER), delivered, clicked, read

    def _cost(self, sim: Simulation, node: str, rows: Ints, table: pa.Table, delivered: Column) -> None:
        accounts, staff, at = table["account_id"].to_numpy(), np.array(table["staff"].to_pylist(), object), table["at_ms"].to_numpy()
        prices = np.array([self.grounds[node].costs.get(one, 0) for one in accounts.tolist()], float)
        self._add(sim, node, "cost_fen", rows, np.where(delivered, prices, 0.0))
        by_hand = np.flatnonzero(staff != "")
        day = self.brand.take(np.zeros(len(by_hand), np.int64)).local(at[by_hand]) // DAY_MS
        work = pa.table({"day": day, "account": accounts[by_hand], "staff": pa.array(staff[by_hand].tolist(), pa.string())})
        for row in work.group_by(["day", "account", "staff"]).aggregate([([], "count_all")]).to_pylist():
            key = (row["day"], row["account"], row["staff"])
            self.load[key] = self.load.get(key, 0.0) + row["count_all"]

    def _answer(self, sim: Simulation, node: str, rows: Ints, at_ms: Ints, carrier: str) -> tuple[Column, Ints, Ints]:
        """What these rows do with the message; returns who got it, when they click and when they read."""
        purpose, replicate, luck = self.grounds[node].kind.purpose, sim.runs.replicate[rows], self.random
        rates = {outcome: self._share(outcome, purpose, carrier)[replicate] for outcome in ANSWERED}
        got = luck.random(len(rows)) < rates["delivered"]
        reads = got & (luck.random(len(rows)) < np.maximum(rates["read"], rates["clicked"]))
        clicks = reads & (luck.random(len(rows)) * np.maximum(rates["read"], rates["clicked"]) < rates["clicked"])
        self._count(sim, node, "delivered", rows[got])
        times = []
        for outcome, did in (("read", reads), ("clicked", clicks)):
            self._count(sim, node, outcome, rows[did])
            delay = luck.exponential(max(self.learned.share(outcome, purpose, carrier).delay_ms, 1.0), len(rows)).astype(np.int64)
            when = np.where(did, at_ms + delay, NEVER)
            times.append(when)
            for stream in getattr(self.heard.get(node, Heard()), outcome):
                sim.later(rows[did], when[did], stream)
        self._sour(sim, node, rows[got], at_ms[got], {name: rates[name][got] for name in ("opted_out", "blocked", "complained")})
        self._bring(sim, rows[got], at_ms[got], purpose)
        return got, times[1], times[0]

    def _sour(self, sim: Simulation, node: str, rows: Ints, at_ms: Ints, rates: dict[str, Column]) -> None:
        for name, rate in rates.items():
            does = self.random.random(len(rows)) < rate
            self._count(sim, node, name, rows[does])
            person, when = self.person[rows[does]], at_ms[does] + self.random.exponential(DAY_MS / 2, int(does.sum())).astype(np.int64)
            if name == "opted_out":
                np.minimum.at(self.closed_ms, person, when)
                sim.later(rows[does], when, self.opt_out)
            elif name == "blocked":
                np.minimum.at(self.left_ms, person, when)

    def _bring(self, sim: Simulation, rows: Ints, at_ms: Ints, purpose: str) -> None:
        amount, half = (column[sim.runs.replicate[rows]] for column in self._effect(purpose))
        which, days = extra(self.random, self.rate[rows], amount, half)
        when = at_ms[which] + (days * DAY_MS).astype(np.int64)
        soon = when < self.until_ms
        stream = self.random.choice(self.paid, int(soon.sum()), p=self.paid_share) if len(self.paid) else np.zeros(0, np.int64)
        for one in np.unique(stream).tolist():
            mine = stream == one
            sim.later(rows[which][soon][mine], when[soon][mine], int(one))
        self._keep_from(sim, rows[amount < 0], at_ms[amount < 0], -amount[amount < 0], half[amount < 0])

    def _keep_from(self, sim: Simulation, rows: Ints, at_ms: Ints, amount: Column, half: Column) -> None:
        """A message that does harm keeps some from what they would have bought."""
        if not len(rows):
            return
        low, high = sim.first_of[rows], sim.first_of[rows + 1]
        count = high - low
        place = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count - low, count)
        of = np.repeat(np.arange(len(rows)), count)
        days = (sim.own.at_ms[place] - at_ms[of]) / DAY_MS
        lost = np.isin(sim.own.stream[place], self.paid) & (days > 0) & (self.random.random(len(place)) < amount[of] * np.exp2(-np.maximum(days, 0) / half[of]))
        sim.own.stream[place[lost]] = len(sim.streams)

    def _share(self, outcome: str, purpose: str, carrier: str) -> Column:
        key = (outcome, purpose, carrier)
        if key not in self._drawn:
            self._drawn[key] = self.learned.share(outcome, purpose, carrier).drawn(self.random, self.replicates)
        return self._drawn[key]  # type: ignore[no-any-return]

    def _effect(self, purpose: str) -> tuple[Column, Column]:
        if purpose not in self._drawn:
            self._drawn[purpose] = self.learned.effect(purpose).drawn(self.random, self.replicates)
        return self._drawn[purpose]  # type: ignore[no-any-return]

    def _count(self, sim: Simulation, node: str, what: str, rows: Ints) -> None:
        self._add(sim, node, what, rows, np.ones(len(rows)))

    def _add(self, sim: Simulation, node: str, what: str, rows: Ints, amount: Column) -> None:
        if len(rows):
            self.counts.setdefault((node, what), np.zeros(self.replicates))
            self.counts[(node, what)] += np.bincount(sim.runs.replicate[rows], amount, self.replicates)
