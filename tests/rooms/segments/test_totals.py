"""Kept totals of orders: whatever is written in whatever order, they are the orders' own; and they know the instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.app import FACTS
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import Warehouse, attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.orders.facts import ORDERS_BUYER, ORDERS_ORDER, buyers
from siyu.river import flow
from siyu.segments.evaluate import members, verdicts
from siyu.segments.explain import explain, next_flip_at
from siyu.segments.recompute import moment_of, recompute
from siyu.segments.refresh import refresh
from siyu.segments.rules import parse
from siyu.segments.segments import create_segment, list_segments
from siyu.segments.sentence import RuleNames
from tests.conftest import SetClock
from tests.makers.cases import cases
from tests.makers.orders import Order, clear_orders, lay_orders

START = datetime(2026, 3, 1, 4, tzinfo=UTC)
RULES: dict[str, dict[str, Any]] = {
    "two orders": {"kind": "orders", "measure": "count", "op": ">=", "value": 2},
    "no order": {"kind": "orders", "measure": "count", "op": "=", "value": 0},
    "spend": {"kind": "attribute", "field": "spend_fen", "op": "between", "value": [100, 400]},
    "average": {"kind": "orders", "measure": "average_fen", "op": ">", "value": 150},
    "largest": {"kind": "orders", "measure": "largest_fen", "op": "<", "value": 250},
    "pieces": {"kind": "orders", "measure": "quantity", "op": ">=", "value": 3},
    "new within a day": {"kind": "attribute", "field": "first_order", "op": "within", "window": {"last": 1}},
    "quiet for 5 hours": {"kind": "attribute", "field": "last_order", "op": "not_within", "window": {"last": 5, "unit": "hour"}},
    "last in February": {"kind": "attribute", "field": "last_order", "op": "within", "window": {"from": "2026-02-01", "to": "2026-03-01"}},
    "bought within a day": {"kind": "orders", "measure": "count", "op": ">=", "value": 1, "window": {"last": 1}},
    "nested": {"kind": "any", "of": [
        {"kind": "not", "of": {"kind": "attribute", "field": "order_count", "op": "exists"}},
        {"kind": "all", "of": [{"kind": "orders", "measure": "spend_fen", "op": ">", "value": 300}, {"kind": "orders", "measure": "count", "op": "=", "value": 0, "window": {"last": 1}}]}]},
}  # fmt: skip


def totals(warehouse: Warehouse) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(as kept, as the orders say)."""
    with warehouse.read() as session:
        kept, said = session.query(ORDERS_BUYER.table.order_by("customer_id")), session.query(buyers(ORDERS_ORDER.table).order_by("customer_id"))
    return kept.to_pylist(), said.to_pylist()


def rows(orders: list[tuple[int, int, int]]) -> pa.Table:
    made = [{"order_key": key, "customer_id": customer, "ordered_ms": fen * 1000, "amount_fen": fen, "quantity": 1} for key, customer, fen in orders]
    return pa.Table.from_pylist([{column.name: row.get(column.name) for column in ORDERS_ORDER.columns} for row in made], ORDERS_ORDER.arrow)


_order = st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(0, 500))
_write = st.one_of(
    st.fixed_dictionaries({"orders": st.lists(_order, max_size=4, unique_by=lambda order: order[0]), "clear": st.booleans(), "fail": st.booleans()})
)


@given(writes=st.lists(st.lists(_write, min_size=1, max_size=3), max_size=5))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_totals_are_the_orders_own_after_every_write(writes: list[list[dict[str, Any]]], stores: Stores) -> None:
    """Orders come, come again with another buyer or amount, and go; several writes in one transaction; some are undone."""
    for together in writes:
        try:
            with stores.warehouse.engine.write() as session:
                for write in together:
                    arriving = session.keep("_arriving_orders", rows(write["orders"]))
                    if write["clear"]:
                        session.clear(ORDERS_ORDER)
                    session.delete(ORDERS_ORDER, arriving, ["order_key"])
                    session.insert(ORDERS_ORDER, arriving)
                    if write["fail"]:
                        raise InterruptedError
        except InterruptedError:
            pass
        kept, said = totals(stores.warehouse)
        assert kept == said


def test_an_older_warehouse_gets_its_totals_when_it_is_opened(tmp_path: Path) -> None:
    older = attach(DuckDBEngine(tmp_path / "w.duckdb", "256MB"), [fact for fact in FACTS if fact is not ORDERS_BUYER])
    with older.engine.write() as session:
        session.insert(ORDERS_ORDER, session.keep("_o", rows([(1, 1, 100), (2, 1, 300), (3, 2, 50)])))
    older.close()
    for _ in range(2):
        newer = attach(DuckDBEngine(tmp_path / "w.duckdb", "256MB"), FACTS)
        kept, said = totals(newer)
        newer.close()
        assert [row["amount_fen"] for row in kept] == [400, 50]
        assert kept == said


def world(stores: Stores, clock: SetClock, orders: list[tuple[int, int, int]], start: datetime = START) -> None:
    """(customer, minutes before the start, fen) of each order; everybody is known."""
    clock.at = start
    clear_orders(stores)
    lay_orders(stores, [Order(customer, start - timedelta(minutes=ago), fen) for customer, ago, fen in orders], known=dict.fromkeys(range(1, 5), start.date()))


def plainly(orders: list[tuple[int, int, int]], at_minutes: int) -> dict[str, set[int]]:
    """Some of the rules, asked one customer at a time of the orders until an instant (minutes after START)."""
    mine = {c: [fen for customer, ago, fen in orders if customer == c and -ago <= at_minutes] for c in range(1, 5)}
    return {
        "two orders": {c for c, fens in mine.items() if len(fens) >= 2},
        "no order": {c for c, fens in mine.items() if not fens},
        "spend": {c for c, fens in mine.items() if 100 <= sum(fens) <= 400},
        "average": {c for c, fens in mine.items() if fens and sum(fens) / len(fens) > 150},
        "largest": {c for c, fens in mine.items() if fens and max(fens) < 250},
        "pieces": {c for c, fens in mine.items() if len(fens) >= 3},
    }


def answered(stores: Stores, at: datetime) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """By `members`, and by `verdicts` of all at once."""
    tables, moment, parsed = stores.warehouse.tables, moment_of(stores, at), {name: parse(rule) for name, rule in RULES.items()}
    with stores.warehouse.read() as session:
        one = {name: set(session.query(members(rule, tables, moment))["customer_id"].to_pylist()) for name, rule in parsed.items()}
        wide = session.query(verdicts({f"s{i}": rule for i, rule in enumerate(parsed.values())}, tables, moment)).to_pylist()
    return one, {name: {row["customer_id"] for row in wide if row[f"s{i}"]} for i, name in enumerate(parsed)}


_orders = st.lists(st.tuples(st.integers(1, 4), st.integers(-3000, 3000), st.integers(1, 400)), max_size=8)


@pytest.mark.timeout(600)
@given(orders=_orders, at_minutes=st.integers(-3200, 3200))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_totals_are_those_of_the_instant_asked_for(orders: list[tuple[int, int, int]], at_minutes: int, stores: Stores, clock: SetClock) -> None:
    """Also of the past, and with orders that are dated ahead."""
    world(stores, clock, orders)
    one, many = answered(stores, START + timedelta(minutes=at_minutes))
    assert one == many
    expected = plainly(orders, at_minutes)
    assert {name: one[name] for name in expected} == expected


@pytest.mark.timeout(600)
@given(rounds=st.lists(st.tuples(st.integers(1, 1500), st.lists(st.tuples(st.integers(1, 4), st.integers(-400, 3000), st.integers(1, 400)), max_size=3)), min_size=1, max_size=4))
@settings(max_examples=cases(4, 30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_touched_people_equal_the_full_recompute_on_orders(rounds: list[tuple[int, list[tuple[int, int, int]]]], stores: Stores, clock: SetClock) -> None:
    """Orders of the past, of now and of hours ahead arrive; time passes over days, windows and orders dated ahead."""
    world(stores, clock, [(1, 60, 100)], max(START, clock.at) + timedelta(days=400))
    with stores.ledger.begin() as tx:
        if not list_segments(tx):
            for name, rule in RULES.items():
                create_segment(tx, name=name, description=None, rule=rule, by=None, now=stores.now())
    recompute(stores, flow)
    for wait, orders in rounds:
        clock.at += timedelta(minutes=wait)
        if orders:
            lay_orders(stores, [Order(customer, clock.at - timedelta(minutes=ago), fen) for customer, ago, fen in orders])
        refresh(stores, flow)
        assert stored(stores) == answered(stores, clock.at)[0]


def stored(stores: Stores) -> dict[str, set[int]]:
    member = stores.warehouse.tables["segments_member"]
    with stores.ledger.read() as tx:
        names = {segment.id: segment.name for segment in list_segments(tx)}
    with stores.warehouse.read() as session:
        found = session.query(member.filter(member.entered)).to_pylist()
    return {name: {row["customer_id"] for row in found if row["segment_id"] == key} for key, name in names.items()}


def test_an_order_that_leaves_its_window_tells_when_the_answer_flips(stores: Stores, clock: SetClock) -> None:
    world(stores, clock, [(1, 60, 100), (1, 3000, 100)])
    reason = explain(stores, parse(RULES["quiet for 5 hours"]), 1, RuleNames())
    assert not reason.value
    assert next_flip_at(reason) == START + timedelta(hours=4)
    assert explain(stores, parse(RULES["two orders"]), 1, RuleNames()).observed == "2"
