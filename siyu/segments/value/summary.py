"""Summary of a customer's purchase days 购买摘要: the four numbers that the models need."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.segments.value._arrays import Flags, Floats, Ints, floats

UNIT_DAYS = 7


@dataclass(frozen=True)
class Summary:
    """One row is one customer with at least one purchase day up to the end day.

    Attributes
    ----------
    customer_id : int64
    x : float64, repeat purchase days, >= 0 (distinct purchase days minus one)
    t_x : float64, units from the first to the last purchase day, 0 <= t_x <= T
    T : float64, units from the first purchase day to the end day, >= 0
    mean_repeat_value_fen : float64, fen per repeat purchase day, the first day not counted; 0 where x is 0
    spend_fen : int64, fen over all purchase days up to the end day, the first included
    unit_days : days in one unit of t_x and T (7: weeks)
    """

    customer_id: Ints
    x: Floats
    t_x: Floats
    T: Floats
    mean_repeat_value_fen: Floats
    spend_fen: Ints
    unit_days: int = UNIT_DAYS

    def __len__(self) -> int:
        return len(self.customer_id)

    @property
    def purchase_days(self) -> Floats:
        """Return the purchase days of each customer, the first included, >= 1."""
        return self.x + 1

    @property
    def mean_value_fen(self) -> Floats:
        """Return the mean spend of each customer on a purchase day, the first included, fen."""
        return self.spend_fen / self.purchase_days


def sorted_days(days: pa.Table) -> tuple[Ints, Ints, Ints]:
    """Return customer_id, day and amount_fen ordered by customer and day, one row a customer-day.

    Rows that share a customer and a day are added up, so an order table with local days is accepted as well.
    """
    customer_id = _column(days, "customer_id")
    day = _column(days, "day")
    amount = _column(days, "amount_fen")
    order = np.lexsort((day, customer_id))
    customer_id, day, amount = customer_id[order], day[order], amount[order]
    starts = np.flatnonzero(_changes(customer_id) | _changes(day))
    if len(starts) == len(day):
        return customer_id, day, amount
    return customer_id[starts], day[starts], np.add.reduceat(amount, starts)


def summarise(days: pa.Table, end_day: int, unit_days: int = UNIT_DAYS) -> Summary:
    """Summarise purchase days up to and including the end day.

    Grain: one row in is one customer-day (customer_id int64, day int32 local day number since 1970-01-01,
    amount_fen int64); one row out is one customer. Days after ``end_day`` are ignored; a customer whose first
    day is later is absent. Output is ordered by customer_id.

    Parameters
    ----------
    days : pyarrow.Table as above, in any order
    end_day : last day of the observation, in the same day numbers
    unit_days : days in one unit of time, >= 1

    Source
    ------
    The convention of Fader, Hardie and Lee (2005) for CDNOW: same-day orders are one purchase, the first
    purchase starts the clock and is not counted, and its value is left out of the mean.
    """
    customer_id, day, amount = sorted_days(days.filter(pc.less_equal(days["day"], end_day)))
    starts = np.flatnonzero(_changes(customer_id))
    if not len(starts):
        return empty(unit_days)
    ends = np.append(starts[1:], len(day)) - 1
    x = floats(ends - starts)
    spend = np.add.reduceat(amount, starts)
    repeat_value = np.divide(spend - amount[starts], x, out=np.zeros(len(x)), where=x > 0)
    first, last = day[starts], day[ends]
    return Summary(
        customer_id[starts],
        x,
        (last - first) / unit_days,
        (end_day - first) / unit_days,
        repeat_value,
        spend,
        unit_days,
    )


def empty(unit_days: int = UNIT_DAYS) -> Summary:
    """Return the summary of nobody."""
    none, nothing = np.zeros(0, np.int64), np.zeros(0)
    return Summary(none, nothing, nothing, nothing, nothing, none, unit_days)


def _column(days: pa.Table, name: str) -> Ints:
    values: Ints = days[name].to_numpy().astype(np.int64, copy=False)
    return values


def _changes(values: Ints) -> Flags:
    changes = np.ones(len(values), np.bool_)
    changes[1:] = values[1:] != values[:-1]
    return changes
