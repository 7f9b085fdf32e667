"""The corp's own side: staff, departments, app messages, media, log-in, tickets, behaviour data."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_wecom import Listener, SandboxCorp, make_corp

TREE = [{"id": 2, "name": "华东"}, {"id": 3, "name": "杭州", "parentid": 2}]


@pytest.fixture
def shop(sandbox: SandboxClient) -> SandboxCorp:
    """A corp of three departments, Ben in the lowest."""
    made = make_corp(sandbox, "amy", departments=TREE)
    staff = [{"userid": "ben", "name": "Ben", "department": [3], "mobile": "13900000000"}]
    sandbox.patch(f"corps/{made.id}", {"staff": staff})
    return made


def upload(corp: SandboxCorp, kind: str, content: bytes, path: str = "media/upload") -> Any:
    query = {"access_token": corp.get_token(), "type": kind}
    files = {"media": ("图.png", content, "image/png")}
    return corp.sandbox.http.post(f"/cgi-bin/{path}", params=query, files=files).json()


def test_departments_hold_their_people(shop: SandboxCorp) -> None:
    assert [d["id"] for d in shop.get("department/list")["department"]] == [1, 2, 3]
    assert [d["id"] for d in shop.get("department/simplelist", id=2)["department_id"]] == [2, 3]
    assert shop.get("department/get", id=3)["department"]["name"] == "杭州"
    below = shop.get("user/list", department_id=2)["userlist"]
    assert [row["userid"] for row in below] == ["ben"]
    assert shop.get("user/simplelist", department_id=2, fetch_child=0)["userlist"] == []
    assert shop.raw("GET", "user/list", department_id=9)["errcode"] == 60003


def test_departments_are_made(shop: SandboxCorp) -> None:
    number = shop.post("department/create", name="宁波", parentid=2)["id"]
    assert number in [d["id"] for d in shop.get("department/list", id=2)["department"]]
    assert shop.code("department/create", name="x", parentid=99) == 60004
    assert shop.code("department/create", name="x", parentid=1, id=2) == 60008


def test_staff_are_read_made_changed_and_leave(shop: SandboxCorp) -> None:
    assert shop.post("user/getuserid", mobile="13900000000")["userid"] == "ben"
    shop.post("user/create", userid="dan", name="Dan", department=[3])
    assert shop.code("user/create", userid="dan", name="Dan") == 60102
    shop.post("user/update", userid="dan", name="Daniel")
    assert shop.get("user/get", userid="dan")["name"] == "Daniel"
    shop.get("user/delete", userid="dan")
    assert shop.raw("GET", "user/get", userid="dan")["errcode"] == 60111
    first = shop.post("user/list_id", limit=1)
    second = shop.post("user/list_id", limit=1, cursor=first["next_cursor"])
    assert first["dept_user"] + second["dept_user"] == [
        {"userid": "amy", "department": 1},
        {"userid": "ben", "department": 3},
    ]


def test_what_happens_to_staff_by_hand_is_told(told: SandboxCorp, listener: Listener) -> None:
    told.sandbox.post(f"staff/{told.id}", {"userid": "eve", "name": "Eve"})
    assert listener.wait("create_user")["UserID"] == "eve"
    told.staff("eve", "change", name="Eva")
    assert listener.wait("update_user")["Name"] == "Eva"
    told.staff("eve", "resign")
    assert listener.wait("delete_user")["UserID"] == "eve"


def test_app_messages_reach_staff(shop: SandboxCorp) -> None:
    agentid = shop.made["apps"][0]["agentid"]
    body = {"agentid": agentid, "msgtype": "text", "text": {"content": "新客"}}
    answer = shop.post("message/send", touser="amy|nobody", toparty="3|9", **body)
    assert (answer["invaliduser"], answer["invalidparty"]) == ("nobody", "9")
    for userid in ("amy", "ben"):
        inbox = shop.sandbox.get(f"staff/{shop.id}/{userid}")
        assert [one["content"] for one in inbox] == [{"content": "新客"}]
    shop.post("message/recall", msgid=answer["msgid"])
    assert shop.sandbox.get(f"staff/{shop.id}/amy") == []


def test_app_messages_are_checked(shop: SandboxCorp) -> None:
    agentid = shop.made["apps"][0]["agentid"]
    good = {"agentid": agentid, "msgtype": "text", "text": {"content": "x"}, "touser": "amy"}
    cases: list[tuple[dict[str, Any], int]] = [
        ({"agentid": 7}, 40056),
        ({"msgtype": "song"}, 40008),
        ({"text": None}, 40063),
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": "字" * 700}}, 45002),
        ({"touser": "nobody"}, 81013),
        ({"touser": "|".join("x" * 1001)}, 40032),
    ]
    for change, code in cases:
        assert shop.code("message/send", **{**good, **change}) == code


def test_a_member_gets_thirty_a_minute_and_repeats_once(shop: SandboxCorp) -> None:
    agentid = shop.made["apps"][0]["agentid"]
    body = {"agentid": agentid, "msgtype": "text", "text": {"content": "x"}, "touser": "@all"}
    for _ in range(35):
        shop.post("message/send", **body)
    assert len(shop.sandbox.get(f"staff/{shop.id}/amy")) == 30
    shop.sandbox.advance(minutes=2)
    for _ in range(3):
        shop.post("message/send", **body, enable_duplicate_check=1)
    assert len(shop.sandbox.get(f"staff/{shop.id}/amy")) == 31


def test_media_live_three_days(shop: SandboxCorp) -> None:
    content = bytes(range(256))
    made = upload(shop, "image", content)
    assert made["type"] == "image"
    query = {"access_token": shop.get_token(), "media_id": made["media_id"]}
    answer = shop.sandbox.http.get("/cgi-bin/media/get", params=query)
    assert answer.content == content
    assert answer.headers["content-type"].startswith("image/png")
    shop.sandbox.advance(days=3, seconds=1)
    query["access_token"] = shop.get_token()
    assert shop.sandbox.http.get("/cgi-bin/media/get", params=query).json()["errcode"] == 40007


def test_media_are_checked(shop: SandboxCorp) -> None:
    assert upload(shop, "song", b"0123456789")["errcode"] == 40005
    assert upload(shop, "image", b"01234")["errcode"] == 40006
    shop.sandbox.patch("settings", {"wecom": {"voice_bytes": 8}})
    assert upload(shop, "voice", b"0123456789")["errcode"] == 40006
    query = {"access_token": shop.get_token(), "type": "image"}
    assert shop.sandbox.http.post("/cgi-bin/media/upload", params=query, json={}).json()["errcode"] == 41005


def test_uploaded_images_stay_and_may_stand_in_messages(shop: SandboxCorp) -> None:
    url = upload(shop, "", b"0123456789", "media/uploadimg")["url"]
    assert httpx.get(url, trust_env=False).content == b"0123456789"
    shop.friend("amy")
    image = {"msgtype": "image", "image": {"pic_url": url}}
    shop.contact("add_msg_template", sender="amy", attachments=[image])
    foreign = {"msgtype": "image", "image": {"pic_url": "https://example.com/a.png"}}
    assert shop.contact_code("add_msg_template", sender="amy", attachments=[foreign]) == 40007


def authorized(corp: SandboxCorp, **more: str) -> httpx.Response:
    query = {"appid": corp.id, "redirect_uri": "https://siyu.example/in?x=1", "state": "s", **more}
    return corp.sandbox.http.get("/connect/oauth2/authorize", params=query)


def test_staff_log_in_with_a_code_that_works_once(shop: SandboxCorp) -> None:
    answer = authorized(shop, login="ben", scope="snsapi_privateinfo")
    assert answer.status_code == 302
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (back["state"], back["x"]) == (["s"], ["1"])
    found = shop.get("auth/getuserinfo", code=back["code"][0])
    assert found["userid"] == "ben"
    detail = shop.post("auth/getuserdetail", user_ticket=found["user_ticket"])
    assert detail["mobile"] == "13900000000"
    assert shop.raw("GET", "auth/getuserinfo", code=back["code"][0])["errcode"] == 40029
    assert shop.code("auth/getuserdetail", user_ticket="x") == 40058


def test_codes_end_after_five_minutes_and_domains_are_trusted(shop: SandboxCorp) -> None:
    code = parse_qs(urlsplit(authorized(shop).headers["location"]).query)["code"][0]
    shop.sandbox.advance(minutes=6)
    assert shop.raw("GET", "user/getuserinfo", code=code)["errcode"] == 40029
    app = {"agentid": shop.made["apps"][0]["agentid"], "redirect_domain": "shop.example"}
    shop.sandbox.patch(f"corps/{shop.id}", {"apps": [app]})
    refused = authorized(shop)
    assert refused.status_code == 400
    assert refused.text.startswith("50001")
    stranger = authorized(shop, login="customer", redirect_uri="https://shop.example/")
    code = parse_qs(urlsplit(stranger.headers["location"]).query)["code"][0]
    assert "OpenId" in shop.get("user/getuserinfo", code=code)


def test_tickets_stay_the_same_for_two_hours(shop: SandboxCorp) -> None:
    corp_ticket = shop.get("get_jsapi_ticket")["ticket"]
    app_ticket = shop.get("ticket/get", type="agent_config")["ticket"]
    assert corp_ticket != app_ticket
    assert shop.get("get_jsapi_ticket")["ticket"] == corp_ticket
    assert shop.raw("GET", "ticket/get", type="x")["errcode"] == 40005
    shop.sandbox.advance(hours=2, seconds=1)
    shop.token = ""
    assert shop.get("get_jsapi_ticket")["ticket"] != corp_ticket


def test_behaviour_counts_days(shop: SandboxCorp) -> None:
    phone, _ = shop.friend("amy")
    lost, _ = shop.friend("amy")
    shop.phone(phone, "message", userid="amy", text="在吗")
    shop.staff("amy", "say", phone=phone, text="在")
    shop.phone(lost, "delete_staff", userid="amy")
    now = int(shop.sandbox.now())
    asked = {"userid": ["amy"], "start_time": now - 86400, "end_time": now}
    days = shop.contact("get_user_behavior_data", **asked)["behavior_data"]
    assert len(days) == 2
    wanted = ("chat_cnt", "message_cnt", "new_apply_cnt", "negative_feedback_cnt")
    assert [days[1][name] for name in wanted] == [1, 2, 2, 1]
    for bad in ({"userid": []}, {"start_time": now - 40 * 86400}, {"userid": ["nobody"]}):
        assert shop.contact_code("get_user_behavior_data", **{**asked, **bad}) in (40058, 40003)


def test_an_app_describes_itself(shop: SandboxCorp) -> None:
    agentid = shop.made["apps"][0]["agentid"]
    found = shop.get("agent/get", agentid=agentid)
    assert {row["userid"] for row in found["allow_userinfos"]["user"]} == {"amy", "ben"}
    assert shop.raw("GET", "agent/get", agentid=1)["errcode"] == 301002
