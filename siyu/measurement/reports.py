"""Reports 报表: the public door. Every report for a local day, that day included, the same for page, file and command line.

With `kept`, a reader does not wait: an older result of the same data is given while there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, get_args

from siyu.foundation.clock import day_number, from_day_number
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.measurement.cohorts import Cohorts, Grid, Measure, Monthly, cohorts_of, grid_of, monthly_of
from siyu.measurement.concentration import Concentration, concentration_of, spending
from siyu.measurement.overview import Overview, overview_of
from siyu.measurement.periods import Grain, period_of
from siyu.measurement.published import Published, Recipe, publish
from siyu.orders.facts import ORDERS_ORDER
from siyu.orders.recency import STALE_DAYS

NAMES = ("overview", "monthly", "cohorts", "concentration")
FIRST_DAY = date(1980, 1, 1)
_BUYERS = ("orders_line", "identity_link")
_CUSTOMERS = (*_BUYERS, "customers_trait")


@dataclass(frozen=True)
class _LastOrder:
    on: date | None


def default_as_of(stores: Stores, *, kept: bool = False) -> date:
    """Today in the brand's zone; or, where the newest order is older than 60 days (history), the day of that order."""
    today = stores.calendar.on(stores.now())

    def newest(session: Session) -> _LastOrder:
        orders = ORDERS_ORDER.table
        day = session.scalar(orders.filter(orders.ordered_on <= day_number(today)).ordered_on.max())
        return _LastOrder(None if day is None else from_day_number(int(day)))

    recipe = Recipe("last_order", {"today": today.isoformat()}, _BUYERS, _LastOrder, newest)
    last = publish(stores, recipe, kept=kept).record.on
    return last if last is not None and today - last > timedelta(days=STALE_DAYS) else today


def overview(
    stores: Stores, *, as_of: date | None = None, grain: Grain = "day", kept: bool = False
) -> Published[Overview]:
    """Every metric of the running day, week or month against the one before; see `Overview`."""
    day = _checked(stores, as_of, kept)
    compute = partial(_overview, stores, day, grain)
    asked: dict[str, str | bool] = {"as_of": day.isoformat(), "grain": grain, "over": _is_over(stores, day)}
    return publish(stores, Recipe("overview", asked, _CUSTOMERS, Overview, compute), kept=kept)


def monthly(stores: Stores, *, as_of: date | None = None, kept: bool = False) -> Published[Monthly]:
    """Orders, buyers, new buyers, revenue and refunds of every month up to a day."""
    grid = _grid(stores, as_of, kept)
    return Published(monthly_of(grid.record), grid.computed_at, grid.version, grid.is_newest)


def cohorts(
    stores: Stores, *, as_of: date | None = None, measure: Measure = "buyers", kept: bool = False
) -> Published[Cohorts]:
    """Buyers by the month of their first order, and what they did in each month since."""
    grid = _grid(stores, as_of, kept)
    laid_out, version = cohorts_of(grid.record, measure), f"{grid.version} {measure}"
    return Published(laid_out, grid.computed_at, version, grid.is_newest)


def concentration(
    stores: Stores, *, as_of: date | None = None, kept: bool = False
) -> Published[Concentration]:
    """How much of the revenue of all time up to a day the biggest buyers brought."""
    day = _checked(stores, as_of, kept)

    def compute(session: Session) -> Concentration:
        return concentration_of(session, spending(stores.warehouse.tables, day), day)

    recipe = Recipe("concentration", {"as_of": day.isoformat()}, _BUYERS, Concentration, compute)
    return publish(stores, recipe, kept=kept)


def report(
    stores: Stores, name: str, *, as_of: date | None = None, grain: str = "day", measure: str = "buyers"
) -> Published[Any]:
    """A report by its name; `grain` is for the overview, `measure` for cohorts.

    Raises
    ------
    NotFoundError
        There is no such report.
    InvalidError
        `as_of` is before 1980 or in the future, or `grain` or `measure` is none of those known.
    """
    for field, value, known in (("grain", grain, get_args(Grain)), ("measure", measure, get_args(Measure))):
        if value not in known:
            raise _invalid(field, Text(f"只能是 {'、'.join(known)}", f"must be one of {', '.join(known)}"))
    match name:
        case "overview":
            return overview(stores, as_of=as_of, grain=grain)  # type: ignore[arg-type]
        case "monthly":
            return monthly(stores, as_of=as_of)
        case "cohorts":
            return cohorts(stores, as_of=as_of, measure=measure)  # type: ignore[arg-type]
        case "concentration":
            return concentration(stores, as_of=as_of)
        case _:
            raise NotFoundError(
                Text(f"没有名为 {name} 的报表", f"there is no report {name}"),
                way_out=Text(f"可用的报表：{'、'.join(NAMES)}", f"the reports are {', '.join(NAMES)}"),
            )


def _grid(stores: Stores, as_of: date | None, kept: bool) -> Published[Grid]:
    day = _checked(stores, as_of, kept)
    over = day_number(day) == period_of(day_number(day), "month").to_on and _is_over(stores, day)

    def compute(session: Session) -> Grid:
        return grid_of(session, stores.warehouse.tables, as_of=day, month_over=over)

    recipe = Recipe("cohort_grid", {"as_of": day.isoformat(), "over": over}, _BUYERS, Grid, compute)
    return publish(stores, recipe, kept=kept)


def _overview(stores: Stores, as_of: date, grain: Grain, session: Session) -> Overview:
    tables, now = stores.warehouse.tables, stores.now()
    return overview_of(session, tables, stores.calendar, as_of=as_of, grain=grain, now=now)


def _is_over(stores: Stores, day: date) -> bool:
    """Whether the local day lies behind us: what is not over is shown as partial, and not kept as if it were."""
    return day < stores.calendar.on(stores.now())


def _checked(stores: Stores, as_of: date | None, kept: bool) -> date:
    if as_of is None:
        return default_as_of(stores, kept=kept)
    today = stores.calendar.on(stores.now())
    if not FIRST_DAY <= as_of <= today:
        raise _invalid(
            "as_of",
            Text(
                f"日期须在 {FIRST_DAY} 与今天 {today} 之间", f"must be between {FIRST_DAY} and today, {today}"
            ),
        )
    return as_of


def _invalid(field: str, message: Text) -> InvalidError:
    return InvalidError(
        Text("报表参数有误", "The report cannot be made for this"), faults=[Fault(field, message)]
    )
