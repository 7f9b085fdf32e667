"""What accrues besides media: entered once by what happened, put right by entries of their own, at the source of the person."""

from __future__ import annotations

from datetime import timedelta

from siyu.acquisition import accruals, ledger, rates, spend
from siyu.acquisition.ledger import Wanted
from siyu.carriers.spells import Change
from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_CHANGED
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import customers_of
from siyu.loyalty import codes, redemptions
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.acquisition import Book, put_mark, put_source, touches, yesterday
from tests.makers.carriers import wecom_account
from tests.makers.loyalty import put_coupon


def accrue(stores: Stores) -> int:
    flow(stores)
    flow(stores)
    with stores.ledger.begin() as tx:
        return accruals.run(stores, tx)


def accrued(stores: Stores) -> dict[str, tuple[int, int]]:
    """Kind → (source, fen) of what stands."""
    with stores.ledger.read() as tx:
        found: dict[str, tuple[int, int]] = {}
        for one in ledger.entries(tx, Wanted(origin="accrual")):
            found[one.kind] = (one.lines[0].source_id, found.get(one.kind, (0, 0))[1] + one.amount_fen)
    return {kind: said for kind, said in found.items() if said[1]}


def test_coupons_messages_and_staff_are_entered_once_and_put_right(any_stores: Stores, clock: SetClock) -> None:
    stores = any_stores
    book, source = Book(stores, wecom_account(stores)), put_source(stores, "抖音")
    put_mark(stores, source, "d1")
    now = to_ms(stores.now())
    key = book.tell("wmA", "zhang", Change(now, True, None, "d1"))
    book.tell("wmB", "zhang", Change(now, True, None, "d1"))
    assert len(touches(stores)) == 2
    coupon = put_coupon(stores)
    with stores.ledger.begin() as tx:
        customer = customers_of(tx, [key])[key]
        codes.issue(stores, tx, coupon.id, [customer], ref="g1")
        (mine,) = codes.of_customer(tx, customer)
        redemptions.redeem(stores, tx, mine.code, ref="till-1", by="Alice", order_fen=12_000)
        rates.put(stores, tx, [rates.Rate("staff_hour_fen", yesterday(stores, 9), 6_000), rates.Rate("seconds_per_add", yesterday(stores, 9), 90)], by="Alice")
        sent = {"send_id": [1, 2], "customer_id": [customer] * 2, "route": [0, 0], "identity_key": [key] * 2, "account_id": [1, 1], "carrier": ["sms"] * 2,
                "purpose": ["value"] * 2, "status": ["sent", "failed"], "cost_fen": [5, 5], "at_ms": [now, now]}  # fmt: skip
        log.append(tx, MESSAGES_CHANGED, MESSAGES_CHANGED.table(dict(sent)), now=stores.now())
    assert accrue(stores) == 0
    clock.at += timedelta(days=1)
    assert accrue(stores) == 3
    # Two friends of 90 seconds at 60 yuan an hour; the coupon took off 20 yuan; one message went out.
    assert accrued(stores) == {"coupon": (source.id, 2_000), "message_fee": (source.id, 5), "staff_time": (source.id, 300)}
    assert accrue(stores) == 0
    with stores.ledger.begin() as tx:
        redemptions.take_back(stores, tx, mine.code, ref="till-1", reason="退款", by="Alice")
    other = put_source(stores, "京东", platform="jd")
    assert put_mark(stores, other, "d1", account_id=book.account.id) == 2
    assert accrue(stores) == 5
    with stores.ledger.read() as tx:
        assert ledger.totals(tx, Wanted(source_id=source.id)).amount_fen == 0
        assert ledger.totals(tx, Wanted(source_id=other.id)).by_kind == {"message_fee": 5, "staff_time": 300}
        assert ledger.totals(tx, Wanted()).balance_fen == 0
    assert accrue(stores) == 0


def test_what_was_put_right_by_hand_stays_so(stores: Stores, clock: SetClock) -> None:
    book, source = Book(stores, wecom_account(stores)), put_source(stores, "抖音")
    put_mark(stores, source, "d1")
    book.tell("wmA", "zhang", Change(to_ms(stores.now()), True, None, "d1"))
    with stores.ledger.begin() as tx:
        rates.put(stores, tx, [rates.Rate("staff_hour_fen", yesterday(stores), 6_000), rates.Rate("seconds_per_add", yesterday(stores), 1)], by="Alice")
        said = rates.history(tx)
    assert [rates.on(said, "seconds_per_add", day) for day in (yesterday(stores, 2), yesterday(stores))] == [0, 1]
    clock.at += timedelta(days=1)
    assert accrue(stores) == 1
    # A second at 60 yuan an hour is 1.67 fen: 2.
    with stores.ledger.begin() as tx:
        (one,) = ledger.entries(tx, Wanted())
        assert (one.amount_fen, one.day, [line.account for line in one.lines]) == (2, yesterday(stores), ["spend", "accrued"])
        spend.correct(stores, tx, one.id, None, reason="不是我们付的", by="Bob")
    assert accrue(stores) == 0
    with stores.ledger.read() as tx:
        assert ledger.totals(tx, Wanted()).amount_fen == 0
