"""Senders of one message at a time, against the sandbox's mail server: each person once, each with their own way out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.connectors.email.connector import Email
from siyu.connectors.errors import Refused, Throttled, Unavailable
from siyu.connectors.memory import memory_ports
from siyu.connectors.ports import AccountKey
from siyu.foundation.secrets import Secrets
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging.carriers.email import EmailSender
from siyu.messaging.carriers.port import Chunk, Content
from siyu.messaging.carriers.singles import names_of, told
from siyu.messaging.carriers.sms import _message
from siyu.messaging.references import read, references
from tests.makers.mail import HANG_UP, MailServer, mail_server

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _chunk(count: int, purpose: str = "promotion") -> Chunk:
    people = pa.table({
        "customer_id": pa.array(range(1, count + 1), pa.int64()), "identity_key": pa.array(range(101, count + 101), pa.int64()),
        "route": pa.array([0] * count, pa.int16()), "address": [f"p{n}@example.test" for n in range(count)],
    })  # fmt: skip
    account: Any = SimpleNamespace(all_settings={})
    return Chunk(1, 1, 7, account, "", "a", purpose, "k", people, NOW)


def _sent(stores: Stores, server: MailServer, chunk: Chunk) -> Any:
    with mail_server(server) as running:
        settings = {"host": "127.0.0.1", "port": str(running.port), "tls": "none", "allow_private": "true", "timeout_seconds": "5"}
        email = Email(AccountKey(1, "email", "hello@brand.test"), {"address": "hello@brand.test"}, settings, memory_ports())
        calls: Any = SimpleNamespace(stores=stores, connector=lambda _: email)
        return asyncio.run(EmailSender().send(calls, chunk, Content([{"subject": "新茶", "text": "你好", "html": "<body>你好</body>"}])))


def test_one_bad_contact_in_a_batch(stores: Stores) -> None:
    """rob-011: the 57th of 100 is refused for good: 99 are sent once, one failed once."""
    server = MailServer({"RCPT": lambda line: "550 5.1.1 no such user" if "<p56@" in line else "250 ok"}, extensions=["PIPELINING"])
    outcome = _sent(stores, server, _chunk(100))
    assert (outcome.kind, [(one.kind, list(one.rows), one.code) for one in outcome.others]) == ("sent", [("refused", [56], "5.1.1")])
    assert sorted(one.to for one in server.received) == sorted(f"p{n}@example.test" for n in range(100) if n != 56)


@pytest.mark.parametrize(("reply", "gone"), [("550 no such user", True), ("550 5.1.1 no such user", True), ("550 5.7.1 relaying denied", False), ("552 5.2.2 full", False), ("551 moved", True)])
def test_an_address_that_the_server_does_not_know_is_told_apart_from_one_that_it_does_not_want_now(stores: Stores, reply: str, gone: bool) -> None:
    server = MailServer({"RCPT": lambda line: reply if "<p0@" in line else "250 ok"}, extensions=["PIPELINING"])
    for count in (1, 2):
        outcome = _sent(stores, server, _chunk(count))
        parts = [(one.kind, list(one.rows), one.gone) for one in outcome.others] or [(outcome.kind, [0], False)]
        assert parts == [("refused", [0], gone)]


def test_a_server_that_dies_after_the_dot_leaves_one_unknown_and_the_rest_told(stores: Stores) -> None:
    server = MailServer({".": ["250 ok"] * 30 + [HANG_UP]}, extensions=["PIPELINING"])
    outcome = _sent(stores, server, _chunk(80))
    assert [(one.kind, list(one.rows)) for one in outcome.others] == [("unknown", [30])]
    assert len({one.to for one in server.received}) == len(server.received) == 80


def test_each_letter_has_its_own_way_out_and_a_name_that_leads_back(stores: Stores) -> None:
    server = MailServer()
    _sent(stores, server, _chunk(3))
    heads = [one.content.decode() for one in server.received]
    ways = {head.split("List-Unsubscribe: <")[1].split(">")[0] for head in heads}
    assert len(ways) == 3
    assert all(way.endswith("/unsubscribe") and "/p/" in way for way in ways)
    named = [read(stores.secrets, head.split("<siyu.")[1].split("@")[0]) for head in heads]
    assert [(one and (one.send_id, one.route, one.identity_key)) for one in named] == [(7, 0, 101), (7, 0, 102), (7, 0, 103)]


def test_what_rests_on_the_contract_has_no_unsubscribe(stores: Stores) -> None:
    server = MailServer()
    _sent(stores, server, _chunk(1, "service"))
    assert b"List-Unsubscribe" not in server.received[0].content


@given(st.integers(0, 2**28 - 1), st.integers(0, 15), st.integers(0, 2**63 - 1), st.integers(0, 31), st.sampled_from("0123456789abcdef"))
def test_a_reference_leads_back_and_nobody_else_can_make_one(send: int, route: int, key: int, place: int, digit: str) -> None:
    secrets = Secrets(b"e" * 32, b"i" * 32, b"s" * 32)
    (text,) = references(secrets, send, [route], [key])
    found = read(secrets, text)
    assert found is not None
    assert (found.send_id, found.route, found.identity_key, len(text)) == (send, route, key, 32)
    other = text[:place] + digit + text[place + 1 :]
    assert (read(secrets, other) is None) is (other != text)


def test_the_same_person_has_the_same_name_in_every_attempt(stores: Stores) -> None:
    assert names_of(stores, _chunk(3)) == names_of(stores, _chunk(3))


def test_what_came_of_each_is_told_apart() -> None:
    words = Text("x", "x")
    errors = [None, Refused(words, vendor_code="5.1.1"), Throttled(words, NOW, vendor_code="450"), Unavailable(words, reached=None), Unavailable(words, reached=False)]
    assert [(one.kind, list(one.rows)) for one in told(errors).others] == [("refused", [1]), ("throttled", [2]), ("unknown", [3]), ("unavailable", [4])]
    assert told([Throttled(words, NOW)] * 3).kind == "throttled"


@pytest.mark.parametrize(("text", "added"), [("新茶到店", True), ("新茶到店 退订回T", False), ("", False)])
def test_words_to_opt_out_stand_in_marketing_texts_once(text: str, added: bool) -> None:
    assert _message({"text": text}, "13800000000", "x", "拒收请回复R").text.endswith("拒收请回复R") is added
