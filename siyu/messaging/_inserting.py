"""Inserting: planned messages and the dispatches that carry them, as sets, in the planner's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, bindparam, insert, select, update

from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.ids import Ints
from siyu.messaging import _tables
from siyu.messaging.outbox import (
    DISPATCH_PEOPLE,
    DISPATCH_PEOPLE_ELSE,
    PEOPLE,
    PLANNED,
    PURPOSES,
    STATUSES,
    packed,
    unpacked,
)
from siyu.messaging.sends import Send

BUCKET_MS = 600_000
"""People whose turn comes within the same ten minutes are told together, when the last of them may be."""
_table = _tables.dispatch
_COLUMNS = ("customer_id", "send_id", "route", "identity_key", "dispatch_id", "account_id", "purpose", "exempt", "priority_fen", "at_ms", "floating", "status")
_Group = tuple[int, str, str, str, int]
"""Account, carrier, staff, variant, and the ten minutes (-1: due at once)."""


@dataclass
class _Open:
    """A dispatch with room left, or one to come (`id` None)."""

    id: int | None
    group: _Group
    due_ms: int
    people: list[pa.Table]
    size: int


def write(tx: Connection, send: Send, rows: pa.Table, *, due_ms: int, now_ms: int, forms: Mapping[tuple[str, str], str] | None = None) -> int:
    """Write planned messages, and put their people into dispatches that have room, or into new ones.

    Parameters
    ----------
    rows
        One row a message, in the order of its key: customer_id, route, identity_key, account_id, at_ms, floating; and as
        dictionaries carrier, staff, variant. None of them may be there yet.
    due_ms
        Whoever may be told by then is told at once.
    forms
        (carrier, variant) → what that is to the carrier (`windows.forms`).

    Returns
    -------
    int
        How many dispatches are new.
    """
    codes, groups = _grouped(rows, due_ms)
    order = np.argsort(codes, kind="stable")
    ordered = rows.select([*PEOPLE.names, "at_ms"]).take(pa.array(order)).combine_chunks()
    at_ms = ordered["at_ms"].to_numpy()
    starts = np.searchsorted(codes[order], np.arange(len(groups) + 1))
    open_ = _with_room(tx, send)
    pieces: list[tuple[_Open, int, int]] = []
    for number, group in enumerate(groups):
        place, end = int(starts[number]), int(starts[number + 1])
        most = DISPATCH_PEOPLE.get(group[1], DISPATCH_PEOPLE_ELSE)
        while place < end:
            one = open_.get(group)
            if one is None or one.size >= most:
                one = open_[group] = _Open(None, group, 0, [], 0)
            taken = min(end - place, most - one.size)
            one.people.append(ordered.slice(place, taken))
            one.size += taken
            one.due_ms = max(one.due_ms, int(at_ms[place : place + taken].max()) if group[4] >= 0 else to_ms(send.due_at))
            pieces.append((one, place, taken))
            place += taken
    touched = list({id(one): one for one, _, _ in pieces}.values())
    new_count = _store(tx, send, touched, now_ms, forms or {})
    dispatch_ids = np.empty(rows.num_rows, np.int64)
    for one, place, taken in pieces:
        assert one.id is not None
        dispatch_ids[order[place : place + taken]] = one.id
    _insert(tx, send, rows, dispatch_ids)
    return new_count


def _grouped(rows: pa.Table, due_ms: int) -> tuple[Ints, list[_Group]]:
    """A number for each row, and the group that each number stands for."""
    at_ms = rows["at_ms"].to_numpy()
    bucket = np.where(at_ms > due_ms, at_ms // BUCKET_MS, -1)
    parts: list[tuple[Ints, list[Any]]] = []
    for name in ("account_id", "carrier", "staff", "variant"):
        column = rows[name].combine_chunks()
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        parts.append((encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()))
    buckets, of_bucket = np.unique(bucket, return_inverse=True)
    parts.append((of_bucket.astype(np.int64), buckets.tolist()))
    mixed = np.zeros(rows.num_rows, np.int64)
    for indices, values in parts:
        mixed = mixed * max(len(values), 1) + indices
    _, first, codes = np.unique(mixed, return_index=True, return_inverse=True)
    groups: list[_Group] = [tuple(values[indices[row]] for indices, values in parts) for row in first.tolist()]
    return codes.astype(np.int64), groups


def _with_room(tx: Connection, send: Send) -> dict[_Group, _Open]:
    """Dispatches of the send that are not full, by group; while a send is planned nobody claims them."""
    columns = [_table.c[name] for name in ("id", "account_id", "carrier", "staff", "variant", "due_at", "people_count", "people")]
    found: dict[_Group, _Open] = {}
    room = _table.c.people_count < DISPATCH_PEOPLE_ELSE
    for carrier, most in DISPATCH_PEOPLE.items():
        room |= (_table.c.carrier == carrier) & (_table.c.people_count < most)
    for row in tx.execute(select(*columns).where(_table.c.send_id == send.id, _table.c.status == "planned", room)):
        due_ms = to_ms(row.due_at)
        bucket = due_ms // BUCKET_MS if row.due_at > send.due_at else -1
        group = (row.account_id, row.carrier, row.staff, row.variant, bucket)
        found[group] = _Open(row.id, group, due_ms, [unpacked(row.people)], row.people_count)
    return found


def _store(tx: Connection, send: Send, dispatches: list[_Open], now_ms: int, forms: Mapping[tuple[str, str], str]) -> int:
    """New dispatches, which get their ids, and those that have grown."""
    held = [one for one in dispatches if one.id is not None]
    new = [one for one in dispatches if one.id is None]
    if held:
        grown = [{"_id": one.id, **_carried(one)} for one in held]
        tx.execute(update(_table).where(_table.c.id == bindparam("_id")), grown)
    if new:
        same = {"send_id": send.id, "status": "planned", "fence": 0, "attempt_count": 0, "created_at": from_ms(now_ms)}
        rows = [
            {**same, "account_id": one.group[0], "carrier": one.group[1], "staff": one.group[2], "variant": one.group[3], "form": forms.get((one.group[1], one.group[3])), **_carried(one)}
            for one in new
        ]  # fmt: skip
        ids = tx.execute(insert(_table).returning(_table.c.id, sort_by_parameter_order=True), rows).scalars().all()
        for one, number in zip(new, ids, strict=True):
            one.id = number
    return len(new)


def _carried(one: _Open) -> dict[str, Any]:
    people = pa.concat_tables([part.select(PEOPLE.names) for part in one.people])
    return {"due_at": from_ms(one.due_ms), "people": packed(people), "people_count": one.size, "counts": {STATUSES[PLANNED]: one.size}}


def _insert(tx: Connection, send: Send, rows: pa.Table, dispatch_ids: Ints) -> None:
    """To the driver as they are: SQLAlchemy would take longer over each row than the store does."""
    own = {
        "send_id": repeat(send.id), "dispatch_id": dispatch_ids.tolist(), "purpose": repeat(PURPOSES.index(send.purpose)),
        "exempt": repeat(send.exempt), "priority_fen": repeat(send.priority_fen), "status": repeat(PLANNED),
    }  # fmt: skip
    values = zip(*(own[name] if name in own else rows[name].to_pylist() for name in _COLUMNS), strict=False)
    names = ", ".join(_COLUMNS)
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(f"INSERT INTO messaging_message ({names}) VALUES ({', '.join('?' * len(_COLUMNS))})", list(values))
        return
    driver = tx.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY messaging_message ({names}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)
