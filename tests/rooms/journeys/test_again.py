"""How soon people do a thing again: learned from history, and drawn so that the same happenings come from as many people as they really do."""

from __future__ import annotations

import numpy as np
import pytest

from siyu.foundation.clock import DAY_MS
from siyu.journeys._history import Watched
from siyu.journeys.again import AGES, Again, again
from siyu.journeys.response import own

DAYS, PEOPLE, REST = 90, 6_000, 5.0


def _lived(seed: int, rest: float) -> tuple[np.ndarray, np.ndarray]:
    """(person, ms) of what people do who do nothing again for `rest` days."""
    random = np.random.default_rng(seed)
    rate, happened = random.gamma(2.0, 0.03 / 2, PEOPLE), []
    due = np.full(PEOPLE, -200.0)
    while (due < DAYS).any():
        due = due + random.exponential(1 / rate) + rest * (due > -200)
        happened += [(person, at) for person, at in enumerate(due) if 0 < at < DAYS]
    at = np.array(sorted(happened))
    return at[:, 0].astype(np.int64), (at[:, 1] * DAY_MS).astype(np.int64)


def _learned(place: np.ndarray, at_ms: np.ndarray, touched: np.ndarray | None = None) -> tuple[float, Again]:
    none = np.zeros(0, np.int64)
    # Every third person was told something on day 40, and is not looked at for two weeks after that.
    told = none if touched is None else touched
    time = Watched(np.arange(PEOPLE), np.zeros(PEOPLE, np.int64), DAYS * DAY_MS, told, np.full(len(told), 40 * DAY_MS), np.full(len(told), 54 * DAY_MS))
    free = time.is_free(place, at_ms)
    rate = own(np.bincount(place[free], minlength=PEOPLE).astype(float), time.days)
    return rate.mean, again(rate, place, at_ms, free, time)


def test_who_takes_no_notice_of_the_last_time_is_drawn_day_by_day() -> None:
    _, found = _learned(*_lived(1, 0.0))
    assert found.often == pytest.approx(np.ones(len(AGES)), abs=0.12)


@pytest.mark.parametrize("touched", [None, np.arange(0, PEOPLE, 3)])
def test_a_rest_is_found_in_free_time_alone(touched: np.ndarray | None) -> None:
    _, found = _learned(*_lived(2, REST), touched)
    assert found.often[AGES < 4] == pytest.approx(np.zeros(4), abs=0.12)
    assert found.often[AGES >= 6] == pytest.approx(np.full(3, found.most), rel=0.2)
    assert 1.05 < found.most < 1.25


def test_what_comes_in_bursts_is_drawn_at_the_mean_rate() -> None:
    place, at_ms = _lived(3, 0.0)
    _, found = _learned(np.repeat(place, 2), np.sort(np.stack([at_ms, at_ms + DAY_MS // 4]), axis=0).T.reshape(-1))
    assert found.often == pytest.approx(np.ones(len(AGES)), abs=0.05)


def test_as_many_happen_to_as_many_people_as_really_do() -> None:
    place, at_ms = _lived(4, REST)
    mean, found = _learned(place, at_ms)
    random, until = np.random.default_rng(5), 60
    row = np.repeat(np.arange(PEOPLE), random.poisson(mean * found.most * until, PEOPLE))
    days = random.random(len(row)) * until
    days = days[np.lexsort((days, row))]
    kept = found.thinned(random, row, days, found.days_since(np.arange(PEOPLE), np.full(PEOPLE, 30 * DAY_MS)))
    assert kept.sum() == pytest.approx(PEOPLE * until * mean, rel=0.03)
    again_soon = kept[1:] & kept[:-1] & (row[1:] == row[:-1]) & (np.diff(days) < 3)
    assert again_soon.sum() < 0.1 * kept.sum() * mean * 3


def test_the_last_time_is_that_before_the_instant() -> None:
    found = Again(np.ones(len(AGES)), np.array([1, 1, 3]), np.array([2, 10, 5]) * DAY_MS)
    who, when = np.array([0, 1, 1, 1, 2, 3, 3]), np.array([9, 1, 2, 12, 9, 4, 105]) * DAY_MS
    assert found.days_since(who, when).tolist() == [np.inf, np.inf, 0, 2, np.inf, np.inf, 100]
