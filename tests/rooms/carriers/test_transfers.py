"""Customers are handed over once each; what became of it is what the carrier says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from siyu.carriers import tasks, transfers
from siyu.carriers.transfers import Transfer
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.corps import Corp, held, open_corp, run_job
from tests.makers.running import running_shop
from tests.makers.sandbox import SandboxClient, wait_for

GIVER, TAKER = "staff0001", "staff0002"


@pytest.fixture
def corp(any_stores: Stores, sandbox: SandboxClient, clock: SetClock) -> Corp:
    clock.at = datetime.fromtimestamp(sandbox.now(), UTC)
    corp = open_corp(any_stores, sandbox, staff_count=2)
    corp.fill(250, 2, overlap=0)
    corp.run(tasks.RECONCILE)
    corp.run(tasks.STAFF)
    return corp


def of(corp: Corp, staff: str) -> set[str]:
    return {contact for contact, one in held(corp.stores, corp.account) if one == staff}


def hand_over(corp: Corp, contacts: list[str] | None = None) -> Transfer:
    with corp.stores.ledger.begin() as tx:
        made = transfers.intend(tx, corp.account, from_staff=GIVER, to_staff=TAKER, contacts=contacts, message="", now=corp.stores.now(), by="test")
    run_job(corp.stores, tasks.TRANSFER, transfer_id=made.id, account_id=corp.account.id)
    return standing(corp, made)


def standing(corp: Corp, transfer: Transfer) -> Transfer:
    with corp.stores.ledger.read() as tx:
        return transfers.find_transfer(tx, transfer.id)


def later(corp: Corp, clock: SetClock, **span: float) -> None:
    corp.sandbox.advance(**span)
    clock.at += timedelta(**span)
    run_job(corp.stores, tasks.SENDS)


def test_everybody_is_asked_for_once_and_done_after_a_day(corp: Corp, clock: SetClock) -> None:
    mine = of(corp, GIVER)
    made = hand_over(corp)
    assert made.counts == {"started": len(mine)}
    assert corp.calls("externalcontact/transfer_customer") == -(-len(mine) // 100)
    later(corp, clock, hours=2)
    assert standing(corp, made).counts == {"started": len(mine)}
    later(corp, clock, hours=25)
    assert standing(corp, made).counts == {"done": len(mine)}
    assert standing(corp, made).next_poll_at is None
    corp.run(tasks.RECONCILE)
    assert of(corp, GIVER) == set()
    assert held(corp.stores, corp.account) == corp.truth()


def test_who_has_left_hands_over_without_being_asked(corp: Corp, clock: SetClock) -> None:
    mine = of(corp, GIVER)
    corp.sandbox.post(f"staff/{corp.corpid}/{GIVER}/resign", {})
    corp.run(tasks.STAFF)
    made = hand_over(corp)
    assert made.resigned
    assert made.counts == {"started": len(mine)}
    assert corp.calls("resigned/transfer_customer") > 0
    later(corp, clock, hours=26)
    assert standing(corp, made).counts == {"done": len(mine)}


def test_an_answer_that_never_came_is_looked_up_and_nobody_is_asked_twice(corp: Corp, clock: SetClock) -> None:
    chosen = sorted(of(corp, GIVER))[:50]
    corp.sandbox.post("faults", {"api": "externalcontact/transfer_customer", "kind": "drop", "acted": True, "times": 1})
    made = hand_over(corp, chosen)
    assert made.counts == {"unknown": 50}
    later(corp, clock, minutes=6)
    assert standing(corp, made).counts == {"started": 50}
    assert corp.calls("externalcontact/transfer_customer") == 1


def test_what_was_never_begun_is_said_so(corp: Corp, clock: SetClock) -> None:
    chosen = sorted(of(corp, GIVER))[:5]
    corp.sandbox.post("faults", {"api": "externalcontact/transfer_customer", "kind": "drop", "times": 1})
    made = hand_over(corp, chosen)
    later(corp, clock, minutes=6)
    assert standing(corp, made).counts == {"refused": 5}


def test_one_customer_the_carrier_refuses_stops_nobody_else(corp: Corp) -> None:
    chosen = sorted(of(corp, GIVER))[:3]
    first = hand_over(corp, chosen[:1])
    assert first.counts == {"started": 1}
    both = hand_over(corp, chosen)
    assert both.counts == {"started": 2, "refused": 1}


def test_strangers_and_oneself_are_refused_before_any_call(corp: Corp) -> None:
    with pytest.raises(InvalidError), corp.stores.ledger.begin() as tx:
        transfers.intend(tx, corp.account, from_staff=GIVER, to_staff=TAKER, contacts=["wmnobody"], message="", now=corp.stores.now(), by="test")
    with pytest.raises(InvalidError), corp.stores.ledger.begin() as tx:
        transfers.intend(tx, corp.account, from_staff=GIVER, to_staff=GIVER, contacts=None, message="", now=corp.stores.now(), by="test")
    assert corp.calls("externalcontact/transfer_customer") == 0


def test_over_http(tmp_path: Path, sandbox: SandboxClient) -> None:
    with running_shop(tmp_path) as shop:
        account = shop.connect_wecom(sandbox)
        sandbox.post("population", {"corpid": account["ref"], "contacts": 20, "staff": 2, "seed": 1})
        base = f"/carriers/accounts/{account['id']}"
        found = shop.api("POST", f"{base}/reconcile", status=202)["job_id"]
        wait_for(lambda: shop.api("GET", f"/jobs/{found}")["status"] == "done", 30)
        (run,) = shop.api("GET", f"{base}/reconciles")["items"]
        assert (run["status"], run["contact_count"]) == ("done", 20)
        asked = {"from_staff": GIVER, "to_staff": TAKER, "all": True}
        shop.api("POST", f"{base}/transfers", {**asked, "from_staff": "nobody"}, status=422)
        job = shop.api("POST", f"{base}/transfers", asked, status=202)["job_id"]
        wait_for(lambda: shop.api("GET", f"/jobs/{job}")["status"] == "done", 30)
        (one,) = shop.api("GET", f"{base}/transfers")["items"]
        assert one["counts"].keys() == {"started"}
