"""Export 导出: a report as a table, and the table as a CSV file that spreadsheets open without harm.

Money is written in the currency's unit with two decimals, shares as 0 to 1. The file begins with a byte order mark, so
that Excel reads the Chinese.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from siyu.foundation.text import Text
from siyu.measurement.cohorts import Cohorts, Monthly
from siyu.measurement.concentration import Concentration
from siyu.measurement.metrics import METRICS, Number, Unit
from siyu.measurement.overview import Overview

Cell = Number | str | date | bool | None
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Column:
    """`unit` fen is written in the currency's unit."""

    name: Text
    unit: Unit | None = None


@dataclass(frozen=True)
class Table:
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def table_of(report: Any) -> Table:
    """The rows that a reader of the report would want in a spreadsheet."""
    match report:
        case Overview():
            return _overview(report)
        case Monthly():
            return _monthly(report)
        case Cohorts():
            return _cohorts(report)
        case Concentration():
            return _concentration(report)
        case _:
            raise TypeError(f"{type(report).__name__} is not a report")


def to_csv(table: Table, *, language: str, currency: str) -> str:
    """The table as CSV (RFC 4180, CRLF, byte order mark), its header in `language`."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(_header(column, language, currency)) for column in table.columns])
    for row in table.rows:
        writer.writerow(
            [_written(cell, column.unit, language) for cell, column in zip(row, table.columns, strict=True)]
        )
    return "\ufeff" + out.getvalue()


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like one is led by an apostrophe (OWASP)."""
    return f"'{text}" if text.startswith(_RISKY) else text


def _header(column: Column, language: str, currency: str) -> str:
    name = column.name.to(language)
    return f"{name} ({currency})" if column.unit == "fen" else name


def _written(cell: Cell, unit: Unit | None, language: str) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return (Text("是", "yes") if cell else Text("否", "no")).to(language)
        case int() if unit == "fen":
            return f"{'-' if cell < 0 else ''}{abs(cell) // 100}.{abs(cell) % 100:02d}"
        case float():
            return f"{cell:.6f}"
        case str():
            return safe(cell)
        case _:
            return str(cell)


def _of(*keys: str) -> list[Column]:
    return [Column(METRICS[key].name, METRICS[key].unit) for key in keys]


def _overview(report: Overview) -> Table:
    columns = [Column(Text("起始日", "From")), Column(Text("未结束", "Partial")), *_of(*METRICS)]
    rows = [[p.period_on, p.partial, *(p.metrics[key] for key in METRICS)] for p in report.series]
    return Table(columns, rows)


def _monthly(report: Monthly) -> Table:
    keys = ("orders", "buyers", "new_buyers", "revenue_fen", "refund_fen")
    columns = [Column(Text("月份", "Month")), *_of(*keys), Column(Text("未结束", "Partial"))]
    return Table(columns, [[m.month, *(getattr(m, key) for key in keys), m.partial] for m in report.items])


def _cohorts(report: Cohorts) -> Table:
    """One row a cohort, one column a month since; months that have not come are empty."""
    unit = METRICS[report.measure].unit
    later = [Column(Text(f"第 {n} 个月", f"Month {n}"), unit) for n in range(len(report.average))]
    columns = [Column(Text("首购月份", "Month of first order")), *_of("buyers"), *later]
    rows: list[list[Cell]] = []
    for cohort in report.cohorts:
        values = [cell.value for cell in cohort.cells]
        rows.append([cohort.month, cohort.size, *values, *[None] * (len(later) - len(values))])
    return Table(columns, rows)


def _concentration(report: Concentration) -> Table:
    columns = [
        Column(Text("头部买家占比", "Top share of buyers"), "rate"),
        *_of("buyers", "revenue_fen"),
        Column(Text("占销售额", "Share of revenue"), "rate"),
    ]
    return Table(
        columns, [[t.share_of_buyers_rate, t.buyers, t.revenue_fen, t.share_rate] for t in report.top]
    )
