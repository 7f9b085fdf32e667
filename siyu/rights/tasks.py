"""Tasks of rights: erase, copy, keep no longer than wanted; and erasures that an old backup brought back."""

from __future__ import annotations

from typing import Any

from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.rights import erase, export, old_keys, restored, retention

TEND = "rights.tend"


def job_kinds() -> tuple[JobKind, ...]:
    return (erase.job_kind(), export.job_kind(), JobKind(TEND, Text("清理到期的数据", "Remove what is kept too long"), _tend, link=lambda _: "/rights"))


def remember(stores: Stores) -> None:
    """Asked when the server starts: erase again whom a restored backup brought back."""
    restored.erase_again(stores)


def _tend(running: Running) -> dict[str, Any]:
    counts = retention.run(running)
    return {"removed": counts, "files": export.remove_old(running.stores), "backup_keys": old_keys.destroy_due(running.stores)}
