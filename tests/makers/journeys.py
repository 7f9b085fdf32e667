"""Journeys for tests: published through the public doors, and time that passes with everything that happens in it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from siyu.events import log
from siyu.events.catalogue.journeys import JOURNEY_STEPS_LEFT
from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores
from siyu.journeys import _tables, journeys, looking, runner, versions
from siyu.journeys.definition import read
from siyu.journeys.journeys import Journey
from siyu.journeys.versions import InFlight
from siyu.river import flow
from siyu.segments.recompute import recompute
from siyu.segments.refresh import refresh
from siyu.segments.segments import list_segments
from tests.conftest import SetClock


def drawn(entry: dict[str, Any], nodes: dict[str, tuple[str, dict[str, Any], dict[str, str | None]]], start: str, **more: Any) -> dict[str, Any]:
    """A definition from node → (step, settings, edges); without a hold-out unless one is asked for."""
    made = {node: {"step": step, "with": settings, "to": to} for node, (step, settings, to) in nodes.items()}
    return {"entry": entry, "nodes": made, "start": start, "holdout_rate": 0, **more}


def create(stores: Stores, definition: dict[str, Any], name: str = "测试旅程") -> Journey:
    with stores.ledger.begin() as tx:
        return journeys.create(tx, name, draft=read(definition), by="test", now=stores.now())


def publish(stores: Stores, journey_id: int, in_flight: InFlight = versions.FINISH) -> None:
    with stores.ledger.begin() as tx:
        found = journeys.find(tx, journey_id)
        versions.publish(tx, journey_id, over=found.draft_version, in_flight=in_flight, by="test", now=stores.now())


def live(stores: Stores, definition: dict[str, Any]) -> int:
    """A published journey; its existing members come in with the next step of time."""
    made = create(stores, definition)
    publish(stores, made.id)
    return made.id


def settle(stores: Stores, clock: SetClock) -> None:
    """Everything that is due at this instant happens: facts, segments, entries by time, steps; until nothing is left. Each look takes a millisecond."""
    told = -1
    for _ in range(20):
        clock.at += timedelta(milliseconds=1)
        with stores.ledger.read() as tx:
            head = log.head(tx)
        if head != told:
            flow(stores)
            _segments(stores)
            flow(stores)
            with stores.ledger.read() as tx:
                told = log.head(tx)
        if not looking.look(stores) + runner.tick(stores):
            return


def _segments(stores: Stores) -> None:
    with stores.ledger.read() as tx:
        segments = list_segments(tx)
    if any(segment.computed_version != segment.rule_version for segment in segments):
        recompute(stores, flow)
    elif segments:
        refresh(stores, flow)


def pass_until(stores: Stores, clock: SetClock, at: datetime) -> None:
    """Time passes: at each instant at which somebody is due, what is due happens."""
    settle(stores, clock)
    while True:
        due = runner.waiting(stores)
        if due is None or from_ms(due) > at:
            break
        clock.at = max(clock.at + timedelta(milliseconds=1), from_ms(due))
        settle(stores, clock)
    clock.at = max(at, clock.at)
    settle(stores, clock)


def left(stores: Stores, journey_id: int) -> Counter[tuple[int, str, str]]:
    """How often each person left each step by each way: (customer, node, edge), by the log."""
    found: Counter[tuple[int, str, str]] = Counter()
    with stores.ledger.read() as tx:
        head = log.head(tx)
    for batch in log.read(stores.ledger, 0, head, [JOURNEY_STEPS_LEFT.name]):
        for row in batch.rows.to_pylist():
            if row["journey_id"] == journey_id:
                found[(row["customer_id"], row["node"], row["edge"])] += 1
    return found


def states_of(stores: Stores, journey_id: int) -> dict[tuple[int, str, int], int]:
    """(customer, key, number of the entry) → state."""
    c, s = _tables.enrolment.c, _tables.standing.c
    with stores.ledger.read() as tx:
        rows = tx.execute(select(c.customer_id, c.key, c.number, s.state).select_from(_tables.run).where(c.journey_id == journey_id))
        return {(row[0], row[1], row[2]): row[3] for row in rows}
