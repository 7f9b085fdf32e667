"""Words of the weekly report: as a message to staff, and the names that its page on paper uses."""

from __future__ import annotations

from collections.abc import Mapping

from siyu.foundation.money import format_fen
from siyu.foundation.text import Text
from siyu.measurement.acquisition_records import Bucket
from siyu.measurement.weekly import GONE, Weekly, week_name

NAMES: Mapping[Bucket, Text] = {
    "paid_back": Text("已经赚回来", "Already earned back"),
    "on_the_way": Text("还在路上（预计）", "On the way (expected)"),
    "anyway": Text("本来就会来的人", "Would have come anyway"),
    "never_bought": Text("加上了，没换来足够的订单", "Added, orders not enough"),
    "deal_hunter": Text("给了羊毛党", "Deal-hunters"),
    "zombie": Text("给了僵尸粉", "Zombies"),
    "lost_7d": Text("7 天内就走了", "Left within 7 days"),
    "never_added": Text("没有加上", "Never added"),
}
TITLE_MOST = 60
BODY_MOST = 480


def shares(report: Weekly) -> tuple[int, int, int]:
    """Of a hundred yuan: back, on the way, gone."""
    yuan = {part.bucket: part.yuan for part in report.parts}
    return yuan.get("paid_back", 0), yuan.get("on_the_way", 0), sum(yuan.get(bucket, 0) for bucket in GONE)


def sentence(report: Weekly, currency: str) -> Text:
    """The week's money in one breath."""
    money = format_fen(report.split_fen, currency)
    if report.split_fen <= 0:
        return Text("近八周没有花费记录", "No spend is written down for the last eight weeks")
    back, way, gone = shares(report)
    return Text(
        f"近八周花费 {money}，每 100 元里：{back} 元赚回来了，{way} 元在路上，{gone} 元没有回来",
        f"Of {money} spent in eight weeks, of each 100: {back} came back, {way} are on the way, {gone} are gone",
    )


def title(report: Weekly) -> str:
    return f"获客周报 {report.week_on:%m-%d} 至 {report.to_on:%m-%d}"[:TITLE_MOST]


def message(report: Weekly, currency: str) -> str:
    """What staff read before they open it: the week, the split, the first three things to do. Names of customers never stand in it."""
    this = report.this
    lines = [f"花费 {format_fen(this.spend_fen, currency)}，新增 {this.added} 人，首单 {this.first_orders} 人"]
    if this.cac_add_fen is not None:
        lines[0] += f"，每添加一人 {format_fen(this.cac_add_fen, currency)}"
    lines.append(sentence(report, currency).zh)
    lines += [f"{n}. {task.said.zh}" for n, task in enumerate(report.tasks[:3], 1)]
    return "\n".join(lines)[:BODY_MOST]


def heading(report: Weekly) -> Text:
    name = week_name(report.week_on)
    return Text(f"获客周报 {report.week_on} 至 {report.to_on}（{name}）", f"Weekly report {report.week_on} to {report.to_on} ({name})")
