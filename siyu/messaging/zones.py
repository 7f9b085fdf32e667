"""Zones 时区: where people live, of those who have told: attribute `timezone` or `time_zone` (an IANA name), else `latitude` and `longitude`.

Which zone a place lies in says a table of the world's zones that comes with tzfpy (a small library, nothing is asked of the network);
near a border it may be the neighbour's.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tzfpy

from siyu.customers.facts import CUSTOMERS_ATTRIBUTE
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.messaging.routing import WHO

PATHS = ("timezone", "time_zone")
PLACE = ("latitude", "longitude")
_FINE = 2
"""Decimals of a degree: about a kilometre."""


def known(session: Session) -> pa.Table:
    """customer_id (ascending), zone: of those of `routing.WHO`."""
    table = CUSTOMERS_ATTRIBUTE.table
    said = table.filter(table.path.isin((*PATHS, *PLACE)) & table.text.notnull()).semi_join(WHO, "customer_id")
    newest = said.set_ms * 2 + (said.path == PATHS[0]).cast("int64")
    place = {name: said.number.max(where=said.path == name) for name in PLACE}
    found = session.query(said.group_by("customer_id").agg(zone=said.text.argmax(newest, where=said.path.isin(PATHS)), **place)).sort_by("customer_id")
    zone = _by_place(found)
    rows = found.select(["customer_id"]).append_column("zone", zone)
    return rows.filter(pc.is_valid(zone))


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


@lru_cache(65_536)
def at(latitude: float, longitude: float) -> str | None:
    """The IANA name of the zone of a place, degrees north and east; None where there is no such place."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return tzfpy.get_tz(longitude, latitude) or None


def _by_place(rows: pa.Table) -> pa.Array:
    """The zone that was told, else that of the place; each place is looked up once."""
    told = rows["zone"].combine_chunks().cast(pa.string())
    north, east = (np.round(rows[name].combine_chunks().to_numpy(zero_copy_only=False).astype(np.float64), _FINE) for name in PLACE)
    open_ = np.flatnonzero(told.is_null().to_numpy(zero_copy_only=False) & np.isfinite(north) & np.isfinite(east))
    if not len(open_):
        return told
    places, which = np.unique(np.stack([north[open_], east[open_]]), axis=1, return_inverse=True)
    names = pa.array([at(float(latitude), float(longitude)) for latitude, longitude in places.T], pa.string())
    found = np.full(rows.num_rows, -1, np.int64)
    found[open_] = which.reshape(-1)
    return pc.coalesce(told, names.take(pa.array(found, mask=found < 0)))
