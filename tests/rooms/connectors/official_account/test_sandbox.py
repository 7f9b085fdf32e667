"""The connector and the sandbox, which share no code, understand each other over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from siyu.connectors._wechat import talk
from siyu.connectors.errors import AccountRestricted, BadCredentials, Refused, Throttled
from siyu.connectors.official_account import mass
from siyu.connectors.official_account.drafts import Article
from siyu.connectors.official_account.menus import Button
from siyu.connectors.official_account.templates import Target
from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_platforms import Connected, platform
from tests.makers.weixin import Listener

JPG = b"\xff\xd8\xff" + b"\0" * 64


@pytest.fixture(params=[True, False], ids=["safe", "plain"])
def account(request: pytest.FixtureRequest, sandbox: SandboxClient, listener: Listener) -> Connected:
    return platform(sandbox, "official_account", listener, safe=request.param)


@pytest.fixture
def safe(sandbox: SandboxClient, listener: Listener) -> Connected:
    return platform(sandbox, "official_account", listener)


def test_from_the_code_to_the_follower_and_away(account: Connected) -> None:
    code = account.call(lambda a: a.codes.temporary("store_7", 3600))
    account.sandbox.post("phones/1/scan", {"qr": code.url})
    followed = account.told("followed")
    assert (followed.detail["scene"], followed.detail["ticket"]) == ("store_7", code.ticket)
    follower = account.call(lambda a: a.followers.get(followed.contact))
    assert (follower.follows, follower.scene, follower.subscribe_scene) == (
        True,
        "store_7",
        "ADD_SCENE_QR_CODE",
    )
    account.sandbox.post("phones/1/scan", {"qr": code.url})
    assert account.told("qr_scanned").detail["scene"] == "store_7"
    account.act(1, "unfollow")
    assert account.told("unfollowed").contact == followed.contact
    assert not account.call(lambda a: a.followers.get(followed.contact)).follows


def test_followers_tags_remarks_and_the_blacklist(safe: Connected) -> None:
    openids = {safe.act(phone, "follow")["openid"] for phone in (1, 2)}
    assert set(safe.call(lambda a: a.followers.ids())) == openids
    assert safe.call(lambda a: a.followers.total()) == 2
    assert {one.openid for one in safe.call(lambda a: a.followers.get_many(sorted(openids)))} == openids
    tag = safe.call(lambda a: a.tags.create("老客"))
    first = sorted(openids)[0]
    safe.call(lambda a: a.tags.mark(tag.id, [first]))
    safe.call(lambda a: a.followers.remark(first, "王姐"))
    read = safe.call(lambda a: a.followers.get(first))
    assert (read.tag_ids, read.remark) == ((tag.id,), "王姐")
    assert safe.call(lambda a: a.tags.people(tag.id)).items == (first,)
    assert safe.call(lambda a: a.tags.of(first)) == (tag.id,)
    safe.call(lambda a: a.tags.rename(tag.id, "常客"))
    assert "常客" in {one.name for one in safe.call(lambda a: a.tags.list())}
    with pytest.raises(Refused):
        safe.call(lambda a: a.tags.create("常客"))
    safe.call(lambda a: a.tags.unmark(tag.id, [first]))
    safe.call(lambda a: a.tags.delete(tag.id))
    safe.call(lambda a: a.followers.block([first]))
    assert safe.call(lambda a: a.followers.blocked()).items == (first,)
    safe.call(lambda a: a.followers.unblock([first]))


def test_the_window_of_customer_messages_opens_and_ends(safe: Connected) -> None:
    openid = safe.act(1, "follow")["openid"]
    safe.sandbox.advance(minutes=2)
    with pytest.raises(Refused) as late:
        safe.call(lambda a: a.talk.send(openid, talk.text("好")))
    assert late.value.vendor_code == "45015"
    safe.act(1, "message", content="在吗")
    received = safe.told("message_received")
    assert (received.contact, received.detail["text"]) == (openid, "在吗")
    windows = safe.call(_windows)
    for number in range(windows["message"].count):
        safe.call(lambda a, number=number: a.talk.send(openid, talk.text(f"回复 {number}")))
    with pytest.raises(Refused) as full:
        safe.call(lambda a: a.talk.send(openid, talk.text("多一条")))
    assert full.value.vendor_code == "45047"
    assert len(safe.inbox(1)) == windows["message"].count


async def _windows(account: Any) -> Any:
    return account.limits.windows()


def test_who_opens_a_page(safe: Connected) -> None:
    url = safe.call(_page)
    back = safe.sandbox.http.get(url.partition("#")[0] + "&phone=1")
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    grant = safe.call(lambda a: a.oauth.exchange(code))
    visitor = safe.call(lambda a: a.oauth.visitor(grant))
    assert (visitor.openid, visitor.nickname) == (grant.openid, safe.sandbox.get("phones/1")["name"])
    safe.call(lambda a: a.oauth.check(grant))
    assert safe.call(lambda a: a.oauth.refresh(grant.refresh_token)).openid == grant.openid
    with pytest.raises(Refused):
        safe.call(lambda a: a.oauth.exchange(code))


async def _page(account: Any) -> str:
    return str(account.oauth.authorize_url("https://h5.example/in", "s", "snsapi_userinfo"))


def test_menus_are_pressed(account: Connected) -> None:
    account.act(1, "follow")
    buttons = [
        Button("新茶", "click", key="NEW"),
        Button("更多", sub_button=(Button("官网", "view", url="https://brand.test/"),)),
    ]
    account.call(lambda a: a.menus.set(buttons))
    assert account.call(lambda a: a.menus.get()).default.buttons[0].key == "NEW"
    account.act(1, "click_menu", button="新茶")
    assert account.told("menu_clicked").detail["key"] == "NEW"
    account.act(1, "click_menu", button="官网")
    assert account.told("link_viewed").detail["url"] == "https://brand.test/"
    account.call(lambda a: a.menus.delete())
    assert account.call(lambda a: a.menus.get()).default.buttons == ()


def test_a_template_message_and_what_became_of_it(account: Connected) -> None:
    openid = account.act(1, "follow")["openid"]
    template = account.call(lambda a: a.templates.add("1005"))
    assert template in {one.template_id for one in account.call(lambda a: a.templates.list())}
    values = {"thing1": "白毫银针", "amount2": "¥299.00", "thing3": "限量供应"}
    sent = account.call(lambda a: a.templates.send(openid, template, values, Target("https://brand.test/")))
    finished = account.told("template_send_finished")
    assert (finished.detail["message_id"], finished.detail["ok"], finished.contact) == (sent, True, openid)
    assert account.inbox(1)


def test_one_accept_is_one_notice(account: Connected) -> None:
    account.act(1, "follow")
    template = account.call(lambda a: a.notice_templates.add("1005", [1, 2]))
    assert template in {one.id for one in account.call(lambda a: a.notice_templates.list())}
    openid = account.act(1, "accept_subscribe", templates=[template])["openid"]
    answered = account.told("subscribe_answered")
    assert (answered.contact, answered.detail["template_id"], answered.detail["accepted"]) == (
        openid,
        template,
        True,
    )
    values = {"thing1": "白毫银针", "amount2": "¥299.00"}
    account.call(lambda a: a.templates.notify(openid, template, values))
    assert account.told("subscribe_sent").detail["ok"]
    with pytest.raises(Refused) as used_up:
        account.call(lambda a: a.templates.notify(openid, template, values))
    assert used_up.value.vendor_code == "43101"


def test_a_mass_send_is_sent_once_however_often_it_is_handed_in(account: Connected) -> None:
    for phone in (1, 2):
        account.act(phone, "follow")
    first = account.call(lambda a: a.mass.to_all(mass.text("春茶上新"), "send-1"))
    finished = account.told("mass_send_finished")
    assert (finished.detail["ok"], finished.detail["sent"], finished.detail["message_id"]) == (
        True,
        2,
        str(first.msg_id),
    )
    with pytest.raises(Throttled):
        account.call(lambda a: a.mass.to_all(mass.text("春茶上新"), "send-1"))
    account.sandbox.advance(seconds=61)
    again = account.call(lambda a: a.mass.to_all(mass.text("春茶上新"), "send-1"))
    assert (again.again, again.msg_id) == (True, first.msg_id)
    assert len(account.inbox(1)) == 1
    assert account.call(lambda a: a.mass.status(first.msg_id)) == "SEND_SUCCESS"


def test_drafts_and_media(safe: Connected) -> None:
    safe.act(1, "follow")
    thumb = safe.call(lambda a: a.drafts.add_material("image", "a.jpg", JPG))
    draft = safe.call(lambda a: a.drafts.add([Article("春茶", "<p>上新</p>", thumb.media_id)]))
    assert safe.call(lambda a: a.drafts.get(draft)).articles[0].title == "春茶"
    assert safe.call(lambda a: a.drafts.count()) == 1
    assert [one.media_id for one in safe.call(lambda a: a.drafts.list())] == [draft]
    publish = safe.call(lambda a: a.drafts.publish(draft))
    assert safe.call(lambda a: a.drafts.published(publish)).publish_status in (0, 1)
    uploaded = safe.call(lambda a: a.media.upload("image", "a.jpg", JPG, "image/jpeg"))
    assert safe.call(lambda a: a.media.get(uploaded.id)).content == JPG
    assert safe.call(lambda a: a.media.upload_picture("a.jpg", JPG, "image/jpeg")).startswith("http")
    assert safe.call(lambda a: a.platform.js_ticket())


def test_the_wizard_and_what_it_finds(safe: Connected) -> None:
    assert all(found.ok for found in safe.checked().values())
    safe.sandbox.patch(f"official_accounts/{safe.ref}", {"kind": "subscription"})
    assert safe.checked(kind="subscription")["kind"].ok
    safe.sandbox.patch(f"official_accounts/{safe.ref}", {"trusted_ips": ["203.0.113.9"]})
    found = safe.checked()
    assert (found["secret"].ok, found["ip"].ok, found["ip"].code) == (True, False, "40164")


def test_the_vendor_counts_and_can_be_asked(safe: Connected) -> None:
    safe.call(lambda a: a.followers.total())
    quota = safe.call(lambda a: a.platform.quota("/cgi-bin/user/get"))
    assert (quota.used, quota.remain) == (1, quota.daily_limit - 1)
    safe.call(lambda a: a.platform.clear_quota())
    assert safe.call(lambda a: a.platform.quota("/cgi-bin/user/get")).used == 0


@pytest.mark.parametrize("stable", ["true", "false"])
def test_a_token_that_dies_is_replaced(safe: Connected, stable: str) -> None:
    assert safe.call(lambda a: a.followers.total(), stable_token=stable) == 0
    safe.sandbox.post("faults", {"account": safe.ref, "kind": "kill_token"})
    assert safe.call(lambda a: a.followers.total(), stable_token=stable) == 0


@pytest.mark.parametrize(
    ("code", "kind"), [(45009, Throttled), (48004, AccountRestricted), (48001, AccountRestricted)]
)
def test_faults_of_the_vendor(safe: Connected, code: int, kind: type[Exception]) -> None:
    safe.sandbox.post("faults", {"account": safe.ref, "kind": "errcode", "code": code})
    with pytest.raises(kind):
        safe.call(lambda a: a.followers.total())


def test_a_wrong_secret(safe: Connected) -> None:
    safe.credentials["secret"] = "0" * 32
    with pytest.raises(BadCredentials):
        safe.call(lambda a: a.followers.total())
    found = safe.checked()["secret"]
    assert not found.ok
    assert found.fix is not None
