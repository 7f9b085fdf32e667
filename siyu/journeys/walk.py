"""Walk 试走: one real customer goes through a draft with time travel. Nothing is sent and nothing is written.

Each step decides as the runner would have it, at the simulated moment; the gate says what it would say to the message then, and the words are
those that the person would get. At a wait whoever walks decides what happens: the awaited thing, or the time-out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select

from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.errors import InvalidError, NotFoundError
from siyu.foundation.ids import draw_rows
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.current import known
from siyu.journeys import _tables, checks
from siyu.journeys.books import Book
from siyu.journeys.definition import Definition
from siyu.journeys.people import NEVER, NOTHING_HEARD, STAY, Moves, People
from siyu.journeys.saying import Said, say
from siyu.journeys.standing_in import OTHERS
from siyu.journeys.steps.registry import Placed
from siyu.journeys.steps.step import Context
from siyu.journeys.why import Why, why_here, why_in
from siyu.messaging import holdouts
from siyu.messaging.restraint import HISTORY

MOST_STEPS, MOST_LOOKS = 200, 60
RUN = 1
"""Number of the run that a walk stands for."""


@dataclass(frozen=True)
class Choice:
    """What happens where the walk waits at `node`, when it comes there for the `visit`-th time (from 1).

    `edge`: the way out to take (of steps whose outcome others decide); or `event` with its properties happens; or the time is over
    (neither). `after_minutes`: how long after coming there; null: at once, or when the time is over.
    """

    node: str
    visit: int = 1
    edge: str | None = None
    event: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    after_minutes: float | None = None


@dataclass(frozen=True)
class Walked:
    """One step: when the person came and left, by which way out, why, and what would have been said. `choices`: what else may happen here."""

    node: str
    kind: str
    sentence: Text
    arrived_at: datetime
    left_at: datetime | None
    edge: str | None
    after: str | None
    code: str | None
    why: list[Why]
    choices: list[str]
    events: list[str]
    until: datetime | None
    said: Said | None


@dataclass(frozen=True)
class Walk:
    """`entry`: whether they would come in at all, and why. `ended`: completed, failed, waiting (for something that only an event brings)
    or endless."""

    customer_id: int
    started_at: datetime
    entry: list[Why]
    steps: list[Walked]
    ended: str


@dataclass
class _Walker:
    stores: Stores
    tx: Connection
    book: Book
    salt: str
    customer_id: int
    choices: Sequence[Choice]
    now_ms: int
    heard: pa.Table = field(default_factory=lambda: NOTHING_HEARD)
    told: pa.Table = field(default_factory=HISTORY.empty_table)
    visits: dict[str, int] = field(default_factory=dict)


def walk(stores: Stores, definition: Definition, customer_id: int, *, journey_id: int, salt: str, at: datetime | None = None, choices: Sequence[Choice] = (), data: dict[str, Any] | None = None) -> Walk:
    """Let one customer walk through a definition.

    Parameters
    ----------
    at
        When they come in; now by default.
    data
        Properties of the event by which they come in.

    Raises
    ------
    InvalidError
        With everything that holds the draft back.
    NotFoundError
        No such customer.
    """
    began = at or stores.now()
    book = Book(journey_id, 0, definition, {node: -1 - place for place, node in enumerate(definition.nodes)})
    with stores.ledger.read() as tx:
        if faults := checks.check(tx, definition).faults:
            raise InvalidError(Text("旅程还不能试走", "the journey cannot be walked yet"), faults=faults, way_out=Text("改好所列各项", "mend what is listed"))
        customer = known(tx, [customer_id]).get(customer_id)
        if customer is None:
            raise NotFoundError(Text(f"没有客户 {customer_id}", f"there is no customer {customer_id}"))
        walker = _Walker(stores, tx, book, salt, customer, choices, to_ms(began))
        name = getattr(definition.entry, "name", None) or ("enrolled" if data is not None else "")
        if name:
            walker.heard = _with(NOTHING_HEARD, name, walker.now_ms, data or {}, is_entry=True)
        steps, ended = _steps(walker, to_ms(began))
        return Walk(customer, began, _entry(walker), steps, ended)


def _steps(walker: _Walker, entered_ms: int) -> tuple[list[Walked], str]:
    node: str | None = walker.book.definition.start
    walked: list[Walked] = []
    while node is not None:
        if len(walked) >= MOST_STEPS:
            return walked, "endless"
        one = walker.book.steps[node]
        step = _one(walker, node, one, entered_ms)
        walked.append(step)
        if step.edge is None:
            return walked, "failed" if step.code else "waiting" if one.edges else "completed"
        node = step.after
    return walked, "completed"


def _one(walker: _Walker, node: str, one: Placed, entered_ms: int) -> Walked:
    walker.visits[node] = walker.visits.get(node, 0) + 1
    arrived_ms, visit = walker.now_ms, walker.visits[node]
    choice = next((each for each in walker.choices if each.node == node and each.visit == visit), None)
    ctx = Context(walker.stores, walker.tx, walker.now_ms, walker.book.journey_id, 0, node, walker.book.places[node], "walk", walker.salt, walker.book.definition, dry=True)
    people = _person(walker, entered_ms, arrived_ms)
    before = why_here(walker.stores, walker.tx, one.settings, walker.customer_id, walker.heard)
    said, until = None, None
    if one.step.kind in OTHERS:
        said = say(ctx, one, people, walker.told)
        walker.told = pa.concat_tables([walker.told, said.messages]) if said is not None else walker.told
        moves, until = _outside(walker, one, said, choice), None
    else:
        moves, until = _decided(walker, one, ctx, people, choice)
    edge = int(moves.edge[0])
    named = one.edges[edge] if edge >= 0 and one.edges else None
    events = sorted({condition.event for condition in one.step.hears(one.settings) if condition.event})
    return Walked(
        node, one.step.kind, one.step.sentence(one.settings), from_ms(arrived_ms), None if edge == STAY else from_ms(walker.now_ms), named, one.node.to.get(named) if named else None,
        moves.code[0], before, list(one.edges) if one.step.kind in OTHERS else [], events, from_ms(until) if until is not None and until < NEVER else None, said,
    )  # fmt: skip


def _outside(walker: _Walker, one: Placed, said: Said | None, choice: Choice | None) -> Moves:
    """Steps whose outcome lies with others: the way that was chosen; else what the gate says; else the first."""
    edge, wait = 0, 0
    refused = said is not None and said.verdict == "refuse"
    if refused and one.edges[0] != "next":
        edge = one.edges.index("refused" if "refused" in one.edges else "timeout")
    elif choice is not None and choice.edge in one.edges:
        edge = one.edges.index(choice.edge)
    if choice is not None and choice.after_minutes is not None:
        wait = round(choice.after_minutes * 60_000)
    elif not refused and one.edges[edge] == "timeout" and getattr(one.settings, "timeout", None) is not None:
        wait = one.settings.timeout.ms
    elif said is not None and not refused and one.edges[edge] != "next":
        wait = max(0, said.at_ms - walker.now_ms)
    walker.now_ms += wait
    moves = Moves.along(1, edge)
    if refused and said is not None:
        moves.code[0] = said.reason if one.edges[edge] != "next" else None
    return moves


def _decided(walker: _Walker, one: Placed, ctx: Context, people: People, choice: Choice | None) -> tuple[Moves, int | None]:
    """What the step itself says, as time passes; and until when it would wait at most."""
    until: int | None = None
    for _ in range(MOST_LOOKS):
        moves = one.step.advance(replace(ctx, now_ms=walker.now_ms, remembered={}), one.settings, people)
        if moves.edge[0] != STAY:
            return moves, until
        due = int(moves.due_ms[0])
        until = due if until is None else until
        if choice is not None and choice.event is not None:
            walker.now_ms += round((choice.after_minutes or 1) * 60_000)
            walker.heard = _with(walker.heard, choice.event, walker.now_ms, choice.properties)
            people, choice = replace(_again(people), woken=np.ones(1, np.bool_), heard=lambda ids: walker.heard), None
            continue
        if due >= NEVER:
            return moves, until
        walker.now_ms, people = max(due, walker.now_ms + 1), replace(_again(people), due_ms=np.array([due]))
    return moves, until


def _again(people: People) -> People:
    return replace(people, arrived=np.zeros(1, np.bool_), woken=np.zeros(1, np.bool_))


def _person(walker: _Walker, entered_ms: int, arrived_ms: int) -> People:
    def one(value: int) -> Any:
        return np.array([value], np.int64)

    no = np.zeros(1, np.bool_)
    return People(one(RUN), one(walker.customer_id), one(walker.customer_id), one(entered_ms), one(arrived_ms), one(arrived_ms), np.ones(1, np.bool_), no, no, lambda ids: walker.heard)


def _with(heard: pa.Table, name: str, at_ms: int, properties: dict[str, Any], *, is_entry: bool = False) -> pa.Table:
    row = {"enrolment_id": [RUN], "event_key": [heard.num_rows + 1], "name": [name], "at_ms": [at_ms], "properties": [msgspec.json.encode(properties).decode()], "is_entry": [is_entry]}
    return pa.concat_tables([heard, pa.table(row, heard.schema)])


def _entry(walker: _Walker) -> list[Why]:
    """Whether they would come in: the entry's segment, earlier runs, and chance."""
    definition, one = walker.book.definition, np.array([walker.customer_id], np.int64)
    found = why_in(walker.stores, walker.tx, getattr(definition.entry, "segment", None), walker.customer_id)
    table = _tables.enrolment
    runs = len(walker.tx.scalars(select(table.c.id).where(table.c.journey_id == walker.book.journey_id, table.c.customer_id == walker.customer_id)).all())
    allowed = not runs or definition.reentry.rule != "once"
    found.append(Why(Text("按再次进入规则可以进入", "the rule of re-entry lets them in"), Text(f"进入过 {runs} 次", f"has been in {runs} times"), allowed))
    lot = float(draw_rows(f"{walker.salt} holdout", one)[0])
    held = lot < definition.holdout_rate
    found.append(Why(Text("不在这条旅程的对照组", "is not held out by this journey"), Text(f"抽签 {lot:.3f}，低于 {definition.holdout_rate:.3f} 则留作对照", f"lot {lot:.3f}; below {definition.holdout_rate:.3f} is held out"), not held))
    if definition.use_global_holdout:
        out = bool(holdouts.held_out(walker.stores, walker.tx, one)[0])
        found.append(Why(Text("不在全局对照组", "is not in the global hold-out"), Text("在" if out else "不在", "is in it" if out else "is not"), not out))
    return found
