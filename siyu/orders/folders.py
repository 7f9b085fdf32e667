"""Folders 文件夹与存储桶: a place is looked at; what is new there and whole is imported once, by what it holds and not by its name.

A file in a folder is whole when two looks find the same size and time, or when nobody has touched it for a while; objects of a bucket
come whole. What became of each file is kept (`orders_found`); a file that could not be imported says why, and is tried again when it
changes or a person asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from siyu.foundation import jobs
from siyu.foundation.clock import to_ms
from siyu.foundation.database import upsert
from siyu.foundation.errors import InvalidError, NotFoundError, SiyuError
from siyu.foundation.jobs import Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import _tables, imports, places, uploads
from siyu.orders._stores import Files, Seen, open_files
from siyu.orders.places import Place
from siyu.orders.pulls import fault_of
from siyu.orders.tasks import IMPORT

UNTOUCHED = timedelta(minutes=2)
"""A file that nobody has touched for so long is whole, though it is seen for the first time."""
_BY_HAND = Text(
    "在「导入文件」页用同一来源手动导入这个文件一次并选好各列，之后会照此处理；再点「再试」",
    "import this file once by hand under the same source and choose its columns: they are kept; then try again here",
)


@dataclass(frozen=True)
class Found:
    """One file of a place. `status`: waiting (perhaps half-written), importing, done, failed."""

    path: str
    bytes: int
    modified_ms: int
    content_hash: str | None
    status: str
    import_id: str | None
    fault: dict[str, Any] | None
    seen_at: datetime


@dataclass(frozen=True)
class Looked:
    """What one look did."""

    file_count: int = 0
    started_count: int = 0
    waiting_count: int = 0
    failed_count: int = 0


def look(running: Running, place_id: int) -> Looked:
    """Look at a place once: settle what was imported, then take in what is new and whole."""
    stores = running.stores
    with stores.ledger.read() as tx:
        place = places.find(tx, place_id)
        credentials = places.credentials_of(stores, tx, place_id)
        before = {one.path: one for one in list_found(tx, place_id, limit=None)}
    try:
        files = open_files(stores.settings, place, credentials)
        _settle(running, files, place, before)
        seen = files.list()
    except SiyuError as error:
        with running.begin() as tx:
            tx.execute(update(_tables.place).where(_tables.place.c.id == place_id).values(looked_at=stores.now(), fault=fault_of(error)))
        raise
    looked = Looked(len(seen))
    for number, one in enumerate(seen):
        looked = _take(running, files, place, one, before.get(one.path), looked)
        running.progress(number + 1, len(seen), Text(f"已看 {number + 1} 个文件", f"{number + 1} files looked at"))
    with running.begin() as tx:
        tx.execute(update(_tables.place).where(_tables.place.c.id == place_id).values(looked_at=stores.now(), fault=None))
    return looked


def try_out(stores: Stores, place: Place, credentials: dict[str, str]) -> list[Seen]:
    """The files that a place would show, without keeping anything."""
    return open_files(stores.settings, place, credentials).list()


def list_found(tx: Connection, place_id: int, limit: int | None = 200) -> list[Found]:
    """Files of a place, the latest seen first."""
    table = _tables.found
    query = select(table).where(table.c.place_id == place_id).order_by(table.c.seen_at.desc(), table.c.path)
    return [Found(**{name: getattr(row, name) for name in Found.__dataclass_fields__}) for row in tx.execute(query if limit is None else query.limit(limit))]


def again(tx: Connection, place_id: int, path: str) -> None:
    """A file that failed is tried at the next look."""
    table = _tables.found
    mine = (table.c.place_id == place_id) & (table.c.path == path) & (table.c.status == "failed")
    if not tx.execute(update(table).where(mine).values(status="waiting", fault=None)).rowcount:
        raise NotFoundError(Text("没有这个失败的文件", "there is no such file that failed"))
    tx.execute(update(_tables.place).where(_tables.place.c.id == place_id).values(looked_at=None))


def _settle(running: Running, files: Files, place: Place, before: dict[str, Found]) -> None:
    """What the imports that were started have come to; then the files are moved away, where that is wished."""
    for one in [one for one in before.values() if one.status == "importing" and one.import_id]:
        with running.stores.ledger.read() as tx:
            status, fault = _outcome(tx, str(one.import_id))
        if status is None:
            continue
        before[one.path] = replace(one, status=status, fault=fault)
        if status == "done" and place.settings.get("after") == "move" and files.look(one.path) == Seen(one.path, one.bytes, one.modified_ms):
            files.move(one.path)
        with running.begin() as tx:
            mine = (_tables.found.c.place_id == place.id) & (_tables.found.c.path == one.path)
            tx.execute(update(_tables.found).where(mine).values(status=status, fault=fault))


def _outcome(tx: Connection, import_id: str) -> tuple[str | None, dict[str, Any] | None]:
    mine = imports.find_import(tx, import_id)
    if mine.ended_at is not None:
        return "done", None
    job = jobs.find_job(tx, mine.job_id, []) if mine.job_id else None
    if job is None or job.status not in ("failed", "cancelled"):
        return None, None
    error = job.error
    message = error.message if error is not None else Text("导入被取消", "the import was cancelled")
    way_out = error.way_out if error is not None else None
    return "failed", {"code": error.code if error is not None else "cancelled", **message.json(), "way_out": way_out.json() if way_out else None}


def _take(running: Running, files: Files, place: Place, one: Seen, known: Found | None, looked: Looked) -> Looked:
    """One file: passed over, left until it is whole, or imported."""
    now = running.stores.now()
    same = known is not None and (known.bytes, known.modified_ms) == (one.bytes, one.modified_ms)
    if same and known is not None and known.status in ("done", "importing", "failed"):
        return looked
    whole = not files.is_local or same or one.modified_ms <= to_ms(now - UNTOUCHED)
    if not whole or one.bytes == 0:
        _write(running, place, one, now, status="waiting")
        return replace(looked, waiting_count=looked.waiting_count + 1)
    try:
        started = _bring(running, files, place, one, now)
    except InvalidError as error:
        first = error.faults[0].message if error.faults else error.message
        fault = {"code": error.code, **Text(f"{error.message.zh}:{first.zh}", f"{error.message.en}: {first.en}").json(), "way_out": _BY_HAND.json()}
        _write(running, place, one, now, status="failed", fault=fault)
        return replace(looked, failed_count=looked.failed_count + 1)
    return replace(looked, started_count=looked.started_count + int(started))


def _bring(running: Running, files: Files, place: Place, one: Seen, now: datetime) -> bool:
    """Copy the file, and start its import; False where its content was imported before, or it changed while it was read."""
    stores, digest = running.stores, hashlib.sha256()
    incoming = uploads.Incoming(stores, one.path, place.name)
    try:
        with files.read(one.path) as stream:
            while part := stream.read(1 << 20):
                digest.update(part)
                incoming.write(part)
        unchanged, content = files.look(one.path) == one, digest.hexdigest()
        with stores.ledger.read() as tx:
            twin = _twin(tx, place.id, content, one.path)
        if not unchanged or twin is not None:
            incoming.abandon()
            _write(running, place, one, now, status="waiting" if twin is None else "done", content_hash=content if twin else None, import_id=twin)
            return False
        upload = incoming.finish()
        found = uploads.inspect(stores, upload, place.source)
        mapping = place.mapping or found.mapping
        with running.begin() as tx:
            import_id = imports.plan_import(
                stores, tx, upload_id=upload.id, source=place.source, mapping=mapping, dry_run=False, keep_sample=False, by=place.name
            )  # fmt: skip
            imports.attach_job(tx, import_id, jobs.submit(tx, IMPORT, {"import_id": import_id}, now=now, created_by=place.name))
            upsert(tx, _tables.found, [_row(place, one, now, status="importing", content_hash=content, import_id=import_id)], ["place_id", "path"])
    except BaseException:
        incoming.abandon()
        raise
    return True


def _twin(tx: Connection, place_id: int, content: str, path: str) -> str | None:
    """The import of the same content, under whatever name it came."""
    table = _tables.found
    same = (table.c.place_id == place_id) & (table.c.content_hash == content) & table.c.status.in_(("done", "importing"))
    found: str | None = tx.scalar(select(table.c.import_id).where(same).order_by(table.c.path != path, table.c.path).limit(1))
    return found


def _write(running: Running, place: Place, one: Seen, now: datetime, **values: Any) -> None:
    with running.begin() as tx:
        upsert(tx, _tables.found, [_row(place, one, now, **values)], ["place_id", "path"])


def _row(
    place: Place, one: Seen, now: datetime, *, status: str, content_hash: str | None = None, import_id: str | None = None, fault: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "place_id": place.id, "path": one.path[:500], "bytes": one.bytes, "modified_ms": one.modified_ms, "content_hash": content_hash, "status": status,
        "import_id": import_id, "fault": fault, "seen_at": now,
    }  # fmt: skip


def counts(found: Sequence[Found]) -> dict[str, int]:
    """Files by status."""
    return {status: sum(one.status == status for one in found) for status in ("waiting", "importing", "done", "failed")}
