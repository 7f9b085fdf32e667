"""The file: money, shares, empty cells, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from siyu.foundation.text import Text
from siyu.measurement.export import Cell, Column, Table, safe, to_csv


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_text_is_never_a_formula(text: str) -> None:
    assert safe(text) == "'" + text
    written = to_csv(Table([Column(Text(text, text))], [[text]]), language="en", currency="CNY")
    rows = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    assert rows == [["'" + text], ["'" + text]]


def test_numbers_stay_numbers() -> None:
    columns = [
        Column(Text("钱", "Money"), "fen"),
        Column(Text("率", "Rate"), "rate"),
        Column(Text("数", "Count")),
    ]
    rows: list[list[Cell]] = [[-5, 0.5, 3], [123456, None, 0], [100, 1.0, True]]
    written = to_csv(Table(columns, rows), language="zh", currency="GBP")
    assert written == "\ufeff钱 (GBP),率,数\r\n-0.05,0.500000,3\r\n1234.56,,0\r\n1.00,1.000000,是\r\n"


def test_a_date_is_written_as_iso() -> None:
    assert to_csv(
        Table([Column(Text("日", "Day"))], [[date(2024, 2, 29)]]), language="en", currency="CNY"
    ).endswith("2024-02-29\r\n")
