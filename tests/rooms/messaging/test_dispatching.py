"""Dispatching: each message once, or known to be unknown; cases of the reference and failures of existing systems by name."""

from __future__ import annotations

import asyncio
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import integers
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from siyu.carriers.calls import Calls
from siyu.connectors.errors import Throttled, Unavailable
from siyu.customers import consent
from siyu.foundation import faults
from siyu.foundation.database import Ledger, metadata
from siyu.foundation.errors import ConflictError
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import _tables, lease, policies, reconcile, sends
from siyu.messaging.carriers.port import Chunk, Content, Outcome, Part, outcome_of
from siyu.messaging.dispatching import Dispatcher
from siyu.messaging.settling import MOST_ATTEMPTS
from tests.conftest import SetClock, _opened
from tests.makers.cases import cases
from tests.makers.sandbox import wait_for
from tests.makers.sending import (
    FakeCarrier,
    account_of,
    dispatches,
    dispatching,
    people_of,
    planned,
    refuse,
    run,
    statuses,
)

NO = Text("不", "no")


@pytest.fixture
def stores_again(tmp_path: Path, clock: SetClock, blank_ledger: Path) -> Iterator[Callable[[], Stores]]:
    """New stores for each example of one test."""
    made: list[Stores] = []

    def again() -> Stores:
        home = tmp_path / str(len(made))
        home.mkdir()
        shutil.copy(blank_ledger, home / "ledger.sqlite")
        made.append(_opened(Settings(home=home, secret_key="ab" * 32), clock))
        return made[-1]

    yield again
    for stores in made:
        stores.close()


def test_everybody_of_a_send_is_told_once_and_the_send_is_over(any_stores: Stores) -> None:
    account, carrier = account_of(any_stores), FakeCarrier()
    send_id = planned(any_stores, account, people_of(any_stores, account, 250))
    with dispatching(any_stores, carrier) as dispatcher:
        run(dispatcher)
    assert sorted(carrier.heard) == sorted((f"p{n}", send_id) for n in range(1, 251))
    assert [size for _, size in carrier.calls] == [100, 100, 50]
    assert statuses(any_stores, send_id) == {"sent": 250}
    assert [(one.status, one.counts) for one in dispatches(any_stores)] == [("sent", {"sent": 250})]
    with any_stores.ledger.read() as tx:
        assert sends.find(tx, send_id).status == "over"


def test_rob_011_one_bad_contact_in_a_batch_is_failed_once_and_nothing_of_the_batch_is_resent(any_stores: Stores) -> None:
    account, carrier = account_of(any_stores), FakeCarrier(answer=refuse("p57"))
    send_id = planned(any_stores, account, people_of(any_stores, account, 100))
    with dispatching(any_stores, carrier) as dispatcher:
        run(dispatcher)
        run(dispatcher)
    assert len(carrier.heard) == 99
    assert (carrier.twice, len(carrier.calls)) == ([], 1)
    assert statuses(any_stores, send_id) == {"sent": 99, "refused": 1}


def test_rob_008_a_crash_between_fetch_and_send_leaves_the_others_to_be_sent_and_none_twice(any_stores: Stores, clock: SetClock) -> None:
    """400 of 1,000 are sent when the process dies: the other 600 are sent after the restart."""
    account = account_of(any_stores)
    send_id, sent = planned(any_stores, account, people_of(any_stores, account, 1_000)), 0
    carrier = FakeCarrier()
    with dispatching(any_stores, carrier) as dying:
        while sent < 400:
            dying.look()
            sent = statuses(any_stores, send_id)["sent"]
        # What is under way when it dies stays on disk as under way.
        carrier.hold = threading.Event()
        dying.look()
        wait_for(lambda: len(carrier.heard) == 500, 10)
    carrier.hold = None
    clock.at += timedelta(minutes=1)
    with dispatching(any_stores, carrier) as dispatcher:
        run(dispatcher)
        clock.at += timedelta(minutes=1)
        run(dispatcher)
    known = statuses(any_stores, send_id)
    assert (carrier.twice, len(set(carrier.heard))) == ([], 1_000)
    assert known == {"sent": 900, "unknown": 100}
    assert [one.counts for one in dispatches(any_stores) if one.status == "unknown"] == [{"sent": 400, "unknown": 100}]


def test_queue_acknowledged_before_work_loses_nobody_here(stores: Stores, clock: SetClock) -> None:
    """Claimed and killed before anything was marked as under way: everybody is told by the next."""
    account, carrier = account_of(stores), FakeCarrier()
    send_id = planned(stores, account, people_of(stores, account, 10))
    with stores.ledger.begin() as tx:
        assert lease.take(tx, account.id, "a dead process", stores.now()) is not None
    with dispatching(stores, carrier) as dispatcher:
        run(dispatcher)
        assert carrier.heard == []
        for _ in range(2):
            clock.at += timedelta(minutes=1)
            run(dispatcher)
    assert (statuses(stores, send_id), carrier.twice) == ({"sent": 10}, [])


def test_rob_007_a_dispatch_that_kills_its_worker_three_times_is_recorded_and_others_go_on(stores: Stores, clock: SetClock) -> None:
    account, carrier = account_of(stores), FakeCarrier()
    poison = planned(stores, account, people_of(stores, account, 3))
    with dispatching(stores, carrier) as dispatcher:
        for _ in range(3):
            with stores.ledger.begin() as tx:
                assert lease.take(tx, account.id, "dies", stores.now()) is not None
            clock.at += timedelta(minutes=2)
            with stores.ledger.begin() as tx:
                lease.expire(tx, stores.now())
            clock.at += timedelta(minutes=2)
        other = planned(stores, account, people_of(stores, account, 2, first=10))
        run(dispatcher)
    (dead,) = dispatches(stores, poison)
    assert (dead.status, dead.status_code, dead.next_at, dead.crash_count) == ("failed", "crashed", None, 3)
    assert (statuses(stores, poison), statuses(stores, other)) == ({"failed": 3}, {"sent": 2})


def test_rob_010_and_013_two_dispatchers_at_once_tell_everybody_once(any_stores: Stores, clock: SetClock) -> None:
    account, carrier = account_of(any_stores), FakeCarrier()
    numbers = people_of(any_stores, account, 40)
    sent = [planned(any_stores, account, numbers[start : start + 5], due_at=any_stores.now() + timedelta(minutes=start)) for start in range(0, 40, 5)]
    with dispatching(any_stores, carrier) as one, dispatching(any_stores, carrier) as two:
        for _ in range(45):
            clock.at += timedelta(minutes=1)
            with ThreadPoolExecutor(2) as both:
                list(both.map(lambda each: [each.look() for _ in range(2)], (one, two)))
    assert (len(carrier.heard), carrier.twice) == (40, [])
    assert {status for send_id in sent for status in statuses(any_stores, send_id)} == {"sent"}


def test_rob_016_a_carrier_that_honours_a_key_has_one_message_though_the_first_answer_was_lost(stores: Stores, clock: SetClock) -> None:
    account, lost = account_of(stores), [Outcome("unknown", "no_answer")]
    carrier = FakeCarrier(size=1_000, idempotent=True)
    send_id = planned(stores, account, people_of(stores, account, 20))

    async def answered(calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        found = await FakeCarrier.send(carrier, calls, chunk, content)
        return lost.pop() if lost else found

    carrier.send = answered  # type: ignore[method-assign]
    with dispatching(stores, carrier) as dispatcher:
        for _ in range(4):
            run(dispatcher)
            clock.at += timedelta(seconds=5)
    assert (len(carrier.heard), carrier.twice, len({key for key, _ in carrier.calls})) == (20, [], 1)
    assert statuses(stores, send_id) == {"sent": 20}


def test_without_a_way_to_ask_unknown_messages_wait_for_a_person_and_are_never_sent_again_by_themselves(stores: Stores, clock: SetClock) -> None:
    account, carrier = account_of(stores), FakeCarrier(answer=lambda chunk: Outcome("unknown", "no_answer"))
    first, second = (planned(stores, account, people_of(stores, account, 5, first=first)) for first in (1, 10))
    with dispatching(stores, carrier) as dispatcher:
        for _ in range(20):
            run(dispatcher)
            clock.at += timedelta(minutes=30)
        assert (len(carrier.calls), statuses(stores, first)) == (2, {"unknown": 5})
        # It is six in the morning by now: nobody is told before eight.
        clock.at += timedelta(hours=3)
        carrier.answer = lambda chunk: Outcome("sent")
        (one,), (two,) = dispatches(stores, first), dispatches(stores, second)
        with stores.ledger.begin() as tx:
            reconcile.decide(stores, tx, one.id, "sent")
            reconcile.decide(stores, tx, two.id, "again")
            with pytest.raises(ConflictError):
                reconcile.decide(stores, tx, one.id, "again")
        run(dispatcher)
    assert (statuses(stores, first), statuses(stores, second)) == ({"sent": 5}, {"sent": 5})
    assert sorted(carrier.heard) == [(f"p{n}", second) for n in (10, 11, 12, 13, 14)]


@pytest.mark.parametrize("error", [Throttled(NO, datetime(2026, 1, 1, 13, tzinfo=UTC)), Unavailable(NO, reached=False), Unavailable(NO, reached=True)])
def test_a_question_that_fails_says_nothing_about_what_was_asked_so_nothing_is_sent_again(stores: Stores, clock: SetClock, error: Exception) -> None:
    account = account_of(stores)

    def fails(chunk: Chunk) -> Outcome:
        raise error

    carrier = FakeCarrier(answer=lambda chunk: Outcome("unknown", "no_answer"), found=fails)
    send_id = planned(stores, account, people_of(stores, account, 5))
    with dispatching(stores, carrier) as dispatcher:
        for _ in range(5):
            run(dispatcher)
            clock.at += timedelta(minutes=30)
    assert (len(carrier.calls), statuses(stores, send_id)) == (1, {"unknown": 5})


def test_rob_022_one_slow_carrier_does_not_hold_the_others(stores: Stores) -> None:
    slow, quick = account_of(stores), account_of(stores, "wx2222222222222222")
    carrier = FakeCarrier(size=5)
    stuck = planned(stores, slow, people_of(stores, slow, 5))
    going = planned(stores, quick, people_of(stores, quick, 50))
    release = asyncio.Event()

    async def answered(calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        if chunk.account.id == slow.id:
            await release.wait()
        return await FakeCarrier.send(carrier, calls, chunk, content)

    carrier.send = answered  # type: ignore[method-assign]
    with dispatching(stores, carrier) as dispatcher:
        for _ in range(15):
            dispatcher.look()
        assert (statuses(stores, going), statuses(stores, stuck)) == ({"sent": 50}, {"attempting": 5})


@settings(max_examples=cases(3, 30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=integers(0, 10**9))
def test_rob_023_each_person_hears_in_the_order_of_arrival_whatever_the_carrier_answers(stores_again: Callable[[], Stores], seed: int) -> None:
    """Answers of 500, 200 and 400 in any order: what is delivered is delivered in order, nothing twice."""
    stores, draw = stores_again(), random.Random(seed)
    clock = stores.clock
    clock.at = datetime(2026, 1, 1, 1, tzinfo=UTC)  # type: ignore[attr-defined]
    account = account_of(stores)
    # More than the carrier's four a month, so that order has something to hold.
    with stores.ledger.begin() as tx:
        policies.activate(tx, {"quotas": []}, over=0, note="", by="test", now=stores.now())
    numbers = people_of(stores, account, 6)

    def answer(chunk: Chunk) -> Outcome:
        kinds = [draw.choice(("sent", "sent", "refused", "unavailable")) for _ in chunk.addresses]
        parts = [Part(kind, rows, kind) for kind in ("refused", "unavailable") if (rows := [row for row, one in enumerate(kinds) if one == kind])]
        return Outcome("sent", others=parts)

    carrier = FakeCarrier(answer=answer)
    sent = [planned(stores, account, numbers, due_at=stores.now() + timedelta(seconds=place)) for place in range(8)]
    with dispatching(stores, carrier) as dispatcher:
        for _ in range(100):
            clock.at += timedelta(minutes=10)  # type: ignore[attr-defined]
            run(dispatcher)
            if not any(statuses(stores, send_id)["planned"] for send_id in sent):
                break
    assert carrier.twice == []
    for number in numbers:
        heard = [send_id for address, send_id in carrier.heard if address == f"p{number}"]
        assert heard == sorted(heard)
    assert {name for send_id in sent for name in statuses(stores, send_id)} <= {"sent", "refused", "failed"}


def test_brd_001_a_pace_of_one_a_second_is_kept_through_a_pause_and_everybody_is_told_once(stores: Stores, clock: SetClock) -> None:
    account, carrier = account_of(stores), FakeCarrier()
    send_id = planned(stores, account, people_of(stores, account, 100), per_minute=60)

    def after(dispatcher: Dispatcher, seconds: float) -> int:
        for _ in range(int(seconds * 2)):
            clock.at += timedelta(seconds=0.5)
            run(dispatcher)
        return len(carrier.heard)

    with dispatching(stores, carrier) as dispatcher:
        run(dispatcher)
        assert len(carrier.heard) == 1
        assert after(dispatcher, 1.5) == 2
        with stores.ledger.begin() as tx:
            sends.pause(tx, send_id)
        assert after(dispatcher, 5) == 2
        with stores.ledger.begin() as tx:
            sends.resume(stores, tx, send_id, by="test")
        assert after(dispatcher, 100) == 100
    assert carrier.twice == []


def test_brd_002_a_person_refused_for_good_is_not_tried_again_after_a_pause(stores: Stores) -> None:
    account, carrier = account_of(stores), FakeCarrier(size=1, answer=refuse("p1", code="403"))
    send_id = planned(stores, account, people_of(stores, account, 2))
    with dispatching(stores, carrier) as dispatcher:
        while not statuses(stores, send_id)["refused"]:
            dispatcher.look()
            with stores.ledger.begin() as tx:
                sends.pause(tx, send_id)
        run(dispatcher)
        assert (len(carrier.calls), carrier.heard) == (1, [])
        with stores.ledger.begin() as tx:
            sends.resume(stores, tx, send_id, by="test")
        run(dispatcher)
    assert (carrier.heard, statuses(stores, send_id)) == ([("p2", send_id)], {"refused": 1, "sent": 1})
    with stores.ledger.read() as tx:
        assert sends.find(tx, send_id).status == "over"


def test_brd_004_and_rob_005_nothing_goes_before_its_time(any_stores: Stores, clock: SetClock) -> None:
    account, carrier = account_of(any_stores), FakeCarrier()
    due_at = any_stores.now() + timedelta(days=1)
    planned(any_stores, account, people_of(any_stores, account, 3), due_at=due_at)
    with dispatching(any_stores, carrier) as dispatcher:
        clock.at = due_at - timedelta(milliseconds=1)
        run(dispatcher)
        assert carrier.heard == []
        clock.at = due_at
        run(dispatcher)
    assert len(carrier.heard) == 3


def test_brd_005_a_carrier_that_never_can_fails_the_send_and_the_reason_is_kept(stores: Stores, clock: SetClock) -> None:
    account, carrier = account_of(stores), FakeCarrier(answer=lambda chunk: outcome_of(Unavailable(NO, reached=False, vendor_code="503")))
    # Nine in the morning: no quiet hours come in between.
    clock.at += timedelta(hours=13)
    send_id = planned(stores, account, people_of(stores, account, 3))
    with dispatching(stores, carrier) as dispatcher:
        for _ in range(MOST_ATTEMPTS + 2):
            run(dispatcher)
            clock.at += timedelta(minutes=16)
    assert (len(carrier.calls), statuses(stores, send_id)) == (MOST_ATTEMPTS, {"failed": 3})
    with stores.ledger.read() as tx:
        assert {row[0] for row in tx.execute(select(_tables.message.c.status_code))} == {"503"}


def test_throttled_is_no_attempt_and_is_tried_when_the_carrier_says(stores: Stores, clock: SetClock) -> None:
    account, at = account_of(stores), stores.now() + timedelta(minutes=40)
    carrier = FakeCarrier(answer=lambda chunk: outcome_of(Throttled(NO, at, vendor_code="45009")))
    send_id = planned(stores, account, people_of(stores, account, 3))
    with dispatching(stores, carrier) as dispatcher:
        run(dispatcher)
        (waits,) = dispatches(stores, send_id)
        assert (waits.status, waits.next_at, waits.attempt_count) == ("failed", at, 0)
        carrier.answer = lambda chunk: Outcome("sent")
        clock.at = at
        run(dispatcher)
    assert statuses(stores, send_id) == {"sent": 3}


def test_after_its_last_moment_nobody_is_told(stores: Stores, clock: SetClock) -> None:
    account, carrier = account_of(stores), FakeCarrier()
    send_id = planned(stores, account, people_of(stores, account, 3), until=timedelta(hours=1))
    clock.at += timedelta(hours=2)
    with dispatching(stores, carrier) as dispatcher:
        run(dispatcher)
    assert (carrier.heard, statuses(stores, send_id)) == ([], {"released": 3})


def test_clock_jump_sends_nothing_twice_and_loses_nothing(stores: Stores, clock: SetClock) -> None:
    """An hour forward while a call is under way, then back: the lease is over by the clock, the answer is believed all the same."""
    account, carrier = account_of(stores), FakeCarrier(hold=threading.Event())
    send_id = planned(stores, account, people_of(stores, account, 10))
    with dispatching(stores, carrier) as dispatcher, dispatching(stores, carrier) as other:
        dispatcher.look()
        clock.at += timedelta(hours=1)
        other.look()
        clock.at -= timedelta(hours=2)
        assert carrier.hold is not None
        carrier.hold.set()
        wait_for(lambda: dispatcher.look() or statuses(stores, send_id)["sent"], 10)
        clock.at += timedelta(hours=2)
        run(dispatcher)
        run(other)
    assert (len(carrier.heard), carrier.twice, statuses(stores, send_id)) == (10, [], {"sent": 10})


def test_disk_full_calls_nothing_that_is_not_on_disk_and_keeps_what_was_answered(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    account, carrier = account_of(stores), FakeCarrier()
    send_id = planned(stores, account, people_of(stores, account, 10))
    full, begin = OperationalError("INSERT", {}, Exception("database or disk is full")), type(stores.ledger).begin

    def refusing(ledger: Ledger) -> Any:
        raise full

    def cannot_write() -> bool:
        try:
            dispatcher.look()
        except OperationalError:
            return True
        return False

    with dispatching(stores, carrier) as dispatcher:
        monkeypatch.setattr(type(stores.ledger), "begin", refusing)
        for _ in range(3):
            with pytest.raises(OperationalError):
                dispatcher.look()
        assert carrier.calls == []
        monkeypatch.setattr(type(stores.ledger), "begin", begin)
        carrier.hold = threading.Event()
        dispatcher.look()
        monkeypatch.setattr(type(stores.ledger), "begin", refusing)
        carrier.hold.set()
        for _ in range(3):
            wait_for(cannot_write, 20)
        monkeypatch.setattr(type(stores.ledger), "begin", begin)
        run(dispatcher)
    assert (len(carrier.heard), carrier.twice, statuses(stores, send_id)) == (10, [], {"sent": 10})


def test_transaction_rolled_back_after_a_partial_send_leaves_what_was_sent_unknown_not_planned(stores: Stores, clock: SetClock) -> None:
    account, carrier = account_of(stores), FakeCarrier(size=4)
    send_id = planned(stores, account, people_of(stores, account, 10))
    with dispatching(stores, carrier) as dispatcher:
        faults.ask("dispatch.settling=raise")
        try:
            run(dispatcher)
        finally:
            faults.ask("")
        for _ in range(3):
            clock.at += timedelta(minutes=1)
            run(dispatcher)
    assert (len(carrier.heard), carrier.twice) == (10, [])
    assert statuses(stores, send_id) == {"unknown": 4, "sent": 6}


def test_second_chunk_overwrites_the_firsts_message_id_nowhere(stores: Stores) -> None:
    account = account_of(stores)
    carrier = FakeCarrier(size=1_000, answer=lambda chunk: Outcome("sent", ref=f"msg-{chunk.dispatch_id}"))
    numbers = people_of(stores, account, 6)
    send_id = planned(stores, account, numbers[:3])
    planned(stores, account, numbers[3:], send_id=send_id)
    with dispatching(stores, carrier) as dispatcher:
        run(dispatcher)
    found = dispatches(stores, send_id)
    assert [one.ref for one in found] == [f"msg-{one.id}" for one in found]


def test_two_who_turn_out_to_be_one_person_are_told_once(stores: Stores) -> None:
    account, carrier = account_of(stores), FakeCarrier()
    send_id = planned(stores, account, people_of(stores, account, 3))
    with stores.ledger.begin() as tx:
        tx.execute(update(metadata.tables["identity_customer"]).where(metadata.tables["identity_customer"].c.id == 3).values(merged_into=1))
        tx.execute(update(_tables.message).where(_tables.message.c.customer_id == 3).values(customer_id=1))
    with dispatching(stores, carrier) as dispatcher:
        run(dispatcher)
    assert (sorted(carrier.heard), statuses(stores, send_id)) == ([("p1", send_id), ("p2", send_id)], {"sent": 2, "released": 1})


def test_whoever_took_consent_back_since_planning_is_not_told(stores: Stores) -> None:
    account, carrier = account_of(stores), FakeCarrier()
    numbers = people_of(stores, account, 3)
    send_id = planned(stores, account, numbers, purpose="promotion")
    with stores.ledger.begin() as tx:
        said = [consent.Statement(n, "promotion", "", "granted" if n < 3 else "withdrawn", stores.now()) for n in numbers]
        consent.record(stores, tx, said, consent.Proof("api", "test"))
    with dispatching(stores, carrier) as dispatcher:
        run(dispatcher)
    assert (sorted(carrier.heard), statuses(stores, send_id)) == ([("p1", send_id), ("p2", send_id)], {"sent": 2, "released": 1})


def test_at_night_nobody_is_told_though_it_was_planned_for_the_evening(stores: Stores, clock: SetClock) -> None:
    account, carrier = account_of(stores), FakeCarrier()
    numbers = people_of(stores, account, 3)
    with stores.ledger.begin() as tx:
        consent.record(stores, tx, [consent.Statement(n, "content", "", "granted", stores.now()) for n in numbers], consent.Proof("api", "test"))
    send_id = planned(stores, account, numbers, purpose="value")
    clock.at = clock.at.replace(hour=15)
    with dispatching(stores, carrier) as dispatcher:
        run(dispatcher)
        (waits,) = dispatches(stores, send_id)
        morning = clock.at.replace(hour=0) + timedelta(days=1)
        assert (carrier.heard, waits.next_at, statuses(stores, send_id)) == ([], morning, {"planned": 3})
        clock.at = morning
        run(dispatcher)
    assert (len(carrier.heard), statuses(stores, send_id)) == (3, {"sent": 3})
