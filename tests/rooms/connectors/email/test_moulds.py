"""Moulds: a letter by the quick way is the letter by the library's way."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from siyu.connectors.email.letters import POLICY, Letter, Sender, compose
from siyu.connectors.email.moulds import Mould
from siyu.foundation.errors import InvalidError
from tests.makers.cases import cases

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
SENDER = Sender("hello@brand.test", "澄山里,茶", "care@brand.test", "bounce@brand.test")
LETTER = Letter("alice@example.test", "新茶到了", "正文", "d-42", "<p>正文</p>", "https://brand.test/u/abc", "leave@brand.test")
BOUNDARY = re.compile(rb"={15}\d+==")


def _either(letter: Letter, mould: Mould) -> tuple[object, object]:
    """What each way gives: the bytes without the boundary's number, or the fields with faults."""
    found: list[object] = []
    for way in (lambda: mould.write(letter), lambda: compose(letter, SENDER, AT).as_bytes(policy=POLICY)):
        try:
            found.append(BOUNDARY.sub(b"=", way()))
        except InvalidError as error:
            found.append([fault.field for fault in error.faults])
    return found[0], found[1]


_ODD = st.sampled_from(["\r\nBcc: all@b.test", "\n.\n", "--===============1==--", "=?utf-8?q?x?=", "\u2028", "\x00", "\t", "{to}", "%s", "\\1", "𠮷👩‍👩‍👧", "e\u0301", " " * 90])
_WORDS = st.lists(st.one_of(st.text(st.characters(exclude_categories=("Cs",)), max_size=60), _ODD, st.text("ab .-\r\n", max_size=120)), max_size=4).map("".join)
_ADDRESS = st.one_of(
    st.from_regex(r"[a-zA-Z0-9._+=?-]{1,20}@[a-z0-9.-]{1,20}\.(com|cn|test)", fullmatch=True), st.emails(), _WORDS,
    st.sampled_from(["a@例子.test", "a@b", "A.B@Example.TEST", "a" * 64 + "@example.test", "x@" + "d" * 60 + ".test"]),
)  # fmt: skip
_URL = st.none() | _WORDS.map(lambda words: "https://brand.test/" + words) | st.from_regex(r"https://brand\.test/p/[A-Za-z0-9_-]{1,900}", fullmatch=True)
_LETTERS = st.builds(
    Letter, to=_ADDRESS, subject=_WORDS, text=_WORDS, reference=st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True) | _WORDS,
    html=st.none() | _WORDS, unsubscribe_url=_URL, unsubscribe_address=st.none() | _ADDRESS,
)  # fmt: skip
_GOOD = st.builds(
    Letter, to=st.from_regex(r"[a-z0-9]{1,12}(\.[a-z]{1,9})?@[a-z]{1,9}\.(com|cn)", fullmatch=True), subject=st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=90),
    text=_WORDS, reference=st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True), html=st.none() | _WORDS,
    unsubscribe_url=st.none() | st.from_regex(r"https://brand\.test/p/[A-Za-z0-9_-]{1,300}", fullmatch=True), unsubscribe_address=st.sampled_from([None, "leave@brand.test"]),
)  # fmt: skip


@settings(max_examples=cases(100, 3000))
@given(st.lists(_LETTERS | _GOOD, min_size=1, max_size=3))
@example([LETTER, replace(LETTER, html=None), replace(LETTER, to="bob@example.test", text="plain", html="<p>plain</p>")])
@example([replace(LETTER, unsubscribe_address="a?b@例子.test")])
@example([replace(LETTER, text="", html="\r\n--===============1==--\r\n")])
def test_a_letter_out_of_a_mould_is_the_librarys_letter(letters: list[Letter]) -> None:
    """The same bytes or the same faults, also after other letters out of the same mould."""
    mould = Mould(SENDER, AT)
    for letter in letters:
        quick, slow = _either(letter, mould)
        assert quick == slow


@given(_LETTERS)
def test_nothing_gets_into_the_head(letter: Letter) -> None:
    try:
        raw = Mould(SENDER, AT).write(letter)
    except InvalidError:
        return
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert len(names) == len(set(names))
    assert set(names) <= {
        b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"list-unsubscribe", b"list-unsubscribe-post", b"precedence",
        b"content-type", b"content-transfer-encoding", b"mime-version",
    }  # fmt: skip
