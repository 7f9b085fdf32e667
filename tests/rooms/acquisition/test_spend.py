"""The ledger of spend: every entry balances, sums are exact to the fen, what was wrong stays readable; budgets."""

from __future__ import annotations

import itertools
import os
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.acquisition import budgets, ledger, sources, spend
from siyu.acquisition.budgets import Cell
from siyu.acquisition.errors import AlreadyCorrectedError
from siyu.acquisition.facts import ACQUISITION_SPEND
from siyu.acquisition.ledger import Wanted
from siyu.acquisition.spend import Share, Spending, spending
from siyu.foundation.errors import ConflictError, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.acquisition import books, post, put_source, yesterday

_example = itertools.count()
ALWAYS = (date(1980, 1, 1), date(2100, 1, 1))


def spent(stores: Stores) -> dict[int, int]:
    with stores.ledger.read() as tx:
        return ledger.by_source(tx, *ALWAYS)


def published(stores: Stores) -> dict[int, int]:
    flow(stores)
    table = ACQUISITION_SPEND.table
    with stores.warehouse.read() as session:
        rows = session.query(table.group_by("source_id").agg(fen=table.amount_fen.sum())).to_pylist()
    return {row["source_id"]: row["fen"] for row in rows if row["fen"]}


def fix(stores: Stores, entry_id: int, instead: Spending | None, reason: str = "数字错了") -> tuple[spend.Entry, spend.Entry | None]:
    with stores.ledger.begin() as tx:
        return spend.correct(stores, tx, entry_id, instead, reason=reason, by="Bob")


def test_an_entry_has_two_sides_and_a_reference_counts_once(any_stores: Stores) -> None:
    stores = any_stores
    douyin, jd = put_source(stores, "抖音"), put_source(stores, "京东", platform="jd")
    made = post(stores, (douyin, 120_000), ref="inv-1", evidence="发票 1", region="杭州")
    assert post(stores, (douyin, 120_000), ref="inv-1") == spend.Posted([], 1)
    with stores.ledger.begin() as tx:
        shared = Spending(yesterday(stores), "kol", (Share(douyin.id, 100), Share(jd.id, 201)), ref="kol-1")
        spend.post(stores, tx, [shared, shared], by="Alice")
    assert books(stores) == {("spend", douyin.id): 120_100, ("spend", jd.id): 201, ("payable", 0): -120_301}
    assert spent(stores) == published(stores) == {douyin.id: 120_100, jd.id: 201}
    with stores.ledger.read() as tx:
        entry = spend.find(tx, made.entry_ids[0])
        found = ledger.totals(tx, Wanted())
        with pytest.raises(NotFoundError):
            spend.find(tx, 999)
    assert (entry.amount_fen, entry.evidence, entry.lines[0].region, entry.currency) == (120_000, "发票 1", "杭州", "CNY")
    assert (found.entry_count, found.amount_fen, found.by_kind, found.balance_fen) == (2, 120_301, {"media": 120_000, "kol": 301}, 0)


def test_what_is_wrong_with_a_row_is_said_and_nothing_is_posted(stores: Stores) -> None:
    douyin = put_source(stores, "抖音")
    today = stores.calendar.on(stores.now())
    good = spending(today, douyin.id, "media", 5)
    wrong = {
        "0.day": spending(today + timedelta(days=1), douyin.id, "media", 5), "0.amount": spending(today, douyin.id, "media", 0), "0.source_id": spending(today, 0, "media", 5),
        "0.kind": spending(today, douyin.id, "magic", 5),  # type: ignore[arg-type]
        "0.rate": spending(today, douyin.id, "media", 5, currency="USD"), "0.currency": spending(today, douyin.id, "media", 5, currency="us"),
        "0.shares": Spending(today, "media", (Share(douyin.id, 1), Share(douyin.id, 2))), "0.evidence": spending(today, douyin.id, "media", 5, evidence="x" * 401),
        "0.region": spending(today, douyin.id, "media", 5, region="x" * 41),
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        for name, one in {**wrong, "0.source_id ": spending(today, 999, "media", 5)}.items():
            with pytest.raises(InvalidError) as told:
                spend.post(stores, tx, [one, good], by="Alice")
            assert [fault.field for fault in told.value.faults] == [name.strip()]
    assert books(stores) == {}


def test_foreign_money_is_counted_at_its_rate(stores: Stores) -> None:
    douyin = put_source(stores, "抖音")
    assert spend.in_brand_currency(10_050, "7.123") == 71_586
    one = spending(yesterday(stores), douyin.id, "media", 71_586, currency="USD", original_fen=10_050, rate="7.123")
    with stores.ledger.begin() as tx:
        (number,) = spend.post(stores, tx, [one], by="Alice").entry_ids
        entry = spend.find(tx, number)
        assert (entry.currency, entry.original_fen, entry.rate) == ("USD", 10_050, "7.123")
        with pytest.raises(InvalidError):
            spend.post(stores, tx, [spending(one.day, douyin.id, "media", 71_585, currency="USD", original_fen=10_050, rate="7.123")], by="Alice")
    assert [spend.is_rate(one) for one in ("7.1", "0", "-1", "1e3", "٣", "1000001", "")] == [True, False, False, False, False, False, False]


def test_a_correction_is_entries_of_its_own_and_the_past_stays_readable(any_stores: Stores, clock: SetClock) -> None:
    stores = any_stores
    douyin, jd = put_source(stores, "抖音"), put_source(stores, "京东", platform="jd")
    (wrong,) = post(stores, (douyin, 500), region="上海", evidence="合同").entry_ids
    then = clock.at
    clock.at += timedelta(hours=1)
    back, right = fix(stores, wrong, spending(yesterday(stores), jd.id, "media", 450))
    assert right is not None
    assert (back.amount_fen, back.is_reversal, back.corrects_id, back.day, back.lines[0].region) == (-500, True, wrong, yesterday(stores), "上海")
    assert (right.amount_fen, right.is_reversal, right.corrects_id, right.reason) == (450, False, wrong, "数字错了")
    assert spent(stores) == published(stores) == {jd.id: 450}
    with stores.ledger.read() as tx:
        assert ledger.by_source(tx, *ALWAYS, believed_at=then) == {douyin.id: 500}
        assert spend.find(tx, wrong).corrected_by == back.id
        assert [one.id for one in ledger.entries(tx, Wanted(standing=True))] == [right.id]
        assert len(ledger.entries(tx, Wanted())) == 3
    for entry_id, error in ((wrong, AlreadyCorrectedError), (back.id, ConflictError), (999, NotFoundError)):
        with pytest.raises(error):
            fix(stores, entry_id, None)
    with pytest.raises(InvalidError):
        fix(stores, right.id, None, " ")
    assert fix(stores, right.id, None)[1] is None
    assert spent(stores) == published(stores) == {}


acts = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.lists(st.tuples(st.integers(0, 2), st.integers(1, 10**9)), min_size=1, max_size=3, unique_by=lambda one: one[0]), st.integers(0, 5)),
        st.tuples(st.just("fix"), st.integers(0, 6), st.one_of(st.none(), st.integers(1, 10**6))),
    ),
    max_size=10,
)


@settings(max_examples=100 if os.environ.get("ALL_CASES") else 6, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(acts)
def test_every_entry_balances_and_sums_are_those_of_a_plain_notebook(stores: Stores, done: list[tuple[str, object, object]]) -> None:
    """Whatever is posted, posted again and corrected: the ledger, its facts and a notebook of what stands agree to the fen."""
    with stores.ledger.begin() as tx:
        places = [one.id for one in sources.listed(tx)] or [sources.create(stores, tx, sources.Draft(name, platform="other"), by="A").id for name in "甲乙丙"]
    before = spent(stores)
    notebook: dict[int, dict[int, int]] = {}
    refs: set[str] = set()
    order: list[int] = []
    mark = next(_example)
    for act, first, second in done:
        with stores.ledger.begin() as tx:
            if act == "post":
                shares = tuple(Share(places[place], fen) for place, fen in first)  # type: ignore[attr-defined]
                ref = f"{mark} {second}"
                made = spend.post(stores, tx, [Spending(yesterday(stores), "media", shares, ref=ref)], by="A")
                assert (made.again == 1) == (ref in refs)
                refs.add(ref)
                for number in made.entry_ids:
                    notebook[number] = {share.source_id: share.amount_fen for share in shares}
                    order.append(number)
            elif order:
                number = order[first % len(order)]  # type: ignore[operator]
                if number not in notebook:
                    continue
                instead = None if second is None else spending(yesterday(stores), places[0], "other", second)  # type: ignore[arg-type]
                _, right = spend.correct(stores, tx, number, instead, reason="x", by="A")
                del notebook[number]
                if right is not None:
                    notebook[right.id] = {places[0]: right.amount_fen}
                    order.append(right.id)
    wanted = {place: before.get(place, 0) + sum(one.get(place, 0) for one in notebook.values()) for place in places}
    wanted = {place: fen for place, fen in wanted.items() if fen}
    assert {source: fen for (account, source), fen in books(stores).items() if account == "spend" and fen} == wanted
    assert spent(stores) == published(stores) == wanted


def test_the_ledger_is_looked_through_by_source_with_all_below_day_and_kind(any_stores: Stores) -> None:
    stores = any_stores
    douyin = put_source(stores, "抖音")
    spring = put_source(stores, "春促", douyin)
    for days, source, fen, kind in ((3, douyin, 100, "media"), (2, spring, 30, "kol"), (1, spring, 7, "media")):
        post(stores, (source, fen), kind=kind, day=yesterday(stores, days), evidence="=1+1")
    with stores.ledger.read() as tx:
        assert [one.amount_fen for one in ledger.entries(tx, Wanted(source_id=douyin.id))] == [7, 30, 100]
        assert [one.amount_fen for one in ledger.entries(tx, Wanted(source_id=spring.id, kind="kol"))] == [30]
        first = ledger.entries(tx, Wanted(), limit=2)
        assert [one.amount_fen for one in ledger.entries(tx, Wanted(), before=(first[-1].day, first[-1].id))] == [100]
        assert ledger.totals(tx, Wanted(from_on=yesterday(stores, 2), to_on=yesterday(stores, 2))).amount_fen == 30
        assert ledger.totals(tx, Wanted(source_id=0)).entry_count == 0
        figures = ledger.figures(tx, *ALWAYS, 0, 2**60)
        assert (figures[douyin.id].own_spend_fen, figures[douyin.id].spend_fen, figures[spring.id].spend_fen) == (100, 137, 37)
        month = yesterday(stores).year * 12 + yesterday(stores).month - 1
        assert ledger.by_month(tx, month, month) == {(douyin.id, month): 100, (spring.id, month): 37}
        lines = "".join(ledger.written(tx, Wanted(), "zh")).splitlines()
    assert lines[0].startswith("﻿编号,日期,来源")
    assert [line.split(",")[2:5] for line in lines[1:]] == [["抖音 / 春促", "媒体投放", "0.07"], ["抖音 / 春促", "达人", "0.30"], ["抖音", "媒体投放", "1.00"]]
    assert all(",'=1+1," in line for line in lines[1:])


def test_budgets_keep_their_history(any_stores: Stores, clock: SetClock) -> None:
    stores = any_stores
    douyin, jd = put_source(stores, "抖音"), put_source(stores, "京东", platform="jd")
    january = budgets.read_month("2026-01")
    with stores.ledger.begin() as tx:
        cells = [Cell(douyin.id, january, 5_000), Cell(jd.id, january + 1, 700)]
        assert budgets.set(stores, tx, cells, by="Alice") == 2
        assert budgets.set(stores, tx, cells, by="Bob") == 0
        clock.at += timedelta(days=1)
        assert budgets.set(stores, tx, [Cell(douyin.id, january, 6_000), Cell(jd.id, january + 1, 0)], by="Bob", origin="sheet") == 2
        assert [(one.source_id, one.amount_fen) for one in budgets.listed(tx, january, january + 3)] == [(douyin.id, 6_000)]
        assert [(one.amount_fen, one.by, one.origin) for one in budgets.history(tx, douyin.id, january)] == [(6_000, "Bob", "sheet"), (5_000, "Alice", "hand")]
        for wrong in (Cell(999, january, 1), Cell(jd.id, january, -1), Cell(jd.id, 5, 1)):
            with pytest.raises(InvalidError):
                budgets.set(stores, tx, [wrong], by="Bob")
        with pytest.raises(InvalidError):
            budgets.set(stores, tx, [Cell(jd.id, january, 1), Cell(jd.id, january, 2)], by="Bob")
    assert budgets.named(january) == "2026-01"
    for text in ("2026-13", "2026-1", "x", "1000-01"):
        with pytest.raises(InvalidError):
            budgets.read_month(text)
