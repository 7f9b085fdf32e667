"""A warehouse of an older version: what a newer one derives, or derives in another way, is computed for all that came before."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pytest

from siyu import app, refill
from siyu.foundation.brand import put_data_away
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores, closing
from siyu.foundation.warehouse.connect import CURSORS, attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.foundation.warehouse.facts import Column, Fact, Tables
from siyu.orders.facts import ORDERS_ORDER
from siyu.river import flow
from tests.makers.door import Door, door_of
from tests.makers.files import csv_bytes, good_rows


def skus(tables: Tables) -> ir.Table:
    lines = tables["orders_line"]
    return lines.group_by("product_name").agg(pieces=lines.quantity.sum().cast("int64"))


SKUS = Fact(
    "orders_sku", "one product", ("product_name",), (Column("product_name", "string", "the product"), Column("pieces", "int64", "pieces sold")),
    derive=skus, derive_from=("orders_line",), group="product_name",
)  # fmt: skip


def doubled(tables: Tables) -> ir.Table:
    assert ORDERS_ORDER.derive is not None
    orders = ORDERS_ORDER.derive(tables)
    return orders.mutate(amount_fen=orders.amount_fen * 2)


@contextmanager
def served(home: Path, facts: Sequence[Fact]) -> Iterator[Door]:
    """The product on a data folder, as a version with these facts starts it; all jobs come to their end."""
    settings = Settings(home=home, secret_key="ab" * 32)
    ledger = open_ledger(settings.ledger_url)
    metadata.create_all(ledger.engine)
    warehouse = attach(DuckDBEngine(settings.warehouse_file, "256MB", 2), facts)
    with closing(Stores(settings, ledger, warehouse, load_secrets(settings))) as stores:
        door = door_of(stores)
        with door.client:
            until = time.monotonic() + 60
            while any(job["status"] in ("queued", "running") for job in jobs(door)):
                assert time.monotonic() < until
                time.sleep(0.1)
            yield door


def jobs(door: Door) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = door.client.get("/api/v1/jobs").json()["items"]
    return found


def refills(door: Door) -> list[dict[str, Any]]:
    return [job for job in jobs(door) if job["kind"] == refill.REFILL]


def bring(door: Door, count: int) -> None:
    started = door.start(door.upload(csv_bytes(good_rows(count))).json()).json()
    until = time.monotonic() + 60
    while door.client.get(f"/api/v1/jobs/{started['job_id']}").json()["status"] != "done":
        assert time.monotonic() < until
        time.sleep(0.1)


def rows(door: Door, fact: Fact) -> set[tuple[Any, ...]]:
    with door.stores.warehouse.read() as session:
        return {tuple(row.values()) for row in session.query(fact.table).to_pylist()}


def revenue(door: Door) -> int:
    return int(door.client.get("/api/v1/measurement/concentration").json()["revenue_fen"])


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five orders, taken in by a version that did not write down its definitions."""
    made = tmp_path_factory.mktemp("old")
    with served(made, app.FACTS) as door:
        bring(door, 5)
        assert refills(door) == [], "a new home has nothing to make up for"
        with door.stores.warehouse.engine.write() as session:
            names = CURSORS.table.filter(CURSORS.table.fact.startswith("definition"))
            session.delete(CURSORS, session.keep("_old", names), CURSORS.key)
    return made


@pytest.fixture
def home(old: Path, tmp_path: Path) -> Path:
    return shutil.copytree(old, tmp_path / "home")


def test_a_derived_fact_that_is_new_is_filled_from_what_is_there(home: Path) -> None:
    with served(home, [*app.FACTS, SKUS]) as door:
        (job,) = refills(door)
        assert job["status"] == "done"
        assert job["progress"] == 1
        assert "orders_sku" in job["result"]["facts"]
        assert rows(door, SKUS) == {(f"护手霜 {n}", n) for n in range(1, 6)}
        bring(door, 7)
        assert rows(door, SKUS) == {(f"护手霜 {n}", n) for n in range(1, 8)}, "and goes on with what comes"


def test_another_definition_is_computed_for_all_and_reports_follow(home: Path) -> None:
    with served(home, app.FACTS) as door:
        before = revenue(door)
    changed = [replace(fact, derive=doubled) if fact is ORDERS_ORDER else fact for fact in app.FACTS]
    with served(home, changed) as door:
        assert {"orders_order", "orders_buyer"} <= set(refills(door)[0]["result"]["facts"]), "and what is made of it"
        assert revenue(door) == 2 * before
        (spent,) = {row["spend_fen"] for row in door.client.get("/api/v1/customers", params={"limit": 1, "sort": "-spend_fen"}).json()["items"]}
        assert spent == 2 * 990 * 5


def test_a_start_with_the_same_definitions_does_nothing(home: Path) -> None:
    with served(home, app.FACTS) as door:
        first = len(refills(door))
        assert first == 1, "the definitions were not written down"
    with served(home, app.FACTS) as door:
        assert len(refills(door)) == first


def test_data_that_was_put_away_needs_no_refill(home: Path) -> None:
    with served(home, app.FACTS) as door:
        with door.stores.ledger.begin() as tx:
            put_data_away(tx)
        flow(door.stores)
        bring(door, 3)
        assert len(rows(door, ORDERS_ORDER)) == 3
        first = len(refills(door))
    with served(home, app.FACTS) as door:
        assert len(refills(door)) == first
