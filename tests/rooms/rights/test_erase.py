"""After an erasure nothing of the person is on the disk, totals stay, and whoever comes back is somebody new."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from siyu.carriers import accounts, inbound
from siyu.connectors.happenings import Happening
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.events import log
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.foundation.database import metadata
from siyu.foundation.jobs import Runner, Running
from siyu.foundation.stores import Stores
from siyu.messaging import outbox, planning
from siyu.messaging.references import references
from siyu.orders.facts import ORDERS_BUYER, ORDERS_ORDER
from siyu.rights import carry, erase, receipt, requests
from siyu.rights.register import register_of
from siyu.rights.tasks import job_kinds
from siyu.river import flow
from tests.makers.messaging import make
from tests.rooms.rights.people import (
    ALICE,
    ERIN,
    FRED,
    ask,
    carry_out,
    customers,
    meet,
    on_disk,
    searched,
)


def erin(stores: Stores) -> int:
    return customers(stores, ERIN)[ERIN["name"]]


def leave_traces(stores: Stores) -> None:
    """Where nobody thinks of: an export, an upload, a rejected cell, the audit, a saved search, a report, a page of a table that was split."""
    files = stores.settings.files
    for folder in ("exports", "uploads"):
        (files / folder).mkdir(parents=True, exist_ok=True)
        (files / folder / "file_1").write_text(",".join(ERIN.values()))
    tables = metadata.tables
    with stores.ledger.begin() as tx:
        tx.execute(tables["orders_upload"].insert().values(id="file_9", name=f"orders of {ERIN['phone']}.csv", bytes=1, uploaded_at=stores.now()))
        row = {"source": "shop", "mapping": {"a": "b"}, "dry_run": False, "keep_sample": False, "next_chunk": 0, "counts": {}, "created_at": stores.now()}
        tx.execute(tables["orders_import"].insert().values(id="imp_1", upload_id="file_9", **row))
        tx.execute(tables["orders_reject"].insert().values(import_id="imp_1", number=1, line=7, code="no_time", column="phone", value=f"+86 {ERIN['phone']}"))
        tx.execute(tables["segments_report"].insert().values(name="value", as_of_on="2026-01-01", position=1, computed_at=stores.now(), payload={"top": [ERIN["name"]]}))
        sealed = stores.secrets.seal([ERIN["email"]], "segments_view q")[0]
        view = {"owner": "member:1", "name": "wanted", "shared": False, "sort": "id", "columns": [], "created_at": stores.now(), "updated_at": stores.now()}
        tx.execute(tables["segments_view"].insert().values(q_sealed=sealed, **view))
        consent.record(stores, tx, [Statement(erin(stores), "promotion", "", "granted", stores.now())], Proof("staff", f"form of {ERIN['name']}", by="Alice"))
    flow(stores)


def test_nothing_of_the_person_is_on_the_disk(house: Stores) -> None:
    leave_traces(house)
    before = searched(house.settings.home, list(ERIN.values()))
    assert before.keys() == set(ERIN.values()), "the search must be able to find"
    done = carry_out(house, ask(house, erin(house), "erase", said=f"please, {ERIN['name']}"))
    assert done.state == "done"
    # While the server runs, with the files open: no clean end writes them anew.
    assert searched(house.settings.home, list(ERIN.values())) == {}
    assert searched(house.settings.home, [FRED["name"]]) != {}


def test_the_others_stay_as_they_were(house: Stores) -> None:
    mine = customers(house, FRED)[FRED["name"]]
    with house.warehouse.read() as session:
        before = {fact.name: session.query(fact.table.filter(fact.table.customer_id == mine)).sort_by(fact.key[0]).to_pylist() for fact in house.warehouse.facts if "customer_id" in fact.arrow.names}
    carry_out(house, ask(house, erin(house), "erase"))
    with house.warehouse.read() as session:
        after = {fact.name: session.query(fact.table.filter(fact.table.customer_id == mine)).sort_by(fact.key[0]).to_pylist() for fact in house.warehouse.facts if fact.name in before}
    assert {name: rows for name, rows in before.items() if not name.startswith("segments_")} == {name: rows for name, rows in after.items() if not name.startswith("segments_")}
    assert customers(house, ERIN, FRED) == {FRED["name"]: mine}


def test_what_was_sold_stays_sold_under_a_number_that_is_nobodys(house: Stores) -> None:
    old = erin(house)
    carry_out(house, ask(house, old, "erase"))
    with house.warehouse.read() as session:
        orders = session.query(ORDERS_ORDER.table).to_pylist()
        buyers = session.query(ORDERS_BUYER.table).to_pylist()
    assert [row["amount_fen"] for row in orders] == [18_800, 18_800]
    assert sum(row["order_count"] for row in buyers) == 2
    assert old not in {row["customer_id"] for row in orders}
    identifier = metadata.tables["identity_identifier"]
    with house.ledger.read() as tx:
        named = set(tx.scalars(select(identifier.c.customer_id)))
    assert named == {customers(house, FRED)[FRED["name"]]}


def test_who_comes_back_is_somebody_new(house: Stores) -> None:
    old = erin(house)
    carry_out(house, ask(house, old, "erase"))
    meet(house, ERIN, key="back")
    new = erin(house)
    with house.warehouse.read() as session:
        numbers = {row["customer_id"] for row in session.query(ORDERS_BUYER.table).to_pylist()}
    assert new != old
    assert new not in numbers
    with house.ledger.read() as tx:
        assert consent.states(tx, [new], "promotion") == {new: "unknown"}


def test_the_receipt_counts_what_went_and_cannot_be_changed(house: Stores) -> None:
    done = carry_out(house, ask(house, erin(house), "erase"))
    told = done.receipt or {}
    assert told["removed"]["ledger"] == {"customers_tag": 1, "identity_identifier": 4, "identity_key_recent": 4}
    assert told["removed"]["log"]["people_seen"] == 8
    assert told["removed"]["warehouse"]["customers_activity"] == 1
    assert {one["what"]: one["count"] for one in told["stays"]}["orders"] == 1
    assert receipt.is_genuine(house.secrets, told)
    assert not receipt.is_genuine(house.secrets, {**told, "made_at": "2020-01-01"})
    assert [entry.request for entry in register_of(house.settings).read()] == [done.id]


def test_the_warehouse_made_anew_from_the_log_is_the_same(house: Stores) -> None:
    carry_out(house, ask(house, erin(house), "erase"))
    names = ("identity_link", "customers_profile", "customers_activity", "orders_line", "orders_order", "orders_buyer")
    facts = [fact for fact in house.warehouse.facts if fact.name in names]

    def rows() -> dict[str, list[dict[str, object]]]:
        with house.warehouse.read() as session:
            return {fact.name: sorted(session.query(fact.table).to_pylist(), key=str) for fact in facts}

    before = rows()
    with house.ledger.begin() as tx:
        tx.execute(text("UPDATE foundation_brand SET value = '7' WHERE key = 'data_epoch'"))
        if not tx.execute(text("SELECT 1 FROM foundation_brand WHERE key = 'data_epoch'")).all():
            tx.execute(text("INSERT INTO foundation_brand (key, value) VALUES ('data_epoch', '7')"))
    flow(house)
    assert rows() == before


@pytest.mark.parametrize("step", ["_leave_log", "_leave_warehouse", "_leave_files", "_scrub", "_receipts"])
def test_what_was_cut_off_goes_on_where_it_was(house: Stores, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Each step is done and then cut off before its end is kept; the next attempt ends with the same receipt."""
    real, cut = getattr(erase, step), []

    def cut_once(running: Running, state: dict[str, Any]) -> dict[str, Any]:
        if not cut:
            cut.append(step)
            monkeypatch.setattr(Running, "save", lambda *_: (_ for _ in ()).throw(OSError("cut off")))
            try:
                return dict(real(running, state))
            finally:
                monkeypatch.undo()
        return dict(real(running, state))

    steps = tuple((name, cut_once if one is real else one, told) for name, one, told in erase._STEPS)
    monkeypatch.setattr(erase, "_STEPS", steps)
    request = ask(house, erin(house), "erase")
    with house.ledger.begin() as tx:
        requests.verify(house, tx, request.id, ALICE, how="call")
        carry.carry_out(house, tx, request.id, ALICE)
    kinds = [replace(kind, retry_wait=timedelta(0)) for kind in job_kinds()]
    with monkeypatch.context() as patched:
        patched.setattr(erase, "_STEPS", steps)
        Runner(house, kinds).run_pending()
    with house.ledger.read() as tx:
        done = requests.find_request(house, tx, request.id)
    assert (cut, done.state) == ([step], "done")
    assert (done.receipt or {})["removed"]["log"]["people_seen"] == 8
    assert (done.receipt or {})["removed"]["warehouse"]["customers_activity"] == 1
    assert searched(house.settings.home, list(ERIN.values())) == {}


def test_on_either_ledger_nothing_is_left_in_any_table(any_stores: Stores) -> None:
    house = on_disk(any_stores)
    meet(house, ERIN, FRED)
    done = carry_out(house, ask(house, erin(house), "erase"))
    assert done.state == "done"
    with house.ledger.read() as tx:
        for table in metadata.sorted_tables:
            cells = "\n".join(str(row) for row in tx.execute(select(table)))
            assert not [value for value in ERIN.values() if value in cells], table.name
    house.warehouse.close()


def _stop(done: int, total: int) -> None:
    raise KeyboardInterrupt


def test_nothing_of_the_person_is_left_in_audiences_dispatches_and_what_carriers_told_of_messages(any_stores: Stores) -> None:
    house = on_disk(any_stores)
    meet(house, ERIN, FRED)
    people = customers(house, ERIN, FRED)
    hers, his = people[ERIN["name"]], people[FRED["name"]]
    identifier = metadata.tables["identity_identifier"]
    with house.ledger.begin() as tx:
        credentials = {"app_key": "k", "secret": "s" * 20, "definition": "sandbox", "receipt_key": "r" * 24}
        account = accounts.connect(house, tx, product="sms", name="短信", credentials=credentials, settings={"base_url": "http://127.0.0.1:9", "allow_private": "true"}, by="test").id
        keys = {customer: key for key, customer in tx.execute(select(identifier.c.identity_key, identifier.c.customer_id).where(identifier.c.namespace == "phone"))}
        named = references(house.secrets, 1, [0, 0], [keys[hers], keys[his]])
        details: list[dict[str, Any]] = [{"reference": one} for one in (named[0].upper(), named[1])] + [{"identity_key": str(keys[one])} for one in (hers, his)]
        inbound.report(house, tx, [(account, Happening(inbound.ABOUT_MESSAGE, house.now(), None, None, {"kind": "message_delivered", **one}, f"m{n}")) for n, one in enumerate(details)])
    both: dict[str, Any] = {"customers": [hers, his], "purpose": "service", "exempt": True}
    waiting = planning.plan(house, make(house, "waiting", **both).id)
    unplanned = make(house, "unplanned", **both)
    with pytest.raises(KeyboardInterrupt):
        planning.plan(house, unplanned.id, told=_stop)
    done = carry_out(house, ask(house, hers, "erase"))
    assert (done.state, (done.receipt or {})["removed"]["log"]["carrier_reported"]) == ("done", 2)
    audience, dispatch = metadata.tables["messaging_audience"], metadata.tables["messaging_dispatch"]
    with house.ledger.read() as tx:
        head = log.head(tx)
        [frozen] = tx.scalars(select(audience.c.people))
        [held] = tx.scalars(select(dispatch.c.people))
        assert outbox.people_of(tx, outbox.list_dispatches(tx, send_id=waiting.id)[0].id)["customer_id"].to_pylist() == [his]
    assert outbox.unpacked(frozen).to_pylist() == [{"customer_id": his}]
    assert outbox.unpacked(held).to_pylist() == [{"customer_id": his, "identity_key": keys[his], "route": 0}]
    told = str([batch.rows.to_pylist() for batch in log.read(house.ledger, 0, head, [CARRIER_REPORTED.name])])
    assert [mark in told.lower() for mark in (named[0], str(keys[hers]), named[1], str(keys[his]))] == [False, False, True, True]
    assert planning.plan(house, unplanned.id).counts["allow"] == 1
    house.warehouse.close()


def test_a_list_of_which_nobody_is_left_is_planned_as_nobody(house: Stores) -> None:
    with house.ledger.begin() as tx:
        credentials = {"app_key": "k", "secret": "s" * 20, "definition": "sandbox", "receipt_key": "r" * 24}
        accounts.connect(house, tx, product="sms", name="短信", credentials=credentials, settings={"base_url": "http://127.0.0.1:9", "allow_private": "true"}, by="test")
    send = make(house, "hers", customers=[erin(house)], purpose="service", exempt=True)
    with pytest.raises(KeyboardInterrupt):
        planning.plan(house, send.id, told=_stop)
    carry_out(house, ask(house, erin(house), "erase"))
    found = planning.plan(house, send.id)
    assert (found.status, found.counts["planned"]) == ("over", 0)
