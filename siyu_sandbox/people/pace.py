"""How fast people live (节奏): their own days, the length of a step, and the hours at which they shop."""

from __future__ import annotations

from dataclasses import dataclass

from siyu_sandbox.brand.plan import ZONE_OFFSET_SECONDS

DAY = 86400
# Share of shopping and scanning by local hour against the mean: a low at night, lunch, and the evening's peak.
HOURS = (
    0.35, 0.18, 0.10, 0.07, 0.06, 0.10, 0.25, 0.55, 0.85, 1.10, 1.30, 1.35,
    1.50, 1.25, 1.10, 1.10, 1.10, 1.15, 1.25, 1.55, 1.95, 2.10, 1.75, 0.98,
)  # fmt: skip
_MEAN = sum(HOURS) / 24
QUICK_SECONDS = 5.0


@dataclass
class Pace:
    """`pace`: days that people live in one day of the sandbox's clock; above 1 the hour of the day no longer matters.

    `day`: people's days since they began; `step_hours`: length of a step in their hours, at most 24.
    """

    pace: float = 1.0
    step_hours: float = 1.0
    day: float = 0.0

    def set(self, pace: float) -> None:
        """Choose a pace, and a step short enough that something happens every few seconds."""
        self.pace = pace
        self.step_hours = 1.0 if pace <= 1 else min(1.0, pace * QUICK_SECONDS / 3600)

    @property
    def step_days(self) -> float:
        """Length of a step in people's days."""
        return self.step_hours / 24

    @property
    def day_seconds(self) -> float:
        """Virtual seconds in a day of the people's."""
        return DAY / self.pace

    @property
    def step_seconds(self) -> float:
        """Virtual seconds in a step."""
        return self.step_days * self.day_seconds

    def shape(self, at: float) -> float:
        """The step's share of the day's shopping against an even one."""
        if self.pace != 1 or self.step_hours > 1:
            return 1.0
        middle = at + self.step_seconds / 2 + ZONE_OFFSET_SECONDS
        return HOURS[int(middle % DAY) // 3600] / _MEAN
