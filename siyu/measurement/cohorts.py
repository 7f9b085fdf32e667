"""Cohorts 同期群: buyers by the month of their first order, followed month by month; and the table of months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from siyu.foundation.clock import day_number, month_name, month_number
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.measurement.metrics import share

Measure = Literal["buyers", "revenue_fen", "orders"]


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

    Grain in: one valid order, one line. Grain between: one row a buyer and month, so every buyer is counted once in a
    month. Grain out: one row a cohort and month with orders; refunds of named buyers a month, fen.
    """
    orders, last_on = tables["orders_order"], day_number(as_of)
    placed = orders.filter(orders.ordered_on <= last_on)
    visits = session.keep(
        "measured_months",
        placed.group_by("customer_id", month="ordered_month").agg(
            orders=placed.count().cast("int64"), revenue_fen=placed.amount_fen.sum().cast("int64")
        ),
    )
    firsts = visits.group_by("customer_id").agg(cohort=visits.month.min())
    joined = visits.inner_join(firsts, "customer_id")
    cells = joined.group_by("cohort", "month").agg(
        buyers=joined.count().cast("int64"),
        orders=joined.orders.sum().cast("int64"),
        revenue_fen=joined.revenue_fen.sum().cast("int64"),
    )
    lines = tables["orders_line"]
    back = lines.filter((lines.customer_id > 0) & (lines.refund_fen != 0) & (lines.ordered_on <= last_on))
    refunds = back.group_by(month="ordered_month").agg(fen=back.refund_fen.sum().cast("int64"))
    found = [GridCell(**row) for row in session.query(cells).to_pylist()]
    given = {row["month"]: row["fen"] for row in session.query(refunds).to_pylist()}
    return Grid(as_of, month_over, sorted(found, key=lambda c: (c.cohort, c.month)), given)


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
