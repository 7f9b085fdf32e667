"""Zombies and deal-hunters: how right the two scores are on worlds with known truth, and how long a million customers take.

    python bench/quality.py                     20 unseen seeds, precision and recall by world, calibration, who is accused wrongly
    python bench/quality.py --market            the same on 20 markets of `siyu_sandbox market`
    python bench/quality.py --speed [1000000]   the recompute of so many customers, and of 1,000 touched ones
    python bench/quality.py --train             learn the weights on the training seeds and print them for quality_weights.py

Work: a world is `siyu_sandbox.people.past`: 3,000 people over 120 days whose habits differ from world to world. Truth is read
here and by tests only. Training seeds are 1 to 40 (of markets 1 to 12), those of the figures 1001 and on: no seed is in both. Limits: precision
≥ .9 at recall ≥ .7 for both scores; a million customers ≤ 20 s.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.app import FACTS
from siyu.carriers.facts import CARRIERS_RELATION
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROFILE
from siyu.foundation.database import open_ledger
from siyu.foundation.migrate import migrate
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.orders.facts import ORDERS_LINE
from siyu.segments import quality_signs as signs
from siyu.segments.quality import refresh_quality, refresh_some
from siyu.segments.quality_behaviour import behaviours, rates, usual_prices
from siyu.segments.quality_report import publish_quality, read_published
from tests.makers.quality import (
    ENDS_ON,
    KINDS,
    judge,
    put_market,
    put_past,
    read_judged,
    replace,
)

PROJECT = Path(__file__).parents[1]
TRAINING, TRAINING_MARKETS, UNSEEN = range(1, 41), range(1, 13), 1001
DAYS_OF_MARKET = 60
RIDGE = 1.0
FEWEST_CALLED = 20
LEFT_AT_ONCE = 7.0
"""Who left within so many days is no question of quality: their cost is lost whatever they are."""
PRECISE = {"zombie": 0.92, "deal_hunter": 0.96}
"""The threshold is the lowest at which the training worlds of each family are so precise."""


@contextmanager
def market(seed: int) -> Iterator[tuple[Path, date]]:
    """The files of a market, and the last day that they tell of."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "market"
        subprocess.run([sys.executable, "-m", "siyu_sandbox", "market", str(path), "--seed", str(seed)], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
        begins = min(date.fromisoformat(row["day"]) for row in csv.DictReader((path / "spend.csv").open()))
        yield path, begins + timedelta(days=DAYS_OF_MARKET - 1)


@contextmanager
def opened() -> Iterator[Stores]:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), secret_key="ab" * 32)
        ledger = open_ledger(settings.ledger_url)
        migrate(ledger)
        stores = Stores(settings, ledger, attach(DuckDBEngine(None, "4GB", 2), FACTS), load_secrets(settings))
        try:
            yield stores
        finally:
            stores.close()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--train", action="store_true")
    options.add_argument("--market", action="store_true")
    options.add_argument("--speed", type=int, nargs="?", const=1_000_000)
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--first", type=int, default=UNSEEN, help="the first seed")
    wanted = options.parse_args()
    with opened() as stores:
        if wanted.train:
            train(stores)
        elif wanted.speed:
            speed(stores, wanted.speed)
        else:
            test(stores, range(wanted.first, wanted.first + wanted.seeds), markets=wanted.market)


# --- how right ---


def test(stores: Stores, seeds: range, *, markets: bool) -> None:
    from siyu_sandbox.people.past import past

    rows: dict[str, list[Any]] = {}
    for seed in seeds:
        if markets:
            with market(seed) as (folder, ends_on):
                kind = put_market(stores, folder)
            refresh_quality(stores, ends_on)
            judged = read_judged(stores)
        else:
            found = judge(stores, past(seed))
            judged, kind = found.judged, np.array(KINDS)[found.kind]
        for name, values in _of_world(judged, kind).items():
            rows.setdefault(name, []).append(values)
    what_worlds = "markets of 10,000 people over 60 days" if markets else "worlds of 3,000 people over 120 days"
    print(f"{len(seeds)} {what_worlds}, seeds {seeds[0]} to {seeds[-1]}, none of them trained on")
    for what in ("zombie", "deal_hunter"):
        called, right, known, right_known, truly = np.array(rows[what]).T
        by_world = (right / np.maximum(called, 1))[called >= FEWEST_CALLED]
        print(
            f"{what}: precision {right.sum() / called.sum():.3f} (worst of {len(by_world)} worlds with {FEWEST_CALLED} or more called so {by_world.min():.3f}), "
            f"recall of those of whom enough is known {right_known.sum() / known.sum():.3f}, of all {right.sum() / truly.sum():.3f}; "
            f"enough is known of {known.sum() / truly.sum():.3f} of them"
        )
        _calibration(np.concatenate(rows[f"{what} score"]), np.concatenate(rows[f"{what} true"]))
        wrong = [name for names in rows[f"{what} wrong"] for name in names]
        everybody = [name for names in rows["kind"] for name in names]
        told = (f"{name} {wrong.count(name)} of {everybody.count(name):,}" for name in sorted(set(everybody)))
        print(f"  called so: {', '.join(told)}")


def _of_world(judged: pa.Table, kind: np.ndarray) -> dict[str, Any]:
    column = {name: judged[name].to_numpy(zero_copy_only=False) for name in judged.column_names}
    made: dict[str, Any] = {"kind": kind.tolist()}
    own = column["read"] + column["visited"] + column["replied"] + column["claimed"] - column["welcomed"]
    enough = {
        "zombie": ((column["received"] >= signs.SURE_RECEIVED) & (column["known_days"] >= signs.SURE_DAYS) & (column["expected_acts"] >= signs.SURE_EXPECTED))
        | (own >= signs.LEAST_OWN),
        "deal_hunter": (column["orders"] + column["refunds"] + column["claimed"] >= signs.SURE_CHANCES) | (column["ring_rate"] >= signs.RINGED),
    }
    for what, called, name in (("zombie", "is_zombie", "zombie"), ("deal_hunter", "is_hunter", "hunter")):
        truly, is_called, score = kind == name, column[called].astype(bool), column[what].astype(float)
        made[what] = tuple(int(those.sum()) for those in (is_called, is_called & truly, truly & enough[what], is_called & truly & enough[what], truly))
        made[f"{what} score"], made[f"{what} true"] = score[~np.isnan(score)], truly[~np.isnan(score)]
        made[f"{what} wrong"] = kind[is_called].tolist()
    return made


def _calibration(score: np.ndarray, truly: np.ndarray) -> None:
    place = np.minimum((score * 5).astype(int), 4)
    told = [f"{score[place == n].mean():.2f}→{truly[place == n].mean():.2f} ({(place == n).sum():,})" for n in range(5) if (place == n).any()]
    print(f"  mean score → share who truly are: {', '.join(told)}")


# --- learning ---


def train(stores: Stores) -> None:
    from siyu_sandbox.people.past import past

    kept: dict[str, list[np.ndarray]] = {}
    for seed in TRAINING:
        one = past(seed)
        put_past(stores, one)
        _keep(kept, stores, ENDS_ON, one.kind == 2, one.kind == 1)
    for seed in TRAINING_MARKETS:
        with market(seed) as (folder, ends_on):
            truth = put_market(stores, folder)
        _keep(kept, stores, ends_on, truth == "zombie", truth == "hunter")
    for what, head in (("zombie", "ZOMBIE"), ("deal_hunter", "HUNTER")):
        data = np.concatenate(kept[what])
        world = np.repeat(np.arange(len(kept[what])), [len(part) for part in kept[what]])
        x, sure, y = data[:, :-2], data[:, -2] > 0, data[:, -1]
        intercept, weights = fit(x, y, world, list(signs.DIRECTIONS[what].values()))
        score = 1 / (1 + np.exp(-(intercept + x @ weights)))
        families = [sure & (world < len(TRAINING)), sure & (world >= len(TRAINING))]
        threshold = lowest(score, y, families, PRECISE[what])
        told = ", ".join(f'"{name}": {weight:.3f}' for name, weight in zip(signs.DIRECTIONS[what], weights, strict=True))
        usual = np.mean([part[:, -1].mean() for part in kept[what]])
        print(f"{head} = Weights({intercept:.3f}, {{{told}}}, {threshold:.2f}, {usual:.3f})")
        for name, mine in zip(("pasts", "markets"), families, strict=True):
            called = mine & (score >= threshold)
            print(f"#  {name}: {mine.sum():,} people, {int(y[mine].sum()):,} of them so; precision {y[called].mean():.3f}, recall {y[called].sum() / y[mine].sum():.3f}")


def _keep(kept: dict[str, list[np.ndarray]], stores: Stores, ends_on: date, zombie: np.ndarray, hunter: np.ndarray) -> None:
    for what, columns in _samples(stores, ends_on, zombie, hunter).items():
        kept.setdefault(what, []).append(columns)


def _samples(stores: Stores, ends_on: date, is_zombie: np.ndarray, is_hunter: np.ndarray) -> dict[str, np.ndarray]:
    """Of everybody but those who left at once: signs, whether there is enough to call them so, and the truth. Zombies are looked for among
    those who never bought."""
    tables, end_ms = stores.warehouse.tables, stores.calendar.end_ms(ends_on)
    with stores.warehouse.read() as session:
        prices = session.keep("_prices", usual_prices(tables["orders_line"], end_ms))
        people = session.keep("_people", behaviours(tables, prices, end_ms))
        one = people.cross_join(session.keep("_rates", rates(people)))
        found = {}
        stayed = ~(one.left_ms.notnull() & (one.known_days <= LEFT_AT_ONCE) & (one.orders == 0))
        for what, of, known, sure, truly in (
            ("zombie", signs.zombie_signs(one), stayed & (one.orders == 0), signs.zombie_is_sure(one), is_zombie),
            ("deal_hunter", signs.hunter_signs(one), stayed, signs.hunter_is_sure(one), is_hunter),
        ):
            rows = session.query(one.select(*(value.cast("float64").name(name) for name, value in of.items()), "customer_id", known=known, sure=sure).order_by("customer_id"))
            kept = rows["known"].to_numpy(zero_copy_only=False).astype(bool)
            columns = [rows[name].to_numpy(zero_copy_only=False).astype(float)[kept] for name in (*of, "sure")]
            found[what] = np.column_stack([*columns, truly[kept]])
    return found


def fit(x: np.ndarray, y: np.ndarray, world: np.ndarray, ways: list[int]) -> tuple[float, np.ndarray]:
    """Logistic regression in which every world weighs the same, with a ridge; each weight is kept to the way its sign may speak."""
    from scipy.optimize import minimize

    design = np.column_stack([np.ones(len(x)), x])
    ridge = np.array([0.0] + [RIDGE] * x.shape[1])
    weight = 1 / np.bincount(world)[world]
    weight *= len(y) / weight.sum()

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        z = design @ found
        value = (weight * (np.logaddexp(0, z) - y * z)).sum() + 0.5 * ridge @ found**2
        return value / len(y), (design.T @ (weight * (1 / (1 + np.exp(-z)) - y)) + ridge * found) / len(y)

    bounds = [(None, None)] + [(None if way <= 0 else 0, None if way >= 0 else 0) for way in ways]
    found = minimize(loss, np.zeros(design.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-9}).x
    return float(found[0]), found[1:]


def lowest(score: np.ndarray, y: np.ndarray, families: list[np.ndarray], precise: float) -> float:
    """The lowest threshold in hundredths, not below one half, at which those called in every family of worlds are so precise."""
    for hundredths in range(50, 100):
        called = [score[mine] >= hundredths / 100 for mine in families]
        if all(y[mine][these].size and y[mine][these].mean() >= precise for mine, these in zip(families, called, strict=True)):
            return hundredths / 100
    return 0.99


# --- how fast ---


def speed(stores: Stores, size: int) -> None:
    """24 activities, 3 order lines and a relation a customer, at random."""
    random = np.random.default_rng(1)
    _fill(stores, size, random)
    began = time.perf_counter()
    count = refresh_quality(stores, ENDS_ON)
    whole = time.perf_counter() - began
    print(f"{count:,} customers judged from {24 * size:,} activities and {3 * size:,} order lines in {whole:.1f} s; limit 20 s, {whole / 20:.2f} of it")
    began = time.perf_counter()
    publish_quality(stores, ENDS_ON)
    print(f"report counted and kept in {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    read_published(stores)
    print(f"report read in {(time.perf_counter() - began) * 1000:.1f} ms")
    some = pa.array(random.choice(size, 1000, replace=False) + 1, pa.int64())
    began = time.perf_counter()
    refresh_some(stores, pa.array([], pa.int64()), some, ENDS_ON)
    print(f"1,000 touched customers judged anew in {time.perf_counter() - began:.2f} s; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


def _fill(stores: Stores, size: int, random: np.random.Generator) -> None:
    end, day = stores.calendar.end_ms(ENDS_ON), 86_400_000
    ids = np.arange(1, size + 1)
    replace(stores, CUSTOMERS_PROFILE, {"customer_id": ids, "first_seen_ms": end - random.integers(1, 700, size) * day, "registered_ms": np.full(size, end - 100 * day)})
    names = np.array(["message_sent", "message_opened", "link_opened", "page_viewed", "product_viewed", "coupon_claimed", "cart_added", "message_received"], object)
    chance = [0.45, 0.15, 0.05, 0.12, 0.12, 0.05, 0.04, 0.02]
    many = 24 * size
    who = random.integers(1, size + 1, many)
    name = pa.DictionaryArray.from_arrays(pa.array(random.choice(len(names), many, p=chance), pa.int32()), pa.array(names)).cast(pa.string())
    replace(stores, CUSTOMERS_ACTIVITY, {"event_key": np.arange(many), "identity_key": who, "customer_id": who, "name": name, "at_ms": end - random.integers(1, 700 * day, many)})
    few = 3 * size
    buyer, price = random.integers(1, size + 1, few), random.integers(1000, 20_000, few)
    sku = pa.DictionaryArray.from_arrays(pa.array(random.integers(0, 500, few), pa.int32()), pa.array([f"K{n:03}" for n in range(500)])).cast(pa.string())
    replace(stores, ORDERS_LINE, {
        "line_key": np.arange(few), "order_key": np.arange(few), "content_key": np.arange(few), "identity_key": buyer, "customer_id": buyer, "ordered_ms": end - random.integers(1, 700 * day, few),
        "ordered_on": np.full(few, 20_000), "sku": sku, "quantity": np.ones(few, int), "unit_price_fen": price, "amount_fen": (price * random.choice([1.0, 0.9, 0.6], few)).astype(int),
        "refund_fen": np.zeros(few, int), "kind": pa.DictionaryArray.from_arrays(pa.array(np.zeros(few, np.int32)), pa.array(["sale"])).cast(pa.string()),
    })  # fmt: skip
    replace(stores, CARRIERS_RELATION, {"identity_key": ids, "customer_id": ids, "account_id": np.ones(size, int), "staff": pa.array(["amy"] * size), "began_ms": np.full(size, end - 100 * day)})


if __name__ == "__main__":
    main()
