"""Uploads 上传: files of orders on their way in: kept until imported, looked into, their mapping guessed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.compute as pc
from sqlalchemy import Connection, select

from siyu.foundation.database import upsert
from siyu.foundation.errors import NotFoundError, TooLargeError
from siyu.foundation.ids import new_id
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import _tables, cells, exports, fields, reading
from siyu.orders.exports import Export
from siyu.orders.fields import Mapping

KEPT_DAYS = 7
_DATES = re.compile(r"\d{4,}([-_.年]?\d{1,2}(?!\d)月?)?([-_.]?\d{1,2}(?!\d)[日号]?)?年?|\d{1,2}月(\d{1,2}[日号])?|\(\d+\)$|（\d+）$")


@dataclass(frozen=True)
class Upload:
    id: str
    name: str
    bytes: int
    path: Path


@dataclass(frozen=True)
class Inspection:
    """What a look into a file found, for a person to confirm."""

    shape: reading.Shape
    samples: dict[str, list[str]]
    row_estimate: int | None
    mapping: Mapping
    mapping_from: str
    source_guess: str
    export: Export | None
    """Which shop's export it is, where its headers say so."""
    unknown_columns: list[str]
    """Headers that go unused and are not known of this export."""
    warnings: list[Text]


class Incoming:
    """An upload being written; `finish` makes it known, leaving the block without it removes the file."""

    def __init__(self, stores: Stores, name: str, by: str | None) -> None:
        self._stores, self._by = stores, by
        self.name = Path(name).name[:255] or "orders"
        self.id = new_id("file")
        self.path = upload_path(stores, self.id)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self.path.open("wb")
        self._size = 0

    def write(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._stores.settings.upload_limit_mb * 1024 * 1024:
            self.abandon()
            limit = self._stores.settings.upload_limit_mb
            raise TooLargeError(
                Text(f"文件超过 {limit} MB", f"the file is larger than {limit} MB"),
                way_out=Text("把文件拆开，或调大 SIYU_UPLOAD_LIMIT_MB", "split the file, or raise SIYU_UPLOAD_LIMIT_MB"),
            )
        self._file.write(part)

    def finish(self) -> Upload:
        self._file.close()
        row = {"id": self.id, "name": self.name, "bytes": self._size, "uploaded_at": self._stores.now(), "uploaded_by": self._by}
        with self._stores.ledger.begin() as tx:
            upsert(tx, _tables.upload, [row], ["id"])
        return Upload(self.id, self.name, self._size, self.path)

    def abandon(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


def adopt(stores: Stores, file: Path, name: str) -> Upload:
    """Take a file that is already on this machine as an upload."""
    incoming = Incoming(stores, name, None)
    with file.open("rb") as source:
        while part := source.read(1 << 20):
            incoming.write(part)
    return incoming.finish()


def discard(upload: Upload) -> None:
    """Remove the file, which is in the ledger now; and with it those that nobody imported in a week, or that a kill left."""
    upload.path.unlink(missing_ok=True)
    too_old = time.time() - KEPT_DAYS * 86_400
    for file in upload.path.parent.iterdir():
        if file.stat().st_mtime < too_old:
            file.unlink(missing_ok=True)


def upload_path(stores: Stores, upload_id: str) -> Path:
    return stores.settings.files / "uploads" / upload_id


def find_upload(stores: Stores, tx: Connection, upload_id: str) -> Upload:
    row = tx.execute(select(_tables.upload).where(_tables.upload.c.id == upload_id)).one_or_none()
    path = upload_path(stores, upload_id)
    if row is None or not path.exists():
        raise NotFoundError(
            Text("上传的文件不在了", "the uploaded file is gone"), way_out=Text("请重新上传", "upload it again")
        )
    return Upload(row.id, row.name, row.bytes, path)


def inspect(stores: Stores, upload: Upload, source: str | None = None) -> Inspection:
    """Read the header and a first chunk; propose a mapping: the one saved for the source, else a guess."""
    shape = reading.inspect(upload.path)
    chunk = next(reading.read(upload.path, shape, shape.columns), None)
    samples = {name: _samples(chunk.columns[name]) if chunk else [] for name in shape.columns}
    export = exports.recognise(shape.columns)
    guessed_source = source or (export.source if export is not None else source_of(upload.name))
    with stores.ledger.read() as tx:
        saved = saved_mapping(tx, guessed_source)
    usable = saved is not None and all(column in shape.columns for column in saved.values())
    proposed = export.mapping(shape.columns) if export is not None else fields.guess(shape.columns)
    mapping = saved if saved is not None and usable else proposed
    return Inspection(
        shape,
        samples,
        reading.row_estimate(upload.path, shape),
        mapping,
        "saved" if usable else "export" if export is not None else "guessed",
        guessed_source,
        export,
        exports.unknown(shape.columns, mapping, export),
        _warnings(shape, mapping, chunk),
    )


def source_of(name: str) -> str:
    """A short name for where the file comes from: a known shop, else the words of the file's name."""
    stem = Path(name).stem.lower()
    known = next((shop for shop in ("taobao", "tmall", "jd", "youzan", "douyin", "weixin") if shop in stem), None)
    # Without its dates: orders_2026-01, orders_2026-02 and "orders (1)" come from one shop, not from three.
    words = re.sub(r"[\W_]+", "_", _DATES.sub("_", stem)).strip("_")
    return known or words[:40] or "orders"


def saved_mapping(tx: Connection, source: str) -> Mapping | None:
    return tx.scalar(select(_tables.mapping.c.mapping).where(_tables.mapping.c.source == source))


def saved_mappings(tx: Connection) -> Iterator[dict[str, Any]]:
    for row in tx.execute(select(_tables.mapping).order_by(_tables.mapping.c.source)):
        yield {"source": row.source, "mapping": row.mapping, "saved_at": row.saved_at}


def _samples(column: Any) -> list[str]:
    seen = [str(value)[:80] for value in cells.texts(column).slice(0, 200).to_pylist() if value is not None]
    return list(dict.fromkeys(seen))[:4]


def _warnings(shape: reading.Shape, mapping: Mapping, chunk: reading.Chunk | None) -> list[Text]:
    found = []
    if shape.other_sheets:
        rest_zh, rest_en = "、".join(shape.other_sheets[:5]), ", ".join(shape.other_sheets[:5])
        found.append(Text(f"只读工作表「{shape.sheet}」，没有读：{rest_zh}", f"only the sheet {shape.sheet!r} is read, not: {rest_en}"))
    if shape.header_line > 1:
        found.append(Text(f"列名在第 {shape.header_line} 行，它之前的行不读", f"the column names are in line {shape.header_line}; what is above is not read"))
    if "order_no" not in mapping:
        found.append(Text("没有订单编号列：每一行会算成一张订单", "no order number column: every row will count as an order"))
    if chunk and any(_masked(chunk.columns[mapping[name]]) for name in ("account", "phone") if name in mapping):
        found.append(Text("买家或手机号已脱敏(带 *)：认不出是谁，这些订单不归到客户名下，不会猜", "buyers or phones are masked (with *): these orders belong to no customer; nobody is guessed"))
    if not {"account", "phone", "email"} & set(mapping):
        found.append(Text("没有买家列：订单不会归到客户名下", "no buyer column: the orders will belong to no customer"))
    at = mapping.get("ordered_at")
    if chunk and at and shape.format != "parquet" and _ambiguous(chunk.columns[at]):
        found.append(Text("日期像 03/04/2026,开头的行看不出哪个是月：若整个文件都看不出，按「月/日/年」理解", "dates like 03/04/2026: the first rows do not show which part is the month; unless a later row does, they are read as month/day/year"))
    return found


def _masked(column: Any) -> bool:
    text = cells.texts(column)
    return bool(pc.any(pc.and_(pc.is_valid(text), pc.is_null(cells.unmasked(text)))).as_py())


def _ambiguous(column: Any) -> bool:
    slashed = pc.any(pc.match_substring_regex(cells.texts(column), r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")).as_py()
    return bool(slashed) and cells.looks_day_first([column]) is None
