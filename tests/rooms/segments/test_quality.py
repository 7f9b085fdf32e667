"""Zombies and deal-hunters: right on unseen worlds, slow to accuse, the same for everybody and for a few, and put right by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.carriers.facts import CARRIERS_RELATION
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROFILE, CUSTOMERS_PROPERTY
from siyu.foundation.stores import Stores
from siyu.orders.facts import ORDERS_LINE
from siyu.segments.evaluate import members
from siyu.segments.explain import explain
from siyu.segments.facts import SEGMENTS_QUALITY
from siyu.segments.quality import refresh_quality, refresh_some
from siyu.segments.quality_marks import put_mark, take_mark_back
from siyu.segments.quality_report import publish_quality, read_published
from siyu.segments.quality_signs import (
    HUNTER_REASONS,
    SURE_DAYS,
    SURE_EXPECTED,
    SURE_RECEIVED,
    ZOMBIE_REASONS,
    told,
)
from siyu.segments.quality_weights import HUNTER, ZOMBIE
from siyu.segments.recompute import moment_of
from siyu.segments.rules import parse, schema
from siyu.segments.sentence import RuleNames, sentence
from siyu_sandbox.people.past import KINDS, past
from tests.makers.quality import ENDS_ON, judge, put_past, read_judged
from tests.makers.worlds import replace_rows

DAY_MS = 86_400_000
NOBODY = pa.array([], pa.int64())


class Person:
    """Rows of one customer, made by hand; days are counted back from the end of the day that is judged."""

    def __init__(self, number: int, known: float = 120, lasting: bool = True) -> None:
        self.number, self.known, self.left = number, known, None if lasting else 0.0
        self.acts: list[tuple[str, float]] = []
        self.lines: list[dict[str, Any]] = []

    def did(self, name: str, *days_ago: float) -> Person:
        self.acts += [(name, ago) for ago in days_ago]
        return self

    def bought(self, *days_ago: float, off: float = 0.0, back: bool = False, sku: str = "TEA") -> Person:
        self.lines += [{"ago": ago, "off": off, "back": back, "sku": sku} for ago in days_ago]
        return self

    def gone(self, days_ago: float) -> Person:
        self.left = days_ago
        return self


def usual(first: int, count: int = 40) -> list[Person]:
    """People as most are: they read half of what comes, look in now and then, and buy at the usual price."""
    return [Person(first + n).did("message_sent", *range(1, 31)).did("message_opened", *range(1, 16)).did("product_viewed", *range(2, 90, 6)).bought(20, 50) for n in range(count)]


def settle(stores: Stores, people: list[Person]) -> None:
    end, number = stores.calendar.end_ms(ENDS_ON), 0
    rows: dict[str, list[dict[str, Any]]] = {"profile": [], "acts": [], "lines": [], "relations": []}
    for one in people:
        who = {"customer_id": one.number, "identity_key": one.number}
        rows["profile"].append({"customer_id": one.number, "source": "shop", "first_seen_ms": end - int(one.known * DAY_MS), "registered_ms": end - int(one.known * DAY_MS)})
        began = {"began_ms": end - int(one.known * DAY_MS), "account_id": 1, "staff": "amy", "void": False}
        rows["relations"].append({**who, **began, "ended_ms": None if one.left is None else end - int(one.left * DAY_MS), "by": "customer" if one.left is not None else ""})
        for name, ago in one.acts:
            number += 1
            rows["acts"].append({**who, "event_key": number, "name": name, "at_ms": end - int(ago * DAY_MS)})
        for line in one.lines:
            number += 1
            paid, at = round(10_000 * (1 - line["off"])), end - int(line["ago"] * DAY_MS)
            money = {"amount_fen": 0 if line["back"] else paid, "refund_fen": paid if line["back"] else 0, "kind": "refund" if line["back"] else "sale"}
            rows["lines"].append({**who, **money, "line_key": number, "order_key": number, "content_key": number, "ordered_ms": at, "ordered_on": 20_600, "sku": line["sku"], "quantity": 1, "unit_price_fen": 10_000})
    for fact, name in ((CUSTOMERS_PROFILE, "profile"), (CUSTOMERS_ACTIVITY, "acts"), (ORDERS_LINE, "lines"), (CARRIERS_RELATION, "relations")):
        replace_rows(stores, fact, rows[name])
    replace_rows(stores, CUSTOMERS_PROPERTY, [])


def judged(stores: Stores, *people: Person) -> dict[int, dict[str, Any]]:
    """What is found of these among forty usual people."""
    settle(stores, [*people, *usual(1000)])
    refresh_quality(stores, ENDS_ON)
    return {row["customer_id"]: row for row in read_judged(stores).to_pylist()}


def test_scores_are_right_on_worlds_that_they_were_not_learnt_on(stores: Stores) -> None:
    rows = []
    for seed in (2001, 2002, 2003):
        found = judge(stores, past(seed, people=1500))
        table = found.judged.to_pydict()
        own = np.array(table["read"]) + np.array(table["visited"]) + np.array(table["replied"]) + np.array(table["claimed"])
        enough = (np.array(table["received"]) >= SURE_RECEIVED) & (np.array(table["known_days"]) >= SURE_DAYS) & (np.array(table["expected_acts"]) >= SURE_EXPECTED) | (own >= 3)
        shown = (np.array(table["orders"]) + np.array(table["refunds"]) + np.array(table["claimed"]) >= 3) | (np.array(table["ring_rate"]) >= 0.5)
        for called, truly, known in (("is_zombie", "zombie", enough), ("is_hunter", "hunter", shown)):
            is_called, is_true = np.array(table[called], bool), np.array([KINDS[kind] == truly for kind in found.kind])
            rows.append((called, is_called & is_true, is_called, is_true & known))
    for what in ("is_zombie", "is_hunter"):
        right, called, truly = (np.concatenate([row[place] for row in rows if row[0] == what]) for place in (1, 2, 3))
        assert right.sum() / called.sum() >= 0.9, what
        assert (right & truly).sum() / truly.sum() >= 0.7, what


def test_who_never_shows_themselves_in_spite_of_many_messages_is_a_zombie_and_the_reasons_say_why(stores: Stores) -> None:
    row = judged(stores, Person(1).did("message_sent", *range(1, 41)))[1]
    assert row["is_zombie"]
    assert told(row["zombie_reasons"], ZOMBIE_REASONS) == ("never_reads", "no_visits", "no_replies", "no_orders")


def test_below_enough_messages_and_days_silence_is_not_known_yet_and_never_a_zombie(stores: Stores) -> None:
    found = judged(stores, Person(1).did("message_sent", 1, 2, 3, 4), Person(2, known=10).did("message_sent", *(n / 5 for n in range(1, 41))), Person(3))
    assert [(found[n]["zombie"], found[n]["is_zombie"]) for n in (1, 2, 3)] == [(None, False)] * 3
    assert found[3]["deal_hunter"] is None


def test_where_nobodys_reading_is_told_silence_says_nothing(stores: Stores) -> None:
    settle(stores, [Person(n).did("message_sent", *range(1, 41)) for n in range(1, 30)])
    refresh_quality(stores, ENDS_ON)
    assert {row["zombie"] for row in read_judged(stores).to_pylist()} == {None}


def test_a_quiet_customer_who_buys_is_never_a_zombie(stores: Stores) -> None:
    row = judged(stores, Person(1).did("message_sent", *range(1, 61)).bought(40))[1]
    assert (row["zombie"], row["is_zombie"]) == (0.0, False)


def test_a_loyal_lover_of_bargains_is_no_deal_hunter(stores: Stores) -> None:
    """Takes coupons, waits for sales, buys nearly always below the usual price: and looks in, reads and comes back for a year."""
    lover = Person(1, known=300).did("message_sent", *range(1, 61)).did("message_opened", *range(1, 41)).did("product_viewed", *range(3, 290, 9))
    lover.did("coupon_claimed", 10, 60, 110, 160).did("coupon_redeemed", 8, 58, 108, 158).bought(8, 58, 108, 158, 208, off=0.3).bought(30, off=0.05)
    row = judged(stores, lover)[1]
    assert not row["is_hunter"]
    assert row["deal_hunter"] < 0.5


def test_one_gift_and_an_early_goodbye_make_no_deal_hunter(stores: Stores) -> None:
    row = judged(stores, Person(1, known=20).did("coupon_claimed", 19).gone(15))[1]
    assert (row["deal_hunter"], row["is_hunter"]) == (None, False)


def test_who_takes_every_gift_buys_at_the_deepest_only_and_asks_for_the_money_back_is_a_deal_hunter(stores: Stores) -> None:
    hunter = Person(1, known=60).did("message_sent", *range(1, 20)).did("coupon_claimed", 55, 40, 30, 20, 12).bought(39, 19, off=0.6).bought(11, off=0.6, back=True).gone(9)
    row = judged(stores, hunter)[1]
    assert row["is_hunter"]
    assert told(row["hunter_reasons"], HUNTER_REASONS) == ("deepest_only", "gift_refund", "left_after_reward", "only_offers", "gifts_only")


def test_the_discount_is_seen_where_the_shop_tells_no_list_price(stores: Stores) -> None:
    """All others paid the usual price of the article; a line's own price is what was paid."""
    settle(stores, [Person(1).bought(5, 9, off=0.5), *usual(1000)])
    with stores.warehouse.read() as session:
        lines = session.query(ORDERS_LINE.table).to_pylist()
    replace_rows(stores, ORDERS_LINE, [{**row, "unit_price_fen": row["amount_fen"]} for row in lines])
    refresh_quality(stores, ENDS_ON)
    row = next(row for row in read_judged(stores).to_pylist() if row["customer_id"] == 1)
    assert (row["orders"], row["deep_orders"]) == (2, 2)
    assert row["discount_rate"] == pytest.approx(0.49, abs=0.02)


def test_a_few_people_judged_again_get_what_everybody_would_get(stores: Stores) -> None:
    put_past(stores, past(2100, people=400))
    refresh_quality(stores, ENDS_ON)
    whole = read_judged(stores)
    with stores.warehouse.engine.write() as session:
        session.delete(SEGMENTS_QUALITY, session.keep("_gone", pa.table({"customer_id": pa.array(range(1, 101), pa.int64())})), ["customer_id"])
    assert refresh_some(stores, NOBODY, pa.array(range(1, 101), pa.int64()), ENDS_ON) == 100
    assert read_judged(stores).equals(whole)


def test_before_the_first_recompute_nobody_is_judged(stores: Stores) -> None:
    settle(stores, usual(1, 3))
    assert refresh_some(stores, NOBODY, pa.array([1, 2], pa.int64()), ENDS_ON) == 0
    assert read_published(stores) is None


def test_a_word_by_hand_clears_a_person_until_it_is_taken_back(stores: Stores) -> None:
    hunter = Person(1, known=60).did("coupon_claimed", 55, 40, 30, 20, 12).bought(39, 19, off=0.6).gone(9)
    assert judged(stores, hunter)[1]["is_hunter"]
    with stores.ledger.begin() as tx:
        put_mark(stores, tx, 1, "deal_hunter", "works in our shop", "Alice")
    refresh_some(stores, NOBODY, pa.array([1], pa.int64()), ENDS_ON)
    row = read_judged(stores).to_pylist()[0]
    assert (row["is_hunter"], row["not_hunter"]) == (False, True)
    assert row["deal_hunter"] > 0.5, "the score stays to be seen"
    assert chosen(stores, {"kind": "quality", "of": "deal_hunter", "is": ["no"]}) >= {1}
    with stores.ledger.begin() as tx:
        assert take_mark_back(tx, 1, "deal_hunter")
    refresh_quality(stores, ENDS_ON)
    assert read_judged(stores).to_pylist()[0]["is_hunter"]


def test_the_report_counts_everybody_once_by_source_and_month(stores: Stores) -> None:
    judged(stores, Person(1).did("message_sent", *range(1, 41)), Person(2))
    publish_quality(stores, ENDS_ON)
    found = read_published(stores)
    assert found is not None
    total = found["total"]
    assert (total["customers"], total["zombies"], total["zombies_not_known"]) == (42, 1, 1)
    assert [(row["source"], row["customers"]) for row in found["sources"]] == [("shop", 42)]
    assert sum(row["customers"] for row in found["months"]) == 42
    assert [row["customers"] for row in found["zombie_reasons"]] == [1, 1, 1, 1, 0]
    assert [day["on"] for day in found["days"]] == [ENDS_ON.isoformat()]


# --- the condition ---


def chosen(stores: Stores, raw: dict[str, Any]) -> set[int]:
    moment = moment_of(stores, datetime(2026, 6, 15, tzinfo=UTC))
    with stores.warehouse.read() as session:
        return set(session.query(members(parse(raw), stores.warehouse.tables, moment))["customer_id"].to_pylist())


ROWS = st.lists(
    st.fixed_dictionaries({
        "zombie": st.sampled_from([None, 0.1, 0.5, 0.95]), "deal_hunter": st.sampled_from([None, 0.49, 0.9]), "is_zombie": st.booleans(), "is_hunter": st.booleans(),
        "not_zombie": st.booleans(), "not_hunter": st.booleans(), "is_there": st.booleans(),
    }),
    min_size=1,
    max_size=6,
)  # fmt: skip


def verdict(row: dict[str, Any], of: str) -> str:
    """The plain answer: one row, no set."""
    short = "zombie" if of == "zombie" else "hunter"
    if not row["is_there"]:
        return "not_known"
    if row[f"is_{short}"]:
        return "yes"
    return "no" if row[f"not_{short}"] or (row[of] is not None and row[of] < 0.5) else "not_known"


@given(rows=ROWS, of=st.sampled_from(["zombie", "deal_hunter"]), wanted=st.sets(st.sampled_from(["yes", "no", "not_known"]), min_size=1))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_condition_agrees_with_the_plain_answer(stores: Stores, rows: list[dict[str, Any]], of: str, wanted: set[str]) -> None:
    people = list(enumerate(rows, start=1))
    replace_rows(stores, CUSTOMERS_PROFILE, [{"customer_id": number} for number, _ in people])
    replace_rows(stores, SEGMENTS_QUALITY, [{**row, "customer_id": number, "as_of_on": 20_000} for number, row in people if row["is_there"]])
    expected = {number for number, row in people if verdict(row, of) in wanted}
    rule = {"kind": "quality", "of": of, "is": sorted(wanted)}
    assert chosen(stores, rule) == expected
    assert chosen(stores, {"kind": "not", "of": rule}) == {number for number, _ in people} - expected


def test_the_condition_reads_as_a_sentence_explains_itself_and_stands_in_the_schema(stores: Stores) -> None:
    judged(stores, Person(1).did("message_sent", *range(1, 41)))
    rule = parse({"kind": "quality", "of": "zombie", "is": ["yes", "not_known"]})
    assert sentence(rule, RuleNames()).zh == "僵尸粉判定为是或还不知道"
    assert sentence(rule, RuleNames()).en == "judged a zombie: yes or not known yet"
    reason = explain(stores, rule, 1, RuleNames())
    assert reason.value
    assert float(reason.observed or 0) > 0.9
    assert "quality" in str(schema())


def test_the_weights_that_the_theory_prints_are_those_that_are_used() -> None:
    page = (Path(__file__).parents[3] / "docs/theory/quality.md").read_text(encoding="utf-8").replace("−", "-")
    for weights, named in ((ZOMBIE, "zombie: intercept"), (HUNTER, "deal-hunter: intercept")):
        part = page[page.index(named) :].split("\n\n")[0]
        assert f"{weights.intercept:.3f}" in part
        for sign, weight in weights.of.items():
            assert f"| {sign} | {weight:.3f} |" in part
        assert f"score ≥ {weights.threshold:.2f}".replace("0.", ".") in page
