"""People are moved on: together, exactly once, whatever fails; and what publishing another version makes of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from siyu.events import reactions
from siyu.foundation import faults
from siyu.foundation.errors import NotAllowedError, UnavailableError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.resolve import RESOLVE
from siyu.journeys import _tables, journeys, runner
from siyu.journeys.listening import LISTEN
from siyu.journeys.steps.tag import Tag
from siyu.journeys.versions import FINISH, InFlight
from siyu.rights.holdings import remove_rows
from siyu.rights.people import find_people
from siyu.river import flow
from siyu.segments.segments import create_segment
from tests.conftest import SetClock
from tests.makers.journeys import settle
from tests.makers.people import record
from tests.rooms.journeys.playing import ORDER, Play, buys, tag, until, wait


@contextmanager
def failing(people: dict[int, Exception]) -> Iterator[None]:
    """The tag step fails for some customers."""
    act = Tag.act

    def broken(self: Tag, ctx: Any, settings: Any, some: Any) -> Any:
        for who in some.customer_id.tolist():
            if who in people:
                raise people[who]
        return act(self, ctx, settings, some)

    Tag.act = broken  # type: ignore[method-assign]
    try:
        yield
    finally:
        Tag.act = act  # type: ignore[method-assign]


def test_rob_011_whoever_a_step_fails_for_stops_and_tries_again_later(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait("t", hours=1), "t": tag("x", "e"), "e": tag("y", None)})
    play.happen([(f"u{number}", "cart_added", {}) for number in range(40)])
    bad, refused = play.runs()[7].customer_id, play.runs()[30].customer_id
    with failing({bad: RuntimeError("poison"), refused: NotAllowedError(Text("不行", "no"))}):
        play.passes(hours=2)
        assert play.all_states() == {"failed": 2, "completed": 38}
        assert {run.customer_id: (run.node, run.code) for run in play.runs() if run.state == "failed"} == {bad: ("t", "crashed"), refused: ("t", NotAllowedError.code)}
        assert play.ways()["t", "next"] == 38
        assert play.retry() == 2
        assert play.all_states() == {"failed": 2, "completed": 38}
    assert play.retry() == 2
    assert play.all_states() == {"completed": 40}
    assert (play.ways()["t", "next"], play.ways()["e", "next"]) == (40, 40)
    assert {way: number for way, number in play.ways().items() if way[1] == "failed"} == {("t", "failed"): 4}


def test_of_whoever_is_erased_nothing_stands_anywhere_and_nobody_waits_for_them(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait("t", hours=1), "t": tag("x", None)})
    play.happen([("u", "cart_added", {}), ("v", "cart_added", {})])
    gone = play.runs()[0].customer_id
    with any_stores.ledger.begin() as tx:
        remove_rows(tx, find_people(any_stores, tx, [gone]))
        assert tx.scalar(select(func.count()).select_from(_tables.standing)) == 1
    play.passes(hours=2)
    assert play.ways()["t", "next"] == 1
    assert runner.waiting(any_stores) is None


def test_a_step_that_is_unavailable_is_tried_again_with_the_next_tick(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"t": tag("x", None)})
    with failing(dict.fromkeys(range(1000), UnavailableError(Text("暂时不行", "not now")))):
        play.happen([("u", "cart_added", {}), ("v", "cart_added", {})])
        assert play.all_states() == {"on_the_way": 2}
    settle(any_stores, clock)
    assert play.ways() == {("t", "next"): 2}


def test_rob_007_a_person_who_kills_the_process_is_recorded_and_the_others_go_on(any_stores: Stores, clock: SetClock) -> None:
    """A kill is a tick that neither commits nor puts down what it began."""
    play = Play(any_stores, clock, ORDER, {"w": wait("t", hours=1), "t": tag("x", None)})
    play.happen([(f"u{number}", "cart_added", {}) for number in range(60)])
    poison = play.runs()[40].customer_id
    clock.at += timedelta(hours=2)
    kills = 0
    for _ in range(10):
        with failing({poison: KeyboardInterrupt()}):  # type: ignore[dict-item]
            try:
                killed_tick(any_stores)
            except KeyboardInterrupt:
                kills += 1
                clock.at += runner.LEASE
                continue
            break
    assert kills == runner.MOST_CRASHES
    assert play.all_states() == {"failed": 1, "completed": 59}
    (run,) = (run for run in play.runs() if run.state == "failed")
    assert (run.customer_id, run.code) == (poison, "crashed")
    # Mended, the button does it.
    assert play.retry() == 1
    assert play.ways()["t", "next"] == 60


def killed_tick(stores: Stores) -> None:
    """What a killed process leaves behind: it puts nothing down."""
    put_down = runner._put_down
    runner._put_down = lambda begin, due: None  # type: ignore[assignment]
    try:
        runner.tick(stores, batch=20)
    finally:
        runner._put_down = put_down


def test_a_clean_stop_in_the_middle_is_no_crash(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait("t", hours=1), "t": tag("x", None)})
    play.happen([(f"u{number}", "cart_added", {}) for number in range(12)])
    clock.at += timedelta(hours=2)

    class Stopped(Exception):
        pass

    def told(moved: int) -> None:
        if moved >= 2:
            raise Stopped

    for _ in range(4):
        with pytest.raises(Stopped):
            runner.tick(any_stores, batch=2, told=told)
    with any_stores.ledger.read() as tx:
        assert tx.execute(select(_tables.place.c.begun_at, _tables.place.c.crash_count)).all() == [(None, 0), (None, 0)]
    runner.tick(any_stores)
    assert play.ways() == {("w", "next"): 12, ("t", "next"): 12}


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_a_fault_at_the_end_of_any_transaction_repeats_nothing(any_stores: Stores, clock: SetClock, batch: int) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait("t", hours=1), "t": tag("x", "v"), "v": wait(None, hours=1)})
    play.happen([(f"u{number}", "cart_added", {}) for number in range(7)])
    for _ in range(3):
        clock.at += timedelta(hours=1)
        for nth in range(1, 20):
            faults.ask(f"journeys.moved=raise:{nth}")
            try:
                runner.tick(any_stores, batch=batch)
                break
            except faults.InjectedError:
                continue
            finally:
                faults.ask("")
    assert play.ways() == {("w", "next"): 7, ("t", "next"): 7, ("v", "next"): 7}


def test_pausing_holds_within_a_tick(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait("t", hours=1), "t": tag("x", None)})
    play.happen([(f"u{number}", "cart_added", {}) for number in range(6)])
    clock.at += timedelta(hours=2)

    def told(moved: int) -> None:
        if moved == 2:
            with any_stores.ledger.begin() as tx:
                journeys.pause(tx, play.journey, by="test", now=any_stores.now())

    assert runner.tick(any_stores, batch=2, told=told) == 2
    assert play.ways()["t", "next"] == 2
    play.turn("resume")
    assert play.ways()["t", "next"] == 6


def test_rob_010_two_processes_at_once_move_everybody_once(any_stores: Stores, clock: SetClock) -> None:
    """Two tickers and a listener, each with connections of its own; on PostgreSQL they really run beside each other."""
    count = 300
    play = Play(any_stores, clock, ORDER, {"u": until("clicked", "t", "t", hours=1), "t": tag("x", "v"), "v": until("bought", "e", None, hours=1), "e": tag("y", None)})
    play.happen([(f"u{number}", "cart_added", {}) for number in range(count)])
    at = int(clock.at.timestamp() * 1000)
    for name in ("clicked", "bought"):
        for part in range(6):
            some = [{"user": f"u{number}", "at_ms": at, "id": f"{name}{number}", "event": name, "properties": {}} for number in range(part, count, 6)]
            record(any_stores, some, f"{name} {part}")
    done = threading.Event()
    trouble: list[BaseException] = []

    def keep(work: Any) -> None:
        while not done.is_set():
            try:
                work()
            except Exception as error:
                if "deadlock" not in str(error):
                    trouble.append(error)
                    return

    def listen() -> None:
        reactions.advance(any_stores, RESOLVE)
        reactions.advance(any_stores, LISTEN, page=1)

    threads = [threading.Thread(target=keep, args=(work,)) for work in (lambda: runner.tick(any_stores, batch=17), lambda: runner.tick(any_stores, batch=23), listen)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(600):
            if trouble or play.all_states() == {"completed": count}:
                break
            threading.Event().wait(0.05)
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
    assert trouble == []
    assert play.ways() == {("u", "happened"): count, ("t", "next"): count, ("v", "happened"): count, ("e", "next"): count}


def test_a_person_who_is_new_is_heard_though_more_came_in_while_it_flowed(any_stores: Stores, clock: SetClock) -> None:
    """What is appended between resolving identities and listening is listened to after it was resolved."""
    play = Play(any_stores, clock, ORDER, {"t": tag("x", None)})
    reactions.advance(any_stores, RESOLVE)
    play.happens("new", "cart_added", settles=False)
    reactions.advance(any_stores, LISTEN)
    settle(any_stores, clock)
    assert play.states("new") == ["completed"]


def test_a_loop_with_a_wait_goes_round_until_the_branch_lets_out(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"t": tag("x", "u"), "u": until("clicked", "e", "t", days=1), "e": tag("y", None)})
    play.happens("u", "cart_added")
    play.passes(days=3, hours=1)
    play.happens("u", "clicked")
    assert play.ways("u") == {("t", "next"): 4, ("u", "timeout"): 3, ("u", "happened"): 1, ("e", "next"): 1}


def test_jny_043_a_branch_of_fifty_and_what_is_sent_later(any_stores: Stores, clock: SetClock) -> None:
    with any_stores.ledger.begin() as tx:
        rule = {"kind": "attribute", "field": "custom:country", "op": "is", "value": "US"}
        number = create_segment(tx, name="us", description=None, rule=rule, by=None, now=any_stores.now()).id
    nodes = {
        # Whoever is in the segment does not wait for it.
        "b": ("wait_until", {"segment": number, "timeout": {"seconds": 1}}, {"happened": "a", "timeout": "w"}),
        "a": tag("mail A", None), "w": wait("m", hours=6), "m": tag("mail B", None),
    }  # fmt: skip
    play = Play(any_stores, clock, ORDER, nodes)
    at = int(clock.at.timestamp() * 1000)
    record(any_stores, [{"user": f"u{n}", "at_ms": at, "id": f"said{n}", "traits": {"country": "US" if n < 8 else "DE"}} for n in range(50)], "traits")
    settle(any_stores, clock)
    play.happen([(f"u{n}", "cart_added", {}) for n in range(50)])
    sent = {way: times for way, times in play.ways().items() if way[0] in ("a", "m")}
    assert sent == {("a", "next"): 8}
    play.passes(seconds=2)
    assert play.counts()["w"].here == 42
    play.passes(hours=7)
    assert {way: times for way, times in play.ways().items() if way[0] in ("a", "m")} == {("a", "next"): 8, ("m", "next"): 42}


def test_an_order_that_is_imported_again_counts_once(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, {"kind": "event", "name": "order_paid", "key": "order_id"}, {"t": tag("bought", None)}, reentry={"rule": "always"})
    play.happens("u", "seen")
    for _ in range(3):
        buys(stores, [("u", "o1", 100), ("u", "o1", 50), ("u", "o2", 10)])
        settle(stores, clock)
    assert sorted(run.key for run in play.runs()) == ["o1", "o2"]
    assert play.ways() == {("t", "next"): 2}


def test_jny_005_events_that_a_source_hides_let_in_like_others(stores: Stores, clock: SetClock) -> None:
    """Siyu has no hidden events: whether an event is shown in lists is no property of what happened. Its context is kept and counts like any other."""
    play = Play(stores, clock, ORDER, {"t": tag("x", None)})
    play.happens("u", "cart_added", hidden=True)
    assert play.ways("u") == {("t", "next"): 1}


def test_a_new_version_people_finish_on_theirs(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait("t", days=1), "t": tag("old", None)}, reentry={"rule": "after_end"}, exit=[{"event": "left"}])
    play.happen([("a", "cart_added", {}), ("b", "cart_added", {})])
    play.redraw({"w": wait("n", days=2), "n": tag("new", None)}, ORDER, FINISH, reentry={"rule": "after_end"})
    play.happens("c", "cart_added")
    # Leaves the old version, and one event of a batch lets in to the new.
    play.happen([("b", "left", {}), ("b", "cart_added", {})])
    play.passes(days=1, hours=1)
    assert (play.ways("a"), play.ways("c")) == ({("w", "next"): 1, ("t", "next"): 1}, {})
    assert play.states("b") == ["exited", "on_the_way"]
    play.passes(days=1)
    assert play.ways("b") == play.ways("c") == {("w", "next"): 1, ("n", "next"): 1}


def test_a_new_version_people_are_moved_by_the_mapping(any_stores: Stores, clock: SetClock) -> None:
    nodes = {"w": wait("u", days=1), "u": until("clicked", "f", None), "f": tag("x", "l"), "l": wait(None, days=50)}
    play = Play(any_stores, clock, ORDER, nodes)
    play.happens("far", "cart_added")
    play.happens("out", "cart_added")
    play.passes(days=1, hours=1)
    play.happens("out", "clicked")
    play.happens("near", "cart_added")
    # The wait is the same; the wait for a click now has a time-out; the last one leads out.
    play.redraw({"w": wait("u", days=1), "u": until("clicked", None, "t", days=3), "t": tag("late", None)}, ORDER, InFlight("move", {"w": "w", "u": "u", "l": None}))
    assert {run.customer_id: (run.version, run.state, run.code) for run in play.runs()} == {
        play.customer("far"): (2, "on_the_way", None), play.customer("out"): (1, "stopped", "version"), play.customer("near"): (2, "on_the_way", None),
    }  # fmt: skip
    play.passes(days=5)
    assert play.ways("far") == {("w", "next"): 1, ("u", "timeout"): 1, ("t", "next"): 1}
    assert play.ways("near") == {("w", "next"): 1, ("u", "timeout"): 1, ("t", "next"): 1}
    assert play.all_states() == {"completed": 2, "stopped": 1}


def test_a_mapping_to_a_node_that_is_another_step_now(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"n": until("clicked", None, None)})
    play.happens("u", "cart_added")
    play.redraw({"n": tag("x", "w"), "w": wait(None, days=1)}, ORDER, InFlight("move", {"n": "n"}))
    assert play.ways("u") == {("n", "next"): 1}
    play.passes(days=2)
    assert play.states("u") == ["completed"]


def test_failed_people_move_with_a_version_and_try_again_there(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"t": tag("x", None)}, reentry={"rule": "after_end"})
    with failing({1: RuntimeError("poison")}):
        play.happens("u", "cart_added")
    play.redraw({"s": tag("y", None)}, ORDER, InFlight("move", {"t": "s"}), reentry={"rule": "after_end"})
    assert play.states("u") == ["failed"]
    play.retry()
    assert play.ways("u") == {("t", "failed"): 1, ("s", "next"): 1}


def test_whoever_came_in_again_after_a_failure_is_not_on_the_way_twice(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"t": tag("x", "w"), "w": wait(None, days=1)}, reentry={"rule": "after_end"})
    with failing({1: RuntimeError("poison")}):
        play.happens("u", "cart_added")
    play.happens("u", "cart_added")
    assert play.retry() == 0
    assert play.states("u") == ["failed", "on_the_way"]
    play.passes(days=2)
    assert play.retry() == 1


def test_a_clock_that_is_set_back_delays_and_repeats_nothing(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"w": wait("t", hours=1), "t": tag("x", "v"), "v": wait(None, hours=1)})
    play.happens("u", "cart_added")
    play.passes(hours=1, minutes=5)
    clock.at -= timedelta(days=1)
    settle(stores, clock)
    assert play.ways("u") == {("w", "next"): 1, ("t", "next"): 1}
    play.passes(days=2)
    assert play.ways("u") == {("w", "next"): 1, ("t", "next"): 1, ("v", "next"): 1}


def test_facts_tell_what_the_ledger_says(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"w": wait("t", hours=1), "t": tag("x", None)}, exit=[{"event": "left"}], goal={"event": "bought", "days": 3})
    play.happen([(user, "cart_added", {}) for user in "abc"])
    play.happen([("a", "left", {}), ("b", "bought", {})])
    play.passes(hours=2)
    flow(stores)
    names = ("enrolment_id", "state", "code", "entered_ms", "ended_ms", "goal_ms")
    with stores.warehouse.read() as session:
        rows = session.query(stores.warehouse.tables["journeys_run"].select(*names).order_by("enrolment_id")).to_pylist()
    assert [tuple(row.values()) for row in rows] == [(run.id, run.state, run.code, run.entered_ms, run.ended_ms, run.goal_ms) for run in play.runs()]
    with stores.ledger.read() as tx:
        assert tx.scalar(text("SELECT count(*) FROM journeys_heard")) == 0
