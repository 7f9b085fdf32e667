"""Traits over HTTP: tried, saved, computed, used by segments, kept from being pulled away; on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from siyu.foundation.stores import Stores
from siyu.river import flow
from siyu.segments.traits_compute import compute_traits
from tests.conftest import SetClock
from tests.makers.customers import Desk, open_desk
from tests.makers.orders import Order, lay_orders

SPENT = {"of": "orders", "measure": "sum", "property": "amount_fen"}


@pytest.fixture
def desk(any_stores: Stores, clock: SetClock) -> Desk:
    clock.at = datetime.fromisoformat("2026-06-01T12:00:00+08:00")
    orders = [Order(1, date(2026, 5, 20), 3000), Order(1, date(2026, 4, 1), 1000), Order(2, date(2026, 5, 30), 500)]
    lay_orders(any_stores, orders, known={3: date(2026, 1, 1)})
    flow(any_stores)
    return open_desk(any_stores)


def save(desk: Desk, name: str = "累计消费额", definition: dict[str, Any] | None = None) -> dict[str, Any]:
    made = desk.as_("olga").post("/api/v1/traits", json={"name": name, "definition": definition or SPENT})
    assert made.status_code == 201, made.text
    compute_traits(desk.stores)
    return made.json()


def test_a_trial_tells_the_distribution_and_keeps_nothing(desk: Desk) -> None:
    tried = desk.as_("ann").post("/api/v1/traits/preview", json={"definition": SPENT, "sample": 4}).json()
    assert tried["type"] == "money"
    assert tried["sentence"]["zh"] == "历史上订单的金额的合计；没有时为 ¥0.00"
    told = tried["distribution"]
    assert (told["known_count"], told["base_count"], told["smallest"], told["largest"], told["mean"]) == (2, 3, 500, 4000, 2250)
    assert sum(bucket["count"] for bucket in told["buckets"]) == 2
    assert {row["customer"]["id"]: row["value"] for row in tried["sample"]} == {1: 4000, 2: 500, 3: 0}
    assert desk.as_("ann").get("/api/v1/traits").json() == {"items": [], "limit": 200}


def test_a_trait_is_a_field_of_rules_lists_and_pages(desk: Desk) -> None:
    made = save(desk)
    field, client = made["field"], desk.as_("olga")
    rule = {"kind": "attribute", "field": field, "op": ">=", "value": 1000}
    found = client.post("/api/v1/segments/preview", json={"rule": rule}).json()
    assert (found["count"], found["sentence"]["zh"]) == (1, "累计消费额不小于 ¥10.00")
    assert client.post("/api/v1/segments/preview", json={"rule": {**rule, "op": "<"}}).json()["count"] == 2
    explained = client.post("/api/v1/segments/explain", json={"rule": rule, "customer_id": 2}).json()
    assert (explained["member"], explained["tree"]["observed"]) == (False, "¥5.00")
    assert any(each["field"] == field and each["kind"] == "money" for each in client.get("/api/v1/segments/vocabulary").json()["attributes"])
    listed = client.get("/api/v1/customers", params={"sort": f"-{field}", "columns": f"name,{field}"}).json()["items"]
    assert [(row["id"], row["traits"][field]) for row in listed] == [(1, 4000), (2, 500), (3, 0)]
    assert [row["id"] for row in client.get("/api/v1/customers", params={"sort": field}).json()["items"]] == [3, 2, 1]
    assert {"key": field, "kind": "money", "sortable": True} .items() <= next(c for c in client.get("/api/v1/customers/columns").json()["items"] if c["key"] == field).items()
    assert client.get("/api/v1/customers/1").json()["trait_values"] == [{"field": field, "name": "累计消费额", "type": "money", "value": 4000}]


def test_conditions_must_fit_the_type_of_the_trait(desk: Desk) -> None:
    field, client = save(desk)["field"], desk.as_("olga")
    for leaf in ({"op": "contains", "value": "x"}, {"op": "is", "value": "x"}, {"op": "within", "window": {"last": 3}}):
        refused = client.post("/api/v1/segments/preview", json={"rule": {"kind": "attribute", "field": field, **leaf}})
        assert refused.status_code == 422, leaf
    assert client.post("/api/v1/segments/preview", json={"rule": {"kind": "attribute", "field": "trait:999", "op": "exists"}}).status_code == 422


def test_a_trait_in_use_is_not_pulled_away(desk: Desk) -> None:
    made, client = save(desk), desk.as_("olga")
    rule = {"kind": "attribute", "field": made["field"], "op": ">", "value": 1}
    segment = client.post("/api/v1/segments", json={"name": "大客户", "rule": rule}).json()
    other = save(desk, "大客户的订单数", {"of": "orders", "measure": "count", "among": rule})
    refused = client.delete(f"/api/v1/traits/{made['id']}")
    assert refused.status_code == 409
    assert "大客户" in refused.json()["title"] + refused.json().get("detail", "")
    detail = client.get(f"/api/v1/traits/{made['id']}").json()
    assert {(user["kind"], user["name"]) for user in detail["used_by"]} == {("segment", "大客户"), ("trait", "大客户的订单数")}
    other_type = {"name": made["name"], "definition": {"of": "orders", "measure": "last", "property": "source"}}
    assert client.put(f"/api/v1/traits/{made['id']}", json=other_type).status_code == 409
    circle = {"name": made["name"], "definition": {**SPENT, "among": {**rule, "field": other["field"]}}}
    assert client.put(f"/api/v1/traits/{made['id']}", json=circle).status_code == 422
    client.delete(f"/api/v1/segments/{segment['id']}")
    assert client.delete(f"/api/v1/traits/{other['id']}").status_code == 204
    assert client.delete(f"/api/v1/traits/{made['id']}").status_code == 204
    assert client.post(f"/api/v1/traits/{made['id']}/restore").json()["name"] == made["name"]


def test_versions_and_who_changed_meanwhile(desk: Desk) -> None:
    made, client = save(desk), desk.as_("olga")
    change = {"name": "近一月消费", "definition": {**SPENT, "window": {"last": 1, "unit": "month"}}}
    changed = client.put(f"/api/v1/traits/{made['id']}", json=change, headers={"If-Match": "1"}).json()
    assert (changed["version"], changed["status"], len(changed["versions"])) == (2, "computing", 2)
    assert client.put(f"/api/v1/traits/{made['id']}", json=change, headers={"If-Match": "1"}).status_code == 409
    compute_traits(desk.stores)
    row = client.get("/api/v1/traits").json()["items"][0]
    assert (row["status"], row["distribution"]["largest"], row["sentence"]["en"]) == ("ready", 3000, "the sum of amount of orders in the last 1 month; ¥0.00 if there is none")


@pytest.mark.parametrize(("who", "read", "write"), [("alice", 200, 201), ("olga", 200, 201), ("ann", 200, 403), ("bob", 403, 403), ("charlie", 401, 401)])
def test_who_may(who: str, read: int, write: int, desk: Desk) -> None:
    client = desk.as_(who)
    assert client.get("/api/v1/traits").status_code == read
    assert client.post("/api/v1/traits", json={"name": "x", "definition": SPENT}).status_code == write

