"""Branches, splits, A/B tests and hold-outs of steps, attributes and other journeys, through the runner on both ledgers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.foundation.errors import InvalidError
from siyu.foundation.ids import draw_rows
from siyu.foundation.stores import Stores
from siyu.journeys import enrolments, journeys, winner_figures, winners
from siyu.journeys.steps.split import Way, drawn
from siyu.journeys.winners import Seen, decide
from siyu.river import flow
from siyu.segments.segments import create_segment
from tests.conftest import SetClock
from tests.makers.journey_steps import (
    edges,
    enter,
    failed,
    here,
    journey,
    pass_to,
    refused_by_checks,
    settle,
    sms_account,
    ways,
    willing,
)
from tests.makers.journeys import create as create_journey
from tests.makers.journeys import drawn as definition_of
from tests.makers.journeys import publish
from tests.makers.journeys import settle as settle_with_facts
from tests.makers.people import customers_by_user, now_ms, record

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def people(stores: Stores, count: int, traits: dict[str, Any] | None = None, first: int = 0) -> list[int]:
    users = [f"u{first + n}" for n in range(count)]
    record(stores, [{"user": user, "at_ms": now_ms(stores), "id": f"made {user}", "traits": traits or {}} for user in users], f"made {first}")
    known = customers_by_user(stores, users)
    return [known[user] for user in users]


def does(stores: Stores, clock: SetClock, user: str, event: str, **properties: Any) -> None:
    clock.at += timedelta(seconds=1)
    record(stores, [{"user": user, "at_ms": now_ms(stores), "id": f"{user} {event} {clock.at}", "event": event, "properties": properties}], f"{user} {clock.at}")
    settle(stores, clock)


def test_the_first_way_whose_tests_hold_is_taken(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    gold, plain = people(stores, 2, {"tier": "gold", "city": "杭州"}), people(stores, 2, {"city": "杭州"}, first=10)
    other = people(stores, 1, first=20)
    with stores.ledger.begin() as tx:
        rule = {"kind": "attribute", "field": "city", "op": "is", "value": "杭州"}
        segment = create_segment(tx, name="杭州", description=None, rule=rule, by=None, now=stores.now()).id
    by_tier = {"kind": "rule", "rule": {"kind": "attribute", "field": "tier", "op": "is", "value": "gold"}}
    settings = {
        "ways": [
            {"edge": "gold", "when": [by_tier, {"kind": "segment", "segment": segment}]},
            {"edge": "near", "when": [{"kind": "segment", "segment": segment}, {"kind": "event", "name": "visited"}], "match": "any"},
        ],
        "otherwise": "rest",
    }
    nodes: Any = {"n0": ("wait", {"hours": 1}, {"next": "n1"}), "n1": ("branch", settings, {"gold": None, "near": None, "rest": None})}
    made = journey(stores, nodes)
    settle_with_facts(stores, clock)
    enter(stores, clock, made, [*gold, *plain, *other])
    pass_to(stores, clock, NOON + timedelta(hours=2))
    assert ways(stores, made, "n1") == dict.fromkeys(gold, "gold") | dict.fromkeys(plain, "near") | {other[0]: "rest"}


def test_what_happened_in_the_run_decides_how_often_and_with_what(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    who = people(stores, 3)
    late = {"kind": "event", "name": "viewed", "where": [{"path": "price", "op": ">=", "value": 100}], "count": 2}
    nodes: Any = {"n0": ("wait", {"days": 1}, {"next": "n1"}), "n1": ("branch", {"ways": [{"edge": "yes", "when": [late]}]}, {"yes": None, "no": None})}
    does(stores, clock, "u0", "viewed", price=500)
    made = journey(stores, nodes)
    enter(stores, clock, made, who)
    for user, price in (("u0", 100), ("u1", 100), ("u1", 99), ("u1", 300), ("u2", 3)):
        does(stores, clock, user, "viewed", price=price)
    pass_to(stores, clock, NOON + timedelta(days=2))
    assert ways(stores, made, "n1") == {who[0]: "no", who[1]: "yes", who[2]: "no"}


def test_who_a_carrier_reaches(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    sms_account(stores)
    told, silent = willing(stores, 2), willing(stores, 1, first=100, purposes=("promotion",))
    settings = {"ways": [{"edge": "yes", "when": [{"kind": "reachable", "carrier": "sms", "purpose": "value"}]}]}
    made = journey(stores, {"n1": ("branch", settings, {"yes": None, "no": None})})
    enter(stores, clock, made, [*told, *silent])
    assert ways(stores, made, "n1") == dict.fromkeys(told, "yes") | {silent[0]: "no"}


def test_a_split_is_sticky_and_a_hold_out_keeps_its_share(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    who = people(stores, 400)
    three = {"ways": [{"edge": "a", "percent": 20}, {"edge": "b", "percent": 30}, {"edge": "c", "percent": 50}]}
    nodes: Any = {"n1": ("split", three, dict.fromkeys("abc", "n2")), "n2": ("holdout", {"percent": 25}, {"next": None, "held": None})}
    made = journey(stores, nodes, reentry={"rule": "after_end"})
    enter(stores, clock, made, who)
    first, counted = ways(stores, made, "n1"), edges(stores, made, "n1")
    assert all(abs(counted[edge] - share * 400) < 45 for edge, share in (("a", 0.2), ("b", 0.3), ("c", 0.5)))
    assert abs(edges(stores, made, "n2")["held"] - 100) < 45
    held = {edge: Counter(ways(stores, made, "n2")[one] for one in who if first[one] == edge)["held"] / counted[edge] for edge in "abc"}
    assert all(0.1 < share < 0.45 for share in held.values()), "the two draws tell nothing of one another"
    enter(stores, clock, made, who)
    from tests.makers.journeys import left

    again = {(one, edge): count for (one, node, edge), count in left(stores, made).items() if node == "n1"}
    assert again == dict.fromkeys(first.items(), 2)


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=6), st.floats(0, 1, exclude_max=True))
def test_each_lot_takes_the_way_that_the_cases_say(parts: list[int], lot: float) -> None:
    ways_ = [Way(f"w{place}", 100 * part / sum(parts)) for place, part in enumerate(parts)]
    total, wanted = 0.0, len(ways_) - 1
    for place, way in enumerate(ways_):
        total += way.percent
        if lot * 100 < total:
            wanted = place
            break
    assert abs(int(drawn(np.array([lot]), ways_)[0]) - wanted) <= (abs(lot * 100 - total) < 1e-9)


def test_cases_jny_031_and_032() -> None:
    ways_ = [Way("a", 33.33), Way("b", 33.33), Way("c", 33.34)]
    assert drawn(np.array([0.0, 0.3332, 0.3334, 0.5, 0.9, 0.999999]), ways_).tolist() == [0, 0, 1, 1, 2, 2]


def test_a_test_ends_with_the_better_way_and_newcomers_take_it(any_stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    count = 240
    who = people(any_stores, count)
    settings = {"least_people": 50, "window": {"days": 2}, "goal": {"event": "bought"}}
    nodes: Any = {"n1": ("ab", settings, {"a": "n2", "b": "n2"}), "n2": ("end", {}, {})}
    made = journey(any_stores, nodes)
    enter(any_stores, clock, made, who)
    taken = ways(any_stores, made, "n1")
    users = {customer: f"u{place}" for place, customer in enumerate(who)}
    clock.at += timedelta(hours=1)
    buyers = [one for place, one in enumerate(who) if taken[one] == "b" and place % 10 < 7]
    at = now_ms(any_stores)
    record(any_stores, [{"user": users[one], "at_ms": at, "id": f"b{one}", "event": "bought", "properties": {}} for one in buyers], "bought")
    flow(any_stores)
    assert winner_figures.look(any_stores) == 0, "nobody's two days are over"
    clock.at = NOON + timedelta(days=3)
    with any_stores.ledger.read() as tx:
        (place,) = winners.waiting(tx)
    assert winner_figures.look(any_stores) == 1
    with any_stores.ledger.read() as tx:
        standing = winners.standing(tx, place)
        assert winners.waiting(tx) == []
    counted = Counter(taken.values())
    assert standing is not None
    assert (standing.edge, standing.look_count) == ("b", 2)
    assert standing.seen == {"a": Seen(counted["a"], 0), "b": Seen(counted["b"], len(buyers))}
    new = people(any_stores, 30, first=1000)
    enter(any_stores, clock, made, new)
    assert {ways(any_stores, made, "n1")[one] for one in new} == {"b"}


def test_where_no_way_is_better_looking_often_seldom_names_a_winner() -> None:
    lots, named = np.random.default_rng(7), 0
    for _ in range(200):
        a, b = (np.cumsum(lots.random(2000) < 0.1) for _ in range(2))
        named += any(decide({"a": Seen(n, int(a[n - 1])), "b": Seen(n, int(b[n - 1]))}, least_people=200).edge is not None for n in range(200, 2001, 200))
    assert named <= 10, "one in twenty, for ten looks at each"


def test_a_clear_difference_is_named_and_too_few_people_are_not_judged() -> None:
    assert decide({"a": Seen(4000, 400), "b": Seen(4000, 600)}, least_people=200).edge == "b"
    assert decide({"a": Seen(4000, 400), "b": Seen(4000, 600), "c": Seen(4000, 620)}, least_people=200).edge is None
    assert decide({"a": Seen(4000, 400), "b": Seen(199, 150)}, least_people=200) == winners.Verdict(None, None, None)


def test_attributes_are_set_increased_and_cleared(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    who = people(stores, 2, {"coupon": "old"})
    with_key: Any = {
        "n1": ("attribute", {"path": "stage", "value": "welcomed"}, {"next": "n2"}), "n2": ("attribute", {"path": "visits", "op": "increment", "value": 2}, {"next": "n3"}),
        "n3": ("attribute", {"path": "coupon", "op": "unset"}, {"next": "n4"}), "n4": ("attribute", {"path": "shop", "property": "store.name"}, {"next": "n5"}),
        "n5": ("branch", {"ways": [{"edge": "yes", "when": [{"kind": "rule", "rule": {"kind": "attribute", "field": "custom:visits", "op": ">=", "value": 4}}]}]}, {"yes": None, "no": None}),
    }  # fmt: skip
    made = journey(stores, with_key, reentry={"rule": "after_end"})
    for some, data in ((who[:1], {"store": {"name": "西湖店"}}), (who, None)):
        with stores.ledger.begin() as tx:
            enrolments.enrol(stores, tx, made, some, data=data, by="test")
        settle_with_facts(stores, clock)
    assert attributes(stores, who[0]) == {"stage": "welcomed", "visits": "4", "shop": "西湖店"}
    assert attributes(stores, who[1]) == {"stage": "welcomed", "visits": "2"}
    from tests.makers.journeys import left

    assert {key: count for key, count in left(stores, made).items() if key[1] == "n5"} == {(who[0], "n5", "no"): 1, (who[0], "n5", "yes"): 1, (who[1], "n5", "no"): 1}


def attributes(stores: Stores, customer: int) -> dict[str, Any]:
    from siyu.customers.facts import CUSTOMERS_ATTRIBUTE
    flow(stores)
    table = CUSTOMERS_ATTRIBUTE.table
    with stores.warehouse.read() as session:
        return {row["path"]: row["text"] for row in session.query(table.filter(table.customer_id == customer)).to_pylist()}


def test_people_enter_and_leave_another_journey_by_its_own_rules(any_stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    who = people(any_stores, 3)
    care = journey(any_stores, {"w": ("wait", {"days": 30}, {"next": None})})
    enter(any_stores, clock, care, who[:1])
    first = journey(any_stores, {"n1": ("enter", {"journey": care}, {"next": "n2"}), "n2": ("wait", {"days": 1}, {"next": "n3"}), "n3": ("leave", {"journey": care}, {"next": None})})
    enter(any_stores, clock, first, who)
    assert set(here(any_stores, care)) == set(who)
    assert set(here(any_stores, first)) == set(who)
    pass_to(any_stores, clock, NOON + timedelta(days=2))
    with any_stores.ledger.read() as tx:
        assert enrolments.states(tx, care) == {"removed": 3}
        assert enrolments.states(tx, first) == {"completed": 3}


def test_who_cannot_enter_stops_with_the_reason_and_tries_again(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    who = people(stores, 2)
    care = journey(stores, {"w": ("wait", {"days": 30}, {"next": None})})
    first = journey(stores, {"n1": ("enter", {"journey": care}, {"next": None})})
    with stores.ledger.begin() as tx:
        journeys.pause(tx, care, by="test", now=stores.now())
    enter(stores, clock, first, who)
    assert failed(stores, first) == dict.fromkeys(who, "journey_state")
    with stores.ledger.begin() as tx:
        journeys.resume(tx, care, by="test", now=stores.now())
        enrolments.retry(tx, first, now=stores.now())
    settle(stores, clock)
    assert set(here(stores, care)) == set(who)


def test_journeys_that_enter_one_another_in_a_circle_are_not_published(stores: Stores) -> None:
    back = create_journey(stores, definition_of({"kind": "manual"}, {"w": ("wait", {"days": 1}, {"next": None})}, "w"))
    publish(stores, back.id)
    there = journey(stores, {"n1": ("enter", {"journey": back.id}, {"next": None})})
    with stores.ledger.begin() as tx:
        from siyu.journeys.definition import read

        draft = read(definition_of({"kind": "manual"}, {"w": ("wait", {"days": 1}, {"next": "n2"}), "n2": ("enter", {"journey": there}, {"next": None})}, "w"))
        journeys.save_draft(tx, back.id, draft, over=back.draft_version, by="test", now=stores.now())
    with pytest.raises(InvalidError) as refused:
        publish(stores, back.id)
    assert [fault.field for fault in refused.value.faults] == ["nodes.n2.with.journey"]


def test_what_is_wrong_with_these_steps_is_said_by_their_settings(stores: Stores) -> None:
    assert set(refused_by_checks(stores, "split", {"ways": [{"edge": "a", "percent": 50}, {"edge": "failed", "percent": 40}]}, ["a", "failed"])) == {"ways[1].edge", "ways"}
    assert set(refused_by_checks(stores, "ab", {"ways": [{"edge": "a", "percent": 100}, {"edge": "b", "percent": 0}], "window": {}}, "ab")) == {"ways[1].percent", "window"}
    assert set(refused_by_checks(stores, "holdout", {"percent": 0}, ["next", "held"])) == {"percent"}
    assert set(refused_by_checks(stores, "branch", {}, ["no"])) == {"ways"}
    tests = [{"kind": "segment", "segment": 9}, {"kind": "rule", "rule": {"kind": "odd"}}, {"kind": "reachable", "carrier": "pigeon"}, {"kind": "clicked", "piece": 5}]
    wrong = refused_by_checks(stores, "branch", {"ways": [{"edge": "yes", "when": tests}]}, ["yes", "no"])
    assert set(wrong) == {"ways[0].when[0].segment", "ways[0].when[1].rule.kind", "ways[0].when[2].carrier", "ways[0].when[3].piece"}
    assert set(refused_by_checks(stores, "attribute", {"path": "phone", "value": "1"}, ["next"])) == {"path"}
    assert set(refused_by_checks(stores, "attribute", {"path": "x", "op": "increment", "value": "a"}, ["next"])) == {"value"}
    assert set(refused_by_checks(stores, "attribute", {"path": "x"}, ["next"])) == {"value"}
    assert set(refused_by_checks(stores, "enter", {"journey": 77}, ["next"])) == {"journey"}


def test_lots_are_those_of_the_first_number_of_a_person() -> None:
    ids = np.arange(1, 2001, dtype=np.int64)
    assert np.array_equal(draw_rows("s n1", ids)[::-1], draw_rows("s n1", ids[::-1]))
