"""Reports kept 旅程报告的保存: computed when the facts under them have moved, read from the ledger otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from siyu.foundation.brand import EPOCH_CURSOR
from siyu.foundation.database import upsert
from siyu.foundation.errors import NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.connect import CURSORS
from siyu.journeys import _kept_tables, _tables
from siyu.journeys.definition import Definition, read
from siyu.journeys.report import Look, Report, compute
from siyu.messaging import sends

SOURCES = ("journeys_run", "journeys_step", "messaging_decision", "messaging_message", "customers_activity", "orders_line", "carriers_relation", "customers_consent")
"""Facts that a report rests on."""
DEFINITIONS = 1
"""Raise it when the report's formula or shape changes: what was kept before is then not used."""
FOLLOWED = timedelta(days=400)
"""Versions published so long ago are no longer kept up to date by themselves."""
MOST_LOOKS = 400


@dataclass(frozen=True)
class Kept:
    """A report, when it was made, and whether anything was published since."""

    report: Report
    computed_at: datetime
    is_newest: bool


def report_of(stores: Stores, journey_id: int, version: int | None = None, *, fresh: bool = False) -> Kept:
    """What is kept of a version (by default the live one); computed if nothing is, or if `fresh` and facts have moved since.

    Raises
    ------
    NotFoundError
        No such journey or version, or none was published yet.
    """
    with stores.ledger.read() as tx:
        number, definition = _version(tx, journey_id, version)
        table = _kept_tables.report
        row = tx.execute(select(table).where(table.c.journey_id == journey_id, table.c.version == number)).one_or_none()
    key = _key(stores)
    same = row is not None and row.key.split("|")[:2] == key.split("|")[:2]
    if row is not None and same and (row.key == key or not fresh):
        return Kept(msgspec.convert(row.payload, Report), row.computed_at, row.key == key)
    before = msgspec.convert(row.payload, Report) if row is not None and same else None
    return _made(stores, journey_id, number, definition, key, before)


def refresh(stores: Stores) -> int:
    """Bring the reports of versions that people are on, or were lately, up to date; returns how many were made."""
    v, r, now = _tables.version, _kept_tables.report, stores.now()
    with stores.ledger.read() as tx:
        rows = tx.execute(
            select(v.c.journey_id, v.c.number, r.c.key)
            .outerjoin(r, (r.c.journey_id == v.c.journey_id) & (r.c.version == v.c.number))
            .where(v.c.published_at >= now - FOLLOWED)
        ).all()
    key = _key(stores)
    stale = [row for row in rows if row.key != key]
    for row in stale:
        report_of(stores, row.journey_id, row.number, fresh=True)
    return len(stale)


def sends_of(tx: Connection, journey_id: int, version: int) -> list[tuple[int, str]]:
    """(send, node) of all messages of a version."""
    prefix = f"journey:{journey_id}:{version}:"
    return [(send_id, ref.removeprefix(prefix).split(":")[0]) for send_id, ref in sends.by_ref(tx, prefix)]


def _version(tx: Connection, journey_id: int, version: int | None) -> tuple[int, Definition]:
    j, v = _tables.journey, _tables.version
    number = version or tx.scalar(select(j.c.version).where(j.c.id == journey_id))
    raw = tx.scalar(select(v.c.definition).where(v.c.journey_id == journey_id, v.c.number == number)) if number else None
    if number is None or raw is None:
        raise NotFoundError(
            Text(f"旅程 {journey_id} 没有已发布的版本 {version or ''}", f"journey {journey_id} has no published version {version or ''}"),
            way_out=Text("先发布，再看报告", "publish it first"),
        )
    return int(number), read(raw)


def _made(stores: Stores, journey_id: int, version: int, definition: Definition, key: str, before: Report | None) -> Kept:
    with stores.ledger.read() as tx:
        messages = sends_of(tx, journey_id, version)
    made, now = compute(stores, journey_id, version, definition, messages), stores.now()
    effect = made.lift.goal or made.lift.bought
    looks: Sequence[Look] = before.looks if before else []
    if effect is not None:
        today = stores.calendar.on(now)
        people = made.lift.treated.people + made.lift.held_out.people
        looks = [*(look for look in looks if stores.calendar.on(look.at) != today), Look(now, people, effect.difference, effect.low, effect.high)]
    made = replace(made, looks=[*looks][-MOST_LOOKS:])
    values: dict[str, Any] = {"journey_id": journey_id, "version": version, "key": key, "computed_at": now, "payload": msgspec.to_builtins(made)}
    with stores.ledger.begin() as tx:
        upsert(tx, _kept_tables.report, [values], ["journey_id", "version"])
    return Kept(made, now, True)


def _key(stores: Stores) -> str:
    """Names what a report is made from: definitions, the brand's data, how far each fact has come, and the day (windows end by time alone)."""
    cursors = CURSORS.table
    with stores.warehouse.read() as session:
        rows = session.query(cursors.filter(cursors.fact.isin([*SOURCES, EPOCH_CURSOR]))).to_pylist()
    at = {row["fact"]: int(row["position"]) for row in rows}
    positions = ".".join(str(at.get(name, 0)) for name in SOURCES)
    hour = int(stores.now().timestamp()) // 3600
    return f"{DEFINITIONS}|{at.get(EPOCH_CURSOR, 0)}|{positions}|{hour}"[:200]
