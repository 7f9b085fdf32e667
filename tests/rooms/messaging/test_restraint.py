"""The gate's calculation against plain rules, one person at a time; the reference's cases of caps, quiet hours and hold-outs by name."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.foundation.clock import to_ms
from siyu.messaging.policy import PURPOSES, Cap, Exempt, Mix, Policy, Quiet
from siyu.messaging.reasons import REASONS
from siyu.messaging.restraint import HISTORY, PEOPLE, ROUTES, Decisions, Request, decide
from tests.makers.restraint import DAY, EVER, Plain, Told, bears, is_quiet, soonest

HOUR = 3_600_000
DUE = to_ms(datetime(2026, 3, 7, 3, tzinfo=UTC))
OPEN = Policy(caps=(), quotas=(), mix=None, quiet=None)
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu")


def asked(cases: list[Plain], **request: Any) -> Decisions:
    """All cases at once: they share the policy and what is asked."""
    first = cases[0]
    people = [{"customer_id": n, "zone": case.zone, "cool_until_ms": None if case.cool_until == -EVER else case.cool_until, "budget": case.budget} for n, case in enumerate(cases)]
    routes = [
        {"customer_id": n, "rank": 0, "account_id": 1, "carrier": "sms", "identity_key": n, "staff": "", "consented": True, "floating": case.floating} for n, case in enumerate(cases)
    ]
    history = [
        {"customer_id": n, "at_ms": one.at, "purpose": PURPOSES.index(one.purpose), "exempt": one.exempt, "floating": one.floating, "status": 2, "account_id": 1, "carrier": "sms", "staff": ""}
        for n, case in enumerate(cases)
        for one in case.told
    ]
    wanted = Request(7, first.purpose, first.due, first.until, exempt=first.exempt, **request)
    return decide(first.policy, wanted, pa.Table.from_pylist(people, PEOPLE), pa.Table.from_pylist(routes, ROUTES), pa.Table.from_pylist(history, HISTORY))


def one(case: Plain, **request: Any) -> dict[str, Any]:
    row: dict[str, Any] = asked([case], **request).table.to_pylist()[0]
    return row


caps = st.builds(
    lambda most, window, days, purpose: Cap(most, window, days if window == "rolling" else None, purpose=purpose),
    st.integers(0, 3), st.sampled_from(["rolling", "rolling", "day", "week", "month"]), st.integers(1, 9), st.sampled_from([None, "promotion", "value"]),
)  # fmt: skip
policies = st.builds(
    Policy, caps=st.lists(caps, max_size=3).map(tuple), quotas=st.just(()),
    mix=st.none() | st.builds(Mix, st.sampled_from([0.5, 1.0, 2.0]), st.integers(0, 2), st.integers(2, 28)),
    quiet=st.none() | st.builds(Quiet, st.sampled_from([0, 720, 1320, 1410]), st.sampled_from([60, 150, 480, 1200]), st.sampled_from(["hold", "refuse"])),
    exempt=st.builds(Exempt, st.just(("service",)), st.booleans()),
)  # fmt: skip
messages = st.builds(
    Told, st.integers(-20 * 48, 20 * 48).map(lambda halves: DUE + halves * HOUR // 2), st.sampled_from(["promotion", "value", "service"]), st.sampled_from([False, False, True]), st.sampled_from([False, False, False, True])
)
people = st.tuples(
    st.lists(messages, max_size=6).map(tuple), st.sampled_from(ZONES), st.sampled_from([False, False, True]), st.sampled_from([-EVER, -EVER, DUE + 5 * HOUR]), st.sampled_from([None, None, 0, 1, 2])
)


@settings(max_examples=60 if "ALL_CASES" not in os.environ else 2_000, deadline=None)
@given(policies, st.sampled_from(["promotion", "value", "service"]), st.booleans(), st.integers(0, 12), st.lists(people, min_size=1, max_size=5))
def test_nobody_is_told_who_may_not_be_and_nothing_allowed_is_refused(policy: Policy, purpose: str, exempt: bool, days: int, crowd: list[Any]) -> None:
    really = policy.is_exempt(exempt, purpose)
    cases = [Plain(policy, purpose, really, DUE, DUE + days * DAY + HOUR, zone, told, floating, cool, budget) for told, zone, floating, cool, budget in crowd]
    for case, row in zip(cases, asked(cases).table.to_pylist(), strict=True):
        at = soonest(case)
        verdict = "refuse" if at is None else "allow" if at == DUE else "wait"
        assert (row["verdict"], row["at_ms"]) == (verdict, DUE if at is None else at), (case, row, at)
        assert (row["reason"] is None) == (verdict == "allow")
        assert verdict == "allow" or row["reason"] in REASONS
        if at is not None:
            assert bears(case, at)
            assert not is_quiet(case, at)


def test_pol_001_a_calendar_day_is_not_24_hours() -> None:
    late, early = to_ms(datetime(2026, 3, 1, 15, 50, tzinfo=UTC)), to_ms(datetime(2026, 3, 1, 16, 10, tzinfo=UTC))
    case = Plain(replace(OPEN, caps=(Cap(1, "day"),)), "value", False, early, early, "Asia/Shanghai", (Told(late, "value"),))
    assert one(case)["verdict"] == "allow"
    assert one(replace(case, policy=replace(OPEN, caps=(Cap(1, "rolling", 1),))))["reason"] == "capped"


def test_pol_004_what_is_exempt_uses_nothing_up_unless_it_is_to() -> None:
    case = Plain(replace(OPEN, caps=(Cap(1, "day"),)), "promotion", False, DUE, DUE, "Asia/Shanghai", (Told(DUE - HOUR, "service", exempt=True),))
    assert one(case)["verdict"] == "allow"
    assert one(replace(case, policy=replace(case.policy, exempt=Exempt(counts=True))))["reason"] == "capped"


def test_pol_008_held_to_the_end_of_the_night_or_refused() -> None:
    due = to_ms(datetime(2026, 3, 1, 15, 30, tzinfo=UTC))
    case = Plain(replace(OPEN, quiet=Quiet()), "promotion", False, due, due + DAY, "Asia/Shanghai", ())
    assert one(case) | {"rank": None, "way": None} == {"customer_id": 0, "verdict": "wait", "reason": "quiet", "at_ms": to_ms(datetime(2026, 3, 2, tzinfo=UTC)), "rank": None, "way": None}
    assert one(replace(case, policy=replace(OPEN, quiet=Quiet(then="refuse"))))["verdict"] == "refuse"


def test_pol_005_all_caps_hold_at_once() -> None:
    policy = replace(OPEN, caps=(Cap(2, "day", carrier="sms"), Cap(1, "day", purpose="value")))
    assert one(Plain(policy, "value", False, DUE, DUE, "Asia/Shanghai", (Told(DUE - HOUR, "value"),)))["reason"] == "capped"


def test_pol_011_a_receipt_goes_out_to_the_global_hold_out_and_a_promotion_does_not() -> None:
    person = pa.Table.from_pylist([{"customer_id": 1, "in_holdout": True}], PEOPLE)
    way = pa.Table.from_pylist([{"customer_id": 1, "rank": 0, "account_id": 1, "carrier": "sms", "identity_key": 1, "staff": "", "consented": True}], ROUTES)
    for purpose, exempt, reason in (("promotion", False, "global_holdout"), ("service", True, None), ("promotion", True, "global_holdout")):
        found = decide(OPEN, Request(1, purpose, DUE, DUE, exempt=exempt), person, way, HISTORY.empty_table())
        assert found.table["reason"].to_pylist() == [reason]


def test_win_011_a_contact_in_new_york_is_told_at_eight_there() -> None:
    """The window 08:00 to 10:00 is quiet hours from 10:00 to 08:00; its end is not in it (win-001), after it the next day (win-002)."""
    policy = replace(OPEN, quiet=Quiet(600, 480))
    for zone, due, told in (
        ("America/New_York", datetime(2018, 10, 19, 9, tzinfo=UTC), datetime(2018, 10, 19, 12, tzinfo=UTC)),
        ("UTC", datetime(2018, 10, 19, 10, tzinfo=UTC), datetime(2018, 10, 20, 8, tzinfo=UTC)),
        ("UTC", datetime(2018, 10, 19, 12, tzinfo=UTC), datetime(2018, 10, 20, 8, tzinfo=UTC)),
        ("America/New_York", datetime(2021, 11, 8, 15, tzinfo=UTC), datetime(2021, 11, 9, 13, tzinfo=UTC)),
    ):
        at = to_ms(due)
        assert one(Plain(policy, "value", False, at, at + 3 * DAY, zone, ()))["at_ms"] == to_ms(told)


def test_win_020_daylight_saving_moves_nothing_that_lies_in_the_window() -> None:
    at = to_ms(datetime(2021, 11, 8, 17, tzinfo=UTC))
    assert one(Plain(replace(OPEN, quiet=Quiet(1200, 480)), "value", False, at, at, "America/New_York", ()))["verdict"] == "allow"


def test_of_two_that_want_the_last_slot_the_dearer_gets_it() -> None:
    people = pa.Table.from_pylist([{"customer_id": 1}], PEOPLE)
    way = pa.Table.from_pylist([{"customer_id": 1, "rank": 0, "account_id": 1, "carrier": "sms", "identity_key": 1, "staff": "", "consented": True}], ROUTES)
    planned = {"customer_id": 1, "at_ms": DUE, "purpose": 0, "status": 0, "account_id": 1, "carrier": "sms", "staff": "", "priority_fen": 100, "send_id": 5, "route": 0, "identity_key": 9}
    policy = replace(OPEN, caps=(Cap(1, "rolling", 7),))
    for status, priority, verdict, gone in ((0, 200, "allow", 1), (0, 100, "refuse", 0), (1, 200, "refuse", 0)):
        history = pa.Table.from_pylist([planned | {"status": status, "exempt": False, "floating": False}], HISTORY)
        found = decide(policy, Request(7, "promotion", DUE, DUE, priority_fen=priority), people, way, history)
        assert (found.table["verdict"].to_pylist(), found.displaced.num_rows) == ([verdict], gone)
