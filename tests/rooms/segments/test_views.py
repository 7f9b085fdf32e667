"""Saved views: private to their maker or shared; only the maker changes them; each change written down."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from siyu.foundation.stores import Stores
from tests.makers.customers import Desk, open_desk

RULE = {"kind": "attribute", "field": "gender", "op": "is", "value": "F"}
DRAFT = {"name": "杭州女客", "shared": False, "q": "13812345678", "filter": RULE, "sort": "-spend_fen", "columns": ["name", "spend_fen"]}


@pytest.fixture
def desk(stores: Stores) -> Desk:
    return open_desk(stores)


def add(desk: Desk, who: str, **changes: Any) -> Any:
    return desk.as_(who).post("/api/v1/customers/views", json={**DRAFT, **changes})


def seen(desk: Desk, who: str) -> list[tuple[str, bool]]:
    return [(view["name"], view["mine"]) for view in desk.as_(who).get("/api/v1/customers/views").json()["items"]]


def test_a_view_comes_back_as_it_was_kept(desk: Desk) -> None:
    made = add(desk, "alice").json()
    assert made == {**DRAFT, "id": made["id"], "mine": True}
    assert desk.as_("alice").get("/api/v1/customers/views").json()["items"] == [made]


def test_a_private_view_does_not_exist_for_others(desk: Desk) -> None:
    view = add(desk, "bob").json()
    assert seen(desk, "alice") == []
    assert desk.as_("alice").patch(f"/api/v1/customers/views/{view['id']}", json={"name": "x"}).status_code == 404
    assert desk.as_("alice").delete(f"/api/v1/customers/views/{view['id']}").status_code == 404
    assert seen(desk, "bob") == [("杭州女客", True)]


def test_a_shared_view_is_seen_by_all_and_changed_by_its_maker_alone(desk: Desk) -> None:
    view = add(desk, "olga", name="乙", shared=True).json()
    add(desk, "bob", name="丙")
    assert seen(desk, "bob") == [("丙", True), ("乙", False)]
    assert desk.as_("alice").patch(f"/api/v1/customers/views/{view['id']}", json={"name": "x"}).status_code == 403
    assert desk.as_("bob").delete(f"/api/v1/customers/views/{view['id']}").status_code == 403
    assert desk.as_("olga").delete(f"/api/v1/customers/views/{view['id']}").status_code == 204
    assert seen(desk, "bob") == [("丙", True)]


def test_a_guide_keeps_views_but_shares_none(desk: Desk) -> None:
    assert add(desk, "bob", shared=True).status_code == 403
    view = add(desk, "bob").json()
    assert desk.as_("bob").patch(f"/api/v1/customers/views/{view['id']}", json={"shared": True}).status_code == 403


def test_a_change_keeps_what_it_does_not_name(desk: Desk) -> None:
    view = add(desk, "alice").json()
    client = desk.as_("alice")
    changed = client.patch(f"/api/v1/customers/views/{view['id']}", json={"name": " 新名 ", "filter": None, "q": None}).json()
    assert changed == {**view, "name": "新名", "filter": None, "q": ""}
    assert client.patch(f"/api/v1/customers/views/{view['id']}", json={"sort": "name", "columns": None}).json()["columns"] == ["name", "spend_fen"]


@pytest.mark.parametrize(
    "bad",
    [{"name": " "}, {"name": "x" * 81}, {"filter": {"kind": "colour"}}, {"sort": "tags"}, {"columns": ["colour"]}, {"colour": 1}, {"q": "x" * 201}],
)
def test_bad_views_are_refused(desk: Desk, bad: dict[str, Any]) -> None:
    assert add(desk, "alice", **bad).status_code == 422
    view = add(desk, "alice").json()
    assert desk.as_("alice").patch(f"/api/v1/customers/views/{view['id']}", json=bad).status_code == 422
    assert seen(desk, "alice") == [("杭州女客", True)]


def test_changes_are_written_down_without_the_search(desk: Desk) -> None:
    view = add(desk, "alice").json()
    desk.as_("alice").patch(f"/api/v1/customers/views/{view['id']}", json={"name": "新名"})
    desk.as_("alice").delete(f"/api/v1/customers/views/{view['id']}")
    assert [(actor, action) for actor, action, _ in desk.audited()] == [("alice", "view.added"), ("alice", "view.changed"), ("alice", "view.removed")]
    assert "13812345678" not in str(desk.audited())


def test_a_search_is_not_readable_in_the_ledger_file(desk: Desk, stores: Stores) -> None:
    add(desk, "alice")
    with sqlite3.connect(stores.settings.home / "ledger.sqlite") as raw:
        rows = raw.execute("SELECT * FROM segments_view").fetchall()
    raw.close()
    assert len(rows) == 1
    assert "13812345678" not in str(rows)


def test_charlie_sees_nothing(desk: Desk) -> None:
    view = add(desk, "olga", shared=True).json()
    charlie = desk.as_("charlie")
    assert charlie.get("/api/v1/customers/views").status_code == 401
    assert charlie.post("/api/v1/customers/views", json=DRAFT).status_code == 401
    assert charlie.delete(f"/api/v1/customers/views/{view['id']}").status_code == 401
