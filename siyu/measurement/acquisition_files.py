"""Reports of true cost as tables for a spreadsheet: see `export`."""

from __future__ import annotations

from typing import Any

from siyu.foundation.text import Text
from siyu.measurement.acquisition_records import (
    Advice,
    Attribution,
    CohortValue,
    Groups,
    PastAdvices,
    Sources,
    Waste,
)
from siyu.measurement.export import Cell, Column, Table

BUCKET_NAMES: dict[str, Text] = {
    "paid_back": Text("已收回", "Paid back"),
    "on_the_way": Text("在路上", "On the way"),
    "never_added": Text("没加上", "Never added"),
    "lost_7d": Text("7 天内流失", "Lost within 7 days"),
    "zombie": Text("僵尸粉", "Zombies"),
    "deal_hunter": Text("羊毛党", "Deal-hunters"),
    "never_bought": Text("可触达但没买", "Reachable, never bought"),
    "anyway": Text("本来就会来", "Would have come anyway"),
}
_SOURCE = (Text("来源", "Source"), Text("平台", "Platform"))
_SOURCES: tuple[tuple[str, Text, Any], ...] = (
    ("level", Text("层级", "Level"), None),
    ("spend_fen", Text("花费", "Spend"), "fen"),
    ("visits", Text("访问", "Visits"), "count"),
    ("scanned", Text("到达", "Arrived"), "count"),
    ("added", Text("添加", "Added"), "count"),
    ("kept_1d", Text("留存 1 天", "Kept 1 day"), "count"),
    ("kept_7d", Text("留存 7 天", "Kept 7 days"), "count"),
    ("kept_30d", Text("留存 30 天", "Kept 30 days"), "count"),
    ("reachable", Text("可触达", "Reachable"), "count"),
    ("real", Text("真实客户", "Real customers"), "count"),
    ("first_orders", Text("首单", "First orders"), "count"),
    ("second_orders", Text("二单", "Second orders"), "count"),
    ("revenue_fen", Text("销售额", "Revenue"), "fen"),
    ("margin_fen", Text("毛利", "Margin"), "fen"),
    ("expected_fen", Text("预计还有", "Expected"), "fen"),
    ("expected_low_fen", Text("预计下限", "Expected, low"), "fen"),
    ("expected_high_fen", Text("预计上限", "Expected, high"), "fen"),
    ("cac_add_fen", Text("每添加成本", "Cost per add"), "fen"),
    ("cac_real_fen", Text("每真实客户成本", "Cost per real customer"), "fen"),
    ("cac_buyer_fen", Text("每买家成本", "Cost per buyer"), "fen"),
    ("payback_on", Text("回本日", "Paid back on"), None),
    ("roi", Text("投产比", "ROI"), "rate"),
    ("roi_low", Text("投产比下限", "ROI, low"), "rate"),
    ("roi_high", Text("投产比上限", "ROI, high"), "rate"),
    ("incremental_rate", Text("增量占比", "Incremental share"), "rate"),
    ("true_roi", Text("真实投产比", "True ROI"), "rate"),
)


def acquisition_table(report: Any) -> Table:
    """The rows that a reader of the report would want in a spreadsheet."""
    match report:
        case Sources():
            columns = [Column(_SOURCE[0]), *(Column(name, unit) for _, name, unit in _SOURCES)]
            return Table(columns, [[row.name, *(getattr(row, key) for key, _, _ in _SOURCES)] for row in [*report.items, report.totals]])
        case Groups():
            own = [entry for entry in _SOURCES if hasattr(report.items[0], entry[0])] if report.items else []
            columns = [Column(Text("对象", "Of")), *(Column(name, unit) for _, name, unit in own), Column(Text("花费份额", "Share of spend"), "fen")]
            return Table(columns, [[row.key, *(getattr(row, key) for key, _, _ in own), row.cost_fen] for row in report.items])
        case Waste():
            columns = [*(Column(name) for name in _SOURCE), *(Column(name, "fen") for name in BUCKET_NAMES.values())]
            rows: list[list[Cell]] = [[one.name, one.platform, *(bucket.amount_fen for bucket in one.buckets)] for one in report.by_source]
            return Table(columns, [*rows, ["", "", *(bucket.amount_fen for bucket in report.buckets)]])
        case _:
            return _others(report)


def _others(report: Any) -> Table:
    match report:
        case CohortValue():
            ages = max((len(cohort.cells) for cohort in report.cohorts), default=0)
            columns = [Column(Text("添加月份", "Month of adding")), Column(Text("人数", "People"), "count"), Column(Text("花费", "Spend"), "fen")]
            later = [Column(Text(f"第 {age} 月累计毛利", f"Margin by month {age}"), "fen") for age in range(ages)]
            return Table([*columns, *later], [[one.month, one.people, one.spend_fen, *(cell.margin_fen for cell in one.cells), *[None] * (ages - len(one.cells))] for one in report.cohorts])
        case Attribution():
            rules = {"first": Text("首次", "First"), "last": Text("末次", "Last"), "linear": Text("线性", "Linear"), "position": Text("位置", "Position"), "decay": Text("时间衰减", "Time decay"), "markov": Text("马尔可夫", "Markov"), "shapley": Text("沙普利", "Shapley")}  # fmt: skip
            columns = [*(Column(name) for name in _SOURCE), Column(Text("花费", "Spend"), "fen"), *(Column(name, "rate") for name in rules.values()), Column(Text("增量", "Incremental"), "rate")]
            return Table(columns, [[one.name, one.platform, one.spend_fen, *(getattr(one.credit, rule) for rule in rules), one.incremental] for one in report.items])
        case Advice():
            columns = [*(Column(name) for name in _SOURCE), Column(Text("现在", "Now"), "fen"), Column(Text("建议", "Advised"), "fen"), Column(Text("边际", "Marginal"), "rate")]
            return Table(columns, [[one.name, one.platform, one.now_fen, one.advised_fen, one.marginal_advised] for one in report.items])
        case PastAdvices():
            columns = [Column(Text("月份", "Month")), Column(Text("预计增益", "Expected gain"), "fen"), Column(Text("实际", "Came"), "fen"), Column(Text("结论", "Verdict"))]
            return Table(columns, [[one.month, one.gain_fen, one.came_fen, one.verdict] for one in report.items])
        case _:
            raise TypeError(f"{type(report).__name__} is not a report")
