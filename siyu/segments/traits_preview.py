"""Preview of a trait 特征试算: how its values are spread and a few people with theirs, while it is being written."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.foundation.stores import Stores
from siyu.segments.facts import SEGMENTS_MEMBER, SEGMENTS_TRAIT_VALUE
from siyu.segments.preview import spread
from siyu.segments.recompute import moment_of
from siyu.segments.traits import Trait, Type, value_of
from siyu.segments.traits_distribution import Distribution, distributions
from siyu.segments.traits_values import values


@dataclass(frozen=True)
class TraitPreview:
    """`sample` are customers and their values, the same ones for the same definition and data; some with, some without one."""

    distribution: Distribution
    sample: dict[int, Any]
    elapsed_ms: int


def preview_trait(stores: Stores, trait: Trait, sample: int) -> TraitPreview:
    """Compute a trait on published facts, now, for everybody; nothing is kept."""
    began = time.perf_counter()
    moment = moment_of(stores, stores.now())
    asked = values(trait, stores.warehouse.tables, moment)
    with stores.warehouse.read() as session:
        asked.plan.run(session)
        rows = session.keep("_trait_found", asked.rows)
        told = distributions(session, rows, {1: trait.type}, moment)[1]
        chosen = session.query(spread(rows.select("customer_id")).limit(sample))["customer_id"].to_pylist()
        found = session.query(rows.filter(rows.customer_id.isin(chosen))).to_pylist() if chosen else []
        others = spread(CUSTOMERS_PROFILE.table.select("customer_id").anti_join(rows, "customer_id"))
        without = session.query(others.limit(sample // 2))["customer_id"].to_pylist()
    known = {row["customer_id"]: value_of(row, trait.type) for row in found}
    shown = {key: known[key] for key in chosen[: sample - len(without)]} | dict.fromkeys(without, trait.default)
    return TraitPreview(told, shown, round((time.perf_counter() - began) * 1000))


def distribution_in(stores: Stores, trait_id: int, kind: Type, segment_id: int) -> Distribution:
    """How a trait is spread among the members of a segment, as last computed."""
    member = SEGMENTS_MEMBER.table
    inside = member.filter((member.segment_id == segment_id) & member.entered)
    rows = SEGMENTS_TRAIT_VALUE.table
    with stores.warehouse.read() as session:
        mine = session.keep("_trait_inside", rows.filter(rows.trait_id == trait_id).semi_join(inside, "customer_id"))
        found = distributions(session, mine, {trait_id: kind}, moment_of(stores, stores.now()))[trait_id]
        return Distribution(**{**vars(found), "base_count": int(session.scalar(inside.count()))})
