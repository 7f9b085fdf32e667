"""Reading the mailbox: each message once, by either protocol, and nothing deleted."""

from __future__ import annotations

import pytest

from siyu.connectors.email.mailbox import Mailbox, read_mailbox
from siyu.connectors.errors import BadCredentials, Unavailable
from tests.makers.mail import imap_server, pop_server


def _imap(port: int, password: str = "secret") -> Mailbox:
    return Mailbox("127.0.0.1", port, "care", password, "imap", tls=False, timeout_seconds=5, allow_private=True)


def _pop(port: int, password: str = "secret") -> Mailbox:
    return Mailbox("127.0.0.1", port, "care", password, "pop3", tls=False, timeout_seconds=5, allow_private=True)


def test_imap_goes_on_where_it_ended() -> None:
    messages = {3: b"one\r\n", 5: b"two\r\n"}
    with imap_server(messages) as port:
        first = read_mailbox(_imap(port), "", 1)
        second = read_mailbox(_imap(port), first.cursor)
        third = read_mailbox(_imap(port), second.cursor)
        messages[9] = b"three\r\n"
        fourth = read_mailbox(_imap(port), third.cursor)
    assert [one.messages for one in (first, second, third, fourth)] == [
        [b"one\r\n"],
        [b"two\r\n"],
        [],
        [b"three\r\n"],
    ]
    assert [one.more for one in (first, second, third, fourth)] == [True, False, False, False]


def test_a_mailbox_made_anew_is_read_from_its_beginning() -> None:
    with imap_server({1: b"one\r\n"}, validity=7) as port:
        assert read_mailbox(_imap(port), "6:500").messages == [b"one\r\n"]


def test_pop3_remembers_what_it_saw() -> None:
    messages = {"a": b"one", "b": b"two"}
    with pop_server(messages) as port:
        first = read_mailbox(_pop(port), "", 1)
        second = read_mailbox(_pop(port), first.cursor)
        del messages["a"]
        messages["c"] = b"three"
        third = read_mailbox(_pop(port), second.cursor)
    assert [one.messages for one in (first, second, third)] == [[b"one"], [b"two"], [b"three"]]
    assert "a" not in third.cursor


def test_a_message_with_an_endless_line_is_passed_over() -> None:
    messages = {"a": b"x" * 5000, "b": b"two"}
    with pop_server(messages) as port:
        first = read_mailbox(_pop(port))
        second = read_mailbox(_pop(port), first.cursor)
    assert (first.messages, first.more, second.messages) == ([], True, [b"two"])


@pytest.mark.parametrize("cursor", ["rubbish", "{}", "[[", "7", ":", "1:x"])
def test_a_cursor_that_cannot_be_read_begins_anew(cursor: str) -> None:
    with imap_server({1: b"one\r\n"}) as imap, pop_server({"a": b"one"}) as pop:
        assert read_mailbox(_imap(imap), cursor).messages == [b"one\r\n"]
        assert read_mailbox(_pop(pop), cursor).messages == [b"one"]


def test_a_wrong_password_is_told_apart_from_a_server_that_is_gone() -> None:
    with imap_server({}) as imap, pop_server({}) as pop:
        for box in (_imap(imap, "wrong"), _pop(pop, "wrong")):
            with pytest.raises(BadCredentials):
                read_mailbox(box)
    for gone in (_imap(9), _pop(9)):
        with pytest.raises(Unavailable) as raised:
            read_mailbox(gone)
        assert raised.value.reached is False


def test_no_password_leaves_without_tls() -> None:
    box = Mailbox("mail.example.test", 143, "care", "secret", tls=False)
    assert "secret" not in repr(box)
    with pytest.raises(BadCredentials):
        read_mailbox(box)
