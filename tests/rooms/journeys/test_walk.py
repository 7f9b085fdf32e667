"""Walks, rehearsals and reports over HTTP: one customer with time travel, a job with a result of the draft, what a version brought."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from siyu.foundation.database import metadata
from siyu.foundation.jobs import Runner
from siyu.foundation.stores import Stores
from siyu.journeys import rehearsal_routes, report_routes, reports, routes, walk_routes
from siyu.journeys.rehearsal_tasks import job_kinds
from siyu.messaging import _tables as messages
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.customers import Desk, open_desk
from tests.makers.journeys import create, drawn, publish
from tests.makers.rehearsing import Brand, way

J = "/api/v1/journeys"


@pytest.fixture
def brand(stores: Stores, clock: SetClock) -> Brand:
    clock.at = clock.at.replace(hour=2)
    made = Brand(stores, clock, 40, seed=5, need=0.08)
    made.live(10)
    made.publish()
    return made


@pytest.fixture
def desk(stores: Stores) -> Desk:
    return open_desk(stores, routes.router, rehearsal_routes.router, report_routes.router, walk_routes.router)


def ask(desk: Desk, method: str, path: str, body: dict[str, Any] | None = None, *, who: str = "olga", status: int = 200, **query: Any) -> Any:
    answer = desk.as_(who).request(method, f"{J}{path}", json=body, params=query or None)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def test_a_walk_says_when_why_and_what(brand: Brand, desk: Desk) -> None:
    made, who = create(brand.stores, way(brand)), int(brand.ids[3])
    before = _rows(brand.stores)
    found = ask(desk, "POST", f"/{made.id}/walk", {"customer_id": who})
    assert [(step["node"], step["edge"]) for step in found["steps"]] == [("tell", "next"), ("look", "timeout"), ("offer", "next"), ("rest", "next")]
    assert found["ended"] == "completed"
    tell, look, offer, rest = found["steps"]
    assert tell["message"]["verdict"] == "allow"
    assert tell["message"]["carrier"] == "sms"
    assert "换季养护" in tell["message"]["parts"]["text"]
    assert (look["events"], look["why"][0]["holds"]) == (["order_paid"], False)
    assert (offer["arrived_at"], rest["left_at"]) == (look["left_at"], _after(tell["arrived_at"], days=7))
    assert [why["holds"] for why in found["entry"][:2]] == [True, True]
    assert _rows(brand.stores) == before


def test_whoever_walks_decides_what_happens_at_a_wait(brand: Brand, desk: Desk) -> None:
    made, who = create(brand.stores, way(brand)), int(brand.ids[3])
    choice = {"node": "look", "event": "order_paid", "after_minutes": 90}
    found = ask(desk, "POST", f"/{made.id}/walk", {"customer_id": who, "choices": [choice]})
    assert [(step["node"], step["edge"]) for step in found["steps"]] == [("tell", "next"), ("look", "happened"), ("thank", "next")]
    assert found["steps"][1]["left_at"] == _after(found["steps"][1]["arrived_at"], minutes=90)


def test_what_was_said_on_the_walk_counts_for_what_is_said_later(brand: Brand, desk: Desk) -> None:
    send = ("send", {"content": {"a": {"piece": brand.pieces["promotion"], "version": 1}}, "purpose": "promotion", "carriers": ["sms"], "then": "sent"})
    nodes: dict[str, Any] = {"one": (*send, {"sent": "wait", "refused": None}), "wait": ("wait", {"days": 1}, {"next": "two"}), "two": (*send, {"sent": None, "refused": None})}
    made = create(brand.stores, drawn({"kind": "manual"}, nodes, "one"))
    found = ask(desk, "POST", f"/{made.id}/walk", {"customer_id": int(brand.ids[0]), "at": _after("2026-03-01T12:00:00+00:00", days=0)})
    one, _, two = found["steps"]
    assert (one["message"]["verdict"], one["edge"]) == ("allow", "sent")
    assert (two["message"]["verdict"], two["edge"], two["code"]) == ("refuse", "refused", two["message"]["reason"])
    assert two["message"]["words"]["zh"]
    night = ask(desk, "POST", f"/{made.id}/walk", {"customer_id": int(brand.ids[0]), "at": _after("2026-03-01T15:00:00+00:00", days=0)})
    assert (night["steps"][0]["message"]["verdict"], night["steps"][0]["message"]["reason"]) == ("wait", "quiet")
    assert night["steps"][0]["left_at"] == "2026-03-02T00:00:00Z"


def test_a_draft_that_is_not_whole_says_what_is_missing(brand: Brand, desk: Desk) -> None:
    made = create(brand.stores, drawn({"kind": "manual"}, {"one": ("wait", {"days": 1}, {})}, "one"))
    told = ask(desk, "POST", f"/{made.id}/walk", {"customer_id": int(brand.ids[0])}, status=422)
    assert "nodes.one.to.next" in str(told)
    ask(desk, "POST", f"/{made.id}/walk", {"customer_id": 10**9}, status=422)
    whole = create(brand.stores, way(brand))
    ask(desk, "POST", f"/{whole.id}/walk", {"customer_id": 10**9}, status=404)


def test_a_rehearsal_is_a_job_and_stays_true_until_the_draft_changes(brand: Brand, desk: Desk) -> None:
    made = create(brand.stores, way(brand))
    ask(desk, "GET", f"/{made.id}/rehearsal", status=404)
    before = _rows(brand.stores)
    ask(desk, "POST", f"/{made.id}/rehearse", {"days": 0, "follow_days": 10}, status=202)
    assert Runner(brand.stores, job_kinds(flow)).run_pending() == 1
    found = ask(desk, "GET", f"/{made.id}/rehearsal", who="ann")
    assert found["is_current"]
    assert found["entries"]["mean"] == 40
    came = found["nodes"]["tell"]["came"]
    assert came["mean"] + found["outcome"]["held_out"]["mean"] == 40
    look = found["nodes"]["look"]
    assert {"happened", "timeout"} <= set(look["edges"])
    assert sum(one["mean"] for one in look["edges"].values()) + look["left"]["mean"] == pytest.approx(came["mean"])
    assert found["nodes"]["tell"]["message"]["cost_fen"]["mean"] == pytest.approx(4 * found["nodes"]["tell"]["message"]["delivered"]["mean"])
    assert any("promotion" in one["en"] for one in found["assumed"])
    assert _rows(brand.stores) == before
    draft = ask(desk, "GET", f"/{made.id}")
    layout = {**draft["definition"], "layout": {"tell": [1, 2]}}
    saved = ask(desk, "PUT", f"/{made.id}", {"name": "x", "definition": layout, "draft_version": draft["draft_version"]})
    assert ask(desk, "GET", f"/{made.id}/rehearsal")["is_current"]
    ask(desk, "PUT", f"/{made.id}", {"name": "x", "definition": {**layout, "holdout_rate": 0.2}, "draft_version": saved["draft_version"]})
    assert not ask(desk, "GET", f"/{made.id}/rehearsal")["is_current"]
    ask(desk, "DELETE", f"/{made.id}", status=204)


def test_who_may(brand: Brand, desk: Desk) -> None:
    made = create(brand.stores, way(brand))
    for who in ("bob", "ann"):
        ask(desk, "POST", f"/{made.id}/walk", {"customer_id": int(brand.ids[0])}, who=who, status=403)
        ask(desk, "POST", f"/{made.id}/rehearse", {}, who=who, status=403)
    ask(desk, "GET", f"/{made.id}/report", who="bob", status=403)
    assert desk.nobody().get(f"{J}/{made.id}/report").status_code == 401


def test_a_report_adds_up_and_is_kept(brand: Brand, desk: Desk) -> None:
    definition = {**way(brand), "holdout_rate": 0.3}
    made = create(brand.stores, definition)
    ask(desk, "GET", f"/{made.id}/report", status=404)
    publish(brand.stores, made.id)
    brand.run(brand.stores.now() + timedelta(days=9), step_days=1)
    found = ask(desk, "GET", f"/{made.id}/report", who="ann")
    nodes = {node["node"]: node for node in found["nodes"]}
    assert found["entered"] + found["held_out"] == 40 == found["lift"]["treated"]["people"] + found["lift"]["held_out"]["people"]
    assert nodes["look"]["passed"] == found["entered"] == nodes["thank"]["passed"] + nodes["offer"]["passed"]
    assert nodes["rest"]["median_ms"] == pytest.approx(3 * 86_400_000, rel=0.01)
    assert nodes["tell"]["messages"]["delivered"] == found["entered"]
    assert found["cost_fen"] == 4 * found["messages"]
    assert nodes["offer"]["messages"]["asked"] == nodes["offer"]["passed"]
    lift = found["lift"]
    assert lift["goal"]["low"] < lift["goal_once"]["low"] < lift["goal"]["difference"] < lift["goal_once"]["high"] < lift["goal"]["high"]
    assert lift["treated"]["goals"] / lift["treated"]["people"] == pytest.approx(found["goal_rate"])
    assert len(found["looks"]) == 1
    kept = reports.report_of(brand.stores, made.id)
    assert kept.is_newest
    assert reports.refresh(brand.stores) == 0
    brand.live(1)
    flow(brand.stores)
    assert not reports.report_of(brand.stores, made.id).is_newest
    assert reports.refresh(brand.stores) == 1
    assert len(reports.report_of(brand.stores, made.id).report.looks) == 2


def test_without_a_hold_out_no_lift_is_shown(brand: Brand, desk: Desk) -> None:
    made = create(brand.stores, drawn({"kind": "segment", "segment": brand.segment}, {"one": ("tag", {"add": ["a"]}, {"next": None})}, "one", holdout_rate=0))
    publish(brand.stores, made.id)
    brand.run(brand.stores.now() + timedelta(days=8), step_days=4)
    lift = ask(desk, "GET", f"/{made.id}/report")["lift"]
    assert (lift["why_not_code"], lift["goal"], lift["bought"], lift["spend"]) == ("no_holdout", None, None, None)


def _rows(stores: Stores) -> list[int]:
    """How much the ledger holds of what a walk or a rehearsal must not write."""
    tables = [messages.send, messages.message, messages.dispatch, *(metadata.tables[f"journeys_{name}"] for name in ("enrolment", "heard", "passed")), metadata.tables["customers_tag"]]
    with stores.ledger.read() as tx:
        return [int(tx.scalar(select(func.count()).select_from(table)) or 0) for table in tables]


def _after(at: str, **span: float) -> str:
    return (datetime.fromisoformat(at.replace("Z", "+00:00")) + timedelta(**span)).isoformat().replace("+00:00", "Z")
