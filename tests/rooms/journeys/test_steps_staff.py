"""Tasks of staff and handing over: asked of whoever serves the person, answered on their phone's page, heard by the journey."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from siyu.foundation.stores import Stores
from siyu.journeys import journeys, versions
from siyu.journeys.definition import read
from siyu.journeys.steps.staff_task import DONE, NOBODY, NOT_REACHED, TIMEOUT
from siyu.messaging import staff_links, staff_page_routes, todos
from siyu.messaging.todos import Todo
from siyu.team import staff
from siyu.team import stores as shops
from siyu.web.application import build_application
from tests.conftest import SetClock
from tests.makers.customers import TestClient
from tests.makers.journey_steps import (
    edges,
    enter,
    friends,
    here,
    journey,
    pass_to,
    refused_by_checks,
    settle,
    ways,
    willing,
)
from tests.makers.journeys import drawn, publish
from tests.makers.people import customers_by_user, record

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
ANSWERS: dict[str, str | None] = dict.fromkeys(("done", "not_reached", "timeout", "nobody"))


def asked_of(stores: Stores, account: int, who: str) -> list[Todo]:
    with stores.ledger.read() as tx:
        return todos.of_staff(tx, account, who)


def say(stores: Stores, one: Todo, status: str, note: str = "") -> None:
    with stores.ledger.begin() as tx:
        todos.answer(stores, tx, one.id, account_id=one.account_id, staff=one.staff, status=status, note=note)


def test_whoever_serves_a_person_is_asked_and_what_they_say_decides_the_way(any_stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    account, customers = friends(any_stores, ["lin", "lin", "mei"])
    nobody = willing(any_stores, 1)
    settings = {"title": "回访", "text": "问候{称呼|这位客户},说三步养护 {{注意}}", "within": {"days": 1}, "remind": {"hours": 6}}
    made = journey(any_stores, {"n1": ("staff_task", settings, ANSWERS)})
    enter(any_stores, clock, made, [*customers, *nobody])
    assert ways(any_stores, made, "n1") == {nobody[0]: "nobody"}
    lin, mei = (asked_of(any_stores, account.id, who) for who in ("lin", "mei"))
    assert [(one.customer_id, one.text, one.status) for one in lin] == [(customer, "问候这位客户,说三步养护 {注意}", "open") for customer in customers[:2]]
    assert mei[0].due_at == NOON + timedelta(days=1, milliseconds=0) or mei[0].due_at - NOON - timedelta(days=1) < timedelta(seconds=1)
    say(any_stores, lin[0], "done", "客户很高兴")
    say(any_stores, lin[1], "not_reached")
    settle(any_stores, clock)
    assert ways(any_stores, made, "n1") == {nobody[0]: "nobody", customers[0]: "done", customers[1]: "not_reached"}
    pass_to(any_stores, clock, NOON + timedelta(days=1, seconds=1))
    assert ways(any_stores, made, "n1")[customers[2]] == "timeout"
    with any_stores.ledger.begin() as tx:
        assert todos.close_late(tx, any_stores.now()) == 1
    assert asked_of(any_stores, account.id, "mei")[0].status == "over"


def test_staff_are_told_once_and_reminded_before_it_is_due(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    account, customers = friends(stores, ["lin", "lin"])
    made = journey(stores, {"n1": ("staff_task", {"text": "回访", "within": {"days": 1}, "remind": {"hours": 6}, "waits": False}, {"next": None, "nobody": None})})
    enter(stores, clock, made, customers)
    assert edges(stores, made, "n1") == {"next": 2}
    ids = [one.id for one in asked_of(stores, account.id, "lin")]

    def to_tell() -> Any:
        with stores.ledger.read() as tx:
            return todos.to_tell(tx, stores.now())

    for hours in (0, 18.1):
        clock.at = NOON + timedelta(hours=hours)
        assert to_tell() == {(account.id, "lin"): ids}
        with stores.ledger.begin() as tx:
            todos.note_told(tx, ids, stores.now())
        assert to_tell() == {}
    say(stores, asked_of(stores, account.id, "lin")[0], "done")
    clock.at = NOON + timedelta(hours=30)
    assert to_tell() == {}


def test_who_is_moved_to_a_new_version_goes_on_waiting_for_what_was_asked(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    account, customers = friends(stores, ["lin", "lin"])
    made = journey(stores, {"n1": ("staff_task", {"text": "回访"}, ANSWERS)})
    enter(stores, clock, made, customers)
    with stores.ledger.begin() as tx:
        draft = journeys.find(tx, made)
        changed = read(drawn({"kind": "manual"}, {"n1": ("staff_task", {"text": "再回访"}, {**ANSWERS, "done": "n2"}), "n2": ("end", {}, {})}, "n1"))
        journeys.save_draft(tx, made, changed, over=draft.draft_version, by="test", now=stores.now())
    publish(stores, made, versions.InFlight("move", {"n1": "n1"}))
    settle(stores, clock)
    (one, other) = asked_of(stores, account.id, "lin")
    assert (one.text, other.text) == ("回访", "回访"), "nobody is asked twice"
    say(stores, one, "done")
    settle(stores, clock)
    assert ways(stores, made, "n1") == {one.customer_id: "done"}
    assert set(here(stores, made)) == {other.customer_id}


def test_a_store_takes_people_whom_nobody_serves(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    account, customers = friends(stores, ["lin"])
    nobody = willing(stores, 6)
    with stores.ledger.begin() as tx:
        shop = shops.add_store(tx, {"name": "西湖店"}, stores.now())
        (one,) = staff.list_staff(tx, account_id=account.id)
    settings = {"title": "接手", "text": "请跟进"}
    wrong = refused_by_checks(stores, "handover", {**settings, "store": shop.id}, ["next", "nobody"])
    assert set(wrong) == {"store"}
    with stores.ledger.begin() as tx:
        staff.set_store(tx, one.id, shop.id)
    made = journey(stores, {"n1": ("handover", {**settings, "store": shop.id}, {"next": None, "nobody": None})})
    enter(stores, clock, made, [*customers, *nobody])
    assert edges(stores, made, "n1") == {"next": 7}
    assert {one.customer_id for one in asked_of(stores, account.id, "lin")} == {*customers, *nobody}
    from siyu.foundation import jobs

    with stores.ledger.read() as tx:
        assert [job.kind for job in jobs.list_jobs(tx, (), kind=todos.TELL).items] == [todos.TELL]


def test_the_page_on_the_phone_of_staff_shows_tasks_and_takes_answers(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    account, customers = friends(stores, ["lin", "mei"])
    record(stores, [{"user": "x", "at_ms": 0, "id": "x", "traits": {}}], "x")
    assert customers_by_user(stores, ["x"])
    made = journey(stores, {"n1": ("staff_task", {"title": "回访 <b>", "text": "问候"}, ANSWERS)})
    enter(stores, clock, made, customers)
    page = TestClient(build_application(stores, [], title="Siyu", version="0.0.test", pages=(staff_page_routes.router,)), base_url="http://localhost")
    address = f"/t/{staff_links.make_token(stores, account.id, 'lin')}"
    (mine,), (other,) = asked_of(stores, account.id, "lin"), asked_of(stores, account.id, "mei")
    shown = page.get(address).text
    assert "回访 &lt;b&gt;" in shown
    assert f"{address}/todos/{mine.id}" in shown
    assert page.post(f"{address}/todos/{other.id}", data={"status": "done"}).status_code == 404
    assert page.post(f"{address}/todos/{mine.id}", data={"status": "maybe"}).status_code == 422
    assert page.post(f"{address}/todos/{mine.id}", data={"status": "done"}, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    answered = page.post(f"{address}/todos/{mine.id}", data={"status": "done", "note": "已约周五", "lang": "en"}, follow_redirects=False)
    assert (answered.status_code, answered.headers["location"]) == (303, f"{address}?lang=en")
    assert page.post(f"{address}/todos/{mine.id}", data={"status": "not_reached"}).status_code == 409
    assert "已约周五" in page.get(address).text
    settle(stores, clock)
    assert ways(stores, made, "n1") == {customers[0]: "done"}


def test_what_is_wrong_with_a_task_is_said_by_its_setting(stores: Stores) -> None:
    wrong = refused_by_checks(stores, "staff_task", {"text": "{谁}", "within": {"hours": 1}, "remind": {"hours": 2}, "store": 9}, list(ANSWERS))
    assert set(wrong) == {"text", "remind", "store"}
    assert set(refused_by_checks(stores, "staff_task", {"text": " ", "within": {}}, list(ANSWERS))) == {"text", "within"}
    assert refused_by_checks(stores, "staff_task", {"text": "回访"}, list(ANSWERS)) == {}
    assert (DONE, NOT_REACHED, TIMEOUT, NOBODY) == (0, 1, 2, 3)
