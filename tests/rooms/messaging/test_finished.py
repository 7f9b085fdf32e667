"""What an Official Account tells of mass sends and notices afterwards moves the messages to where they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from siyu.app import job_kinds
from siyu.carriers.accounts import Account
from siyu.connectors.happenings import Happening
from siyu.foundation.jobs import Runner
from siyu.foundation.stores import Stores
from siyu.messaging import _tables, lease, outbox
from siyu.messaging.carriers.port import Outcome
from tests.conftest import SetClock
from tests.makers.called_back import tell
from tests.makers.sending import FakeCarrier, dispatches, dispatching, planned, run, statuses
from tests.rooms.messaging.test_answers import _connected, _follower


def _people(stores: Stores, account: Account, count: int) -> tuple[list[int], list[int]]:
    names = [f"o{n}" for n in range(count)]
    return [_follower(stores, account, name) for name in names], stores.secrets.index(names, f"identifier {account.namespace}")


def _sent(stores: Stores, form: str, count: int = 3) -> tuple[Account, int]:
    """A send of that form that the carrier has taken, as its number 77."""
    account = _connected(stores, "official_account")
    numbers, keys = _people(stores, account, count)
    send_id = planned(stores, account, numbers, keys=keys)
    with stores.ledger.begin() as tx:
        tx.execute(update(_tables.dispatch).values(form=form))
    with dispatching(stores, FakeCarrier(size=1_000, answer=lambda chunk: Outcome("sent", ref="77"))) as dispatcher:
        run(dispatcher)
    return account, send_id


def _finished(stores: Stores, account: Account, **detail: Any) -> None:
    tell(stores, account, Happening("mass_send_finished", stores.now(), None, None, {"message_id": "77", "ok": True, "status": "send success", **detail}, f"finished {detail}"))


@pytest.mark.parametrize(
    ("detail", "state"),
    [
        ({"total": 3, "after_filter": 3, "sent": 3, "failed": 0}, "received"), ({"total": 3, "after_filter": 3, "sent": 2, "failed": 1}, "sent"),
        ({"ok": False, "status": "err(10001)"}, "failed"), ({"message_id": "78", "total": 3, "sent": 3}, "sent"),
    ],
)  # fmt: skip
def test_a_mass_send_that_ended_is_received_by_all_or_by_nobody_or_it_is_not_known_who(any_stores: Stores, detail: dict[str, Any], state: str) -> None:
    account, send_id = _sent(any_stores, "mass")
    for _ in range(2):
        _finished(any_stores, account, **detail)
    assert statuses(any_stores, send_id) == {state: 3}
    (dispatch,) = dispatches(any_stores, send_id)
    assert (dispatch.counts, dispatch.status) == ({state: 3}, "sent")
    with any_stores.ledger.read() as tx:
        # Once its end is told nobody is kept in the dispatch any more.
        assert outbox.people_of(tx, dispatch.id).num_rows == (3 if detail.get("message_id") else 0)


def test_a_result_that_comes_before_the_answer_to_the_call_is_looked_at_again(stores: Stores, clock: SetClock) -> None:
    account = _connected(stores, "official_account")
    numbers, keys = _people(stores, account, 3)
    send_id = planned(stores, account, numbers, keys=keys)
    with stores.ledger.begin() as tx:
        tx.execute(update(_tables.dispatch).values(form="mass"))
        held = lease.take(tx, account.id, "somebody", stores.now())
    assert held is not None
    _finished(stores, account, total=3, sent=3)
    clock.at += timedelta(minutes=1)
    with dispatching(stores, FakeCarrier(size=1_000, answer=lambda chunk: Outcome("sent", ref="77"))) as dispatcher:
        run(dispatcher)
        clock.at += timedelta(minutes=1)
        run(dispatcher)
    assert statuses(stores, send_id) == {"sent": 3}
    Runner(stores, job_kinds()).run_pending()
    assert statuses(stores, send_id) == {"received": 3}


@pytest.mark.parametrize(("detail", "state", "code"), [
    ({"ok": True, "code": "0", "status": "success"}, "received", None), ({"ok": False, "code": "43101", "status": "failed"}, "failed", "43101"),
    ({"ok": False, "blocked": True, "status": "failed:user block"}, "refused", "failed:user block"),
])  # fmt: skip
def test_what_became_of_a_notice_is_told_of_the_last_one_of_its_template(stores: Stores, detail: dict[str, Any], state: str, code: str | None) -> None:
    account, send_id = _sent(stores, "notice:T1", 2)
    kind = "template_send_finished" if detail.get("blocked") else "subscribe_sent"
    about = {} if detail.get("blocked") else {"template_id": "T1"}
    tell(stores, account, Happening("subscribe_sent", stores.now(), "o0", None, {**detail, "template_id": "T2"}, "another template"))
    assert statuses(stores, send_id) == {"sent": 2}
    for number in range(2):
        tell(stores, account, Happening(kind, stores.now(), "o0", None, {**detail, **about}, f"told {number}"))
    assert statuses(stores, send_id) == {"sent": 1, state: 1}
    with stores.ledger.read() as tx:
        assert {row.status_code for row in tx.execute(_tables.message.select().where(_tables.message.c.status != outbox.SENT))} == {code}
