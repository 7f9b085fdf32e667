"""Counting keys without an object for each: the same counts as counting one by one."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from siyu.orders._seen import Seen


@given(st.lists(st.lists(st.one_of(st.integers(0, 12), st.integers(0, 2**64 - 1)), max_size=30), max_size=12))
def test_each_key_is_told_how_often_it_came_before(calls: list[list[int]]) -> None:
    seen, plainly = Seen(), Counter[int]()
    for keys in calls:
        expected = []
        for key in keys:
            expected.append(plainly[key])
            plainly[key] += 1
        assert seen.add(np.array(keys, np.uint64)).tolist() == expected
