"""Live codes: made once whatever happens on the way, never lost, counted by who came through them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from siyu.carriers import contact_ways, tasks
from siyu.connectors.errors import Unavailable
from siyu.connectors.wecom.ways import WayDraft
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.corps import Corp, open_corp, run_job
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for

ADD = "add_contact_way"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as running:
        yield running


@pytest.fixture
def corp(stores: Stores, sandbox: SandboxClient, clock: SetClock) -> Corp:
    return open_corp(stores, sandbox, staff_count=3)


def ask(corp: Corp, name: str = "门店扫码", state: str | None = None) -> contact_ways.Way:
    with corp.stores.ledger.begin() as tx:
        return contact_ways.intend(
            tx, corp.account, name=name, state=state, staff=["staff0001"], departments=[], skip_verify=True, now=corp.stores.now(), by="test"
        )


def ways(corp: Corp) -> list[contact_ways.Way]:
    with corp.stores.ledger.read() as tx:
        return contact_ways.list_ways(tx, corp.account.id)


def made_at_carrier(corp: Corp) -> int:
    return sum(row["count"] for row in corp.sandbox.get("calls", api=ADD)["calls"] if str(row["errcode"]) in ("0", "drop"))


def test_a_code_is_made_changed_and_closed(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    base = f"/carriers/accounts/{account['id']}/contact-ways"
    made = shop.api("POST", base, {"name": "静安店台卡", "state": "jingan", "staff": ["staff0001"]}, status=201)
    assert made["status"] == "open"
    assert made["config_id"]
    assert made["qr_code"].startswith("https://")
    (phone,) = sandbox.post("people", {"count": 1})["people"]
    assert sandbox.post(f"phones/{phone['id']}/scan", {"qr": made["config_id"]})
    listed = wait_for(lambda: (one := shop.api("GET", base)["items"][0])["open_count"] == 1 and one, 20)
    assert listed["added_count"] == 1
    changed = shop.api("PATCH", f"{base}/{made['id']}", {"staff": ["staff0002", "staff0003"], "skip_verify": False})
    assert (changed["staff"], changed["skip_verify"], changed["config_id"]) == (["staff0002", "staff0003"], False, made["config_id"])
    assert shop.api("POST", f"{base}/{made['id']}/close")["status"] == "closed"
    assert shop.api("POST", f"{base}/{made['id']}/close")["status"] == "closed"
    shop.api("PATCH", f"{base}/{made['id']}", {"name": "新名"}, status=409)


def test_what_the_carrier_would_refuse_is_told_at_once(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    base = f"/carriers/accounts/{account['id']}/contact-ways"
    shop.api("POST", base, {"name": "没有员工"}, status=422)
    shop.api("POST", base, {"name": "", "staff": ["staff0001"]}, status=422)
    shop.api("POST", base, {"name": "没有这个人", "staff": ["nobody"]}, status=422)
    (row,) = shop.api("GET", base)["items"]
    assert (row["status"], row["config_id"]) == ("refused", None)


def test_an_answer_that_never_came_costs_no_code_and_makes_no_second_one(corp: Corp, clock: SetClock) -> None:
    """The carrier made it, the connection broke: the code is found by its mark."""
    corp.sandbox.post("faults", {"api": ADD, "kind": "drop", "acted": True, "times": 1})
    way = ask(corp)
    with tasks.calling(corp.stores) as calls, pytest.raises(Unavailable):
        calls.run(contact_ways.make(calls, corp.account, way))
    assert ways(corp)[0].status == "attempting"
    run_job(corp.stores, tasks.SETTLE)
    assert ways(corp)[0].status == "attempting", "it is too early to be sure"
    clock.at += timedelta(minutes=6)
    assert run_job(corp.stores, tasks.SETTLE).result == {"contact_way_count": 1}
    (found,) = ways(corp)
    assert (found.status, bool(found.config_id), bool(found.qr_code)) == ("open", True, True)
    assert made_at_carrier(corp) == 1


def test_a_call_that_never_got_there_is_made_again(corp: Corp, clock: SetClock) -> None:
    corp.sandbox.post("faults", {"api": ADD, "kind": "drop", "times": 1})
    way = ask(corp)
    with tasks.calling(corp.stores) as calls, pytest.raises(Unavailable):
        calls.run(contact_ways.make(calls, corp.account, way))
    clock.at += timedelta(minutes=6)
    run_job(corp.stores, tasks.SETTLE)
    (found,) = ways(corp)
    assert (found.status, bool(found.config_id)) == ("open", True)


def test_killed_between_the_intention_and_the_answer(corp: Corp, clock: SetClock) -> None:
    """As `kill -9` leaves it: one was written down and not asked for, one was asked for and its answer lost."""
    ask(corp, "还没问")
    lost = ask(corp, "答复丢了")
    with tasks.calling(corp.stores) as calls:
        calls.run(contact_ways.make(calls, corp.account, lost))
    table = metadata.tables["carriers_contact_way"]
    with corp.stores.ledger.begin() as tx:
        tx.execute(update(table).where(table.c.id == lost.id).values(status="attempting", config_id=None, qr_code=None))
    clock.at += timedelta(minutes=6)
    run_job(corp.stores, tasks.SETTLE)
    assert [way.status for way in ways(corp)] == ["open", "open"]
    assert len({way.config_id for way in ways(corp)}) == 2
    assert made_at_carrier(corp) == 2


def test_codes_made_elsewhere_are_taken_up_once(corp: Corp) -> None:
    with tasks.calling(corp.stores) as calls:
        mine = ask(corp, "自己的")
        calls.run(contact_ways.make(calls, corp.account, mine))
        async def elsewhere() -> Any:
            return await calls.connector(corp.account).contact_ways.add(WayDraft(users=("staff0002",), state="old", remark="旧系统"))

        calls.run(elsewhere())
        assert calls.run(contact_ways.take_up(calls, corp.account, "test")) == 1
        assert calls.run(contact_ways.take_up(calls, corp.account, "test")) == 0
    assert {(way.name, way.state) for way in ways(corp)} == {("自己的", f"way{mine.id}"), ("旧系统", "old")}


def test_nothing_to_settle_calls_nobody(corp: Corp) -> None:
    run_job(corp.stores, tasks.SETTLE)
    assert corp.calls() == 0
