"""The calendar of what the brand sent, with no cap on it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.brand.contents import load_contents
from siyu_sandbox.brand.plan import Floats, Ints, Plan
from siyu_sandbox.brand.season import daily_depth

MESSAGE_CARRIERS: Final = ("wecom", "wechat_oa", "sms", "email")
PURPOSES: Final = ("promotion", "value", "service")


@dataclass(frozen=True)
class Broadcasts:
    """One entry per broadcast in order of time."""

    at: Floats
    purpose: Ints
    carrier: Ints
    content: Ints


def plan_broadcasts(plan: Plan) -> Broadcasts:
    """Lay out the calendar: promotions grow from 3 to 7 a month and crowd around festivals."""
    random, depth = plan.stream("broadcasts"), daily_depth(plan)
    chance = np.linspace(0.10, 0.23, plan.days) + 0.55 * depth
    purposes = np.stack([chance, np.full(plan.days, 0.06), np.full(plan.days, 0.035)])
    purpose, day = np.nonzero(random.random(purposes.shape) < purposes)
    order = np.argsort(day, kind="stable")
    purpose, day = purpose[order], day[order]
    count = len(day)
    hour = np.array([9.5, 10.0, 12.0, 18.0, 20.0])[random.integers(0, 5, count)]
    at = (day * 24 + hour) * 3600 + random.integers(0, 600, count)
    order = np.argsort(at, kind="stable")
    carrier = np.searchsorted([0.72, 0.83, 0.94], random.random(count), side="right")
    at, purpose, carrier = at[order], purpose[order], carrier[order]
    months = plan.months_of(at) % 12 + 1
    content = [_content(random, PURPOSES[what], month) for what, month in zip(purpose, months, strict=True)]
    return Broadcasts(at, purpose, carrier, np.array(content, dtype=np.int64))


def _content(random: np.random.Generator, purpose: str, month: int) -> int:
    """Position of a content that fits the purpose and the month."""
    fitting = [place for place, content in enumerate(load_contents()) if content.fits(purpose, month)]
    return fitting[int(random.integers(0, len(fitting)))]
