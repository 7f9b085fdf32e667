"""Sending by a definition, what each answer means, what is pushed back, and the wizard's steps."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.connectors.errors import (
    AccountRestricted,
    BadBody,
    BadCredentials,
    BadSignature,
    CarrierError,
    Refused,
    Throttled,
    Unavailable,
)
from siyu.connectors.memory import MemoryWatch
from siyu.connectors.ports import AccountKey
from siyu.connectors.sms.connector import VENDOR, Sms
from siyu.connectors.sms.messages import Message, Outcome, international, written
from siyu.connectors.vendor import Callback
from siyu.foundation.errors import InvalidError
from tests.makers.sms import definition
from tests.makers.vendor import FakeVendor, Said, Time, fake_vendor, ports_on, run

ACCOUNT = AccountKey(5, "sms", "key-1")
KEYS = {"app_key": "key-1", "secret": "s3cret"}
OK = {"code": "OK", "message_id": "m-9"}


def _sms(url: str = "", text: str | None = None, watch: MemoryWatch | None = None, **settings: str) -> Sms:
    given_settings = {"base_url": url, "allow_private": "true", "timeout_seconds": "2", **settings}
    return Sms(
        ACCOUNT,
        {**KEYS, "definition": text or "sandbox"},
        given_settings,
        ports_on(Time(), patience_seconds=1, watch=watch),
    )


def _messages(count: int = 1, **changed: Any) -> list[Message]:
    return [
        Message(
            **{
                "phone": f"1380000000{n}",
                "id": f"d-{n}",
                "template": "T1",
                "params": {"name": "王"},
                **changed,
            }
        )
        for n in range(count)
    ]


def _sent(
    script: Any, text: str | None = None, messages: list[Message] | None = None, **settings: str
) -> tuple[list[Outcome], FakeVendor]:
    async def whole() -> tuple[list[Outcome], FakeVendor]:
        async with fake_vendor({"/sms/send": script}) as vendor:
            return await _sms(vendor.url, text, **settings).send(messages or _messages()), vendor

    found: tuple[list[Outcome], FakeVendor] = run(whole())
    return found


def test_a_message_goes_out_as_the_definition_says() -> None:
    (outcome,), vendor = _sent(OK)
    asked = vendor.asked[0]
    body = asked.json
    wanted = hmac.new(
        b"s3cret", f"key-1{body['timestamp']}13800000000d-0".encode(), hashlib.sha256
    ).hexdigest()
    assert outcome == Outcome("d-0", "13800000000", "m-9")
    assert (asked.method, body["sign"], body["params"], body["phone"]) == (
        "POST",
        wanted,
        {"name": "王"},
        "13800000000",
    )
    assert body["timestamp"] == str(int(Time().at.timestamp()))


def test_form_query_and_headers() -> None:
    fields = {"u": "{app_key}", "m": "{phone}", "c": "{text}", "p": "{params_json}", "sign": "{sign}"}
    changes: dict[str, Any] = {
        "request.fields": fields,
        "request.headers": {"Authorization": "Basic {basic}", "X-Sign": "{sign}"},
        "request.phone": "e164",
    }
    message = _messages(text="你好&u=evil", template="")
    (_,), vendor = _sent(OK, definition({**changes, "request.body": "form"}), message)
    form = dict(parse_qsl(vendor.asked[0].body.decode()))
    assert (form["m"], form["c"], form["u"], form["p"]) == (
        "+8613800000000",
        "你好&u=evil",
        "key-1",
        '{"name":"王"}',
    )
    assert vendor.asked[0].headers["authorization"] == "Basic a2V5LTE6czNjcmV0"
    assert vendor.asked[0].headers["x-sign"] == form["sign"]
    (_,), vendor = _sent(
        OK, definition({**changes, "request.body": "query", "request.method": "GET"}), message
    )
    assert (vendor.asked[0].method, vendor.asked[0].query["c"]) == ("GET", "你好&u=evil")


def test_sorted_parameters_sign_the_request_itself() -> None:
    text = definition({
        "request.body": "form",
        "request.fields": {"b": "{phone}", "a": "{id}", "sign": "{sign}"},
        "sign": {"recipe": "sorted-params", "digest": "md5", "suffix": "&key={secret}", "encoding": "hex-upper"},
    })  # fmt: skip
    (_,), vendor = _sent(OK, text)
    wanted = hashlib.md5(b"a=d-0&b=13800000000&key=s3cret").hexdigest().upper()
    assert dict(parse_qsl(vendor.asked[0].body.decode()))["sign"] == wanted


@pytest.mark.parametrize(
    ("said", "expected", "code", "reached"),
    [
        ({"code": "THROTTLED", "message": "slow"}, Throttled, "THROTTLED", None),
        ({"code": "BLACKLIST"}, Refused, "BLACKLIST", None),
        ({"code": "NO_BALANCE"}, AccountRestricted, "NO_BALANCE", None),
        ({"code": "BAD_SIGN"}, BadCredentials, "BAD_SIGN", None),
        ({"code": "BUSY"}, Unavailable, "BUSY", True),
        ({"code": "NEVER_HEARD"}, Unavailable, "NEVER_HEARD", True),
        (Said({"code": "BLACKLIST"}, 400), Refused, "BLACKLIST", None),
        (Said(b"<html>", 502), Unavailable, "http_502", None),
        (Said(b"", 200), Unavailable, "http_200", None),
        (Said({"ok": 1}, 200), Unavailable, "http_200", None),
        (Said(b"no", 404), Unavailable, "http_404", True),
        (Said(b"no", 429), Throttled, "http_429", None),
        (Said(b"no", 401), BadCredentials, "http_401", None),
        (Said(b"[" * 90_000, 200), Unavailable, "http_200", None),
        (Said(drop=True), Unavailable, "", None),
        (Said(hang=5), Unavailable, "", None),
        (Said(b"", 302, {"location": "http://127.0.0.1/"}), Unavailable, "http_302", None),
    ],
)
def test_what_an_answer_means(
    said: Any, expected: type[CarrierError], code: str, reached: bool | None
) -> None:
    ((outcome,), vendor) = _sent(said, timeout_seconds="1")
    error = outcome.error
    assert type(error) is expected or (expected is Unavailable and isinstance(error, Unavailable))
    assert isinstance(error, CarrierError)
    assert error.vendor_code == code
    if isinstance(error, Unavailable):
        assert error.reached is reached
    assert "s3cret" not in f"{error} {error.message} {error.way_out}"
    assert len(vendor.asked) == 1


def test_a_set_is_sent_by_a_few_at_once_and_one_refusal_stops_nobody() -> None:
    def answer(asked: Any) -> Any:
        return {"code": "BLACKLIST"} if asked.json["phone"] == "13800000003" else Said(OK, hang=0.02)

    outcomes, vendor = _sent(answer, messages=_messages(9), at_once="3")
    assert [one.id for one in outcomes] == [f"d-{n}" for n in range(9)]
    assert [one.id for one in outcomes if one.error] == ["d-3"]
    assert 1 < vendor.most_at_once <= 3


def test_the_watch_sees_every_call() -> None:
    watch = MemoryWatch()

    async def whole() -> None:
        async with fake_vendor({"/sms/send": [OK, {"code": "NO_BALANCE"}]}) as vendor:
            sms = _sms(vendor.url, None, watch)
            await sms.send(_messages())
            await sms.send(_messages())

    run(whole())
    assert [(call.code, call.kind) for call in watch.calls] == [
        ("0", None),
        ("NO_BALANCE", "account_restricted"),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"phone": "12345"},
        {"phone": "+4915112345678"},
        {"id": "a b"},
        {"template": "", "text": " "},
        {"params": {"a": "x" * 1001}},
    ],
)
def test_what_is_surely_wrong_is_not_called(changed: dict[str, Any]) -> None:
    (outcome,), vendor = _sent(OK, None, _messages(**changed))
    assert isinstance(outcome.error, InvalidError)
    assert not vendor.asked


def test_private_addresses_are_not_called_unless_the_account_allows_it() -> None:
    sms = _sms("http://127.0.0.1:9", allow_private="false")
    (outcome,) = run(sms.send(_messages()))
    assert isinstance(outcome.error, Unavailable)
    assert outcome.error.reached is False


@pytest.mark.parametrize(
    ("phone", "plain", "e164", "digits"),
    [
        ("13800000000", "13800000000", "+8613800000000", "8613800000000"),
        ("+86 138-0000-0000", "13800000000", "+8613800000000", "8613800000000"),
        ("008613800000000", "13800000000", "+8613800000000", "8613800000000"),
        ("+4915112345678", None, "+4915112345678", "4915112345678"),
        ("+8612345678901", None, None, None),
        ("hello", None, None, None),
        ("+", None, None, None),
    ],
)
def test_numbers(phone: str, plain: str | None, e164: str | None, digits: str | None) -> None:
    assert (written(phone, "plain"), written(phone, "e164"), written(phone, "digits")) == (
        plain,
        e164,
        digits,
    )
    assert international(phone) == e164


def _codec(text: str = "sandbox", **more: str) -> Callback:
    assert VENDOR.callback is not None
    return VENDOR.callback({**KEYS, "definition": text, **more})


def _signed(body: bytes) -> dict[str, str]:
    return {"header:x-sms-sign": hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()}


def _told(rows: object, codec: Callback | None = None) -> list[Any]:
    body, codec = json.dumps(rows).encode(), codec or _codec()
    return codec.translate(codec.open(_signed(body), body).fields)


def test_receipts_become_happenings() -> None:
    rows = [
        {"message_id": "m-1", "id": "d-1", "phone": "13800000001", "status": "DELIVRD", "at": 1767225600},
        {"message_id": "m-2", "id": "d-2", "phone": "13800000002", "status": "REJECTD", "at": 1767225600},
        {"message_id": "m-3", "id": "d-3", "phone": "13800000003", "status": "UNDELIV", "at": 1767225600},
        {"message_id": "m-4", "id": "d-4", "phone": "13800000004", "status": "SOMETHING", "at": "x"},
        {"phone": "13800000001", "text": "TD", "at": 1767225601, "id": "d-1"},
    ]
    found = _told(rows)
    assert [
        (one.kind, one.contact, one.detail.get("reference"), one.detail.get("permanent")) for one in found
    ] == [
        ("message_delivered", "+8613800000001", "d-1", None),
        ("message_failed", "+8613800000002", "d-2", True),
        ("message_failed", "+8613800000003", "d-3", False),
        ("unknown", "+8613800000004", "d-4", None),
        ("message_received", "+8613800000001", "d-1", None),
    ]
    assert found[4].detail["text"] == "TD"
    assert [one.key for one in found] == [one.key for one in _told(rows)]
    assert len({one.key for one in found}) == 5


@pytest.mark.parametrize("rows", [{"hello": 1}, [{"a": 1}], ["x"], "text", 5])
def test_what_is_not_known_is_kept(rows: object) -> None:
    (found,) = _told(rows)
    assert (found.kind, found.detail["fields"]) == ("unknown", rows)


def test_a_push_that_is_not_signed_touches_nothing() -> None:
    body = b"[]"
    for query in ({}, {"header:x-sms-sign": ""}, _signed(b"[1]"), {"header:x-sms-sign": "é"}):
        with pytest.raises(BadSignature):
            _codec().open(query, body)


@given(st.binary(max_size=200))
def test_whatever_is_pushed_only_the_codecs_errors_come_out(body: bytes) -> None:
    codec = _codec()
    try:
        codec.translate(codec.open(_signed(body), body).fields)
    except BadBody:
        pass
    except BadSignature:
        # Bytes that are no text cannot be signed by a rule over text.
        assert body.decode("utf-8", "replace").encode() != body


def test_without_a_signature_the_address_must_hold_the_key() -> None:
    text = definition({"receipts.sign": None})
    with pytest.raises(KeyError):
        _codec(text)
    codec = _codec(text, receipt_key="k" * 20)
    assert codec.verify_url({"key": "k" * 20}) == b"OK"
    codec.open({"key": "k" * 20}, b"[]")
    for query in ({}, {"key": "k" * 19}):
        with pytest.raises(BadSignature):
            codec.open(query, b"[]")


def test_a_form_signed_in_a_field() -> None:
    sign = {"recipe": "sorted-params", "digest": "md5", "suffix": "&key={secret}", "field": "sign"}
    codec = _codec(definition({"receipts.body": "form", "receipts.sign": sign}))
    wanted = hashlib.md5(b"id=d-1&phone=13800000001&status=DELIVRD&key=s3cret").hexdigest()
    body = f"phone=13800000001&id=d-1&status=DELIVRD&sign={wanted}".encode()
    (found,) = codec.translate(codec.open({}, body).fields)
    assert (found.kind, found.detail["reference"]) == ("message_delivered", "d-1")
    with pytest.raises(BadSignature):
        codec.open({}, body.replace(b"d-1", b"d-2"))


def test_no_codec_without_a_definition_that_takes_receipts() -> None:
    for text in (definition({"receipts": None, "replies": None}), "rubbish"):
        with pytest.raises(KeyError):
            _codec(text)


def _checked(sms: Sms) -> dict[str, Any]:
    async def whole() -> dict[str, Any]:
        return {check.key: await check.run(sms) for check in VENDOR.checks}

    return dict(run(whole()))


def test_the_wizard_is_content_with_what_can_be_used() -> None:
    found = _checked(_sms("https://gateway.example.test"))
    assert all(one.ok for one in found.values())
    assert found["signature"].fix is not None


def test_the_wizard_tells_faults_of_the_definition() -> None:
    sms = _sms("", definition({"sign.key": "x", "zone": "Mars"}))
    found = run(VENDOR.checks[0].run(sms))
    assert not found.ok
    assert "sign.key" in found.says.zh
    assert "zone" in found.says.en
    assert "connect-sms" in found.fix.zh


def test_the_wizard_misses_the_address() -> None:
    found = _checked(_sms(""))["request"]
    assert (found.ok, found.code) == (False, "base_url")


def test_the_wizard_sends_one_message_where_it_is_told_to() -> None:
    async def whole(answer: Any) -> Any:
        async with fake_vendor({"/sms/send": answer}) as vendor:
            found = await VENDOR.checks[2].run(_sms(vendor.url, test_phone="13800000000", test_template="T1"))
            return found, len(vendor.asked)

    good, bad = run(whole(OK)), run(whole({"code": "BAD_SIGN", "message": "no"}))
    assert (good[0].ok, good[1]) == (True, 1)
    assert (bad[0].ok, bad[0].code) == (False, "BAD_SIGN")
    assert bad[0].fix.zh
