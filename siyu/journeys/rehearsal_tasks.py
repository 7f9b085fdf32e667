"""Tasks: a journey is rehearsed when somebody asks, and read-outs of versions are kept up to date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.journeys import rehearsals, reports
from siyu.journeys.rehearsal import Options

REHEARSE, REPORTS = "journeys.rehearse", "journeys.reports"
Flow = Callable[[Stores], int]
_STEPS = 1_000
_LEARNING, _FUTURES = Text("读取历史、估计响应", "Reading history, fitting how people respond"), Text("推演", "Running futures")


def job_kinds(flow: Flow) -> tuple[JobKind, ...]:
    """The kinds of job; `flow` publishes what the log holds."""

    def run_rehearsal(running: Running) -> dict[str, Any]:
        flow(running.stores)

        def told(share: float) -> None:
            running.progress(round(share * _STEPS), _STEPS, _LEARNING if share < 0.3 else _FUTURES)

        asked = dict(running.arguments)
        journey_id = asked.pop("journey_id")
        made = rehearsals.rehearse(running.stores, journey_id, Options(**asked), told=told)
        return {"journey_id": journey_id, "entries": round(made.entries.mean)}

    def run_reports(running: Running) -> dict[str, Any]:
        return {"report_count": reports.refresh(running.stores)}

    return (
        JobKind(REHEARSE, Text("彩排旅程", "Rehearse a journey"), run_rehearsal, link=lambda arguments: f"/journeys/{arguments['journey_id']}"),
        JobKind(REPORTS, Text("更新旅程报告", "Bring reports of journeys up to date"), run_reports),
    )
