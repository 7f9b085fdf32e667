"""Accounts over HTTP against the running sandbox: connecting, changing, pausing, who may, and what is never told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.makers.running import KEY, SECRET, Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as running:
        yield running


def test_an_account_is_connected_shown_changed_and_removed(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    assert account["status"] == "connected"
    assert account["callback_url"].startswith(f"{shop.url}/api/v1/callbacks/")
    assert [one["id"] for one in shop.api("GET", "/carriers/accounts")["items"]] == [account["id"]]
    changed = shop.api("PATCH", f"/carriers/accounts/{account['id']}", {"name": "旗舰店"})
    assert changed["name"] == "旗舰店"
    shop.api("DELETE", f"/carriers/accounts/{account['id']}", status=204)
    assert shop.api("GET", "/carriers/accounts")["items"] == []
    shop.api("GET", f"/carriers/accounts/{account['id']}", status=404)


def test_what_was_entered_as_a_secret_is_told_nowhere(shop: Shop, sandbox: SandboxClient, caplog: pytest.LogCaptureFixture) -> None:
    account = shop.connect_wecom(sandbox)
    number = account["id"]
    shop.api("PATCH", f"/carriers/accounts/{number}", {"credentials": {"secret": "t" * 43}})
    told = [shop.api("GET", "/carriers/accounts"), shop.api("POST", f"/carriers/accounts/{number}/check"), shop.api("GET", "/team/audit")]
    told += [shop.api("GET", f"/carriers/accounts/{number}/{what}") for what in ("health", "quotas", "inbox", "welcomes", "greetings")]
    with shop.stores.ledger.read() as tx:
        kept = [str(row) for name in ("carriers_account", "team_audit", "carriers_token") for row in tx.execute(text(f"SELECT * FROM {name}"))]
    everything = json.dumps(told) + caplog.text + "".join(kept)
    assert SECRET not in everything
    assert "t" * 43 not in everything
    assert KEY not in everything
    entries = {entry["action"]: entry["detail"] for entry in told[2]["items"]}
    assert entries["carriers.account_changed"]["changed_credentials"] == ["secret"]


def test_every_fault_of_what_was_entered_is_told_at_once(shop: Shop) -> None:
    body = {"product": "wecom", "name": "", "credentials": {"corpid": "!", "colour": "red"}, "settings": {"agentid": "x"}}
    problem = shop.api("POST", "/carriers/accounts", body, status=422)
    fields = {fault["field"] for fault in problem["errors"]}
    assert fields == {"name", "credentials.corpid", "credentials.secret", "credentials.colour", "settings.agentid"}
    assert shop.api("POST", "/carriers/accounts", {**body, "product": "pigeon"}, status=422)["way_out"]


def test_the_same_corp_is_not_connected_twice(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    credentials = {"corpid": account["ref"], "secret": SECRET}
    assert shop.api("POST", "/carriers/accounts", {"product": "wecom", "name": "again", "credentials": credentials}, status=409)["way_out"]


def test_only_what_differs_from_a_default_is_kept_as_a_setting(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    assert set(account["settings"]) == {"base_url", "allow_private"}
    changed = shop.api("PATCH", f"/carriers/accounts/{account['id']}", {"settings": {"calls_per_minute": "600", "calls_per_hour": "150000"}})
    assert set(changed["settings"]) == {"base_url", "allow_private", "calls_per_minute"}


def test_pausing_lasts_until_somebody_resumes_and_is_on_record(shop: Shop, sandbox: SandboxClient) -> None:
    number = shop.connect_wecom(sandbox)["id"]
    paused = shop.api("POST", f"/carriers/accounts/{number}/pause")
    assert (paused["status"], paused["status_fix"]["en"]) == ("paused", "resume it when you want it back")
    shop.api("POST", f"/carriers/accounts/{number}/check")
    shop.app.state.carriers.calls.watch.flush()
    assert shop.api("GET", f"/carriers/accounts/{number}")["status"] == "paused"
    assert shop.api("POST", f"/carriers/accounts/{number}/resume")["status"] == "connected"
    changes = shop.api("GET", "/team/audit", action="carriers.account_status_changed")["items"]
    assert [entry["detail"]["status"] for entry in changes] == ["connected", "paused"]
    kinds = {item["name"]: item["count_30d"] for item in shop.api("GET", "/events/catalogue")["items"]}
    assert kinds["carrier_reported"] == 2


@pytest.fixture(scope="module")
def town(sandbox_server: SandboxClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, dict[str, Any], dict[str, httpx.Client]]]:
    """One account with a welcome and one callback; Alice owns, Bob analyses, Charlie serves in a shop and must see nothing of this."""
    sandbox_server.reset()
    with running_shop(tmp_path_factory.mktemp("town")) as shop:
        account = shop.connect_wecom(sandbox_server)
        shop.api("POST", f"/carriers/accounts/{account['id']}/welcomes", {"name": "first", "content": {"text": "hello"}})
        sandbox_server.post("people", {"count": 1})
        sandbox_server.post("phones/1/add_staff", {"userid": "staff0001"})
        wait_for(lambda: shop.api("GET", f"/carriers/accounts/{account['id']}/inbox")["items"])
        yield shop, account, {"alice": shop.log_in("alice", "owner"), "bob": shop.log_in("bob", "analyst"), "charlie": shop.log_in("charlie", "guide")}


READING = ("/products", "/accounts", "/accounts/{id}", "/accounts/{id}/health", "/accounts/{id}/quotas", "/accounts/{id}/inbox",
           "/accounts/{id}/inbox/kinds", "/accounts/{id}/inbox/1", "/accounts/{id}/welcomes", "/accounts/{id}/greetings")  # fmt: skip
WELCOME = {"name": "another", "content": {"text": "hi"}}
WRITING: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/accounts", {"product": "wecom", "name": "x", "credentials": {"corpid": "wwother", "secret": "u" * 43}}),
    ("PATCH", "/accounts/{id}", {"name": "another name"}), ("POST", "/accounts/{id}/check", None), ("POST", "/accounts/{id}/pause", None),
    ("POST", "/accounts/{id}/resume", None), ("POST", "/accounts/{id}/welcomes", WELCOME), ("PUT", "/accounts/{id}/welcomes/{welcome}", WELCOME),
    ("DELETE", "/accounts/{id}/welcomes/{welcome}", None), ("DELETE", "/accounts/{id}", None),
)  # fmt: skip


@pytest.mark.parametrize("path", READING)
def test_alice_and_bob_may_read_and_charlie_may_not(town: Any, path: str) -> None:
    _, account, people = town
    address = f"/api/v1/carriers{path.format(id=account['id'])}"
    assert {name: browser.get(address).status_code for name, browser in people.items()} == {"alice": 200, "bob": 200, "charlie": 403}


def test_only_alice_may_change_anything(town: Any, sandbox_server: SandboxClient) -> None:
    """With an account of its own: it is disconnected at last."""
    shop, _, people = town
    account = shop.connect_wecom(sandbox_server)
    welcome = shop.api("POST", f"/carriers/accounts/{account['id']}/welcomes", WELCOME)
    for method, path, body in WRITING:
        address = f"/api/v1/carriers{path.format(id=account['id'], welcome=welcome['id'])}"
        answers = {name: people[name].request(method, address, json=body) for name in ("charlie", "bob", "alice")}
        assert [answers["charlie"].status_code, answers["bob"].status_code] == [403, 403], (method, path)
        assert answers["alice"].is_success, (method, path, answers["alice"].text)


def test_nobody_reads_it_without_logging_in(town: Any) -> None:
    shop, account, _ = town
    with httpx.Client(base_url=shop.url, trust_env=False) as stranger:
        assert {stranger.get(f"/api/v1/carriers{path.format(id=account['id'])}").status_code for path in READING} == {401}
