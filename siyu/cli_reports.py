"""Reports on the terminal: one table a report, in one language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from siyu.foundation.money import format_fen
from siyu.orders.recency import no_orders


@dataclass(frozen=True)
class Teller:
    """Where and how a command answers: the console, the language ("zh" or "en") and the currency."""

    out: Console
    language: str
    currency: str

    def say(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def label(self, label: dict[str, str]) -> str:
        return label[self.language]

    def money(self, fen: float) -> str:
        return format_fen(round(fen), self.currency)

    def value(self, metric: str, value: Any) -> str:
        if value is None:
            return "–"
        if metric.endswith("_fen"):
            return self.money(value)
        return f"{value:.2%}" if metric.endswith("_rate") else f"{value:,}"

    def table(self, *headings: tuple[str, str], title: str | None = None) -> Table:
        return Table(*(self.say(*heading) for heading in headings), title=title, show_header=bool(headings))

    def show(self, table: Table) -> None:
        self.out.print(table, soft_wrap=False)

    def note(self, text: str) -> None:
        self.out.print(f"[yellow]![/] {text}", highlight=False)


Show = Callable[[Teller, dict[str, Any]], None]


def show_report(teller: Teller, name: str, found: dict[str, Any]) -> None:
    said = found.get("no_orders") or _nothing(name, found)
    if said:
        teller.note(teller.label(said["message"]))
        teller.out.print(f"  → {teller.label(said['way_out'])}", highlight=False)
        return
    SHOWS[name](teller, found)


def _nothing(name: str, found: dict[str, Any]) -> dict[str, Any] | None:
    """Reports that are a plain table have no field for it: an empty one says so here."""
    match name:
        case "overview":
            shown = found["totals"]["orders"] or any(card["value"] for card in found["cards"])
        case "monthly" | "cohorts":
            shown = found["items" if name == "monthly" else "cohorts"]
        case "concentration":
            shown = found["buyers"]
        case _:
            shown = name != "lifecycle" or any(stage["count"] for stage in found["stages"])
    return None if shown else no_orders(date.fromisoformat(found["as_of_on"])).json()


def _overview(teller: Teller, found: dict[str, Any]) -> None:
    period = found["period"]
    title = teller.say(f"总览 {period['from_on']} 至 {period['to_on']}", f"Overview {period['from_on']} to {period['to_on']}")
    table = teller.table(("指标", "Metric"), ("本期", "This period"), ("上期", "Before"), ("变化", "Change"), title=title)
    for card in found["cards"]:
        change = "–" if card["change_rate"] is None else f"{card['change_rate']:+.1%}"
        name = found["names"].get(card["metric"], card["metric"])
        table.add_row(name, teller.value(card["metric"], card["value"]), teller.value(card["metric"], card["previous"]), change)
    teller.show(table)
    totals = teller.table(title=teller.say(f"累计至 {found['as_of_on']}", f"In all up to {found['as_of_on']}"))
    share = teller.say("前 20% 客户销售额占比", "Revenue share of the top 20 %")
    for metric, value in found["totals"].items():
        name = found["names"].get(metric, share if metric == "top20_share_rate" else metric)
        totals.add_row(name, teller.value(metric, value))
    teller.show(totals)


def _monthly(teller: Teller, found: dict[str, Any]) -> None:
    table = teller.table(("月份", "Month"), ("订单", "Orders"), ("买家", "Buyers"), ("新买家", "New buyers"), ("销售额", "Revenue"), ("退款", "Refunds"))
    for row in found["items"]:
        money = (teller.money(row[name]) for name in ("revenue_fen", "refund_fen"))
        table.add_row(row["month"], *(f"{row[name]:,}" for name in ("orders", "buyers", "new_buyers")), *money)
    teller.show(table)


def _rfm(teller: Teller, found: dict[str, Any]) -> None:
    count, cells = f"{found['customer_count']:,}", len(found["grid"])
    title = teller.say(
        f"RFM {found['as_of_on']}(切点版本 {found['version']}，{count} 人，{cells} 格)",
        f"RFM {found['as_of_on']} (cut points {found['version']}, {count} people, {cells} cells)",
    )
    table = teller.table(("客群", "Group"), ("定义", "Definition"), ("人数", "People"), ("消费", "Spend"), title=title)
    for group in found["groups"]:
        table.add_row(teller.label(group["name"]), teller.label(group["definition"]), f"{group['count']:,}", teller.money(group["spend_fen"]))
    teller.show(table)


MEASURES = {"buyers": ("买家", "buyers"), "orders": ("订单", "orders"), "revenue_fen": ("销售额", "revenue")}


def _cohorts(teller: Teller, found: dict[str, Any]) -> None:
    """As many months as the terminal has room for; what is left out is said."""
    measure = found["measure"]
    rows = [
        [cohort["month"], f"{cohort['size']:,}", *(teller.value(measure, cell["value"]) for cell in cohort["cells"])] for cohort in found["cohorts"]
    ]
    months = max(len(row) for row in rows)
    heads = [teller.say("首单月", "First order"), teller.say("人数", "People"), *(f"+{offset}" for offset in range(months - 2))]
    shown = _fitting(heads, rows, teller.out.width)
    table = Table(*heads[:shown], title=teller.say("同期群：{}", "Cohorts: {}").format(teller.say(*MEASURES[measure])))
    for row in rows:
        table.add_row(*row[:shown])
    teller.show(table)
    if left := months - shown:
        teller.note(teller.say(
            f"终端太窄，后面还有 {left} 个月没有列出；加宽终端，或用 --json、重定向到文件看全部",
            f"{left} later months do not fit; widen the terminal, or use --json or a file for all of them",
        ))  # fmt: skip


def _fitting(heads: list[str], rows: list[list[str]], width: int) -> int:
    """How many columns fit, frame and padding (three cells a column, and one) counted; never less than the first three."""
    used, count = 1, 0
    for place, head in enumerate(heads):
        used += 3 + max(cell_len(head), *(cell_len(row[place]) for row in rows if place < len(row)))
        if used > width:
            break
        count += 1
    return max(count, min(3, len(heads)))


def _concentration(teller: Teller, found: dict[str, Any]) -> None:
    table = teller.table(("前", "Top"), ("人数", "People"), ("销售额", "Revenue"), ("占比", "Share"))
    for row in found["top"]:
        table.add_row(f"{row['share_of_buyers_rate']:.0%}", f"{row['buyers']:,}", teller.money(row["revenue_fen"]), f"{row['share_rate']:.2%}")
    teller.show(table)


def _value_report(teller: Teller, found: dict[str, Any]) -> None:
    say, count = teller.say, f"{found['customer_count']:,}"
    teller.out.print(say(
        f"模型 {found['model']}  对数似然 {found['log_likelihood']}  客户 {count}  截至 {found['as_of_on']}",
        f"model {found['model']}  log-likelihood {found['log_likelihood']}  customers {count}  as of {found['as_of_on']}",
    ))  # fmt: skip
    for name, parameter in found["parameters"].items():
        teller.out.print(f"  {name} = {parameter['value']:.4f}")
    if found["eligible"]:
        low, value, high = (teller.money(found[name]) for name in ("low_fen", "predicted_value_fen", "high_fen"))
        days, orders = found["horizon_days"], f"{found['predicted_orders']:,.0f}"
        teller.out.print(say(f"未来 {days} 天预计 {value}({low} – {high})，{orders} 次购买", f"next {days} days: {value} ({low} – {high}), {orders} purchases"))
    for reason in found["ineligible_reasons"]:
        teller.note(teller.label(reason))
    for flag in found["flags"]:
        teller.note(f"{flag['code']}: {teller.label(flag['message'])}")
    test = found["back_test"]
    if test and test["error_rate"] is not None:
        span = (test["calibration_end_on"], test["holdout_days"])
        figures = (f"{test['predicted_orders']:,.0f}", f"{test['actual_orders']:,.0f}", f"{test['error_rate']:+.1%}")
        teller.out.print(say(
            "回测 {} 起 {} 天：预测 {}，实际 {}({})".format(*span, *figures),
            "back-test from {}, {} days: predicted {}, actual {} ({})".format(*span, *figures),
        ))  # fmt: skip


def _lifecycle(teller: Teller, found: dict[str, Any]) -> None:
    table = teller.table(("阶段", "Stage"), ("人数", "People"), ("占比", "Share"), ("累计消费", "Spend in all"), ("定义", "Definition"))
    for stage in found["stages"]:
        share = "–" if stage["share_rate"] is None else f"{stage['share_rate']:.1%}"
        table.add_row(teller.label(stage["name"]), f"{stage['count']:,}", share, teller.money(stage["spend_fen"]), teller.label(stage["definition"]))
    teller.show(table)


SHOWS: dict[str, Show] = {
    "overview": _overview,
    "monthly": _monthly,
    "rfm": _rfm,
    "cohorts": _cohorts,
    "concentration": _concentration,
    "value": _value_report,
    "lifecycle": _lifecycle,
}
