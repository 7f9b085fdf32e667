"""Journeys over HTTP: drawn, checked, published, watched, stopped; and who may do what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from siyu.foundation.stores import Stores
from siyu.journeys import people_routes, routes
from siyu.journeys.steps.registry import STEPS
from tests.conftest import SetClock
from tests.makers.customers import Desk, open_desk, put_customers
from tests.makers.journeys import drawn, settle

J = "/api/v1/journeys"
NODES: dict[str, Any] = {
    "n1": ("tag", {"add": ["欢迎"]}, {"next": "n2"}),
    "n2": ("wait", {"hours": 2}, {"next": "n3"}),
    "n3": ("tag", {"add": ["再见"]}, {"next": None}),
}
WELCOME = drawn({"kind": "manual"}, NODES, "n1", goal={"event": "order_paid", "days": 3})


@pytest.fixture
def desk(stores: Stores) -> Desk:
    put_customers(stores, [{"id": number, "name": f"客户{number}", "orders": []} for number in range(1, 9)])
    return open_desk(stores, routes.router, people_routes.router)


def add(desk: Desk, who: str = "olga", **changes: Any) -> Any:
    answer = desk.as_(who).post(J, json={"name": "欢迎", "definition": WELCOME, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


def do(desk: Desk, journey: Any, act: str, body: dict[str, Any] | None = None, *, who: str = "olga", status: int = 200) -> Any:
    answer = desk.as_(who).post(f"{J}/{journey['id']}/{act}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def get(desk: Desk, journey: Any, what: str, who: str = "olga", **query: Any) -> Any:
    answer = desk.as_(who).get(f"{J}/{journey['id']}/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def live(desk: Desk, **changes: Any) -> Any:
    made = add(desk, **changes)
    return do(desk, made, "publish", {"draft_version": made["draft_version"]})


def test_a_draft_is_saved_over_the_one_that_was_read(desk: Desk) -> None:
    made = add(desk)
    assert (made["status"], made["version"], made["draft_version"], made["is_changed"]) == ("draft", None, 1, True)
    body = {"name": "新客", "definition": {**WELCOME, "holdout_rate": 0.2}, "draft_version": 1}
    saved = desk.as_("olga").put(f"{J}/{made['id']}", json=body)
    assert saved.status_code == 200
    assert (saved.json()["name"], saved.json()["draft_version"], saved.json()["definition"]["holdout_rate"]) == ("新客", 2, 0.2)
    late = desk.as_("alice").put(f"{J}/{made['id']}", json={**body, "name": "别的"})
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert desk.as_("olga").get(f"{J}/{made['id']}").json()["name"] == "新客"


def test_a_draft_with_open_choices_can_be_saved_and_says_what_is_open(desk: Desk) -> None:
    entries: list[dict[str, Any]] = [{"kind": kind} for kind in ("segment", "event", "schedule", "date", "survey")]
    for entry in entries:
        made = add(desk, definition=drawn(entry, NODES, "n1"))
        fields = {fault["field"] for fault in do(desk, made, "check", {"definition": made["definition"]})["faults"]}
        named = {"segment": "entry.segment", "schedule": "entry.segment", "event": "entry.name", "date": "entry.field", "survey": "entry.survey"}
        assert fields == {named[entry["kind"]]}
        refused = do(desk, made, "publish", {"draft_version": 1}, status=422)
        assert {one["field"] for one in refused["errors"]} == fields


def test_a_check_names_the_place_of_each_fault_and_says_what_the_cards_say(desk: Desk) -> None:
    made = add(desk)
    broken = drawn({"kind": "manual"}, {**NODES, "n3": ("tag", {}, {}), "n4": ("wait", {"hours": 1}, {"next": "n9"}), "n5": ("nap", {}, {})}, "n1")
    told = do(desk, made, "check", {"definition": broken})
    fields = {fault["field"] for fault in told["faults"]}
    assert {"nodes.n3.with.add", "nodes.n3.to.next", "nodes.n4", "nodes.n4.to.next", "nodes.n5.step"} <= fields
    assert told["nodes"]["n2"] == {"step": "wait", "edges": ["next"], "sentence": {"zh": "等待 2 小时", "en": "wait 2 h"}}
    assert {one["field"] for one in told["warnings"]} >= {"goal"}
    unreadable = do(desk, made, "check", {"definition": {"entry": {"kind": "telepathy"}, "nodes": {}, "start": None}})
    assert unreadable["faults"]
    assert unreadable["nodes"] == {}


def test_people_are_let_in_seen_where_they_are_and_move_on(desk: Desk, clock: SetClock) -> None:
    made = live(desk)
    entered = do(desk, made, "enrol", {"customer_ids": [1, 2, 3, 3]})
    assert entered == {"entered": 3, "refused": {}}
    assert do(desk, made, "enrol", {"customer_ids": [1, 4]}) == {"entered": 1, "refused": {"once": 1}}
    settle(desk.stores, clock)
    nodes = get(desk, made, "counts", version=1)["nodes"]
    assert (nodes["n2"]["here"], nodes["n1"]["edges"], nodes["n3"]["here"]) == (4, {"next": 4}, 0)
    people = get(desk, made, "people", node="n2", version=1, state="here")["items"]
    assert sorted(one["customer"]["id"] for one in people) == [1, 2, 3, 4]
    assert {(one["state"], one["node"]) for one in people} == {("on_the_way", "n2")}
    assert all(one["due_at"] for one in people)
    went = get(desk, made, "people", node="n1", state="passed")["items"]
    assert sorted(one["customer"]["id"] for one in went) == [1, 2, 3, 4]
    assert {one["edge"] for one in went} == {"next"}
    assert do(desk, made, "remove", {"customer_ids": [2]}) == {"count": 1}
    clock.at += timedelta(hours=3)
    settle(desk.stores, clock)
    flow = get(desk, made, "counts")
    assert flow["states"] == {"completed": 3, "removed": 1}
    row = desk.as_("ann").get(J).json()["items"][0]
    assert (row["entered_count"], row["on_the_way_count"], row["goal_rate"], row["holdout_goal_rate"]) == (4, 0, 0.0, None)


def test_people_come_in_pages_and_as_a_file(desk: Desk, clock: SetClock) -> None:
    made = live(desk)
    do(desk, made, "enrol", {"customer_ids": [1, 2, 3, 4, 5]})
    settle(desk.stores, clock)
    for state, node in (("here", "n2"), ("passed", "n1")):
        seen, cursor = [], None
        while True:
            page = get(desk, made, "people", node=node, state=state, limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [one["customer"]["id"] for one in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert sorted(seen) == [1, 2, 3, 4, 5]
        file = desk.as_("ann").get(f"{J}/{made['id']}/people/export", params={"node": node, "state": state})
        lines = file.text.removeprefix("\ufeff").splitlines()
        assert len(lines) == 6
        assert "customer_id" in lines[0]
    assert desk.as_("bob").get(f"{J}/{made['id']}/people/export").status_code == 403
    assert ("ann", "journey.people_exported") in [(who, what) for who, what, _ in desk.audited()]


def test_publishing_asks_what_becomes_of_those_on_the_way(desk: Desk, clock: SetClock) -> None:
    made = live(desk)
    do(desk, made, "enrol", {"customer_ids": [1, 2]})
    settle(desk.stores, clock)
    nodes = {"n1": NODES["n1"], "n7": ("wait", {"days": 1}, {"next": None})}
    nodes["n1"] = ("tag", {"add": ["欢迎"]}, {"next": "n7"})
    body = {"name": "欢迎", "definition": drawn({"kind": "manual"}, nodes, "n1"), "draft_version": 1}
    assert desk.as_("olga").put(f"{J}/{made['id']}", json=body).status_code == 200
    unmapped = do(desk, made, "publish", {"draft_version": 2, "in_flight": {"rule": "move", "mapping": {}}}, status=422)
    assert [one["field"] for one in unmapped["errors"]] == ["mapping.n2"]
    old = do(desk, made, "publish", {"draft_version": 1}, status=409)
    assert old["code"] == "journey_state"
    done = do(desk, made, "publish", {"draft_version": 2, "note": "短一些", "in_flight": {"rule": "move", "mapping": {"n2": "n7"}}})
    assert (done["version"], done["is_changed"]) == (2, False)
    assert get(desk, made, "counts", version=2)["nodes"]["n7"]["here"] == 2
    kept = get(desk, made, "versions")["items"]
    assert [(one["number"], one["is_live"], one["note"], one["on_the_way_count"]) for one in kept] == [(2, True, "短一些", 2), (1, False, "", 0)]
    first = get(desk, made, "versions/1")
    assert set(first["definition"]["nodes"]) == {"n1", "n2", "n3"}


def test_what_may_be_done_follows_the_state(desk: Desk) -> None:
    made = add(desk)
    assert made["actions"] == []
    do(desk, made, "pause", status=409)
    on = do(desk, made, "publish", {"draft_version": 1})
    assert on["actions"] == ["pause", "drain", "stop"]
    assert desk.as_("olga").delete(f"{J}/{made['id']}").status_code == 409
    for act, status in (("pause", "paused"), ("resume", "live"), ("drain", "draining"), ("resume", "live"), ("stop", "stopped")):
        done = do(desk, made, act)
        assert done["status"] == status
        for offered in done["actions"]:
            assert offered in ("pause", "resume", "drain", "stop")
    assert done["actions"] == []
    assert not done["can_publish"]
    do(desk, made, "resume", status=409)
    do(desk, made, "enrol", {"customer_ids": [1]}, status=409)
    copy = desk.as_("olga").post(f"{J}/{made['id']}/copy")
    assert (copy.status_code, copy.json()["status"], copy.json()["version"]) == (201, "draft", None)
    assert copy.json()["definition"] == made["definition"]
    assert desk.as_("olga").delete(f"{J}/{copy.json()['id']}").status_code == 204


def test_the_history_says_who_changed_what_and_a_sitting_is_one_line(desk: Desk, clock: SetClock) -> None:
    made = add(desk)
    nodes = dict(NODES)

    def save(version: int, who: str = "olga", **parts: Any) -> None:
        body = {"name": "欢迎", "definition": drawn({"kind": "manual"}, nodes, "n1", **parts), "draft_version": version}
        assert desk.as_(who).put(f"{J}/{made['id']}", json=body).status_code == 200

    save(1)
    nodes["n4"] = ("tag", {"add": ["新"]}, {"next": None})
    nodes["n3"] = ("tag", {"add": ["再见"]}, {"next": "n4"})
    save(2)
    save(3, layout={"n1": [5, 5]})
    del nodes["n4"]
    nodes["n3"] = NODES["n3"]
    clock.at += timedelta(minutes=1)
    save(4, holdout_rate=0.1)
    clock.at += timedelta(minutes=11)
    save(5, who="alice", holdout_rate=0.3)
    told = [(one["what"], one["by"], one["detail"]) for one in get(desk, made, "history")["items"]]
    assert told[0] == ("drawn", "alice", {"added": [], "removed": [], "changed": [], "parts": ["holdout_rate"]})
    assert told[1] == ("drawn", "olga", {"added": [], "removed": [], "changed": ["n3"], "parts": ["goal", "holdout_rate"]})
    assert told[2][0] == "created"


def test_every_step_can_be_set_from_its_schema(desk: Desk) -> None:
    steps = desk.as_("ann").get(f"{J}/steps").json()["items"]
    assert {one["kind"] for one in steps} == set(STEPS)
    for one in steps:
        assert one["label"]["zh"]
        assert one["label"]["en"]
        assert one["settings_schema"]
    answer = desk.as_("ann").post(f"{J}/steps/wait_until/edges", json={"settings": {"event": "order_paid"}})
    assert answer.json()["items"] == ["happened", "timeout"]
    assert desk.as_("ann").post(f"{J}/steps/nap/edges", json={}).status_code == 422


def test_who_may_do_what(desk: Desk) -> None:
    made = add(desk)
    number, body = made["id"], {"name": "x", "definition": WELCOME, "draft_version": 1}
    calls = [
        ("GET", "", None), ("GET", "/steps", None), ("GET", f"/{number}", None), ("GET", f"/{number}/versions", None), ("GET", f"/{number}/counts", None), ("GET", f"/{number}/history", None),
        ("POST", "", {"name": "x"}), ("PUT", f"/{number}", body), ("POST", f"/{number}/check", {"definition": WELCOME}), ("POST", f"/{number}/copy", None),
        ("POST", f"/{number}/publish", {"draft_version": 1}), ("POST", f"/{number}/pause", None), ("POST", f"/{number}/resume", None), ("POST", f"/{number}/drain", None), ("POST", f"/{number}/stop", None),
        ("POST", f"/{number}/enrol", {"customer_ids": [1]}), ("POST", f"/{number}/remove", {"customer_ids": [1]}), ("POST", f"/{number}/retry", {}), ("DELETE", f"/{number}", None),
    ]  # fmt: skip
    for method, path, sent in calls:
        assert desk.nobody().request(method, J + path, json=sent).status_code == 401, path
        assert desk.as_("bob").request(method, J + path, json=sent).status_code == 403, path
        reads = method == "GET" or path.endswith("/check")
        assert (desk.as_("ann").request(method, J + path, json=sent).status_code == 403) == (not reads), path
        assert desk.as_("charlie").request(method, J + path, json=sent).status_code in (401, 403), path
    assert desk.as_("bob").get(f"{J}/{number}/people").status_code == 200
    assert desk.as_("charlie").get(f"{J}/{number}/people").status_code in (401, 403)
    assert desk.as_("alice").get(f"{J}/{number}").status_code == 200
