"""UCI Online Retail through the public doors: the published values, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from siyu.foundation import jobs
from siyu.foundation.stores import Stores
from siyu.measurement.reports import cohorts, concentration, default_as_of, monthly, overview
from siyu.orders import imports, tasks, uploads
from siyu.river import flow

LAST = date(2011, 12, 9)
MONTHS = """2010-12 1400 885 572713.89; 2011-01 987 741 569445.04; 2011-02 997 758 447137.35; 2011-03 1321 974 595500.76;
2011-04 1149 856 469200.36; 2011-05 1555 1056 678594.56; 2011-06 1393 991 661213.69; 2011-07 1331 949 600091.01;
2011-08 1280 935 645343.90; 2011-09 1755 1266 952838.38; 2011-10 1929 1364 1039318.79; 2011-11 2657 1664 1161817.38;
2011-12 778 615 518192.79"""
COHORTS = """885 324 286 340 321 352 321 309 313 350 331 445 235; 417 92 111 96 134 120 103 101 125 136 152 49;
380 71 71 108 103 94 96 106 94 116 26; 452 68 114 90 101 76 121 104 126 39; 300 64 61 63 59 68 65 78 22;
284 54 49 49 59 66 75 27; 242 42 38 64 56 81 23; 188 34 39 42 51 21; 169 35 42 41 21; 299 70 90 34; 358 86 41; 323 36; 41"""


def bring(stores: Stores, path: Path) -> None:
    """Import a file as a person would, and let it flow."""
    incoming = uploads.Incoming(stores, path.name, None)
    incoming.write(path.read_bytes())
    upload = incoming.finish()
    mapping = uploads.inspect(stores, upload, "online_retail").mapping
    with stores.ledger.begin() as tx:
        number = imports.plan_import(
            stores, tx, upload_id=upload.id, source="online_retail", mapping=mapping, dry_run=False, keep_sample=False, by=None
        )  # fmt: skip
        jobs.submit(tx, tasks.IMPORT, {"import_id": number}, now=stores.now())
    kind = tasks.import_kind(lambda running, mine: None, lambda running: None)
    assert jobs.Runner(stores, [kind]).run_pending() == 1
    flow(stores)


def lines_of(path: Path) -> pd.DataFrame:
    """Lines of named customers, with the fen of each line (half away from zero) and the local date."""
    lines = pd.read_parquet(path)
    lines = lines[lines.customer_id.notna()].copy()
    micro = (lines.unit_price.mul(1_000_000).round().astype("int64") * lines.quantity).abs()
    lines["fen"] = (micro + 5_000) // 10_000
    lines["month"] = pd.to_datetime(lines.invoice_ts).dt.strftime("%Y-%m")
    return lines


@pytest.fixture(scope="module")
def file(shared_data: Path) -> Path:
    path = shared_data / "online_retail_2010_2011.parquet"
    if not path.exists():
        pytest.skip(f"{path.name} is not in the shared data; set SIYU_SHARED_DATA")
    return path


@pytest.fixture(scope="module")
def brand(shared_stores: Stores, file: Path) -> Stores:
    bring(shared_stores, file)
    return shared_stores


def check_everything(stores: Stores) -> None:
    totals = overview(stores).record.totals
    assert (totals["orders"], totals["buyers"], totals["revenue_fen"]) == (18_532, 4_338, 891_140_790)
    rows = [
        f"{m.month} {m.orders} {m.buyers} {m.revenue_fen / 100:.2f}" for m in monthly(stores).record.items
    ]
    assert rows == [row.strip() for row in MONTHS.replace("\n", " ").split(";")]
    found = cohorts(stores).record
    cells = [" ".join(str(cell.value) for cell in cohort.cells) for cohort in found.cohorts]
    assert cells == [row.strip() for row in COHORTS.replace("\n", " ").split(";")]
    assert round(concentration(stores).record.top20_share_rate or 0, 6) == 0.746171


def test_published_values(brand: Stores) -> None:
    check_everything(brand)
    totals = overview(brand).record.totals
    assert round((totals["revenue_fen"] or 0) / (totals["orders"] or 1) / 100, 3) == 480.866
    assert totals["average_order_fen"] == 48_087
    assert round(totals["repeat_rate"] or 0, 6) == 0.655832
    assert totals["top20_share_rate"] == concentration(brand).record.top20_share_rate


def test_history_is_reported_for_its_last_day(brand: Stores) -> None:
    assert default_as_of(brand) == LAST
    assert overview(brand).record.cards[-1].value == 4_372


def test_the_same_cells_from_pandas(brand: Stores, file: Path) -> None:
    """Cohorts of orders and revenue, and refunds, computed a second way from the file."""
    lines = lines_of(file)
    valid = lines[~lines.invoice_no.str.startswith("C") & (lines.quantity > 0) & (lines.unit_price > 0)]
    orders = (
        valid.groupby(["invoice_no", "customer_id"])
        .agg(ts=("invoice_ts", "min"), fen=("fen", "sum"))
        .reset_index()
    )
    orders["month"] = pd.to_datetime(orders.ts).dt.strftime("%Y-%m")
    orders["cohort"] = orders.groupby("customer_id").month.transform("min")
    expected = orders.groupby(["cohort", "month"]).agg(orders=("fen", "size"), revenue_fen=("fen", "sum"))
    months = [cohort.month for cohort in cohorts(brand).record.cohorts]
    for measure in ("orders", "revenue_fen"):
        for cohort in cohorts(brand, measure=measure).record.cohorts:
            for cell in cohort.cells:
                later = months[months.index(cohort.month) + cell.offset]
                assert cell.value == expected.loc[(cohort.month, later), measure]
    refunds = lines[lines.quantity < 0].groupby("month").fen.sum()
    found = {m.month: m.refund_fen for m in monthly(brand).record.items}
    assert found == {month: int(refunds.get(month, 0)) for month in months}


def test_the_last_week_against_as_many_days(brand: Stores, file: Path) -> None:
    report = overview(brand, grain="week").record
    assert (report.period.from_on, report.period.to_on) == (date(2011, 12, 5), LAST)
    assert (report.previous.from_on, report.previous.to_on) == (date(2011, 11, 28), date(2011, 12, 2))
    lines = lines_of(file)
    valid = lines[~lines.invoice_no.str.startswith("C") & (lines.quantity > 0) & (lines.unit_price > 0)]
    for card, span in (("value", report.period), ("previous", report.previous)):
        on = pd.to_datetime(valid.invoice_ts).dt.date
        inside = valid[(on >= span.from_on) & (on <= span.to_on)]
        found = {c.metric: getattr(c, card) for c in report.cards}
        assert found["revenue_fen"] == inside.fen.sum()
        assert found["orders"] == inside.invoice_no.nunique()
        assert found["buyers"] == inside.customer_id.nunique()


def test_the_file_again_and_doubled_changes_nothing(brand: Stores, file: Path, tmp_path: Path) -> None:
    """The same file twice, and as another file with its rows in another order: lines are known again by their content."""
    bring(brand, file)
    check_everything(brand)
    turned = tmp_path / "again.parquet"
    pd.read_parquet(file).iloc[::-1].to_parquet(turned)
    bring(brand, turned)
    check_everything(brand)


def test_cancellations_and_lines_of_nobody_change_nothing(stores: Stores, file: Path, tmp_path: Path) -> None:
    """Neither orders nor buyers, months, cohorts or shares; what was given back counts as a refund and nowhere else."""
    lines = pd.read_parquet(file).head(30_000)
    first, more = tmp_path / "first.parquet", tmp_path / "more.parquet"
    lines.to_parquet(first)
    bring(stores, first)
    before = _without_refunds(stores)
    nobody = lines.head(500).assign(customer_id=None)
    nobody["invoice_no"] = "N" + nobody.invoice_no
    voided = lines[lines.customer_id.notna() & (lines.quantity > 0)].tail(500).copy()
    voided["quantity"] = -voided.quantity
    voided["invoice_no"] = "C9" + voided.invoice_no
    pd.concat([nobody, voided]).to_parquet(more)
    bring(stores, more)
    assert _without_refunds(stores) == before


def _without_refunds(stores: Stores) -> list[object]:
    months = [replace(month, refund_fen=0) for month in monthly(stores).record.items]
    cards = [
        card for card in overview(stores).record.cards if card.metric not in ("refund_fen", "net_revenue_fen")
    ]
    return [months, cards, cohorts(stores).record, concentration(stores).record]
