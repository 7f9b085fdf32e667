"""Files of decisions 决定导出: every person of a send with what was decided and why, as csv or xlsx. No contact is in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from siyu.customers.words import in_words
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import decisions, reasons
from siyu.messaging.decisions import Person
from siyu.messaging.sends import Send
from siyu.segments.export_files import LONGEST_SHEET, WRITERS, About, Format

_HEADINGS = (
    Text("客户编号", "Customer"), Text("决定", "Verdict"), Text("原因", "Reason"), Text("版本", "Variant"), Text("载体", "Carrier"), Text("账号", "Account"),
    Text("员工", "Staff"), Text("时间", "Time"), Text("消息状态", "Status"), Text("状态原因", "Status reason"),
)  # fmt: skip


def write(stores: Stores, path: Path, send: Send, format: Format, language: str, *, verdict: str | None, reason: str | None, status: str | None) -> int:
    """Write the file; returns its rows.

    Raises
    ------
    InvalidError
        When a sheet cannot hold them.
    """
    if format == "xlsx" and send.counts.get("included", 0) > LONGEST_SHEET:
        raise InvalidError(Text(f"一个 xlsx 工作表最多 {LONGEST_SHEET:,} 行", f"a sheet holds {LONGEST_SHEET:,} rows at most"), way_out=Text("改用 csv,或按原因导出", "choose csv, or export one reason"))
    made_at = stores.now().astimezone(stores.calendar.zone).isoformat(timespec="seconds")
    words = (Text("发送", "Send").to(language), Text("导出时间", "Made at").to(language), Text("人群", "Audience").to(language))
    about = About((words[0], send.name), (words[1], made_at), (words[2], str(send.counts.get("audience", 0))))
    writer = WRITERS[format](path, about, [heading.to(language) for heading in _HEADINGS])
    count = 0
    try:
        with stores.warehouse.read() as session:
            for some in decisions.everybody(stores, session, send.id, verdict, reason, status):
                writer.write([_cells(stores, one, language) for one in some])
                count += len(some)
    finally:
        writer.close()
    return count


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _cells(stores: Stores, one: Person, language: str) -> list[Any]:
    at = f"{from_ms(one.at_ms).astimezone(stores.calendar.zone):%Y-%m-%d %H:%M:%S}"
    return [
        one.customer_id, decisions.VERDICTS[one.verdict].to(language), reasons.name(one.reason).to(language) if one.reason else None, one.variant,
        in_words("carrier", one.carrier).to(language) if one.carrier else None, one.account_id, one.staff or None, at, one.status,
        reasons.name(one.status_code).to(language) if one.status_code else None,
    ]  # fmt: skip
