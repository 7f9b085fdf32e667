"""The tracking plan: what breaks it is counted, and kept out where a feed asks for that; personal values are never stored in clear."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.collect import plan, plan_files, plan_seen
from siyu.collect.plan import Plan, PlannedEvent, PlannedProperty
from siyu.collect.plan_checks import Checks, Examined
from siyu.events import sealed
from siyu.foundation.errors import InvalidError
from siyu.foundation.secrets import Secrets
from siyu.foundation.stores import Stores

CALM = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SECRETS = Secrets(b"a" * 32, b"b" * 32, b"c" * 32)
ORDER = PlannedEvent(
    "order",
    "an order was paid",
    (
        PlannedProperty("amount", "number", required=True),
        PlannedProperty("channel", "text", allowed=("app", "shop")),
        PlannedProperty("paid_at", "time"),
        PlannedProperty("note", "text", personal=True),
    ),
)
PLAN = Plan(1, {"order": ORDER}, {2: "quarantine", 3: "strict"})


def examine(feed: int, *events: tuple[str, dict[str, Any]], held: Plan = PLAN) -> Examined:
    return Checks(held).examine(SECRETS, feed, [name for name, _ in events], [values for _, values in events])


@pytest.mark.parametrize(
    ("values", "broken"),
    [
        ({"amount": 1}, set()),
        ({"amount": 1.5, "channel": "app", "paid_at": "2026-01-01T08:00:00+08:00"}, set()),
        ({"amount": 1, "paid_at": 1767225600000}, set()),
        ({}, {("amount", "missing")}),
        ({"amount": None}, {("amount", "missing")}),
        ({"amount": "1"}, {("amount", "wrong_type")}),
        ({"amount": True}, {("amount", "wrong_type")}),
        ({"amount": 1, "channel": "web"}, {("channel", "not_allowed")}),
        ({"amount": 1, "paid_at": "tomorrow"}, {("paid_at", "wrong_type")}),
        ({"amount": 1, "colour": "red"}, {("colour", "unknown_property")}),
        ({"amount": 1, "$ip": "10.0.0.1"}, set()),
    ],
)
def test_what_breaks_the_plan(values: dict[str, Any], broken: set[tuple[str, str]]) -> None:
    found = examine(1, ("order", values))
    assert {(name, kind) for _, name, kind in found.broken} == broken
    assert found.refused == {}


def test_only_a_strict_feed_keeps_unknown_names_out() -> None:
    events = [("order", {"amount": 1, "colour": "red"}), ("look", {}), ("order", {})]
    assert examine(1, *events).refused == {}
    assert examine(2, *events).refused == {2: ("amount", "missing")}
    assert examine(3, *events).refused == {0: ("colour", "unknown_property"), 1: ("", "unknown_event"), 2: ("amount", "missing")}


def test_without_a_plan_nothing_is_unknown() -> None:
    assert examine(3, ("anything", {"a": 1}), held=Plan(0, {}, {3: "strict"})).broken == {}


def test_personal_values_are_sealed_in_place_and_open_again() -> None:
    values = {"amount": 1, "note": "ring twice", "Mobile": "13800138000", "to": {"address": "杭州市西湖区文三路 1 号", "list": [{"real_name": "王小雨"}]}}
    before = json.loads(json.dumps(values))
    examine(1, ("order", values))
    stored = json.dumps(values, ensure_ascii=False)
    for clear in ("ring twice", "13800138000", "文三路", "王小雨"):
        assert clear not in stored
    assert sealed.shown(values["Mobile"]) == "138****8000"

    def opened(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: opened(each) for name, each in value.items()}
        if isinstance(value, list):
            return [opened(each) for each in value]
        return sealed.opened(SECRETS, value) if isinstance(value, str) else value

    assert opened(values) == before


@CALM
@given(st.text(), st.sampled_from(["phone", "email", "address", "real_name", "id_card", "x"]))
def test_a_sealed_value_is_what_it_was_and_its_mask_does_not_hold_it(value: str, name: str) -> None:
    [text] = sealed.seal(SECRETS, [(name, value)])
    assert sealed.opened(SECRETS, text) == value
    assert len(value) < 3 or value not in text or value in "sealed:v1:"


def test_what_only_looks_sealed_opens_to_its_mask() -> None:
    assert sealed.opened(SECRETS, "sealed:v1:138****8000:no base64") == "138****8000"


VALUES = st.dictionaries(
    st.sampled_from(["amount", "channel", "phone", "深", "a b"]),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5), st.lists(st.integers(), max_size=2)),
)


@CALM
@given(st.lists(st.tuples(st.sampled_from(["order", "look"]), VALUES), max_size=8), st.sampled_from([1, 2, 3]))
def test_a_set_of_events_comes_to_what_its_events_come_to_one_by_one(events: list[tuple[str, dict[str, Any]]], feed: int) -> None:
    def copy() -> list[tuple[str, dict[str, Any]]]:
        return [(name, dict(values)) for name, values in events]

    together = examine(feed, *copy())
    singly = [examine(feed, one) for one in copy()]
    assert sum(together.shapes.values()) == len(events)
    assert together.broken == sum((one.broken for one in singly), start=type(together.broken)())
    assert together.refused == {row: one.refused[0] for row, one in enumerate(singly) if one.refused}


def test_counts_add_up_over_sets(any_stores: Stores) -> None:
    stores = any_stores
    events = [("order", {"amount": 1}), ("order", {"amount": "x"}), ("look\0", {"深" * 300: True})]
    for _ in range(2):
        with stores.ledger.begin() as tx:
            plan_seen.note(tx, [examine(1, *events), examine(2, *events[:1])], now=stores.now(), today=date(2026, 1, 1))
    with stores.ledger.read() as tx:
        order, look = plan_seen.list_seen(tx, PLAN, today=date(2026, 1, 2))
        [mine] = plan_seen.list_seen(tx, PLAN, today=date(2026, 1, 2), feed_id=2)
        violations = {(one.feed_id, one.event, one.property, one.kind): one.count for one in plan_seen.list_violations(tx)}
    assert (order.name, order.count, order.feeds, order.days[-2:]) == ("order", 6, (1, 2), (6, 0))
    assert [(each.name, each.types, each.count, each.planned) for each in order.properties] == [("amount", ("text", "number"), 6, True)]
    assert (look.planned, len(look.properties[0].name)) == (False, 200)
    assert mine.count == 2
    assert violations == {(1, "order", "amount", "wrong_type"): 2, (1, "look\N{REPLACEMENT CHARACTER}", "", "unknown_event"): 2}


def test_names_without_end_are_counted_together(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_seen, "MOST_NAMES", 50)
    for start in range(0, 200, 20):
        events = [(f"event {number}", {f"property {number}": 1}) for number in range(start, start + 20)]
        with stores.ledger.begin() as tx:
            plan_seen.note(tx, [examine(1, *events)], now=stores.now(), today=date(2026, 1, 1))
    with stores.ledger.read() as tx:
        found = plan_seen.list_seen(tx, PLAN, today=date(2026, 1, 1))
    assert sum(event.count for event in found) == 200
    assert found[0].name == plan_seen.OTHERS
    assert len(found) < 30


def test_what_is_adopted_no_longer_breaks_the_plan(stores: Stores) -> None:
    events = [("paid", {"amount": 1, "phone": "13800138000"}), ("paid", {"amount": 2.5, "phone": "13800138001", "via": "app"})]
    with stores.ledger.begin() as tx:
        plan_seen.note(tx, [examine(1, *events, held=Plan(0, {}, {}))], now=stores.now(), today=date(2026, 1, 1))
        plan.save_events(tx, plan_seen.proposed(plan_seen.list_seen(tx, plan.load_plan(tx), today=date(2026, 1, 1)), plan.load_plan(tx)), by="me", now=stores.now())
        held = plan.load_plan(tx)
    found = {each.name: each for each in held.events["paid"].properties}
    assert {name: (each.type, each.required, each.personal) for name, each in found.items()} == {
        "amount": ("number", True, False), "phone": ("text", True, True), "via": ("text", False, False),
    }  # fmt: skip
    assert examine(3, *events, held=Plan(1, held.events, {3: "strict"})).broken == {}


PROPERTIES = st.builds(
    PlannedProperty,
    name=st.text("abc深_ =", min_size=1, max_size=6).map(str.strip).filter(bool),
    type=st.sampled_from(["text", "number", "boolean", "time", "list", "object", "any"]),
    required=st.booleans(), personal=st.booleans(), description=st.text("ab,\"\n深", max_size=5).map(str.strip),
)  # fmt: skip


@CALM
@given(st.lists(PROPERTIES, max_size=5, unique_by=lambda each: each.name))
def test_a_plan_goes_out_and_comes_in_the_same(properties: list[PlannedProperty]) -> None:
    held = Plan(1, {"e": PlannedEvent("e", "what", tuple(properties)), "bare": PlannedEvent("bare")}, {})
    assert plan_files.from_json(plan_files.to_json(held).decode()) == list(held.events.values())
    assert plan_files.from_csv(plan_files.to_csv(held)) == list(held.events.values())


def test_every_bad_row_of_a_sheet_is_told_with_its_line() -> None:
    sheet = "event,property,type,required,allowed\norder,amount,money,maybe,\norder,n,number,true,one|two\n"
    with pytest.raises(InvalidError) as raised:
        plan_files.from_csv(sheet)
    assert {fault.field for fault in raised.value.faults} == {"line 2: type", "line 2: required", "line 3: allowed"}


def test_every_fault_of_a_plan_is_told(stores: Stores) -> None:
    wrong = PlannedEvent(" ", "", (PlannedProperty("a"), PlannedProperty("a"), PlannedProperty("b", "list", allowed=("x",))))
    with pytest.raises(InvalidError) as raised, stores.ledger.begin() as tx:
        plan.save_events(tx, [wrong], by="me", now=stores.now())
    assert len(raised.value.faults) == 3
    with stores.ledger.read() as tx:
        assert plan.load_plan(tx).events == {}
