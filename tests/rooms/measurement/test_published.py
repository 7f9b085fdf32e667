"""Reports are computed when facts have moved, and read from the ledger otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import func, select

from siyu.events import log
from siyu.events.catalogue.customers import ACTIVITY_RECORDED
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.brand import put_data_away
from siyu.foundation.database import metadata
from siyu.foundation.errors import InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Engine, Session
from siyu.measurement.reports import NAMES, concentration, default_as_of, overview, report
from siyu.orders import recency
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.orders import Order, lay_orders

ON = date(2025, 12, 10)


class Counting:
    """An engine that counts the queries of readers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.queries = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._engine.read() as session:
            yield _CountingSession(session, self)


class _CountingSession:
    def __init__(self, session: Session, counting: Counting) -> None:
        self._session, self._counting = session, counting

    def __getattr__(self, name: str) -> Any:
        self._counting.queries += 1
        return getattr(self._session, name)


@pytest.fixture
def counted(stores: Stores) -> Stores:
    engine: Any = Counting(stores.warehouse.engine)
    return replace(stores, warehouse=replace(stores.warehouse, engine=engine))


def queries(stores: Stores) -> int:
    engine: Any = stores.warehouse.engine
    return int(engine.queries)


def append_activity(stores: Stores) -> None:
    rows = pa.Table.from_pylist([{}], ACTIVITY_RECORDED.schema)
    with stores.ledger.begin() as tx:
        log.append(tx, ACTIVITY_RECORDED, rows, now=stores.now())


@pytest.mark.parametrize("name", NAMES)
def test_a_second_read_does_not_ask_the_warehouse(counted: Stores, name: str) -> None:
    lay_orders(counted, [Order(1, ON), Order(2, ON)])
    first = report(counted, name)
    assert queries(counted) > 0
    asked = queries(counted)
    assert report(counted, name) == first
    assert queries(counted) == asked


def test_moved_facts_are_counted_again(counted: Stores, clock: SetClock) -> None:
    lay_orders(counted, [Order(1, ON)])
    first = overview(counted, as_of=ON)
    clock.at += timedelta(minutes=5)
    lay_orders(counted, [Order(2, ON)])
    second = overview(counted, as_of=ON)
    assert (first.record.totals["orders"], second.record.totals["orders"]) == (1, 2)
    assert first.version != second.version
    assert second.record.fresh_at == second.computed_at == clock.at


def test_events_of_other_rooms_do_not_make_it_stale(counted: Stores) -> None:
    lay_orders(counted, [Order(1, ON)])
    first, asked = overview(counted, as_of=ON), queries(counted)
    append_activity(counted)
    assert overview(counted, as_of=ON) == first
    assert queries(counted) == asked


def test_recorded_but_not_published_costs_one_look(counted: Stores) -> None:
    """The log runs ahead of the warehouse: the kept result stands until the facts have moved."""
    lay_orders(counted, [Order(1, ON)])
    first, asked = concentration(counted, as_of=ON), queries(counted)
    with counted.ledger.begin() as tx:
        log.append(
            tx,
            ORDER_LINES_RECORDED,
            pa.Table.from_pylist([{}], ORDER_LINES_RECORDED.schema),
            now=counted.now(),
        )
    assert concentration(counted, as_of=ON) == first
    assert queries(counted) == asked + 1


def test_data_that_was_put_away_is_never_shown_again(stores: Stores) -> None:
    lay_orders(stores, [Order(1, ON)])
    assert concentration(stores, as_of=ON).record.buyers == 1
    with stores.ledger.begin() as tx:
        put_data_away(tx)
    concentration(stores, as_of=ON)  # Asked before the warehouse has followed.
    flow(stores)
    assert concentration(stores, as_of=ON).record.buyers == 0


def test_reports_of_different_days_are_kept_apart_and_old_ones_go(stores: Stores, clock: SetClock) -> None:
    table = metadata.tables["measurement_report"]

    def kept() -> int:
        with stores.ledger.read() as tx:
            return int(tx.scalar(select(func.count()).select_from(table)) or 0)

    lay_orders(stores, [Order(1, ON)])
    concentration(stores, as_of=ON)
    concentration(stores, as_of=ON - timedelta(days=1))
    assert kept() == 2
    clock.at += timedelta(days=36)
    concentration(stores, as_of=ON - timedelta(days=2))
    assert kept() == 1


# Which day


def test_today_is_the_brand_s(stores: Stores, clock: SetClock) -> None:
    clock.at = datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert default_as_of(stores) == date(2026, 1, 1)


@pytest.mark.parametrize(("days", "historic"), [(60, False), (61, True), (4000, True)])
def test_history_is_reported_for_its_last_day(stores: Stores, days: int, historic: bool) -> None:
    today = date(2026, 1, 1)
    last = today - timedelta(days=days)
    lay_orders(stores, [Order(1, last), Order(1, last - timedelta(days=5))])
    assert default_as_of(stores) == (last if historic else today) == recency.default_as_of(stores)


def test_a_day_that_has_not_come_or_is_absurd_is_refused(stores: Stores) -> None:
    for on in (date(2026, 1, 2), date(1979, 12, 31), date.min, date.max):
        with pytest.raises(InvalidError) as caught:
            overview(stores, as_of=on)
        assert [fault.field for fault in caught.value.faults] == ["as_of"]


def test_unknown_names_are_refused(stores: Stores) -> None:
    with pytest.raises(NotFoundError):
        report(stores, "everything")
    with pytest.raises(InvalidError) as caught:
        report(stores, "overview", grain="year")
    assert caught.value.faults[0].field == "grain"
    with pytest.raises(InvalidError):
        report(stores, "cohorts", measure="profit")
