"""微信客服: enter, ask, pull, answer within the rules, hand to staff."""

from __future__ import annotations

from typing import Any

import pytest

from tests.makers.sandbox_wecom import Listener, SandboxCorp

TEXT = {"msgtype": "text", "text": {"content": "您好"}}


@pytest.fixture
def desk(told: SandboxCorp) -> str:
    """A service account; answers its open_kfid."""
    return str(told.post("kf/account/add", name="咨询")["open_kfid"])


def ask(corp: SandboxCorp, desk: str, phone: int) -> dict[str, Any]:
    """A customer writes; answers what can be pulled last."""
    corp.phone(phone, "ask_desk", open_kfid=desk, text="在吗")
    row: dict[str, Any] = corp.post("kf/sync_msg", open_kfid=desk)["msg_list"][-1]
    return row


def test_a_welcome_within_twenty_seconds_and_once_in_48_hours(told: SandboxCorp, desk: str) -> None:
    url = told.post("kf/add_contact_way", open_kfid=desk, scene="site")["url"]
    phone = told.person()
    told.phone(phone, "open_desk", url=url)
    event = told.post("kf/sync_msg", open_kfid=desk)["msg_list"][0]["event"]
    assert (event["event_type"], event["scene"]) == ("enter_session", "site")
    told.post("kf/send_msg_on_event", code=event["welcome_code"], **TEXT)
    assert told.code("kf/send_msg_on_event", code=event["welcome_code"], **TEXT) == 41050
    assert [one["kind"] for one in told.sandbox.inbox(phone)] == ["service"]
    told.phone(phone, "open_desk", url=url)
    assert "welcome_code" not in told.post("kf/sync_msg", open_kfid=desk)["msg_list"][-1]["event"]


def test_the_corp_pulls_what_it_was_told_of(told: SandboxCorp, desk: str, listener: Listener) -> None:
    phone = told.person()
    row = ask(told, desk, phone)
    assert (row["origin"], row["text"]["content"]) == (3, "在吗")
    event = listener.wait("kf_msg_or_event")
    assert event["OpenKfId"] == desk
    pulled = told.post("kf/sync_msg", token=event["Token"], open_kfid=desk)
    assert pulled["has_more"] == 0
    assert told.post("kf/sync_msg", open_kfid=desk, cursor=pulled["next_cursor"])["msg_list"] == []
    told.sandbox.advance(minutes=11)
    assert told.code("kf/sync_msg", token=event["Token"]) == 95007
    told.sandbox.advance(days=3)
    told.token = ""
    assert told.post("kf/sync_msg", open_kfid=desk)["msg_list"] == []


def test_the_log_has_pages(told: SandboxCorp, desk: str) -> None:
    phone = told.person()
    for _ in range(5):
        ask(told, desk, phone)
    first = told.post("kf/sync_msg", open_kfid=desk, limit=3)
    second = told.post("kf/sync_msg", open_kfid=desk, limit=3, cursor=first["next_cursor"])
    assert [(len(page["msg_list"]), page["has_more"]) for page in (first, second)] == [(3, 1), (2, 0)]


def test_five_answers_in_48_hours(told: SandboxCorp, desk: str) -> None:
    phone = told.person()
    send = {"open_kfid": desk, "touser": ask(told, desk, phone)["external_userid"], **TEXT}
    assert [told.code("kf/send_msg", **send) for _ in range(6)] == [0] * 5 + [95001]
    ask(told, desk, phone)
    told.post("kf/send_msg", **send)
    told.sandbox.advance(hours=49)
    told.token = ""
    assert told.code("kf/send_msg", **send) == 95002
    assert told.code("kf/send_msg", **{**send, "open_kfid": "x"}) == 95000


def test_conversations_go_to_staff_and_end(told: SandboxCorp, desk: str) -> None:
    who = {"open_kfid": desk, "external_userid": ask(told, desk, told.person())["external_userid"]}
    added = told.post("kf/servicer/add", open_kfid=desk, userid_list=["amy", "nobody"])["result_list"]
    assert [row["errcode"] for row in added] == [0, 60111]
    assert told.code("kf/service_state/trans", **who, service_state=3, servicer_userid="ben") == 95011
    told.post("kf/service_state/trans", **who, service_state=3, servicer_userid="amy")
    found = told.post("kf/service_state/get", **who)
    assert (found["service_state"], found["servicer_userid"]) == (3, "amy")
    send = {"open_kfid": desk, "touser": who["external_userid"], **TEXT}
    assert told.code("kf/send_msg", **send) == 95018
    told.post("kf/service_state/trans", **who, service_state=4)
    assert told.code("kf/service_state/trans", **who, service_state=1) == 95014
    told.post("kf/servicer/del", open_kfid=desk, userid_list=["amy"])
    assert told.get("kf/servicer/list", open_kfid=desk)["servicer_list"] == []


def test_accounts_and_customers(told: SandboxCorp, desk: str) -> None:
    told.post("kf/account/update", open_kfid=desk, name="售后")
    assert [a["name"] for a in told.get("kf/account/list")["account_list"]] == ["售后"]
    external_userid = ask(told, desk, told.person())["external_userid"]
    found = told.post("kf/customer/batchget", external_userid_list=[external_userid, "x"])
    assert [row["external_userid"] for row in found["customer_list"]] == [external_userid]
    assert found["invalid_external_userid"] == ["x"]
    told.post("kf/account/del", open_kfid=desk)
    assert told.get("kf/account/list")["account_list"] == []
