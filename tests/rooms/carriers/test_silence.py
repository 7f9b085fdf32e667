"""Silence is judged by an account's own habit: what is usual for it is not told, what is not is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from siyu.carriers import accounts, health, silence, status
from siyu.foundation.stores import Stores
from tests.conftest import SetClock

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, 0, tzinfo=UTC)


def _counts(days: int, by_hour: dict[int, int]) -> dict[datetime, int]:
    """Callbacks of whole days, by the hour of the day in China."""
    hours = [MONDAY + timedelta(hours=number) for number in range(days * 24)]
    return {hour: by_hour[local] for hour in hours if by_hour.get(local := hour.astimezone(ZONE).hour)}


DAYTIME = dict.fromkeys(range(9, 22), 20)


def test_a_night_without_callbacks_is_usual_where_nights_are_quiet() -> None:
    counts = _counts(10, DAYTIME)
    evening = MONDAY + timedelta(days=9, hours=14)  # 22:00 in China
    assert silence.expected_between(counts, evening, evening + timedelta(hours=9), ZONE) == pytest.approx(9, abs=2.5)
    morning = evening + timedelta(hours=13)
    assert silence.expected_between(counts, evening, morning, ZONE) > 13.8  # type: ignore[operator]


def test_the_same_hours_at_noon_are_improbable() -> None:
    counts = _counts(10, DAYTIME)
    noon = MONDAY + timedelta(days=9, hours=4)
    expected = silence.expected_between(counts, noon, noon + timedelta(hours=2), ZONE)
    assert expected is not None
    assert expected > 30


def test_an_account_of_bursts_is_given_longer() -> None:
    steady = _counts(10, dict.fromkeys(range(24), 10))
    bursts = {hour: 130 for number, hour in enumerate(sorted(steady)) if number % 13 == 0}
    since = MONDAY + timedelta(days=10)
    until = since + timedelta(hours=8)
    assert silence.expected_between(bursts, since, until, ZONE) < silence.expected_between(steady, since, until, ZONE) / 10  # type: ignore[operator]


@pytest.mark.parametrize("counts", [_counts(10, {12: 4}), {MONDAY: 500}])
def test_too_little_is_known_of_an_account_that_seldom_or_only_just_speaks(counts: dict[datetime, int]) -> None:
    assert silence.expected_between(counts, MONDAY + timedelta(days=10), MONDAY + timedelta(days=40), ZONE) is None


def _account(stores: Stores) -> int:
    with stores.ledger.begin() as tx:
        credentials = {"corpid": "wwquiet", "secret": "s" * 43}
        return accounts.connect(stores, tx, product="wecom", name="quiet", credentials=credentials, settings={}, by="t").id


def _heard(stores: Stores, account_id: int, until: datetime) -> None:
    received = [(account_id, until - timedelta(hours=number // 20)) for number in range(20 * 24 * 7)]
    with stores.ledger.begin() as tx:
        health.tally_heard(tx, received)


def _status(stores: Stores, account_id: int) -> tuple[str, str | None]:
    with stores.ledger.read() as tx:
        found = accounts.find_account(tx, account_id)
    return found.status, found.status_code


def test_a_silent_account_is_marked_and_told_of_once(any_stores: Stores, clock: SetClock) -> None:
    number = _account(any_stores)
    _heard(any_stores, number, clock.at)
    began = clock.at - timedelta(days=30)
    clock.at += timedelta(minutes=20)
    assert silence.mark(any_stores, began) == []
    clock.at += timedelta(hours=3)
    assert silence.mark(any_stores, began) == [number]
    assert silence.mark(any_stores, began) == []
    assert _status(any_stores, number) == ("restricted", status.SILENCE)


def test_time_in_which_nobody_listened_is_no_silence(stores: Stores, clock: SetClock) -> None:
    number = _account(stores)
    _heard(stores, number, clock.at)
    clock.at += timedelta(hours=5)
    assert silence.mark(stores, clock.at - timedelta(minutes=10)) == []


def test_a_call_that_works_does_not_lift_a_silence_and_a_paused_account_is_left_alone(stores: Stores, clock: SetClock) -> None:
    number = _account(stores)
    _heard(stores, number, clock.at)
    clock.at += timedelta(hours=5)
    silence.mark(stores, clock.at - timedelta(days=1))
    watch = health.LedgerWatch(stores)
    with stores.ledger.read() as tx:
        key = accounts.find_account(tx, number).key
    watch.called(key, "/x", "0", None, 0.1)
    watch.flush()
    assert _status(stores, number) == ("restricted", status.SILENCE)
    with stores.ledger.begin() as tx:
        status.put(stores, tx, number, "paused", None)
    assert silence.mark(stores, clock.at - timedelta(days=1)) == []


def test_callbacks_are_not_counted_as_calls(stores: Stores, clock: SetClock) -> None:
    number = _account(stores)
    with stores.ledger.begin() as tx:
        health.tally_heard(tx, [(number, clock.at)] * 3)
    with stores.ledger.read() as tx:
        assert health.health_of(tx, number, clock.at).call_count == 0
        assert [hour.heard for hour in health.hours_of(tx, number, clock.at)][-1] == 3
