"""Rows as people write them: the good are kept, each bad one is told with its line and its reason."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.foundation.clock import to_ms
from siyu.orders import _csv, cells
from tests.makers import files
from tests.makers.door import Door
from tests.makers.files import HEADER, csv_bytes, csv_text, good_rows, one_row, row_with

SHANGHAI = ZoneInfo("Asia/Shanghai")


BAD: list[tuple[dict[str, Any], str]] = [
    ({"quantity": "1e9"}, "quantity_out_of_range"),
    ({"quantity": 10**9}, "quantity_out_of_range"),
    ({"quantity": "1.5"}, "fractional_quantity"),
    ({"quantity": 0}, "no_quantity"),
    ({"quantity": "两件"}, "bad_number"),
    ({"price": "NaN"}, "bad_number"),
    ({"price": "inf"}, "bad_number"),
    ({"price": "1e308"}, "bad_number"),
    ({"price": "1e20"}, "amount_out_of_range"),
    ({"price": "9,90"}, "bad_number"),
    ({"price": "1,23,456"}, "bad_number"),
    ({"price": "1¥2"}, "bad_number"),
    ({"price": ""}, "no_amount"),
    ({"price": "=1+1"}, "bad_number"),
    ({"price": "999999999", "quantity": 999_999}, "amount_out_of_range"),
    ({"at": ""}, "no_time"),
    ({"at": "昨天"}, "bad_time"),
    ({"at": "2025-02-30"}, "bad_time"),
    ({"at": "2025-13-01"}, "bad_time"),
    ({"at": "30/02/2025"}, "bad_time"),
    ({"at": "2025-02-28 25:00"}, "bad_time"),
    ({"at": "3/4/25"}, "bad_time"),
    ({"at": "1900-01-01"}, "time_out_of_range"),
    ({"at": "0001-01-01"}, "time_out_of_range"),
    ({"at": "9999-12-31"}, "time_out_of_range"),
    ({"at": "2026-02-01"}, "time_out_of_range"),
    ({"order": ""}, "no_order_number"),
    ({"product": "坏\ufffd字"}, "bad_characters"),
    ({"account": "a\0b"}, "bad_characters"),
    ({"order": "\0"}, "bad_characters"),
]
GOOD: list[tuple[dict[str, Any], int]] = [
    ({"price": "1,234.50"}, 123_450),
    ({"price": "¥1,234.50"}, 123_450),
    ({"price": "1234.50元"}, 123_450),
    ({"price": "１２.３"}, 1_230),
    ({"price": "1，234"}, 123_400),
    ({"price": '="12.30"'}, 1_230),
    ({"price": " 12.30 "}, 1_230),
    ({"price": "1.23e1"}, 1_230),
    ({"price": ".5"}, 50),
    ({"price": "0.005"}, 1),
    ({"price": "2.675"}, 268),
    ({"quantity": "１０"}, 9_900),
    ({"quantity": "1,000", "price": 1}, 100_000),
    ({"account": "😀 李雷 🛍️"}, 990),
    ({"product": "=HYPERLINK(\"http://x\")"}, 990),
    ({"product": "x" * 200_000}, 990),
    ({"product": "第一行\n第二行"}, 990),
    ({"order": '="000123"'}, 990),
]


def test_a_bad_cell_costs_its_row_alone(any_door: Door) -> None:
    """On both ledgers: PostgreSQL holds no U+0000, in the report neither."""
    data = csv_bytes([row_with(**cell) for cell, _ in BAD] + good_rows(2))
    done = any_door.bring(data)
    found = any_door.reasons(done)
    for line, (cell, reason) in enumerate(BAD, start=2):
        assert reason in found[line], cell
    assert len(found) == len(BAD)
    assert [order[0] for order in any_door.orders()] == ["A1", "A2"]
    assert (done["row_count"], done["accepted_count"], done["rejected_count"]) == (len(BAD) + 2, 2, len(BAD))
    for told in done["reject_reasons"]:
        lines = [line for line, codes in found.items() if told["code"] in codes]
        assert (told["count"], told["first_line"]) == (len(lines), min(lines))
        assert told["reason"]["zh"] != told["reason"]["en"] != ""


def test_numbers_and_texts_as_people_write_them(any_door: Door) -> None:
    rows = [row_with(**({"order": f"G{number}"} | cell)) for number, (cell, _) in enumerate(GOOD)]
    done = any_door.bring(csv_bytes(rows))
    assert any_door.reasons(done) == {}
    found = {order[0]: order[2] for order in any_door.orders()}
    for number, (cell, fen) in enumerate(GOOD):
        assert found["000123" if "order" in cell else f"G{number}"] == fen, cell


def test_a_cell_that_a_spreadsheet_would_run_is_neutral_in_the_report(door: Door) -> None:
    done = door.bring(one_row(at="=cmd|' /C calc'!A0"))
    text = door.client.get(f"/api/v1/imports/{done['id']}/rejects.csv").text
    assert '"\'=cmd' in text
    plain = door.bring(one_row(at=""), source="b")
    assert door.rejects(plain)[0]["value"] == ""


@pytest.mark.parametrize(
    "wall",
    ["2025-03-04 15:06:07", "2025/3/4 15:6:7", "2025.03.04 15:06:07", "2025年3月4日 15时06分07秒", "20250304150607", "2025-03-04T15:06:07", "2025-03-04T07:06:07Z",
     "2025-03-04T15:06:07.000+08:00", "3/4/2025 3:06:07 PM", "45720.6292476852", "1741071967", "1741071967000"],
)  # fmt: skip
def test_one_instant_in_every_style(wall: str) -> None:
    read = cells.times(pa.array([wall]), SHANGHAI, day_first=False)
    assert read.values.to_pylist() == [to_ms(datetime(2025, 3, 4, 7, 6, 7, tzinfo=UTC))]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=20))
def test_no_text_breaks_the_reading_of_cells(texts: list[str]) -> None:
    column = pa.array(texts)
    for parsed in (cells.numbers(column), cells.times(column, SHANGHAI, day_first=False), cells.times(column, SHANGHAI, day_first=True)):
        blank = [value is None for value in cells.texts(column).to_pylist()]
        for is_blank, is_bad, value in zip(blank, parsed.bad.to_pylist(), parsed.values.to_pylist(), strict=True):
            assert is_blank + is_bad + (value is not None) == 1


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_number_of_parquet_breaks_the_reading_of_cells(value: float) -> None:
    column = pa.array([value], pa.float64())
    assert cells.numbers(column).bad.to_pylist() == [value != value or abs(value) == float("inf")]
    cells.texts(column)
    cells.times(column, SHANGHAI, day_first=False)


def test_the_whole_file_decides_whether_the_day_comes_first(door: Door) -> None:
    """60,000 rows of the first days of months prove nothing; the last row does, and all were meant like it."""
    rows = [[f"{n % 12 + 1:02d}/03/2025", f"A{n}", "u", "", "x", 1, 1] for n in range(60_000)]
    rows.append(["31/03/2025", "Z", "u", "", "x", 1, 1])
    done = door.bring(csv_bytes(rows))
    assert done["rejected_count"] == 0
    assert (done["first_ordered_at"], done["last_ordered_at"]) == ("2025-02-28T16:00:00Z", "2025-03-30T16:00:00Z")


def test_dates_that_prove_nothing_are_told_before_the_import(door: Door) -> None:
    file = door.upload(one_row(at="03/04/2025")).json()
    assert any("month/day/year" in warning["en"] for warning in file["warnings"])


def test_ragged_rows_and_open_quotes_swallow_no_good_row(door: Door) -> None:
    good = csv_text(good_rows(400)).splitlines(keepends=True)
    bad = {
        50: "2025-03-05,X1,u9\r\n",
        100: '2025-03-05,X2,u9,,"没有结束,1,5\r\n',
        200: '2025-03-05,X3,u9,,洗面奶,1,"5\r\n',
        300: "2025-03-05,X4,u9,,洗面奶,1,5,多,了\r\n",
        395: '"2025-03-05,X5,u9,,洗面奶,1,5\r\n',
    }
    for line, text in sorted(bad.items()):
        good.insert(line - 1, text)
    done = door.bring("".join(good).encode())
    assert door.reasons(done) == {50: {"ragged"}, 100: {"unreadable"}, 200: {"unreadable"}, 300: {"ragged"}, 395: {"unreadable"}}
    assert (done["row_count"], done["accepted_count"]) == (405, 400)


def test_an_open_quote_closed_by_a_later_row_swallows_nothing(door: Door) -> None:
    rows = csv_text(good_rows(9)).splitlines(keepends=True)
    rows.insert(3, '2025-03-05,X1,u9,,"打开,1,5\r\n')
    rows.insert(7, '2025-03-05,X2,u9,,"正常,带逗号",1,5\r\n')
    done = door.bring("".join(rows).encode())
    assert door.reasons(done) == {4: {"unreadable"}}
    assert done["accepted_count"] == 10


def test_rejects_beyond_the_bound_are_counted(door: Door) -> None:
    done = door.bring(csv_bytes([["", f"A{n}", "", "", "", 1, 1] for n in range(100_050)]))
    assert done["rejected_count"] == 100_050
    assert len(door.rejects(done)) == 100_000


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_reading_lines_of_noise_ends_and_loses_no_line(seed: int, count: int) -> None:
    """Whatever quotes do: every non-blank line is in one row, or told."""
    draw = random.Random(seed)
    text = "".join("".join(draw.choices('ab,"\t ', k=draw.randrange(12))) + "\n" for _ in range(count))
    with NamedTemporaryFile("w+", newline="") as file:
        file.write(text)
        file.flush()
        rows = list(_csv.rows(Path(file.name), "utf-8", ","))
    starts = [line for line, _ in rows]
    assert starts == sorted(set(starts))
    assert all(1 <= line <= count for line in starts)
    for line, found in rows:
        if isinstance(found, str):
            assert text.splitlines()[line - 1].startswith(found)


def test_no_header_of_ours_is_lost() -> None:
    assert files.csv_text([]).strip() == ",".join(HEADER)
