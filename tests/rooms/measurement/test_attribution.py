"""Rules of credit: toys with a known answer, and that every order is booked once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.measurement import attribution
from siyu.measurement.attribution import Way

TOY = [Way((1, 2, 3), 1, True), Way((1,), 1, False), Way((2, 3), 1, False)]
RULES = (attribution.first_touch, attribution.last_touch, attribution.linear, attribution.position, attribution.markov, attribution.shapley)


def test_markov_of_the_toy() -> None:
    chance, effects = attribution.removal_effects(TOY)
    assert chance == pytest.approx(1 / 3)
    assert effects == pytest.approx({1: 0.5, 2: 1.0, 3: 1.0})
    assert attribution.markov(TOY) == pytest.approx({1: 0.2, 2: 0.4, 3: 0.4})


def test_shapley_of_the_toys() -> None:
    assert attribution.shapley(TOY) == pytest.approx({1: 1 / 3, 2: 1 / 3, 3: 1 / 3})
    ways = [Way((1,), 10, True), Way((2,), 20, True)]
    assert attribution.shapley(ways) == {1: 10, 2: 20}
    # A alone brings 10, B alone 20, both together 30: of the 30 nothing is due to the two being together.
    assert attribution.shapley([Way((1,), 10, True), Way((2,), 20, True), Way((1, 2), 0, True)]) == pytest.approx({1: 10, 2: 20})
    # v(A) = 10, v(B) = 20, v(AB) = 40: the 10 more are shared, so 15 and 25.
    assert attribution.shapley([Way((1,), 10, True), Way((2,), 20, True), Way((1, 2), 10, True)]) == pytest.approx({1: 15, 2: 25})


def test_rules_by_place() -> None:
    way = [Way((1, 2, 3, 4), 10, True)]
    assert attribution.first_touch(way) == {1: 10}
    assert attribution.last_touch(way) == {4: 10}
    assert attribution.linear(way) == pytest.approx({1: 2.5, 2: 2.5, 3: 2.5, 4: 2.5})
    assert attribution.position(way) == pytest.approx({1: 4, 2: 1, 3: 1, 4: 4})
    assert attribution.position([Way((1, 2), 10, True)]) == {1: 5, 2: 5}


_WAYS = st.lists(
    st.builds(
        Way,
        st.lists(st.integers(1, 4), min_size=1, max_size=5).map(lambda steps: tuple(b for a, b in zip([0, *steps], steps, strict=False) if a != b)),
        st.integers(1, 50),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(_WAYS)
def test_every_order_is_booked_once_and_nothing_below_zero(ways: list[Way]) -> None:
    orders = sum(way.people for way in ways if way.bought)
    for rule in RULES:
        booked = rule(ways)
        assert sum(booked.values()) == pytest.approx(orders)
        assert all(amount >= 0 for amount in booked.values())


def test_an_ad_without_effect_is_credited_by_markov() -> None:
    """Retargeting shown to those who buy anyway: it causes nothing, and gets more than 40 % of the credit."""
    bought = {"intent": 0.08, "other": 0.02}
    ways = []
    for group, people, shown in (("intent", 100_000, 0.8), ("other", 300_000, 0.05)):
        for prospected in (0, 1):
            # Prospecting is shown to half of everybody and brings 2 points more; retargeting, source 2, brings nothing.
            rate = bought[group] + 0.02 * prospected
            for retargeted in (0, 1):
                here = people * 0.5 * (shown if retargeted else 1 - shown)
                steps = (1,) * prospected + (2,) * retargeted
                if steps:
                    ways += [Way(steps, round(here * rate), True), Way(steps, round(here * (1 - rate)), False)]
    booked = attribution.markov(ways)
    assert booked[2] / sum(booked.values()) > 0.4
