"""WeCom tasks against the sandbox: made once, found again whatever was lost on the way, results taken into the messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from sqlalchemy import select, update

from siyu.carriers import _tables as carrier_tables
from siyu.carriers import sends_polling, tasks
from siyu.foundation.database import metadata
from siyu.foundation.errors import ConflictError
from siyu.foundation.stores import Stores
from siyu.identity import identifiers
from siyu.messaging import _tables, policies, sends, staff_links, staff_page_routes, staff_tasks
from siyu.messaging.carriers.port import Content
from siyu.messaging.carriers.wecom import WeCom
from siyu.messaging.dispatching import Dispatcher
from siyu.messaging.outbox import Dispatch
from siyu.messaging.sends import Send
from siyu.river import flow
from siyu.web.application import build_application
from tests.conftest import SetClock
from tests.makers.corps import Corp, open_corp
from tests.makers.customers import TestClient
from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.sending import dispatches, planned, run, statuses

ADD = "externalcontact/add_msg_template"


@pytest.fixture
def corp(stores: Stores, sandbox: SandboxClient, clock: SetClock) -> Corp:
    clock.at = datetime.fromtimestamp(sandbox.now(), UTC)
    corp = open_corp(stores, sandbox, staff_count=2, habits={"confirm": 0})
    corp.fill(20, 2, overlap=0)
    corp.run(tasks.RECONCILE)
    flow(stores)
    return corp


def chunks(corp: Corp) -> dict[str, list[tuple[int, int]]]:
    """Staff → (customer, identity key) of those whom they reach."""
    contact, relation = carrier_tables.contact, carrier_tables.relation
    query = select(relation.c.staff, contact.c.identity_key).join(contact, contact.c.id == relation.c.contact_id).where(relation.c.ended_at.is_(None))
    with corp.stores.ledger.read() as tx:
        rows = tx.execute(query).all()
        owner = identifiers.customers_of(tx, [row.identity_key for row in rows])
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        found[row.staff].append((owner[row.identity_key], row.identity_key))
    return {staff: sorted(people) for staff, people in sorted(found.items())}


def plan(corp: Corp) -> int:
    """One send of the same words, a dispatch for each member of staff."""
    send_id: int | None = None
    for staff, people in chunks(corp).items():
        send_id = planned(corp.stores, corp.account, [c for c, _ in people], keys=[k for _, k in people], staff=staff, send_id=send_id)
    assert send_id is not None
    return send_id


def words(stores: Stores, send: Send, dispatch: Dispatch, left: pa.Table) -> tuple[Content, set[int]]:
    return Content([{"text": "今晚上新", "attachments": []}]), set()


@contextmanager
def dispatching(corp: Corp) -> Iterator[Dispatcher]:
    with tasks.calling(corp.stores) as calls:
        yield Dispatcher(calls, words, {"wecom": WeCom()})


def confirm_all(corp: Corp) -> None:
    for staff in chunks(corp):
        corp.sandbox.post(f"staff/{corp.corpid}/{staff}/confirm_task", {})


def read_results(corp: Corp) -> None:
    with tasks.calling(corp.stores) as calls:
        sends_polling.look_after(calls)
    flow(corp.stores)


def read_again(corp: Corp) -> None:
    """As after the next interval."""
    table = metadata.tables["carriers_send"]
    with corp.stores.ledger.begin() as tx:
        tx.execute(update(table).values(next_poll_at=corp.stores.now()))
    read_results(corp)


@contextmanager
def running(stores: Stores) -> Iterator[TestClient]:
    app = build_application(stores, [], title="Siyu", version="0.0.test", pages=(staff_page_routes.router,))
    yield TestClient(app, base_url="http://localhost")


def received(corp: Corp, words: str = "今晚上新") -> dict[str, int]:
    """Times → phones that received the send so often, by the sandbox's own record."""
    found: dict[str, int] = corp.sandbox.get("received", kind="group_send", words=words)["times"]
    return found


def test_a_send_has_three_levels_task_made_staff_sent_customer_received(corp: Corp) -> None:
    send_id = plan(corp)
    with dispatching(corp) as dispatcher:
        run(dispatcher)
    assert (corp.calls(ADD), statuses(corp.stores, send_id)) == (2, {"attempting": 20})
    confirm_all(corp)
    read_results(corp)
    assert statuses(corp.stores, send_id) == {"received": 20}
    assert [one.settled_at is None for one in dispatches(corp.stores)] == [False, False]
    assert received(corp) == {"1": 20}


def test_tasks_of_equal_words_that_were_never_answered_are_told_apart_by_sender_and_people(corp: Corp, clock: SetClock) -> None:
    send_id = plan(corp)
    corp.sandbox.post("faults", {"kind": "drop", "api": ADD, "acted": True, "times": 2})
    with dispatching(corp) as dispatcher:
        run(dispatcher)
        assert statuses(corp.stores, send_id) == {"unknown": 20}
        clock.at += timedelta(minutes=6)
        run(dispatcher)
    assert statuses(corp.stores, send_id) == {"attempting": 20}
    assert corp.calls(ADD) == 2
    confirm_all(corp)
    read_results(corp)
    assert statuses(corp.stores, send_id) == {"received": 20}
    assert received(corp) == {"1": 20}
    assert len({one.ref for one in dispatches(corp.stores)}) == 2


def test_rob_002_what_was_claimed_and_never_handed_over_is_sent_once_not_zero_times(corp: Corp, clock: SetClock) -> None:
    send_id = plan(corp)
    corp.sandbox.post("faults", {"kind": "drop", "api": ADD, "acted": False, "times": 2})
    with dispatching(corp) as dispatcher:
        run(dispatcher)
        assert statuses(corp.stores, send_id) == {"unknown": 20}
        clock.at += timedelta(minutes=6)
        run(dispatcher)
        clock.at += timedelta(minutes=6)
        run(dispatcher)
    confirm_all(corp)
    assert received(corp) == {"1": 20}


def test_what_staff_have_to_send_stands_on_their_phone_page_until_it_is_sent(corp: Corp) -> None:
    send_id = plan(corp)
    with dispatching(corp) as dispatcher:
        run(dispatcher)
    read_results(corp)
    staff, other = held = chunks(corp)
    with running(corp.stores) as client:
        page = client.get(f"/t/{staff_links.make_token(corp.stores, corp.account.id, staff)}")
        assert page.status_code == 200
        assert len(page.content) < 50_000
        assert "<script" not in page.text
        assert ("今晚上新" in page.text, f"{len(held[staff])} 位客户" in page.text, "待发送" in page.text) == (True, True, True)
        corp.sandbox.post(f"staff/{corp.corpid}/{staff}/confirm_task", {})
        corp.sandbox.advance(minutes=2)
        read_again(corp)
        assert "已发送" in client.get(page.url.path).text
        assert client.get("/t/made-up").status_code == 404
    with corp.stores.ledger.read() as tx:
        assert {one.staff: (one.state, one.received_count) for one in staff_tasks.of_send(corp.stores, tx, send_id)} == {staff: ("sent", len(held[staff])), other: ("open", 0)}


def test_a_cancelled_send_is_taken_back_from_the_phones_that_have_not_sent_it(corp: Corp, clock: SetClock) -> None:
    send_id = plan(corp)
    with dispatching(corp) as dispatcher:
        run(dispatcher)
        first, count = next((staff, len(people)) for staff, people in chunks(corp).items())
        corp.sandbox.post(f"staff/{corp.corpid}/{first}/confirm_task", {})
        read_results(corp)
        with corp.stores.ledger.begin() as tx:
            sends.cancel(corp.stores, tx, send_id, by="test")
        clock.at += timedelta(minutes=2)
        wait_for(lambda: dispatcher.look() or corp.calls("cancel_groupmsg_send"), 20)
    read_again(corp)
    confirm_all(corp)
    assert received(corp) == {"1": count}
    assert statuses(corp.stores, send_id) == {"received": count, "cancelled": 20 - count}


def test_reminders_stay_within_the_carriers_limit(corp: Corp) -> None:
    plan(corp)
    with dispatching(corp) as dispatcher:
        run(dispatcher)
    (number, *_) = [one.id for one in dispatches(corp.stores)]
    with tasks.calling(corp.stores) as calls:
        for _ in range(3):
            calls.run(staff_tasks.remind(calls, number))
        with pytest.raises(ConflictError):
            calls.run(staff_tasks.remind(calls, number))


def test_send_to_people_already_lost_is_refused_before_any_call(corp: Corp) -> None:
    staff, people = next(iter(chunks(corp).items()))
    with corp.stores.ledger.begin() as tx:
        tx.execute(update(carrier_tables.relation).where(carrier_tables.relation.c.staff == staff).values(ended_at=corp.stores.now()))
    send_id = planned(corp.stores, corp.account, [c for c, _ in people], keys=[k for _, k in people], staff=staff)
    with dispatching(corp) as dispatcher:
        run(dispatcher)
    assert (corp.calls(ADD), statuses(corp.stores, send_id)) == (0, {"refused": len(people)})


def test_over_quota_and_not_a_friend_are_told_for_each_person(corp: Corp, clock: SetClock) -> None:
    """What the carrier counts and we do not: here the policy leaves its quotas alone."""
    with corp.stores.ledger.begin() as tx:
        policies.activate(tx, {"quotas": []}, over=0, note="", by="test", now=corp.stores.now())
    corp.sandbox.patch("settings", {"wecom": {"sends_per_day": 1}})
    first = plan(corp)
    with dispatching(corp) as dispatcher:
        run(dispatcher)
        confirm_all(corp)
        second = plan(corp)
        run(dispatcher)
    confirm_all(corp)
    read_results(corp)
    corp.sandbox.patch("settings", {"wecom": {"sends_per_day": 0}})
    assert (statuses(corp.stores, first), statuses(corp.stores, second)) == ({"received": 20}, {"refused": 20})
    with corp.stores.ledger.read() as tx:
        codes = {row[0] for row in tx.execute(select(_tables.message.c.status_code).where(_tables.message.c.send_id == second))}
    assert codes == {"carrier_quota"}
