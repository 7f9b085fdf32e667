"""Who is a WeCom contact of which staff member, since when, and how it ended.

One person may be the contact of two staff members, so people and relations are different counts. The person
who blocks WeCom deletes the first relation only; the second one stands until its own end.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.brand.catalogue import HOWS, how_of_source
from siyu_sandbox.brand.network import Network
from siyu_sandbox.brand.people import People
from siyu_sandbox.brand.plan import DAY_SECONDS, Bools, Floats, Ints
from siyu_sandbox.brand.touches import Touches
from siyu_sandbox.brand.world import World

SECOND_SHARE: Final = 0.14
"""Share of contacts who also add a second staff member."""
STAFF_DELETES: Final = 0.006


@dataclass(frozen=True)
class Relations:
    """One entry per contact × staff, sorted by the time it began; infinite `ended` means it stands."""

    person: Ints
    staff: Ints
    how: Ints
    code: Ints
    began: Floats
    ended: Floats
    by_staff: Bools
    """True when the staff member ended it; meaningless while it stands."""


def draw_relations(world: World, people: People, touches: Touches) -> Relations:
    """Add the contacts of one batch to their staff."""
    random, plan, network = world.stream("relations"), world.plan, world.network
    first = np.flatnonzero(people.wecom)
    began = people.registered[first] + random.exponential(90.0, len(first))
    ended = np.maximum(touches.blocked_at[first, 0], began + 1.0)
    deleted = (random.random(len(first)) < STAFF_DELETES) & ~np.isfinite(ended)
    later = began + random.random(len(first)) * (plan.seconds - began)
    ended = np.where(deleted, later, ended)
    chosen = np.flatnonzero(random.random(len(first)) < SECOND_SHARE)
    second = first[chosen]
    added = began[chosen] + random.exponential(70.0 * DAY_SECONDS, len(second))
    left = added + random.exponential(900.0 * DAY_SECONDS, len(second))
    person = np.concatenate((first, second))
    other = _colleague(random, network, people.staff[second], people.store[second])
    staff = np.concatenate((people.staff[first], other))
    how = np.concatenate((how_of_source()[people.source[first]], np.full(len(second), HOWS.index("card"))))
    code = np.concatenate((people.code[first], np.full(len(second), -1)))
    starts, ends = np.concatenate((began, added)), np.concatenate((ended, left))
    by_staff = np.concatenate((deleted, np.zeros(len(second), dtype=np.bool_)))
    kept = np.flatnonzero(starts < plan.seconds)
    order = kept[np.argsort(starts[kept], kind="stable")]
    ends = np.where(ends < plan.seconds, ends, np.inf)
    return Relations(
        person[order], staff[order], how[order], code[order], starts[order], ends[order], by_staff[order]
    )


def _colleague(random: np.random.Generator, network: Network, staff: Ints, store: Ints) -> Ints:
    """Another member of the same desk."""
    first, after = network.staff_order[:-1][store], network.staff_order[1:][store]
    step = 1 + (random.random(len(staff)) * (after - first - 1)).astype(np.int64)
    return first + (staff - first + step) % (after - first)
