"""Zones 时区: where people live, of those who have told (attribute `timezone` or `time_zone`, an IANA name)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from siyu.customers.facts import CUSTOMERS_ATTRIBUTE
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.messaging.routing import WHO

PATHS = ("timezone", "time_zone")


def known(session: Session) -> pa.Table:
    """customer_id (ascending), zone: of those of `routing.WHO`."""
    table = CUSTOMERS_ATTRIBUTE.table
    said = table.filter(table.path.isin(PATHS) & table.text.notnull()).semi_join(WHO, "customer_id")
    return session.query(said.group_by("customer_id").agg(zone=said.text.argmax(said.set_ms * 2 + (said.path == PATHS[0]).cast("int64")))).sort_by("customer_id")


def of(stores: Stores, ids: Ints) -> pa.Array:
    """The zone of each of these people; null where it is not known."""
    with stores.warehouse.read() as session:
        session.keep(WHO.get_name(), pa.table({"customer_id": ids}))
        return looked_up(ids, known(session))


def looked_up(ids: Ints, zones: pa.Table) -> pa.Array:
    """The zone of each of `ids` from what `known` gives."""
    who = zones["customer_id"].to_numpy()
    if not len(who):
        return pa.nulls(len(ids), pa.string())
    place = np.minimum(np.searchsorted(who, ids), len(who) - 1)
    return zones["zone"].combine_chunks().take(pa.array(place, mask=who[place] != ids))
