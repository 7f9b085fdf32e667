"""Receipts: what comes back changes messages, addresses and consent; late, twice and in any order ends the same."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import insert, select

from siyu.carriers import _tables as carrier_tables
from siyu.carriers import inbound
from siyu.connectors.happenings import Happening
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.events import reactions
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.stores import Stores
from siyu.identity import _tables as identity_tables
from siyu.identity.resolve import RESOLVE
from siyu.messaging import _tables, cooldowns, suppression
from siyu.messaging.optouts import is_opt_out
from siyu.messaging.policy import DEFAULT
from siyu.messaging.receipts import RECEIPTS
from siyu.messaging.references import references

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _world(stores: Stores, product: str = "email") -> tuple[int, int, str]:
    """One person with one sent message: customer, identity key, reference."""
    with stores.ledger.begin() as tx:
        who = Senders({"email": pa.array(["alice@example.test"])})
        record_profiles(tx, stores.secrets, who, ids=pa.array(["1"]), at_ms=pa.array([1], pa.int64()), traits=[{}], now=stores.now(), dedup_key="x")
    reactions.advance(stores, RESOLVE)
    with stores.ledger.begin() as tx:
        key, customer = tx.execute(select(identity_tables.identifier.c.identity_key, identity_tables.identifier.c.customer_id)).one()
        now = stores.now()
        tx.execute(insert(carrier_tables.account).values(
            id=1, product=product, ref="a", name="a", credentials_sealed=b"", settings={}, callback_key="k", version=1, status="connected",
            status_since=now, created_at=now, created_by="t",
        ))  # fmt: skip
        tx.execute(insert(_tables.send).values(
            id=7, ref="r", name="n", purpose="promotion", exempt=False, priority_fen=0, spec={}, due_at=now, until_at=now, status="ready", counts={}, created_at=now, created_by="t",
        ))  # fmt: skip
        tx.execute(insert(_tables.message).values(
            customer_id=customer, send_id=7, route=0, identity_key=key, account_id=1, purpose=0, exempt=False, priority_fen=0, at_ms=1, floating=False, status=2,
        ))  # fmt: skip
        consent.record(stores, tx, [Statement(customer, "promotion", "", "granted", datetime(2025, 1, 1, tzinfo=UTC))], Proof("api", "test"))
    return customer, key, references(stores.secrets, 7, [0], [key])[0]


def _tell(stores: Stores, number: int, **detail: Any) -> None:
    with stores.ledger.begin() as tx:
        inbound.report(stores, tx, [(1, Happening(inbound.ABOUT_MESSAGE, AT, None, None, detail, str(number)))])
    reactions.advance(stores, RECEIPTS)


def _status(stores: Stores) -> int:
    with stores.ledger.read() as tx:
        return int(tx.scalar(select(_tables.message.c.status)) or 0)


def test_a_bounce_finds_its_message_and_stops_the_address(any_stores: Stores) -> None:
    _, key, reference = _world(any_stores)
    for number in range(2):
        _tell(any_stores, number, kind="message_failed", reference=reference, permanent=True, status="5.1.1")
    with any_stores.ledger.read() as tx:
        assert (_status(any_stores), suppression.suppressed_among(tx, "email", [key])) == (5, {key})


@pytest.mark.parametrize("order", list(permutations(("message_delivered", "message_delivered", "message_received"))))
def test_whoever_received_it_has_it_whatever_comes_later(stores: Stores, order: tuple[str, ...]) -> None:
    *_, reference = _world(stores)
    for number, kind in enumerate((*order, "message_failed")):
        _tell(stores, number, kind=kind, reference=reference, permanent=False, status="4.2.2")
    assert _status(stores) == 3


def test_a_forged_bounce_touches_nobody(stores: Stores) -> None:
    _, key, reference = _world(stores)
    _tell(stores, 1, kind="message_failed", reference=reference[:-1] + ("0" if reference[-1] != "0" else "1"), permanent=True, identity_key=key)
    with stores.ledger.read() as tx:
        assert (_status(stores), suppression.suppressed_among(tx, "email", [key])) == (2, set())


def test_a_word_sent_back_withdraws_with_its_proof(any_stores: Stores) -> None:
    customer, key, _ = _world(any_stores, "sms")
    _tell(any_stores, 1, kind="message_received", identity_key=key, word="TD")
    with any_stores.ledger.read() as tx:
        assert consent.may(any_stores, tx, [customer], "promotion", "sms") == set()
        assert consent.may(any_stores, tx, [customer], "promotion", "email") == {customer}
        newest = consent.history(tx, customer)[0]
    assert (newest.state, newest.place, newest.evidence) == ("withdrawn", "reply", "message_received TD")


@pytest.mark.parametrize(("text", "carrier", "is_one"), [
    ("TD", "sms", True), (" t ", "sms", True), ("退订。", "sms", True), ("T", "official_account", False), ("【退订】", "official_account", True),
    ("怎么退订?", "sms", False), ("Unsubscribe", "email", True), ("TDK 还有吗", "sms", False),
])  # fmt: skip
def test_which_words_opt_out(text: str, carrier: str, is_one: bool) -> None:
    assert is_opt_out(text, carrier) is is_one


def test_whoever_complains_is_left_in_peace_for_a_while(any_stores: Stores) -> None:
    customer, _, reference = _world(any_stores)
    _tell(any_stores, 1, kind="message_complained", reference=reference)
    with any_stores.ledger.read() as tx:
        [until_ms] = cooldowns.until(tx, DEFAULT, np.array([customer])).tolist()
    assert until_ms == to_ms(AT) + DEFAULT.cool_downs.complaint_days * DAY_MS
