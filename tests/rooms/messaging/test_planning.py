"""Planning: whom a send reaches is decided once for each person, in parts, with the gate's reason for everybody else."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from siyu.carriers import accounts
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_DECIDED
from siyu.foundation.stores import Stores
from siyu.messaging import _tables, outbox, planning, sends
from siyu.messaging.sends import Send
from siyu.river import flow
from tests.makers.messaging import draft, make, people_with


def _account(stores: Stores) -> int:
    with stores.ledger.begin() as tx:
        credentials = {"app_key": "k", "secret": "s" * 20, "definition": "sandbox", "receipt_key": "r" * 24}
        return accounts.connect(stores, tx, product="sms", name="短信", credentials=credentials, settings={"base_url": "http://127.0.0.1:9", "allow_private": "true"}, by="test").id


def _people(stores: Stores, count: int, *, first: int = 0, willing: bool = True) -> list[int]:
    found = [customer for customer, _ in people_with(stores, [{"phone": f"138{first + n:08d}"} for n in range(count)])]
    if willing:
        said = [Statement(customer, purpose, "", "granted", stores.now()) for customer in found for purpose in ("promotion", "content")]
        with stores.ledger.begin() as tx:
            consent.record(stores, tx, said, Proof("page", "test"))
        flow(stores)
    return found


def _planned(stores: Stores, ref: str, **changes: Any) -> Send:
    send = make(stores, ref, **changes)
    return planning.plan(stores, send.id)


def _messages(stores: Stores, *send_ids: int) -> list[tuple[int, int]]:
    table = _tables.message
    with stores.ledger.read() as tx:
        rows = tx.execute(select(table.c.send_id, table.c.customer_id).where(table.c.send_id.in_(send_ids), table.c.status.in_(outbox.COUNTING)))
        return sorted((int(one), int(other)) for one, other in rows)


def _reasons(stores: Stores, send_id: int) -> Counter[str | None]:
    with stores.ledger.read() as tx:
        head = log.head(tx)
    rows = [row for batch in log.read(stores.ledger, 0, head, [MESSAGES_DECIDED.name]) for row in batch.rows.to_pylist()]
    return Counter(row["reason"] for row in rows if row["send_id"] == send_id)


def test_everybody_is_decided_once_and_those_who_are_told_lie_in_dispatches(any_stores: Stores) -> None:
    _account(any_stores)
    willing, silent = _people(any_stores, 5), _people(any_stores, 3, first=100, willing=False)
    send = _planned(any_stores, "s", customers=[*willing, *silent])
    assert (send.status, send.counts["allow"], send.counts["reasons"]) == ("ready", 5, {"no_consent": 3})
    assert _messages(any_stores, send.id) == [(send.id, one) for one in sorted(willing)]
    with any_stores.ledger.read() as tx:
        made = outbox.list_dispatches(tx, send_id=send.id)
        assert sum(outbox.people_of(tx, one.id).num_rows for one in made) == 5
    assert _reasons(any_stores, send.id) == {None: 5, "no_consent": 3}
    assert planning.plan(any_stores, send.id) == send
    assert len(_messages(any_stores, send.id)) == 5


def test_audience_silently_cut_at_10_000_is_planned_whole_here(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "PART", 4_000)
    _account(stores)
    willing = _people(stores, 10_200)
    send = _planned(stores, "many", customers=willing)
    assert (send.counts["audience"], send.counts["allow"], len(_messages(stores, send.id))) == (10_200, 10_200, 10_200)


def test_what_a_dry_run_finds_is_what_is_planned_and_leaves_no_trace(stores: Stores) -> None:
    _account(stores)
    willing = _people(stores, 4)
    found = planning.dry_run(stores, draft(stores, "dry", customers=willing, control_rate=0.5))
    assert _reasons(stores, 0) == {}
    send = _planned(stores, "dry", customers=willing, control_rate=0.5)
    assert {name: found[name] for name in ("audience", "reasons")} == {name: send.counts[name] for name in ("audience", "reasons")}
    assert found["cost_fen"] == 0


def test_a_cap_holds_over_sends_and_the_dearer_one_takes_the_slot(any_stores: Stores) -> None:
    _account(any_stores)
    willing = _people(any_stores, 3)
    first = _planned(any_stores, "first", customers=willing, priority_fen=10)
    equal = _planned(any_stores, "equal", customers=willing, priority_fen=10)
    assert (equal.counts.get("allow", 0), equal.counts["reasons"]) == (0, {"mix": 3})
    dearer = _planned(any_stores, "dearer", customers=willing[:1], priority_fen=20)
    assert dearer.counts["allow"] == 1
    assert _messages(any_stores, first.id, equal.id, dearer.id) == sorted([(first.id, one) for one in willing[1:]] + [(dearer.id, willing[0])])


def test_two_planners_at_once_never_both_take_the_last_slot(any_stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "PART", 7)
    _account(any_stores)
    willing = _people(any_stores, 40)
    made = [make(any_stores, f"race {n}", customers=willing) for n in range(3)]
    raised: list[BaseException] = []

    def work(send_id: int) -> None:
        try:
            planning.plan(any_stores, send_id)
        except BaseException as error:
            raised.append(error)

    # The same send by two planners, besides, does no harm.
    threads = [threading.Thread(target=work, args=(send.id,)) for send in (*made, made[0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not raised
    told = Counter(customer for _, customer in _messages(any_stores, *(send.id for send in made)))
    assert told == dict.fromkeys(willing, 1)


def test_planning_that_was_cut_off_goes_on_at_the_next_part(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "PART", 10)
    _account(stores)
    willing = _people(stores, 35)
    send = make(stores, "cut", customers=willing)

    def stop(done: int, total: int) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        planning.plan(stores, send.id, told=stop)
    assert len(_messages(stores, send.id)) == 20
    assert planning.plan(stores, send.id).counts["allow"] == 35
    assert len(_messages(stores, send.id)) == 35


def test_quiet_hours_make_people_wait_in_a_dispatch_of_their_own(stores: Stores) -> None:
    _account(stores)
    willing = _people(stores, 2)
    local = stores.now().astimezone(stores.calendar.zone)
    night = (local + timedelta(days=1)).replace(hour=23, minute=0, second=0, microsecond=0)
    send = _planned(stores, "night", customers=willing, due_at=night, until_at=night + timedelta(days=1))
    assert (send.counts["wait"], send.counts["waits"]) == (2, {"quiet": 2})
    with stores.ledger.read() as tx:
        [made] = outbox.list_dispatches(tx, send_id=send.id)
    assert made.due_at.astimezone(stores.calendar.zone).hour == 8


def test_a_send_that_was_cancelled_plans_nobody(stores: Stores) -> None:
    _account(stores)
    send = make(stores, "gone", customers=_people(stores, 2))
    with stores.ledger.begin() as tx:
        sends.cancel(stores, tx, send.id, by="test")
    assert planning.plan(stores, send.id).status == "cancelled"
    assert _messages(stores, send.id) == []
