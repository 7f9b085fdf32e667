"""Letters: what stands in them, and what is not let in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.connectors.email.letters import POLICY, Letter, Sender, compose, reference_of
from siyu.foundation.errors import InvalidError

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
SENDER = Sender("hello@brand.test", "澄山里,茶", "care@brand.test", "bounce@brand.test")
LETTER = Letter(
    "alice@example.test",
    "新茶到了",
    "正文",
    "d-42",
    "<p>正文</p>",
    "https://brand.test/u/abc",
    "leave@brand.test",
)


def _wire(letter: Letter = LETTER, sender: Sender = SENDER) -> bytes:
    return compose(letter, sender, AT).as_bytes(policy=POLICY)


def _read(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def _faults(letter: Letter = LETTER, sender: Sender = SENDER) -> set[str]:
    with pytest.raises(InvalidError) as raised:
        compose(letter, sender, AT)
    assert all(fault.message.zh and fault.message.en for fault in raised.value.faults)
    return {fault.field for fault in raised.value.faults}


def test_text_and_html_are_alternatives() -> None:
    mail = _read(_wire())
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert mail.get_content_type() == "multipart/alternative"
    assert plain is not None
    assert html is not None
    assert (plain.get_content().strip(), html.get_content().strip()) == ("正文", "<p>正文</p>")
    assert (str(mail["From"]), str(mail["Reply-To"])) == ('"澄山里,茶" <hello@brand.test>', "care@brand.test")


def test_one_click_unsubscribe_is_offered_whole() -> None:
    url = "https://brand.test/u/" + "k" * 600
    raw = _wire(replace(LETTER, unsubscribe_url=url))
    assert (
        f"List-Unsubscribe: <{url}>, <mailto:leave@brand.test?subject=unsubscribe-d-42>\r\n".encode() in raw
    )
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_a_letter_without_a_way_out_claims_none() -> None:
    assert b"List-Unsubscribe" not in _wire(replace(LETTER, unsubscribe_url=None, unsubscribe_address=None))


def test_one_click_is_not_promised_by_mail_alone() -> None:
    raw = _wire(replace(LETTER, unsubscribe_url=None))
    assert b"List-Unsubscribe: <mailto:" in raw
    assert b"List-Unsubscribe-Post" not in raw


def test_the_message_id_is_ours_and_leads_back() -> None:
    named = _read(_wire())["Message-ID"]
    assert named == "<siyu.d-42@brand.test>"
    assert reference_of(f"In reply to {named}") == "d-42"


def test_names_of_domains_in_chinese_are_written_for_the_wire() -> None:
    raw = _wire(replace(LETTER, to="alice@例子.test"))
    assert b"To: alice@xn--fsqu00a.test\r\n" in raw


@pytest.mark.parametrize(
    "letter",
    [
        replace(LETTER, to="a@b.test\r\nBcc: all@b.test"),
        replace(LETTER, to="a@b.test>, <c@d.test"),
        replace(LETTER, to="a b@c.test"),
        replace(LETTER, to="nobody"),
        replace(LETTER, to="王@b.test"),
        replace(LETTER, to="a@-b.test"),
        replace(LETTER, to="a" * 65 + "@b.test"),
        replace(LETTER, subject="Hello\nBcc: all@b.test"),
        replace(LETTER, subject="Hello\u2028there"),
        replace(LETTER, subject="  "),
        replace(LETTER, reference="d\r\n42"),
        replace(LETTER, reference=""),
        replace(LETTER, text=" ", html=None),
        replace(LETTER, unsubscribe_url="http://brand.test/u"),
        replace(LETTER, unsubscribe_url="https://brand.test/u>\r\nBcc: x"),
        replace(LETTER, unsubscribe_url="javascript:alert(1)"),
        replace(LETTER, unsubscribe_url="https://brand.test/" + "k" * 1000),
        replace(LETTER, unsubscribe_address="a@b.test\nX: y"),
    ],
)
def test_what_could_change_a_head_is_refused(letter: Letter) -> None:
    assert len(_faults(letter)) == 1


def test_every_fault_is_told_at_once() -> None:
    letter = replace(LETTER, to="x", subject="a\nb", reference="!", unsubscribe_url="ftp://x")
    sender = replace(SENDER, address="y", name="a\r\nb", bounce_address="z\n")
    assert _faults(letter, sender) == {
        "to",
        "subject",
        "reference",
        "unsubscribe_url",
        "sender.address",
        "sender.name",
        "sender.bounce_address",
    }


@given(
    st.text(
        st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn", "Cf", "Co")), min_size=1, max_size=200
    )
)
def test_any_subject_arrives_as_it_was(subject: str) -> None:
    if not subject.strip():
        return
    raw = _wire(replace(LETTER, subject=subject))
    assert raw.isascii()
    assert " ".join(str(_read(raw)["Subject"]).split()) == " ".join(subject.split())


@given(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=300),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=300),
)
def test_no_text_breaks_out_of_the_letter(text: str, html: str) -> None:
    if not text.strip() and not html.strip():
        return
    raw = _wire(replace(LETTER, text=text, html=html))
    head = _read(raw)
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert head.get_all("To") == ["alice@example.test"]
    assert head["Bcc"] is None
