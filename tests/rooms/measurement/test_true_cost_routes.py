"""True cost over HTTP: who may, JSON and CSV, people behind a number, advice that is taken and looked at again."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta
from typing import Any

from siyu.acquisition import budgets
from siyu.foundation.stores import Stores
from siyu.measurement import advice_routes, experiment_routes, returns
from siyu.measurement.acquisition_routes import router
from siyu.team.audit import SYSTEM
from siyu.team.roles import ROLES
from siyu.team.tokens import add_token
from siyu.web.application import build_application
from tests.conftest import SetClock
from tests.makers.orders import Order
from tests.makers.true_cost import Spent, added, lay, make_source

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

REPORTS = ("sources", "groups?by=staff", "waste", "cohorts", "attribution", "economics", "advice", "advice/past", "experiments")
BASE = "/api/v1/measurement/acquisition"


def client(stores: Stores, role: str) -> TestClient:
    app = build_application(stores, [router, advice_routes.router, experiment_routes.router], title="Siyu", version="0.0.test")
    secret, _ = add_token(stores, SYSTEM, None, name=role, role=role, expires_at=None)
    return TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {secret}"})


def brand(stores: Stores) -> tuple[int, int]:
    """Ten weeks; a good source and a bad one cost the same."""
    good, bad = make_source(stores, "小红书"), make_source(stores, "电梯", platform="lift")
    touches, stays, spent, orders, customer = [], [], [], [], 0
    for week in range(10):
        monday = date(2025, 10, 20) + timedelta(days=7 * week)
        for source, buyers in ((good, 6), (bad, 1)):
            spent.append(Spent(source, monday, 30_000 + 1000 * week))
            for number in range(8):
                customer += 1
                touch, stay = added(source, customer, monday, region="杭州")
                touches.append(touch)
                stays.append(stay)
                if number < buyers:
                    orders.append(Order(customer, monday + timedelta(days=2), 20_000))
    lay(stores, touches=touches, stays=stays, spent=spent, orders=orders)
    return good, bad


def test_only_who_may_read_reports(stores: Stores) -> None:
    for role, known in ROLES.items():
        browser, expected = client(stores, role), 200 if "reports.read" in known.permissions else 403
        assert {browser.get(f"{BASE}/{path}").status_code for path in REPORTS} == {expected}, role


def test_reports_and_their_files(stores: Stores) -> None:
    good, bad = brand(stores)
    browser = client(stores, "analyst")
    found = browser.get(f"{BASE}/sources").json()
    rows = {row["source_id"]: row for row in found["items"]}
    assert rows[good]["first_orders"] == 60
    assert rows[bad]["cac_buyer_fen"] == rows[bad]["spend_fen"] // 10
    assert rows[good]["roi"] > rows[bad]["roi"]
    assert found["totals"]["spend_fen"] == rows[good]["spend_fen"] + rows[bad]["spend_fen"] == sum(week["spend_fen"] for week in found["weeks"])
    for path in REPORTS[:5]:
        file = browser.get(f"{BASE}/{path}{'&' if '?' in path else '?'}format=csv")
        assert file.headers["content-type"].startswith("text/csv")
        assert file.text.startswith("\ufeff")
    answer = browser.get(f"{BASE}/waste")
    assert browser.get(f"{BASE}/waste", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert sum(bucket["amount_fen"] for bucket in answer.json()["buckets"]) == answer.json()["total_fen"] == 690_000
    assert browser.get(f"{BASE}/sources?from=2026-01-01&to=2025-01-01").status_code == 422


def test_the_people_behind_a_number(stores: Stores) -> None:
    good, bad = brand(stores)
    assert client(stores, "analyst").get(f"{BASE}/waste/people?bucket=paid_back").status_code in (200, 403)
    browser = client(stores, "owner")
    first = browser.get(f"{BASE}/waste/people?bucket=paid_back&limit=40").json()
    second = browser.get(f"{BASE}/waste/people?bucket=paid_back&limit=40&before={first['next_before']}").json()
    ids = [row["customer_id"] for row in first["items"] + second["items"]]
    assert len(ids) == len(set(ids)) == 70
    assert second["next_before"] is None
    only = browser.get(f"{BASE}/waste/people?bucket=paid_back&source_id={bad}").json()["items"]
    assert {row["source_name"] for row in only} == {"电梯"}
    assert all(row["share_fen"] == min(row["cost_fen"], row["margin_fen"]) for row in only)
    assert good != bad


def test_advice_becomes_a_plan_and_is_looked_at_again(stores: Stores, clock: SetClock) -> None:
    good, bad = brand(stores)
    browser = client(stores, "owner")
    advice: dict[str, Any] = browser.get(f"{BASE}/advice").json()
    rows = {row["source_id"]: row for row in advice["items"]}
    assert advice["month"] == "2026-02"
    assert rows[good]["advised_fen"] > rows[good]["now_fen"]
    assert rows[bad]["advised_fen"] < rows[bad]["now_fen"]
    assert sum(row["advised_fen"] for row in advice["items"]) == advice["total_fen"] == sum(row["now_fen"] for row in advice["items"])
    assert 0 < advice["moved_rate"] <= 0.2501
    assert advice["gain_low_fen"] <= advice["gain_fen"] <= advice["gain_high_fen"]
    assert client(stores, "analyst").post(f"{BASE}/advice/take").status_code == 403
    assert browser.post(f"{BASE}/advice/take").status_code == 201
    assert browser.post(f"{BASE}/advice/take").status_code == 409
    with stores.ledger.read() as tx:
        plan = {one.source_id: one.amount_fen for one in budgets.listed(tx, 2026 * 12 + 1, 2026 * 12 + 1)}
    assert plan == {one: row["advised_fen"] for one, row in rows.items()}
    assert browser.get(f"{BASE}/advice").json()["taken"]["by"] == "owner"
    assert browser.get(f"{BASE}/advice/past").json()["items"][0]["verdict"] == "open"
    touches, stays, spent, orders = [], [], [], []
    for week in range(4):
        monday = date(2026, 2, 2) + timedelta(days=7 * week)
        spent += [Spent(one, monday, plan[one] // 4) for one in plan]
        for number in range(14):
            touch, stay = added(good, 1000 + 20 * week + number, monday)
            touches.append(touch)
            stays.append(stay)
            orders.append(Order(1000 + 20 * week + number, monday + timedelta(days=1), 20_000))
    lay(stores, touches=touches, stays=stays, spent=spent, orders=orders)
    clock.at = datetime(2026, 3, 20, 4, tzinfo=UTC)
    returns.recompute(stores)
    past = browser.get(f"{BASE}/advice/past").json()["items"][0]
    assert past["came_fen"] is not None
    assert past["verdict"] in ("true", "unknown", "false")
    assert (past["verdict"] == "true") == (past["came_fen"] >= past["gain_low_fen"])


def test_economics_are_versions(stores: Stores) -> None:
    brand(stores)
    browser = client(stores, "owner")
    before = browser.get(f"{BASE}/sources").json()["totals"]["margin_fen"]
    assert browser.put(f"{BASE}/economics", json={"margin_rate": 0.9}).json()["margin_rate"] == 0.9
    assert browser.put(f"{BASE}/economics", json={"move_rate": 0.6}).status_code == 422
    returns.refresh(stores)
    assert browser.get(f"{BASE}/sources").json()["totals"]["margin_fen"] == 2 * before
    assert [one["margin_rate"] for one in browser.get(f"{BASE}/economics").json()["items"]] == [0.9]


def test_experiments_over_http(stores: Stores) -> None:
    good, _ = brand(stores)
    browser = client(stores, "owner")
    body = {"name": "停投", "kind": "geo", "source_id": good, "off": ["杭州", "上海"], "begins_on": "2025-11-03", "ends_on": "2025-11-30"}
    assert client(stores, "analyst").post(f"{BASE}/experiments", json=body).status_code == 403
    number = browser.post(f"{BASE}/experiments", json=body).json()["id"]
    assert browser.post(f"{BASE}/experiments", json=body | {"off": ["杭州"]}).status_code == 422
    (row,) = browser.get(f"{BASE}/experiments").json()["items"]
    assert (row["id"], row["source_name"], row["status"], row["off"]) == (number, "小红书", "ended", ["杭州", "上海"])
    assert browser.post(f"{BASE}/experiments/{number}/cancel").status_code == 200
    assert browser.get(f"{BASE}/experiments").json()["items"][0]["status"] == "cancelled"
    planned = browser.get(f"{BASE}/experiments/power?source_id={good}&units=4&off=2&days=28").json()
    assert planned["regions"][0]["name"] == "杭州"
