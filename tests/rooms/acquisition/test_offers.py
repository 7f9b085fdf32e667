"""Offers: claimed once by each person, never more than there is, only by whom they are for, within budget and period; draws that anybody can check."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from sqlalchemy import func, select

from siyu.acquisition import claims, draws, offers
from siyu.acquisition.draws import Prize, PrizeDraft
from siyu.acquisition.offers import Draft
from siyu.foundation.database import metadata
from siyu.foundation.errors import ConflictError, InvalidError
from siyu.foundation.stores import Stores
from siyu.identity import merge
from siyu.loyalty import codes, coupons, redemptions
from siyu.rights.holdings import remove_rows
from siyu.rights.people import find_people
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.loyalty import ids, people, put_coupon
from tests.makers.offers import (
    NEVER_ORDERED,
    ask,
    code_of,
    found,
    of_person,
    put_draw,
    put_offer,
)


def refused(made: claims.Claimed) -> dict[str, list[int]]:
    return {reason: ids(ones) for reason, ones in made.refused.items()}


def test_a_coupon_is_claimed_once_with_a_code(any_stores: Stores) -> None:
    ann, ben = people(any_stores, 2)
    offer = put_offer(any_stores, put_coupon(any_stores))
    first, again = ask(any_stores, offer, ann, 10**9, ben, ann), ask(any_stores, offer, ben)
    assert (ids(first.customer_ids), ids(again.again), refused(first)) == ([ann, ben], [ben], {"unknown": [10**9]})
    (mine,) = of_person(any_stores, ann, offer)
    assert (mine.state, mine.ticket, mine.cost_fen) == ("given", 1, 2000)
    with any_stores.ledger.begin() as tx:
        redemptions.redeem(any_stores, tx, code_of(any_stores, mine), ref="till", by="Till", order_fen=10000)
    assert (found(any_stores, offer).claimed, found(any_stores, offer).committed_fen) == (2, 4000)


def test_stock_and_limits_of_a_day_hold_in_the_order_of_asking(any_stores: Stores, clock: SetClock) -> None:
    crowd = people(any_stores, 6)
    offer = put_offer(any_stores, put_coupon(any_stores), stock=4, per_day=3)
    first = ask(any_stores, offer, *reversed(crowd))
    assert ids(first.customer_ids) == sorted(crowd[3:])
    assert refused(first) == {"none_left": sorted(crowd[:2]), "day_limit": [crowd[2]]}
    clock.at += timedelta(days=1)
    assert refused(ask(any_stores, offer, crowd[0], crowd[1])) == {"none_left": [crowd[1]]}
    assert refused(ask(any_stores, offer, crowd[2])) == {"none_left": [crowd[2]]}
    with any_stores.ledger.read() as tx:
        told = claims.refusals(tx, offer.id)
    assert {(one.customer_id, one.reason, one.times) for one in told} >= {(crowd[1], "none_left", 2), (crowd[2], "day_limit", 1)}


def test_the_budget_stops_it_and_comes_back_with_what_was_not_used(any_stores: Stores, clock: SetClock) -> None:
    ann, ben, cai, dan, eva = people(any_stores, 5)
    coupon = put_coupon(any_stores, threshold_fen=0)
    offer = put_offer(any_stores, coupon, budget_fen=6500)
    assert refused(ask(any_stores, offer, ann, ben, cai, dan)) == {"budget": [dan]}
    with any_stores.ledger.begin() as tx:
        # An order of 5 yuan takes off 5 of the 20 that were committed.
        redemptions.redeem(any_stores, tx, code_of(any_stores, of_person(any_stores, ann, offer)[0]), ref="till", by="Till", order_fen=500)
        codes.withdraw(any_stores, tx, coupon.id, [ben], ref=f"offer:{offer.id}")
    flow(any_stores)
    now = found(any_stores, offer)
    assert (now.committed_fen, now.redeemed_fen, now.budget_left_fen) == (2000, 500, 4000)
    assert [of_person(any_stores, one, offer)[0].state for one in (ann, ben, cai)] == ["used", "void", "given"]
    assert ids(ask(any_stores, offer, ben, dan, eva).customer_ids) == sorted([ben, dan, eva]), "ben had it: no second code"
    with any_stores.ledger.begin() as tx:
        redemptions.take_back(any_stores, tx, code_of(any_stores, of_person(any_stores, ann, offer)[0]), ref="till", reason="退款", by="Till")
    clock.at += timedelta(days=11)
    flow(any_stores)
    with any_stores.ledger.begin() as tx:
        assert codes.expire(any_stores, tx) == 4
    flow(any_stores)
    now = found(any_stores, offer)
    assert (now.committed_fen, now.redeemed_fen) == (0, 0)


def test_only_whom_it_is_for_may_claim(stores: Stores) -> None:
    ann, ben = people(stores, 2)
    named = put_offer(stores, put_coupon(stores), rule={"kind": "list", "customer_ids": [ann]}, for_whom="受邀客户")
    assert refused(ask(stores, named, ann, ben)) == {"not_eligible": [ben]}
    fresh = put_offer(stores, put_coupon(stores), rule=NEVER_ORDERED, for_whom="从未下单")
    assert ids(ask(stores, fresh, ann, ben).customer_ids) == [ann, ben]
    opened = put_offer(stores, form="logistics", event="parcel_signed", event_days=7, for_whom="刚收货", coupon_id=put_coupon(stores).id)
    assert refused(ask(stores, opened, ann)) == {"not_eligible": [ann]}


def test_the_period_and_the_state_are_kept(stores: Stores, clock: SetClock) -> None:
    (ann,) = people(stores, 1)
    offer = put_offer(stores, put_coupon(stores), begins_at=clock.at + timedelta(hours=1), ends_at=clock.at + timedelta(hours=2))
    assert refused(ask(stores, offer, ann)) == {"not_begun": [ann]}
    clock.at += timedelta(hours=2)
    assert refused(ask(stores, offer, ann)) == {"over": [ann]}
    other = put_offer(stores, put_coupon(stores))
    with stores.ledger.begin() as tx:
        offers.set_status(stores, tx, other.id, "paused", by="Alice")
    assert refused(ask(stores, other, ann)) == {"not_live": [ann]}


def test_who_is_one_person_has_used_it_and_an_undo_gives_it_back(any_stores: Stores) -> None:
    ann, ben, cai = people(any_stores, 3)
    offer = put_offer(any_stores, put_coupon(any_stores))
    ask(any_stores, offer, ann)
    with any_stores.ledger.begin() as tx:
        merge.merge(any_stores, tx, [(ann, ben)], by="Alice")
    assert ids(ask(any_stores, offer, ben).again) == [ann]
    with any_stores.ledger.begin() as tx:
        operation = int(tx.scalar(select(func.max(metadata.tables["identity_operation"].c.id))) or 0)
        merge.undo(any_stores, tx, operation, by="Alice")
    assert ids(ask(any_stores, offer, ann, ben, cai).again) == [ann]
    assert [len(of_person(any_stores, one, offer)) for one in (ann, ben, cai)] == [1, 1, 1]


def test_what_was_promised_stays_and_what_is_missing_is_said(stores: Stores) -> None:
    coupon = put_coupon(stores)
    offer = put_offer(stores, coupon)
    with stores.ledger.begin() as tx, pytest.raises(ConflictError):
        offers.change(stores, tx, offer.id, Draft(name="x", form="coupon", title="x", coupon_id=coupon.id + 1), edit=None, by="Alice")
    with stores.ledger.begin() as tx:
        draw = offers.add(stores, tx, Draft(name="抽奖", form="draw", prizes=(PrizeDraft("茶", coupon.id, 10, 600_000), PrizeDraft("壶", coupon.id, 10, 600_000)), budget_fen=100), by="Alice")
        with pytest.raises(InvalidError) as error:
            offers.set_status(stores, tx, draw.id, "live", by="Alice")
    assert {fault.field for fault in error.value.faults} == {"title", "prizes", "budget_fen"}


def test_a_draw_can_be_worked_out_by_anybody(any_stores: Stores) -> None:
    crowd = people(any_stores, 60)
    offer = put_draw(any_stores, ("壶", 3, 100_000), ("茶", 20, 400_000), stock=50)
    made = ask(any_stores, offer, *crowd[:30])
    made = ask(any_stores, offer, *crowd[20:])
    assert ids(made.again) == sorted(crowd[20:30])
    assert refused(made) == {"none_left": sorted(crowd[50:])}
    with any_stores.ledger.read() as tx:
        seed, told = offers.seed_of(any_stores, tx, offer.id), draws.tickets(tx, offer.id)
        mine = {one.ticket: one for who in crowd for one in claims.of_person(tx, who, offer.id)}
    now = found(any_stores, offer)
    assert sha256(seed).hexdigest() == now.seed_hash
    left = {one.id: one.stock for one in now.prizes}
    for ticket, prize in told:
        # As the page says it, in plain numbers.
        number = int(sha256(seed + b":" + str(ticket).encode()).hexdigest()[:13], 16) * 1_000_000 // 16**13
        drawn = now.prizes[0] if number < 100_000 else now.prizes[1] if number < 500_000 else None
        want = drawn.id if drawn is not None and left[drawn.id] else None
        left[want or 0] = left.get(want or 0, 0) - 1
        assert prize == want == mine[ticket].prize_id
        assert (mine[ticket].state, mine[ticket].code_id is None) == (("no_prize", True) if want is None else ("given", False))
    assert [number for number, _ in told] == list(range(1, 51))
    assert [one.given for one in now.prizes] == [one.stock - left[one.id] for one in now.prizes]


@settings(max_examples=300 if os.environ.get("ALL_CASES") else 20)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 300_000)), min_size=1, max_size=3), st.integers(1, 300), st.integers(0, 2**32))
def test_no_prize_is_drawn_more_often_than_there_is_and_batches_do_not_matter(prizes: list[tuple[int, int]], people_: int, seed: int) -> None:
    own = [Prize(f"p{place}", 1, stock, odds, place + 1) for place, (stock, odds) in enumerate(prizes)]
    words = str(seed).encode()
    whole = draws.drawn(words, range(1, people_ + 1), own)
    assert all(int((whole == place).sum()) <= one.stock for place, one in enumerate(own))
    half = people_ // 2
    first = draws.drawn(words, range(1, half + 1), own)
    rest = [Prize(one.name, 1, one.stock, one.odds_ppm, one.id, int((first == place).sum())) for place, one in enumerate(own)]
    assert np.array_equal(np.concatenate([first, draws.drawn(words, range(half + 1, people_ + 1), rest)]), whole)


def test_odds_are_as_published() -> None:
    prizes = [Prize("a", 1, 10**6, 20_000, 1), Prize("b", 1, 10**6, 130_000, 2)]
    size = 40_000
    places = draws.drawn(b"a fixed seed", range(1, size + 1), prizes)
    counts = np.array([(places == place).sum() for place in (0, 1, -1)])
    want = size * np.array([0.02, 0.13, 0.85])
    assert chi2.sf(float(((counts - want) ** 2 / want).sum()), 2) > 0.001
    few = [PrizeDraft("a", 1, 3, 20_000)]
    many = np.random.default_rng(1).binomial(100, 0.02, 200_000)
    (told,) = draws.expected(few, 100)
    assert abs(told.given - np.minimum(many, 3).mean()) < 0.01
    assert abs(told.runs_out_rate - (many > 3).mean()) < 0.005


def test_many_at_once_for_few_prizes(any_stores: Stores) -> None:
    """Threads ask in overlapping batches, as several processes do."""
    crowd = people(any_stores, 300)
    offer = put_draw(any_stores, ("茶", 20, 200_000), stock=250)
    threads = [threading.Thread(target=ask, args=(any_stores, offer, *crowd[start : start + 120])) for start in range(0, 300, 30)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    with any_stores.ledger.read() as tx:
        mine = claims.listed(tx, offer.id, limit=1000)
    assert len(mine) == len({one.customer_id for one in mine}) == found(any_stores, offer).claimed == 250
    assert sorted(one.ticket for one in mine) == list(range(1, 251))
    assert sum(one.prize_id is not None for one in mine) == found(any_stores, offer).prizes[0].given <= 20


def test_a_prize_that_cannot_be_handed_out_stops_the_draw_before_it_is_drawn(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    offer = put_draw(stores, ("茶", 5, 1_000_000))
    with stores.ledger.begin() as tx:
        coupons.set_status(stores, tx, offer.prizes[0].coupon_id, "stopped", by="Alice")
    assert refused(ask(stores, offer, ann)) == {"coupon": [ann]}
    assert found(stores, offer).claimed == 0
    with stores.ledger.begin() as tx:
        coupons.set_status(stores, tx, offer.prizes[0].coupon_id, "live", by="Alice")
    assert ids(ask(stores, offer, ann).customer_ids) == [ann]


def test_a_claim_is_heard_by_segments_and_goes_with_its_person(stores: Stores) -> None:
    ann, ben = people(stores, 2)
    offer = put_draw(stores, ("茶", 5, 1_000_000))
    ask(stores, offer, ann, ben)
    flow(stores)
    activity = stores.warehouse.tables["customers_activity"]
    with stores.warehouse.read() as session:
        told = session.query(activity.filter(activity.name == "offer_claimed").select("customer_id")).to_pylist()
    assert sorted(row["customer_id"] for row in told) == [ann, ben]
    with stores.ledger.begin() as tx:
        remove_rows(tx, find_people(stores, tx, [ann]))
        assert len(claims.listed(tx, offer.id)) == 1
        assert len(draws.tickets(tx, offer.id)) == 2, "the draw can be checked all the same"
