"""RFM: the published counts of a real retailer, ties by a total order, cut points that name their version."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from siyu.foundation.stores import Stores
from siyu.orders.facts import ORDERS_ORDER
from siyu.segments import rfm
from siyu.segments.rfm_report import rfm_report
from tests.makers.worlds import replace_rows


def online_retail(shared_data: Path) -> pd.DataFrame:
    """Valid orders by the published definition, worked out here with pandas and nothing of the product."""
    lines = pd.read_parquet(shared_data / "online_retail_2010_2011.parquet")
    named = lines[lines.customer_id.notna() & ~lines.invoice_no.str.startswith("C") & (lines.quantity > 0) & (lines.unit_price > 0)]
    fen = (named.quantity * named.unit_price * 100).round().astype("int64")
    orders = named.assign(fen=fen).groupby(["invoice_no", "customer_id"]).agg(at=("invoice_ts", "min"), fen=("fen", "sum")).reset_index()
    return orders.assign(on=(orders["at"].dt.normalize() - pd.Timestamp("1970-01-01")).dt.days)


@pytest.fixture
def retail(stores: Stores, shared_data: Path) -> Stores:
    orders = online_retail(shared_data)
    rows = [
        {"order_key": number, "customer_id": int(customer), "ordered_on": int(on), "amount_fen": int(fen)}
        for number, (customer, on, fen) in enumerate(zip(orders.customer_id, orders.on, orders.fen, strict=True))
    ]
    replace_rows(stores, ORDERS_ORDER, rows)
    return stores


def test_online_retail_has_the_published_cells(retail: Stores) -> None:
    found = rfm_report(retail, date(2011, 12, 10))
    cells = {(cell["r"], cell["f"], cell["m"]): cell["count"] for cell in found["grid"]}
    assert cells[5, 5, 5] == 348
    assert cells[1, 1, 1] == 185
    assert len(cells) == 117
    assert sum(count for (r, f, m), count in cells.items() if r + f + m >= 13) == 926
    assert sum(count for (r, f, _), count in cells.items() if r <= 2 and f >= 4) == 283
    assert found["customer_count"] == 4338
    assert sum(group["count"] for group in found["groups"]) == 4338
    assert sum(cell["count"] for cell in found["rf"]) == 4338
    for name in rfm.SCORES:
        sizes = [cut["count"] for cut in found["cuts"][name]]
        assert max(sizes) - min(sizes) <= 1


def test_a_report_for_an_earlier_day_knows_nothing_of_later_orders(retail: Stores) -> None:
    early = rfm_report(retail, date(2010, 12, 31))
    assert early["customer_count"] == 885
    assert sum(cell["spend_fen"] for cell in early["grid"]) == 57_271_389


def test_equal_customers_are_split_by_number_and_always_alike(stores: Stores) -> None:
    replace_rows(stores, ORDERS_ORDER, [{"order_key": c, "customer_id": c, "ordered_on": 100, "amount_fen": 500} for c in range(1, 11)])
    with stores.warehouse.read() as session:
        scored = session.query(rfm.scored(rfm.buyers(stores.warehouse.tables["orders_order"], 200)).order_by("customer_id")).to_pylist()
    assert [row["f"] for row in scored] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert [row["r"] for row in scored] == [row["m"] for row in scored] == [row["f"] for row in scored]


def test_the_version_changes_with_the_cut_points_and_only_with_them(stores: Stores) -> None:
    rows = [{"order_key": c, "customer_id": c, "ordered_on": 100 + c, "amount_fen": 500 * c} for c in range(1, 11)]
    replace_rows(stores, ORDERS_ORDER, rows)
    first = rfm_report(stores, date(1970, 6, 1))["version"]
    assert rfm_report(stores, date(1970, 7, 1))["version"] == first
    replace_rows(stores, ORDERS_ORDER, [{**row, "amount_fen": row["amount_fen"] * 2} for row in rows])
    assert rfm_report(stores, date(1970, 6, 1))["version"] != first


def test_nobody_gives_an_empty_report(stores: Stores) -> None:
    found = rfm_report(stores, date(2026, 1, 1))
    assert found["grid"] == []
    assert found["customer_count"] == 0
    assert all(cell["average_fen"] is None for cell in found["rf"])


@pytest.mark.parametrize("r", range(1, 6))
@pytest.mark.parametrize("f", range(1, 6))
def test_every_cell_belongs_to_one_named_group(r: int, f: int) -> None:
    assert {rfm.group_of(r, f, m).key for m in range(1, 6)} <= {group.key for group in rfm.GROUPS}
