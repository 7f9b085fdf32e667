"""True cost of a million customers: 8 sources of 40 creatives over 24 months, computed anew and asked for over HTTP.

Run: python bench/returns.py [customers]

The facts are laid into a warehouse file as publishing would leave them (what is measured is what is computed from them): half as many visits
again as adds, spend of every creative and day, 2.2 orders a buyer. Limits: 60 s and 4 GB for the computation, 300 ms for a page.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import threading
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.acquisition import sources
from siyu.acquisition.facts import ACQUISITION_SPEND, ACQUISITION_TOUCH
from siyu.acquisition.sources import Draft
from siyu.app import ROUTERS, open_stores
from siyu.carriers.facts import CARRIERS_RELATION
from siyu.foundation.clock import DAY_MS, day_number
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Fact
from siyu.measurement import returns
from siyu.orders.facts import ORDERS_LINE, ORDERS_ORDER
from siyu.team.audit import SYSTEM
from siyu.team.tokens import add_token
from siyu.web.application import build_application

SOURCES, CREATIVES, DAYS = 8, 40, 730
NOW = datetime(2026, 6, 30, 4, tzinfo=UTC)
PAGES = (
    "sources", "sources?from=2024-07-01&level=creative", "waste", "waste?source_id={one}", "waste/people?bucket=never_bought", "groups?by=staff", "cohorts", "cohorts?source_id={one}",
    "attribution", "advice", "advice/past", "experiments", "experiments/power?source_id={one}",
)  # fmt: skip


def main(people: int) -> None:
    """Lay the facts, compute, ask; prints what was done, the figure and its limit."""
    with tempfile.TemporaryDirectory() as home:
        stores = open_stores(Settings(home=Path(home), secret_key="ab" * 32))
        stores = Stores(stores.settings, stores.ledger, stores.warehouse, stores.secrets, lambda: NOW)
        creatives = tree(stores)
        lay(stores, people, creatives)
        peak = watch()
        began, cpu = time.perf_counter(), time.process_time()
        run = returns.recompute(stores)
        took, used = time.perf_counter() - began, time.process_time() - cpu
        print(f"computed true cost of {people:,} customers, {len(creatives)} creatives, {DAYS // 30} months: {took:.1f} s, {used:.1f} CPU s, limit 60 s, {60 / took:.1f} times within")
        print(f"peak memory of the process {peak():,.0f} MB, limit 4,000 MB")
        print("; ".join(note["en"] for note in run.notes))
        ask(stores, creatives[0])
        stores.close()


def tree(stores: Stores) -> np.ndarray[Any, Any]:
    found = []
    with stores.ledger.begin() as tx:
        for place in range(SOURCES):
            top = sources.create(stores, tx, Draft(f"来源 {place}", platform="douyin"), by="bench").id
            found += [sources.create(stores, tx, Draft(f"创意 {number}"), level="creative", parent_id=top, by="bench").id for number in range(CREATIVES)]
    return np.array(found)


def lay(stores: Stores, people: int, creatives: np.ndarray[Any, Any]) -> None:
    random = np.random.default_rng(1)
    today = day_number(NOW.date())
    source = creatives[random.integers(0, len(creatives), people)]
    day = today - random.integers(0, DAYS, people)
    at = day * DAY_MS + random.integers(0, 15 * 3_600_000, people)
    customer = np.arange(people) + 1
    insert(stores, ACQUISITION_TOUCH, event_key=customer, identity_key=customer, customer_id=customer, at_ms=at, step=np.full(people, "add"), source_id=source, staff=np.char.add("li", (customer % 60).astype(str)))
    visits = people // 2
    insert(
        stores, ACQUISITION_TOUCH, event_key=people + 1 + np.arange(visits), visitor_key=10**15 + np.arange(visits), at_ms=(today - random.integers(0, DAYS, visits)) * DAY_MS,
        step=np.full(visits, "visit"), source_id=creatives[random.integers(0, len(creatives), visits)],
    )  # fmt: skip
    gone = random.random(people) < 0.3
    ended = pa.array(at + (random.exponential(20, people) * DAY_MS).astype(np.int64), mask=~gone)
    insert(stores, CARRIERS_RELATION, identity_key=customer, customer_id=customer, account_id=np.ones(people, int), staff=np.full(people, "li"), began_ms=at, ended_ms=ended)
    days = np.arange(today - DAYS + 1, today + 1)
    spent_day, spent_source = (each.ravel() for each in np.meshgrid(days, creatives))
    insert(stores, ACQUISITION_SPEND, entry_id=np.arange(len(spent_day)) + 1, line=np.ones(len(spent_day), int), day=spent_day, source_id=spent_source, amount_fen=random.integers(1000, 9000, len(spent_day)))
    buyers = np.flatnonzero(random.random(people) < 0.3)
    each = np.repeat(buyers, random.geometric(1 / 2.2, len(buyers)))
    ordered = day[each] + np.floor(random.exponential(60, len(each))).astype(np.int64)
    each, ordered = each[ordered <= today], ordered[ordered <= today]
    key = np.arange(len(each)) + 1
    insert(stores, ORDERS_LINE, line_key=key, order_key=key, customer_id=customer[each], ordered_ms=ordered * DAY_MS + 57_000_000, ordered_on=ordered, amount_fen=random.integers(3000, 30_000, len(each)), kind=np.full(len(each), "sale"))
    with stores.warehouse.engine.write() as session:
        assert ORDERS_ORDER.derive is not None
        session.insert(ORDERS_ORDER, ORDERS_ORDER.derive(stores.warehouse.tables).select(ORDERS_ORDER.arrow.names))
    print(f"laid {people + visits:,} touches, {people:,} relations, {len(spent_day):,} lines of spend, {len(each):,} orders")


def insert(stores: Stores, fact: Fact, **given: Any) -> None:
    size = len(next(iter(given.values())))
    usual = {"int64": 0, "int32": 0, "string": "", "boolean": False, "float64": 0.0}
    columns = [pa.array(given[column.name]).cast(fact.arrow.field(column.name).type) if column.name in given else pa.repeat(pa.scalar(usual[column.type], fact.arrow.field(column.name).type), size) for column in fact.columns]
    with stores.warehouse.engine.write() as session:
        session.insert(fact, session.keep("_laid", pa.table(columns, fact.arrow)))


def watch() -> Any:
    """Returns a function that says the most memory (MB) held since, looked at every 50 ms."""
    most, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            most[0] = max(most[0], int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6)

    def told() -> float:
        over.set()
        return most[0]

    threading.Thread(target=look, daemon=True).start()
    return told


def ask(stores: Stores, source: int) -> None:
    """Every page: asked for the first time after the computation, and again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from starlette.testclient import TestClient
    secret, _ = add_token(stores, SYSTEM, None, name="bench", role="owner", expires_at=None)
    browser = TestClient(build_application(stores, list(ROUTERS), title="Siyu", version="bench"), base_url="http://localhost", headers={"Authorization": f"Bearer {secret}"})
    browser.get("/api/v1/measurement/acquisition/economics")
    slowest = 0.0
    for page in PAGES:
        took = []
        for _ in range(3):
            began = time.perf_counter()
            answer = browser.get(f"/api/v1/measurement/acquisition/{page.format(one=source)}")
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
        slowest = max(slowest, min(took[1:]))
        print(f"{page:45} first {took[0]:5.0f} ms, then {min(took[1:]):4.0f} ms, {len(answer.content) / 1000:,.0f} kB")
    print(f"slowest page when published: {slowest:.0f} ms, limit 300 ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
