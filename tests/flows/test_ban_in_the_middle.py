"""A corp is banned while everything goes on at once: greetings, details, a reconcile, changes of tags, deliveries, a live code."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from siyu.carriers import accounts, marks, tags, tasks
from siyu.foundation import jobs
from siyu.foundation.database import metadata
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.troubles import Corp, open_corp

RELATIONS = 400
NEWCOMERS = 10


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siyu.carriers.recovery.FIRST_SECONDS", 1.0)
        with running_shop(tmp_path_factory.mktemp("ban")) as shop:
            yield shop


def run(corp: Corp, kind: str, **arguments: Any) -> str:
    with corp.shop.stores.ledger.begin() as tx:
        return jobs.submit(tx, kind, arguments, now=corp.shop.stores.now())


def ended(corp: Corp, job_id: str) -> dict[str, Any] | None:
    found: dict[str, Any] = corp.shop.api("GET", f"/jobs/{job_id}")
    assert found["status"] in ("queued", "running", "done"), found
    return found if found["status"] == "done" else None


def mark_everybody(corp: Corp) -> None:
    """A customers' tag that all contacts have got goes onto every relation."""
    stores, contact = corp.shop.stores, metadata.tables["carriers_contact"]
    with stores.ledger.begin() as tx:
        account = accounts.find_account(tx, corp.account["id"])
        tags.add(tx, account, "等级", "金卡", "vip", stores.now())
    job_id = run(corp, tasks.TAGS, account_id=corp.account["id"])
    wait_for(lambda: ended(corp, job_id), 20)
    with stores.ledger.begin() as tx:
        keys = list(tx.scalars(select(contact.c.identity_key)))
        assert marks.want(tx, keys, "vip", True, stores.now()) >= RELATIONS


def left_to_mark(corp: Corp) -> int:
    with corp.shop.stores.ledger.read() as tx:
        return int(tx.exec_driver_sql("SELECT count(*) FROM carriers_mark WHERE status <> 'there'").scalar() or 0)


def test_nothing_is_lost_and_nobody_hammers(shop: Shop, sandbox: SandboxClient) -> None:
    corp = open_corp(shop, sandbox)
    sandbox.post("population", {"corpid": corp.ref, "contacts": RELATIONS, "staff": 4, "seed": 7})
    first = shop.api("POST", f"{corp.path}/reconcile")["job_id"]
    wait_for(lambda: ended(corp, first), 30)
    held = corp.page()["open_relation_count"]
    mark_everybody(corp)
    corp.welcome()
    corp.arrive(1)
    sandbox.post("population/drift", {"corpid": corp.ref, "lost": 10, "gained": 5, "seed": 3})

    corp.fault("ban")
    before = corp.calls()
    run(corp, tasks.MARKS)
    reconcile = shop.api("POST", f"{corp.path}/reconcile")["job_id"]
    corp.arrive(NEWCOMERS)
    page = wait_for(lambda: (found := corp.page())["status"] == "restricted" and found, 10)
    assert page["status_says"].keys() == page["status_fix"].keys() == {"zh", "en"}
    time.sleep(4)
    asked = corp.calls() - before
    # A greeting each; eight details, five tags, a page of the reconcile, and the look whether it is over: all at most twice.
    assert asked <= NEWCOMERS + 2 * (8 + 5 + 4 + 4), asked

    corp.mend()
    wait_for(lambda: corp.page()["status"] == "connected", 20)
    phones = corp.arrive(2)
    wait_for(lambda: corp.greeted(phones) == [1, 1], 15)
    corp_marks = run(corp, tasks.MARKS)
    wait_for(lambda: ended(corp, corp_marks), 30)
    assert left_to_mark(corp) <= 10  # those who have left meanwhile are refused
    wait_for(lambda: ended(corp, reconcile), 60)
    assert corp.page()["open_relation_count"] == held - 10 + 5 + 1 + NEWCOMERS + 2
    refused = shop.api("GET", f"{corp.path}/greetings?status=refused")["items"]
    assert {one["status_code"] for one in refused} <= {"301007"}
