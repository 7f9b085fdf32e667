"""The same again, more of the same, and what changed since: nothing is counted twice, nothing lost."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from siyu.foundation import jobs
from siyu.orders import reading
from siyu.orders.tasks import IMPORT
from tests.makers.door import Door
from tests.makers.files import EMAIL, PHONE, csv_bytes, good_rows, parquet

WITH_LINES = ("下单时间", "订单编号", "子订单编号", "买家账号", "数量", "单价", "订单状态")


def test_the_same_file_twice_changes_nothing(any_door: Door) -> None:
    data = csv_bytes(good_rows(50))
    any_door.bring(data)
    orders, rows = any_door.orders(), any_door.positions()
    again = any_door.bring(data)
    assert (again["unchanged_count"], again["new_order_count"], again["changed_count"], again["new_customer_count"]) == (50, 0, 0, 0)
    assert (any_door.orders(), any_door.positions()) == (orders, rows)


def test_lines_that_are_equal_in_every_cell_are_kept_and_recognised_again(door: Door) -> None:
    """Two bottles scanned one after the other are two lines; the file sent again is still two lines."""
    row = good_rows(2)[1]
    door.bring(csv_bytes([row, row, row]))
    assert door.orders() == [("A2", 1, 5_940, 6, 3)]
    assert door.bring(csv_bytes([row, row, row]))["unchanged_count"] == 3
    assert door.bring(csv_bytes([row, row]))["unchanged_count"] == 2
    assert door.orders() == [("A2", 1, 5_940, 6, 3)]
    assert door.bring(csv_bytes([row] * 4))["unchanged_count"] == 3
    assert door.orders() == [("A2", 1, 7_920, 8, 4)]


def test_files_that_overlap_are_put_together(door: Door) -> None:
    rows = good_rows(60)
    for start, end in ((0, 30), (20, 50), (10, 25), (45, 60)):
        door.bring(csv_bytes(rows[start:end]))
    assert len(door.orders()) == 60
    assert door.positions() == 60


@pytest.mark.parametrize("chunk", [1, 7, 50_000])
def test_however_the_file_is_cut_into_chunks_the_result_is_one(chunk: int, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", chunk)
    draw = random.Random(4)
    rows = [draw.choice(good_rows(9)) for _ in range(40)]
    done = door.bring(csv_bytes(rows))
    assert (done["accepted_count"], done["order_count"], done["new_order_count"]) == (40, len({row[1] for row in rows}), len({row[1] for row in rows}))
    assert sum(order[4] for order in door.orders()) == 40
    assert door.bring(csv_bytes(rows))["unchanged_count"] == 40


def line(number: int, **cells: Any) -> list[Any]:
    named = dict(zip(WITH_LINES, ["2025-03-01 10:00:00", "T1", f"L{number}", "u1", 1, "10.00", "交易成功"], strict=True)) | cells
    return [named[name] for name in WITH_LINES]


def test_an_amended_line_with_its_own_number_takes_the_place_of_the_old(door: Door) -> None:
    door.bring(csv_bytes([line(1), line(2), line(3)], WITH_LINES))
    done = door.bring(csv_bytes([line(1), line(2, 数量=5), line(3, 买家账号="u2")], WITH_LINES))
    assert (done["unchanged_count"], done["changed_count"], done["new_order_count"]) == (1, 2, 0)
    assert door.orders() == [("T1", 1, 6_000, 6, 2), ("T1", 2, 1_000, 1, 1)]


@pytest.mark.parametrize("chunk", [1, 2, 50_000])
def test_of_two_lines_with_one_number_the_last_of_the_file_counts(chunk: int, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the first import's line equals the last, so that only the one between would seem to change it."""
    monkeypatch.setattr(reading, "CHUNK_ROWS", chunk)
    door.bring(csv_bytes([line(1)], WITH_LINES))
    for _ in range(2):
        door.bring(csv_bytes([line(1, 数量=7), line(1)], WITH_LINES))
        assert door.orders() == [("T1", 1, 1_000, 1, 1)]
    door.bring(csv_bytes([line(1), line(1, 数量=7)], WITH_LINES))
    assert door.orders() == [("T1", 1, 7_000, 7, 1)]


@pytest.mark.parametrize("header", [WITH_LINES, tuple(name for name in WITH_LINES if name != "子订单编号")], ids=["with line numbers", "without"])
def test_a_later_status_is_taken_over(header: tuple[str, ...], door: Door) -> None:
    def rows(*states: str) -> bytes:
        made = [dict(zip(WITH_LINES, line(number, 订单编号=f"T{number}", 订单状态=state), strict=True)) for number, state in enumerate(states)]
        return csv_bytes([[row[name] for name in header] for row in made], header)

    door.bring(rows("交易成功", "交易成功", "已发货"))
    assert len(door.orders()) == 3
    done = door.bring(rows("交易成功", "交易关闭", "退款成功"))
    assert (done["changed_count"], done["unchanged_count"], done["cancelled_line_count"]) == (2, 1, 1)
    assert [order[0] for order in door.orders()] == ["T0", "T2"]
    tables = door.stores.warehouse.tables
    with door.stores.warehouse.read() as session:
        found = session.query(tables["orders_line"].select("order_no", "kind", "amount_fen", "refund_fen").order_by("order_no")).to_pylist()
    assert [tuple(row.values()) for row in found] == [("T0", "sale", 1_000, 0), ("T1", "cancelled", 0, 0), ("T2", "sale", 1_000, 1_000)]
    door.bring(rows("交易成功", "交易成功", "交易成功"))
    assert len(door.orders()) == 3


def test_a_dry_run_writes_nothing_and_tells_what_the_import_will(door: Door) -> None:
    data = csv_bytes([*good_rows(20), ["", "A99", "u", "", "", 1, 1]])
    tried = door.bring(data, dry_run=True)
    assert (door.orders(), door.positions()) == ([], 0)
    done = door.bring(data)
    same = ("row_count", "accepted_count", "rejected_count", "order_count", "new_order_count", "customer_count", "new_customer_count", "amount_fen")
    assert {name: tried[name] for name in same} == {name: done[name] for name in same}
    assert door.reasons(tried) == door.reasons(done) == {22: {"no_time"}}


def test_the_file_goes_once_it_is_in_and_stays_for_a_dry_run(door: Door) -> None:
    uploads = door.stores.settings.files / "uploads"
    file = door.upload(csv_bytes(good_rows(3))).json()
    door.start(file, dry_run=True)
    door.app.state.runner.run_pending()
    assert [each.name for each in uploads.iterdir()] == [file["file_id"]]
    door.start(file)
    door.app.state.runner.run_pending()
    assert [*uploads.iterdir()] == []
    assert door.start(file).status_code == 404


def test_an_import_whose_job_comes_again_after_its_end_counts_once(door: Door) -> None:
    """Killed between its last row and the end of its job."""
    done = door.bring(csv_bytes(good_rows(5)))
    before = door.positions()
    with door.stores.ledger.begin() as tx:
        again = jobs.submit(tx, IMPORT, {"import_id": done["id"]}, now=door.stores.now())
    door.app.state.runner.run_pending()
    assert door.client.get(f"/api/v1/jobs/{again}").json()["status"] == "done"
    assert door.positions() == before
    assert door.client.get(f"/api/v1/imports/{done['id']}").json()["row_count"] == 5


def test_writings_of_one_phone_are_one_person(door: Door) -> None:
    writings = [PHONE, f"+86 {PHONE}", f"0086{PHONE}", "138-0013-8000", "+86-138 0013 8000", "１３８００１３８０００", f"{PHONE}.0", f'="{PHONE}"']
    rows = [["2025-03-01", f"A{n}", "", phone, "x", 1, 1] for n, phone in enumerate(writings)]
    done = door.bring(csv_bytes(rows), mapping={"ordered_at": "下单时间", "order_no": "订单编号", "phone": "手机号", "unit_price": "单价"})
    assert done["customer_count"] == 1
    assert {order[1] for order in door.orders()} == {1}


def test_identifiers_are_nowhere_on_disk_as_they_are(door: Door, tmp_path: Path) -> None:
    header = ("下单时间", "订单编号", "买家账号", "手机号", "邮箱", "数量", "单价")
    account = "buyer-77-lihua"
    door.bring(csv_bytes([["2025-03-01", "A1", account, PHONE, EMAIL, 1, 1]], header))
    found = door.client.get("/api/v1/customers/1").text
    assert PHONE in found or "138****8000" in found
    with door.stores.ledger.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.name.startswith("ledger") for file in files)
    for file in files:
        content = file.read_bytes()
        for secret in (PHONE, EMAIL, account):
            assert secret.encode() not in content, file.name
    # The warehouse is in memory here: every text of every fact.
    with door.stores.warehouse.read() as session:
        for fact in door.stores.warehouse.facts:
            shown = str(session.query(fact.table).to_pylist())
            assert not any(secret in shown for secret in (PHONE, EMAIL, account)), fact.name


def test_both_ledgers_give_the_same_reports(shared_data: Path, any_door: Door) -> None:
    part = pq.read_table(shared_data / "online_retail_2010_2011.parquet").slice(0, 60_000)
    any_door.bring(parquet({name: part[name] for name in part.column_names}), "online_retail.parquet", source="online_retail")
    paths = ("measurement/overview", "measurement/monthly", "measurement/cohorts", "measurement/concentration", "segments/rfm", "segments/lifecycle", "segments/value")
    reports = {path: any_door.client.get(f"/api/v1/{path}", params={"as_of": "2011-01-31"}).json() for path in paths}
    for report in reports.values():
        report.pop("computed_at", None)
        report.pop("version", None)
    assert reports["measurement/overview"]["totals"]["orders"] > 1_000
    _REPORTS.append(reports)
    assert _REPORTS[0] == reports


_REPORTS: list[dict[str, Any]] = []
