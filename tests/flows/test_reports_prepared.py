"""After an import the reports are there before anybody asks, and a reader who would rather not wait never does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from siyu.foundation.brand import put_data_away
from siyu.foundation.stores import Stores
from siyu.measurement import reports as measured
from siyu.river import flow
from siyu.segments import reports as segmented
from tests.conftest import SetClock
from tests.makers.door import Door, door_of
from tests.makers.files import csv_bytes, good_rows

PATHS = (
    "measurement/overview?grain=month&as_of=2025-12-31", "measurement/overview?grain=day&as_of=2025-12-31", "measurement/monthly",
    "measurement/cohorts", "measurement/cohorts?measure=orders", "measurement/concentration",
    "segments/rfm", "segments/lifecycle", "segments/value",
)  # fmt: skip


def rows(count: int) -> list[list[Any]]:
    """Orders of a shop that lives: the newest is of last month."""
    return [[row[0].replace("2025-03", "2025-12"), *row[1:]] for row in good_rows(count)]


@pytest.fixture
def door(any_stores: Stores) -> Door:
    """On SQLite and on PostgreSQL; it is 1 January 2026 and the first orders are in."""
    door = door_of(any_stores)
    door.bring(csv_bytes(rows(3)))
    return door


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the reports that are computed from here on."""
    names: list[str] = []

    def watched(name: str, compute: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            names.append(name)
            return compute(*arguments, **named)

        return run

    for name in ("overview_of", "grid_of", "concentration_of"):
        monkeypatch.setattr(measured, name, watched(name, getattr(measured, name)))
    for name, compute in segmented.REPORTS.items():
        monkeypatch.setitem(segmented.REPORTS, name, watched(name, compute))
    return names


def read(door: Door, path: str, *, kept: bool = False) -> tuple[Any, str | None]:
    answer = door.client.get(f"/api/v1/{path}{'&' if '?' in path else '?'}kept={str(kept).lower()}")
    assert answer.status_code == 200, answer.text
    return answer.json(), answer.headers.get("Siyu-Newer")


def more(door: Door) -> None:
    """Orders that have come in, with no job that has followed them yet."""
    file = door.upload(csv_bytes(rows(9)[3:])).json()
    door.start(file)
    runner = door.app.state.runner
    runner._run(runner._claim())
    flow(door.stores)


def test_after_an_import_no_reader_computes(door: Door, computed: list[str]) -> None:
    for path in PATHS:
        read(door, path, kept=True)
        assert computed == [], path


def test_who_does_not_wait_is_given_the_older_and_then_the_newest(door: Door, computed: list[str]) -> None:
    before = {path: read(door, path)[0] for path in PATHS}
    more(door)
    computed.clear()
    older = {path: read(door, path, kept=True) for path in PATHS}
    assert {path: payload for path, (payload, _) in older.items()} == before
    assert computed == []
    jobs = {job for _, job in older.values()}
    assert len(jobs) == 1, "asked nine times, computed once"
    assert None not in jobs
    door.app.state.runner.run_pending()
    computed.clear()
    for path in PATHS:
        newest, job = read(door, path, kept=True)
        assert (job, computed) == (None, []), path
        assert newest != before[path]
        assert newest == read(door, path)[0]


def test_who_waits_is_given_the_newest(door: Door) -> None:
    read(door, "segments/rfm")
    more(door)
    assert read(door, "segments/rfm")[0]["customer_count"] == 9
    assert read(door, "measurement/concentration")[0]["buyers"] == 9


def test_the_job_computes_nothing_twice(door: Door, computed: list[str]) -> None:
    with door.stores.ledger.begin() as tx:
        segmented.ask_for_newer(tx, door.stores.now(), "again")
    door.app.state.runner.run_pending()
    assert computed == []


def test_what_was_put_away_or_never_was_is_not_given_to_who_does_not_wait(any_stores: Stores) -> None:
    door = door_of(any_stores)
    assert read(door, "segments/rfm", kept=True)[0]["customer_count"] == 0
    door.bring(csv_bytes(rows(3)))
    for name, size in (("segments/rfm", "customer_count"), ("measurement/concentration", "buyers")):
        assert read(door, name, kept=True)[0][size] == 3, "empty is not an older result of orders"
    with any_stores.ledger.begin() as tx:
        put_data_away(tx)
    flow(any_stores)
    for name, size in (("segments/rfm", "customer_count"), ("measurement/concentration", "buyers")):
        assert read(door, name, kept=True)[0][size] == 0


def test_a_new_day_has_its_reports_at_midnight(door: Door, clock: SetClock, computed: list[str]) -> None:
    runner = door.app.state.runner
    runner.submit_due()
    clock.at += timedelta(days=1)
    runner.submit_due()
    runner.run_pending()
    assert door.stores.calendar.on(clock.at) == date(2026, 1, 2)
    assert computed
    computed.clear()
    for path in (path.replace("2025-12-31", "2026-01-01") for path in PATHS):
        read(door, path, kept=True)
    assert computed == []
