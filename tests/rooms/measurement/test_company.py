"""Chances in company: the worked numbers of docs/theory/waste.md, and what holds for everybody."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.measurement.company import Belief, among

EVERYBODY = 20_000


def test_the_worked_numbers() -> None:
    """Two sources in which the surely silent and the surely awake make up shares of .60 and .05; one doubtful person in each."""
    rates, group = [], []
    for source, share in ((0, 0.60), (1, 0.05)):
        sure = round(EVERYBODY * share)
        rates += [0.5] + [1 - 1e-12] * sure + [1e-12] * (EVERYBODY - sure)
        group += [source] * (EVERYBODY + 1)
    found = among(np.array(rates), Belief(0.25), np.array(group), np.ones(len(rates), bool))
    assert found[0] == pytest.approx(0.818, abs=0.002)
    assert found[EVERYBODY + 1] == pytest.approx(0.136, abs=0.002)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 2), st.booleans()), min_size=1, max_size=60), st.floats(0, 1), st.booleans())
def test_chances_stay_chances_and_what_is_certain_or_not_counted_stays(people: list[tuple[float, int, bool]], trust: float, moves_only: bool) -> None:
    rate, group, counted = (np.array(column) for column in zip(*people, strict=True))
    found = among(rate.astype(float), Belief(0.2, trust, moves_only), group, counted)
    assert ((found >= 0) & (found <= 1)).all()
    kept = ~counted | (rate == 0) | (rate == 1)
    assert np.array_equal(found[kept], rate[kept])
    # Company changes nobody's place among those who came with them.
    for source in range(3):
        mine = (group == source) & ~kept
        assert (np.diff(found[mine][np.argsort(rate[mine], kind="stable")]) >= -1e-9).all()
    if moves_only:
        assert found.sum() == pytest.approx(rate.sum(), abs=1e-6)
    if trust == 0:
        assert found == pytest.approx(rate, abs=1e-6)
