"""Staff follow their carrier: who serves, in which departments, who left and when; stores are said here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from siyu.carriers import staffing, tasks
from siyu.river import flow
from tests.makers.corps import Corp, open_corp
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as running:
        yield running


def staff_of(shop: Shop, **query: Any) -> dict[str, dict[str, Any]]:
    return {one["userid"]: one for one in shop.http.get("/api/v1/team/staff", params=query).json()["items"]}


def synced(shop: Shop, account: dict[str, Any]) -> dict[str, dict[str, Any]]:
    job = shop.api("POST", "/team/staff/sync", {"account_id": account["id"]}, status=202)["job_id"]
    done = wait_for(lambda: (found := shop.api("GET", f"/jobs/{job}"))["status"] in ("done", "failed") and found, 30)
    assert done["status"] == "done", done
    return staff_of(shop)


def test_staff_come_with_names_and_departments(shop: Shop, sandbox: SandboxClient) -> None:
    people = [{"userid": "zhang", "name": "张店长", "department": [2]}, {"userid": "li", "name": "李导购", "department": [1]}]
    account = shop.connect_wecom(sandbox, staff=people, staff_count=0, departments=[{"id": 2, "name": "华东区", "parentid": 1}])
    found = synced(shop, account)
    assert {name: (one["name"], one["departments"][-1:], one["status"]) for name, one in found.items()} == {
        "zhang": ("张店长", ["华东区"], "active"),
        "li": ("李导购", ["示例品牌"], "active"),
    }


def test_who_leaves_is_kept_with_the_day_they_left(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    before = synced(shop, account)
    leaver = sorted(before)[0]
    sandbox.post(f"staff/{account['ref']}/{leaver}/resign", {})
    # The callback alone brings it about: nobody asks for a sync.
    gone = wait_for(lambda: (one := staff_of(shop)[leaver])["status"] == "left" and one, 20)
    assert gone["left_at"] is not None
    assert gone["name"] == before[leaver]["name"]
    assert staff_of(shop, status="left").keys() == {leaver}


def test_who_may_not_serve_any_more_has_not_left(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    one = sorted(synced(shop, account))[0]
    sandbox.post(f"staff/{account['ref']}/{one}/change", {"external": False})
    assert synced(shop, account)[one]["status"] == "disabled"
    sandbox.post(f"staff/{account['ref']}/{one}/change", {"external": True})
    assert synced(shop, account)[one]["status"] == "active"


def test_stores_hold_staff_and_their_customers(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    one, other, third = sorted(synced(shop, account))
    store = shop.api("POST", "/team/stores", {"name": "静安店", "code": "S01", "city": "上海"}, status=201)
    ids = {name: row["id"] for name, row in staff_of(shop).items()}
    for name in (one, other):
        assert shop.api("PATCH", f"/team/staff/{ids[name]}", {"store_id": store["id"]})["store_name"] == "静安店"
    assert staff_of(shop, store=store["id"]).keys() == {one, other}
    (listed,) = shop.api("GET", "/team/stores")["items"]
    assert (listed["staff_count"], listed["customer_count"]) == (2, 0)
    shop.api("PATCH", f"/team/stores/{store['id']}", {"name": "静安旗舰店"})
    shop.api("POST", "/team/stores", {"name": "静安旗舰店"}, status=409)
    shop.api("POST", "/team/stores", {"name": " "}, status=422)
    shop.api("PATCH", f"/team/staff/{ids[third]}", {"store_id": 99}, status=422)
    shop.api("DELETE", f"/team/stores/{store['id']}", status=204)
    assert {row["store_id"] for row in staff_of(shop).values()} == {None}


def test_people_and_relations_are_counted_apart(stores: Any, sandbox: SandboxClient) -> None:
    """A person who knows two of a store's staff is one customer and two relations."""
    corp: Corp = open_corp(stores, sandbox)
    corp.fill(200, 2, overlap=1.0)
    corp.run(tasks.RECONCILE)
    flow(stores)
    with stores.ledger.read() as tx:
        relations = staffing.open_counts(tx, [corp.account.id])
    assert sum(relations.values()) == 400
    groups = [(1, corp.account.id, staff) for _, staff in relations]
    assert staffing.customer_counts_of(stores, groups) == {1: 200}


def test_only_some_may_change_them(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    ann, bob = shop.log_in("ann", "analyst"), shop.log_in("bob", "guide")
    assert ann.get("/api/v1/team/stores").status_code == 200
    assert ann.post("/api/v1/team/stores", json={"name": "新店"}).status_code == 403
    assert ann.post("/api/v1/team/staff/sync", json={"account_id": account["id"]}).status_code == 403
    assert bob.get("/api/v1/team/staff").status_code == 403
    ann.close()
    bob.close()
