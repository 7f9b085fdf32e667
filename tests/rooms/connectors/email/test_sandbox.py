"""Letters to the sandbox's people, and what comes back from its mail server, which shares no code with the connector."""

from __future__ import annotations

import json
from typing import Any

import pytest

from siyu.connectors.email.letters import Letter
from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.sandbox_platforms import Connected
from tests.makers.weixin import Listener

BOUNCES = "bounce@brand.test"
DEFINITION = json.dumps({
    "address": "address", "kind": "type", "message_id": "message_id", "status": "status", "words": "diagnostic", "at": "at",
    "kinds": {"failed": ["bounce"], "complained": ["complaint"]},
})  # fmt: skip


@pytest.fixture
def email(sandbox: SandboxClient, listener: Listener) -> Connected:
    sandbox.post("people", {"count": 2})
    doors = sandbox.get("smtp")
    credentials = {
        "address": "hello@brand.test",
        "push_secret": "push-secret",
        "push_definition": DEFINITION,
        "mailbox_password": "x",
    }
    settings = {
        "host": "127.0.0.1", "port": str(doors["smtp_port"]), "tls": "none", "allow_private": "true", "bounce_address": BOUNCES, "unsubscribe_address": BOUNCES,
        "mailbox_host": "127.0.0.1", "mailbox_port": str(doors["pop3_port"]), "mailbox_protocol": "pop3", "mailbox_tls": "false", "mailbox_username": BOUNCES,
    }  # fmt: skip
    return Connected(sandbox, "email", credentials, settings, listener)


def _letter(to: str, reference: str, **changed: Any) -> Letter:
    return Letter(to, "春茶上新", "正文", reference, "<p>正文</p>", **changed)


def _address(email: Connected, phone: int) -> str:
    return str(email.sandbox.get(f"phones/{phone}")["email"])


def _sent(email: Connected, *letters: Letter) -> list[Any]:
    found: list[Any] = email.call(lambda e: e.send(letters))
    return found


def _read(email: Connected, count: int) -> list[Any]:
    def reports() -> list[Any]:
        found: list[Any] = email.call(lambda e: e.read()).happenings
        return found if len(found) >= count else []

    found: list[Any] = wait_for(reports)
    return found


def test_letters_reach_people_and_one_refusal_stops_nobody(email: Connected) -> None:
    first, second = _address(email, 1), _address(email, 2)
    outcomes = _sent(email, _letter(first, "d-1"), _letter("gone@bounce.test", "d-2"), _letter(second, "d-3"))
    assert [one.error is None for one in outcomes] == [True, False, True]
    (mail,) = email.sandbox.get(f"mailboxes/{first}")
    assert (mail["headers"]["Message-ID"], mail["subject"], mail["from"]) == (
        outcomes[0].message_id,
        "春茶上新",
        BOUNCES,
    )


def test_a_bounce_that_comes_later_is_read_from_the_mailbox(email: Connected) -> None:
    _sent(email, _letter("gone@later.bounce.test", "d-7"))
    email.sandbox.advance(seconds=10)
    (found,) = _read(email, 1)
    assert (found.kind, found.contact, found.detail["reference"], found.detail["permanent"]) == (
        "message_failed", "gone@later.bounce.test", "d-7", True,
    )  # fmt: skip


def test_a_bounce_that_is_pushed(email: Connected) -> None:
    assert email.listener is not None
    email.sandbox.patch("settings", {"smtp": {"bounce_webhook": f"{email.listener.url}?key=push-secret"}})
    _sent(email, _letter("gone@later.bounce.test", "d-8"))
    email.sandbox.advance(seconds=10)
    found = email.told("message_failed")
    assert (found.contact, found.detail["reference"], found.detail["status"]) == (
        "gone@later.bounce.test",
        "d-8",
        "5.1.1",
    )


def test_the_button_of_the_mail_program(email: Connected) -> None:
    assert email.listener is not None
    url = f"{email.listener.url}?person=1"
    _sent(email, _letter(_address(email, 1), "d-9", unsubscribe_url=url))
    email.act(1, "unsubscribe_email")
    (posted,) = wait_for(lambda: list(email.listener.posts))  # type: ignore[union-attr]
    assert (posted.body, posted.query) == ("List-Unsubscribe=One-Click", {"person": "1"})


def test_leaving_by_mail(email: Connected) -> None:
    _sent(email, _letter(_address(email, 1), "d-10", unsubscribe_address=BOUNCES))
    email.act(1, "unsubscribe_email")
    (found,) = _read(email, 1)
    assert (found.kind, found.detail["reference"], found.contact) == (
        "unsubscribed",
        "d-10",
        _address(email, 1).lower(),
    )


def test_the_wizard(email: Connected) -> None:
    found = email.checked()
    assert all(one.ok for one in found.values()), found
