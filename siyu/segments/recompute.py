"""Recompute 重算: who is in which segment now; joins and leaves become events, and members follow from the events.

A recompute reads published facts, compares verdicts with stored members in one pass, and appends the differences in one
ledger transaction together with sizes. Killed before it, nothing happened; killed after it, the events are published.
Segments used inside others are computed first, each once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, insert, update

from siyu.events import log
from siyu.events.catalogue.segments import SEGMENT_MEMBERS_CHANGED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import upsert
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session, Values
from siyu.foundation.warehouse.facts import Tables
from siyu.segments import _tables, rules
from siyu.segments.evaluate import verdicts
from siyu.segments.numbers import as_now
from siyu.segments.rules import InSegment, Rule
from siyu.segments.segments import Segment, list_segments
from siyu.segments.windows import Moment

TOGETHER = 60
"""Segments compared in one pass: their verdicts are bits of one 64-bit integer."""
BATCH_ROWS = 500_000


@dataclass(frozen=True)
class Change:
    """What one recompute found for one segment."""

    segment_id: int
    customer_count: int
    entered_count: int
    left_count: int


def recompute(
    stores: Stores,
    flow: Callable[[Stores], int],
    *,
    only: int | None = None,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> list[Change]:
    """Bring every segment (or only one, and those it uses) up to date for this instant.

    `flow` publishes what the log holds; it runs before each layer, so that members are compared with all that was
    appended, and after the last.
    """
    flow(stores)
    now = stores.now()
    with stores.ledger.read() as tx:
        segments, head = list_segments(tx), log.head(tx)
    good = valid(stores, segments, now)
    if only is not None:
        wanted = _with_used({segment.id: rule for segment, rule in good}, only)
        good = [(segment, rule) for segment, rule in good if segment.id in wanted]
    changes: list[Change] = []
    for layer in layers({segment.id: rule for segment, rule in good}):
        chosen = {segment.id: (segment, rule) for segment, rule in good if segment.id in layer}
        for group in _groups(list(chosen), TOGETHER):
            changes += _recompute_group(stores, {key: chosen[key] for key in group}, now)
            flow(stores)
            told(len(changes), len(good))
    if only is None:
        set_clock(stores, head, now)
    return changes


def set_clock(stores: Stores, position: int, now: datetime) -> None:
    """Remember up to which event and instant all members are right; the touched people are counted from there."""
    with stores.ledger.begin() as tx:
        upsert(tx, _tables.clock, [{"id": 1, "position": position, "at": now}], ["id"])


def _with_used(parsed: Mapping[int, Rule], key: int) -> set[int]:
    if key not in parsed:
        return set()
    used = {leaf.segment for leaf in rules.leaves(parsed[key]) if isinstance(leaf, InSegment)}
    return {key}.union(*(_with_used(parsed, other) for other in used))


def layers(parsed: Mapping[int, Rule]) -> list[list[int]]:
    """Segments in the order of computing: a segment comes after those that its rule uses."""
    return in_layers({key: {leaf.segment for leaf in rules.leaves(rule) if isinstance(leaf, InSegment)} for key, rule in parsed.items()})


def in_layers(uses: Mapping[int, set[int]]) -> list[list[int]]:
    """Keys in layers: each comes after those that it uses; whoever stands in a circle is left out."""
    order: list[list[int]] = []
    placed: set[int] = set()
    while len(placed) < len(uses):
        ready = sorted(key for key, used in uses.items() if key not in placed and used & uses.keys() <= placed)
        if not ready:
            break
        order.append(ready)
        placed |= set(ready)
    return order


@dataclass(frozen=True)
class Comparison:
    """Verdicts as bits (customer_id, now_bits), to be kept as `BITS`; and those who differ from the stored members."""

    ids: Sequence[int]
    bits: ir.Table
    changed: ir.Table

    def run(self, session: Session, values: Values | None = None) -> pa.Table:
        """Rows of segment_members_changed, without their time."""
        session.keep(BITS.get_name(), self.bits, values)
        return _as_rows(session.query(self.changed), self.ids)


BITS = ibis.table({"customer_id": "int64", "now_bits": "int64"}, name="_verdicts")


def differences(session: Session, chosen: Mapping[int, Rule], tables: Tables, moment: Moment) -> tuple[pa.Table, ir.Table]:
    """(rows of segment_members_changed without their time, everybody's verdicts as bits), in one comparison."""
    return comparison(chosen, tables, moment).run(session), BITS


def comparison(chosen: Mapping[int, Rule], tables: Tables, moment: Moment) -> Comparison:
    ids = list(chosen)
    result = verdicts({f"s{key}": chosen[key] for key in ids}, tables, moment)
    bits = reduce(lambda a, b: a + b, (result[f"s{key}"].cast("int64") * (1 << place) for place, key in enumerate(ids)))
    now = BITS
    member = tables["segments_member"]
    mine = member.filter(member.entered & member.segment_id.isin(ids))
    weights = ibis.cases(*((mine.segment_id == key, ibis.literal(1 << place, "int64")) for place, key in enumerate(ids)), else_=0)
    before = mine.group_by("customer_id").agg(was_bits=weights.sum().cast("int64"))
    both = now.filter(now.now_bits != 0).outer_join(before, "customer_id")
    compared = both.select(
        customer_id=both.customer_id.coalesce(both.customer_id_right),
        now_bits=both.now_bits.fill_null(0).cast("int64"),
        was_bits=both.was_bits.fill_null(0).cast("int64"),
    )
    changed = compared.filter(compared.now_bits != compared.was_bits).order_by("customer_id")
    return Comparison(ids, result.select("customer_id", now_bits=bits.cast("int64")), changed)


def sizes_now(session: Session, verdict_bits: ir.Table, ids: Sequence[int]) -> dict[int, int]:
    """Members by segment, from the bits that `differences` keeps."""
    bits = verdict_bits.now_bits
    counts = session.query(verdict_bits.agg(**{f"s{key}": _bit(bits, place).sum().cast("int64") for place, key in enumerate(ids)}))
    return {key: int(counts[f"s{key}"][0].as_py() or 0) for key in ids}


def moment_of(stores: Stores, now: datetime) -> Moment:
    return Moment(to_ms(now), stores.calendar)


def append_changes(tx: Connection, rows: pa.Table, now: datetime) -> None:
    for start in range(0, rows.num_rows, BATCH_ROWS):
        part = rows.slice(start, BATCH_ROWS)
        timed = part.append_column("at_ms", pa.array([to_ms(now)] * part.num_rows, pa.int64()))
        log.append(tx, SEGMENT_MEMBERS_CHANGED, timed, now=now)


def _recompute_group(stores: Stores, group: Mapping[int, tuple[Segment, Rule]], now: datetime) -> list[Change]:
    with stores.warehouse.read() as session:
        rules_of = {key: rule for key, (_, rule) in group.items()}
        rows, verdict_bits = differences(session, rules_of, stores.warehouse.tables, moment_of(stores, now))
        counts = sizes_now(session, verdict_bits, list(group))
    moved = tally(rows)
    changes = [Change(key, counts[key], moved.get((key, True), 0), moved.get((key, False), 0)) for key in group]
    with stores.ledger.begin() as tx:
        append_changes(tx, rows, now)
        for change in changes:
            store_size(tx, change, group[change.segment_id][0].rule_version, now)
    return changes


def store_size(tx: Connection, change: Change, version: int, now: datetime) -> None:
    counts = {"customer_count": change.customer_count, "entered_count": change.entered_count, "left_count": change.left_count}
    tx.execute(insert(_tables.size).values(segment_id=change.segment_id, at=now, **counts))
    mine = _tables.segment.c.id == change.segment_id
    tx.execute(update(_tables.segment).where(mine).values(computed_version=version, computed_at=now, customer_count=change.customer_count))


def valid(stores: Stores, segments: Sequence[Segment], now: datetime) -> list[tuple[Segment, Rule]]:
    """Segments whose rules are valid today. One that is not is held, with its faults, and keeps its members."""
    good: list[tuple[Segment, Rule]] = []
    for segment in segments:
        try:
            rule = rules.parse(segment.rule)
            with stores.ledger.read() as tx:
                good.append((segment, as_now(tx, rule)))
        except InvalidError as error:
            with stores.ledger.begin() as tx:
                mine = _tables.segment.c.id == segment.id
                tx.execute(update(_tables.segment).where(mine).values(problem=[(f.field, f.message) for f in error.faults], updated_at=now))
    return good


def _bit(bits: ir.IntegerValue, place: int) -> ir.IntegerValue:
    return (bits // (1 << place)) % 2


def _as_rows(changed: pa.Table, ids: Sequence[int]) -> pa.Table:
    now, was = changed["now_bits"], changed["was_bits"]
    parts = [pa.table({"segment_id": pa.array([], pa.int64()), "customer_id": pa.array([], pa.int64()), "entered": pa.array([], pa.bool_())})]
    for place, key in enumerate(ids):
        is_in = pc.not_equal(pc.bit_wise_and(now, 1 << place), 0)
        moved = changed.append_column("entered", is_in).filter(pc.not_equal(is_in, pc.not_equal(pc.bit_wise_and(was, 1 << place), 0)))
        segment = pa.array([key] * moved.num_rows, pa.int64())
        parts.append(pa.table({"segment_id": segment, "customer_id": moved["customer_id"], "entered": moved["entered"]}))
    return pa.concat_tables(parts)


def tally(rows: pa.Table) -> dict[tuple[int, bool], int]:
    """How many entered and left: (segment, entered) → people."""
    grouped = rows.group_by(["segment_id", "entered"]).aggregate([("customer_id", "count")])
    return {(row["segment_id"], row["entered"]): row["customer_id_count"] for row in grouped.to_pylist()}


def _groups(keys: Sequence[int], size: int) -> list[Sequence[int]]:
    return [keys[start : start + size] for start in range(0, len(keys), size)]
