"""wechatpy, which we did not write, drives the Official Account and Mini Program server; nothing of it is patched."""

from pathlib import Path
from typing import Any

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Shop, mini_program, official_account
from tests.sandbox.clients.environments import drive

VERSIONS = ("wechatpy-1", "wechatpy-2")
ARRIVED = {"thing1": {"value": "白毫银针"}, "thing3": {"value": "限量"}}
SHIPPED = {"thing1": {"value": "白毫银针"}, "amount2": {"value": "¥299.00"}, "thing3": {"value": "限量"}}


def netloc(sandbox: SandboxClient) -> str:
    return sandbox.url.removeprefix("http://")


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "tea.jpg"
    path.write_bytes(b"\xff\xd8 tea")
    return str(path)


@pytest.fixture
def shop(sandbox: SandboxClient) -> Shop:
    """An account that three people follow; the second one has accepted a notice."""
    return official_account(sandbox)


@pytest.fixture
def driven(shop: Shop, version: str, picture: str) -> dict[str, Any]:
    """What wechatpy was answered."""
    for phone in (1, 2, 3):
        shop.act(phone, "follow")
    template = shop.call("template/api_add_template", {"template_id_short": "1005"})["template_id"]
    notice = shop.call("/wxaapi/newtmpl/addtemplate", {"tid": "1005", "kidList": [1, 3]})["priTmplId"]
    shop.act(2, "accept_subscribe", templates=[notice])
    given = {"appid": shop.appid, "secret": shop.secret, "netloc": netloc(shop.sandbox), "picture": picture}
    return drive(
        version,
        "wechatpy_official",
        scenario="official",
        template=template,
        data=SHIPPED,
        notice=notice,
        notice_data=ARRIVED,
        **given,
    )


def test_an_official_account(driven: dict[str, Any], shop: Shop, version: str) -> None:
    assert driven["version"].startswith("1.8.18" if version == "wechatpy-1" else "2.0.0")
    followers = shop.get("user/get")["data"]["openid"]
    assert driven["openids"] == followers
    assert (driven["page"]["total"], driven["page"]["count"]) == (3, 3)
    assert driven["info"]["openid"] == followers[0]
    assert [one["openid"] for one in driven["batch"]] == followers[:2]
    assert driven["tag_users"] == followers[:2]
    assert driven["tags_of"] == [driven["tag"]["id"]]
    assert [one["name"] for one in driven["menu"]["menu"]["button"]] == ["好茶", "商城"]
    assert driven["code"]["expire_seconds"] == 60
    assert driven["picture"] > 200
    assert driven["ticket"]
    assert shop.get("user/info", openid=followers[0])["remark"] == "老客"
    assert {"GET /cgi-bin/token", "GET /cgi-bin/user/get", "GET /cgi-bin/showqrcode"} <= set(driven["asked"])


def test_its_messages_reach_phones_and_refusals_reach_the_client(driven: dict[str, Any], shop: Shop) -> None:
    assert driven["over"]["errcode"] == 45047
    assert driven["nobody"]["errcode"] == 40003
    assert (driven["mass_again"]["errcode"], driven["notice_over"]["errcode"]) == (45066, 43101)
    assert driven["mass"]["msg_id"] != driven["mass_tag"]["msg_id"]
    received = {phone: [one["kind"] for one in shop.inbox(phone)] for phone in (1, 2, 3)}
    assert received == {
        1: ["text", "image", "text", "text", "text", "template"],
        2: ["text", "text", "subscribe"],
        3: ["text"],
    }


def test_a_killed_token_is_renewed_once(shop: Shop, version: str) -> None:
    shop.act(1, "follow")
    told = drive(
        version,
        "wechatpy_official",
        scenario="renewal",
        appid=shop.appid,
        secret=shop.secret,
        netloc=netloc(shop.sandbox),
    )
    assert told["page"]["total"] == 1
    assert told["asked"] == [
        "GET /cgi-bin/token",
        "GET /cgi-bin/user/get",
        "GET /cgi-bin/user/get",
        "GET /cgi-bin/token",
        "GET /cgi-bin/user/get",
    ]


def test_a_mini_program(sandbox: SandboxClient, version: str) -> None:
    shop = mini_program(sandbox)
    notice = shop.call("/wxaapi/newtmpl/addtemplate", {"tid": "1005", "kidList": [1, 3]})["priTmplId"]
    opened = shop.act(1, "open_mini_program")
    shop.act(1, "accept_subscribe", templates=[notice])
    order = {
        "js_code": opened["js_code"],
        "openid": opened["openid"],
        "number_code": shop.act(1, "share_phone_number")["code"],
    }
    given = {
        "appid": shop.appid,
        "secret": shop.secret,
        "netloc": netloc(sandbox),
        "notice": notice,
        "notice_data": ARRIVED,
    }
    told = drive(version, "wechatpy_official", scenario="mini", **order, **given)
    assert told["session"]["openid"] == opened["openid"]
    assert (told["again"]["errcode"], told["subscribe_over"]["errcode"], told["text"]["errcode"]) == (
        40163,
        43101,
        45015,
    )
    assert told["code"] == "89504e47"
    assert [one["kind"] for one in shop.inbox(1)] == ["subscribe"]
    if version == "wechatpy-2":
        assert told["number"]["phone_info"]["purePhoneNumber"] == sandbox.get("phones/1")["phone"]
        assert told["link"]["url_link"].startswith("https://wxaurl.cn/")


def test_web_log_in(shop: Shop, version: str) -> None:
    told = drive(
        version,
        "wechatpy_official",
        scenario="log_in",
        appid=shop.appid,
        secret=shop.secret,
        netloc=netloc(shop.sandbox),
    )
    phone = shop.sandbox.get("phones/1")
    assert told["landed"].startswith("https://h5.example/in?code=")
    assert told["landed"].endswith("&state=s1")
    assert (told["info"]["nickname"], told["info"]["unionid"]) == (phone["name"], phone["unionid"])
    assert told["token"]["openid"] == told["renewed"]["openid"] == told["info"]["openid"]
    assert told["valid"] is True
