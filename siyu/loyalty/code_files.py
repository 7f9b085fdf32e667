"""Files of codes 券码导出: every code of a coupon with what became of it, as csv or xlsx. No contact is in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import codes, codewords, redemptions
from siyu.loyalty.codes import Code
from siyu.loyalty.coupons import Coupon
from siyu.loyalty.redemptions import Redemption
from siyu.segments.export_files import LONGEST_SHEET, WRITERS, About, Format

BATCH = 5_000
STATES = {"issued": Text("未使用", "not used"), "redeemed": Text("已核销", "redeemed"), "expired": Text("已过期", "ended"), "void": Text("已作废", "withdrawn")}
_HEADINGS = (
    Text("券码", "Code"), Text("客户编号", "Customer"), Text("状态", "State"), Text("发放时间", "Issued at"), Text("到期日", "Last day"), Text("发放编号", "Reference"),
    Text("核销时间", "Redeemed at"), Text("核销人", "By"), Text("地点", "Place"), Text("订单号", "Order"), Text("优惠(元)", "Taken off (yuan)"),
)  # fmt: skip


def write(stores: Stores, path: Path, coupon: Coupon, format: Format, language: str, *, state: str | None, masked: bool) -> int:
    """Write the file, batch by batch; returns its rows.

    Raises
    ------
    InvalidError
        When a sheet cannot hold them.
    """
    if format == "xlsx" and coupon.issued > LONGEST_SHEET:
        raise InvalidError(Text(f"一个 xlsx 工作表最多 {LONGEST_SHEET:,} 行", f"a sheet holds {LONGEST_SHEET:,} rows at most"), way_out=Text("改用 csv", "choose csv"))
    made_at = stores.now().astimezone(stores.calendar.zone).isoformat(timespec="seconds")
    words = [Text("优惠券", "Coupon"), Text("导出时间", "Made at"), Text("已发", "Issued")]
    about = About(*((word.to(language), told) for word, told in zip(words, (coupon.name, made_at, str(coupon.issued)), strict=True)))
    writer = WRITERS[format](path, about, [heading.to(language) for heading in _HEADINGS])
    count, before = 0, None
    try:
        with stores.ledger.read() as tx:
            while some := codes.of_coupon(tx, coupon.id, state=state, before_id=before, limit=BATCH):
                used = redemptions.of_codes(tx, [one.id for one in some])
                writer.write([_cells(stores, one, used.get(one.id), language, masked) for one in some])
                count, before = count + len(some), some[-1].id
    finally:
        writer.close()
    return count


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _cells(stores: Stores, one: Code, used: Redemption | None, language: str, masked: bool) -> list[Any]:
    def at(moment: Any) -> str:
        return f"{moment.astimezone(stores.calendar.zone):%Y-%m-%d %H:%M}"

    word = codewords.shown(f"{one.code[:4]}{'•' * 8}" if masked else one.code)
    told = [at(used.at), used.by, used.place, used.order_no, used.value_fen / 100] if used else [None] * 5
    return [word, one.customer_id, STATES[one.state].to(language), at(one.issued_at), one.ends_on(stores).isoformat(), one.ref, *told]
