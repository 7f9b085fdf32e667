"""At whose hour somebody is told: their own where there is a habit, else the usual one, and it is recorded which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_DECIDED
from siyu.events.recording import Senders, record_activities
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.messaging import planning
from siyu.messaging.sends import Send
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.messaging import make
from tests.rooms.messaging.test_planning import _account, _people


def _opened(stores: Stores, place: int, *at: datetime) -> None:
    size = len(at)
    with stores.ledger.begin() as tx:
        record_activities(
            tx, stores.secrets, Senders({"phone": pa.array([f"138{place:08d}"] * size)}), ids=pa.array([f"{place} {n}" for n in range(size)]), at_ms=pa.array([to_ms(one) for one in at]),
            names=pa.array(["link_opened"] * size), properties=pa.array(["{}"] * size), now=stores.now(), dedup_key=f"opened {place}",
        )  # fmt: skip


def _decided(stores: Stores, send: Send) -> dict[int, tuple[str | None, int]]:
    """Customer → (reason, local hour)."""
    with stores.ledger.read() as tx:
        head = log.head(tx)
    rows: list[dict[str, Any]] = [row for batch in log.read(stores.ledger, 0, head, [MESSAGES_DECIDED.name]) for row in batch.rows.to_pylist() if row["send_id"] == send.id]
    return {row["customer_id"]: (row["reason"], datetime.fromtimestamp(row["at_ms"] / 1000, UTC).astimezone(stores.calendar.zone).hour) for row in rows}


@pytest.mark.parametrize(("usual", "hour"), [(14, 14), (None, 21)])
def test_pol_017_whoever_has_no_habit_is_told_at_the_usual_hour_and_the_reason_is_recorded(any_stores: Stores, clock: SetClock, usual: int | None, hour: int) -> None:
    clock.at = datetime(2026, 3, 2, 1, tzinfo=UTC)
    _account(any_stores)
    own, few, none, old = people = _people(any_stores, 4)
    morning, evening = datetime(2026, 2, 20, 2, 40, tzinfo=UTC), datetime(2026, 2, 20, 13, 10, tzinfo=UTC)
    _opened(any_stores, 0, morning, morning + timedelta(days=1), morning + timedelta(days=2), evening)
    _opened(any_stores, 1, evening, evening + timedelta(days=1))
    _opened(any_stores, 3, *(morning - timedelta(days=100 + day) for day in range(5)), *(evening + timedelta(days=day) for day in range(2)))
    flow(any_stores)
    # It is nine in the morning there; who opens at ten waits for ten, the others for their hour.
    send = planning.plan(any_stores, make(any_stores, "hours", customers=people, hours="best", usual_hour=usual).id)
    assert _decided(any_stores, send) == {own: ("best_hour", 10), few: ("usual_hour", hour), none: ("usual_hour", hour), old: ("usual_hour", hour)}
    assert send.counts["waits"] == {"best_hour": 1, "usual_hour": 3}


def test_within_ones_hour_one_is_told_now_and_where_the_hour_comes_too_late_as_well(stores: Stores, clock: SetClock) -> None:
    clock.at = datetime(2026, 3, 2, 2, 20, tzinfo=UTC)
    _account(stores)
    people = _people(stores, 2)
    now = planning.plan(stores, make(stores, "now", customers=people[:1], hours="best", usual_hour=10).id)
    late = planning.plan(stores, make(stores, "late", customers=people[1:], hours="best", usual_hour=9, until_at=clock.at + timedelta(hours=5)).id)
    assert (now.counts["allow"], late.counts["allow"]) == (1, 1)
