"""Imports 导入: a file of order lines becomes events, chunk by chunk, each chunk in one transaction.

A chunk's events, its rejects, its counts and the number of the next chunk are committed together: an import that was
killed goes on where it was, and ends with the same numbers. The same file again changes nothing, because a line's key
comes from the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, true, update

from siyu.events import log
from siyu.events.catalogue.customers import PROFILE_RECORDED
from siyu.events.catalogue.identity import PEOPLE_SEEN
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.clock import from_ms
from siyu.foundation.database import upsert
from siyu.foundation.errors import NotFoundError
from siyu.foundation.ids import Keys, new_id
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import _tables, fields, reading, shops
from siyu.orders._seen import Seen
from siyu.orders.facts import ORDERS_LINE
from siyu.orders.fields import Mapping
from siyu.orders.reasons import REASONS
from siyu.orders.uploads import Upload, find_upload

MAX_REJECTS_KEPT = 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Begin = Callable[[], AbstractContextManager[Connection]]
"""Opens a ledger transaction that commits only while the job is still ours."""


@dataclass(frozen=True)
class Counts:
    """What an import found, in rows of the file unless named otherwise."""

    row_count: int = 0
    accepted_count: int = 0
    rejected_count: int = 0
    unchanged_count: int = 0
    changed_count: int = 0
    order_count: int = 0
    new_order_count: int = 0
    customer_count: int = 0
    new_customer_count: int = 0
    cancelled_line_count: int = 0
    refund_line_count: int = 0
    gift_line_count: int = 0
    no_customer_line_count: int = 0
    told_count: int = 0
    """Rows of orders that a connected shop tells of itself: they are left alone."""
    amount_fen: int = 0
    first_ordered_ms: int | None = None
    last_ordered_ms: int | None = None
    reasons: dict[str, list[int]] = field(default_factory=dict)
    """code → [rows, first line]"""


@dataclass(frozen=True)
class Import:
    id: str
    job_id: str | None
    file_name: str
    bytes: int
    source: str
    mapping: Mapping
    dry_run: bool
    keep_sample: bool
    counts: Counts
    created_at: datetime
    created_by: str | None
    ended_at: datetime | None

    @property
    def first_ordered_at(self) -> datetime | None:
        return None if self.counts.first_ordered_ms is None else from_ms(self.counts.first_ordered_ms)

    @property
    def last_ordered_at(self) -> datetime | None:
        return None if self.counts.last_ordered_ms is None else from_ms(self.counts.last_ordered_ms)


def plan_import(
    stores: Stores, tx: Connection, *, upload_id: str, source: str, mapping: Mapping, dry_run: bool, keep_sample: bool, by: str | None
) -> str:
    """Check the mapping against the file and write the import down; the job that runs it is submitted beside it."""
    upload = find_upload(stores, tx, upload_id)
    fields.check(mapping, reading.inspect(upload.path).columns)
    import_id = new_id("imp")
    tx.execute(
        insert(_tables.imported).values(
            id=import_id, upload_id=upload_id, source=source, mapping=mapping, dry_run=dry_run, keep_sample=keep_sample,
            next_chunk=0, counts={}, created_at=stores.now(), created_by=by,
        )
    )
    if not dry_run:
        upsert(tx, _tables.mapping, [{"source": source, "mapping": mapping, "saved_at": stores.now()}], ["source"])
    return import_id


def attach_job(tx: Connection, import_id: str, job_id: str) -> None:
    tx.execute(update(_tables.imported).where(_tables.imported.c.id == import_id).values(job_id=job_id))


def find_import(tx: Connection, import_id: str) -> Import:
    for found in _imports(tx, _tables.imported.c.id == import_id, limit=1):
        return found
    raise NotFoundError(Text("没有这次导入", "there is no such import"))


def upload_of(stores: Stores, tx: Connection, import_id: str) -> Upload:
    upload_id = tx.scalar(select(_tables.imported.c.upload_id).where(_tables.imported.c.id == import_id))
    return find_upload(stores, tx, str(upload_id))


def list_imports(tx: Connection, limit: int, after: tuple[datetime, str] | None = None, source: str | None = None) -> list[Import]:
    """The newest imports first (of one source); `after` is the (created_at, id) of the last one of the page before."""
    table = _tables.imported
    condition: ColumnElement[bool] = true() if source is None else table.c.source == source
    if after is not None:
        at, last_id = after
        condition = condition & or_(table.c.created_at < at, and_(table.c.created_at == at, table.c.id > last_id))
    return list(_imports(tx, condition, limit))


def take_out(tx: Connection, import_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An import and its upload as rows, to be put back after all other data was put away."""
    row = tx.execute(select(_tables.imported).where(_tables.imported.c.id == import_id)).one()
    upload = tx.execute(select(_tables.upload).where(_tables.upload.c.id == row.upload_id)).one()
    return dict(upload._mapping), dict(row._mapping)


def put_back(tx: Connection, kept: tuple[dict[str, Any], dict[str, Any]]) -> None:
    tx.execute(insert(_tables.upload).values(**kept[0]))
    tx.execute(insert(_tables.imported).values(**kept[1]))


def rejects_csv(tx: Connection, import_id: str) -> Iterator[str]:
    """The rejected rows as CSV text, some hundreds at a time: line, reason in both languages, column, value."""
    yield "\ufeffline,code,reason_zh,reason_en,column,value\r\n"
    table = _tables.reject
    rows = tx.execute(select(table).where(table.c.import_id == import_id).order_by(table.c.line, table.c.number))
    for some in rows.partitions(500):
        yield "".join(_reject_lines(some))


def _reject_lines(rows: Iterable[Any]) -> Iterator[str]:
    for row in rows:
        reason = REASONS[row.code]
        cells = (str(row.line), row.code, reason.zh, reason.en, row.column, row.value or "")
        # A leading = + - @ would run as a formula when the report is opened in a spreadsheet.
        yield ",".join('"' + (("'" + c) if c.startswith(_FORMULA) else c).replace('"', '""') + '"' for c in cells) + "\r\n"


def _imports(tx: Connection, condition: ColumnElement[bool], limit: int) -> Iterator[Import]:
    table, upload = _tables.imported, _tables.upload
    rows = tx.execute(
        select(table, upload.c.name, upload.c.bytes)
        .join(upload, upload.c.id == table.c.upload_id)
        .where(condition)
        .order_by(table.c.created_at.desc(), table.c.id)
        .limit(limit)
    )
    for row in rows:
        yield Import(
            row.id, row.job_id, row.name, row.bytes, row.source, row.mapping, row.dry_run, row.keep_sample,
            Counts(**row.counts), row.created_at, row.created_by, row.ended_at,
        )


class Writing:
    """One run of an import: writes chunks, or in a dry run only counts them."""

    def __init__(self, stores: Stores, import_id: str, begin: Begin) -> None:
        self._stores, self._id, self._begin = stores, import_id, begin
        self._orders, self._lines = Seen(), Seen()
        with begin() as tx:
            mine = find_import(tx, import_id)
            self._dry, self._numbered, self._source = mine.dry_run, "line_no" in mine.mapping, mine.source
            if self._dry:
                # Nothing of a dry run is kept, so one that was cut off starts over.
                tx.execute(_tables.reject.delete().where(_tables.reject.c.import_id == import_id))
                tx.execute(update(_tables.imported).where(_tables.imported.c.id == import_id).values(next_chunk=0, counts={}))
            self.next_chunk = int(tx.scalar(select(_tables.imported.c.next_chunk).where(_tables.imported.c.id == import_id)) or 0)
            self.counts = Counts() if self._dry else mine.counts

    def people(self, rows: pa.Table, part: int) -> None:
        """Append identifiers; the same part again (after a kill) is not written twice."""
        if not self._dry:
            with self._begin() as tx:
                log.append(tx, PEOPLE_SEEN, rows, now=self._stores.now(), dedup_key=f"import {self._id} people {part}")

    def profiles(self, rows: pa.Table, part: int) -> None:
        if not self._dry:
            with self._begin() as tx:
                log.append(tx, PROFILE_RECORDED, rows, now=self._stores.now(), dedup_key=f"import {self._id} profiles {part}")

    def named(self, people: pa.Table) -> None:
        """Count the buyers that the file names, and those of them of whom no order line is known yet."""
        if self.next_chunk:
            return
        anchors = pa.table({"identity_key": pc.unique(people["anchor_key"])})
        with self._stores.warehouse.read() as session:
            asked = session.keep("_anchors", anchors)
            new = session.scalar(asked.anti_join(ORDERS_LINE.table, "identity_key").count())
        self.counts = replace(self.counts, customer_count=anchors.num_rows, new_customer_count=int(new))

    def skip(self, lines: pa.Table) -> None:
        """Take note of the orders and lines of a chunk that an earlier run has written."""
        self._orders.add(_keys(lines, "order_key"))
        self._repeated(lines)

    def chunk(self, number: int, lines: pa.Table, rejects: pa.Table, row_count: int) -> None:
        with self._begin() as tx:
            # Until this chunk is written no shop can tell of one of its orders.
            log.hold(tx)
            self._chunk(tx, number, lines, rejects, row_count)

    def _chunk(self, tx: Connection, number: int, lines: pa.Table, rejects: pa.Table, row_count: int) -> None:
        told = shops.told_keys(tx, self._source, _keys(lines, "order_key").astype(np.int64))
        is_told = pc.is_in(lines["order_key"], value_set=pa.array(sorted(told), pa.int64()))
        existing = self._existing(lines)
        is_again, is_last = self._repeated(lines)
        # What stood there before this file; a line of an earlier chunk was perhaps published a moment ago, perhaps not.
        content = pc.if_else(is_again, None, existing["content_key"])
        unchanged = pc.or_(pc.fill_null(pc.equal(content, lines["content_key"]), False), is_told)
        is_first_of_order = pa.array(self._orders.add(_keys(lines, "order_key")) == 0)
        self.counts = _counted(self.counts, lines, rejects, row_count, content, unchanged)
        self.counts = replace(
            self.counts,
            order_count=self.counts.order_count + _true(is_first_of_order),
            new_order_count=self.counts.new_order_count + _true(pc.and_not(pc.and_not(is_first_of_order, existing["has_order"]), is_told)),
            told_count=self.counts.told_count + _true(is_told),
        )
        self.next_chunk = number + 1
        if not self._dry:
            fresh = lines.filter(pc.and_(is_last, pc.invert(unchanged)))
            log.append(tx, ORDER_LINES_RECORDED, fresh, now=self._stores.now(), dedup_key=f"import {self._id} chunk {number}")
        self._keep_rejects(tx, rejects)
        values = {name: getattr(self.counts, name) for name in Counts.__dataclass_fields__}
        mine = _tables.imported.c.id == self._id
        tx.execute(update(_tables.imported).where(mine).values(counts=values, next_chunk=self.next_chunk))

    def end(self) -> None:
        with self._begin() as tx:
            tx.execute(update(_tables.imported).where(_tables.imported.c.id == self._id).values(ended_at=self._stores.now()))

    def _repeated(self, lines: pa.Table) -> tuple[pa.Array, pa.Array]:
        """For each line: whether one of its key is in an earlier chunk, and whether it is the last of its key in this one.

        Only lines with a number of their own can be in a file twice; the last one counts.
        """
        size = lines.num_rows
        if not self._numbered:
            return pa.array(np.zeros(size, bool)), pa.array(np.ones(size, bool))
        keys = _keys(lines, "line_key")
        values, from_end, place = np.unique(keys[::-1], return_index=True, return_inverse=True)
        is_last = np.zeros(size, bool)
        is_last[size - 1 - from_end] = True
        return pa.array((self._lines.add(values) > 0)[place][::-1]), pa.array(is_last)

    def _existing(self, lines: pa.Table) -> pa.Table:
        """For each line: its content key in the warehouse (null for a new one), and whether its order is there."""
        known = ORDERS_LINE.table
        with self._stores.warehouse.read() as session:
            asked = session.keep("_asked", lines.select(["line_key", "order_key"]).append_column("number", pa.array(np.arange(lines.num_rows))))
            found = asked.left_join(known.select("line_key", "content_key"), "line_key")
            has_order = found.order_key.isin(known.order_key)
            return session.query(found.select("number", "content_key", has_order=has_order).order_by("number"))

    def _keep_rejects(self, tx: Connection, rejects: pa.Table) -> None:
        table = _tables.reject
        start = int(tx.scalar(select(func.count()).where(table.c.import_id == self._id)) or 0)
        rows = rejects.slice(0, max(0, MAX_REJECTS_KEPT - start)).to_pylist()
        if rows:
            tx.execute(insert(table), [{"import_id": self._id, "number": start + i, **row} for i, row in enumerate(rows)])


def _counted(old: Counts, lines: pa.Table, rejects: pa.Table, row_count: int, existing: pa.ChunkedArray, unchanged: pa.Array) -> Counts:
    reasons = {code: list(pair) for code, pair in old.reasons.items()}
    for item in rejects.group_by("code").aggregate([("line", "count_distinct"), ("line", "min")]).to_pylist():
        count, first = reasons.get(item["code"], [0, item["line_min"]])
        reasons[item["code"]] = [count + item["line_count_distinct"], min(first, item["line_min"])]
    kinds = {item["values"]: item["counts"] for item in pc.value_counts(lines["kind"]).to_pylist()}
    span = pc.min_max(lines["ordered_ms"]).as_py()
    named = pc.not_equal(lines["identity_key"], 0)
    same = _true(unchanged)
    return replace(
        old,
        row_count=old.row_count + row_count,
        accepted_count=old.accepted_count + lines.num_rows,
        rejected_count=old.rejected_count + row_count - lines.num_rows,
        unchanged_count=old.unchanged_count + same,
        changed_count=old.changed_count + _true(pc.is_valid(existing)) - same,
        cancelled_line_count=old.cancelled_line_count + kinds.get("cancelled", 0),
        refund_line_count=old.refund_line_count + kinds.get("refund", 0),
        gift_line_count=old.gift_line_count + kinds.get("gift", 0) + kinds.get("adjustment", 0),
        no_customer_line_count=old.no_customer_line_count + lines.num_rows - _true(named),
        amount_fen=old.amount_fen + int(pc.sum(pc.if_else(named, lines["amount_fen"], 0)).as_py() or 0),
        first_ordered_ms=_least(old.first_ordered_ms, span["min"]),
        last_ordered_ms=_most(old.last_ordered_ms, span["max"]),
        reasons=reasons,
    )


def _keys(lines: pa.Table, name: str) -> Keys:
    keys: Keys = lines[name].to_numpy().astype(np.uint64)
    return keys


def _true(mask: pa.Array) -> int:
    return int(pc.sum(mask).as_py() or 0)


def _least(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else min(a, b)


def _most(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else max(a, b)
