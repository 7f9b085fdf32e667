"""Members and roles: who may do what, faults told all at once, and the last owner stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from siyu.foundation.errors import SiyuError
from siyu.team.audit import SYSTEM
from siyu.team.members import MemberChange, add_member, change_member, create_first_owner
from siyu.team.roles import PERMISSIONS, ROLES
from tests.rooms.team.house import PASSWORDS, House, attempt

DORA = {"login": "dora", "name": "朵拉", "role": "analyst", "password": "gelb-Wiese-44"}
ROUTES = [
    ("GET", "/session", "session", None),
    ("GET", "/team/members", "team.read", None),
    ("GET", "/team/tokens", "team.read", None),
    ("GET", "/team/roles", "team.read", None),
    ("GET", "/team/audit", "audit.read", None),
    ("POST", "/team/members", "team.write", DORA),
    ("PATCH", "/team/members/2", "team.write", {"name": "Robert"}),
    ("POST", "/team/tokens", "team.write", {"name": "robot", "role": "analyst"}),
    ("DELETE", "/team/tokens/77", "team.write", None),
]


@pytest.mark.parametrize("role", sorted(ROLES))
def test_each_role_reaches_exactly_its_routes(house: House, role: str) -> None:
    add_member(house.stores, SYSTEM, login="eve", name="Eve", role=role, password="lila-Brücke-45")
    browser = house.log_in("eve", password="lila-Brücke-45")
    for method, path, needed, body in ROUTES:
        status = browser.request(method, f"/api/v1{path}", json=body).status_code
        allowed = needed == "session" or needed in ROLES[role].permissions
        assert (status == 403) is not allowed, (role, method, path, status)
        assert allowed or status == 403


@pytest.mark.parametrize(("method", "path", "body"), [(m, p, b) for m, p, _, b in ROUTES])
def test_nobody_reaches_any_route(house: House, method: str, path: str, body: Any) -> None:
    assert house.browser().request(method, f"/api/v1{path}", json=body).status_code == 401


def test_a_refusal_names_the_permission_and_the_way_out(house: House) -> None:
    answer = house.log_in("bob").get("/api/v1/team/audit", headers={"Accept-Language": "en"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:siyu:problem:not_allowed",
        "title": "Not allowed",
        "status": 403,
        "detail": "This needs the permission audit.read",
        "code": "not_allowed",
        "way_out": "ask an owner for another role",
    }


def test_roles_are_as_agreed() -> None:
    may = {name: role.permissions for name, role in ROLES.items()}
    reading = {name for name in PERMISSIONS if name.endswith(".read")}
    assert may["owner"] == PERMISSIONS
    assert PERMISSIONS - may["operator"] == {"team.write", "customers.identifiers", "audit.read", "backups.write", "rights.read", "rights.write"}
    assert may["analyst"] == reading - {"team.read", "audit.read", "rights.read"} | {"customers.export"}
    assert may["guide"] == {"customers.read"}
    assert may["auditor"] == reading


def test_roles_are_listed_in_both_languages(house: House) -> None:
    items = house.log_in("alice").get("/api/v1/team/roles").json()["items"]
    assert [item["role"] for item in items] == ["owner", "operator", "analyst", "guide", "auditor"]
    assert items[3] == {
        "role": "guide",
        "name": {"zh": "导购", "en": "Guide"},
        "permissions": ["customers.read"],
    }


def test_an_added_member_can_log_in(house: House) -> None:
    alice = house.log_in("alice")
    answer = alice.post("/api/v1/team/members", json={**DORA, "login": " Dora "})
    assert answer.status_code == 200
    shown = {"login": "dora", "name": "朵拉", "role": "analyst", "active": True, "last_seen_at": None}
    assert shown.items() <= answer.json().items()
    house.log_in("dora", password=DORA["password"])
    listed = alice.get("/api/v1/team/members").json()["items"]
    assert [member["login"] for member in listed] == ["alice", "bob", "charlie", "dora"]
    assert "argon2" not in str(listed)


def test_all_faults_are_told_at_once_in_the_readers_language(house: House) -> None:
    alice = house.log_in("alice")
    bad = {"login": "two words", "name": " ", "role": "boss", "password": "1234"}
    zh = alice.post("/api/v1/team/members", json=bad).json()
    assert [fault["field"] for fault in zh["errors"]] == ["login", "name", "role", "password"]
    assert zh["errors"][3]["message"] == "至少要 10 个字符"
    en = alice.post("/api/v1/team/members", json=bad, headers={"Accept-Language": "en-GB"}).json()
    assert en["errors"][3]["message"] == "must have at least 10 characters"


def test_a_login_is_taken_in_any_case(house: House) -> None:
    answer = house.log_in("alice").post("/api/v1/team/members", json={**DORA, "login": "BOB"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "login")


def test_blanks_are_part_of_a_password_but_not_of_a_name(house: House) -> None:
    alice = house.log_in("alice")
    secret = " gelb-Wiese-44 "
    added = alice.post("/api/v1/team/members", json={**DORA, "name": " 朵拉 ", "password": secret}).json()
    assert added["name"] == "朵拉"
    assert attempt(house.browser(), "dora", secret.strip()).status_code == 401
    house.log_in("dora", password=secret)


def test_unknown_members_and_impossible_ids(house: House) -> None:
    alice = house.log_in("alice")
    assert alice.patch("/api/v1/team/members/999", json={"name": "x"}).status_code == 404
    for impossible in ("0", "-1", "abc", str(2**63)):
        answer = alice.patch(f"/api/v1/team/members/{impossible}", json={"name": "x"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "id")


def test_what_no_ledger_can_hold_is_refused(house: House) -> None:
    answer = house.log_in("alice").patch("/api/v1/team/members/2", json={"name": "a\0b"})
    assert answer.status_code == 422
    assert "U+0000" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "change", [{"active": False}, {"role": "operator"}, {"role": "guide", "active": True}]
)
def test_the_last_owner_stays(house: House, change: dict[str, Any]) -> None:
    alice, path = house.log_in("alice"), f"/api/v1/team/members/{house.people['alice'].id}"
    answer = alice.patch(path, json=change)
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert alice.patch(path, json={"name": "Alice A.", "role": "owner"}).status_code == 200
    alice.patch(f"/api/v1/team/members/{house.people['bob'].id}", json={"role": "owner"})
    assert alice.patch(path, json=change).status_code == 200


def test_a_deactivated_owner_does_not_count_as_the_other_owner(house: House) -> None:
    change_member(house.stores, SYSTEM, house.people["charlie"].id, MemberChange(role="owner"))
    with pytest.raises(SiyuError, match="last owner"):
        change_member(house.stores, SYSTEM, house.people["alice"].id, MemberChange(active=False))


def test_two_owners_who_demote_each_other_at_once_leave_one(house: House) -> None:
    ids = [house.people["alice"].id, house.people["bob"].id]
    change_member(house.stores, SYSTEM, ids[1], MemberChange(role="owner"))

    def demote(member_id: int) -> bool:
        try:
            change_member(house.stores, SYSTEM, member_id, MemberChange(role="analyst"))
        except SiyuError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, ids)) == [False, True]
    assert [row["role"] for row in house.rows("team_member") if row["id"] in ids].count("owner") == 1


def test_first_owner_is_made_once_with_a_password_that_passes(empty_house: House) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = [
            result
            for result in pool.map(lambda _: create_first_owner(empty_house.stores), range(4))
            if result
        ]
    assert len(made) == 1
    login, password = made[0]
    assert len(password.replace("-", "")) == 16
    browser = empty_house.log_in(login, password=password)
    assert browser.get("/api/v1/session").json()["member"]["role"] == "owner"
    assert create_first_owner(empty_house.stores) is None
    assert empty_house.actions()[0] == ("system", "member.added", "member:1")


def test_no_first_owner_where_anybody_is(house: House) -> None:
    assert create_first_owner(house.stores) is None
    assert PASSWORDS.keys() == {row["login"] for row in house.rows("team_member")}
