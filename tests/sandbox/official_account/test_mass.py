"""Mass sends: quotas by kind of account, repeats that are harmless, what the result says."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Listener, Shop, official_account, plain


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": words}, **more}


def to_tag(shop: Shop, tag: int, words: str, **more: Any) -> Any:
    return shop.call(
        "message/mass/sendall", {"filter": {"is_to_all": False, "tag_id": tag}, **text(words, **more)}
    )


def to_all(shop: Shop, words: str, **more: Any) -> Any:
    return shop.call("message/mass/sendall", {"filter": {"is_to_all": True}, **text(words, **more)})


@pytest.fixture
def told(sandbox: SandboxClient, listener: Listener) -> Shop:
    """A service account whose first two of three phones follow."""
    shop = official_account(sandbox, callback=plain(listener))
    for phone in (1, 2):
        shop.act(phone, "follow")
    return shop


def start_of_month(sandbox: SandboxClient) -> None:
    """Go on until just after the first midnight of a month in China, so that 25 days lie in one month."""
    here = dt.datetime.fromtimestamp(sandbox.now(), ZoneInfo("Asia/Shanghai"))
    first = (here.replace(day=28) + dt.timedelta(days=4)).replace(day=1, hour=0, minute=0, second=1)
    sandbox.advance(seconds=(first - here).total_seconds())


def test_a_service_account_reaches_a_follower_four_times_a_month(told: Shop, listener: Listener) -> None:
    start_of_month(told.sandbox)
    for number in range(4):
        assert to_all(told, f"第{number}次")["errcode"] == 0
        told.sandbox.advance(days=6)
    fifth = to_all(told, "多一次")
    assert fifth["errcode"] == 0
    result = listener.event("MASSSENDJOBFINISH")
    assert len(told.inbox(1)) == 4
    told.sandbox.advance(days=7)
    assert to_all(told, "新的月份")["errcode"] == 0
    assert len(told.inbox(1)) == 5
    assert result["Status"] == "send success"


def test_the_result_counts_who_was_left_out(told: Shop, listener: Listener) -> None:
    openids = told.get("user/get")["data"]["openid"]
    told.act(2, "refuse_messages")
    sent = told.call("message/mass/send", {"touser": openids, **text("上新")})
    result = listener.event("MASSSENDJOBFINISH")
    assert {
        name: result[name] for name in ("MsgID", "TotalCount", "FilterCount", "SentCount", "ErrorCount")
    } == {
        "MsgID": str(sent["msg_id"]),
        "TotalCount": "2",
        "FilterCount": "2",
        "SentCount": "1",
        "ErrorCount": "1",
    }
    assert told.call("message/mass/get", {"msg_id": sent["msg_id"]})["msg_status"] == "SEND_SUCCESS"
    assert told.call("message/mass/delete", {"msg_id": sent["msg_id"]})["errcode"] == 0
    assert told.call("message/mass/get", {"msg_id": sent["msg_id"]})["msg_status"] == "DELETE"
    assert told.call("message/mass/get", {"msg_id": 1})["errcode"] == 40059


def test_a_subscription_account_sends_once_a_day(sandbox: SandboxClient) -> None:
    shop = official_account(sandbox, kind="subscription")
    openid = shop.act(1, "follow")["openid"]
    assert to_all(shop, "早安")["errcode"] == 0
    assert to_all(shop, "午安")["errcode"] == 45028
    sandbox.advance(days=1)
    assert to_all(shop, "早安,又一天")["errcode"] == 0
    assert shop.call("message/mass/send", {"touser": [openid, openid], **text("名单")})["errcode"] == 48001
    assert len(shop.inbox(1)) == 2


def test_all_followers_once_a_day_and_tags_beside(told: Shop) -> None:
    tag = told.call("tags/create", {"tag": {"name": "白茶"}})["tag"]["id"]
    openids = told.get("user/get")["data"]["openid"]
    told.call("tags/members/batchtagging", {"openid_list": openids[:1], "tagid": tag})
    assert to_all(told, "全部")["errcode"] == 0
    assert to_all(told, "再来")["errcode"] == 45028
    assert to_tag(told, tag, "只给白茶")["errcode"] == 0
    assert [len(told.inbox(phone)) for phone in (1, 2)] == [2, 1]
    assert to_tag(told, 999, "没有")["errcode"] == 45159


def test_a_repeat_answers_the_first_number_and_sends_nothing(told: Shop) -> None:
    first = to_tag(told, 2, "一次", clientmsgid="campaign-1")
    # A caller who saw no answer asks again at once: too fast; a minute later it learns the number.
    assert to_tag(told, 2, "一次", clientmsgid="campaign-1")["errcode"] == 45066
    told.sandbox.advance(seconds=61)
    again = to_tag(told, 2, "一次", clientmsgid="campaign-1")
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    assert to_tag(told, 2, "一次", clientmsgid="campaign-1")["errcode"] == 45066
    told.sandbox.advance(minutes=2)
    assert to_tag(told, 2, "一次", clientmsgid="campaign-1")["errcode"] == 45065
    told.sandbox.advance(hours=24)
    assert to_tag(told, 2, "一次", clientmsgid="campaign-1")["errcode"] == 0
    assert to_tag(told, 2, "长", clientmsgid="x" * 65)["errcode"] == 45067


def test_without_an_id_content_and_receivers_are_the_id(told: Shop) -> None:
    assert to_tag(told, 2, "同样的话")["errcode"] == 0
    told.sandbox.advance(seconds=61)
    assert to_tag(told, 2, "同样的话")["errcode"] == 45065
    assert to_tag(told, 2, "别的话")["errcode"] == 0


def test_an_article_is_drafted_previewed_and_sent(told: Shop) -> None:
    cover = told.upload("image", path="/cgi-bin/material/add_material")["media_id"]
    article = {"title": "春茶上新", "content": "<p>明前</p>", "thumb_media_id": cover}
    draft = told.call("draft/add", {"articles": [article]})["media_id"]
    assert told.call("draft/get", {"media_id": draft})["news_item"][0]["title"] == "春茶上新"
    assert (
        told.call("draft/update", {"media_id": draft, "index": 0, "articles": article | {"title": "春茶"}})[
            "errcode"
        ]
        == 0
    )
    assert told.call("draft/update", {"media_id": draft, "index": 1, "articles": article})["errcode"] == 40114
    assert told.get("draft/count") == {"total_count": 1}
    assert (
        told.call("draft/batchget", {"offset": 0, "count": 20, "no_content": 1})["item"][0]["content"][
            "news_item"
        ][0]["title"]
        == "春茶"
    )
    openids = told.get("user/get")["data"]["openid"]
    body = {"msgtype": "mpnews", "mpnews": {"media_id": draft}}
    assert told.call("message/mass/preview", {"touser": openids[0], **body})["errcode"] == 0
    assert told.call("message/mass/preview", {"touser": "nobody", **body})["errcode"] == 40003
    sent = told.call("message/mass/send", {"touser": openids, **body})
    assert sent["msg_data_id"]
    assert [one["content"]["articles"][0]["title"] for one in told.inbox(1)] == ["春茶", "春茶"]
    number = told.call("freepublish/submit", {"media_id": draft})["publish_id"]
    assert told.call("freepublish/get", {"publish_id": number})["publish_status"] == 0
    assert told.call("freepublish/batchget", {"offset": 0, "count": 20})["total_count"] == 1
    assert told.call("draft/get", {"media_id": draft})["errcode"] == 40007
    assert told.call("draft/add", {"articles": [article | {"thumb_media_id": "none"}]})["errcode"] == 40007


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("sendall", {"msgtype": "text", "text": {"content": "x"}}, 40050),
        ("sendall", {"filter": {"is_to_all": True}, "msgtype": "link", "link": {}}, 40008),
        (
            "sendall",
            {"filter": {"is_to_all": True}, "msgtype": "mpnews", "mpnews": {"media_id": "none"}},
            40007,
        ),
        ("send", {"touser": ["one"], "msgtype": "text", "text": {"content": "x"}}, 40130),
        ("send", {"touser": ["one", "two"], "msgtype": "text", "text": {"content": "x"}}, 40003),
    ],
)
def test_mass_sends_that_cannot_be(told: Shop, path: str, body: dict[str, Any], code: int) -> None:
    assert told.call(f"message/mass/{path}", body)["errcode"] == code
