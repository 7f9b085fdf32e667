"""Calibration and hold-out period 校准期与验证期: what was known on a day, and what came after."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from siyu.segments.value._arrays import Floats, Ints
from siyu.segments.value.summary import UNIT_DAYS, Summary, sorted_days, summarise


@dataclass(frozen=True)
class Holdout:
    """What the customers of a calibration summary did afterwards; rows in the order of that summary.

    Attributes
    ----------
    calibration_end_day : last local day number of the calibration
    days : length of the hold-out period, > 0
    orders : float64, purchase days in the hold-out period
    value_fen : int64, spend in the hold-out period
    weekly_orders : float64, purchase days of all of them in each week of it (the last week may be shorter)
    """

    calibration_end_day: int
    days: int
    orders: Floats
    value_fen: Ints
    weekly_orders: Floats


def split(
    days: pa.Table, calibration_end_day: int, holdout_days: int, unit_days: int = UNIT_DAYS
) -> tuple[Summary, Holdout]:
    """Split purchase days at the end of a day.

    Grain: one row in is one customer-day (as in ``summarise``); out is one row a customer who bought up to
    the end day. Customers whose first purchase comes later belong to neither part: a forecast of the known
    base cannot hold them.

    Parameters
    ----------
    calibration_end_day : last day number of the calibration, included
    holdout_days : days after it that are compared, > 0
    """
    summary = summarise(days, calibration_end_day, unit_days)
    customer_id, day, amount = sorted_days(days)
    row = np.searchsorted(summary.customer_id, customer_id)
    inside = (day > calibration_end_day) & (day <= calibration_end_day + holdout_days) & (row < len(summary))
    inside[inside] = summary.customer_id[row[inside]] == customer_id[inside]
    row, size = row[inside], len(summary)
    week = (day[inside] - calibration_end_day - 1) // 7
    value = np.zeros(size, np.int64)
    np.add.at(value, row, amount[inside])
    return summary, Holdout(
        calibration_end_day,
        holdout_days,
        np.bincount(row, minlength=size).astype(np.float64),
        value,
        np.bincount(week, minlength=-(-holdout_days // 7)).astype(np.float64),
    )
