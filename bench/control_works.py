"""Does control work: is the true effect of a campaign within its interval as often as it should be, and is looking early safe?

Run: python bench/control_works.py [--repetitions 500] [--people 2000] [--seed 0]

Work: each repetition is a campaign to people of its own, drawn as the sandbox's are. The product's gate draws the control by its salted
hash; people buy as the sandbox's model of response says, with one luck whether told or not; decisions, messages and orders are facts in
the embedded warehouse, and the product's report is computed from them. The truth is the model's own, of a million people. Then the same
without any effect, looked at 20 times while people come in, by the fixed interval and by the sequence.
Limits: the truth lies within the 95 % interval in 93 to 97 % of repetitions; with the sequence at most 5 % of campaigns without an effect
are ever taken for one. Peer in the same run: the fixed interval, looked at as often.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from siyu.app import FACTS
from siyu.campaigns.driving import drive
from siyu.campaigns.report import Shown
from siyu.foundation import trials
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine

RATE, LOOKS = 0.3, 20


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--repetitions", type=int, default=500)
    options.add_argument("--people", type=int, default=2_000)
    options.add_argument("--seed", type=int, default=0)
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        covered(Path(folder), wanted.repetitions, wanted.people, wanted.seed)
    peeked(wanted.repetitions * 8, wanted.people * 10, wanted.seed)


def covered(folder: Path, repetitions: int, people: int, seed: int) -> None:
    from tests.makers.campaigns import approved_and_scheduled, open_office, put_segment, written
    from tests.makers.responding import put_repetition, report_of, truth

    settings = Settings(home=folder, secret_key="ab" * 32)
    ledger = open_ledger(settings.ledger_url)
    metadata.create_all(ledger.engine)
    stores = Stores(settings, ledger, attach(DuckDBEngine(None, "1GB", 2), FACTS), load_secrets(settings), _noon)
    made = approved_and_scheduled(open_office(stores), written(put_segment(stores, range(1, 3)), starts=None, control_rate=RATE, purpose="value"))
    drive(stores, lambda _: 0)
    at_ms, known, found = to_ms(stores.now()), truth(), Counter[str]()
    began, errors = time.process_time(), []
    for number in range(repetitions):
        lift = report_of(stores, made, put_repetition(stores, number, people, at_ms, rate=RATE, seed=seed), control_rate=RATE).lift
        if lift.bought is None:
            found[f"not read: {lift.why_not_code}"] += 1
            continue
        found["read"] += 1
        found["within"] += _within(lift.bought, known.effect)
        found["detected"] += lift.bought.is_detected
        errors.append(lift.bought.difference - known.effect)
    spent = time.process_time() - began
    share = found["within"] / found["read"]
    print(f"{repetitions} campaigns of {people:,} people, {RATE:.0%} kept back; base rate {known.base:.4f}, true effect {known.effect:+.4f}")
    print(f"truth within the 95 % interval: {found['within']} of {found['read']} = {share:.1%} (limit 93 to 97 %: {'met' if 0.93 <= share <= 0.97 else 'MISSED'}); {dict(found)}")
    print(f"mean error {np.mean(errors):+.5f}, {abs(np.mean(errors)) / known.effect:.1%} of the effect; {1000 * spent / repetitions:.0f} CPU ms a campaign, facts written and read")
    stores.close()


def peeked(campaigns: int, people: int, seed: int) -> None:
    """Campaigns without an effect, people coming in in 20 equal parts, looked at after each."""
    rng, each = np.random.default_rng([seed, 7]), people // LOOKS
    kept = rng.binomial(each, RATE, (campaigns, LOOKS)).cumsum(axis=1)
    told = np.arange(1, LOOKS + 1) * each - kept
    one, none = (trials.share(n, rng.binomial(np.diff(n, axis=1, prepend=0), 0.12).cumsum(axis=1)) for n in (told, kept))
    fixed, sequence = (compare(one, none).is_detected.any(axis=1).mean() for compare in (trials.difference, trials.sequential))
    print(f"{campaigns:,} campaigns without an effect, {people:,} people, {LOOKS} looks: taken for an effect at some look: sequence {sequence:.2%} (limit 5 %: {'met' if sequence <= 0.05 else 'MISSED'}), fixed interval {fixed:.1%}; ratio {fixed / max(sequence, 1e-9):.1f}")


def _within(shown: Shown, truth: float) -> bool:
    return shown.low is not None and shown.high is not None and shown.low < truth < shown.high


def _noon() -> datetime:
    return datetime(2026, 1, 1, 4, tzinfo=UTC)


if __name__ == "__main__":
    main()
