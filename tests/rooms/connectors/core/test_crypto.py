"""Encryption, signatures and pads are those of the vendor: by others' known answers, and by our own."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.connectors._wechat.crypto import (
    MessageCipher,
    decode_key,
    decrypt_user_data,
    jsapi_signature,
    pad,
    raw_data_signature,
    same,
    signature,
    unpad,
)
from siyu.connectors.errors import BadBody, BadSignature, CallbackError
from siyu.foundation.errors import InvalidError

KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE"
"""32 times the letter A; its last character has spare bits of zero."""
SPARE = KEY[:-1] + "F"
"""The same key with a spare bit set, as official keys have them."""


def test_others_ciphertexts_are_read_and_signed_alike(vectors: dict[str, Any]) -> None:
    assert len(vectors["crypto"]) >= 10
    for one in vectors["crypto"]:
        cipher = MessageCipher(one["encoding_aes_key"], one["receiveid"])
        assert cipher.decrypt(one["encrypt"]).decode() == one["plaintext"], one["id"]
        expected = one.get("msg_signature") or one["msg_signature_derived"]
        assert signature(one["token"], one["timestamp"], one["nonce"], one["encrypt"]) == expected, one["id"]
        if "random16" in one:
            assert cipher.encrypt(one["plaintext"].encode(), one["random16"].encode()) == one["encrypt"], one[
                "id"
            ]


def test_a_message_for_another_account_is_refused(vectors: dict[str, Any]) -> None:
    for one in vectors["crypto"]:
        with pytest.raises(BadSignature):
            MessageCipher(one["encoding_aes_key"], "ww-somebody-else").decrypt(one["encrypt"])


def test_others_signatures(vectors: dict[str, Any]) -> None:
    for one in vectors["signatures"]:
        if one["kind"] == "sha1_sorted":
            found = signature(*one["parts"])
        elif one["kind"] == "jsapi":
            found = jsapi_signature(one["jsapi_ticket"], one["noncestr"], one["timestamp"], one["url"])
        else:
            found = raw_data_signature(one["raw_data"], one["session_key"])
        assert found == one["expected"], one["id"]


def test_others_pads(vectors: dict[str, Any]) -> None:
    for one in vectors["pkcs7_32"]:
        plain = bytes.fromhex(one["input_hex"])
        assert pad(plain).hex() == one["output_hex"]
        assert unpad(pad(plain)) == plain


def test_others_bad_keys_are_refused(vectors: dict[str, Any]) -> None:
    for one in vectors["bad_encoding_aes_keys"]["cases"]:
        with pytest.raises(InvalidError):
            decode_key(one["key"])


def test_others_user_data(vectors: dict[str, Any]) -> None:
    for one in vectors["user_data_crypto"]:
        asked = (one["session_key"], one["iv"], one["encrypted_data"])
        assert decrypt_user_data(*asked, one["appid"]) == json.loads(one["plaintext"])
        with pytest.raises(BadSignature):
            decrypt_user_data(*asked, "wx-another")


SEALED = "WU2111Q04X/+sHo7y0O8AMWExj22VekYFDV8eiCvw/I="
"""16 times r, length 2, "hi", receiver "ww1", a pad of 7; sealed by `openssl enc -aes-256-cbc -nopad`."""


def test_a_message_sealed_by_openssl() -> None:
    assert MessageCipher(KEY, "ww1").decrypt(SEALED) == b"hi"
    assert MessageCipher(KEY, "ww1").encrypt(b"hi", b"r" * 16) == SEALED


def test_signatures_by_sort_and_sha1sum() -> None:
    assert signature("tok", "1767232800", "n0nce", SEALED) == "39d8f7f8544c0c4e2ab31866b81e5998548657c1"
    page = "https://h5.brand.cn/p?a=1#top"
    assert jsapi_signature("T1", "n1", 1767232800, page) == "01005b8d995ac253c7e4848d26e7537cea6ce83b"


def test_user_data_sealed_by_openssl() -> None:
    data = "0rlUCWToSrh1FNhVHtM6sztQJBr5inxrxaGFoYMvuFo+F2ljLjZMLhbceXLsKtCfeU/FofdaF3AQXxjyLcsItqyUCEspd/oq4OLB6CxttKw="
    found = decrypt_user_data("a2tra2tra2tra2tra2traw==", "aWlpaWlpaWlpaWlpaWlpaQ==", data, "wxshop")
    assert found["openId"] == "o1"


@pytest.mark.parametrize("size", [0, 1, 8, 9, 10, 31, 32, 33, 4096])
def test_every_length_comes_back(size: int) -> None:
    cipher = MessageCipher(KEY, "ww1")
    assert cipher.decrypt(cipher.encrypt(b"x" * size)) == b"x" * size


def test_a_key_with_spare_bits_is_the_same_key() -> None:
    assert decode_key(KEY) == decode_key(SPARE) == b"A" * 32


@pytest.mark.parametrize(
    "key", ["", KEY[:-1], KEY + "A", KEY[:-1] + "=", KEY[:-1] + "!", KEY[:-1] + "é", KEY + "\n"]
)
def test_what_is_no_key_is_refused_with_the_field(key: str) -> None:
    with pytest.raises(InvalidError) as caught:
        decode_key(key)
    assert [fault.field for fault in caught.value.faults] == ["encoding_aes_key"]


def test_keys_are_never_printed() -> None:
    assert KEY not in repr(MessageCipher(KEY, "ww1"))


def test_signatures_of_any_text_compare_without_an_error() -> None:
    ours = signature("t", "1", "n")
    assert same(ours, ours)
    assert not same(ours, "签名")
    assert not same(ours, "")
    assert not same(ours, "\udc80")


@given(st.text(max_size=200))
def test_nothing_that_is_sent_makes_another_error(text: str) -> None:
    with pytest.raises(CallbackError):
        MessageCipher(KEY, "ww1").decrypt(text)


@given(st.integers(0, 95), st.integers(1, 255))
def test_a_flipped_byte_is_never_taken_for_the_message(place: int, flip: int) -> None:
    cipher = MessageCipher(KEY, "ww1")
    block = bytearray(base64.b64decode(cipher.encrypt(b"m" * 64, b"r" * 16)))
    block[place % len(block)] ^= flip
    try:
        found = cipher.decrypt(base64.b64encode(bytes(block)).decode())
    except CallbackError:
        return
    assert len(found) == 64, "only the content itself may differ: the signature is what guards it"


@pytest.mark.parametrize("pads", [b"", b"\x00" * 32, b"a" * 31 + b"\x21", b"a" * 30 + b"\x01\x02"])
def test_bad_pads(pads: bytes) -> None:
    with pytest.raises(BadBody):
        unpad(pads)


def test_user_data_that_is_broken() -> None:
    for key, iv, data in (("", "", ""), ("AAAA", "AAAA", "AAAA"), (KEY, KEY, KEY), ("é", "é", "é")):
        with pytest.raises(BadBody):
            decrypt_user_data(key, iv, data, "wx1")


def test_what_follows_the_number_sign_does_not_count() -> None:
    assert jsapi_signature("t", "n", 1, "https://a.cn/p?x=1#top") == jsapi_signature(
        "t", "n", 1, "https://a.cn/p?x=1"
    )
