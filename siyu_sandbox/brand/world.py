"""Everything the batches of people share, laid out once."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.brand.broadcasts import Broadcasts, plan_broadcasts
from siyu_sandbox.brand.catalogue import Catalogue, build_catalogue
from siyu_sandbox.brand.network import Network, build_network
from siyu_sandbox.brand.plan import Plan
from siyu_sandbox.brand.season import Clock, clock

GROWTH: Final = 2.4
"""New people a day at the end of the window against its start."""


@dataclass(frozen=True)
class World:
    """The brand as one batch of people meets it."""

    plan: Plan
    network: Network
    broadcasts: Broadcasts
    catalogue: Catalogue
    season: Clock
    """Pace of what people do."""
    growth: Clock
    """Pace at which people come."""
    batch: int = 0

    def stream(self, subject: str) -> np.random.Generator:
        """Return the random stream of a subject in this batch."""
        return self.plan.stream(subject, self.batch)


def build_world(plan: Plan) -> World:
    """Lay out everything that does not depend on single people."""
    network, broadcasts = build_network(plan), plan_broadcasts(plan)
    return World(
        plan,
        network,
        broadcasts,
        build_catalogue(network, broadcasts),
        clock(plan),
        clock(plan, growth=GROWTH),
    )
