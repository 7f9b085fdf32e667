"""A round at an earlier instant of the same day: a clock that was set back, or another data folder in the same process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.river import flow
from siyu.segments.recompute import recompute
from siyu.segments.refresh import refresh
from siyu.segments.segments import create_segment, list_segments
from tests.conftest import SetClock
from tests.makers.people import record

RULE = {"kind": "event", "name": "clock_set_back", "op": ">=", "count": 1, "window": {"last": 5, "unit": "second"}}
NOON = datetime(2026, 1, 1, 4, tzinfo=UTC)


def test_what_a_round_reads_does_not_depend_on_rounds_before_it(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    with stores.ledger.begin() as tx:
        create_segment(tx, name="just now", description=None, rule=RULE, by=None, now=clock.at)
    record(stores, [{"user": "a", "at_ms": to_ms(NOON), "id": "0", "traits": {}}], "0")
    recompute(stores, flow)
    for number, hours in enumerate((6, 1, 2), 1):
        clock.at = NOON + timedelta(hours=hours)
        record(stores, [{"user": "a", "at_ms": to_ms(clock.at) - 1000, "id": f"{number}", "event": "clock_set_back", "properties": {}}], f"{number}")
        refresh(stores, flow)
        with stores.ledger.read() as tx:
            assert [segment.customer_count for segment in list_segments(tx)] == [1], hours
        clock.at += timedelta(seconds=20)
        refresh(stores, flow)
