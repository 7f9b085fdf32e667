"""Who comes into a journey, how often, and when not: by event, segment, schedule, date and hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from siyu.foundation.stores import Stores
from siyu.journeys.versions import FINISH, InFlight
from siyu.messaging import holdouts
from siyu.segments.segments import create_segment
from tests.conftest import SetClock
from tests.makers.journeys import settle
from tests.rooms.journeys.playing import ORDER, Play, tag, until, wait

DAY = timedelta(days=1)


def segment(stores: Stores, rule: dict[str, Any], name: str = "s") -> int:
    with stores.ledger.begin() as tx:
        return create_segment(tx, name=name, description=None, rule=rule, by=None, now=stores.now()).id


def trait(field: str, value: str) -> dict[str, Any]:
    return {"kind": "attribute", "field": f"custom:{field}", "op": "is", "value": value}


def recent(event: str, seconds: int) -> dict[str, Any]:
    return {"kind": "event", "name": event, "op": ">=", "count": 1, "window": {"last": seconds, "unit": "second"}}


def test_pol_016_at_most_three_entries_seven_days_apart(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"t": tag("x", None)}, reentry={"rule": "always", "at_most": 3, "min_days": 7})
    start = clock.at
    entered = []
    for day in (0, 3, 8, 15, 30):
        play.until(start + day * DAY)
        before = len(play.runs())
        play.happens("u", "cart_added")
        if len(play.runs()) > before:
            entered.append(day)
    assert entered == [0, 8, 15]
    assert play.ways("u") == {("t", "next"): 3}


@pytest.mark.parametrize(("rule", "expected"), [("once", 1), ("after_end", 2), ("always", 3)])
def test_rules_of_re_entry(stores: Stores, clock: SetClock, rule: str, expected: int) -> None:
    """Three events, the second while the first run is on the way, the third after its end."""
    play = Play(stores, clock, ORDER, {"w": wait(None, hours=1)}, reentry={"rule": rule})
    play.happens("u", "cart_added")
    play.happens("u", "cart_added")
    play.passes(hours=2)
    play.happens("u", "cart_added")
    assert len(play.states("u")) == expected


def test_rob_014_a_step_that_was_taken_in_an_earlier_run_is_taken_in_the_next(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"t": tag("x", "w"), "w": wait(None, days=1)}, reentry={"rule": "after_end"})
    for _ in range(2):
        play.happens("u", "cart_added")
        play.passes(days=2)
    assert play.ways("u") == {("t", "next"): 2, ("w", "next"): 2}


def test_rob_001_one_event_seen_twice_starts_one_run(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"t": tag("x", None)}, reentry={"rule": "always"})
    for _ in range(2):
        # The same message again, in a batch of its own: an SDK that got no answer.
        play.happens("u", "cart_added", number="m1")
    play.happen([("u", "cart_added", {}), ("u", "cart_added", {})])
    assert play.ways("u") == {("t", "next"): 3}


def test_runs_of_one_person_are_told_apart_by_a_property(any_stores: Stores, clock: SetClock) -> None:
    entry = {**ORDER, "key": "cart"}
    play = Play(any_stores, clock, entry, {"u": until("order_made", None, "t", days=1), "t": tag("late", None)})
    play.happen([("u", "cart_added", {"cart": "a"}), ("u", "cart_added", {"cart": "b"}), ("u", "cart_added", {"cart": "a"})])
    assert [run.key for run in play.runs()] == ["a", "b"]
    play.happens("u", "order_made", cart="b")
    play.passes(days=2)
    assert play.ways("u") == {("u", "happened"): 1, ("u", "timeout"): 1, ("t", "next"): 1}


def test_keys_that_no_column_could_keep_do_no_harm(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, {**ORDER, "key": "cart"}, {"w": wait(None, days=1)})
    long = "k" * 400
    play.happen([("u", "cart_added", {"cart": long + "1"}), ("u", "cart_added", {"cart": long + "2"}), ("v", "cart_added", {"cart": "a\0b"}), ("v", "cart_added", {})])
    assert [(run.key[:3], len(run.key)) for run in play.runs()] == [("kkk", 200), ("ab", 2), ("", 0)]


def test_an_event_and_what_follows_from_it_in_one_batch(any_stores: Stores, clock: SetClock) -> None:
    """Whoever comes in by an event is on the way for the next one, though both arrive together."""
    nodes = {"u": until("clicked", "t", None, days=1), "t": tag("clicked", None)}
    play = Play(any_stores, clock, ORDER, nodes, reentry={"rule": "after_end"}, exit=[{"event": "order_made"}])
    play.happen([
        ("u", "order_made", {}), ("u", "cart_added", {}), ("u", "clicked", {}),
        ("v", "cart_added", {}), ("v", "order_made", {}),
        ("w", "cart_added", {}), ("w", "order_made", {}), ("w", "cart_added", {}),
    ])  # fmt: skip
    assert play.states("u") == ["completed"]
    assert play.ways("u") == {("u", "happened"): 1, ("t", "next"): 1}
    assert play.states("v") == ["exited"]
    assert play.states("w") == ["exited", "on_the_way"]


def test_rob_017_late_events_count_for_the_run_and_history_lets_nobody_in(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait("u", days=2), "u": until("clicked", "t", None, days=1), "t": tag("clicked", None)})
    play.happens("u", "cart_added")
    play.happens("v", "cart_added")
    play.passes(days=1)
    # Arrives a day after it happened, before the person is at the wait: it counts for `u`. For `v` it happened before the run.
    play.happens("u", "clicked", ago=timedelta(hours=20))
    play.happens("v", "clicked", ago=timedelta(hours=30))
    play.passes(days=5)
    assert play.ways("u")["u", "happened"] == 1
    assert play.ways("v")["u", "timeout"] == 1
    play.happens("old", "cart_added", ago=timedelta(days=4))
    play.happens("new", "cart_added", ago=timedelta(days=2))
    assert [play.states("old"), play.states("new")] == [[], ["on_the_way"]]


def test_events_from_before_the_start_let_nobody_in(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"w": wait(None, days=1)})
    play.happens("u", "cart_added", ago=timedelta(minutes=5))
    assert play.states("u") == []


def test_no_more_at_once_than_the_journey_takes(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"w": wait(None, days=1)}, max_active=3)
    play.happen([(f"u{number}", "cart_added", {}) for number in range(5)])
    assert play.all_states() == {"on_the_way": 3}
    play.happens("u4", "cart_added")
    assert play.states("u4") == []
    play.passes(days=1, hours=1)
    play.happens("u4", "cart_added")
    assert play.states("u4") == ["on_the_way"]


def test_jny_040_and_041_taken_out_by_hand_comes_back_by_hand_alone(any_stores: Stores, clock: SetClock) -> None:
    number = segment(any_stores, trait("level", "vip"))
    play = Play(any_stores, clock, {"kind": "segment", "segment": number}, {"w": wait(None, days=1)}, reentry={"rule": "after_end"})
    play.said("c1", level="vip")
    assert play.states("c1") == ["on_the_way"]
    assert play.take_out("c1") == 1
    for rebuild in range(10):
        play.turn("pause")
        play.turn("resume")
        play.said("c1", level="vip" if rebuild % 2 else "none")
        assert play.states("c1") == ["removed"]
    assert play.enrol("c1").count == 1
    assert play.states("c1") == ["removed", "on_the_way"]
    # A hand has let them in again: from now on the rule of re-entry holds for them as for others.
    play.passes(days=2)
    play.said("c1", level="none")
    play.said("c1", level="vip")
    assert play.states("c1") == ["removed", "completed", "on_the_way"]


def test_taken_out_by_hand_holds_for_every_key(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, {**ORDER, "key": "cart"}, {"w": wait(None, days=1)})
    play.happens("u", "cart_added", cart="a")
    play.take_out("u")
    play.happens("u", "cart_added", cart="b")
    assert play.states("u") == ["removed"]


def test_jny_024_a_window_segment_lets_in_each_time_the_person_comes_into_it(stores: Stores, clock: SetClock) -> None:
    number = segment(stores, recent("test", 5))
    play = Play(stores, clock, {"kind": "segment", "segment": number}, {"t": tag("x", None)}, reentry={"rule": "after_end"})
    zero = clock.at
    entries = [len(play.runs())]
    for at, does in ((1, True), (7, False), (8, True)):
        play.until(zero + timedelta(seconds=at))
        if does:
            play.happens("u1", "test")
        entries.append(len(play.runs()))
    assert entries == [0, 1, 1, 2]


def test_who_comes_in_again_takes_the_version_that_newcomers_take(any_stores: Stores, clock: SetClock) -> None:
    """Members who complete the journey begin anew by what it is now, not once more by what they have just walked."""
    entry = {"kind": "segment", "segment": segment(any_stores, trait("level", "vip")), "again": True}
    play = Play(any_stores, clock, entry, {"w": wait(None, days=1)}, reentry={"rule": "after_end"})
    play.said("u", level="vip")
    play.redraw({"v": wait(None, days=1)}, entry, FINISH, reentry={"rule": "after_end", "at_most": 2})
    play.passes(days=3)
    assert [(run.version, run.node, run.state) for run in play.runs_of("u")] == [(1, "w", "completed"), (2, "v", "completed")]


def test_jny_025_and_rob_020_existing_members_come_in_once_each(any_stores: Stores, clock: SetClock) -> None:
    number = segment(any_stores, trait("name", "Max"))
    first = Play(any_stores, clock, {"kind": "segment", "segment": number}, {"t": tag("x", None)}, reentry={"rule": "after_end"})
    for user in ("a", "b", "c"):
        first.said(user, name="Max")
    clock.at += timedelta(days=3)
    later = Play(any_stores, clock, {"kind": "segment", "segment": number}, {"t": tag("y", None)}, reentry={"rule": "after_end"})
    assert [len(first.runs()), len(later.runs())] == [3, 3]
    # Neither a pause nor a new version lets in anew whoever has walked it since they came into the segment.
    later.turn("pause")
    later.said("d", name="Max")
    later.turn("resume")
    later.redraw({"t": tag("z", None)}, {"kind": "segment", "segment": number}, FINISH, reentry={"rule": "after_end"})
    later.passes(days=3)
    assert [len(first.runs()), len(later.runs())] == [4, 4]
    # A later event touches its own person.
    later.said("a", name="Moritz")
    later.said("a", name="Max")
    assert [len(later.states(user)) for user in "abcd"] == [2, 1, 1, 1]


def test_rob_019_lost_and_rebuilt_facts_let_nobody_in_anew(stores: Stores, clock: SetClock) -> None:
    number = segment(stores, trait("name", "Max"))
    nodes = {"w": wait(None, days=10)}
    into = Play(stores, clock, {"kind": "segment", "segment": number}, nodes, reentry={"rule": "always"})
    out = Play(stores, clock, {"kind": "segment", "segment": number, "direction": "left"}, nodes, reentry={"rule": "always"}, exit=[{"left": number}])
    for user in ("a", "b"):
        into.said(user, name="Max")
    into.said("c", name="Moritz")
    with stores.warehouse.engine.write() as session:
        for fact in stores.warehouse.facts:
            session.clear(fact)
        from siyu.foundation.warehouse.connect import CURSORS

        session.clear(CURSORS)
    into.said("a", age=40)
    into.turn("pause")
    into.turn("resume")
    into.passes(days=1)
    assert into.all_states() == {"on_the_way": 2}
    assert out.all_states() == {}


def test_left_a_segment(stores: Stores, clock: SetClock) -> None:
    number = segment(stores, trait("name", "Max"))
    play = Play(stores, clock, {"kind": "segment", "segment": number, "direction": "left"}, {"t": tag("x", None)})
    play.said("a", name="Max")
    assert play.states("a") == []
    play.said("a", name="Moritz")
    assert play.states("a") == ["completed"]


def test_held_out_people_are_watched_and_never_touched(any_stores: Stores, clock: SetClock) -> None:
    play = Play(any_stores, clock, ORDER, {"t": tag("x", None)}, reentry={"rule": "always"}, holdout_rate=0.3, goal={"event": "order_made", "days": 7})
    users = [f"u{number}" for number in range(200)]
    play.happen([(user, "cart_added", {}) for user in users])
    held = {run.customer_id for run in play.runs() if run.state == "held_out"}
    assert 35 <= len(held) <= 85
    assert {run.customer_id for run in play.runs() if run.state == "completed"} & held == set()
    # Again and again: chance sticks.
    play.happen([(user, "cart_added", {}) for user in users])
    assert {run.customer_id for run in play.runs() if run.state == "held_out"} == held
    assert sum(play.ways().values()) == 2 * (200 - len(held))
    play.happen([(user, "order_made", {}) for user in users])
    assert all(run.goal_ms is not None for run in play.runs())
    assert {run.customer_id for run in play.runs() if run.state == "held_out"} == held


def test_the_global_hold_out_holds_in_journeys(stores: Stores, clock: SetClock) -> None:
    nodes = {"w": wait(None, days=1)}
    play = Play(stores, clock, ORDER, nodes)
    free = Play(stores, clock, ORDER, nodes, use_global_holdout=False)
    play.happen([(f"u{number}", "seen", {}) for number in range(100)])
    with stores.ledger.begin() as tx:
        holdouts.draw(stores, tx, rate=0.1, days=None, by="test")
    settle(stores, clock)
    play.happen([(f"u{number}", "cart_added", {}) for number in range(100)])
    people = np.unique([run.customer_id for run in play.runs()])
    with stores.ledger.read() as tx:
        expected = people[holdouts.held_out(stores, tx, people)].tolist()
    held = [run for run in play.runs() if run.state == "held_out"]
    assert sorted(run.customer_id for run in held) == expected != []
    assert {run.code for run in held} == {"global_holdout"}
    assert free.all_states() == {"on_the_way": 100}


@pytest.mark.parametrize(("settings", "days"), [
    ({"every": "day", "at": "09:00"}, ["01-02", "01-03", "01-04", "01-05"]),
    ({"every": "week", "at": "09:00", "weekday": 1}, ["01-05", "01-12", "01-19"]),
    ({"every": "month", "at": "09:00", "day": 31}, ["01-31", "02-28", "03-31", "04-30"]),
    ({"every": "once", "at": "09:00", "on": "2026-02-03"}, ["02-03"]),
    ({"every": "once", "at": "09:00", "on": "2025-02-03"}, []),
])  # fmt: skip
def test_schedules_let_members_in_at_their_hour(stores: Stores, clock: SetClock, settings: dict[str, Any], days: list[str]) -> None:
    number = segment(stores, trait("name", "Max"))
    play = Play(stores, clock, {"kind": "schedule", "segment": number, **settings}, {"t": tag("x", None)}, reentry={"rule": "after_end"})
    play.said("u", name="Max")
    for at in days:
        month, day = (int(part) for part in at.split("-"))
        when = datetime(2026, month, day, 1, tzinfo=UTC)
        before = len(play.runs())
        play.until(when - timedelta(minutes=1))
        settle(stores, clock)
        assert len(play.runs()) == before, at
        play.until(when)
        assert len(play.runs()) == before + 1, at
        # Paused and resumed in the same minute: nobody comes in anew.
        play.turn("pause")
        play.turn("resume")
        assert len(play.runs()) == before + 1, at


def test_a_look_that_is_cut_off_and_repeated_lets_nobody_in_twice(any_stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    from siyu.journeys import looking

    monkeypatch.setattr(looking, "PART", 3)
    number = segment(any_stores, trait("name", "Max"))
    play = Play(any_stores, clock, {"kind": "schedule", "segment": number, "every": "day", "at": "09:00"}, {"t": tag("x", None)}, reentry={"rule": "always"})
    for user in "abcdefgh":
        play.said(user, name="Max")
    clock.at = datetime(2026, 1, 2, 1, tzinfo=UTC)
    calls = iter(range(10))

    def cut() -> None:
        if next(calls) == 2:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        looking.look(any_stores, told=cut)
    assert len(play.runs()) == 6
    settle(any_stores, clock)
    settle(any_stores, clock)
    assert play.ways() == {("t", "next"): 8}


def test_a_birthday_comes_each_year_where_the_person_lives(stores: Stores, clock: SetClock) -> None:
    clock.at = datetime(2026, 2, 1, tzinfo=UTC)
    play = Play(stores, clock, {"kind": "date", "field": "birthday", "at": "10:00"}, {"t": tag("x", None)})
    for user, born in (("plain", "1990-03-01"), ("leap", "1992-02-29"), ("other", "1990-03-02")):
        play.said(user, birthday=born)
    entered: dict[str, list[str]] = {"plain": [], "leap": [], "other": []}
    for year in (2026, 2027, 2028):
        for month, day in ((2, 28), (2, 29), (3, 1), (3, 2)):
            if (month, day) == (2, 29) and year != 2028:
                continue
            before = {user: len(play.runs_of(user)) for user in entered}
            # 10:00 in Shanghai is 02:00 UTC; a look comes at midnight.
            play.until(datetime(year, month, day, 2, tzinfo=UTC) - timedelta(seconds=1))
            assert sum(play.ways().values()) == sum(len(each) for each in entered.values()), (year, month, day)
            play.until(datetime(year, month, day, 2, tzinfo=UTC))
            for user, some in entered.items():
                if len(play.runs_of(user)) > before[user]:
                    some.append(f"{year}-{month:02}-{day:02}")
            assert sum(play.ways().values()) == sum(len(each) for each in entered.values()), (year, month, day)
    assert entered == {
        "plain": ["2026-03-01", "2027-03-01", "2028-03-01"],
        "leap": ["2026-02-28", "2027-02-28", "2028-02-29"],
        "other": ["2026-03-02", "2027-03-02", "2028-03-02"],
    }


def test_moved_people_are_not_let_in_anew(stores: Stores, clock: SetClock) -> None:
    play = Play(stores, clock, ORDER, {"w": wait("t", days=1), "t": tag("x", None)}, reentry={"rule": "after_end"})
    play.happens("u", "cart_added")
    play.redraw({"w": wait("t", days=1), "t": tag("x", None)}, ORDER, InFlight("move", {"w": "w", "t": "t"}), reentry={"rule": "after_end"})
    play.happens("u", "cart_added")
    assert play.states("u") == ["on_the_way"]
