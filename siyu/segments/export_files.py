"""Files of an export 导出文件: csv and xlsx, written batch by batch, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

Format = Literal["csv", "xlsx"]
Pair = tuple[str, str]
LONGEST_SHEET = 1_048_575
"""Rows of an Excel sheet below its headings."""
LONGEST_CELL = 32_767
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class About(NamedTuple):
    """What a file says of itself before its rows: (label, text) each."""

    filter: Pair
    made_at: Pair
    row_count: Pair


class Writer(Protocol):
    def write(self, rows: Sequence[Sequence[Any]]) -> None: ...

    def close(self) -> None:
        """End the file, also one that will not be used."""


def safe(value: Any) -> Any:
    """The value as a spreadsheet may get it: a text that it would take for a formula begins with an apostrophe.

    Source: OWASP, CSV Injection. Numbers stay numbers, also below zero.
    """
    if not isinstance(value, str):
        return value
    clean = _UNPRINTABLE.sub("", value)[: LONGEST_CELL - 1]
    return f"'{clean}" if clean.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "=", "+", "-", "@")) else clean


class CsvWriter:
    """UTF-8 with a mark, as Excel needs it; the file's own description is a comment in its first line."""

    def __init__(self, path: Path, about: About, headings: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._file)
        said = " · ".join(f"{label} {text}" for label, text in about)
        self._csv.writerow([f"# {said}".replace("\n", " ")])
        self._csv.writerow([safe(heading) for heading in headings])

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        self._csv.writerows([[_written(safe(value)) for value in row] for row in rows])

    def close(self) -> None:
        self._file.close()


class XlsxWriter:
    """One sheet of rows and one that describes the file, so that the rows may fill a sheet."""

    def __init__(self, path: Path, about: About, headings: Sequence[str]) -> None:
        # Loaded by who wants a workbook: a start does without it.
        from openpyxl import Workbook

        self._path, self._book = path, Workbook(write_only=True)
        self._sheet = self._book.create_sheet("Customers")
        self._sheet.freeze_panes = "A2"
        self._sheet.append([safe(heading) for heading in headings])
        described = self._book.create_sheet("About")
        for pair in about:
            described.append([safe(cell) for cell in pair])

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            self._sheet.append([safe(value) for value in row])

    def close(self) -> None:
        self._book.save(self._path)


WRITERS: dict[str, Callable[[Path, About, Sequence[str]], Writer]] = {"csv": CsvWriter, "xlsx": XlsxWriter}


def _written(value: Any) -> Any:
    """Dates as ISO, amounts with two decimals."""
    return value.isoformat() if isinstance(value, date) else f"{value:.2f}" if isinstance(value, float) else value
