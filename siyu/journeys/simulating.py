"""Simulating 推演: many possible futures of people in a journey at once, by the very steps that the runner calls.

One row is one entry in one possible future (`replicate`). Time goes on in ticks of an hour; at each, whoever is due at a node is decided about
by the step's own `advance`, with the simulated moment as now. What people do of themselves was drawn before; what they do after a
message is drawn when it is told. Steps that touch the world outside (messages, tasks) are stood in for by `reaching`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.journeys.books import Book
from siyu.journeys.learning import key_of
from siyu.journeys.people import NEVER, NOTHING_HEARD, STAY, Flags, Moves, People
from siyu.journeys.states import COMPLETED, EXITED, FAILED, GOAL, ON_THE_WAY
from siyu.journeys.steps.registry import Placed
from siyu.journeys.steps.step import Context
from siyu.messaging.quiet import Zones

TICK_MS = 3_600_000
DRY_SEND = -1_000
"""Numbers of sends that are only supposed, downwards: one a node."""
REFUSED = -2
"""State of an entry that the rule of re-entry does not let in."""
MOST_ROUNDS = 400
Column = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Stream:
    """One kind of happening. `conditions` that it meets, by `learning.key_of`; `name` and `texts` (JSON) of its events, as steps read them."""

    name: str
    conditions: frozenset[str]
    texts: Sequence[str]


@dataclass(frozen=True)
class Happenings:
    """Events of rows, sorted by (row, at_ms). `stream`: place in the streams; one past the last: it does not happen after all."""

    row: Ints
    at_ms: Ints
    stream: Ints


@dataclass(frozen=True)
class Known:
    """What steps may ask of the people (places in `ids`, ascending), found once and kept."""

    stores: Stores
    ids: Ints
    kept: dict[Any, Any] = field(default_factory=dict)

    def of(self, key: Any, find: Callable[[Ints], Any]) -> Any:
        if key not in self.kept:
            self.kept[key] = find(self.ids)
        return self.kept[key]


@dataclass(frozen=True)
class DryContext(Context):
    """A context in which facts are asked once for everybody."""

    known: Known | None = None

    def zones(self, customer_ids: Ints) -> Zones:
        return self._kept("zones", super().zones).take(self._places(customer_ids))  # type: ignore[no-any-return]

    def holds(self, rule: dict[str, Any], customer_ids: Ints) -> Flags:
        return self._kept(("holds", repr(rule)), lambda ids: super(DryContext, self).holds(rule, ids))[self._places(customer_ids)]  # type: ignore[no-any-return]

    def members(self, segment_id: int, customer_ids: Ints) -> Flags:
        return self._kept(("members", segment_id), lambda ids: super(DryContext, self).members(segment_id, ids))[self._places(customer_ids)]  # type: ignore[no-any-return]

    def refs_of(self, send_ids: Sequence[int]) -> dict[int, str]:
        nodes = self.definition.ids
        return {one: f"journey:{self.journey_id}:{self.version}:{nodes[DRY_SEND - one]}:dry" for one in send_ids if 0 <= DRY_SEND - one < len(nodes)}

    def _kept(self, key: Any, find: Callable[[Ints], Any]) -> Any:
        assert self.known is not None
        return self.known.of(key, find)

    def _places(self, customer_ids: Ints) -> Ints:
        assert self.known is not None
        return np.searchsorted(self.known.ids, customer_ids)


@dataclass
class Runs:
    """The rows. `place`: the customer, as a place in `Known.ids`; `turn`: rows with the same one are runs of one person (and key);
    `node`: place in `Simulation.nodes`, -1 before they come in."""

    place: Ints
    turn: Ints
    replicate: Ints
    entered_ms: Ints
    held: Flags
    state: Ints
    node: Ints
    arrived_ms: Ints
    due_ms: Ints
    arrived: Flags
    woken: Flags
    goal_ms: Ints

    @classmethod
    def of(cls, place: Ints, turn: Ints, replicate: Ints, entered_ms: Ints, held: Flags) -> Runs:
        size = len(place)

        def all_(value: int) -> Ints:
            return np.full(size, value, np.int64)

        return cls(
            place, turn, replicate, entered_ms, held, all_(-1), all_(-1), entered_ms.copy(), all_(NEVER), np.zeros(size, np.bool_), np.zeros(size, np.bool_), all_(NEVER),
        )  # fmt: skip


Outside = Callable[["Simulation", str, Placed, Ints, People, Context], Moves | None]
"""What stands in for the effects of a step: (simulation, node, placed, rows, people, context) → moves that replace the step's own."""


@dataclass
class Simulation:
    """Futures under way.

    Attributes
    ----------
    passed : (node, edge) → rows that took it, by replicate. `remarks`: (node, code) likewise.
    came : node → rows that came to it, by replicate.
    """

    book: Book
    known: Known
    tx: Connection
    salt: str
    runs: Runs
    streams: Sequence[Stream]
    own: Happenings
    replicates: int
    outside: Mapping[str, Outside]
    goal_streams: Flags
    exit_streams: Flags
    entry_text: Sequence[str] = ()
    entry_name: str = ""
    passed: dict[tuple[str, str], Column] = field(default_factory=dict)
    came: dict[str, Column] = field(default_factory=dict)
    remarks: dict[tuple[str, str], Column] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    now_ms: int = 0

    def __post_init__(self) -> None:
        self.nodes = list(self.book.definition.nodes)
        self.number = {node: place for place, node in enumerate(self.nodes)}
        self.wakes = self._wakes()
        self._dues: dict[int, list[Ints]] = defaultdict(list)
        self._later: dict[int, list[tuple[Ints, Ints, Ints]]] = defaultdict(list)
        self.extra: list[tuple[Ints, Ints, Ints]] = []
        self._active = np.zeros(int(self.runs.turn.max(initial=-1)) + 1, np.int64)
        self.start_ms = int(self.runs.entered_ms.min(initial=NEVER)) // TICK_MS * TICK_MS
        self.first_of = np.searchsorted(self.own.row, np.arange(len(self.runs.place) + 1))
        self._by_tick = np.argsort(self.own.at_ms, kind="stable")
        self._sorted_at = self.own.at_ms[self._by_tick]
        goal = self.book.goal
        self._goal_ms = round(goal.days * 86_400_000) if goal else 0

    def _wakes(self) -> Column:
        """(node, stream): whether an event of the stream wakes those who wait at the node."""
        found = np.zeros((len(self.nodes), len(self.streams) + 1), np.bool_)
        for node, one in self.book.steps.items():
            keys = {key_of(condition) for condition in one.step.hears(one.settings)}
            found[self.number[node], :-1] = [bool(keys & stream.conditions) for stream in self.streams]
        return found

    def go(self, until_ms: int, *, told: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Let time pass to `until_ms`. `told`: (hours passed, hours in all), after each in which something happened."""
        runs = self.runs
        runs.due_ms[:] = np.where(runs.held, NEVER, runs.entered_ms)
        self._due(np.arange(len(runs.place)), runs.entered_ms)
        total = max(0, (until_ms - self.start_ms) // TICK_MS + 1)
        seen = self.start_ms
        for tick in range(int(total)):
            self.now_ms = min(self.start_ms + tick * TICK_MS, until_ms)
            some = self._happen(seen, self.now_ms)
            seen = self.now_ms
            due = self._dues.pop(tick, [])
            rows = np.unique(np.concatenate([*due, some])) if due or len(some) else some
            rows = rows[(runs.due_ms[rows] <= self.now_ms) | runs.woken[rows]]
            if len(rows):
                self._move(rows)
                told(tick, int(total))

    def later(self, row: Ints, at_ms: Ints, stream: int) -> None:
        """Events that follow from a message."""
        ticks = (at_ms - self.start_ms) // TICK_MS + 1
        order = np.argsort(ticks, kind="stable")
        row, at_ms, ticks = row[order], at_ms[order], ticks[order]
        which = np.full(len(row), stream)
        self.extra.append((row, at_ms, which))
        for tick, first, last in zip(*_groups(ticks), strict=True):
            self._later[tick].append((row[first:last], at_ms[first:last], which[first:last]))

    def leave(self, rows: Ints, state: int, edge: str) -> None:
        """Runs that end where they stand."""
        rows = rows[self.runs.state[rows] == ON_THE_WAY]
        for node in np.unique(self.runs.node[rows]).tolist():
            if node >= 0:
                self._count(self.passed, (self.nodes[node], edge), rows[self.runs.node[rows] == node])
        self._over(rows, state)

    def _due(self, rows: Ints, at_ms: Ints) -> None:
        rows, at_ms = rows[at_ms < NEVER], at_ms[at_ms < NEVER]
        ticks = np.maximum(-(-(at_ms - self.start_ms) // TICK_MS), 0)
        order = np.argsort(ticks, kind="stable")
        for tick, first, last in zip(*_groups(ticks[order]), strict=True):
            self._dues[tick].append(rows[order[first:last]])

    def _happen(self, since_ms: int, until_ms: int) -> Ints:
        """What people did in (since, until]: goals, exits, and who is woken; returns their rows."""
        low, high = np.searchsorted(self._sorted_at, [since_ms, until_ms], side="right")
        mine = self._by_tick[low:high]
        tick = (until_ms - self.start_ms) // TICK_MS
        parts = [(self.own.row[mine], self.own.at_ms[mine], self.own.stream[mine]), *self._later.pop(int(tick), [])]
        row, at, stream = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        runs = self.runs
        begun = at >= runs.entered_ms[row]
        row, at, stream = row[begun], at[begun], stream[begun]
        if not len(row):
            return np.zeros(0, np.int64)
        reached = self.goal_streams[stream] & (at < runs.entered_ms[row] + self._goal_ms)
        np.minimum.at(runs.goal_ms, row[reached], at[reached])
        if self.book.goal and self.book.goal.ends:
            self.leave(np.unique(row[reached]), GOAL, "goal")
        self.leave(np.unique(row[self.exit_streams[stream]]), EXITED, "exited")
        waits = (runs.state[row] == ON_THE_WAY) & (runs.node[row] >= 0)
        row, stream = row[waits], stream[waits]
        woken = np.unique(row[self.wakes[runs.node[row], stream]])
        runs.woken[woken] = True
        return woken.astype(np.int64)

    def _move(self, rows: Ints) -> None:
        """Take these rows through all steps that need no waiting."""
        runs = self.runs
        new = self._let_in(rows[runs.node[rows] < 0])
        rows = rows[runs.state[rows] == ON_THE_WAY]
        assert self.book.definition.start is not None
        self._arrive(new, self.book.definition.start)
        here: dict[str, list[Ints]] = defaultdict(list)
        for node in np.unique(runs.node[rows]).tolist():
            here[self.nodes[node]].append(rows[runs.node[rows] == node])
        for _ in range(MOST_ROUNDS):
            if not here:
                return
            node = min(here, key=lambda one: self.book.order.get(one, 0))
            some = np.sort(np.concatenate(here.pop(node)))
            for after, moved in self._at(node, some[runs.state[some] == ON_THE_WAY]):
                here[after].append(moved)
        for node, left in here.items():
            self._stay(np.concatenate(left), np.full(sum(map(len, left)), self.now_ms + TICK_MS))
            self.failures[node] += 1

    def _let_in(self, rows: Ints) -> Ints:
        """Those whom the rule of re-entry lets in now; without `always` nobody who is on the way."""
        runs = self.runs
        if self.book.definition.reentry.rule == "after_end":
            busy = self._active[runs.turn[rows]] > 0
            runs.state[rows[busy]] = REFUSED
            rows = rows[~busy]
        runs.state[rows] = ON_THE_WAY
        np.add.at(self._active, runs.turn[rows], 1)
        return rows

    def _over(self, rows: Ints, state: int) -> None:
        self.runs.state[rows], self.runs.due_ms[rows] = state, NEVER
        np.subtract.at(self._active, self.runs.turn[rows], 1)

    def _arrive(self, rows: Ints, node: str) -> None:
        runs = self.runs
        runs.node[rows], runs.arrived_ms[rows], runs.arrived[rows], runs.woken[rows] = self.number[node], self.now_ms, True, False
        self._count(self.came, node, rows)

    def _at(self, node: str, rows: Ints) -> list[tuple[str, Ints]]:
        if not len(rows):
            return []
        one, runs = self.book.steps[node], self.runs
        people = self._people(rows)
        ctx = DryContext(
            self.known.stores, self.tx, self.now_ms, self.book.journey_id, self.book.number, node, self.book.places[node], "dry", self.salt, self.book.definition, True, known=self.known
        )  # fmt: skip
        stand_in = self.outside.get(one.step.kind)
        moves = (stand_in(self, node, one, rows, people, ctx) if stand_in else None) or one.step.advance(ctx, one.settings, people)
        runs.arrived[rows], runs.woken[rows] = False, False
        stays = moves.edge == STAY
        self._stay(rows[stays], np.maximum(moves.due_ms[stays], self.now_ms + 1))
        self._count_remarks(node, rows, moves)
        failed = moves.edge < STAY
        self._count(self.passed, (node, "failed"), rows[failed])
        self._over(rows[failed], FAILED)
        on = moves.edge >= 0
        if not one.edges:
            self._end(node, "end", rows[on])
            return []
        found = []
        for number, edge in enumerate(one.edges):
            some = rows[moves.edge == number]
            if not len(some):
                continue
            after = one.node.to.get(edge)
            if after is None:
                self._end(node, edge, some)
                continue
            self._count(self.passed, (node, edge), some)
            self._arrive(some, after)
            found.append((after, some))
        return found

    def _end(self, node: str, edge: str, rows: Ints) -> None:
        self._count(self.passed, (node, edge), rows)
        self._over(rows, COMPLETED)

    def _stay(self, rows: Ints, due_ms: Ints) -> None:
        self.runs.due_ms[rows] = due_ms
        self._due(rows, due_ms)

    def _people(self, rows: Ints) -> People:
        runs = self.runs
        who = self.known.ids[runs.place[rows]]
        return People(
            rows, who, who, runs.entered_ms[rows], runs.arrived_ms[rows], runs.due_ms[rows], runs.arrived[rows], runs.woken[rows], np.zeros(len(rows), np.bool_), self._heard,
        )  # fmt: skip

    def _heard(self, rows: Ints) -> pa.Table:
        """What these rows have done since they came in, as `people.Heard` gives it."""
        low, high = self.first_of[rows], self.first_of[rows + 1]
        count = high - low
        at = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count - low, count)
        parts = [(self.own.row[at], self.own.at_ms[at], self.own.stream[at])]
        parts += [(row[mine], when[mine], which[mine]) for row, when, which in self.extra if (mine := np.isin(row, rows)).any()]
        row, when, stream = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        known = (when >= self.runs.entered_ms[row]) & (when <= self.now_ms) & (stream < len(self.streams))
        row, when, stream = row[known], when[known], stream[known]
        names, texts = self._words(row, stream)
        rows_of_entry = rows if self.entry_name else rows[:0]
        if not len(row) and not len(rows_of_entry):
            return NOTHING_HEARD
        table = pa.table(
            {
                "enrolment_id": pa.array(np.concatenate([row, rows_of_entry])), "event_key": pa.array(np.arange(1, len(row) + len(rows_of_entry) + 1)),
                "name": pa.array([*names, *[self.entry_name] * len(rows_of_entry)], pa.string()), "at_ms": pa.array(np.concatenate([when, self.runs.entered_ms[rows_of_entry]])),
                "properties": pa.array([*texts, *(self.entry_text[one] for one in rows_of_entry.tolist())], pa.string()),
                "is_entry": pa.array(np.repeat([False, True], [len(row), len(rows_of_entry)])),
            }
        )  # fmt: skip
        return table.sort_by([("at_ms", "ascending"), ("event_key", "ascending")])

    def _words(self, row: Ints, stream: Ints) -> tuple[list[str], list[str]]:
        names = [self.streams[one].name for one in stream.tolist()]
        texts = [self.streams[one].texts[place % len(self.streams[one].texts)] if self.streams[one].texts else "{}" for one, place in zip(stream.tolist(), row.tolist(), strict=True)]
        return names, texts

    def _count(self, where: dict[Any, Column], key: Any, rows: Ints) -> None:
        if len(rows):
            where.setdefault(key, np.zeros(self.replicates))
            where[key] += np.bincount(self.runs.replicate[rows], minlength=self.replicates)

    def _count_remarks(self, node: str, rows: Ints, moves: Moves) -> None:
        told = np.array([code is not None for code in moves.code], np.bool_)
        for code in {str(one) for one in moves.code[told]} if told.any() else ():
            self._count(self.remarks, (node, code), rows[moves.code == code])


def _groups(sorted_values: Ints) -> tuple[list[int], list[int], list[int]]:
    """(value, first, last) of each run of equal values."""
    if not len(sorted_values):
        return [], [], []
    first = np.flatnonzero(np.diff(sorted_values, prepend=sorted_values[0] - 1))
    return sorted_values[first].tolist(), first.tolist(), [*first[1:].tolist(), len(sorted_values)]

