"""Giving 给予: acts of a step on people, each person once in an act, also when two runs of theirs come to a node at the same moment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from siyu.foundation.ids import Ints
from siyu.journeys.people import People
from siyu.journeys.steps.step import Context


def rounds(ctx: Context, people: People) -> Iterator[tuple[str, Ints]]:
    """(reference, places): in the first everybody, in the next those who are there a second time, and so on."""
    if not len(people):
        return
    order = np.argsort(people.customer_id, kind="stable")
    ids = people.customer_id[order]
    _, first, which = np.unique(ids, return_index=True, return_inverse=True)
    turn = np.arange(len(ids)) - first[which]
    for number in range(int(turn.max()) + 1):
        places = np.sort(order[turn == number])
        yield f"journey:{ctx.journey_id}:{ctx.version}:{ctx.node}:{ctx.tick}:{int(people.enrolment_id[places[0]])}", places
