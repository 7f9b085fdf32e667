"""Elsewhere 历史触达: what was sent before Siyu sent it, so that caps, trials of a policy and reports know the past.

Each send of then is a send that is over: its messages count in the windows of the caps from when they went out. Nothing of it is
ever sent from here. All is set work: a few statements for many sends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, insert

from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_CHANGED, MESSAGES_DECIDED
from siyu.foundation.clock import from_ms
from siyu.foundation.database import select_in
from siyu.messaging import _tables
from siyu.messaging.outbox import PURPOSES, SENT, STATUSES
from siyu.messaging.sends import SendSpec
from siyu.segments.audience import AudienceRule

PEOPLE = pa.schema(
    [
        ("ref", pa.string()), ("customer_id", pa.int64()), ("identity_key", pa.int64()), ("variant", pa.string()), ("told", pa.bool_()),
        ("at_ms", pa.int64()),
    ]
)  # fmt: skip
"""One row a person and send: `told` False is a control, who was kept back on purpose; `at_ms` when they were told or would have been."""
VALID = timedelta(hours=72)
ROWS = 100_000
"""Rows of one batch of events."""
NO_ACCOUNT = 0
"""The account that sent it is not one of ours."""
_ORDER = [("ref", "ascending"), ("customer_id", "ascending"), ("identity_key", "ascending")]


@dataclass(frozen=True)
class PastSend:
    """`content`: variant → (piece_id, version). `control_rate`: share that was kept back."""

    ref: str
    name: str
    purpose: str
    carrier: str
    at: datetime
    content: dict[str, tuple[int, int]]
    control_rate: float = 0.0


def write_sends(tx: Connection, sends: Sequence[PastSend], *, by: str, now: datetime) -> dict[str, int]:
    """Write down sends of the past; those that are there already stay as they are. Returns ref → number."""
    table = _tables.send
    refs = [send.ref for send in sends]
    known = {row[0] for row in select_in(tx, [table.c.ref], table.c.ref, refs)}
    rows = [
        {
            "ref": send.ref, "name": send.name[:80], "purpose": send.purpose, "exempt": False, "priority_fen": 0, "spec": msgspec.to_builtins(_spec(send)),
            "due_at": send.at, "until_at": send.at + VALID, "status": "over", "planned_at": send.at, "counts": {}, "created_at": now, "created_by": by[:80],
        }
        for send in sends
        if send.ref not in known
    ]  # fmt: skip
    if rows:
        tx.execute(insert(table), rows)
    return {row[0]: int(row[1]) for row in select_in(tx, [table.c.ref, table.c.id], table.c.ref, refs)}


def write_people(tx: Connection, sends: Sequence[PastSend], ids: dict[str, int], people: pa.Table, *, now: datetime, dedup_key: str) -> int:
    """Write down who was told by those sends, and who was kept back.

    Parameters
    ----------
    people
        Columns of `PEOPLE`; a person twice in one send by the same identifier counts once, the earliest.
    dedup_key
        Names this writing: done again, it does nothing.

    Returns
    -------
    int
        Messages written.
    """
    if not people.num_rows:
        return 0
    rows = _once(people)
    of = {send.ref: send for send in sends}
    refs = rows["ref"].combine_chunks().dictionary_encode()
    names = refs.dictionary.to_pylist()
    place = refs.indices

    def per_send(values: Iterable[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(list(values), kind).take(place)

    common: dict[str, Any] = {
        "send_id": per_send((ids[name] for name in names), pa.int64()), "customer_id": rows["customer_id"], "identity_key": rows["identity_key"],
        "carrier": per_send((of[name].carrier for name in names), pa.string()), "purpose": per_send((of[name].purpose for name in names), pa.string()),
        "at_ms": rows["at_ms"], "variant": rows["variant"], "told": rows["told"],
    }  # fmt: skip
    table = pa.table(common)
    if not _append_decided(tx, table, now, dedup_key):
        return 0
    told = table.filter(table["told"])
    _append_changed(tx, told, now, dedup_key)
    dispatches = _write_dispatches(tx, told, now)
    _insert(tx, told, dispatches)
    _count(tx, table)
    return int(told.num_rows)


def _spec(send: PastSend) -> SendSpec:
    split = {name: 1 / len(send.content) for name in send.content}
    return SendSpec(AudienceRule(), send.content, (send.carrier,), salt=send.ref, split=split, control_rate=send.control_rate, use_global_holdout=False)


def _once(people: pa.Table) -> pa.Table:
    """Each person once a send, by one identifier, at the earliest instant."""
    ordered = people.sort_by([*_ORDER, ("at_ms", "ascending")]).combine_chunks()
    same = np.ones(ordered.num_rows, np.bool_)
    for name in ("ref", "customer_id", "identity_key"):
        column = ordered[name].combine_chunks()
        codes = column.dictionary_encode().indices.to_numpy() if pa.types.is_string(column.type) else column.to_numpy()
        same[1:] &= codes[1:] == codes[:-1]
    same[:1] = False
    return ordered.filter(pa.array(~same))


def _append_decided(tx: Connection, table: pa.Table, now: datetime, dedup_key: str) -> bool:
    """False when that was written before."""
    size = table.num_rows
    told = table["told"].combine_chunks()
    decided = {
        **{name: table[name] for name in ("send_id", "customer_id", "purpose", "at_ms", "variant")},
        "verdict": pc.if_else(told, "allow", "refuse"),
        "reason": pc.if_else(told, pa.scalar(None, pa.string()), "holdout"),
        "carrier": pc.if_else(told, table["carrier"].combine_chunks(), pa.scalar(None, pa.string())),
        "identity_key": pc.if_else(told, table["identity_key"].combine_chunks(), pa.scalar(None, pa.int64())),
        "account_id": pc.if_else(told, pa.scalar(NO_ACCOUNT, pa.int64()), pa.scalar(None, pa.int64())),
        "route": pc.if_else(told, pa.scalar(0, pa.int16()), pa.scalar(None, pa.int16())),
        "staff": pa.array([""] * size),
        "decided_ms": table["at_ms"],
    }
    rows = pa.table(decided)
    for part, start in enumerate(range(0, size, ROWS)):
        if log.append(tx, MESSAGES_DECIDED, rows.slice(start, ROWS), now=now, dedup_key=f"{dedup_key} decided {part}") is None:
            return False
    return True


def _append_changed(tx: Connection, told: pa.Table, now: datetime, dedup_key: str) -> None:
    size = told.num_rows
    changed = {
        **{name: told[name] for name in ("send_id", "customer_id", "identity_key", "carrier", "purpose", "at_ms", "variant")},
        "route": pa.array(np.zeros(size, np.int16)), "account_id": pa.array(np.full(size, NO_ACCOUNT, np.int64)), "cost_fen": pa.array(np.zeros(size, np.int64)),
        "status": pa.array([STATUSES[SENT]] * size), "reason": pa.nulls(size, pa.string()),
    }  # fmt: skip
    rows = pa.table(changed)
    for part, start in enumerate(range(0, size, ROWS)):
        log.append(tx, MESSAGES_CHANGED, rows.slice(start, ROWS), now=now, dedup_key=f"{dedup_key} changed {part}")


def _write_dispatches(tx: Connection, told: pa.Table, now: datetime) -> dict[tuple[int, str], int]:
    """One that is over for each send and variant, since what became of messages is counted by dispatch."""
    grouped = told.group_by(["send_id", "variant", "carrier"]).aggregate([("customer_id", "count"), ("at_ms", "min")]).to_pylist()
    rows = [
        {
            "send_id": one["send_id"], "account_id": NO_ACCOUNT, "carrier": one["carrier"], "staff": "", "variant": one["variant"] or "", "due_at": from_ms(one["at_ms_min"]),
            "status": "sent", "fence": 0, "attempt_count": 1, "people_count": one["customer_id_count"], "people": b"",
            "counts": {STATUSES[SENT]: one["customer_id_count"]}, "created_at": now, "attempted_at": from_ms(one["at_ms_min"]), "settled_at": from_ms(one["at_ms_min"]),
        }
        for one in grouped
    ]  # fmt: skip
    table = _tables.dispatch
    if not rows:
        return {}
    numbers = tx.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows).scalars().all()
    return {(one["send_id"], one["variant"] or ""): number for one, number in zip(rows, numbers, strict=True)}


_COLUMNS = ("customer_id", "send_id", "route", "identity_key", "dispatch_id", "account_id", "purpose", "exempt", "priority_fen", "at_ms", "floating", "status")


def _insert(tx: Connection, told: pa.Table, dispatches: dict[tuple[int, str], int]) -> None:
    """To the driver as they are: SQLAlchemy would take longer over each row than the store does."""
    ordered = told.sort_by([("customer_id", "ascending"), ("send_id", "ascending"), ("identity_key", "ascending")])
    sends, variants = ordered["send_id"].to_pylist(), ordered["variant"].to_pylist()
    number = {name: place for place, name in enumerate(PURPOSES)}
    columns = (
        ordered["customer_id"].to_pylist(), sends, repeat(0), ordered["identity_key"].to_pylist(),
        [dispatches[send, variant or ""] for send, variant in zip(sends, variants, strict=True)], repeat(NO_ACCOUNT),
        [number[one] for one in ordered["purpose"].to_pylist()], repeat(False), repeat(0), ordered["at_ms"].to_pylist(), repeat(False), repeat(SENT),
    )  # fmt: skip
    values = list(zip(*columns, strict=False))
    names = ", ".join(_COLUMNS)
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(f"INSERT OR IGNORE INTO messaging_message ({names}) VALUES ({', '.join('?' * len(_COLUMNS))})", values)
        return
    driver = tx.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY messaging_message ({names}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def _count(tx: Connection, table: pa.Table) -> None:
    """What planning would have found, kept with each send."""
    send = _tables.send
    counts: dict[int, Counter[str]] = {}
    for one in table.group_by(["send_id", "told"]).aggregate([("customer_id", "count")]).to_pylist():
        counts.setdefault(one["send_id"], Counter())["allow" if one["told"] else "refuse"] += one["customer_id_count"]
    for send_id, found in counts.items():
        kept: dict[str, Any] = {"audience": found.total(), "planned": found.total(), "included": found.total(), "excluded": 0, **found, "reasons": {"holdout": found["refuse"]} if found["refuse"] else {}}
        tx.execute(send.update().where(send.c.id == send_id).values(counts=kept))

