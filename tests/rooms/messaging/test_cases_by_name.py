"""Cases of the reference that no other file has: lists, channel lists, queueing, late events, nested segments, memory."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from siyu.app import FACTS
from siyu.customers import consent, consent_routes, purposes
from siyu.customers.consent import Proof, Statement
from siyu.events.recording import Senders, record_activities, record_profiles
from siyu.foundation import jobs
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.errors import UnavailableError
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine, DuckSession
from siyu.messaging import cooldowns, sends
from siyu.messaging.policy import DEFAULT
from siyu.river import flow
from siyu.segments import audience, segments
from siyu.segments.audience import AudienceRule
from siyu.segments.recompute import recompute
from tests.conftest import SetClock
from tests.faults.commands import forks
from tests.makers.content import open_desk
from tests.makers.messaging import draft, people_with

PEOPLE, MOST_MEGABYTES = (1_000_000, 1_500) if "ALL_CASES" in os.environ else (24_000, 700)
PART = 50_000


def _people(stores: Stores, count: int) -> list[int]:
    return sorted(customer for customer, _ in people_with(stores, [{"phone": f"138{n:08d}"} for n in range(count)]))


def _members(stores: Stores, segment_id: int) -> list[int]:
    recompute(stores, flow, only=segment_id)
    with stores.warehouse.read() as session:
        found: list[int] = audience.freeze(stores, session, AudienceRule((segment_id,))).customer_ids.tolist()
    return found


def test_brd_007_a_list_that_is_added_to_and_then_replaced(stores: Stores, clock: SetClock) -> None:
    people, now = _people(stores, 6), stores.now()
    with stores.ledger.begin() as tx:
        made = segments.create_segment(tx, name="名单", description=None, rule={"kind": "list", "customer_ids": people[:3]}, by=None, now=now)
    for listed in (people, people[:3]):
        clock.at += timedelta(minutes=1)
        with stores.ledger.begin() as tx:
            segments.change_segment(tx, made.id, name="名单", description=None, rule={"kind": "list", "customer_ids": listed}, expected_version=None, by=None, now=now)
        assert _members(stores, made.id) == listed


def test_brd_008_a_channel_list_by_id_or_address_and_a_row_without_both_is_named(any_stores: Stores) -> None:
    """A list of who subscribes to a carrier: by our number, by their e-mail, by both; a row with neither is a fault with its place."""
    desk = open_desk(any_stores, consent_routes.router)
    [(one, _), (two, _), (three, _)] = people_with(any_stores, [{"email": f"{name}@example.test"} for name in "abc"])
    said = {"purpose": "content", "carrier": "email", "state": "granted"}
    good = [{"customer_id": one, **said}, {"namespace": "email", "value": "b@example.test", **said}, {"customer_id": three, "namespace": "email", "value": "c@example.test", **said}]

    def posted(items: list[dict[str, Any]]) -> Any:
        return desk.as_("alice").post("/api/v1/consents", json={"items": items, "source": "import", "place": "邮件订阅.csv"})

    wrong = posted([*good, {"namespace": "email", "value": "", **said}])
    assert (wrong.status_code, [fault["field"] for fault in wrong.json()["errors"]]) == (422, ["items[3].customer_id"])
    stranger = posted([*good, {"namespace": "email", "value": "nobody@example.test", **said}])
    assert (stranger.status_code, stranger.json()["unknown_rows"]) == (200, [3]), stranger.text
    with any_stores.ledger.read() as tx:
        assert consent.may(any_stores, tx, [one, two, three], "content", "email") == {one, two, three}


def test_seg_054_subscribed_by_default_until_they_unsubscribe_and_again_when_they_subscribe(stores: Stores, clock: SetClock) -> None:
    [one] = _people(stores, 1)
    words = Text("服务通知", "Service")
    with stores.ledger.begin() as tx:
        purposes.reword(tx, "content", name=words, wording=words, basis="contract", by="test", now=stores.now())
    seen = []
    for state in (None, "withdrawn", "granted"):
        clock.at += timedelta(seconds=1)
        with stores.ledger.begin() as tx:
            if state is not None:
                consent.record(stores, tx, [Statement(one, "content", "email", state, stores.now())], Proof("page", "test"))  # type: ignore[arg-type]
            seen.append(consent.may(stores, tx, [one], "content", "email") == {one})
    assert seen == [True, False, True]


def test_seg_070_an_anonymous_visitor_is_not_subscribed_until_they_say_so(stores: Stores) -> None:
    [(one, _)] = people_with(stores, [{"anonymous_id": "u1"}])
    with stores.ledger.begin() as tx:
        assert consent.may(stores, tx, [one], "promotion", "email") == set()
        consent.record(stores, tx, [Statement(one, "promotion", "email", "granted", stores.now())], Proof("page", "test"))
        assert consent.may(stores, tx, [one], "promotion", "email") == {one}


def test_rob_004_a_send_whose_job_could_not_be_queued_is_not_there_and_the_retry_queues_it(any_stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = draft(any_stores, "once", customers=_people(any_stores, 1))

    def throws(*_: Any, **__: Any) -> str:
        raise UnavailableError(Text("队列不可用", "no queue"))

    def asked() -> sends.Send:
        with any_stores.ledger.begin() as tx:
            return sends.create(any_stores, tx, wanted, by="test")

    with monkeypatch.context() as broken:
        broken.setattr(jobs, "submit", throws)
        with pytest.raises(UnavailableError):
            asked()
    with any_stores.ledger.begin() as tx:
        assert sends.find_by_ref(tx, "once") is None
    made = asked()
    assert asked() == made
    with any_stores.ledger.begin() as tx:
        table = metadata.tables["jobs_job"]
        queued = [row.arguments for row in tx.execute(table.select().where(table.c.kind == sends.PLAN))]
    assert queued == [{"send_id": made.id}]


def test_rob_017_an_event_that_becomes_visible_after_the_cursor_passed_its_time_is_counted(any_stores: Stores) -> None:
    people, now = _people(any_stores, 2), any_stores.now()
    for number, ago in ((0, 0), (1, 3)):
        with any_stores.ledger.begin() as tx:
            record_activities(
                tx, any_stores.secrets, Senders({"phone": pa.array([f"138{number:08d}"])}), ids=pa.array([str(number)]), at_ms=pa.array([to_ms(now - timedelta(days=ago))]),
                names=pa.array(["ticket_opened"]), properties=pa.array(["{}"]), now=now, dedup_key=str(number),
            )  # fmt: skip
        # The first is taken in before the second, which is older, can be seen.
        flow(any_stores)
    with any_stores.ledger.read() as tx:
        assert (cooldowns.until(tx, DEFAULT, np.array(sorted(people))) > 2**60).tolist() == [True, True]


def test_rob_025_segments_of_segments_cost_as_much_for_each_level(stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    people = _people(stores, 4)
    asked: list[int] = []
    ask = DuckSession.query

    def counted(session: DuckSession, *args: Any, **kwargs: Any) -> Any:
        asked[-1] += 1
        return ask(session, *args, **kwargs)

    monkeypatch.setattr(DuckSession, "query", counted)
    last: int | None = None
    for depth in range(1, 6):
        rule = {"kind": "list", "customer_ids": people} if last is None else {"kind": "segment", "segment": last}
        with stores.ledger.begin() as tx:
            last = segments.create_segment(tx, name=f"第 {depth} 层", description=None, rule=rule, by=None, now=stores.now()).id
        asked.append(0)
        clock.at += timedelta(minutes=1)
        changes = recompute(stores, flow)
        # Each level once.
        assert sorted(change.segment_id for change in changes) == list(range(1, depth + 1))
    steps = np.diff(asked)
    assert (asked[-1] > 0, int(steps.max()) <= 2 * asked[0]) == (True, True), asked
    clock.at += timedelta(minutes=1)
    assert _members(stores, int(last or 0)) == people


def _rebuild(home: Path, count: int, pipe: Pipe) -> None:
    """A full recompute over that many people by a warehouse that may use 100 MB; how much memory it took, and what it found."""
    settings = Settings(home=home, secret_key="ab" * 32)
    stores = Stores(settings, open_ledger(settings.ledger_url), attach(DuckDBEngine(home / "w.duckdb", "100MB", 2), FACTS), load_secrets(settings))
    for start in range(0, count, PART):
        some = range(start, min(count, start + PART))
        with stores.ledger.begin() as tx:
            record_profiles(
                tx, stores.secrets, Senders({"phone": pa.array([f"13{n:09d}" for n in some])}), ids=pa.array([str(n) for n in some]), at_ms=pa.array([to_ms(stores.now())] * len(some)),
                traits=[{"age": n % 80} for n in some], now=stores.now(), dedup_key=f"people {start}",
            )  # fmt: skip
        flow(stores)
    with stores.ledger.begin() as tx:
        for number, rule in enumerate(({"kind": "everyone"}, {"kind": "attribute", "field": "custom:age", "op": "<", "value": 40}, {"kind": "orders", "measure": "count", "op": "=", "value": 0})):
            segments.create_segment(tx, name=str(number), description=None, rule=rule, by=None, now=stores.now())
    found = [change.customer_count for change in recompute(stores, flow)]
    stores.close()
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    pipe.send((found, int(peak[1]) // 1024 if peak else 0))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_rob_026_a_full_rebuild_stays_within_its_memory(stores: Stores) -> None:
    mine, theirs = forks.Pipe()
    process = forks.Process(target=_rebuild, args=(stores.settings.home, PEOPLE, theirs))
    process.start()
    assert mine.poll(600)
    found, megabytes = mine.recv()
    process.join(60)
    assert found == [PEOPLE, PEOPLE // 2, PEOPLE]
    assert 0 < megabytes < MOST_MEGABYTES
