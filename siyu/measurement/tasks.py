"""Task of reports: compute what the console opens with before somebody asks, after an import and at the start of a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, get_args

from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.measurement.acquisition_tasks import steps as true_cost_steps
from siyu.measurement.periods import Grain
from siyu.measurement.reports import cohorts, concentration, default_as_of, overview
from siyu.segments.reports import PREPARE, REPORTS, report


def job_kind() -> JobKind:
    return JobKind(PREPARE, Text("更新报表", "Bring reports up to date"), _prepare, link=lambda _: "/")


def _prepare(running: Running) -> dict[str, Any]:
    """A report that holds is only looked at, so the job is cheap when nothing was recorded; killed, it begins anew."""
    steps = _steps(running.stores)
    for done, step in enumerate(steps):
        running.progress(done, len(steps), Text("正在计算报表", "computing reports"))
        step()
    return {"report_count": len(steps)}


def _steps(stores: Stores) -> list[Callable[[], object]]:
    """What pages ask for, the overview first: it ends with the last whole day; history is also shown for its own last day."""
    usual, yesterday = default_as_of(stores), stores.calendar.on(stores.now()) - timedelta(days=1)
    days = [yesterday] if usual >= yesterday else [yesterday, usual]
    return [
        *(partial(overview, stores, as_of=on, grain=grain) for on in days for grain in reversed(get_args(Grain))),
        partial(cohorts, stores),
        partial(concentration, stores),
        *(partial(report, stores, name, usual) for name in REPORTS),
        *true_cost_steps(stores),
    ]
