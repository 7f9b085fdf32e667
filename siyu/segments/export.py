"""Export 导出: the list of customers as a file, in batches, by a job.

Identifiers are masked unless the asker may read them; then the file remembers it, and only such people can fetch it. A
file is known by a random id alone, and is removed after a week.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis
import msgspec
from sqlalchemy import Connection, delete, select

from siyu.foundation import jobs
from siyu.foundation.clock import DAY_MS, from_ms, to_ms
from siyu.foundation.database import upsert
from siyu.foundation.errors import InvalidError, NotAllowedError, NotFoundError
from siyu.foundation.ids import new_id
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.identity.identifiers import SEARCHABLE, of_customer
from siyu.segments._directory_tables import export as table
from siyu.segments.directory import Asked, choose, groups, parse_asked
from siyu.segments.directory_columns import DEFAULT_COLUMNS, Column, check_columns, columns_of
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.segments.export_files import LONGEST_SHEET, WRITERS, About, Format
from siyu.segments.segments import rule_names
from siyu.segments.sentence import sentence
from siyu.segments.windows import Moment
from siyu.team.audit import Actor, record

EXPORT = "customers.export"
BATCH_ROWS = 20_000
KEPT_DAYS = 7
_CONTEXT = "customers.export asked"


@dataclass(frozen=True)
class Wanted:
    """What a file is to hold. `language` is that of its headings."""

    q: str
    filter: dict[str, Any] | None
    segment_id: int | None
    sort: str
    columns: Sequence[str]
    format: Format
    language: str


@dataclass(frozen=True)
class ExportFile:
    path: Path
    name: str
    format: Format


def ask_export(stores: Stores, tx: Connection, wanted: Wanted, asker: Actor, *, unmasked: bool) -> str:
    """Check what is asked and submit the job; returns its id. That it was asked is written down.

    Raises
    ------
    InvalidError
    """
    columns = [column.key for column in check_columns(list(wanted.columns) or list(DEFAULT_COLUMNS), columns_of(tx))]
    asked = parse_asked(tx, q=wanted.q, filter=wanted.filter, segment_id=wanted.segment_id, sort=wanted.sort)
    file_id = new_id("exp")
    # A search may hold a phone number, and those are encrypted at rest.
    plain = msgspec.json.encode([asked.q, wanted.filter, wanted.segment_id, wanted.sort]).decode()
    sealed = stores.secrets.seal([plain], _CONTEXT)[0] or b""
    arguments = {
        "file_id": file_id,
        "asked": sealed.hex(),
        "columns": columns,
        "format": wanted.format,
        "language": wanted.language,
        "unmasked": unmasked,
        "asker": [asker.id, asker.name, asker.kind],
        "now_ms": to_ms(stores.now()),
    }
    detail = {"columns": columns, "filter": wanted.filter, "segment": wanted.segment_id, "has_search": bool(asked.q), "unmasked": unmasked}
    record(tx, asker, "customers.export_asked", f"export:{file_id}", detail, stores.now())
    return jobs.submit(tx, EXPORT, arguments, now=stores.now(), created_by=asker.name)


def run_export(running: Running) -> dict[str, Any]:
    """Write the file under a passing name and give it its own at the end: run again, it is written again whole."""
    stores, arguments = running.stores, running.arguments
    path = export_path(stores, arguments["file_id"])
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    passing = path.with_name(f"{path.name}.{running.attempt}")
    try:
        row_count = _write(running, passing)
        passing.replace(path)
    finally:
        passing.unlink(missing_ok=True)
    made = {"format": arguments["format"], "row_count": row_count, "unmasked": arguments["unmasked"]}
    asker, now = Actor(*arguments["asker"]), stores.now()
    with running.begin() as tx:
        upsert(tx, table, [{"file_id": arguments["file_id"], **made, "made_at": now, "made_by": asker.name[:80]}], ["file_id"])
        record(tx, asker, "customers.exported", f"export:{arguments['file_id']}", made, now)
    _remove_old(stores)
    return {"file_id": arguments["file_id"], "row_count": row_count}


def _write(running: Running, passing: Path) -> int:
    stores, arguments, language = running.stores, running.arguments, running.arguments["language"]
    unmasked = arguments["unmasked"]
    moment = Moment(arguments["now_ms"], stores.calendar)
    q, rule, segment_id, sort = msgspec.json.decode(stores.secrets.open([bytes.fromhex(arguments["asked"])], _CONTEXT)[0] or "")
    with ExitStack() as stack:
        session = stack.enter_context(stores.warehouse.read())
        with stores.ledger.read() as tx:
            columns = check_columns(arguments["columns"], columns_of(tx))
            asked = parse_asked(tx, q=q, filter=rule, segment_id=segment_id, sort=sort)
            row_count = _keep_ordered(stores, session, tx, asked, moment)
            about = _about(stores, tx, asked, moment, row_count, language)
        if arguments["format"] == "xlsx" and row_count > LONGEST_SHEET:
            raise _too_long(row_count)
        headings = [_heading(column, language, stores.settings.currency, unmasked) for column in columns]
        writer = WRITERS[arguments["format"]](passing, about, headings)
        stack.callback(writer.close)
        for start in range(0, row_count, BATCH_ROWS):
            rows = _batch(stores, session, start, columns, unmasked)
            writer.write([[_cell(row, column, language) for column in columns] for row in rows])
            done = min(start + BATCH_ROWS, row_count)
            running.progress(done, row_count, Text(f"已写 {done:,} 行", f"{done:,} rows written"))
    return row_count


def export_kind(flow: Callable[[Stores], int]) -> JobKind:
    """The kind of job; `flow` publishes what the log holds, so that the file has what was changed a moment ago."""

    def run(running: Running) -> dict[str, Any]:
        flow(running.stores)
        return run_export(running)

    return JobKind(EXPORT, Text("导出客户", "Export customers"), run)


def find_export(stores: Stores, tx: Connection, file_id: str, reader: Actor, *, may_unmask: bool) -> ExportFile:
    """A file that is ready. That it was fetched is written down.

    Raises
    ------
    NotFoundError
        When there is none of this id, or its week is over.
    NotAllowedError
        When identifiers in it are readable and the reader may not see them.
    """
    row = tx.execute(select(table).where(table.c.file_id == file_id)).one_or_none()
    if row is None or not export_path(stores, row.file_id).exists():
        raise NotFoundError(Text("没有这个导出文件，或已过期删除", "there is no such file, or its time is over"), way_out=Text("请重新导出", "export again"))
    if row.unmasked and not may_unmask:
        raise NotAllowedError(Text("文件里有未打码的标识，需要权限 customers.identifiers", "identifiers are readable in it: this needs the permission customers.identifiers"))
    record(tx, reader, "customers.export_fetched", f"export:{file_id}", {"row_count": row.row_count, "unmasked": row.unmasked}, stores.now())
    return ExportFile(export_path(stores, row.file_id), f"customers-{stores.calendar.on(row.made_at)}.{row.format}", row.format)


def export_path(stores: Stores, file_id: str) -> Path:
    return stores.settings.files / "exports" / file_id


def _keep_ordered(stores: Stores, session: Session, tx: Connection, asked: Asked, moment: Moment) -> int:
    """Keep the ids with their places (from 0) for this session, as one state of the data; returns how many."""
    choose(stores, session, tx, asked, moment)
    parts = [rows.mutate(part=number) for number, rows in enumerate(groups(asked.order, chosen_only=not asked.is_everybody))]
    rows = session.keep("_listed", ibis.union(*parts))
    value = rows.value.desc() if asked.order.descending else rows.value.asc()
    placed = rows.select("customer_id", place=ibis.row_number().over(ibis.window(order_by=[rows.part, value, rows.customer_id])))
    return int(session.scalar(session.keep("_placed", placed).count()))


def _batch(stores: Stores, session: Session, start: int, columns: Sequence[Column], unmasked: bool) -> list[CustomerRow]:
    placed = ibis.table({"customer_id": "int64", "place": "int64"}, name="_placed")
    part = placed.filter((placed.place >= start) & (placed.place < start + BATCH_ROWS)).order_by("place")
    ids = session.query(part)["customer_id"].to_pylist()
    with stores.ledger.read() as tx:
        rows = load_rows(stores, session, tx, ids, columns)
        return [_with_contacts(stores, tx, row) for row in rows] if unmasked else rows


def _with_contacts(stores: Stores, tx: Connection, row: CustomerRow) -> CustomerRow:
    """The row with readable contacts; only people who have one are looked at."""
    if row.phone_masked is None and row.email_masked is None:
        return row
    found = {each.namespace: each.value for each in reversed(of_customer(stores, tx, row.id)) if each.namespace in SEARCHABLE}
    return row.model_copy(update={"phone_masked": found.get("phone"), "email_masked": found.get("email")})


def _about(stores: Stores, tx: Connection, asked: Asked, moment: Moment, row_count: int, language: str) -> About:
    names = rule_names(tx)
    parts = [Text(f"搜索「{asked.q}」", f"search “{asked.q}”")] if asked.q else []
    parts += [Text(f"分群「{names.segments[asked.segment_id]}」", f"segment “{names.segments[asked.segment_id]}”")] if asked.segment_id is not None else []
    parts += [sentence(asked.rule, names, stores.settings.currency)] if asked.rule else []
    said = Text(";".join(part.zh for part in parts) or "全部客户", "; ".join(part.en for part in parts) or "all customers")
    local = from_ms(moment.now_ms).astimezone(stores.calendar.zone)
    return About(
        (Text("筛选", "Filter").to(language), said.to(language)),
        (Text("时间", "Time").to(language), local.isoformat(timespec="seconds")),
        (Text("行数", "Rows").to(language), str(row_count)),
    )


def _heading(column: Column, language: str, currency: str, unmasked: bool) -> str:
    name = column.name.to(language)
    if column.kind == "money":
        return f"{name} ({currency})"
    return name + ("" if unmasked or not column.key.endswith("_masked") else Text("(打码)", " (masked)").to(language))


def _cell(row: CustomerRow, column: Column, language: str) -> Any:
    value: Any = row.traits.get(column.key) if column.trait_id is not None else getattr(row, column.key)
    if isinstance(value, bool):
        value = "true" if value else "false"
    if value is None:
        return None
    if column.kind == "money":
        return value / 100
    if column.kind == "tags":
        return "、".join(value)
    return dict(column.options)[value].to(language) if value in dict(column.options) else value


def _remove_old(stores: Stores) -> None:
    """Remove files whose week is over, and after a day those that nobody can ask for (their data was put away)."""
    with stores.ledger.begin() as tx:
        tx.execute(delete(table).where(table.c.made_at < stores.now() - timedelta(days=KEPT_DAYS)))
        known = set(tx.scalars(select(table.c.file_id)))
    for path in export_path(stores, "").iterdir():
        if path.name not in known and time.time() - path.stat().st_mtime > DAY_MS / 1000:
            path.unlink(missing_ok=True)


def _too_long(row_count: int) -> InvalidError:
    return InvalidError(
        Text(f"共 {row_count:,} 行，一个 xlsx 工作表最多 {LONGEST_SHEET:,} 行", f"{row_count:,} rows are more than the {LONGEST_SHEET:,} of a sheet"),
        way_out=Text("改用 csv,或缩小筛选范围", "choose csv, or narrow the filter"),
    )

