"""Statements 收款流水: files of payments from a bank, Alipay, WeChat Pay or a till, as rows with keys of their own.

Grain out: one row is one payment that came in. Payments out, and rows that cannot be read, are counted with their reason.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.clock import DAY_MS
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import key64_rows
from siyu.foundation.text import Text
from siyu.orders import cells, reading
from siyu.orders._seen import Seen
from siyu.orders.fields import Field, Mapping
from siyu.orders.lines import FIRST_YEAR_MS, MAX_PRICE
from siyu.orders.uploads import Upload

FIELDS = (
    Field("paid_at", Text("收款时间", "Time paid"), Text("日期或时间，按品牌时区理解", "date or time, read in the brand's time zone"),
          ("收款时间", "入账时间", "支付时间", "交易时间", "付款时间", "交易创建时间", "记账日期", "交易日期", "paid_at", "payment_date", "transaction_date", "date", "time", "日期", "时间"), required=True),
    Field("amount", Text("收款金额", "Amount"), Text("负数是付出去的，不算", "what is below 0 went out and does not count"),
          ("收款金额", "收入金额", "收入(+元)", "收入金额(+元)", "贷方发生额", "贷方金额", "交易金额", "金额(元)", "金额", "amount", "credit", "value"), required=True),
    Field("direction", Text("收/支", "In or out"), Text("写着支出的行不算", "rows that say they went out do not count"), ("收/支", "收支", "借贷标志", "direction")),
    Field("payment_no", Text("流水号", "Payment number"), Text("同一流水号只算一次", "a number counts once"),
          ("流水号", "交易单号", "交易号", "交易流水号", "支付流水号", "交易订单号", "payment_no", "payment_id", "transaction_id", "unique_id", "reference")),
    Field("order_no", Text("商户订单号", "Order number"), Text("有它就不用猜", "with it nothing has to be guessed"), ("商户订单号", "商户单号", "订单编号", "订单号", "order_no", "out_trade_no", "order_id")),
    Field("payer", Text("付款人", "Payer"), Text("", ""), ("付款人", "对方名称", "交易对方", "对方户名", "付款方", "payer", "counterparty", "name")),
    Field("memo", Text("摘要", "Memo"), Text("", ""), ("摘要", "备注", "附言", "用途", "商品", "商品名称", "交易备注", "memo", "description", "text", "note")),
)  # fmt: skip
REASONS = {
    "unreadable": Text("这一行读不出来", "the row cannot be read"),
    "ragged": Text("列数与表头不一致", "the number of cells differs from the header"),
    "no_time": Text("没有时间，或认不出来", "no time, or it cannot be read"),
    "time_out_of_range": Text("时间早于 1980 年或在未来", "before 1980 or in the future"),
    "no_amount": Text("没有金额，或不是数字", "no amount, or it is no number"),
    "amount_out_of_range": Text("金额大得不像真的", "an implausible amount"),
    "went_out": Text("是付出去的", "it went out"),
}
PAYMENTS = pa.schema(
    [("key", pa.int64()), ("paid_ms", pa.int64()), ("day", pa.int64()), ("amount_fen", pa.int64()), ("payment_no", pa.string()), ("reference", pa.string()), ("text", pa.string())]
)


@dataclass
class Statement:
    """What a file holds."""

    payments: pa.Table
    row_count: int
    reasons: Counter[str] = field(default_factory=Counter)


def check(mapping: Mapping, columns: list[str]) -> None:
    """Raise with every fault of a mapping."""
    names = {each.name for each in FIELDS}
    faults = [Fault(name, Text("没有这个字段", "no such field")) for name in mapping if name not in names]
    faults += [Fault(name, Text(f"文件里没有列「{column}」", f"the file has no column {column!r}")) for name, column in mapping.items() if column not in columns]
    faults += [
        Fault(each.name, Text(f"请指定「{each.label.zh}」对应的列", f"name the column of {each.label.en!r}")) for each in FIELDS if each.required and each.name not in mapping
    ]
    if faults:
        raise InvalidError(
            Text("字段对应不完整", "the mapping is not complete"), faults=faults,
            way_out=Text("用 --map 字段=列名 指定，或在导入页选择", "give it with --map field=column, or choose it on the import page"),
        )  # fmt: skip


def read_statement(upload: Upload, source: str, mapping: Mapping, zone: ZoneInfo, now_ms: int) -> Statement:
    """All payments of a file; the same row again has the same key, and two equal rows without numbers have two."""
    shape = reading.inspect(upload.path)
    check(mapping, shape.columns)
    columns = sorted(set(mapping.values()))
    day_first = bool(cells.looks_day_first(chunk.columns[mapping["paid_at"]] for chunk in reading.read(upload.path, shape, [mapping["paid_at"]])))
    found = Statement(PAYMENTS.empty_table(), 0)
    parts, seen = [], Seen()
    for chunk in reading.read(upload.path, shape, columns):
        found.row_count += len(chunk.lines) + len(chunk.broken)
        found.reasons.update(code for _, code, _ in chunk.broken)
        parts.append(_payments(chunk, source, mapping, zone, day_first, now_ms, found.reasons, seen))
    found.payments = pa.concat_tables([found.payments, *parts])
    return found


def _payments(chunk: reading.Chunk, source: str, mapping: Mapping, zone: ZoneInfo, day_first: bool, now_ms: int, reasons: Counter[str], seen: Seen) -> pa.Table:
    size = len(chunk.lines)

    def text(name: str) -> pa.Array:
        return cells.codes(chunk.columns[mapping[name]]) if name in mapping else pa.nulls(size, pa.string())

    paid = cells.times(chunk.columns[mapping["paid_at"]], zone, day_first).values
    amount = cells.numbers(chunk.columns[mapping["amount"]]).values
    faults = {
        "no_time": pc.is_null(paid),
        "time_out_of_range": pc.or_(pc.greater(paid, now_ms + DAY_MS), pc.less(paid, FIRST_YEAR_MS)),
        "no_amount": pc.is_null(amount),
        "amount_out_of_range": pc.greater(pc.abs(amount), MAX_PRICE),
        "went_out": pc.or_(pc.fill_null(pc.less_equal(amount, 0), False), pc.fill_null(pc.match_substring_regex(text("direction"), r"(?i)支出|借|付款|^out$|debit"), False)),
    }
    refused = np.zeros(size, bool)
    for code, rows in faults.items():
        here = pc.fill_null(rows, False).to_numpy(zero_copy_only=False) & ~refused
        reasons[code] += int(here.sum())
        refused |= here
    fen = pc.round(pc.multiply(pc.fill_null(amount, 0.0), 100.0))
    words = pc.binary_join_element_wise(text("payer"), text("memo"), " ", null_handling="skip")
    rows = pa.table({"paid_ms": paid, "amount_fen": pc.if_else(pa.array(refused), 0.0, fen).cast(pa.int64()), "payment_no": text("payment_no"), "reference": text("order_no"), "text": words})
    rows = rows.filter(pa.array(~refused))
    local = pc.assume_timezone(rows["paid_ms"].cast(pa.timestamp("ms")), "UTC").cast(pa.timestamp("ms", tz=zone.key))
    days = pc.local_timestamp(local).cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    return rows.append_column("day", days).append_column("key", _keys(rows, source, seen)).select(PAYMENTS.names).cast(PAYMENTS)


def _keys(rows: pa.Table, source: str, seen: Seen) -> pa.Array:
    sources = pa.array([source] * rows.num_rows, pa.string())
    number = rows["payment_no"].combine_chunks()
    content = key64_rows(sources, *(rows[name].combine_chunks() for name in ("paid_ms", "amount_fen", "text", "reference")))
    counted = key64_rows(pa.array(content), pa.array(seen.add(content)))
    named = key64_rows(sources, number)
    return pa.array(np.where(pc.is_valid(number).to_numpy(zero_copy_only=False), named, counted).astype(np.int64))

