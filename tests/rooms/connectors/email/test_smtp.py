"""Handing in letters: what each answer of a server means, and what is known when a connection breaks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from siyu.connectors.email.letters import Letter, Sender
from siyu.connectors.email.smtp import Conversation, Outcome, Server, send_letters
from siyu.connectors.errors import (
    AccountRestricted,
    BadCredentials,
    CarrierError,
    Refused,
    Throttled,
    Unavailable,
)
from siyu.foundation.errors import InvalidError
from tests.makers.mail import HANG_UP, SILENT, MailServer, mail_server, trusting

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SENDER = Sender("hello@brand.test", bounce_address="bounce@brand.test")


def _letters(count: int = 1) -> list[Letter]:
    return [
        Letter(f"p{number}@example.test", "新茶", ".正文\n.\n.QUIT", f"d-{number}") for number in range(count)
    ]


_offered: list[str] = []


@pytest.fixture(autouse=True, params=["step by step", "PIPELINING"])
def _ways(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every promise holds with servers that take commands in groups, and with those that do not."""
    _offered[:] = [request.param] if request.param == "PIPELINING" else []
    yield
    _offered.clear()


def _send(server: MailServer, letters: list[Letter] | None = None, **changed: object) -> list[Outcome]:
    server.extensions = [*server.extensions, *_offered]
    with mail_server(server) as running:
        there = Server("127.0.0.1", running.port, **{"tls": "none", "timeout_seconds": 5, "allow_private": True, **changed})  # type: ignore[arg-type]
        return send_letters(there, SENDER, letters or _letters(), lambda: NOW)


def _error(server: MailServer, **changed: object) -> CarrierError | InvalidError:
    (outcome,) = _send(server, **changed)
    assert outcome.error is not None
    return outcome.error


def test_letters_go_over_one_connection_each_in_its_own_transaction() -> None:
    server = MailServer()
    outcomes = _send(server, _letters(3))
    assert [(one.to, one.code, one.message_id, one.error) for one in outcomes] == [
        (f"p{number}@example.test", 250, f"<siyu.d-{number}@brand.test>", None) for number in range(3)
    ]
    assert server.connections == 1
    assert [(one.sender, one.to) for one in server.received] == [
        ("bounce@brand.test", one.to) for one in outcomes
    ]


def test_lines_that_begin_with_a_dot_arrive_as_they_were() -> None:
    server = MailServer()
    _send(server, [Letter("a@b.test", "s", "one\n.\n..two\n.RSET\nend", "d-1")])
    assert b"one\r\n.\r\n..two\r\n.RSET\r\nend\r\n" in server.received[0].content


def test_a_server_that_tracks_is_given_the_letters_name() -> None:
    server = MailServer(extensions=["DSN", "SIZE"])
    _send(server)
    assert "RET=HDRS ENVID=siyu.d-0@brand.test" in server.received[0].options
    assert "RCPT TO:<p0@example.test> NOTIFY=FAILURE,DELAY" in server.commands


def test_one_refused_address_stops_nobody_else() -> None:
    server = MailServer({"RCPT": lambda line: "550 5.1.1 no such user" if "p1@" in line else "250 ok"})
    first, second, third = _send(server, _letters(3))
    assert isinstance(second.error, Refused)
    assert (second.error.vendor_code, second.error.api) == ("5.1.1", "recipient")
    assert (first.error, third.error, len(server.received)) == (None, None, 2)


@pytest.mark.parametrize(
    ("step", "answer", "expected", "code"),
    [
        ("RCPT", "450 4.7.1 greylisted", Throttled, "4.7.1"),
        ("RCPT", "450 try again", Throttled, "450"),
        ("RCPT", "452 4.5.3 too many", Throttled, "4.5.3"),
        ("RCPT", "451 4.4.0 local error", Unavailable, "4.4.0"),
        ("RCPT", "550 no", Refused, "550"),
        ("MAIL", "550 5.7.1 sender rejected", AccountRestricted, "5.7.1"),
        ("MAIL", "530 5.7.0 log in first", BadCredentials, "5.7.0"),
        ("DATA", "554 5.6.0 no", Refused, "5.6.0"),
        (".", "554 5.7.1 spam", Refused, "5.7.1"),
        (".", "451 4.3.0 later", Unavailable, "4.3.0"),
        ("connect", "554 5.7.1 your address is blocked", AccountRestricted, "5.7.1"),
        ("connect", "421 4.3.2 closing", Unavailable, "4.3.2"),
    ],
)
def test_what_an_answer_means(step: str, answer: str, expected: type[CarrierError], code: str) -> None:
    error = _error(MailServer({step: answer}))
    assert type(error) is expected
    assert isinstance(error, CarrierError)
    assert error.vendor_code == code
    assert error.message.zh
    if isinstance(error, Throttled):
        assert error.retry_at == NOW + timedelta(minutes=10)
    if isinstance(error, Unavailable):
        assert error.reached is True


@pytest.mark.parametrize(
    ("step", "answer", "reached"),
    [
        ("connect", HANG_UP, False),
        ("MAIL", HANG_UP, False),
        ("RCPT", HANG_UP, False),
        ("DATA", HANG_UP, False),
        (".", HANG_UP, None),
        (".", "rubbish", None),
        ("RCPT", "rubbish", False),
        ("connect", "rubbish", False),
        ("connect", "220-" + "x" * 9000, False),
    ],
)
def test_a_broken_conversation_says_whether_the_letter_may_be_out(
    step: str, answer: str, reached: bool | None
) -> None:
    error = _error(MailServer({step: answer}))
    assert isinstance(error, Unavailable)
    assert error.reached is reached


def test_silence_after_the_last_dot_is_unknown_and_before_it_is_not() -> None:
    late, early = (_error(MailServer({step: SILENT}), timeout_seconds=0.2) for step in (".", "MAIL"))
    assert isinstance(late, Unavailable)
    assert isinstance(early, Unavailable)
    assert (late.reached, early.reached) == (None, False)


def test_after_a_lost_connection_the_rest_goes_over_a_new_one() -> None:
    server = MailServer({".": ["250 ok", HANG_UP]})
    outcomes = _send(server, _letters(4))
    assert [one.error is None for one in outcomes] == [True, False, True, True]
    assert server.connections == 2


def test_a_server_that_breaks_again_and_again_is_left_alone() -> None:
    server = MailServer({"MAIL": HANG_UP})
    outcomes = _send(server, _letters(5))
    assert all(isinstance(one.error, Unavailable) and one.error.reached is False for one in outcomes)
    assert server.connections == 2


def test_nobody_there() -> None:
    server = Server("127.0.0.1", 9, "none", timeout_seconds=2, allow_private=True)
    (outcome,) = send_letters(server, SENDER, _letters(), lambda: NOW)
    assert isinstance(outcome.error, Unavailable)
    assert outcome.error.reached is False
    assert outcome.error.way_out is not None


def test_a_faulty_letter_is_told_and_the_next_is_sent() -> None:
    bad, good = _send(MailServer(), [Letter("x\ny", "s", "t", "d-1"), *_letters()])
    assert isinstance(bad.error, InvalidError)
    assert good.error is None


def test_the_login() -> None:
    server = MailServer(login=("hello@brand.test", "secret"))
    (outcome,) = _send(server, username="hello@brand.test", password="secret")
    assert outcome.error is None
    error = _error(
        MailServer(login=("hello@brand.test", "secret")), username="hello@brand.test", password="wrong"
    )
    assert isinstance(error, BadCredentials)
    assert error.vendor_code == "5.7.8"
    assert "wrong" not in str(error.way_out)


def test_a_server_without_a_login_is_told_apart() -> None:
    error = _error(MailServer(), username="a", password="b")
    assert isinstance(error, BadCredentials)
    assert error.vendor_code == "no_auth"


def test_no_password_leaves_without_tls() -> None:
    server = Server("mail.test", 25, "none", "a", "secret")
    assert "secret" not in repr(server)
    talk = Conversation(server, lambda: NOW)
    with pytest.raises(BadCredentials):
        talk._log_in(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["tls", "starttls"])
def test_tls(mode: str) -> None:
    with mail_server(MailServer(tls=mode, login=("a", "b"))) as running:
        there = Server("localhost", running.port, mode, "a", "b", 5, trusting(), allow_private=True)  # type: ignore[arg-type]
        (outcome,) = send_letters(there, SENDER, _letters(), lambda: NOW)
    assert outcome.error is None
    assert len(running.received) == 1


@pytest.mark.parametrize("mode", ["tls", "starttls"])
def test_a_certificate_that_nobody_knows_is_refused(mode: str) -> None:
    error = _error(MailServer(tls=mode), tls=mode)
    assert isinstance(error, Unavailable)
    assert (error.vendor_code, error.reached) == ("certificate", False)


def test_starttls_is_demanded_and_never_left_out() -> None:
    server = MailServer()
    error = _error(server, tls="starttls")
    assert isinstance(error, Unavailable)
    assert error.vendor_code == "no_starttls"
    assert not [line for line in server.commands if line.lower().startswith("mail")]


def test_a_refused_starttls_ends_the_conversation() -> None:
    server = MailServer({"STARTTLS": "454 not now"}, tls="starttls")
    error = _error(server, tls="starttls")
    assert isinstance(error, Unavailable)
    assert not server.received


def test_a_time_out_does_not_take_longer_than_it_says() -> None:
    began = time.monotonic()
    _error(MailServer({"EHLO": SILENT}), timeout_seconds=0.3)
    assert time.monotonic() - began < 4


def test_a_server_that_asks_for_the_content_of_nobody_gets_none() -> None:
    """RFC 2920 §3.1: with the recipient refused, DATA may be answered 354 all the same."""
    server = MailServer({"RCPT": ["550 5.1.1 no", "250 ok", "550 5.1.1 no", "250 ok"], "DATA": "354 go on"})
    outcomes = _send(server, _letters(4))
    assert [one.error is None for one in outcomes] == [False, True, False, True]
    assert [one.to for one in server.received] == ["p1@example.test", "p3@example.test"]


def test_a_server_that_takes_ten_letters_a_connection_gets_all() -> None:
    answers = (["250 ok"] * 9 + ["250 bye", "421 4.3.2 enough"]) * 3
    server = MailServer({".": lambda _: answers.pop(0)})
    outcomes = _send(server, _letters(25))
    assert [one.to for one in outcomes if one.error is None] == [one.to for one in outcomes if one.reference not in ("d-10", "d-21")]
    assert all(isinstance(one.error, Unavailable) and one.error.reached for one in outcomes if one.error)
    assert (server.connections, len({one.to for one in server.received}), len(server.received)) == (3, 25, 25)


def test_nobody_is_told_twice_whatever_breaks_where() -> None:
    """At each step of each of 12 letters in turn the server hangs up: whoever was not told is told so, nobody twice."""
    for step in ("MAIL", "RCPT", "DATA", "."):
        for place in range(12):
            server = MailServer({step: ["250 ok" if step != "DATA" else "354 go on"] * place + [HANG_UP]})
            outcomes = _send(server, _letters(12))
            arrived = [one.to for one in server.received]
            assert len(arrived) == len(set(arrived))
            for one in outcomes:
                if one.error is None:
                    assert one.to in arrived
                else:
                    assert isinstance(one.error, Unavailable)
                    assert one.error.reached is (None if step == "." else False)
                    assert (one.to in arrived) is (step == ".")
            assert sum(one.error is not None for one in outcomes) == 1
