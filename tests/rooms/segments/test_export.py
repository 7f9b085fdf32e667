"""Exports: the list as a file, by a job; safe in a spreadsheet, masked for most, fetched by those who may."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from siyu.foundation import jobs
from siyu.foundation.database import metadata
from siyu.foundation.jobs import Job, Runner
from siyu.foundation.stores import Stores
from siyu.river import flow
from siyu.segments import export, export_files
from siyu.segments.export import export_kind
from siyu.segments.export_files import safe
from tests.conftest import SetClock
from tests.makers.customers import Desk, days_ago_ms, open_desk, put_customers

PHONE = "13812345678"
COLUMNS = ["id", "name", "tags", "spend_fen", "last_order_on", "stage", "phone_masked"]


@pytest.fixture
def desk(stores: Stores) -> Desk:
    put_customers(
        stores,
        [
            {"id": 1, "name": "林晓", "tags": ["甲", "乙"], "orders": [(days_ago_ms(stores, 3), 123_450)], "phone": PHONE},
            {"id": 2, "name": "=HYPERLINK(1)", "orders": [(days_ago_ms(stores, 4), 100)], "stage": "lost"},
            {"id": 3, "name": "@x"},
            {"id": 4, "name": "林,\n子"},
        ],
    )
    return open_desk(stores)


def ask(desk: Desk, who: str = "olga", language: str = "zh-CN", **body: Any) -> str:
    answer = desk.as_(who, language).post("/api/v1/customers/export", json={"columns": COLUMNS, "format": "csv", **body})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def run(desk: Desk, job_id: str) -> Job:
    kinds = [replace(export_kind(flow), retry_wait=timedelta(0))]
    Runner(desk.stores, kinds).run_pending()
    with desk.stores.ledger.read() as tx:
        return jobs.find_job(tx, job_id, kinds)


def fetch(desk: Desk, job: Job, who: str = "olga") -> Any:
    assert job.status == "done", job.error
    assert job.result is not None
    return desk.as_(who).get(f"/api/v1/customers/exports/{job.result['file_id']}")


def table(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_a_csv_says_what_it_is_and_holds_the_list_in_order(desk: Desk) -> None:
    job = run(desk, ask(desk, sort="-spend_fen"))
    answer = fetch(desk, job)
    about, headings, *rows = table(answer)
    assert job.result is not None
    assert job.result["row_count"] == 4
    assert about == ["# 筛选 全部客户 · 时间 2026-01-01T20:00:00+08:00 · 行数 4"]
    assert headings == ["客户编号", "姓名", "标签", "累计消费 (CNY)", "最近下单", "生命周期", "手机号(打码)"]
    assert rows[0] == ["1", "林晓", "乙、甲", "1234.50", "2025-12-29", "活跃", "138****5678"]
    assert [row[0] for row in rows] == ["1", "2", "3", "4"]
    assert rows[3][1] == "林,\n子"
    assert answer.headers["content-disposition"] == 'attachment; filename="customers-2026-01-01.csv"'


def test_headings_are_in_the_language_of_the_asker(desk: Desk) -> None:
    about, headings, *_ = table(fetch(desk, run(desk, ask(desk, language="en", filter={"kind": "tag", "op": "any_of", "tags": ["甲"]}))))
    assert headings[:2] == ["Customer no.", "Name"]
    assert about[0].startswith("# Filter ")
    assert about[0].endswith("Rows 1")


def test_search_filter_and_order_are_those_of_the_list(desk: Desk) -> None:
    rule = {"kind": "attribute", "field": "spend_fen", "op": "<", "value": 1000}
    about, _, *rows = table(fetch(desk, run(desk, ask(desk, q="林", filter=rule, sort="-id"))))
    assert [row[0] for row in rows] == ["4"]
    assert "搜索「林」" in about[0]
    assert "行数 1" in about[0]


def test_text_that_looks_like_a_formula_is_defused(desk: Desk) -> None:
    rows = table(fetch(desk, run(desk, ask(desk, sort="id"))))[2:]
    assert [row[1] for row in rows][1:3] == ["'=HYPERLINK(1)", "'@x"]
    for start in "=+-@\t\r\n=+-@":
        assert str(safe(f"{start}1")).startswith("'")
    assert [safe(value) for value in (-5, 1.5, None, "a=b", "\x00\x07=1")] == [-5, 1.5, None, "a=b", "'=1"]


def test_an_xlsx_holds_the_same_and_describes_itself_on_a_sheet_of_its_own(desk: Desk) -> None:
    answer = fetch(desk, run(desk, ask(desk, format="xlsx", sort="id")))
    book = openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True)
    rows = [list(row) for row in book["Customers"].iter_rows(values_only=True)]
    about = [list(row) for row in book["About"].iter_rows(values_only=True)]
    book.close()
    assert rows[1][:4] == [1, "林晓", "乙、甲", 1234.5]
    assert rows[1][4].date().isoformat() == "2025-12-29"
    assert rows[2][1] == "'=HYPERLINK(1)"
    assert about == [["筛选", "全部客户"], ["时间", "2026-01-01T20:00:00+08:00"], ["行数", "4"]]


def test_a_list_longer_than_a_sheet_is_refused_with_a_way_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "LONGEST_SHEET", 3)
    job = run(desk, ask(desk, format="xlsx"))
    assert (job.status, job.attempts) == ("failed", 1)
    assert job.error is not None
    assert job.error.way_out is not None
    assert "csv" in job.error.way_out.en
    assert list((desk.stores.settings.files / "exports").iterdir()) == []


def test_batches_put_together_are_the_whole_list(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH_ROWS", 3)
    rows = table(fetch(desk, run(desk, ask(desk, sort="-name"))))[2:]
    assert [row[1] for row in rows] == ["林晓", "林,\n子", "'@x", "'=HYPERLINK(1)"]


def test_only_the_owner_gets_whole_phones_and_only_owners_fetch_such_a_file(desk: Desk) -> None:
    job = run(desk, ask(desk, "alice"))
    assert PHONE in fetch(desk, job, "alice").text
    assert fetch(desk, job, "olga").status_code == 403
    masked = run(desk, ask(desk, "olga"))
    assert PHONE not in fetch(desk, masked, "alice").text


def test_who_may_not_export_neither_asks_nor_fetches(desk: Desk) -> None:
    job = run(desk, ask(desk, "ann"))
    assert fetch(desk, job, "bob").status_code == 403
    assert fetch(desk, job, "charlie").status_code == 401
    for who, status in (("bob", 403), ("charlie", 401)):
        assert desk.as_(who).post("/api/v1/customers/export", json={"columns": [], "format": "csv"}).status_code == status


def test_files_are_known_by_their_random_id_alone(desk: Desk) -> None:
    run(desk, ask(desk))
    for name in ("exp_0000000000000000", "%2e%2e%2fledger.sqlite", "customers-2026-01-01.csv"):
        assert desk.as_("alice").get(f"/api/v1/customers/exports/{name}").status_code == 404


def test_asking_and_fetching_are_written_down_without_the_search(desk: Desk) -> None:
    fetch(desk, run(desk, ask(desk, "alice", q=PHONE)), "alice")
    assert [(actor, action) for actor, action, _ in desk.audited()] == [
        ("alice", "customers.export_asked"),
        ("alice", "customers.exported"),
        ("alice", "customers.export_fetched"),
    ]
    assert PHONE not in str(desk.audited())
    with desk.stores.ledger.read() as tx:
        assert PHONE not in str(tx.execute(metadata.tables["jobs_job"].select()).all())


def test_run_again_after_a_crash_it_is_the_same_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real, tries = export_files.CsvWriter.write, []

    def fail_once(self: Any, rows: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("disk full")
        real(self, rows)

    monkeypatch.setattr(export_files.CsvWriter, "write", fail_once)
    job_id = ask(desk)
    job = run(desk, job_id)
    assert (job.status, job.attempts) == ("done", 2)
    assert len(table(fetch(desk, job))) == 6
    assert len(list((desk.stores.settings.files / "exports").iterdir())) == 1


def test_after_a_week_a_file_is_gone(desk: Desk, clock: SetClock) -> None:
    job = run(desk, ask(desk))
    clock.at += timedelta(days=8)
    run(desk, ask(desk))
    assert fetch(desk, job).status_code == 404


def test_bad_wishes_are_refused_before_a_job_is_made(desk: Desk) -> None:
    for bad in ({"format": "pdf"}, {"columns": ["colour"]}, {"sort": "tags"}, {"filter": {"kind": "colour"}}, {"segment": 0}):
        answer = desk.as_("alice").post("/api/v1/customers/export", json={"columns": COLUMNS, "format": "csv", **bad})
        assert answer.status_code == 422
    assert desk.as_("alice").post("/api/v1/customers/export", json={"columns": COLUMNS, "format": "csv", "segment": 9}).status_code == 404
