"""How runs end: exit rules, goals and their window, stops, hands; and what becomes of runs of people who are merged and parted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.foundation.stores import Stores
from siyu.identity.merge import merge, undo
from siyu.journeys.errors import JourneyStateError
from siyu.segments.segments import create_segment
from tests.conftest import SetClock
from tests.makers.journeys import settle
from tests.rooms.journeys.playing import ORDER, Play, tag, until, wait


def test_pol_015_an_exit_rule_ends_the_run_within_a_delay(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait("t", days=30), "t": tag("x", None)}, exit=[{"event": "bought"}], goal={"event": "bought", "days": 7})
    play.happen([("u", "cart_added", {}), ("v", "cart_added", {})])
    start = clock.at
    play.passes(days=3)
    play.happens("u", "bought")
    (run,) = play.runs_of("u")
    assert (run.state, run.code) == ("goal", "goal")
    assert run.ended_ms is not None
    assert abs(run.ended_ms / 1000 - (start + timedelta(days=3)).timestamp()) < 1
    play.passes(days=8)
    # After the window the goal is not reached any more; the rule still ends the run.
    play.happens("v", "bought")
    (run,) = play.runs_of("v")
    assert (run.state, run.code, run.goal_ms) == ("exited", "event:bought", None)
    play.passes(days=30)
    assert play.ways() == {}
    assert play.counts()["w"].passed == {"goal": 1, "exited": 1}


def test_exit_rules_ask_about_properties(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"w": wait(None, days=30)}, exit=[{"event": "bought", "where": [{"path": "price", "op": ">=", "value": 100}]}])
    play.happens("u", "cart_added")
    play.happens("u", "bought", price=99)
    assert play.states("u") == ["on_the_way"]
    play.happens("u", "bought", price=100)
    assert play.states("u") == ["exited"]


def test_whatever_comes_first_in_a_batch_ends_the_run(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait(None, days=30)}, exit=[{"event": "left"}, {"event": "gone"}], goal={"event": "bought", "days": 7})
    play.happen([(user, "cart_added", {}) for user in "abc"])
    play.happen([("a", "left", {}), ("a", "bought", {}), ("b", "bought", {}), ("b", "left", {}), ("c", "gone", {}), ("c", "left", {})])
    assert [(run.state, run.code, run.goal_ms is not None) for run in play.runs()] == [("exited", "event:left", True), ("goal", "goal", True), ("exited", "event:gone", False)]


def test_the_goal_is_watched_within_its_window_for_everybody(any_stores: Stores, clock: SetClock) -> None:
    """Also for those whose run is over or was taken out by hand, and after the journey has stopped; not after the window."""
    play = Play(any_stores, clock, ORDER, {"w": wait(None, days=2)}, goal={"event": "bought", "days": 5, "ends": True})
    for user in "abcd":
        play.happens(user, "cart_added")
    play.take_out("d")
    play.passes(days=3)
    assert play.all_states() == {"completed": 3, "removed": 1}
    play.happen([("a", "bought", {}), ("d", "bought", {})])
    play.turn("stop")
    play.happens("b", "bought")
    play.passes(days=3)
    play.happens("c", "bought")
    assert [run.goal_ms is not None for run in play.runs()] == [True, True, False, True]
    assert play.all_states() == {"completed": 3, "removed": 1}


def test_a_goal_of_many_at_once_has_each_its_instant(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait(None, days=2)}, goal={"event": "bought", "days": 5, "ends": False})
    play.happen([(f"u{number}", "cart_added", {}) for number in range(20)])
    play.happen([(f"u{number % 20}", "bought", {}) for number in range(40)])
    goals = [run.goal_ms or 0 for run in play.runs()]
    assert np.diff(goals).tolist() == [1] * 19
    assert play.all_states() == {"on_the_way": 20}


def test_withdrawn_consent_ends_the_run(stores: Stores, clock: SetClock) -> None:
    nodes = {"w": wait(None, days=30)}
    play, stays = Play(stores, clock, ORDER, nodes), Play(stores, clock, ORDER, nodes, exit_on_opt_out=False)
    play.happens("u", "cart_added")
    withdraw(stores, play.customer("u"))
    settle(stores, clock)
    assert [run.code for run in play.runs()] == ["opted_out"]
    assert stays.all_states() == {"on_the_way": 1}


def withdraw(stores: Stores, customer: int) -> None:
    with stores.ledger.begin() as tx:
        consent.record(stores, tx, [Statement(customer, "promotion", "", "withdrawn", stores.now())], Proof("page", "test"))


def test_pause_resume_drain_and_stop(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait("t", days=1), "t": tag("x", "l"), "l": wait(None, days=9)}, exit=[{"event": "left"}])
    play.happen([("a", "cart_added", {}), ("b", "cart_added", {})])
    play.turn("pause")
    play.happens("c", "cart_added")
    play.happens("b", "left")
    play.passes(days=2)
    assert (play.ways(), play.states("b"), play.states("c")) == ({}, ["exited"], [])
    play.turn("resume")
    assert play.ways("a") == {("w", "next"): 1, ("t", "next"): 1}
    play.turn("drain")
    play.happens("d", "cart_added")
    assert play.states("d") == []
    play.passes(days=10)
    assert play.states("a") == ["completed"]
    play.turn("resume")
    play.happens("d", "cart_added")
    play.turn("stop")
    assert (play.states("d"), play.counts()["w"].passed["stopped"]) == (["stopped"], 1)
    play.passes(days=2)
    assert play.ways("d") == {}
    with pytest.raises(JourneyStateError):
        play.turn("resume")
    with pytest.raises(JourneyStateError):
        play.enrol("a")


def joined(stores: Stores, clock: SetClock, goes: int, stays: int) -> int:
    """Merge one customer into another; returns the operation."""
    with stores.ledger.begin() as tx:
        (operation,) = merge(stores, tx, [(stays, goes)], by="test", beyond_limits=True)
    settle(stores, clock)
    return operation


def parted(stores: Stores, clock: SetClock, operation: int) -> None:
    with stores.ledger.begin() as tx:
        undo(stores, tx, operation, by="test")
    settle(stores, clock)


@pytest.mark.parametrize("earlier", ["a", "b"])
def test_of_two_runs_of_merged_people_the_earlier_goes_on_and_both_after_an_undo(any_stores: Stores, clock: SetClock, earlier: str) -> None:
    later = "b" if earlier == "a" else "a"
    play = Play(any_stores, clock, ORDER, {"t": tag("x", "w"), "w": wait("u", days=1), "u": until("clicked", "e", "e", days=1), "e": tag("y", None)})
    play.happens(earlier, "cart_added")
    play.passes(hours=1)
    play.happens(later, "cart_added")
    one, two = play.customer("a"), play.customer("b")
    operation = joined(any_stores, clock, one, two)
    assert sorted(run.state for run in play.runs()) == ["on_the_way", "stopped"]
    assert {run.customer_id for run in play.runs()} == {two}
    play.passes(hours=1)
    parted(any_stores, clock, operation)
    assert {run.customer_id: run.state for run in play.runs()} == {one: "on_the_way", two: "on_the_way"}
    play.passes(days=3)
    # Each goes on where they were: nobody was tagged twice, nobody lost.
    assert play.ways() == {("t", "next"): 2, ("w", "next"): 2, ("u", "timeout"): 2, ("e", "next"): 2}


def test_what_was_stopped_by_a_merge_stays_so_when_others_are_merged_or_parted(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"w": wait(None, days=1)})
    for user in "abc":
        play.happens(user, "cart_added")
    a, b, c = (play.customer(user) for user in "abc")
    first = joined(stores, clock, b, a)
    play.passes(days=2)
    second = joined(stores, clock, c, a)
    parted(stores, clock, second)
    assert [run.state for run in play.runs()] == ["completed", "stopped", "completed"]
    # Its wait was over meanwhile: it goes on at once.
    parted(stores, clock, first)
    assert [run.state for run in play.runs()] == ["completed", "completed", "completed"]


def test_runs_of_their_own_go_on_beside_each_other_after_a_merge(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"w": wait(None, days=1)}, reentry={"rule": "always"})
    play.happen([("a", "cart_added", {}), ("a", "cart_added", {}), ("b", "cart_added", {})])
    joined(stores, clock, play.customer("b"), play.customer("a"))
    assert play.all_states() == {"on_the_way": 3}
    play.happens("b", "cart_added")
    assert play.all_states() == {"on_the_way": 4}


def test_whoever_is_held_out_stays_so_as_part_of_somebody_else(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"t": tag("x", "w"), "w": wait(None, days=1)}, reentry={"rule": "always"}, holdout_rate=0.5)
    play.happen([(f"u{number}", "cart_added", {}) for number in range(40)])
    held = [number for number, run in enumerate(play.runs()) if run.state == "held_out"]
    free = [number for number, run in enumerate(play.runs()) if run.state == "on_the_way"]
    into = play.runs()[free[0]].customer_id
    joined(any_stores, clock, play.runs()[held[0]].customer_id, into)
    play.happens(f"u{free[0]}", "cart_added")
    assert [run.state for run in play.runs() if run.customer_id == into] == (["stopped", "held_out"] if free[0] < held[0] else ["held_out", "stopped"]) + ["held_out"]


def test_being_in_a_segment_is_a_goal_and_an_exit(stores: Stores, clock: SetClock) -> None:
    with stores.ledger.begin() as tx:
        rule: dict[str, Any] = {"kind": "attribute", "field": "custom:level", "op": "is", "value": "vip"}
        number = create_segment(tx, name="vip", description=None, rule=rule, by=None, now=stores.now()).id
    nodes = {"w": wait(None, days=30)}
    goal = Play(stores, clock, ORDER, nodes, goal={"segment": number, "days": 2})
    leaves = Play(stores, clock, ORDER, nodes, exit=[{"segment": number}])
    stays = Play(stores, clock, ORDER, nodes, exit=[{"left": number}], goal={"segment": number, "days": 2, "ends": False})
    goal.happen([("u", "cart_added", {}), ("late", "cart_added", {})])
    goal.said("u", level="vip")
    assert [goal.states("u"), leaves.states("u"), stays.states("u")] == [["goal"], ["exited"], ["on_the_way"]]
    goal.passes(days=3)
    goal.said("late", level="vip")
    goal.said("u", level="none")
    assert [goal.states("late"), leaves.states("late"), stays.states("u")] == [["on_the_way"], ["exited"], ["exited"]]
    assert [run.goal_ms is not None for run in stays.runs()] == [True, False]
