"""Refreshing traits 特征更新: between recomputes, only the people whose value can have changed are computed again.

They are those with a new row, and those with a row at an edge of a window that moved. The same expressions run over
their rows alone. A count of days since something is another one for everybody at midnight: it is computed whole, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.ids import content_hash
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Tables
from siyu.segments import traits
from siyu.segments.facts import SEGMENTS_TRAIT_VALUE
from siyu.segments.leaves import TIME_COLUMNS, TRAIT_VALUES, inside
from siyu.segments.recompute import in_layers
from siyu.segments.rules import Rule
from siyu.segments.touched import ARRIVED, edges, keep_arrived, narrowing, told, touched, window_moves
from siyu.segments.traits import Trait, is_current, uses
from siyu.segments.traits_compute import replace_values, with_dependents
from siyu.segments.traits_store import Definition
from siyu.segments.traits_values import FACTS, Measured, measured, reads
from siyu.segments.windows import BEFORE, NOW, Moment, crossed

_TOUCHED = ibis.table({"customer_id": "int64"}, name="_trait_touched")


def traits_move(definitions: Iterable[Definition], before: Moment, after: Moment) -> bool:
    """Whether the passing of time alone can have changed anybody's value."""
    return any(
        window_moves(part.window, before, after)
        or (part.measure == "days_since_last" and before.today != after.today)
        or (part.among is not None and edges(part.among, before, after))
        for each in definitions
        for part in each.trait.parts
    )


def refresh_traits(
    stores: Stores, definitions: Sequence[Definition], arrived: tuple[pa.Array, pa.Array], moments: tuple[Moment, Moment], wanted: set[int]
) -> pa.Array:
    """Bring the values of these traits up to date after `arrived` (identity keys, customer ids) and the passing of time.

    Returns the customers whom segments must ask again because a trait of theirs can have changed, and those who arrived.
    Of a trait computed whole these are all who have it, if a segment wants it.
    """
    before, after = moments
    known = {each.id: each for each in definitions}
    aging = {key for key, each in known.items() if any(part.measure == "days_since_last" for part in each.trait.parts)}
    whole = with_dependents(known, aging) if before.today != after.today else []
    chosen = {key: each.trait for key, each in known.items() if key not in whole}
    form = _form(_Round.of(chosen, stores.warehouse.tables, before, after))
    values = {BEFORE: before.now_ms, NOW: after.now_ms}
    with stores.warehouse.engine.write() as session:
        keep_arrived(session, *arrived)
        session.keep(_TOUCHED.get_name(), form.touched, values)
        for name, rows in form.narrow.items():
            session.keep(_narrow_name(name), rows, values)
        ids = session.keep("_trait_ids", pa.table({"trait_id": pa.array([*chosen], pa.int64())}))
        session.delete(SEGMENTS_TRAIT_VALUE, session.keep("_trait_pairs", _TOUCHED.cross_join(ids)), ["trait_id", "customer_id"])
        for layer in form.layers:
            layer.plan.run(session, values)
            session.insert(SEGMENTS_TRAIT_VALUE, session.keep("_trait_fresh", layer.rows, values))
        if whole:
            replace_values(session, {key: known[key].trait for key in whole}, stores.warehouse.tables, after)
        asked = [session.query(_TOUCHED)["customer_id"]]
        if again := set(whole) & wanted:
            rows = SEGMENTS_TRAIT_VALUE.table
            asked.append(session.query(rows.filter(rows.trait_id.isin(sorted(again))).select("customer_id").distinct())["customer_id"])
    return pc.unique(pa.chunked_array([chunk for column in asked for chunk in column.chunks] or [arrived[1]]))


@dataclass(frozen=True)
class _Round:
    """What decides the form of a round's expressions; equal rounds share them."""

    keys: tuple[tuple[int, str], ...]
    days: tuple[date, date]
    first: int
    zone: str
    traits: Mapping[int, Trait] = field(compare=False)
    tables: Tables = field(compare=False)
    moments: tuple[Moment, Moment] = field(compare=False)

    @classmethod
    def of(cls, chosen: Mapping[int, Trait], tables: Tables, before: Moment, after: Moment) -> _Round:
        keys = tuple((key, content_hash([msgspec.json.encode(traits.dump(trait))])) for key, trait in chosen.items())
        first = (before.now_ms > after.now_ms) - (before.now_ms < after.now_ms)
        return cls(keys, (before.today, after.today), first, str(after.calendar.zone), chosen, tables, (before, after))


@dataclass(frozen=True)
class _Form:
    touched: ir.Table
    narrow: dict[str, ir.Table]
    layers: list[Measured]


@lru_cache(8)
def _form(asked: _Round) -> _Form:
    before, after = asked.moments[0].as_parameter(BEFORE), asked.moments[1].as_parameter(NOW)
    limits = [part.among for trait in asked.traits.values() for part in trait.parts if part.among is not None]
    narrow = narrowing(asked.tables, _TOUCHED, limits, after) if limits else {}
    narrow |= {name: asked.tables[name].semi_join(_TOUCHED, "customer_id") for name in reads(asked.traits.values())}
    # Traits that limit others are written in this same round: their values are read as they are then.
    narrow.pop(TRAIT_VALUES, None)
    small = {name: ibis.table(narrow[name].schema(), name=_narrow_name(name)) if name in narrow else table for name, table in asked.tables.items()}
    order = in_layers({key: uses(trait) for key, trait in asked.traits.items()})
    layers = [measured({key: asked.traits[key] for key in layer}, small, after, f"_trait{place}") for place, layer in enumerate(order)]
    return _Form(_touched(asked.traits.values(), limits, asked.tables, before, after), narrow, layers)


def _touched(chosen: Iterable[Trait], limits: Sequence[Rule], tables: Tables, before: Moment, after: Moment) -> ir.Table:
    """customer_id of everybody whose value can differ between the two moments, and of `ARRIVED`."""
    found = {"arrived": touched(limits, tables, before, after) if limits else ARRIVED}
    for part in (part for trait in chosen for part in trait.parts if not is_current(part)):
        sources = [(FACTS[part.of], part.window), *([(FACTS[part.since.of], None)] if part.since is not None else [])]
        for source, window in sources:
            rows = tables[source]
            for edge in crossed(window, before, after):
                at_edge = rows.filter(inside(rows[TIME_COLUMNS[source]], edge) & (rows.customer_id > 0))
                found[f"{source} {told(edge.from_ms)} {told(edge.to_ms)}"] = at_edge.select("customer_id")
    return ibis.union(*found.values(), distinct=True) if len(found) > 1 else ARRIVED.distinct()


def _narrow_name(fact: str) -> str:
    return f"_narrow_trait_{fact}"
