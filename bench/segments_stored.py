"""Stored membership of eleven segments, computed from orders, hits and messages: exact members, then what a recompute costs.

    python bench/segments_stored.py [100000] [1000000]

Work: the first recompute (all members are new), one with nothing changed, one with 1 % drift (1 % of the customers get a
new order or hit, all verdicts are computed anew, joins and leaves are stored). CPU seconds of the whole process.
Peers, measured on the same population on a like machine (application and database, order aggregates handed to them
ready-made): Mautic 5.1 25 s unchanged and 172 s with 1 % drift at a million; Odoo 16 4.5 s, storing nothing.
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

import numpy as np
import population
import pyarrow as pa

from siyu.app import open_stores
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.river import flow
from siyu.segments.recompute import recompute
from siyu.segments.segments import create_segment, list_segments

PEERS = {1_000_000: {"unchanged": ("Mautic", 25.0), "1 % drift": ("Mautic", 172.0)}, 100_000: {"unchanged": ("Mautic", 2.5), "1 % drift": ("Mautic", 13.4)}}


def main() -> None:
    for size in [int(a) for a in sys.argv[1:]] or [100_000, 1_000_000]:
        with tempfile.TemporaryDirectory() as folder:
            _run(size, Path(folder))


def _run(size: int, folder: Path) -> None:
    stores = open_stores(Settings(home=folder, time_zone="UTC", warehouse_memory="3GB"))
    stores = replace(stores, clock=lambda: population.NOW)
    counts = population.load(stores.warehouse, size)
    print(f"\n{size:,} customers, " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))
    with stores.ledger.begin() as tx:
        for name, rule in population.segments(size).items():
            create_segment(tx, name=name, description=None, rule=rule, by=None, now=population.NOW)
    _measure("first", lambda: recompute(stores, flow), size)
    with stores.ledger.read() as tx:
        found = {segment.name: segment.customer_count for segment in list_segments(tx)}
    expected = population.EXPECTED.get(size)
    wrong = {name: (found[name], count) for name, count in (expected or {}).items() if found[name] != count}
    print("  members " + ("as published" if expected and not wrong else f"DIFFER (found, published): {wrong}" if wrong else str(found)))
    later = replace(stores, clock=lambda: population.NOW + timedelta(seconds=1))
    _measure("unchanged", lambda: recompute(later, flow), size)
    _drift(stores, size)
    drifted = replace(stores, clock=lambda: population.NOW + timedelta(seconds=2))
    changes = _measure("1 % drift", lambda: recompute(drifted, flow), size)
    print(f"  joins {sum(c.entered_count for c in changes):,}, leaves {sum(c.left_count for c in changes):,}; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    stores.close()


def _measure(name: str, work: Callable[[], list], size: int) -> list:
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peer = PEERS.get(size, {}).get(name)
    said = f"; {peer[0]} {peer[1]:g} s: {peer[1] / cpu:.0f} times ours" if peer else ""
    print(f"  {name:<10} {cpu:6.2f} CPU s, {wall:6.2f} s{said}")
    return done


def _drift(stores: Stores, size: int) -> None:
    rng = np.random.default_rng(1)
    people = rng.choice(np.arange(1, size + 1), size // 100, replace=False)
    half = people.size // 2
    at = np.full(half, population.NOW_MS - 1000)
    orders = {"order_key": np.arange(half) + 10**12, "customer_id": people[:half], "ordered_ms": at, "amount_fen": np.full(half, 200_000)}
    population.store(stores.warehouse, population.ORDERS_ORDER, pa.table(orders))
    sent = {"event_key": np.arange(people.size - half) + 10**12, "customer_id": people[half:], "name": pa.array(["message_sent"] * (people.size - half)), "at_ms": np.full(people.size - half, population.NOW_MS - 1000)}
    population.store(stores.warehouse, population.CUSTOMERS_ACTIVITY, pa.table(sent))


if __name__ == "__main__":
    main()
