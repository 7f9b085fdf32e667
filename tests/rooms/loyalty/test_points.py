"""Points: a ledger that balances, whatever is done to it, by whom and how often."""

from __future__ import annotations

import os
import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from siyu.foundation.database import metadata
from siyu.foundation.errors import ConflictError, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.identity import merge
from siyu.identity.current import current
from siyu.loyalty import balances, points
from siyu.rights.holdings import remove_rows
from siyu.rights.people import find_people
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.loyalty import books, ids, people


def give(stores: Stores, who: list[int], amount: int, ref: str = "g", days: int | None = None) -> points.Posted:
    last_on = None if days is None else stores.calendar.on(stores.now()) + timedelta(days=days)
    with stores.ledger.begin() as tx:
        return points.grant(stores, tx, who, [amount] * len(who), reason="欢迎", ref=ref, by="Alice", last_on=last_on)


def take(stores: Stores, who: list[int], amount: int, ref: str = "s") -> points.Posted:
    with stores.ledger.begin() as tx:
        return points.spend(stores, tx, who, [amount] * len(who), reason="兑换", ref=ref, by="Alice")


def back(stores: Stores, of: str, ref: str = "r", amounts: dict[int, int] | None = None) -> points.Posted:
    with stores.ledger.begin() as tx:
        return points.reverse(stores, tx, of, ref=ref, reason="退款", by="Alice", amounts=amounts)


def end(stores: Stores) -> int:
    with stores.ledger.begin() as tx:
        return points.expire(stores, tx)


def have(stores: Stores, who: list[int]) -> list[int]:
    with stores.ledger.read() as tx:
        found = balances.of(stores, tx, who)
    return [found.get(one, 0) for one in who]


def test_points_are_granted_spent_and_taken_back(any_stores: Stores) -> None:
    ann, ben = people(any_stores, 2)
    assert ids(give(any_stores, [ann, ben], 100).done) == [ann, ben]
    spent = take(any_stores, [ann], 30)
    assert (ids(spent.done), have(any_stores, [ann, ben])) == ([ann], [70, 100])
    assert ids(back(any_stores, "s").done) == [ann]
    assert have(any_stores, [ann, ben]) == [100, 100]
    assert books(any_stores) == {"customer": 200, "pool": -200, "expired": 0, "kept": 200, "least": 100}


def test_an_act_is_done_once_for_each_person(any_stores: Stores) -> None:
    ann, ben = people(any_stores, 2)
    give(any_stores, [ann], 10)
    second = give(any_stores, [ann, ben], 10)
    assert (ids(second.done), ids(second.again)) == ([ben], [ann])
    assert have(any_stores, [ann, ben]) == [10, 10]
    take(any_stores, [ann], 4)
    assert ids(take(any_stores, [ann], 4).again) == [ann]
    back(any_stores, "s")
    assert ids(back(any_stores, "s").again) == [ann]
    assert have(any_stores, [ann]) == [10]


def test_a_reference_names_one_act(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    give(stores, [ann], 10, ref="x")
    with pytest.raises(ConflictError):
        take(stores, [ann], 5, ref="x")
    with pytest.raises(NotFoundError):
        back(stores, "nothing")
    back(stores, "x", ref="y")
    with pytest.raises(ConflictError):
        back(stores, "y", ref="z")


def test_who_has_too_few_is_named_and_keeps_them(any_stores: Stores) -> None:
    rich, poor, nobody = *people(any_stores, 2), 10**9
    give(any_stores, [rich], 50, ref="a")
    give(any_stores, [poor], 10, ref="b")
    spent = take(any_stores, [rich, poor, nobody], 20)
    assert ids(spent.done) == [rich]
    assert {reason: ids(ones) for reason, ones in spent.refused.items()} == {"too_few": [poor], "unknown": [nobody]}
    assert (spent.why(poor), spent.why(rich)) == ("too_few", None)
    assert have(any_stores, [rich, poor]) == [30, 10]


def test_what_ends_first_is_spent_first_and_ends_at_its_day(any_stores: Stores, clock: SetClock) -> None:
    (ann,) = people(any_stores, 1)
    give(any_stores, [ann], 10, ref="late", days=20)
    give(any_stores, [ann], 10, ref="never")
    give(any_stores, [ann], 10, ref="soon", days=2)
    take(any_stores, [ann], 4)
    with any_stores.ledger.read() as tx:
        assert [(lot.reason, lot.remaining) for lot in balances.lots(any_stores, tx, ann)] == [("欢迎", 6), ("欢迎", 10), ("欢迎", 10)]
    clock.at += timedelta(days=3)
    assert have(any_stores, [ann]) == [20], "ended points cannot be spent, also before they are moved"
    assert take(any_stores, [ann], 21, ref="too much").why(ann) == "too_few"
    assert (end(any_stores), end(any_stores)) == (1, 0)
    assert books(any_stores) == {"customer": 20, "pool": -26, "expired": 6, "kept": 20, "least": 0}


def test_a_spending_goes_back_into_its_batches_and_ends_with_them(stores: Stores, clock: SetClock) -> None:
    (ann,) = people(stores, 1)
    give(stores, [ann], 10, ref="soon", days=2)
    give(stores, [ann], 10, ref="never")
    take(stores, [ann], 15)
    clock.at += timedelta(days=3)
    back(stores, "s")
    assert have(stores, [ann]) == [10]
    assert end(stores) == 1
    assert books(stores)["expired"] == 10


def test_a_grant_is_taken_back_from_its_own_batch_first_then_from_others_never_below_zero(any_stores: Stores) -> None:
    ann, ben = people(any_stores, 2)
    give(any_stores, [ann, ben], 100, ref="order")
    give(any_stores, [ann], 30, ref="gift")
    take(any_stores, [ann, ben], 80)
    undone = back(any_stores, "order")
    assert undone.why(ben) == "too_few"
    assert undone.why(ann) == "too_few", "50 are left of 100"
    give(any_stores, [ann], 50, ref="more")
    assert ids(back(any_stores, "order", ref="r2").done) == [ann]
    assert have(any_stores, [ann, ben]) == [0, 20]
    assert back(any_stores, "order", ref="r3", amounts={ann: 1}).why(ann) == "nothing_left"


def test_an_act_is_taken_back_in_parts_never_more_than_it_was(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    give(stores, [ann], 100)
    take(stores, [ann], 60)
    assert ids(back(stores, "s", "r1", {ann: 25}).done) == [ann]
    assert back(stores, "s", "r2", {ann: 36}).why(ann) == "beyond"
    assert ids(back(stores, "s", "r3").done) == [ann]
    assert have(stores, [ann]) == [100]


def test_what_is_asked_wrong_is_said(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    for who, amount, ref in (([], 5, "x"), ([ann], 0, "x"), ([ann], points.MOST + 1, "x"), ([ann], 5, "")):
        with pytest.raises(InvalidError):
            give(stores, who, amount, ref=ref)
    with pytest.raises(InvalidError):
        give(stores, [ann], 5, days=-1)


def rows(stores: Stores) -> dict[str, list[tuple[object, ...]]]:
    with stores.ledger.read() as tx:
        return {name: [tuple(row) for row in tx.execute(select(table).order_by(*table.primary_key))] for name, table in metadata.tables.items() if name.startswith("loyalty_")}


def test_a_merge_adds_up_and_an_undo_gives_back_every_row(any_stores: Stores) -> None:
    ann, ben = people(any_stores, 2)
    give(any_stores, [ann], 40, ref="a")
    give(any_stores, [ben], 60, ref="b", days=5)
    take(any_stores, [ben], 10)
    before = rows(any_stores)
    with any_stores.ledger.begin() as tx:
        (key,) = merge.merge(any_stores, tx, [(ann, ben)], by="Alice")
    assert have(any_stores, [ann, ben]) == [90, 0]
    with any_stores.ledger.begin() as tx:
        merge.undo(any_stores, tx, key, by="Alice")
    assert rows(any_stores) == before


def test_after_an_undo_each_has_what_is_left_of_their_own(stores: Stores) -> None:
    ann, ben = people(stores, 2)
    give(stores, [ann], 10, ref="a")
    give(stores, [ben], 100, ref="b")
    with stores.ledger.begin() as tx:
        (key,) = merge.merge(stores, tx, [(ann, ben)], by="Alice")
    assert ids(take(stores, [ben], 80).done) == [ann], "the old number stands for the person"
    with stores.ledger.begin() as tx:
        merge.undo(stores, tx, key, by="Alice")
    assert have(stores, [ann, ben]) == [0, 30]
    assert books(stores)["least"] == 0


def test_segments_hear_of_points(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    give(stores, [ann], 25)
    take(stores, [ann], 5)
    flow(stores)
    with stores.warehouse.read() as session:
        told = session.query(stores.warehouse.tables["loyalty_points"].order_by("points")).to_pylist()
        acts = session.query(stores.warehouse.tables["customers_activity"]).to_pylist()
        kinds = session.query(stores.warehouse.tables["customers_property"].filter(stores.warehouse.tables["customers_property"].path == "points")).to_pylist()
    assert [(row["customer_id"], row["kind"], row["points"], row["balance"]) for row in told] == [(ann, "spend", -5, 20), (ann, "grant", 25, 25)]
    assert [row["name"] for row in acts] == ["points_changed"] * 2
    assert sorted(row["number"] for row in kinds) == [-5, 25]


def test_writers_at_once_never_spend_a_point_twice(any_stores: Stores) -> None:
    who = people(any_stores, 5)
    give(any_stores, who, 100)
    done: list[int] = []

    def work(number: int) -> None:
        for turn in range(4):
            spent = take(any_stores, who[::-1] if number % 2 else who, 30, ref=f"s {number if turn < 2 else 'same'} {turn}")
            done.append(spent.people)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sum(done) == 15, "three times thirty for each of five"
    assert have(any_stores, who) == [10] * 5
    assert books(any_stores) == {"customer": 50, "pool": -50, "expired": 0, "kept": 50, "least": 10}


acts = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.sets(st.integers(0, 3), min_size=1), st.integers(1, 50), st.sampled_from([None, 1, 3])),
        st.tuples(st.just("spend"), st.sets(st.integers(0, 3), min_size=1), st.integers(1, 60), st.none()),
        st.tuples(st.just("again"), st.just(set()), st.integers(0, 20), st.none()),
        st.tuples(st.just("reverse"), st.just(set()), st.integers(0, 20), st.none()),
        st.tuples(st.just("day"), st.just(set()), st.integers(1, 2), st.none()),
        st.tuples(st.just("merge"), st.sets(st.integers(0, 3), min_size=2, max_size=2), st.just(0), st.none()),
        st.tuples(st.just("undo"), st.just(set()), st.just(0), st.none()),
        st.tuples(st.just("erase"), st.sets(st.integers(0, 3), min_size=1, max_size=1), st.just(0), st.none()),
    ),
    max_size=14,
)


@settings(max_examples=300 if os.environ.get("ALL_KILLS") else 12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts)
def test_the_books_balance_whatever_happens(stores: Stores, clock: SetClock, acts: list[tuple[str, set[int], int, int | None]]) -> None:
    who = people(stores, 4)
    made: list[tuple[str, list[int], int, int | None, str]] = []
    merges: list[int] = []
    for number, (act, some, amount, days) in enumerate(acts):
        chosen, ref = [who[one] for one in sorted(some)], f"{who[0]} {number}"
        before = have(stores, who)
        if act == "grant":
            give(stores, chosen, amount, ref, days)
            made.append((act, chosen, amount, days, ref))
        elif act == "spend":
            spent = take(stores, chosen, amount, ref)
            assert sum(before) - sum(have(stores, who)) == spent_of(spent, chosen, amount, stores)
            made.append((act, chosen, amount, days, ref))
        elif act == "again" and made:
            kind, same, much, until, name = made[amount % len(made)]
            (give(stores, same, much, name, until) if kind == "grant" else take(stores, same, much, name))
        elif act == "reverse" and made:
            back(stores, made[amount % len(made)][4], ref)
        elif act == "day":
            clock.at += timedelta(days=amount)
            end(stores)
        elif act == "merge":
            with stores.ledger.begin() as tx:
                merges += merge.merge(stores, tx, [(chosen[0], chosen[1])], by="Alice")
            assert sum(have(stores, who)) == sum(before)
        elif act == "undo" and merges:
            with stores.ledger.begin() as tx:
                merge.undo(stores, tx, merges.pop(), by="Alice")
            assert sum(have(stores, who)) == sum(before)
        elif act == "erase":
            with stores.ledger.begin() as tx:
                remove_rows(tx, find_people(stores, tx, chosen))
            merges.clear()
        told = books(stores)
        assert told["customer"] + told["pool"] + told["expired"] == 0
        assert told["customer"] == told["kept"]
        assert told["least"] >= 0


def spent_of(spent: points.Posted, chosen: list[int], amount: int, stores: Stores) -> int:
    """What a spending has taken: of people named under two numbers twice as much."""
    with stores.ledger.read() as tx:
        now = current(tx, chosen)
    return sum(amount for one in chosen if now[one] in set(ids(spent.done)))
