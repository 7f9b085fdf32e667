"""The connector and the sandbox, which share no code, understand each other over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from siyu.connectors.errors import AccountRestricted, BadCredentials, Refused, Throttled, Unavailable
from siyu.connectors.registry import VENDORS
from siyu.connectors.wecom.acquisition import LinkRange
from siyu.connectors.wecom.content import Image, Message
from siyu.connectors.wecom.moments import DONE, MomentDraft
from siyu.connectors.wecom.sends import SENT, TASK_SENT, Draft
from siyu.connectors.wecom.ways import JoinWay, WayDraft
from tests.rooms.connectors.wecom.conftest import Connected

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def now(wecom: Connected) -> datetime:
    return datetime.fromtimestamp(wecom.corp.sandbox.now(), UTC)


def test_the_directory(wecom: Connected) -> None:
    assert set(wecom.call(lambda c: c.staff.serving())) == {"amy", "ben", "cleo"}
    assert wecom.call(lambda c: c.staff.get("amy")).userid == "amy"
    assert 1 in {one.id for one in wecom.call(lambda c: c.staff.departments())}
    assert {one.userid for one in wecom.call(lambda c: c.staff.in_department(1))} == {"amy", "ben", "cleo"}


def test_from_the_live_code_to_the_welcome(wecom: Connected) -> None:
    way = wecom.call(lambda c: c.contact_ways.add(WayDraft(("amy",), state="poster-7")))
    assert wecom.call(lambda c: c.contact_ways.get(way.config_id)).state == "poster-7"
    assert way.config_id in wecom.call(lambda c: c.contact_ways.ids())
    phone = wecom.corp.person()
    wecom.corp.scan(phone, way.qr_code)
    added = wecom.told("contact_added")
    assert (added.staff, added.detail["state"], added.detail["half"]) == ("amy", "poster-7", False)
    wecom.call(lambda c: c.welcome.send(added.detail["welcome_code"], Message("你好,爱丽丝")))
    with pytest.raises(Refused) as caught:
        wecom.call(lambda c: c.welcome.send(added.detail["welcome_code"], Message("again")))
    assert caught.value.vendor_code in ("41050", "41051")
    assert [one for one in wecom.corp.sandbox.inbox(phone) if "你好,爱丽丝" in str(one)]
    wecom.call(lambda c: c.contact_ways.update(way.config_id, WayDraft(("ben",), state="poster-8")))
    assert wecom.call(lambda c: c.contact_ways.get(way.config_id)).user == ("ben",)
    wecom.call(lambda c: c.contact_ways.delete(way.config_id))
    with pytest.raises(Refused):
        wecom.call(lambda c: c.contact_ways.get(way.config_id))


def test_customers_remarks_and_the_three_ways_of_parting(wecom: Connected) -> None:
    phone, alice = wecom.corp.friend("amy")
    other, bob = wecom.corp.friend("amy")
    assert set(wecom.call(lambda c: c.customers.ids("amy"))) == {alice, bob}
    assert wecom.call(lambda c: c.customers.ids("cleo")) == ()
    found = wecom.call(lambda c: c.customers.get_whole(alice))
    assert (found.customer.external_userid, [one.userid for one in found.follows]) == (alice, ["amy"])
    relations = wecom.call(lambda c: c.customers.of_staff(["amy", "ben"]))
    assert {(one.customer.external_userid, one.follow.userid) for one in relations} == {
        (alice, "amy"),
        (bob, "amy"),
    }
    wecom.call(lambda c: c.customers.remark("amy", alice, remark="爱丽丝 二店", mobiles=["13800000001"]))
    assert wecom.call(lambda c: c.customers.get(alice)).follows[0].remark == "爱丽丝 二店"
    assert alice in {one.external_userid for one in wecom.call(lambda c: c.customers.served())}
    wecom.corp.phone(phone, "delete_staff", userid="amy")
    gone = wecom.told("contact_removed")
    assert (gone.contact, gone.detail["by"]) == (alice, "customer")
    wecom.corp.staff("amy", "delete_customer", phone=other)
    assert {one.detail["by"] for one in wecom.happenings if one.kind == "contact_removed"} <= {
        "customer",
        "staff",
    }


def test_tags_both_ways(wecom: Connected) -> None:
    _, alice = wecom.corp.friend("amy")
    group = wecom.call(lambda c: c.tags.add(["金卡", "银卡"], group_name="等级"))
    gold, silver = group.tags
    wecom.call(lambda c: c.tags.mark("amy", alice, [gold.id, silver.id]))
    wecom.call(lambda c: c.tags.mark("amy", alice, [], [silver.id]))
    assert [one.tag_id for one in wecom.call(lambda c: c.customers.get(alice)).follows[0].tags] == [gold.id]
    wecom.call(lambda c: c.tags.edit(gold.id, name="白金"))
    (read,) = wecom.call(lambda c: c.tags.list(group_ids=[group.group_id]))
    assert {one.name for one in read.tags} == {"白金", "银卡"}
    wecom.call(lambda c: c.tags.delete(group_ids=[group.group_id]))
    assert wecom.call(lambda c: c.tags.list()) == ()


def test_a_send_is_a_task_until_staff_confirm(wecom: Connected) -> None:
    phone, alice = wecom.corp.friend("amy")
    made = wecom.call(lambda c: c.sends.create(Draft(Message("新茶到店"), customers=(alice,), sender="amy")))
    assert [one.status for one in wecom.call(lambda c: c.sends.tasks(made.msgid))] == [0]
    assert "新茶到店" not in str(wecom.corp.sandbox.inbox(phone))
    wecom.call(lambda c: c.sends.remind(made.msgid))
    wecom.corp.staff("amy", "confirm_task", msgid=made.msgid)
    assert [one.status for one in wecom.call(lambda c: c.sends.tasks(made.msgid))] == [TASK_SENT]
    (result,) = wecom.call(lambda c: c.sends.results(made.msgid, "amy"))
    assert (result.external_userid, result.status) == (alice, SENT)
    assert "新茶到店" in str(wecom.corp.sandbox.inbox(phone))
    at = now(wecom)
    records = wecom.call(lambda c: c.sends.list("single", at - timedelta(days=1), at + timedelta(hours=1)))
    assert made.msgid in {one.msgid for one in records}
    later = wecom.call(lambda c: c.sends.create(Draft(Message("二"), customers=(alice,), sender="amy")))
    wecom.call(lambda c: c.sends.cancel(later.msgid))


def test_a_moment_from_picture_to_like(wecom: Connected) -> None:
    phone, alice = wecom.corp.friend("amy")
    picture = wecom.call(lambda c: c.media.upload_attachment("image", "a.png", PNG, "image/png"))
    draft = MomentDraft(Message("早上好", (Image(picture.media_id),)), ("amy",))
    jobid = wecom.call(lambda c: c.moments.create(draft))
    job = wecom.call(lambda c: c.moments.job(jobid))
    for _ in range(10):
        if job.status == DONE:
            break
        wecom.corp.sandbox.advance(seconds=30)
        job = wecom.call(lambda c: c.moments.job(jobid))
    moment = job.result.moment_id
    assert [one.publish_status for one in wecom.call(lambda c: c.moments.tasks(moment))] == [0]
    wecom.corp.staff("amy", "confirm_task", moment_id=moment)
    assert [one.publish_status for one in wecom.call(lambda c: c.moments.tasks(moment))] == [1]
    assert [one.external_userid for one in wecom.call(lambda c: c.moments.reached(moment, "amy"))] == [alice]
    assert [one.external_userid for one in wecom.call(lambda c: c.moments.chosen(moment, "amy"))] == [alice]
    wecom.corp.phone(phone, "like_moment", moment_id=moment)
    assert [
        one.external_userid for one in wecom.call(lambda c: c.moments.reactions(moment, "amy")).likes
    ] == [alice]
    at = now(wecom)
    listed = wecom.call(lambda c: c.moments.list(at - timedelta(days=1), at + timedelta(hours=1)))
    assert [one.moment_id for one in listed] == [moment]
    wecom.call(lambda c: c.moments.cancel(moment))


def test_groups_and_how_to_join_them(wecom: Connected) -> None:
    phone, alice = wecom.corp.friend("amy")
    chat = wecom.corp.staff("amy", "create_chat", name="会员群", phones=[phone])["chat_id"]
    assert wecom.told("group_created").detail["chat_id"] == chat
    group = wecom.call(lambda c: c.groups.get(chat))
    assert (group.name, group.owner) == ("会员群", "amy")
    assert alice in {one.userid for one in group.members}
    assert [one.chat_id for one in wecom.call(lambda c: c.groups.list(["amy"]))] == [chat]
    config = wecom.call(lambda c: c.join_ways.add(JoinWay(chat_id_list=(chat,), state="door")))
    way = wecom.call(lambda c: c.join_ways.get(config))
    assert (way.chat_id_list, way.state) == ((chat,), "door")
    wecom.call(lambda c: c.join_ways.update(JoinWay(config, chat_id_list=(chat,), state="window")))
    wecom.call(lambda c: c.join_ways.delete(config))
    template = wecom.call(lambda c: c.welcome.add_group_template(Message("欢迎 %NICKNAME%")))
    assert wecom.call(lambda c: c.welcome.get_group_template(template)).text["content"] == "欢迎 %NICKNAME%"
    wecom.call(lambda c: c.welcome.edit_group_template(template, Message("欢迎")))
    wecom.call(lambda c: c.welcome.delete_group_template(template))
    made = wecom.call(
        lambda c: c.sends.create(Draft(Message("群里好"), "group", chats=(chat,), sender="amy"))
    )
    assert made.msgid
    wecom.corp.staff("amy", "dismiss_chat", chat_id=chat)
    assert wecom.told("group_dismissed").detail["chat_id"] == chat


def test_customers_pass_on(wecom: Connected) -> None:
    _, alice = wecom.corp.friend("amy")
    _, bob = wecom.corp.friend("ben")
    (begun,) = wecom.call(lambda c: c.transfer.customers("amy", "cleo", [alice], message="由 Cleo 为您服务"))
    assert begun.errcode == 0
    (waiting,) = wecom.call(lambda c: c.transfer.results("amy", "cleo"))
    assert waiting.standing == "waiting"
    wecom.corp.sandbox.advance(hours=25)
    (finished,) = wecom.call(lambda c: c.transfer.results("amy", "cleo"))
    assert finished.standing == "done"
    assert wecom.told("contact_removed").detail["by"] == "transfer"
    wecom.corp.staff("ben", "resign")
    assert wecom.told("staff_deleted").staff == "ben"
    (left,) = wecom.call(lambda c: c.transfer.unassigned())
    assert (left.handover_userid, left.external_userid) == ("ben", bob)
    wecom.call(lambda c: c.transfer.customers_of_resigned("ben", "cleo", [bob]))
    (moved,) = wecom.call(lambda c: c.transfer.results_of_resigned("ben", "cleo"))
    assert moved.external_userid == bob


def test_links_messages_media_and_log_in(wecom: Connected) -> None:
    link = wecom.call(lambda c: c.acquisition.create("春季", LinkRange(("amy",))))
    assert link.link_id in wecom.call(lambda c: c.acquisition.ids())
    assert wecom.call(lambda c: c.acquisition.get(link.link_id)).range.user_list == ("amy",)
    assert wecom.call(lambda c: c.acquisition.quota()).balance >= 0
    wecom.call(lambda c: c.acquisition.update(link.link_id, "夏季", LinkRange(("ben",))))
    wecom.call(lambda c: c.acquisition.delete(link.link_id))
    sent = wecom.call(lambda c: c.messages.text("有新客户", users=["amy", "nobody"]))
    assert sent.not_told == ("nobody",)
    wecom.call(lambda c: c.messages.recall(sent.msgid))
    media = wecom.call(lambda c: c.media.upload("image", "a.png", PNG, "image/png"))
    assert wecom.call(lambda c: c.media.get(media.media_id)).content == PNG
    assert wecom.call(lambda c: c.media.upload_picture("a.png", PNG)).startswith("http")
    assert wecom.call(lambda c: c.web.sign_page("https://a.cn/")).signature
    assert wecom.call(lambda c: c.web.sign_app_page("https://a.cn/")).signature
    detail = wecom.call(lambda c: _log_in(c, wecom.corp.sandbox.url))
    assert detail.userid == "amy"


async def _log_in(connector: Any, sandbox_url: str) -> Any:
    """As the browser of a staff member: to WeCom, back with a code, then who they are."""
    base = f"{sandbox_url}/connect/oauth2/authorize"
    url = connector.web.authorize_url(
        "https://h5.brand.cn/in", "s1", scope="snsapi_privateinfo", base_url=base
    )
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(f"{url.partition('#')[0]}&login=amy")
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    visitor = await connector.web.visitor(code)
    return await connector.web.visitor_detail(visitor.user_ticket)


def test_all_checks_pass_and_say_where_it_fails(wecom: Connected) -> None:
    def found() -> dict[str, Any]:
        return {one.key: wecom.call(one.run) for one in VENDORS["wecom"].checks}

    assert {key: one.ok for key, one in found().items()} == {one.key: True for one in VENDORS["wecom"].checks}
    wecom.corp.sandbox.patch(f"corps/{wecom.corp.id}", {"trusted_ips": ["203.0.113.9"]})
    bad = found()
    assert (bad["trusted_ip"].ok, bad["trusted_ip"].code) == (False, "60020")


def fault(wecom: Connected, api: str, kind: str, **more: Any) -> None:
    wecom.corp.sandbox.post(
        "faults", {"account": wecom.corp.id, "api": f"/cgi-bin/{api}", "kind": kind, **more}
    )


def test_faults_of_the_vendor_are_ridden_out(wecom: Connected) -> None:
    api = "externalcontact/get_follow_user_list"
    for kind, more in (
        ("errcode", {"code": -1}),
        ("http", {"status": 502}),
        ("drop", {}),
        ("kill_token", {}),
    ):
        fault(wecom, api, kind, times=1, **more)
        assert len(wecom.call(lambda c: c.staff.serving())) == 3, kind
    assert len(wecom.calls("get_follow_user_list")) == 8


def test_45009_ends_the_calls_until_the_window_is_over(wecom: Connected) -> None:
    api = "externalcontact/get_follow_user_list"
    fault(wecom, api, "errcode", code=45009, for_seconds=3600)
    for _ in range(20):
        with pytest.raises(Throttled):
            wecom.call(lambda c: c.staff.serving())
    assert wecom.calls("get_follow_user_list") == ["45009"]


def test_a_wrong_secret_and_a_foreign_address_are_told_apart(wecom: Connected) -> None:
    wecom.corp.sandbox.patch(f"corps/{wecom.corp.id}", {"trusted_ips": ["203.0.113.9"]})
    with pytest.raises(AccountRestricted) as restricted:
        wecom.call(lambda c: c.staff.serving())
    assert restricted.value.vendor_code == "60020"
    wecom.corp.made["apps"][0]["secret"] = "wrong-secret"
    with pytest.raises(BadCredentials):
        wecom.call(lambda c: c.staff.serving())


def test_a_send_whose_answer_is_lost_is_not_repeated(wecom: Connected) -> None:
    _, alice = wecom.corp.friend("amy")
    fault(wecom, "externalcontact/add_msg_template", "http", status=502, times=1)
    with pytest.raises(Unavailable) as caught:
        wecom.call(lambda c: c.sends.create(Draft(Message("一"), customers=(alice,), sender="amy")))
    assert caught.value.reached is None
    assert wecom.calls("add_msg_template") == ["http_502"]


def test_a_banned_account_is_told_as_such(wecom: Connected) -> None:
    fault(wecom, "externalcontact/get_follow_user_list", "ban")
    with pytest.raises(AccountRestricted) as caught:
        wecom.call(lambda c: c.staff.serving())
    assert caught.value.way_out is not None
    assert len(wecom.calls("get_follow_user_list")) == 1


def test_five_tag_changes_at_once_and_no_more(wecom: Connected) -> None:
    """The sandbox answers 45033 to the sixth; the connector never comes to that."""
    people = [wecom.corp.friend("amy")[1] for _ in range(20)]
    group = wecom.call(lambda c: c.tags.add(["金卡"], group_name="等级"))

    async def all_at_once(connector: Any) -> None:
        await asyncio.gather(*(connector.tags.mark("amy", one, [group.tags[0].id]) for one in people))

    wecom.call(all_at_once)
    assert set(wecom.calls("mark_tag")) == {"0"}
