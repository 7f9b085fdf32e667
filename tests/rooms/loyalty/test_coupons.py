"""Coupons: stock that is exact, one code for each, used once, whoever asks at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.foundation.errors import ConflictError, InvalidError, NotFoundError, SiyuError
from siyu.foundation.stores import Stores
from siyu.identity import merge
from siyu.loyalty import codes, codewords, coupons, redemptions
from siyu.loyalty.coupons import Coupon, Draft
from siyu.loyalty.errors import (
    BadCodeError,
    BelowThresholdError,
    EndedCodeError,
    UnknownCodeError,
    UsedCodeError,
    WithdrawnCodeError,
)
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.loyalty import ids, people, put_coupon


def issue(stores: Stores, coupon: Coupon, who: list[int], ref: str = "i") -> codes.Issued:
    with stores.ledger.begin() as tx:
        return codes.issue(stores, tx, coupon.id, who, ref=ref)


def redeem(stores: Stores, code: str, ref: str = "till 1", order_fen: int | None = None) -> redemptions.Redemption:
    with stores.ledger.begin() as tx:
        return redemptions.redeem(stores, tx, code, ref=ref, by="Till", order_fen=order_fen)


def give_back(stores: Stores, code: str, ref: str = "till 1") -> redemptions.Redemption:
    with stores.ledger.begin() as tx:
        return redemptions.take_back(stores, tx, code, ref=ref, reason="退款", by="Till")


def held(stores: Stores, coupon: Coupon) -> Coupon:
    with stores.ledger.read() as tx:
        return coupons.find(tx, coupon.id)


def at_once(count: int, act: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=act, args=(number,)) for number in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)


def test_codes_are_told_from_slips_of_the_hand() -> None:
    made = codewords.draw(2000)
    assert len(set(made)) == 2000
    assert all(codewords.fits(code) for code in made)
    code = made[0]
    wrong = [code[:at] + sign + code[at + 1 :] for at in range(12) for sign in codewords.ALPHABET if sign != code[at]]
    assert not any(codewords.fits(one) for one in wrong), "one wrong sign"
    swapped = [code[:a] + code[b] + code[a + 1 : b] + code[a] + code[b + 1 :] for a in range(12) for b in range(a + 1, 12) if code[a] != code[b]]
    assert swapped
    assert not any(codewords.fits(one) for one in swapped), "two signs that changed places"
    assert codewords.clean(f" {codewords.shown(code).lower()} ") == code
    assert codewords.clean("oil-u") == "011V"


@given(st.text(max_size=20))
def test_any_text_is_a_code_or_is_not(said: str) -> None:
    codewords.fits(codewords.clean(said))


def test_a_code_is_issued_and_redeemed_once(any_stores: Stores) -> None:
    ann, ben = people(any_stores, 2)
    coupon = put_coupon(any_stores)
    given_out = issue(any_stores, coupon, [ben, ann])
    assert ids(given_out.customer_ids) == [ann, ben]
    code = given_out.of(ann) or ""
    first = redeem(any_stores, codewords.shown(code).lower(), order_fen=15000)
    again = redeem(any_stores, code, order_fen=15000)
    assert (first.again, again.again, first.id, first.value_fen) == (False, True, again.id, 2000)
    with pytest.raises(UsedCodeError):
        redeem(any_stores, code, ref="till 2")
    assert (held(any_stores, coupon).issued, held(any_stores, coupon).redeemed, held(any_stores, coupon).value_fen) == (2, 1, 2000)


def test_why_a_code_cannot_be_used_is_said(stores: Stores, clock: SetClock) -> None:
    (ann,) = people(stores, 1)
    coupon = put_coupon(stores, days=None, from_on=date(2026, 1, 3), until_on=date(2026, 1, 4))
    code = issue(stores, coupon, [ann]).codes[0]
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    for said, error in ((wrong, BadCodeError), ("", BadCodeError), (codewords.draw(1)[0], UnknownCodeError), (code, EndedCodeError)):
        with pytest.raises(error):
            redeem(stores, said)
    # The days are the brand's: its third of January begins at 16:00 of the second in UTC.
    clock.at = stores.calendar.midnight(date(2026, 1, 3))
    with pytest.raises(BelowThresholdError):
        redeem(stores, code, order_fen=9999)
    assert redeem(stores, code, order_fen=10000).value_fen == 2000
    give_back(stores, code)
    clock.at = stores.calendar.midnight(date(2026, 1, 5))
    with pytest.raises(EndedCodeError):
        redeem(stores, code, ref="till 9")


def test_a_refund_gives_the_code_back_until_it_ends(any_stores: Stores, clock: SetClock) -> None:
    (ann,) = people(any_stores, 1)
    coupon = put_coupon(any_stores)
    code = issue(any_stores, coupon, [ann]).codes[0]
    redeem(any_stores, code)
    assert (give_back(any_stores, code).again, give_back(any_stores, code).again) == (False, True)
    with pytest.raises(ConflictError):
        redeem(any_stores, code)
    assert not redeem(any_stores, code, ref="till 2").again
    give_back(any_stores, code, "till 2")
    with pytest.raises(NotFoundError):
        give_back(any_stores, code, "till 3")
    clock.at += timedelta(days=11)
    with any_stores.ledger.begin() as tx:
        assert (codes.expire(any_stores, tx), codes.expire(any_stores, tx)) == (1, 0)
    one = held(any_stores, coupon)
    assert (one.issued, one.redeemed, one.expired, one.value_fen) == (1, 0, 1, 0)


def test_what_a_coupon_takes_off(stores: Stores) -> None:
    off = Draft(name="x", kind="percent", pay_percent=85, most_off_fen=3000)
    one = Coupon(**vars(off))
    assert [one.off(fen) for fen in (None, 0, 1, 9999, 10000, 50000)] == [None, 0, 1, 1500, 1500, 3000]
    amount = Coupon(**vars(Draft(name="x", kind="amount", face_fen=2000)))
    assert [amount.off(fen) for fen in (None, 500, 50000)] == [2000, 500, 2000]
    assert coupons.promise(off).zh == "8.5 折,最多减 30 元"
    assert coupons.promise(Draft(name="x", kind="amount", face_fen=2050, threshold_fen=10000)).zh == "满 100 元减 20.5 元"


def test_an_unused_code_is_withdrawn_and_goes_back_to_the_stock(any_stores: Stores) -> None:
    ann, ben, cai, dan = people(any_stores, 4)
    coupon = put_coupon(any_stores, stock=2)
    given_out = issue(any_stores, coupon, [ann, ben], ref="reward")
    redeem(any_stores, given_out.of(ben) or "")
    for _ in range(2):
        with any_stores.ledger.begin() as tx:
            gone = codes.withdraw(any_stores, tx, coupon.id, [ann, ben, cai], ref="reward")
        assert (ids(gone.customer_ids), ids(gone.used), ids(gone.ended), ids(gone.none)) == ([ann], [ben], [], [cai])
    assert (held(any_stores, coupon).issued, held(any_stores, coupon).left) == (1, 1)
    with pytest.raises(WithdrawnCodeError):
        redeem(any_stores, given_out.of(ann) or "", ref="till 2")
    again = issue(any_stores, coupon, [ann, cai, dan], ref="reward")
    assert {reason: ids(ones) for reason, ones in again.refused.items()} == {"withdrawn": [ann], "none_left": [dan]}
    flow(any_stores)
    with any_stores.warehouse.read() as session:
        names = session.query(any_stores.warehouse.tables["loyalty_coupon"].select("name", "customer_id")).to_pylist()
    assert [row["customer_id"] for row in names if row["name"] == "coupon_withdrawn"] == [ann]


def test_the_limit_holds_across_all_identifiers_of_a_person(any_stores: Stores) -> None:
    ann, ben = people(any_stores, 2)
    coupon = put_coupon(any_stores)
    first = issue(any_stores, coupon, [ann])
    with any_stores.ledger.begin() as tx:
        merge.merge(any_stores, tx, [(ann, ben)], by="Alice")
    second = issue(any_stores, coupon, [ben], ref="other")
    assert {reason: ids(ones) for reason, ones in second.refused.items()} == {"limit": [ann]}
    same = issue(any_stores, coupon, [ben, ann])
    assert (same.codes, ids(same.again)) == (first.codes, [ann])


def test_who_cannot_have_one_is_told_why(stores: Stores, clock: SetClock) -> None:
    who = people(stores, 4)
    coupon = put_coupon(stores, stock=2)
    out = issue(stores, coupon, [who[3], who[1], who[0], who[2], 10**9])
    assert ids(out.customer_ids) == [who[1], who[3]], "first come, first served"
    assert {reason: ids(ones) for reason, ones in out.refused.items()} == {"none_left": [who[0], who[2]], "unknown": [10**9]}
    assert out.why(who[0]) == "none_left"
    with stores.ledger.begin() as tx:
        coupons.set_status(stores, tx, coupon.id, "stopped", by="Alice")
    assert issue(stores, coupon, [who[0]], ref="j").why(who[0]) == "not_live"
    fixed = put_coupon(stores, days=None, from_on=date(2026, 1, 1), until_on=date(2026, 1, 2))
    clock.at += timedelta(days=2)
    assert issue(stores, fixed, [who[0]]).why(who[0]) == "over"


def test_five_thousand_people_for_a_hundred(stores: Stores) -> None:
    who = people(stores, 5000)
    coupon = put_coupon(stores, stock=100)
    got: list[int] = []

    def act(number: int) -> None:
        got.extend(ids(issue(stores, coupon, who[number * 500 : (number + 1) * 500], ref=f"i {number}").customer_ids))

    at_once(10, act)
    assert len(got) == len(set(got)) == 100 == held(stores, coupon).issued


def test_issuers_at_once_keep_the_stock_and_the_limit(any_stores: Stores) -> None:
    who = people(any_stores, 8)
    coupon = put_coupon(any_stores, stock=20, per_person=3)
    got: list[int] = []
    at_once(8, lambda number: got.extend(ids(issue(any_stores, coupon, who, ref=f"i {number}").customer_ids)))
    assert len(got) == 20 == held(any_stores, coupon).issued
    assert max(got.count(one) for one in who) <= 3


def test_two_hundred_redemptions_at_once_are_one(any_stores: Stores) -> None:
    (ann,) = people(any_stores, 1)
    coupon = put_coupon(any_stores)
    code = issue(any_stores, coupon, [ann]).codes[0]
    same: list[bool] = []
    others: list[str] = []

    def act(number: int) -> None:
        try:
            same.append(redeem(any_stores, code, ref="till" if number % 2 else f"till {number}").again)
        except SiyuError as error:
            others.append(error.code)

    for _ in range(10):
        at_once(20, act)
    assert same.count(False) == 1
    assert set(others) <= {"coupon_used"}
    assert len(same) + len(others) == 200
    assert held(any_stores, coupon).redeemed == 1


def test_what_was_promised_stays_once_a_code_is_out(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    coupon = put_coupon(stores, stock=5)
    issue(stores, coupon, [ann])
    draft = {name: getattr(coupon, name) for name in Draft.__dataclass_fields__}
    with stores.ledger.begin() as tx:
        for wrong in ({"face_fen": 100}, {"stock": 0}, {"days": 3}):
            with pytest.raises((ConflictError, InvalidError)):
                coupons.change(stores, tx, coupon.id, Draft(**{**draft, **wrong}), edit=None, by="Alice")
        made = coupons.change(stores, tx, coupon.id, Draft(**{**draft, "stock": 9, "name": "新名字"}), edit=2, by="Alice")
        with pytest.raises(ConflictError):
            coupons.change(stores, tx, coupon.id, Draft(**draft), edit=2, by="Bob")
        with pytest.raises(ConflictError):
            coupons.remove(tx, coupon.id)
    assert (made.stock, made.name, made.left) == (9, "新名字", 8)


def test_a_coupon_that_makes_no_sense_is_refused_with_every_fault(stores: Stores) -> None:
    with stores.ledger.begin() as tx, pytest.raises(InvalidError) as told:
        coupons.add(stores, tx, Draft(name=" ", kind="amount", stock=0, from_on=date(2026, 2, 1), until_on=date(2026, 1, 1)), by="Alice")
    assert {fault.field for fault in told.value.faults} == {"name", "face_fen", "until_on", "stock"}


def test_what_becomes_of_codes_is_told(stores: Stores, clock: SetClock) -> None:
    ann, ben = people(stores, 2)
    coupon = put_coupon(stores)
    out = issue(stores, coupon, [ann, ben])
    redeem(stores, out.of(ann) or "", order_fen=20000)
    clock.at += timedelta(days=20)
    with stores.ledger.begin() as tx:
        codes.expire(stores, tx)
    flow(stores)
    with stores.warehouse.read() as session:
        told = session.query(stores.warehouse.tables["loyalty_coupon"]).to_pylist()
        acts = session.query(stores.warehouse.tables["customers_activity"]).to_pylist()
        values = session.query(stores.warehouse.tables["customers_property"].filter(stores.warehouse.tables["customers_property"].path == "value_fen")).to_pylist()
    want = [("coupon_expired", ben), ("coupon_issued", ann), ("coupon_issued", ben), ("coupon_redeemed", ann)]
    assert sorted((row["name"], row["customer_id"]) for row in told) == want
    assert sorted((row["name"], row["customer_id"]) for row in acts) == want
    assert [row["number"] for row in values] == [2000]
