"""The response model in figures worked by hand, and the causes of a step against its closed form."""

from __future__ import annotations

import numpy as np
import pytest

from siyu_sandbox.people import response
from siyu_sandbox.people.crowd import NOBODY, TIRED, Crowd
from siyu_sandbox.people.hearing import bound
from siyu_sandbox.people.living import Step, live
from siyu_sandbox.people.messages import Messages
from siyu_sandbox.people.pace import HOURS, Pace
from siyu_sandbox.people.reading import PROMOTION, VALUE, Said
from siyu_sandbox.people.shop import Columns, order_numbers

COUNT, NEED = 400_000, 0.05
OFFER = Said(PROMOTION, 0.2, False, False, ())
NO, ZERO, HALF = np.array([False]), np.array([0.0]), np.array([0.5])


def test_the_curves_at_points_worked_by_hand() -> None:
    assert response.receptivity(np.array([0.0, 4.0, 8.0])).tolist() == [1.0, 0.5, 0.2]
    assert response.fatigue_now(np.array([4.0]), np.array([3.0]), 10.0).tolist() == [2.0]
    assert response.annoyance(np.array([5.0, 7.5, 50.0])).tolist() == pytest.approx([0.0, 0.2, 0.5])
    assert response.read_rate("group_send", ZERO, HALF, NO).tolist() == pytest.approx([0.35])
    assert response.read_rate("group_send", ZERO, HALF, ~NO).tolist() == pytest.approx([0.0175])
    assert response.boost(PROMOTION, 0.2, HALF, HALF, NO, ZERO).tolist() == pytest.approx([0.6])
    assert response.boost(PROMOTION, 0.2, HALF, HALF, ~NO, ZERO).tolist() == [0.0]
    assert response.boost(PROMOTION, 0.3, HALF, HALF, ~NO, ZERO).tolist() == [3.0]
    assert response.boost(VALUE, 0.0, HALF, HALF, NO, np.array([4.0])).tolist() == pytest.approx([0.125])
    assert response.boosts_now(np.array([1.0]), np.array([0.0]), np.array([2.0]), 4.0).tolist() == [0.25]
    assert response.appetite(np.array([0.0]), NO, 10.0).tolist() == pytest.approx([0.65])
    assert response.appetite(np.array([response.FRESH]), ~NO, 10.0).tolist() == pytest.approx([0.4])
    assert response.leave_rate(ZERO, HALF, NO, NO).tolist() == pytest.approx([0.0008])
    assert response.leave_rate(np.array([5.0]), HALF, NO, NO).tolist() == pytest.approx([0.0128])


def _crowd(*boosts: float) -> tuple[Crowd, Messages]:
    """People of one need who have read these messages just now, in this order."""
    crowd, messages = Crowd(), Messages()
    crowd.add(np.arange(1, COUNT + 1), need=NEED, trust=0.5, trust_first=0.5)
    rows = np.arange(COUNT)
    for number, amount in enumerate(boosts):
        assert messages.number(OFFER) == 0  # nothing is heard here, so numbers are not taken up
        crowd.boost[:COUNT, 3 - len(boosts) + number] = amount
        crowd.by[:COUNT, 3 - len(boosts) + number] = number
        crowd.last[:COUNT] = number
    bound(crowd, messages, rows, 0.0)
    return crowd, messages


def _near(count: int, rate: float) -> bool:
    """Within four standard deviations of the rate."""
    return abs(count - COUNT * rate) < 4 * np.sqrt(COUNT * rate)


def test_each_message_causes_what_it_adds_to_those_before_it() -> None:
    crowd, messages = _crowd(0.3, 0.5)
    lived = live(crowd, messages, Step(0, 0.0, 1.0, 1.0), 5)
    assert _near(int(lived.anyway.sum()), NEED)
    assert _near(int((lived.by == 0).sum()), NEED * np.expm1(0.3))
    assert _near(int((lived.by == 1).sum()), NEED * np.exp(0.3) * np.expm1(0.5))
    assert not len(lived.prevented)
    assert set(lived.by[lived.anyway].tolist()) == {NOBODY}


def test_messages_together_have_a_limit() -> None:
    crowd, messages = _crowd(1.0, 1.0, 1.0)
    lived = live(crowd, messages, Step(0, 0.0, 1.0, 1.0), 5)
    assert _near(len(lived.bought), NEED * np.exp(response.MOST_BOOST))
    assert not (lived.by == 2).any()  # the second had reached the limit


def test_who_is_over_touched_puts_off_what_the_twin_buys() -> None:
    crowd, messages = _crowd(0.0)
    crowd.fatigue[:COUNT], crowd.by[:COUNT] = 7.5, NOBODY
    bound(crowd, messages, np.arange(COUNT), 0.0)
    lived = live(crowd, messages, Step(0, 0.0, 1.0, 1.0), 5)
    assert _near(len(lived.prevented), NEED * 0.2)
    assert set(lived.prevented_by.tolist()) == {0}
    assert _near(len(lived.left), response.LEAVE + response.TIRED_LEAVE * 4.5**2)
    driven = lived.left[crowd.why[lived.left] == TIRED]
    assert _near(len(driven), response.TIRED_LEAVE * 4.5**2)
    assert set(crowd.gone_by[driven].tolist()) == {0}


def test_an_offer_brings_forward_part_of_what_it_sells() -> None:
    """Who bought because of a message rests; the twin goes on buying, and the difference is put down to the message."""
    crowd, messages = _crowd(1.0)
    first = live(crowd, messages, Step(0, 0.0, 1.0, 1.0), 5)
    crowd.boost[:] = 0
    owed = sum(
        len(live(crowd, messages, Step(number, float(number), 1.0, 1.0), 5).prevented)
        for number in range(1, 15)
    )
    assert 0.1 < owed / int((~first.anyway).sum()) < 0.4


def test_the_hours_of_a_day_make_one_day() -> None:
    pace, midnight = Pace(), 1_795_363_200.0  # 2026-11-23 00:00 in Shanghai
    shapes = [pace.shape(midnight + 3600 * hour) for hour in range(24)]
    assert sum(shapes) == pytest.approx(24)
    assert shapes.index(max(shapes)) == HOURS.index(max(HOURS)) == 21
    pace.set(120)
    assert (pace.step_hours, pace.step_seconds) == (pytest.approx(1 / 6), pytest.approx(5))
    assert pace.shape(midnight) == 1


def test_batches_are_read_as_columns() -> None:
    columns = Columns(at=float, row=int)
    assert columns.table() == {"at": pytest.approx([]), "row": pytest.approx([])}
    columns.add(at=[1.0, 2.0], row=[5, 6])
    columns.add(at=[3.0], row=7)
    assert columns.table(2.0)["row"].tolist() == [5, 6]
    assert columns.column("row").tolist() == [5, 6, 7]
    assert columns.count == 3


def test_order_numbers_carry_the_local_day() -> None:
    evening = 1_795_363_200.0 - 1
    assert order_numbers(np.array([evening, evening + 1])) == ["202611220000000001", "202611230000000002"]
    assert order_numbers(np.array([])) == []
