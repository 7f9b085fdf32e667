"""Sheets of a workbook (xlsx, xls): values as Excel shows them, rows with their numbers."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import python_calamine

from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text
from siyu.orders._rows import WAY_OUT, Row

_UNPACKED_LIMIT = 1024**3
_RATIO_LIMIT = 250
"""Sheets pack 10 to 60 times; what packs far better was made to fill the memory."""
_TOO_LARGE = Text("这个 Excel 文件展开后太大", "this workbook is too large once unpacked")


def names(path: Path) -> list[str]:
    """The sheets in their order.

    Raises
    ------
    InvalidError
        When it is no workbook, or one that would not fit into memory.
    """
    return list(_open(path).sheet_names)


def rows(path: Path, sheet: str | None) -> Iterator[Row]:
    """Rows that have any content. A sheet is in memory while it is read."""
    try:
        found = _open(path).get_sheet_by_name(sheet or "").iter_rows()
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise _cannot_open() from error
    for line, cells in enumerate(found, start=1):
        if any(cell != "" for cell in cells):
            yield line, list(cells)


def _open(path: Path) -> python_calamine.CalamineWorkbook:
    try:
        if zipfile.is_zipfile(path):
            _check_size(path)
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except (python_calamine.CalamineError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise _cannot_open() from error


def _check_size(path: Path) -> None:
    """Sizes are stated by the file itself, so each part is also unpacked once: a false one shows by its checksum."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(item.file_size for item in archive.infolist())
        if unpacked > _UNPACKED_LIMIT or unpacked > max(64 << 20, _RATIO_LIMIT * path.stat().st_size):
            raise InvalidError(_TOO_LARGE, way_out=Text("另存为 CSV 后再试", "save it as CSV and try again"))
        if archive.testzip() is not None:
            raise zipfile.BadZipFile


def _cannot_open() -> InvalidError:
    return InvalidError(Text("打不开这个 Excel 文件(可能已损坏，或有密码)", "this workbook cannot be opened (damaged, or with a password)"), way_out=WAY_OUT)
