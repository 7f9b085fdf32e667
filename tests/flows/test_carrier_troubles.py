"""A carrier that has a bad day: nothing is lost, nobody hammers, the page says what is wrong, and work goes on by itself.

Bounds of calls. One round of reading has `AT_ONCE` (8) contacts under way, each tried at most `MOST_TRIES` (6) times; after it
the account rests 1, 2, 4 … 60 s. A trouble of some seconds is so at most three rounds: 150 calls.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.makers.running import SECRET, Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.troubles import DETAILS, TOKEN, WELCOME, Corp, open_corp

MOST_CALLS = 150


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A Siyu that says "unreachable" and looks again sooner than it would with customers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siyu.carriers.health.UNREACHABLE_AFTER_SECONDS", 1.0)
        patch.setattr("siyu.carriers.recovery.FIRST_SECONDS", 1.0)
        patch.setattr("siyu.connectors._wechat.api.BUSY_SECONDS", (0.3, 0.6, 1.2))
        patch.setattr("siyu.connectors._wechat.api.BLOCK_SECONDS", (4, 4, 4))
        with running_shop(tmp_path_factory.mktemp("troubles")) as shop:
            yield shop


@pytest.fixture(scope="module")
def world(sandbox_server: SandboxClient) -> SandboxClient:
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture
def corp(shop: Shop, world: SandboxClient) -> Iterator[Corp]:
    corp = open_corp(shop, world)
    yield corp
    corp.mend()


BAD_DAYS: dict[str, dict[str, Any]] = {
    "45009": {"kind": "errcode", "code": 45009}, "45033": {"kind": "errcode", "code": 45033}, "-1": {"kind": "errcode", "code": -1},
    "http_500": {"kind": "http", "status": 500}, "http_503": {"kind": "http", "status": 503}, "transport": {"kind": "drop"},
    "slow": {"kind": "slow", "seconds": 3}, "42001": {"kind": "kill_token", "times": 3},
}  # fmt: skip


def test_details_that_could_not_be_read_are_read_afterwards(shop: Shop, world: SandboxClient) -> None:
    """Eight corps with a bad day each, all at the same time."""
    corps = {name: open_corp(shop, world) for name in BAD_DAYS}
    for name, corp in corps.items():
        corp.fault(api=DETAILS, **BAD_DAYS[name])
        corp.arrive(12)
    time.sleep(4)
    for name, corp in corps.items():
        assert corp.calls(DETAILS) <= MOST_CALLS, name
        says = {one["code"]: one["says"] for one in corp.health()["troubles"]}
        assert name == "slow" or {"zh", "en"} <= says[name].keys(), (name, says)
        corp.mend()
    for corp in corps.values():
        corp.wait_named(12, 30)
        assert corp.page()["open_relation_count"] == 12
        assert corp.page()["status"] == "connected"


def test_a_banned_account_says_so_is_left_alone_and_comes_back_by_itself(corp: Corp) -> None:
    corp.welcome()
    phones = corp.arrive(3)
    wait_for(lambda: corp.greeted(phones) == [1, 1, 1])
    corp.wait_named(3)
    corp.fault("ban")
    before = corp.calls()
    corp.arrive(10)
    page = wait_for(lambda: (found := corp.page())["status"] == "restricted" and found, 10)
    assert (page["status_code"], page["status_fix"]["en"]) == ("301007", "contact WeCom's support")
    assert page["status_says"]["zh"] == "企业已解散或被封禁"
    wait_for(lambda: corp.page()["relation_count"] == 13, 10)
    time.sleep(3)
    # A greeting is one call and may ask for a name; then only the look whether it is over, at growing intervals.
    assert corp.calls() - before <= 10 * 2 + 16 + 6
    corp.mend()
    wait_for(lambda: corp.page()["status"] == "connected", 20)
    corp.wait_named(13, 20)


@pytest.mark.parametrize("bad", [{"kind": "http", "status": 502}, {"kind": "drop"}], ids=["502", "dropped"])
def test_an_account_out_of_reach_is_found_again(corp: Corp, bad: dict[str, Any]) -> None:
    corp.arrive(1)
    corp.wait_named(1)
    corp.fault(**bad)
    corp.arrive(5)
    page = wait_for(lambda: (found := corp.page())["status"] == "unreachable" and found, 20)
    assert page["status_fix"]["en"].startswith("check the network")
    corp.mend()
    wait_for(lambda: corp.page()["status"] == "connected", 20)
    corp.wait_named(6, 20)


def test_a_secret_that_was_reset_is_told_and_the_new_one_is_used_at_once(corp: Corp) -> None:
    corp.arrive(1)
    corp.wait_named(1)
    corp.shop.api("PATCH", corp.path, {"credentials": {"secret": "w" * 43}})
    before = corp.calls(TOKEN)
    corp.arrive(30)
    page = wait_for(lambda: (found := corp.page())["status"] == "bad_credentials" and found, 10)
    assert page["status_code"] == "40001"
    assert "Secret" in page["status_says"]["zh"]
    assert page["status_fix"]
    time.sleep(2)
    # Wrong tries lock an address out: waiting calls share one answer, and nobody asks again for a while.
    assert corp.calls(TOKEN) - before <= 4
    corp.shop.api("PATCH", corp.path, {"credentials": {"secret": SECRET}})
    wait_for(lambda: corp.page()["status"] == "connected", 10)
    corp.wait_named(31, 20)


def test_wrong_credentials_at_connect_are_told_by_the_check(shop: Shop, world: SandboxClient) -> None:
    made = world.post("corps", {"name": "示例品牌", "staff_count": 1, "apps": [{"secret": SECRET}]})
    body = {
        "product": "wecom", "name": "总部", "credentials": {"corpid": made["corpid"], "secret": "x" * 43},
        "settings": {"base_url": world.url, "allow_private": "true"},
    }  # fmt: skip
    corp = Corp(shop, world, shop.api("POST", "/carriers/accounts", body, status=201))
    steps = shop.api("POST", f"{corp.path}/check")["steps"]
    assert (steps[0]["ok"], steps[0]["code"]) == (False, "40001")
    assert steps[0]["fix"].keys() == {"zh", "en"}
    assert {step["code"] for step in steps[1:-1]} == {"skipped"}
    assert corp.page()["status"] == "bad_credentials"
    assert corp.calls() == 1


def test_one_slow_account_holds_up_nobody(shop: Shop, world: SandboxClient, corp: Corp) -> None:
    other = open_corp(shop, world)
    other.welcome()
    corp.arrive(1)
    corp.wait_named(1)
    corp.fault("slow", seconds=5)
    corp.arrive(20)
    began = time.monotonic()
    phones = other.arrive(5)
    wait_for(lambda: other.greeted(phones) == [1] * 5, 5)
    other.wait_named(5, 8)
    assert time.monotonic() - began < 8
    corp.mend()
    corp.wait_named(21, 40)


def test_an_account_whose_credentials_cannot_be_opened_holds_up_nobody(shop: Shop, world: SandboxClient, corp: Corp) -> None:
    other = open_corp(shop, world)
    corp.arrive(1)
    corp.wait_named(1)
    with shop.stores.ledger.begin() as tx:
        tx.exec_driver_sql("UPDATE carriers_account SET credentials_sealed = x'00', version = version + 1 WHERE id = :id", {"id": corp.account["id"]})
    other.arrive(3)
    other.wait_named(3, 10)


def test_a_permission_that_one_api_lacks_does_not_make_the_status_waver(corp: Corp) -> None:
    corp.welcome()
    corp.fault("errcode", WELCOME, code=48002)
    corp.arrive(3)
    corp.wait_named(3)
    for _ in range(3):
        corp.arrive(1)
        corp.page()
    changes = corp.shop.api("GET", "/team/audit", action="carriers.account_status_changed", limit=200)["items"]
    assert [one for one in changes if one["subject"] == f"account:{corp.account['id']}"] == []
    (trouble,) = [one for one in corp.health()["troubles"] if one["code"] == "48002"]
    assert trouble["says"]["zh"]
    assert corp.page()["status"] == "connected"
    wait_for(lambda: corp.shop.api("GET", f"{corp.path}/greetings")["totals"]["refused"] == 6)


def test_a_paused_account_makes_no_calls_and_takes_callbacks_in(corp: Corp) -> None:
    corp.welcome()
    corp.arrive(1)
    corp.wait_named(1)
    corp.shop.api("POST", f"{corp.path}/pause")
    before = corp.calls()
    corp.arrive(3)
    wait_for(lambda: corp.page()["relation_count"] == 4, 10)
    time.sleep(1)
    assert corp.calls() == before
    corp.shop.api("POST", f"{corp.path}/resume")
    corp.wait_named(4)


def test_nothing_is_called_for_an_account_that_was_removed_while_callbacks_arrive(corp: Corp) -> None:
    corp.welcome()
    phones = corp.arrive(2)
    wait_for(lambda: corp.greeted(phones) == [1, 1])
    corp.wait_named(2)
    corp.shop.api("DELETE", corp.path, status=204)
    before = corp.calls()
    corp.arrive(5)
    time.sleep(1.5)
    assert corp.calls() == before
    tries = [one["tries"] for one in corp.sandbox.get("callbacks", account=corp.ref)][-5:]
    assert all(status in (200, 404) for one in tries for status in one)
