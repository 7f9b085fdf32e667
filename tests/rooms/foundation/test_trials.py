"""Statistics of trials against published numbers, against simulations with a known truth, and against plain formulas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from siyu.foundation import trials
from siyu.foundation.errors import InvalidError

START = datetime(2026, 1, 1, tzinfo=UTC)


def _column(table: Any, name: str) -> np.ndarray[Any, Any]:
    return np.array([np.nan if value is None else value for value in table[name].to_pylist()], float)


def test_the_trial_of_a_cash_incentive(shared_data: Path) -> None:
    """Thornton (2008): .450552 with a standard error of .020865; clustered by village .451982 and .022686."""
    rows = pq.read_table(shared_data / "rct_cash_incentive_thornton2008.parquet")
    rows = rows.filter(pc.and_(rows["got"].is_valid(), rows["any"].is_valid()))
    got, given_, village = _column(rows, "got"), _column(rows, "any"), _column(rows, "villnum")
    found = trials.difference(trials.sample(got[given_ == 1]), trials.sample(got[given_ == 0]))
    assert found.difference == pytest.approx(0.450552, abs=5e-7)
    assert found.error == pytest.approx(0.020865, abs=5e-7)
    assert found.finding.en == "an increase"
    known = ~np.isnan(village)
    by_village = trials.clustered(got[known], given_[known], village[known])
    assert by_village.difference == pytest.approx(0.451982, abs=5e-7)
    assert by_village.error == pytest.approx(0.022686, abs=5e-7)


def test_a_trial_without_an_effect_says_so(shared_data: Path) -> None:
    """Cai et al. (2015): .001606, clustered by address .026528 in 166 clusters; no recommendation comes out of it."""
    rows = pq.read_table(shared_data / "rct_social_insurance_cai2015.parquet")
    found = trials.clustered(_column(rows, "takeup_survey"), _column(rows, "intensive"), np.array(rows["address"].to_pylist()))
    assert found.difference == pytest.approx(0.001606, abs=5e-7)
    assert found.error == pytest.approx(0.026528, abs=5e-7)
    assert found.degrees == 165
    assert (found.finding.zh, found.finding.en) == ("未检出效果", "no effect detected")


def test_a_right_split_is_rarely_called_wrong_and_a_wrong_one_is() -> None:
    treated = np.random.default_rng(17).binomial(20_000, 0.9, 10_000)
    p = trials.mismatch([treated, 20_000 - treated], [0.9, 0.1])
    assert 5 <= (p < trials.MISMATCH).sum() <= 15
    assert trials.mismatch([18_000 - 300, 2_000], [0.9, 0.1]) > trials.MISMATCH
    assert trials.mismatch([17_000, 2_200], [0.9, 0.1]) < trials.MISMATCH
    assert trials.mismatch([10, 0], [1.0, 0.0]) == 1.0
    assert trials.mismatch([10, 1], [1.0, 0.0]) == 0.0


def test_looking_twenty_times_is_safe_only_in_sequence() -> None:
    """A/A, 20 looks up to 20,000 people: the fixed interval is wrong in more than 20 % of cases, the sequence in at most 5 %."""
    rng, looks, each = np.random.default_rng(5), 20, 500
    one, other = (trials.share(np.arange(1, looks + 1) * each, rng.binomial(each, 0.1, (4_000, looks)).cumsum(axis=1)) for _ in range(2))
    fixed, sequence = trials.difference(one, other), trials.sequential(one, other)
    assert fixed.is_detected.any(axis=1).mean() > 0.20
    assert 0.04 < fixed.is_detected[:, -1].mean() < 0.065
    assert sequence.is_detected.any(axis=1).mean() <= 0.05
    width = ((sequence.high - sequence.low) / (fixed.high - fixed.low))[:, -1].mean()
    assert width == pytest.approx(1.60, abs=0.01)
    # Its p-value and its interval say the same.
    assert ((sequence.p_value < 0.05) == sequence.is_detected).mean() > 0.999


def _with_history(rho: float, count: int, effect: float, seed: int) -> tuple[trials.Paired, trials.Paired]:
    rng = np.random.default_rng(seed)

    def arm(added: float) -> trials.Paired:
        before = rng.normal(100, 20, count)
        after = 50 + rho * (before - 100) + np.sqrt(1 - rho**2) * rng.normal(0, 20, count) + added
        cov = np.cov(after, before)
        return trials.Paired(count, after.mean(), cov[0, 0], before.mean(), cov[1, 1], cov[0, 1])

    return arm(effect), arm(0)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.9])
def test_a_covariate_takes_away_the_squared_correlation(rho: float) -> None:
    treated, control = _with_history(rho, 200_000, 1.0, seed=11)
    one, none, reduction = trials.adjusted(treated, control, measured_until=START, started=START)
    plain, evened = trials.difference(treated.sample, control.sample), trials.difference(one, none)
    assert reduction == pytest.approx(rho**2, abs=0.005)
    assert 1 - (evened.error / plain.error) ** 2 == pytest.approx(rho**2, abs=0.005)
    assert evened.low < 1.0 < evened.high


def test_a_covariate_from_after_the_start_is_refused() -> None:
    treated, control = _with_history(0.5, 100, 0, seed=1)
    with pytest.raises(InvalidError) as caught:
        trials.adjusted(treated, control, measured_until=START + timedelta(seconds=1), started=START)
    assert caught.value.faults[0].field == "covariate"
    assert caught.value.way_out


def test_a_covariate_that_never_varies_changes_nothing() -> None:
    flat = trials.Paired(10, 5.0, 2.0, 0.0, 0.0, 0.0)
    one, none, reduction = trials.adjusted(flat, flat, measured_until=START, started=START)
    assert (one, none, reduction) == (flat.sample, flat.sample, 0.0)


def test_sizes_as_published() -> None:
    """Conversion .6 % and +.3 points: 12,980 in each arm; spend with deviation 15 and +.40: 22,075."""
    assert trials.people_needed_for_share(0.006, 0.003) == 12_980
    assert trials.people_needed(15**2, 0.40) == 22_075
    assert trials.smallest_share(0.006, 12_980, 12_980) == pytest.approx(0.003, abs=1e-6)
    assert trials.smallest_effect(225.0, 22_075, 22_075) == pytest.approx(0.40, abs=1e-4)
    # 5 % of 100,000 cannot see an increase by half.
    assert trials.smallest_share(0.006, 95_000, 5_000) > 0.003


def test_an_effect_of_the_promised_size_is_found_in_four_of_five_cases() -> None:
    effect = trials.smallest_share(0.05, 9_000, 1_000)
    rng = np.random.default_rng(3)
    treated, control = trials.share(9_000, rng.binomial(9_000, 0.05 + effect, 4_000)), trials.share(1_000, rng.binomial(1_000, 0.05, 4_000))
    assert trials.difference(treated, control).is_detected.mean() == pytest.approx(0.8, abs=0.04)


def test_the_relative_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    treated, control = trials.share(5_000, rng.binomial(5_000, 0.06, 4_000)), trials.share(1_000, rng.binomial(1_000, 0.05, 4_000))
    low, high = trials.relative_interval(treated, control)
    assert ((low < 0.2) & (high > 0.2)).mean() == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize("compare", [trials.difference, trials.sequential])
@pytest.mark.parametrize("bought", [0, 1])
def test_a_control_that_may_be_nothing_has_no_relative_bounds(compare: Callable[..., trials.Effect], bought: int) -> None:
    found = compare(trials.share(1_000, 10), trials.share(100, bought))
    assert np.isnan(found.relative_low)
    assert np.isnan(found.relative_high)
    assert np.isfinite(found.low)


@pytest.mark.parametrize("compare", [trials.difference, trials.sequential])
def test_nobody_who_bought_in_either_arm_is_no_effect(compare: Callable[..., trials.Effect]) -> None:
    found = compare(trials.share(1_000, 0), trials.share(100, 0))
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)
    assert found.finding == trials.NO_EFFECT


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 5_000), min_size=2, max_size=40).filter(lambda values: len(set(values)) > 1),
    st.lists(st.integers(0, 5_000), min_size=2, max_size=40).filter(lambda values: len(set(values)) > 1),
)
def test_sums_and_rows_say_the_same_as_scipy(one: list[int], other: list[int]) -> None:
    summed = [trials.from_sums(len(each), sum(each), sum(value * value for value in each)) for each in (one, other)]
    found, rows = trials.difference(*summed), trials.difference(trials.sample(one), trials.sample(other))
    peer = stats.ttest_ind(one, other, equal_var=False)
    interval = peer.confidence_interval(0.95)
    assert (found.difference, found.low, found.high) == pytest.approx((rows.difference, rows.low, rows.high), rel=1e-6, abs=1e-6)
    assert (found.low, found.high, found.p_value) == pytest.approx((interval.low, interval.high, peer.pvalue), rel=1e-6, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_correction_never_lowers_and_keeps_the_order(p_values: list[float]) -> None:
    held = trials.holm(p_values)
    assert all(p - 1e-12 <= h <= 1 for p, h in zip(p_values, held, strict=True))
    assert held[int(np.argmin(p_values))] == pytest.approx(min(1, len(p_values) * min(p_values)))
    order = np.argsort(p_values, kind="stable")
    assert np.all(np.diff(np.array(held)[order]) >= 0)


def test_the_winner_is_clear_only_if_it_beats_every_other() -> None:
    best = trials.winner([trials.share(5_000, 500), trials.share(5_000, 650), trials.share(5_000, 400)])
    assert best is not None
    assert (best.place, best.is_clear) == (1, True)
    close = trials.winner([trials.share(5_000, 500), trials.share(5_000, 510), trials.share(5_000, 300)])
    assert close is not None
    assert (close.place, close.is_clear) == (1, False)
    tie = trials.winner([trials.share(100, 10), trials.share(100, 10)])
    assert tie is not None
    assert (tie.place, tie.is_clear) == (0, False)
    assert trials.winner([trials.share(100, 10), trials.Sample(1, 0.0, 0.0)]) is None


def test_several_variants_without_effect_are_rarely_called_one() -> None:
    """Four variants in A/A, uncorrected some 14 %; corrected at most 5 % of 1,000 trials (7 % with chance)."""
    rng, wrong, bare = np.random.default_rng(23), 0, 0
    for _ in range(300):
        variants = [trials.share(500, int(each)) for each in rng.binomial(500, 0.1, 4)]
        control = trials.share(500, int(rng.binomial(500, 0.1)))
        wrong += any(each.p_value < 0.05 for each in trials.against_control(variants, control))
        bare += any(trials.difference(each, control).p_value < 0.05 for each in variants)
    assert wrong <= 21
    assert bare > wrong
