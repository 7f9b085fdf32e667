"""The content calendar: days and weeks, what clashes, and moving."""

from __future__ import annotations

from typing import Any

import pytest

from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from tests.makers.campaigns import Office, approved_and_scheduled, open_office, put_segment, written


@pytest.fixture
def office(stores: Stores) -> Office:
    return open_office(stores)


@pytest.fixture
def segment(stores: Stores) -> int:
    return put_segment(stores, range(1, 11))


def _made(office: Office, segment: int, starts: str | None, **changed: Any) -> int:
    made: int = office.ask("olga", "POST", "", written(segment, starts=starts, **changed), 201)["id"]
    return made


def _forecast(office: Office, made: int, reach: int, **by_carrier: int) -> None:
    table = metadata.tables["campaigns_campaign"]
    with office.stores.ledger.begin() as tx:
        tx.execute(table.update().where(table.c.id == made).values(forecast={"version": 1, "reach": reach, "by_carrier": by_carrier}))


def _shown(office: Office, first: str = "2026-02-01", last: str = "2026-02-28", **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = office.ask("ann", "GET", "/calendar", **{"from": first, "to": last, **query})
    return found


def _items(found: dict[str, Any]) -> list[tuple[str, int, int | None]]:
    return [(day["on"], item["campaign_id"], item["wave"]) for day in found["days"] for item in day["items"]]


def test_a_campaign_is_on_its_local_day_and_its_waves_on_theirs(office: Office, segment: int) -> None:
    made = _made(office, segment, "2026-02-03 00:30", waves=[{"share": 0.2, "wait_hours": 48}, {"share": 0.8}])
    found = _shown(office)
    assert _items(found) == [("2026-02-03", made, 0), ("2026-02-05", made, 1)]
    assert found["days"][2]["items"][0]["local_time"] == "00:30"
    assert [each["key"] for day in found["days"] for each in day["festivals"]] == ["valentine", "spring"]
    assert len(found["days"]) == 28
    assert found["weeks"][0]["from_on"] == "2026-01-26"


def test_filters_and_campaigns_without_a_day(office: Office, segment: int) -> None:
    promotion = _made(office, segment, "2026-02-03 10:00")
    value = _made(office, segment, "2026-02-09 10:00", purpose="value", carriers=["sms"])
    waiting = _made(office, segment, None)
    assert [each[1] for each in _items(_shown(office, purpose="value"))] == [value]
    assert [each[1] for each in _items(_shown(office, carrier="wecom"))] == [promotion]
    assert [each["campaign_id"] for each in _shown(office)["unplanned"]] == [waiting]
    cancelled = _made(office, segment, "2026-02-04 10:00")
    office.ask("olga", "POST", f"/{cancelled}/cancel", {"note": ""})
    assert cancelled not in [each[1] for each in _items(_shown(office))]


def test_load_and_mix_of_a_week(office: Office, segment: int) -> None:
    other = put_segment(office.stores, range(20, 30), "新客")
    first = _made(office, segment, "2026-02-03 10:00", waves=[{"share": 0.25, "wait_hours": 24}, {"share": 0.75}])
    second = _made(office, other, "2026-02-04 10:00", purpose="value", carriers=["sms"])
    _forecast(office, first, 400, wecom=300, sms=100)
    _forecast(office, second, 50)
    found = _shown(office)
    loads = {day["on"]: day["load"] for day in found["days"] if day["load"]}
    assert loads == {"2026-02-03": {"wecom": 75, "sms": 25}, "2026-02-04": {"wecom": 225, "sms": 125}}
    [week] = [each for each in found["weeks"] if each["from_on"] == "2026-02-02"]
    assert (week["promotion"], week["value"], week["ratio"], week["is_too_much"]) == (400, 50, 1.0, False)
    assert found["clashes"] == []


def _kinds(found: dict[str, Any]) -> set[tuple[str, tuple[int, ...]]]:
    return {(each["kind"], tuple(each["campaign_ids"])) for each in found["clashes"]}


def test_same_audience_on_one_day_and_more_promotions_than_a_person_gets_clash(office: Office, segment: int) -> None:
    one, other = _made(office, segment, "2026-02-03 10:00"), _made(office, segment, "2026-02-03 15:00", purpose="value")
    later, far = _made(office, segment, "2026-02-09 10:00"), _made(office, segment, "2026-02-16 10:00")
    elsewhere = _made(office, put_segment(office.stores, range(20, 30), "新客"), "2026-02-03 10:00", purpose="service")
    kinds = _kinds(_shown(office))
    # Six days after a promotion the next is one too many; seven days after it is not.
    assert kinds == {("same_audience", (one, other)), ("caps", (one, later))}
    assert far
    assert elsewhere


def test_a_fourth_touch_in_seven_days_and_promotions_without_value_clash(office: Office, segment: int) -> None:
    touches = [_made(office, segment, f"2026-02-0{day} 10:00", purpose="value") for day in (2, 3, 4, 5)]
    assert ("caps", tuple(touches)) in _kinds(_shown(office))
    segments = [put_segment(office.stores, [100 + number], f"分群 {number}") for number in range(2)]
    promotions = [_made(office, each, "2026-02-17 10:00") for each in segments]
    assert ("mix", tuple(promotions)) in _kinds(_shown(office))


def test_a_move_is_refused_where_it_clashes_unless_that_is_accepted(office: Office, segment: int) -> None:
    one, other = _made(office, segment, "2026-02-03 10:00"), _made(office, segment, "2026-02-16 10:00")
    refused = office.ask("olga", "PATCH", f"/calendar/{other}", {"starts": "2026-02-05 10:00"}, 409)
    assert refused["code"] == "campaign_clash"
    assert {each["field"] for each in refused["errors"]} == {"caps", "mix"}
    moved = office.ask("olga", "PATCH", f"/calendar/{other}", {"starts": "2026-02-05 10:00", "accept_clashes": True})
    assert (moved["campaign"]["starts_local"], moved["campaign"]["version"]) == ("2026-02-05 10:00", 2)
    assert {each["kind"] for each in moved["clashes"]} == {"caps", "mix"}
    free = office.ask("olga", "PATCH", f"/calendar/{other}", {"starts": "2026-02-20 10:00"})
    assert free["clashes"] == []
    assert [each[1] for each in _items(_shown(office))] == [one, other]


def test_a_scheduled_campaign_moves_with_its_wave_and_stays_approved(office: Office, segment: int) -> None:
    made = approved_and_scheduled(office, written(segment))
    moved = office.ask("olga", "PATCH", f"/calendar/{made}", {"starts": "2026-02-11 09:00"})["campaign"]
    assert (moved["status"], moved["approved_by"], moved["starts_at"], moved["waves"][0]["due_at"]) == ("scheduled", "alice", "2026-02-11T01:00:00Z", "2026-02-11T01:00:00Z")


@pytest.mark.parametrize("starts", ["2025-12-01 10:00", "2026-02-30 10:00", "soon"])
def test_no_move_into_the_past_or_to_no_day(office: Office, segment: int, starts: str) -> None:
    made = _made(office, segment, "2026-02-03 10:00")
    assert office.ask("olga", "PATCH", f"/calendar/{made}", {"starts": starts}, 422)["errors"][0]["field"] == "starts"


def test_what_has_begun_does_not_move_and_who_reads_only_moves_nothing(office: Office, segment: int) -> None:
    made = _made(office, segment, "2026-02-03 10:00")
    office.ask("ann", "PATCH", f"/calendar/{made}", {"starts": "2026-02-04 10:00"}, 403)
    office.ask("olga", "POST", f"/{made}/cancel", {"note": ""})
    office.ask("olga", "PATCH", f"/calendar/{made}", {"starts": "2026-02-04 10:00"}, 409)
    office.ask("ann", "GET", "/calendar", status=422, **{"from": "2026-01-01", "to": "2026-12-31"})
