"""Callbacks of WeCom become happenings; copies have one key, two happenings never; nothing is dropped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.connectors._wechat import xml
from siyu.connectors._wechat.crypto import MessageCipher, signature
from siyu.connectors.errors import BadSignature
from siyu.connectors.happenings import KINDS
from siyu.connectors.registry import VENDORS
from siyu.connectors.wecom.callbacks import translate

FILE = Path(__file__).parents[3] / "payloads" / "wecom" / "callbacks.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["callbacks"]
KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_told(case: dict[str, Any]) -> None:
    (found,) = translate(xml.parse(case["xml"].encode()))
    assert (found.kind, found.contact, found.staff) == (case["kind"], case["contact"], case["staff"])
    assert found.detail == case["detail"]
    assert found.at == datetime(2026, 1, 1, 2, tzinfo=UTC)


def test_every_happening_has_its_own_key_and_copies_have_one() -> None:
    keys = [translate(xml.parse(case["xml"].encode()))[0].key for case in CASES]
    assert len(set(keys)) == len(CASES)
    assert keys == [translate(xml.parse(case["xml"].encode()))[0].key for case in CASES]


def test_the_order_of_fields_does_not_matter_to_the_key() -> None:
    fields = xml.parse(CASES[0]["xml"].encode())
    turned = dict(reversed(fields.items()))
    assert translate(fields)[0].key == translate(turned)[0].key


def test_two_happenings_of_one_second_differ() -> None:
    fields = xml.parse(CASES[0]["xml"].encode())
    assert translate(fields)[0].key != translate(fields | {"ExternalUserID": "wmBob"})[0].key
    assert translate(fields)[0].key != translate(fields | {"UserID": "mei"})[0].key


@pytest.mark.parametrize(
    "fields",
    [
        {"Event": "no_such_event", "CreateTime": "1767232800", "What": {"Ever": ["1", "2"]}},
        {"Event": "change_external_contact", "ChangeType": "something_new", "UserID": "a"},
        {"Event": "customer_acquisition", "ChangeType": "something_new"},
        {"Event": ""},
        {},
    ],
)
def test_what_is_not_known_is_kept_whole(fields: dict[str, Any]) -> None:
    (found,) = translate(fields)
    assert (found.kind, found.detail) == ("unknown", fields)


VALUES = st.recursive(
    st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "Event",
        "ChangeType",
        "UserID",
        "ExternalUserID",
        "CreateTime",
        "MsgType",
        "FromUserName",
        "Department",
        "BatchJob",
        "MemChangeList",
        "JoinScene",
        "Id",
    ]
)
EVENTS = st.sampled_from(
    [
        "change_external_contact",
        "change_contact",
        "change_external_chat",
        "change_external_tag",
        "batch_job_result",
        "kf_account_auth_change",
    ]
)
CHANGES = st.sampled_from(
    ["add_external_contact", "create_user", "update_tag", "update", "create_party", "shuffle"]
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, VALUES, max_size=8), EVENTS, CHANGES)
def test_no_fields_however_odd_make_an_error(fields: dict[str, Any], event: str, change: str) -> None:
    for odd in (fields, fields | {"Event": event, "ChangeType": change}):
        for found in translate(odd):
            assert found.kind in KINDS
            assert found.at.tzinfo is not None


def test_others_callbacks_are_understood(shared_reference: Path) -> None:
    file = shared_reference / "wechat_vectors.json"
    if not file.is_file():
        pytest.skip(f"the known answers are not at {file}: this check against others did not run")
    callbacks = [one for one in json.loads(file.read_text())["callbacks"] if one["product"] == "wecom"]
    not_ours = {
        "modify_calendar",
        "delete_calendar",
        "modify_schedule",
        "delete_schedule",
        "book_meeting_room",
        "cancel_meeting_room",
    }
    for one in callbacks:
        (found,) = translate(xml.parse(one["xml"].encode()))
        assert (found.kind == "unknown") == (one["fields"].get("Event") in not_ours), one["id"]
        assert (found.contact or None) == one["fields"].get("ExternalUserID"), one["id"]


def test_the_codec_of_an_account() -> None:
    """As the callback route uses it: by the registry, from credentials."""
    make = VENDORS["wecom"].callback
    assert make is not None
    codec = make({"corpid": "wwbrand", "callback_token": "tok", "encoding_aes_key": KEY, "secret": "s"})
    encrypted = MessageCipher(KEY, "wwbrand").encrypt(CASES[0]["xml"].encode())
    query = {"msg_signature": signature("tok", "1", "n", encrypted), "timestamp": "1", "nonce": "n"}
    opened = codec.open(query, xml.build({"ToUserName": "wwbrand", "Encrypt": encrypted, "AgentID": 2}))
    assert codec.translate(opened.fields)[0].kind == "contact_added"
    assert opened.raw_xml == CASES[0]["xml"].encode()
    with pytest.raises(BadSignature):
        codec.open(query | {"nonce": "m"}, xml.build({"Encrypt": encrypted}))
