"""Any list equals a plain loop over people: random worlds, filters, orders and page sizes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.foundation.stores import Stores
from siyu.segments import directory
from siyu.segments.directory import Asked, parse_asked, read_page
from siyu.segments.directory_columns import COLUMNS
from siyu.segments.labels import STAGES
from tests.makers.customers import days_ago_ms, local_day, put_customers

Person = dict[str, Any]
CITIES, TAGS, NAMES = ["杭州", "上海", "北京"], ["甲", "乙", "丙"], ["林晓", "林子涵", "Anna", "ANNA Li", "王五", None]


def world(stores: Stores, seed: int) -> list[Person]:
    """Some fifty people; many share their values, so that ties and people without a value are common."""
    chance = random.Random(seed)
    people = []
    for number in chance.sample(range(1, 400), 50):
        orders = [(days_ago_ms(stores, chance.randrange(1, 60)), chance.choice([1000, 2000, 5000])) for _ in range(chance.choice([0, 0, 1, 1, 2, 3]))]
        person = {
            "id": number, "name": chance.choice(NAMES), "gender": chance.choice(["F", "M", None]), "city": chance.choice([*CITIES, None]),
            "registered_ms": days_ago_ms(stores, chance.randrange(60, 64)), "orders": orders, "tags": [t for t in TAGS if chance.random() < 0.4],
            "stage": chance.choice(list(STAGES)[1:]), **{score: chance.randrange(1, 6) for score in "rfm"}, "value_fen": chance.choice([None, 10, 20]),
        }  # fmt: skip
        people.append(person)
    put_customers(stores, people)
    return people


LEAVES = st.one_of(
    st.sampled_from(["F", "M"]).map(lambda v: {"kind": "attribute", "field": "gender", "op": "is", "value": v}),
    st.sampled_from(["F", "M"]).map(lambda v: {"kind": "attribute", "field": "gender", "op": "is_not", "value": v}),
    st.lists(st.sampled_from(CITIES), min_size=1, max_size=2, unique=True).map(lambda v: {"kind": "attribute", "field": "city", "op": "in", "value": v}),
    st.integers(0, 9000).map(lambda v: {"kind": "attribute", "field": "spend_fen", "op": ">=", "value": v}),
    st.integers(0, 3).map(lambda v: {"kind": "orders", "measure": "count", "op": "<=", "value": v}),
    st.tuples(st.sampled_from(["any_of", "all_of", "none_of"]), st.lists(st.sampled_from(TAGS), min_size=1, unique=True)).map(
        lambda v: {"kind": "tag", "op": v[0], "tags": v[1]}
    ),
    st.just({"kind": "tag", "op": "untagged"}),
    st.lists(st.sampled_from(list(STAGES)), min_size=1, max_size=3, unique=True).map(lambda v: {"kind": "lifecycle", "stages": v}),
    st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True).map(lambda v: {"kind": "rfm", "m": v}),
)
RULES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda rule: {"kind": "not", "of": rule}),
        st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)).map(lambda v: {"kind": v[0], "of": v[1]}),
    ),
    max_leaves=4,
)
SORTS = st.tuples(st.sampled_from(["", "-"]), st.sampled_from([key for key, column in COLUMNS.items() if column.sortable])).map("".join)


def holds(rule: dict[str, Any], p: Person) -> bool:
    match rule["kind"]:
        case "all":
            return all(holds(part, p) for part in rule["of"])
        case "any":
            return any(holds(part, p) for part in rule["of"])
        case "not":
            return not holds(rule["of"], p)
        case "attribute" if rule["field"] == "spend_fen":
            return bool(sum(fen for _, fen in p["orders"]) >= rule["value"])
        case "attribute":
            value = p[rule["field"]]
            return value in rule["value"] if rule["op"] == "in" else bool(value == rule["value"]) == (rule["op"] == "is")
        case "orders":
            return bool(len(p["orders"]) <= rule["value"])
        case "tag":
            has, named = set(p["tags"]), set(rule.get("tags", TAGS))
            return {"any_of": bool(has & named), "all_of": named <= has, "none_of": not has & named, "untagged": not has}[rule["op"]]
        case "lifecycle":
            return (p["stage"] if p["orders"] else "prospect") in rule["stages"]
        case _:
            return bool(p["orders"]) and p["m"] in rule["m"]


def finds(q: str, p: Person) -> bool:
    return q.lower() in (p["name"] or "").lower() or (q.isdigit() and int(q) == p["id"]) if q else True


def sort_value(stores: Stores, key: str) -> Callable[[Person], Any]:
    days: Callable[[Person], list[int]] = lambda p: [local_day(stores, ms) for ms, _ in p["orders"]]  # noqa: E731
    bought: dict[str, Callable[[Person], Any]] = {
        "rfm": lambda p: (p["r"], p["f"], p["m"]),
        "first_order_on": lambda p: min(days(p)),
        "last_order_on": lambda p: max(days(p)),
        "predicted_value_fen": lambda p: p["value_fen"],
    }
    if key in bought:
        return lambda p: bought[key](p) if p["orders"] else None
    counted: dict[str, Callable[[Person], Any]] = {
        "order_count": lambda p: len(p["orders"]),
        "spend_fen": lambda p: sum(fen for _, fen in p["orders"]),
        "stage": lambda p: list(STAGES).index(p["stage"]) if p["orders"] else 0,
        "registered_on": lambda p: p["registered_ms"],
    }
    return counted.get(key, lambda p: p.get(key))


def expected(stores: Stores, people: list[Person], rule: Any, q: str, sort: str) -> list[int]:
    value = sort_value(stores, sort.removeprefix("-"))
    chosen = sorted((p for p in people if finds(q, p) and (rule is None or holds(rule, p))), key=lambda p: p["id"])
    # Also in reverse, Python keeps the order of equals: by id, as the list does.
    known = sorted((p for p in chosen if value(p) is not None), key=value, reverse=sort.startswith("-"))
    return [p["id"] for p in [*known, *(p for p in chosen if value(p) is None)]]


def read_all(stores: Stores, asked: Asked, limit: int) -> list[int]:
    found: list[int] = []
    place = None
    while True:
        page = read_page(stores, asked, after=place, limit=limit)
        found += [row.id for row in page.rows]
        place = page.next
        if place is None:
            assert page.total == len(found)
            return found
        assert len(page.rows) == limit


@pytest.fixture(params=[(1, 250_000), (2, 10)], ids=["few people", "many people"])
def people(stores: Stores, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[Person]:
    seed, narrow_below = request.param
    monkeypatch.setattr(directory, "NARROW_BELOW", narrow_below)
    return world(stores, seed)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=st.none() | RULES, q=st.sampled_from(["", "", "林", "anna", "7"]), sort=SORTS, limit=st.integers(7, 60))
def test_a_list_read_page_by_page_equals_a_loop_over_people(
    stores: Stores, people: list[Person], rule: Any, q: str, sort: str, limit: int
) -> None:
    with stores.ledger.read() as tx:
        asked = parse_asked(tx, q=q, filter=rule, sort=sort)
    assert read_all(stores, asked, limit) == expected(stores, people, rule, q, sort)
