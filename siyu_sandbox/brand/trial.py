"""The one broadcast of the past that kept a control: who was told, who was not, and whom it truly moved to buy.

All other messages of the brand cause nothing. This one causes `EFFECT`: of a hundred people who were told, so many order within
`WINDOW_DAYS` who would not have. Whoever measures it must find it again, inside the interval that is given with it.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from siyu_sandbox.brand.baskets import Lines, draw_lines
from siyu_sandbox.brand.people import People
from siyu_sandbox.brand.plan import DAY_SECONDS, Bools, Floats, Ints
from siyu_sandbox.brand.purchasing import Purchases
from siyu_sandbox.brand.world import World

EFFECT: Final = 0.07
"""Share of those told who order because of it."""
CONTROL_SHARE: Final = 0.25
WINDOW_DAYS: Final = 14
DAYS_BEFORE_END: Final = 24
"""Its window lies whole in the data, and long enough ago that late orders are in."""
HOUR: Final = 10.0
CONTENTS: Final = ("N003", "N109")
"""What variants a and b say: the offer, and the story of the tea that leads to it."""
OPENS: Final = (0.34, 0.40)
CLICKS: Final = (0.15, 0.28)
"""Of those who open, by variant. Which one is read more is true as well; both sell alike."""
CONTROL: Final = 2
READS: Final = (0.55, 0.9)
"""Of those who click, by variant, who stay on the page long enough to be seen reading; an offer is left sooner than a story."""
READ_SECONDS: Final = (18.0, 75.0)
PASSES_ON: Final = (0.03, 0.14)
"""Of readers, who passes it on; each to one, two or three others."""
_OWN_STREAMS: Final = 1_000_000_000
"""Added to the number of the batch: what is drawn here moves nothing that is drawn elsewhere."""


@dataclass(frozen=True)
class Trial:
    """One entry per person who was fit to be told; instants in seconds since the window began, infinite where it never happened."""

    person: Ints
    arm: Ints
    """0 and 1: told in this variant; 2: control, told nothing."""
    at: Floats
    opened: Floats
    clicked: Floats
    seconds: Ints
    """How long the page was read; 0 where it was not."""
    passed_to: Ints
    """To how many others it was passed on."""
    purchases: Purchases
    lines: Lines


def draw_trial(world: World, people: People) -> Trial:
    """Draw arms, reactions and the orders that would not have been, for one batch."""
    random = world.stream("trial")
    sent = (world.plan.days - DAYS_BEFORE_END) * DAY_SECONDS + HOUR * 3600
    person = np.flatnonzero(people.wecom & (people.registered < sent - DAY_SECONDS))
    draw = random.random(len(person))
    arm = np.where(draw < CONTROL_SHARE, CONTROL, (draw < CONTROL_SHARE + (1 - CONTROL_SHARE) / 2).astype(np.int64))
    told = arm != CONTROL
    at = np.where(told, sent + random.exponential(900.0, len(person)), np.inf)
    kind = np.minimum(arm, 1)
    opens = told & (random.random(len(person)) < np.array(OPENS)[kind])
    clicks = opens & (random.random(len(person)) < np.array(CLICKS)[kind])
    opened = np.where(opens, at + 1 + random.exponential(5400.0, len(person)), np.inf)
    clicked = np.where(clicks, opened + 1 + random.exponential(60.0, len(person)), np.inf)
    purchases = _bought(world, person[told], at[told], random.random(int(told.sum())) < EFFECT, random)
    seconds, passed_to = _readers(world, clicks, kind)
    lines = draw_lines(replace(world, batch=world.batch + _OWN_STREAMS), people, purchases)
    return Trial(person, arm, at, opened, clicked, seconds, passed_to, purchases, lines)


def _readers(world: World, clicks: Bools, kind: Ints) -> tuple[Ints, Ints]:
    random = world.stream("trial readers")
    count = len(clicks)
    reads = clicks & (random.random(count) < np.array(READS)[kind])
    seconds = np.where(reads, 3 + random.exponential(np.array(READ_SECONDS)[kind]), 0).astype(np.int64)
    passes = reads & (random.random(count) < np.array(PASSES_ON)[kind])
    return seconds, np.where(passes, random.integers(1, 4, count), 0)


def _bought(world: World, person: Ints, at: Floats, moved: Bools, random: np.random.Generator) -> Purchases:
    """Orders of those who were moved, most of them soon, none after the window."""
    delay = 600 + random.exponential(3.0 * DAY_SECONDS, len(person)) % ((WINDOW_DAYS - 1) * DAY_SECONDS)
    person, when = person[moved], (at + delay)[moved]
    order = np.argsort(when, kind="stable")
    nothing = np.empty(0)
    return Purchases(person[order], when[order], np.ones(len(order), dtype=np.int64), nothing)


def joined(purchases: Purchases, lines: Lines, trial: Trial) -> tuple[Purchases, Lines]:
    """All orders of the batch, those of the trial last; their lines by time."""
    more, extra = trial.purchases, trial.lines
    both = replace(
        purchases,
        person=np.concatenate((purchases.person, more.person)),
        at=np.concatenate((purchases.at, more.at)),
        rank=np.concatenate((purchases.rank, more.rank)),
    )
    shifted = replace(extra, order=extra.order + len(purchases.at))
    columns = {name: np.concatenate((getattr(lines, name), getattr(shifted, name))) for name in Lines.__annotations__}
    by_time = np.lexsort((columns["line"], columns["order"], both.at[columns["order"]]))
    return both, Lines(**{name: column[by_time] for name, column in columns.items()})
