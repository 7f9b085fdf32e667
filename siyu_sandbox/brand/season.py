"""The brand's year as a clock: how fast things happen at each hour of the window.

A process with a constant rate is drawn in *operational* time and read back on the wall clock. Festivals,
weekdays and hours of the day then shape every process without a loop, and the order of one person's events
is kept.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.brand.plan import Floats, Plan

HOUR_SECONDS: Final = 3600.0

HOURS: Final = np.array(
    [0.30, 0.15, 0.08, 0.05, 0.05, 0.10, 0.30, 0.60, 0.90, 1.20, 1.50, 1.45,
     1.40, 1.30, 1.20, 1.15, 1.15, 1.10, 1.20, 1.50, 2.00, 2.20, 1.70, 0.80]
)  # fmt: skip
"""Activity by local hour: lunch shoulder, peak at 20:00 to 22:00."""
WEEKDAYS: Final = np.array([0.95, 0.93, 0.94, 0.97, 1.05, 1.12, 1.10])
"""Monday to Sunday."""

SPRING_FESTIVALS: Final = tuple(
    dt.date.fromisoformat(day)
    for day in (
        "2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12",
        "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26",
        "2029-02-13", "2030-02-03", "2031-01-23", "2032-02-11", "2033-01-31", "2034-02-19", "2035-02-08",
    )
)  # fmt: skip
"""First day of the lunar year; outside these years the season runs without the dip."""


@dataclass(frozen=True)
class Clock:
    """Piecewise linear map between wall time and operational time, both in seconds since the window began."""

    wall_edges: Floats
    operational_edges: Floats

    def operational(self, wall: Floats) -> Floats:
        """Wall time to operational time."""
        return np.interp(wall, self.wall_edges, self.operational_edges)

    def wall(self, operational: Floats) -> Floats:
        """Operational time to wall time; beyond the window it stays at the end of the window."""
        return np.interp(operational, self.operational_edges, self.wall_edges)


def clock(plan: Plan, growth: float = 1.0) -> Clock:
    """Build the clock of a window.

    Parameters
    ----------
    growth : intensity at the end of the window as a multiple of the intensity at its start (linear between).

    Returns
    -------
    Clock whose operational time spans the same number of seconds as the wall clock.
    """
    days = [plan.began_on + dt.timedelta(days=day) for day in range(plan.days)]
    daily = np.array([season_factor(day) * WEEKDAYS[day.weekday()] for day in days])
    daily = daily * np.linspace(1.0, growth, plan.days)
    hourly = np.repeat(daily, 24) * np.tile(HOURS, plan.days)
    edges = np.concatenate(([0.0], np.cumsum(hourly)))
    wall = np.arange(len(edges), dtype=np.float64) * HOUR_SECONDS
    operational: Floats = (edges * (wall[-1] / edges[-1])).astype(np.float64)
    return Clock(wall, operational)


def season_factor(day: dt.date) -> float:
    """Activity of a day against an ordinary one: 618, 双11, 双12, 女神节, 年货节, and the dip of 春节."""
    factor = 1.0 + 2.6 * promotion_depth(day)
    for festival in SPRING_FESTIVALS:
        away = (day - festival).days
        if -4 <= away <= 9:
            return 0.34
        if -26 <= away <= -8:
            factor += 0.45
    return factor


def promotion_depth(day: dt.date) -> float:
    """How deep the public promotion of a day is, 0 (none) to 1 (the day of 双11)."""
    peaks = (
        (6, 18, 1.00, 4.0),
        (11, 11, 1.00, 4.0),
        (12, 12, 0.40, 1.5),
        (3, 8, 0.45, 2.0),
        (6, 1, 0.45, 1.5),
    )
    return max(
        height * float(np.exp(-(((day - dt.date(day.year, month, date)).days / width) ** 2) / 2))
        for month, date, height, width in peaks
    )


def daily_depth(plan: Plan) -> Floats:
    """Promotion depth of each day of the window."""
    days = (plan.began_on + dt.timedelta(days=day) for day in range(plan.days))
    return np.array([promotion_depth(day) for day in days])
