"""Twenty traits of a million customers, computed as the product does, and by twenty statements written by hand.

    python bench/traits.py [1000000]

Work: `population.py` with 3.4 order rows and 7 activities a customer. Both sides end with the same: for each trait a row for every
customer who has a value, stored in a table of the same file. Limits: 1.5 times the hand-written statements; half a second for
the values of a thousand people with news.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import population
import pyarrow as pa

from siyu.app import open_stores
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.segments.recompute import moment_of
from siyu.segments.traits_compute import compute_traits
from siyu.segments.traits_refresh import refresh_traits
from siyu.segments.traits_store import create_trait, list_traits

VIEWED: dict[str, Any] = {"of": "activity", "name": "page_viewed"}
ORDERS: dict[str, Any] = {"of": "orders"}
NOW_END = population.NOW_MS + 1


def _since(days: int) -> int:
    return (population.NOW_MS // 86_400_000 - days) * 86_400_000


def _orders(what: str, where: str = "TRUE") -> str:
    return f"SELECT customer_id, {what} AS v FROM orders_order o WHERE customer_id > 0 AND ordered_ms < {NOW_END} AND {where} GROUP BY 1"


def _acts(what: str, name: str, where: str = "TRUE") -> str:
    return f"SELECT customer_id, {what} AS v FROM customers_activity a WHERE customer_id > 0 AND at_ms < {NOW_END} AND a.name = '{name}' AND {where} GROUP BY 1"


def _pages(what: str, where: str = "TRUE") -> str:
    return (
        f"SELECT a.customer_id, {what} AS v FROM customers_activity a JOIN customers_property p USING (event_key) "
        f"WHERE a.customer_id > 0 AND at_ms < {NOW_END} AND a.name = 'page_viewed' AND p.path = 'page' AND {where} GROUP BY 1"
    )


TWENTY: list[tuple[str, dict[str, Any], str]] = [
    ("orders", {**ORDERS, "measure": "count"}, _orders("count(*)")),
    ("spend", {**ORDERS, "measure": "sum", "property": "amount_fen"}, _orders("sum(amount_fen)::BIGINT")),
    ("mean order", {**ORDERS, "measure": "average", "property": "amount_fen"}, _orders("avg(amount_fen)")),
    ("largest", {**ORDERS, "measure": "max", "property": "amount_fen"}, _orders("max(amount_fen)")),
    ("smallest", {**ORDERS, "measure": "min", "property": "amount_fen"}, _orders("min(amount_fen)")),
    ("first order", {**ORDERS, "measure": "first", "property": "$at"}, _orders("min(ordered_ms)")),
    ("last order", {**ORDERS, "measure": "last", "property": "$at"}, _orders("max(ordered_ms)")),
    ("days since order", {**ORDERS, "measure": "days_since_last"}, _orders(f"{population.NOW_MS // 86_400_000} - max(ordered_ms) // 86400000")),
    ("last amount", {**ORDERS, "measure": "last", "property": "amount_fen"}, _orders("arg_max(amount_fen, ordered_ms)")),
    ("orders 30 d", {**ORDERS, "measure": "count", "window": {"last": 30}}, _orders("count(*)", f"ordered_ms >= {_since(30)}")),
    ("spend 90 d", {**ORDERS, "measure": "sum", "property": "amount_fen", "window": {"last": 90}}, _orders("sum(amount_fen)::BIGINT", f"ordered_ms >= {_since(90)}")),
    ("large orders", {**ORDERS, "measure": "count", "where": [{"field": "amount_fen", "op": ">=", "value": 20_000}]}, _orders("count(*)", "amount_fen >= 20000")),
    ("views", {**VIEWED, "measure": "count"}, _acts("count(*)", "page_viewed")),
    ("views 7 d", {**VIEWED, "measure": "count", "window": {"last": 7}}, _acts("count(*)", "page_viewed", f"at_ms >= {_since(7)}")),
    ("told 7 d", {"of": "activity", "name": "message_sent", "measure": "exists", "window": {"last": 7}}, _acts("1", "message_sent", f"at_ms >= {_since(7)}")),
    ("days since view", {**VIEWED, "measure": "days_since_last"}, _acts(f"{population.NOW_MS // 86_400_000} - max(at_ms) // 86400000", "page_viewed")),
    ("last page", {**VIEWED, "measure": "last", "property": "page"}, _pages("arg_max(p.text, at_ms)")),
    ("usual page", {**VIEWED, "measure": "most_frequent", "property": "page"}, _pages("mode(p.text)")),
    ("pages", {**VIEWED, "measure": "distinct_count", "property": "page"}, _pages("count(DISTINCT p.text)")),
    ("city tier", {"of": "attribute", "name": "city_tier", "measure": "last", "type": "number"},
     "SELECT customer_id, number AS v FROM customers_attribute WHERE path = 'city_tier'"),
]  # fmt: skip


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        _run(size, Path(folder))


def _run(size: int, folder: Path) -> None:
    stores = replace(open_stores(Settings(home=folder, time_zone="UTC", warehouse_memory="4GB")), clock=lambda: population.NOW)
    counts = population.load(stores.warehouse, size)
    print(f"{size:,} customers, " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))
    with stores.ledger.begin() as tx:
        keys = {create_trait(tx, name=name, description=None, definition=raw, by=None, now=population.NOW).id: name for name, raw, _ in TWENTY}
    ours = _measured(lambda: compute_traits(stores))
    hand = _measured(lambda: _by_hand(stores))
    _check(stores, keys)
    print(f"  twenty traits, computed and stored, with their distributions: {ours[0]:.2f} s, {ours[1]:.2f} CPU s; "
          f"by hand {hand[0]:.2f} s, {hand[1]:.2f} CPU s; ratio {ours[0] / hand[0]:.2f}, of CPU {ours[1] / hand[1]:.2f} (limit 1.5)")
    _touched(stores, size)
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    stores.close()


def _measured(work: Callable[[], object]) -> tuple[float, float]:
    """(seconds, CPU seconds): of a busy machine only the second tells."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _by_hand(stores: Stores) -> None:
    connection = stores.warehouse.engine.inner._connection.cursor()  # type: ignore[attr-defined]
    for number, (_, _, sql) in enumerate(TWENTY):
        connection.execute(f"CREATE OR REPLACE TABLE hand_{number} AS {sql}")


def _check(stores: Stores, keys: dict[int, str]) -> None:
    """As many values as by hand and, where no tie decides, the same sum of them."""
    connection = stores.warehouse.engine.inner._connection.cursor()  # type: ignore[attr-defined]
    for number, (key, name) in enumerate(keys.items()):
        column = "sum(coalesce(number, time_ms))" if name not in ("last page", "usual page") else "0"
        mine = connection.execute(f"SELECT count(*), {column} FROM segments_trait_value WHERE trait_id = {key}").fetchall()[0]
        theirs = connection.execute(f"SELECT count(v), {column.replace('coalesce(number, time_ms)', 'v')} FROM hand_{number} WHERE v IS NOT NULL").fetchall()[0]
        near = name == "last amount" or abs(float(mine[1] or 0) - float(theirs[1] or 0)) <= 1e-6 * abs(float(theirs[1] or 1))
        assert mine[0] == theirs[0], (name, mine, theirs)
        assert near, (name, mine, theirs)


def _touched(stores: Stores, size: int) -> None:
    """A thousand people have news, a minute later; all twenty traits of theirs are computed again."""
    people = pa.array(np.random.default_rng(5).choice(np.arange(1, size + 1), 1000, replace=False), pa.int64())
    with stores.ledger.read() as tx:
        traits = list_traits(tx)
    before = moment_of(stores, population.NOW)
    after = moment_of(stores, population.NOW + timedelta(minutes=1))
    nothing = pa.array([], pa.int64())
    times = [_measured(lambda: refresh_traits(stores, traits, (nothing, people), (before, after), set())) for _ in range(6)]
    wall, cpu = (sorted(column)[2] for column in zip(*times[1:], strict=True))
    print(f"  a thousand touched people: first {times[0][0]:.2f} s (expressions are made), then {wall:.3f} s, {cpu:.3f} CPU s (limit 0.5 s)")


if __name__ == "__main__":
    main()
