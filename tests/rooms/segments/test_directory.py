"""The list of customers over HTTP: who sees it, who is in it, in which order, and what it says of each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from siyu.foundation.stores import Stores
from siyu.segments.facts import SEGMENTS_MEMBER
from siyu.segments.segments import create_segment, delete_segment
from tests.makers.customers import (
    Desk,
    days_ago_ms,
    open_desk,
    put_customers,
    put_identifier,
    put_rows,
    put_tag,
)

EVERYONE = {"kind": "everyone"}


@pytest.fixture
def desk(stores: Stores) -> Desk:
    day = [days_ago_ms(stores, n) for n in range(100)]
    put_customers(
        stores,
        [
            {"id": 1, "name": "林晓", "gender": "F", "city": "杭州", "tags": ["敏感肌", "老客"], "phone": "13812345678",
             "orders": [(day[3], 20_000), (day[40], 30_000)], "r": 5, "f": 4, "m": 5, "value_fen": 12_345},
            {"id": 2, "name": "林子涵", "gender": "M", "city": "上海", "tags": ["老客"], "orders": [(day[9], 90_000)], "stage": "slowing"},
            {"id": 3, "name": "Anna Li", "city": "杭州", "tags": ["敏感肌"], "orders": [(day[9], 1_000)], "stage": "new"},
            {"id": 4, "name": "王五", "gender": "F", "source": "wecom"},
            {"id": 5},
        ],
    )  # fmt: skip
    return open_desk(stores)


def ask(desk: Desk, who: str = "alice", **query: Any) -> Any:
    if isinstance(query.get("filter"), dict):
        query["filter"] = json.dumps(query["filter"])
    answer = desk.as_(who).get("/api/v1/customers", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(desk: Desk, **query: Any) -> list[int]:
    found = ask(desk, **query)
    assert found["total"] == len(found["items"])
    return [row["id"] for row in found["items"]]


def refused(desk: Desk, **query: Any) -> list[str]:
    """Fields of the faults."""
    answer = desk.as_("alice").get("/api/v1/customers", params=query)
    assert answer.status_code == 422, answer.text
    return [fault["field"] for fault in answer.json()["errors"]]


def test_a_row_says_all_that_the_list_shows(desk: Desk) -> None:
    row = next(row for row in ask(desk)["items"] if row["id"] == 1)
    assert row == {
        "id": 1, "name": "林晓", "gender": "F", "city": "杭州", "province": None, "source": None, "tier": None, "registered_on": "2025-10-09",
        "tags": ["敏感肌", "老客"], "order_count": 2, "spend_fen": 50_000, "first_order_on": "2025-11-22", "last_order_on": "2025-12-29",
        "rfm": "545", "stage": "active", "predicted_value_fen": 12_345, "phone_masked": "138****5678", "email_masked": None, "zombie": None, "deal_hunter": None, "traits": {},
    }  # fmt: skip


def test_who_has_not_ordered_is_a_prospect_with_zeros(desk: Desk) -> None:
    row = next(row for row in ask(desk)["items"] if row["id"] == 5)
    assert (row["order_count"], row["spend_fen"], row["last_order_on"], row["rfm"], row["stage"]) == (0, 0, None, None, "prospect")


def test_everybody_with_the_permission_sees_the_list_and_charlie_nothing(desk: Desk) -> None:
    for who in ("alice", "bob", "olga", "ann"):
        assert ask(desk, who)["total"] == 5
    for client in (desk.as_("charlie"), desk.nobody()):
        assert client.get("/api/v1/customers").status_code == 401
        assert client.get("/api/v1/customers/columns").status_code == 401
        assert client.get("/api/v1/customers/tags").status_code == 401


def test_no_role_sees_a_whole_phone_in_the_list(desk: Desk) -> None:
    for who in ("alice", "bob"):
        assert "13812345678" not in json.dumps(ask(desk, who))


def test_the_usual_order_is_the_last_to_order_first_and_those_without_an_order_last(desk: Desk) -> None:
    assert ids(desk) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("-spend_fen", [2, 1, 3, 4, 5]),
        ("spend_fen", [4, 5, 3, 1, 2]),
        ("last_order_on", [2, 3, 1, 4, 5]),
        ("-id", [5, 4, 3, 2, 1]),
        ("name", [3, 2, 1, 4, 5]),
        ("-name", [4, 1, 2, 3, 5]),
        ("-rfm", [1, 2, 3, 4, 5]),
        ("stage", [4, 5, 3, 1, 2]),
        ("-predicted_value_fen", [1, 2, 3, 4, 5]),
    ],
)
def test_orders(desk: Desk, sort: str, wanted: list[int]) -> None:
    assert ids(desk, sort=sort) == wanted


def test_every_column_that_says_so_can_be_sorted_by(desk: Desk) -> None:
    columns = desk.as_("bob").get("/api/v1/customers/columns").json()["items"]
    for column in columns:
        if column["sortable"]:
            assert sorted(ids(desk, sort=column["key"])) == sorted(ids(desk, sort=f"-{column['key']}")) == [1, 2, 3, 4, 5]
        else:
            assert refused(desk, sort=column["key"]) == ["sort"]
    assert {column["key"] for column in columns} == set(ask(desk)["items"][0]) - {"traits"}
    stages = next(column for column in columns if column["key"] == "stage")
    assert stages["options"][0] == {"value": "prospect", "name": {"zh": "潜客", "en": "Prospect"}}


@pytest.mark.parametrize(
    ("q", "wanted"),
    [("林", [1, 2]), ("子涵", [2]), ("anna", [3]), ("LI", [3]), ("4", [4]), ("13812345678", [1]), ("138 1234 5678", [1]), ("1381234", []), ("  ", [1, 2, 3, 4, 5]), ("%", [])],
)
def test_search_finds_a_part_of_the_name_a_number_or_a_whole_identifier(desk: Desk, q: str, wanted: list[int]) -> None:
    assert ids(desk, q=q) == wanted


def test_search_finds_a_shop_account_and_keeps_to_the_filter(desk: Desk) -> None:
    put_identifier(desk.stores, 4, "account:taobao", "小野猫")
    assert ids(desk, q="小野猫") == [4]
    assert ids(desk, q="小野猫", filter={"kind": "attribute", "field": "gender", "op": "is", "value": "M"}) == []
    assert ids(desk, q="林", filter={"kind": "orders", "measure": "spend_fen", "op": ">=", "value": 60_000}) == [2]


def test_any_of_two_tags_counts_a_person_with_both_once(desk: Desk) -> None:
    assert ids(desk, filter={"kind": "tag", "op": "any_of", "tags": ["敏感肌", "老客"]}) == [1, 2, 3]


def test_all_of_two_tags(desk: Desk) -> None:
    assert ids(desk, filter={"kind": "tag", "op": "all_of", "tags": ["敏感肌", "老客"]}) == [1]


def test_excluding_a_tag_also_excludes_people_who_have_another_one_beside_it(desk: Desk) -> None:
    assert ids(desk, filter={"kind": "tag", "op": "none_of", "tags": ["敏感肌"]}) == [2, 4, 5]
    assert ids(desk, filter={"kind": "not", "of": {"kind": "tag", "op": "any_of", "tags": ["敏感肌"]}}) == [2, 4, 5]


def test_the_filter_for_no_tag_keeps_to_the_rest_of_the_filter(desk: Desk) -> None:
    rule = {"kind": "all", "of": [{"kind": "attribute", "field": "gender", "op": "is", "value": "F"}, {"kind": "tag", "op": "untagged"}]}
    assert ids(desk, filter=rule) == [4]
    assert ids(desk, q="林", filter={"kind": "tag", "op": "untagged"}) == []


def test_people_are_counted_not_relations(desk: Desk) -> None:
    for number in range(3):
        put_identifier(desk.stores, 1, f"external_userid:corp{number}", f"wm{number}")
    put_tag(desk.stores, "新", [1])
    assert ask(desk)["total"] == 5
    assert ids(desk, filter={"kind": "attribute", "field": "city", "op": "is", "value": "杭州"}) == [1, 3]
    assert ids(desk, filter={"kind": "orders", "measure": "count", "op": ">=", "value": 1}) == [1, 2, 3]


def test_attributes_and_spend_together(desk: Desk) -> None:
    rule = {"kind": "all", "of": [
        {"kind": "attribute", "field": "city", "op": "in", "value": ["杭州", "上海"]},
        {"kind": "attribute", "field": "spend_fen", "op": ">=", "value": 40_000},
        {"kind": "not", "of": {"kind": "lifecycle", "stages": ["slowing"]}},
    ]}  # fmt: skip
    assert ids(desk, filter=rule) == [1]


def test_a_bad_filter_is_refused_with_the_path_of_every_fault(desk: Desk) -> None:
    two = {"kind": "all", "of": [{"kind": "tag", "op": "none_of", "tags": []}, {"kind": "colour"}]}
    assert refused(desk, filter=json.dumps(two)) == ["filter.of[0].tags", "filter.of[1].kind"]
    assert refused(desk, filter="{") == ["filter"]
    assert refused(desk, filter="[]") == ["filter.kind"]
    assert refused(desk, filter=json.dumps({"kind": "segment", "segment": 99})) == ["filter.segment"]
    assert refused(desk, columns="name,colour") == ["columns"]
    assert refused(desk, segment="0") == ["segment"]


def test_a_segment_shows_its_members(desk: Desk, stores: Stores) -> None:
    with stores.ledger.begin() as tx:
        segment = create_segment(tx, name="复购", description=None, rule=EVERYONE, by=None, now=stores.now())
    members = [(1, True), (2, True), (3, False)]
    put_rows(stores, SEGMENTS_MEMBER, [{"segment_id": segment.id, "customer_id": c, "entered": e, "at_ms": 1} for c, e in members])
    assert ids(desk, segment=segment.id) == [1, 2]
    assert ids(desk, segment=segment.id, filter={"kind": "tag", "op": "any_of", "tags": ["敏感肌"]}) == [1]
    with stores.ledger.begin() as tx:
        delete_segment(tx, segment.id, stores.now())
    assert desk.as_("alice").get("/api/v1/customers", params={"segment": segment.id}).status_code == 404


def test_pages_follow_one_another_and_say_the_same_total(desk: Desk) -> None:
    first = ask(desk, sort="-spend_fen", limit=2)
    second = ask(desk, sort="-spend_fen", limit=2, cursor=first["next_cursor"])
    third = ask(desk, sort="-spend_fen", limit=2, cursor=second["next_cursor"])
    assert [[row["id"] for row in page["items"]] for page in (first, second, third)] == [[2, 1], [3, 4], [5]]
    assert {page["total"] for page in (first, second, third)} == {5}
    assert third["next_cursor"] is None


def test_a_cursor_belongs_to_one_list(desk: Desk) -> None:
    cursor = ask(desk, sort="-spend_fen", limit=2)["next_cursor"]
    assert refused(desk, sort="spend_fen", cursor=cursor) == ["cursor"]
    assert refused(desk, sort="-spend_fen", q="林", cursor=cursor) == ["cursor"]
    assert refused(desk, sort="-spend_fen", filter=json.dumps(EVERYONE), cursor=cursor) == ["cursor"]
    assert refused(desk, cursor="x") == ["cursor"]


def test_tags_by_ids(desk: Desk) -> None:
    answer = desk.as_("olga").post("/api/v1/customers/tags", json={"customer_ids": [1, 4], "add": ["新", "老客"], "remove": ["敏感肌"]})
    assert answer.json() == {"changed_count": 4}
    counts = desk.as_("bob").get("/api/v1/customers/tags").json()["items"]
    assert counts == [{"tag": "老客", "customer_count": 3}, {"tag": "新", "customer_count": 2}, {"tag": "敏感肌", "customer_count": 1}]
    assert desk.audited()[-1][:2] == ("olga", "customers.tagged")


def test_tags_by_rule_reach_whom_the_list_shows(desk: Desk) -> None:
    rule = {"kind": "attribute", "field": "city", "op": "is", "value": "杭州"}
    assert desk.as_("alice").post("/api/v1/customers/tags", json={"filter": rule, "add": ["杭州客"]}).json() == {"changed_count": 2}
    assert desk.as_("alice").post("/api/v1/customers/tags", json={"filter": EVERYONE, "add": ["杭州客"]}).json() == {"changed_count": 3}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"add": ["a"]}, ["customer_ids"]),
        ({"customer_ids": [1], "filter": {"kind": "everyone"}, "add": ["a"]}, ["customer_ids"]),
        ({"customer_ids": [1, 77], "add": ["a"]}, ["customer_ids"]),
        ({"customer_ids": [1], "add": [" "]}, ["add[0]"]),
        ({"filter": {"kind": "tag", "op": "none_of", "tags": []}, "add": ["a"]}, ["filter.tags"]),
    ],
)
def test_nobody_is_tagged_by_an_oversight(desk: Desk, body: dict[str, Any], fields: list[str]) -> None:
    answer = desk.as_("alice").post("/api/v1/customers/tags", json=body)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == fields


def test_who_may_not_write_may_not_tag(desk: Desk) -> None:
    for who in ("bob", "ann"):
        assert desk.as_(who).post("/api/v1/customers/tags", json={"customer_ids": [1], "add": ["a"]}).status_code == 403
    assert desk.as_("charlie").post("/api/v1/customers/tags", json={"customer_ids": [1], "add": ["a"]}).status_code == 401
