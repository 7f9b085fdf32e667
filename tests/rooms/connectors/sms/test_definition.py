"""Definitions: every fault at once, and nothing in a template that could run."""

from __future__ import annotations

import json
import tomllib
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.connectors._definitions import Signing, fill, pick, read_time, signed
from siyu.connectors.sms.definition import SHIPPED, load_definition, shipped_names
from siyu.foundation.errors import InvalidError
from tests.makers.sms import definition

Change = dict[str, Any]
ZONE = ZoneInfo("Asia/Shanghai")


def _faults(text: str) -> dict[str, str]:
    with pytest.raises(InvalidError) as raised:
        load_definition(text)
    assert all(fault.message.zh and fault.message.en for fault in raised.value.faults)
    return {fault.field: fault.message.en for fault in raised.value.faults}


def test_every_shipped_definition_can_be_used() -> None:
    assert "sandbox" in shipped_names()
    for name in shipped_names():
        assert load_definition(name).name == name


def test_toml_and_json_are_the_same() -> None:
    toml = (SHIPPED / "sandbox.toml").read_text(encoding="utf-8")
    assert load_definition(toml) == load_definition(json.dumps(tomllib.loads(toml)))


def test_all_faults_of_form_are_told_at_once() -> None:
    faults = _faults(
        definition(
            {
                "request.method": "PUT",
                "sign.recipe": "rot13",
                "answer.success": "OK",
                "extra": 1,
                "request.fields": None,
            }
        )
    )
    assert {"request.method", "sign.recipe", "answer.success", "extra", "request.fields"} <= set(faults)


def test_all_faults_of_meaning_are_told_at_once() -> None:
    changes: Change = {
        "request.url": "ftp://{phone}",
        "request.headers": {"Host": "x", "X-A": "{text}"},
        "request.fields": {"sign": "{sign}", "who": "{phone.__class__}"},
        "sign.key": "fixed",
        "receipts.delivered": ["A", "A"],
        "receipts.sign.text": "x",
        "zone": "Mars/Base",
        "constants": {"phone": "x"},
    }
    assert set(_faults(definition(changes))) == {
        "request.url",
        "request.headers.Host",
        "request.headers.X-A",
        "request.fields.who",
        "sign.key",
        "receipts",
        "receipts.sign.text",
        "zone",
        "constants.phone",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sign.recipe": "none"}, "sign.recipe"),
        ({"request.fields": {"phone": "{phone}"}}, "sign.recipe"),
        ({"sign.recipe": "md5", "sign.text": "{phone}"}, "sign.text"),
        ({"sign.recipe": "sorted-params", "sign.digest": "md5"}, "sign.text"),
        ({"sign.text": ""}, "sign.text"),
        ({"request.method": "GET"}, "request.body"),
        ({"request.body": "form", "request.fields": {"sign": "{sign}", "x": {"y": "1"}}}, "request.fields"),
        ({"request.url": "https://{secret}@x.test"}, "request.url"),
        ({"request.headers": {"X-A": "a\nb"}}, "request.headers.X-A"),
        ({"request.headers": {"X A": "a"}}, "request.headers.X A"),
        ({"receipts.id": "", "receipts.message_id": ""}, "receipts.id"),
        ({"receipts.sign.header": ""}, "receipts.sign.header"),
        ({"receipts.sign.field": "sign"}, "receipts.sign.header"),
        ({"constants": {"a": "b\x00"}}, "constants.a"),
    ],
)
def test_a_fault_is_found(changes: Change, field: str) -> None:
    assert field in _faults(definition(changes))


def test_replies_need_the_signature_of_receipts() -> None:
    assert "replies" in _faults(definition({"receipts": None}))


@pytest.mark.parametrize(
    "text", ["", "{", "a = ", "[[[", "nobody", "../sandbox", "x" * 70_000, "{" * 50_000, "[]"]
)
def test_rubbish_is_told_as_rubbish(text: str) -> None:
    assert _faults(text)


@pytest.mark.parametrize(
    "template",
    [
        "{phone!r}",
        "{phone:>10}",
        "{phone.x}",
        "{phone[0]}",
        "{}",
        "{ phone }",
        "{__import__}",
        "{phone",
        "phone}",
        "{{phone}",
        "{0}",
        "{secret_}",
        "%(phone)s{x}",
    ],
)
def test_a_template_is_a_name_in_braces_and_nothing_else(template: str) -> None:
    assert "request.fields.x" in _faults(definition({"request.fields": {"sign": "{sign}", "x": template}}))


def test_blanks_are_filled_once() -> None:
    values = {"a": "{b}", "b": "no", "list": ["1"], "table": {"k": "v"}}
    template = {"x": "{a}-{b}", "l": "{list}", "t": ["{table}", "{{a}}", 7]}
    assert fill(template, values) == {"x": "{b}-no", "l": ["1"], "t": [{"k": "v"}, "{a}", 7]}


@given(st.dictionaries(st.sampled_from("abc"), st.text(max_size=20), min_size=3))
def test_whatever_a_value_holds_stays_a_value(values: dict[str, str]) -> None:
    assert fill("<{a}|{b}|{c}>", values) == f"<{values['a']}|{values['b']}|{values['c']}>"


@pytest.mark.parametrize(
    ("signing", "expected"),
    [
        # RFC 4231 case 2 and RFC 1321's "abc".
        (
            Signing(recipe="hmac-sha256", text="what do ya want for nothing?", key="Jefe"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (Signing(recipe="md5", text="abc"), "900150983cd24fb0d6963f7d28e17f72"),
        (Signing(recipe="md5", text="abc", encoding="base64"), "kAFQmDzST7DWlj99KOF/cg=="),
        (Signing(recipe="md5", text="abc", encoding="hex-upper"), "900150983CD24FB0D6963F7D28E17F72"),
        (Signing(), ""),
        # sha256("abc"), FIPS 180-4.
        (
            Signing(recipe="sorted-params", digest="sha256", joiner="", separator="", prefix="{p}"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
    ],
)
def test_signatures_are_those_of_the_standards(signing: Signing, expected: str) -> None:
    assert (
        signed(
            signing,
            {"p": "a"},
            {"b": "", "c": None} if signing.recipe != "sorted-params" else {"b": "c", "z": ""},
        )
        == expected
    )


def test_sorted_parameters_are_joined_by_name() -> None:
    signing = Signing(recipe="sorted-params", digest="md5", suffix="&key={secret}")
    plain = Signing(recipe="md5", text="a=1&b=2&key=s")
    assert signed(signing, {"secret": "s"}, {"b": 2, "a": "1", "empty": ""}) == signed(plain, {}, {})


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", {"a": [{"b": 1}]}),
        ("a.0.b", 1),
        ("a.1", None),
        ("a.x", None),
        ("a.0.b.c", None),
        ("a.-1", None),
        ("a.²", None),
    ],
)
def test_paths(path: str, found: object) -> None:
    assert pick({"a": [{"b": 1}]}, path) == found


@pytest.mark.parametrize(
    ("told", "form"),
    [
        ("1767225600", "seconds"),
        (1767225600, "seconds"),
        ("1767225600123", "milliseconds"),
        ("2026-01-01T00:00:00Z", "iso"),
        ("2026-01-01 08:00:00", "local"),
        ("20260101080000", "compact"),
    ],
)
def test_times_are_read_in_the_gateways_form(told: object, form: Any) -> None:
    at = read_time(told, form, ZONE)
    assert at is not None
    assert at.isoformat() == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize("form", ["seconds", "milliseconds", "iso", "local", "compact"])
@pytest.mark.parametrize("told", ["", None, "yesterday", "-5", "9" * 40, {}, "²"])
def test_a_time_that_cannot_be_read_is_none(told: object, form: Any) -> None:
    assert read_time(told, form, ZONE) is None
