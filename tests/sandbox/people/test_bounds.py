"""A step looks only at those whose luck falls inside a bound; looking at everybody gives the same lives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu_sandbox.people.chance import hashed, stream
from siyu_sandbox.people.crowd import Crowd
from siyu_sandbox.people.hearing import hear
from siyu_sandbox.people.living import Step, live
from siyu_sandbox.people.messages import Messages
from siyu_sandbox.people.reading import understand
from siyu_sandbox.people.sources import Source, draw
from siyu_sandbox.phones import Received

WORDS = ("全场 5 折", "满200减30", "盖碗三分钟上手", "您的订单已发货", "请填写问卷", "新客礼免费领取")
COUNT = 4000


class _Everybody(Crowd):
    """A crowd in which everybody is looked at on every step."""

    @property  # type: ignore[override]
    def cap(self) -> np.ndarray:
        return np.full(len(self.need), 1e9, np.float32)

    @cap.setter
    def cap(self, value: np.ndarray) -> None:
        pass

    leave_cap = cap


def _lives(crowd: Crowd, days: list[int], seed: int) -> list[object]:
    source = Source("a", deal_hunters=0.2, need=0.03)
    columns = draw(source, COUNT, stream(seed, "test"))
    if isinstance(crowd, _Everybody):
        columns = {name: values for name, values in columns.items() if name not in ("cap", "leave_cap")}
    crowd.add(np.arange(1, COUNT + 1), **columns)
    messages, found = Messages(), []
    for step, word in enumerate(days):
        if word < len(WORDS):
            told = Received(0, "wecom", "ww1", "amy", "group_send", WORDS[word])
            rows = np.flatnonzero(~crowd.gone[:COUNT] & (hashed(seed, "told", step, np.arange(COUNT)) < 0.5))
            hear(crowd, messages, rows, told, understand(told), float(step), seed)
        lived = live(crowd, messages, Step(step, float(step), 1.0, 1.0), seed)
        found += [
            part.tolist()
            for part in (
                lived.bought,
                lived.anyway,
                lived.by,
                lived.prevented,
                lived.prevented_by,
                lived.left,
            )
        ]
    return found


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, len(WORDS) + 3), min_size=5, max_size=25), st.integers(0, 1000))
def test_nobody_is_overlooked(days: list[int], seed: int) -> None:
    assert _lives(Crowd(), days, seed) == _lives(_Everybody(), days, seed)


def test_luck_is_even_and_belongs_to_the_person() -> None:
    rows = np.arange(200_000)
    luck = hashed(1, "read", 7, rows)
    assert luck.min() >= 0
    assert luck.max() < 1
    counts = np.histogram(luck, 50, (0, 1))[0]
    assert ((counts - 4000) ** 2 / 4000).sum() < 85  # chi-square of 49 degrees, p = .001
    assert abs(np.corrcoef(luck, hashed(1, "read", 8, rows))[0, 1]) < 0.01
    assert abs(np.corrcoef(luck[1:], luck[:-1])[0, 1]) < 0.01
    assert hashed(1, "read", 7, rows[100:103]).tolist() == luck[100:103].tolist()
    assert hashed(2, "read", 7, rows[:3]).tolist() != luck[:3].tolist()


@pytest.mark.parametrize("length", [10, 1001])
def test_more_people_do_not_change_the_luck_of_the_first(length: int) -> None:
    longer = stream(3, "step", 5).random(5000, np.float32)
    assert stream(3, "step", 5).random(length, np.float32).tolist() == longer[:length].tolist()
