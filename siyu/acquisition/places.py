"""Places 门店就近: where stores are, which live code stands for each, and which are nearest to somebody.

Where somebody is, is used to answer and never kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select

from siyu.acquisition import _code_tables, codes
from siyu.foundation.database import upsert
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text
from siyu.team import stores as team_stores
from siyu.team.stores import Store

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""
NEAREST = 3
_t = _code_tables.spot


@dataclass(frozen=True)
class Spot:
    """A store, where it is (degrees; None: not said), and the code that stands for it (None: none). `distance_km`: where it was asked for."""

    store: Store
    latitude: float | None
    longitude: float | None
    code_id: int | None
    hours: str
    distance_km: float | None = None


def listed(tx: Connection) -> list[Spot]:
    """Every store, by city and name."""
    rows = {row.store_id: row for row in tx.execute(select(_t))}
    found = []
    for store in sorted(team_stores.list_stores(tx), key=lambda one: (one.city or "", one.name)):
        row = rows.get(store.id)
        found.append(Spot(store, row.latitude, row.longitude, row.code_id, row.hours) if row else Spot(store, None, None, None, ""))
    return found


def put(tx: Connection, store_id: int, *, latitude: float | None, longitude: float | None, code_id: int | None, hours: str) -> Spot:
    """
    Raises
    ------
    InvalidError, NotFoundError
    """
    team_stores.find_store(tx, store_id)
    faults = []
    if (latitude is None) != (longitude is None) or not (-90 <= (latitude or 0) <= 90 and -180 <= (longitude or 0) <= 180):
        faults.append(Fault("latitude", Text("经纬度成对填写，纬度在前", "latitude and longitude, both or none")))
    if code_id is not None and codes.find(tx, code_id).status != "open":
        faults.append(Fault("code_id", Text("这个活码已停用", "this live code is closed")))
    if len(hours) > 80:
        faults.append(Fault("hours", Text("最多 80 个字", "at most 80 characters")))
    if faults:
        raise InvalidError(Text("门店位置有误", "the place is not valid"), faults=faults)
    upsert(tx, _t, [{"store_id": store_id, "latitude": latitude, "longitude": longitude, "code_id": code_id, "hours": hours.strip()}], ["store_id"])
    return next(one for one in listed(tx) if one.store.id == store_id)


def with_codes(spots: Sequence[Spot], open_codes: set[int]) -> list[Spot]:
    """Stores that a customer can be led to: those whose code is open."""
    return [one for one in spots if one.code_id in open_codes]


def nearest(spots: Sequence[Spot], latitude: float, longitude: float, most: int = NEAREST) -> list[Spot]:
    """The nearest of those whose place is known, with their distance (great circle, haversine)."""
    placed = [one for one in spots if one.latitude is not None and one.longitude is not None]
    if not placed:
        return []
    there = np.radians(np.array([(one.latitude, one.longitude) for one in placed], np.float64))
    here = np.radians(np.array([latitude, longitude], np.float64))
    half = np.sin((there - here) / 2) ** 2
    km = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half[:, 0] + np.cos(here[0]) * np.cos(there[:, 0]) * half[:, 1], 0, 1)))
    return [Spot(**{**vars(placed[at]), "distance_km": float(km[at])}) for at in np.argsort(km, kind="stable")[:most]]


def matching(spots: Sequence[Spot], words: str) -> list[Spot]:
    """Stores in whose name, city or address these words stand; all without words."""
    wanted = words.strip().casefold()
    texts = [" ".join(part or "" for part in (one.store.name, one.store.city, one.store.province, one.store.address)).casefold() for one in spots]
    return [one for one, text in zip(spots, texts, strict=True) if wanted in text]


def by_city(spots: Sequence[Spot]) -> dict[str, list[Spot]]:
    """City → its stores; '' for those of which none is said, last."""
    found: dict[str, list[Spot]] = {}
    for one in sorted(spots, key=lambda spot: (not spot.store.city, spot.store.city or "", spot.store.name)):
        found.setdefault(one.store.city or "", []).append(one)
    return found
