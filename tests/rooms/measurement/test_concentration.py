"""Concentration: by hand, and any world against all pairs."""

from __future__ import annotations

from datetime import date
from math import ceil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.foundation.stores import Stores
from siyu.measurement.concentration import Concentration
from siyu.measurement.reports import concentration
from tests.makers.cases import cases
from tests.makers.orders import Order, clear_orders, lay_orders
from tests.rooms.measurement import plain

ON = date(2025, 12, 1)


def of(stores: Stores, spent: list[int]) -> Concentration:
    lay_orders(stores, [Order(customer, ON, fen) for customer, fen in enumerate(spent, 1)])
    return concentration(stores, as_of=ON).record


def test_by_hand(stores: Stores) -> None:
    """Six buyers: the top 20 % is two of them (6 × .2 = 1.2, rounded up)."""
    found = of(stores, [100, 300, 100, 400, 50, 50])
    assert (found.buyers, found.revenue_fen, found.top20_share_rate) == (6, 1000, 0.7)
    twenty = next(top for top in found.top if top.share_of_buyers_rate == 0.2)
    assert (twenty.buyers, twenty.revenue_fen, twenty.share_rate) == (2, 700, 0.7)
    assert found.gini_rate == pytest.approx(plain.gini([100, 300, 100, 400, 50, 50]), abs=1e-12)


def test_all_alike(stores: Stores) -> None:
    found = of(stores, [500] * 10)
    assert found.gini_rate == pytest.approx(0.0, abs=1e-12)
    assert all(point.revenue_rate == pytest.approx(point.buyers_rate) for point in found.curve)


def test_one_buyer_brings_it_all(stores: Stores) -> None:
    found = of(stores, [500])
    assert (found.top20_share_rate, found.gini_rate) == (1.0, 0.0)
    assert [top.buyers for top in found.top] == [1] * 7


def test_nothing_at_all(stores: Stores) -> None:
    found = concentration(stores).record
    assert (found.buyers, found.revenue_fen, found.top20_share_rate, found.gini_rate) == (0, 0, None, None)
    assert (found.top, found.curve) == ([], [])


@settings(max_examples=cases(12, 120), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spent=st.lists(st.integers(1, 50) | st.integers(1, 10**12), min_size=1, max_size=60))
def test_any_world_against_all_pairs(shared_stores: Stores, spent: list[int]) -> None:
    clear_orders(shared_stores)
    found = of(shared_stores, spent)
    assert found.gini_rate == pytest.approx(plain.gini(spent), abs=1e-9)
    biggest = sorted(spent, reverse=True)
    assert found.top20_share_rate == sum(biggest[: ceil(len(spent) / 5)]) / sum(spent)
    curve = [(point.buyers_rate, point.revenue_rate) for point in found.curve]
    assert len(curve) == 101
    assert (curve[0], curve[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert curve == sorted(curve)
    assert all(revenue >= buyers - 1e-12 for buyers, revenue in curve)
