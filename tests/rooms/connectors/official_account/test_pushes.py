"""Pushes of an Official Account: read in both modes, told as happenings, answered in time; others' known answers among them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.connectors._wechat import xml
from siyu.connectors._wechat.crypto import MessageCipher, signature
from siyu.connectors._wechat.replies import Answer, Article
from siyu.connectors.errors import BadBody, BadSignature
from siyu.connectors.happenings import KINDS
from siyu.connectors.official_account.connector import VENDOR
from siyu.connectors.vendor import Callback, Fields

PUSHES = json.loads((Path(__file__).parents[3] / "payloads/official_account/pushes.json").read_text("utf-8"))[
    "pushes"
]
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CREDENTIALS = {"appid": "wxbrand", "secret": "s" * 32, "callback_token": "plaintoken"}
OTHERS = {
    "subscribe": "followed",
    "SCAN": "qr_scanned",
    "CLICK": "menu_clicked",
    "VIEW": "link_viewed",
    "scancode_push": "menu_clicked",
    "scancode_waitmsg": "menu_clicked",
    "pic_photo_or_album": "menu_clicked",
    "pic_weixin": "menu_clicked",
    "kf_create_session": "customer_service_session_changed",
    "kf_close_session": "customer_service_session_changed",
    "TEMPLATESENDJOBFINISH": "template_send_finished",
    "subscribe_msg_popup_event": "subscribe_answered",
    "subscribe_msg_change_event": "subscribe_changed",
    "subscribe_msg_sent_event": "subscribe_sent",
    "MASSSENDJOBFINISH": "mass_send_finished",
}


def _codec(*, safe: bool) -> Callback:
    assert VENDOR.callback is not None
    return VENDOR.callback(CREDENTIALS | ({"encoding_aes_key": KEY} if safe else {}))


def _plain_query() -> dict[str, str]:
    return {"timestamp": "1", "nonce": "n", "signature": signature("plaintoken", "1", "n")}


def _sealed(message: bytes, appid: str = "wxbrand") -> tuple[dict[str, str], bytes]:
    encrypted = MessageCipher(KEY, appid).encrypt(message)
    query = _plain_query() | {
        "msg_signature": signature("plaintoken", "1", "n", encrypted),
        "encrypt_type": "aes",
    }
    return query, xml.build({"ToUserName": "gh_brand", "Encrypt": encrypted})


@pytest.mark.parametrize("push", PUSHES, ids=lambda push: push["name"])
@pytest.mark.parametrize("safe", [False, True], ids=["plain", "safe"])
def test_a_push_becomes_happenings(push: dict[str, Any], safe: bool) -> None:
    codec, body = _codec(safe=safe), push["xml"].encode()
    query, sent = _sealed(body) if safe else (_plain_query(), body)
    opened = codec.open(query, sent)
    assert opened.raw_xml == body
    found = codec.translate(opened.fields)
    told = [{"kind": one.kind, "contact": one.contact, "detail": one.detail} for one in found]
    assert told == push["expected"]
    assert [one.key for one in found] == [one.key for one in codec.translate(opened.fields)]


def test_every_push_is_told_apart_and_stands_in_the_vocabulary() -> None:
    codec = _codec(safe=False)
    found = [one for push in PUSHES for one in codec.translate(xml.parse(push["xml"].encode()))]
    assert len({one.key for one in found}) == len(found)
    assert {one.kind for one in found} <= KINDS
    assert {one.at.year for one in found} == {1970, 2026}


def test_pushes_that_others_recorded(vectors: dict[str, Any]) -> None:
    ours = [one for one in vectors["callbacks"] if one["product"] in ("oa", "mp")]
    assert ours
    codec = _codec(safe=False)
    for one in ours:
        fields = codec.open(_plain_query(), one["xml"].encode()).fields
        assert fields == one["fields"], one["id"]
        event = one["fields"].get("Event")
        found = codec.translate(fields)
        assert {happening.kind for happening in found} == {OTHERS[event] if event else "message_received"}, (
            one["id"]
        )
        assert all(happening.at.timestamp() == int(one["fields"]["CreateTime"]) for happening in found)
        json.dumps([happening.detail for happening in found])


def test_details_of_pushes_that_others_recorded(vectors: dict[str, Any]) -> None:
    recorded = {one["id"]: one["fields"] for one in vectors["callbacks"]}
    codec = _codec(safe=False)
    (scan,) = codec.translate(recorded["oa/wechatpy:event-subscribe:2"])
    assert scan.detail == {"scene": "123123", "ticket": "TICKET", "event_key": ""}
    (mass,) = codec.translate(recorded["oa/wxjava:event-MASSSENDJOBFINISH"])
    assert (mass.detail["ok"], mass.detail["message_id"], mass.contact) == (False, "1000001625", None)
    first, second = codec.translate(recorded["oa/wechatpy:event-subscribe_msg_popup_event"])
    assert (first.detail["accepted"], second.detail["accepted"]) == (True, False)


def test_encrypted_pushes_of_others(vectors: dict[str, Any]) -> None:
    assert VENDOR.callback is not None
    for one in (one for one in vectors["crypto"] if one["product"] == "oa" and one["op"] == "decrypt"):
        given_keys = {
            "appid": one["receiveid"],
            "callback_token": one["token"],
            "encoding_aes_key": one["encoding_aes_key"],
        }
        query = {name: one[name] for name in ("msg_signature", "timestamp", "nonce")}
        wrapped = [xml.build({"Encrypt": one["encrypt"]}), json.dumps({"Encrypt": one["encrypt"]}).encode()]
        for body in wrapped:
            codec = VENDOR.callback(given_keys)
            assert codec.open(query, body).raw_xml == one["plaintext"].encode()
            with pytest.raises(BadSignature):
                codec.open(query | {"msg_signature": "0" * 40}, body)
            with pytest.raises(BadSignature):
                VENDOR.callback(given_keys | {"appid": "wxother"}).open(query, body)


def test_the_address_is_proven_in_plain(vectors: dict[str, Any]) -> None:
    assert VENDOR.callback is not None
    for one in vectors["signatures"]:
        if one.get("names") != ["token", "timestamp", "nonce"]:
            continue
        token, timestamp, nonce = one["parts"]
        codec = VENDOR.callback({**CREDENTIALS, "callback_token": token})
        query = {"signature": one["expected"], "timestamp": timestamp, "nonce": nonce, "echostr": "4375"}
        assert codec.verify_url(query) == b"4375"
        with pytest.raises(BadSignature):
            codec.verify_url(query | {"nonce": "0"})


def test_in_safe_mode_a_plain_push_is_refused() -> None:
    with pytest.raises((BadBody, BadSignature)):
        _codec(safe=True).open(_plain_query(), PUSHES[0]["xml"].encode())


def test_without_a_token_there_is_no_codec() -> None:
    assert VENDOR.callback is not None
    with pytest.raises(KeyError):
        VENDOR.callback({"appid": "wxbrand", "secret": "s"})


def _built(answer: Fields) -> Fields:
    return xml.parse(_codec(safe=False).reply(answer))


def test_replies_are_those_that_others_build(vectors: dict[str, Any]) -> None:
    for one in vectors["passive_replies"]:
        fields = one["fields"]
        head = Answer(
            fields["ToUserName"],
            fields["FromUserName"],
            datetime.fromtimestamp(int(fields["CreateTime"]), UTC),
        )
        assert _built(_reply(head, fields)) == fields, one["id"]


def _reply(head: Answer, fields: dict[str, Any]) -> Fields:
    def inside(name: str, *names: str) -> list[str]:
        return [fields[name][one] for one in names]

    kind = fields["MsgType"]
    if kind == "text":
        return head.text(fields["Content"])
    if kind in ("image", "voice"):
        return getattr(head, kind)(*inside(kind.title(), "MediaId"))
    if kind == "video":
        return head.video(*inside("Video", "MediaId", "Title", "Description"))
    if kind == "music":
        return head.music(*inside("Music", "Title", "Description", "ThumbMediaId", "MusicUrl", "HQMusicUrl"))
    if kind == "news":
        rows = fields["Articles"]["item"]
        return head.news(
            [Article(row["Title"], row["Description"], row["PicUrl"], row["Url"]) for row in rows]
        )
    return head.transfer(fields.get("TransInfo", {}).get("KfAccount", ""))


def test_an_answer_goes_back_to_who_asked() -> None:
    fields = xml.parse(PUSHES[0]["xml"].encode())
    answer = _built(Answer.to_push(fields, datetime(2026, 1, 1, tzinfo=UTC)).text("好 ]]> <b>&</b>"))
    assert (answer["ToUserName"], answer["FromUserName"]) == ("oAlice", "gh_brand")
    assert answer["Content"] == "好 ]]> <b>&</b>"


def test_in_safe_mode_answers_are_sealed() -> None:
    envelope = xml.parse(
        _codec(safe=True).reply(Answer("a", "b", datetime(2026, 1, 1, tzinfo=UTC)).text("好"))
    )
    parts = (envelope["TimeStamp"], envelope["Nonce"], envelope["Encrypt"])
    assert envelope["MsgSignature"] == signature("plaintoken", *parts)
    assert xml.parse(MessageCipher(KEY, "wxbrand").decrypt(envelope["Encrypt"]))["Content"] == "好"


_NAMES = st.sampled_from(
    [
        "Event",
        "MsgType",
        "EventKey",
        "FromUserName",
        "CreateTime",
        "List",
        "SubscribeMsgPopupEvent",
        "MsgID",
        "Status",
        "Latitude",
        "result",
    ]
)
_VALUES = st.recursive(
    st.sampled_from(
        [
            "subscribe",
            "SCAN",
            "LOCATION",
            "subscribe_msg_popup_event",
            "MASSSENDJOBFINISH",
            "wxa_media_check",
            "text",
            "nan",
            "1e999",
            "-1",
            "",
        ]
    )
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(_NAMES, _VALUES, max_size=8))
def test_whatever_fields_come_they_are_told_as_something(fields: Fields) -> None:
    found = _codec(safe=False).translate(fields)
    assert found
    assert all(one.kind in KINDS for one in found)
    json.dumps([one.detail for one in found], allow_nan=False)
