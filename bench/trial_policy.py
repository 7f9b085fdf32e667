"""A policy tried against the messages of the past weeks, before it is switched on.

    python bench/trial_policy.py [1000000] [100000]

Work: so many messages of 90 days, of a quarter as many people, in 40 large sends and in sends to 1,000 people each (as journeys make
them), promotions and value by two accounts; tried is the policy as it comes. Peer in the same run: the driver reading the same rows of
the ledger and nothing else. Limit: 20 s for a million on one core.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy import insert

from siyu.app import open_stores
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.database import insert_table
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.messaging import _tables, trial
from siyu.messaging.policy import DEFAULT

NOW = datetime(2026, 11, 1, 4, tzinfo=UTC)
DAYS, LARGE, SMALL_PEOPLE, LIMIT_SECONDS = 90, 40, 1_000, 20.0


def fill(stores: Stores, count: int, seed: int = 7) -> int:
    """Messages, one a person and send; returns how many sends there are."""
    draw, people = np.random.default_rng(seed), count // 4
    small = count // 5 // SMALL_PEOPLE
    sizes = np.concatenate([np.full(LARGE, (count - small * SMALL_PEOPLE) // LARGE), np.full(small, SMALL_PEOPLE)])
    due = np.sort(to_ms(NOW) - draw.integers(1, DAYS * DAY_MS, len(sizes)))
    purposes = draw.integers(0, 2, len(sizes))
    same = {"exempt": False, "priority_fen": 0, "spec": {}, "status": "over", "counts": {}, "created_at": NOW, "created_by": "bench"}
    rows = [
        {**same, "id": n + 1, "ref": f"s{n}", "name": f"s{n}", "purpose": ("promotion", "value")[purposes[n]], "due_at": datetime.fromtimestamp(due[n] / 1000, UTC), "until_at": datetime.fromtimestamp(due[n] / 1000, UTC) + timedelta(days=2)}
        for n in range(len(sizes))
    ]  # fmt: skip
    who = [np.sort(draw.choice(people, min(int(size), people), replace=False)) + 1 for size in sizes]
    send = np.repeat(np.arange(len(sizes)), [len(one) for one in who])
    ids, size = np.concatenate(who), len(send)
    order = np.lexsort((send, ids))
    columns = {
        "customer_id": ids[order], "send_id": send[order] + 1, "route": np.zeros(size, np.int16), "identity_key": ids[order], "account_id": np.ones(size, np.int64),
        "purpose": purposes[send[order]], "exempt": np.zeros(size, bool), "priority_fen": np.zeros(size, np.int64), "at_ms": due[send[order]], "floating": np.zeros(size, bool),
        "status": np.full(size, 2),
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        tx.execute(insert(_tables.send), rows)
        insert_table(tx, _tables.message, pa.table(columns))
    return len(sizes)


def measure(count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        stores = open_stores(Settings(home=Path(folder), secret_key="ab" * 32))
        sends = fill(stores, count)
        with stores.ledger.read() as tx:
            began, spent = time.perf_counter(), time.process_time()
            found = trial.run(tx, DEFAULT, calendar=stores.calendar, now=NOW, weeks=13)
            wall, cpu = time.perf_counter() - began, time.process_time() - spent
            began = time.process_time()
            read = tx.exec_driver_sql("SELECT customer_id, send_id, account_id, purpose, priority_fen, at_ms, identity_key, dispatch_id, route FROM messaging_message ORDER BY at_ms DESC").cursor
            peer_rows = len(read.fetchall()) if read is not None else 0
            peer = time.process_time() - began
        stores.close()
    asked, allowed = sum(week.asked for week in found.weeks), sum(week.allowed for week in found.weeks)
    assert asked == min(peer_rows, trial.MOST), (asked, peer_rows)
    print(f"{asked:,} messages of {sends} sends tried: {wall:.2f} s, {cpu:.2f} CPU s; {allowed:,} allowed at once; the driver reads the {peer_rows:,} rows in {peer:.2f} CPU s: {cpu / peer:.1f} times that")
    return cpu


if __name__ == "__main__":
    counts = [int(one) for one in sys.argv[1:]] or [100_000, 1_000_000]
    spent = [measure(count) for count in counts]
    if max(counts) >= 1_000_000:
        kept = max(spent) <= LIMIT_SECONDS
        print(f"limit {LIMIT_SECONDS:.0f} s on one core: {'kept' if kept else 'NOT KEPT'}")
        sys.exit(not kept)
