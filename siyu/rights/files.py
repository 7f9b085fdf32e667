"""Files 文件: those in the data folder that may hold people, whatever is in them: exports, uploads, copies, the sample's tables.

A file cannot be written anew without one person (a workbook, a compressed table), and each of these can be made again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from siyu.foundation.database import metadata
from siyu.foundation.errors import UnavailableError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

FOLDERS = ("exports", "uploads", "backups", "rights")
SAMPLE = ("customers", "orders", "events", "touches", "relations")


def found(stores: Stores) -> dict[str, int]:
    """By folder, how many files are there."""
    counts: dict[str, int] = {}
    for folder, path in _files(stores):
        counts[folder] = counts.get(folder, 0) + (sum(1 for each in path.rglob("*") if each.is_file()) if path.is_dir() else 1)
    return counts


def remove(stores: Stores) -> None:
    """Remove them all. Files of a job that is under way are waited for.

    Raises
    ------
    UnavailableError
        While an import, a backup or an export is running; the job tries again.
    """
    job = metadata.tables["jobs_job"]
    with stores.ledger.read() as tx:
        busy = tx.scalars(select(job.c.kind).where(job.c.status == "running", job.c.kind.in_(("orders.import", "backup.make", "customers.export", "sample.load")))).all()
    if busy:
        raise UnavailableError(
            Text(f"任务 {'、'.join(busy)} 正在读写文件，删除稍后继续", f"{', '.join(busy)} is at work on files, the erasure goes on later"),
            way_out=Text("等它结束，或先取消它", "wait for it to end, or cancel it"),
        )
    for _, path in _files(stores):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _files(stores: Stores) -> Iterator[tuple[str, Path]]:
    base = stores.settings.files
    for folder in FOLDERS:
        yield from ((folder, path) for path in sorted((base / folder).glob("*")))
    yield from (("sample", path) for name in SAMPLE if (path := base / "sample" / f"{name}.parquet").exists())
