"""CSV as it comes: four encodings, four delimiters, and quotes that nobody closed."""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from siyu.orders._rows import Row

CELL_LIMIT = 1_000_000
MAX_LINES = 300
"""A row that goes on over more lines has a quote that is not closed; only the first of them is given up."""
csv.field_size_limit(CELL_LIMIT)


def encoding(path: Path, head: bytes) -> str:
    """UTF-8 (with or without mark), UTF-16 with mark, else GB18030, which exports of Chinese shops use.

    The whole file is looked at: its first megabyte may well be plain ASCII. Chinese text in GB18030 breaks nearly every
    UTF-8 sequence, so a file of which most of the other characters are whole is UTF-8 with damaged places.
    """
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if head[:3] == b"\xef\xbb\xbf":
        return "utf-8-sig"
    broken = whole = 0
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            if not part.isascii():
                text = decoder.decode(part)
                damaged = text.count("\ufffd")
                broken += damaged
                whole += len(text) - len(text.encode("ascii", "ignore")) - damaged
    return "utf-8" if whole >= broken else "gb18030"


def delimiter(head: str) -> str:
    """Of comma, tab, semicolon and bar the one that is most frequent in the first line that has any."""
    line = next((line for line in head[: 1 << 16].splitlines() if any(mark in line for mark in ",\t;|")), "")
    return max(",\t;|", key=line.count)


def rows(path: Path, encoding: str | None, delimiter: str | None) -> Iterator[Row]:
    """Rows with the line they begin at; bytes that do not fit the encoding become U+FFFD.

    A row over several lines that has another number of cells than the first, or never ends, is taken for an unclosed
    quote: its first line is told as unreadable and reading goes on with the second, so that no good row is swallowed.
    """
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        feed, width = _Lines(text), None
        reader = csv.reader(feed, delimiter=delimiter or ",")
        while True:
            line = feed.next_row()
            try:
                cells: list[str] | None = next(reader)
            except StopIteration:
                return
            except csv.Error:
                cells = None
            if cells is None or (len(feed.row) > 1 and (feed.is_cut or not _fits(cells, width))):
                yield line, feed.row[0].rstrip("\r\n")[:200]
                feed.take_back()
                reader = csv.reader(feed, delimiter=delimiter or ",")
            elif any(cells):
                width = width or (len(cells) if len(cells) > 1 else None)
                yield line, list(cells)


def _fits(cells: list[str], width: int | None) -> bool:
    return width is None or (len(cells) >= width and not any(cells[width:]))


class _Lines:
    """Lines of a file for the reader; those of the row being read can be taken back, but for the first."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._count = 0
        self.row: list[str] = []
        self.is_cut = False
        """The reader was told that the file ends, though it was in the middle of a row."""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = None if len(self.row) == MAX_LINES else self._again.popleft() if self._again else next(self._text, None)
        if line is None:
            self.is_cut = True
            raise StopIteration
        self._count += 1
        self.row.append(line)
        return line

    def next_row(self) -> int:
        """Forget the last row; returns the line number of the next."""
        self.row, self.is_cut = [], False
        return self._count + 1

    def take_back(self) -> None:
        self._again.extendleft(reversed(self.row[1:]))
        self._count -= len(self.row) - 1
