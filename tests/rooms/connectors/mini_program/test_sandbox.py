"""The connector and the sandbox, which share no code, understand each other over HTTP."""

from __future__ import annotations

import pytest

from siyu.connectors._wechat import talk
from siyu.connectors.errors import BadSignature, Refused
from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_platforms import Connected, platform
from tests.makers.weixin import Listener

PAGES = ["pages/index/index", "pages/tea"]
COUPON = {"thing1": "满100减20", "date2": "2026年1月9日", "number4": "1"}


@pytest.fixture(params=["safe-xml", "safe-json", "plain-json"])
def program(request: pytest.FixtureRequest, sandbox: SandboxClient, listener: Listener) -> Connected:
    mode, _, form = request.param.partition("-")
    return platform(
        sandbox, "mini_program", listener, safe=mode == "safe", callback={"form": form}, pages=PAGES
    )


@pytest.fixture
def safe(sandbox: SandboxClient, listener: Listener) -> Connected:
    return platform(sandbox, "mini_program", listener, pages=PAGES)


def test_who_opens_it(safe: Connected) -> None:
    opened = safe.act(1, "open_mini_program")
    session = safe.call(lambda p: p.logins.session(opened["js_code"]))
    assert session.openid == opened["openid"]
    safe.call(lambda p: p.logins.check(session))
    with pytest.raises(Refused) as used:
        safe.call(lambda p: p.logins.session(opened["js_code"]))
    assert used.value.vendor_code == "40163"
    shared = safe.act(1, "share_user_data")

    async def opened_data(program: object) -> dict[str, object]:
        logins = program.logins  # type: ignore[attr-defined]
        logins.check_raw_data(session.session_key, shared["rawData"], shared["signature"])
        found: dict[str, object] = logins.open_user_data(
            session.session_key, shared["iv"], shared["encryptedData"]
        )
        return found

    assert safe.call(opened_data)["nickName"] == safe.sandbox.get("phones/1")["name"]
    shared["signature"] = "0" * 40
    with pytest.raises(BadSignature):
        safe.call(opened_data)


def test_the_phone_number_that_somebody_gives(safe: Connected) -> None:
    code = safe.act(1, "share_phone_number")["code"]
    phone = safe.call(lambda p: p.logins.phone(code))
    assert phone.international == f"+86{safe.sandbox.get('phones/1')['phone']}"
    with pytest.raises(Refused):
        safe.call(lambda p: p.logins.phone(code))


def test_each_accept_lets_one_message_out(program: Connected) -> None:
    template = program.call(lambda p: p.notice_templates.add("1002", [1, 2, 4], "券到期"))
    openid = program.act(1, "accept_subscribe", templates=[template])["openid"]
    answered = program.told("subscribe_answered")
    assert (answered.contact, answered.detail["accepted"]) == (openid, True)
    program.call(lambda p: p.notices.send(openid, template, COUPON, page="pages/tea"))
    assert program.told("subscribe_sent").detail == {
        "template_id": template, "message_id": program.told("subscribe_sent").detail["message_id"], "code": "0", "ok": True, "status": "success",
    }  # fmt: skip
    with pytest.raises(Refused) as used_up:
        program.call(lambda p: p.notices.send(openid, template, COUPON))
    assert used_up.value.vendor_code == "43101"
    assert len(program.inbox(1)) == 1
    program.act(1, "stop_subscribe", template_id=template)
    assert program.told("subscribe_changed").detail["accepted"] is False


def test_a_conversation(program: Connected) -> None:
    program.act(1, "enter_conversation", session_from="order_42")
    entered = program.told("session_entered")
    assert entered.detail["from"] == "order_42"
    program.call(lambda p: p.talk.send(entered.contact, talk.text("您好")))
    program.act(1, "message", content="在吗")
    assert program.told("message_received").detail["text"] == "在吗"
    assert len(program.inbox(1)) == 1


def test_links_lead_in_and_belong_to_the_first(safe: Connected) -> None:
    link = safe.call(lambda p: p.links.url_link("pages/tea", "from=sms", days=2))
    opened = safe.sandbox.post("phones/1/open_mini_program", {"link": link})
    assert (opened["page"], opened["query"]) == ("pages/tea", "from=sms")
    assert safe.call(lambda p: p.links.query_url_link(link)).query == "from=sms"
    scheme = safe.call(lambda p: p.links.scheme("pages/tea", "a=1"))
    assert safe.sandbox.post("phones/2/open_mini_program", {"link": scheme})["page"] == "pages/tea"
    assert safe.call(lambda p: p.links.short_link("pages/tea", "好茶")).startswith("#小程序://")


def test_codes_are_pictures(safe: Connected) -> None:
    for make in (
        lambda p: p.links.code("store=1", "pages/tea"),
        lambda p: p.links.lasting_code("pages/tea?a=1"),
        lambda p: p.links.square_code("pages/tea"),
    ):
        picture = safe.call(make)
        assert (picture.content[:4], picture.content_type) == (b"\x89PNG", "image/png")
    with pytest.raises(Refused) as missing:
        safe.call(lambda p: p.links.code("a", "pages/none"))
    assert missing.value.vendor_code == "41030"


def test_content_is_judged_now_or_later(program: Connected) -> None:
    openid = program.act(1, "open_mini_program")["openid"]
    verdict = program.call(lambda p: p.content_checks.text(openid, "好茶一杯"))
    assert verdict.passes
    trace = program.call(lambda p: p.content_checks.media(openid, "https://brand.test/1.jpg"))
    assert program.told("content_checked").detail["trace_id"] == trace


def test_the_wizard(safe: Connected) -> None:
    template = safe.call(lambda p: p.notice_templates.add("1002", [1, 2, 4]))
    assert all(found.ok for found in safe.checked(template_ids=template).values())
    assert safe.checked(template_ids="gone")["templates"].code == "40037"
