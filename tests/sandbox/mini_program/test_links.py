"""Links and codes into a mini program, conversations, content checks."""

from typing import Any

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Listener, Shop, mini_program, plain
from tests.sandbox.official_account.test_codes import size_of

DAY = 86_400


@pytest.fixture
def paged(sandbox: SandboxClient) -> Shop:
    """A program with one page, and three phones."""
    return mini_program(sandbox, pages=["pages/index/index", "pages/tea"])


def test_a_link_belongs_to_who_opens_it_first(paged: Shop, sandbox: SandboxClient) -> None:
    made = paged.call(
        "/wxa/generate_urllink",
        {"path": "/pages/tea", "query": "from=sms", "expire_type": 1, "expire_interval": 2},
    )
    link = made["url_link"]
    assert link.startswith("https://wxaurl.cn/")
    opened = sandbox.post("phones/1/open_mini_program", {"link": link})
    assert (opened["page"], opened["query"]) == ("pages/tea", "from=sms")
    assert sandbox.http.post("/sandbox/phones/2/open_mini_program", json={"link": link}).status_code == 403
    assert sandbox.post("phones/1/open_mini_program", {"link": link})["openid"] == opened["openid"]
    told = paged.call("/wxa/query_urllink", {"url_link": link})
    assert (told["visit_openid"], told["url_link_info"]["query"]) == (opened["openid"], "from=sms")
    sandbox.advance(days=2)
    assert sandbox.http.post("/sandbox/phones/1/open_mini_program", json={"link": link}).status_code == 410


def test_links_without_an_end_live_thirty_days(paged: Shop, sandbox: SandboxClient) -> None:
    link = paged.call("/wxa/generatescheme", {"jump_wxa": {"path": "/pages/tea", "query": ""}})["openlink"]
    assert link.startswith("weixin://dl/business/?t=")
    sandbox.advance(days=29, hours=23)
    assert sandbox.post("phones/1/open_mini_program", {"link": link})["page"] == "pages/tea"
    info = paged.call("/wxa/queryscheme", {"scheme": link})["scheme_info"]
    assert info["expire_time"] - info["create_time"] == 30 * DAY
    sandbox.advance(hours=2)
    assert sandbox.http.post("/sandbox/phones/1/open_mini_program", json={"link": link}).status_code == 410


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"path": "pages/none"}, 40165),
        ({"path": "pages/tea", "query": "q" * 1025}, 40212),
        ({"expire_type": 1, "expire_interval": 31}, 85401),
        ({"expire_type": 1, "expire_interval": 0}, 85401),
        ({"expire_type": 0, "expire_time": 1}, 85401),
        ({"env_version": "live"}, 40097),
    ],
)
def test_links_that_cannot_be(paged: Shop, body: dict[str, Any], code: int) -> None:
    assert paged.call("/wxa/generate_urllink", body)["errcode"] == code
    assert paged.call("/wxa/generatescheme", {"jump_wxa": body, **body})["errcode"] == code


def test_the_day_has_a_number_of_links(paged: Shop, sandbox: SandboxClient) -> None:
    sandbox.patch("settings", {"mini_program": {"daily": {"/wxa/generate_urllink": 2}}})
    codes = [paged.call("/wxa/generate_urllink", {}).get("errcode") for _ in range(3)]
    assert codes == [0, 0, 45009]
    assert paged.call("/wxa/query_urllink", {"url_link": "https://wxaurl.cn/none"})["errcode"] == 85402


def test_a_short_link_stays_inside_wechat(paged: Shop) -> None:
    link = paged.call("/wxa/genwxashortlink", {"page_url": "pages/tea?id=1", "page_title": "好茶"})["link"]
    assert link.startswith("#小程序://澄山里小程序/好茶/")
    assert paged.call("/wxa/genwxashortlink", {"page_url": "pages/none"})["errcode"] == 40165


def picture(shop: Shop, path: str, body: dict[str, Any]) -> Any:
    return shop.sandbox.http.post(path, params={"access_token": shop.token}, json=body)


def test_a_code_is_a_picture_that_a_phone_can_scan(paged: Shop, sandbox: SandboxClient) -> None:
    answer = picture(
        paged, "/wxa/getwxacodeunlimit", {"scene": "store=1&a=~b", "page": "pages/tea", "width": 300}
    )
    assert answer.headers["content-type"] == "image/png"
    assert size_of(answer.content) == (300, 300)
    text = answer.content.split(b"Description\0")[1].split(b"scene=")[0] + b"scene=store=1&a=~b"
    opened = sandbox.post("phones/1/scan", {"qr": text.decode()})
    assert (opened["page"], opened["query"]) == ("pages/tea", "scene=store=1&a=~b")
    assert size_of(picture(paged, "/wxa/getwxacodeunlimit", {"scene": "a", "width": 99}).content) == (
        280,
        280,
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 40129),
        ({"scene": ""}, 40129),
        ({"scene": "s" * 33}, 40129),
        ({"scene": "门店"}, 40129),
        ({"scene": "a b"}, 40129),
        ({"scene": "a%20b"}, 40129),
        ({"scene": "a", "page": "/pages/tea"}, 41030),
        ({"scene": "a", "page": "pages/tea?x=1"}, 41030),
        ({"scene": "a", "page": "pages/none"}, 41030),
        ({"scene": "a", "env_version": "live"}, 40097),
    ],
)
def test_codes_that_cannot_be(paged: Shop, body: dict[str, Any], code: int) -> None:
    assert paged.call("/wxa/getwxacodeunlimit", body)["errcode"] == code


def test_unchecked_pages_minutes_and_fixed_codes(paged: Shop, sandbox: SandboxClient) -> None:
    free = {"scene": "a", "page": "pages/none", "check_path": False}
    assert picture(paged, "/wxa/getwxacodeunlimit", free).content[:4] == b"\x89PNG"
    sandbox.patch("settings", {"mini_program": {"codes_per_minute": 1, "fixed_codes": 2}})
    assert paged.call("/wxa/getwxacodeunlimit", free)["errcode"] == 45009
    for path in ("/wxa/getwxacode", "/cgi-bin/wxaapp/createwxaqrcode"):
        assert picture(paged, path, {"path": "pages/tea?x=1"}).content[:4] == b"\x89PNG"
    assert paged.call("/wxa/getwxacode", {"path": "pages/tea"})["errcode"] == 45029
    assert paged.call("/cgi-bin/wxaapp/createwxaqrcode", {"path": "p" * 129})["errcode"] == 40159


def test_entering_a_conversation_opens_two_messages_for_a_minute(
    sandbox: SandboxClient, listener: Listener
) -> None:
    shop = mini_program(sandbox, callback=plain(listener))
    openid = shop.act(1, "enter_conversation", session_from="order")["openid"]
    assert listener.event("user_enter_tempsession")["SessionFrom"] == "order"
    body = {"touser": openid, "msgtype": "text", "text": {"content": "您好"}}
    assert [shop.call("message/custom/send", body)["errcode"] for _ in range(3)] == [0, 0, 45047]
    sandbox.advance(seconds=61)
    assert shop.call("message/custom/send", body)["errcode"] == 45015
    shop.act(1, "message", content="多久发货")
    assert listener.event("text")["Content"] == "多久发货"
    link = {
        "title": "进度",
        "description": "",
        "url": "https://a.example",
        "thumb_url": "https://a.example/t.png",
    }
    assert (
        shop.call("message/custom/send", {"touser": openid, "msgtype": "link", "link": link})["errcode"]
        == 40035
    )
    link["description"] = "运输中"
    codes = [
        shop.call("message/custom/send", {"touser": openid, "msgtype": "link", "link": link})["errcode"]
        for _ in range(6)
    ]
    assert codes == [0, 0, 0, 0, 0, 45047]
    assert (
        shop.call("message/custom/send", {"touser": "nobody", "msgtype": "text", "text": {"content": "x"}})[
            "errcode"
        ]
        == 40003
    )


def test_content_is_judged(sandbox: SandboxClient, listener: Listener) -> None:
    shop = mini_program(sandbox, callback=plain(listener))
    openid = shop.act(1, "open_mini_program")["openid"]
    body = {"version": 2, "scene": 2, "openid": openid, "content": "茶很好喝"}
    assert shop.call("/wxa/msg_sec_check", body)["result"] == {"suggest": "pass", "label": 100}
    assert shop.call("/wxa/msg_sec_check", body | {"content": "一起赌博"})["result"]["suggest"] == "risky"
    assert shop.call("/wxa/msg_sec_check", body | {"scene": 9})["errcode"] == 40097
    assert shop.call("/wxa/msg_sec_check", {"content": "一起赌博"})["errcode"] == 87014
    media = {
        "version": 2,
        "scene": 2,
        "openid": openid,
        "media_type": 2,
        "media_url": "https://a.example/1.png",
    }
    assert shop.call("/wxa/media_check_async", media)["trace_id"]
    assert listener.event("wxa_media_check")["FromUserName"] == openid
    sandbox.advance(hours=3)
    assert shop.call("/wxa/msg_sec_check", body)["errcode"] == 61010
