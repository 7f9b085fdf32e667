"""Lifecycle and preference, worked by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from siyu.foundation.clock import day_number
from siyu.foundation.stores import Stores
from siyu.orders.facts import ORDERS_LINE, ORDERS_ORDER
from siyu.segments import lifecycle
from siyu.segments.facts import SEGMENTS_STANDING
from siyu.segments.lifecycle_report import lifecycle_report
from siyu.segments.preference import preferences
from siyu.segments.standing import refresh_standing
from tests.makers.worlds import replace_rows

TODAY = date(2026, 1, 1)


def lay(stores: Stores, days_ago: dict[int, list[int]]) -> None:
    """Customers with orders so many days before today."""
    rows: list[dict[str, Any]] = []
    for customer, gaps in days_ago.items():
        for gap in gaps:
            on = TODAY - timedelta(days=gap)
            rows.append({"order_key": len(rows), "customer_id": customer, "ordered_on": day_number(on), "ordered_ms": 0, "amount_fen": 1000})
    replace_rows(stores, ORDERS_ORDER, rows)


def clock_of(stores: Stores) -> lifecycle.LifecycleClock:
    with stores.warehouse.read() as session:
        days = session.keep("_d", lifecycle.purchase_days(stores.warehouse.tables["orders_order"], day_number(TODAY)))
        return lifecycle.learn_clock(session, days, session.keep("_m", lifecycle.own_medians(days)))


def stages(stores: Stores) -> dict[int, str]:
    standing = stores.warehouse.tables["segments_standing"]
    with stores.warehouse.read() as session:
        return {row["customer_id"]: row["stage"] for row in session.query(standing).to_pylist()}


def test_the_clock_is_learned_from_gaps_that_were_followed_by_a_purchase(stores: Stores) -> None:
    """100 gaps of 10 days, one customer each: median 10; every ratio is 1, so the cuts are 1 and then 5 % apart."""
    lay(stores, {customer: [20, 10] for customer in range(1, 101)})
    found = clock_of(stores)
    assert (found.median_gap_days, found.gap_count, found.is_fallback) == (10.0, 100, False)
    assert list(found.cuts.values()) == pytest.approx([1.0, 1.05, 1.1025, 1.157625])


def test_few_gaps_use_the_published_fallback(stores: Stores) -> None:
    lay(stores, {1: [20, 10]})
    assert clock_of(stores) == lifecycle.LifecycleClock(30.0, lifecycle.FALLBACK_CUTS, 1, is_fallback=True)


def test_a_slow_buyer_is_measured_with_their_own_clock(stores: Stores) -> None:
    """Fallback: median 30. Customer 1 buys every 60 days: 80 days of silence are 1.33 clocks; for customer 2 they are 2.67."""
    lay(stores, {1: [200, 140, 80], 2: [110, 95, 80], 3: [10], 4: [50], 5: [400]})
    refresh_standing(stores, TODAY)
    assert stages(stores) == {1: "active", 2: "at_risk", 3: "new", 4: "slowing", 5: "lost"}


def test_orders_of_one_day_are_one_purchase(stores: Stores) -> None:
    lay(stores, {1: [5, 5, 5]})
    refresh_standing(stores, TODAY)
    assert stages(stores) == {1: "new"}


def test_predictions_are_absent_below_the_published_eligibility(stores: Stores) -> None:
    lay(stores, {1: [40, 5], 2: [3]})
    refresh_standing(stores, TODAY)
    with stores.warehouse.read() as session:
        rows = session.query(SEGMENTS_STANDING.table).to_pylist()
    assert {row["predicted_value_fen"] for row in rows} == {None}
    assert {row["p_alive_rate"] for row in rows} == {None}


def test_months_and_movement_add_up(stores: Stores) -> None:
    lay(stores, {1: [100, 70, 40, 10], 2: [100], 3: [20], 4: [65, 35]})
    found = lifecycle_report(stores, TODAY)
    for month in found["months"]:
        arrived = sum(flow["count"] for flow in found["flows"] if flow["month"] == month["month"])
        assert month is found["months"][0] or arrived == sum(month["stages"].values())
    last = found["months"][-1]["stages"]
    assert last == {stage["stage"]: stage["count"] for stage in found["stages"] if stage["count"]}
    new = [flow for flow in found["flows"] if flow["from"] == "prospect"]
    assert sum(flow["count"] for flow in new) == 4 - sum(found["months"][0]["stages"].values())


def test_preference_is_drawn_towards_the_base(stores: Stores) -> None:
    """Sales: tea 900, cups 100 of 3 buyers; w = 1000/3. One cup for 40 is all that customer 3 bought, yet the share is
    (40 + .1 w)/(40 + w) = .196 and not 1."""
    bought = [(1, "tea", 500), (2, "tea", 400), (2, "cups", 60), (3, "cups", 40)]
    rows = [
        {"line_key": i, "order_key": i, "customer_id": c, "category": k, "amount_fen": fen, "kind": "sale", "ordered_on": 1} for i, (c, k, fen) in enumerate(bought)
    ]
    replace_rows(stores, ORDERS_LINE, rows)
    with stores.warehouse.read() as session:
        found = {row["customer_id"]: row for row in session.query(preferences(session, ORDERS_LINE.table, 2)).to_pylist()}
    assert {customer: row["top_category"] for customer, row in found.items()} == {1: "tea", 2: "tea", 3: "cups"}
    weight = 1000 / 3
    assert found[1]["top_category_rate"] == pytest.approx((500 + 0.9 * weight) / (500 + weight))
    assert found[3]["top_category_rate"] == pytest.approx((40 + 0.1 * weight) / (40 + weight))
