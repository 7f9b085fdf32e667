"""The touched people give the same members as a full recompute, whatever the order in which history arrives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.customers.facts import CUSTOMERS_ACTIVITY
from siyu.events import log
from siyu.events.catalogue.acquisition import ACQUISITION_TOUCHED
from siyu.events.catalogue.content import CONTENT_TOUCHED
from siyu.events.catalogue.loyalty import COUPONS_CHANGED, POINTS_CHANGED
from siyu.events.catalogue.messaging import MESSAGES_CHANGED
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines.duckdb import DuckSession
from siyu.river import flow
from siyu.segments.evaluate import members
from siyu.segments.recompute import moment_of, recompute
from siyu.segments.refresh import refresh
from siyu.segments.rules import parse
from siyu.segments.segments import create_segment, list_segments
from tests.conftest import SetClock
from tests.makers.cases import cases
from tests.makers.people import record

START = datetime(2026, 3, 1, 4, tzinfo=UTC)
RULES: dict[str, dict[str, Any]] = {
    "viewed in 2 days": {"kind": "event", "name": "view", "op": ">=", "count": 1, "window": {"last": 2}},
    "viewed twice in 5 hours": {"kind": "event", "name": "view", "op": ">=", "count": 2, "window": {"last": 5, "unit": "hour"}},
    "not told in 3 hours": {"kind": "event", "name": "told", "op": "=", "count": 0, "window": {"last": 3, "unit": "hour"}},
    "viewed 1 to 3 days ago": {"kind": "event", "name": "view", "op": ">=", "count": 1, "window": {"last": 3, "until_last": 1}},
    "page 7": {"kind": "event", "name": "view", "op": ">=", "count": 1, "where": [{"path": "page", "op": "is", "value": 7}]},
    "last view was page 7": {"kind": "last_event", "name": "view", "has": [{"path": "page", "op": "is", "value": 7}]},
    "level gold": {"kind": "attribute", "field": "custom:level", "op": "is", "value": "gold"},
    "gold for 4 hours": {"kind": "attribute", "field": "custom:level", "op": "held_at_least", "value": "gold", "seconds": 14_400},
    "gold and quiet": {"kind": "all", "of": [
        {"kind": "attribute", "field": "custom:level", "op": "is", "value": "gold"},
        {"kind": "not", "of": {"kind": "event", "name": "view", "op": ">=", "count": 1, "window": {"last": 6, "unit": "hour"}}}]},
}  # fmt: skip
USERS = ("u1", "u2", "u3")

_message = st.one_of(
    st.fixed_dictionaries({"user": st.sampled_from(USERS), "event": st.sampled_from(["view", "told"]), "properties": st.fixed_dictionaries({"page": st.sampled_from([7, 8])})}),
    st.fixed_dictionaries({"user": st.sampled_from(USERS), "traits": st.fixed_dictionaries({"level": st.sampled_from(["gold", "plain"])})}),
)
_round = st.fixed_dictionaries(
    {
        "wait_minutes": st.integers(1, 1500),
        "messages": st.lists(st.tuples(_message, st.integers(0, 2000)), max_size=4),
        "again": st.booleans(),
    }
)


def stored(stores: Stores) -> dict[str, set[int]]:
    member = stores.warehouse.tables["segments_member"]
    with stores.ledger.read() as tx:
        names = {segment.id: segment.name for segment in list_segments(tx)}
    with stores.warehouse.read() as session:
        rows = session.query(member.filter(member.entered)).to_pylist()
    found: dict[str, set[int]] = {name: set() for name in names.values()}
    for row in rows:
        found[names[row["segment_id"]]].add(row["customer_id"])
    return found


def computed(stores: Stores) -> dict[str, set[int]]:
    """The members by the full expression over the whole base, at this instant."""
    moment = moment_of(stores, stores.now())
    with stores.warehouse.read() as session:
        return {name: set(session.query(members(parse(rule), stores.warehouse.tables, moment))["customer_id"].to_pylist()) for name, rule in RULES.items()}


def define(stores: Stores) -> None:
    with stores.ledger.begin() as tx:
        if not list_segments(tx):
            for name, rule in RULES.items():
                create_segment(tx, name=name, description=None, rule=rule, by=None, now=stores.now())


@pytest.mark.timeout(600)
@given(rounds=st.lists(_round, min_size=1, max_size=5), seed=st.integers(0, 2**40))
@settings(max_examples=cases(4, 40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_touched_people_equal_the_full_recompute(rounds: list[dict[str, Any]], seed: int, stores: Stores, clock: SetClock) -> None:
    """Late, duplicate and out-of-order events; time passing without any event; one world after another on the same stores."""
    clock.at = max(START, clock.at) + timedelta(days=400)
    define(stores)
    recompute(stores, flow)
    earlier: list[dict[str, Any]] = []
    for number, step in enumerate(rounds):
        clock.at += timedelta(minutes=step["wait_minutes"])
        fresh = [
            {**message, "id": f"{seed}-{number}-{place}", "at_ms": to_ms(clock.at) - ago * 60_000}
            for place, (message, ago) in enumerate(step["messages"])
        ]
        sent = fresh + (earlier if step["again"] else [])
        if sent:
            record(stores, sent, f"{seed} {number} {clock.at}")
        earlier = fresh
        refresh(stores, flow)
        assert stored(stores) == computed(stores)


def test_an_idle_round_asks_the_warehouse_nothing_about_people(stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    clock.at = START
    now = stores.now()
    with stores.ledger.begin() as tx:
        create_segment(tx, name="days only", description=None, rule=RULES["viewed in 2 days"], by=None, now=now)
    record(stores, [{"user": "u1", "id": "1", "at_ms": to_ms(START) - 1000, "event": "view", "properties": {}}], "one")
    recompute(stores, flow)
    asked: list[str] = []
    monkeypatch.setattr(DuckSession, "keep", lambda _self, name, *_what: asked.append(name))
    clock.at += timedelta(minutes=5)
    assert refresh(stores, flow) == []
    assert asked == []


def test_one_event_touches_one_person(stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    clock.at = START
    define(stores)
    record(stores, [{"user": f"u{i}", "id": f"a{i}", "at_ms": to_ms(START) - 60_000, "traits": {"level": "gold"}} for i in range(20)], "all")
    recompute(stores, flow)
    sizes: list[int] = []
    kept = DuckSession.keep

    def keep(self: DuckSession, name: str, what: Any, values: Any = None) -> Any:
        table = kept(self, name, what, values)
        if name == "_narrow_customers_profile":
            sizes.append(int(self.scalar(table.count())))
        return table

    monkeypatch.setattr(DuckSession, "keep", keep)
    clock.at += timedelta(seconds=30)
    record(stores, [{"user": "u3", "id": "b", "at_ms": to_ms(clock.at), "event": "view", "properties": {"page": 7}}], "one")
    changes = {change.segment_id: change.entered_count for change in refresh(stores, flow) if change.entered_count}
    assert sizes == [1]
    assert set(changes.values()) == {1}
    assert stored(stores) == computed(stores)


def test_joins_and_leaves_are_events_and_are_told_once(stores: Stores, clock: SetClock) -> None:
    clock.at = START
    with stores.ledger.begin() as tx:
        create_segment(tx, name="quick", description=None, rule={"kind": "event", "name": "view", "op": ">=", "count": 1, "window": {"last": 5, "unit": "second"}}, by=None, now=START)
    record(stores, [{"user": "u1", "id": "x", "at_ms": to_ms(START), "traits": {}}], "known")
    recompute(stores, flow)
    told = []
    for seconds, views in ((1, True), (2, False), (8, False), (9, False), (10, True)):
        clock.at = START + timedelta(seconds=seconds)
        if views:
            record(stores, [{"user": "u1", "id": f"v{seconds}", "at_ms": to_ms(clock.at), "event": "view", "properties": {}}], f"v{seconds}")
        told += [(seconds, c.entered_count, c.left_count) for c in refresh(stores, flow)]
        assert refresh(stores, flow) == []
    assert told == [(1, 1, 0), (8, 0, 1), (10, 1, 0)]
    change = stores.warehouse.tables["segments_change"]
    with stores.warehouse.read() as session:
        rows = session.query(change.order_by("at_ms").select("entered")).to_pylist()
    assert [row["entered"] for row in rows] == [True, False, True]


def test_what_messages_links_coupons_and_sources_tell_of_a_person_touches_them_too(stores: Stores, clock: SetClock) -> None:
    clock.at = START
    names = {"link_opened": CONTENT_TOUCHED, "message_sent": MESSAGES_CHANGED, "points_changed": POINTS_CHANGED, "coupon_issued": COUPONS_CHANGED, "source_touched": ACQUISITION_TOUCHED}
    assert {event.name for event in names.values()} | {"activity_recorded"} == set(CUSTOMERS_ACTIVITY.sources)
    with stores.ledger.begin() as tx:
        for name in names:
            create_segment(tx, name=name, description=None, rule={"kind": "event", "name": name, "op": ">=", "count": 1}, by=None, now=START)
    record(stores, [{"user": "u1", "id": "x", "at_ms": to_ms(START), "traits": {}}], "known")
    recompute(stores, flow)
    links = stores.warehouse.tables["identity_link"]
    with stores.warehouse.read() as session:
        key = session.query(links).to_pylist()[0]["identity_key"]
    clock.at += timedelta(seconds=5)
    told = {
        "link_opened": {"name": "link_opened"}, "message_sent": {"status": "sent"}, "points_changed": {"kind": "grant"},
        "coupon_issued": {"name": "coupon_issued"}, "source_touched": {"step": "add"},
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        for number, (name, event) in enumerate(names.items()):
            row = {p.name: "" if pa.types.is_string(p.type) else 1 for p in event.properties} | {"event_key": number, "identity_key": key, "at_ms": to_ms(clock.at)}
            log.append(tx, event, event.table({column: [value] for column, value in {**row, **told[name]}.items()}), now=clock.at)
    refresh(stores, flow)
    assert {name: len(people) for name, people in stored(stores).items()} == dict.fromkeys(names, 1)


def test_a_changed_segment_is_used_by_others_in_the_same_round(stores: Stores, clock: SetClock) -> None:
    clock.at = START
    with stores.ledger.begin() as tx:
        inner = create_segment(tx, name="inner", description=None, rule=RULES["level gold"], by=None, now=START)
        create_segment(tx, name="outer", description=None, rule={"kind": "not", "of": {"kind": "segment", "segment": inner.id}}, by=None, now=START)
    record(stores, [{"user": user, "id": f"k{user}", "at_ms": to_ms(START), "traits": {"level": "plain"}} for user in USERS], "known")
    recompute(stores, flow)
    assert {name: len(people) for name, people in stored(stores).items()} == {"inner": 0, "outer": 3}
    clock.at += timedelta(minutes=1)
    record(stores, [{"user": "u1", "id": "g", "at_ms": to_ms(clock.at), "traits": {"level": "gold"}}], "gold")
    refresh(stores, flow)
    assert {name: len(people) for name, people in stored(stores).items()} == {"inner": 1, "outer": 2}


def test_two_recomputes_of_the_same_moment_tell_a_join_once(stores: Stores, clock: SetClock) -> None:
    clock.at = START
    define(stores)
    record(stores, [{"user": "u1", "id": "1", "at_ms": to_ms(START) - 1000, "event": "view", "properties": {"page": 7}}], "one")
    first = recompute(stores, flow)
    clock.at += timedelta(seconds=1)
    assert sum(change.entered_count for change in first) > 0
    assert sum(change.entered_count + change.left_count for change in recompute(stores, flow)) == 0


