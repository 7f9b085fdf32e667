"""Standing 现状: what facts say now of some people: who is in a segment, for whom a rule holds."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.journeys.people import Flags
from siyu.segments import rules
from siyu.segments.evaluate import members
from siyu.segments.facts import SEGMENTS_MEMBER
from siyu.segments.recompute import moment_of
from siyu.segments.touched import narrowed

_ASKED = ibis.table({"customer_id": "int64"}, name="_standing_asked")


def among(stores: Stores, segment_id: int, customer_ids: Ints) -> Flags:
    """Which of these people are members of a segment, as it was last computed or refreshed."""
    member = SEGMENTS_MEMBER.table
    with stores.warehouse.read() as session:
        session.keep(_ASKED.get_name(), pa.table({"customer_id": pa.array(np.unique(customer_ids), pa.int64())}))
        found = session.query(member.filter(member.entered & (member.segment_id == segment_id)).semi_join(_ASKED, "customer_id").select("customer_id"))
    return np.isin(customer_ids, found["customer_id"].to_numpy())


def all_members(stores: Stores, segment_id: int) -> Ints:
    """Everybody in a segment, ascending."""
    return memberships(stores, segment_id)[0]


def memberships(stores: Stores, segment_id: int) -> tuple[Ints, Ints]:
    """Everybody in a segment, ascending, and when each came in."""
    member = SEGMENTS_MEMBER.table
    with stores.warehouse.read() as session:
        found = session.query(member.filter(member.entered & (member.segment_id == segment_id)).select("customer_id", "at_ms").order_by("customer_id"))
    return found["customer_id"].to_numpy(), found["at_ms"].to_numpy()


def holding(stores: Stores, rule: dict[str, Any], customer_ids: Ints) -> Flags:
    """For which of these people a rule of segments holds now: the segments' own evaluator over these people's rows."""
    parsed, moment = rules.parse(rule), moment_of(stores, stores.now())
    with stores.warehouse.read() as session:
        session.keep(_ASKED.get_name(), pa.table({"customer_id": pa.array(np.unique(customer_ids), pa.int64())}))
        tables = narrowed(session, stores.warehouse.tables, _ASKED, [parsed], moment)
        found = session.query(members(parsed, tables, moment).semi_join(_ASKED, "customer_id"))
    return np.isin(customer_ids, found["customer_id"].to_numpy())
