"""Routing: by which carrier each person is told, who is left out of every way, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from siyu.carriers import accounts
from siyu.connectors.registry import VENDORS
from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_CHANGED
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.messaging import _tables, outbox, planning
from siyu.messaging.sends import SENDABLE, Send
from tests.makers.messaging import draft, make, people_with


def account(stores: Stores, product: str, name: str = "", **settings: str) -> int:
    credentials, needed = {
        "sms": ({"app_key": name or "k", "secret": "s" * 20, "definition": "sandbox", "receipt_key": "r" * 24}, {"base_url": "http://127.0.0.1:9", "allow_private": "true"}),
        "email": ({"address": "a@brand.example", "username": "u", "password": "p"}, {"host": "mail.example"}),
    }[product]
    with stores.ledger.begin() as tx:
        return accounts.connect(stores, tx, product=product, name=product, credentials=credentials, settings={**needed, **settings}, by="test").id


def reachable(stores: Stores, count: int) -> list[int]:
    return [customer for customer, _ in people_with(stores, [{"phone": f"138{n:08d}", "email": f"p{n}@example.test"} for n in range(count)])]


def planned(stores: Stores, ref: str, customers: list[int], **changes: Any) -> Send:
    given: dict[str, Any] = {"purpose": "service", "exempt": True, "carriers": ("sms", "email"), **changes}
    return planning.plan(stores, make(stores, ref, customers=customers, **given).id)


def accounts_of(stores: Stores, send: Send) -> dict[int, int]:
    """Customer → the account that tells them."""
    table = _tables.message
    with stores.ledger.read() as tx:
        return {int(customer): int(by) for customer, by in tx.execute(select(table.c.customer_id, table.c.account_id).where(table.c.send_id == send.id))}


def test_every_carrier_that_sends_takes_what_a_message_costs() -> None:
    assert [product for product in SENDABLE if "message_cost_fen" not in {field.name for field in VENDORS[product].settings}] == []


def test_the_cheapest_way_is_taken_and_what_it_costs_is_told_before_and_after(any_stores: Stores) -> None:
    dear, cheap = account(any_stores, "sms", message_cost_fen="5"), account(any_stores, "email", message_cost_fen="2")
    people = reachable(any_stores, 3)
    listed, cost = planned(any_stores, "listed", people), planned(any_stores, "cost", people, order="cost")
    assert (set(accounts_of(any_stores, listed).values()), set(accounts_of(any_stores, cost).values())) == ({dear}, {cheap})
    dry = planning.dry_run(any_stores, draft(any_stores, "dry", customers=people, purpose="service", exempt=True, carriers=("sms", "email")))
    assert dry["cost_fen"] == 15
    with any_stores.ledger.begin() as tx:
        [dispatch] = outbox.list_dispatches(tx, send_id=cost.id)
        outbox.mark(tx, outbox.people_of(tx, dispatch.id), outbox.SENT, now=any_stores.now())
        head = log.head(tx)
    told = [row for batch in log.read(any_stores.ledger, 0, head, [MESSAGES_CHANGED.name]) for row in batch.rows.to_pylist()]
    assert [row["cost_fen"] for row in told if row["status"] == "sent"] == [2, 2, 2]


def test_of_two_accounts_of_one_carrier_the_cheaper_comes_first_and_no_cost_is_free(stores: Stores) -> None:
    account(stores, "sms", "dear", message_cost_fen="5")
    free = account(stores, "sms", "free")
    assert set(accounts_of(stores, planned(stores, "s", reachable(stores, 2), carriers=("sms",))).values()) == {free}


def test_a_cost_that_is_no_whole_number_of_fen_is_a_fault(stores: Stores) -> None:
    with pytest.raises(InvalidError) as raised:
        account(stores, "sms", message_cost_fen="4.5")
    assert [fault.field for fault in raised.value.faults] == ["settings.message_cost_fen"]
