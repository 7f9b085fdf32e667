"""Menus: what is taken, what is refused, and what a press tells."""

from typing import Any

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Listener, Shop, official_account, plain

MENU: dict[str, Any] = {
    "button": [
        {"type": "click", "name": "今日好茶", "key": "TEA"},
        {"name": "会员", "sub_button": [
            {"type": "view", "name": "积分商城", "url": "https://shop.example/points"},
            {"type": "miniprogram", "name": "下单", "url": "http://a.example", "appid": "wx1", "pagepath": "pages/order"},
            {"type": "scancode_waitmsg", "name": "扫一扫", "key": "SCAN"},
        ]},
    ]
}  # fmt: skip


def button(**fields: Any) -> dict[str, Any]:
    return {"button": [{"type": "click", "name": "名", "key": "K", **fields}]}


def below(**fields: Any) -> dict[str, Any]:
    return {"button": [{"name": "上", "sub_button": [{"type": "click", "name": "名", "key": "K", **fields}]}]}


def test_a_menu_is_kept_shown_and_deleted(shop: Shop) -> None:
    assert shop.get("menu/get")["errcode"] == 46003
    assert shop.call("menu/create", MENU)["errcode"] == 0
    shown = shop.get("menu/get")["menu"]["button"]
    assert shown[0] == {"type": "click", "name": "今日好茶", "key": "TEA", "sub_button": []}
    assert [one["name"] for one in shown[1]["sub_button"]] == ["积分商城", "下单", "扫一扫"]
    current = shop.get("get_current_selfmenu_info")
    assert current["is_menu_open"] == 1
    assert (
        current["selfmenu_info"]["button"][1]["sub_button"]["list"][0]["url"] == "https://shop.example/points"
    )
    shop.get("menu/delete")
    assert shop.get("menu/get")["errcode"] == 46003


@pytest.mark.parametrize(
    ("menu", "code"),
    [
        ({}, 40016),
        ({"button": []}, 40016),
        ({"button": [MENU["button"][0]] * 4}, 40016),
        (button(type="dance"), 40017),
        (button(name=""), 40018),
        (button(name="六个汉字太长"), 40018),
        (button(key=""), 40019),
        (button(key="k" * 129), 40019),
        (button(type="view", url="https://a.example/" + "x" * 1010), 40020),
        (button(type="view", url="javascript:alert(1)"), 40055),
        ({"button": [{"name": "上", "sub_button": [MENU["button"][0]] * 6}]}, 40023),
        (below(sub_button=[MENU["button"][0]]), 40022),
        (below(type="dance"), 40024),
        (below(name="长" * 21), 40025),
        (below(key="k" * 129), 40026),
        (below(type="view", url=""), 40027),
        (below(type="view", url="ftp://a.example"), 40054),
    ],
)
def test_menus_that_cannot_be(shop: Shop, menu: dict[str, Any], code: int) -> None:
    assert shop.call("menu/create", menu)["errcode"] == code


def test_a_press_is_told_and_opens_a_window(sandbox: SandboxClient, listener: Listener) -> None:
    shop = official_account(sandbox, callback=plain(listener))
    openid = shop.act(1, "follow")["openid"]
    shop.call("menu/create", MENU)
    sandbox.advance(minutes=2)
    text = {"touser": openid, "msgtype": "text", "text": {"content": "您好"}}
    shop.act(1, "click_menu", button="积分商城")
    assert listener.event("VIEW")["EventKey"] == "https://shop.example/points"
    assert shop.call("message/custom/send", text)["errcode"] == 45015
    shop.act(1, "click_menu", button="TEA")
    assert listener.event("CLICK")["EventKey"] == "TEA"
    assert [shop.call("message/custom/send", text)["errcode"] for _ in range(4)] == [0, 0, 0, 45047]
    shop.act(1, "click_menu", button="下单")
    assert listener.event("view_miniprogram")["EventKey"] == "pages/order"
    shop.act(1, "click_menu", button="扫一扫", result="https://a.example")
    assert listener.event("scancode_waitmsg")["EventKey"] == "SCAN"


def test_a_tag_has_a_menu_of_its_own(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    rule = {"matchrule": {"tag_id": "100"}}
    assert shop.call("menu/addconditional", button(name="贵宾") | rule)["errcode"] == 65301
    shop.call("menu/create", MENU)
    assert shop.call("menu/addconditional", button(name="贵宾"))["errcode"] == 65303
    number = shop.call("menu/addconditional", button(name="贵宾") | rule)["menuid"]
    assert shop.call("menu/trymatch", {"user_id": openid})["button"][0]["name"] == "今日好茶"
    tag = shop.call("tags/create", {"tag": {"name": "贵宾"}})["tag"]["id"]
    shop.call("tags/members/batchtagging", {"openid_list": [openid], "tagid": tag})
    assert shop.call("menu/trymatch", {"user_id": openid})["button"][0]["name"] == "贵宾"
    assert shop.call("menu/delconditional", {"menuid": number})["errcode"] == 0
    assert shop.call("menu/delconditional", {"menuid": number})["errcode"] == 65301
