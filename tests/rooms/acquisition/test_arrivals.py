"""Touches `add` from relations: once a contact, by the mark of its first beginning, whatever order the news comes in."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest

from siyu.acquisition import arrivals, marks, sources
from siyu.acquisition import touches as told
from siyu.carriers.spells import Change
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY
from siyu.events import log
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity import merge
from siyu.identity.identifiers import customers_of
from tests.makers.acquisition import Book, put_mark, put_source, says, touches
from tests.makers.carriers import wecom_account

T1, T2, T3, T4 = 1_000, 2_000, 3_000, 4_000


def came(at: int, state: str | None = None) -> Change:
    return Change(at, True, None, state)


def left(at: int, by: str = "customer") -> Change:
    return Change(at, False, by)


def shown(stores: Stores) -> list[tuple[int, int, str]]:
    return [(row["at_ms"], row["source_id"], row["staff"]) for row in touches(stores)]


def test_a_person_who_adds_is_a_touch_of_the_codes_source(stores: Stores) -> None:
    book, source = Book(stores, wecom_account(stores)), put_source(stores, "抖音")
    put_mark(stores, source, "d1", account_id=book.account.id, code_id=9)
    book.tell("wmA", "zhang", came(T1, "d1"))
    book.tell("wmB", "li", came(T2, "unheard"), found_by="reconcile")
    book.tell("wmC", "", Change(T3, False, "customer"))
    first, second = touches(stores)
    assert (first["source_id"], first["code_id"], first["account_id"], first["staff"], first["at_ms"]) == (source.id, 9, book.account.id, "zhang", T1)
    with stores.ledger.read() as tx:
        untraced = sources.find(tx, second["source_id"])
    assert (untraced.untraced_account_id, untraced.name) == (book.account.id, "未追踪：澄山里 企业微信")
    with stores.warehouse.read() as session:
        activity, prop = CUSTOMERS_ACTIVITY.table, CUSTOMERS_PROPERTY.table
        assert session.scalar(activity.filter(activity.name == "source_touched").count()) == 2
        named = session.query(prop.filter((prop.event_key == first["event_key"]) & (prop.path == "source")))
    assert named["text"].to_pylist() == ["抖音"]


def test_to_be_added_again_or_by_somebody_else_is_no_second_acquisition(stores: Stores) -> None:
    book, one, two = Book(stores, wecom_account(stores)), put_source(stores, "抖音"), put_source(stores, "京东")
    put_mark(stores, one, "d1")
    put_mark(stores, two, "j1")
    book.tell("wmA", "zhang", came(T1, "d1"), left(T2))
    assert shown(stores) == [(T1, one.id, "zhang")]
    book.tell("wmA", "zhang", came(T3, "j1"))
    book.tell("wmA", "li", came(T4, "j1"))
    assert shown(stores) == [(T1, one.id, "zhang")]


def test_late_news_of_an_earlier_beginning_puts_the_touch_right(stores: Stores) -> None:
    book, one, two = Book(stores, wecom_account(stores)), put_source(stores, "抖音"), put_source(stores, "京东")
    put_mark(stores, one, "d1")
    put_mark(stores, two, "j1")
    news = [("li", came(T2, "j1")), ("zhang", came(T1, "d1")), ("wang", came(T3))]
    orders = list(itertools.permutations(range(3)))
    for step in range(3):
        for person, order in enumerate(orders):
            book.tell(f"wm{person}", *news[order[step]])
        touches(stores)
    assert shown(stores) == [(T1, one.id, "zhang")] * len(orders)


def test_a_beginning_that_there_never_was_gives_way_to_the_next_known_one(any_stores: Stores) -> None:
    stores = any_stores
    book, one, two = Book(stores, wecom_account(stores)), put_source(stores, "抖音"), put_source(stores, "京东")
    put_mark(stores, one, "d1")
    put_mark(stores, two, "j1")
    book.tell("wmA", "zhang", left(T1, "unknown"), came(T2, "d1"))
    book.tell("wmA", "li", came(T3, "j1"))
    assert shown(stores) == [(T2, one.id, "zhang")]
    # The spell of T2 joins one that began before and is known to last: its own beginning was none.
    book.tell("wmA", "zhang", came(500), there_since_ms=400)
    assert [row[0] for row in shown(stores)] == [500]
    assert touches(stores, "void") == []


def test_marks_that_become_known_late_trace_who_came_by_them(any_stores: Stores) -> None:
    stores = any_stores
    book, one, two = Book(stores, wecom_account(stores)), put_source(stores, "抖音"), put_source(stores, "京东")
    for number, at in enumerate((T1, T2, T3)):
        book.tell(f"wm{number}", "zhang", came(at, "d1"))
    assert len({row[1] for row in shown(stores)} - {one.id, two.id}) == 1
    assert put_mark(stores, one, "d1") == 3
    assert put_mark(stores, one, "d1") == 0
    assert put_mark(stores, two, "d1", from_ms=T3) == 1
    assert shown(stores) == [(T1, one.id, "zhang"), (T2, one.id, "zhang"), (T3, two.id, "zhang")]
    book.tell("wm9", "zhang", came(T4, "d1"))
    assert shown(stores)[-1] == (T4, two.id, "zhang")


def test_customers_who_turn_out_to_be_one_have_both_touches_and_the_first_is_theirs(stores: Stores) -> None:
    book, one, two = Book(stores, wecom_account(stores)), put_source(stores, "抖音"), put_source(stores, "京东")
    put_mark(stores, one, "d1")
    put_mark(stores, two, "j1")
    keys = [book.tell("wmA", "zhang", came(T2, "d1")), book.tell("wmB", "zhang", came(T1, "j1"))]
    assert len({row["customer_id"] for row in touches(stores)}) == 2
    with stores.ledger.begin() as tx:
        owner = customers_of(tx, keys)
        (operation,) = merge.merge(stores, tx, [(owner[keys[0]], owner[keys[1]])], by="Alice", beyond_limits=True)
    assert [(row["source_id"], row["customer_id"]) for row in touches(stores)] == [(two.id, owner[keys[0]]), (one.id, owner[keys[0]])]
    with stores.ledger.begin() as tx:
        merge.undo(stores, tx, operation, by="Alice")
    assert [row["customer_id"] for row in touches(stores)] == [owner[keys[1]], owner[keys[0]]]


def test_an_app_says_by_which_source_its_people_came_where_there_is_no_relation(any_stores: Stores) -> None:
    stores = any_stores
    book, lift, code = Book(stores, wecom_account(stores)), put_source(stores, "电梯", platform="lift"), put_source(stores, "抖音")
    put_mark(stores, code, "d1")
    book.tell("wmA", "zhang", came(T1, "d1"))
    says(stores, "phone", "13800000001", {"source": "elevator_ad"}, at_ms=T2, beside={book.account.namespace: "wmA"})
    says(stores, "phone", "13800000002", {"source": "elevator_ad"}, at_ms=T3)
    says(stores, "phone", "13800000002", {"source": "other"}, at_ms=T4)
    assert shown(stores) == [(T1, code.id, "zhang")]
    assert put_mark(stores, lift, "elevator_ad", kind="profile") == 1
    assert shown(stores) == [(T1, code.id, "zhang"), (T3, lift.id, "")]
    says(stores, "phone", "13800000003", {"source": "elevator_ad"}, at_ms=T4)
    assert shown(stores)[-1] == (T4, lift.id, "")


def test_a_visitor_who_becomes_known(stores: Stores) -> None:
    book, source = Book(stores, wecom_account(stores)), put_source(stores, "抖音")
    key = book.tell("wmA", "zhang", came(T2, "d1"))
    with stores.ledger.begin() as tx:
        rows = pa.table({"event_key": [1, 2], "visitor_key": [77, 78], "at_ms": [T1, T1], "step": ["visit", "visit"], "source_id": [source.id] * 2, "region": ["杭州", None]})
        assert told.record(stores, tx, rows) == 2
        told.known(stores, tx, pa.array([77]), pa.array([key]))
        for wrong in ({"step": ["seen"], "visitor_key": [1]}, {"step": ["visit"]}):
            with pytest.raises(ValueError, match="a touch"):
                told.record(stores, tx, pa.table({"event_key": [3], "at_ms": [T1], "source_id": [source.id], **wrong}))
    visits = touches(stores, "visit")
    assert [(row["visitor_key"], row["customer_id"], row["region"]) for row in visits] == [(77, 0, "杭州"), (78, 0, "")]
    visitor = stores.warehouse.tables["acquisition_visitor"]
    with stores.warehouse.read() as session:
        known = session.query(visitor).to_pylist()
    assert [(row["visitor_key"], row["customer_id"]) for row in known] == [(77, touches(stores)[0]["customer_id"])]


def test_ten_thousand_beginnings_are_one_batch_of_touches(stores: Stores) -> None:
    source, size = put_source(stores, "抖音"), 10_000
    put_mark(stores, source, "d1")
    rows = RELATIONS_CHANGED.table({
        "identity_key": np.arange(1, size + 1), "account_id": np.full(size, 1), "staff": ["zhang"] * size, "began_ms": np.arange(size), "began_known": [True] * size,
        "state": ["d1"] * size, "void": [False] * size, "found_by": ["reconcile"] * size,
    })  # fmt: skip
    with stores.ledger.begin() as tx:
        arrivals.follow_relations(stores, tx, [Batch(1, RELATIONS_CHANGED.name, rows)])
        arrivals.follow_relations(stores, tx, [Batch(1, RELATIONS_CHANGED.name, rows)])
        keys = marks.touch_keys(np.arange(1, size + 1), np.full(size, 1))
    assert len(set(keys.to_pylist())) == size
    with stores.ledger.read() as tx:
        batches = log.batches(tx, 0, None, ["acquisition_touched"])
    assert [(batch.rows.num_rows, set(batch.rows["source"].to_pylist())) for batch in batches] == [(size, {"抖音"})]
