"""Referral: friends come, come true, are paid for once, and what is not true any more is taken back."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from siyu.acquisition import accruals, ledger
from siyu.acquisition.ledger import Wanted
from siyu.events import log
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.errors import ConflictError, InvalidError
from siyu.foundation.stores import Stores
from siyu.identity import merge
from siyu.loyalty import codes, points, redemptions
from siyu.referral import bonds, groups, programmes, terms
from siyu.referral.programmes import Draft
from siyu.rights.holdings import remove_rows
from siyu.rights.people import find_people
from tests.conftest import SetClock
from tests.makers import referral as made
from tests.makers.loyalty import people, put_coupon


def test_a_friend_who_stays_is_paid_for_once_and_both_have_their_reward(any_stores: Stores, clock: SetClock) -> None:
    stores = any_stores
    ann, bob = people(stores, 2)
    programme = made.begun(stores)
    (invitation,) = made.invite(stores, programme, ann)
    (key,) = made.keys(stores, bob)
    made.add(stores, invitation, key)
    assert made.settle(stores)["real_count"] == 0
    assert made.points(stores, ann, bob) == [0, 0], "held until the friend is real"
    clock.at += timedelta(days=7, minutes=1)
    done = made.settle(stores)
    assert (done["real_count"], done["given_count"]) == (1, 2)
    assert made.points(stores, ann, bob) == [100, 50]
    assert made.settle(stores)["given_count"] == 0
    assert made.points(stores, ann, bob) == [100, 50], "another round gives nothing twice"
    (friend,) = made.friends(stores, programme)
    assert (friend["state"], friend["how"], friend["reserved_fen"]) == ("real", "way", 1500)


def test_whoever_adds_again_or_through_many_staff_or_two_inviters_counts_once(stores: Stores, clock: SetClock) -> None:
    ann, cid, bob = people(stores, 3)
    programme = made.begun(stores)
    first, second = made.invite(stores, programme, ann, cid)
    (key,) = made.keys(stores, bob)
    made.add(stores, first, key)
    made.add(stores, first, key, staff="kai")
    made.add(stores, second, key, staff="mo", began_ms=to_ms(stores.now()) + 1)
    clock.at += timedelta(days=8)
    made.settle(stores)
    assert made.points(stores, ann, cid, bob) == [100, 0, 50]
    assert sorted(one["void"] for one in made.friends(stores, programme)) == ["", "duplicate"]


def test_nobody_invites_themselves_and_nobody_is_invited_by_whom_they_brought(stores: Stores, clock: SetClock) -> None:
    ann, bob, cid = people(stores, 3)
    programme = made.begun(stores, only_new=False)
    invited = made.invite(stores, programme, ann, bob, cid)
    keys = made.keys(stores, ann, bob, cid)
    at = to_ms(stores.now())
    made.add(stores, invited[0], keys[0], began_ms=at)
    made.add(stores, invited[0], keys[1], began_ms=at + 1)
    made.add(stores, invited[1], keys[2], began_ms=at + 2)
    made.add(stores, invited[2], keys[0], began_ms=at + 3)
    clock.at += timedelta(days=8)
    made.settle(stores)
    assert [one["void"] for one in made.friends(stores, programme)] == ["self", "", "", "loop"]
    assert made.points(stores, ann, bob, cid) == [100, 150, 50]


@given(st.permutations(range(6)), st.data())
@settings(max_examples=30, deadline=None)
def test_who_counts_does_not_depend_on_the_order_in_which_rows_are_read(order: list[int], data: st.DataObject) -> None:
    people_ = [(data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)), data.draw(st.integers(0, 3))) for _ in range(6)]
    number = np.arange(6)
    inviter, friend, at = (np.array(column, np.int64) for column in zip(*people_, strict=True))
    found = bonds.voids(number, inviter, friend, at)
    shuffled = np.array(order)
    again = bonds.voids(number[shuffled], inviter[shuffled], friend[shuffled], at[shuffled])
    assert again.tolist() == found[shuffled].tolist()
    counts = found == ""
    assert len(set(friend[counts].tolist())) == counts.sum(), "everybody counts once"
    parent = dict(zip(friend[counts].tolist(), inviter[counts].tolist(), strict=True))
    for one in parent:
        seen, up = set(), one
        while up in parent:
            assert up not in seen, "a circle was left"
            seen.add(up)
            up = parent[up]
    # Nobody who could count is left out: whoever has no row that counts has only rows of themselves or in a circle.
    for row in range(6):
        if found[row] == "duplicate":
            assert counts[friend == friend[row]].sum() == 1


def test_a_refund_takes_points_back_and_what_was_spent_is_a_cost(stores: Stores, clock: SetClock) -> None:
    ann, bob = people(stores, 2)
    programme = made.begun(stores, stay_days=0, buys_fen=5000)
    (invitation,) = made.invite(stores, programme, ann)
    (key,) = made.keys(stores, bob)
    made.add(stores, invitation, key)
    made.buy(stores, key, 8000)
    made.settle(stores)
    assert made.points(stores, ann, bob) == [100, 50]
    with stores.ledger.begin() as tx:
        points.spend(stores, tx, [ann], [60], reason="兑换", ref="gift", by="Alice")
    clock.at += timedelta(days=1)
    made.buy(stores, key, 100, refund_fen=8000)
    made.settle(stores)
    assert made.points(stores, ann, bob) == [0, 0]
    by_side = {one["side"]: one for one in made.rewards(stores, programme)}
    assert (by_side["friend"]["state"], by_side["friend"]["kept_fen"]) == ("back", 0)
    assert (by_side["inviter"]["state"], by_side["inviter"]["taken"], by_side["inviter"]["kept_fen"]) == ("kept", 40, 600)
    assert made.friends(stores, programme)[0]["reason"] == "refunded"
    with stores.warehouse.read() as session:
        table = stores.warehouse.tables["referral_reward"]
        rows = session.query(table.select("side", "change", "cost_fen")).to_pylist()
    assert sum(row["cost_fen"] for row in rows) == 600, "what is booked is what it cost in the end"
    clock.at += timedelta(days=1)
    with stores.ledger.begin() as tx:
        accruals.run(stores, tx)
        booked = [(one.lines[0].source_id, one.amount_fen) for one in ledger.entries(tx, Wanted(origin="accrual")) if one.kind == "commission"]
    assert {source for source, _ in booked} == {programme.source_id}
    assert sum(fen for _, fen in booked) == 600, "and so does the ledger of spend"
    clock.at += timedelta(days=30)
    assert made.settle(stores)["back_count"] == 0


def test_who_leaves_within_the_time_takes_the_unused_code_along_and_a_used_one_is_a_cost(stores: Stores, clock: SetClock) -> None:
    ann, bob, cid = people(stores, 3)
    coupon = put_coupon(stores, days=60)
    reward = {"kind": "coupon", "coupon_id": coupon.id, "cost_fen": 2000}
    programme = made.begun(stores, friend={"kind": "none"}, inviter=reward)
    (invitation,) = made.invite(stores, programme, ann)
    keys = made.keys(stores, bob, cid)
    came = to_ms(stores.now())
    made.add(stores, invitation, *keys)
    clock.at += timedelta(days=8)
    made.settle(stores)
    with stores.ledger.begin() as tx:
        held = codes.of_customer(tx, ann)
        assert [one.state for one in held] == ["issued", "issued"], "one code for each friend"
        used = next(one for one in held if one.ref == made.rewards(stores, programme)[0]["ref"])
        redemptions.redeem(stores, tx, used.code, ref="till 1", by="Bob", order_fen=20000)
    clock.at += timedelta(days=2)
    made.leave(stores, invitation, *keys, began_ms=came)
    made.settle(stores)
    assert [(one["state"], one["kept_fen"]) for one in made.rewards(stores, programme)] == [("kept", 2000), ("back", 0)]
    with stores.ledger.read() as tx:
        assert sorted(one.state for one in codes.of_customer(tx, ann)) == ["redeemed", codes.VOID]


def test_somebody_whom_staff_deleted_has_not_left(stores: Stores, clock: SetClock) -> None:
    ann, bob = people(stores, 2)
    programme = made.begun(stores)
    (invitation,) = made.invite(stores, programme, ann)
    came = to_ms(stores.now())
    made.add(stores, invitation, *made.keys(stores, bob))
    clock.at += timedelta(days=8)
    made.settle(stores)
    made.leave(stores, invitation, *made.keys(stores, bob), began_ms=came, by="staff")
    made.settle(stores)
    assert made.points(stores, ann, bob) == [100, 50]


def test_friends_who_turn_out_to_be_one_are_paid_once_and_an_undo_gives_back(any_stores: Stores, clock: SetClock) -> None:
    stores = any_stores
    ann, cid, bob, twin = people(stores, 4)
    programme = made.begun(stores)
    first, second = made.invite(stores, programme, ann, cid)
    made.add(stores, first, *made.keys(stores, bob))
    made.add(stores, second, *made.keys(stores, twin), began_ms=to_ms(stores.now()) + 1)
    clock.at += timedelta(days=8)
    made.settle(stores)
    assert made.points(stores, ann, cid, bob, twin) == [100, 100, 50, 50]
    with stores.ledger.begin() as tx:
        (operation,) = merge.merge(stores, tx, [(bob, twin)], by="Alice")
    made.settle(stores)
    assert made.points(stores, ann, cid, bob) == [100, 0, 50], "one person: the later inviter's reward and one of the friend's came back"
    with stores.ledger.begin() as tx:
        merge.undo(stores, tx, operation, by="Alice")
    made.settle(stores)
    assert made.points(stores, ann, cid, bob, twin) == [100, 100, 50, 50]
    made.settle(stores)
    assert made.points(stores, ann, cid, bob, twin) == [100, 100, 50, 50]


def test_an_inviter_who_turns_out_to_be_the_friend_gives_the_reward_back(stores: Stores, clock: SetClock) -> None:
    ann, bob = people(stores, 2)
    programme = made.begun(stores)
    (invitation,) = made.invite(stores, programme, ann)
    made.add(stores, invitation, *made.keys(stores, bob))
    clock.at += timedelta(days=8)
    made.settle(stores)
    with stores.ledger.begin() as tx:
        merge.merge(stores, tx, [(ann, bob)], by="Alice")
    made.settle(stores)
    assert made.points(stores, ann) == [0]
    assert made.friends(stores, programme)[0]["void"] == "self"


def test_a_task_pays_its_steps_and_merged_inviters_have_each_step_once(stores: Stores, clock: SetClock) -> None:
    ann, old, *guests = people(stores, 6)
    steps = [{"friends": 2, "reward": {"kind": "points", "points": 200, "cost_fen": 2000}}, {"friends": 4, "reward": {"kind": "points", "points": 500, "cost_fen": 5000}}]
    programme = made.begun(stores, "task", friend={"kind": "none"}, steps=steps)
    first, second = made.invite(stores, programme, ann, old)
    keys = made.keys(stores, *guests)
    made.add(stores, first, *keys[:2])
    made.add(stores, second, *keys[2:])
    clock.at += timedelta(days=8)
    made.settle(stores)
    assert made.points(stores, ann, old) == [200, 200]
    with stores.ledger.begin() as tx:
        (operation,) = merge.merge(stores, tx, [(ann, old)], by="Alice")
    made.settle(stores)
    assert made.points(stores, ann) == [700], "four friends of one person: the first step once, and the second"
    with stores.ledger.begin() as tx:
        merge.undo(stores, tx, operation, by="Alice")
    made.settle(stores)
    assert made.points(stores, ann, old) == [200, 200]


def test_the_budget_and_the_stock_stop_exactly_and_what_was_promised_is_kept(stores: Stores, clock: SetClock) -> None:
    ann, *guests = people(stores, 5)
    programme = made.begun(stores, budget_fen=3100)
    (invitation,) = made.invite(stores, programme, ann)
    for key in made.keys(stores, *guests):
        made.add(stores, invitation, key)
    assert [one["barred"] for one in made.friends(stores, programme)] == ["", "", "budget", "budget"]
    with stores.ledger.begin() as tx:
        held = programmes.find(tx, programme.id)
        assert (held.committed_fen, held.friend_count) == (3000, 2)
        programmes.stop(stores, tx, programme.id, by="Alice")
    clock.at += timedelta(days=8)
    made.settle(stores)
    assert made.points(stores, ann) == [200], "promised before it stopped"


def test_who_was_a_contact_or_bought_before_is_no_new_friend(stores: Stores, clock: SetClock) -> None:
    ann, bob, cid = people(stores, 3)
    programme = made.begun(stores)
    (invitation,) = made.invite(stores, programme, ann)
    keys = made.keys(stores, bob, cid)
    made.add(stores, None, keys[0])
    made.buy(stores, keys[1], 900)
    clock.at += timedelta(days=2)
    made.add(stores, invitation, *keys, staff="kai")
    clock.at += timedelta(days=8)
    made.settle(stores)
    assert [one["barred"] for one in made.friends(stores, programme)] == ["known", "known"]
    assert made.points(stores, ann) == [0]


def test_a_group_pays_when_it_is_full_in_time_and_nobody_when_it_is_not(stores: Stores, clock: SetClock) -> None:
    ann, cid, *guests = people(stores, 6)
    programme = made.begun(stores, "group", stay_days=0, buys_fen=1000, size=3, hours=24)
    first, second = made.invite(stores, programme, ann, cid)
    with stores.ledger.begin() as tx:
        for one in (first, second):
            groups.begin(stores, tx, programme, one)
    keys = made.keys(stores, *guests)
    made.add(stores, first, *keys[:3])
    made.add(stores, second, keys[3])
    for key in keys:
        made.buy(stores, key, 2000)
    made.settle(stores)
    assert made.points(stores, ann, *guests[:3]) == [100, 50, 50, 0], "the third friend is one too many"
    assert [one["barred"] for one in made.friends(stores, programme)] == ["", "", "nogroup", ""]
    clock.at += timedelta(hours=25)
    made.settle(stores)
    assert made.points(stores, cid, guests[3]) == [0, 0], "not filled in time"
    states = metadata.tables["referral_group"]
    with stores.ledger.read() as tx:
        assert list(tx.scalars(select(states.c.state).order_by(states.c.id))) == ["full", "failed"]
        told = [row for batch in log.batches(tx, 0, None, ["activity_recorded"], limit=100) for row in batch.rows.to_pylist() if row["name"].startswith("group_")]
    assert sorted(row["name"] for row in told) == ["group_failed"] * 2 + ["group_filled"] * 3


@pytest.mark.parametrize("rule", ["own", "group"])
def test_after_a_refund_a_group_stands_or_falls_as_the_terms_say(stores: Stores, clock: SetClock, rule: str) -> None:
    ann, bob = people(stores, 2)
    programme = made.begun(stores, "group", stay_days=0, buys_fen=1000, size=2, after_refund=rule)
    (invitation,) = made.invite(stores, programme, ann)
    with stores.ledger.begin() as tx:
        groups.begin(stores, tx, programme, invitation)
    (key,) = made.keys(stores, bob)
    made.add(stores, invitation, key)
    made.buy(stores, key, 2000)
    made.settle(stores)
    assert made.points(stores, ann, bob) == [100, 50]
    made.buy(stores, key, 10, refund_fen=2010)
    made.settle(stores)
    assert made.points(stores, ann, bob) == ([0, 0] if rule == "group" else [100, 0])


def test_terms_are_checked_and_what_was_promised_cannot_change(stores: Stores) -> None:
    ann, bob = people(stores, 2)
    with stores.ledger.begin() as tx:
        bad = programmes.add(stores, tx, Draft("空", "task", terms.read({"stay_days": 40, "friend": {"kind": "coupon", "coupon_id": 9}})), by="Alice")
        with pytest.raises(InvalidError) as refused:
            programmes.start(stores, tx, bad.id, source_id=0, by="Alice")
    assert {"terms.title.zh", "terms.wait_days", "terms.friend.coupon_id", "terms.steps"} <= {fault.field for fault in refused.value.faults}
    programme = made.begun(stores)
    (invitation,) = made.invite(stores, programme, ann)
    made.add(stores, invitation, *made.keys(stores, bob))
    more = terms.read({**terms.plain(programme.terms), "inviter": {"kind": "points", "points": 1, "cost_fen": 1}})
    with stores.ledger.begin() as tx, pytest.raises(ConflictError):
        programmes.change(stores, tx, programme.id, Draft("老带新", "invite", more), edit=None, by="Alice")


def test_an_erased_person_leaves_no_row_behind(stores: Stores, clock: SetClock) -> None:
    ann, bob = people(stores, 2)
    programme = made.begun(stores)
    (invitation,) = made.invite(stores, programme, ann)
    made.add(stores, invitation, *made.keys(stores, bob))
    clock.at += timedelta(days=8)
    made.settle(stores)
    with stores.ledger.begin() as tx:
        remove_rows(tx, find_people(stores, tx, [ann]))
        for name in ("referral_invitation", "referral_friend", "referral_reward", "referral_risk"):
            table = metadata.tables[name]
            named = [column for column in table.c if column.name in ("customer_id", "inviter_id")]
            assert not [row for row in tx.execute(select(*named)) if ann in row], name


def test_codes_of_two_who_are_one_for_a_while_are_right_for_both_afterwards(stores: Stores, clock: SetClock) -> None:
    ann, bob, twin = people(stores, 3)
    coupon = put_coupon(stores, days=60)
    programme = made.begun(stores, friend={"kind": "coupon", "coupon_id": coupon.id, "cost_fen": 100}, inviter={"kind": "none"})
    (invitation,) = made.invite(stores, programme, ann)
    made.add(stores, invitation, *made.keys(stores, bob, twin))
    clock.at += timedelta(days=8)
    made.settle(stores)

    def held(*who: int) -> list[int]:
        with stores.ledger.read() as tx:
            return [sum(one.state == "issued" for one in codes.of_customer(tx, each)) for each in who]

    assert held(bob, twin) == [1, 1]
    with stores.ledger.begin() as tx:
        (operation,) = merge.merge(stores, tx, [(bob, twin)], by="Alice")
    made.settle(stores)
    assert held(bob) == [1]
    with stores.ledger.begin() as tx:
        merge.undo(stores, tx, operation, by="Alice")
    made.settle(stores)
    assert held(bob, twin) == [1, 1]
