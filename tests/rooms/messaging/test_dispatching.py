"""Dispatching: each message once, or known to be unknown; cases of the reference and failures of existing systems by name."""

from __future__ import annotations

from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import sends
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
