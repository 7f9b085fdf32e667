"""Customer-service messages: which doing of a person opens which window, and what may be sent in it."""

from typing import Any

import pytest

from tests.makers.weixin import Shop


def send(shop: Shop, openid: str, content: str = "您好") -> int:
    body = {"touser": openid, "msgtype": "text", "text": {"content": content}}
    return int(shop.call("message/custom/send", body)["errcode"])


def times(shop: Shop, openid: str, count: int) -> list[int]:
    return [send(shop, openid) for _ in range(count)]


def test_a_follow_opens_three_messages_for_a_minute(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    assert times(shop, openid, 4) == [0, 0, 0, 45047]
    shop.sandbox.advance(seconds=61)
    assert send(shop, openid) == 45015
    assert [one["content"]["content"] for one in shop.inbox(1)] == ["您好"] * 3


def test_a_message_opens_five_for_two_days(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    shop.sandbox.advance(minutes=2)
    assert send(shop, openid) == 45015
    shop.act(1, "message", content="有优惠吗")
    shop.sandbox.advance(hours=47, minutes=59)
    assert times(shop, openid, 6) == [0, 0, 0, 0, 0, 45047]
    shop.act(1, "message", content="在吗")
    assert send(shop, openid) == 0
    shop.sandbox.advance(hours=48)
    assert send(shop, openid) == 45015


def test_the_window_that_ends_first_is_used_first(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    shop.act(1, "message")
    assert times(shop, openid, 3) == [0, 0, 0]
    shop.sandbox.advance(minutes=2)
    assert times(shop, openid, 6) == [0, 0, 0, 0, 0, 45047]


def test_minutes_pass_in_real_time_and_days_in_virtual_time(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    shop.sandbox.post("clock", {"speed": 1_000_000})
    shop.sandbox.post("clock", {"speed": 1})
    assert send(shop, openid) == 0


def test_a_payment_opens_a_window_without_a_count(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    shop.sandbox.advance(minutes=2)
    shop.act(1, "pay")
    assert times(shop, openid, 25) == [0] * 25
    shop.sandbox.advance(hours=48)
    assert send(shop, openid) == 45015


def test_who_left_and_who_refuses(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    shop.act(1, "refuse_messages")
    assert send(shop, openid) == 48002
    shop.act(1, "refuse_messages", on=False)
    assert send(shop, openid) == 0
    shop.act(1, "unfollow")
    assert send(shop, openid) == 43004
    assert send(shop, "nobody") == 40003
    shop.act(1, "follow")
    assert send(shop, openid) == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "dance", "dance": {}}, 40008),
        ({"msgtype": "text"}, 44004),
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "text", "text": {"content": "长" * 683}}, 45002),
        ({"msgtype": "image", "image": {"media_id": "none"}}, 40007),
        ({"msgtype": "image", "image": {}}, 40007),
        ({"msgtype": "news", "news": {"articles": [{}, {}]}}, 45008),
        ({"msgtype": "link", "link": {"title": "只给小程序"}}, 40008),
    ],
)
def test_messages_that_cannot_be(shop: Shop, body: dict[str, Any], code: int) -> None:
    openid = shop.act(1, "follow")["openid"]
    assert shop.call("message/custom/send", {"touser": openid, **body})["errcode"] == code
    assert shop.inbox(1) == []


def test_pictures_cards_and_choices_reach_the_phone(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    shop.act(1, "message")
    media = shop.upload("image")["media_id"]
    thumb = shop.upload("thumb")["thumb_media_id"]
    card = {"title": "下单", "appid": "wx1", "pagepath": "pages/order", "thumb_media_id": thumb}
    bodies = [
        {"msgtype": "image", "image": {"media_id": media}},
        {"msgtype": "miniprogrampage", "miniprogrampage": card},
        {
            "msgtype": "msgmenu",
            "msgmenu": {
                "head_content": "满意吗",
                "list": [{"id": "1", "content": "满意"}],
                "tail_content": "",
            },
        },
        {"msgtype": "text", "text": {"content": "人工"}, "customservice": {"kf_account": "kf1@test"}},
    ]
    for body in bodies:
        assert shop.call("message/custom/send", {"touser": openid, **body})["errcode"] == 0
    assert [one["kind"] for one in shop.inbox(1)] == ["image", "miniprogrampage", "msgmenu", "text"]
    assert shop.inbox(1)[3]["content"]["kf_account"] == "kf1@test"
    assert shop.call("message/custom/typing", {"touser": openid, "command": "Typing"})["errcode"] == 0
    assert shop.call("message/custom/typing", {"touser": openid, "command": "Sing"})["errcode"] == 45080


def test_a_temporary_file_lives_three_days(shop: Shop) -> None:
    media = shop.upload("image", b"\xff\xd8 tea")["media_id"]
    url, asked = "/cgi-bin/media/get", {"media_id": media}
    got = shop.sandbox.http.get(url, params=asked | {"access_token": shop.token})
    assert (got.headers["content-type"], got.content) == ("image/jpeg", b"\xff\xd8 tea")
    shop.sandbox.advance(days=3)
    assert shop.get("media/get", media_id=media)["errcode"] == 40007
    assert shop.upload("dance")["errcode"] == 40004
    assert shop.upload("thumb", b"x" * 65_537)["errcode"] == 40009
    kept = shop.upload("image", path="/cgi-bin/material/add_material")
    assert "url" in kept
    shop.sandbox.advance(days=30)
    assert (
        shop.sandbox.http.get(
            url, params={"access_token": shop.token, "media_id": kept["media_id"]}
        ).status_code
        == 200
    )
    assert shop.get("material/get_materialcount")["image_count"] == 1
    assert shop.call("material/del_material", {"media_id": kept["media_id"]})["errcode"] == 0
    assert shop.upload("image", path="/cgi-bin/media/uploadimg")["url"].startswith("http")
