"""Report files 报表文件: RFM, lifecycle and value as CSV tables that spreadsheets open (UTF-8 with byte order mark)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from siyu.foundation.text import Text
from siyu.segments.labels import STAGES

Row = Sequence[str | int | None]


def to_csv(name: str, payload: dict[str, Any], *, language: str, currency: str) -> str:
    """The table of a report (`rfm`, `lifecycle` or `value`) with its header in `language`; money in the currency's unit."""
    header, rows = {"rfm": _rfm, "lifecycle": _lifecycle, "value": _value}[name](payload)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([title.to(language).replace("$", currency) for title in header])
    writer.writerows(rows)
    return "\ufeff" + out.getvalue()


def _rfm(payload: dict[str, Any]) -> tuple[list[Text], list[Row]]:
    """One row a cell with people."""
    header = [Text("R", "R"), Text("F", "F"), Text("M", "M"), Text("客户数", "Customers"), Text("累计消费($)", "Spend ($)")]
    return header, [[c["r"], c["f"], c["m"], c["count"], _money(c["spend_fen"])] for c in payload["grid"]]


def _lifecycle(payload: dict[str, Any]) -> tuple[list[Text], list[Row]]:
    """One row a month: buyers by the stage they stood in at its end."""
    stages = [stage for stage in STAGES if stage != "prospect"]
    header = [Text("月份", "Month"), *(STAGES[stage] for stage in stages)]
    return header, [[m["month"], *(m["stages"].get(stage, 0) for stage in stages)] for m in payload["months"]]


def _value(payload: dict[str, Any]) -> tuple[list[Text], list[Row]]:
    """One row a tenth of the customers, beside what the same tenth of the back-test was predicted and did."""
    header = [
        Text("十等分(1 最高)", "Tenth (1 = highest)"), Text("客户数", "Customers"), Text("预期消费($)", "Predicted value ($)"),
        Text("回测预测($)", "Back-test predicted ($)"), Text("回测实际($)", "Back-test actual ($)"),
    ]  # fmt: skip
    tested = {d["decile"]: d for d in (payload["back_test"] or {}).get("deciles", [])}
    rows: list[Row] = []
    for d in payload["deciles"]:
        test = tested.get(d["decile"])
        rows.append(
            [d["decile"], d["count"], _money(d["predicted_value_fen"]), *([_money(round(test[key])) for key in ("predicted", "actual")] if test else [None, None])]
        )
    return header, rows


def _money(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
