"""Sends are made once, counted on three levels, asked about for weeks and never repeated blindly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from siyu.carriers import sends, tasks
from siyu.carriers.sends import Counts, Send
from siyu.carriers.sends_polling import next_poll
from siyu.connectors.errors import Refused
from siyu.foundation.database import metadata
from siyu.foundation.errors import ConflictError
from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.corps import Corp, held, open_corp, run_job
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient

ADD = "add_msg_template"


@pytest.fixture
def corp(stores: Stores, sandbox: SandboxClient, clock: SetClock) -> Corp:
    clock.at = datetime.fromtimestamp(sandbox.now(), UTC)
    corp = open_corp(stores, sandbox, staff_count=2, habits={"confirm": 0})
    corp.fill(20, 2, overlap=0)
    corp.run(tasks.RECONCILE)
    return corp


def contacts(corp: Corp) -> list[str]:
    return sorted(contact for contact, _ in held(corp.stores, corp.account))


def intended(corp: Corp, kind: str = "customers", text: str = "今晚上新", **audience: Any) -> Send:
    with corp.stores.ledger.begin() as tx:
        return sends.intend(
            tx, corp.account, kind=kind, name="上新", content={"text": text, "attachments": []}, audience=audience or {"customers": contacts(corp)},
            now=corp.stores.now(), by="test",
        )  # fmt: skip


def made(corp: Corp, send: Send) -> Send:
    with tasks.calling(corp.stores) as calls:
        return calls.run(sends.make(calls, corp.account, send))


def standing(corp: Corp, send: Send) -> tuple[Send, Counts]:
    with corp.stores.ledger.read() as tx:
        return sends.find_send(tx, corp.account.id, send.id), sends.counts(tx, [send.id])[send.id]


def confirm(corp: Corp, staff: str) -> None:
    corp.sandbox.post(f"staff/{corp.corpid}/{staff}/confirm_task", {})


def asked(corp: Corp, api: str = ADD) -> int:
    return corp.calls(api)


def staff_of(corp: Corp) -> list[str]:
    return sorted({staff for _, staff in held(corp.stores, corp.account)})


def test_three_levels_are_counted_apart(corp: Corp, clock: SetClock) -> None:
    send = made(corp, intended(corp))
    assert (send.status, bool(send.ref)) == ("accepted", True)
    run_job(corp.stores, tasks.SENDS)
    _, counted = standing(corp, send)
    assert (counted.staff_count, counted.staff_sent_count, counted.received_count) == (2, 0, 0)
    first = staff_of(corp)[0]
    confirm(corp, first)
    clock.at += timedelta(minutes=2)
    run_job(corp.stores, tasks.SENDS)
    _, counted = standing(corp, send)
    mine = {contact for contact, staff in held(corp.stores, corp.account) if staff == first}
    assert (counted.staff_count, counted.staff_sent_count, counted.received_count) == (2, 1, len(mine))


def test_results_that_were_read_are_not_read_again(corp: Corp, clock: SetClock) -> None:
    send = made(corp, intended(corp))
    for staff in staff_of(corp):
        confirm(corp, staff)
    clock.at += timedelta(minutes=2)
    run_job(corp.stores, tasks.SENDS)
    before = asked(corp, "get_groupmsg_send_result")
    for _ in range(3):
        clock.at += timedelta(days=2)
        run_job(corp.stores, tasks.SENDS)
    assert asked(corp, "get_groupmsg_send_result") == before == 2
    assert standing(corp, send)[1].received_count == 20


def test_a_customer_who_left_unheard_is_found_by_the_send(corp: Corp, clock: SetClock) -> None:
    """The carrier goes on listing the relation; only the failed send tells."""
    everybody = contacts(corp)
    send = made(corp, intended(corp, customers=everybody))
    corp.drift(5, 0, lost_by="customer")
    gone = {pair[0] for pair in corp.truth("deleted_by_customer")}
    for staff in staff_of(corp):
        confirm(corp, staff)
    clock.at += timedelta(minutes=2)
    run_job(corp.stores, tasks.SENDS)
    assert standing(corp, send)[1].not_a_friend_count == 5
    assert {contact for contact, _ in held(corp.stores, corp.account, is_open=False)} == gone
    corp.run(tasks.RECONCILE)
    assert {contact for contact, _ in held(corp.stores, corp.account, is_open=False)} == gone, "the list still shows them; they stay ended"


def test_an_answer_that_never_came_is_looked_for_and_not_sent_again(corp: Corp, clock: SetClock) -> None:
    corp.sandbox.post("faults", {"api": ADD, "kind": "drop", "acted": True, "times": 1})
    send = made(corp, intended(corp))
    assert send.status == "unknown"
    run_job(corp.stores, tasks.SENDS)
    assert standing(corp, send)[0].status == "unknown", "it is too early to be sure"
    clock.at += timedelta(minutes=6)
    run_job(corp.stores, tasks.SENDS)
    found, _ = standing(corp, send)
    assert (found.status, bool(found.ref)) == ("accepted", True)
    assert asked(corp) == 1


def test_what_was_never_made_is_said_so_and_not_sent_by_itself(corp: Corp, clock: SetClock) -> None:
    corp.sandbox.post("faults", {"api": ADD, "kind": "drop", "times": 1})
    send = made(corp, intended(corp))
    clock.at += timedelta(minutes=6)
    for _ in range(3):
        run_job(corp.stores, tasks.SENDS)
    assert (standing(corp, send)[0].status, standing(corp, send)[0].status_code) == ("refused", "not_made")
    assert asked(corp) == 1


def test_killed_between_the_call_and_its_answer(corp: Corp, clock: SetClock) -> None:
    """As `kill -9` leaves it; an equal send made before is not taken for it."""
    first = made(corp, intended(corp))
    second = made(corp, intended(corp))
    table = metadata.tables["carriers_send"]
    with corp.stores.ledger.begin() as tx:
        tx.execute(update(table).where(table.c.id == second.id).values(status="attempting", ref=None, next_poll_at=None))
    clock.at += timedelta(minutes=6)
    run_job(corp.stores, tasks.SENDS)
    found, _ = standing(corp, second)
    assert (found.status, found.ref) == ("accepted", second.ref)
    assert found.ref != first.ref


def test_two_at_once_make_one(corp: Corp) -> None:
    send = intended(corp)
    made(corp, send)
    with pytest.raises(ConflictError):
        made(corp, send)
    assert asked(corp) == 1


def test_what_the_carrier_refuses_is_kept_with_its_code(corp: Corp) -> None:
    send = intended(corp, customers=["wmnobody"])
    with pytest.raises(Refused):
        made(corp, send)
    assert standing(corp, send)[0].status == "refused"
    assert standing(corp, send)[0].status_code


def test_questions_become_rarer_and_end_after_thirty_days() -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    send = Send(1, 1, "customers", "n", {}, {}, "accepted", None, "m", None, 0, begun, "t", begun, begun, None, begun, [], None)
    now, waits = begun, []
    while (at := next_poll(send, now)) is not None:
        waits.append(at - now)
        now = at
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] == timedelta(days=1)
    assert len(waits) < 60
    assert now - begun >= timedelta(days=30)


def test_a_moment_is_a_task_too(corp: Corp, clock: SetClock) -> None:
    send = made(corp, intended(corp, kind="moment", staff=staff_of(corp)))
    assert (send.status, send.ref, bool(send.job_ref)) == ("accepted", None, True)
    corp.sandbox.advance(seconds=10)
    run_job(corp.stores, tasks.SENDS)
    assert standing(corp, send)[0].ref
    confirm(corp, staff_of(corp)[0])
    clock.at += timedelta(minutes=5)
    run_job(corp.stores, tasks.SENDS)
    _, counted = standing(corp, send)
    assert (counted.staff_count, counted.staff_sent_count) == (2, 1)
    assert counted.received_count > 0


def test_reminders_and_cancelling(tmp_path: Path, sandbox: SandboxClient) -> None:
    with running_shop(tmp_path) as shop:
        _remind_and_cancel(shop, sandbox)


def _remind_and_cancel(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox, habits={"confirm": 0})
    sandbox.post("population", {"corpid": account["ref"], "contacts": 5, "staff": 3, "seed": 1})
    base = f"/carriers/accounts/{account['id']}/sends"
    body = {"kind": "customers", "name": "上新", "content": {"text": "今晚上新"}, "audience": {"sender": "staff0001"}}
    send = shop.api("POST", base, body, status=201)
    assert (send["status"], send["can_remind"]) == ("accepted", True)
    for _ in range(3):
        assert shop.api("POST", f"{base}/{send['id']}/remind")["status"] == "accepted"
    shop.api("POST", f"{base}/{send['id']}/remind", status=409)
    assert shop.api("POST", f"{base}/{send['id']}/cancel")["status"] == "cancelled"
    shop.api("POST", f"{base}/{send['id']}/cancel", status=409)
    shop.api("POST", base, {**body, "content": {"text": "长" * 4001}}, status=422)
    shop.api("POST", base, {**body, "content": {"attachments": [{"msgtype": "unknown"}]}}, status=422)
    assert [one["status"] for one in shop.api("GET", base)["items"]] == ["refused", "cancelled"]
    ann = shop.log_in("ann", "analyst")
    assert ann.get(f"/api/v1{base}").status_code == 200
    assert ann.post(f"/api/v1{base}", json=body).status_code == 403
    ann.close()

