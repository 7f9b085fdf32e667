"""Template messages and subscription notices of an Official Account."""

from typing import Any

from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.weixin import Listener, Shop, official_account, plain

SHIPPED = {
    "character_string1": {"value": "20260102001"},
    "thing2": {"value": "正山小种"},
    "thing3": {"value": "顺丰速运"},
    "time4": {"value": "2026年1月2日 15:01"},
    "amount5": {"value": "¥168.00"},
}
TITLES = ["订单发货通知", "优惠券到期提醒"]


def taken(shop: Shop) -> str:
    """A template of the library, taken into the account."""
    return str(shop.call("template/api_add_template", {"template_id_short": "1001"})["template_id"])


def test_a_template_message_reaches_the_phone_and_its_end_is_told(
    sandbox: SandboxClient, listener: Listener
) -> None:
    shop = official_account(sandbox, callback=plain(listener))
    openid, template = shop.act(1, "follow")["openid"], taken(shop)
    assert shop.get("template/get_all_private_template")["template_list"][0]["content"].startswith(
        "订单号:{{character_string1.DATA}}"
    )
    body = {"touser": openid, "template_id": template, "url": "https://a.example", "data": SHIPPED}
    sent = shop.call("message/template/send", body)
    assert sent["errcode"] == 0
    told = listener.event("TEMPLATESENDJOBFINISH")
    assert (told["MsgID"], told["Status"]) == (str(sent["msgid"]), "success")
    assert shop.inbox(1)[0]["content"]["title"] == "订单发货通知"
    shop.act(1, "refuse_messages")
    again = str(shop.call("message/template/send", body)["msgid"])
    late = wait_for(lambda: [one["Status"] for one in listener.all() if one.get("MsgID") == again])
    assert late == ["failed:user block"]
    assert len(shop.inbox(1)) == 1


def test_template_messages_that_cannot_be(shop: Shop, sandbox: SandboxClient) -> None:
    openid, template = shop.act(1, "follow")["openid"], taken(shop)

    def code(**changed: Any) -> int:
        body = {"touser": openid, "template_id": template, "data": SHIPPED, **changed}
        return int(shop.call("message/template/send", body)["errcode"])

    assert code(template_id="no") == 40037
    assert code(touser="nobody") == 40003
    assert code(data={}) == 47003
    assert code(data=SHIPPED | {"thing2": {"value": "长" * 21}}) == 47003
    assert code() == 0
    shop.act(1, "unfollow")
    assert code() == 43004
    assert shop.call("template/del_private_template", {"template_id": template})["errcode"] == 0
    small = official_account(sandbox, 0, kind="subscription")
    assert small.call("template/api_add_template", {"template_id_short": "1001"})["errcode"] == 48001


def test_an_account_keeps_twenty_five_templates(shop: Shop) -> None:
    for _ in range(25):
        assert shop.call("template/api_add_template", {"template_id_short": "1005"})["errcode"] == 0
    assert shop.call("template/api_add_template", {"template_id_short": "1005"})["errcode"] == 45026
    assert shop.call("template/api_add_template", {"template_id_short": "77"})["errcode"] == 40037
    assert shop.call("template/api_set_industry", {"industry_id1": "1", "industry_id2": "39"})["errcode"] == 0
    assert shop.get("template/get_industry")["primary_industry"]


def test_one_acceptance_is_one_notice(sandbox: SandboxClient, listener: Listener) -> None:
    shop = official_account(sandbox, callback=plain(listener))
    template = shop.call(
        "/wxaapi/newtmpl/addtemplate", {"tid": "1005", "kidList": [1, 3], "sceneDesc": "到货"}
    )["priTmplId"]
    rows = shop.get("/wxaapi/newtmpl/gettemplate")["data"]
    assert [(row["priTmplId"], row["title"], row["type"]) for row in rows] == [(template, "到货提醒", 2)]
    openid = shop.act(1, "accept_subscribe", templates=[template])["openid"]
    assert listener.event("subscribe_msg_popup_event")["FromUserName"] == openid
    body = {
        "touser": openid,
        "template_id": template,
        "data": {"thing1": {"value": "白毫银针"}, "thing3": {"value": "限量"}},
    }
    # Whoever does not follow may be sent a notice all the same.
    assert shop.call("message/subscribe/bizsend", body)["errcode"] == 0
    assert listener.event("subscribe_msg_sent_event")["FromUserName"] == openid
    assert shop.call("message/subscribe/bizsend", body)["errcode"] == 43101
    assert [one["kind"] for one in shop.inbox(1)] == ["subscribe"]


def test_the_library_is_open(shop: Shop) -> None:
    assert shop.get("/wxaapi/newtmpl/getcategory")["data"] == [{"id": 307, "name": "食品饮料"}]
    titles = shop.get("/wxaapi/newtmpl/getpubtemplatetitles", ids="307", start=0, limit=2)
    assert [row["title"] for row in titles["data"]] == TITLES
    assert shop.get("/wxaapi/newtmpl/getpubtemplatetitles", start=0, limit=31)["errcode"] == 200017
    words = shop.get("/wxaapi/newtmpl/getpubtemplatekeywords", tid="1005")
    assert words["data"][1] == {"kid": 2, "name": "价格", "example": "¥299.00", "rule": "amount"}
    add = "/wxaapi/newtmpl/addtemplate"
    assert shop.call(add, {"tid": "9", "kidList": [1, 2]})["errcode"] == 200014
    assert shop.call(add, {"tid": "1005", "kidList": [1]})["errcode"] == 200020
    assert shop.call(add, {"tid": "1005", "kidList": [1, 9]})["errcode"] == 200020
    assert shop.call(add, {"tid": "1005", "kidList": [1, 2], "sceneDesc": "长" * 16})["errcode"] == 200021
    assert shop.call("/wxaapi/newtmpl/deltemplate", {"priTmplId": "no"})["errcode"] == 200014
