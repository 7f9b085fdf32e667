"""Files of spend 花费文件: CSV, Excel or Parquet as media platforms and bookkeepers write them, into entries; what cannot be posted is kept
with its reason. A row that was posted is known again, by its own reference or by what it says: a file taken in twice changes nothing.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, insert, select, update

from siyu.acquisition import _tables, sources, spend
from siyu.acquisition.spend import Spending, spending
from siyu.foundation import jobs
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.ids import key64_rows
from siyu.foundation.jobs import Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import cells, fields, reading, uploads
from siyu.orders.fields import Field

JOB = "acquisition.spend_import"
FIELDS = (
    Field("day", Text("日期", "Day"), Text("花在哪一天", "when it was spent"), ("日期", "花费日期", "消耗日期", "投放日期", "时间", "day", "date", "spent_on"), required=True),
    Field("source", Text("来源", "Source"), Text("名称、编号，或用 / 连起的整条路径；也可分列写平台、活动、创意、点位", "a name, a number, or a path joined by /; or the four levels in columns of their own"),
          ("来源", "来源渠道", "渠道", "source", "source_name", "source_path", "channel")),
    Field("platform", Text("平台", "Platform"), Text("", ""), ("平台", "媒体", "platform", "media")),
    Field("campaign", Text("活动", "Campaign"), Text("", ""), ("活动", "计划", "推广计划", "campaign", "campaign_name")),
    Field("creative", Text("创意", "Creative"), Text("", ""), ("创意", "素材", "creative", "ad", "ad_name")),
    Field("place", Text("点位", "Place"), Text("", ""), ("点位", "位置", "place", "placement")),
    Field("amount", Text("金额", "Amount"), Text("元", "in units of the currency"), ("金额", "花费", "消耗", "花费(元)", "消耗(元)", "金额(元)", "现金消耗", "amount", "cost", "spend"), required=True),
    Field("kind", Text("类别", "Kind"), Text("没有这一列时算媒体投放", "media without it"), ("类别", "类型", "费用类别", "kind", "type", "category")),
    Field("currency", Text("币种", "Currency"), Text("没有时是品牌的币种", "the brand's without it"), ("币种", "货币", "currency")),
    Field("rate", Text("汇率", "Rate"), Text("一单位合多少品牌的币种", "how much of the brand's currency one unit is"), ("汇率", "rate", "fx")),
    Field("region", Text("城市", "City"), Text("", ""), ("城市", "地域", "地区", "region", "city")),
    Field("evidence", Text("凭证", "Evidence"), Text("发票号、合同、网址", "an invoice, a contract, an address"), ("凭证", "发票", "发票号", "备注", "说明", "evidence", "invoice", "note", "memo")),
    Field("ref", Text("流水号", "Reference"), Text("同一号只记一次", "a reference is entered once"), ("流水号", "引用号", "单号", "编号", "ref", "reference", "id")),
)  # fmt: skip
LEVELS = ("platform", "campaign", "creative", "place")
REASONS = {
    "unreadable": Text("这一行读不出来", "the row cannot be read"),
    "ragged": Text("列数与表头不一致", "the number of cells differs from the header"),
    "no_day": Text("没有日期，或认不出来", "no day, or it cannot be read"),
    "no_source": Text("没有写来源", "it names no source"),
    "unknown_source": Text("没有这个来源", "there is no such source"),
    "several_sources": Text("有几个来源叫这个名字，请写整条路径", "several sources have this name: write the whole path"),
    "no_amount": Text("没有金额，或不是数字", "no amount, or it is no number"),
    "kind": Text("没有这个类别", "there is no such kind"),
    "day": Text("日期要在 1980 年到今天之间", "the day must lie between 1980 and today"),
    "amount": Text("金额要大于 0", "the amount must be more than 0"),
    "rate": Text("外币要写汇率", "another currency needs its rate"),
    "currency": Text("币种写成三个大写字母", "a currency is three capital letters"),
    "long": Text("文字太长", "a text is too long"),
}
_KINDS = {word.strip().lower(): kind for kind, text in spend.KINDS.items() for word in (kind, text.zh, text.en)} | {
    "广告": "media", "投放": "media", "ad": "media", "ads": "media", "赠品": "gift", "gifts": "gift", "网红": "kol", "人工": "staff_time", "短信": "message_fee", "券": "coupon",
}  # fmt: skip
_t, _r = _tables.spend_import, _tables.reject


@dataclass(frozen=True)
class SpendImport:
    """`counts` once it has ended: rows, posted, again, rejected, amount_fen, reasons (code → rows)."""

    id: int
    upload_id: str
    name: str
    mapping: dict[str, str]
    dry_run: bool
    job_id: str | None
    counts: dict[str, Any] | None
    by: str
    at: datetime
    ended_at: datetime | None


@dataclass
class _Found:
    """Rows of a file: what may be posted, with its line; and what not."""

    rows: list[tuple[int, Spending]] = field(default_factory=list)
    rejects: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)


def propose(tx: Connection, columns: list[str]) -> dict[str, str]:
    """Which column holds what: as it was said for the last file with such columns, else by their names."""
    for row in tx.execute(select(_t.c.mapping).order_by(_t.c.id.desc()).limit(20)):
        if row.mapping and set(row.mapping.values()) <= set(columns):
            return dict(row.mapping)
    return fields.guess(columns, FIELDS)


def plan(stores: Stores, tx: Connection, *, upload_id: str, mapping: Mapping[str, str], dry_run: bool, by: str) -> SpendImport:
    """Check the mapping against the file, write the import down and ask for its job.

    Raises
    ------
    NotFoundError, InvalidError
    """
    upload = uploads.find_upload(stores, tx, upload_id)
    _check(mapping, reading.inspect(upload.path).columns)
    row = {"upload_id": upload_id, "name": upload.name, "mapping": dict(mapping), "dry_run": dry_run, "by": by[:80], "at": stores.now()}
    number = int(tx.execute(insert(_t).values(row).returning(_t.c.id)).scalar_one())
    job_id = jobs.submit(tx, JOB, {"import_id": number}, now=stores.now(), created_by=by)
    tx.execute(update(_t).where(_t.c.id == number).values(job_id=job_id))
    return find(tx, number)


def run(running: Running) -> dict[str, Any]:
    """Post the rows of a file, 50,000 at a time, each chunk in one transaction; of a dry run only the counts and rejects are kept."""
    stores, number = running.stores, int(running.arguments["import_id"])
    with running.begin() as tx:
        mine = find(tx, number)
        if mine.counts is not None:
            return mine.counts
        tx.execute(delete(_r).where(_r.c.import_id == number))
        upload = uploads.find_upload(stores, tx, mine.upload_id)
        places = Places(tx)
    totals: Counter[str] = Counter(dict.fromkeys(("rows", "posted", "again", "rejected", "amount_fen"), 0))
    reasons: Counter[str] = Counter()
    shape, seen = reading.inspect(upload.path), Counter[int]()
    day_column = [mine.mapping["day"]]
    day_first = bool(cells.looks_day_first(chunk.columns[day_column[0]] for chunk in reading.read(upload.path, shape, day_column)))
    for chunk in reading.read(upload.path, shape, sorted(set(mine.mapping.values()))):
        found = _read(stores, chunk, mine.mapping, places, day_first, seen)
        with running.begin() as tx:
            done = _posted(stores, tx, mine, found)
        totals.update({"rows": len(found.rows) + len(found.rejects), "rejected": len(found.rejects), **done})
        reasons.update(reason for _, reason, _ in found.rejects)
        running.progress(totals["rows"], None, Text("正在读花费", "reading spend"))
    counts = {**totals, "reasons": dict(reasons)}
    with running.begin() as tx:
        tx.execute(update(_t).where(_t.c.id == number).values(counts=counts, ended_at=stores.now()))
    if not mine.dry_run:
        uploads.discard(upload)
    return counts


def find(tx: Connection, import_id: int) -> SpendImport:
    """
    Raises
    ------
    NotFoundError
    """
    row = tx.execute(select(_t).where(_t.c.id == import_id)).first()
    if row is None:
        raise NotFoundError(Text("没有这次导入", "there is no such import"))
    return SpendImport(**row._mapping)


def listed(tx: Connection, limit: int = 20) -> list[SpendImport]:
    """The last imports, the newest first."""
    return [SpendImport(**row._mapping) for row in tx.execute(select(_t).order_by(_t.c.id.desc()).limit(limit))]


def rejects_csv(tx: Connection, import_id: int) -> Iterator[str]:
    """The rows that were not posted, with line and reason, in the columns that they came in: put right they can be imported again."""
    columns = list(dict.fromkeys(find(tx, import_id).mapping.values()))
    yield "﻿" + _line(["line 行", "reason 原因", *columns])
    for rows in tx.execute(select(_r).where(_r.c.import_id == import_id).order_by(_r.c.line)).partitions(500):
        yield "".join(_line([row.line, f"{REASONS[row.reason].zh} {REASONS[row.reason].en}", *(row.seen.get(name, "") for name in columns)]) for row in rows)


class Places:
    """Sources by number, by path of names, and by name where only one has it."""

    def __init__(self, tx: Connection) -> None:
        tree = sources.listed(tx, archived=True)
        named = {one.id: one.name for one in tree}
        self._by: dict[str, set[int]] = defaultdict(set)
        self._paths = {"/".join(_form(named[number]) for number in one.ancestors): one.id for one in tree}
        for one in tree:
            self._by[_form(one.name)].add(one.id)
            self._by[str(one.id)].add(one.id)

    def find(self, said: str) -> int | str:
        """The number, or why there is none."""
        parts = [_form(part) for part in said.replace("\uff0f", "/").replace(">", "/").split("/") if part.strip()]
        if not parts:
            return "no_source"
        if (exact := self._paths.get("/".join(parts))) is not None:
            return exact
        found = self._by.get(parts[0], set()) if len(parts) == 1 else set()
        return next(iter(found)) if len(found) == 1 else "several_sources" if found else "unknown_source"


def _posted(stores: Stores, tx: Connection, mine: SpendImport, found: _Found) -> dict[str, int]:
    if found.rejects:
        tx.execute(insert(_r), [{"import_id": mine.id, "line": line, "reason": reason, "seen": seen} for line, reason, seen in found.rejects])
    rows = [one for _, one in found.rows]
    if mine.dry_run:
        new = spend.unknown(tx, [one.ref for one in rows])
    else:
        made = spend.post(stores, tx, rows, by=mine.by, origin="file")
        new = {entry.ref for entry in spend.find_some(tx, made.entry_ids)}
    fen = {one.ref: one.amount_fen for one in reversed(rows) if one.ref in new}
    return {"posted": len(new), "again": len(rows) - len(new), "amount_fen": sum(fen.values())}


def _read(stores: Stores, chunk: reading.Chunk, mapping: Mapping[str, str], places: Places, day_first: bool, seen: Counter[int]) -> _Found:
    size = len(chunk.lines)
    texts = {name: cells.texts(chunk.columns[column]).to_pylist() for name, column in mapping.items()}
    days = cells.times(chunk.columns[mapping["day"]], stores.calendar.zone, day_first).values.to_pylist()
    amounts = cells.numbers(chunk.columns[mapping["amount"]]).values
    fens = pc.round(pc.multiply(amounts, 100.0)).to_pylist()
    refs = _refs(texts, size, seen)
    found = _Found(rejects=[(line, code, {"": text[:200]}) for line, code, text in chunk.broken])
    said = {name: texts.get(name, [None] * size) for name in (one.name for one in FIELDS)}
    whole = [row if (row := said["source"][at]) else "/".join(part for name in LEVELS if (part := said[name][at])) for at in range(size)]
    number_of = {one: places.find(one) for one in set(whole)}
    for at, line in enumerate(chunk.lines.to_pylist()):
        one = _one(stores, {name: said[name][at] or "" for name in said}, days[at], fens[at], number_of[whole[at]], refs[at])
        if isinstance(one, str):
            found.rejects.append((line, one, {column: (texts[name][at] or "")[:200] for name, column in mapping.items()}))
        else:
            found.rows.append((line, one))
    return found


def _one(stores: Stores, said: Mapping[str, str], day_ms: int | None, fen: float | None, source: int | str, ref: str) -> Spending | str:
    """What a row spends, or why it cannot be posted."""
    kind = _KINDS.get(said["kind"].strip().lower()) if said["kind"] else "media"
    if day_ms is None or fen is None or isinstance(source, str) or kind is None:
        return "no_day" if day_ms is None else source if isinstance(source, str) else "no_amount" if fen is None else "kind"
    currency = said["currency"].upper()
    foreign = currency not in ("", stores.settings.currency)
    if foreign and not spend.is_rate(said["rate"]):
        return "rate"
    amount = spend.in_brand_currency(int(fen), said["rate"]) if foreign else int(fen)
    more = {"currency": currency, "original_fen": int(fen), "rate": said["rate"]} if foreign else {}
    one = spending(stores.calendar.on(from_ms(day_ms)), source, kind, amount, evidence=said["evidence"], region=said["region"], ref=ref, **more)  # type: ignore[arg-type]
    faults = [name for name, _ in spend.faults_of(stores, one, "file")]
    return (faults[0] if faults[0] in REASONS else "long") if faults else one


def _refs(texts: Mapping[str, Sequence[str | None]], size: int, seen: Counter[int]) -> list[str]:
    """A row's own reference; else a key of what it says, and how often it was said before in this file."""
    columns = [pa.array(texts[name], pa.string()) for name in sorted(texts) if name != "ref"]
    refs = []
    for own, key in zip(texts.get("ref", [None] * size), key64_rows(*columns).tolist(), strict=True):
        refs.append(f"file:{own[:150]}" if own else f"row:{key}:{seen[key]}")
        seen[key] += 1
    return refs


def _check(mapping: Mapping[str, str], columns: list[str]) -> None:
    known = {one.name for one in FIELDS}
    faults = [Fault(name, Text("没有这个字段", "no such field")) for name in mapping if name not in known]
    faults += [Fault(name, Text(f"文件里没有列「{column}」", f"the file has no column {column!r}")) for name, column in mapping.items() if column not in columns]
    faults += [Fault(one.name, Text(f"请指定「{one.label.zh}」对应的列", f"name the column of {one.label.en!r}")) for one in FIELDS if one.required and one.name not in mapping]
    if not {"source", "platform"} & mapping.keys():
        faults.append(Fault("source", Text("请指定来源列，或平台列", "name the column of the source, or of the platform")))
    if faults:
        raise InvalidError(Text("字段对应不完整", "the mapping is not complete"), faults=faults, way_out=Text("选列，或用 --map 字段=列名", "choose columns, or give --map field=column"))


def _form(name: str) -> str:
    return " ".join(name.split()).lower()


def _line(values: Sequence[Any]) -> str:
    out = StringIO()
    # A leading = + - @ would run as a formula when the file is opened in a spreadsheet.
    csv.writer(out, lineterminator="\r\n").writerow([f"'{one}" if str(one).startswith(("=", "+", "-", "@", "\t", "\r")) else one for one in values])
    return out.getvalue()
