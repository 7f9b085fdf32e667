"""`python -m siyu_sandbox brand OUTDIR`: write the sample brand's files."""

import argparse
import datetime as dt
import sys
import time
from pathlib import Path

from siyu_sandbox.brand.export import export_brand
from siyu_sandbox.brand.plan import Plan


def parser() -> argparse.ArgumentParser:
    """Options of the command."""
    default = Plan()
    options = argparse.ArgumentParser(
        prog="siyu_sandbox brand", description="Write the sample brand's files."
    )
    options.add_argument("outdir", type=Path, help="folder for the files, created when missing")
    options.add_argument(
        "--customers", type=int, default=default.customers, help="people, prospects included"
    )
    options.add_argument("--months", type=int, default=default.months, help="length of the window")
    options.add_argument(
        "--until", type=dt.date.fromisoformat, default=default.until, help="first local day not in the data"
    )
    options.add_argument("--seed", type=int, default=default.seed, help="equal seeds give equal files")
    options.add_argument("--csv", action="store_true", help="also write orders.csv in GB18030")
    return options


def run(arguments: list[str]) -> int:
    """Generate and print the rows of each file; return the exit code."""
    options = parser()
    chosen = options.parse_args(arguments)
    try:
        plan = Plan(chosen.customers, chosen.months, chosen.until, chosen.seed)
    except ValueError as fault:
        options.error(str(fault))
    began = time.perf_counter()
    for name, count in export_brand(plan, chosen.outdir, with_csv=chosen.csv).items():
        sys.stdout.write(f"{name:<12}{count:>14,}\n")
    sys.stdout.write(f"{plan.began_on} to {plan.until} (exclusive), {time.perf_counter() - began:.1f} s\n")
    return 0
