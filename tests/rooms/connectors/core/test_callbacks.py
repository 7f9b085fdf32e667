"""Callbacks: proven, opened, answered; and whatever else comes is refused in one of two ways."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Any

import pytest

from siyu.connectors._wechat import xml
from siyu.connectors._wechat.callback import PlatformCallback, SealedCallback
from siyu.connectors._wechat.crypto import MessageCipher, signature
from siyu.connectors.errors import BadBody, BadSignature, CallbackError
from siyu.foundation.errors import InvalidError
from tests.rooms.connectors.core.test_crypto import KEY

TOKEN, CORP = "tokentoken", "wwcorp"
MUTATIONS = 20_000
"""bench/callbacks_fuzz.py does the like a million times."""


def sealed_query(encrypted: str, timestamp: str = "1700000000", nonce: str = "n1") -> dict[str, str]:
    return {
        "msg_signature": signature(TOKEN, timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
    }


def pushed(message: bytes, corp: str = CORP) -> tuple[dict[str, str], bytes]:
    encrypted = MessageCipher(KEY, corp).encrypt(message)
    body = xml.build({"ToUserName": corp, "Encrypt": encrypted, "AgentID": 3})
    return sealed_query(encrypted), body


@pytest.fixture
def sealed() -> SealedCallback:
    return SealedCallback(TOKEN, KEY, CORP, lambda fields: [])


def test_others_address_proofs(vectors: dict[str, Any]) -> None:
    for one in (one for one in vectors["crypto"] if one["op"] == "verify_url"):
        codec = SealedCallback(one["token"], one["encoding_aes_key"], one["receiveid"], lambda fields: [])
        query = {name: one[name] for name in ("msg_signature", "timestamp", "nonce")} | {
            "echostr": one["encrypt"]
        }
        assert codec.verify_url(query) == one["plaintext"].encode(), one["id"]
        with pytest.raises(BadSignature):
            codec.verify_url(query | {"nonce": "other"})


def test_others_pushes(vectors: dict[str, Any]) -> None:
    for one in vectors["crypto"]:
        if one["op"] != "decrypt" or not one["plaintext"].lstrip().startswith("<"):
            continue
        codec = SealedCallback(one["token"], one["encoding_aes_key"], one["receiveid"], lambda fields: [])
        query = {name: one[name] for name in ("msg_signature", "timestamp", "nonce")}
        opened = codec.open(query, xml.build({"Encrypt": one["encrypt"]}))
        assert opened.raw_xml.decode() == one["plaintext"]
        assert opened.fields == xml.parse(one["plaintext"].encode())


def test_a_json_push_of_others(vectors: dict[str, Any]) -> None:
    (one,) = (one for one in vectors["crypto"] if one["plaintext"].startswith("{"))
    codec = PlatformCallback(one["token"], one["encoding_aes_key"], one["receiveid"], lambda fields: [])
    query = {name: one[name] for name in ("msg_signature", "timestamp", "nonce")}
    opened = codec.open(query, json.dumps({"Encrypt": one["encrypt"]}).encode())
    assert opened.fields["Event"] == "debug_demo"
    assert opened.fields["CreateTime"] == "1714112445", "values are text, as XML would give them"


def test_a_push_is_opened(sealed: SealedCallback) -> None:
    query, body = pushed(b"<xml><Event><![CDATA[enter_agent]]></Event></xml>")
    assert sealed.open(query, body).fields == {"Event": "enter_agent"}


def test_a_wrong_signature_opens_nothing(sealed: SealedCallback) -> None:
    query, body = pushed(b"<xml/>")
    for wrong in (
        {},
        query | {"msg_signature": ""},
        query | {"timestamp": "1"},
        query | {"msg_signature": "签"},
    ):
        with pytest.raises(BadSignature) as caught:
            sealed.open(wrong, body)
        assert caught.value.http_status == 403


def test_signed_but_meant_for_another(sealed: SealedCallback) -> None:
    query, body = pushed(b"<xml/>", corp="ww-other")
    with pytest.raises(BadSignature):
        sealed.open(query, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"<xml/>",
        b"<xml><Encrypt/></xml>",
        b"<xml><Encrypt><A/></Encrypt></xml>",
        b"{}",
        b'{"Encrypt": 1e999}',
        b"[1]",
        b'{"Encrypt"',
        b"{" * 5000,
    ],
)
def test_bodies_that_hold_nothing(sealed: SealedCallback, body: bytes) -> None:
    with pytest.raises(CallbackError):
        sealed.open({}, body)


def test_a_signed_message_that_is_broken_inside(sealed: SealedCallback) -> None:
    for message in (b"not xml", b"", b"<!DOCTYPE a><xml/>", b"{" * 3000, b'{"a":' * 2000):
        query, body = pushed(message)
        with pytest.raises(BadBody):
            sealed.open(query, body)


def test_a_sealed_answer_can_be_opened_by_the_vendor(sealed: SealedCallback) -> None:
    envelope = xml.parse(sealed.reply({"MsgType": "text", "Content": "你好", "CreateTime": 5}))
    assert (
        signature(TOKEN, envelope["TimeStamp"], envelope["Nonce"], envelope["Encrypt"])
        == envelope["MsgSignature"]
    )
    inside = MessageCipher(KEY, CORP).decrypt(envelope["Encrypt"])
    assert xml.parse(inside) == {"MsgType": "text", "Content": "你好", "CreateTime": "5"}


def test_others_sealed_answer(vectors: dict[str, Any]) -> None:
    for one in (one for one in vectors["crypto"] if "random16" in one and one.get("msg_signature")):
        codec = SealedCallback(one["token"], one["encoding_aes_key"], one["receiveid"], lambda fields: [])
        sealed = codec.seal(
            one["plaintext"].encode(),
            timestamp=one["timestamp"],
            nonce=one["nonce"],
            random16=one["random16"].encode(),
        )
        envelope = xml.parse(sealed)
        assert (envelope["Encrypt"], envelope["MsgSignature"]) == (one["encrypt"], one["msg_signature"])


def test_plain_accounts_prove_and_open_by_the_plain_signature() -> None:
    codec = PlatformCallback(TOKEN, "", "wxapp", lambda fields: [])
    query = {
        "signature": signature(TOKEN, "1", "n"),
        "timestamp": "1",
        "nonce": "n",
        "echostr": "4375120948345356249",
    }
    assert codec.verify_url(query) == b"4375120948345356249"
    assert codec.open(query, b"<xml><Event>x</Event></xml>").fields == {"Event": "x"}
    assert codec.open(query, b'{"Event":"x","n":1,"l":[true,null]}').fields == {
        "Event": "x",
        "n": "1",
        "l": ["true", ""],
    }
    with pytest.raises(BadSignature):
        codec.open(query | {"nonce": "m"}, b"<xml/>")


def test_where_there_is_a_key_a_plain_push_is_refused() -> None:
    """The plain signature does not cover the content: whoever has seen one could send anything with it."""
    codec = PlatformCallback(TOKEN, KEY, "wxapp", lambda fields: [])
    query = {"signature": signature(TOKEN, "1", "n"), "timestamp": "1", "nonce": "n"}
    with pytest.raises(CallbackError):
        codec.open(query, b"<xml><Event>subscribe</Event></xml>")


def test_without_a_token_nobody_is_believed() -> None:
    for make in (SealedCallback, PlatformCallback):
        with pytest.raises(InvalidError):
            make("", KEY, CORP, lambda fields: [])
    with pytest.raises(InvalidError):
        SealedCallback(TOKEN, "", CORP, lambda fields: [])


def test_nothing_secret_is_printed(sealed: SealedCallback) -> None:
    assert TOKEN not in repr(sealed)
    assert KEY not in repr(sealed)
    assert TOKEN not in repr(PlatformCallback(TOKEN, KEY, "wxapp", lambda fields: []))


def test_mutated_bodies_are_refused_in_one_of_two_ways(sealed: SealedCallback) -> None:
    """Also those signed rightly, so that everything behind the signature is met."""
    chance = random.Random(20261123)
    query, body = pushed(b"<xml><Event><![CDATA[change_external_contact]]></Event><L><I>1</I></L></xml>")
    for number in range(MUTATIONS):
        mutant = mutated(chance, body)
        with contextlib.suppress(BadBody, BadSignature):
            sealed.open(query, mutant)
        inside = mutated(chance, b"<xml><Event><![CDATA[x]]></Event><L><I>1</I></L></xml>")
        if number % 4 == 0:
            with contextlib.suppress(BadBody, BadSignature):
                sealed.open(*pushed(inside))


def mutated(chance: random.Random, body: bytes) -> bytes:
    """Some bytes changed, cut out, doubled or put in."""
    found = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(4):
            case 0 if at < len(found):
                found[at] = chance.randrange(256)
            case 1:
                del found[at : at + chance.randint(1, 20)]
            case 2:
                found[at:at] = found[at : at + chance.randint(1, 40)]
            case _:
                found[at:at] = chance.randbytes(chance.randint(1, 8))
    return bytes(found)
