"""Standing in 替身: steps whose effects leave the journey, as a rehearsal takes them: messages through the gate, work of others by a stated share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from siyu.foundation.ids import Ints
from siyu.journeys import local
from siyu.journeys.people import NEVER, STAY, Moves, People
from siyu.journeys.reaching import Answer, World
from siyu.journeys.response import Column
from siyu.journeys.simulating import Outside, Simulation
from siyu.journeys.steps.registry import Placed
from siyu.journeys.steps.step import Context
from siyu.loyalty import coupons
from siyu.messaging.quiet import MINUTE_MS

DONE, REFUSED, TIMEOUT = 0, 1, 2
"""Edges of steps that wait for what becomes of a message."""
WORK_SHARES = {"staff_task": 0.7, "handover": 0.7, "webhook": 0.95}
"""Work of others that is done in time: nothing is known of it."""
SURVEY_SHARE = 0.15
"""Of those who get a survey so many answer it: nothing is known of it."""
OTHERS = frozenset({"send", "group", "survey", *WORK_SHARES})
"""Steps whose outcome lies with others: they are stood in for."""
ANSWER_MS = 8 * 3_600_000
"""So long, on average, others take to do something."""


@dataclass
class StandIns:
    """`world` answers messages. `edge`, `when`, `why`: by row, which way out is taken of the step where it waits, when, and a remark."""

    world: World
    shares: Mapping[str, float]
    edge: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    when: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    why: Any = None
    stock: dict[int, Column] = field(default_factory=dict)

    def begin(self, rows: int) -> None:
        self.edge, self.when, self.why = np.zeros(rows, np.int64), np.full(rows, NEVER), np.full(rows, None, object)

    def outside(self) -> dict[str, Outside]:
        return {"send": self.send, "group": self.send, "survey": self.survey, "coupon": self.coupon, **dict.fromkeys(self.shares, self.work)}

    def send(self, sim: Simulation, node: str, placed: Placed, rows: Ints, people: People, ctx: Context) -> Moves:
        settings = placed.settings
        new = np.flatnonzero(people.arrived)
        if len(new):
            self._sent(sim, node, settings, rows[new], people.take(new), ctx)
        if settings.then == "go_on":
            return Moves.along(len(rows))
        return self._on(sim, rows)

    def survey(self, sim: Simulation, node: str, placed: Placed, rows: Ints, people: People, ctx: Context) -> Moves:
        """A survey is a message whose answer is a share that is assumed; whoever is not told leaves by the time-out at once."""
        settings, new = placed.settings, np.flatnonzero(people.arrived)
        if len(new):
            mine, now = rows[new], np.full(len(new), ctx.now_ms)
            answer = self._asked(sim, node, settings, mine, people.take(new), ctx)
            random = self.world.random
            after = np.where(answer.delivered, answer.at_ms, 0) + random.exponential(ANSWER_MS, len(new)).astype(np.int64)
            end = now + settings.timeout.ms
            done = answer.delivered & (random.random(len(new)) < SURVEY_SHARE) & (after < end)
            refused = answer.verdict == "refuse"
            self.edge[mine] = np.where(done, 0, 1)
            self.when[mine] = np.where(refused, now, np.where(done, after, end))
            self.why[mine] = answer.reason
            self.why[mine[~refused]] = None
        return self._on(sim, rows)

    def coupon(self, sim: Simulation, node: str, placed: Placed, rows: Ints, people: People, ctx: Context) -> Moves:
        """Coupons go out as long as there are any, in each future by itself; a limit per person is not looked at."""
        number = placed.settings.coupon
        if number not in self.stock:
            left = coupons.find(ctx.tx, number).left
            self.stock[number] = np.full(sim.replicates, np.inf if left is None else float(left))
        future = sim.runs.replicate[rows]
        order = np.argsort(future, kind="stable")
        first = np.searchsorted(future[order], future[order])
        turn = np.empty(len(rows), np.int64)
        turn[order] = np.arange(len(rows)) - first
        given = turn < self.stock[number][future]
        self.stock[number] -= np.bincount(future[given], minlength=sim.replicates)
        moves = Moves.along(len(rows), np.where(given, 0, 1).astype(np.int64))
        moves.code[~given] = "sold_out"
        return moves

    def _sent(self, sim: Simulation, node: str, settings: Any, rows: Ints, people: People, ctx: Context) -> None:
        answer = self._asked(sim, node, settings, rows, people, ctx)
        refused = answer.verdict == "refuse"
        if settings.then == "go_on":
            return
        end = people.all(ctx.now_ms) + (NEVER // 4 if settings.then == "sent" else settings.timeout.ms)
        happens = {"sent": answer.at_ms, "received": np.where(answer.delivered, answer.at_ms, NEVER), "clicked": answer.clicked_ms}[settings.then]
        in_time = happens <= end
        self.edge[rows] = np.where(refused, REFUSED, np.where(in_time, DONE, TIMEOUT))
        self.when[rows] = np.where(refused, ctx.now_ms, np.where(in_time, happens, end))
        self.why[rows] = answer.reason
        self.why[rows[~refused]] = None

    def _asked(self, sim: Simulation, node: str, settings: Any, rows: Ints, people: People, ctx: Context) -> Answer:
        """Let these rows be told what the settings want told, at the hours they allow."""
        wanted = settings.wanted(ctx.definition.priority_fen)
        now = people.all(ctx.now_ms)
        due, until = now, now + wanted.valid_ms
        if wanted.window is not None:
            zones = ctx.zones(people.customer_id)
            due = local.within(zones, now, wanted.window)
            until = np.minimum(due + wanted.valid_ms, local.ends(zones, due, wanted.window))
        return self.world.ask(sim, node, rows, due, np.maximum(until, due + MINUTE_MS))

    def work(self, sim: Simulation, node: str, placed: Placed, rows: Ints, people: People, ctx: Context) -> Moves | None:
        """Work of others: a share that is assumed does it, each after a while; of the others the time runs out."""
        if len(placed.edges) < 2 or placed.edges[0] == "next":
            return Moves.along(len(rows))
        new, random = rows[people.arrived], self.world.random
        late = placed.edges.index("timeout") if "timeout" in placed.edges else len(placed.edges) - 1
        limit = getattr(placed.settings, "timeout", None) or getattr(placed.settings, "within", None)
        most = limit.ms if limit is not None else ANSWER_MS * 3
        after = random.exponential(ANSWER_MS, len(new)).astype(np.int64)
        done = (random.random(len(new)) < self.shares[placed.step.kind]) & (after < most)
        self.edge[new], self.when[new], self.why[new] = np.where(done, 0, late), ctx.now_ms + np.where(done, after, most), None
        return self._on(sim, rows)

    def _on(self, sim: Simulation, rows: Ints) -> Moves:
        ready = self.when[rows] <= sim.now_ms
        why = self.why[rows]
        why[~ready] = None
        return Moves(np.where(ready, self.edge[rows], STAY), np.where(ready, NEVER, self.when[rows]), why)
