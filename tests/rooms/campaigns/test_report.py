"""The report: every number from facts, each opens its people; nothing is read from a broken split or before its time."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from siyu.campaigns.driving import drive
from siyu.carriers.facts import CARRIERS_RELATION
from siyu.customers.consent_facts import CUSTOMERS_CONSENT
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.campaigns import (
    Office,
    approved_and_scheduled,
    open_office,
    put_bought,
    put_decided,
    put_done,
    put_segment,
    set_send,
    written,
)
from tests.makers.customers import put_customers, put_rows

PEOPLE = np.arange(1, 1_001)


@pytest.fixture
def office(stores: Stores) -> Office:
    return open_office(stores)


def _begun(office: Office, clock: SetClock, **changed: Any) -> tuple[int, int, int]:
    """A campaign whose first wave has begun: its number, its send's, and when it was due."""
    segment = put_segment(office.stores, range(1, 3))
    made = approved_and_scheduled(office, written(segment, starts=None, **changed))
    drive(office.stores, lambda _: 0)
    found = office.ask("ann", "GET", f"/{made}")
    assert found["status"] == "running"
    return made, found["waves"][0]["send_id"], to_ms(clock.at)


def _end(office: Office, clock: SetClock, send_id: int, days: int = 11) -> None:
    set_send(office.stores, send_id, "over")
    drive(office.stores, lambda _: 0)
    clock.at += timedelta(days=days)


def _report(office: Office, made: int) -> dict[str, Any]:
    found: dict[str, Any] = office.ask("ann", "GET", f"/{made}/report", fresh=True)
    return found


def test_the_funnel_counts_people_and_each_number_opens_them(office: Office, clock: SetClock) -> None:
    made, send, at = _begun(office, clock)
    reason = np.full(1_000, None, object)
    reason[:200] = "capped"
    reason[200:250] = "no_consent"
    control = np.zeros(1_000, bool)
    control[250:325] = True
    put_decided(office.stores, send, PEOPLE, at, control=control, reason=reason, cost_fen=5)
    treated = PEOPLE[325:]
    put_done(office.stores, treated[:300], "message_read", send, at + 1)
    put_done(office.stores, treated[250:320], "link_opened", send, at + 2, first_key=1_000)
    put_bought(office.stores, treated[:60], at + DAY_MS, 10_000)
    put_bought(office.stores, PEOPLE[250:253], at + DAY_MS, 10_000, first_key=500)
    # Before it, and after the window: not counted.
    put_bought(office.stores, treated[100:110], at - 1, 10_000, first_key=600)
    put_bought(office.stores, treated[110:120], at + 7 * DAY_MS, 10_000, first_key=700)
    found = _report(office, made)
    assert {each["stage"]: each["count"] for each in found["funnel"]} == {
        "planned": 1_000, "eligible": 750, "told": 675, "sent": 675, "received": 0, "read": 320, "clicked": 70, "bought": 60,
    }  # fmt: skip
    assert found["refused"] == {"capped": 200, "no_consent": 50}
    assert found["cost_fen"] == 675 * 5
    assert (found["lift"]["treated"], found["lift"]["control"]) == ({"people": 675, "bought": 60, "spend_fen": 600_000}, {"people": 75, "bought": 3, "spend_fen": 30_000})
    assert [(part["key"], part["counts"]["sent"], part["counts"]["bought"]) for part in found["carriers"]] == [("sms", 675, 60)]
    assert [(part["key"], part["counts"]["read"]) for part in found["days"]] == [("2026-01-01", 320)]
    put_customers(office.stores, [{"id": int(each), "name": f"客户 {each}"} for each in PEOPLE])
    for stage in ("planned", "eligible", "told", "sent", "read", "clicked", "bought"):
        shown = office.ask("olga", "GET", f"/{made}/people", stage=stage, limit=2)
        assert shown["total"] == next(each["count"] for each in found["funnel"] if each["stage"] == stage)
    refused = office.ask("olga", "GET", f"/{made}/people", stage="refused", reason="no_consent", limit=200)
    assert [row["customer"]["id"] for row in refused["items"]] == list(range(201, 251))
    following = office.ask("olga", "GET", f"/{made}/people", stage="bought", limit=50)
    rest = office.ask("olga", "GET", f"/{made}/people", stage="bought", limit=50, cursor=following["next_cursor"])
    assert [row["customer"]["id"] for row in following["items"] + rest["items"]] == list(range(326, 386))


def test_who_left_took_consent_back_or_complained_is_counted_in_the_window_only(office: Office, clock: SetClock) -> None:
    made, send, at = _begun(office, clock)
    put_decided(office.stores, send, PEOPLE[:10], at)
    spell = {"account_id": 1, "staff": "", "began_ms": 1, "began_known": True, "by": "customer", "void": False}
    ended = {1: at + 5, 2: at - 5, 3: at + 8 * DAY_MS, 4: at + 6}
    put_rows(office.stores, CARRIERS_RELATION, [{**spell, "identity_key": who, "customer_id": who, "ended_ms": when, "by": "staff" if who == 4 else "customer"} for who, when in ended.items()])
    put_rows(office.stores, CUSTOMERS_CONSENT, [{"customer_id": who, "purpose": "promotion", "carrier": "", "state": state, "at_ms": at + 9} for who, state in ((5, "withdrawn"), (6, "granted"))])
    put_done(office.stores, PEOPLE[6:8], "message_complained", send, at + 1)
    found = _report(office, made)
    assert (found["blocked"], found["opted_out"], found["complained"]) == (1, 1, 2)


def _drawn(office: Office, clock: SetClock, count: int, base: float, effect: float, *, rate: float = 0.2, seed: int = 4, **changed: Any) -> tuple[int, int]:
    """A campaign of `count` people with a known effect on the share that buys."""
    made, send, at = _begun(office, clock, control_rate=rate, **changed)
    rng, ids = np.random.default_rng(seed), np.arange(1, count + 1)
    control = rng.random(count) < rate
    put_decided(office.stores, send, ids, at, control=control)
    buys = rng.random(count) < np.where(control, base, base + effect)
    put_bought(office.stores, ids[buys], at + DAY_MS, rng.integers(5_000, 30_000, buys.sum()))
    return made, send


def test_a_fixed_reading_is_hidden_until_all_windows_are_over(office: Office, clock: SetClock) -> None:
    made, send = _drawn(office, clock, 5_000, 0.05, 0.05)
    early = _report(office, made)
    assert (early["lift"]["why_not_code"], early["lift"]["bought"], early["lift"]["extra_revenue_fen"]) == ("hidden", None, None)
    assert all(each["bought"] is None for each in early["variants"])
    _end(office, clock, send)
    lift = _report(office, made)["lift"]
    assert lift["why_not"] is None
    assert lift["bought"]["low"] < 0.05 < lift["bought"]["high"]
    assert lift["bought"]["is_detected"]
    assert lift["bought"]["finding"]["en"] == "an increase"
    assert lift["spend"]["low"] < lift["spend"]["difference"] < lift["spend"]["high"]
    assert lift["extra_buyers"] == pytest.approx(lift["bought"]["difference"] * lift["treated"]["people"])
    assert lift["cost_per_extra_buyer_fen"] == 0


def test_a_sequential_reading_is_shown_at_once_and_is_wider(office: Office, clock: SetClock) -> None:
    made, send = _drawn(office, clock, 5_000, 0.05, 0.05, reading="sequential")
    early = _report(office, made)
    assert early["lift"]["why_not"] is None
    assert len(early["looks"]) == 1
    table = metadata.tables["campaigns_campaign"]
    with office.stores.ledger.begin() as tx:
        plan = {**tx.execute(table.select()).one().plan, "reading": "fixed"}
        tx.execute(table.update().values(plan=plan, version=9))
    _end(office, clock, send)
    fixed = _report(office, made)["lift"]["bought"]
    wide = early["lift"]["bought"]
    assert fixed["difference"] == pytest.approx(wide["difference"])
    assert wide["high"] - wide["low"] > 1.2 * (fixed["high"] - fixed["low"])


def test_a_broken_split_blocks_the_read_out_and_says_why(office: Office, clock: SetClock) -> None:
    made, send, at = _begun(office, clock, control_rate=0.5, reading="sequential")
    put_decided(office.stores, send, PEOPLE, at, control=np.arange(1_000) < 400)
    lift = _report(office, made)["lift"]
    assert lift["why_not_code"] == "mismatch"
    assert lift["mismatch_p"] < 1e-3
    assert (lift["bought"], lift["spend"], lift["extra_buyers"]) == (None, None, None)
    assert "查明" in lift["why_not"]["zh"]


def test_no_effect_is_told_as_none(office: Office, clock: SetClock) -> None:
    made, send = _drawn(office, clock, 4_000, 0.05, 0.0)
    _end(office, clock, send)
    lift = _report(office, made)["lift"]
    assert lift["bought"]["finding"] == {"zh": "未检出效果", "en": "no effect detected"}
    assert lift["cost_per_extra_buyer_fen"] is None


def test_where_nobody_bought_there_is_no_effect_and_no_error(office: Office, clock: SetClock) -> None:
    made, send, at = _begun(office, clock, control_rate=0.3, reading="sequential")
    put_decided(office.stores, send, PEOPLE, at, control=np.arange(1_000) < 300)
    lift = _report(office, made)["lift"]
    assert (lift["bought"]["difference"], lift["bought"]["finding"]["en"], lift["extra_revenue_fen"], lift["extra_revenue_low_fen"]) == (0, "no effect detected", 0, 0)


def test_without_a_control_nothing_is_measured_and_that_is_said(office: Office, clock: SetClock) -> None:
    made, send, at = _begun(office, clock, control_rate=0)
    put_decided(office.stores, send, PEOPLE, at)
    assert _report(office, made)["lift"]["why_not_code"] == "no_control"


def test_spend_before_narrows_the_interval(office: Office, clock: SetClock) -> None:
    made, send, at = _begun(office, clock, control_rate=0.3)
    rng, ids = np.random.default_rng(12), np.arange(1, 3_001)
    control = rng.random(3_000) < 0.3
    wealth = rng.integers(1_000, 50_000, 3_000)
    put_decided(office.stores, send, ids, at, control=control)
    put_bought(office.stores, ids, at - 10 * DAY_MS, wealth)
    put_bought(office.stores, ids, at + DAY_MS, wealth + np.where(control, 0, 500) + rng.integers(0, 2_000, 3_000), first_key=10_000)
    _end(office, clock, send)
    lift = _report(office, made)["lift"]
    plain, evened = lift["spend"], lift["spend_adjusted"]
    assert lift["reduction"] > 0.95
    assert evened["high"] - evened["low"] < 0.3 * (plain["high"] - plain["low"])
    assert evened["low"] < 500 < evened["high"]
    assert not plain["is_detected"]
    assert evened["is_detected"]


def test_variants_are_compared_and_corrected(office: Office, clock: SetClock) -> None:
    variants = [{"name": name, "piece_id": 1, "share": 0.5} for name in "AB"]
    made, send, at = _begun(office, clock, control_rate=0.2, variants=variants)
    rng, ids = np.random.default_rng(6), np.arange(1, 6_001)
    control, names = rng.random(6_000) < 0.2, rng.choice(["A", "B"], 6_000)
    put_decided(office.stores, send, ids, at, control=control, variant=names)
    clicked = ids[(rng.random(6_000) < np.where(names == "A", 0.1, 0.2)) & ~control]
    put_done(office.stores, clicked, "link_opened", send, at + 1)
    buys = rng.random(6_000) < np.where(control, 0.05, np.where(names == "A", 0.05, 0.12))
    put_bought(office.stores, ids[buys], at + DAY_MS, 10_000)
    _end(office, clock, send)
    found = _report(office, made)
    a, b = found["variants"]
    assert (found["leader"], found["leader_is_clear"]) == ("B", True)
    assert b["click_rate"] == pytest.approx(0.2, abs=0.02)
    assert (a["bought"]["is_detected"], b["bought"]["is_detected"]) == (False, True)
    assert b["bought"]["low"] < 0.07 < b["bought"]["high"]


def test_people_who_were_merged_count_once_and_with_their_orders(office: Office, clock: SetClock) -> None:
    made, send, at = _begun(office, clock, reading="sequential")
    table = metadata.tables["identity_customer"]
    with office.stores.ledger.begin() as tx:
        tx.execute(table.insert(), [{"id": 1, "created_at": clock.at, "merged_into": None}, {"id": 2, "created_at": clock.at, "merged_into": 1}])
    put_decided(office.stores, send, np.array([1, 2, 3]), at)
    put_bought(office.stores, np.array([1]), at + 5, 700)
    found = _report(office, made)
    assert (found["funnel"][0]["count"], found["funnel"][-1]["count"], found["lift"]["treated"]["spend_fen"]) == (2, 1, 700)


def test_what_is_kept_is_given_without_asking_the_facts_again(office: Office, clock: SetClock) -> None:
    made, send, at = _begun(office, clock)
    put_decided(office.stores, send, PEOPLE[:10], at)
    first = office.ask("ann", "GET", f"/{made}/report")
    put_decided(office.stores, send, PEOPLE[10:20], at)
    clock.at += timedelta(minutes=5)
    again = office.ask("ann", "GET", f"/{made}/report")
    assert again["computed_at"] == first["computed_at"]
    assert again["funnel"] == first["funnel"]


def test_a_draft_has_an_empty_report(office: Office) -> None:
    made = office.ask("olga", "POST", "", written(put_segment(office.stores, range(1, 3))), 201)["id"]
    found = _report(office, made)
    assert {each["count"] for each in found["funnel"]} == {0}
    assert (found["lift"]["why_not_code"], found["days"], found["last_window_at"]) == ("too_few", [], None)
    assert office.ask("olga", "GET", f"/{made}/people")["items"] == []


def test_files(office: Office, clock: SetClock) -> None:
    made, send, at = _begun(office, clock)
    put_decided(office.stores, send, PEOPLE[:5], at, control=np.array([True, False, False, False, False]))
    answer = office.as_("ann").get(f"/api/v1/campaigns/{made}/report", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert ["funnel", "sent", "4"] in rows
    people = office.as_("ann").get(f"/api/v1/campaigns/{made}/people/export")
    listed = list(csv.DictReader(io.StringIO(people.content.decode("utf-8-sig"))))
    assert [(row["customer_id"], row["arm"], row["sent"], row["on"]) for row in listed][:2] == [("1", "control", "0", "2026-01-01"), ("2", "treated", "1", "2026-01-01")]
    some = office.as_("ann").get(f"/api/v1/campaigns/{made}/people/export", params={"stage": "control"})
    assert [row["customer_id"] for row in csv.DictReader(io.StringIO(some.content.decode("utf-8-sig")))] == ["1"]
    assert office.as_("bob").get(f"/api/v1/campaigns/{made}/people/export").status_code == 403
