"""Rows of a file that has no types: cells as text, and the names of columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import pyarrow as pa

from siyu.foundation.text import Text

Row = tuple[int, list[object] | str]
"""(line, cells), or (line, what is wrong) for a row that the reader cannot make out."""
WAY_OUT = Text("另存为 UTF-8 的 CSV、Excel(xlsx)或 Parquet 后再试", "save it as CSV in UTF-8, Excel (xlsx) or Parquet and try again")


def header_names(cells: Sequence[object]) -> list[str]:
    """Names of columns, each once: `列3` for the third if it has none, `amount.2` for the second of that name."""
    names = [str(cell).strip().lstrip("\ufeff").replace("\0", "\ufffd")[:200] for cell in cells]
    taken: set[str] = set()
    for index, name in enumerate(names):
        base, number = name or f"列{index + 1}", 1
        chosen = base
        while chosen in taken:
            number += 1
            chosen = f"{base}.{number}"
        taken.add(chosen)
        names[index] = chosen
    return names


def plain_texts(cells: Sequence[object]) -> pa.Array:
    return pa.array([cell if isinstance(cell, str) else _text(cell) for cell in cells], pa.string())


def _text(cell: object) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)
