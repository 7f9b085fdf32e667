"""The report and the list of relations, against histories whose counts are known by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from siyu.app import build
from siyu.carriers import contacts, relations
from siyu.carriers.accounts import Account
from siyu.carriers.relations import News, Pair
from siyu.carriers.report import relations_report
from siyu.carriers.spells import Change
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.river import flow
from siyu.team.audit import SYSTEM
from siyu.team.tokens import add_token, local_token_of
from tests.conftest import SetClock
from tests.makers.carriers import wecom_account
from tests.makers.door import TestClient

DAY = timedelta(days=1)


def noon(day: int) -> datetime:
    """Noon of a day of January 2026 in Shanghai."""
    return datetime(2026, 1, day, 4, tzinfo=UTC)


@dataclass
class Book:
    """Histories that are told to the room as a callback would."""

    stores: Stores
    account: Account

    def tell(self, person: str, staff: str, *changes: Change) -> None:
        stores = self.stores
        with stores.ledger.begin() as tx:
            contact = contacts.known(stores, tx, self.account, [person], stores.now())[person]
            relations.take_in(stores, tx, [News(self.account.id, contact.identity_key, Pair(contact.id, staff), changes)], found_by="callback")
            who = Senders({self.account.namespace: pa.array([person])})
            record_profiles(
                tx, stores.secrets, who, ids=pa.array([f"{person} {staff} {changes}"]), at_ms=pa.array([to_ms(noon(1))]),
                traits=[{"name": person}], now=stores.now(), dedup_key=f"{person} {staff} {len(changes)} {changes[0].at_ms}",
            )  # fmt: skip

    def report(self, by: str = "day", first: int = 1, last: int = 10) -> Any:
        flow(self.stores)
        return relations_report(self.stores, account_id=self.account.id, from_on=date(2026, 1, first), to_on=date(2026, 1, last), by=by)  # type: ignore[arg-type]


def began(day: int, state: str | None = None) -> Change:
    return Change(to_ms(noon(day)), True, None, state, 1)


def ended(day: int, by: str) -> Change:
    return Change(to_ms(noon(day)), False, by)


@pytest.fixture
def book(stores: Stores, clock: SetClock) -> Book:
    clock.at = noon(20)
    return Book(stores, wecom_account(stores))


def test_each_kind_of_loss_is_a_fact_of_its_own(book: Book) -> None:
    for person, by in (("a", "customer"), ("b", "staff"), ("c", "transfer"), ("d", "unknown")):
        book.tell(person, "li", began(2), ended(5, by))
    book.tell("e", "li", began(2))
    totals = book.report().totals
    assert (totals.began_count, totals.ended_by_customer_count, totals.ended_by_staff_count, totals.transferred_count, totals.gone_count) == (5, 1, 1, 1, 1)
    assert (totals.open_count, totals.net_count, totals.person_count) == (1, 1, 1)


def test_a_transfer_moves_no_person(book: Book) -> None:
    book.tell("a", "li", began(2), ended(5, "transfer"))
    book.tell("a", "wang", Change(to_ms(noon(5)), True))
    report = book.report()
    days = {row.on.day: row.tally for row in report.items}
    assert [days[day].open_count for day in (1, 2, 5, 6)] == [0, 1, 1, 1]
    assert [days[day].person_count for day in (1, 2, 5, 6)] == [0, 1, 1, 1]
    assert (days[5].began_count, days[5].transferred_count, days[5].net_count) == (1, 1, 0)


def test_people_and_relations_are_counted_apart_day_by_day(book: Book) -> None:
    book.tell("a", "li", began(1))
    book.tell("a", "wang", began(3), ended(4, "customer"))
    book.tell("b", "wang", began(3), ended(6, "staff"))
    days = {row.on.day: row.tally for row in book.report().items}
    assert [days[day].open_count for day in (1, 2, 3, 4, 5, 6)] == [1, 1, 3, 2, 2, 1]
    assert [days[day].person_count for day in (1, 2, 3, 4, 5, 6)] == [1, 1, 2, 2, 2, 1]


def test_what_was_before_the_period_is_open_in_it_and_not_begun(book: Book) -> None:
    book.tell("a", "li", began(1))
    book.tell("b", "li", began(1), ended(2, "customer"))
    report = book.report(first=5)
    assert (report.totals.began_count, report.totals.open_count, report.items[0].tally.open_count) == (0, 1, 1)


def test_a_day_is_the_brands_day(book: Book) -> None:
    """23:59 and 00:00 in Shanghai are two days, whatever day it is in UTC."""
    before_midnight = to_ms(datetime(2026, 1, 4, 15, 59, 59, tzinfo=UTC))
    book.tell("a", "li", Change(before_midnight, True))
    book.tell("b", "li", Change(before_midnight + 1000, True))
    days = {row.on.day: row.tally.began_count for row in book.report().items}
    assert (days[4], days[5]) == (1, 1)


def test_by_staff_and_by_live_code(book: Book) -> None:
    book.tell("a", "li", began(2, "store-a"), ended(5, "customer"))
    book.tell("b", "li", began(2, "store-a"))
    book.tell("b", "wang", began(3, "fair"))
    staff = {row.staff: row.tally for row in book.report("staff").items}
    assert (staff["li"].began_count, staff["li"].open_count, staff["li"].ended_by_customer_count) == (2, 1, 1)
    states = {row.state: row.tally for row in book.report("state").items}
    assert (states["store-a"].began_count, states["store-a"].open_count, states["fair"].person_count) == (2, 1, 1)


def test_days_add_up_to_the_totals(book: Book) -> None:
    for number in range(40):
        changes = [began(1 + number % 9)] + ([ended(2 + number % 9, ("customer", "staff", "unknown")[number % 3])] if number % 2 else [])
        book.tell(f"p{number % 25}", f"s{number % 4}", *changes)
    report = book.report()
    for name in ("began_count", "ended_by_customer_count", "ended_by_staff_count", "gone_count", "net_count"):
        assert sum(getattr(row.tally, name) for row in report.items) == getattr(report.totals, name), name
    assert report.items[-1].tally.open_count == report.totals.open_count
    assert report.items[-1].tally.person_count == report.totals.person_count
    assert sum(row.tally.open_count for row in book.report("staff").items) == report.totals.open_count


@pytest.fixture
def client(book: Book) -> TestClient:
    return TestClient(build(book.stores), base_url="http://localhost", headers={"Authorization": f"Bearer {local_token_of(book.stores.secrets)}"})


def test_the_list_pages_through_all_and_filters(book: Book, client: TestClient) -> None:
    for number in range(25):
        changes = [began(1 + number % 5, "fair" if number % 2 else None)] + ([ended(8, "customer")] if number % 5 == 0 else [])
        book.tell(f"客户{number:02d}", "li" if number < 20 else "wang", *changes)
    flow(book.stores)
    found, cursor = [], None
    while True:
        page = client.get("/api/v1/carriers/relations", params={"limit": 7, **({"cursor": cursor} if cursor else {})}).json()
        found += page["items"]
        if not (cursor := page["next_cursor"]):
            break
    assert len(found) == len({(one["customer_id"], one["staff"]) for one in found}) == 25
    assert [one["began_at"] for one in found] == sorted((one["began_at"] for one in found), reverse=True)
    count = lambda **query: len(client.get("/api/v1/carriers/relations", params={"limit": 200, **query}).json()["items"])  # noqa: E731
    assert (count(status="ended"), count(status="open"), count(staff="wang"), count(state="fair"), count(ended_by="customer")) == (5, 20, 5, 12, 5)


def test_the_list_and_the_report_as_files(book: Book, client: TestClient) -> None:
    book.tell("=cmd()", "li", began(2, "fair"))
    book.tell("b", "li", began(3), ended(4, "staff"))
    with book.stores.ledger.begin() as tx:
        tx.exec_driver_sql("UPDATE carriers_contact SET name = external_id")
    flow(book.stores)
    text = client.get("/api/v1/carriers/relations", params={"format": "csv"}).text
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 3
    assert [row[1] for row in rows[1:]] == ["b", "'=cmd()"]
    period = {"from_on": "2026-01-01", "to_on": "2026-01-05", "format": "csv"}
    days = list(csv.reader(io.StringIO(client.get("/api/v1/carriers/relations/report", params=period).text.removeprefix("\ufeff"))))
    assert [row[1] for row in days[1:]] == ["0", "1", "1", "0", "0"]


def test_one_customers_relations_are_all_spells_of_all_staff(book: Book, client: TestClient) -> None:
    book.tell("a", "li", began(1), ended(2, "customer"), began(4))
    book.tell("a", "wang", began(3), ended(5, "transfer"))
    flow(book.stores)
    (customer,) = {one["customer_id"] for one in client.get("/api/v1/carriers/relations").json()["items"]}
    found = client.get(f"/api/v1/customers/{customer}/relations").json()["items"]
    assert [(one["staff"], one["ended_by"]) for one in found] == [("li", None), ("wang", "transfer"), ("li", "customer")]


def test_periods_that_make_no_sense_are_refused(client: TestClient) -> None:
    assert client.get("/api/v1/carriers/relations/report", params={"from_on": "2026-02-01", "to_on": "2026-01-01"}).status_code == 422
    assert client.get("/api/v1/carriers/relations/report", params={"from_on": "2020-01-01", "to_on": "2026-01-01"}).status_code == 422


def test_who_may_see_what(book: Book) -> None:
    app = build(book.stores)
    for role, wanted in (("analyst", (200, 200)), ("auditor", (200, 403)), ("guide", (403, 403))):
        secret, _ = add_token(book.stores, SYSTEM, None, name=role, role=role, expires_at=None)
        client = TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {secret}"})
        asked = [client.get("/api/v1/carriers/relations", params={"format": form}).status_code for form in ("json", "csv")]
        assert tuple(asked) == wanted
