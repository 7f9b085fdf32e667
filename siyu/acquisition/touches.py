"""Touches 触点: that somebody visited, was added or claimed something at a source, written down as sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.acquisition import sources
from siyu.events import log
from siyu.events.catalogue.acquisition import ACQUISITION_TOUCHED, VISITORS_KNOWN
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores

STEPS = ("visit", "add", "claim", "void")
_EMPTY: dict[str, Any] = {"identity_key": 0, "visitor_key": 0, "code_id": 0, "offer_id": 0, "account_id": 0, "staff": "", "region": ""}


def record(stores: Stores, tx: Connection, rows: pa.Table, *, dedup_key: str | None = None) -> int:
    """Append touches; returns how many. Grain in: one touch.

    Parameters
    ----------
    rows
        `event_key`, `at_ms`, `step`, `source_id`, and of `identity_key`, `visitor_key`, `code_id`, `offer_id`, `account_id`, `staff`, `region`
        those that are known. The same `event_key` again takes the place of what was told before.

    Raises
    ------
    ValueError
        On a step that there is not, or a touch of neither a person nor a visitor: a fault of the caller.
    """
    if not rows.num_rows:
        return 0
    columns = {name: _column(rows, name) for name in ACQUISITION_TOUCHED.schema.names if name != "source"}
    if not pc.all(pc.is_in(columns["step"], pa.array(STEPS))).as_py():
        raise ValueError("a touch is a visit, add, claim or void")
    nobody = pc.and_(pc.equal(columns["identity_key"], 0), pc.equal(columns["visitor_key"], 0))
    if pc.any(nobody).as_py():
        raise ValueError("a touch names a person or a visitor")
    columns["source"] = _names(tx, columns["source_id"])
    log.append(tx, ACQUISITION_TOUCHED, ACQUISITION_TOUCHED.table(dict(columns)), now=stores.now(), dedup_key=dedup_key)
    return int(rows.num_rows)


def known(stores: Stores, tx: Connection, visitor_keys: pa.Array, identity_keys: pa.Array) -> None:
    """Who these visitors are became known: what they did before counts for them from now on. One row a visitor; the last telling holds."""
    if not len(visitor_keys):
        return
    columns = {"visitor_key": visitor_keys, "identity_key": identity_keys, "at_ms": pa.array(np.full(len(visitor_keys), to_ms(stores.now())))}
    log.append(tx, VISITORS_KNOWN, VISITORS_KNOWN.table(dict(columns)), now=stores.now())


def _column(rows: pa.Table, name: str) -> pa.ChunkedArray:
    kind = ACQUISITION_TOUCHED.schema.field(name).type
    if name not in rows.column_names:
        return pa.chunked_array([pa.repeat(pa.scalar(_EMPTY[name], kind), rows.num_rows)])
    column = rows[name].cast(kind)
    return pc.fill_null(column, _EMPTY[name]) if name in _EMPTY else column


def _names(tx: Connection, source_ids: pa.ChunkedArray) -> pa.ChunkedArray:
    coded = source_ids.combine_chunks().dictionary_encode()
    ids = coded.dictionary.to_pylist()
    named = sources.names(tx, ids)
    return pa.chunked_array([pa.array([named.get(one, "") for one in ids], pa.string()).take(coded.indices)])
