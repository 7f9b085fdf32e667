"""When a forecast may be shown 可预测条件: published thresholds, and why not, in both languages.

The thresholds follow what Klaviyo publishes for its predictions (500 buyers, 180 days, an order in the last
30 days, some customers with three orders; read 2026-11), with a count of repeat buyers added: the standard
error of r is about 16 % at 100 repeat buyers and 5 % at 946 (CDNOW), that of a 70 % and 23 %.
"""

from dataclasses import dataclass

import numpy as np

from siyu.segments.value.flags import Flag
from siyu.segments.value.summary import Summary


@dataclass(frozen=True)
class History:
    """What the thresholds look at, for a whole base.

    buyers, repeat_buyers (2 or more purchase days), frequent_buyers (3 or more): counts; history_days: from
    the first purchase of the base to the end day; days_since_last_order: from the last one to the end day.
    """

    buyers: int
    repeat_buyers: int
    frequent_buyers: int
    history_days: int
    days_since_last_order: int


@dataclass(frozen=True)
class Threshold:
    """One condition: the named figure of History must be at least (or at most) `needed`."""

    code: str
    figure: str
    needed: int
    at_least: bool
    zh: str
    en: str

    def reason(self, history: History) -> Flag | None:
        """Return why the condition fails, with the figure found, or None when it holds."""
        found = int(getattr(history, self.figure))
        if (found >= self.needed) if self.at_least else (found <= self.needed):
            return None
        return Flag(
            self.code,
            self.zh.format(found=found, needed=self.needed),
            self.en.format(found=found, needed=self.needed),
        )


THRESHOLDS = (
    Threshold(
        "too_few_buyers", "buyers", 500, True,
        "购买客户 {found} 人，至少需要 {needed} 人。",
        "There are {found} buyers; at least {needed} are needed.",
    ),
    Threshold(
        "too_few_repeat_buyers", "repeat_buyers", 100, True,
        "复购客户 {found} 人，至少需要 {needed} 人。",
        "There are {found} repeat buyers; at least {needed} are needed.",
    ),
    Threshold(
        "no_frequent_buyers", "frequent_buyers", 20, True,
        "有三个及以上购买日的客户 {found} 人，至少需要 {needed} 人。",
        "There are {found} customers with three or more purchase days; at least {needed} are needed.",
    ),
    Threshold(
        "too_short_history", "history_days", 180, True,
        "订单历史 {found} 天，至少需要 {needed} 天。",
        "The order history covers {found} days; at least {needed} are needed.",
    ),
    Threshold(
        "no_recent_orders", "days_since_last_order", 30, False,
        "最近一笔订单在 {found} 天前，应在 {needed} 天以内。",
        "The last order was {found} days ago; it must be within {needed} days.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Eligibility:
    """Whether forecasts may be shown, and every condition that fails."""

    eligible: bool
    reasons: tuple[Flag, ...]


def history(summary: Summary) -> History:
    """Return the figures of a base; one row in is one customer."""
    if not len(summary):
        return History(0, 0, 0, 0, 0)
    return History(
        buyers=len(summary),
        repeat_buyers=int((summary.x >= 1).sum()),
        frequent_buyers=int((summary.x >= 2).sum()),
        history_days=round(float(summary.T.max()) * summary.unit_days),
        days_since_last_order=round(float(np.min(summary.T - summary.t_x)) * summary.unit_days),
    )


def check(found: History, thresholds: tuple[Threshold, ...] = THRESHOLDS) -> Eligibility:
    """Return whether the history meets every threshold, with the reasons where it does not."""
    reasons = tuple(reason for threshold in thresholds if (reason := threshold.reason(found)))
    return Eligibility(not reasons, reasons)
