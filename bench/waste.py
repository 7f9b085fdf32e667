"""Does the product find the wasted half? Markets of the sandbox whose truth is known, through the product's doors, against that truth.

    python bench/waste.py [--markets 5] [--first 1000] [--people 10000]     money by bucket and ranking of sources after 30 and 60 days
    python bench/waste.py --advice [--markets 5] [--first 1000] [--people 3000]     three cycles by the advice, by equal split, by last touch
    ... --jobs 2 --into FILE.csv     two processes; each result is added to the file, and what stands there is not computed again

Each market: eight sources, 100,000 yuan for 10,000 people (in proportion for other sizes), loaded as a brand would load it; two hold-outs
that were run are entered. The truth is read by this file alone, after the product has answered. Seeds from 1000 on were used for no
rule and no weight of the product. Buckets: error as a share of the bucket's true money and of all money; limits 5 % (on_the_way,
never_bought and anyway, which rest on a forecast or an experiment, 10 %). Ranking: Kendall's tau of (return × measured share) with the true return.
Policies may move a quarter of the money a cycle, all alike; free: jumps to its wish at once. Worth: the true expected margin of a year,
of the three cycles' budgets, without what comes anyway. Peer of the ranking: the last-touch margin per yuan that most tools show.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from siyu.app import open_stores
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu_sandbox.market import truth
from siyu_sandbox.market.plan import BUDGET_YUAN, CYCLE_DAYS, DAY, Plan
from siyu_sandbox.market.shape import NO_EFFECT
from siyu_sandbox.market.world import World, build
from tests.makers.market import (
    Market,
    advised,
    enter_hold_outs,
    go_on,
    judge,
    moment,
    open_market,
    ranked,
    split_of,
)

CYCLES = 3
MOVED = 0.25
LIMITS = {name: 0.10 if name in ("on_the_way", "never_bought", "anyway") else 0.05 for name in truth.BUCKETS}


@contextmanager
def brand(plan: Plan) -> Iterator[tuple[Stores, Market]]:
    """A product of its own with the market in it; its clock can be moved by `later`."""
    with tempfile.TemporaryDirectory() as folder:
        stores = open_stores(Settings(home=Path(folder) / "home", secret_key="ab" * 32))
        try:
            stores = replace(stores, clock=lambda: moment(plan))
            yield stores, open_market(stores, Path(folder) / "market", plan)
        finally:
            stores.close()


def later(stores: Stores, market: Market, plan: Plan) -> tuple[Stores, Market]:
    stores = replace(stores, clock=lambda: moment(plan))
    return stores, go_on(stores, market, plan)


@dataclass
class Found:
    """What one market showed."""

    tau: dict[int, float]
    tau_last_touch: dict[int, float]
    product: np.ndarray
    true: np.ndarray


def look(seed: int, people: int) -> Found:
    plan = Plan(seed, people, days=30)
    tau, peer = {}, {}
    with brand(plan) as (stores, market):
        enter_hold_outs(stores, market)
        for days in (30, 60):
            if days > 30:
                stores, market = later(stores, market, replace(plan, days=days))
            judge(stores, market)
            real = truth.returns(market.world, days * DAY)
            tau[days] = float(kendalltau(ranked(stores, market), real).statistic)
            peer[days] = float(kendalltau(last_touch(market.world, 0) / spent(market.world, 0), real).statistic)
        return Found(tau, peer, split_of(stores, market), truth.split(market.world, 60 * DAY).sum(axis=0))


def last_touch(world: World, cycle: int) -> np.ndarray:
    """Margin to date of the people whom each source added in a cycle: what a last-touch report shows."""
    stands = truth.standing(world, world.plan.seen)
    source, mine = world.arrivals.source[world.member], world.arrivals.cycle[world.member] == cycle
    counted = mine & (source >= 0) & stands.here
    return np.bincount(source[counted], weights=stands.margin_fen[counted], minlength=len(world.shape.key))


def spent(world: World, cycle: int) -> np.ndarray:
    paid = world.spending[cycle].paid_fen
    days = (np.arange(paid.shape[1]) + cycle * CYCLE_DAYS) * DAY < world.plan.seen
    found: np.ndarray = (paid * days[None, :, None]).sum(axis=(1, 2)) / 100
    return found


def buckets(found: list[Found]) -> None:
    product, true = (np.array([getattr(one, name) for one in found]) for name in ("product", "true"))
    print(f"{'bucket':<14}{'true, yuan':>12}{'found':>12}{'bias':>8}{'mean |e|':>10}{'worst':>8}{'of all':>8}  within the limit")
    for place, name in enumerate(truth.BUCKETS):
        error = (product[:, place] - true[:, place]) / np.maximum(true[:, place], 1)
        whole = np.abs(product[:, place] - true[:, place]) / true.sum(axis=1)
        print(
            f"{name:<14}{true[:, place].mean() / 100:>12,.0f}{product[:, place].mean() / 100:>12,.0f}{error.mean():>+8.1%}{np.abs(error).mean():>10.1%}"
            f"{np.abs(error).max():>8.1%}{whole.mean():>8.2%}  {(np.abs(error) <= LIMITS[name]).sum()} of {len(found)} (limit {LIMITS[name]:.0%}); "
            f"of all money: {(whole <= LIMITS[name]).sum()} of {len(found)}"
        )  # fmt: skip


def rankings(found: list[Found]) -> None:
    for days, limit in ((30, 0.8), (60, 0.9)):
        ours, peer = ([one[days] for one in part] for part in ([one.tau for one in found], [one.tau_last_touch for one in found]))
        print(f"ranking after {days} days: tau {np.mean(ours):.3f} (lowest {min(ours):.3f}; limit {limit}); last touch {np.mean(peer):.3f}")


def equal(world: World, cycle: int) -> np.ndarray:
    return np.full(len(world.shape.key), BUDGET_YUAN * world.plan.scale / len(world.shape.key))


def by_last_touch(world: World, cycle: int) -> np.ndarray:
    """The money in proportion to the margin per yuan that a last-touch report shows."""
    rate = last_touch(world, cycle) / np.maximum(spent(world, cycle), 1)
    wish: np.ndarray = rate / rate.sum() * BUDGET_YUAN * world.plan.scale
    return wish


def toward(now: np.ndarray, wish: np.ndarray, most: float) -> np.ndarray:
    moved = np.maximum(wish - now, 0).sum()
    then: np.ndarray = now + (wish - now) * min(1.0, most * now.sum() / max(moved, 1e-9))
    return then


def follow(plan: Plan, wish: Any, most: float) -> list[np.ndarray]:
    """Budgets of the cycles after the first, each from what could be seen on day 60 of the one before."""
    world = build(plan)
    now: np.ndarray = world.shape.weekly_yuan * 6
    told: dict[int, dict[str, float]] = {}
    chosen = []
    for cycle in range(1, CYCLES + 1):
        now = toward(now, wish(build(replace(plan, cycle=cycle - 1, budgets=dict(told))), cycle - 1), most)
        told[cycle] = dict(zip(world.shape.key, now.tolist(), strict=True))
        chosen.append(now)
    return chosen


def follow_advice(plan: Plan) -> list[np.ndarray]:
    chosen: list[np.ndarray] = []
    told: dict[int, dict[str, float]] = {}
    with brand(plan) as (stores, market):
        enter_hold_outs(stores, market)
        for cycle in range(1, CYCLES + 1):
            judge(stores, market)
            share = advised(stores, market)
            now = share / share.sum() * BUDGET_YUAN * plan.scale
            chosen.append(now)
            told = told | {cycle: dict(zip(market.world.shape.key, now.tolist(), strict=True))}
            if cycle < CYCLES:
                stores, market = later(stores, market, replace(plan, cycle=cycle, budgets=told))
    return chosen


NAMES = ("advice", "equal", "equal, free", "last touch", "last touch, free")


def advise(seed: int, people: int) -> dict[str, float]:
    """One market over three cycles: worth by policy, and what became of the budget of the source without effect, of its habit."""
    began, plan = time.perf_counter(), Plan(seed, people)
    world = build(plan)
    policies = (follow_advice(plan), follow(plan, equal, MOVED), follow(plan, equal, 9.0), follow(plan, by_last_touch, MOVED), follow(plan, by_last_touch, 9.0))
    worth = {f"worth of {name}": round(sum(truth.value_of(world, budget) for budget in one), 2) for name, one in zip(NAMES, policies, strict=True)}
    idle = world.shape.of(NO_EFFECT)
    habit = world.shape.weekly_yuan[idle] * 6
    floors = {f"idle by {NAMES[place]}": round(float(policies[place][-1][idle] / habit), 4) for place in (0, 3)}
    return {"seed": seed, "people": people, **worth, **floors, "seconds": round(time.perf_counter() - began, 1)}


def see(seed: int, people: int) -> dict[str, float]:
    """One market after 30 and 60 days: rankings, and fen by bucket."""
    began = time.perf_counter()
    found = look(seed, people)
    taus = {f"tau {days}": round(found.tau[days], 4) for days in (30, 60)} | {f"last touch {days}": round(found.tau_last_touch[days], 4) for days in (30, 60)}
    money = {f"{who} {name}": round(float(row[place])) for who, row in (("found", found.product), ("true", found.true)) for place, name in enumerate(truth.BUCKETS)}
    return {"seed": seed, "people": people, **taus, **money, "seconds": round(time.perf_counter() - began, 1)}


def advice(rows: list[dict[str, float]]) -> None:
    table = np.array([[row[f"worth of {name}"] for name in NAMES] for row in rows])
    for place, name in enumerate(NAMES[1:], 1):
        print(f"advice beats {name}: {(table[:, 0] > table[:, place]).sum()} of {len(rows)} (limit 95 of 100), by {(table[:, 0] / table[:, place] - 1).mean():+.1%} on average")
    idle = [np.mean([row[f"idle by {name}"] for row in rows]) for name in ("advice", "last touch")]
    print(f"budget of the source without effect after three cycles, of its habit: advice {idle[0]:.2f}, last touch {idle[1]:.2f}")


def summary(rows: list[dict[str, float]]) -> None:
    found = [
        Found(
            {days: row[f"tau {days}"] for days in (30, 60)}, {days: row[f"last touch {days}"] for days in (30, 60)},
            *(np.array([row[f"{who} {name}"] for name in truth.BUCKETS]) for who in ("found", "true")),
        )
        for row in rows
    ]  # fmt: skip
    buckets(found)
    rankings(found)


def kept(into: Path | None) -> list[dict[str, float]]:
    """The results that a file holds already."""
    if into is None or not into.exists():
        return []
    return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(into.open(encoding="utf-8"))]


def put(into: Path | None, row: dict[str, float]) -> None:
    if into is not None:
        is_new = not into.exists()
        with into.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(row), lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow(row)


def run(one: Callable[[int, int], dict[str, float]], seeds: range, people: int, jobs: int, into: Path | None) -> list[dict[str, float]]:
    """Every seed that the file does not hold yet, by so many processes; each result is written as soon as it is there."""
    rows = [row for row in kept(into) if row["seed"] in seeds and row["people"] == people]
    missing = [seed for seed in seeds if seed not in {row["seed"] for row in rows}]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(one, seed, people) for seed in missing]):
            row = done.result()
            put(into, row)
            rows.append(row)
            told = ", ".join(f"{name} {value:,.10g}" for name, value in row.items() if not name.startswith(("found", "true", "people", "seed")))
            print(f"seed {row['seed']:.0f}: {told}", flush=True)
    return sorted(rows, key=lambda row: row["seed"])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--markets", type=int, default=5)
    options.add_argument("--first", type=int, default=1000, help="the first seed")
    options.add_argument("--people", type=int)
    options.add_argument("--advice", action="store_true")
    options.add_argument("--jobs", type=int, default=1, help="markets at the same time, a process each")
    options.add_argument("--into", type=Path, help="a CSV file that each result is added to; what it holds is not computed again")
    chosen = options.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.markets)
    if chosen.advice:
        advice(run(advise, seeds, chosen.people or 3_000, chosen.jobs, chosen.into))
    else:
        summary(run(see, seeds, chosen.people or 10_000, chosen.jobs, chosen.into))


if __name__ == "__main__":
    main()
