"""Reading 读取: a file of any of three kinds as chunks of columns, with the line number of every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa

from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text
from siyu.orders import _csv, _parquet, _sheets, fields
from siyu.orders._rows import WAY_OUT, Row, header_names, plain_texts

Format = Literal["csv", "xlsx", "parquet"]
CHUNK_ROWS = 50_000
_HEADER_WITHIN = 20
_NO_HEADER = Text("找不到列名(前 20 行里没有)", "no column names were found (in the first 20 rows)")
_OTHER_KINDS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"SQLite format 3\0", b"PK\x05\x06")
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f"))


@dataclass(frozen=True)
class Shape:
    """What kind of file it is and which columns it has; `header_line` is the line that names them."""

    format: Format
    columns: list[str]
    encoding: str | None = None
    delimiter: str | None = None
    header_line: int = 1
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()


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
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n\f"):
        raise InvalidError(Text("文件是空的", "the file is empty"), way_out=WAY_OUT)
    if head[:4] == b"PAR1":
        return Shape("parquet", _parquet.columns(path))
    if head[:4] == b"PK\x03\x04" or head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _inspect_sheets(path)
    encoding = _csv.encoding(path, head)
    if head.startswith(_OTHER_KINDS) or (encoding != "utf-16" and _is_binary(head)):
        raise InvalidError(Text("不是 CSV、Excel 或 Parquet 文件", "this is not a CSV, Excel or Parquet file"), way_out=WAY_OUT)
    delimiter = _csv.delimiter(head.decode(encoding, errors="replace"))
    found = _header(_csv.rows(path, encoding, delimiter))
    if found is None:
        raise InvalidError(_NO_HEADER, way_out=WAY_OUT)
    return Shape("csv", found[1], encoding, delimiter, found[0])


def read(path: Path, shape: Shape, columns: list[str]) -> Iterator[Chunk]:
    """The file's rows in chunks of `CHUNK_ROWS`, only the columns asked for. Bounded memory, whatever the size (but Excel).

    Raises
    ------
    InvalidError
        When the file turns out to be damaged.
    """
    if shape.format == "parquet":
        return (Chunk(lines, found) for lines, found in _parquet.batches(path, columns, CHUNK_ROWS))
    rows = _csv.rows(path, shape.encoding, shape.delimiter) if shape.format == "csv" else _sheets.rows(path, shape.sheet)
    return _chunks((row for row in rows if row[0] > shape.header_line), shape.columns, columns)


def row_estimate(path: Path, shape: Shape) -> int | None:
    """Rows of the file, exact for Parquet, by sampling for CSV, unknown for Excel."""
    if shape.format == "parquet":
        return _parquet.row_count(path)
    if shape.format == "xlsx":
        return None
    with path.open("rb") as file:
        sample = file.read(4 << 20)
    lines = sample.count(b"\n")
    return max(0, lines - 1 if len(sample) == path.stat().st_size else round(path.stat().st_size / len(sample) * lines)) if lines else 0


def _inspect_sheets(path: Path) -> Shape:
    """The first sheet that has a column of order times, else the first that has any content."""
    names, usable = _sheets.names(path), None
    for name in names:
        found = _header(_sheets.rows(path, name))
        if found is None:
            continue
        others = tuple(other for other in names if other != name)
        shape = Shape("xlsx", found[1], header_line=found[0], sheet=name, other_sheets=others)
        if "ordered_at" in fields.guess(shape.columns):
            return shape
        usable = usable or shape
    if usable is None:
        raise InvalidError(Text("这个 Excel 文件里没有数据", "this workbook holds no data"), way_out=WAY_OUT)
    return usable


def _header(rows: Iterator[Row]) -> tuple[int, list[str]] | None:
    """(line, column names): a row that names the order time, below a title say; else the first row with any content."""
    first = None
    for line, cells in rows:
        if line > _HEADER_WITHIN:
            break
        if isinstance(cells, str):
            raise InvalidError(Text("表头读不出来(多半是引号没有配对)", "the header cannot be read (often a quote that is not closed)"), way_out=WAY_OUT)
        if not any(str(cell).strip() for cell in cells):
            continue
        names = header_names(cells)
        if "ordered_at" in fields.guess(names):
            return line, names
        first = first or (line, names)
    return first


def _is_binary(head: bytes) -> bool:
    part = head[: 1 << 16]
    return len(part) - len(part.translate(None, _CONTROL)) > max(8, len(part) // 20)


def _chunks(rows: Iterator[Row], names: list[str], wanted: list[str]) -> Iterator[Chunk]:
    at = [(name, names.index(name)) for name in wanted]
    width = len(names)
    lines: list[int] = []
    kept: list[list[object]] = []
    broken: list[tuple[int, str, str]] = []

    def chunk() -> Chunk:
        return Chunk(pa.array(lines, pa.int64()), {name: plain_texts([row[i] for row in kept]) for name, i in at}, broken)

    for line, cells in rows:
        if isinstance(cells, str):
            broken.append((line, "unreadable", cells))
        elif len(cells) != width and (len(cells) < width or any(str(cell).strip() for cell in cells[width:])):
            broken.append((line, "ragged", f"{len(cells)} ≠ {width}"))
        else:
            lines.append(line)
            kept.append(cells)
        if len(kept) + len(broken) >= CHUNK_ROWS:
            yield chunk()
            lines, kept, broken = [], [], []
    if kept or broken:
        yield chunk()
