"""Facts of messages: what people were told is among their activities, and every fact follows the person who was merged."""

from __future__ import annotations

from typing import Any

from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY
from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_CHANGED, MESSAGES_DECIDED
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.identity.facts import IDENTITY_IDENTIFIER
from siyu.identity.merge import merge
from siyu.messaging.facts import MESSAGING_DECISION, MESSAGING_MESSAGE
from siyu.river import flow
from siyu.segments import rules
from siyu.segments.evaluate import members
from siyu.segments.windows import Moment
from tests.makers.messaging import people_with

AT = 1_767_000_000_000


def _rows(stores: Stores, fact: Any, **wanted: Any) -> list[dict[str, Any]]:
    table = fact.table
    for name, value in wanted.items():
        table = table.filter(table[name] == value)
    with stores.warehouse.read() as session:
        return sorted(session.query(table).to_pylist(), key=str)


def _decide(stores: Stores, *rows: tuple[int, int, str, int | None]) -> None:
    """(send, customer, verdict, identity key)"""
    columns = {
        "send_id": [r[0] for r in rows], "customer_id": [r[1] for r in rows], "verdict": [r[2] for r in rows], "identity_key": [r[3] for r in rows],
        "route": [0] * len(rows), "carrier": ["sms"] * len(rows), "purpose": ["promotion"] * len(rows), "at_ms": [AT] * len(rows), "decided_ms": [AT] * len(rows),
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        log.append(tx, MESSAGES_DECIDED, MESSAGES_DECIDED.table(columns), now=stores.now())


def _change(stores: Stores, customer: int, key: int, *statuses: str) -> None:
    size = len(statuses)
    columns = {
        "send_id": [7] * size, "customer_id": [customer] * size, "route": [0] * size, "identity_key": [key] * size, "account_id": [1] * size, "carrier": ["sms"] * size,
        "purpose": ["promotion"] * size, "status": list(statuses), "variant": ["b"] * size, "cost_fen": [5] * size, "at_ms": [to_ms(stores.now()) - 60_000] * size,
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        log.append(tx, MESSAGES_CHANGED, MESSAGES_CHANGED.table(columns), now=stores.now())


def test_only_ways_to_write_to_somebody_are_published_and_no_value_is(stores: Stores) -> None:
    ((customer, keys),) = people_with(stores, [{"phone": "13800000001", "email": "a@example.com", "member": "M1", "openid:wx1": "o1", "external_userid:ww1": "e1"}])
    rows = _rows(stores, IDENTITY_IDENTIFIER)
    assert {(row["namespace"], row["identity_key"], row["customer_id"]) for row in rows} == {(space, keys[space], customer) for space in ("phone", "email", "openid:wx1")}
    assert "13800000001" not in str(rows)


def test_a_message_that_was_sent_and_came_in_is_two_activities_with_their_properties_however_often_it_is_told(stores: Stores) -> None:
    ((customer, keys),) = people_with(stores, [{"phone": "13800000001"}])
    _change(stores, customer, keys["phone"], "attempting", "sent")
    _change(stores, customer, keys["phone"], "sent", "received")
    flow(stores)
    done = _rows(stores, CUSTOMERS_ACTIVITY)
    assert sorted(row["name"] for row in done) == ["message_delivered", "message_sent"]
    assert {row["customer_id"] for row in done} == {customer}
    said = {(row["path"], row["text"]) for row in _rows(stores, CUSTOMERS_PROPERTY, event_key=done[0]["event_key"])}
    assert said == {("send_id", "7"), ("purpose", "promotion"), ("carrier", "sms"), ("variant", "b")}


def test_contacted_in_seven_days_sees_our_own_messages(stores: Stores) -> None:
    (told, keys), (other, _) = people_with(stores, [{"phone": "13800000001"}, {"phone": "13800000002"}])
    _change(stores, told, keys["phone"], "sent")
    flow(stores)
    rule = rules.parse({"kind": "event", "name": "message_sent", "op": ">=", "count": 1, "window": {"last": 7}})
    with stores.warehouse.read() as session:
        found = session.query(members(rule, stores.warehouse.tables, Moment(to_ms(stores.now()), stores.calendar)))["customer_id"].to_pylist()
    assert found == [told]
    assert other not in found


def test_the_last_decision_of_each_person_of_a_send_holds_and_a_message_stands_as_it_was_told_last(stores: Stores) -> None:
    ((customer, keys),) = people_with(stores, [{"phone": "13800000001"}])
    _decide(stores, (7, customer, "refuse", None), (8, customer, "refuse", None))
    _decide(stores, (7, customer, "wait", keys["phone"]))
    flow(stores)
    assert [(row["send_id"], row["verdict"]) for row in _rows(stores, MESSAGING_DECISION)] == [(7, "wait"), (8, "refuse")]
    assert [(row["send_id"], row["status"]) for row in _rows(stores, MESSAGING_MESSAGE)] == [(7, "planned")]
    _change(stores, customer, keys["phone"], "attempting", "sent")
    flow(stores)
    assert [(row["status"], row["cost_fen"], row["customer_id"]) for row in _rows(stores, MESSAGING_MESSAGE)] == [("sent", 5, customer)]


def test_messages_follow_the_person_who_was_merged(stores: Stores) -> None:
    (one, _), (two, keys) = people_with(stores, [{"phone": "13800000001"}, {"phone": "13800000002"}])
    _change(stores, two, keys["phone"], "sent")
    flow(stores)
    with stores.ledger.begin() as tx:
        merge(stores, tx, [(one, two)], by="tests", why="asked")
    flow(stores)
    assert [row["customer_id"] for row in _rows(stores, MESSAGING_MESSAGE)] == [one]
    assert [row["customer_id"] for row in _rows(stores, CUSTOMERS_ACTIVITY)] == [one]
