"""The real data of the value tests, and that the summary of it equals the published one.

CDNOW: 23,570 customers of 1997 Q1 (2,357 in the 1/10 sample), every purchase to 1998-06-30. Online Retail:
UCI, a UK wholesaler, to 2011-12-09. Amounts are the source's hundredths (cents, pence), called fen.
"""

import os
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.segments.value.holdout import split
from siyu.segments.value.summary import Summary, empty, summarise

REPOSITORY = Path(__file__).resolve().parents[3]


def day_number(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days


CDNOW_END = day_number(1997, 9, 30)
RETAIL_END = day_number(2011, 8, 31)


@cache
def shared(name: str) -> pa.Table:
    folder = Path(os.environ.get("SIYU_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / name).exists():
        pytest.skip(f"{name} is not in {folder}; set SIYU_SHARED_DATA to the folder of the shared data")
    return pq.read_table(folder / name)


@cache
def cdnow_days(whole: bool = False) -> pa.Table:
    rows = shared("cdnow_master.parquet")
    if not whole:
        rows = rows.filter(pc.is_valid(rows["sample_id"]))
    return pa.table(
        {
            "customer_id": rows["customer_id"],
            "day": rows["order_date"].cast(pa.int32()),
            "amount_fen": pc.round(pc.multiply(rows["value"], 100.0)).cast(pa.int64()),
        }
    )


@cache
def cdnow(whole: bool = False) -> Summary:
    return summarise(cdnow_days(whole), CDNOW_END)


@cache
def retail_days() -> pa.Table:
    lines = shared("online_retail_2010_2011.parquet")
    valid = pc.and_(pc.is_valid(lines["customer_id"]), pc.invert(pc.starts_with(lines["invoice_no"], "C")))
    valid = pc.and_(valid, pc.and_(pc.greater(lines["quantity"], 0), pc.greater(lines["unit_price"], 0)))
    lines = lines.filter(valid)
    value = pc.multiply(lines["quantity"].cast(pa.float64()), lines["unit_price"])
    table = pa.table(
        [lines["customer_id"], lines["invoice_no"], lines["invoice_ts"], value],
        ["customer", "invoice", "at", "value"],
    )
    orders = table.group_by(["customer", "invoice"]).aggregate([("at", "min"), ("value", "sum")])
    return pa.table(
        {
            "customer_id": orders["customer"].cast(pa.int64()),
            "day": orders["at_min"].cast(pa.date32()).cast(pa.int32()),
            "amount_fen": pc.round(pc.multiply(orders["value_sum"], 100.0)).cast(pa.int64()),
        }
    )


def table(rows: list[tuple[int, int, int]]) -> pa.Table:
    customer, day, amount = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "customer_id": pa.array(customer, pa.int64()),
            "day": pa.array(day, pa.int32()),
            "amount_fen": pa.array(amount, pa.int64()),
        }
    )


def test_cdnow_sample_has_the_published_counts() -> None:
    summary = cdnow()
    assert len(summary) == 2_357
    assert summary.x.sum() == 2_457
    assert (summary.x > 0).sum() == (summary.mean_repeat_value_fen > 0).sum() == 946


def test_cdnow_sample_equals_the_published_summary_row_by_row() -> None:
    published = shared("cdnow_sample_rfm_week39.parquet").sort_by("sample_id")
    rows = shared("cdnow_master.parquet")
    rows = rows.filter(pc.is_valid(rows["sample_id"]))
    sample_of = dict(zip(rows["customer_id"].to_pylist(), rows["sample_id"].to_pylist(), strict=True))
    summary = cdnow()
    order = np.argsort([sample_of[customer] for customer in summary.customer_id.tolist()])
    assert (summary.x[order] == published["frequency"].to_numpy()).all()
    assert summary.t_x[order] == pytest.approx(published["recency"].to_numpy(), abs=0.0051)
    assert summary.T[order] == pytest.approx(published["T"].to_numpy(), abs=0.0051)
    assert summary.mean_repeat_value_fen[order] == pytest.approx(
        published["monetary_value"].to_numpy() * 100, abs=0.51
    )


def test_whole_cdnow_and_online_retail_have_the_published_counts() -> None:
    assert len(cdnow(whole=True)) == 23_570
    assert retail_days().num_rows == 18_532
    summary = summarise(retail_days(), day_number(2011, 12, 9))
    assert len(summary) == 4_338
    assert summary.spend_fen.sum() == pytest.approx(891_140_790, abs=200)


def test_holdout_of_cdnow_has_1882_purchase_days() -> None:
    summary, holdout = split(cdnow_days(), CDNOW_END, 273)
    assert len(holdout.orders) == len(summary) == 2_357
    assert holdout.orders.sum() == holdout.weekly_orders.sum() == 1_882
    assert len(holdout.weekly_orders) == 39


def test_same_day_orders_are_one_purchase_and_the_first_day_is_not_in_the_mean() -> None:
    rows = [(7, 100, 500), (7, 100, 300), (7, 114, 200), (7, 121, 400), (9, 121, 50), (8, 130, 1)]
    summary = summarise(table(rows), end_day=128)
    assert summary.customer_id.tolist() == [7, 9]
    assert summary.x.tolist() == [2, 0]
    assert summary.t_x.tolist() == [3, 0]
    assert summary.T.tolist() == [4, 1]
    assert summary.mean_repeat_value_fen.tolist() == [300, 0]
    assert summary.spend_fen.tolist() == [1_400, 50]
    assert summary.mean_value_fen.tolist() == pytest.approx([1_400 / 3, 50])


def test_a_base_without_orders_up_to_the_end_day_is_empty() -> None:
    for rows in ([], [(1, 10, 5)]):
        assert len(summarise(table(rows), end_day=9)) == 0
    assert len(empty()) == 0


DAYS = st.lists(st.tuples(st.integers(1, 6), st.integers(-3, 40), st.integers(0, 9_999)), max_size=40)


@settings(deadline=None)
@given(DAYS, st.integers(-5, 45))
def test_summary_equals_plain_counting(rows: list[tuple[int, int, int]], end_day: int) -> None:
    summary = summarise(table(rows), end_day)
    days: dict[int, dict[int, int]] = {}
    for customer, day, amount in rows:
        if day <= end_day:
            one = days.setdefault(customer, {})
            one[day] = one.get(day, 0) + amount
    assert summary.customer_id.tolist() == sorted(days)
    for i, customer in enumerate(sorted(days)):
        bought = sorted(days[customer])
        later = [days[customer][day] for day in bought[1:]]
        assert summary.x[i] == len(later)
        assert summary.t_x[i] == pytest.approx((bought[-1] - bought[0]) / 7)
        assert summary.T[i] == pytest.approx((end_day - bought[0]) / 7)
        assert summary.mean_repeat_value_fen[i] == pytest.approx(sum(later) / len(later) if later else 0)
        assert summary.spend_fen[i] == sum(days[customer].values())


@settings(deadline=None)
@given(DAYS, st.integers(0, 20), st.integers(1, 30))
def test_split_counts_every_purchase_day_of_known_customers_once(
    rows: list[tuple[int, int, int]], end_day: int, length: int
) -> None:
    summary, holdout = split(table(rows), end_day, length)
    known = set(summary.customer_id.tolist())
    after = [(c, d, a) for c, d, a in rows if c in known and end_day < d <= end_day + length]
    for i, customer in enumerate(summary.customer_id.tolist()):
        assert holdout.orders[i] == len({d for c, d, _ in after if c == customer})
        assert holdout.value_fen[i] == sum(a for c, _, a in after if c == customer)
    assert holdout.weekly_orders.sum() == holdout.orders.sum()
