"""Traits: kept current for the people touched, they equal a plain reading of the whole history, at every instant."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.river import flow
from siyu.segments import traits
from siyu.segments.recompute import recompute
from siyu.segments.refresh import refresh
from siyu.segments.segments import create_segment, find_segment
from siyu.segments.traits_compute import compute_traits
from siyu.segments.traits_store import create_trait, list_traits
from siyu.segments.windows import shifted
from tests.conftest import SetClock
from tests.makers.cases import cases
from tests.makers.people import customers_by_user, record

START = datetime(2026, 3, 1, 4, tzinfo=UTC)
VIEW: dict[str, Any] = {"of": "activity", "name": "view"}
HOURS = {"last": 7, "unit": "hour"}
TRAITS: dict[str, dict[str, Any]] = {
    "views": {**VIEW, "measure": "count"},
    "views in 2 days": {**VIEW, "measure": "count", "window": {"last": 2}},
    "views in a month": {**VIEW, "measure": "count", "window": {"last": 1, "unit": "month"}},
    "spent in 7 hours": {**VIEW, "measure": "sum", "property": "price", "window": HOURS},
    "mean price": {**VIEW, "measure": "average", "property": "price"},
    "least": {**VIEW, "measure": "min", "property": "price", "window": HOURS},
    "dearest": {**VIEW, "measure": "max", "property": "price", "window": {"last": 3, "until_last": 1}},
    "first page": {**VIEW, "measure": "first", "property": "page", "window": {"last": 1, "unit": "week"}},
    "last page": {**VIEW, "measure": "last", "property": "page", "window": HOURS},
    "usual page": {**VIEW, "measure": "most_frequent", "property": "page", "window": {"last": 2}},
    "pages": {**VIEW, "measure": "distinct_count", "property": "page"},
    "ever told": {"of": "activity", "name": "told", "measure": "exists", "window": HOURS},
    "days since view": {**VIEW, "measure": "days_since_last"},
    "views since told": {**VIEW, "measure": "count", "since": {"of": "activity", "name": "told"}},
    "dear views": {**VIEW, "measure": "count", "where": [{"path": "price", "op": ">", "value": 2}], "window": HOURS},
    "last seen": {"of": "activity", "name": "*", "measure": "last", "property": "$at"},
    "level": {"of": "attribute", "name": "level", "measure": "last", "default": "none"},
    "levels": {"of": "attribute", "name": "level", "measure": "distinct_count", "window": HOURS},
    "level or page": {"of": "first_known", "parts": [{"of": "attribute", "name": "level", "measure": "last"}, {**VIEW, "measure": "last", "property": "page"}]},
    "views of gold": {**VIEW, "measure": "count", "among": {"kind": "attribute", "field": "custom:level", "op": "is", "value": "gold"}},
}  # fmt: skip
LIMITED = {**VIEW, "measure": "count", "window": HOURS}
"""Only of those whom another trait, that moves by the clock, lets in."""

_message = st.one_of(
    st.fixed_dictionaries({"event": st.just("view"), "properties": st.fixed_dictionaries({"page": st.sampled_from(["a", "b", "c"]), "price": st.sampled_from([0, 0.1, 2.5, 3])})}),
    st.fixed_dictionaries({"event": st.just("told"), "properties": st.just({})}),
    st.fixed_dictionaries({"traits": st.fixed_dictionaries({"level": st.sampled_from(["gold", "plain"])})}),
)
_round = st.tuples(st.integers(1, 1500), st.lists(st.tuples(st.integers(0, 11), st.integers(-600, 3000), _message), min_size=0, max_size=25))


class Oracle:
    """The same answers by going through one person's history."""

    def __init__(self, stores: Stores, history: list[dict[str, Any]]) -> None:
        now = to_ms(stores.now())
        self.now, self.calendar, self.today = now, stores.calendar, stores.calendar.on(stores.now())
        self.done = [m for m in history if "event" in m]
        self.said = sorted((m for m in history if "traits" in m), key=lambda m: m["at_ms"])

    def value(self, raw: dict[str, Any]) -> Any:
        if raw["of"] == "first_known":
            return next((found for part in raw["parts"] if (found := self.value(part)) is not None), None)
        if "among" in raw and self.value(TRAITS["level"] | {"default": None}) != raw["among"].get("value"):
            return 0
        if raw["of"] == "attribute" and raw["measure"] == "last":
            return self.said[-1]["traits"]["level"] if self.said else raw.get("default")
        rows = [m for m in (self.said if raw["of"] == "attribute" else self.done) if self.inside(m, raw.get("window")) and raw["name"] in (m.get("event"), "*", "level")]
        if "since" in raw:
            told = [m["at_ms"] for m in self.done if m["event"] == "told" and m["at_ms"] <= self.now]
            rows = [m for m in rows if told and m["at_ms"] > max(told)]
        rows = [m for m in rows if not raw.get("where") or m["properties"]["price"] > 2]
        return self.measure(raw, rows)

    def inside(self, message: dict[str, Any], window: dict[str, Any] | None) -> bool:
        at, low, high = message["at_ms"], -(2**62), self.now + 1
        if window and window.get("unit") == "hour":
            low = high - window["last"] * 3_600_000
        elif window:
            low = self.calendar.midnight_ms(shifted(self.today, -window["last"], window.get("unit", "day")))
            high = self.calendar.midnight_ms(self.today - timedelta(days=window["until_last"])) if "until_last" in window else high
        return low <= at < high

    def measure(self, raw: dict[str, Any], rows: list[dict[str, Any]]) -> Any:
        values = [m["traits"]["level"] if "traits" in m else m["properties"].get(raw.get("property", "")) for m in rows]
        edge = {"first": min, "last": max}
        match raw["measure"]:
            case "count":
                return len(rows)
            case "exists":
                return bool(rows)
            case "distinct_count":
                return len(set(values))
            case "sum":
                return round(sum(round(v * 1e6) for v in values)) / 1e6
            case _ if not rows:
                return None
            case "average":
                return sum(round(v * 1e6) for v in values) / len(values) / 1e6
            case "min":
                return min(values)
            case "max":
                return max(values)
            case "days_since_last":
                return (self.today - self.calendar.on(datetime.fromtimestamp(max(m["at_ms"] for m in rows) / 1000, UTC))).days
            case "most_frequent":
                most = Counter(values).most_common(1)[0][1]
                return min(value for value, count in Counter(values).items() if count == most)
            case name if raw["property"] == "$at":
                return edge[name](m["at_ms"] for m in rows)
            case name:
                at = edge[name](m["at_ms"] for m in rows)
                return max(value for value, m in zip(values, rows, strict=True) if m["at_ms"] == at)


def stored(stores: Stores) -> dict[str, dict[int, Any]]:
    """trait → customer → value, with defaults."""
    with stores.ledger.read() as tx:
        known = {each.id: each for each in list_traits(tx)}
    values, people = stores.warehouse.tables["segments_trait_value"], stores.warehouse.tables["customers_profile"]
    with stores.warehouse.read() as session:
        rows, everybody = session.query(values).to_pylist(), session.query(people)["customer_id"].to_pylist()
    found = {each.name: dict.fromkeys(everybody, each.trait.default) for each in known.values()}
    for row in rows:
        kind = known[row["trait_id"]].trait.type
        value = row["text"] if kind == "text" else row["time_ms"] if kind == "time" else bool(row["number"]) if kind == "boolean" else row["number"]
        found[known[row["trait_id"]].name][row["customer_id"]] = value
    return found


def define(stores: Stores, definitions: dict[str, dict[str, Any]]) -> dict[str, int]:
    with stores.ledger.begin() as tx:
        return {name: create_trait(tx, name=name, description=None, definition=raw, by=None, now=stores.now()).id for name, raw in definitions.items()}


@pytest.mark.timeout(300)
@given(rounds=st.lists(_round, min_size=3, max_size=3), seed=st.integers(0, 2**40))
@settings(max_examples=cases(2, 20), deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_values_of_touched_people_equal_a_plain_reading_of_all_that_was(rounds: list[Any], seed: int, stores: Stores, clock: SetClock) -> None:
    """Late, early and repeated events, and time that passes alone; twelve people at a time."""
    clock.at = max(START, clock.at) + timedelta(days=400)
    with stores.ledger.read() as tx:
        known = {each.name: each.id for each in list_traits(tx)}
    if not known:
        known = define(stores, TRAITS)
        define(stores, {"limited": {**LIMITED, "among": {"kind": "attribute", "field": f"trait:{known['views in 2 days']}", "op": ">=", "value": 2}}})
    users = [f"{seed} {clock.at} {number}" for number in range(12)]
    record(stores, [{"user": user, "id": f"{user} known", "at_ms": to_ms(clock.at) - 1, "traits": {}} for user in users], f"{seed} {clock.at} known")
    customers = customers_by_user(stores, users)
    compute_traits(stores)
    recompute(stores, flow)
    history: dict[str, list[dict[str, Any]]] = {user: [] for user in users}
    for number, (minutes, messages) in enumerate(rounds):
        clock.at += timedelta(minutes=minutes)
        sent = [
            {**message, "user": users[who], "id": f"{users[who]} {number} {place}", "at_ms": to_ms(clock.at) - ago * 60_000 - place}
            for place, (who, ago, message) in enumerate(messages)
        ]
        for message in sent:
            history[message["user"]].append(message)
        if sent:
            record(stores, [*sent, *sent[:3]], f"{seed} {clock.at} {number}")
        refresh(stores, flow)
        found = stored(stores)
        for user in users:
            oracle = Oracle(stores, history[user])
            wanted = {name: oracle.value(raw) for name, raw in TRAITS.items()}
            wanted["limited"] = oracle.value(LIMITED) if wanted["views in 2 days"] >= 2 else 0
            assert {name: pytest.approx(found[name][customers[user]]) if isinstance(value, float) else found[name][customers[user]] for name, value in wanted.items()} == wanted
    kept = stored(stores)
    compute_traits(stores)
    assert stored(stores) == kept


def test_a_segment_follows_a_trait_when_its_window_moves(stores: Stores, clock: SetClock) -> None:
    clock.at = START
    key = define(stores, {"views": {**VIEW, "measure": "count", "window": {"last": 5, "unit": "second"}}})["views"]
    compute_traits(stores)
    with stores.ledger.begin() as tx:
        of = {op: create_segment(tx, name=op, description=None, rule={"kind": "attribute", "field": f"trait:{key}", "op": op, "value": 0}, by=None, now=START).id for op in (">", "is", "is_not")}
    record(stores, [{"user": user, "id": f"k{user}", "at_ms": to_ms(START), "traits": {}} for user in ("u1", "u2")], "known")
    recompute(stores, flow)
    sizes = []
    for seconds, views in ((1, True), (3, False), (7, False)):
        clock.at = START + timedelta(seconds=seconds)
        if views:
            record(stores, [{"user": "u1", "id": f"v{seconds}", "at_ms": to_ms(clock.at), "event": "view", "properties": {}}], f"v{seconds}")
        refresh(stores, flow)
        with stores.ledger.read() as tx:
            sizes.append([find_segment(tx, of[op]).customer_count for op in (">", "is", "is_not")])
    assert sizes == [[1, 1, 1], [1, 1, 1], [0, 2, 0]]


def test_days_since_are_one_more_for_everybody_at_midnight(stores: Stores, clock: SetClock) -> None:
    clock.at = START
    define(stores, {"days": {**VIEW, "measure": "days_since_last"}})
    record(stores, [{"user": "u1", "id": "1", "at_ms": to_ms(START) - 2 * DAY_MS, "event": "view", "properties": {}}], "one")
    flow(stores)
    compute_traits(stores)
    recompute(stores, flow)
    assert [*stored(stores)["days"].values()] == [2]
    clock.at = stores.calendar.midnight(stores.calendar.on(START) + timedelta(days=1))
    refresh(stores, flow)
    assert [*stored(stores)["days"].values()] == [3]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"of": "colours", "measure": "count"}, "of"),
    ({"of": "orders", "measure": "sum", "property": "sku"}, "property"),
    ({"of": "orders", "measure": "sum", "property": "source"}, "measure"),
    ({"of": "orders", "measure": "count", "property": "amount_fen"}, "property"),
    ({"of": "orders", "measure": "count", "name": "view"}, "name"),
    ({**VIEW, "measure": "sum"}, "property"),
    ({**VIEW, "measure": "count", "colour": 1}, "colour"),
    ({**VIEW, "measure": "count", "window": {"last": 3, "until_last": 9}}, "window.until_last"),
    ({**VIEW, "measure": "count", "window": {"last": 1300, "unit": "month"}}, "window.last"),
    ({**VIEW, "measure": "count", "where": [{"path": "a[", "op": "is", "value": 1}]}, "where[0].path"),
    ({**VIEW, "measure": "count", "default": "none"}, "default"),
    ({**VIEW, "measure": "count", "among": {"kind": "segment", "segment": 1}}, "among"),
    ({**VIEW, "measure": "count", "among": {"kind": "colour"}}, "among.kind"),
    ({**VIEW, "measure": "count", "since": {"of": "activity"}}, "since.name"),
    ({"of": "first_known", "parts": []}, "parts"),
    ({"of": "first_known", "parts": [{**VIEW, "measure": "count"}, {**VIEW, "measure": "last", "property": "p"}]}, "parts"),
    ({"of": "attribute", "measure": "last", "name": "a[..b"}, "name"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "field"), BAD)
def test_what_is_wrong_is_named_with_its_place(raw: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        traits.parse(raw)
    assert field in [fault.field for fault in caught.value.faults]


def test_a_definition_reads_back_as_it_was_written() -> None:
    for raw in TRAITS.values():
        assert traits.parse(traits.dump(traits.parse(raw))) == traits.parse(raw)
