"""The restraint policy over HTTP: what is in force, tried against the past, switched on with its version, and never changed again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.messaging import outbox, policies, policy_routes
from siyu.messaging.policy import DEFAULT
from tests.makers.content import open_desk
from tests.makers.customers import Desk
from tests.makers.messaging import make, people_with, put_messages

P = "/api/v1/messaging/policy"


@pytest.fixture
def desk(any_stores: Stores) -> Desk:
    return open_desk(any_stores, policy_routes.router)


def _changed(**changes: Any) -> dict[str, Any]:
    return {**DEFAULT.json(), **changes}


def test_the_products_own_policy_is_in_force_until_another_is_switched_on(any_stores: Stores, desk: Desk) -> None:
    held = desk.as_("ann").get(P).json()
    assert (held["version"], held["policy"]) == (0, DEFAULT.json())
    made = desk.as_("olga").post(P, json={"policy": _changed(quiet=None), "over": 0, "note": "试行"})
    assert made.status_code == 201, made.text
    assert desk.as_("ann").get(P).json() == made.json()
    assert made.json()["version"] == 1
    with any_stores.ledger.read() as tx:
        assert policies.active(tx).quiet is None
        assert policies.active(tx).version == 1


def test_who_switches_on_over_somebody_elses_change_is_told_and_every_version_stays(desk: Desk) -> None:
    assert desk.as_("olga").post(P, json={"policy": _changed(mix=None), "over": 0}).status_code == 201
    late = desk.as_("alice").post(P, json={"policy": _changed(quiet=None), "over": 0})
    assert (late.status_code, "1" in late.json()["detail"]) == (409, True)
    assert desk.as_("alice").post(P, json={"policy": DEFAULT.json(), "over": 1, "note": "退回"}).status_code == 201
    same = desk.as_("alice").post(P, json={"policy": DEFAULT.json(), "over": 2})
    assert same.status_code == 422
    listed = desk.as_("ann").get(f"{P}/versions").json()["items"]
    assert [(one["version"], one["note"], one["policy"]["mix"] is None) for one in listed] == [(2, "退回", False), (1, "", True)]


def test_every_fault_of_a_policy_is_named_and_only_who_may_write_switches_on(desk: Desk) -> None:
    wrong = desk.as_("olga").post(P, json={"policy": {"caps": [{"at_most": -1, "window": "rolling"}], "pace": 1}, "over": 0})
    assert wrong.status_code == 422
    assert {fault["field"] for fault in wrong.json()["errors"]} == {"pace", "caps[0].at_most", "caps[0].days"}
    assert desk.as_("ann").post(P, json={"policy": _changed(mix=None), "over": 0}).status_code == 403
    assert [desk.as_("bob").get(address).status_code for address in (P, "/api/v1/messaging/reasons")] == [403, 403]


def test_a_trial_lets_through_what_the_policy_would_have_and_changes_nothing(any_stores: Stores, desk: Desk, clock: Any) -> None:
    people = [(number, keys["phone"]) for number, keys in people_with(any_stores, [{"phone": f"1380013800{n}"} for n in range(4)])]
    named = [person for person, _ in people]
    for day in range(3):
        now = any_stores.now()
        send = make(any_stores, f"test:{day}", customers=named, purpose="value", due_at=now, until_at=now + timedelta(minutes=1))
        put_messages(any_stores, send, people, at_ms=to_ms(now))
        clock.at += timedelta(days=1)
    tight = _changed(caps=[{"at_most": 1, "window": "rolling", "days": 2, "purpose": None, "carrier": None}], quiet=None, mix=None, quotas=[])
    found = desk.as_("ann").post(f"{P}/trial", json={"policy": tight, "weeks": 4}).json()
    # The first and the third of each person, two days apart; the second lies between them.
    assert {name: found["tried"][name] for name in ("asked", "allowed", "waited", "refused")} == {"asked": 12, "allowed": 8, "waited": 0, "refused": 4}
    assert [(one["reason"], one["refused"]) for one in found["tried"]["reasons"]] == [("capped", 4)]
    assert sum(week["asked"] for week in found["weeks"]) == 12
    assert not found["cut"]
    loose = desk.as_("ann").post(f"{P}/trial", json={"policy": {**tight, "caps": []}, "weeks": 4}).json()["tried"]
    assert (loose["asked"], loose["allowed"]) == (12, 12)
    with any_stores.ledger.read() as tx:
        assert policies.in_force(tx).version == 0
        assert {one.counts["planned"] for one in outbox.list_dispatches(tx)} == {4}
