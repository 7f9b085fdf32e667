"""The SMS gateway: signed calls, refusals by code, receipts that are pushed and signed."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

import pytest

from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.weixin import Listener, listener

__all__ = ["listener"]


@dataclass
class Gateway:
    """One account of the gateway."""

    sandbox: SandboxClient
    app_key: str
    secret: str

    def send(self, phone: int | str, **changed: Any) -> Any:
        """One signed call; `changed` goes over the fields after signing."""
        number = f"190{phone:08d}" if isinstance(phone, int) else phone
        stamp = changed.pop("timestamp", int(time.time()))
        text = f"{self.app_key}{stamp}{number}m-1"
        sign = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        body = {
            "app_key": self.app_key,
            "timestamp": stamp,
            "sign": sign,
            "phone": number,
            "template": "T1",
            "params": {"name": "王"},
            "id": "m-1",
        }
        return self.sandbox.http.post("/sms/send", json=body | changed).json()

    def code(self, phone: int | str, **changed: Any) -> str:
        return str(self.send(phone, **changed)["code"])


@pytest.fixture
def gateway(sandbox: SandboxClient, listener: Listener) -> Gateway:
    """An account whose receipts come to the listener, and two phones."""
    sandbox.post("people", {"count": 2})
    listener.answer = lambda _: (200, "OK")
    made = sandbox.post("sms", {"receipt_url": listener.url, "reply_url": listener.url, "templates": ["T1"]})
    return Gateway(sandbox, made["app_key"], made["secret"])


def receipts(listener: Listener) -> list[dict[str, Any]]:
    return [row for posted in list(listener.posts) for row in json.loads(posted.body)]


def test_a_message_reaches_the_phone_and_its_receipt_the_account(
    gateway: Gateway, listener: Listener
) -> None:
    sent = gateway.send(1)
    assert sent["code"] == "OK"
    got = gateway.sandbox.inbox(1)
    assert (got[0]["carrier"], got[0]["content"]) == (
        "sms",
        {"template": "T1", "params": {"name": "王"}, "id": "m-1"},
    )
    assert receipts(listener) == []
    gateway.sandbox.advance(seconds=4)
    (row,) = wait_for(lambda: receipts(listener))
    assert row | {"at": 0} == {
        "message_id": sent["message_id"],
        "id": "m-1",
        "phone": "19000000001",
        "status": "DELIVRD",
        "at": 0,
    }


def test_a_receipt_is_signed_over_its_body(sandbox: SandboxClient, listener: Listener) -> None:
    signs: list[str] = []
    sandbox.post("people", {"count": 1})
    made = sandbox.post("sms", {"app_key": "k1", "secret": "s1", "receipt_url": listener.url})
    listener.answer = lambda posted: (signs.append(posted.headers["X-Sms-Sign"]) or 200, "OK")  # type: ignore[func-returns-value]
    Gateway(sandbox, made["app_key"], made["secret"]).send(1)
    sandbox.advance(seconds=4)
    wait_for(lambda: listener.posts)
    assert signs == [hmac.new(b"s1", listener.posts[0].body.encode(), hashlib.sha256).hexdigest()]


def test_what_becomes_of_a_message(gateway: Gateway, listener: Listener) -> None:
    gateway.sandbox.patch(
        f"sms/{gateway.app_key}", {"undeliverable": ["19000000001"], "rejecting": ["19000000002"]}
    )
    assert [gateway.code(phone) for phone in (1, 2, "13800000000")] == ["OK"] * 3
    gateway.sandbox.advance(seconds=4)
    rows = wait_for(lambda: len(receipts(listener)) == 3 and receipts(listener))
    assert {row["phone"]: row["status"] for row in rows} == {
        "19000000001": "UNDELIV",
        "19000000002": "REJECTD",
        "13800000000": "UNDELIV",
    }
    assert gateway.sandbox.inbox(1) == gateway.sandbox.inbox(2) == []


def test_a_receipt_is_tried_three_times(gateway: Gateway, listener: Listener) -> None:
    gateway.sandbox.patch("settings", {"sms": {"receipt_wait_seconds": 0.05}})
    listener.answer = lambda _: (500 if len(listener.posts) < 2 else 200, "OK")
    gateway.send(1)
    gateway.sandbox.advance(seconds=4)
    wait_for(lambda: gateway.sandbox.get(f"sms/{gateway.app_key}")["sent"][0]["told"])
    assert len(listener.posts) == 3


@pytest.mark.parametrize(
    ("phone", "changed", "code"),
    [
        (1, {"app_key": "none"}, "BAD_KEY"),
        (1, {"sign": "0" * 64}, "BAD_SIGN"),
        (1, {"id": "m-2"}, "BAD_SIGN"),
        (1, {"timestamp": 1}, "EXPIRED"),
        (1, {"timestamp": "soon"}, "EXPIRED"),
        (1, {"template": "T2"}, "BAD_TEMPLATE"),
        (1, {"id": ""}, "BAD_PARAMS"),
        (1, {"params": 7}, "BAD_PARAMS"),
        ("12345", {}, "BAD_PHONE"),
        ("+8619000000001", {}, "OK"),
    ],
)
def test_calls_and_their_codes(
    gateway: Gateway, phone: int | str, changed: dict[str, Any], code: str
) -> None:
    assert gateway.code(phone, **changed) == code


def test_money_limits_and_the_black_list(gateway: Gateway) -> None:
    change = f"sms/{gateway.app_key}"
    gateway.sandbox.patch(change, {"balance": 1, "blacklist": ["19000000002"]})
    assert [gateway.code(1), gateway.code(1), gateway.code(2)] == ["OK", "NO_BALANCE", "BLACKLIST"]
    gateway.sandbox.patch(change, {"balance": None})
    gateway.sandbox.patch("settings", {"sms": {"per_phone_day": 3}})
    assert [gateway.code(1) for _ in range(2)] == ["OK", "LIMIT"]
    gateway.sandbox.advance(days=1)
    assert gateway.code(1, timestamp=int(gateway.sandbox.now())) == "OK"
    gateway.sandbox.patch("settings", {"sms": {"calls_per_second": 0}})
    assert gateway.code(1) == "THROTTLED"


def test_faults_speak_the_gateways_words(gateway: Gateway) -> None:
    gateway.sandbox.post("faults", {"account": gateway.app_key, "kind": "ban", "times": 1})
    gateway.sandbox.post("faults", {"api": "/sms/send", "kind": "errcode", "code": 45009, "times": 1})
    assert {gateway.code(1)} <= {"SUSPENDED", "THROTTLED"}
    gateway.sandbox.post("faults", {"api": "/sms/send", "kind": "http", "times": 1})
    gateway.sandbox.http.post("/sms/send", json={})
    assert gateway.code(1) == "OK"
    rows = gateway.sandbox.get("calls", account=gateway.app_key)["calls"]
    assert sum(row["count"] for row in rows) >= 2


def test_an_answer_by_sms_is_pushed(gateway: Gateway, listener: Listener) -> None:
    gateway.send(1)
    gateway.sandbox.post("phones/1/reply_sms", {"text": "TD"})
    (row,) = wait_for(lambda: receipts(listener))
    assert (row["phone"], row["text"], row["id"]) == ("19000000001", "TD", "m-1")
