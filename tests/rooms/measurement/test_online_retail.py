"""UCI Online Retail through the public doors: the published values, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from siyu.foundation import jobs
from siyu.foundation.stores import Stores
from siyu.measurement.reports import cohorts, concentration, default_as_of, monthly, overview
from siyu.orders import imports, tasks, uploads
from siyu.river import flow

LAST = date(2011, 12, 9)
SOLD = (pl.col("quantity") > 0) & (pl.col("unit_price") > 0) & ~pl.col("invoice_no").str.starts_with("C")
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


def lines_of(path: Path) -> pl.DataFrame:
    """Lines of named customers, with the fen of each line (half away from zero) and the local date."""
    lines = pl.read_parquet(path).filter(pl.col("customer_id").is_not_null())
    micro = ((pl.col("unit_price") * 1_000_000).round().cast(pl.Int64) * pl.col("quantity")).abs()
    return lines.with_columns(fen=(micro + 5_000) // 10_000, on=pl.col("invoice_ts").dt.date())


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


def test_the_same_cells_from_polars(brand: Stores, file: Path) -> None:
    """Cohorts of orders and revenue, and refunds, computed a second way from the file."""
    lines = lines_of(file).with_columns(month=pl.col("on").dt.strftime("%Y-%m"))
    orders = (
        lines.filter(SOLD).group_by("invoice_no", "customer_id").agg(pl.col("month").min(), pl.col("fen").sum())
    )
    dated = orders.with_columns(cohort=pl.col("month").min().over("customer_id"))
    grid = dated.group_by("cohort", "month").agg(orders=pl.len(), revenue_fen=pl.col("fen").sum())
    expected = grid.rows_by_key(["cohort", "month"], named=True, unique=True)
    months = [cohort.month for cohort in cohorts(brand).record.cohorts]
    for measure in ("orders", "revenue_fen"):
        for cohort in cohorts(brand, measure=measure).record.cohorts:
            for cell in cohort.cells:
                later = months[months.index(cohort.month) + cell.offset]
                assert cell.value == expected[cohort.month, later][measure]
    back = lines.filter(pl.col("quantity") < 0).group_by("month").agg(pl.col("fen").sum())
    refunds = dict(back.iter_rows())
    found = {m.month: m.refund_fen for m in monthly(brand).record.items}
    assert found == {month: refunds.get(month, 0) for month in months}


def test_the_last_week_against_as_many_days(brand: Stores, file: Path) -> None:
    report = overview(brand, grain="week").record
    assert (report.period.from_on, report.period.to_on) == (date(2011, 12, 5), LAST)
    assert (report.previous.from_on, report.previous.to_on) == (date(2011, 11, 28), date(2011, 12, 2))
    valid = lines_of(file).filter(SOLD)
    for card, span in (("value", report.period), ("previous", report.previous)):
        inside = valid.filter(pl.col("on").is_between(span.from_on, span.to_on))
        found = {c.metric: getattr(c, card) for c in report.cards}
        assert found["revenue_fen"] == inside["fen"].sum()
        assert found["orders"] == inside["invoice_no"].n_unique()
        assert found["buyers"] == inside["customer_id"].n_unique()


def test_the_file_again_and_doubled_changes_nothing(brand: Stores, file: Path, tmp_path: Path) -> None:
    """The file twice, then its rows in another order and customers as floats (as pandas writes them): known by their content."""
    bring(brand, file)
    check_everything(brand)
    turned = tmp_path / "again.parquet"
    pl.read_parquet(file).reverse().cast({"customer_id": pl.Float64}).write_parquet(turned)
    bring(brand, turned)
    check_everything(brand)


def test_cancellations_and_lines_of_nobody_change_nothing(stores: Stores, file: Path, tmp_path: Path) -> None:
    """Neither orders nor buyers, months, cohorts or shares; what was given back counts as a refund and nowhere else."""
    lines = pl.read_parquet(file).head(30_000)
    first, more = tmp_path / "first.parquet", tmp_path / "more.parquet"
    lines.write_parquet(first)
    bring(stores, first)
    before = _without_refunds(stores)
    number, quantity, customer = pl.col("invoice_no"), pl.col("quantity"), pl.col("customer_id")
    nobody = lines.head(500).with_columns(invoice_no="N" + number, customer_id=pl.lit(None, pl.Int32))
    given = lines.filter(customer.is_not_null() & (quantity > 0)).tail(500)
    pl.concat([nobody, given.with_columns(-quantity, invoice_no="C9" + number)]).write_parquet(more)
    bring(stores, more)
    assert _without_refunds(stores) == before


def _without_refunds(stores: Stores) -> list[object]:
    months = [replace(month, refund_fen=0) for month in monthly(stores).record.items]
    cards = [
        card for card in overview(stores).record.cards if card.metric not in ("refund_fen", "net_revenue_fen")
    ]
    return [months, cards, cohorts(stores).record, concentration(stores).record]
