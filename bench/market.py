"""A market of the sandbox to look at: a data folder in which eight sources have spent 100,000 yuan and brought 10,000 people.

    python -m bench.market FOLDER [--seed 7] [--people 10000]

Everything goes through the doors that a brand's own data would take; hold-outs that were run are entered, customers judged, true cost
computed. It ends on this day. The truth stays beside it in FOLDER/market/truth: the product does not read it.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from siyu.app import open_stores
from siyu.foundation.settings import Settings
from siyu_sandbox.market.plan import CYCLE_DAYS, Plan
from tests.makers.market import enter_hold_outs, judge, moment, open_market

SEEN_DAYS = 60


def newest(seed: int, people: int, today: date) -> Plan:
    """The market that began on the last Monday at least sixty days ago."""
    early = today - timedelta(days=SEEN_DAYS)
    began = early - timedelta(days=early.weekday())
    return Plan(seed, people, days=min((today - began).days, CYCLE_DAYS), began_on=began)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, help="data folder to make; it must not hold a brand")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--people", type=int, default=10_000)
    chosen = options.parse_args()
    if (chosen.folder / "market").exists():
        options.error(f"{chosen.folder} holds a market already")
    began = time.perf_counter()
    stores = open_stores(Settings(home=chosen.folder))
    try:
        plan = newest(chosen.seed, chosen.people, stores.calendar.on(stores.now()))
        stores = replace(stores, clock=lambda: moment(plan))
        market = open_market(stores, chosen.folder / "market", plan)
        enter_hold_outs(stores, market)
        judge(stores, market)
    finally:
        stores.close()
    truth = json.loads((chosen.folder / "market" / "truth" / "buckets.json").read_text(encoding="utf-8"))
    print(f"a market of {plan.began_on}, seen on day {plan.days}, in {time.perf_counter() - began:.0f} s; look at it: SIYU_HOME={chosen.folder} siyu serve, page /waste")
    print("where the money truly went, yuan: " + ", ".join(f"{name} {fen / 100:,.0f}" for name, fen in truth["buckets_fen"].items()))


if __name__ == "__main__":
    main()
