"""Waits by the clock and calendar of each person, through the runner on both ledgers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.journey_steps import (
    edges,
    enter,
    here,
    journey,
    pass_to,
    refused_by_checks,
    remarks,
    sms_account,
    ways,
    willing,
)
from tests.makers.people import customers_by_user, record

MONDAY = datetime(2026, 11, 23, 4, tzinfo=UTC)
"""12:00 in Shanghai, the brand's zone."""


def known(stores: Stores, traits: dict[str, dict[str, object]]) -> dict[str, int]:
    """People with attributes: user → customer."""
    at = to_ms(stores.now())
    record(stores, [{"user": user, "at_ms": at, "id": f"t {user}", "traits": said} for user, said in traits.items()], "traits")
    return customers_by_user(stores, list(traits))


def test_people_wait_until_a_time_of_day_where_they_live(stores: Stores, clock: SetClock) -> None:
    clock.at = MONDAY
    who = known(stores, {"shanghai": {}, "york": {"timezone": "America/New_York"}, "angeles": {"latitude": 33.8121, "longitude": -117.919}, "odd": {"timezone": "Mars/Olympus"}})
    made = journey(stores, {"n1": ("until_time", {"at": "13:00", "weekdays": [2]}, {"next": None})})
    enter(stores, clock, made, list(who.values()))
    due = {user: from_ms(here(stores, made)[customer][1] or 0) for user, customer in who.items()}
    tuesday = datetime(2026, 11, 24, tzinfo=UTC)
    assert due == {"shanghai": tuesday.replace(hour=5), "odd": tuesday.replace(hour=5), "york": tuesday.replace(hour=18), "angeles": tuesday.replace(hour=21)}
    pass_to(stores, clock, tuesday.replace(hour=18))
    assert set(ways(stores, made, "n1")) == {who["shanghai"], who["odd"], who["york"]}


def test_a_window_lets_through_at_once_and_holds_until_it_opens(stores: Stores, clock: SetClock) -> None:
    clock.at = MONDAY
    who = known(stores, {"shanghai": {}, "london": {"time_zone": "Europe/London"}})
    made = journey(stores, {"n1": ("window", {"from": "09:00", "to": "18:00", "weekdays": [1, 2, 3, 4, 5]}, {"next": None})})
    enter(stores, clock, made, list(who.values()))
    assert set(ways(stores, made, "n1")) == {who["shanghai"]}
    assert here(stores, made)[who["london"]][1] == to_ms(MONDAY.replace(hour=9))
    # Nobody looked until the evening: who is late is not let out at night, but in the next window.
    clock.at = MONDAY.replace(hour=19)
    pass_to(stores, clock, MONDAY.replace(hour=20))
    assert here(stores, made)[who["london"]][1] == to_ms(MONDAY.replace(hour=9) + timedelta(days=1))


def test_people_wait_until_a_date_of_theirs_and_who_has_none_goes_the_other_way(stores: Stores, clock: SetClock) -> None:
    clock.at = MONDAY
    who = known(
        stores,
        {"soon": {"birthday": "1990-11-28"}, "over": {"birthday": "1990-11-20"}, "leap": {"birthday": "1996-02-29"}, "none": {}},
    )
    made = journey(stores, {"n1": ("until_date", {"of": [{"field": "birthday"}], "days": -3, "at": "10:00"}, {"next": None, "unknown": None})})
    enter(stores, clock, made, list(who.values()))
    due = {user: from_ms(here(stores, made)[customer][1] or 0) for user, customer in who.items() if customer in here(stores, made)}
    assert due == {"soon": datetime(2026, 11, 25, 2, tzinfo=UTC), "over": datetime(2027, 11, 17, 2, tzinfo=UTC), "leap": datetime(2027, 2, 25, 2, tzinfo=UTC)}
    assert ways(stores, made, "n1") == {who["none"]: "unknown"}


def test_a_date_that_an_event_of_the_run_told_comes_before_one_of_the_person(stores: Stores, clock: SetClock) -> None:
    clock.at = MONDAY
    who = known(stores, {"a": {"renewal": "2026-12-01"}, "b": {"renewal": "2026-12-01"}, "c": {}})
    settings = {"of": [{"property": "appointment.at"}, {"field": "custom:renewal"}], "hours": -2, "at": None}
    made = journey(stores, {"n1": ("until_date", settings, {"next": None, "unknown": None})})
    with_date = {"appointment": {"at": "2026-11-23T09:00:00Z"}}
    enter(stores, clock, made, [who["a"]], with_date)
    enter(stores, clock, made, [who["b"], who["c"]])
    due = {customer: from_ms(at or 0) for customer, (_, at) in here(stores, made).items()}
    assert due == {who["a"]: datetime(2026, 11, 23, 7, tzinfo=UTC), who["b"]: datetime(2026, 11, 30, 14, tzinfo=UTC)}
    assert ways(stores, made, "n1") == {who["c"]: "unknown"}
    past = journey(stores, {"n1": ("until_date", {"of": [{"property": "at"}], "at": None}, {"next": None, "unknown": None})})
    enter(stores, clock, past, [who["c"]], {"at": 1_704_106_800})
    assert ways(stores, past, "n1") == {who["c"]: "next"}


def test_people_wait_until_restraint_allows_or_leave_with_the_reason(stores: Stores, clock: SetClock) -> None:
    # 23:00 in Shanghai: quiet hours, until 08:00.
    clock.at = MONDAY.replace(hour=15)
    sms_account(stores)
    told, silent = willing(stores, 2), willing(stores, 1, first=100, purposes=())
    nodes = {"n1": ("until_allowed", {"carriers": ["sms"], "purpose": "value", "at_most": {"days": 2}}, {"allowed": None, "refused": None})}
    made = journey(stores, nodes)
    enter(stores, clock, made, [*told, *silent])
    assert ways(stores, made, "n1") == {silent[0]: "refused"}
    assert remarks(stores, made, "n1") == {silent[0]: "no_consent"}
    assert {due for _, due in here(stores, made).values()} == {to_ms(datetime(2026, 11, 24, tzinfo=UTC))}
    pass_to(stores, clock, datetime(2026, 11, 24, tzinfo=UTC))
    assert edges(stores, made, "n1") == {"allowed": 2, "refused": 1}


def test_what_is_wrong_with_a_wait_is_said_by_its_setting(stores: Stores) -> None:
    assert refused_by_checks(stores, "window", {"from": "18:00", "to": "09:00"}, ["next"]) == {"to": "must be later than the beginning; a window does not run over midnight"}
    assert set(refused_by_checks(stores, "window", {"from": "18:00", "to": None}, ["next"])) == {"to"}
    assert set(refused_by_checks(stores, "window", {"from": None, "to": None}, ["next"])) == {"weekdays"}
    assert refused_by_checks(stores, "window", {"from": None, "to": None, "at": "16:00"}, ["next"]) == {}
    assert set(refused_by_checks(stores, "until_time", {"at": "24:00"}, ["next"])) == {"at"}
    assert set(refused_by_checks(stores, "until_date", {"of": [{"field": "birthday", "property": "x"}, {}]}, ["next", "unknown"])) == {"of[0]", "of[1]"}
    assert set(refused_by_checks(stores, "until_allowed", {"carriers": ["pigeon"], "at_most": {}}, ["allowed", "refused"])) == {"carriers[0]", "at_most"}
