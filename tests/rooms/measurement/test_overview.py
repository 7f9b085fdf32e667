"""The overview: small worlds by hand, and any world against plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.foundation.stores import Stores
from siyu.measurement.metrics import METRICS
from siyu.measurement.overview import Overview, Point
from siyu.measurement.periods import SERIES_LENGTH, Grain
from siyu.measurement.reports import overview
from tests.conftest import SetClock
from tests.makers.cases import cases
from tests.makers.orders import NOBODY, Order, clear_orders, lay_orders
from tests.rooms.measurement import plain

SHANGHAI = ZoneInfo("Asia/Shanghai")
GRAINS: tuple[Grain, ...] = ("day", "week", "month")


def read(stores: Stores, as_of: date, grain: Grain = "day") -> Overview:
    return overview(stores, as_of=as_of, grain=grain).record


def value(report: Overview, metric: str) -> float | None:
    return next(card.value for card in report.cards if card.metric == metric)


def at(report: Overview, on: date) -> Point:
    return next(point for point in report.series if point.period_on == on)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


# Nothing, one, and empty days


@pytest.mark.parametrize("grain", GRAINS)
def test_nothing_at_all(stores: Stores, grain: Grain) -> None:
    report = overview(stores, grain=grain).record
    assert report.as_of_on == date(2026, 1, 1)
    undefined = {"average_order_fen", "repeat_rate"}
    for card in report.cards:
        assert card.value == card.previous == (None if card.metric in undefined else 0)
        assert card.change_rate is None
        assert card.series == [card.value] * SERIES_LENGTH[grain]
    assert report.totals == {
        "orders": 0, "buyers": 0, "revenue_fen": 0, "refund_fen": 0,
        "average_order_fen": None, "repeat_rate": None, "top20_share_rate": None,
    }  # fmt: skip


def test_a_single_order(stores: Stores) -> None:
    lay_orders(stores, [Order(7, date(2025, 12, 31), 12_345)])
    report = read(stores, date(2025, 12, 31))
    assert report.cards[0].change_rate is None
    expected = {
        "revenue_fen": 12_345, "refund_fen": 0, "net_revenue_fen": 12_345, "orders": 1, "buyers": 1, "new_buyers": 1,
        "returning_buyers": 0, "average_order_fen": 12_345, "repeat_rate": 0.0, "active_buyers_90d": 1, "customers": 1,
    }  # fmt: skip
    assert {card.metric: card.value for card in report.cards} == expected
    assert report.totals["top20_share_rate"] == 1.0


def test_empty_day_counted_as_one(stores: Stores) -> None:
    lay_orders(stores, [Order(1, date(2025, 12, 10)), Order(1, date(2025, 12, 12))])
    empty = at(read(stores, date(2025, 12, 13)), date(2025, 12, 11)).metrics
    flows = ("revenue_fen", "refund_fen", "orders", "buyers", "new_buyers", "returning_buyers")
    assert [empty[key] for key in flows] == [0] * 6
    assert empty["average_order_fen"] is None
    assert len(read(stores, date(2025, 12, 13)).series) == 30


def test_people_counted_as_relations_or_orders(stores: Stores) -> None:
    """One person, three orders in two days of a week, one of them of four lines: 1 buyer, 3 orders."""
    monday = date(2025, 12, 8)
    lines = [Order(1, monday, 100, number=1) for _ in range(4)]
    lay_orders(stores, [*lines, Order(1, monday, 50), Order(1, monday + timedelta(days=1), 50)])
    report = read(stores, date(2025, 12, 14), "week")
    found = [
        value(report, key) for key in ("orders", "buyers", "new_buyers", "returning_buyers", "customers")
    ]
    assert found == [3, 1, 1, 0, 1]
    assert value(report, "revenue_fen") == 500
    assert value(report, "average_order_fen") == 167
    assert [p.metrics["buyers"] for p in read(stores, date(2025, 12, 14)).series if p.metrics["buyers"]] == [
        1,
        1,
    ]


# What is an order, a refund, a customer


def test_only_sales_to_named_buyers_are_orders(stores: Stores) -> None:
    on = date(2025, 12, 10)
    kinds = ("cancelled", "refund", "gift", "adjustment")
    others = [Order(2, on, 900, kind=kind) for kind in kinds]
    lay_orders(stores, [Order(1, on, 500), Order(NOBODY, on, 700), *others])
    report = read(stores, on)
    assert [value(report, key) for key in ("orders", "buyers", "revenue_fen")] == [1, 1, 500]
    assert value(report, "customers") == 2


def test_a_refund_counts_on_its_own_day_and_only_of_named_buyers(stores: Stores) -> None:
    sold, returned = date(2025, 12, 10), date(2025, 12, 12)
    back = [Order(1, returned, 0, 300, "refund"), Order(NOBODY, returned, 0, 999, "refund")]
    lay_orders(stores, [Order(1, sold, 1000), *back])
    report = read(stores, returned)
    assert at(report, sold).metrics["refund_fen"] == 0
    assert at(report, returned).metrics["refund_fen"] == 300
    assert at(report, returned).metrics["net_revenue_fen"] == -300
    assert report.totals["refund_fen"] == 300


def test_customers_are_known_before_they_buy_and_buyers_are_always_known(stores: Stores) -> None:
    lay_orders(stores, [Order(1, date(2025, 12, 10))], known={1: date(2025, 12, 20), 2: date(2025, 12, 12)})
    series = read(stores, date(2025, 12, 13)).series
    assert [p.metrics["customers"] for p in series[-5:]] == [0, 1, 1, 2, 2]


def test_the_second_order_makes_a_repeat_buyer_also_on_the_same_day(stores: Stores) -> None:
    first = date(2025, 12, 10)
    lay_orders(
        stores, [Order(1, first), Order(1, first), Order(2, first), Order(2, first + timedelta(days=2))]
    )
    rates = [p.metrics["repeat_rate"] for p in read(stores, first + timedelta(days=2)).series]
    assert rates[-4:] == [None, 0.5, 0.5, 1.0]


def test_active_means_the_ninety_days_that_end_with_the_day(stores: Stores) -> None:
    bought = date(2025, 9, 3)
    lay_orders(stores, [Order(1, bought)])
    active = {p.period_on: p.metrics["active_buyers_90d"] for p in read(stores, date(2025, 12, 15)).series}
    assert active[bought + timedelta(days=89)] == 1
    assert active[bought + timedelta(days=90)] == 0


def test_orders_after_the_day_do_not_exist(stores: Stores) -> None:
    lay_orders(
        stores, [Order(1, date(2025, 12, 10)), Order(1, date(2025, 12, 11)), Order(2, date(2025, 12, 11))]
    )
    report = read(stores, date(2025, 12, 10))
    assert report.totals["orders"] == report.totals["buyers"] == 1
    assert value(report, "repeat_rate") == 0.0
    assert value(report, "customers") == 1


# Edges of days, weeks, months and years are the brand's


def test_one_minute_to_midnight_in_shanghai(stores: Stores) -> None:
    """23:59 on New Year's Eve is 15:59 UTC, 00:00 is 16:00 UTC of the same UTC day: two days, two months, one week."""
    lay_orders(
        stores, [Order(1, local("2024-12-31T23:59:59"), 10), Order(2, local("2025-01-01T00:00:00"), 1)]
    )
    days = read(stores, date(2025, 1, 1))
    assert [p.metrics["revenue_fen"] for p in days.series[-2:]] == [10, 1]
    months = read(stores, date(2025, 1, 1), "month")
    assert [p.metrics["revenue_fen"] for p in months.series[-2:]] == [10, 1]
    assert [p.metrics["customers"] for p in months.series[-2:]] == [1, 2]
    weeks = read(stores, date(2025, 1, 1), "week")
    assert weeks.series[-1].period_on == date(2024, 12, 30)
    assert weeks.series[-1].metrics["revenue_fen"] == 11


def test_sunday_night_and_monday_morning_are_two_weeks(stores: Stores) -> None:
    lay_orders(
        stores, [Order(1, local("2025-12-14T23:59:00"), 10), Order(1, local("2025-12-15T00:01:00"), 1)]
    )
    report = read(stores, date(2025, 12, 15), "week")
    assert [p.metrics["revenue_fen"] for p in report.series[-2:]] == [10, 1]
    assert value(report, "returning_buyers") == 1


def test_leap_day(stores: Stores) -> None:
    lay_orders(stores, [Order(1, date(2024, 2, 29), 29), Order(1, date(2024, 3, 1), 1)])
    report = read(stores, date(2024, 2, 29), "month")
    assert report.period.to_on == date(2024, 2, 29)
    assert not report.series[-1].partial
    assert value(report, "revenue_fen") == 29
    assert at(read(stores, date(2024, 3, 1)), date(2024, 2, 29)).metrics["revenue_fen"] == 29


# Partial periods


def test_a_partial_period_is_compared_with_as_many_days(stores: Stores) -> None:
    days = [date(2025, 11, 1) + timedelta(days=n) for n in range(40)]
    lay_orders(stores, [Order(n, day, 100) for n, day in enumerate(days, 1)])
    report = read(stores, date(2025, 12, 10), "month")
    revenue = report.cards[0]
    assert (report.previous.from_on, report.previous.to_on) == (date(2025, 11, 1), date(2025, 11, 10))
    assert (revenue.value, revenue.previous, revenue.change_rate) == (1000, 1000, 0.0)
    assert revenue.series[-2:] == [3000, 1000]
    assert [p.partial for p in report.series[-2:]] == [False, True]
    by_key = {card.metric: card for card in report.cards}
    assert (by_key["customers"].value, by_key["customers"].previous) == (40, 10)
    assert (by_key["active_buyers_90d"].previous, by_key["new_buyers"].previous) == (10, 10)


def test_the_running_day_is_partial(stores: Stores, clock: SetClock) -> None:
    clock.at = datetime(2025, 12, 31, 15, 59, tzinfo=UTC)
    assert overview(stores).record.series[-1].partial
    clock.at = datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert not overview(stores, as_of=date(2025, 12, 31)).record.series[-1].partial
    assert not overview(stores, as_of=date(2025, 12, 31), grain="month").record.series[-1].partial


# Any world

_ORDERS = st.lists(
    st.builds(
        Order,
        customer=st.integers(0, 6),
        at=st.dates(date(2023, 6, 1), date(2025, 12, 31)) | st.dates(date(2025, 11, 20), date(2025, 12, 31)),
        fen=st.integers(1, 10**9),
        refund_fen=st.integers(0, 1000),
        kind=st.sampled_from(("sale", "sale", "sale", "refund", "cancelled")),
    ),
    max_size=40,
)
_KNOWN = st.dictionaries(st.integers(1, 9), st.dates(date(2023, 6, 1), date(2025, 12, 31)), max_size=5)


@settings(max_examples=cases(8, 80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    orders=_ORDERS,
    known=_KNOWN,
    as_of=st.dates(date(2025, 9, 1), date(2025, 12, 31)),
    grain=st.sampled_from(GRAINS),
)
def test_any_world_as_in_plain_python(
    shared_stores: Stores, orders: Sequence[Order], known: dict[int, date], as_of: date, grain: Grain
) -> None:
    clear_orders(shared_stores)
    lay_orders(shared_stores, [*orders, Order(NOBODY, date(2023, 1, 1))], known=known)
    report = read(shared_stores, as_of, grain)
    ends = [*(p.period_on - timedelta(days=1) for p in report.series[1:]), as_of]
    for point, last in zip(report.series, ends, strict=True):
        assert point.metrics == plain.metrics(orders, point.period_on, last, known)
    previous = plain.metrics(orders, report.previous.from_on, report.previous.to_on, known)
    assert {card.metric: card.previous for card in report.cards} == previous
    assert {card.metric: card.value for card in report.cards} == report.series[-1].metrics
    assert [card.metric for card in report.cards] == list(METRICS)
    ever = plain.metrics(orders, date(2000, 1, 1), as_of, known)
    assert all(report.totals[key] == ever[key] for key in report.totals if key != "top20_share_rate")
