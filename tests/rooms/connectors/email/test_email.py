"""The email account as the rooms above meet it: sends in sets, reads reports, is checked step by step, and is told things."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from siyu.connectors.email.connector import VENDOR, Email
from siyu.connectors.email.letters import Letter
from siyu.connectors.email.mailbox import Mailbox
from siyu.connectors.email.pushed import load_push_definition
from siyu.connectors.errors import BadBody, BadCredentials, BadSignature, Throttled
from siyu.connectors.memory import MemoryWatch
from siyu.connectors.ports import AccountKey
from siyu.connectors.vendor import Callback
from siyu.foundation.errors import InvalidError
from tests.makers.mail import MailServer, imap_server, mail_server
from tests.makers.vendor import Time, ports_on, run

BOUNCE = Path(__file__).parents[3] / "payloads" / "email" / "bounce.eml"
ACCOUNT = AccountKey(3, "email", "hello@brand.test")
DEFINITION = """
items = "events"
address = "recipient"
kind = "event"
message_id = "message.id"
status = "code"
words = "reason"
at = "timestamp"
[kinds]
failed = ["bounce", "dropped"]
complained = ["spam"]
delivered = ["ok"]
unsubscribed = ["list_unsubscribe"]
[sign]
recipe = "hmac-sha256"
text = "{timestamp}.{body}"
key = "{secret}"
header = "X-Signature"
timestamp_header = "X-Timestamp"
"""
SECRET = "push-secret-1"


def _email(
    server: MailServer, watch: MemoryWatch | None = None, time: Time | None = None, **settings: Any
) -> Email:
    credentials = {"address": "hello@brand.test"}
    credentials |= dict(zip(("username", "password"), server.login, strict=True)) if server.login else {}
    given = {"host": "127.0.0.1", "port": str(server.port), "tls": "none", "timeout_seconds": "5", "allow_private": "true", **settings}
    ports = ports_on(time or Time(), patience_seconds=1, watch=watch)
    return Email(ACCOUNT, credentials, given, ports)


def _letters(count: int) -> list[Letter]:
    return [
        Letter(f"p{n}@example.test", "s", "t", f"d-{n}", unsubscribe_url="https://brand.test/u")
        for n in range(count)
    ]


def test_a_set_is_sent_and_every_letter_is_seen_by_the_watch() -> None:
    watch = MemoryWatch()
    with mail_server(
        MailServer({"RCPT": lambda line: "550 5.1.1 no" if "p7@" in line else "250 ok"})
    ) as server:
        outcomes = run(_email(server, watch, unsubscribe_address="leave@brand.test").send(_letters(120)))
    assert [one.reference for one in outcomes] == [f"d-{n}" for n in range(120)]
    assert [one.reference for one in outcomes if one.error] == ["d-7"]
    assert len(server.received) == 119
    assert server.connections == 1
    assert b"<mailto:leave@brand.test" in server.received[0].content
    assert [call.code for call in watch.calls].count("5.1.1") == 1


def test_what_goes_beyond_the_rate_waits_and_says_so() -> None:
    with mail_server() as server:
        outcomes = run(_email(server, per_minute="10").send(_letters(15)))
    assert [one.error is None for one in outcomes] == [True] * 10 + [False] * 5
    assert all(isinstance(one.error, Throttled) for one in outcomes[10:])
    assert len(server.received) == 10


def test_reports_are_read_from_the_mailbox_on() -> None:
    with (
        imap_server({4: BOUNCE.read_bytes(), 6: b"From: x@y.test\r\n\r\nspam"}) as port,
        mail_server() as server,
    ):
        email = _email(
            server,
            mailbox_host="127.0.0.1",
            mailbox_port=str(port),
            mailbox_tls="false",
            mailbox_username="care",
        )
        email = Email(
            ACCOUNT,
            {"address": "hello@brand.test", "mailbox_password": "secret"},
            _settings(email, port),
            email.ports,
        )
        told = run(email.read())
        again = run(email.read(told.cursor))
    assert [one.kind for one in told.happenings] == ["message_failed", "message_delayed", "unknown"]
    assert told.happenings[0].detail["permanent"] is True
    assert again.happenings == []


def _settings(email: Email, port: int) -> dict[str, str]:
    return {
        "host": "127.0.0.1", "port": str(email.server.port), "tls": "none", "allow_private": "true",
        "mailbox_host": "127.0.0.1", "mailbox_port": str(port), "mailbox_tls": "false", "mailbox_username": "care",
    }  # fmt: skip


def _checked(email: Email) -> dict[str, Any]:
    return {check.key: run(check.run(email)) for check in VENDOR.checks}


def test_the_wizard_is_content_with_a_server_that_works() -> None:
    with mail_server(MailServer(login=("hello@brand.test", "secret"))) as server:
        found = _checked(_email(server))
    assert [(key, one.ok) for key, one in found.items()] == [
        ("connect", True),
        ("login", True),
        ("sender", True),
        ("mailbox", True),
    ]
    assert found["sender"].fix is None
    assert not server.received


@pytest.mark.parametrize(
    ("script", "step", "code"),
    [
        ({"connect": "554 5.7.1 blocked"}, "connect", "5.7.1"),
        ({"AUTH": "535 5.7.8 no"}, "login", "5.7.8"),
        ({"MAIL": "553 5.7.1 not yours"}, "sender", "5.7.1"),
    ],
)
def test_the_wizard_says_which_step_fails_and_what_to_do(
    script: dict[str, object], step: str, code: str
) -> None:
    with mail_server(MailServer(script, login=("hello@brand.test", "secret"))) as server:
        found = _checked(_email(server))
    first = next(key for key, one in found.items() if not one.ok)
    assert (first, found[first].code) == (step, code)
    assert found[first].fix is not None
    assert found[first].fix.zh
    assert found[first].fix.en


def test_the_first_step_tells_the_watch_whether_the_account_is_well() -> None:
    kinds = []
    for password in ("secret", "wrong"):
        watch = MemoryWatch()
        with mail_server(MailServer(login=("hello@brand.test", "secret"))) as server:
            email = _email(server, watch)
            email.server = replace(email.server, password=password)
            found = run(VENDOR.checks[0].run(email))
        kinds += [(found.ok, call.kind) for call in watch.calls]
    assert kinds == [(True, None), (True, "bad_credentials")]


def test_a_server_inside_is_called_only_with_leave() -> None:
    with mail_server(MailServer()) as server:
        found = _checked(_email(server, allow_private="false"))
        assert server.connections == 0
    assert found["connect"].ok is False
    assert "private" in found["connect"].says.en


def test_a_mailbox_says_nothing_about_sending() -> None:
    watch = MemoryWatch()
    with imap_server({}) as port, mail_server() as server:
        email = _email(server, watch)
        box = Mailbox("127.0.0.1", port, "care", "wrong", tls=False, allow_private=True)
        email.mailbox = box
        with pytest.raises(BadCredentials):
            run(email.read())
        email.mailbox = replace(box, password="secret")
        run(email.read())
    assert not watch.calls


def test_a_sender_of_another_domain_is_told_about_dns() -> None:
    with mail_server(MailServer(login=("key@provider.test", "secret"))) as server:
        found = _checked(_email(server))["sender"]
    assert found.ok
    assert found.fix is not None
    assert "SPF" in found.fix.zh


def _codec(definition: str = DEFINITION) -> Callback:
    assert VENDOR.callback is not None
    return VENDOR.callback({"push_definition": definition, "push_secret": SECRET})


def _headers(body: bytes, stamp: str = "1767225600") -> dict[str, str]:
    sign = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"header:x-signature": sign, "header:x-timestamp": stamp}


def test_pushed_reports_become_happenings() -> None:
    rows = [
        {
            "recipient": "Alice@example.test",
            "event": "bounce",
            "message": {"id": "<siyu.d-5@brand.test>"},
            "code": "5.1.1",
            "timestamp": 1767225600,
        },
        {"recipient": "bob@example.test", "event": "spam", "message": {"id": "d-6"}},
        {"recipient": "eve@example.test", "event": "opened"},
        "rubbish",
    ]
    body = json.dumps({"events": rows}).encode()
    codec = _codec()
    found = codec.translate(codec.open(_headers(body), body).fields)
    assert [(one.kind, one.contact, one.detail["reference"]) for one in found] == [
        ("message_failed", "alice@example.test", "d-5"),
        ("message_complained", "bob@example.test", "d-6"),
        ("unknown", "eve@example.test", None),
    ]
    assert found[0].at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert len({one.key for one in found}) == 3


def test_a_push_that_is_not_signed_touches_nothing() -> None:
    body, other = b'{"events": []}', b'{"events": [1]}'
    for headers in ({}, _headers(other), {**_headers(body), "header:x-timestamp": "1"}):
        with pytest.raises(BadSignature):
            _codec().open(headers, body)


def test_without_a_recipe_the_address_holds_the_secret() -> None:
    codec = _codec(DEFINITION.partition("[sign]")[0])
    assert codec.open({"key": SECRET}, b"{}").fields == {"content": {}}
    for query in ({}, {"key": "push"}):
        with pytest.raises(BadSignature):
            codec.open(query, b"{}")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises((BadBody, BadSignature)):
        _codec(DEFINITION.partition("[sign]")[0]).open({"key": SECRET}, body)


def test_faults_of_a_definition_are_told_at_once_and_it_is_not_used() -> None:
    bad = DEFINITION.replace("{timestamp}", "{phone}").replace('header = "X-Signature"', "")
    with pytest.raises(InvalidError) as raised:
        load_push_definition(bad)
    assert {fault.field for fault in raised.value.faults} == {"sign.text", "sign.header"}
    with pytest.raises(KeyError):
        _codec(bad)
