"""Silence after what happened, and the look at the last moment."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.events import log
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.recording import Senders, record_activities
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.stores import Stores
from siyu.identity.merge import merge
from siyu.messaging import cooldowns, outbox, planning, rechecking
from siyu.messaging.policy import DEFAULT, CoolDowns
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.messaging import make, people_with
from tests.rooms.messaging.test_planning import _account, _people


def _until(stores: Stores, ids: list[int]) -> list[int]:
    with stores.ledger.read() as tx:
        return cooldowns.until(tx, DEFAULT, np.array(sorted(ids))).tolist()


def test_the_longest_silence_holds_and_a_ticket_silences_while_it_is_open(any_stores: Stores) -> None:
    with any_stores.ledger.begin() as tx:
        cooldowns.note(tx, "complaint", {1: 1_000, 2: 1_000})
        cooldowns.note(tx, "refund", {1: 1_000})
        cooldowns.note(tx, "complaint", {1: 500})
        cooldowns.note(tx, "ticket", {3: 1_000})
    one, two, three, four = _until(any_stores, [1, 2, 3, 4])
    assert one == two == 1_000 + 30 * DAY_MS
    assert three > 2**60
    assert four < 0
    with any_stores.ledger.begin() as tx:
        cooldowns.close(tx, {3: 2_000})
    assert _until(any_stores, [3])[0] < 0


def test_whoever_blocks_us_is_left_in_peace(any_stores: Stores) -> None:
    _account(any_stores)
    [(blocked, keys), (other, _)] = people_with(any_stores, [{"phone": "13900000001"}, {"phone": "13900000002"}])
    said = [Statement(one, "promotion", "", "granted", any_stores.now()) for one in (blocked, other)]
    now_ms = to_ms(any_stores.now())
    rows = {
        "identity_key": [keys["phone"]], "account_id": [1], "staff": ["kim"], "began_ms": [now_ms - DAY_MS], "began_known": [True], "state": [None], "add_way": [None],
        "ended_ms": [now_ms], "by": ["customer"], "void": [False], "found_by": ["callback"],
    }  # fmt: skip
    with any_stores.ledger.begin() as tx:
        consent.record(any_stores, tx, said, Proof("page", "test"))
        log.append(tx, RELATIONS_CHANGED, RELATIONS_CHANGED.table(rows), now=any_stores.now())
    flow(any_stores)
    assert _until(any_stores, [blocked]) == [now_ms + 90 * DAY_MS]
    send = planning.plan(any_stores, make(any_stores, "b", customers=[blocked, other]).id)
    assert (send.counts["allow"], send.counts["reasons"]) == (1, {"cool_down": 1})


@pytest.mark.parametrize("what", ["withdrawn", "complaint", "night"])
def test_pol_009_what_changed_since_planning_counts_at_the_last_moment(stores: Stores, clock: SetClock, what: str) -> None:
    _account(stores)
    willing = _people(stores, 3)
    send = planning.plan(stores, make(stores, "late", customers=willing).id)
    with stores.ledger.read() as tx:
        [dispatch] = outbox.list_dispatches(tx, send_id=send.id)
        messages = outbox.people_of(tx, dispatch.id)
    with stores.ledger.begin() as tx:
        if what == "withdrawn":
            consent.record(stores, tx, [Statement(willing[0], "promotion", "", "withdrawn", stores.now())], Proof("page", "test"))
        elif what == "complaint":
            cooldowns.note(tx, "complaint", {willing[0]: to_ms(stores.now())})
    if what == "night":
        clock.at = clock.at.astimezone(stores.calendar.zone).replace(hour=23)
    with stores.ledger.begin() as tx:
        checked = rechecking.recheck(stores, tx, dispatch, messages)
    refused = {code: rows["customer_id"].to_pylist() for code, rows in checked.refused}
    if what == "night":
        assert (checked.may.num_rows, refused) == (0, {})
        [(until_ms, code, rows)] = checked.waits
        assert (code, rows.num_rows, until_ms - to_ms(clock.at)) == ("quiet", 3, 9 * 3_600_000)
    else:
        assert refused == {"no_consent" if what == "withdrawn" else "cool_down": [willing[0]]}
        assert checked.may["customer_id"].to_pylist() == sorted(willing[1:])


def test_a_late_dispatch_does_not_break_a_cap_that_others_have_used_since(stores: Stores, clock: SetClock) -> None:
    """Its slot was for Monday; by the time it goes, what was sent meanwhile counts."""
    _account(stores)
    [one] = _people(stores, 1)
    early = planning.plan(stores, make(stores, "early", customers=[one], until_at=stores.now() + timedelta(days=30)).id)
    clock.at += timedelta(days=29)
    later = planning.plan(stores, make(stores, "later", customers=[one]).id)
    assert later.counts.get("allow") == 1
    with stores.ledger.begin() as tx:
        [dispatch] = outbox.list_dispatches(tx, send_id=later.id)
        outbox.mark(tx, outbox.people_of(tx, dispatch.id), outbox.SENT, now=stores.now())
    with stores.ledger.begin() as tx:
        [dispatch] = outbox.list_dispatches(tx, send_id=early.id)
        checked = rechecking.recheck(stores, tx, dispatch, outbox.people_of(tx, dispatch.id))
    assert checked.may.num_rows == 0
    assert {code for code, _ in checked.refused} | {code for _, code, _ in checked.waits} <= {"mix", "promotion_capped"}


def test_a_ticket_that_anybody_tells_of_silences_until_it_is_closed(any_stores: Stores, clock: SetClock) -> None:
    [(one, _), (two, _)] = people_with(any_stores, [{"phone": "13900000001"}, {"phone": "13900000002"}])

    def told(*events: tuple[str, str, int, dict[str, Any]]) -> list[bool]:
        """Activities of (phone, name, minutes ago); who is silent then."""
        now, size = any_stores.now(), len(events)
        with any_stores.ledger.begin() as tx:
            record_activities(
                tx, any_stores.secrets, Senders({"phone": pa.array([phone for phone, *_ in events])}), ids=pa.array([f"{now} {n}" for n in range(size)]),
                at_ms=pa.array([to_ms(now - timedelta(minutes=ago)) for *_, ago, _ in events]), names=pa.array([name for _, name, *_ in events]),
                properties=pa.array([json.dumps(said) for *_, said in events]), now=now, dedup_key=f"{now}",
            )  # fmt: skip
        flow(any_stores)
        clock.at += timedelta(minutes=1)
        return [until > 2**60 for until in _until(any_stores, [one, two])]

    a, b = "13900000001", "13900000002"
    # The close of the second is heard of before its opening.
    assert told((a, "ticket_opened", 50, {"ticket_id": "T1"}), (a, "ticket_opened", 40, {"ticket_id": 2}), (b, "ticket_closed", 10, {})) == [True, False]
    assert told((b, "ticket_opened", 30, {}), (a, "ticket_closed", 20, {"ticket_id": "T1"})) == [True, False]
    assert told((a, "ticket_closed", 0, {"ticket_id": 2}), (b, "ticket_opened", 0, {"ticket_id": "9"}), (b, "page_viewed", 0, {})) == [False, True]
    with any_stores.ledger.begin() as tx:
        merge(any_stores, tx, [(one, two)], by="test", beyond_limits=True)
        # Somebody who is merged brings their open ticket along.
        assert cooldowns.until(tx, DEFAULT, np.array([one, two])).max() > 2**60
        assert cooldowns.until(tx, replace(DEFAULT, cool_downs=CoolDowns(ticket=False)), np.array([one, two])).max() < 0


def test_an_empty_set_is_nobody(stores: Stores) -> None:
    assert _until(stores, []) == []
    assert pa.array(_until(stores, [7])).to_pylist()[0] < 0
