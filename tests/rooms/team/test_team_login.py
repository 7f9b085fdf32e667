"""Log-in: the cookie, no telling who exists, throttling, and protection against other sites."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from siyu.team import passwords
from siyu.team.members import create_first_owner
from siyu.team.routes import router
from siyu.web.application import build_application
from tests.rooms.team.house import PASSWORDS, House, attempt, open_house

WRONG = "not-the-password"


def test_log_in_tells_who_for_which_brand_and_what_they_may_do(house: House) -> None:
    answer = attempt(house.browser(), " Alice ", PASSWORDS["alice"])
    body = answer.json()
    assert answer.status_code == 200
    assert body["member"]["login"] == "alice"
    assert body["member"]["role"] == "owner"
    assert body["member"]["last_seen_at"] == "2026-10-01T08:00:00Z"
    assert "team.write" in body["permissions"]
    zone = "Asia/Shanghai"
    assert body["brand"] == {"name": "我的品牌", "time_zone": zone, "currency": "CNY", "is_sample": False}
    assert body["version"] == "0.0.test"
    assert "password" not in answer.text


def test_cookie_is_out_of_reach_for_scripts_and_other_sites(house: House) -> None:
    cookie = attempt(house.browser(), "alice", PASSWORDS["alice"]).headers["set-cookie"]
    assert cookie.startswith("siyu_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert f"Max-Age={14 * 86400}" in cookie
    assert "Secure" not in cookie


def test_cookie_is_secure_and_host_bound_when_the_brand_uses_https(ledger_url: str, tmp_path: Path) -> None:
    house = open_house(ledger_url, tmp_path, public_url="https://siyu.example.com")
    login, password = create_first_owner(house.stores) or ("", "")
    browser = house.browser(base_url="https://siyu.example.com")
    cookie = attempt(browser, login, password).headers["set-cookie"]
    assert cookie.startswith("__Host-siyu_session=")
    assert "Secure" in cookie
    assert browser.get("/api/v1/session").status_code == 200
    house.stores.close()


def test_only_the_hash_of_the_cookie_is_stored(house: House) -> None:
    secret = house.log_in("alice").cookies["siyu_session"]
    assert len(secret) >= 43
    assert secret not in repr(house.rows("team_session"))


def test_unknown_login_wrong_password_and_deactivated_member_are_told_alike(house: House) -> None:
    browser = house.browser()
    answers = [
        attempt(browser, "alice", WRONG),
        attempt(browser, "nobody", WRONG),
        attempt(browser, "charlie", PASSWORDS["charlie"]),
        attempt(browser, "nobody", ""),
        attempt(browser, "", ""),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["code"] == "wrong_login"
    assert not any("set-cookie" in answer.headers for answer in answers)


def test_unknown_login_costs_the_same_hash(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    real = PasswordHasher.verify

    def counted(self: PasswordHasher, digest: Any, password: Any) -> Any:
        verified.append(digest.rpartition("$")[0].rpartition("$")[0])
        return real(self, digest, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for login in ("alice", "nobody", "charlie"):
        attempt(house.browser(), login, WRONG)
    assert len(verified) == 3
    assert len(set(verified)) == 1, "with other parameters the time would tell"


@pytest.mark.parametrize("login", ["alice", "nobody"])
def test_a_login_is_throttled_whether_it_exists_or_not(house: House, login: str) -> None:
    browser = house.browser()
    answers = [attempt(browser, login, WRONG) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert answers[5].json()["code"] == "login_throttled"
    assert answers[5].headers["retry-after"] == "900"


def test_throttled_login_refuses_the_right_password_here_but_not_elsewhere(house: House) -> None:
    for _ in range(5):
        attempt(house.browser("10.0.0.66"), "alice", WRONG)
    assert attempt(house.browser("10.0.0.66"), "alice", PASSWORDS["alice"]).status_code == 429
    assert attempt(house.browser("10.0.0.1"), "alice", PASSWORDS["alice"]).status_code == 200


def test_throttle_ends_after_its_window_and_refused_attempts_do_not_prolong_it(house: House) -> None:
    for _ in range(5):
        attempt(house.browser(), "alice", WRONG)
    house.wait(minutes=14)
    assert attempt(house.browser(), "alice", PASSWORDS["alice"]).headers["retry-after"] == "60"
    house.wait(minutes=1)
    assert attempt(house.browser(), "alice", PASSWORDS["alice"]).status_code == 200


def test_a_true_log_in_gives_the_login_its_attempts_back(house: House) -> None:
    for _ in range(3):
        for _ in range(4):
            attempt(house.browser(), "alice", WRONG)
        assert attempt(house.browser(), "alice", PASSWORDS["alice"]).status_code == 200


def test_a_spread_attack_on_one_login_is_throttled(house: House) -> None:
    statuses = [attempt(house.browser(f"10.1.{n}.1"), "alice", WRONG).status_code for n in range(22)]
    assert statuses == [401] * 20 + [429] * 2


def test_one_address_is_throttled_over_all_logins_and_own_log_ins_do_not_clear_it(house: House) -> None:
    for n in range(50):
        assert attempt(house.browser(), f"guess{n}", WRONG).status_code == 401
        if n % 10 == 0:
            house.log_in("bob")
    assert attempt(house.browser(), "bob", PASSWORDS["bob"]).status_code == 429


def test_one_ipv6_subscriber_is_one_address(house: House) -> None:
    statuses = [
        attempt(house.browser(f"2001:db8:1:2::{n:x}"), "alice", WRONG).status_code for n in range(1, 8)
    ]
    assert statuses == [401] * 5 + [429] * 2
    assert attempt(house.browser("2001:db8:1:3::1"), "alice", PASSWORDS["alice"]).status_code == 200


def test_guesses_at_the_same_moment_do_not_slip_by(house: House) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: attempt(house.browser(), "alice", WRONG).status_code, range(16)))
    assert sorted(statuses) == [401] * 5 + [429] * 11


def test_throttle_outlives_the_process_and_keeps_nobody_in_the_clear(house: House) -> None:
    for _ in range(5):
        attempt(house.browser("10.0.0.66"), "alice", WRONG)
    house.app = build_application(house.stores, [router], title="Siyu", version="2")
    assert attempt(house.browser("10.0.0.66"), "alice", WRONG).status_code == 429
    kept = repr(house.rows("team_login_attempt"))
    assert "alice" not in kept
    assert "10.0.0.66" not in kept


def test_writes_with_the_cookie_need_the_header(house: House) -> None:
    browser = house.log_in("alice")
    del browser.headers["X-Siyu-Request"]
    for method, path in (
        ("POST", "/team/members"),
        ("PATCH", "/team/members/1"),
        ("POST", "/team/tokens"),
        ("DELETE", "/team/tokens/1"),
        ("POST", "/session/password"),
        ("DELETE", "/session"),
    ):
        answer = browser.request(method, f"/api/v1{path}", json={} if method in ("POST", "PATCH") else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_request"), (method, path)
    assert attempt(browser, "alice", PASSWORDS["alice"]).status_code == 403
    assert browser.get("/api/v1/session").status_code == 200, "reading needs no header"


def test_log_in_takes_json_only_so_no_form_of_another_site_can_post_it(house: House) -> None:
    body = '{"login": "alice", "password": "' + PASSWORDS["alice"] + '"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = house.browser().post("/api/v1/session", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers


def test_password_made_with_older_parameters_is_hashed_anew_at_log_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {row["login"]: row["password_hash"] for row in house.rows("team_member")}
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=2, memory_cost=128, parallelism=1))
    house.log_in("alice")
    after = {row["login"]: row["password_hash"] for row in house.rows("team_member")}
    assert "m=128,t=2" in after["alice"]
    assert before["bob"] == after["bob"]
    house.log_in("alice")
