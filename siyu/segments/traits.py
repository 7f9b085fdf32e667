"""Traits 特征: values computed from what is known of a person, defined once as data and answered for sets of people."""

from __future__ import annotations

from functools import reduce
from typing import Annotated, TypeAlias

import ibis
import ibis.expr.types as ir
import msgspec
from msgspec import Meta

from siyu.events.properties import normalise_path
from siyu.foundation.warehouse.facts import Tables
from siyu.segments.leaves import kept_activities
from siyu.segments.rules import Where
from siyu.segments.windows import Moment


class _Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


class AttributeTrait(_Definition, frozen=True, tag="attribute"):
    """The current value of an attribute."""

    path: str


class LastActivityTrait(_Definition, frozen=True, tag="last_activity"):
    """A property of the newest matching activity that has it; `*` means any activity."""

    name: str
    path: str
    where: list[Where] = []


class FirstKnownTrait(_Definition, frozen=True, tag="first_known"):
    """The first of several traits that has a value."""

    of: Annotated[list[Trait], Meta(min_length=1)]


Trait: TypeAlias = AttributeTrait | LastActivityTrait | FirstKnownTrait


def values(trait: Trait, tables: Tables, moment: Moment) -> ir.Table:
    """One row a customer who has a value: customer_id, text (objects and lists as JSON).

    A malformed path has no value for anybody (it fails closed); an empty text is no value.
    """
    match trait:
        case AttributeTrait(path=path):
            rows = tables["customers_attribute"]
            found = rows.filter((rows.path == (normalise_path(path) or "")) & (rows.text != ""))
            return found.select("customer_id", "text")
        case LastActivityTrait():
            return _last(trait, tables, moment)
        case FirstKnownTrait(of=parts):
            ranked = [values(part, tables, moment).mutate(rank=place) for place, part in enumerate(parts)]
            rows = reduce(lambda a, b: a.union(b), ranked)
            first = ibis.window(group_by="customer_id", order_by=rows["rank"])
            placed = rows.mutate(place=ibis.row_number().over(first))
            return placed.filter(placed.place == 0).select("customer_id", "text")


def _last(trait: LastActivityTrait, tables: Tables, moment: Moment) -> ir.Table:
    activities = kept_activities(trait.name, trait.where, tables, moment)
    properties = tables["customers_property"]
    wanted = properties.filter((properties.path == (normalise_path(trait.path) or "")) & (properties.text != ""))
    rows = activities.select("customer_id", "event_key", "at_ms").inner_join(wanted.select("event_key", "text"), "event_key")
    newest = ibis.window(group_by="customer_id", order_by=[rows.at_ms.desc(), rows.event_key.desc()])
    placed = rows.mutate(place=ibis.row_number().over(newest))
    return placed.filter(placed.place == 0).select("customer_id", "text")
