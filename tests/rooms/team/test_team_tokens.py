"""API tokens: shown once, limited by role, maker and time; and the local command line's own."""

from __future__ import annotations

from typing import Any

from siyu.team.audit import SYSTEM
from siyu.team.members import MemberChange, change_member
from siyu.team.tokens import local_token
from tests.rooms.team.house import House

MEMBERS = "/api/v1/team/members"


def make(house: House, role: str = "owner", **more: Any) -> dict[str, Any]:
    answer = house.log_in("alice").post("/api/v1/team/tokens", json={"name": "robot", "role": role, **more})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_secret_is_shown_once_and_only_its_hash_is_stored(house: House) -> None:
    made = make(house)
    assert made["secret"].startswith("siyu_")
    assert made["secret"].startswith(made["prefix"])
    assert made["created_by"] == "Alice"
    listed = house.log_in("alice").get("/api/v1/team/tokens")
    assert listed.json()["items"][0]["prefix"] == made["prefix"]
    assert made["secret"] not in listed.text
    assert made["secret"] not in repr(house.rows("team_token"))
    assert len(made["prefix"]) < len(made["secret"]) / 3


def test_token_works_without_cookie_and_header_as_far_as_its_role(house: House) -> None:
    robot = house.bearer(make(house, "auditor")["secret"])
    assert robot.get(MEMBERS).status_code == 200
    assert robot.get("/api/v1/team/audit").status_code == 200
    answer = robot.post(MEMBERS, json={"login": "x", "name": "x", "role": "guide", "password": "x"})
    assert answer.status_code == 403


def test_token_acts_under_its_own_name(house: House) -> None:
    made = make(house)
    house.bearer(made["secret"]).patch(f"{MEMBERS}/{house.people['bob'].id}", json={"name": "Robert"})
    row = house.rows("team_audit")[-1]
    assert (row["actor_kind"], row["actor_id"], row["actor_name"]) == ("token", made["id"], "robot")


def test_expired_and_revoked_and_unknown_tokens_are_refused(house: House) -> None:
    short, long = make(house, expires_at="2026-10-02T08:00:00+00:00"), make(house)
    assert house.bearer(short["secret"]).get(MEMBERS).status_code == 200
    house.wait(days=1)
    assert house.bearer(short["secret"]).get(MEMBERS).status_code == 401
    assert house.bearer(long["secret"]).get(MEMBERS).status_code == 200
    alice = house.log_in("alice")
    assert alice.delete(f"/api/v1/team/tokens/{long['id']}").status_code == 204
    assert house.bearer(long["secret"]).get(MEMBERS).status_code == 401
    assert alice.delete(f"/api/v1/team/tokens/{long['id']}").status_code == 404
    for unknown in ("siyu_" + "x" * 43, "", "ü", long["prefix"]):
        assert (
            house.browser().get(MEMBERS, headers={"Authorization": f"Bearer {unknown}".encode()}).status_code
            == 401
        )
    left = [token["id"] for token in alice.get("/api/v1/team/tokens").json()["items"]]
    assert left == [short["id"]], "an expired token stays in sight until it is revoked"


def test_a_wrong_token_is_an_error_even_beside_a_good_cookie(house: House) -> None:
    alice = house.log_in("alice")
    assert alice.get(MEMBERS, headers={"Authorization": "Bearer siyu_wrong"}).status_code == 401
    assert alice.get(MEMBERS, headers={"Authorization": "Basic cHJveHk6eA=="}).status_code == 200


def test_expiry_must_be_an_instant_in_the_future(house: House) -> None:
    alice = house.log_in("alice")
    for expiry in ("2026-09-30T00:00:00Z", "2027-01-01T00:00:00"):
        answer = alice.post("/api/v1/team/tokens", json={"name": "r", "role": "guide", "expires_at": expiry})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "expires_at")
    answer = alice.post("/api/v1/team/tokens", json={"name": "", "role": "boss"})
    assert [fault["field"] for fault in answer.json()["errors"]] == ["name", "role"]


def test_last_use_is_noted_at_most_once_a_minute(house: House) -> None:
    robot = house.bearer(make(house)["secret"])
    robot.get(MEMBERS)
    first = house.clock[0]
    house.wait(seconds=30)
    robot.get(MEMBERS)
    assert house.rows("team_token")[0]["last_used_at"] == first
    house.wait(seconds=30)
    robot.get(MEMBERS)
    assert house.rows("team_token")[0]["last_used_at"] == house.clock[0]


def test_a_token_never_may_more_than_its_maker_today(house: House) -> None:
    robot = house.bearer(make(house)["secret"])
    change_member(house.stores, SYSTEM, house.people["bob"].id, MemberChange(role="owner"))
    change_member(house.stores, SYSTEM, house.people["alice"].id, MemberChange(role="auditor"))
    assert robot.get(MEMBERS).status_code == 200
    assert robot.post("/api/v1/team/tokens", json={"name": "more", "role": "owner"}).status_code == 403


def test_a_deactivated_makers_tokens_end_for_good(house: House) -> None:
    made = make(house)
    robot = house.bearer(made["secret"])
    child = robot.post("/api/v1/team/tokens", json={"name": "child", "role": "owner"}).json()
    change_member(house.stores, SYSTEM, house.people["bob"].id, MemberChange(role="owner"))
    change_member(house.stores, SYSTEM, house.people["alice"].id, MemberChange(active=False))
    assert robot.get(MEMBERS).status_code == 401
    assert house.bearer(child["secret"]).get(MEMBERS).status_code == 401, (
        "what the token made ends with its maker"
    )
    change_member(house.stores, SYSTEM, house.people["alice"].id, MemberChange(active=True))
    assert robot.get(MEMBERS).status_code == 401


def test_the_local_command_line_acts_as_an_owner_without_a_row(house: House) -> None:
    shell = house.bearer(local_token(house.stores))
    bob = house.people["bob"].id
    assert shell.patch(f"{MEMBERS}/{bob}", json={"name": "Robert"}).status_code == 200
    assert house.actions()[-1] == ("local command line", "member.changed", f"member:{bob}")
    assert house.rows("team_token") == []
    assert shell.get("/api/v1/session").status_code == 401, "it is nobody's browser"
    assert house.bearer(local_token(house.stores)[:-1]).get(MEMBERS).status_code == 401
