"""Every call of an Official Account arrives as documented, once or again as it may, and what breaks a limit is not called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from siyu.connectors._wechat import talk
from siyu.connectors.errors import (
    AccountRestricted,
    BadCredentials,
    CarrierError,
    ContentError,
    Refused,
    Throttled,
    Unavailable,
)
from siyu.connectors.official_account import mass
from siyu.connectors.official_account.connector import VENDOR, OfficialAccount
from siyu.connectors.official_account.drafts import Article
from siyu.connectors.official_account.menus import Button
from siyu.connectors.official_account.oauth import Grant
from tests.makers.platforms import ACCOUNT_EXAMPLES, APPID, SAYINGS, SECRET, Example, official_account
from tests.makers.vendor import FakeVendor, Said, Time, fake_vendor, ports_on, run

Make = Callable[[OfficialAccount], Any]
TOKEN = {"access_token": "token-1", "expires_in": 7200}
STABLE = "/cgi-bin/stable_token"


def called(make: Make, script: dict[str, Any] | None = None, **settings: Any) -> tuple[Any, FakeVendor]:
    """What a call answers (or raises), and the vendor that it spoke to."""

    async def whole() -> tuple[Any, FakeVendor]:
        async with fake_vendor({STABLE: TOKEN, **(script or {})}) as vendor:
            account = official_account(vendor.url, ports_on(Time()), **settings)
            try:
                return await make(account), vendor
            except (CarrierError, ContentError) as error:
                return error, vendor

    found: tuple[Any, FakeVendor] = run(whole())
    return found


@pytest.mark.parametrize("example", ACCOUNT_EXAMPLES, ids=lambda one: one.path)
def test_it_arrives(example: Example) -> None:
    found, vendor = called(example.make, {example.path: example.answer})
    assert not isinstance(found, Exception), found
    (asked,) = vendor.of(example.path)
    sent = {name: value for name, value in asked.query.items() if name != "access_token" or not example.token}
    assert asked.method == example.method
    assert (sent if example.method == "GET" else asked.json) == example.sends
    assert (asked.query.get("access_token") == "token-1") is example.token


@pytest.mark.parametrize("example", ACCOUNT_EXAMPLES, ids=lambda one: one.path)
def test_only_what_does_no_harm_is_repeated(example: Example) -> None:
    found, vendor = called(example.make, {example.path: [Said(drop=True), example.answer]})
    assert vendor.count(example.path) == (1 if example.once else 2)
    if example.once:
        assert isinstance(found, Unavailable)
        assert found.reached is None


def test_answers_that_others_recorded_can_be_read(vectors: dict[str, Any]) -> None:
    recorded = {one["path"]: one["response"] for one in vectors["api_samples"] if one["product"] == "oa"}
    known = [one for one in ACCOUNT_EXAMPLES if one.path in recorded]
    assert len({one.path for one in known}) >= 10
    for example in known:
        found, _ = called(example.make, {example.path: recorded[example.path]})
        assert not isinstance(found, Exception), (example.path, found)


@pytest.mark.parametrize(("kind", "say"), SAYINGS.items())
def test_customer_messages_of_every_kind(kind: str, say: talk.Say) -> None:
    found, vendor = called(lambda a: a.talk.send("o1", say, kf_account="a@b"))
    assert found is None
    body = vendor.of("/cgi-bin/message/custom/send")[0].json
    assert body == {
        "touser": "o1",
        "msgtype": kind,
        kind: dict(say.content),
        "customservice": {"kf_account": "a@b"},
    }


def test_a_customer_message_is_never_repeated() -> None:
    found, vendor = called(lambda a: a.talk.send("o1", talk.text("好")), {talk.SEND: Said(drop=True)})
    assert isinstance(found, Unavailable)
    assert (found.reached, vendor.count(talk.SEND)) == (None, 1)


def test_the_token_is_the_stable_one_unless_told_otherwise() -> None:
    found, vendor = called(lambda a: a.tags.list())
    assert found == ()
    assert vendor.of(STABLE)[0].json == {
        "grant_type": "client_credential",
        "appid": APPID,
        "secret": SECRET,
        "force_refresh": False,
    }
    found, vendor = called(lambda a: a.tags.list(), {"/cgi-bin/token": TOKEN}, stable_token="false")
    assert (found, vendor.count(STABLE)) == ((), 0)
    assert vendor.of("/cgi-bin/token")[0].query == {
        "grant_type": "client_credential",
        "appid": APPID,
        "secret": SECRET,
    }


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_dead_token_is_replaced_once(code: int) -> None:
    script = {
        STABLE: [TOKEN, {"access_token": "token-2", "expires_in": 7200}],
        "/cgi-bin/tags/get": [{"errcode": code}, {"tags": []}],
    }
    found, vendor = called(lambda a: a.tags.list(), script)
    assert (found, [one.query["access_token"] for one in vendor.of("/cgi-bin/tags/get")]) == (
        (),
        ["token-1", "token-2"],
    )
    found, vendor = called(lambda a: a.tags.list(), {"/cgi-bin/tags/get": {"errcode": code}})
    assert isinstance(found, BadCredentials)
    assert vendor.count("/cgi-bin/tags/get") == 2


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40003, Refused), (43004, Refused), (45015, Refused), (45047, Refused), (48002, Refused), (43101, Refused), (47003, Refused),
        (48001, AccountRestricted), (48004, AccountRestricted), (50002, AccountRestricted), (45028, AccountRestricted),
        (45009, Throttled), (45011, Throttled), (99999, Unavailable),
    ],
)  # fmt: skip
def test_what_a_code_means(code: int, kind: type[CarrierError]) -> None:
    script = {talk.SEND: {"errcode": code, "errmsg": f"x access_token={SECRET} rid: 1"}}
    found, vendor = called(lambda a: a.talk.send("o1", talk.text("好")), script)
    assert type(found) is kind
    assert (found.vendor_code, vendor.count(talk.SEND)) == (str(code), 1)
    assert SECRET not in found.vendor_message


def test_every_code_is_said_in_both_languages() -> None:
    assert all(known.says.zh and known.says.en for known in VENDOR.codes.values())
    assert all(
        known.fix
        for code, known in VENDOR.codes.items()
        if known.kind == "bad_credentials" and not code.startswith("41") and code != "40002"
    )


def test_followers_are_read_to_the_end() -> None:
    def answer(asked: Any) -> dict[str, Any]:
        after = int(asked.query.get("next_openid", "o0")[1:])
        openids = [f"o{number}" for number in range(after + 1, min(after + 3, 6))]
        return {
            "total": 5,
            "count": len(openids),
            "next_openid": openids[-1] if openids else "",
            **({"data": {"openid": openids}} if openids else {}),
        }

    async def everybody(account: OfficialAccount) -> list[str]:
        return [openid async for page in account.followers.ids() for openid in page.items]

    found, vendor = called(everybody, {"/cgi-bin/user/get": answer})
    assert found == ["o1", "o2", "o3", "o4", "o5"]
    assert vendor.count("/cgi-bin/user/get") == 4


def test_one_who_left_is_no_follower() -> None:
    rows = [
        {
            "subscribe": 1,
            "openid": "o1",
            "subscribe_time": 1767225600,
            "tagid_list": [2],
            "qr_scene": 98765,
            "qr_scene_str": "",
        },
        {"subscribe": 0, "openid": "o2"},
    ]
    (here, gone), _ = called(
        lambda a: a.followers.get_many(["o1", "o2"]),
        {"/cgi-bin/user/info/batchget": {"user_info_list": rows}},
    )
    assert (here.follows, here.scene, here.tag_ids, here.followed_at.year) == (True, "98765", (2,), 2026)
    assert (gone.follows, gone.scene, gone.followed_at) == (False, "", None)


def test_visitors_are_sent_to_wechat_and_back() -> None:
    url, _ = called(
        lambda a: _value(a.oauth.authorize_url("https://b.cn/x?y=1&z=茶", "s t", "snsapi_userinfo")),
        open_url="https://open.example.test/",
    )
    assert url == (
        "https://open.example.test/connect/oauth2/authorize?appid=wxbrand&redirect_uri=https%3A%2F%2Fb.cn%2Fx%3Fy%3D1%26z%3D%E8%8C%B6"
        "&response_type=code&scope=snsapi_userinfo&state=s+t#wechat_redirect"
    )


async def _value(value: Any) -> Any:
    return value


def test_the_made_up_person_of_a_snapshot_page_is_nobody() -> None:
    answer = {"openid": "o1", "access_token": "visitor", "refresh_token": "r", "is_snapshotuser": 1}
    grant, _ = called(lambda a: a.oauth.exchange("C"), {"/sns/oauth2/access_token": answer})
    assert not grant.is_somebody
    assert "visitor" not in repr(grant)
    assert Grant("o1", "t").is_somebody


@pytest.mark.parametrize("code", [40029, 40163])
def test_a_used_code_is_refused_and_not_asked_again(code: int) -> None:
    found, vendor = called(lambda a: a.oauth.exchange("C"), {"/sns/oauth2/access_token": {"errcode": code}})
    assert isinstance(found, Refused)
    assert len(vendor.asked) == 1


def test_a_mass_send_handed_in_again_is_the_first_one() -> None:
    again = {"errcode": 45065, "errmsg": "clientmsgid exist", "msg_id": 7, "msg_data_id": 8}
    path = "/cgi-bin/message/mass/sendall"
    found, _ = called(lambda a: a.mass.to_all(mass.text("好"), "c-1"), {path: again})
    assert (found.msg_id, found.again) == (7, True)
    unknown, vendor = called(
        lambda a: a.mass.to_all(mass.text("好"), "c-1"), {path: [Said(drop=True), again]}
    )
    assert isinstance(unknown, Unavailable)
    assert (unknown.reached, vendor.count(path)) == (None, 1)


def test_no_menu_is_an_empty_menu() -> None:
    found, _ = called(
        lambda a: a.menus.get(), {"/cgi-bin/menu/get": {"errcode": 46003, "errmsg": "menu no exist"}}
    )
    assert found.default.buttons == ()


def test_pictures_of_codes_need_no_token() -> None:
    code, _ = called(
        lambda a: a.codes.temporary(7),
        {
            "/cgi-bin/qrcode/create": {
                "ticket": "a+b/c==",
                "expire_seconds": 60,
                "url": "http://weixin.qq.com/q/x",
            }
        },
    )
    url, _ = called(lambda a: _value(a.codes.picture_url(code)), picture_url="https://mp.example.test")
    assert url == "https://mp.example.test/cgi-bin/showqrcode?ticket=a%2Bb%2Fc%3D%3D"


def test_uploads() -> None:
    answer = {"type": "image", "media_id": "M", "created_at": 1767225600}
    found, vendor = called(
        lambda a: a.media.upload("image", "茶.png", b"png", "image/png"), {"/cgi-bin/media/upload": answer}
    )
    asked = vendor.of("/cgi-bin/media/upload")[0]
    assert (found.id, found.expires_at.isoformat()) == ("M", "2026-01-04T00:00:00+00:00")
    assert (asked.query["type"], b"png" in asked.body) == ("image", True)
    url, _ = called(
        lambda a: a.media.upload_picture("a.png", b"png"),
        {"/cgi-bin/media/uploadimg": {"url": "https://mmbiz/x"}},
    )
    assert url == "https://mmbiz/x"
    made, vendor = called(
        lambda a: a.drafts.add_material("thumb", "a.jpg", b"jpg"),
        {"/cgi-bin/material/add_material": {"media_id": "L"}},
    )
    assert (made.media_id, vendor.of("/cgi-bin/material/add_material")[0].query["type"]) == ("L", "thumb")
    media, _ = called(
        lambda a: a.media.get("M"),
        {"/cgi-bin/media/get": Said(b"\xff\xd8", headers={"content-type": "image/jpeg"})},
    )
    assert media.content == b"\xff\xd8"


_LONG = Button("一" * 6, "click", key="K")
BAD: list[tuple[Make, set[str]]] = [
    (lambda a: a.menus.set([]), {"button"}),
    (lambda a: a.menus.set([Button(str(n), "click", key="k") for n in range(4)]), {"button"}),
    (lambda a: a.menus.set([_LONG, Button("a", "view", url="ftp://x"), Button("b", "fly")]), {"button.0.name", "button.1.url", "button.2.type"}),
    (lambda a: a.menus.set([Button("a", "click", sub_button=(Button("b", "click", sub_button=(_LONG,)),) * 6)]), {"button.0.type", "button.0.sub_button", *(f"button.0.sub_button.{n}" for n in range(6)), *(f"button.0.sub_button.{n}.type" for n in range(6))}),
    (lambda a: a.menus.set([Button("a", "miniprogram", url="https://a.cn")]), {"button.0.appid", "button.0.pagepath"}),
    (lambda a: a.menus.set([Button("a", "click", key="k" * 129)]), {"button.0.key"}),
    (lambda a: a.menus.add_conditional([Button("a", "click", key="k")], {}), {"rule"}),
    (lambda a: a.followers.get_many([]), {"openids"}),
    (lambda a: a.followers.get_many(["o"] * 101), {"openids"}),
    (lambda a: a.followers.remark("o", "长" * 31), {"remark"}),
    (lambda a: a.followers.block(["o"] * 21), {"openids"}),
    (lambda a: a.tags.create(" "), {"name"}),
    (lambda a: a.tags.create("长" * 31), {"name"}),
    (lambda a: a.tags.mark(1, ["o"] * 51), {"openids"}),
    (lambda a: a.codes.temporary(0), {"scene"}),
    (lambda a: a.codes.temporary("x", 2_592_001), {"seconds"}),
    (lambda a: a.codes.temporary("x" * 65), {"scene"}),
    (lambda a: a.codes.lasting(100_001), {"scene"}),
    (lambda a: a.codes.lasting(""), {"scene"}),
    (lambda a: a.talk.send("", talk.text("")), {"openid", "content"}),
    (lambda a: a.talk.send("o", talk.text("长" * 683)), {"content"}),
    (lambda a: a.talk.send("o", talk.link("t", "d", "u", "p")), {"kind"}),
    (lambda a: a.talk.send("o", talk.menu("", {})), {"head_content", "list"}),
    (lambda a: a.templates.send("", "", {}), {"openid", "template_id", "data"}),
    (lambda a: a.templates.notify("o", "t", {"thing1": "长" * 21, "date2": "soon"}), {"data.thing1", "data.date2"}),
    (lambda a: a.notice_templates.add("5", [1]), {"kids"}),
    (lambda a: a.notice_templates.add("5", [1, 2], "长" * 16), {"scene"}),
    (lambda a: a.mass.to_people(["o"], mass.text("x"), "c"), {"openids"}),
    (lambda a: a.mass.to_all(mass.text(" "), ""), {"clientmsgid", "content"}),
    (lambda a: a.mass.to_all(mass.text("x"), "c" * 33), {"clientmsgid"}),
    (lambda a: a.mass.set_speed(5), {"step"}),
    (lambda a: a.drafts.add([]), {"articles"}),
    (lambda a: a.drafts.add([Article("长" * 65, " ")]), {"articles.0.title", "articles.0.content"}),
    (lambda a: a.statistics.follower_days(date(2026, 1, 1), date(2026, 1, 8)), {"days"}),
    (lambda a: a.statistics.read_days(date(2026, 1, 2), date(2026, 1, 1)), {"days"}),
    (lambda a: a.media.upload("thumb", "a", b"x" * 70_000), {"content"}),
    (lambda a: a.media.upload("image", "a", b""), {"content"}),
]  # fmt: skip


@pytest.mark.parametrize(("make", "fields"), BAD, ids=range(len(BAD)))
def test_what_breaks_a_limit_is_told_whole_and_not_called(make: Make, fields: set[str]) -> None:
    found, vendor = called(make)
    assert isinstance(found, ContentError)
    assert {fault.field for fault in found.faults} == fields
    assert all(fault.message.zh and fault.message.en for fault in found.faults)
    assert not vendor.asked


def test_limits_and_windows_are_settings() -> None:
    account = official_account(
        "http://127.0.0.1:9", ports_on(Time()), people_per_tagging="3", message_count="20", touch_seconds=""
    )
    windows = account.limits.windows()
    assert account.limits.people_per_tagging == 3
    assert (windows["message"].count, windows["message"].seconds) == (20, 48 * 3600)
    assert (windows["follow"].count, windows["scan"].seconds, windows["payment"].count) == (3, 60, None)


def test_the_daily_limit_of_an_api_is_kept_before_the_vendor_must() -> None:
    async def whole() -> tuple[list[Any], FakeVendor]:
        async with fake_vendor({STABLE: TOKEN, "/cgi-bin/user/get": {"total": 1}}) as vendor:
            account = official_account(vendor.url, ports_on(Time(), patience_seconds=1), follower_lists="2")
            found: list[Any] = []
            for _ in range(3):
                try:
                    found.append(await account.followers.total())
                except Throttled as error:
                    found.append(type(error))
            return found, vendor

    found, vendor = run(whole())
    assert found == [1, 1, Throttled]
    assert vendor.count("/cgi-bin/user/get") == 2
