"""`python -m siyu_sandbox market FOLDER --seed N`: write a market's files."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from pathlib import Path

from siyu_sandbox.market import files
from siyu_sandbox.market.plan import Plan, read_budgets
from siyu_sandbox.market.world import build


def parser() -> argparse.ArgumentParser:
    """Options of the command."""
    options = argparse.ArgumentParser(prog="siyu_sandbox market", description="Write the files of a market whose truth is known.")
    options.add_argument("folder", type=Path, help="folder for the files, created when missing")
    options.add_argument("--seed", type=int, required=True, help="equal seeds give equal files")
    options.add_argument("--people", type=int, default=10_000, help="about how many people are added in a cycle")
    options.add_argument("--days", type=int, default=60, help="how far into the last cycle it is looked at")
    options.add_argument("--cycle", type=int, default=0, help="number of the last cycle; 0 is the first")
    options.add_argument("--budgets", type=Path, help='JSON {"1": {"s1": yuan, …}}: budgets by cycle and source')
    options.add_argument("--began-on", type=dt.date.fromisoformat, default=None, help="first local day, a Monday")
    return options


def run(arguments: list[str]) -> int:
    """Generate and print the rows of each file; return the exit code."""
    options = parser()
    chosen = options.parse_args(arguments)
    budgets = read_budgets(chosen.budgets) if chosen.budgets else {}
    began = {"began_on": chosen.began_on} if chosen.began_on else {}
    try:
        plan = Plan(chosen.seed, chosen.people, chosen.days, chosen.cycle, budgets, **began)
    except ValueError as fault:
        options.error(str(fault))
    start = time.perf_counter()
    for name, count in files.write(build(plan), chosen.folder).items():
        sys.stdout.write(f"{name:<14}{count:>12,}\n")
    sys.stdout.write(f"{plan.began_on}, seen on day {plan.days} of cycle {plan.cycle}, {time.perf_counter() - start:.1f} s\n")
    return 0
