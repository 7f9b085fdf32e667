"""wechatpy and wecomkit, which we did not write, drive the WeCom server; nothing of them is patched."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.makers.sandbox import SandboxClient
from tests.sandbox.clients.environments import drive

VERSIONS = ("wechatpy-1", "wechatpy-2")
STAFF = "xiaomei"


@dataclass
class Corp:
    """A corp with one staff member, two customers and one group."""

    sandbox: SandboxClient
    corpid: str
    secret: str
    agentid: int
    chat_id: str

    @property
    def order(self) -> dict[str, Any]:
        netloc = self.sandbox.url.removeprefix("http://")
        return {
            "corpid": self.corpid,
            "secret": self.secret,
            "agentid": self.agentid,
            "netloc": netloc,
            "url": self.sandbox.url,
            "userid": STAFF,
            "chat_id": self.chat_id,
            "now": int(self.sandbox.now()),
        }


@pytest.fixture
def corp(sandbox: SandboxClient) -> Corp:
    sandbox.post("people", {"count": 3})
    staff = [{"userid": STAFF, "name": "小美", "department": [1]}]
    made = sandbox.post("corps", {"name": "澄山里", "apps": [{}], "staff": staff})
    for phone in (1, 2):
        sandbox.post(f"phones/{phone}/add_staff", {"corpid": made["corpid"], "userid": STAFF})
    chat = sandbox.post(f"staff/{made['corpid']}/{STAFF}/create_chat", {"name": "茶友群", "phones": [1, 2]})
    app = made["apps"][0]
    return Corp(sandbox, made["corpid"], app["secret"], app["agentid"], chat["chat_id"])


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def driven(corp: Corp, version: str) -> dict[str, Any]:
    """What wechatpy was answered."""
    return drive(version, "wechatpy_work", scenario="customers", **corp.order)


def test_customers_and_tags(driven: dict[str, Any], version: str) -> None:
    assert driven["version"].startswith("1.8.18" if version == "wechatpy-1" else "2.0.0")
    assert driven["follow_users"] == [STAFF]
    assert len(driven["external"]) == 2
    assert driven["customer"]["external_contact"]["external_userid"] == driven["external"][0]
    assert driven["customer"]["follow_user"][0]["userid"] == STAFF
    assert driven["nobody"]["errcode"] == 40096
    assert [tag["name"] for group in driven["tags"] for tag in group["tag"]] == ["白茶", "红茶"]
    assert driven["marked"]["errcode"] == driven["unmarked"]["errcode"] == driven["edited"]["errcode"] == 0
    assert "GET /cgi-bin/gettoken" in driven["asked"]
    if version == "wechatpy-2":
        assert {one["external_contact"]["external_userid"] for one in driven["all"]} == set(
            driven["external"]
        )
        assert driven["template"]["template_id"]


def test_contact_ways_groups_and_staff(driven: dict[str, Any], corp: Corp) -> None:
    assert driven["way"]["qr_code"].startswith("http")
    assert (driven["way_kept"]["state"], driven["way_kept"]["user"]) == ("store-1", [STAFF])
    assert driven["way_changed"]["errcode"] == driven["deleted"]["errcode"] == 0
    assert [one["chat_id"] for one in driven["chats"]] == [corp.chat_id]
    assert driven["chat"]["name"] == "茶友群"
    assert len(driven["chat"]["member_list"]) == 3
    assert driven["person"]["name"] == "小美"
    assert [one["userid"] for one in driven["people"]] == [STAFF]
    assert driven["message"]["errcode"] == 0


def test_a_send_is_a_task_until_staff_confirm(driven: dict[str, Any], corp: Corp) -> None:
    assert driven["send"]["fail_list"] == []
    assert driven["send_empty"]["errcode"] != 0
    assert [one["msgid"] for one in driven["generic"]["group_msg_list"]] == [driven["send"]["msgid"]]
    assert [one["kind"] for one in corp.sandbox.inbox(1)].count("text") == 0
    corp.sandbox.post(f"staff/{corp.corpid}/{STAFF}/confirm_task", {"msgid": driven["send"]["msgid"]})
    received = corp.sandbox.inbox(1)
    assert any("春茶上新" in str(one["content"]) for one in received)


def test_wecomkit_by_its_base_url(corp: Corp) -> None:
    told = drive("wechatpy-2", "wecomkit_client", scenario="staff", **corp.order)
    assert told["token"] == told["again"]
    assert told["user"]["name"] == "小美"
    assert [one["userid"] for one in told["users"]["userlist"]] == [STAFF]
    assert told["departments"]["department"][0]["id"] == 1
    assert told["sent"]["errcode"] == 0
    assert told["media"]["type"] == "image"
    assert len(told["customers"]["external_userid"]) == 2
    assert "60111" in told["nobody"]
