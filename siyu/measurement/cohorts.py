"""Cohorts 同期群: buyers by the month of their first order, followed month by month; and the table of months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.clock import day_number, month_name, month_number
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.measurement._queries import union_of
from siyu.measurement.metrics import share

Measure = Literal["buyers", "revenue_fen", "orders"]
SET_MONTHS = 60


@dataclass(frozen=True)
class Month:
    """One calendar month; `partial` while it is not over at `as_of`. An empty month is there, with zeros."""

    month: str
    orders: int
    buyers: int
    new_buyers: int
    revenue_fen: int
    refund_fen: int
    partial: bool


@dataclass(frozen=True)
class Monthly:
    as_of_on: date
    items: list[Month]


@dataclass(frozen=True)
class Cell:
    """What a cohort did `offset` months after its first: `value` in the measure's unit; `rate` is value / value of month 0."""

    offset: int
    value: int
    rate: float | None
    partial: bool


@dataclass(frozen=True)
class Cohort:
    """Buyers whose first order was in `month`; `size` of them."""

    month: str
    size: int
    cells: list[Cell]


@dataclass(frozen=True)
class Average:
    """Σ value at `offset` / Σ value at 0, over the cohorts whose month at that offset is over; null if there is none."""

    offset: int
    rate: float | None


@dataclass(frozen=True)
class Cohorts:
    as_of_on: date
    measure: Measure
    cohorts: list[Cohort]
    average: list[Average]


@dataclass(frozen=True)
class GridCell:
    """What the buyers who began in month `cohort` did in `month` (both year × 12 + month − 1)."""

    cohort: int
    month: int
    buyers: int
    orders: int
    revenue_fen: int


@dataclass(frozen=True)
class Grid:
    """Months and cohorts of all time up to `as_of_on`: from it both tables are laid out."""

    as_of_on: date
    month_over: bool
    cells: list[GridCell]
    refunds: dict[int, int]


def grid_of(session: Session, tables: Tables, *, as_of: date, month_over: bool) -> Grid:
    """Compute the grid from `orders_order` and `orders_line`.

    Grain in: one valid order, one line. Grain between: one row a buyer, with the set of months that have an order (bits
    of integers, 60 months each), so every buyer is counted once in a month. Grain out: one row a cohort and month with
    orders; refunds of named buyers a month, fen.
    """
    orders, lines, last_on = tables["orders_order"], tables["orders_line"], day_number(as_of)
    placed = orders.filter(orders.ordered_on <= last_on)
    begin = session.scalar(placed.ordered_month.min())
    cells = [] if begin is None else _cells(session, placed, range(begin, month_number(as_of) + 1))
    back = lines.filter((lines.customer_id > 0) & (lines.refund_fen != 0) & (lines.ordered_on <= last_on))
    refunds = back.group_by("ordered_month").agg(fen=back.refund_fen.sum().cast("int64"))
    given = {row["ordered_month"]: row["fen"] for row in session.query(refunds).to_pylist()}
    return Grid(as_of, month_over, cells, given)


def _cells(session: Session, orders: ir.Table, months: range) -> list[GridCell]:
    bits = {month: (f"set{i // SET_MONTHS}", 1 << i % SET_MONTHS) for i, month in enumerate(months)}
    names = sorted({name for name, _ in bits.values()})
    listed = {
        "month": list(months),
        **{n: [bit if at == n else 0 for at, bit in bits.values()] for n in names},
    }
    schema = pa.schema([("month", pa.int32()), *((name, pa.int64()) for name in names)])
    calendar = session.keep("measured_months", pa.table(listed, schema))
    placed = orders.inner_join(calendar, orders.ordered_month == calendar.month)
    sets = {name: union_of(placed[name]) for name in names}
    first = placed.group_by("customer_id").agg(cohort=placed.ordered_month.min(), **sets)
    buyers = session.keep("measured_cohorts", first)
    seen = {
        f"m{m}": ((buyers[name] & bit) != 0).ifelse(1, 0).sum().cast("int64")
        for m, (name, bit) in bits.items()
    }
    wide = {row["cohort"]: row for row in session.query(buyers.group_by("cohort").agg(**seen)).to_pylist()}
    joined = orders.inner_join(buyers.select("customer_id", "cohort"), "customer_id")
    sums = joined.group_by("cohort", month="ordered_month").agg(
        orders=joined.count().cast("int64"), revenue_fen=joined.amount_fen.sum().cast("int64")
    )
    found = [
        GridCell(buyers=wide[row["cohort"]][f"m{row['month']}"], **row)
        for row in session.query(sums).to_pylist()
    ]
    return sorted(found, key=lambda cell: (cell.cohort, cell.month))


def monthly_of(grid: Grid) -> Monthly:
    """One row a month from the first with an order or refund to that of `as_of`."""
    last = month_number(grid.as_of_on)
    first = min([cell.month for cell in grid.cells] + list(grid.refunds), default=last + 1)
    months = range(first, last + 1)
    cells: dict[int, list[GridCell]] = {month: [] for month in months}
    for cell in grid.cells:
        cells[cell.month].append(cell)
    over = last if grid.month_over else last - 1
    return Monthly(
        grid.as_of_on, [_month(m, cells[m], grid.refunds.get(m, 0), partial=m > over) for m in months]
    )


def _month(month: int, cells: Sequence[GridCell], refund_fen: int, *, partial: bool) -> Month:
    """A buyer is in one cohort, so the cohorts' buyers of a month add up to its buyers."""
    return Month(
        month=month_name(month),
        orders=sum(cell.orders for cell in cells),
        buyers=sum(cell.buyers for cell in cells),
        new_buyers=sum(cell.buyers for cell in cells if cell.cohort == month),
        revenue_fen=sum(cell.revenue_fen for cell in cells),
        refund_fen=refund_fen,
        partial=partial,
    )


def cohorts_of(grid: Grid, measure: Measure) -> Cohorts:
    """One row a month of first order up to that of `as_of`, one cell a month since; a month without orders is 0."""
    last = month_number(grid.as_of_on)
    values = {(cell.cohort, cell.month): int(getattr(cell, measure)) for cell in grid.cells}
    sizes = {cell.cohort: cell.buyers for cell in grid.cells if cell.cohort == cell.month}
    first = min(sizes, default=last + 1)
    cohorts = [_cohort(month, sizes, values, last, grid.month_over) for month in range(first, last + 1)]
    return Cohorts(grid.as_of_on, measure, cohorts, _averages(cohorts))


def _cohort(
    month: int, sizes: Mapping[int, int], values: Mapping[tuple[int, int], int], last: int, month_over: bool
) -> Cohort:
    begun = values.get((month, month), 0)
    cells = []
    for later in range(month, last + 1):
        value = values.get((month, later), 0)
        cells.append(Cell(later - month, value, share(value, begun), later == last and not month_over))
    return Cohort(month_name(month), sizes.get(month, 0), cells)


def _averages(cohorts: Sequence[Cohort]) -> list[Average]:
    averages = []
    for offset in range(len(cohorts)):
        over = [c for c in cohorts if offset < len(c.cells) and not c.cells[offset].partial]
        value, begun = sum(c.cells[offset].value for c in over), sum(c.cells[0].value for c in over)
        averages.append(Average(offset, share(value, begun)))
    return averages
