"""Audit: every change is there, with who and what, and never a secret."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from siyu.team.audit import SYSTEM, record
from tests.rooms.team.house import PASSWORDS, House

AUDIT = "/api/v1/team/audit"
NOW = datetime(2026, 10, 1, tzinfo=UTC)


def test_every_change_is_written_down_and_no_secret_with_it(house: House) -> None:
    alice, bob = house.log_in("alice"), house.people["bob"].id
    before = len(house.actions())
    dora = {"login": "dora", "name": "朵拉", "role": "analyst", "password": "gelb-Wiese-44"}
    added = alice.post("/api/v1/team/members", json=dora).json()["id"]
    alice.patch(f"/api/v1/team/members/{bob}", json={"role": "operator", "password": "frisch-Wiese-45"})
    token = alice.post("/api/v1/team/tokens", json={"name": "robot", "role": "guide"}).json()
    alice.delete(f"/api/v1/team/tokens/{token['id']}")
    new = {"old_password": PASSWORDS["alice"], "new_password": "neue-Kiesel-77"}
    alice.post("/api/v1/session/password", json=new)
    alice.delete("/api/v1/session")
    me = f"member:{house.people['alice'].id}"
    assert house.actions()[before:] == [
        ("Alice", "member.added", f"member:{added}"),
        ("Alice", "member.changed", f"member:{bob}"),
        ("Alice", "token.added", f"token:{token['id']}"),
        ("Alice", "token.revoked", f"token:{token['id']}"),
        ("Alice", "password.changed", me),
        ("Alice", "session.closed", me),
    ]
    rows = repr(house.rows("team_audit"))
    for secret in (
        "gelb-Wiese-44",
        "frisch-Wiese-45",
        "neue-Kiesel-77",
        token["secret"],
        *PASSWORDS.values(),
        "argon2",
    ):
        assert secret not in rows
    assert house.actions().count(("Alice", "session.opened", me)) == 1


def test_a_change_tells_from_what_to_what(house: House) -> None:
    bob = house.people["bob"].id
    alice = house.log_in("alice")
    alice.patch(f"/api/v1/team/members/{bob}", json={"role": "operator", "name": "Bob", "active": True})
    detail = alice.get(AUDIT, params={"action": "member.changed"}).json()["items"][0]["detail"]
    assert detail == {"from": {"role": "guide"}, "to": {"role": "operator"}, "password_reset": False}


def test_a_change_that_changes_nothing_is_not_written_down(house: House) -> None:
    alice, path = house.log_in("alice"), f"/api/v1/team/members/{house.people['bob'].id}"
    before = house.actions()
    assert alice.patch(path, json={"name": "Bob", "active": True}).status_code == 200
    assert house.actions() == before


def test_a_refused_change_leaves_no_trace(house: House) -> None:
    alice = house.log_in("alice")
    before = house.actions()
    alice.patch(f"/api/v1/team/members/{house.people['alice'].id}", json={"active": False})
    assert house.actions() == before


def test_rows_keep_the_name_that_the_actor_had(house: House) -> None:
    alice = house.log_in("alice")
    alice.patch(f"/api/v1/team/members/{house.people['alice'].id}", json={"name": "Alice A."})
    alice.patch(f"/api/v1/team/members/{house.people['bob'].id}", json={"name": "Robert"})
    items = alice.get(AUDIT).json()["items"]
    assert [item["actor"] for item in items[:2]] == ["Alice A.", "Alice"]
    assert items[0]["actor_id"] == items[1]["actor_id"] == house.people["alice"].id


def test_filters(house: House) -> None:
    alice = house.log_in("alice")
    bob = f"member:{house.people['bob'].id}"
    found = alice.get(AUDIT, params={"actor": "ALI"}).json()["items"]
    assert [item["action"] for item in found] == ["session.opened"]
    found = alice.get(AUDIT, params={"subject": bob}).json()["items"]
    assert {item["subject"] for item in found} == {bob}
    assert alice.get(AUDIT, params={"action": "member.%"}).json()["items"] == []
    assert alice.get(AUDIT, params={"actor": "a\0"}).status_code == 422


def test_pages_cover_every_row_once_while_new_ones_arrive(house: House) -> None:
    alice = house.log_in("alice")
    expected = [item["id"] for item in alice.get(AUDIT, params={"limit": 200}).json()["items"]]
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = alice.get(AUDIT, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        house.log_in("bob")
    assert seen == expected


def test_altered_and_foreign_cursors_are_refused_by_name(house: House) -> None:
    alice = house.log_in("alice")
    cursor = alice.get(AUDIT, params={"limit": 1}).json()["next_cursor"]
    altered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for params in ({"cursor": altered}, {"cursor": "%"}, {"cursor": "ü"}, {"cursor": cursor, "actor": "Bob"}):
        answer = alice.get(AUDIT, params=params)
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == ["cursor"]


def test_limit_is_bounded(house: House) -> None:
    alice = house.log_in("alice")
    for limit in ("0", "201", "x", str(10**30)):
        assert alice.get(AUDIT, params={"limit": limit}).json()["errors"][0]["field"] == "limit"


@pytest.mark.parametrize("detail", [{"password": "x"}, {"a": {"secret": 1}}, {"a": [{"token": "x"}]}])
def test_a_detail_that_names_a_secret_is_a_fault_of_the_program(
    house: House, detail: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="must not hold"), house.stores.ledger.begin() as tx:
        record(tx, SYSTEM, "thing.changed", "thing:1", detail, NOW)


def test_audit_and_change_are_one_transaction(house: House) -> None:
    before = house.actions()
    with suppress(ZeroDivisionError), house.stores.ledger.begin() as tx:
        record(tx, SYSTEM, "thing.changed", "thing:1", {}, NOW)
        _ = 1 / 0
    assert house.actions() == before


def test_no_route_writes_to_the_audit(house: House) -> None:
    methods = set(house.app.openapi()["paths"][AUDIT])
    assert methods == {"get"}
