"""Subscription messages: one acceptance, one message; the rules of values; what the account is told."""

import json
from typing import Any

import pytest

from siyu_sandbox.weixin.notices import RULES
from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.weixin import Listener, Shop, mini_program, plain

COUPON = {"thing1": {"value": "满100减20"}, "date2": {"value": "2026年1月9日"}, "number4": {"value": 1}}


def taken(shop: Shop) -> str:
    body = {"tid": 1002, "kidList": [1, 2, 4], "sceneDesc": "券到期"}
    return str(shop.call("/wxaapi/newtmpl/addtemplate", body)["priTmplId"])


def send(shop: Shop, openid: str, template: str, **changed: Any) -> Any:
    body = {"touser": openid, "template_id": template, "page": "pages/coupon?id=1", "data": COUPON, **changed}
    return shop.call("message/subscribe/send", body)


def test_each_acceptance_is_one_message(sandbox: SandboxClient, listener: Listener) -> None:
    shop = mini_program(sandbox, callback=plain(listener))
    template = taken(shop)
    openid = shop.act(1, "accept_subscribe", templates={template: False})["openid"]
    assert send(shop, openid, template)["errcode"] == 43101
    assert shop.act(1, "accept_subscribe", templates=[template])["left"] == {template: 1}
    assert shop.act(1, "accept_subscribe", templates=[template])["left"] == {template: 2}
    assert [send(shop, openid, template)["errcode"] for _ in range(3)] == [0, 0, 43101]
    assert listener.event("subscribe_msg_sent_event")["FromUserName"] == openid
    assert [one["content"]["page"] for one in shop.inbox(1)] == ["pages/coupon?id=1"] * 2
    popups = [post.body for post in listener.posts if "popup" in post.body]
    assert any("<SubscribeStatusString><![CDATA[reject]]>" in body for body in popups)


def test_several_templates_are_answered_in_one_popup(sandbox: SandboxClient, listener: Listener) -> None:
    shop = mini_program(sandbox, callback=plain(listener) | {"form": "json"})
    first, second = (
        taken(shop),
        str(shop.call("/wxaapi/newtmpl/addtemplate", {"tid": 1003, "kidList": [1, 2]})["priTmplId"]),
    )
    shop.act(1, "accept_subscribe", templates={first: True, second: False})
    told = json.loads(wait_for(lambda: [post.body for post in listener.posts])[0])
    rows = told["SubscribeMsgPopupEvent"]["List"]
    assert [(row["TemplateId"], row["SubscribeStatusString"]) for row in rows] == [
        (first, "accept"),
        (second, "reject"),
    ]


def test_turned_off_in_the_settings_and_on_again(sandbox: SandboxClient, listener: Listener) -> None:
    shop = mini_program(sandbox, callback=plain(listener))
    template = taken(shop)
    openid = shop.act(1, "accept_subscribe", templates=[template])["openid"]
    shop.act(1, "stop_subscribe", template_id=template)
    assert listener.event("subscribe_msg_change_event")["FromUserName"] == openid
    assert send(shop, openid, template)["errcode"] == 43101
    shop.act(1, "accept_subscribe", templates=[template])
    assert send(shop, openid, template)["errcode"] == 0


def test_a_long_term_template_is_not_used_up(shop: Shop) -> None:
    template = str(shop.call("/wxaapi/newtmpl/addtemplate", {"tid": 1006, "kidList": [1, 2]})["priTmplId"])
    openid = shop.act(1, "accept_subscribe", templates=[template])["openid"]
    data = {"thing1": {"value": "体检报告"}, "phrase2": {"value": "已完成"}}
    assert [send(shop, openid, template, data=data)["errcode"] for _ in range(3)] == [0, 0, 0]


def test_a_refused_message_costs_no_acceptance(shop: Shop) -> None:
    template = taken(shop)
    openid = shop.act(1, "accept_subscribe", templates=[template])["openid"]
    refused = [
        send(shop, openid, template, data=COUPON | {"thing1": {"value": "长" * 21}}),
        send(shop, openid, template, data={"thing1": {"value": "缺"}}),
        send(shop, openid, template, data="no"),
        send(shop, openid, template, page="/pages/coupon"),
        send(shop, openid, "none"),
        send(shop, "nobody", template),
        send(shop, openid, template, miniprogram_state="live"),
    ]
    assert [one["errcode"] for one in refused] == [47003, 47003, 47003, 41030, 40037, 40003, 40097]
    assert "data.thing1.value" in refused[0]["errmsg"]
    assert send(shop, openid, template)["errcode"] == 0


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("thing", ["一" * 20, "a b"], ["", "一" * 21]),
        ("number", ["0", "-12", "12.5", "9" * 32], ["9" * 33, "一", "1e5"]),
        ("letter", ["abC"], ["a1", "a" * 33]),
        ("symbol", ["%"], ["a", "%%%%%%"]),
        ("character_string", ["AB-12_3"], ["单号", "a b", "x" * 33]),
        (
            "time",
            ["15:01", "2019年10月1日 15:01", "2019-10-01", "2026年1月2日~2026年1月9日"],
            ["明天", "1月2日"],
        ),
        ("date", ["2019年10月1日", "2019-10-01 15:01"], ["15:01", "明天"]),
        ("amount", ["¥168.00", "8元", "1234567890"], ["12345678901", "很多"]),
        ("phone_number", ["+86-0766-66888866"], ["手机", "1" * 18]),
        ("car_number", ["粤A8Z888挂"], ["粤A8Z888挂挂"]),
        ("name", ["王小明", "Lei Li"], ["王" * 11, "x" * 21, "王3"]),
        ("phrase", ["配送中"], ["配送进行中呢", "ok"]),
    ],
)
def test_the_rules_of_values(rule: str, good: list[str], bad: list[str]) -> None:
    assert all(RULES[rule].fullmatch(value) for value in good)
    assert not any(RULES[rule].fullmatch(value) for value in bad)


def test_templates_come_with_the_account(sandbox: SandboxClient) -> None:
    made = sandbox.post("mini_programs", {"templates": [{"tid": 1005, "kids": [1, 2]}]})
    assert sandbox.get(f"mini_programs/{made['appid']}")["templates"] == made["templates"]
    assert (
        sandbox.http.post("/sandbox/mini_programs", json={"templates": [{"tid": 9, "kids": [1]}]}).status_code
        == 422
    )
