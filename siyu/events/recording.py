"""Recording 记录: what people are and do, from outside, written down as events: identifiers, attributes, activities.

The door that imports, SDK endpoints and callbacks use. It takes sets: parallel columns, one row a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.events import log
from siyu.events.catalogue.customers import ACTIVITY_RECORDED, PROFILE_RECORDED
from siyu.events.catalogue.identity import PEOPLE_SEEN
from siyu.events.identifiers import anchor, distinct_sightings, identify, people_seen, rank, sighting
from siyu.events.properties import flatten
from siyu.foundation.ids import key64_rows
from siyu.foundation.secrets import Secrets


@dataclass(frozen=True)
class Senders:
    """Who the rows are about: for each namespace a column of raw identifiers (null where a row has none)."""

    columns: dict[str, pa.Array]


def record_profiles(
    tx: Connection, secrets: Secrets, who: Senders, *, ids: pa.Array, at_ms: pa.Array, traits: Sequence[dict[str, Any]], now: datetime, dedup_key: str
) -> None:
    """Append attributes that were set. `ids` name the messages: one that comes again is counted once.

    A row without traits still makes the person known.
    """
    anchors = _people(tx, secrets, who, at_ms, now, dedup_key)
    values = [(row, *value) for row, traits_of in enumerate(traits) for value in flatten(traits_of)]
    rows = np.array([value[0] for value in values], np.int64)
    columns = {
        "event_key": key64_rows(pa.array(["profile"] * len(ids), pa.string()), ids).astype(np.int64)[rows],
        "identity_key": anchors.take(pa.array(rows)),
        "path": [value[1] for value in values],
        "text": [value[2] for value in values],
        "number": [value[3] for value in values],
        "time_ms": [value[4] for value in values],
        "set_ms": at_ms.take(pa.array(rows)),
    }
    log.append(tx, PROFILE_RECORDED, PROFILE_RECORDED.table(columns), now=now, dedup_key=f"{dedup_key} profiles")


def record_activities(
    tx: Connection, secrets: Secrets, who: Senders, *, ids: pa.Array, at_ms: pa.Array, names: pa.Array, properties: pa.Array, now: datetime, dedup_key: str
) -> None:
    """Append activities; `properties` are JSON objects as text (null for none). Rows without any identifier are left out."""
    anchors = _people(tx, secrets, who, at_ms, now, dedup_key)
    rows = ACTIVITY_RECORDED.table(
        {
            "event_key": key64_rows(pa.array(["activity"] * len(ids), pa.string()), ids).astype(np.int64),
            "identity_key": anchors,
            "name": names,
            "at_ms": at_ms,
            "properties": properties,
        }
    )
    named = rows.filter(pc.not_equal(rows["identity_key"], 0))
    log.append(tx, ACTIVITY_RECORDED, named, now=now, dedup_key=f"{dedup_key} activities")


def _people(tx: Connection, secrets: Secrets, who: Senders, at_ms: pa.Array, now: datetime, dedup_key: str) -> pa.Array:
    columns = [identify(secrets, space, who.columns[space]) for space in sorted(who.columns, key=rank)]
    anchors = anchor(columns)
    seen = distinct_sightings(pa.concat_tables([sighting(column, anchors, at_ms) for column in columns]))
    log.append(tx, PEOPLE_SEEN, people_seen(secrets, seen), now=now, dedup_key=f"{dedup_key} people")
    return anchors
