"""How fast a million customers are fitted and scored, and how far the fast fit is from the exact one.

Run: python bench/value.py [customers]

The world: BG/NBD with r .243, alpha 4.414, a .793, b 2.426, customers watched for 30 to 730 days, times in
whole days and same-day orders collapsed, as a shop would record them. The peer is lifetimes 0.11.3
(BetaGeoFitter) in the same run, on the same customers.
"""

import resource
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import duckdb
import numpy as np
import pyarrow as pa

from siyu.segments.value import back_test, cells, fit, forecast, holdout, score, simulation, summary, total
from siyu.segments.value.parameters import Parameters

TRUTH = Parameters("bg_nbd", 0.243, 4.414, 0.793, 2.426)
CELLS_SQL = """
    select x, avg(t_x), avg("T"), count(*) from history
    group by x, floor(t_x + 1e-9), floor("T" + 1e-9)
"""
Result = TypeVar("Result")


def main(size: int) -> None:
    """Print the figures, one a line: what was done, seconds, and what it is compared with."""
    base = world(size)
    repeat_rate = float((base.x > 0).mean())
    print(f"simulated {size:,} customers, {repeat_rate:.1%} with a repeat purchase, most {base.x.max():.0f}")
    grouped, in_numpy = timed(
        "aggregate to week cells, numpy", lambda: cells.aggregate(base.x, base.t_x, base.T)
    )
    sql_cells(world(100))  # the first query of a process pays for the start of the engine
    _, in_duckdb = timed("aggregate to week cells, DuckDB group by", lambda: sql_cells(base))
    print(f"  {len(grouped):,} cells; DuckDB / numpy {in_duckdb / in_numpy:.2f}")
    one, fitted = timed("fit BG/NBD on the cells", lambda: fit.fit(grouped, "bg_nbd"))
    three, chosen = timed("fit all three models and choose", lambda: fit.fit(grouped))
    print(
        f"  chosen {three.parameters.model}; with aggregation {in_numpy + chosen:.2f} s (goal: 2 s or less)"
    )
    exact_cells = cells.aggregate(base.x, base.t_x, base.T, 1 / base.unit_days)
    exact, _ = timed(f"exact fit on {len(exact_cells):,} day cells", lambda: fit.fit(exact_cells, "bg_nbd"))
    compare("week cells against the exact fit", one.parameters, exact.parameters)
    peer(base, exact.parameters, in_numpy + fitted)
    money = back_test.fit_money(base)
    _, scoring = timed("score every customer, with intervals", lambda: score.score(base, one, money, 90))
    print(f"  {size / scoring:,.0f} customers a second")
    scores = score.score(base, one, money, 90)
    timed("total with interval", lambda: total.total(base, one, money, scores, 0.1))
    timed("fit order values", lambda: back_test.fit_money(base))
    timed("whole forecast: aggregate, fit, choose, score, total", lambda: forecast.forecast(base, 90))
    past = holdout.Holdout(0, 91, base.x, base.spend_fen, np.zeros(13))
    timed("back-test on as many customers", lambda: back_test.back_test(base, past))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory of the process {peak / 1e3:,.0f} MB, simulation and peer included")


def world(size: int) -> summary.Summary:
    """Return the simulated base as the warehouse would summarise it: whole days, one purchase a day."""
    random = np.random.default_rng(1)
    age = random.integers(30, 731, size)
    bought = simulation.simulate(TRUTH, age / 7, seed=7)
    day = np.floor(bought.time * 7).astype(np.int64)
    customer_day = np.unique(bought.customer * 1000 + day)
    customer_day = customer_day[customer_day % 1000 > 0]
    customer, day = customer_day // 1000, customer_day % 1000
    last = np.zeros(size)
    np.maximum.at(last, customer, day / 7)
    x = np.bincount(customer, minlength=size).astype(np.float64)
    mean = random.gamma(4.0, 1.0, size) / random.gamma(3.7, 1.0, size) * 3000
    spend = np.rint((x + 1) * mean).astype(np.int64)
    return summary.Summary(np.arange(size), x, last, age / 7, np.where(x > 0, mean, 0.0), spend)


def sql_cells(base: summary.Summary) -> cells.Cells:
    """Return the week cells by a group-by in DuckDB over an Arrow table (two threads)."""
    history = pa.table({"x": base.x, "t_x": base.t_x, "T": base.T})
    with duckdb.connect() as connection:
        connection.register("history", history)
        columns = connection.execute(CELLS_SQL).fetchnumpy()
    return cells.Cells(*(np.asarray(column, dtype=np.float64) for column in columns.values()))


def peer(base: summary.Summary, exact: Parameters, ours: float) -> None:
    """Print the time and the parameters of lifetimes on the same customers."""
    with warnings.catch_warnings():
        # lifetimes is unmaintained and warns under the current numpy and pandas.
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter

        fitter: Any = BetaGeoFitter()
        _, seconds = timed(
            "peer: lifetimes BetaGeoFitter, one row a customer", lambda: fitter.fit(base.x, base.t_x, base.T)
        )
    print(f"  lifetimes / ours (aggregation and BG/NBD) {seconds / ours:.1f}")
    compare("lifetimes against the exact fit", Parameters("bg_nbd", **fitter.params_.to_dict()), exact)


def compare(what: str, found: Parameters, exact: Parameters) -> None:
    """Print how far each parameter is from the exact fit."""
    moved = (f"{name} {value / exact.named()[name] - 1:+.3%}" for name, value in found.named().items())
    print(f"  {what}: {', '.join(moved)}")


def timed(what: str, work: Callable[[], Result]) -> tuple[Result, float]:
    """Run the work once, print its wall time, return the result and the seconds."""
    started = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    print(f"{seconds:7.2f} s  {what}", flush=True)
    return result, seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
