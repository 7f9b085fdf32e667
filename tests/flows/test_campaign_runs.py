"""A campaign from its forecast to its report through the product's own planning: nobody twice, everybody in one arm, numbers that agree."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from siyu.campaigns.driving import drive
from siyu.campaigns.forecast import forecast
from siyu.carriers import accounts
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.messaging import outbox, planning, sends
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.campaigns import (
    Office,
    approved_and_scheduled,
    open_office,
    put_bought,
    put_done,
    put_segment,
    written,
)
from tests.makers.messaging import people_with

PEOPLE, UNWILLING = 120, 12
WAVES = [{"share": 0.4, "wait_hours": 24}, {"share": 0.6}]
AB = [{"name": name, "piece_id": 1, "share": 0.5} for name in "AB"]


@pytest.fixture
def office(stores: Stores) -> Office:
    return open_office(stores)


@pytest.fixture
def people(stores: Stores) -> list[int]:
    """Whom an SMS account reaches; the last few have not consented."""
    with stores.ledger.begin() as tx:
        credentials = {"app_key": "k", "secret": "s" * 20, "definition": "sandbox", "receipt_key": "r" * 24}
        accounts.connect(stores, tx, product="sms", name="短信", credentials=credentials, settings={"base_url": "http://127.0.0.1:9", "allow_private": "true"}, by="test")
    found = [customer for customer, _ in people_with(stores, [{"phone": f"138{number:08d}"} for number in range(PEOPLE)])]
    said = [Statement(customer, purpose, "", "granted", stores.now()) for customer in found[UNWILLING:] for purpose in ("promotion", "content")]
    with stores.ledger.begin() as tx:
        consent.record(stores, tx, said, Proof("page", "test"))
    flow(stores)
    return found


def _body(stores: Stores, people: list[int], **changed: Any) -> dict[str, Any]:
    return written(put_segment(stores, people), purpose="value", **{"starts": None, "carriers": ["sms"], "control_rate": 0.25, "variants": AB, "reading": "sequential", **changed})


def _sent(office: Office, send_id: int) -> list[int]:
    """Plan a send, and have a carrier take all of its messages. Returns whom it told."""
    stores = office.stores
    planning.plan(stores, send_id)
    with stores.ledger.begin() as tx:
        rows = []
        for each in outbox.list_dispatches(tx, send_id=send_id):
            found = outbox.people_of(tx, each.id)
            rows += found["customer_id"].to_pylist()
            outbox.mark(tx, found, outbox.STATUSES.index("sent"), now=stores.now(), at_ms=to_ms(stores.now()))
            outbox.settle(tx, each.id, "sent", now=stores.now())
        sends.close_finished(tx, [send_id])
    flow(stores)
    return rows


def test_a_forecast_says_before_what_is_planned_after(office: Office, people: list[int]) -> None:
    made = office.ask("olga", "POST", "", _body(office.stores, people), 201)["id"]
    office.ask("ann", "POST", f"/{made}/forecast", status=202)
    forecast(office.stores, made)
    told = office.ask("ann", "GET", f"/{made}")
    said = told["forecast"]
    assert told["forecast_is_current"]
    assert (said["audience"], said["refused"]) == (PEOPLE, {"no_consent": UNWILLING})
    assert said["reach"] + said["control"] == PEOPLE - UNWILLING
    assert said["by_carrier"] == {"sms": said["reach"]}
    assert (said["base_rate"], said["smallest_relative"]) == (0.0, None)
    assert told["waves"] == []
    for action, who in (("submit", "olga"), ("approve", "alice"), ("schedule", "olga")):
        office.ask(who, "POST", f"/{made}/{action}")
    drive(office.stores, flow)
    whole = office.ask("ann", "GET", f"/{made}")
    found = planning.plan(office.stores, whole["waves"][0]["send_id"])
    assert (found.counts["allow"], found.counts["reasons"]["holdout"]) == (said["reach"], said["control"])


def test_what_cannot_be_sent_cannot_be_forecast(office: Office, people: list[int]) -> None:
    made = office.ask("olga", "POST", "", _body(office.stores, people, carriers=[]), 201)["id"]
    with pytest.raises(InvalidError) as caught:
        forecast(office.stores, made)
    assert caught.value.faults[0].field == "carriers"


def test_waves_reach_everybody_once_and_the_report_adds_up(office: Office, clock: SetClock, people: list[int]) -> None:
    stores = office.stores
    made = approved_and_scheduled(office, _body(stores, people, waves=WAVES, winner={"metric": "click", "when_unclear": "first"}))
    drive(stores, flow)
    first = office.ask("ann", "GET", f"/{made}")["waves"][0]["send_id"]
    told = _sent(office, first)
    put_done(stores, told[:5], "link_opened", first, to_ms(clock.at))
    put_bought(stores, told[:4], to_ms(clock.at) + 1000, 10_000)
    clock.at += timedelta(hours=24)
    drive(stores, flow)
    waves = office.ask("ann", "GET", f"/{made}")["waves"]
    assert [wave["status"] for wave in waves] == ["over", "running"]
    later = _sent(office, waves[1]["send_id"])
    assert not Counter(told) & Counter(later)
    drive(stores, flow)
    done = office.ask("ann", "GET", f"/{made}")
    assert (done["status"], done["winner"], done["waves"][1]["variant"]) == ("over", "A", "A")
    assert done["sent_count"] == len(told) + len(later)
    found = office.ask("ann", "GET", f"/{made}/report", fresh=True)
    counts = {each["stage"]: each["count"] for each in found["funnel"]}
    assert counts["planned"] == PEOPLE
    assert counts["eligible"] == PEOPLE - UNWILLING
    assert counts["sent"] == len(told) + len(later) == counts["eligible"] - found["lift"]["control"]["people"]
    assert (counts["clicked"], counts["bought"], found["refused"]) == (5, 4, {"no_consent": UNWILLING})
    assert found["lift"]["why_not"] is None
    assert sum(each["arm"]["people"] for each in found["variants"]) == len(told)


def test_paused_between_planning_and_sending_it_stays_with_nobody_told(office: Office, clock: SetClock, people: list[int]) -> None:
    made = approved_and_scheduled(office, _body(office.stores, people))
    drive(office.stores, flow)
    send = office.ask("ann", "GET", f"/{made}")["waves"][0]["send_id"]
    planning.plan(office.stores, send)
    paused = office.ask("olga", "POST", f"/{made}/pause")
    assert (paused["status"], paused["waves"][0]["send_status"]) == ("paused", "paused")
    office.ask("olga", "POST", f"/{made}/cancel", {"note": "缺货"})
    with office.stores.ledger.read() as tx:
        assert {each.status for each in outbox.list_dispatches(tx, send_id=send)} == {"cancelled"}
