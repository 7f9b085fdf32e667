"""Recording 记录: what people are and do, from outside, written down as events: identifiers, attributes, activities.

The door that imports, SDK endpoints and callbacks use. It takes sets: parallel columns, one row a message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from siyu.events.properties import Value, flatten
from siyu.foundation.ids import Ints, key64_rows
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


@dataclass(frozen=True)
class Mentions:
    """Who the rows are about where a row may name several of one namespace: parallel lists, one entry an identifier.

    `columns` gives for a namespace the numbers of the rows that name somebody, and the raw identifiers there.
    """

    columns: Mapping[str, tuple[Sequence[int], Sequence[str]]]


@dataclass(frozen=True)
class People:
    """`anchors` has for each row the key of its strongest identifier (0: none). `seen` are rows of `people_seen`.

    `unusable` are the rows that name a phone or an e-mail that cannot be one.
    """

    anchors: Ints
    seen: pa.Table
    unusable: Ints


def identify_mentions(secrets: Secrets, who: Mentions, at_ms: Ints) -> People:
    """Key everybody who is named. All identifiers of a row are one person; of equally strong ones the smallest key is the anchor."""
    anchors, parts, unusable = np.zeros(len(at_ms), np.int64), [], [np.zeros(0, np.int64)]
    for space in sorted(who.columns, key=lambda name: (rank(name), name)):
        rows, column = np.array(who.columns[space][0], np.int64), identify(secrets, space, pa.array(who.columns[space][1], pa.string()))
        keys = column.keys.to_numpy(zero_copy_only=False)
        unusable.append(rows[keys == 0])
        order = np.lexsort((keys, rows))
        order = order[keys[order] != 0]
        first, at = np.unique(rows[order], return_index=True)
        open_ = anchors[first] == 0
        anchors[first[open_]] = keys[order][at][open_]
        parts.append((column, rows))
    seen = [sighting(column, pa.array(anchors[rows]), pa.array(at_ms[rows])) for column, rows in parts]
    table = people_seen(secrets, distinct_sightings(pa.concat_tables(seen))) if seen else PEOPLE_SEEN.schema.empty_table()
    return People(anchors, table, np.unique(np.concatenate(unusable)))


def changed_attributes(keys: Sequence[int], anchors: Sequence[int], at_ms: Sequence[int], ops: Sequence[str], values: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows of `profile_recorded`: one entry an operation on some attributes of one person (`op` as in that event)."""
    laid_out = [(row, *value) for row, (op, one) in enumerate(zip(ops, values, strict=True)) for value in _laid_out(op, one)]
    row, path, text, number, time_ms = zip(*laid_out, strict=True) if laid_out else ((),) * 5
    rows = np.array(row, np.int64)
    columns = {
        "event_key": np.array(keys, np.int64)[rows], "identity_key": np.array(anchors, np.int64)[rows], "path": list(path), "text": list(text),
        "number": list(number), "time_ms": list(time_ms), "set_ms": np.array(at_ms, np.int64)[rows], "op": pa.array(ops, pa.string()).take(pa.array(rows)),
    }  # fmt: skip
    return PROFILE_RECORDED.table(columns)


def _laid_out(op: str, values: dict[str, Any]) -> list[Value]:
    """`set` and `once` give every value at its path, the other operations one row an attribute."""
    if op in ("set", "once"):
        return flatten(values)
    if op == "delete":
        return [Value("", "", None, None)]
    if op == "unset":
        return flatten(dict.fromkeys(values, ""))
    if op == "append":
        return [value for value in flatten({name: one if isinstance(one, list) else [one] for name, one in values.items()}) if value.text.startswith("[")]
    return flatten({name: float(one) if isinstance(one, str) else one for name, one in values.items()})


def _people(tx: Connection, secrets: Secrets, who: Senders, at_ms: pa.Array, now: datetime, dedup_key: str) -> pa.Array:
    columns = [identify(secrets, space, who.columns[space]) for space in sorted(who.columns, key=rank)]
    anchors = anchor(columns)
    seen = distinct_sightings(pa.concat_tables([sighting(column, anchors, at_ms) for column in columns]))
    log.append(tx, PEOPLE_SEEN, people_seen(secrets, seen), now=now, dedup_key=f"{dedup_key} people")
    return anchors
