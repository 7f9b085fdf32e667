"""Task of the weekly report: on Monday at nine it is told to whom the brand chose, once each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from siyu.carriers.calls import Calls
from siyu.connectors.errors import CarrierError, Throttled, Unavailable
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.measurement import weekly_sending
from siyu.measurement.weekly_reports import weekly
from siyu.measurement.weekly_sending import TELL, Note
from siyu.measurement.weekly_words import message, title
from siyu.messaging import staff_notes

WAIT_SECONDS = 60


def job_kinds() -> tuple[JobKind, ...]:
    return (JobKind(TELL, Text("发送获客周报", "Tell the weekly report"), _tell, max_attempts=5, retry_wait=timedelta(minutes=1), link=lambda _: "/weekly"),)


def _tell(running: Running) -> dict[str, Any]:
    """By the schedule, the week that is due; asked by hand (`week_on`), that week at once."""
    stores, asked = running.stores, running.arguments.get("week_on")
    with stores.ledger.read() as tx:
        held = weekly_sending.plan(tx)
    week_on = date.fromisoformat(asked) if asked else weekly_sending.due_week(stores.calendar, stores.now(), held)
    if week_on is None or not held.is_on:
        return {"told_count": 0}
    report = weekly(stores, week_on).record
    words = message(report, stores.settings.currency)
    with running.begin() as tx:
        meant = weekly_sending.mean(tx, week_on, held, words, stores.now())
    if not meant:
        return {"week": str(week_on), "told_count": 0}
    calls = Calls(stores)
    calls.start()
    try:
        told = tell(calls, week_on, meant, title(report))
    finally:
        calls.stop()
    return {"week": str(week_on), "told_count": told, "not_told_count": len(meant) - told}


def tell(calls: Calls, week_on: date, meant: Sequence[Note], heading: str) -> int:
    """One message of the app for all of them; returns how many were told.

    Raises
    ------
    CarrierError
        When the carrier surely did nothing and may be asked again: then nothing is written down, and the job tries again.
    """
    stores, first = calls.stores, meant[0]
    url = weekly_sending.address(stores.settings, week_on)
    try:
        not_told = calls.run(staff_notes.tell(calls, first.account_id, [one.staff for one in meant], heading, first.words, url), WAIT_SECONDS)
    except CarrierError as error:
        if isinstance(error, Throttled) or (isinstance(error, Unavailable) and error.reached is False):
            with stores.ledger.begin() as tx:
                weekly_sending.forget(tx, [one.id for one in meant])
            raise
        if not isinstance(error, Unavailable) or error.reached:
            _settle(stores, meant, [one.staff for one in meant], str(error.message))
        return 0
    _settle(stores, meant, not_told, "not in the app's range")
    return sum(one.staff not in not_told for one in meant)


def _settle(stores: Stores, meant: Sequence[Note], refused: Sequence[str], reason: str) -> None:
    with stores.ledger.begin() as tx:
        for one in meant:
            weekly_sending.settle(tx, one.id, "refused" if one.staff in refused else "told", stores.now(), reason if one.staff in refused else "")
