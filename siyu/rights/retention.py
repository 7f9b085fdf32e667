"""Retention 保存期限: what is kept for so many days and no longer; counted first, then removed every night, and written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Table, delete, func, insert, select

from siyu import river
from siyu.events import log
from siyu.events.catalogue.customers import ACTIVITY_RECORDED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata, upsert
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.jobs import Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.forget import count_before, forget_before
from siyu.rights._tables import retention as rules
from siyu.rights._tables import retention_run as runs
from siyu.team.audit import Actor, record

BATCHES = 40
LONGEST_DAYS = 36_500


@dataclass(frozen=True)
class Subject:
    """Rows of a ledger table that have settled, by the time in a column; or activities, which are in the log and the warehouse.

    `least_days` is what the product itself needs. `default_days` None: kept for ever until somebody says otherwise.
    """

    name: str
    label: Text
    default_days: int | None
    least_days: int
    table: str = ""
    time: str = ""


SUBJECTS: dict[str, Subject] = {
    one.name: one
    for one in (
        Subject("callbacks", Text("载体回调原文", "Bodies of callbacks"), 90, 7, "carriers_inbox", "done_at"),
        Subject("deliveries", Text("推送给其他系统的原文", "Bodies told to other systems"), 90, 7, "carriers_delivery", "settled_at"),
        Subject("rejects", Text("导入时退回的行", "Rows that imports refused"), 180, 7, "orders_import", "ended_at"),
        Subject("activities", Text("行为", "Activities"), None, 90),
        Subject("looks", Text("查看记录", "Who looked at whose data"), 1095, 180, "team_look", "at"),
    )
}


@dataclass(frozen=True)
class Rule:
    subject: Subject
    days: int | None
    updated_at: datetime | None
    updated_by: str | None


@dataclass(frozen=True)
class Run:
    at: datetime
    by: str
    counts: dict[str, int]


def list_rules(tx: Connection) -> list[Rule]:
    """Every subject that there is in this installation, with its rule."""
    own = {row.subject: row for row in tx.execute(select(rules))}
    return [
        Rule(one, own[one.name].days, own[one.name].updated_at, own[one.name].updated_by) if one.name in own else Rule(one, one.default_days, None, None)
        for one in SUBJECTS.values()
        if not one.table or _timed(one) is not None
    ]


def set_rule(stores: Stores, tx: Connection, subject: str, days: int | None, actor: Actor) -> None:
    """
    Raises
    ------
    InvalidError
    """
    known = SUBJECTS.get(subject)
    if known is None:
        raise InvalidError(Text("没有这一项", "there is no such subject"), faults=[Fault("subject", Text(f"可用：{'、'.join(SUBJECTS)}", f"use {', '.join(SUBJECTS)}"))])
    if days is not None and not known.least_days <= days <= LONGEST_DAYS:
        fault = Text(f"在 {known.least_days} 到 {LONGEST_DAYS} 天之间，或不限", f"between {known.least_days} and {LONGEST_DAYS} days, or none")
        raise InvalidError(Text("保存天数有误", "the days are not valid"), faults=[Fault("days", fault)])
    upsert(tx, rules, [{"subject": subject, "days": days, "updated_at": stores.now(), "updated_by": actor.name[:80]}], ["subject"])
    record(tx, actor, "retention.set", f"retention:{subject}", {"days": days}, stores.now())


def last_runs(tx: Connection, limit: int = 20) -> list[Run]:
    return [Run(row.at, row.by, row.counts) for row in tx.execute(select(runs).order_by(runs.c.id.desc()).limit(limit))]


def count_old(stores: Stores) -> dict[str, int]:
    """What the rules would remove now; nothing is changed."""
    with stores.ledger.read() as tx:
        due = {rule.subject.name: (rule.subject, _before(stores, rule)) for rule in list_rules(tx) if rule.days is not None}
        counts = {name: int(tx.scalar(select(func.count()).select_from(_table(one)).where(_old(one, before))) or 0) for name, (one, before) in due.items() if one.table}
    if "activities" in due:
        counts["activities"] = count_before(stores.warehouse, "customers_activity", to_ms(due["activities"][1]))
    return counts


def run(running: Running) -> dict[str, int]:
    """Remove what is older than its rule. Activities go from the log first: what is published again later has none of them."""
    stores = running.stores
    counts = count_old(stores)
    with stores.ledger.read() as tx:
        due = [(rule.subject, _before(stores, rule)) for rule in list_rules(tx) if rule.days is not None and counts.get(rule.subject.name)]
    for subject, before in due:
        running.check()
        if subject.name == "activities":
            _forget_activities(running, to_ms(before))
        else:
            with running.begin() as tx:
                _remove(tx, subject, before)
    with running.begin() as tx:
        tx.execute(insert(runs), {"at": stores.now(), "by": running.created_by or "system", "counts": counts, "whole": True})
    return counts


def _forget_activities(running: Running, before_ms: int) -> None:
    stores = running.stores
    with stores.ledger.read() as tx:
        through = log.head(tx)

    def change(event: str, rows: pa.Table) -> tuple[pa.Table, int] | None:
        if event != ACTIVITY_RECORDED.name:
            return None
        stays = pc.greater_equal(rows["at_ms"], before_ms)
        return None if pc.all(stays).as_py() else (rows.filter(stays), 0)

    after: int | None = 0
    while after is not None:
        with running.begin() as tx:
            after = log.rewrite(tx, after, through, change, limit=BATCHES).reached
    with river.resting():
        forget_before(stores.warehouse, "customers_activity", "at_ms", before_ms, {"customers_property": "event_key"})


def _remove(tx: Connection, subject: Subject, before: datetime) -> None:
    table = _table(subject)
    old = _old(subject, before)
    for child, column, parent in _children(table):
        tx.execute(delete(child).where(column.in_(select(parent).where(old))))
    if subject.name != "rejects":
        tx.execute(delete(table).where(old))


def _children(table: Table) -> list[tuple[Table, Any, Any]]:
    return [(other, column, key.column) for other in metadata.sorted_tables for column in other.columns for key in column.foreign_keys if key.column.table is table and other is not table]


def _old(subject: Subject, before: datetime) -> Any:
    table = _table(subject)
    return table.c[subject.time] < before


def _table(subject: Subject) -> Table:
    return metadata.tables[subject.table]


def _timed(subject: Subject) -> Table | None:
    table = metadata.tables.get(subject.table)
    return table if table is not None and subject.time in table.c else None


def _before(stores: Stores, rule: Rule) -> datetime:
    assert rule.days is not None
    return stores.now() - timedelta(days=rule.days)
