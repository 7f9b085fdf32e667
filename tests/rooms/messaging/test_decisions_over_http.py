"""Decisions over HTTP: the funnel, the people behind its numbers, why, a file and a dry run; for who may, and for nobody else."""

from __future__ import annotations

from typing import Any

from siyu.foundation.stores import Stores
from siyu.messaging import decision_routes, planning, send_routes
from siyu.river import flow
from tests.makers.content import open_desk
from tests.makers.customers import Desk
from tests.makers.messaging import make, people_with
from tests.rooms.messaging.test_routing import account

S = "/api/v1/messaging/sends"


def _sent(stores: Stores) -> tuple[Desk, int, list[int]]:
    """Two who can be told by SMS and one who cannot, planned and published."""
    account(stores, "sms", message_cost_fen="5")
    people = [customer for customer, _ in people_with(stores, [{"phone": "13800000001"}, {"phone": "13800000002"}, {"email": "p3@example.test"}])]
    send = planning.plan(stores, make(stores, "asked", customers=people, purpose="service", exempt=True).id)
    flow(stores)
    return open_desk(stores, send_routes.router, decision_routes.router), send.id, people


def _body(people: list[int], **changes: Any) -> dict[str, Any]:
    spec = {
        "audience": {"customer_ids": people}, "content": {"a": {"piece_id": 1, "version": 1}}, "carriers": ["sms"], "salt": "s", "control_rate": 0, "use_global_holdout": False,
    }  # fmt: skip
    times = {"due_at": "2030-01-01T10:00:00+08:00", "until_at": "2030-01-03T10:00:00+08:00"}
    return {"ref": "dry", "name": "试算", "purpose": "service", "exempt": True, "spec": spec, **times, **changes}


def test_the_funnel_and_the_people_behind_each_number(any_stores: Stores) -> None:
    desk, send, people = _sent(any_stores)
    alice = desk.as_("alice")
    funnel = alice.get(f"{S}/{send}/audience").json()
    assert [(step["key"], step["count"]) for step in funnel["steps"]] == [("included", 3), ("audience", 3), ("eligible", 2), ("unrestrained", 2), ("told", 2)]
    assert [(step["key"], step["count"]) for step in funnel["out"]] == [("unreachable", 1)]
    assert all(step["way_out"]["zh"] and step["way_out"]["en"] for step in funnel["out"])
    assert (funnel["messages"]["planned"], funnel["planned_count"]) == (2, 3)
    both = alice.get(f"{S}/{send}/people", params={"verdict": "told"}).json()["items"]
    assert [one["verdict"] for one in both] == ["allow", "allow"]
    first = alice.get(f"{S}/{send}/people", params={"verdict": "allow", "limit": 1}).json()
    rest = alice.get(f"{S}/{send}/people", params={"verdict": "allow", "limit": 1, "cursor": first["next_cursor"]}).json()
    assert [one["customer_id"] for page in (first, rest) for one in page["items"]] == sorted(people[:2])
    assert rest["next_cursor"] is None
    assert "13800000001" not in str(first)
    out = alice.get(f"{S}/{send}/people", params={"reason": "unreachable"}).json()["items"]
    assert [(one["customer_id"], one["verdict"], one["status"]) for one in out] == [(people[2], "refuse", None)]
    wrong = alice.get(f"{S}/{send}/people", params={"reason": "whim"})
    assert (wrong.status_code, [fault["field"] for fault in wrong.json()["errors"]]) == (422, ["reason"])


def test_why_one_person_is_told_or_not(stores: Stores) -> None:
    desk, send, people = _sent(stores)
    alice = desk.as_("alice")
    told, out = (alice.get(f"{S}/{send}/people/{customer}").json() for customer in (people[0], people[2]))
    assert (told["verdict"], told["reason"], len(told["told"])) == ("allow", None, 2)
    assert (out["verdict"], out["reason"]) == ("refuse", "unreachable")
    assert out["way_out"]["en"]
    other = people_with(stores, [{"phone": "13800000009"}])[0][0]
    assert alice.get(f"{S}/{send}/people/{other}").json()["verdict"] == "outside"
    assert alice.get(f"{S}/{send}/people/999999").status_code == 404


def test_a_file_of_the_people_is_written_down_in_the_audit(stores: Stores) -> None:
    desk, send, people = _sent(stores)
    given = desk.as_("alice").get(f"{S}/{send}/export", params={"format": "csv"})
    lines = given.content.decode("utf-8-sig").strip().splitlines()
    told = {int(first): line for line in lines if (first := line.partition(",")[0]).isdigit()}
    assert (given.status_code, sorted(told)) == (200, sorted(people))
    assert desk.as_("alice").get(f"{S}/{send}/export", params={"format": "xlsx"}).content[:2] == b"PK"
    assert [action for _, action, _ in desk.audited() if action == "messaging.people_exported"] == ["messaging.people_exported"] * 2
    assert list((stores.settings.files / "exports").iterdir()) == []


def test_a_dry_run_says_what_it_comes_to_and_writes_nothing(any_stores: Stores) -> None:
    desk, _, people = _sent(any_stores)
    found = desk.as_("alice").post(f"{S}/dry-run", json=_body(people)).json()
    assert (found["cost_fen"], found["staff_count"], found["variants"]) == (10, 0, {"a": 2})
    assert {step["key"]: step["count"] for step in found["funnel"]["steps"]}["told"] == 2
    assert [send["ref"] for send in desk.as_("alice").get(S).json()["items"]] == ["asked"]
    assert desk.as_("alice").post(f"{S}/dry-run", json=_body(people, purpose="promotion")).status_code == 422


def test_each_route_is_for_who_may_and_for_nobody_else(stores: Stores) -> None:
    desk, send, people = _sent(stores)
    routes = [("GET", f"{S}/{send}/audience"), ("GET", f"{S}/{send}/people"), ("GET", f"{S}/{send}/people/{people[0]}"), ("GET", f"{S}/{send}/export"), ("POST", f"{S}/dry-run")]
    codes = {
        who: [client.request(method, path, json=_body(people) if method == "POST" else None).status_code for method, path in routes]
        for who, client in (("owner", desk.as_("alice")), ("guide", desk.as_("bob")), ("nobody", desk.nobody()))
    }
    assert codes == {"owner": [200] * 5, "guide": [403] * 5, "nobody": [401] * 5}
