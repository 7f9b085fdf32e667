"""A Mini Program: calls as documented, values checked before the call, log-ins, pushes as JSON, and the wizard."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from siyu.connectors._wechat import talk
from siyu.connectors._wechat.crypto import MessageCipher, signature
from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.notices import check_values
from siyu.connectors._wechat.platform import Nothing
from siyu.connectors.errors import BadBody, BadSignature, CarrierError, ContentError, Refused, Unavailable
from siyu.connectors.mini_program.connector import VENDOR, MiniProgram
from siyu.connectors.mini_program.logins import Phone, Session
from siyu.connectors.ports import AccountKey
from siyu.connectors.vendor import Callback, Found
from tests.makers.platforms import PROGRAM_EXAMPLES, Example, mini_program
from tests.makers.vendor import FakeVendor, Said, Time, fake_vendor, ports_on, run

Make = Callable[[MiniProgram], Any]
TOKEN = {"access_token": "token-1", "expires_in": 7200}
STABLE = "/cgi-bin/stable_token"
CODE = "/wxa/getwxacodeunlimit"
PUSHES = json.loads((Path(__file__).parents[3] / "payloads/mini_program/pushes.json").read_text("utf-8"))[
    "pushes"
]
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def called(make: Make, script: dict[str, Any] | None = None, **settings: Any) -> tuple[Any, FakeVendor]:
    async def whole() -> tuple[Any, FakeVendor]:
        async with fake_vendor({STABLE: TOKEN, **(script or {})}) as vendor:
            try:
                return await make(mini_program(vendor.url, ports_on(Time()), **settings)), vendor
            except (CarrierError, ContentError) as error:
                return error, vendor

    found: tuple[Any, FakeVendor] = run(whole())
    return found


@pytest.mark.parametrize("example", PROGRAM_EXAMPLES, ids=lambda one: one.path)
def test_it_arrives(example: Example) -> None:
    found, vendor = called(example.make, {example.path: example.answer})
    assert not isinstance(found, Exception), found
    (asked,) = vendor.of(example.path)
    sent = {name: value for name, value in asked.query.items() if name != "access_token"}
    assert asked.method == example.method
    assert (sent if example.method == "GET" else asked.json) == example.sends
    assert ("access_token" in asked.query) is example.token


@pytest.mark.parametrize("example", PROGRAM_EXAMPLES, ids=lambda one: one.path)
def test_only_what_does_no_harm_is_repeated(example: Example) -> None:
    _, vendor = called(example.make, {example.path: [Said(drop=True), example.answer]})
    assert vendor.count(example.path) == (1 if example.once else 2)


def test_samples_of_others_fit(vectors: dict[str, Any]) -> None:
    samples = {one["id"]: one for one in vectors["api_samples"]}
    send, link = samples["constructed:mp-subscribe-send"], samples["constructed:mp-urllink"]
    request = send["request"]
    values = {key: one["value"] for key, one in request["data"].items()}
    found, vendor = called(
        lambda p: p.notices.send(
            request["touser"],
            request["template_id"],
            values,
            page=request["page"],
            state=request["miniprogram_state"],
            language=request["lang"],
        ),
        {send["path"]: send["response"]},
    )
    assert (found, vendor.of(send["path"])[0].json) == (None, request)
    request = link["request"]
    found, vendor = called(
        lambda p: p.links.url_link(request["path"], request["query"], days=request["expire_interval"]),
        {link["path"]: link["response"]},
    )
    assert (found, vendor.of(link["path"])[0].json) == (link["response"]["url_link"], request)


def test_pictures_of_codes_or_an_error() -> None:
    picture = Said(b"\x89PNG...", headers={"content-type": "image/png"})
    for make, path in (
        (lambda p: p.links.code("a=1", "pages/a", width=430), CODE),
        (lambda p: p.links.lasting_code("pages/a?x=1"), "/wxa/getwxacode"),
        (lambda p: p.links.square_code("pages/a?x=1"), "/cgi-bin/wxaapp/createwxaqrcode"),
    ):
        found, vendor = called(make, {path: picture})
        assert (found.content, vendor.count(path)) == (b"\x89PNG...", 1)
    found, _ = called(lambda p: p.links.code("a=1"), {CODE: {"errcode": 41030, "errmsg": "invalid page"}})
    assert isinstance(found, Refused)


@pytest.mark.parametrize(
    ("make", "fields"),
    [
        (lambda p: p.links.code("a b"), {"scene"}),
        (lambda p: p.links.code(""), {"scene"}),
        (lambda p: p.links.code("茶"), {"scene"}),
        (lambda p: p.links.code("a" * 33, "/pages/a", width=100), {"scene", "page", "width"}),
        (lambda p: p.links.lasting_code("p" * 129), {"path"}),
        (lambda p: p.links.url_link("pages/a?x=1", "q" * 1025, days=31), {"path", "query", "days"}),
        (lambda p: p.notices.send("", "", {}, page="/pages/a"), {"openid", "template_id", "data", "page"}),
        (
            lambda p: p.notices.send("o", "T", {"thing1": "长" * 21, "number2": "x"}),
            {"data.thing1", "data.number2"},
        ),
        (lambda p: p.content_checks.text("o", "长" * 2501), {"content"}),
        (lambda p: p.talk.send("o", talk.music("a", "b", "c")), {"kind"}),
        (lambda p: p.talk.send("o", talk.own_page("t", "", "M")), {"pagepath"}),
    ],
)
def test_what_breaks_a_limit_is_not_called(make: Make, fields: set[str]) -> None:
    found, vendor = called(make)
    assert isinstance(found, ContentError)
    assert {fault.field for fault in found.faults} == fields
    assert not vendor.asked


GOOD = [
    ("thing1", "武夷岩茶 2026 春"), ("number2", "42"), ("number2", "-1.5"), ("letter3", "ABc"), ("symbol4", "!?"),
    ("character_string5", "NO-42 #a"), ("time6", "15:01"), ("time6", "2026年1月1日 15:01"), ("time6", "15:01~16:00"), ("date7", "2026年1月1日"),
    ("date7", "2026-01-01 15:01"), ("date7", "2026年1月1日~2026年1月2日"), ("amount8", "¥100.50"), ("amount8", "100元"), ("phone_number9", "+86-0766-66888866"),
    ("car_number10", "粤A8Z888挂"), ("name11", "李四"), ("name11", "Alice Smith"), ("phrase12", "已完成"), ("thing99", "a" * 20), ("const1", "选项"),
]  # fmt: skip
BAD = [
    ("thing1", "长" * 21), ("thing1", " "), ("number2", "四十二"), ("letter3", "A1"), ("symbol4", "!!!!!!"), ("character_string5", "茶"),
    ("character_string5", "x" * 33), ("time6", "soon"), ("date7", "15:01"), ("amount8", "¥12345678901"), ("amount8", "free"), ("phone_number9", "1" * 18),
    ("car_number10", "粤A8Z888挂挂挂"), ("name11", "一" * 11), ("name11", "a" * 21), ("name11", "李4"), ("phrase12", "ok"), ("phrase12", "已经完成了的"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "fits"), [*((*one, True) for one in GOOD), *((*one, False) for one in BAD)]
)
def test_rules_of_values(key: str, value: str, fits: bool) -> None:
    faults = Faults()
    check_values(faults, {key: value})
    if fits:
        faults.tell()
    else:
        with pytest.raises(ContentError) as raised:
            faults.tell()
        assert [fault.field for fault in raised.value.faults] == [f"data.{key}"]


def test_a_session_key_is_never_printed_and_a_used_code_not_asked_again() -> None:
    answer = {"openid": "o1", "session_key": "tiihtNczf5v6AKRyjwEUhQ==", "unionid": "u1"}
    session, _ = called(lambda p: p.logins.session("C"), {"/sns/jscode2session": answer})
    assert (session.openid, session.unionid) == ("o1", "u1")
    assert session.session_key not in repr(session)
    found, vendor = called(lambda p: p.logins.session("C"), {"/sns/jscode2session": {"errcode": 40163}})
    assert isinstance(found, Refused)
    assert len(vendor.asked) == 1


def test_an_unknown_end_of_a_log_in_is_told() -> None:
    found, vendor = called(lambda p: p.logins.session("C"), {"/sns/jscode2session": Said(b"<html>", 502)})
    assert isinstance(found, Unavailable)
    assert (found.reached, len(vendor.asked)) == (None, 1)


@pytest.mark.parametrize(
    ("phone", "international"),
    [
        (
            {"phoneNumber": "13800000000", "purePhoneNumber": "13800000000", "countryCode": "86"},
            "+8613800000000",
        ),
        (
            {"phoneNumber": "+4915112345678", "purePhoneNumber": "15112345678", "countryCode": "49"},
            "+4915112345678",
        ),
    ],
)
def test_numbers_have_their_country(phone: dict[str, str], international: str) -> None:
    found = msgspec.convert(phone, Phone)
    assert found.international == international
    assert found.number not in repr(found)


def _program(appid: str) -> MiniProgram:
    account = AccountKey(12, "mini_program", appid)
    return MiniProgram(account, {"appid": appid, "secret": "s"}, {}, ports_on(Time()))


def test_user_data_that_others_encrypted(vectors: dict[str, Any]) -> None:
    for one in vectors["user_data_crypto"]:
        logins, asked = _program(one["appid"]).logins, (one["session_key"], one["iv"], one["encrypted_data"])
        assert logins.open_user_data(*asked) == json.loads(one["plaintext"])
        with pytest.raises(BadSignature):
            _program("wxother").logins.open_user_data(*asked)
        other = base64.b64encode(b"0" * 16).decode()
        with pytest.raises((BadBody, BadSignature)):
            logins.open_user_data(other, *asked[1:])


def test_raw_data_that_others_signed(vectors: dict[str, Any]) -> None:
    (one,) = [one for one in vectors["signatures"] if one["id"] == "mp-rawdata-official"]
    logins = _program("wxbrand").logins
    logins.check_raw_data(one["session_key"], one["raw_data"], one["expected"])
    for wrong in ("", "0" * 40, "é"):
        with pytest.raises(BadSignature):
            logins.check_raw_data(one["session_key"], one["raw_data"], wrong)


@pytest.mark.parametrize("given", [("", "", ""), ("AA==", "AA==", "AA=="), ("é", "é", "é")])
def test_user_data_that_is_broken(given: tuple[str, str, str]) -> None:
    with pytest.raises(BadBody):
        _program("wxbrand").logins.open_user_data(*given)


def _codec(*, safe: bool) -> Callback:
    assert VENDOR.callback is not None
    more = {"encoding_aes_key": KEY} if safe else {}
    return VENDOR.callback({"appid": "wxmini", "secret": "s", "callback_token": "tok", **more})


@pytest.mark.parametrize("push", PUSHES, ids=lambda push: push["name"])
@pytest.mark.parametrize("safe", [False, True], ids=["plain", "safe"])
def test_a_push_becomes_happenings(push: dict[str, Any], safe: bool) -> None:
    body = json.dumps(push["json"], ensure_ascii=False).encode()
    query = {"timestamp": "1", "nonce": "n", "signature": signature("tok", "1", "n")}
    if safe:
        encrypted = MessageCipher(KEY, "wxmini").encrypt(body)
        query["msg_signature"] = signature("tok", "1", "n", encrypted)
        body = json.dumps({"ToUserName": "gh_mini", "Encrypt": encrypted}).encode()
    found = _codec(safe=safe).translate(_codec(safe=safe).open(query, body).fields)
    assert [{"kind": one.kind, "contact": one.contact, "detail": one.detail} for one in found] == push[
        "expected"
    ]
    assert len({one.key for one in found}) == len(found)


def _checked(script: dict[str, Any], **settings: Any) -> dict[str, Found]:
    async def whole() -> dict[str, Found]:
        async with fake_vendor({STABLE: TOKEN, **script}) as vendor:
            program = mini_program(vendor.url, ports_on(Time()), **settings)
            return {check.key: await check.run(program) for check in VENDOR.checks}

    found: dict[str, Found] = run(whole())
    return found


@pytest.mark.parametrize(
    ("script", "settings", "step", "code"),
    [
        ({STABLE: {"errcode": 40125}}, {}, "secret", "40125"),
        ({STABLE: {"errcode": 40164}}, {}, "ip", "40164"),
        ({"/wxaapi/newtmpl/gettemplate": {"errcode": 48001}}, {}, "templates", "48001"),
        (
            {"/wxaapi/newtmpl/gettemplate": {"data": [{"priTmplId": "TA"}]}},
            {"template_ids": "TA, TB TC"},
            "templates",
            "40037",
        ),
    ],
)
def test_the_wizard_says_which_step_fails(
    script: dict[str, Any], settings: dict[str, str], step: str, code: str
) -> None:
    found = _checked(script, **settings)
    first = next(key for key, one in found.items() if not one.ok)
    assert (first, found[first].code) == (step, code)
    assert found[first].fix is not None


def test_the_wizard_is_content() -> None:
    found = _checked({"/wxaapi/newtmpl/gettemplate": {"data": [{"priTmplId": "TA"}]}}, template_ids="TA")
    assert all(one.ok and one.fix is None for one in found.values())
    assert _checked({})["templates"].fix is not None


def test_nothing_of_an_account_is_printed() -> None:
    program = _program("wxbrand")
    assert repr(program) == "MiniProgram(wxbrand)"
    assert repr(program.platform) == "Platform(wxbrand)"
    assert msgspec.to_builtins(Nothing()) == {}
    assert repr(Session("o1", "key")) == "Session(o1)"
