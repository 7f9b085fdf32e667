"""Task of orders: run an import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from siyu.events.identifiers import people_seen
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.text import Text
from siyu.orders import cells, reading
from siyu.orders.imports import Counts, Import, Writing, find_import, upload_of
from siyu.orders.lines import Keyer, Plan, order_lines, people_of
from siyu.orders.people import PART_ROWS, Named, read_people
from siyu.orders.spreading import whole_orders
from siyu.orders.uploads import Upload, discard


def run_import(running: Running, import_id: str) -> dict[str, Any]:
    """Two passes: who is in the file, then its lines. A chunk that an earlier run has written is passed over."""
    stores = running.stores
    with stores.ledger.read() as tx:
        mine = find_import(tx, import_id)
        if mine.ended_at is not None:
            # Killed after its last row and before the end of the job.
            return _told(mine.id, mine.counts)
        upload = upload_of(stores, tx, mine.id)
    shape = reading.inspect(upload.path)
    columns = sorted(set(mine.mapping.values()))
    plan = _plan(running, mine, shape, upload)
    total = (reading.row_estimate(upload.path, shape) or 0) * 2 or None
    writing = Writing(stores, mine.id, running.begin)
    _people(running, writing, _chunks(upload, shape, columns, plan), plan, total)
    keyer, done = Keyer(plan), 0
    for number, chunk in enumerate(_chunks(upload, shape, columns, plan)):
        people = people_of(chunk, plan, stores.secrets)
        lines, rejects = order_lines(chunk, plan, people)
        lines = keyer.keyed(lines)
        done += len(chunk.lines) + len(chunk.broken)
        if number < writing.next_chunk:
            writing.skip(lines)
        else:
            writing.chunk(number, lines, rejects, len(chunk.lines) + len(chunk.broken))
        running.progress((total or 0) // 2 + done, total, Text(f"已读 {done:,} 行", f"{done:,} rows read"))
    writing.end()
    if not mine.dry_run:
        discard(upload)
    return _told(mine.id, writing.counts)


IMPORT = "orders.import"


def import_kind(prepare: Callable[[Running, Import], None], follow: Callable[[Running], None]) -> JobKind:
    """The kind of job that imports; `prepare` runs before it (another brand's sample is put away), `follow` after it."""

    def run(running: Running) -> dict[str, Any]:
        with running.stores.ledger.read() as tx:
            mine = find_import(tx, running.arguments["import_id"])
        prepare(running, mine)
        done = run_import(running, mine.id)
        if not mine.dry_run:
            follow(running)
        return done

    return JobKind(IMPORT, Text("导入订单", "Import orders"), run, link=lambda arguments: f"/imports/{arguments['import_id']}")


def _told(import_id: str, counts: Counts) -> dict[str, Any]:
    return {"import_id": import_id, **{name: count for name, count in asdict(counts).items() if name.endswith("_count")}}


def _plan(running: Running, mine: Import, shape: reading.Shape, upload: Upload) -> Plan:
    at = mine.mapping["ordered_at"]
    day_first = cells.looks_day_first(chunk.columns[at] for chunk in reading.read(upload.path, shape, [at]))
    return Plan(mine.source, mine.mapping, running.stores.calendar.zone, bool(day_first), running.stores.now())


def _chunks(upload: Upload, shape: reading.Shape, columns: list[str], plan: Plan) -> Iterator[reading.Chunk]:
    chunks = reading.read(upload.path, shape, columns)
    return whole_orders(chunks, plan.mapping["order_no"]) if "order_amount" in plan.mapping else chunks


def _people(running: Running, writing: Writing, chunks: Iterator[reading.Chunk], plan: Plan, total: int | None) -> None:
    """The first pass. What it gathered is given back: Arrow's pool would keep some hundreds of bytes a buyer to the end."""
    told = Text("正在识别买家", "reading who bought")
    _write_people(running, writing, read_people(chunks, plan, running.stores.secrets, lambda rows: running.progress(rows, total, told)))
    pa.default_memory_pool().release_unused()


def _write_people(running: Running, writing: Writing, named: Named) -> None:
    if not named.pairs:
        return
    rows = named.identifiers()
    writing.named(rows)
    for part, start in enumerate(range(0, rows.num_rows, PART_ROWS)):
        writing.people(people_seen(running.stores.secrets, rows.slice(start, PART_ROWS)), part)
    profiles = named.profiles()
    for part, start in enumerate(range(0, profiles.num_rows, PART_ROWS)):
        writing.profiles(profiles.slice(start, PART_ROWS), part)
