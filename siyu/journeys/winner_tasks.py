"""Task of A/B steps: every ten minutes the ways of each test that goes on are compared, and a clear winner is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.journeys import winner_figures

WINNERS = "journeys.winners"
Flow = Callable[[Stores], int]


def job_kinds(flow: Flow) -> tuple[JobKind, ...]:
    def run(running: Running) -> dict[str, Any]:
        flow(running.stores)
        return {"decided_count": winner_figures.look(running.stores, begin=running.begin)}

    return (JobKind(WINNERS, Text("比较 A/B 测试", "Compare A/B tests"), run, max_attempts=3, retry_wait=timedelta(seconds=30)),)
