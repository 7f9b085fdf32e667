"""Files of claims 领取导出: who has claimed an offer, or was refused and why, as csv or xlsx. No contact is in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection

from siyu.acquisition import claims
from siyu.acquisition.offers import Offer
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.segments.export_files import LONGEST_SHEET, WRITERS, About, Format

BATCH = 5_000
STATES = {"given": Text("已领取", "has it"), "used": Text("已核销", "redeemed"), "ended": Text("已过期", "ended"), "void": Text("已作废", "withdrawn"), "no_prize": Text("未中奖", "no prize")}
_CLAIMS = (
    Text("号码", "Ticket"), Text("客户编号", "Customer"), Text("时间", "At"), Text("状态", "State"), Text("奖品", "Prize"), Text("最多花费(元)", "Can cost (yuan)"), Text("已核销(元)", "Taken off (yuan)"),
)  # fmt: skip
_REFUSALS = (Text("客户编号", "Customer"), Text("原因", "Reason"), Text("次数", "Times"), Text("最近一次", "Last at"))


def write(stores: Stores, path: Path, offer: Offer, format: Format, language: str, *, what: Literal["claims", "refusals"]) -> int:
    """Write the file, batch by batch; returns its rows.

    Raises
    ------
    InvalidError
        When a sheet cannot hold them.
    """
    if format == "xlsx" and offer.claimed > LONGEST_SHEET:
        raise InvalidError(Text(f"一个 xlsx 工作表最多 {LONGEST_SHEET:,} 行", f"a sheet holds {LONGEST_SHEET:,} rows at most"), way_out=Text("改用 csv", "choose csv"))
    words = [Text("福利", "Offer"), Text("导出时间", "Made at"), Text("已领", "Claimed")]
    about = About(*((word.to(language), told) for word, told in zip(words, (offer.name, _at(stores, stores.now()), str(offer.claimed)), strict=True)))
    headings = _CLAIMS if what == "claims" else _REFUSALS
    writer, count = WRITERS[format](path, about, [heading.to(language) for heading in headings]), 0
    try:
        with stores.ledger.read() as tx:
            for rows in _claims(stores, tx, offer, language) if what == "claims" else _refusals(stores, tx, offer, language):
                writer.write(rows)
                count += len(rows)
    finally:
        writer.close()
    return count


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _claims(stores: Stores, tx: Connection, offer: Offer, language: str) -> Iterator[list[list[Any]]]:
    names, before = {one.id: one.name for one in offer.prizes}, None
    while some := claims.listed(tx, offer.id, before_id=before, limit=BATCH):
        before = some[-1].id
        yield [
            [one.ticket, one.customer_id, _at(stores, one.at), STATES[one.state].to(language), names.get(one.prize_id or 0, ""), one.cost_fen / 100, one.spent_fen / 100] for one in some
        ]


def _refusals(stores: Stores, tx: Connection, offer: Offer, language: str) -> Iterator[list[list[Any]]]:
    after: tuple[int, str] | None = None
    while some := claims.refusals(tx, offer.id, after=after, limit=BATCH):
        after = some[-1].customer_id, some[-1].reason
        yield [[one.customer_id, claims.REASONS[one.reason].to(language), one.times, _at(stores, one.at)] for one in some]


def _at(stores: Stores, moment: datetime) -> str:
    return f"{moment.astimezone(stores.calendar.zone):%Y-%m-%d %H:%M}"
