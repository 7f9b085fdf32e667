"""Months and cohorts: by hand, and any world against plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.foundation.stores import Stores
from siyu.measurement.cohorts import Measure
from siyu.measurement.reports import cohorts, monthly
from tests.makers.cases import cases
from tests.makers.orders import NOBODY, Order, clear_orders, lay_orders
from tests.rooms.measurement import plain

MEASURES: tuple[Measure, ...] = ("buyers", "orders", "revenue_fen")


def small_world(stores: Stores) -> None:
    """Ann begins in September and comes back in November; Ben begins in October and is back in November twice."""
    lay_orders(
        stores,
        [
            Order(1, date(2025, 9, 30), 100),
            Order(1, date(2025, 11, 2), 50),
            Order(2, date(2025, 10, 1), 400),
            Order(2, date(2025, 11, 1), 100),
            Order(2, date(2025, 11, 30), 100),
            Order(2, date(2025, 11, 30), 0, 60, "refund"),
        ],
    )


def test_cohorts_by_hand(stores: Stores) -> None:
    small_world(stores)
    found = cohorts(stores, as_of=date(2025, 11, 30)).record
    assert [(c.month, c.size) for c in found.cohorts] == [("2025-09", 1), ("2025-10", 1), ("2025-11", 0)]
    assert [[cell.value for cell in c.cells] for c in found.cohorts] == [[1, 0, 1], [1, 1], [0]]
    assert [[cell.rate for cell in c.cells] for c in found.cohorts] == [[1.0, 0.0, 1.0], [1.0, 1.0], [None]]
    assert [(a.offset, a.rate) for a in found.average] == [(0, 1.0), (1, 0.5), (2, 1.0)]


def test_revenue_and_orders_of_cohorts_are_weighed_by_the_first_month(stores: Stores) -> None:
    small_world(stores)
    revenue = cohorts(stores, as_of=date(2025, 11, 30), measure="revenue_fen").record
    assert [[cell.value for cell in c.cells] for c in revenue.cohorts] == [[100, 0, 50], [400, 200], [0]]
    assert revenue.cohorts[1].cells[1].rate == 0.5
    assert revenue.average[1].rate == 200 / 500
    orders = cohorts(stores, as_of=date(2025, 11, 30), measure="orders").record
    assert [[cell.value for cell in c.cells] for c in orders.cohorts] == [[1, 0, 1], [1, 2], [0]]


def test_an_unfinished_month_is_marked_and_not_averaged(stores: Stores) -> None:
    small_world(stores)
    found = cohorts(stores, as_of=date(2025, 11, 15)).record
    assert [[cell.partial for cell in c.cells] for c in found.cohorts] == [
        [False, False, True],
        [False, True],
        [True],
    ]
    assert [a.rate for a in found.average] == [1.0, 0.0, None]


def test_months_by_hand(stores: Stores) -> None:
    small_world(stores)
    items = monthly(stores, as_of=date(2025, 12, 31)).record.items
    rows = [
        (m.month, m.orders, m.buyers, m.new_buyers, m.revenue_fen, m.refund_fen, m.partial) for m in items
    ]
    assert rows == [
        ("2025-09", 1, 1, 1, 100, 0, False),
        ("2025-10", 1, 1, 1, 400, 0, False),
        ("2025-11", 3, 2, 0, 250, 60, False),
        ("2025-12", 0, 0, 0, 0, 0, False),
    ]


def test_the_running_month_is_not_over_on_its_last_evening(stores: Stores) -> None:
    lay_orders(stores, [Order(1, date(2026, 1, 1))])
    assert monthly(stores).record.items[-1].partial
    assert monthly(stores, as_of=date(2025, 12, 31)).record.items == []


def test_a_month_begins_at_local_midnight(stores: Stores) -> None:
    before, after = datetime(2025, 9, 30, 15, 59, tzinfo=UTC), datetime(2025, 9, 30, 16, tzinfo=UTC)
    lay_orders(stores, [Order(1, before, 10), Order(2, after, 1)])
    items = monthly(stores, as_of=date(2025, 10, 31)).record.items
    assert [(m.month, m.revenue_fen) for m in items] == [("2025-09", 10), ("2025-10", 1)]


def test_many_years(stores: Stores) -> None:
    """More months than bits in an integer: sets of 60 months follow each other."""
    days = [date(2015 + n // 12, n % 12 + 1, 15) for n in range(130)]
    lay_orders(
        stores,
        [Order(1, day, 100) for day in days] + [Order(2, days[59]), Order(2, days[60]), Order(2, days[120])],
    )
    found = cohorts(stores, as_of=date(2025, 10, 31)).record
    assert [cell.value for cell in found.cohorts[0].cells] == [1] * 130
    second = found.cohorts[59]
    assert (second.month, second.size) == ("2019-12", 1)
    assert [cell.offset for cell in second.cells if cell.value] == [0, 1, 61]
    assert sum(m.buyers for m in monthly(stores, as_of=date(2025, 10, 31)).record.items) == 133


def test_nothing_at_all(stores: Stores) -> None:
    assert monthly(stores).record.items == []
    assert (cohorts(stores).record.cohorts, cohorts(stores).record.average) == ([], [])


def test_a_refund_before_any_order_has_its_month(stores: Stores) -> None:
    lay_orders(stores, [Order(1, date(2025, 10, 5), 0, 70, "refund"), Order(1, date(2025, 11, 5), 500)])
    items = monthly(stores, as_of=date(2025, 11, 30)).record.items
    assert [(m.month, m.orders, m.refund_fen) for m in items] == [("2025-10", 0, 70), ("2025-11", 1, 0)]


_ORDERS = st.lists(
    st.builds(
        Order,
        customer=st.integers(0, 8),
        at=st.dates(date(2023, 11, 1), date(2025, 12, 31)),
        fen=st.integers(1, 10**9),
        kind=st.sampled_from(("sale", "sale", "cancelled")),
    ),
    max_size=50,
)


@settings(max_examples=cases(12, 120), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=_ORDERS, as_of=st.dates(date(2024, 6, 1), date(2025, 12, 31)))
def test_any_world_as_in_plain_python(shared_stores: Stores, orders: Sequence[Order], as_of: date) -> None:
    clear_orders(shared_stores)
    lay_orders(shared_stores, [*orders, Order(NOBODY, date(2023, 1, 1))])
    expected = plain.cohorts(orders, as_of)
    for place, measure in enumerate(MEASURES):
        found = cohorts(shared_stores, as_of=as_of, measure=measure).record
        months = [c.month for c in found.cohorts]
        cells = {
            (c.month, months[i + cell.offset]): cell.value
            for i, c in enumerate(found.cohorts)
            for cell in c.cells
        }
        assert {key: value for key, value in cells.items() if value} == {
            k: v[place] for k, v in expected.items()
        }
    for month in monthly(shared_stores, as_of=as_of).record.items:
        inside = [v for (_, m), v in expected.items() if m == month.month]
        assert (month.buyers, month.orders, month.revenue_fen) == tuple(
            sum(v[i] for v in inside) for i in range(3)
        )
        assert month.new_buyers == expected.get((month.month, month.month), (0, 0, 0))[0]


@pytest.mark.parametrize("measure", MEASURES)
def test_every_cohort_has_a_cell_for_every_month_since(stores: Stores, measure: Measure) -> None:
    small_world(stores)
    found = cohorts(stores, as_of=date(2026, 1, 1), measure=measure).record
    assert [len(c.cells) for c in found.cohorts] == [5, 4, 3, 2, 1]
    assert [a.offset for a in found.average] == list(range(5))
