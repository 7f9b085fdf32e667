"""Every segment expression is plain Ibis: it compiles for each engine that Siyu is made to run on, not only the built-in one.

Run on DuckDB everywhere else in the tests; ClickHouse and Spark are compiled here, and executed when their engines come.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pytest
from ibis.backends.sql.compilers.clickhouse import compiler as clickhouse
from ibis.backends.sql.compilers.duckdb import compiler as duckdb
from ibis.backends.sql.compilers.pyspark import compiler as spark

from siyu.app import FACTS
from siyu.customers.folding import folded
from siyu.foundation.clock import Calendar
from siyu.foundation.warehouse.engines.duckdb import compile_query
from siyu.segments import lifecycle, rfm
from siyu.segments.evaluate import leaf_values, members, verdicts
from siyu.segments.quality_behaviour import behaviours, rates, usual_prices
from siyu.segments.quality_signs import judged
from siyu.segments.rules import parse
from siyu.segments.traits import parse as parse_trait
from siyu.segments.traits_values import values
from siyu.segments.windows import Moment
from tests.rooms.segments.test_reference_segments import REFERENCE
from tests.rooms.segments.test_traits import TRAITS

TABLES = {fact.name: fact.table for fact in FACTS}
MOMENT = Moment(1_780_000_000_000, Calendar(ZoneInfo("Asia/Shanghai")))
ENGINES = {"duckdb": duckdb, "clickhouse": clickhouse, "spark": spark}
EXTRA: dict[str, dict[str, Any]] = {
    "birthday": {"kind": "attribute", "field": "birthday", "op": "anniversary_within_days", "value": 7},
    "held": {"kind": "attribute", "field": "custom:level", "op": "held_at_least", "value": "gold", "seconds": 60},
    "list item": {"kind": "attribute", "field": "custom:likes", "op": "includes", "value": "tea"},
    "last event": {"kind": "last_event", "name": "view", "has": [{"path": "page", "op": ">", "value": 3}]},
    "average of tea": {"kind": "orders", "measure": "average_fen", "op": ">", "value": 1, "where": [{"field": "category", "op": "is", "value": "tea"}]},
    "articles": {"kind": "orders", "measure": "distinct_skus", "op": ">=", "value": 3},
    "trait": {"kind": "attribute", "field": "trait:7", "op": ">=", "value": 3},
    "quality": {"kind": "quality", "of": "deal_hunter", "is": ["yes", "not_known"]},
    "stage": {"kind": "lifecycle", "stages": ["prospect", "new"]},
}
RULES = {name: raw for name, (raw, _) in REFERENCE.items()} | EXTRA


@pytest.fixture(autouse=True)
def _spark_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the Spark backend registers when pyspark is installed; compiling needs only this."""
    monkeypatch.setattr("ibis.backends.sql.compilers.pyspark.options", SimpleNamespace(pyspark=SimpleNamespace(treat_nan_as_null=False)))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", RULES)
def test_a_rule_compiles_for_every_engine(engine: str, name: str) -> None:
    rule = parse(RULES[name])
    for expression in (members(rule, TABLES, MOMENT), verdicts({"s": rule}, TABLES, MOMENT), leaf_values(rule, TABLES, MOMENT)):
        assert "SELECT" in ENGINES[engine].to_sqlglot(expression).sql(engine).upper()


@pytest.mark.parametrize("engine", ENGINES)
def test_rfm_and_lifecycle_compile_for_every_engine(engine: str) -> None:
    orders = TABLES["orders_order"]
    days = lifecycle.purchase_days(orders, 20_000)
    clock = lifecycle.LifecycleClock(30.0, lifecycle.FALLBACK_CUTS, 0, is_fallback=True)
    scored = rfm.scored(rfm.buyers(orders, 20_000))
    staged = lifecycle.staged(scored, lifecycle.day_counts(days), lifecycle.own_medians(days), clock, 20_000)
    for expression in (scored, rfm.cells(scored), staged):
        assert "SELECT" in ENGINES[engine].to_sqlglot(expression).sql(engine).upper()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_quality_of_customers_compiles_for_every_engine(engine: str) -> None:
    people = behaviours(TABLES, TABLES["segments_usual_price"], MOMENT.instant)
    rows = judged(people.cross_join(rates(people)), ibis.table({"customer_id": "int64", "what": "string"}, name="_marks"), 20_000)
    for expression in (usual_prices(TABLES["orders_line"], MOMENT.instant), rows):
        assert "SELECT" in ENGINES[engine].to_sqlglot(expression).sql(engine).upper()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", TRAITS)
def test_a_trait_compiles_for_every_engine(engine: str, name: str) -> None:
    found = values(parse_trait(TRAITS[name]), TABLES, MOMENT)
    for expression in (*found.plan.steps.values(), found.rows):
        assert "SELECT" in ENGINES[engine].to_sqlglot(expression).sql(engine).upper()


@pytest.mark.parametrize("engine", ENGINES)
def test_operations_on_attributes_compile_for_every_engine(engine: str) -> None:
    expression = folded(TABLES["customers_trait"], TABLES["customers_item"])
    assert "SELECT" in ENGINES[engine].to_sqlglot(expression).sql(engine).upper()


@pytest.mark.parametrize("text", ["x' OR '1'='1", '"; DROP TABLE customers_profile; --', "用户'名", "\\'", "$1"])
def test_text_of_a_user_is_bound_and_never_part_of_the_statement(text: str) -> None:
    for raw in (
        {"kind": "attribute", "field": "city", "op": "contains", "value": text},
        {"kind": "tag", "op": "any_of", "tags": [text]},
        {"kind": "event", "name": text, "op": ">=", "count": 1, "where": [{"path": "p", "op": "is", "value": text}]},
    ):
        sql, bound = compile_query(members(parse(raw), TABLES, MOMENT))
        assert text not in sql
        assert text in bound.values()
