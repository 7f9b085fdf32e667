"""The connector with the shipped definition against the sandbox's gateway, which shares no code with it."""

from __future__ import annotations

import pytest

from siyu.connectors.errors import BadCredentials, CarrierError, Refused, Unavailable
from siyu.connectors.sms.messages import Message
from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_platforms import Connected
from tests.makers.weixin import Listener


@pytest.fixture
def sms(sandbox: SandboxClient, listener: Listener) -> Connected:
    sandbox.post("people", {"count": 3})
    made = sandbox.post("sms", {"receipt_url": listener.url, "reply_url": listener.url, "templates": ["T1"]})
    credentials = {"app_key": made["app_key"], "secret": made["secret"], "definition": "sandbox"}
    return Connected(
        sandbox, "sms", credentials, {"base_url": sandbox.url, "allow_private": "true"}, listener
    )


def _message(sms: Connected, phone: int, **changed: str) -> Message:
    number = sms.sandbox.get(f"phones/{phone}")["phone"]
    return Message(
        **{"phone": number, "id": f"d-{phone}", "template": "T1", **changed}, params={"name": "王"}
    )


def test_messages_arrive_and_their_receipts_come_back(sms: Connected) -> None:
    messages = [_message(sms, 1), _message(sms, 2), Message("19099999999", "d-3", "T1")]
    outcomes = sms.call(lambda s: s.send(messages))
    assert all(one.error is None and one.message_id for one in outcomes)
    assert [one["content"]["id"] for one in sms.inbox(1)] == ["d-1"]
    sms.sandbox.advance(seconds=5)
    failed = sms.told("message_failed")
    assert (failed.detail["reference"], failed.contact) == ("d-3", "+8619099999999")
    delivered = {one.detail["reference"]: one for one in sms.happenings() if one.kind == "message_delivered"}
    assert {name: one.detail["message_id"] for name, one in delivered.items()} == {
        one.id: one.message_id for one in outcomes[:2]
    }


def test_what_people_send_back(sms: Connected) -> None:
    sms.call(lambda s: s.send([_message(sms, 1)]))
    sms.act(1, "reply_sms", text="TD")
    reply = sms.told("message_received")
    assert (reply.detail["text"], reply.detail["reference"]) == ("TD", "d-1")


@pytest.mark.parametrize(
    ("change", "wish", "kind"),
    [
        ({"template": "T9"}, {}, Refused),
        ({}, {"balance": 0}, CarrierError),
        ({}, {"secret": "another"}, BadCredentials),
    ],
)
def test_refusals(
    sms: Connected, change: dict[str, str], wish: dict[str, object], kind: type[Exception]
) -> None:
    sms.sandbox.patch(f"sms/{sms.ref}", wish)
    (outcome,) = sms.call(lambda s: s.send([_message(sms, 1, **change)]))
    assert isinstance(outcome.error, kind)
    assert not isinstance(outcome.error, Unavailable)
    assert not sms.inbox(1)


@pytest.mark.parametrize(("kind", "more"), [("drop", {}), ("http", {"status": 502})])
def test_an_unknown_end_is_not_tried_again(sms: Connected, kind: str, more: dict[str, int]) -> None:
    sms.sandbox.post("faults", {"api": "/sms/send", "kind": kind, "times": 1, **more})
    (outcome,) = sms.call(lambda s: s.send([_message(sms, 1)]))
    assert isinstance(outcome.error, Unavailable)
    assert outcome.error.reached is None
    assert [call.api for call in sms.watch.calls] == ["sms/send"]


def test_the_wizard(sms: Connected) -> None:
    number = sms.sandbox.get("phones/1")["phone"]
    assert all(found.ok for found in sms.checked(test_phone=number, test_template="T1").values())
    assert len(sms.inbox(1)) == 1
