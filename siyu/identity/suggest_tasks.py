"""Task of suggestions: every night, or when somebody asks, look for customers who are probably one person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity import suggestions
from siyu.identity.suggest import suggest

LOOK = "identity.suggest"
FEWEST = 50
"""Among fewer customers there is nothing to learn from."""
People = Callable[[Stores], pa.Table]


def job_kinds(people: People) -> tuple[JobKind, ...]:
    """The kinds of job of suggestions; `people` reads what is known of every customer."""

    def run(running: Running) -> dict[str, Any]:
        stores = running.stores
        running.progress(0, 3, Text("正在读取资料", "reading what is known"))
        known = people(stores)
        if known.num_rows < FEWEST:
            return {"record_count": known.num_rows, "pair_count": 0, "new_count": 0}
        running.progress(1, 3, Text(f"正在比对 {known.num_rows:,} 份资料", f"comparing {known.num_rows:,} records"))
        found = suggest(known)
        running.progress(2, 3, Text("正在写下建议", "writing suggestions down"))
        with running.begin() as tx:
            news = suggestions.keep(tx, found, stores.now())
        return {"record_count": found.record_count, "pair_count": found.pairs.num_rows, "new_count": news}

    return (JobKind(LOOK, Text("寻找疑似重复的客户", "Look for customers who are one person"), run, link=lambda _: "/identity"),)
