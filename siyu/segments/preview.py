"""Preview 试算: how many a rule has while it is being written, a few of them, and how it overlaps with other segments."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir

from siyu.foundation.stores import Stores
from siyu.segments.evaluate import members
from siyu.segments.recompute import moment_of
from siyu.segments.rules import Rule


@dataclass(frozen=True)
class Preview:
    """`base_count` is everybody known; `sample` are ids, the same ones for the same rule and data."""

    count: int
    base_count: int
    sample: list[int]
    elapsed_ms: int


@dataclass(frozen=True)
class Overlap:
    segment_id: int
    count: int
    both_count: int


def preview(stores: Stores, rule: Rule, sample: int) -> Preview:
    """Count a rule on published facts, now."""
    began = time.perf_counter()
    tables = stores.warehouse.tables
    with stores.warehouse.read() as session:
        found = session.keep("_found", members(rule, tables, moment_of(stores, stores.now())))
        count = int(session.scalar(found.count()))
        base = int(session.scalar(tables["customers_profile"].count()))
        chosen = session.query(spread(found).limit(sample))
    return Preview(count, base, chosen["customer_id"].to_pylist(), round((time.perf_counter() - began) * 1000))


def spread(people: ir.Table) -> ir.Table:
    """Customers in an order that is the same each time, yet not that of their age: by a multiplicative hash of the number."""
    placed = people.mutate(place=(people.customer_id * 2654435761) % 4294967296)
    return placed.order_by(["place", "customer_id"]).select("customer_id")


def count_members(stores: Stores, rule: Rule) -> int:
    with stores.warehouse.read() as session:
        return int(session.scalar(members(rule, stores.warehouse.tables, moment_of(stores, stores.now())).count()))


def overlaps(stores: Stores, rule: Rule, others: Sequence[int]) -> tuple[int, list[Overlap]]:
    """(members of the rule, for each other segment its stored members and how many are in both)."""
    tables = stores.warehouse.tables
    member = tables["segments_member"]
    theirs = member.filter(member.entered & member.segment_id.isin(list(others)))
    with stores.warehouse.read() as session:
        mine = session.keep("_mine", members(rule, tables, moment_of(stores, stores.now())))
        sizes = session.query(theirs.group_by("segment_id").agg(n=theirs.count())).to_pylist()
        shared = theirs.semi_join(mine, "customer_id")
        both = session.query(shared.group_by("segment_id").agg(n=shared.count())).to_pylist()
        count = int(session.scalar(mine.count()))
    size = {row["segment_id"]: row["n"] for row in sizes}
    common = {row["segment_id"]: row["n"] for row in both}
    return count, [Overlap(key, size.get(key, 0), common.get(key, 0)) for key in others]
