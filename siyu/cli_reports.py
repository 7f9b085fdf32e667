"""Reports on the terminal: one table a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from siyu.foundation.money import format_fen

Show = Callable[[Console, dict[str, Any], str], None]


def show_report(out: Console, name: str, found: dict[str, Any], currency: str) -> None:
    SHOWS[name](out, found, currency)


def _overview(out: Console, found: dict[str, Any], currency: str) -> None:
    period = found["period"]
    table = Table("指标", "本期", "上期", "变化", title=f"总览 {period['from_on']} 至 {period['to_on']}")
    for card in found["cards"]:
        change = "–" if card["change_rate"] is None else f"{card['change_rate']:+.1%}"
        table.add_row(found["names"].get(card["metric"], card["metric"]), _value(card["metric"], card["value"], currency), _value(card["metric"], card["previous"], currency), change)
    out.print(table)
    totals = Table(show_header=False, title=f"累计至 {found['as_of_on']}")
    for metric, value in found["totals"].items():
        totals.add_row(found["names"].get(metric, TOTALS.get(metric, metric)), _value(metric, value, currency))
    out.print(totals)


TOTALS = {"top20_share_rate": "前 20% 客户销售额占比"}


def _monthly(out: Console, found: dict[str, Any], currency: str) -> None:
    table = Table("月份", "订单", "买家", "新买家", "销售额", "退款")
    for row in found["items"]:
        money = (format_fen(row[name], currency) for name in ("revenue_fen", "refund_fen"))
        table.add_row(row["month"], *(f"{row[name]:,}" for name in ("orders", "buyers", "new_buyers")), *money)
    out.print(table)


def _rfm(out: Console, found: dict[str, Any], currency: str) -> None:
    table = Table("客群", "定义", "人数", "消费", title=f"RFM {found['as_of_on']}(切点版本 {found['version']},{found['customer_count']:,} 人,{len(found['grid'])} 格)")
    for group in found["groups"]:
        table.add_row(group["name"]["zh"], group["definition"]["zh"], f"{group['count']:,}", format_fen(group["spend_fen"], currency))
    out.print(table)


def _cohorts(out: Console, found: dict[str, Any], _currency: str) -> None:
    width = max((len(cohort["cells"]) for cohort in found["cohorts"]), default=0)
    table = Table("首单月", "人数", *(f"+{offset}" for offset in range(width)), title=f"同期群 {found['measure']}")
    for cohort in found["cohorts"]:
        table.add_row(cohort["month"], f"{cohort['size']:,}", *(f"{cell['value']:,}" for cell in cohort["cells"]))
    out.print(table)


def _concentration(out: Console, found: dict[str, Any], currency: str) -> None:
    table = Table("前", "人数", "销售额", "占比")
    for row in found["top"]:
        table.add_row(f"{row['share_of_buyers_rate']:.0%}", f"{row['buyers']:,}", format_fen(row["revenue_fen"], currency), f"{row['share_rate']:.2%}")
    out.print(table)


def _value_report(out: Console, found: dict[str, Any], currency: str) -> None:
    out.print(f"模型 {found['model']}  对数似然 {found['log_likelihood']}  客户 {found['customer_count']:,}  截至 {found['as_of_on']}")
    for name, parameter in found["parameters"].items():
        out.print(f"  {name} = {parameter['value']:.4f}")
    if found["eligible"]:
        low, value, high = (format_fen(found[name], currency) for name in ("low_fen", "predicted_value_fen", "high_fen"))
        out.print(f"未来 {found['horizon_days']} 天预计 {value}({low} – {high}),{found['predicted_orders']:,.0f} 次购买")
    for reason in found["ineligible_reasons"]:
        out.print(f"[yellow]![/] {reason['zh']}")
    for flag in found["flags"]:
        out.print(f"[yellow]![/] {flag['code']}:{flag['message']['zh']}")
    test = found["back_test"]
    if test and test["error_rate"] is not None:
        out.print(f"回测 {test['calibration_end_on']} 起 {test['holdout_days']} 天:预测 {test['predicted_orders']:,.0f},实际 {test['actual_orders']:,.0f}({test['error_rate']:+.1%})")


def _lifecycle(out: Console, found: dict[str, Any], currency: str) -> None:
    table = Table("阶段", "人数", "占比", "累计消费", "定义")
    for stage in found["stages"]:
        share = "–" if stage["share_rate"] is None else f"{stage['share_rate']:.1%}"
        table.add_row(stage["name"]["zh"], f"{stage['count']:,}", share, format_fen(stage["spend_fen"], currency), stage["definition"]["zh"])
    out.print(table)


def _value(metric: str, value: Any, currency: str) -> str:
    if value is None:
        return "–"
    if metric.endswith("_fen"):
        return format_fen(round(value), currency)
    return f"{value:.2%}" if metric.endswith("_rate") else f"{value:,}"


SHOWS: dict[str, Show] = {
    "overview": _overview,
    "monthly": _monthly,
    "rfm": _rfm,
    "cohorts": _cohorts,
    "concentration": _concentration,
    "value": _value_report,
    "lifecycle": _lifecycle,
}
