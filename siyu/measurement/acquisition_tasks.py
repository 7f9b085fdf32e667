"""What the job of reports does for true cost: compute it anew if something has moved, and lay out what pages open with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from siyu.foundation.stores import Stores
from siyu.measurement import (
    acquisition_reports,
    advice,
    experiment_reports,
    returns,
    waste_reports,
)
from siyu.measurement.weekly_reports import weekly


def steps(stores: Stores) -> list[Callable[[], object]]:
    """The computation first; then the reports with the spans that pages ask for at first."""
    return [
        partial(returns.refresh, stores),
        partial(acquisition_reports.source_report, stores),
        partial(waste_reports.waste_report, stores),
        partial(waste_reports.cohort_report, stores),
        partial(waste_reports.attribution_report, stores),
        partial(advice.advice_report, stores),
        partial(experiment_reports.experiment_report, stores),
        partial(weekly, stores),
    ]
