"""Tags: sets in, sets out, one event for each pair that changed."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.customers.tags import Tag, TagCount, change_tags, count_tags, tags_of
from siyu.events import log
from siyu.events.catalogue.customers import TAGS_CHANGED
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.customers import put_customers, put_tag


def change(stores: Stores, ids: Any, add: list[str] | None = None, remove: list[str] | None = None) -> int:
    with stores.ledger.begin() as tx:
        return change_tags(tx, ids, add=add or [], remove=remove or [], by="Alice", now=stores.now())


def names(stores: Stores, *ids: int) -> dict[int, list[str]]:
    with stores.ledger.read() as tx:
        return {customer: [tag.tag for tag in tags] for customer, tags in tags_of(tx, ids).items()}


def told(stores: Stores) -> list[tuple[int, str, bool]]:
    """Rows of `tags_changed`, in order."""
    with stores.ledger.read() as tx:
        batches = log.batches(tx, 0, None, [TAGS_CHANGED.name])
    return [(row["customer_id"], row["tag"], row["added"]) for batch in batches for row in batch.rows.to_pylist()]


def in_fact(stores: Stores) -> set[tuple[int, str]]:
    flow(stores)
    table = stores.warehouse.tables["customers_tag"]
    with stores.warehouse.read() as session:
        return {(row["customer_id"], row["tag"]) for row in session.query(table.filter(table.added)).to_pylist()}


def test_a_set_of_customers_gets_a_set_of_tags(stores: Stores) -> None:
    assert change(stores, [3, 1, 2], add=["老客", "VIP"]) == 6
    assert names(stores, 1, 2, 3, 4) == {1: ["VIP", "老客"], 2: ["VIP", "老客"], 3: ["VIP", "老客"]}
    with stores.ledger.read() as tx:
        assert tags_of(tx, [1])[1][0] == Tag("VIP", stores.now(), "Alice")


def test_unchanged_pairs_are_neither_counted_nor_told(stores: Stores) -> None:
    change(stores, [1, 2], add=["a"])
    assert change(stores, [1, 2, 3], add=["a"], remove=["b"]) == 1
    assert told(stores) == [(1, "a", True), (2, "a", True), (3, "a", True)]
    assert change(stores, [9], remove=["a"]) == 0


def test_the_same_customer_named_twice_counts_once(stores: Stores) -> None:
    assert change(stores, [5, 5, 5], add=["a", "a"]) == 1


def test_ids_may_be_an_arrow_array(stores: Stores) -> None:
    assert change(stores, pa.array([1, 2], pa.int64()), add=["a"]) == 2
    assert change(stores, pa.chunked_array([[1], [2, 3]], pa.int64()), remove=["a"]) == 2


def test_more_than_one_chunk(stores: Stores) -> None:
    assert change(stores, pa.array(range(1, 45_001), pa.int64()), add=["a"]) == 45_000
    assert change(stores, list(range(20_000, 45_001)), remove=["a"]) == 25_001
    assert len(in_fact(stores)) == 19_999


def test_who_tagged_first_stays(stores: Stores) -> None:
    put_tag(stores, "a", [1], by="Bob")
    put_tag(stores, "a", [1], by="Alice")
    with stores.ledger.read() as tx:
        assert tags_of(tx, [1])[1][0].by == "Bob"


def test_what_is_rolled_back_is_not_told(stores: Stores) -> None:
    def fail() -> None:
        with stores.ledger.begin() as tx:
            change_tags(tx, [1], add=["a"], remove=[], by="Alice", now=stores.now())
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert names(stores, 1) == {}
    assert told(stores) == []


def test_names_are_trimmed_and_brought_to_one_form(stores: Stores) -> None:
    change(stores, [1], add=["  café ", "café"])
    assert names(stores, 1) == {1: ["café"]}


@pytest.mark.parametrize("bad", ["", "   ", "x" * 65, "a\nb", "a\x7fb", "a\u2028b", "\ud800"])
def test_bad_names_are_refused_with_their_place(stores: Stores, bad: str) -> None:
    with pytest.raises(InvalidError) as error:
        change(stores, [1], add=["good", bad])
    assert [fault.field for fault in error.value.faults] == ["add[1]"]
    assert names(stores, 1) == {}


def test_64_characters_of_any_script_are_a_name(stores: Stores) -> None:
    assert change(stores, [1], add=["敏" * 64, "👩‍👩‍👧"]) == 2


def test_both_sides_or_no_side_is_refused(stores: Stores) -> None:
    for add, remove in ((["a"], ["a "]), ([], [])):
        with pytest.raises(InvalidError):
            change(stores, [1], add=add, remove=remove)


def test_tags_are_counted_in_customers_the_most_used_first(stores: Stores) -> None:
    change(stores, [1, 2, 3], add=["b"])
    change(stores, [1, 2], add=["c", "a"])
    change(stores, [1], remove=["c"])
    with stores.ledger.read() as tx:
        assert count_tags(tx) == [TagCount("b", 3), TagCount("a", 2), TagCount("c", 1)]


def test_the_fact_follows_by_publishing_also_when_put_on_again(stores: Stores, clock: SetClock) -> None:
    put_customers(stores, [{"id": 1}, {"id": 2}])
    change(stores, [1, 2], add=["a"])
    assert in_fact(stores) == {(1, "a"), (2, "a")}
    change(stores, [1], remove=["a"])
    assert in_fact(stores) == {(2, "a")}
    change(stores, [1], add=["a"])
    assert in_fact(stores) == {(1, "a"), (2, "a")}


STEPS = st.lists(
    st.tuples(st.sets(st.integers(1, 6)), st.sets(st.sampled_from("abc")), st.sets(st.sampled_from("abc"))).filter(
        lambda step: (step[1] | step[2]) and not step[1] & step[2]
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_changes_leave_the_ledger_the_events_and_the_fact_equal(stores: Stores, steps: list[Any]) -> None:
    change(stores, range(1, 7), remove=["a", "b", "c"])
    before = len(told(stores))
    has: set[tuple[int, str]] = set()
    for ids, add, remove in steps:
        wanted = (has | {(i, t) for i in ids for t in add}) - {(i, t) for i in ids for t in remove}
        assert change(stores, sorted(ids), sorted(add), sorted(remove)) == len(wanted ^ has)
        has = wanted
    replayed: set[tuple[int, str]] = set()
    for customer, tag, added in told(stores)[before:]:
        (replayed.add if added else replayed.discard)((customer, tag))
    stored = {(customer, tag) for customer, tags in names(stores, *range(1, 7)).items() for tag in tags}
    assert stored == replayed == in_fact(stores) == has
