"""Tasks of acquisition: what accrued is entered every night; files of spend are taken in."""

from __future__ import annotations

from typing import Any

from siyu.acquisition import accruals, spend_files
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.text import Text

ACCRUE = "acquisition.accrue"
IMPORT = spend_files.JOB


def job_kinds() -> tuple[JobKind, ...]:
    return (
        JobKind(ACCRUE, Text("计提花费", "Enter what has accrued"), accrue, link=lambda _: "/acquisition/spend"),
        JobKind(IMPORT, Text("导入花费", "Import spend"), take_in, link=lambda _: "/acquisition/spend"),
    )


def accrue(running: Running) -> dict[str, Any]:
    with running.begin() as tx:
        return {"entry_count": accruals.run(running.stores, tx)}


def take_in(running: Running) -> dict[str, Any]:
    return spend_files.run(running)
