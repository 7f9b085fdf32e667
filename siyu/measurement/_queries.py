"""Counts of several overlapping spans of days at once, in a few scans, whatever the number of metrics and spans.

The days are cut at every edge of a span into at most 62 pieces, numbered from 0 (everything before the first edge), so
a set of pieces is one 64-bit integer: piece i is the bit 2^i. One scan of the orders makes one row a buyer with the set
of pieces that have an order; its lowest bit is the piece of the first one. Distinct people of any span are counted from
these rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.clock import Calendar, from_day_number
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.measurement.metrics import ACTIVE_DAYS, Counts
from siyu.measurement.periods import Span

NEVER = 2**62
_KEY_BITS = 56
BEGINNING = -(10**6)
"""A day before all others: a span from here is "up to"."""


@dataclass(frozen=True)
class Pieces:
    """The days up to the last day of the spans, cut at their edges."""

    spans: Sequence[Span]

    @cached_property
    def edges(self) -> list[int]:
        """First days of pieces 1, 2, …; the last is the day after the last piece."""
        starts = {span.from_on for span in self.spans if span.from_on > BEGINNING}
        edges = sorted(starts | {span.to_on + 1 for span in self.spans})
        if len(edges) > 62:
            raise ValueError(f"{len(edges)} pieces do not fit a 64-bit set")
        return edges

    @property
    def last_on(self) -> int:
        return self.edges[-1] - 1

    def bit(self, day: int) -> int:
        return 1 << sum(edge <= day for edge in self.edges)

    def mask(self, span: Span) -> int:
        """The set of the pieces inside a span."""
        starts = [BEGINNING, *self.edges]
        ends = enumerate(zip(starts, self.edges, strict=False))
        return sum(1 << i for i, (start, end) in ends if span.from_on <= start and end <= span.to_on + 1)

    def days(self) -> pa.Table:
        """One row a day: its piece, and the set of pieces on whose last day an order of this day is still active."""
        days = range(self.edges[0] - ACTIVE_DAYS, self.edges[-1])
        ends = [(1 << i, edge - 1) for i, edge in enumerate(self.edges)]
        active = [sum(bit for bit, end in ends if day <= end < day + ACTIVE_DAYS) for day in days]
        bits = [self.bit(day) for day in days]
        piece = [bit.bit_length() - 1 for bit in bits]
        return pa.table({"day": list(days), "piece": piece, "bit": bits, "active": active}, _DAYS)


@ibis.udf.agg.builtin(name="bit_or", signature=((dt.int64,), dt.int64))
def union_of(bits):  # type: ignore[no-untyped-def]
    """The union of sets: a built-in of DuckDB, Spark and ClickHouse, for which Ibis has no rule on Spark."""


_DAYS = pa.schema([("day", pa.int32()), ("piece", pa.int64()), ("bit", pa.int64()), ("active", pa.int64())])


@dataclass(frozen=True)
class Counted:
    """`counts` of every span, and the kept rows they come from: one row a buyer, with `customer_id` and `spent_fen`."""

    counts: list[Counts]
    buyers: ir.Table


def count(session: Session, tables: Tables, calendar: Calendar, spans: Sequence[Span]) -> Counted:
    """The counts of every span.

    Grain in: one row of `orders_order` is one valid order, of `orders_line` one line, of `customers_profile` one
    customer. Grain out: one `Counts` a span, in the order of `spans`. Orders after the last span do not exist.
    """
    pieces = Pieces(spans)
    days = session.keep("measured_days", pieces.days())
    sums = _sums(session, tables, days, pieces.last_on)
    buyers = session.keep("measured_buyers", _buyers(tables["orders_order"], days, pieces.last_on))
    pairs = session.query(buyers.group_by("first", "second").agg(n=buyers.count().cast("int64"))).to_pylist()
    distinct = session.query(_distinct(buyers, pieces)).to_pylist()[0]
    known = session.query(_known(tables["customers_profile"], buyers, pieces, calendar)).to_pylist()
    return Counted([_count(span, pieces, sums, pairs, distinct, known) for span in spans], buyers)


def _placed(rows: ir.Table, days: ir.Table, last_on: int) -> ir.Table:
    """The rows up to a day, each with its piece; a day before those listed is in piece 0 and active on no last day."""
    joined = rows.filter(rows.ordered_on <= last_on).left_join(days, rows.ordered_on == days.day)
    listed = joined.bit.fill_null(0)
    return joined.mutate(
        bit=(listed == 0).ifelse(1, listed).cast("int64"),
        piece=joined.piece.fill_null(0),
        active=joined.active.fill_null(0),
    )


def _sums(session: Session, tables: Tables, days: ir.Table, last_on: int) -> list[dict[str, int]]:
    """One row a piece and kind of row: orders and revenue, or refunds of named customers."""
    orders = _placed(tables["orders_order"], days, last_on)
    sold = orders.group_by("bit").agg(
        orders=orders.count().cast("int64"), revenue_fen=orders.amount_fen.sum().cast("int64")
    )
    lines = tables["orders_line"]
    back = _placed(lines.filter((lines.customer_id > 0) & (lines.refund_fen != 0)), days, last_on)
    refunds = back.group_by("bit").agg(refund_fen=back.refund_fen.sum().cast("int64"))
    rows: list[dict[str, int]] = [*session.query(sold).to_pylist(), *session.query(refunds).to_pylist()]
    return rows


def _buyers(orders: ir.Table, days: ir.Table, last_on: int) -> ir.Table:
    """One row a buyer: `seen` pieces with an order, those on whose last day `active`, pieces of the `first` and `second` order.

    Whether the first piece has one order or more is read from the smallest and the largest key in it, without counting
    orders a piece (which would need a row a buyer and piece). Of the 63-bit keys 56 bits take part: two orders of one
    buyer in one piece are taken for one with probability 2^-56.
    """
    placed = _placed(orders, days, last_on)
    key = placed.order_key & (2**_KEY_BITS - 1)
    at = placed.piece * 2**_KEY_BITS
    each = placed.group_by("customer_id").agg(
        seen=union_of(placed.bit),
        active=union_of(placed.active),
        low=(at + key).min(),
        high=(at + (2**_KEY_BITS - 1 - key)).min(),
        spent_fen=placed.amount_fen.sum().cast("int64"),
    )
    smallest, largest = each.low & (2**_KEY_BITS - 1), 2**_KEY_BITS - 1 - (each.high & (2**_KEY_BITS - 1))
    first = _lowest(each.seen)
    rest = each.seen - first
    later = (rest == 0).ifelse(NEVER, _lowest(rest))
    second = (smallest != largest).ifelse(first, later)
    return each.select("customer_id", "seen", "active", "spent_fen", first=first, second=second)


def _lowest(bits: ir.IntegerValue) -> ir.IntegerValue:
    return bits & (0 - bits)


def _distinct(buyers: ir.Table, pieces: Pieces) -> ir.Table:
    """One row: the distinct buyers `b<i>` of every span and `a<i>` who are active on its last day."""
    columns: dict[str, ir.Value] = {}
    for number, span in enumerate(pieces.spans):
        columns[f"b{number}"] = _having(buyers.seen, pieces.mask(span))
        columns[f"a{number}"] = _having(buyers.active, pieces.bit(span.to_on))
    return buyers.aggregate(**columns)


def _having(bits: ir.IntegerColumn, wanted: int) -> ir.IntegerScalar:
    return ((bits & wanted) != 0).ifelse(1, 0).sum().fill_null(0).cast("int64")


def _known(profiles: ir.Table, buyers: ir.Table, pieces: Pieces, calendar: Calendar) -> ir.Table:
    """One row a piece: how many customers were first known in it (registered, seen or with an order, what came first)."""
    since = ibis.least(profiles.registered_ms.coalesce(profiles.first_seen_ms), profiles.first_seen_ms)
    # Each edge that has gone by doubles the bit; 2^edges is what no span holds.
    edges = [calendar.midnight_ms(from_day_number(edge)) for edge in pieces.edges]
    steps = [(since >= edge).ifelse(1 << i, 0).cast("int64") for i, edge in enumerate(edges)]
    placed = profiles.select("customer_id", bit=reduce(lambda a, b: a + b, steps, ibis.literal(1, "int64")))
    joined = placed.left_join(buyers.select("customer_id", "first"), "customer_id")
    ordered = joined["first"].fill_null(0)
    bit = ibis.least(joined.bit, (ordered == 0).ifelse(NEVER, ordered))
    dated = joined.select(bit=bit)
    return dated.group_by("bit").agg(n=dated.count().cast("int64"))


def _count(
    span: Span,
    pieces: Pieces,
    sums: Sequence[dict[str, int]],
    pairs: Sequence[dict[str, int]],
    distinct: dict[str, Any],
    known: Sequence[dict[str, int]],
) -> Counts:
    mask, end, number = pieces.mask(span), pieces.bit(span.to_on), pieces.spans.index(span)
    inside = [row for row in sums if row["bit"] & mask]

    def total(name: str) -> int:
        return sum(row.get(name, 0) for row in inside)

    return Counts(
        orders=total("orders"),
        revenue_fen=total("revenue_fen"),
        refund_fen=total("refund_fen"),
        buyers=int(distinct[f"b{number}"]),
        new_buyers=sum(row["n"] for row in pairs if row["first"] & mask),
        buyers_ever=sum(row["n"] for row in pairs if row["first"] <= end),
        repeat_buyers_ever=sum(row["n"] for row in pairs if row["second"] <= end),
        active_buyers=int(distinct[f"a{number}"]),
        customers=sum(row["n"] for row in known if row["bit"] <= end),
    )
