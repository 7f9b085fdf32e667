"""Ten reference segments against the plain answer, on random small worlds; named wrong answers of other systems beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.segments.evaluate import members, verdicts
from siyu.segments.recompute import moment_of
from siyu.segments.rules import parse
from siyu.segments.sentence import RuleNames, sentence
from tests.makers.cases import cases
from tests.makers.worlds import World, settle, worlds

NOW = datetime(2026, 6, 15, 4, tzinfo=UTC)
NOW_MS = to_ms(NOW)


def orders(op: str, value: int, last: int | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": "orders", "measure": "count", "op": op, "value": value, **({"window": {"last": last}} if last else {}), **more}


def days_ago(days: int) -> int:
    """Local midnight (Asia/Shanghai) so many days before today."""
    return to_ms(datetime(2026, 6, 14, 16, tzinfo=UTC)) - days * 86_400_000


class Plain:
    """The world as data frames, asked one customer at a time, with nothing shared with the product."""

    def __init__(self, world: World) -> None:
        self.frames = {name: pd.DataFrame(rows) for name, rows in world.rows.items()}
        self.customers = [row["customer_id"] for row in world.rows["customers_profile"]]

    def mine(self, fact: str, customer: int) -> pd.DataFrame:
        frame = self.frames[fact]
        return frame[frame.customer_id == customer] if len(frame) else frame

    def bought(self, c: int, last: int | None = None, sku: str | None = None) -> int:
        rows = self.mine("orders_line", c)
        if not len(rows):
            return 0
        rows = rows[rows.ordered_ms <= NOW_MS]
        rows = rows[rows.ordered_ms >= days_ago(last)] if last else rows
        return rows[rows.sku == sku].order_key.nunique() if sku else rows.order_key.nunique()

    def did(self, c: int, name: str, last: int | None = None) -> int:
        rows = self.mine("customers_activity", c)
        if not len(rows):
            return 0
        rows = rows[(rows["name"] == name) & (rows.at_ms <= NOW_MS)]
        return len(rows[rows.at_ms >= days_ago(last)]) if last else len(rows)

    def spent(self, c: int) -> int:
        rows = self.mine("orders_order", c)
        return int(rows.amount_fen.sum()) if len(rows) else 0

    def tags(self, c: int) -> set[str]:
        rows = self.mine("customers_tag", c)
        return set(rows[rows.added].tag) if len(rows) else set()

    def get(self, c: int, column: str) -> Any:
        return self.mine("customers_profile", c).iloc[0][column]

    def scores(self, c: int) -> tuple[int, int, int] | None:
        rows = self.mine("segments_standing", c)
        return (int(rows.iloc[0].r), int(rows.iloc[0].f), int(rows.iloc[0].m)) if len(rows) else None


def tag(op: str, *tags: str) -> dict[str, Any]:
    return {"kind": "tag", "op": op, **({"tags": list(tags)} if tags else {})}


REFERENCE: dict[str, tuple[dict[str, Any], Callable[[Plain, int], bool]]] = {
    "attribute": (
        {"kind": "attribute", "field": "gender", "op": "is", "value": "F"},
        lambda w, c: w.get(c, "gender") == "F",
    ),
    "bought in 30 d": (orders(">=", 1, 30), lambda w, c: w.bought(c, 30) >= 1),
    "bought X in 30 d and not in 7 d": (
        {"kind": "all", "of": [orders(">=", 1, 30, where=[{"field": "sku", "op": "is", "value": "X"}]), {"kind": "not", "of": orders(">=", 1, 7)}]},
        lambda w, c: w.bought(c, 30, "X") >= 1 and w.bought(c, 7) == 0,
    ),
    "spend over": ({"kind": "orders", "measure": "spend_fen", "op": ">", "value": 100_000}, lambda w, c: w.spent(c) > 100_000),
    "viewed 3 and not bought": (
        {"kind": "all", "of": [{"kind": "event", "name": "product_viewed", "op": ">=", "count": 3, "window": {"last": 30}}, {"kind": "not", "of": orders(">=", 1, 30)}]},
        lambda w, c: w.did(c, "product_viewed", 30) >= 3 and w.bought(c, 30) == 0,
    ),
    "dormant 90 d": (
        {"kind": "all", "of": [orders(">=", 1), {"kind": "attribute", "field": "last_order", "op": "not_within", "window": {"last": 90}}]},
        lambda w, c: w.bought(c) >= 1 and w.bought(c, 90) == 0,
    ),
    "not contacted 7 d": (
        {"kind": "event", "name": "message_sent", "op": "=", "count": 0, "window": {"last": 7}},
        lambda w, c: w.did(c, "message_sent", 7) == 0,
    ),
    "RFM cell": ({"kind": "rfm", "r": [5, 4], "m": [5]}, lambda w, c: (s := w.scores(c)) is not None and s[0] >= 4 and s[2] == 5),
    "any of two tags, without a third": (
        {"kind": "all", "of": [tag("any_of", "a", "b"), tag("none_of", "c")]},
        lambda w, c: bool(w.tags(c) & {"a", "b"}) and "c" not in w.tags(c),
    ),
    "nested": (
        {"kind": "any", "of": [
            {"kind": "all", "of": [{"kind": "attribute", "field": "province", "op": "is_not", "value": "P1"}, orders("<", 2, 30)]},
            {"kind": "not", "of": {"kind": "any", "of": [tag("untagged"), orders(">=", 1)]}}]},
        lambda w, c: (w.get(c, "province") != "P1" and w.bought(c, 30) < 2) or not (not w.tags(c) or w.bought(c) >= 1),
    ),
}  # fmt: skip


def answered(stores: Stores, raw: dict[str, Any]) -> tuple[set[int], set[int]]:
    """The members as one rule and as a column of many: (by `members`, by `verdicts`)."""
    rule, moment = parse(raw), moment_of(stores, NOW)
    with stores.warehouse.read() as session:
        one = session.query(members(rule, stores.warehouse.tables, moment))["customer_id"].to_pylist()
        many = session.query(verdicts({"s": rule}, stores.warehouse.tables, moment)).to_pylist()
    assert len(one) == len(set(one)), "a person must be a member once"
    return set(one), {row["customer_id"] for row in many if row["s"]}


@pytest.mark.parametrize("name", REFERENCE)
@given(world=worlds(NOW_MS))
@settings(max_examples=cases(7, 60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reference_segment_agrees_with_the_plain_answer(name: str, world: World, stores: Stores) -> None:
    settle(stores, world)
    raw, holds = REFERENCE[name]
    plain = Plain(world)
    expected = {customer for customer in plain.customers if holds(plain, customer)}
    assert answered(stores, raw) == (expected, expected)


@given(world=worlds(NOW_MS), names=st.lists(st.sampled_from(sorted(REFERENCE)), min_size=2, max_size=4), negate=st.booleans(), word=st.sampled_from(["all", "any"]))
@settings(max_examples=cases(20, 200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_groups_of_reference_segments_are_set_operations(world: World, names: list[str], negate: bool, word: str, stores: Stores) -> None:
    settle(stores, world)
    plain = Plain(world)
    parts = [REFERENCE[name] for name in names]
    raw: dict[str, Any] = {"kind": word, "of": [{"kind": "not", "of": part[0]} if negate and i else part[0] for i, part in enumerate(parts)]}
    gather = all if word == "all" else any
    expected = {c for c in plain.customers if gather(part[1](plain, c) != bool(negate and i) for i, part in enumerate(parts))}
    assert answered(stores, raw) == (expected, expected)
    said = sentence(parse(raw), RuleNames())
    assert said.zh
    assert said.en


class TestWrongAnswersOfOtherSystems:
    """Each is a published wrong answer of an existing system; the world is the smallest that shows it."""

    def world(self, tags: dict[int, set[str]]) -> World:
        rows = [{"customer_id": c, "tag": t, "added": True, "at_ms": NOW_MS} for c, names in tags.items() for t in names]
        return World({"customers_profile": [{"customer_id": c} for c in tags], "customers_tag": rows})

    def test_any_of_two_tags_is_not_a_search_for_their_joined_text(self, stores: Stores) -> None:
        settle(stores, self.world({1: {"a"}, 2: {"b"}, 3: {"c"}, 4: set()}))
        assert answered(stores, tag("any_of", "a", "b")) == ({1, 2}, {1, 2})

    def test_any_of_tags_does_not_escape_the_other_conditions(self, stores: Stores) -> None:
        settle(stores, self.world({1: {"a"}, 2: {"a"}}))
        raw = {"kind": "all", "of": [tag("any_of", "a"), {"kind": "list", "customer_ids": [2]}]}
        assert answered(stores, raw) == ({2}, {2})

    def test_no_tag_filter_does_not_leak_people_of_others(self, stores: Stores) -> None:
        settle(stores, self.world({1: set(), 2: set(), 3: {"a"}}))
        raw = {"kind": "all", "of": [tag("untagged"), {"kind": "list", "customer_ids": [1, 3]}]}
        assert answered(stores, raw) == ({1}, {1})

    def test_exclude_tag_keeps_nobody_for_another_tag_and_drops_no_untagged(self, stores: Stores) -> None:
        settle(stores, self.world({1: {"a", "b"}, 2: {"b"}, 3: set()}))
        assert answered(stores, tag("none_of", "a")) == ({2, 3}, {2, 3})

    def test_exclude_by_date_is_not_always_empty(self, stores: Stores) -> None:
        day = 86_400_000
        rows = [{"customer_id": c, "registered_ms": NOW_MS - ago * day} for c, ago in ((1, 5), (2, 20), (3, 40))]
        settle(stores, World({"customers_profile": rows}))
        raw = {"kind": "not", "of": {"kind": "attribute", "field": "registered", "op": "within", "window": {"last": 30, "until_last": 10}}}
        assert answered(stores, raw) == ({1, 3}, {1, 3})

    def test_some_message_older_than_7_days_is_not_no_message_in_7_days(self, stores: Stores) -> None:
        day = 86_400_000
        sent = [(1, 20), (2, 20), (2, 1), (3, 1)]
        rows = [{"event_key": i, "customer_id": c, "name": "message_sent", "at_ms": NOW_MS - ago * day} for i, (c, ago) in enumerate(sent)]
        settle(stores, World({"customers_profile": [{"customer_id": c} for c in (1, 2, 3, 4)], "customers_activity": rows}))
        assert answered(stores, REFERENCE["not contacted 7 d"][0]) == ({1, 4}, {1, 4})

    def test_people_are_counted_once_whatever_the_number_of_rows(self, stores: Stores) -> None:
        rows = [{"event_key": i, "customer_id": 1, "name": "product_viewed", "at_ms": NOW_MS} for i in range(5)]
        settle(stores, World({"customers_profile": [{"customer_id": 1}], "customers_activity": rows}))
        assert answered(stores, {"kind": "event", "name": "product_viewed", "op": ">=", "count": 1}) == ({1}, {1})

