"""From the scan of a live code to the welcome on the phone, against the running sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.makers.running import SECRET, Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200)
GREETING = {"text": "你好,{客户昵称}!欢迎来到澄山里。", "attachments": [{"msgtype": "link", "link": {"title": "新人礼", "url": "https://example.com/gift"}}]}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as shop:
        yield shop


@pytest.fixture
def account(shop: Shop, sandbox: SandboxClient) -> dict[str, Any]:
    return shop.connect_wecom(sandbox)


def live_code(sandbox: SandboxClient, account: dict[str, Any], state: str) -> str:
    """A live code of one member of staff, made by hand; its config_id."""
    token = sandbox.call("GET", "/cgi-bin/gettoken", corpid=account["ref"], corpsecret=SECRET)["access_token"]
    staff = sandbox.call("GET", "/cgi-bin/externalcontact/get_follow_user_list", token)["follow_user"]
    way = {"type": 1, "scene": 2, "state": state, "user": staff[:1]}
    return str(sandbox.call("POST", "/cgi-bin/externalcontact/add_contact_way", token, way)["config_id"])


def welcome(shop: Shop, account: dict[str, Any], content: dict[str, Any] = GREETING, **more: Any) -> None:
    body = {"name": "默认", "states": [], "staff": [], "content": content, "active": True, **more}
    shop.api("POST", f"/carriers/accounts/{account['id']}/welcomes", body)


def scan(sandbox: SandboxClient, count: int, code: str) -> list[int]:
    people = sandbox.post("people", {"count": count})
    phones = [person["id"] for person in (people["people"] if isinstance(people, dict) else people)]
    for phone in phones:
        sandbox.post(f"phones/{phone}/scan", {"qr": code})
    return phones


def greetings(sandbox: SandboxClient, phone: int) -> list[Any]:
    return [message for message in sandbox.inbox(phone) if "欢迎来到澄山里" in str(message["content"])]


def test_everyone_is_welcomed_once_by_name_and_becomes_a_customer(shop: Shop, sandbox: SandboxClient, account: dict[str, Any]) -> None:
    welcome(shop, account)
    sandbox.patch("callbacks", {"duplicate": 3, "shuffle_window_ms": 300})
    phones = scan(sandbox, 12, live_code(sandbox, account, "lift"))
    wait_for(lambda: all(greetings(sandbox, phone) for phone in phones), 15)
    wait_for(lambda: shop.api("GET", f"/carriers/accounts/{account['id']}")["open_relation_count"] == 12, 15)
    for phone in phones:
        (message,) = greetings(sandbox, phone)
        assert sandbox.get(f"phones/{phone}")["name"] in str(message["content"])
    wait_for(lambda: shop.api("GET", "/customers")["total"] == 12, 15)


def test_the_welcome_of_the_live_code_goes_before_the_general_one(shop: Shop, sandbox: SandboxClient, account: dict[str, Any]) -> None:
    welcome(shop, account)
    welcome(shop, account, {"text": "电梯里的朋友,欢迎来到澄山里", "attachments": []}, name="电梯", states=["lift"])
    (phone,) = scan(sandbox, 1, live_code(sandbox, account, "lift"))
    wait_for(lambda: greetings(sandbox, phone), 10)
    assert "电梯里的朋友" in str(greetings(sandbox, phone)[0]["content"])


def test_a_picture_is_named_by_its_content_and_sent_with_the_carriers_id(shop: Shop, sandbox: SandboxClient, account: dict[str, Any]) -> None:
    media = shop.http.put(f"/api/v1/carriers/accounts/{account['id']}/media", content=PICTURE, params={"name": "海报.png"}).json()["media"]
    welcome(shop, account, {"text": "欢迎来到澄山里", "attachments": [{"msgtype": "image", "image": {"media_id": media}}]})
    (phone,) = scan(sandbox, 1, live_code(sandbox, account, "lift"))
    wait_for(lambda: greetings(sandbox, phone), 10)
    (message,) = greetings(sandbox, phone)
    assert "image" in str(message["content"])
    assert media not in str(message["content"])


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "times": 3},
        {"kind": "http", "status": 502, "times": 3},
        {"kind": "errcode", "code": -1, "times": 2},
        {"kind": "kill_token"},
    ],
    ids=["dropped", "bad gateway", "busy", "token ended"],
)
def test_a_carrier_that_stumbles_still_welcomes_once(shop: Shop, sandbox: SandboxClient, account: dict[str, Any], fault: dict[str, Any]) -> None:
    welcome(shop, account, {"text": "欢迎来到澄山里", "attachments": []})
    code = live_code(sandbox, account, "lift")
    scan(sandbox, 1, code)  # the token is known now
    sandbox.post("faults", {"account": account["ref"], "api": "/cgi-bin/externalcontact/send_welcome_msg", **fault})
    phones = scan(sandbox, 3, code)
    wait_for(lambda: all(len(greetings(sandbox, phone)) == 1 for phone in phones), 18)


def test_a_carrier_that_says_45009_is_left_alone(shop: Shop, sandbox: SandboxClient, account: dict[str, Any]) -> None:
    """The first refusal closes the API for everybody: calls do not pile up on a carrier that has had enough."""
    welcome(shop, account, {"text": "欢迎来到澄山里", "attachments": []})
    code = live_code(sandbox, account, "lift")
    path = "/cgi-bin/externalcontact/send_welcome_msg"
    sandbox.post("faults", {"account": account["ref"], "api": path, "kind": "errcode", "code": 45009})
    scan(sandbox, 20, code)
    base = f"/carriers/accounts/{account['id']}/greetings"
    wait_for(lambda: shop.api("GET", base)["totals"]["attempting"] == 0, 30)
    assert shop.api("GET", base)["totals"]["late"] == 20
    calls = [row for row in sandbox.get("calls")["calls"] if row["api"] == path]
    assert sum(row["count"] for row in calls) <= 12


