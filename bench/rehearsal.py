"""Does a rehearsal foresee what then happens? Seeded brands of simulated people, each rehearsed and then really run.

    python bench/rehearsal.py [--brands 50] [--people 40000] [--first 1] [--kept FILE]
    python bench/rehearsal.py --audience 1000000

Work: a brand's people are drawn as the sandbox's are. They live a month without messages, then get four sends, three weeks apart, of which
three in ten are kept back. Then a journey is rehearsed on that history: something of value; whoever buys within four days is tagged,
the others get a promotion and rest for three days; a tenth is held out. Then it runs: the product's own runner, gate and log, time
in steps of half a day as its past did (a message works on people step by step: other steps would make another brand), the people answering by the
sandbox's model (which the product does not know). The carrier alone is missing: what is planned arrives when it is due. With so many people chance at the smallest
node is below 2 %. `--kept` keeps each brand's figures in a file: those that are in it are not run again.
Limits: reach of each node within 5 % of what then came, in 9 of 10 brands; purchases of those treated within the stated 95 % interval in at
least 9 of 10 brands. Peer in the same run: the same reach foreseen from the brand's mean rate alone, without the response model.
With `--audience`: seconds of one rehearsal (history read, fitted, futures run) on the embedded stores; limit two minutes; peer in the same
run: the gate asked once about everybody.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
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
STEP_DAYS = 0.5
START = datetime(2026, 1, 1, 2, tzinfo=UTC)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--brands", type=int, default=50)
    options.add_argument("--people", type=int, default=40_000)
    options.add_argument("--first", type=int, default=1)
    options.add_argument("--kept", type=Path, help="a file for the figures of each brand; those that are in it are not run again")
    options.add_argument("--audience", type=int, default=0, help="time one rehearsal over so many people instead")
    wanted = options.parse_args()
    if wanted.audience:
        with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
            _large(Path(folder), wanted.audience)
        return
    lines = wanted.kept.read_text().splitlines() if wanted.kept and wanted.kept.exists() else []
    kept = {one["seed"]: one for one in map(json.loads, lines) if one["people"] == wanted.people}
    found = []
    for seed in range(wanted.first, wanted.first + wanted.brands):
        if seed not in kept:
            kept[seed] = _run(seed, wanted.people)
            if wanted.kept:
                with wanted.kept.open("a") as file:
                    file.write(json.dumps(kept[seed]) + "\n")
        one = kept[seed]
        found.append(one)
        errors = ", ".join(f"{node} {error:+.1%}" for node, error in one["errors"].items())
        print(f"  brand {seed}: {errors}, purchases {one['miss']:+.1%}; within their intervals: {', '.join(sorted(one['hits']))}; {one['cpu']:.0f} CPU s", flush=True)
    _told(found)


def _run(seed: int, people: int) -> dict[str, Any]:
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        found = _brand(Path(folder), seed, people)
    return {"seed": seed, "people": people, **found, "cpu": time.process_time() - began}


def _brand(folder: Path, seed: int, people: int) -> dict[str, Any]:
    """Errors of what was foreseen (relative) by node, those of the peer, what was within its interval, and the error of purchases."""
    from tests.conftest import SetClock
    from tests.makers.rehearsing import Brand, grown_up, really, rehearsed, way

    settings, clock = Settings(home=folder, secret_key="ab" * 32), SetClock(START)
    ledger = open_ledger(settings.ledger_url)
    metadata.create_all(ledger.engine)
    stores = Stores(settings, ledger, attach(DuckDBEngine(None, "1GB", 1), FACTS), load_secrets(settings), clock)
    brand = Brand(stores, clock, people, seed=seed)
    grown_up(brand, step_days=STEP_DAYS)
    journey, foreseen = rehearsed(brand, way(brand))
    rate = _mean_rate(stores, people)
    real = really(brand, journey, step_days=STEP_DAYS)
    stores.close()
    told, orders, goals = foreseen.outcome.treated.mean, foreseen.outcome.orders, foreseen.outcome.goals
    assert goals is not None
    alone = told * (1 - np.exp(-rate * 4))
    ranges = {f"in {node}": (one.came, real.came[node]) for node, one in foreseen.nodes.items()} | {"purchases": (orders, real.orders), "goals": (goals, real.goals)}
    hits = [name for name, (range_, true) in ranges.items() if range_.low <= true <= range_.high]
    return {
        "errors": {node: one.came.mean / real.came[node] - 1 for node, one in foreseen.nodes.items()}, "came": real.came,
        "plain": {node: guess / real.came[node] - 1 for node, guess in (("thank", alone), ("offer", told - alone))},
        "hits": hits + ["peer purchases"] * bool(abs(told * rate * 7 - real.orders) < 1.96 * (told * rate * 7) ** 0.5), "miss": orders.mean / real.orders - 1,
    }  # fmt: skip


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
    began, cpu, shares = time.perf_counter(), time.process_time(), list[float]()
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


def _told(brands: list[dict[str, Any]]) -> None:
    def share(name: str) -> float:
        return sum(name in one["hits"] for one in brands) / len(brands)

    def met(value: float) -> str:
        return f"limit 90 %: {'met' if value >= 0.9 else 'MISSED'}"

    print(f"{len(brands)} brands; what was foreseen against what then came:")
    for node in brands[0]["errors"]:
        errors = np.array([one["errors"][node] for one in brands])
        off, came = np.abs(errors), float(np.mean([one["came"][node] for one in brands]))
        peer = f"; from the mean rate alone {np.mean([abs(one['plain'][node]) <= WITHIN for one in brands]):.0%}" if node in brands[0]["plain"] else ""
        print(f"  {node} ({came:,.0f} come; chance alone {came**-0.5:.1%}): within 5 % in {(off <= WITHIN).sum()} of {len(brands)}{peer}; mean {errors.mean():+.2%}, median size {np.median(off):.2%}, largest {off.max():.1%}; within its interval in {share(f'in {node}'):.0%}")
    every = float(np.mean([abs(error) <= WITHIN for one in brands for error in one["errors"].values()]))
    all_ = float(np.mean([all(abs(error) <= WITHIN for error in one["errors"].values()) for one in brands]))
    print(f"  every node of a brand within 5 %: {all_:.0%} of brands ({met(all_)}); of all nodes {every:.1%}")
    misses = np.array([one["miss"] for one in brands])
    print(f"  purchases: within the interval in {sum('purchases' in one['hits'] for one in brands)} of {len(brands)} = {share('purchases'):.0%} ({met(share('purchases'))}); mean error {misses.mean():+.2%}, median size {np.median(np.abs(misses)):.1%}; from the mean rate alone {share('peer purchases'):.0%}")
    print(f"  goals: within the interval in {share('goals'):.0%}")


if __name__ == "__main__":
    main()
