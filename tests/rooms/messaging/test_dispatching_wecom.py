"""WeCom tasks against the sandbox: made once, found again whatever was lost on the way, results taken into the messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from sqlalchemy import select

from siyu.carriers import _tables as carrier_tables
from siyu.carriers import sends_polling, tasks
from siyu.foundation.stores import Stores
from siyu.identity import identifiers
from siyu.messaging.carriers.port import Content
from siyu.messaging.carriers.wecom import WeCom
from siyu.messaging.dispatching import Dispatcher
from siyu.messaging.outbox import Dispatch
from siyu.messaging.sends import Send
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.corps import Corp, open_corp
from tests.makers.sandbox import SandboxClient
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
