"""Telling another system: signed, once an attempt, with a record of what came of it and a plan for the next."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.connectors._signing import headers, signature, verify
from siyu.connectors.errors import (
    BadCredentials,
    BadSignature,
    CarrierError,
    Refused,
    Throttled,
    Unavailable,
)
from siyu.connectors.memory import MemoryWatch
from siyu.connectors.ports import AccountKey
from siyu.connectors.webhook.attempt import Attempt
from siyu.connectors.webhook.connector import VENDOR, Delivery, Webhook
from siyu.connectors.webhook.schedule import RETRY_SECONDS, retry_at
from tests.makers.vendor import FakeVendor, Said, Time, fake_vendor, ports_on, run

SECRET, FORMER = "0123456789abcdef", "fedcba9876543210"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TOLD = Delivery("d-1", "order.paid", {"总额": 1, "a": [True, None]})


def _webhook(url: str, watch: MemoryWatch | None = None, former: str = "", **settings: str) -> Webhook:
    given = {"allow_private": "true", "timeout_seconds": "1", **settings}
    ports = ports_on(Time(), patience_seconds=0.1, watch=watch)
    return Webhook(
        AccountKey(8, "webhook", url), {"url": url, "secret": SECRET, "former_secret": former}, given, ports
    )


def _delivered(said: Any, told: Delivery = TOLD, **settings: str) -> tuple[Attempt, FakeVendor]:
    async def whole() -> tuple[Attempt, FakeVendor]:
        async with fake_vendor({"/hook": said}) as vendor:
            return await _webhook(f"{vendor.url}/hook", **settings).deliver(told), vendor

    found: tuple[Attempt, FakeVendor] = run(whole())
    return found


def test_the_receiver_can_prove_that_it_is_ours() -> None:
    attempt, vendor = _delivered(Said(b"thanks", 204))
    asked = vendor.asked[0]
    verify(asked.headers, asked.body, [SECRET], NOW)
    assert (asked.method, asked.json) == ("POST", {"总额": 1, "a": [True, None]})
    assert (asked.headers["x-siyu-id"], asked.headers["x-siyu-event"]) == ("d-1", "order.paid")
    assert attempt.arrived
    assert retry_at(attempt) is None


def test_a_known_signature() -> None:
    # printf '1767268800.{}' | openssl dgst -sha256 -hmac 0123456789abcdef
    expected = "v1=82330ea5e3ac98b4b461dc0d698404ef1e68356819346410bebe11e41c413b5f"
    assert signature(SECRET, 1767268800, b"{}") == expected


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_another_body_has_another_signature(one: bytes, other: bytes) -> None:
    told = headers("d-1", "e", one, [SECRET], NOW)
    verify(told, one, [SECRET], NOW)
    if one != other:
        with pytest.raises(BadSignature):
            verify(told, other, [SECRET], NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Siyu-Timestamp": "1767268801"},
        {"X-Siyu-Timestamp": ""},
        {"X-Siyu-Timestamp": "²"},
        {"X-Siyu-Timestamp": "9" * 40},
        {"X-Siyu-Timestamp": "-1"},
        {"X-Siyu-Signature": ""},
        {"X-Siyu-Signature": "v1=é"},
        {"X-Siyu-Signature": "v0=" + "0" * 64},
    ],
)
def test_a_call_that_was_changed_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        verify(headers("d-1", "e", b"{}", [SECRET], NOW) | changes, b"{}", [SECRET], NOW)


def test_an_old_call_cannot_be_played_again() -> None:
    told = headers("d-1", "e", b"{}", [SECRET], NOW)
    for later in (timedelta(seconds=300), timedelta(seconds=-300)):
        verify(told, b"{}", [SECRET], NOW + later)
    for late in (timedelta(seconds=301), timedelta(seconds=-301)):
        with pytest.raises(BadSignature):
            verify(told, b"{}", [SECRET], NOW + late)


def test_while_a_secret_is_replaced_both_fit() -> None:
    async def whole() -> None:
        async with fake_vendor() as vendor:
            await _webhook(f"{vendor.url}/hook", former=FORMER).deliver(TOLD)
            for secret in (SECRET, FORMER):
                verify(vendor.asked[0].headers, vendor.asked[0].body, [secret], NOW)

    run(whole())


@pytest.mark.parametrize(
    ("said", "expected", "status", "again"),
    [
        (Said(b"", 500), Unavailable, 500, True),
        (Said(b"", 429, {"retry-after": "120"}), Throttled, 429, True),
        (Said(b"", 401), BadCredentials, 401, True),
        (Said(b"", 404), Refused, 404, False),
        (Said(b"", 410), Refused, 410, False),
        (Said(b"", 302, {"location": "http://127.0.0.1:9/"}), Refused, 302, False),
        (Said(drop=True), Unavailable, 0, True),
        (Said(hang=3), Unavailable, 0, True),
        (Said(b"x" * 200_000, 200), Unavailable, 0, True),
    ],
)
def test_what_an_answer_means(said: Said, expected: type[CarrierError], status: int, again: bool) -> None:
    attempt, vendor = _delivered(said)
    assert isinstance(attempt.error, expected)
    assert (attempt.status, retry_at(attempt) is not None) == (status, again)
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120),
        ("Thu, 01 Jan 2026 12:10:00 GMT", 600),
        ("Wed, 31 Dec 2025 12:00:00 GMT", 0),
        ("99999999", 86400),
        ("999999999999", 60),
        ("soon", 60),
        ("", 60),
    ],
)
def test_a_receiver_may_say_when(told: str, seconds: int) -> None:
    attempt, _ = _delivered(Said(b"", 429, {"retry-after": told}))
    assert isinstance(attempt.error, Throttled)
    assert attempt.error.retry_at == NOW + timedelta(seconds=seconds)
    at = retry_at(attempt)
    assert at is not None
    assert at >= attempt.error.retry_at


def test_the_schedule_grows_ends_and_is_spread() -> None:
    attempt, _ = _delivered(Said(b"", 500))
    waits = [
        (retry_at(replace(attempt, number=number)) or NOW) - NOW
        for number in range(1, len(RETRY_SECONDS) + 2)
    ]
    assert all(
        timedelta(seconds=s) <= wait <= timedelta(seconds=s * 1.2)
        for s, wait in zip(RETRY_SECONDS, waits, strict=False)
    )
    assert waits[-1] == timedelta(0)
    assert len({retry_at(replace(attempt, id=f"d-{n}")) for n in range(20)}) == 20
    assert retry_at(attempt) == retry_at(attempt)


def test_the_record_of_the_log_is_plain_and_holds_no_secret() -> None:
    attempt, _ = _delivered(Said(b"\x00\x1b[31m sorry " + "对不起".encode() * 400, 503))
    row = json.loads(json.dumps(attempt.record()))
    assert (row["id"], row["attempt"], row["status"], row["outcome"], row["reached"]) == (
        "d-1",
        1,
        503,
        "unavailable",
        None,
    )
    assert row["excerpt"].isprintable()
    assert len(row["excerpt"]) <= 500
    assert row["body_bytes"] == len(TOLD.content())
    assert SECRET not in json.dumps(row)


def test_the_watch_sees_each_attempt() -> None:
    watch = MemoryWatch()

    async def whole() -> None:
        async with fake_vendor({"/hook": [Said(b"", 500), Said(b"")]}) as vendor:
            webhook = _webhook(f"{vendor.url}/hook", watch)
            await webhook.deliver(TOLD)
            await webhook.deliver(TOLD, 2)

    run(whole())
    assert [(call.code, call.kind) for call in watch.calls] == [("http_500", "unavailable"), ("0", None)]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "ftp://example.test/",
        "file:///etc/passwd",
    ],
)
def test_addresses_inside_are_not_called(url: str) -> None:
    attempt = run(_webhook(url, allow_private="false").deliver(TOLD))
    assert isinstance(attempt.error, Unavailable)
    assert (attempt.error.reached, attempt.status) == (False, 0)


@pytest.mark.parametrize(
    "told",
    [
        replace(TOLD, id="d\r\nX-A: b"),
        replace(TOLD, event="订单"),
        replace(TOLD, body={"x": "y" * 1_000_001}),
    ],
)
def test_what_cannot_be_told_is_not_called(told: Delivery) -> None:
    attempt, vendor = _delivered(Said(b""), told)
    assert isinstance(attempt.error, Refused)
    assert not vendor.asked


def test_more_than_the_rate_waits() -> None:
    async def whole() -> list[Attempt]:
        async with fake_vendor() as vendor:
            webhook = _webhook(f"{vendor.url}/hook", per_second="2")
            return [await webhook.deliver(TOLD) for _ in range(3)]

    attempts = run(whole())
    assert [one.arrived for one in attempts] == [True, True, False]
    assert isinstance(attempts[2].error, Throttled)


@pytest.mark.parametrize(
    ("said", "ok", "code"),
    [(Said(b""), True, ""), (Said(b"", 403), False, "http_403"), (Said(b"", 301), False, "http_301")],
)
def test_the_wizard_pings(said: Said, ok: bool, code: str) -> None:
    async def whole() -> Any:
        async with fake_vendor({"/hook": said}) as vendor:
            webhook = _webhook(f"{vendor.url}/hook")
            return [await check.run(webhook) for check in VENDOR.checks], vendor.asked[0].json

    (reachable, encrypted), ping = run(whole())
    assert (reachable.ok, reachable.code, ping) == (ok, code, {"event": "ping"})
    assert ok or reachable.fix.zh
    assert encrypted.fix.en == "use https"


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://a.test/x?y=1", True),
        ("https://a.test", True),
        ("https://u:p@a.test/", False),
        ("ftp://a.test", False),
        ("https://a.test/#x", False),
        ("https://", False),
    ],
)
def test_the_form_of_an_address(url: str, fits: bool) -> None:
    assert bool(re.fullmatch(VENDOR.credentials[0].pattern, url)) is fits
