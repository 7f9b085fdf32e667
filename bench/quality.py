"""Zombies and deal-hunters: how right the two scores are on worlds with known truth, and how long a million customers take.

    python bench/quality.py                     20 unseen seeds, precision and recall by world, calibration, who is accused wrongly
    python bench/quality.py --market            the same on 20 markets of `siyu_sandbox market`, through the product's doors
    python bench/quality.py --speed [1000000]   the recompute of so many customers, and of 1,000 touched ones
    python bench/quality.py --train             learn the weights on the training seeds and print them for quality_weights.py

Work: a world is `siyu_sandbox.people.past`: 3,000 people over 120 days whose habits differ from world to world. Truth is read
here and by tests only. Training seeds are 1 to 60, those of the figures 1001 and on: no seed is in both. Limits: precision
≥ .9 at recall ≥ .7 for both scores; a million customers ≤ 20 s.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from siyu.app import FACTS  # noqa: E402
from siyu.foundation.database import open_ledger  # noqa: E402
from siyu.foundation.migrate import migrate  # noqa: E402
from siyu.foundation.secrets import load_secrets  # noqa: E402
from siyu.foundation.settings import Settings  # noqa: E402
from siyu.foundation.stores import Stores  # noqa: E402
from siyu.foundation.warehouse.connect import attach  # noqa: E402
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine  # noqa: E402
from siyu.segments import quality_signs as signs  # noqa: E402
from siyu.segments.facts import SEGMENTS_QUALITY  # noqa: E402
from siyu.segments.quality_behaviour import behaviours, rates, usual_prices  # noqa: E402
from tests.makers.quality import ENDS_ON, KINDS, judge, precision_and_recall, put_past  # noqa: E402

TRAINING, UNSEEN = range(1, 61), 1001
RIDGE = 1.0
PRECISE = 0.94
"""The threshold is the lowest at which the training worlds together are so precise."""


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
    wanted = options.parse_args()
    with opened() as stores:
        if wanted.train:
            train(stores)
        elif wanted.speed:
            speed(stores, wanted.speed)
        else:
            test(stores, range(UNSEEN, UNSEEN + wanted.seeds))


# --- how right ---


def test(stores: Stores, seeds: range) -> None:
    from siyu_sandbox.people.past import past

    rows: dict[str, list[Any]] = {}
    for seed in seeds:
        found = judge(stores, past(seed))
        for name, values in _of_world(found).items():
            rows.setdefault(name, []).append(values)
    print(f"{len(seeds)} worlds of 3,000 people over 120 days, seeds {seeds[0]} to {seeds[-1]}, none of them trained on")
    for what in ("zombie", "deal_hunter"):
        one = np.array(rows[what])
        print(
            f"{what}: precision {one[:, 0].mean():.3f} (worst world {one[:, 0].min():.3f}), recall of those long enough known {one[:, 1].mean():.3f} (worst {one[:, 1].min():.3f}), "
            f"of all {one[:, 2].mean():.3f}; not known yet {one[:, 3].mean():.3f} of them"
        )
        _calibration(what, np.concatenate(rows[f"{what} score"]), np.concatenate(rows[f"{what} true"]))
    for what in ("zombie", "deal_hunter"):
        wrong = np.sum(rows[f"{what} wrong"], axis=0)
        sizes = np.sum(rows["sizes"], axis=0)
        print(f"{what}, called wrongly: " + ", ".join(f"{name} {wrong[place]}/{sizes[place]}" for place, name in enumerate(KINDS)))


def _of_world(found: Any) -> dict[str, Any]:
    judged, kind = found.judged, found.kind
    made: dict[str, Any] = {"sizes": np.bincount(kind, minlength=len(KINDS))}
    for what, called, truly in (("zombie", "is_zombie", 2), ("deal_hunter", "is_hunter", 1)):
        score = judged[what].to_numpy(zero_copy_only=False).astype(float)
        is_called, known = judged[called].to_numpy(zero_copy_only=False).astype(bool), ~np.isnan(score)
        precision, recall = precision_and_recall(is_called, kind == truly)
        _, of_known = precision_and_recall(is_called & known, (kind == truly) & known)
        made[what] = (precision, of_known, recall, float((~known & (kind == truly)).sum() / max((kind == truly).sum(), 1)))
        made[f"{what} score"], made[f"{what} true"] = score[known], (kind == truly)[known]
        made[f"{what} wrong"] = np.bincount(kind[is_called & (kind != truly)], minlength=len(KINDS))
    return made


def _calibration(what: str, score: np.ndarray, truly: np.ndarray) -> None:
    place = np.minimum((score * 5).astype(int), 4)
    told = [f"{score[place == n].mean():.2f}→{truly[place == n].mean():.2f} ({(place == n).sum():,})" for n in range(5) if (place == n).any()]
    print(f"  {what}: mean score → share who truly are: {', '.join(told)}")


# --- learning ---


def train(stores: Stores) -> None:
    from siyu_sandbox.people.past import past

    kept: dict[str, list[np.ndarray]] = {}
    for seed in TRAINING:
        one = past(seed)
        put_past(stores, one)
        for what, (columns, truly) in _samples(stores, one.kind).items():
            kept.setdefault(what, []).append(np.column_stack([columns, truly]))
    what_of = {"ZOMBIE": "zombie", "HUNTER": "deal_hunter"}
    for what in what_of:
        names = list(signs.DIRECTIONS[what_of[what]])
        data = np.concatenate(kept[what])
        x, y = data[:, :-1], data[:, -1]
        intercept, weights = fit(x, y, list(signs.DIRECTIONS[what_of[what]].values()))
        score = 1 / (1 + np.exp(-(intercept + x @ weights)))
        threshold = lowest(score, y)
        called = score >= threshold
        told = ", ".join(f'"{name}": {weight:.3f}' for name, weight in zip(names, weights, strict=True))
        print(f"{what} = Weights({intercept:.3f}, {{{told}}}, {threshold:.2f})")
        print(f"#  {len(y):,} people, {int(y.sum()):,} of them so; at the threshold precision {y[called].mean():.3f}, recall {y[called].sum() / y.sum():.3f}")


def _samples(stores: Stores, kind: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Signs and truth of those whom each score is given to by its weights."""
    tables, end_ms = stores.warehouse.tables, stores.calendar.end_ms(ENDS_ON)
    with stores.warehouse.read() as session:
        prices = session.keep("_prices", usual_prices(tables["orders_line"], end_ms))
        people = session.keep("_people", behaviours(tables, prices, end_ms))
        one = people.cross_join(session.keep("_rates", rates(people)))
        own = one.read + one.visited + one.replied + one.claimed
        zombie, hunter = signs.zombie_signs(one), signs.hunter_signs(one)
        seen = signs.zombie_is_known(one) & (one.orders == 0)
        rows = session.query(one.select("customer_id", own=own, seen=seen, shown=signs.hunter_is_known(one), **{f"z_{n}": v for n, v in zombie.items()}, **{f"h_{n}": v for n, v in hunter.items()}).order_by("customer_id"))
    made = {}
    for what, mask, head, names, truly in (("ZOMBIE", "seen", "z_", list(zombie), 2), ("HUNTER", "shown", "h_", list(hunter), 1)):
        kept = rows[mask].to_numpy(zero_copy_only=False).astype(bool)
        x = np.column_stack([rows[f"{head}{name}"].to_numpy(zero_copy_only=False).astype(float) for name in names])
        made[what] = (x[kept], (kind == truly)[kept].astype(float))
    return made


def fit(x: np.ndarray, y: np.ndarray, ways: list[int]) -> tuple[float, np.ndarray]:
    """Logistic regression with a ridge on the weights, each weight kept to the way in which its sign may speak."""
    from scipy.optimize import minimize

    design = np.column_stack([np.ones(len(x)), x])
    ridge = np.array([0.0] + [RIDGE] * x.shape[1])

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        z = design @ found
        value = np.logaddexp(0, z).sum() - y @ z + 0.5 * ridge @ found**2
        return value / len(y), (design.T @ (1 / (1 + np.exp(-z)) - y) + ridge * found) / len(y)

    bounds = [(None, None)] + [(None if way <= 0 else 0, None if way >= 0 else 0) for way in ways]
    found = minimize(loss, np.zeros(design.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-9}).x
    return float(found[0]), found[1:]


def lowest(score: np.ndarray, y: np.ndarray) -> float:
    """The lowest threshold in hundredths, not below one half, at which those called are `PRECISE`."""
    return next((t / 100 for t in range(50, 100) if y[score >= t / 100].size and y[score >= t / 100].mean() >= PRECISE), 0.99)


# --- how fast ---


def speed(stores: Stores, size: int) -> None:
    raise SystemExit("see below")


if __name__ == "__main__":
    main()
