"""Suppression: what comes late, twice or in another order ends the same; somebody who knows better has the last word."""

from __future__ import annotations

import random

import pytest

from siyu.foundation.errors import InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.messaging import suppression
from siyu.messaging.carriers.port import Outcome, Part
from siyu.messaging.suppression import SOFT, Told
from tests.makers.sending import FakeCarrier, account_of, dispatching, people_of, planned, run, statuses


def _told(stores: Stores, *told: Told) -> set[int]:
    with stores.ledger.begin() as tx:
        suppression.take_in(tx, "email", told)
        return suppression.suppressed_among(tx, "email", [1, 2, 3])


def test_an_address_that_does_not_exist_is_suppressed_by_the_refusal_itself(stores: Stores) -> None:
    """As by a bounce that comes later: 550 in the conversation is the same news."""
    account = account_of(stores)
    numbers = people_of(stores, account, 3)
    send_id = planned(stores, account, numbers)
    carrier = FakeCarrier(answer=lambda chunk: Outcome("sent", others=[Part("refused", [1], "5.1.1", gone=True)]))
    with dispatching(stores, carrier) as dispatcher:
        run(dispatcher)
    assert statuses(stores, send_id) == {"sent": 2, "refused": 1}
    with stores.ledger.read() as tx:
        assert suppression.suppressed_among(tx, "official_account", [1001, 1002, 1003]) == {1002}
        [one] = suppression.list_suppressions(tx)
    assert (one.reason, one.code) == ("hard_bounce", "5.1.1")


def test_a_hard_bounce_and_a_complaint_suppress_at_once_on_that_carrier(any_stores: Stores) -> None:
    assert _told(any_stores, Told(1, "hard_bounce", 10, "5.1.1"), Told(2, "complaint", 11), Told(3, "soft", 12)) == {1, 2}
    with any_stores.ledger.read() as tx:
        assert suppression.suppressed_among(tx, "sms", [1, 2, 3]) == set()
        assert suppression.suppressed_keys(tx, "email").tolist() == [1, 2]


def test_soft_bounces_count_until_something_is_delivered(any_stores: Stores) -> None:
    soft = [Told(1, "soft", at) for at in range(1, SOFT)]
    assert _told(any_stores, *soft, Told(1, "delivered", SOFT)) == set()
    assert _told(any_stores, *(Told(1, "soft", 100 + at) for at in range(SOFT - 1))) == set()
    assert _told(any_stores, Told(1, "soft", 200)) == {1}


def test_copies_and_any_order_change_nothing(any_stores: Stores) -> None:
    told = [Told(1, "soft", at) for at in range(1, SOFT)] * 3
    random.Random(4).shuffle(told)
    assert _told(any_stores, *told) == set()
    assert _told(any_stores, *told) == set()


def test_what_was_lifted_stays_so_until_something_new_happens(any_stores: Stores) -> None:
    assert _told(any_stores, Told(1, "hard_bounce", 10)) == {1}
    with any_stores.ledger.begin() as tx:
        with pytest.raises(InvalidError):
            suppression.lift(tx, "email", 1, note=" ", by="alice", at_ms=20)
        suppression.lift(tx, "email", 1, note="客户确认地址有效", by="alice", at_ms=20)
        with pytest.raises(NotFoundError):
            suppression.lift(tx, "email", 1, note="again", by="alice", at_ms=21)
    assert _told(any_stores, Told(1, "hard_bounce", 10), Told(1, "complaint", 19)) == set()
    assert _told(any_stores, Told(1, "hard_bounce", 30)) == {1}
