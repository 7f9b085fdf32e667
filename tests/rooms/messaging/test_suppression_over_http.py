"""The suppression list over HTTP: masked for everybody, added to and lifted with a reason, by those who may, and written down."""

from __future__ import annotations

import csv
import io

import pytest

from siyu.foundation.stores import Stores
from siyu.messaging import suppression, suppression_routes
from siyu.messaging.suppression import Told
from siyu.team import audit
from tests.makers.content import open_desk
from tests.makers.messaging import people_with

S = "/api/v1/messaging/suppressions"


def test_what_came_back_is_listed_masked_and_lifted_with_a_reason(any_stores: Stores) -> None:
    [(customer, keys), (other, others)] = people_with(any_stores, [{"email": "lin@example.com"}, {"email": "wu@example.com"}])
    with any_stores.ledger.begin() as tx:
        suppression.take_in(tx, "email", [Told(keys["email"], "hard_bounce", 10, "5.1.1"), Told(others["email"], "complaint", 11), Told(1, "soft", 12)])
    desk = open_desk(any_stores, suppression_routes.router)
    listed = desk.as_("ann").get(S).json()["items"]
    assert {(one["address"], one["customer_id"], one["reason"], one["code"]) for one in listed} == {("l***@example.com", customer, "hard_bounce", "5.1.1"), ("w***@example.com", other, "complaint", None)}
    found = {reason: desk.as_("ann").get(S, params={"reason": reason, "carrier": "email"}).json()["items"] for reason in ("hard_bounce", "complaint", "manual")}
    assert [[one["customer_id"] for one in of] for of in found.values()] == [[customer], [other], []]
    assert desk.as_("ann").get(S, params={"carrier": "sms"}).json()["items"] == []

    [mine] = found["hard_bounce"]
    way = f"{S}/email/{mine['id']}/lift"
    assert desk.as_("ann").post(way, json={"note": "地址已改好"}).status_code == 403
    assert [desk.as_("olga").post(way, json={"note": note}).status_code for note in ("", "  ")] == [422, 422]
    lifted = desk.as_("olga").post(way, json={"note": "地址已改好"}).json()
    assert (lifted["status"], lifted["note"], lifted["address"]) == ("lifted", "地址已改好", "l***@example.com")
    assert desk.as_("olga").post(way, json={"note": "再来"}).status_code == 404
    assert desk.as_("olga").post(f"{S}/email/{'f' * 16}/lift", json={"note": "x"}).status_code == 422
    with any_stores.ledger.read() as tx:
        assert suppression.suppressed_among(tx, "email", [keys["email"], others["email"]]) == {others["email"]}
    [entry] = audit.read_audit(any_stores, action="messaging.suppression_lifted")
    assert (entry.subject, entry.detail) == (f"suppression:email:{mine['id']}", {"address": "l***@example.com", "reason": "hard_bounce", "note": "地址已改好"})


def test_an_address_is_added_by_hand_also_one_that_nobody_has_yet(any_stores: Stores) -> None:
    [(customer, keys)] = people_with(any_stores, [{"phone": "13800138000"}])
    desk = open_desk(any_stores, suppression_routes.router)
    body = {"carrier": "sms", "address": "+86 138 0013 8000", "note": "来电要求"}
    assert desk.as_("ann").post(S, json=body).status_code == 403
    made = desk.as_("olga").post(S, json=body)
    assert (made.status_code, made.json()["address"], made.json()["customer_id"], made.json()["reason"]) == (201, "138****8000", customer, "manual")
    assert desk.as_("olga").post(S, json=body).status_code == 409
    unknown = desk.as_("olga").post(S, json={**body, "address": "13900139000"}).json()
    assert (unknown["address"], unknown["customer_id"]) == ("***", None)
    with any_stores.ledger.read() as tx:
        assert suppression.suppressed_among(tx, "sms", [keys["phone"]]) == {keys["phone"]}
    assert [one.detail["address"] for one in audit.read_audit(any_stores, action="messaging.suppression_added")] == ["139****9000", "138****8000"]
    pages, cursor = [], None
    while cursor is not None or not pages:
        page = desk.as_("ann").get(S, params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        pages.append([one["id"] for one in page["items"]])
        cursor = page["next_cursor"]
    assert [len(page) for page in pages] == [1, 1]


def test_it_is_searched_by_a_whole_address_or_a_customers_number_and_taken_as_a_file(any_stores: Stores) -> None:
    [(lin, first), (wu, second)] = people_with(any_stores, [{"email": "lin@example.com", "phone": "13800138000"}, {"email": "wu@example.com", "phone": "13800138001"}])
    with any_stores.ledger.begin() as tx:
        suppression.take_in(tx, "email", [Told(first["email"], "hard_bounce", 10, "5.1.1"), Told(second["email"], "complaint", 30)])
        suppression.add(tx, "sms", first["phone"], note="=来电要求", by="olga", at_ms=20)
    desk = open_desk(any_stores, suppression_routes.router)

    def found(**params: str) -> list[tuple[str, int | None]]:
        answer = desk.as_("ann").get(S, params=params).json()
        assert answer["total"] == len(answer["items"])
        return [(one["carrier"], one["customer_id"]) for one in answer["items"]]

    assert found() == [("email", wu), ("sms", lin), ("email", lin)]  # the latest first
    assert found(q=" LIN@example.com ") == [("email", lin)]
    assert found(q="+86 138 0013 8000") == [("sms", lin)]
    assert found(q=str(lin)) == [("sms", lin), ("email", lin)]
    assert found(q=str(lin), carrier="email") == [("email", lin)]
    assert found(q="lin@") == found(q="999999") == []

    assert desk.as_("bob").get(f"{S}/export").status_code == 403
    answer = desk.as_("ann").get(f"{S}/export", params={"carrier": "sms"}, headers={"Accept-Language": "en"})
    assert answer.headers["content-type"].startswith("text/csv")
    [heading, line] = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert heading[:4] == ["Carrier", "Address", "Customer", "Reason"]
    assert (line[1], line[2], line[6], line[7]) == ("138****8000", str(lin), "'=来电要求", "olga")
    assert "13800138000" not in answer.text
    [entry] = audit.read_audit(any_stores, action="messaging.suppressions_exported")
    assert (entry.detail["carrier"], entry.detail["row_count"]) == ("sms", 1)


@pytest.mark.parametrize(("carrier", "address"), [("sms", "lin@example.com"), ("email", "13800138000"), ("sms", "abc"), ("email", "@x"), ("webhook", "nobody")])
def test_what_is_no_address_of_the_carrier_is_said_so(stores: Stores, carrier: str, address: str) -> None:
    desk = open_desk(stores, suppression_routes.router)
    refused = desk.as_("olga").post(S, json={"carrier": carrier, "address": address, "note": "x"})
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["errors"]] == ["address"]
