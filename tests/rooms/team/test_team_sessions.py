"""Sessions: rotated at log-in, rolling, and gone when they should be."""

from __future__ import annotations

import pytest

from tests.rooms.team.house import PASSWORDS, House, attempt

NEW = "neue-Kiesel-77"


def is_in(browser: object) -> bool:
    return bool(browser.get("/api/v1/session").status_code == 200)  # type: ignore[attr-defined]


def test_charlie_sees_nothing(house: House) -> None:
    for path in ("/session", "/team/members", "/team/tokens", "/team/audit", "/team/roles"):
        answer = house.browser().get(f"/api/v1{path}")
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_logged_in"


def test_a_planted_cookie_is_never_adopted(house: House) -> None:
    browser = house.browser()
    browser.cookies.set("siyu_session", "planted-by-an-attacker")
    assert attempt(browser, "alice", PASSWORDS["alice"]).status_code == 200
    attacker = house.browser()
    attacker.cookies.set("siyu_session", "planted-by-an-attacker")
    assert not is_in(attacker)
    assert is_in(browser)


def test_log_in_ends_what_the_browser_held_before(house: House) -> None:
    browser = house.log_in("bob")
    thief = house.browser()
    thief.cookies.set("siyu_session", browser.cookies["siyu_session"])
    assert is_in(thief)
    attempt(browser, "alice", PASSWORDS["alice"])
    assert not is_in(thief)
    assert browser.get("/api/v1/session").json()["member"]["login"] == "alice"


def test_session_ends_after_so_many_days_without_use(house: House) -> None:
    browser = house.log_in("alice")
    house.wait(days=14)
    assert not is_in(browser)
    house.log_in("bob")
    assert len(house.rows("team_session")) == 1, "expired ones are swept away"


def test_use_prolongs_the_session_and_the_browsers_copy_of_it(house: House) -> None:
    browser = house.log_in("alice")
    for _ in range(5):
        house.wait(days=10)
        answer = browser.get("/api/v1/session")
        assert answer.status_code == 200
        assert f"Max-Age={14 * 86400}" in answer.headers["set-cookie"]
    assert house.people["alice"].created_at < house.rows("team_session")[0]["seen_at"]


def test_reading_pages_does_not_write_each_time(house: House) -> None:
    browser = house.log_in("alice")
    house.wait(minutes=4)
    is_in(browser)
    assert house.rows("team_session")[0]["seen_at"] < house.clock[0]
    house.wait(minutes=2)
    is_in(browser)
    assert house.rows("team_session")[0]["seen_at"] == house.clock[0]
    assert house.rows("team_member")[0]["last_seen_at"] == house.clock[0]


def test_log_out_ends_the_session_itself_not_only_the_cookie(house: House) -> None:
    browser = house.log_in("alice")
    kept = browser.cookies["siyu_session"]
    answer = browser.delete("/api/v1/session")
    assert answer.status_code == 204
    assert 'siyu_session=""' in answer.headers["set-cookie"]
    browser.cookies.set("siyu_session", kept)
    assert not is_in(browser)
    assert house.browser().delete("/api/v1/session").status_code == 204, "logging out twice is no error"


def test_own_password_change_ends_all_other_sessions_and_rotates_this_one(house: House) -> None:
    here, there = house.log_in("bob"), house.log_in("bob")
    before = here.cookies["siyu_session"]
    body = {"old_password": PASSWORDS["bob"], "new_password": NEW}
    assert here.post("/api/v1/session/password", json=body).status_code == 204
    assert here.cookies["siyu_session"] != before
    assert is_in(here)
    assert not is_in(there)
    assert attempt(house.browser(), "bob", PASSWORDS["bob"]).status_code == 401
    house.log_in("bob", password=NEW)


def test_password_change_needs_the_old_one_and_a_good_new_one(house: House) -> None:
    browser = house.log_in("bob")
    wrong = browser.post("/api/v1/session/password", json={"old_password": "x", "new_password": NEW})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_login")
    weak = {"old_password": PASSWORDS["bob"], "new_password": "bob-short"}
    answer = browser.post("/api/v1/session/password", json=weak, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "new_password", "message": "must have at least 10 characters"},
        {"field": "new_password", "message": "must not contain the login"},
    ]
    house.log_in("bob")


def test_a_stolen_cookie_does_not_allow_guessing_the_password(house: House) -> None:
    browser = house.log_in("bob")
    body = {"old_password": "guess", "new_password": NEW}
    statuses = [browser.post("/api/v1/session/password", json=body).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


@pytest.mark.parametrize("change", [{"active": False}, {"password": NEW}])
def test_deactivation_and_a_password_reset_end_sessions_at_once(
    house: House, change: dict[str, object]
) -> None:
    alice, bob = house.log_in("alice"), house.log_in("bob")
    assert is_in(bob)
    assert alice.patch(f"/api/v1/team/members/{house.people['bob'].id}", json=change).status_code == 200
    assert not is_in(bob)
    assert house.rows("team_session")[0]["member_id"] == house.people["alice"].id
    assert len(house.rows("team_session")) == 1


def test_another_role_counts_from_the_next_request_on(house: House) -> None:
    alice, bob = house.log_in("alice"), house.log_in("bob")
    assert bob.get("/api/v1/team/members").status_code == 403
    alice.patch(f"/api/v1/team/members/{house.people['bob'].id}", json={"role": "auditor"})
    assert bob.get("/api/v1/team/members").status_code == 200
