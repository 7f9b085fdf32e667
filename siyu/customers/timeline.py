"""Timeline 时间线: everything that happened with one customer, newest first, from as many strands as are asked for.

Each kind of entry is a `Strand`: a function that gives its newest entries before a place. A page merges the strands;
a room above adds its own (joins and leaves of segments) by passing one more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import ibis.expr.types as ir

from siyu.foundation.clock import from_ms
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session

KINDS = ("order", "event", "tag", "segment", "profile")


@dataclass(frozen=True)
class Line:
    """One line of an order. `amount_fen` of goods that came back is below zero."""

    sku: str | None
    name: str | None
    quantity: int
    amount_fen: int


@dataclass(frozen=True)
class Entry:
    """One thing that happened. (at_ms, kind, key) is unique, and the order of the timeline, from the greatest down."""

    at_ms: int
    kind: str
    key: int | str
    title: Text
    detail: Text | None = None
    amount_fen: int | None = None
    lines: tuple[Line, ...] | None = None

    @property
    def at(self) -> datetime:
        return from_ms(self.at_ms)

    @property
    def place(self) -> Place:
        return Place(self.at_ms, self.kind, self.key)


class Place(NamedTuple):
    """Where a page ended. Keys of one kind are all numbers or all texts, so places compare."""

    at_ms: int
    kind: str
    key: int | str


Strand = Callable[[Session, int, Place | None, int], list[Entry]]
"""(session, customer, place, count) → the newest `count` entries of one kind that lie before the place, newest first."""


def read_timeline(
    session: Session, customer_id: int, strands: Mapping[str, Strand], *, before: Place | None = None, limit: int = 50
) -> tuple[list[Entry], Place | None]:
    """One page of the chosen strands, and the place where the next begins (None at the end)."""
    found = [entry for strand in strands.values() for entry in strand(session, customer_id, before, limit + 1)]
    newest = sorted(found, key=lambda entry: entry.place, reverse=True)
    page = newest[:limit]
    return page, page[-1].place if len(newest) > limit else None


def taken_together(entries: Iterable[Entry]) -> list[Entry]:
    """Neighbours of kind `profile` with the same time as one entry: an import that set five attributes is one thing."""
    shown: list[Entry] = []
    for (kind, at_ms), group in groupby(entries, key=lambda entry: (entry.kind, entry.at_ms)):
        members = list(group)
        if kind != "profile" or len(members) == 1:
            shown += members
            continue
        told = [member.detail for member in reversed(members) if member.detail]
        detail = Text("；".join(text.zh for text in told), "; ".join(text.en for text in told))
        shown.append(Entry(at_ms, kind, members[0].key, members[0].title, detail))
    return shown


def newest_before(rows: ir.Table, kind: str, place: Place | None, count: int) -> ir.Table:
    """Rows with the columns at_ms and key, newest first, that lie before a place of any kind."""
    if place is not None:
        at, key = rows.at_ms, rows.key
        if kind == place.kind:
            rows = rows.filter((at < place.at_ms) | ((at == place.at_ms) & (key < place.key)))
        else:
            rows = rows.filter(at <= place.at_ms if kind < place.kind else at < place.at_ms)
    return rows.order_by([rows.at_ms.desc(), rows.key.desc()]).limit(count)
