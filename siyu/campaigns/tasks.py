"""Tasks of campaigns: what is due happens by itself, forecasts are made, and read-outs kept up to date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from siyu.campaigns.driving import drive
from siyu.campaigns.forecast import forecast
from siyu.campaigns.reports import refresh
from siyu.foundation import jobs
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

Flow = Callable[[Stores], int]
DRIVE, FORECAST, REPORTS = "campaigns.drive", "campaigns.forecast", "campaigns.reports"


def job_kinds(flow: Flow) -> tuple[JobKind, ...]:
    """The kinds of job of this room; `flow` publishes what the log holds."""

    def run_drive(running: Running) -> dict[str, Any]:
        return {"moved_count": drive(running.stores, flow)}

    def run_forecast(running: Running) -> dict[str, Any]:
        flow(running.stores)
        made = forecast(running.stores, running.arguments["campaign_id"])
        return {"campaign_id": running.arguments["campaign_id"], "reach": made["reach"]}

    def run_reports(running: Running) -> dict[str, Any]:
        return {"report_count": refresh(running.stores)}

    return (
        JobKind(REPORTS, Text("更新活动报告", "Bring reports of campaigns up to date"), run_reports),
        JobKind(DRIVE, Text("推进活动", "Move campaigns on"), run_drive),
        JobKind(FORECAST, Text("预测活动触达", "Forecast a campaign"), run_forecast, link=lambda arguments: f"/campaigns/{arguments['campaign_id']}"),
    )


def ask_to_drive(stores: Stores, tx: Connection) -> None:
    """Have what is due now begin at once, without waiting for the schedule."""
    jobs.submit(tx, DRIVE, {}, now=stores.now(), key="schedule:campaigns now")
