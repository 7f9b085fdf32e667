"""Dates of people 客户日期: birthday, registration, first and last order, last activity, traits and attributes that are dates.

A birthday and what was said as a mere date is a day (the same day wherever the person lives); the others are instants.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_ATTRIBUTE, CUSTOMERS_PROFILE
from siyu.events.properties import normalise_path
from siyu.foundation.clock import DAY_MS
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.journeys.local import UNKNOWN
from siyu.orders.facts import ORDERS_BUYER
from siyu.segments.activity import own
from siyu.segments.facts import SEGMENTS_TRAIT_VALUE
from siyu.segments.rules import trait_of

FIELD = r"^(birthday|registered|first_order|last_order|last_active|trait:\d{1,9}|custom:.{1,120})$"
ATTRIBUTE = "custom:"
_ASKED = ibis.table({"customer_id": "int64"}, name="_dates_asked")


@dataclass(frozen=True)
class Dates:
    """`at_ms`: of each person, `UNKNOWN` where it is not known; of a day its midnight in UTC. `is_day`: whether the field is one of days."""

    at_ms: Ints
    is_day: bool


def of(stores: Stores, field: str, customer_ids: Ints) -> Dates:
    """The date of each of these people (in any order, also several times)."""
    found = _rows(field)
    with stores.warehouse.read() as session:
        session.keep(_ASKED.get_name(), pa.table({"customer_id": pa.array(np.unique(customer_ids), pa.int64())}))
        rows = session.query(found.filter(found.at_ms.notnull()).semi_join(_ASKED, "customer_id").order_by("customer_id"))
    who, at = rows["customer_id"].to_numpy(), rows["at_ms"].to_numpy()
    result = np.full(len(customer_ids), UNKNOWN, np.int64)
    if len(who):
        place = np.minimum(np.searchsorted(who, customer_ids), len(who) - 1)
        known = who[place] == customer_ids
        result[known] = at[place[known]]
    midnights = bool(len(at)) and not (at % DAY_MS).any()
    return Dates(result, field == "birthday" or (midnights and field.startswith(("trait:", ATTRIBUTE))))


def _rows(field: str) -> ir.Table:
    """customer_id, at_ms: one row a person."""
    if field in ("first_order", "last_order"):
        buyer = ORDERS_BUYER.table
        return buyer.select("customer_id", at_ms=buyer.first_ms if field == "first_order" else buyer.last_ms)
    if field == "last_active":
        done = CUSTOMERS_ACTIVITY.table
        return done.filter(own(done)).group_by("customer_id").agg(at_ms=lambda rows: rows.at_ms.max())
    if number := trait_of(field):
        value = SEGMENTS_TRAIT_VALUE.table
        return value.filter(value.trait_id == number).select("customer_id", at_ms="time_ms")
    if field.startswith(ATTRIBUTE):
        attribute = CUSTOMERS_ATTRIBUTE.table
        mine = attribute.filter(attribute.path == (normalise_path(field.removeprefix(ATTRIBUTE)) or ""))
        seconds = mine.number.abs() <= 1e11
        counted = seconds.ifelse(mine.number * 1000, mine.number)
        usable = (mine.number.abs() < 1e15).ifelse(counted.cast("int64"), ibis.null("int64"))
        return mine.select("customer_id", at_ms=mine.time_ms.coalesce(usable))
    profile = CUSTOMERS_PROFILE.table
    return profile.select("customer_id", at_ms=profile.birthday_ms if field == "birthday" else profile.registered_ms)
