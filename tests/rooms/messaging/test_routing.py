"""Routing: by which carrier each person is told, who is left out of every way, and what it costs."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from siyu.carriers import accounts
from siyu.connectors.registry import VENDORS
from siyu.customers import consent, minors
from siyu.customers.consent import Proof, Statement
from siyu.events import log
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.catalogue.messaging import MESSAGES_CHANGED
from siyu.events.recording import Senders, record_activities, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.messaging import _tables, outbox, planning, sends
from siyu.messaging.sends import CONSENT_FOR, SENDABLE, Send
from siyu.river import flow
from tests.makers.carriers import wecom_account
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


STATES = ("granted", "refused", "withdrawn", "unknown")
PERSON = st.fixed_dictionaries(
    {
        "said": st.lists(st.tuples(st.sampled_from(("promotion", "content", "service")), st.sampled_from(("", "sms", "email")), st.sampled_from(STATES), st.integers(0, 3)), max_size=4),
        "restricted": st.sampled_from((False, False, True)), "born": st.sampled_from((1990, 1990, 2010, 2016)), "guardian": st.booleans(),
    }
)  # fmt: skip


_NUMBERS = count()
"""Each example has people of its own, also one that is tried again."""


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(PERSON, min_size=4, max_size=12))
def test_consent_of_a_whole_base_is_that_of_each_person(stores: Stores, people: list[dict[str, Any]]) -> None:
    number = next(_NUMBERS)
    with stores.ledger.read() as tx:
        if not sends.list_sends(tx):
            account(stores, "sms")
    phones = [f"139{number:04d}{n:04d}" for n in range(len(people))]
    ids = [customer for customer, _ in people_with(stores, [{"phone": phone} for phone in phones])]
    at, size = stores.now(), len(ids)
    with stores.ledger.begin() as tx:
        who, keys = Senders({"phone": pa.array(phones)}), pa.array([f"born {phone}" for phone in phones])
        traits = [{"birthday": f"{one['born']}-03-01"} for one in people]
        record_profiles(tx, stores.secrets, who, ids=keys, at_ms=pa.array([to_ms(at)] * size), traits=traits, now=at, dedup_key=f"born {number}")
    flow(stores)
    said = [Statement(customer, purpose, on, state, at - timedelta(minutes=ago)) for customer, one in zip(ids, people, strict=True) for purpose, on, state, ago in one["said"]]
    with stores.ledger.begin() as tx:
        consent.record(stores, tx, said, Proof("page", "test"))
        for customer, one in zip(ids, people, strict=True):
            if one["restricted"]:
                minors.restrict(stores, tx, customer, by="test", reason="asked")
            if one["born"] == 2016 and one["guardian"]:
                minors.guardian_consents(stores, tx, customer, evidence="form", by="test")
    flow(stores)
    for purpose in ("promotion", "value", "service"):
        send = planned(stores, f"{number} {purpose}", ids, purpose=purpose, exempt=False, carriers=("sms",))
        with stores.ledger.read() as tx:
            may = consent.may(stores, tx, ids, CONSENT_FOR[purpose], "sms")
        assert set(accounts_of(stores, send)) == may, purpose


def relate(stores: Stores, account_id: int, rows: list[dict[str, Any]]) -> None:
    """Spells of relations, as callbacks bring them."""
    same: dict[str, Any] = {"account_id": account_id, "began_known": True, "void": False, "found_by": "callback", "ended_ms": None, "by": None}
    full = [same | row for row in rows]
    with stores.ledger.begin() as tx:
        log.append(tx, RELATIONS_CHANGED, RELATIONS_CHANGED.table({name: [row[name] for row in full] for name in full[0]}), now=stores.now())
    flow(stores)


def staff_of(stores: Stores, send: Send) -> dict[int, list[str]]:
    """Customer → the staff who are to send to them."""
    found: dict[int, list[str]] = {}
    with stores.ledger.read() as tx:
        for dispatch in outbox.list_dispatches(tx, send_id=send.id):
            for customer in outbox.people_of(tx, dispatch.id)["customer_id"].to_pylist():
                found.setdefault(customer, []).append(dispatch.staff)
    return found


def test_one_message_per_staff_member_to_the_same_person_is_one_of_one_here_and_send_to_people_already_lost_is_none(any_stores: Stores) -> None:
    wecom = wecom_account(any_stores)
    people = people_with(any_stores, [{wecom.namespace: f"wm{n}"} for n in range(5)])
    key = [keys[wecom.namespace] for _, keys in people]
    now = to_ms(any_stores.now())
    known = [{"identity_key": key[n], "staff": staff, "began_ms": now - age} for n in range(4) for staff, age in (("kim", 900), ("lee", 500), ("may", 700))]
    lost = {1: ("lee",), 2: ("lee", "may", "kim")}
    ended = [{**row, "ended_ms": now - 10, "by": "customer"} for row in known if row["staff"] in lost.get(key.index(row["identity_key"]), ())]
    relate(any_stores, wecom.id, [*known, *ended])
    send = planned(any_stores, "staff", [customer for customer, _ in people], carriers=("wecom",))
    of = {customer: n for n, (customer, _) in enumerate(people)}
    # Of those who still know the person the one who added them last; the third is lost to everybody, the fifth never known.
    assert {of[customer]: staff for customer, staff in staff_of(any_stores, send).items()} == {0: ["lee"], 1: ["may"], 3: ["lee"]}
    assert send.counts["reasons"] == {"lost": 1, "unreachable": 1}


def test_the_carrier_that_the_person_answered_last_comes_first(stores: Stores) -> None:
    sms, email = account(stores, "sms"), account(stores, "email")
    people = reachable(stores, 3)
    at, now = to_ms(stores.now()), stores.now()
    did = [(0, "sms", 10), (0, "email", 5), (1, "email", 10), (1, "sms", 5)]
    with stores.ledger.begin() as tx:
        record_activities(
            tx, stores.secrets, Senders({"phone": pa.array([f"138{n:08d}" for n, _, _ in did])}), ids=pa.array([f"act {n}" for n in range(len(did))]),
            at_ms=pa.array([at - ago for _, _, ago in did]), names=pa.array(["link_opened"] * len(did)), properties=pa.array([json.dumps({"carrier": on}) for _, on, _ in did]),
            now=now, dedup_key="answers",
        )  # fmt: skip
    flow(stores)
    assert accounts_of(stores, planned(stores, "person", people, order="person")) == dict(zip(people, (email, sms, sms), strict=True))
    assert set(accounts_of(stores, planned(stores, "listed", people)).values()) == {sms}
