"""Does a rehearsal foresee what then happens? Seeded brands of simulated people, each rehearsed and then really run.

    python bench/rehearsal.py [--brands 50] [--people 6000] [--first 1]
    python bench/rehearsal.py --audience 1000000

Work: a brand's people are drawn as the sandbox's are. They live a month without messages, then get four sends, three weeks apart, of which
three in ten are kept back. Then a journey is rehearsed on that history: something of value; whoever buys within four days is tagged,
the others get a promotion and rest for three days; a tenth is held out. Then it runs: the product's own runner, gate and log, time
in steps of half a day, the people answering by the sandbox's model (which the product does not know). The carrier alone is missing:
what is planned arrives when it is due.
Limits: reach of each node within 5 % of what then came, in 9 of 10 brands; purchases of those treated within the stated 95 % interval in at
least 9 of 10 brands. Peer in the same run: the same reach foreseen from the brand's mean rate alone, without the response model.
With `--audience`: seconds of one rehearsal (history read, fitted, futures run) on the embedded stores; limit two minutes; peer in the same
run: the gate asked once about everybody.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from siyu.app import FACTS
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine

WITHIN = 0.05
START = datetime(2026, 1, 1, 2, tzinfo=UTC)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--brands", type=int, default=50)
    options.add_argument("--people", type=int, default=6_000)
    options.add_argument("--first", type=int, default=1)
    options.add_argument("--audience", type=int, default=0, help="time one rehearsal over so many people instead")
    wanted = options.parse_args()
    if wanted.audience:
        with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
            _large(Path(folder), wanted.audience)
        return
    errors: dict[str, list[float]] = defaultdict(list)
    plain: dict[str, list[float]] = defaultdict(list)
    hits: Counter[str] = Counter()
    misses: list[float] = []
    took = []
    for seed in range(wanted.first, wanted.first + wanted.brands):
        with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
            began, before = time.process_time(), hits.copy()
            _brand(Path(folder), seed, wanted.people, errors, plain, hits, misses)
            took.append(time.process_time() - began)
        was = hits.copy() - before
        print(f"  brand {seed}: " + ", ".join(f"{node} {each[-1]:+.1%}" for node, each in errors.items()) + f", purchases {misses[-1]:+.1%}; within their intervals: {', '.join(sorted(was))}; {took[-1]:.0f} CPU s", flush=True)
    _told(wanted.brands, errors, plain, hits, misses)


def _brand(folder: Path, seed: int, people: int, errors: dict[str, list[float]], plain: dict[str, list[float]], hits: Counter[str], misses: list[float]) -> None:
    from tests.conftest import SetClock
    from tests.makers.rehearsing import Brand, grown_up, really, rehearsed, way

    settings, clock = Settings(home=folder, secret_key="ab" * 32), SetClock(START)
    ledger = open_ledger(settings.ledger_url)
    metadata.create_all(ledger.engine)
    stores = Stores(settings, ledger, attach(DuckDBEngine(None, "1GB", 1), FACTS), load_secrets(settings), clock)
    brand = Brand(stores, clock, people, seed=seed)
    grown_up(brand)
    journey, foreseen = rehearsed(brand, way(brand))
    rate = _mean_rate(stores, people)
    real = really(brand, journey)
    for node, one in foreseen.nodes.items():
        errors[node].append(one.came.mean / real.came[node] - 1)
        hits[f"in {node}"] += one.came.low <= real.came[node] <= one.came.high
    told = foreseen.outcome.treated.mean
    alone = told * (1 - np.exp(-rate * 4))
    for node, guess in (("thank", alone), ("offer", told - alone)):
        plain[node].append(guess / real.came[node] - 1)
    orders = foreseen.outcome.orders
    hits["purchases"] += orders.low <= real.orders <= orders.high
    hits["peer purchases"] += abs(told * rate * 7 - real.orders) < 1.96 * (told * rate * 7) ** 0.5
    goals = foreseen.outcome.goals
    hits["goals"] += goals is not None and goals.low <= real.goals <= goals.high
    misses.append(orders.mean / real.orders - 1)
    stores.close()


def _large(folder: Path, size: int) -> None:
    """People with a year of life in facts, all in one segment, rehearsed once."""
    from siyu.journeys.definition import read
    from siyu.journeys.foreseen import foresee
    from siyu.journeys.rehearsal import Options, stage
    from tests.conftest import SetClock
    from tests.makers.rehearsing import laid_out, way

    settings, clock = Settings(home=folder, secret_key="ab" * 32), SetClock(START)
    ledger = open_ledger(settings.ledger_url)
    metadata.create_all(ledger.engine)
    stores = Stores(settings, ledger, attach(DuckDBEngine(None, "2GB", 2), FACTS), load_secrets(settings), clock)
    brand = laid_out(stores, clock, size)
    definition = read(way(brand))
    began, cpu, shares = time.perf_counter(), time.process_time(), []
    staged = stage(stores, definition, journey_id=1, version=0, salt="bench", options=Options(days=0), told=shares.append)
    foreseen = foresee(stores, staged)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    asked, asking = time.perf_counter(), time.process_time()
    _gate_once(stores, brand, definition)
    asked, asking = time.perf_counter() - asked, time.process_time() - asking
    print(f"{size:,} people ({foreseen.sampled:,} in each of {foreseen.futures} futures): rehearsed in {wall:.1f} s, {cpu:.1f} CPU s (limit 120 s: {'met' if wall <= 120 else 'MISSED'}), {len(shares)} times progress was told")
    print(f"  the gate asked once about all of them: {asked:.1f} s, {asking:.1f} CPU s; ratio {cpu / asking:.1f}; {foreseen.nodes['tell'].came.mean:,.0f} come in, {foreseen.nodes['thank'].came.mean:,.0f} ({foreseen.nodes['thank'].came.low:,.0f} to {foreseen.nodes['thank'].came.high:,.0f}) buy in four days")
    stores.close()


def _gate_once(stores: Stores, brand: Any, definition: Any) -> None:
    from siyu.foundation.clock import DAY_MS, to_ms
    from siyu.messaging import supposing
    from siyu.messaging.restraint import HISTORY
    from siyu.messaging.sends import SendSpec
    from siyu.segments.audience import AudienceRule

    now_ms, ids = to_ms(stores.now()), np.sort(brand.ids)
    spec = SendSpec(AudienceRule(customer_ids=(1,)), {"a": (brand.pieces["value"], 1)}, ("sms",), "bench", control_rate=0.0)
    ground = supposing.ground(stores, supposing.Kind(spec, "value"), ids, since_ms=now_ms, until_ms=now_ms + DAY_MS)
    supposing.decide(ground, supposing.Case(ids, np.arange(len(ids)), HISTORY.empty_table()), due_ms=now_ms, until_ms=now_ms + DAY_MS)


def _mean_rate(stores: Stores, people: int) -> float:
    """Orders a person and day over the whole history: what anybody could count."""
    orders = stores.warehouse.tables["orders_order"]
    with stores.warehouse.read() as session:
        [row] = session.query(orders.agg(n=orders.count(), first=orders.ordered_ms.min(), last=orders.ordered_ms.max())).to_pylist()
    return float(row["n"] / people / max((row["last"] - row["first"]) / 86_400_000, 1))


def _told(brands: int, errors: dict[str, list[float]], plain: dict[str, list[float]], hits: Counter[str], misses: list[float]) -> None:
    print(f"{brands} brands; what was foreseen against what then came:")
    for node, each in errors.items():
        off = np.abs(each)
        share = float((off <= WITHIN).mean())
        peer = f"; from the mean rate alone {np.mean(np.abs(plain[node]) <= WITHIN):.0%}" if node in plain else ""
        print(f"  {node}: within 5 % in {share:.0%} of brands{peer}; median error {np.median(off):.2%}, largest {off.max():.1%}; within its interval in {hits[f'in {node}'] / brands:.0%}")
    every = np.concatenate([np.abs(each) <= WITHIN for each in errors.values()])
    print(f"  all nodes: within 5 % in {every.mean():.1%} (limit 90 %: {'met' if every.mean() >= 0.9 else 'MISSED'})")
    share = hits["purchases"] / brands
    print(f"  purchases: within the interval in {hits['purchases']} of {brands} = {share:.0%} (limit 90 %: {'met' if share >= 0.9 else 'MISSED'}); mean error {np.mean(misses):+.1%}, median size {np.median(np.abs(misses)):.1%}; from the mean rate alone {hits['peer purchases'] / brands:.0%}")
    print(f"  goals: within the interval in {hits['goals'] / brands:.0%}")


if __name__ == "__main__":
    main()
