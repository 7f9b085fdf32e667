"""The gate's calculation alone: who of a million people may be told of a promotion, when, and by which way.

    python bench/gate.py [1000000]

Work: one decision about each person with the policy as it comes (caps, mix, quiet hours, quotas), on columns that are in memory: 60 % are
contacts of one of 200 staff, 70 % have a phone number, two messages each lie in the 28 days before (three in ten promotions, the others of
value); nothing is read or written. Beside it the same with a weekly budget for every person, and one that may displace.
Peer in the same run: one hand-written DuckDB statement with window functions for the two rolling caps alone (three in 7 days, one promotion
in 7 days), on the same columns in memory: the instant from which each person is free of them.
Limit: 2 CPU s at a million.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from os import getloadavg
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.messaging.policy import DEFAULT
from siyu.messaging.restraint import HISTORY, PEOPLE, ROUTES, Request, decide

DUE = to_ms(datetime(2026, 11, 24, 10, tzinfo=UTC))
LIMIT, TIMES, STAFF = 2.0, 3, 200
BY_HAND = """
WITH near AS (
    SELECT customer_id, at_ms, purpose, row_number() OVER (PARTITION BY customer_id ORDER BY at_ms DESC) AS nth,
           row_number() OVER (PARTITION BY customer_id, purpose ORDER BY at_ms DESC) AS nth_of_purpose
    FROM history WHERE at_ms > $due - 7 * 86400000)
SELECT p.customer_id, greatest($due, max(CASE WHEN nth = 3 THEN at_ms + 7 * 86400000 END), max(CASE WHEN purpose = 0 AND nth_of_purpose = 1 THEN at_ms + 7 * 86400000 END)) AS at_ms
FROM people p LEFT JOIN near USING (customer_id) GROUP BY 1
"""


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    people, routes, history = made(size)
    request = Request(7, "promotion", DUE, DUE + 3 * DAY_MS, priority_fen=10)
    spent, found = timed(lambda: decide(DEFAULT, request, people, routes, history, zone="UTC"))
    verdicts = dict(zip(*(column.to_pylist() for column in found.table["verdict"].value_counts().flatten()), strict=True))
    budgeted = people.set_column(people.column_names.index("budget"), "budget", pa.array(np.arange(size) % 3 + 1, pa.int16()))
    with_budgets, _ = timed(lambda: decide(DEFAULT, request, budgeted, routes, history, zone="UTC"))
    waiting = history.set_column(history.column_names.index("status"), "status", pa.array(np.arange(history.num_rows) % 2 * 2, pa.int8()))
    displacing, other = timed(lambda: decide(DEFAULT, request, people, routes, waiting, zone="UTC"))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("people", people.select(["customer_id"]))
        connection.register("history", history.select(["customer_id", "at_ms", "purpose"]))
        by_hand, _ = timed(lambda: connection.execute(BY_HAND, {"due": DUE}).fetchnumpy())
    print(f"{size:,} people, {routes.num_rows:,} ways, {history.num_rows:,} messages before; load {getloadavg()[0]:.1f}; {verdicts}")
    print(f"  decided in {spent:.2f} CPU s; limit {LIMIT:g} s: {'kept' if spent <= LIMIT or size < 1_000_000 else 'BROKEN'}")
    print(f"  with a budget for everybody {with_budgets:.2f} CPU s; where half of the messages may give way {displacing:.2f} CPU s, {other.displaced.num_rows:,} do")
    print(f"  DuckDB by hand, two rolling caps alone: {by_hand:.2f} CPU s: {spent / by_hand:.1f} times that")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """The least CPU seconds of some rounds."""
    least, result = float("inf"), None
    for _ in range(TIMES):
        began = time.process_time()
        result = work()
        least = min(least, time.process_time() - began)
    return least, result


def made(size: int) -> tuple[pa.Table, pa.Table, pa.Table]:
    rng = np.random.default_rng(20261123)
    ids = np.arange(1, size + 1)
    people = pa.table({field.name: pa.array(ids) if field.name == "customer_id" else pa.nulls(size, field.type) for field in PEOPLE})
    friend, phone = ids[rng.random(size) < 0.6], ids[rng.random(size) < 0.7]
    staff = pa.DictionaryArray.from_arrays(pa.array(rng.integers(0, STAFF, len(friend)), pa.int32()), pa.array([f"staff{n}" for n in range(STAFF)]))
    by_friend = _table(ROUTES, len(friend), customer_id=friend, rank=0, account_id=1, carrier="wecom", identity_key=friend * 10 + 1, staff=staff.cast(pa.string()), consented=True, floating=True)
    by_phone = _table(ROUTES, len(phone), customer_id=phone, rank=np.isin(phone, friend).astype(int), account_id=2, carrier="sms", identity_key=phone * 10 + 2, staff="", consented=True, floating=False)
    routes = pa.concat_tables([by_friend, by_phone]).sort_by([("customer_id", "ascending"), ("rank", "ascending")]).combine_chunks()
    who = np.repeat(ids, rng.poisson(2.0, size))
    count = len(who)
    history = _table(
        HISTORY, count, customer_id=who, at_ms=DUE - rng.integers(DAY_MS, 28 * DAY_MS, count), purpose=(rng.random(count) > 0.3).astype(int), exempt=False, floating=False, status=2,
        account_id=1, carrier="wecom", staff="staff1", priority_fen=0, send_id=np.arange(count) % 20 + 1, route=0, identity_key=who * 10 + 1,
    )  # fmt: skip
    return people, routes, history


def _table(schema: pa.Schema, size: int, **columns: Any) -> pa.Table:
    def column(field: pa.Field) -> Any:
        value = columns.get(field.name)
        if value is None:
            return pa.nulls(size, field.type)
        return pa.array(value).cast(field.type) if isinstance(value, np.ndarray) else value if isinstance(value, pa.Array) else pa.repeat(pa.scalar(value, field.type), size)

    return pa.table([column(field) for field in schema], schema=schema)


if __name__ == "__main__":
    main()
