"""Exact keys against a plain search, whatever the list."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.identity.exact import clusters

Record = tuple[str | None, int | None]
records = st.lists(st.tuples(st.none() | st.sampled_from("abcde"), st.none() | st.integers(0, 6)), max_size=25)


def plain(rows: list[Record], shared_by: int) -> list[int]:
    def tells(side: int, one: Record, other: Record) -> bool:
        return one[side] is not None and one[side] == other[side] and sum(each[side] == one[side] for each in rows) <= shared_by

    label = list(range(len(rows)))
    while True:
        before = list(label)
        for i, one in enumerate(rows):
            for j, other in enumerate(rows):
                if tells(0, one, other) or tells(1, one, other):
                    label[i] = label[j] = min(label[i], label[j])
        if label == before:
            return label


@settings(max_examples=100, deadline=None)
@given(records, st.integers(1, 8))
def test_clusters_are_what_a_plain_search_finds(rows: list[Record], shared_by: int) -> None:
    table = pa.table({"unionid": pa.array([each[0] for each in rows], pa.string()), "phone": pa.array([each[1] for each in rows], pa.int64())})
    assert clusters(table, ["unionid", "phone"], shared_by=shared_by).to_pylist() == plain(rows, shared_by)
