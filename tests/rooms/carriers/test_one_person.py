"""One person on several carriers is one customer with several relations; people and relations are counted apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.makers.running import KEY, Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for
from tests.rooms.carriers.test_welcome_path import live_code, scan


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as shop:
        yield shop


def connect_official_account(shop: Shop, sandbox: SandboxClient) -> dict[str, Any]:
    made = sandbox.post("official_accounts", {"name": "澄山里服务号", "kind": "service", "secret": "f" * 32})
    credentials = {"appid": made["appid"], "secret": "f" * 32, "callback_token": "token", "encoding_aes_key": KEY}
    settings = {"base_url": sandbox.url, "allow_private": "true"}
    body = {"product": "official_account", "name": "服务号", "credentials": credentials, "settings": settings}
    account: dict[str, Any] = shop.api("POST", "/carriers/accounts", body, status=201)
    callback = {"url": account["callback_url"], "token": "token", "encoding_aes_key": KEY, "mode": "safe"}
    sandbox.patch(f"official_accounts/{made['appid']}", {"callback": callback})
    return account


def test_a_friend_who_follows_is_the_same_customer(shop: Shop, sandbox: SandboxClient) -> None:
    corp, service = shop.connect_wecom(sandbox, wechat_bound=True), connect_official_account(shop, sandbox)
    (friend,) = scan(sandbox, 1, live_code(sandbox, corp, "lift"))
    token = sandbox.call("GET", "/cgi-bin/token", grant_type="client_credential", appid=service["ref"], secret="f" * 32)["access_token"]
    code = sandbox.call("POST", "/cgi-bin/qrcode/create", token, {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "parcel"}}})
    sandbox.post(f"phones/{friend}/scan", {"qr": code["url"]})
    stranger = scan(sandbox, 1, code["url"])[0]
    wait_for(lambda: shop.api("GET", "/customers")["total"] == 2, 20)
    wait_for(lambda: _relations(shop) == [("总部企微", "lift"), ("服务号", "parcel")], 20)
    assert stranger != friend
    sandbox.post(f"phones/{friend}/unfollow", {"account": service["ref"]})
    wait_for(lambda: shop.api("GET", f"/carriers/accounts/{service['id']}")["open_relation_count"] == 1, 20)
    ended = wait_for(lambda: shop.api("GET", "/carriers/relations?status=ended")["items"], 20)
    assert [(row["staff"], row["ended_by"]) for row in ended] == [("", "customer")]


def _relations(shop: Shop) -> list[tuple[str, str]]:
    """(account, state) of the relations of the customer who has two."""
    people = [row["id"] for row in shop.api("GET", "/customers")["items"]]
    held = [shop.api("GET", f"/customers/{number}/relations")["items"] for number in people]
    return sorted((row["account_name"], row["state"]) for rows in held if len(rows) == 2 for row in rows)



def test_followers_who_came_and_went_unheard_are_found_by_a_reconcile(shop: Shop, sandbox: SandboxClient) -> None:
    service = connect_official_account(shop, sandbox)
    here = f"/carriers/accounts/{service['id']}"
    phones = [person["id"] for person in sandbox.post("people", {"count": 4})["people"]]
    for phone in phones[:3]:
        sandbox.post(f"phones/{phone}/follow", {"account": service["ref"]})
    wait_for(lambda: shop.api("GET", here)["open_relation_count"] == 3, 20)
    sandbox.patch(f"official_accounts/{service['ref']}", {"callback": None})
    sandbox.post(f"phones/{phones[0]}/unfollow", {"account": service["ref"]})
    sandbox.post(f"phones/{phones[3]}/follow", {"account": service["ref"]})
    shop.api("POST", f"{here}/reconcile")
    (done,) = wait_for(lambda: [one for one in shop.api("GET", f"{here}/reconciles")["items"] if one["status"] == "done"], 30)
    assert (done["seen_count"], done["new_count"], done["gone_count"]) == (3, 1, 1)
    assert shop.api("GET", here)["open_relation_count"] == 3
