"""Whoever may not import, cannot; whoever may, reaches no file but those that were uploaded."""

from __future__ import annotations

import pytest

from siyu.team import members
from siyu.team.audit import SYSTEM
from siyu.team.tokens import local_token_of
from tests.makers.door import Door
from tests.makers.files import csv_bytes, good_rows

DATA = csv_bytes(good_rows(3))
PASSWORD = "grün-Wolke-42"


@pytest.mark.parametrize("role", ["guide", "analyst", "auditor", None])
def test_without_the_permission_nothing_is_uploaded_or_begun(role: str | None, door: Door) -> None:
    mine = door.upload(DATA).json()
    begun = door.start(mine, dry_run=True).json()["import_id"]
    door.client.headers.pop("Authorization")
    if role is not None:
        members.add_member(door.stores, SYSTEM, login="bob", name="Bob", role=role, password=PASSWORD)
        door.client.headers["X-Siyu-Request"] = "console"
        assert door.client.post("/api/v1/session", json={"login": "bob", "password": PASSWORD}).status_code == 200
    before = sorted(each.name for each in (door.stores.settings.files / "uploads").iterdir())
    refused = 401 if role is None else 403
    assert door.upload(DATA).status_code == refused
    assert door.start(mine).status_code == refused
    assert sorted(each.name for each in (door.stores.settings.files / "uploads").iterdir()) == before
    may_read = role in ("analyst", "auditor")
    for path in ("/imports", f"/imports/{begun}", f"/imports/{begun}/rejects.csv", "/imports/mappings"):
        assert door.client.get(f"/api/v1{path}").status_code == (200 if may_read else refused), path


@pytest.mark.parametrize("name", ["../../../etc/passwd", "..", "/etc/passwd", "C:\\windows\\x.csv", "a/b/../../c.csv", "a\r\nX: y.csv", "\u202egnp.csv", "a" * 255])
def test_a_name_is_only_a_name(name: str, door: Door) -> None:
    answer = door.upload(DATA, name)
    assert answer.status_code == 201
    assert "/" not in answer.json()["name"]
    folder = door.stores.settings.files / "uploads"
    assert [each.name for each in folder.iterdir()] == [answer.json()["file_id"]]
    done = door.bring(DATA, name)
    assert done["accepted_count"] == 3


@pytest.mark.parametrize("name", ["", "a" * 256, "a\0b"])
def test_a_name_that_no_file_can_have_is_refused(name: str, door: Door) -> None:
    answer = door.upload(DATA, name)
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        assert answer.json()["name"] == "orders"


@pytest.mark.parametrize("file_id", ["../../ledger.sqlite", "..", "", "/etc/passwd", "file_0000000000000000", "secrets/master.key", "a\0b", "x" * 5_000])
def test_an_id_opens_no_other_file(file_id: str, door: Door) -> None:
    file = door.upload(DATA).json()
    answer = door.start({**file, "file_id": file_id})
    assert answer.status_code in (404, 422)
    assert "root:" not in answer.text


def test_ids_of_imports_that_are_not_there(door: Door) -> None:
    for path in ("imp_0000000000000000", "..", "%2e%2e%2fmappings", "imp_%00"):
        for tail in ("", "/rejects.csv"):
            assert door.client.get(f"/api/v1/imports/{path}{tail}").status_code in (404, 405, 422), path


def test_a_cursor_of_ones_own_making_is_refused(door: Door) -> None:
    for _ in range(3):
        door.start(door.upload(DATA).json(), dry_run=True)
    first = door.client.get("/api/v1/imports", params={"limit": 2}).json()
    good = first["next_cursor"]
    assert len(door.client.get("/api/v1/imports", params={"limit": 2, "cursor": good}).json()["items"]) >= 0
    for cursor in (good[:-2] + "AA", good[2:], "e30", "é", "'; DROP TABLE orders_import; --", good * 40):
        answer = door.client.get("/api/v1/imports", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")
    foreign = door.client.get("/api/v1/jobs", params={"limit": 1}).json().get("next_cursor")
    assert door.client.get("/api/v1/imports", params={"cursor": foreign}).status_code == 422


def test_imports_made_in_the_same_instant_are_all_listed(door: Door) -> None:
    """The clock stands still here; a page ends in the middle of one instant."""
    made = {door.start(door.upload(DATA).json(), dry_run=True).json()["import_id"] for _ in range(5)}
    seen: list[str] = []
    cursor = None
    while True:
        page = door.client.get("/api/v1/imports", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(made)


def test_a_source_is_data_not_a_statement(door: Door) -> None:
    source = "'; DROP TABLE orders_line; --"
    assert door.bring(DATA, source=source)["accepted_count"] == 3
    assert door.bring(DATA, source=source)["unchanged_count"] == 3
    assert door.start(door.upload(DATA).json(), source="x" * 61).status_code == 422
    assert door.start(door.upload(DATA).json(), source="  ").status_code == 422


def test_the_local_token_is_not_the_key(door: Door) -> None:
    token = local_token_of(door.stores.secrets)
    assert door.stores.settings.secret_key not in token
    for wrong in (token[:-1], token + "x", token.swapcase(), ""):
        door.client.headers["Authorization"] = f"Bearer {wrong}"
        assert door.client.get("/api/v1/imports").status_code == 401
