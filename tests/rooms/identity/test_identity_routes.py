"""Merge, split, undo, conflicts and limits over HTTP: by whom, what is answered, what is written down; old numbers go on."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.river import flow
from tests.makers.customers import Desk, open_desk
from tests.makers.identity import key_of, see

API = "/api/v1"


@pytest.fixture
def desk(stores: Stores) -> Desk:
    """Customers 1 to 4: two of one shop who share a phone, a member, and somebody with three identifiers."""
    see(stores, [("account:jd", 1), ("phone", 1)], [("account:jd", 2), ("phone", 1)], [("member", 1)], [("account:taobao", 1), ("phone", 2), ("email", 2)])
    flow(stores)
    return open_desk(stores)


def ask(desk: Desk, path: str, body: Any = None, who: str = "alice", status: int = 200) -> Any:
    answer = desk.as_(who).post(f"{API}{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_merge_and_its_undo(desk: Desk, stores: Stores) -> None:
    done = ask(desk, "/identity/merges", {"customer_ids": [1, 3]})
    assert (done["kind"], done["customer_id"], done["customer_ids"], done["by"]) == ("merge", 3, [1, 3], "alice"), "the member number is stronger"
    flow(stores)
    reader = desk.as_("alice")
    assert reader.get(f"{API}/customers/1").json()["id"] == 3, "the old number goes on"
    assert reader.get(f"{API}/customers/1/timeline").status_code == 200
    assert {each["key"] for each in reader.get(f"{API}/customers/1").json()["identifiers"]} == {str(key_of(each)) for each in (("member", 1), ("account:jd", 1), ("phone", 1))}
    assert ask(desk, "/identity/merges", {"customer_ids": [1, 3]}) is None
    undone = ask(desk, f"/identity/operations/{done['id']}/undo")
    assert undone["undoes"] == done["id"]
    flow(stores)
    assert reader.get(f"{API}/customers/1").json()["id"] == 1
    found = reader.get(f"{API}/identity/operations", params={"customer": 1}).json()["items"]
    assert [(each["kind"], each["undone_by"]) for each in found] == [("undo", None), ("merge", undone["id"])]
    audit = metadata.tables["team_audit"]
    with stores.ledger.read() as tx:
        assert [row for row in tx.scalars(select(audit.c.action).order_by(audit.c.id)) if row.startswith("customers.")] == ["customers.merged", "customers.undone"]


def test_what_is_refused_says_why_and_the_way_out(desk: Desk) -> None:
    over = ask(desk, "/identity/merges", {"customer_ids": [1, 2]}, status=409)
    assert (over["code"], [each["field"] for each in over["errors"]]) == ("over_limit", ["account:jd"])
    done = ask(desk, "/identity/merges", {"customer_ids": [1, 2], "into": 2, "beyond_limits": True})
    assert done["customer_id"] == 2
    later = ask(desk, "/identity/merges", {"customer_ids": [1, 3]})
    refused = ask(desk, f"/identity/operations/{done['id']}/undo", status=409)
    assert refused["code"] == "in_the_way"
    assert str(later["id"]) in refused["detail"] + refused["way_out"]
    assert ask(desk, "/identity/merges", {"customer_ids": [1, 99]}, status=404)["errors"][0]["message"].endswith("99 的客户")
    assert ask(desk, "/customers/4/split", {"identifiers": [str(key_of(("phone", 1)))]}, status=422)["code"] == "invalid"


def test_a_split_over_http(desk: Desk, stores: Stores) -> None:
    done = ask(desk, "/customers/4/split", {"identifiers": [str(key_of(("phone", 2))), str(key_of(("email", 2)))]})
    assert (done["kind"], done["customer_id"], done["customer_ids"]) == ("split", 4, [4, 5])
    flow(stores)
    assert len(desk.as_("alice").get(f"{API}/customers/5").json()["identifiers"]) == 2


def test_the_queue_of_conflicts(desk: Desk) -> None:
    found = desk.as_("alice").get(f"{API}/identity/conflicts").json()
    (one,) = found["items"]
    assert (found["total"], one["namespace"], one["owner_id"], one["claimant_id"], one["reason"]) == (1, "phone", 1, 2, "account:jd")
    assert ask(desk, f"/identity/conflicts/{one['id']}/decide", {"decision": "apart"}) == {"operation_id": None}
    assert ask(desk, f"/identity/conflicts/{one['id']}/decide", {"decision": "merge"}, status=409)["code"] == "conflict"
    assert desk.as_("alice").get(f"{API}/identity/conflicts", params={"state": "apart", "customer": 2}).json()["items"][0]["decided_by"] == "alice"


def test_limits_are_shown_and_changed(desk: Desk) -> None:
    owner = desk.as_("alice")
    assert {each["kind"]: each["per_customer"] for each in owner.get(f"{API}/identity/limits").json()["items"]}["phone"] == 3
    changed = owner.put(f"{API}/identity/limits/phone", json={"per_customer": 5, "per_identifier": 9}).json()
    assert (changed["per_customer"], changed["is_default"]) == (5, False)
    assert owner.put(f"{API}/identity/limits/phone", json={"per_customer": None, "per_identifier": None}).json()["is_default"]
    assert owner.put(f"{API}/identity/limits/shoe", json={"per_customer": 0, "per_identifier": 1}).status_code == 422


def test_only_those_who_may(desk: Desk) -> None:
    for path, body in (("/identity/merges", {"customer_ids": [1, 3]}), ("/customers/4/split", {"identifiers": ["1"]}), ("/identity/operations/1/undo", None)):
        ask(desk, path, body, who="bob", status=403)
    assert desk.as_("bob").get(f"{API}/identity/conflicts").status_code == 403
