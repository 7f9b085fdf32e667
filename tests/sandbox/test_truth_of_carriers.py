"""What the control API tells of Official Accounts, Mini Programs, SMS and mail beside what the vendors' addresses tell."""

import json
import smtplib
from typing import Any

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import mini_program, official_account


def table(sandbox: SandboxClient, name: str) -> list[dict[str, Any]]:
    text = sandbox.http.get("/sandbox/truth", params={"table": name}).text
    return [json.loads(line) for line in text.splitlines()]


def test_followers_and_their_scenes(sandbox: SandboxClient) -> None:
    shop = official_account(sandbox)
    code = shop.call(
        "qrcode/create", {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "store-1"}}}
    )
    sandbox.post("phones/1/scan", {"qr": code["url"]})
    shop.act(2, "follow")
    rows = {row["phone"]: row for row in table(sandbox, "followers")}
    assert {phone: row["scene"] for phone, row in rows.items()} == {1: "store-1", 2: 0}
    assert [row["openid"] for row in rows.values()] == shop.get("user/get")["data"]["openid"]
    shop.act(1, "unfollow")
    assert [row["phone"] for row in table(sandbox, "followers")] == [2]


def test_what_people_still_accept(sandbox: SandboxClient) -> None:
    shop = mini_program(sandbox)
    template = shop.call("/wxaapi/newtmpl/addtemplate", {"tid": 1005, "kidList": [1, 3]})["priTmplId"]
    for _ in range(2):
        shop.act(1, "accept_subscribe", templates=[template])
    assert [(row["phone"], row["left"]) for row in table(sandbox, "subscriptions")] == [(1, 2)]


def test_letters_and_messages(sandbox: SandboxClient) -> None:
    sandbox.post("people", {"count": 1})
    sandbox.post("sms", {"app_key": "k"})
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as client:
        client.sendmail("a@brand.test", ["p1@example.test", "other@elsewhere.test"], b"Subject: x\r\n\r\nx")
    assert {row["to"] for row in table(sandbox, "letters")} == {"p1@example.test", "other@elsewhere.test"}
    assert table(sandbox, "sms_messages") == []
    counts = sandbox.get("health")["counts"]
    assert (counts["smtp_letters"], counts["sms_accounts"]) == (2, 1)


def test_accounts_can_be_named_changed_and_not_made_twice(sandbox: SandboxClient) -> None:
    for path in ("official_accounts", "mini_programs"):
        made = sandbox.post(path, {"appid": f"wx-{path}", "secret": "s1", "name": "甲"})
        assert sandbox.http.post(f"/sandbox/{path}", json={"appid": made["appid"]}).status_code == 409
        changed = sandbox.patch(f"{path}/{made['appid']}", {"name": "乙", "secret": "s2"})
        assert (changed["name"], changed["secret"]) == ("乙", "s2")
        asked = {"grant_type": "client_credential", "appid": made["appid"]}
        assert sandbox.call("GET", "/cgi-bin/token", secret="s1", **asked)["errcode"] == 40125
        assert sandbox.call("GET", "/cgi-bin/token", secret="s2", **asked)["expires_in"] == 7200
        assert sandbox.http.get(f"/sandbox/{path}/none").status_code == 404
    assert sandbox.http.post("/sandbox/official_accounts", json={"kind": "shop"}).status_code == 422
    assert sandbox.http.post("/sandbox/sms", json={"app_key": "k"}).status_code == 200
    assert sandbox.http.post("/sandbox/sms", json={"app_key": "k"}).status_code == 409
    assert sandbox.http.patch("/sandbox/sms/none", json={}).status_code == 404


def test_phones_cannot_do_what_makes_no_sense(sandbox: SandboxClient) -> None:
    shop = official_account(sandbox)
    refused = {
        "follow": {"scene": "telepathy"},
        "unfollow": {},
        "message": {},
        "click_menu": {"button": "none"},
        "authorize": {"scope": "all"},
        "accept_subscribe": {"template_id": "none"},
        "stop_subscribe": {"template_id": "none"},
        "dance": {},
    }
    for action, body in refused.items():
        answer = sandbox.http.post(f"/sandbox/phones/1/{action}", json={"account": shop.appid, **body})
        assert answer.status_code in (404, 409, 422), action
        assert answer.json()["error"]
    shop.act(1, "follow")
    assert shop.act(1, "follow")["followed"] is False
    assert (
        sandbox.http.post(
            "/sandbox/phones/1/message", json={"account": shop.appid, "kind": "song"}
        ).status_code
        == 422
    )
    assert (
        sandbox.http.post(
            "/sandbox/phones/1/click_menu", json={"account": shop.appid, "button": "none"}
        ).status_code
        == 404
    )
    assert sandbox.http.post("/sandbox/phones/99/follow", json={"account": shop.appid}).status_code == 404
