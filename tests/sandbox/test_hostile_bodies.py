"""Bodies that no client sends: every address of the Official Account, Mini Program and SMS servers answers in its own words."""

import random
from typing import Any

import pytest

from siyu_sandbox.mini_program.product import MINI_PROGRAM
from siyu_sandbox.official_account.product import OFFICIAL_ACCOUNT
from siyu_sandbox.registry import Endpoint
from siyu_sandbox.sms.product import SMS
from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Shop, mini_program, official_account

ENDPOINTS = [*OFFICIAL_ACCOUNT.endpoints, *MINI_PROGRAM.endpoints, *SMS.endpoints]
NAMES = str.split(
    "touser openid openid_list user_list tag tagid id name button sub_button type key url msgtype text content media_id template_id data filter is_to_all "
    "tag_id articles action_name action_info scene scene_id scene_str expire_seconds tid kidList sceneDesc priTmplId page path query expire_type "
    "expire_interval expire_time jump_wxa env_version width line_color code version media_url media_type appid secret grant_type force_refresh cgi_path "
    "msg_id msgid matchrule menuid user_id remark begin_openid next_openid index offset count no_content keyword_name_list template_id_short customservice "
    "clientmsgid command image news mpnews miniprogrampage app_key timestamp sign phone template params check_path url_link page_url publish_id media"
)  # fmt: skip


KNOWN: list[Any] = []
"""Ids that the servers know, so that a body gets past the first check."""


def value(dice: random.Random, depth: int = 0) -> Any:
    plain = [
        "",
        "x",
        "长" * 40,
        "-1",
        "0",
        "99999999999999999999",
        "nan",
        -1,
        0,
        1,
        3.5,
        10**20,
        True,
        False,
        None,
        "wx-fuzz",
        "QR_SCENE",
        "text",
        "click",
    ]
    if depth < 3 and dice.random() < 0.35:
        return (
            [value(dice, depth + 1) for _ in range(dice.randrange(4))]
            if dice.random() < 0.4
            else body(dice, depth + 1)
        )
    return dice.choice([*plain, *KNOWN])


def body(dice: random.Random, depth: int = 0) -> dict[str, Any]:
    """An object of known names with values that do not fit."""
    return {dice.choice(NAMES): value(dice, depth) for _ in range(dice.randrange(1, 12))}


@pytest.fixture
def shops(sandbox: SandboxClient) -> dict[str, Shop]:
    shops = {"official_account": official_account(sandbox), "mini_program": mini_program(sandbox, 0)}
    openids = [
        shops["official_account"].act(1, "follow")["openid"],
        shops["mini_program"].act(1, "open_mini_program")["openid"],
    ]
    notice = {"tid": 1005, "kidList": [1, 3]}
    templates = [shop.call("/wxaapi/newtmpl/addtemplate", notice)["priTmplId"] for shop in shops.values()]
    for shop, template in zip(shops.values(), templates, strict=True):
        shop.act(1, "accept_subscribe", templates=[template])
    media = shops["official_account"].upload("image")["media_id"]
    KNOWN[:] = [*openids, *templates, media, 2, {"content": "x"}, {"is_to_all": True}, openids, 1001, "1001"]
    sandbox.post("sms", {"app_key": "wx-fuzz"})
    return shops


def answered(shop: Shop | None, sandbox: SandboxClient, endpoint: Endpoint, sent: dict[str, Any]) -> bool:
    params = {"access_token": shop.token} if shop and endpoint.token else {}
    if endpoint.method == "GET":
        params |= {name: str(one) for name, one in sent.items()}
    answer = sandbox.http.request(
        endpoint.method, endpoint.path, params=params, json=sent if endpoint.method == "POST" else None
    )
    return answer.status_code in (200, 400, 404)


def test_odd_bodies_get_an_answer(sandbox: SandboxClient, shops: dict[str, Shop]) -> None:
    unanswered: list[tuple[str, dict[str, Any]]] = []
    for seed, endpoint in enumerate(ENDPOINTS):
        dice = random.Random(seed)
        sent = [body(dice) for _ in range(25)]
        unanswered += [
            (endpoint.path, one)
            for one in sent
            if not answered(shops.get(endpoint.product), sandbox, endpoint, one)
        ]
    assert unanswered == []


def test_bodies_that_are_no_objects(sandbox: SandboxClient, shops: dict[str, Shop]) -> None:
    token = shops["official_account"].token
    for raw in (b"", b"[]", b"7", b"{", b"\xff", b'"x"', b"[" * 5000, b'{"a":' * 3000):
        answer = sandbox.http.post("/cgi-bin/tags/create", params={"access_token": token}, content=raw)
        assert answer.status_code == 200
        assert answer.json()["errcode"] in (47001, 45157)
        assert sandbox.http.post("/sms/send", content=raw).status_code == 200
        assert sandbox.http.post("/cgi-bin/stable_token", content=raw).json()["errcode"] in (40002, 47001)


def test_the_wrong_verb_is_told(shops: dict[str, Shop]) -> None:
    shop = shops["official_account"]
    assert shop.sandbox.call("POST", "/cgi-bin/user/get", shop.token, {})["errcode"] == 43001
    assert shop.sandbox.call("GET", "/cgi-bin/tags/create", shop.token)["errcode"] == 43002
    assert shop.call("message/custom/send", {})["errcode"] == 40003
