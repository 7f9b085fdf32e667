"""Merge, split, undo: what moves, what stays, what is refused, and what comes back byte for byte."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from siyu.customers.tags import change_tags, tags_of
from siyu.foundation.database import metadata
from siyu.foundation.errors import ConflictError, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.identity import conflicts, keys, moves, operations
from siyu.identity.current import current, current_one
from siyu.identity.errors import InTheWayError, OverLimitError
from siyu.identity.identifiers import customers_of
from siyu.identity.merge import merge, split, undo
from siyu.river import flow
from siyu.segments.recompute import recompute
from siyu.segments.refresh import refresh
from siyu.segments.segments import create_segment
from tests.conftest import SetClock
from tests.makers.identity import Identifier, cut, key_of, see

MEMORY = {"identity_operation", "identity_operation_customer", "identity_journal", "identity_apart", "events_batch", "events_head", "events_cursor"}
"""What an undo leaves on purpose: that it happened, and that the two are different people."""


def tables(stores: Stores) -> dict[str, list[Any]]:
    with stores.ledger.read() as tx:
        return {table.name: sorted(tuple(row) for row in tx.execute(select(table))) for table in metadata.sorted_tables if table.name not in MEMORY}


def whose(stores: Stores, *identifiers: Identifier) -> list[int]:
    with stores.ledger.read() as tx:
        found = customers_of(tx, [key_of(each) for each in identifiers])
    return [found[key_of(each)] for each in identifiers]


def tag(stores: Stores, customer: int, *add: str) -> None:
    with stores.ledger.begin() as tx:
        change_tags(tx, [customer], add=add, remove=[], by="Bob", now=stores.now())


def names(stores: Stores, customer: int) -> list[str]:
    with stores.ledger.read() as tx:
        return [each.tag for each in tags_of(tx, [customer]).get(customer, [])]


def facts(stores: Stores, name: str, *columns: str) -> set[tuple[Any, ...]]:
    table = stores.warehouse.tables[name].select(*columns)
    with stores.warehouse.read() as session:
        return {tuple(row.values()) for row in session.query(table).to_pylist()}


def two_people(stores: Stores) -> tuple[int, int]:
    see(stores, [("account:jd", 1), ("phone", 1)], [("account:taobao", 2), ("phone", 2)])
    flow(stores)
    one, other = whose(stores, ("account:jd", 1), ("account:taobao", 2))
    return one, other


def test_a_merge_moves_everything_and_an_undo_brings_it_back(any_stores: Stores) -> None:
    stores = any_stores
    one, other = two_people(stores)
    tag(stores, one, "vip", "old")
    tag(stores, other, "vip", "new")
    flow(stores)
    before = tables(stores)
    with stores.ledger.begin() as tx:
        (operation,) = merge(stores, tx, [(one, other)], by="Alice")
    flow(stores)
    assert set(whose(stores, ("account:jd", 1), ("phone", 1), ("account:taobao", 2), ("phone", 2))) == {one}
    assert names(stores, one) == ["new", "old", "vip"]
    assert names(stores, other) == []
    with stores.ledger.read() as tx:
        assert current(tx, [one, other, 99]) == {one: one, other: one, 99: 99}
    assert facts(stores, "customers_profile", "customer_id") == {(one,)}
    assert {row for row in facts(stores, "customers_tag", "customer_id", "tag", "added") if row[2]} == {(one, name, True) for name in ("vip", "old", "new")}
    with stores.ledger.begin() as tx:
        undo(stores, tx, operation, by="Alice")
    flow(stores)
    assert tables(stores) == before
    assert facts(stores, "customers_profile", "customer_id") == {(one,), (other,)}
    assert {row for row in facts(stores, "customers_tag", "customer_id", "tag", "added") if row[2]} == {
        (one, "vip", True), (one, "old", True), (other, "vip", True), (other, "new", True),
    }  # fmt: skip
    see(stores, [("account:jd", 1), ("phone", 2)])
    flow(stores)
    assert whose(stores, ("account:jd", 1), ("phone", 2)) == [one, other], "what was undone is not linked again by itself"


def test_a_row_that_was_changed_since_stays_as_it_is(stores: Stores) -> None:
    one, other = two_people(stores)
    tag(stores, other, "new")
    with stores.ledger.begin() as tx:
        (operation,) = merge(stores, tx, [(one, other)], by="Alice")
    tag(stores, one, "since")
    with stores.ledger.begin() as tx:
        change_tags(tx, [one], add=[], remove=["new"], by="Bob", now=stores.now())
        undo(stores, tx, operation, by="Alice")
    assert names(stores, one) == ["since"]
    assert names(stores, other) == ["new"]


def test_chains_of_pairs_are_one_person(stores: Stores) -> None:
    see(stores, *([("phone", number)] for number in range(4)))
    flow(stores)
    a, b, c, d = whose(stores, *(("phone", number) for number in range(4)))
    with stores.ledger.begin() as tx:
        assert len(merge(stores, tx, [(b, a), (c, b), (a, c)], by="Alice")) == 1
        assert current(tx, [a, b, c, d]) == {a: c, b: c, c: c, d: d}
        assert merge(stores, tx, [(a, b)], by="Alice") == []
        with pytest.raises(OverLimitError):
            merge(stores, tx, [(a, d)], by="Alice")
        merge(stores, tx, [(d, a)], by="Alice", beyond_limits=True)
        assert current(tx, [a, b, c, d]) == dict.fromkeys((a, b, c, d), d), "old numbers follow at once"


def test_a_later_operation_is_in_the_way_and_named(stores: Stores) -> None:
    one, other = two_people(stores)
    with stores.ledger.begin() as tx:
        (first,) = merge(stores, tx, [(one, other)], by="Alice")
        ((second, fresh),) = split(stores, tx, [[key_of(("phone", 2))]], by="Alice")
        with pytest.raises(InTheWayError, match=f"operation {second}"):
            undo(stores, tx, first, by="Alice")
        third = undo(stores, tx, second, by="Alice")
        assert current_one(tx, fresh) == one
        with pytest.raises(ConflictError):
            undo(stores, tx, third, by="Alice")
        with pytest.raises(ConflictError):
            undo(stores, tx, second, by="Alice")
        undo(stores, tx, first, by="Alice")
        assert current(tx, [one, other]) == {one: one, other: other}
        assert [(each.kind, each.undone_by is None) for each in operations.list_operations(tx, customer_ids=[other])] == [("undo", True), ("merge", False)]
        with pytest.raises(NotFoundError):
            undo(stores, tx, 999, by="Alice")


def test_a_split_takes_its_identifiers_and_what_came_in_under_them(any_stores: Stores) -> None:
    stores = any_stores
    see(stores, [("account:jd", 1), ("phone", 1), ("email", 1)])
    flow(stores)
    (one,) = set(whose(stores, ("account:jd", 1), ("phone", 1), ("email", 1)))
    tag(stores, one, "vip")
    before = tables(stores)
    with stores.ledger.begin() as tx:
        ((operation, fresh),) = split(stores, tx, [[key_of(("phone", 1)), key_of(("email", 1))]], by="Alice")
    flow(stores)
    assert whose(stores, ("account:jd", 1), ("phone", 1), ("email", 1)) == [one, fresh, fresh]
    assert names(stores, one) == ["vip"]
    assert facts(stores, "customers_profile", "customer_id") == {(one,), (fresh,)}
    see(stores, [("account:jd", 1), ("phone", 1)])
    flow(stores)
    assert whose(stores, ("account:jd", 1), ("phone", 1)) == [one, fresh], "a split is remembered"
    with stores.ledger.begin() as tx:
        undo(stores, tx, operation, by="Alice")
    after = tables(stores)
    assert after.pop("identity_customer")[-1][2] == one, "the number that was given stands for whom it came from"
    before.pop("identity_customer")
    assert after == before


def test_what_cannot_be_split_is_said_part_by_part(stores: Stores) -> None:
    two_people(stores)
    jd, phone, taobao = key_of(("account:jd", 1)), key_of(("phone", 1)), key_of(("account:taobao", 2))
    for parts, fields in (
        ([[jd, phone]], ["identifiers[0]"]),
        ([[jd], [phone]], ["identifiers[1]"]),
        ([[jd, taobao]], ["identifiers[0]"]),
        ([[12345]], ["identifiers[0]"]),
        ([[]], ["identifiers[0]"]),
        ([[jd, jd]], ["identifiers[0]", "identifiers"]),
    ):
        with pytest.raises(InvalidError) as failed, stores.ledger.begin() as tx:
            split(stores, tx, parts, by="Alice")
        assert [fault.field for fault in failed.value.faults] == fields
    with pytest.raises(NotFoundError), stores.ledger.begin() as tx:
        merge(stores, tx, [(1, 77)], by="Alice")


def test_somebody_known_by_two_identifiers_apart_becomes_one_at_log_in(stores: Stores) -> None:
    """Anonymous history joins; the stronger namespace survives, else the older."""
    see(stores, [("anonymous", 1)], [("member", 1), ("phone", 1)], [("email", 5)])
    flow(stores)
    visitor, member, mail = whose(stores, ("anonymous", 1), ("member", 1), ("email", 5))
    assert len({visitor, member, mail}) == 3
    see(stores, [("member", 1), ("anonymous", 1)], [("anonymous", 1), ("email", 5)])
    flow(stores)
    assert set(whose(stores, ("anonymous", 1), ("member", 1), ("phone", 1), ("email", 5))) == {member}
    with stores.ledger.read() as tx:
        assert current(tx, [visitor, mail]) == {visitor: member, mail: member}
        (operation,) = operations.list_operations(tx, customer_ids=[member])
    assert (operation.kind, operation.by, operation.why, operation.customer_ids) == ("merge", "system", "seen_together", sorted([visitor, member, mail]))


def test_an_identifier_that_was_unbound_leaves_and_may_come_back(any_stores: Stores) -> None:
    stores = any_stores
    see(stores, [("member", 1), ("phone", 1), ("anonymous", 1)])
    cut(stores, (("member", 1), ("phone", 1)), (("phone", 1), ("anonymous", 1)))
    flow(stores)
    member, phone, anonymous = whose(stores, ("member", 1), ("phone", 1), ("anonymous", 1))
    assert (member, phone != member, anonymous) == (member, True, member), "the second binding was cut with the first"
    see(stores, [("member", 1), ("phone", 1)])
    flow(stores)
    assert set(whose(stores, ("member", 1), ("phone", 1))) == {member}


def test_conflicts_are_decided_once_and_remembered(any_stores: Stores) -> None:
    stores = any_stores
    see(stores, [("account:jd", 1), ("phone", 1)])
    see(stores, [("account:jd", 2), ("phone", 1)], [("account:jd", 3), ("phone", 1)])
    flow(stores)
    one, two, three = whose(stores, *(("account:jd", number) for number in (1, 2, 3)))
    with stores.ledger.begin() as tx:
        found = {each.claimant_id: each for each in conflicts.list_conflicts(tx)}
        assert {(each.owner_id, each.reason, each.namespace, each.claim_count) for each in found.values()} == {(one, "account:jd", "phone", 3)}
        assert set(found) == {two, three}
        operation = conflicts.decide(stores, tx, found[two].identity_key, two, "merge", by="Alice")
        assert current_one(tx, two) == one
        conflicts.decide(stores, tx, found[three].identity_key, three, "apart", by="Alice")
        with pytest.raises(ConflictError):
            conflicts.decide(stores, tx, found[three].identity_key, three, "merge", by="Alice")
        with pytest.raises(NotFoundError):
            conflicts.decide(stores, tx, 5, 5, "merge", by="Alice")
        assert conflicts.count_open(tx) == 0
        assert operation is not None
        undo(stores, tx, operation, by="Alice")
        assert [(each.claimant_id, each.claim_count) for each in conflicts.list_conflicts(tx)] == [(two, 3)]
        assert [each.claimant_id for each in conflicts.list_conflicts(tx, "apart")] == [three]
    see(stores, [("account:jd", 3), ("phone", 1)])
    flow(stores)
    with stores.ledger.read() as tx:
        assert conflicts.count_open(tx) == 1, "seen again, nothing new is asked"


def test_a_phone_of_many_people_asks_nobody_and_links_nobody(stores: Stores) -> None:
    for number in range(8):
        see(stores, [("account:jd", number), ("phone", 0)])
        flow(stores)
    see(stores, [("account:taobao", 1), ("phone", 0)])
    flow(stores)
    with stores.ledger.read() as tx:
        assert conflicts.count_open(tx) == 0
        assert len(conflicts.list_conflicts(tx, "shared")) == 5
    assert len(set(whose(stores, ("account:taobao", 1), *(("account:jd", number) for number in range(8))))) == 9


def test_the_worked_example_of_the_theory_page(stores: Stores) -> None:
    taobao, jd, phone, visitor, member, openid, unionid = ("account:taobao", 1), ("account:jd", 1), ("phone", 1), ("anonymous", 1), ("member", 1), ("openid:wx", 1), ("unionid", 1)
    steps: list[tuple[list[list[Identifier]], Identifier, int]] = [
        ([[taobao, phone]], taobao, 1),
        ([[jd, phone]], jd, 1),
        ([[("account:taobao", 2), phone]], ("account:taobao", 2), 2),
        ([[visitor]], visitor, 3),
        ([[member]], member, 4),
        ([[member, visitor]], visitor, 4),
        ([[openid]], openid, 5),
        ([[unionid, openid]], unionid, 5),
        ([[("account:jd", 2)]], ("account:jd", 2), 6),
        ([[unionid, ("account:jd", 2)]], ("account:jd", 2), 5),
    ]
    for rows, asked, customer in steps:
        see(stores, *rows)
        flow(stores)
        assert whose(stores, asked) == [customer], rows
    see(stores, *([("account:jd", number), ("phone", 9)] for number in range(11, 60)))
    flow(stores)
    assert len(set(whose(stores, *(("account:jd", number) for number in range(11, 60))))) == 49
    with stores.ledger.read() as tx:
        assert [(each.reason, each.claimant_id) for each in conflicts.list_conflicts(tx)] == [("account:taobao", 2)]
        assert current(tx, [3, 6]) == {3: 4, 6: 5}
    cut(stores, (member, visitor))
    flow(stores)
    assert whose(stores, member, visitor) == [4, 56]


def test_every_column_of_the_ledger_that_names_a_customer_moves() -> None:
    """A room that forgot to declare one would leave rows behind with a number that is nobody any more."""
    kept_as_it_happened = {"identity_operation", "identity_operation_customer", "rights_request", "team_look"}
    found = {f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.c if column.name == "customer_id" and table.name not in kept_as_it_happened}
    assert found <= {move.name for move in moves.declared()}


def test_one_known_by_openid_alone_and_one_by_unionid_become_one(stores: Stores) -> None:
    see(stores, [("openid:wx", 1)], [("unionid", 1), ("phone", 1)])
    flow(stores)
    see(stores, [("unionid", 1), ("openid:wx", 1)])
    flow(stores)
    assert set(whose(stores, ("openid:wx", 1), ("unionid", 1), ("phone", 1))) == {2}, "the unionid is stronger"


def test_of_rows_that_meet_the_declared_one_stays() -> None:
    rows = [{"v": 2, "at": 1}, {"v": 1, "at": 3}, {"v": 3, "at": 2}]
    assert moves.keep_survivor(rows) == rows[0]
    assert moves.keep_newest("at")(rows) == rows[1]
    assert moves.most_restrictive("v", [3, 2, 1])(rows) == rows[2]


def test_a_segment_follows_at_the_next_round(stores: Stores, clock: SetClock) -> None:
    """Members of a list and of a tag: who was merged leaves, who stays is asked, under any number."""
    one, other = two_people(stores)
    tag(stores, other, "vip")
    with stores.ledger.begin() as tx:
        rules = {"list": {"kind": "list", "customer_ids": [other]}, "tag": {"kind": "tag", "op": "any_of", "tags": ["vip"]}}
        ids = {name: create_segment(tx, name=name, description=None, rule=rule, by=None, now=stores.now()).id for name, rule in rules.items()}
    recompute(stores, flow)
    assert {row[:2] for row in facts(stores, "segments_member", "segment_id", "customer_id", "entered") if row[2]} == {(each, other) for each in ids.values()}
    with stores.ledger.begin() as tx:
        merge(stores, tx, [(one, other)], by="Alice")
    clock.at += timedelta(minutes=1)
    refresh(stores, flow)
    assert {row[:2] for row in facts(stores, "segments_member", "segment_id", "customer_id", "entered") if row[2]} == {(each, one) for each in ids.values()}


def test_keys_are_found_wherever_they_stand(any_stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """New, settled, and left behind by somebody who removed the row."""
    stores = any_stores
    monkeypatch.setattr(keys, "SETTLED_TOGETHER", 3)
    for number in range(5):
        see(stores, [("phone", number)])
        flow(stores)
    assert len(set(whose(stores, *(("phone", number) for number in range(5))))) == 5
    with stores.ledger.begin() as tx:
        assert keys.forget(tx, whose(stores, ("phone", 0))) == 1
        tx.execute(metadata.tables["identity_identifier"].delete().where(metadata.tables["identity_identifier"].c.identity_key == key_of(("phone", 4))))
        assert customers_of(tx, [key_of(("phone", 0)), key_of(("phone", 4))]) == {}
    see(stores, [("phone", 0)], [("phone", 4)])
    flow(stores)
    assert whose(stores, ("phone", 0), ("phone", 4)) == [6, 7]
