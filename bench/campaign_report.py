"""The report of a campaign to a million people: computed from facts, read from what is kept, and the people behind a number.

Run: python bench/campaign_report.py [--people 1000000]

Work: a campaign with two variants and a control of a tenth; messages, reads, clicks, orders before and after, all as facts in the embedded
warehouse (on disk). Figures: the report computed anew; read over HTTP when it is kept (of 50 requests); a page of the people who bought.
Limit: 300 ms for what is kept. Peer in the same run: one statement by hand in DuckDB that joins decisions, messages and orders and adds up
the arms, which is the least that any report must do.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import numpy as np

from siyu.app import FACTS
from siyu.campaigns.driving import drive
from siyu.campaigns.report import compute
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine

LIMIT_MS = 300
BY_HAND = """
SELECT d.reason = 'holdout' AS control, d.variant, count(*), sum(m.status = 'sent'), sum(o.n > 0), sum(o.spend), sum(o.spend * o.spend)
FROM messaging_decision d
LEFT JOIN messaging_message m ON m.customer_id = d.customer_id AND m.send_id = d.send_id
LEFT JOIN (
    SELECT o.customer_id, count(*) AS n, sum(o.amount_fen)::DOUBLE AS spend
    FROM orders_order o JOIN messaging_decision d ON d.customer_id = o.customer_id AND d.send_id = ?
    WHERE o.ordered_ms >= d.at_ms AND o.ordered_ms < d.at_ms + 604800000 GROUP BY 1
) o ON o.customer_id = d.customer_id
WHERE d.send_id = ? GROUP BY 1, 2
"""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--people", type=int, default=1_000_000)
    people = options.parse_args().people
    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        run(Path(folder), people)


def run(folder: Path, people: int) -> None:
    from tests.makers.campaigns import (
        approved_and_scheduled,
        open_office,
        put_bought,
        put_decided,
        put_done,
        put_segment,
        written,
    )
    from tests.makers.customers import put_rows  # noqa: F401  its warnings are silenced there

    settings = Settings(home=folder, secret_key="ab" * 32)
    ledger = open_ledger(settings.ledger_url)
    metadata.create_all(ledger.engine)
    stores = Stores(settings, ledger, attach(DuckDBEngine(folder / "facts.duckdb", "2GB", 2), FACTS), load_secrets(settings), _noon)
    office = open_office(stores)
    variants = [{"name": name, "piece_id": 1, "share": 0.5} for name in "AB"]
    made = approved_and_scheduled(office, written(put_segment(stores, range(1, 3)), starts=None, variants=variants, reading="sequential"))
    drive(stores, lambda _: 0)
    send: int = office.ask("ann", "GET", f"/{made}")["waves"][0]["send_id"]
    rng, ids, at_ms = np.random.default_rng(1), np.arange(1, people + 1), to_ms(stores.now())
    control, names = rng.random(people) < 0.1, rng.choice(["A", "B"], people)
    put_decided(stores, send, ids, at_ms, control=control, variant=names)
    put_done(stores, ids[~control & (rng.random(people) < 0.3)], "message_read", send, at_ms)
    put_done(stores, ids[~control & (rng.random(people) < 0.1)], "link_opened", send, at_ms, first_key=2 * people)
    buyers = rng.integers(1, people + 1, 2 * people)
    put_bought(stores, buyers, at_ms + rng.integers(-90 * DAY_MS, 14 * DAY_MS, 2 * people), rng.integers(1_000, 50_000, 2 * people))
    with ledger.read() as tx:
        from siyu.campaigns.campaigns import find

        campaign = find(tx, made)
    compute(stores, campaign)
    computed = [_timed(lambda: compute(stores, campaign)) for _ in range(3)]
    office.ask("ann", "GET", f"/{made}/report", fresh=True)
    kept = sorted(_timed(lambda: office.ask("ann", "GET", f"/{made}/report")) for _ in range(50))
    page = _timed(lambda: office.ask("olga", "GET", f"/{made}/people", stage="bought", limit=50))
    stores.close()
    with duckdb.connect(str(folder / "facts.duckdb"), config={"threads": 2}) as bare:
        bare.execute(BY_HAND, [send, send]).fetchall()
        by_hand = min(_timed(lambda: bare.execute(BY_HAND, [send, send]).fetchall()) for _ in range(3))
    best, peak = min(computed), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{people:,} people, {2 * people:,} orders, {people * 0.36:,.0f} readings: report computed {best:.2f} s (median {median(computed):.2f}); {peak:,.0f} MB")
    print(f"kept, over HTTP: p50 {kept[25] * 1000:.0f} ms, most {kept[-1] * 1000:.0f} ms (limit {LIMIT_MS} ms: {'met' if kept[-1] * 1000 <= LIMIT_MS else 'MISSED'}); a page of those who bought {page:.2f} s")
    print(f"one statement by hand: {by_hand:.2f} s; ratio {best / by_hand:.1f} (the report reads messages, activities, consents and relations too, and spend before)")


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _noon() -> datetime:
    return datetime(2026, 1, 1, 4, tzinfo=UTC)


if __name__ == "__main__":
    main()
