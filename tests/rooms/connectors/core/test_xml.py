"""Documents are read plainly, and nothing that grows, hides or points elsewhere is."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.connectors._wechat import xml
from siyu.connectors.errors import BadBody

NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="￾￿"), min_size=1, max_size=20
)


def test_others_documents_are_read_alike(vectors: dict[str, Any]) -> None:
    documents = [*vectors["callbacks"], *vectors["passive_replies"]]
    assert len(documents) >= 60
    for one in documents:
        assert xml.parse(one["xml"].encode()) == one["fields"], one["id"]


def test_others_replies_are_built_alike(vectors: dict[str, Any]) -> None:
    for one in vectors["passive_replies"]:
        assert xml.parse(xml.build(one["fields"])) == one["fields"], one["id"]


def test_text_fields_and_lists() -> None:
    body = b"<xml><A><![CDATA[ a<b ]]></A><N>7</N><L><I>1</I>\n <I>2</I></L><One><I>1</I></One><E/></xml>"
    assert xml.parse(body) == {"A": " a<b ", "N": "7", "L": {"I": ["1", "2"]}, "One": {"I": "1"}, "E": ""}


def test_text_is_written_so_that_it_cannot_end_its_section() -> None:
    hostile = "]]></Content><Hack>1</Hack>"
    assert xml.parse(xml.build({"Content": hostile, "CreateTime": 5})) == {
        "Content": hostile,
        "CreateTime": "5",
    }
    assert xml.parse(xml.build({"Content": "a\x00\x0bb\ud800"})) == {"Content": "ab"}


@given(
    st.dictionaries(
        NAME, WORDS | st.dictionaries(NAME, WORDS, min_size=1, max_size=3), min_size=1, max_size=5
    )
)
def test_what_is_built_is_read(fields: dict[str, Any]) -> None:
    assert xml.parse(xml.build(fields)) == fields


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><A>&b;</A></xml>'


@pytest.mark.parametrize(
    "body",
    [
        LAUGHS,
        b"<!DOCTYPE xml><xml><A>1</A></xml>",
        b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml><A>1</A></xml>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/"> ]><xml><A>&e;</A></xml>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]><xml/>',
        b"<xml><A>&undefined;</A></xml>",
        b"<xml>" + b"<a>" * 50 + b"</a>" * 50 + b"</xml>",
        b"<xml>" + b"<a/>" * 30_000 + b"</xml>",
        b"<xml>" + b"a" * (xml.MAX_BYTES + 1) + b"</xml>",
        b"",
        b"   ",
        b"not xml",
        b"<xml>",
        b"<xml></xml><xml></xml>",
        b"<xml>\xff\xfe</xml>",
        '<?xml version="1.0" encoding="utf-16"?><xml/>'.encode("utf-16"),
        b"<xml>\x00</xml>",
    ],
)
def test_what_must_be_refused(body: bytes) -> None:
    with pytest.raises(BadBody):
        xml.parse(body)


def test_a_declared_encoding_is_not_obeyed() -> None:
    body = '<?xml version="1.0" encoding="GBK"?><xml><A>你好</A></xml>'.encode()
    assert xml.parse(body) == {"A": "你好"}
    assert xml.parse(b'<?xml version="1.0" encoding="no-such"?><xml><A>1</A></xml>') == {"A": "1"}


def test_a_bomb_costs_nothing() -> None:
    """Ten levels of ten would be 10^10 letters; nothing of it is made."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))
    body = f'<!DOCTYPE x [<!ENTITY l0 "aaaaaaaaaa">{levels}]><xml><A>&l10;</A></xml>'.encode()
    tracemalloc.start()
    with pytest.raises(BadBody):
        xml.parse(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
