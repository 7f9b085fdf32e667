"""Figures of A/B steps A/B 数据: who took which way, whose time for the goal is over, and who reached it; from facts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import ibis
import ibis.expr.types as ir
from sqlalchemy import Connection, select

from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.journeys import _tables, winners
from siyu.journeys.books import Book, book
from siyu.journeys.facts import JOURNEYS_RUN, JOURNEYS_STEP
from siyu.journeys.steps.ab import AbSettings
from siyu.journeys.winners import Seen
from siyu.segments.leaves import kept_activities
from siyu.segments.recompute import moment_of

_place = _tables.place
Begin = Callable[[], AbstractContextManager[Connection]]


def look(stores: Stores, *, begin: Begin | None = None) -> int:
    """Compare the ways of every test that goes on; returns how many have a winner now."""
    decided = 0
    with stores.ledger.read() as tx:
        waiting = winners.waiting(tx)
        places = {row.id: row for row in tx.execute(select(_place.c.id, _place.c.journey_id, _place.c.version, _place.c.node).where(_place.c.id.in_(waiting)))}
        books = {(row.journey_id, row.version): book(stores, tx, row.journey_id, row.version) for row in places.values()}
    for place_id, row in places.items():
        one = books[row.journey_id, row.version]
        settings = one.steps[row.node].settings
        if not isinstance(settings, AbSettings):
            continue
        with stores.warehouse.read() as session:
            seen = figures(stores, session, one, row.node, settings)
        verdict = winners.decide(seen, least_people=settings.least_people, level=settings.level)
        with (begin or stores.ledger.begin)() as tx:
            winners.note(tx, place_id, seen, verdict, stores.now())
        decided += verdict.edge is not None
    return decided


def figures(stores: Stores, session: Session, one: Book, node: str, settings: AbSettings) -> dict[str, Seen]:
    """By way the people who took it at least `window` ago, and how many of them reached the goal within it. One row of `journeys_step` is one
    person who took a way; a run that came round again counts its first time."""
    step = JOURNEYS_STEP.table
    edges = [way.edge for way in settings.ways]
    over = to_ms(stores.now()) - settings.window.ms
    mine = step.filter((step.journey_id == one.journey_id) & (step.version == one.number) & (step.node == node) & step.edge.isin(edges))
    took = mine.group_by("enrolment_id").agg(customer_id=mine.customer_id.max(), edge=mine.edge.argmin(mine.left_ms), left_ms=mine.left_ms.min())
    took = took.filter(took.left_ms <= over)
    reached = _by_event(stores, took, settings) if settings.goal is not None else _by_goal(took, settings)
    counted = took.left_join(reached, "enrolment_id").group_by("edge").agg(people=ibis._.count(), goals=ibis._.enrolment_id_right.count())
    found = {row["edge"]: Seen(int(row["people"]), int(row["goals"])) for row in session.query(counted).to_pylist()}
    return {edge: found.get(edge, Seen(0, 0)) for edge in edges}


def _by_goal(took: ir.Table, settings: AbSettings) -> ir.Table:
    run = JOURNEYS_RUN.table
    met = took.inner_join(run.filter(run.goal_ms.notnull()).select("enrolment_id", "goal_ms"), "enrolment_id")
    return met.filter((met.goal_ms >= met.left_ms) & (met.goal_ms <= met.left_ms + settings.window.ms)).select("enrolment_id").distinct()


def _by_event(stores: Stores, took: ir.Table, settings: AbSettings) -> ir.Table:
    assert settings.goal is not None
    done = kept_activities(settings.goal.event, list(settings.goal.where), stores.warehouse.tables, moment_of(stores, stores.now())).select("customer_id", "at_ms")
    met = took.inner_join(done, "customer_id")
    return met.filter((met.at_ms >= met.left_ms) & (met.at_ms <= met.left_ms + settings.window.ms)).select("enrolment_id").distinct()
