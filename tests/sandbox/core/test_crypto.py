"""The sandbox's own cryptography and XML against known answers from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from siyu_sandbox import crypto, xml
from siyu_sandbox.multipart import parse_multipart
from siyu_sandbox.registry import Refusal, Upload


@pytest.fixture(scope="module")
def vectors(shared_reference: Path) -> Any:
    return json.loads((shared_reference / "wechat_vectors.json").read_text(encoding="utf-8"))


def test_known_messages_open(vectors: Any) -> None:
    opened = 0
    for vector in vectors["crypto"]:
        if "encrypt" not in vector or "plaintext" not in vector:
            continue
        message, receiveid = crypto.decrypt(vector["encoding_aes_key"], vector["encrypt"])
        assert message.decode() == vector["plaintext"]
        assert receiveid == vector["receiveid"]
        signed = (vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"])
        if vector.get("msg_signature"):
            assert crypto.sign(*signed) == vector["msg_signature"]
        opened += 1
    assert opened >= 5


def test_bad_keys_are_refused(vectors: Any) -> None:
    for case in vectors["bad_encoding_aes_keys"]["cases"]:
        with pytest.raises(crypto.CryptoFault):
            crypto.aes_key(case if isinstance(case, str) else case["key"])


@pytest.mark.parametrize("length", [0, 1, 11, 12, 31, 32, 33, 1000])
def test_what_is_encrypted_opens_again(length: int) -> None:
    key, message = crypto.new_aes_key(), b"x" * length
    sealed = crypto.encrypt(key, message, "ww1")
    assert crypto.decrypt(key, sealed) == (message, "ww1")
    assert sealed != crypto.encrypt(key, message, "ww1")


@pytest.mark.parametrize("broken", ["", "AAAA", "not base64!", "A" * 43 + "="])
def test_broken_blocks_are_refused(broken: str) -> None:
    with pytest.raises(crypto.CryptoFault):
        crypto.decrypt(crypto.new_aes_key(), broken)


def test_xml_goes_there_and_back() -> None:
    fields = {"Text": "a<b>&]]>c", "Number": 7, "List": ["x", "y"], "Deep": {"Inner": ""}}
    back = {"Text": "a<b>&]]>c", "Number": "7", "List": {"Item": ["x", "y"]}, "Deep": {"Inner": ""}}
    assert xml.parse(xml.build(fields)) == back


def test_entities_are_refused() -> None:
    with pytest.raises(ValueError, match="DOCTYPE"):
        xml.parse('<!doctype x [<!ENTITY a "b">]><xml>&a;</xml>')


def test_files_of_a_form_keep_their_bytes() -> None:
    content = bytes(range(256)) + b"\r\n--no\r\n\r"
    head = b'--b\r\nContent-Disposition: form-data; name="media"; filename="\xe5\x9b\xbe.png"\r\n'
    raw = head + b"Content-Type: image/png\r\n\r\n" + content + b"\r\n--b--\r\n"
    found = parse_multipart("multipart/form-data; boundary=b", raw)
    assert found == {"media": Upload("图.png", "image/png", content)}
    with pytest.raises(Refusal):
        parse_multipart("multipart/form-data", b"")
