"""A reconcile finds exactly who is there and who has gone, whatever happens meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from siyu.app import job_kinds
from siyu.carriers import accounts, inbound, reconcile, reconcile_writing, tasks
from siyu.carriers.inbox import Arrival, store
from siyu.carriers.relations import Pair
from siyu.connectors.happenings import Happening
from siyu.foundation import jobs
from siyu.foundation.database import metadata
from siyu.foundation.jobs import Job, Runner
from siyu.foundation.stores import Stores
from siyu.river import flow
from tests.makers.corps import Corp, held, open_corp
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for


@pytest.fixture
def corp(any_stores: Stores, sandbox: SandboxClient) -> Iterator[Corp]:
    return open_corp(any_stores, sandbox)


def counts(job: Job) -> tuple[int, int, int]:
    """(seen, new, gone) of a run that went well."""
    assert job.status == "done", job.error
    assert job.result is not None
    assert job.result["incomplete"] == {}
    return job.result["seen_count"], job.result["new_count"], job.result["gone_count"]


def test_the_first_run_finds_everybody_and_the_next_one_nothing_new(corp: Corp) -> None:
    corp.fill(3_000, 7)
    truth = corp.truth()
    assert counts(corp.run(tasks.RECONCILE)) == (len(truth), len(truth), 0)
    assert held(corp.stores, corp.account) == truth
    assert counts(corp.run(tasks.RECONCILE)) == (len(truth), 0, 0)


def test_who_vanished_and_who_is_new_is_found_exactly(corp: Corp) -> None:
    corp.fill(2_000, 5)
    corp.run(tasks.RECONCILE)
    before = held(corp.stores, corp.account)
    corp.drift(150, 80)
    seen, new, gone = counts(corp.run(tasks.RECONCILE))
    truth = corp.truth()
    assert (seen, new, gone) == (len(truth), len(truth - before), len(before - truth))
    assert held(corp.stores, corp.account) == truth
    assert held(corp.stores, corp.account, is_open=False) == before - truth


def test_how_each_relation_began_is_as_the_carrier_says(corp: Corp) -> None:
    corp.fill(400, 3)
    corp.run(tasks.RECONCILE)
    rows = corp.sandbox.http.get(f"/sandbox/population/{corp.corpid}/relations").text.splitlines()
    relation, contact = metadata.tables["carriers_relation"], metadata.tables["carriers_contact"]
    with corp.stores.ledger.read() as tx:
        query = select(contact.c.external_id, relation.c.staff, relation.c.began_at, relation.c.state, relation.c.add_way)
        ours = {(r[0], r[1], int(r[2].timestamp()), r[3] or "", r[4]) for r in tx.execute(query.join(contact, contact.c.id == relation.c.contact_id))}
    told = [json.loads(row) for row in rows]
    assert ours == {(t["external_userid"], t["userid"], t["created"], t["state"], t["add_way"]) for t in told}


def test_people_become_customers_and_the_fact_agrees_with_the_ledger(corp: Corp) -> None:
    corp.fill(500, 3, overlap=0.5)
    corp.run(tasks.RECONCILE)
    corp.drift(100, 0)
    corp.run(tasks.RECONCILE)
    flow(corp.stores)
    fact = corp.stores.warehouse.tables["carriers_relation"]
    with corp.stores.warehouse.read() as session:
        valid = fact.filter(~fact.void)
        still = session.scalar(valid.filter(valid.ended_ms.isnull()).count())
        people = session.scalar(fact.customer_id.nunique())
        names = session.scalar(corp.stores.warehouse.tables["customers_profile"].name.count())
    assert still == len(corp.truth())
    assert people == names == 500


def test_one_way_relations_stay_ended(corp: Corp) -> None:
    """The customer left, and we were told; the carrier goes on listing the staff's side."""
    corp.fill(300, 2)
    corp.run(tasks.RECONCILE)
    told = sorted(held(corp.stores, corp.account))[:40]
    end_by_customer(corp, told)
    counts(corp.run(tasks.RECONCILE))
    assert held(corp.stores, corp.account, is_open=False) == set(told)


def test_a_staff_member_whose_listing_fails_loses_nobody(corp: Corp) -> None:
    corp.fill(300, 3)
    corp.run(tasks.RECONCILE)
    before = held(corp.stores, corp.account)
    corp.drift(30, 0)
    corp.sandbox.post("faults", {"api": "batch/get_by_user", "kind": "errcode", "code": 60111, "times": 1_000})
    job = corp.run(tasks.RECONCILE)
    assert job.status == "done"
    assert job.result is not None
    assert set(job.result["incomplete"].values()) == {"60111"}
    assert held(corp.stores, corp.account) == before


def test_an_empty_answer_ends_nobody_whom_the_other_list_knows(corp: Corp) -> None:
    """84061 means "no customers"; said by mistake it must not cost a relation."""
    corp.fill(200, 2)
    corp.run(tasks.RECONCILE)
    before = held(corp.stores, corp.account)
    corp.sandbox.post("faults", {"api": "batch/get_by_user", "kind": "errcode", "code": 84061, "times": 1_000})
    corp.run(tasks.RECONCILE)
    assert held(corp.stores, corp.account) == before


def test_whom_a_list_forgot_for_a_while_was_never_gone(corp: Corp) -> None:
    corp.fill(200, 2)
    corp.run(tasks.RECONCILE)
    before = held(corp.stores, corp.account)
    with corp.stores.ledger.begin() as tx:
        found = tx.execute(select(metadata.tables["carriers_relation"]).limit(20)).all()
        assert reconcile_writing.end(corp.stores, tx, corp.account, [Pair(r.contact_id, r.staff) for r in found]) == 20
    assert len(held(corp.stores, corp.account)) == len(before) - 20
    counts(corp.run(tasks.RECONCILE))
    assert held(corp.stores, corp.account) == before


def test_runs_are_listed_with_what_they_found(corp: Corp) -> None:
    corp.fill(100, 2)
    corp.run(tasks.RECONCILE)
    with corp.stores.ledger.read() as tx:
        (found,) = reconcile.list_reconciles(tx, corp.account.id)
    assert (found.staff_count, found.seen_count, found.contact_count) == (2, len(corp.truth()), 100)
    assert found.ended_at is not None


def end_by_customer(corp: Corp, whom: list[tuple[str, str]]) -> None:
    """As the callback `del_follow_user` does."""
    now = datetime.fromtimestamp(corp.sandbox.now(), UTC)
    news = [Happening("contact_removed", now, contact, staff, {"by": "customer"}, f"{contact} {staff}") for contact, staff in whom]
    store(corp.stores, [Arrival.of(corp.account, [one], b"<xml/>", now) for one in news], lambda tx, arrivals: lambda: None)
    while inbound.take_in(corp.stores):
        pass


def test_a_window_that_closes_in_the_middle_is_waited_for(corp: Corp, monkeypatch: pytest.MonkeyPatch) -> None:
    """45009: the listing goes on when the block is over, without hammering."""
    monkeypatch.setattr("siyu.connectors._wechat.api.BLOCK_SECONDS", (1, 1, 1))
    corp.fill(500, 3)
    corp.sandbox.post("faults", {"api": "batch/get_by_user", "kind": "errcode", "code": 45009, "times": 1})
    counts(corp.run(tasks.RECONCILE))
    assert held(corp.stores, corp.account) == corp.truth()
    refused = [row["count"] for row in corp.sandbox.get("calls", api="batch/get_by_user")["calls"] if str(row["errcode"]) == "45009"]
    assert refused == [1]


def test_an_attempt_that_is_cut_off_is_gone_on_with(stores: Stores, sandbox: SandboxClient) -> None:
    """The account is barred in the middle; the next attempt reads only what is left, and ends nobody by mistake."""
    corp = open_corp(stores, sandbox)
    corp.fill(9_000, 3)
    corp.run(tasks.RECONCILE)
    before = corp.calls("batch/get_by_user")
    corp.drift(200, 100)
    sandbox.post("faults", {"api": "batch/get_by_user", "kind": "ban", "times": 1, "probability": 0.03})
    job = corp.run(tasks.RECONCILE)
    assert job.status == "failed"
    assert job.error is not None
    assert job.error.code == "carrier_account_restricted"
    with stores.ledger.begin() as tx:
        jobs.retry(tx, job.id, stores.now())
    Runner(stores, job_kinds()).run_pending()
    with stores.ledger.read() as tx:
        seen, new, gone = counts(jobs.find_job(tx, job.id, job_kinds()))
    assert (seen, new, gone) == (len(corp.truth()), 100, 200)
    assert held(corp.stores, corp.account) == corp.truth()
    # What four parts had read ahead and not yet written is read again, no more.
    assert corp.calls("batch/get_by_user") - before <= before + 4 * reconcile.TOGETHER // 100 + 4


def test_who_is_added_while_everybody_is_listed_is_not_gone(tmp_path: Path, sandbox: SandboxClient) -> None:
    """Callbacks that come in meanwhile win: a new contact stays, one who left stays gone for the reason that was told."""
    with running_shop(tmp_path) as shop:
        account = shop.connect_wecom(sandbox)
        base = f"/carriers/accounts/{account['id']}"
        sandbox.post("population", {"corpid": account["ref"], "contacts": 600, "staff": 3, "seed": 3})
        way = shop.api("POST", f"{base}/contact-ways", {"name": "门店", "staff": ["staff0001"]}, status=201)
        people = sandbox.post("people", {"count": 12})["people"]
        ended_in(shop, shop.api("POST", f"{base}/reconcile", status=202)["job_id"])
        sandbox.post("population/drift", {"corpid": account["ref"], "lost": 30, "gained": 20, "seed": 5})
        sandbox.post("faults", {"api": "batch/get_by_user", "kind": "slow", "seconds": 0.4, "times": 40})
        job = shop.api("POST", f"{base}/reconcile", status=202)["job_id"]
        for one in people:
            sandbox.post(f"phones/{one['id']}/scan", {"qr": way["config_id"]})
        for one in people[:4]:
            sandbox.post(f"phones/{one['id']}/delete_staff", {"corpid": account["ref"], "userid": "staff0001"})
        ended_in(shop, job)
        rows = sandbox.http.get(f"/sandbox/population/{account['ref']}/relations").text.splitlines()
        truth = {(row["external_userid"], row["userid"]) for row in map(json.loads, rows) if row["status"] == "live"}
        with shop.stores.ledger.read() as tx:
            ours = accounts.find_account(tx, account["id"])
        wait_for(lambda: held(shop.stores, ours) == truth, 20)
        left = shop.api("GET", "/carriers/relations", ended_by="customer")["items"]
        assert len(left) == 4


def ended_in(shop: Shop, job_id: str) -> None:
    done = wait_for(lambda: (found := shop.api("GET", f"/jobs/{job_id}"))["status"] in ("done", "failed") and found, 60)
    assert done["status"] == "done", done
