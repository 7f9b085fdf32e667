"""Figures of accuracy, spread of value and eligibility, by hand and by brute force."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.segments.value.accuracy import (
    area_under_curve,
    correlation,
    deciles,
    error_rate,
    mean_absolute_error,
    normalised_gini,
)
from siyu.segments.value.eligibility import THRESHOLDS, History, check, history
from siyu.segments.value.spread import histogram, tenths, top_share
from siyu.segments.value.summary import empty
from tests.rooms.segments.test_value_data import cdnow

NUMBERS = st.lists(st.integers(0, 6), min_size=1, max_size=25)
GOOD = History(buyers=500, repeat_buyers=100, frequent_buyers=20, history_days=180, days_since_last_order=30)


def test_gini_by_hand() -> None:
    actual = np.array([10.0, 0, 0, 0])
    assert normalised_gini(np.array([4, 3, 2, 1]), actual) == 1
    assert normalised_gini(np.array([1, 2, 3, 4]), actual) == -1
    assert normalised_gini(np.array([5, 5, 5, 5]), actual) == 0
    assert normalised_gini(np.array([3, 4, 2, 1]), actual) == pytest.approx(1 / 3)


def test_figures_that_are_not_defined_are_none() -> None:
    same, some = np.array([2.0, 2.0]), np.array([1.0, 3.0])
    assert normalised_gini(some, np.zeros(2)) is None
    assert normalised_gini(some, same) is None
    assert normalised_gini(np.zeros(0), np.zeros(0)) is None
    assert correlation(same, some) is None
    assert correlation(some[:1], some[:1]) is None
    assert area_under_curve(some, np.array([True, True])) is None
    assert mean_absolute_error(np.zeros(0), np.zeros(0)) is None
    assert error_rate(3.0, 0.0) is None
    assert error_rate(3.0, 4.0) == -0.25


@settings(deadline=None)
@given(NUMBERS, st.randoms())
def test_area_under_the_curve_is_the_chance_of_the_right_order(scores: list[int], random: object) -> None:
    active = np.array([random.random() < 0.5 for _ in scores])  # type: ignore[attr-defined]
    score = np.array(scores, float)
    pairs = [(a > b) + (a == b) / 2 for a, b in product(score[active], score[~active])]
    expected = np.mean(pairs) if pairs else None
    assert area_under_curve(score, active) == (None if expected is None else pytest.approx(expected))


@settings(deadline=None)
@given(NUMBERS, st.permutations(range(25)))
def test_gini_does_not_depend_on_the_order_of_rows(scores: list[int], order: list[int]) -> None:
    score = np.array(scores, float)
    actual = np.arange(len(score), dtype=float) ** 2
    place = [i for i in order if i < len(score)]
    shuffled = normalised_gini(score[place], actual[place])
    assert shuffled == pytest.approx(normalised_gini(score, actual))
    assert shuffled is None or -1 - 1e-9 <= shuffled <= 1 + 1e-9


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e6), max_size=45))
def test_deciles_hold_everybody_once(values: list[float]) -> None:
    predicted, actual = np.array(values), np.arange(len(values), dtype=float)
    table = deciles(predicted, actual)
    assert sum(row.count for row in table) == len(values)
    assert sum(row.actual for row in table) == actual.sum()
    assert [row.decile for row in table] == list(range(1, min(10, len(values)) + 1))
    means = [row.predicted / row.count for row in table]
    assert all(high >= low - 1e-6 for high, low in pairwise(means))


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_histogram_and_tenths_add_up_to_the_base(values: list[int]) -> None:
    money = np.array(values, np.int64)
    bins = histogram(money)
    assert len(bins) <= 12
    assert sum(one.count for one in bins) == len(values)
    assert sum(one.value_fen for one in bins) == sum(values)
    for one in bins:
        inside = (money >= one.from_fen) & (money < one.to_fen)
        assert (inside.sum(), money[inside].sum()) == (one.count, one.value_fen)
    assert all(low.to_fen == high.from_fen for low, high in pairwise(bins))
    assert sum(one.predicted_value_fen for one in tenths(money)) == sum(values)
    assert sum(one.count for one in tenths(money)) == len(values)


def test_histogram_has_round_edges() -> None:
    bins = histogram(np.array([0, 10, 90, 100, 150, 260, 1_000], np.int64))
    assert (bins[0].from_fen, bins[0].to_fen) == (0, 100)
    assert bins[-1].to_fen > 1_000


def test_share_of_the_top_fifth() -> None:
    assert top_share(np.array([70, 10, 10, 5, 5])) == pytest.approx(0.7)
    assert top_share(np.array([70, 10, 10, 5, 5, 0])) == pytest.approx(0.8)
    assert top_share(np.zeros(3, np.int64)) is None
    assert top_share(np.zeros(0, np.int64)) is None


def test_a_base_on_the_thresholds_is_eligible() -> None:
    assert check(GOOD).eligible
    assert check(GOOD).reasons == ()


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda threshold: threshold.code)
def test_each_threshold_has_its_reason_in_both_languages(threshold: object) -> None:
    figure, needed, at_least = threshold.figure, threshold.needed, threshold.at_least  # type: ignore[attr-defined]
    found = needed - 1 if at_least else needed + 1
    result = check(History(**{**vars(GOOD), figure: found}))
    assert not result.eligible
    assert [reason.code for reason in result.reasons] == [threshold.code]  # type: ignore[attr-defined]
    for text in result.reasons[0].message.values():
        assert str(found) in text
        assert str(needed) in text


def test_history_of_cdnow_and_of_nobody() -> None:
    found = history(cdnow())
    assert (found.buyers, found.repeat_buyers, found.frequent_buyers) == (2_357, 946, 507)
    assert (found.history_days, found.days_since_last_order) == (272, 0)
    assert check(found).eligible
    nobody = check(history(empty()))
    assert [reason.code for reason in nobody.reasons] == [
        "too_few_buyers", "too_few_repeat_buyers", "no_frequent_buyers", "too_short_history"
    ]  # fmt: skip
