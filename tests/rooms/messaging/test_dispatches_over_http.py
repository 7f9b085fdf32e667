"""Dispatches over HTTP: found by send and state; what nobody answered is decided by a person, once, and written down."""

from __future__ import annotations

from sqlalchemy import update

from siyu.foundation.stores import Stores
from siyu.messaging import _tables, dispatch_routes, outbox
from tests.makers.content import open_desk
from tests.makers.messaging import make, people_with, put_messages

D = "/api/v1/messaging/dispatches"


def _unknown(stores: Stores, ref: str, people: list[tuple[int, int]]) -> int:
    send = make(stores, ref, customers=[person for person, _ in people])
    put_messages(stores, send, people)
    with stores.ledger.begin() as tx:
        [dispatch] = outbox.list_dispatches(tx, send_id=send.id)
        outbox.mark(tx, outbox.people_of(tx, dispatch.id), outbox.UNKNOWN, now=stores.now())
        tx.execute(update(_tables.dispatch).where(_tables.dispatch.c.id == dispatch.id).values(status="unknown"))
    return dispatch.id


def test_what_nobody_answered_is_decided_once_by_a_person(any_stores: Stores) -> None:
    people = [(number, keys["phone"]) for number, keys in people_with(any_stores, [{"phone": f"1380013800{n}"} for n in range(3)])]
    first, second = _unknown(any_stores, "test:1", people), _unknown(any_stores, "test:2", people)
    desk = open_desk(any_stores, dispatch_routes.router)
    listed = desk.as_("olga").get(D, params={"status": "unknown"}).json()["items"]
    assert [(one["id"], one["send_name"], one["counts"]) for one in listed] == [(first, "test:1", {"unknown": 3}), (second, "test:2", {"unknown": 3})]

    sent = desk.as_("olga").post(f"{D}/{first}/decide", json={"verdict": "sent"}).json()
    again = desk.as_("olga").post(f"{D}/{second}/decide", json={"verdict": "again"}).json()
    assert (sent["status"], sent["counts"], again["status"], again["counts"]) == ("sent", {"sent": 3}, "planned", {"planned": 3})
    late = desk.as_("olga").post(f"{D}/{first}/decide", json={"verdict": "again"})
    assert (late.status_code, "未知" in late.text) == (409, True)
    assert desk.as_("olga").get(D, params={"status": "unknown"}).json()["items"] == []
    assert [one["id"] for one in desk.as_("olga").get(D, params={"send_id": sent["send_id"]}).json()["items"]] == [first]

    assert [desk.as_(who).get(D).status_code for who in ("ann", "bob")] == [200, 403]
    assert desk.as_("ann").post(f"{D}/{second}/decide", json={"verdict": "sent"}).status_code == 403
