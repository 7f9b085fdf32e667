"""Cells: what aggregation keeps exactly, and how little it moves the fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.segments.value import cells as cells_module
from siyu.segments.value.cells import Cells, aggregate, one_by_one
from siyu.segments.value.fit import fit, log_likelihood
from siyu.segments.value.parameters import Parameters
from siyu.segments.value.simulation import histories, simulate
from tests.rooms.segments.test_value_data import cdnow

TRUTH = Parameters("bg_nbd", 0.243, 4.414, 0.793, 2.426)
PEOPLE = st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1), st.floats(0, 90)), min_size=1, max_size=60)


def arrays(people: list[tuple[int, float, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = np.array([one[0] for one in people], float)
    age = np.array([one[2] for one in people])
    return x, np.where(x > 0, age * np.array([one[1] for one in people]), 0.0), age


@settings(deadline=None)
@given(PEOPLE, st.sampled_from([0.5, 1.0, 4.0]))
def test_counts_and_sums_are_kept(people: list[tuple[int, float, float]], width: float) -> None:
    x, t_x, age = arrays(people)
    cells = aggregate(x, t_x, age, width)
    assert cells.count.sum() == len(people)
    assert len(cells) <= len(people)
    for kept, given_values in ((cells.x, x), (cells.t_x, t_x), (cells.T, age)):
        assert cells.count @ kept == pytest.approx(given_values.sum(), rel=1e-9, abs=1e-9)
    assert (cells.t_x <= cells.T).all()
    assert (np.sort(np.repeat(cells.x, cells.count.astype(int))) == np.sort(x)).all()


@settings(deadline=None)
@given(PEOPLE)
def test_order_of_rows_changes_nothing(people: list[tuple[int, float, float]]) -> None:
    forward, backward = aggregate(*arrays(people)), aggregate(*arrays(people[::-1]))
    assert (forward.x == backward.x).all()
    assert pytest.approx(backward.T) == forward.T
    assert (forward.count == backward.count).all()


@settings(deadline=None)
@given(PEOPLE)
def test_sorting_and_counting_find_the_same_cells(people: list[tuple[int, float, float]]) -> None:
    counted = aggregate(*arrays(people))
    limit, cells_module.DENSE_LIMIT = cells_module.DENSE_LIMIT, 0
    try:
        ordered = aggregate(*arrays(people))
    finally:
        cells_module.DENSE_LIMIT = limit
    for name in ("x", "t_x", "T", "count"):
        assert getattr(counted, name) == pytest.approx(getattr(ordered, name))


def test_weighted_means_and_cells_of_no_weight() -> None:
    cells = aggregate([1, 1, 2], [2.1, 2.9, 3.0], [5.2, 5.8, 6.0], weight=[3.0, 1.0, 0.0])
    assert cells.x.tolist() == [1]
    assert cells.t_x == pytest.approx([(3 * 2.1 + 2.9) / 4])
    assert cells.count.tolist() == [4]


def test_nobody_makes_no_cell() -> None:
    assert len(aggregate([], [], [])) == 0


def test_one_buyer_with_a_hundred_thousand_orders_costs_no_memory() -> None:
    cells = aggregate([0, 100_000], [0, 900.0], [1_000.0, 1_000.0])
    assert cells.x.tolist() == [0, 100_000]


def test_duplicated_rows_equal_weights() -> None:
    summary = cdnow()
    doubled = one_by_one(*(np.repeat(values, 2) for values in (summary.x, summary.t_x, summary.T)))
    weighted = Cells(summary.x, summary.t_x, summary.T, np.full(len(summary), 2.0))
    assert log_likelihood(TRUTH, weighted) == pytest.approx(log_likelihood(TRUTH, doubled), rel=1e-12)
    both = fit(doubled, "bg_nbd").parameters, fit(weighted, "bg_nbd").parameters
    assert list(both[0].named().values()) == pytest.approx(list(both[1].named().values()), rel=1e-6)


def test_week_cells_of_a_simulated_base_are_within_three_per_mille_of_the_exact_fit() -> None:
    age = np.random.default_rng(8).integers(30, 731, 150_000) / 7
    x, t_x = histories(simulate(TRUTH, age, seed=9), age)
    exact = fit(one_by_one(x, t_x, age), "bg_nbd").parameters.named()
    cells = aggregate(x, t_x, age)
    assert len(cells) < 0.25 * len(x)
    for name, value in fit(cells, "bg_nbd").parameters.named().items():
        assert value == pytest.approx(exact[name], rel=0.003)


def test_edges_in_place_of_means_would_be_far_off() -> None:
    """The reason for carrying means: the upper edges of the bins move alpha by per cents."""
    summary = cdnow()
    exact = fit(one_by_one(summary.x, summary.t_x, summary.T), "bg_nbd").parameters
    edges = fit(one_by_one(summary.x, np.ceil(summary.t_x), np.ceil(summary.T)), "bg_nbd").parameters
    assert abs(edges.alpha / exact.alpha - 1) > 0.03
