"""Sends and the outbox: asked for once, held and cancelled at once, every change of a message counted and told."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from siyu.app import job_kinds
from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_CHANGED
from siyu.foundation.database import upsert
from siyu.foundation.errors import ConflictError, InvalidError
from siyu.foundation.jobs import Runner
from siyu.foundation.stores import Stores
from siyu.messaging import _tables, outbox, sends
from tests.makers.messaging import draft, make, put_messages


def _counts(stores: Stores, send_id: int) -> dict[str, int]:
    with stores.ledger.read() as tx:
        return {name: count for name, count in sends.counts(tx, [send_id])[send_id].items() if count}


def _told(stores: Stores) -> list[dict[str, Any]]:
    with stores.ledger.read() as tx:
        head = log.head(tx)
    return [row for batch in log.read(stores.ledger, 0, head, [MESSAGES_CHANGED.name]) for row in batch.rows.to_pylist()]


def test_the_same_ref_gives_the_same_send_and_another_send_is_a_conflict(any_stores: Stores) -> None:
    first = make(any_stores, customers=[1, 2])
    assert make(any_stores, customers=[1, 2]) == first
    with pytest.raises(ConflictError):
        make(any_stores, customers=[1, 2, 3])


def test_every_fault_of_a_send_is_named_at_once(stores: Stores) -> None:
    wrong = draft(stores, include=[99], content={}, carriers=("sms", "pigeon"), split={"a": 0.4}, control_rate=1.0, exempt=True, until_at=stores.now())
    with pytest.raises(InvalidError) as raised, stores.ledger.begin() as tx:
        sends.create(stores, tx, wrong, by="tests")
    assert {fault.field for fault in raised.value.faults} == {"audience.include.0", "content", "split", "control_rate", "carriers.1", "exempt", "until_at"}


def test_people_of_one_sender_share_dispatches_that_are_filled_up_to_the_limit(any_stores: Stores) -> None:
    send = make(any_stores, customers=[1])
    put_messages(any_stores, send, [(n, n) for n in range(1, 801)])
    put_messages(any_stores, send, [(n, n) for n in range(801, 1601)])
    with any_stores.ledger.read() as tx:
        made = outbox.list_dispatches(tx, send_id=send.id)
        people = [outbox.people_of(tx, one.id)["customer_id"].to_pylist() for one in made]
    assert [one.people_count for one in made] == [1000, 600]
    assert people == [list(range(1, 1001)), list(range(1001, 1601))]


def test_a_mark_changes_a_set_counts_it_and_tells_it(any_stores: Stores) -> None:
    send = make(any_stores, customers=[1])
    put_messages(any_stores, send, [(n, 10 + n) for n in range(1, 6)], staff="kim", carrier="wecom")
    with any_stores.ledger.begin() as tx:
        (dispatch,) = outbox.list_dispatches(tx, send_id=send.id)
        people = outbox.people_of(tx, dispatch.id)
        assert outbox.mark(tx, people, outbox.SENT, now=any_stores.now(), at_ms=77, floating=False) == 5
        assert outbox.mark(tx, people.slice(0, 2), outbox.REFUSED, now=any_stores.now(), code="84061", was=(outbox.SENT,)) == 2
        # Neither those that are no longer sent, nor those that are so already.
        assert outbox.mark(tx, people, outbox.SENT, now=any_stores.now(), was=(outbox.PLANNED,)) == 0
        now = outbox.people_of(tx, dispatch.id)
    assert now["status"].to_pylist() == [5, 5, 2, 2, 2]
    assert set(now["at_ms"].to_pylist()) == {77}
    assert not any(now["floating"].to_pylist())
    assert _counts(any_stores, send.id) == {"sent": 3, "refused": 2}
    told = _told(any_stores)
    assert [(row["customer_id"], row["status"], row["reason"], row["carrier"], row["purpose"], row["variant"]) for row in told] == [
        *((n, "sent", None, "wecom", "promotion", "a") for n in range(1, 6)), *((n, "refused", "84061", "wecom", "promotion", "a") for n in (1, 2)),
    ]  # fmt: skip


def test_a_message_follows_the_person_who_was_merged_and_one_who_is_gone_is_passed_over(any_stores: Stores) -> None:
    send = make(any_stores, customers=[1])
    put_messages(any_stores, send, [(1, 11), (2, 12), (3, 13)])
    now = any_stores.now()
    with any_stores.ledger.begin() as tx:
        people = [{"id": n, "created_at": now, "merged_into": None} for n in (1, 2, 3)]
        upsert(tx, _tables.metadata.tables["identity_customer"], people, ["id"])
        tx.execute(_tables.metadata.tables["identity_customer"].update().where(_tables.metadata.tables["identity_customer"].c.id == 2).values(merged_into=1))
        tx.execute(_tables.message.update().where(_tables.message.c.customer_id == 2).values(customer_id=1))
        tx.execute(_tables.message.delete().where(_tables.message.c.customer_id == 3))
        (dispatch,) = outbox.list_dispatches(tx, send_id=send.id)
        found = outbox.people_of(tx, dispatch.id)
        assert list(zip(found["customer_id"].to_pylist(), found["identity_key"].to_pylist(), strict=True)) == [(1, 11), (1, 12)]
        assert outbox.mark(tx, found, outbox.SENT, now=now) == 2


def test_pausing_and_cancelling_hold_at_once_and_give_the_slots_back(any_stores: Stores) -> None:
    send = make(any_stores, customers=[1])
    put_messages(any_stores, send, [(n, n) for n in range(1, 1501)])
    with any_stores.ledger.begin() as tx:
        assert sends.pause(tx, send.id).status == "paused"
        tx.execute(_tables.send.update().where(_tables.send.c.id == send.id).values(status="over"))
        with pytest.raises(ConflictError):
            sends.pause(tx, send.id)
        tx.execute(_tables.send.update().where(_tables.send.c.id == send.id).values(status="paused"))
        first, second = outbox.list_dispatches(tx, send_id=send.id)
        # The first is under way: it ends, and keeps what it holds.
        tx.execute(_tables.dispatch.update().where(_tables.dispatch.c.id == first.id).values(status="claimed"))
        assert sends.cancel(any_stores, tx, send.id, by="tests").status == "cancelled"
        assert [one.status for one in outbox.list_dispatches(tx, send_id=send.id)] == ["claimed", "cancelled"]
        assert sends.cancel(any_stores, tx, send.id, by="tests").status == "cancelled"
    runner = Runner(any_stores, [kind for kind in job_kinds() if kind.name == sends.RELEASE])
    runner.run_pending()
    assert _counts(any_stores, send.id) == {"planned": 1000, "cancelled": 500}
    with any_stores.ledger.read() as tx:
        assert outbox.people_of(tx, second.id).num_rows == 0
        assert {row["reason"] for row in _told(any_stores)} == {"cancelled"}


def test_a_send_is_over_when_nothing_of_it_is_open(stores: Stores) -> None:
    send = make(stores, customers=[1])
    put_messages(stores, send, [(1, 1)])
    with stores.ledger.begin() as tx:
        tx.execute(_tables.send.update().values(status="ready"))
        assert sends.close_finished(tx, [send.id]) == 0
        (dispatch,) = outbox.list_dispatches(tx, send_id=send.id)
        outbox.mark(tx, outbox.people_of(tx, dispatch.id), outbox.SENT, now=stores.now())
        outbox.settle(tx, dispatch.id, "sent", now=stores.now(), ref="msg-1")
        assert sends.close_finished(tx, [send.id]) == 1
        assert sends.find(tx, send.id).status == "over"
        assert outbox.messages(tx, pa.table({"customer_id": [9], "send_id": [9], "route": [0], "identity_key": [9]})).num_rows == 0
