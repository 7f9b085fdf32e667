"""Rehearsals against brands of simulated people: what is foreseen, and what then becomes of the very journey."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.stores import Stores
from siyu.journeys import enrolments
from siyu.journeys.definition import read
from siyu.journeys.foreseen import foresee
from siyu.journeys.newcomers import expected
from siyu.journeys.rehearsal import Options, stage
from tests.conftest import SetClock
from tests.makers.campaigns import put_segment
from tests.makers.journeys import drawn, publish
from tests.makers.rehearsing import Brand, grown_up, really, rehearsed, way


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_foreseen_comes_true_within_its_interval(stores: Stores, clock: SetClock, seed: int) -> None:
    clock.at = clock.at.replace(hour=2)
    brand = Brand(stores, clock, 700, seed=seed)
    grown_up(brand, ("value", "promotion"), first_days=40)
    journey, foreseen = rehearsed(brand, way(brand), rows=20_000)
    real = really(brand, journey, step_days=1)
    assert foreseen.nodes["tell"].came.mean == foreseen.nodes["tell"].came.low == real.came["tell"]
    for node in ("thank", "offer"):
        came = foreseen.nodes[node].came
        assert came.low < real.came[node] < came.high
    assert foreseen.outcome.orders.low < real.orders < foreseen.outcome.orders.high
    assert foreseen.outcome.goals is not None
    assert foreseen.outcome.goals.low < real.goals < foreseen.outcome.goals.high
    assert foreseen.outcome.extra_orders.high > 0


def test_what_people_do_not_decide_is_foreseen_to_the_man(stores: Stores, clock: SetClock) -> None:
    clock.at = clock.at.replace(hour=2)
    brand = Brand(stores, clock, 120, seed=4)
    brand.publish()
    some = put_segment(stores, brand.ids[::3].tolist(), name="每三位")
    nodes: dict[str, Any] = {
        "lots": ("split", {"ways": [{"edge": "a", "percent": 20}, {"edge": "b", "percent": 50}, {"edge": "c", "percent": 30}]}, {"a": "rest", "b": "morning", "c": "who"}),
        "rest": ("wait", {"hours": 30}, {"next": "morning"}), "morning": ("until_time", {"at": "09:30"}, {"next": "who"}),
        "who": ("branch", {"ways": [{"edge": "yes", "when": [{"kind": "segment", "segment": some}]}]}, {"yes": "kept", "no": None}),
        "kept": ("holdout", {"percent": 25}, {"next": "mark", "held": None}), "mark": ("tag", {"add": ["走到"]}, {"next": None}),
    }  # fmt: skip
    definition = drawn({"kind": "segment", "segment": brand.segment}, nodes, "lots", holdout_rate=0.2)
    journey, foreseen = rehearsed(brand, definition, rows=5_000)
    publish(stores, journey.id)
    brand.run(stores.now() + timedelta(days=4), step_days=0.5)
    with stores.ledger.read() as tx:
        real = enrolments.counts(tx, journey.id)
    for node, one in real.items():
        assert {edge: (range_.low, range_.high) for edge, range_ in foreseen.nodes[node].edges.items()} == {edge: (count, count) for edge, count in one.passed.items()}, node
    assert sum(real["lots"].passed.values()) == foreseen.outcome.treated.mean == 120 - foreseen.outcome.held_out.mean


def test_newcomers_are_those_of_four_weeks_ago_as_the_rule_of_re_entry_has_it(stores: Stores, clock: SetClock) -> None:
    clock.at = clock.at.replace(hour=2)
    brand = Brand(stores, clock, 60, seed=6, need=0.05)
    brand.live(35)
    brand.publish()
    entry = {"kind": "event", "name": "order_paid", "where": [{"path": "amount_fen", "op": ">=", "value": 5_000}]}
    orders = stores.warehouse.tables["orders_order"]
    recent = orders.filter((orders.ordered_ms >= to_ms(stores.now()) - 28 * DAY_MS) & (orders.amount_fen >= 5_000))
    with stores.warehouse.read() as session:
        bought = [(row["customer_id"], row["ordered_ms"]) for row in session.query(recent.order_by(["ordered_ms", "customer_id"])).to_pylist()]
    always = read(drawn(entry, {"one": ("wait", {"days": 1}, {"next": None})}, "one", reentry={"rule": "always"}))
    found = expected(stores, always, now=stores.now(), days=28)
    assert list(zip(found.customer_id.tolist(), (found.at_ms - 28 * DAY_MS).tolist(), strict=True)) == bought
    assert not found.is_certain.any()
    assert len(expected(stores, always, now=stores.now(), days=7)) == sum(at < to_ms(stores.now()) - 21 * DAY_MS for _, at in bought)
    once = read(drawn(entry, {"one": ("wait", {"days": 1}, {"next": None})}, "one"))
    staged = stage(stores, once, journey_id=1, version=0, salt="s", options=Options(days=28, follow_days=2, rows=2_000))
    assert sorted(staged.expected.customer_id.tolist()) == sorted({who for who, _ in bought})
    foreseen = foresee(stores, staged)
    assert foreseen.entries.low < len({who for who, _ in bought}) < foreseen.entries.high
    assert sum(day.entering for day in foreseen.days) == pytest.approx(foreseen.entries.mean)
