"""Ways 候选路由: the routes of people as columns, in the order in which each person's are tried."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.ids import Ints
from siyu.messaging.blocks import Flags, Names, column, flags, numbers
from siyu.messaging.quiet import FOREVER_MS
from siyu.messaging.reasons import NUMBER

ENDLESS = 2**31 - 1


@dataclass(frozen=True)
class Ways:
    """Routes that can be used at all, in the order of (person, rank). `first` and `count`: each person's own; `refusal`: the number of
    the reason of who has none. `free`: how many more the carrier takes, `ENDLESS` no limit. `row` is the row in the given table."""

    row: Ints
    account: Ints
    carrier: Ints
    staff: Ints
    floating: Flags
    opens: Ints
    closes: Ints
    form: Ints
    free: Ints
    first: Ints
    count: Ints
    refusal: Ints


def ways_of(routes: pa.Table, person: Ints, people_count: int, names: Names) -> Ways:
    """`person`: the place of each row's person, -1 for somebody who was not asked about."""
    rank, closed = numbers(routes, "rank", 0), column(routes, "closed", pa.string())
    open_ = pc.is_null(closed).to_numpy(zero_copy_only=False)
    consented, free = flags(routes, "consented"), numbers(routes, "free_count", 1) > 0
    usable = (person >= 0) & open_ & consented & free
    row = np.flatnonzero(usable)
    key = person[row] * 2**16 + rank[row]
    if (key[1:] < key[:-1]).any():
        row = row[np.argsort(key, kind="stable")]
    count = np.bincount(person[row], minlength=people_count)
    return Ways(
        row, numbers(routes, "account_id", 0)[row], names.carrier(routes)[row], names.staff(routes)[row], flags(routes, "floating")[row],
        numbers(routes, "opens_ms", -FOREVER_MS)[row], numbers(routes, "closes_ms", FOREVER_MS)[row],
        names.form(routes)[row], numbers(routes, "free_count", ENDLESS)[row],
        np.cumsum(count) - count, count, _refusals(closed, person, rank, open_, consented, count),
    )  # fmt: skip


def _refusals(closed: pa.Array, person: Ints, rank: Ints, open_: Flags, consented: Flags, count: Ints) -> Ints:
    """Of the way that came furthest (open, then consented), the best one; nobody's way is `unreachable`. Only of who has no usable way."""
    found = np.full(len(count), NUMBER["unreachable"])
    row = np.flatnonzero(person >= 0)
    row = row[count[person[row]] == 0]
    codes = pc.fill_null(closed.take(pa.array(row)), "unreachable").dictionary_encode()
    number = np.array([NUMBER.get(code, NUMBER["unreachable"]) for code in codes.dictionary.to_pylist()], np.int64)[codes.indices.to_numpy()]
    number = np.where(open_[row], np.where(consented[row], NUMBER["carrier_quota"], NUMBER["no_consent"]), number)
    stage = open_[row].astype(np.int64) + (open_ & consented)[row]
    # What is written last holds: the furthest, and of those the lowest rank.
    order = np.lexsort((-rank[row], stage))
    found[person[row[order]]] = number[order]
    return found
