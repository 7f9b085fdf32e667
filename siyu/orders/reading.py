"""Reading 读取: a file of any of three kinds as chunks of columns, with the line number of every row."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import python_calamine

from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text

Format = Literal["csv", "xlsx", "parquet"]
CHUNK_ROWS = 50_000
_CELL_LIMIT = 1_000_000
_SHEET_LIMIT = 2 * 1024**3
_WAY_OUT = Text("另存为 UTF-8 的 CSV、Excel(xlsx)或 Parquet 后再试", "save it as CSV in UTF-8, Excel (xlsx) or Parquet and try again")
csv.field_size_limit(_CELL_LIMIT)


@dataclass(frozen=True)
class Shape:
    """What kind of file it is and which columns it has."""

    format: Format
    columns: list[str]
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows. `lines` are 1-based line numbers of the file (of the sheet; of the rows for Parquet)."""

    lines: pa.Array
    columns: dict[str, pa.Array]
    broken: list[tuple[int, str, str]] = field(default_factory=list)
    """Rows that could not be read at all: (line, reason code, what was seen)."""


def inspect(path: Path) -> Shape:
    """Recognise the format by content, and read the header.

    Raises
    ------
    InvalidError
        When the file is empty, is none of the three kinds, or has no header.
    """
    with path.open("rb") as file:
        head = file.read(1 << 20)
    if not head.strip():
        raise InvalidError(Text("文件是空的", "the file is empty"), way_out=_WAY_OUT)
    if head[:4] == b"PAR1":
        return _inspect_parquet(path)
    if head[:4] == b"PK\x03\x04" or head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return Shape("xlsx", _header(next(_sheet(path), [])))
    encoding = _encoding(path, head)
    first = head.decode(encoding, errors="replace").splitlines()[0] if head else ""
    if "\0" in first:
        raise InvalidError(Text("不是 CSV、Excel 或 Parquet 文件", "this is not a CSV, Excel or Parquet file"), way_out=_WAY_OUT)
    delimiter = max(",\t;|", key=first.count)
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        columns = _header(next(csv.reader(text, delimiter=delimiter), []))
    return Shape("csv", columns, encoding, delimiter)


def read(path: Path, shape: Shape, columns: list[str]) -> Iterator[Chunk]:
    """The file's rows in chunks of `CHUNK_ROWS`, only the columns asked for. Bounded memory, whatever the size (but Excel)."""
    if shape.format == "parquet":
        return _read_parquet(path, columns)
    rows = _csv_rows(path, shape) if shape.format == "csv" else _sheet_rows(path)
    return _chunks(rows, shape.columns, columns)


def row_estimate(path: Path, shape: Shape) -> int | None:
    """Rows of the file, exact for Parquet, by sampling for CSV, unknown for Excel."""
    if shape.format == "parquet":
        return int(pq.ParquetFile(path).metadata.num_rows)
    if shape.format == "xlsx":
        return None
    with path.open("rb") as file:
        sample = file.read(4 << 20)
    lines = sample.count(b"\n")
    return max(0, lines - 1 if len(sample) == path.stat().st_size else round(path.stat().st_size / len(sample) * lines)) if lines else 0


def _inspect_parquet(path: Path) -> Shape:
    try:
        return Shape("parquet", pq.ParquetFile(path).schema_arrow.names)
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidError(Text("Parquet 文件已损坏或不完整", "the Parquet file is damaged or incomplete"), way_out=_WAY_OUT) from error


def _encoding(path: Path, head: bytes) -> str:
    """UTF-8 (with or without mark), UTF-16 with mark, else GB18030, which exports of Chinese shops use."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if head[:3] == b"\xef\xbb\xbf":
        return "utf-8-sig"
    for encoding in ("utf-8", "gb18030"):
        try:
            head[: head.rfind(b"\n") + 1 or len(head)].decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    # Neither fits throughout: the one with fewer broken characters; rows that hold them are reported.
    return min(("utf-8", "gb18030"), key=lambda name: head.decode(name, errors="replace").count("\ufffd"))


def _header(cells: list[Any]) -> list[str]:
    names = [str(cell).strip().lstrip("\ufeff") for cell in cells]
    if not any(names):
        raise InvalidError(Text("第一行没有列名", "the first line has no column names"), way_out=_WAY_OUT)
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        base = name or f"列{index + 1}"
        seen[base] = seen.get(base, 0) + 1
        names[index] = base if seen[base] == 1 else f"{base}.{seen[base]}"
    return names


def _csv_rows(path: Path, shape: Shape) -> Iterator[tuple[int, list[Any] | str]]:
    """(line, cells), or (line, what is wrong) for a row that the reader cannot make out."""
    with path.open(encoding=shape.encoding, errors="replace", newline="") as text:
        reader = csv.reader(text, delimiter=shape.delimiter or ",")
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, str(error)
                continue
            if line > 1 and any(cells):
                yield line, cells


def _sheet_rows(path: Path) -> Iterator[tuple[int, list[Any] | str]]:
    for line, cells in enumerate(_sheet(path), start=1):
        if line > 1 and any(cell != "" for cell in cells):
            yield line, cells


def _sheet(path: Path) -> Iterator[list[Any]]:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if sum(item.file_size for item in archive.infolist()) > _SHEET_LIMIT:
                    raise InvalidError(Text("这个 Excel 文件展开后太大", "this workbook is too large once unpacked"), way_out=_WAY_OUT)
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        return iter(book.get_sheet_by_index(0).iter_rows())
    except (python_calamine.CalamineError, zipfile.BadZipFile, ValueError, OSError) as error:
        raise InvalidError(Text("打不开这个 Excel 文件", "this workbook cannot be opened"), way_out=_WAY_OUT) from error


def _chunks(rows: Iterator[tuple[int, list[Any] | str]], names: list[str], wanted: list[str]) -> Iterator[Chunk]:
    at = [(name, names.index(name)) for name in wanted]
    width = len(names)
    lines: list[int] = []
    kept: list[list[Any]] = []
    broken: list[tuple[int, str, str]] = []
    for line, cells in rows:
        if isinstance(cells, str):
            broken.append((line, "unreadable", cells))
        elif len(cells) != width and (len(cells) < width or any(str(cell).strip() for cell in cells[width:])):
            broken.append((line, "ragged", f"{len(cells)} ≠ {width}"))
        else:
            lines.append(line)
            kept.append(cells)
        if len(kept) + len(broken) >= CHUNK_ROWS:
            yield Chunk(pa.array(lines, pa.int64()), {n: _texts([row[i] for row in kept]) for n, i in at}, broken)
            lines, kept, broken = [], [], []
    if kept or broken:
        yield Chunk(pa.array(lines, pa.int64()), {n: _texts([row[i] for row in kept]) for n, i in at}, broken)


def _texts(cells: list[Any]) -> pa.Array:
    return pa.array([cell if isinstance(cell, str) else _text(cell) for cell in cells], pa.string())


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _read_parquet(path: Path, columns: list[str]) -> Iterator[Chunk]:
    start = 1
    for batch in pq.ParquetFile(path).iter_batches(batch_size=CHUNK_ROWS, columns=columns):
        lines = pa.array(range(start, start + batch.num_rows), pa.int64())
        start += batch.num_rows
        yield Chunk(lines, {name: batch.column(name) for name in columns})
