"""The weekly report as it is read: composed from the newest published computation, for page, PDF and message alike."""

from __future__ import annotations

from datetime import date

from siyu.foundation.stores import Stores
from siyu.measurement import advice, returns
from siyu.measurement.acquisition_reports import source_report
from siyu.measurement.published import Published
from siyu.measurement.waste_reports import waste_report
from siyu.measurement.weekly import Weekly, checked_week, compose, spans


def weekly(stores: Stores, week_on: date | None = None, *, kept: bool = False) -> Published[Weekly]:
    """The report of the week that holds a day; without one, of the last week that is over on the day the numbers are of.

    With `kept` nothing is computed anew: the numbers are those of the newest computation there is.

    Raises
    ------
    InvalidError
        The day lies in the future or before 2000.
    """
    run = returns.newest(stores) if kept else returns.refresh(stores)
    monday_on = checked_week(run.as_of, week_on)
    this, before, eight = (source_report(stores, from_on=first, to_on=last, run=run) for first, last in spans(monday_on))
    first, last = spans(monday_on)[2]
    split = waste_report(stores, from_on=first, to_on=last, run=run)
    made = compose(monday_on, run.as_of, this, before, eight, split, advice.advice_report(stores, run=run), currency=stores.settings.currency)
    return Published(made, run.computed_at, f"{run.key} weekly {monday_on} {made.tasks!r}", run.is_newest)
