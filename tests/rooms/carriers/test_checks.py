"""The checks of an account against the running sandbox: what is wrong is named, with what to put right and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.makers.running import KEY, SECRET, Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


def _steps(shop: Shop, number: int) -> dict[str, dict[str, Any]]:
    return {step["key"]: step for step in shop.api("POST", f"/carriers/accounts/{number}/check")["steps"]}


def test_the_steps_come_as_the_product_names_them_with_the_callback_last(shop: Shop, sandbox: SandboxClient) -> None:
    number = shop.connect_wecom(sandbox)["id"]
    named = next(one["checks"] for one in shop.api("GET", "/carriers/products")["items"] if one["product"] == "wecom")
    assert list(_steps(shop, number)) == [one["key"] for one in named]
    assert named[-1]["key"] == "callback"


def test_all_is_well_with_a_corp_that_is_set_up(shop: Shop, sandbox: SandboxClient) -> None:
    steps = _steps(shop, shop.connect_wecom(sandbox)["id"])
    assert {key for key, step in steps.items() if step["ok"] is not True} == {"callback"}
    assert steps["callback"]["code"] == "waiting"


def test_a_wrong_secret_is_named_and_nothing_more_is_asked(shop: Shop, sandbox: SandboxClient) -> None:
    number = shop.connect_wecom(sandbox)["id"]
    shop.api("PATCH", f"/carriers/accounts/{number}", {"credentials": {"secret": "wrong" * 9}})
    steps = _steps(shop, number)
    assert (steps["token"]["ok"], steps["token"]["code"]) == (False, "40001")
    assert "Secret" in steps["token"]["fix"]["zh"]
    assert {steps[key]["ok"] for key in ("external_contact", "tags", "contact_way")} == {None}
    asked = sum(call["count"] for call in sandbox.get("calls")["calls"] if "gettoken" not in call["api"])
    assert asked == 0
    shop.app.state.carriers.calls.watch.flush()
    account = shop.api("GET", f"/carriers/accounts/{number}")
    assert account["status"] == "bad_credentials"
    assert account["status_fix"]["zh"]


@pytest.mark.parametrize(
    ("change", "key", "code"),
    [
        ({"apps": [{"agentid": 1000002, "allowed": False}]}, "external_contact", "48002"),
        ({"trusted_ips": ["203.0.113.9"]}, "trusted_ip", "60020"),
    ],
)
def test_what_the_admin_console_forbids_is_named(shop: Shop, sandbox: SandboxClient, change: dict[str, Any], key: str, code: str) -> None:
    account = shop.connect_wecom(sandbox)
    sandbox.patch(f"corps/{account['ref']}", change)
    step = _steps(shop, account["id"])[key]
    assert (step["ok"], step["code"]) == (False, code)
    assert step["fix"]["zh"] != step["fix"]["en"]


def test_a_carrier_that_does_not_answer_is_a_finding_not_a_fault(shop: Shop, sandbox: SandboxClient) -> None:
    number = shop.connect_wecom(sandbox)["id"]
    shop.api("PATCH", f"/carriers/accounts/{number}", {"settings": {"base_url": "http://127.0.0.1:9"}})
    steps = _steps(shop, number)
    assert steps["token"]["ok"] is False
    assert steps["token"]["says"]["zh"]


def test_the_callback_step_follows_what_the_carrier_did(shop: Shop, sandbox: SandboxClient) -> None:
    corp = sandbox.post("corps", {"name": "a", "staff_count": 1, "apps": [{"secret": SECRET}]})
    body = {"product": "wecom", "name": "a", "credentials": {"corpid": corp["corpid"], "secret": SECRET}, "settings": {"base_url": sandbox.url, "allow_private": "true"}}
    account = shop.api("POST", "/carriers/accounts", body)
    number, url = account["id"], account["callback_url"]
    assert _steps(shop, number)["callback"]["code"] == "keys"
    shop.api("PATCH", f"/carriers/accounts/{number}", {"credentials": {"callback_token": "token", "encoding_aes_key": KEY}})
    waiting = _steps(shop, number)["callback"]
    assert waiting["code"] == "waiting"
    assert url in waiting["fix"]["zh"]
    assert KEY not in str(waiting)
    _call_back(sandbox, corp["corpid"], url, token="another")
    assert _steps(shop, number)["callback"]["code"] == "signature"
    _call_back(sandbox, corp["corpid"], url, token="token")
    shop.app.state.carriers.calls.watch.flush()
    assert _steps(shop, number)["callback"]["ok"] is True
    sandbox.post("people", {"count": 1})
    sandbox.post("phones/1/add_staff", {"userid": "staff0001", "corpid": corp["corpid"]})
    wait_for(lambda: shop.api("GET", f"/carriers/accounts/{number}")["called_back_at"])
    assert "callbacks come in" in _steps(shop, number)["callback"]["says"]["en"]


def _call_back(sandbox: SandboxClient, corpid: str, url: str, token: str) -> None:
    sandbox.patch(f"corps/{corpid}", {"callback": {"url": url, "token": token, "encoding_aes_key": KEY}})
    sandbox.post(f"accounts/{corpid}/verify_callback")


def test_an_address_that_only_this_machine_knows_is_told_as_such(shop: Shop, sandbox: SandboxClient) -> None:
    credentials = {"corpid": "wwreal0000", "secret": SECRET, "callback_token": "token", "encoding_aes_key": KEY}
    account = shop.api("POST", "/carriers/accounts", {"product": "wecom", "name": "real", "credentials": credentials, "settings": {"base_url": "https://qyapi.invalid"}})
    assert _steps(shop, account["id"])["callback"]["code"] == "private"
    shop.api("DELETE", f"/carriers/accounts/{account['id']}")


def test_the_doctor_says_of_each_account_how_it_is(shop: Shop, sandbox: SandboxClient) -> None:
    for one in shop.api("GET", "/carriers/accounts")["items"]:
        shop.api("DELETE", f"/carriers/accounts/{one['id']}")
    account = shop.connect_wecom(sandbox)
    shop.api("POST", f"/carriers/accounts/{account['id']}/welcomes", {"name": "w", "content": {"text": "hello"}})
    sandbox.post("people", {"count": 1})
    sandbox.post("phones/1/add_staff", {"userid": "staff0001"})
    wait_for(lambda: shop.api("GET", f"/carriers/accounts/{account['id']}/greetings", status=200)["totals"]["sent"])
    wait_for(lambda: shop.api("GET", f"/carriers/accounts/{account['id']}")["called_back_at"])
    found = {check["key"]: check for check in shop.api("GET", "/system/doctor")["items"]}
    mine = found[f"account:{account['id']}"]
    assert mine["status"] == "ok", mine
    assert "7 of 7 checks passed" in mine["detail"]["en"]
    assert "token fetched 0 min ago" in mine["detail"]["en"]
    assert "1 greetings in 24 h, 0 late" in mine["detail"]["en"]
    assert found["inbox"]["status"] == "ok"
    sandbox.patch(f"corps/{account['ref']}", {"trusted_ips": ["203.0.113.9"]})
    mine = next(check for check in shop.api("GET", "/system/doctor")["items"] if check["key"] == f"account:{account['id']}")
    assert (mine["status"], "Trusted" in mine["way_out"]["en"]) == ("fail", True)


def test_a_stranger_cannot_tell_a_callback_address_from_none(shop: Shop) -> None:
    assert httpx.post(f"{shop.url}/api/v1/callbacks/{'x' * 24}", content=b"<xml/>", trust_env=False).status_code == 404
