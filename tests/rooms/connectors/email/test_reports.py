"""Reports: what comes back by mail, by the standards and without them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.connectors.email.reports import Report, happening, read_reports

PAYLOADS = Path(__file__).parents[3] / "payloads" / "email"
AT = datetime(2026, 1, 2, tzinfo=UTC)


def _payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def test_a_delivery_report_tells_of_each_address() -> None:
    failed, delayed = read_reports(_payload("bounce.eml"))
    words = "smtp; 550 5.1.1 <alice@example.test>: Recipient address rejected: User unknown"
    assert failed == Report("failed", "alice@example.test", "d-42", "5.1.1", words)
    assert (delayed.kind, delayed.address, delayed.status) == ("delayed", "bob@example.test", "4.2.2")
    assert failed.permanent
    assert not delayed.permanent


def test_the_envelope_name_is_enough_where_the_letter_is_not_returned() -> None:
    raw = _payload("bounce.eml").partition(b"--B\nContent-Type: message/rfc822")[0] + b"--B--\n"
    raw = raw.replace(b"Arrival-Date", b"Original-Envelope-Id: <siyu.d-99@brand.test>\nArrival-Date")
    assert {one.reference for one in read_reports(raw)} == {"d-99"}


def test_a_complaint_names_the_person_and_the_letter() -> None:
    assert read_reports(_payload("complaint.eml")) == [
        Report("complained", "alice@example.test", "d-43", "", "abuse")
    ]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            b"From: MAILER-DAEMON@x.test\nX-Failed-Recipients: alice@example.test\nSubject: failed\n\n"
            b"550 5.2.1 disabled\n\nMessage-ID: <siyu.d-7@brand.test>\n",
            Report("failed", "alice@example.test", "d-7", "5.2.1", "failed"),
        ),
        (
            b"From: postmaster@x.test\nSubject: warning\n\nnothing of ours\n",
            Report("other", None, None, "", "warning"),
        ),
        (
            b"From: Alice <alice@example.test>\nSubject: unsubscribe-d-8\n\n",
            Report("unsubscribed", "alice@example.test", "d-8", "", "unsubscribe-d-8"),
        ),
        (
            b"From: alice@example.test\nSubject: Re: tea\nIn-Reply-To: <siyu.d-9@brand.test>\n\nyes\n",
            Report("replied", "alice@example.test", "d-9", "", "Re: tea"),
        ),
        (
            b"From: alice@example.test\nSubject: away\nAuto-Submitted: auto-replied\nIn-Reply-To: <siyu.d-9@brand.test>\n\n",
            Report("other", "alice@example.test", "d-9", "", "away"),
        ),
        (b"From: spam@x.test\nSubject: buy\n\nthis\n", Report("other", "spam@x.test", None, "", "buy")),
        (b"", Report("other", None, None, "", "")),
    ],
)
def test_other_mail_is_told_apart(raw: bytes, expected: Report) -> None:
    assert read_reports(raw) == [expected]


def test_a_nest_of_parts_does_not_stop_the_mailbox() -> None:
    nest = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5000))
    assert [one.kind for one in read_reports(nest)] == ["other"]


@given(st.binary(max_size=600), st.integers(0, 1500), st.integers(1, 200))
def test_mutilated_reports_never_raise(noise: bytes, at: int, length: int) -> None:
    raw = _payload("bounce.eml")
    found = read_reports(raw[:at] + noise + raw[at + length :])
    assert found
    assert all(happening(one, AT).at == AT for one in found)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("failed", "message_failed"),
        ("delayed", "message_delayed"),
        ("delivered", "message_delivered"),
        ("complained", "message_complained"),
        ("unsubscribed", "unsubscribed"),
        ("replied", "message_received"),
        ("other", "unknown"),
    ],
)
def test_a_report_is_a_happening(kind: str, expected: str) -> None:
    report = Report(kind, "alice@example.test", "d-1", "5.1.1", "w")  # type: ignore[arg-type]
    found = happening(report, AT)
    assert (found.kind, found.contact, found.detail["reference"]) == (expected, "alice@example.test", "d-1")
    assert found.key == happening(report, AT.replace(day=9)).key
