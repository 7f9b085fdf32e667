"""Spend 花费台账: every yuan with its day, source and evidence, as entries whose lines come to 0. Nothing is edited: what was wrong is
taken back by an entry of its own, and written anew by another, so that what was believed at any time can still be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from siyu.acquisition import _tables, sources
from siyu.acquisition.errors import AlreadyCorrectedError
from siyu.events import log
from siyu.events.catalogue.acquisition import SPEND_POSTED
from siyu.foundation.clock import day_number
from siyu.foundation.database import select_in
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.ids import new_id
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

Kind = Literal["media", "kol", "gift", "coupon", "message_fee", "commission", "staff_time", "other"]
Origin = Literal["hand", "api", "file", "accrual"]
KINDS: dict[str, Text] = {
    "media": Text("媒体投放", "Media"),
    "kol": Text("达人", "KOL"),
    "gift": Text("礼品", "Gifts"),
    "coupon": Text("优惠券核销", "Coupons redeemed"),
    "message_fee": Text("消息费", "Message fees"),
    "commission": Text("佣金", "Commissions"),
    "staff_time": Text("员工时间", "Staff time"),
    "other": Text("其他", "Other"),
}
MOST_FEN = 10**12
FIRST_DAY = date(1980, 1, 1)
_e, _p = _tables.entry, _tables.posting
_WRONG = Text("花费有误", "the spend is not valid")


@dataclass(frozen=True)
class Share:
    """A part of an entry that belongs to one source. `source_id` 0: to none, which only accruals may say."""

    source_id: int
    amount_fen: int
    offer_id: int = 0
    region: str = ""


@dataclass(frozen=True)
class Spending:
    """What was spent on a day: fen of the brand's currency (> 0; an accrual may take back), in shares. `ref`: posted once; '' gives it one of its own.

    Paid in another currency: `currency`, `original_fen` and `rate` (how much of the brand's currency one unit cost) say how much it was.
    """

    day: date
    kind: Kind
    shares: tuple[Share, ...]
    evidence: str = ""
    ref: str = ""
    currency: str = ""
    original_fen: int | None = None
    rate: str | None = None

    @property
    def amount_fen(self) -> int:
        return sum(share.amount_fen for share in self.shares)


def spending(day: date, source_id: int, kind: Kind, amount_fen: int, **more: Any) -> Spending:
    """What was spent at one source. `more`: `evidence`, `ref`, `offer_id`, `region`."""
    shares = (Share(source_id, amount_fen, more.pop("offer_id", 0), more.pop("region", "")),)
    return Spending(day, kind, shares, **more)


@dataclass(frozen=True)
class Line:
    """One side of an entry. `account`: spend, payable or accrued."""

    line: int
    account: str
    source_id: int
    offer_id: int
    region: str
    amount_fen: int


@dataclass(frozen=True)
class Entry:
    """`amount_fen`: what its lines put on accounts of spend; below zero for a reversal. `corrected_by`: the reversal that took it back."""

    id: int
    ref: str
    day: date
    kind: Kind
    evidence: str
    origin: Origin
    currency: str
    original_fen: int | None
    rate: str | None
    by: str
    at: datetime
    corrects_id: int | None
    is_reversal: bool
    reason: str
    lines: tuple[Line, ...] = ()
    corrected_by: int | None = None

    @property
    def amount_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines if line.account == "spend")


@dataclass(frozen=True)
class Posted:
    """`entry_ids` of those that are new; `again`: how many were posted before under their reference."""

    entry_ids: list[int] = field(default_factory=list)
    again: int = 0


def post(stores: Stores, tx: Connection, rows: Sequence[Spending], *, by: str, origin: Origin = "hand") -> Posted:
    """Enter what was spent, each under its reference once; all of them or, with a fault, none.

    Raises
    ------
    InvalidError
        With a fault for every row that cannot be posted, as `0.source_id`.
    """
    faults = [Fault(f"{row}.{name}", said) for row, one in enumerate(rows) for name, said in faults_of(stores, one, origin)]
    wanted = {share.source_id for one in rows for share in one.shares if share.source_id}
    gone = set(sources.missing(tx, sorted(wanted)))
    for row, one in enumerate(rows):
        faults += [Fault(f"{row}.source_id", Text(f"没有来源 {share.source_id}", f"there is no source {share.source_id}")) for share in one.shares if share.source_id in gone]
    if faults:
        raise InvalidError(_WRONG, faults=faults)
    referred = {one.ref or new_id("spend"): one for one in reversed(rows)}
    refs = list(reversed(referred))
    return _written(stores, tx, [_row(stores, referred[ref], ref, by, origin) for ref in refs], [referred[ref] for ref in refs], len(rows))


def correct(stores: Stores, tx: Connection, entry_id: int, instead: Spending | None, *, reason: str, by: str) -> tuple[Entry, Entry | None]:
    """Take an entry back by another on the same day, and enter what is right instead (None: nothing). Returns both.

    Raises
    ------
    NotFoundError, InvalidError
    AlreadyCorrectedError
        When it was taken back before; ConflictError for a reversal, which stands.
    """
    wrong = find(tx, entry_id, hold=True)
    if wrong.is_reversal:
        raise ConflictError(Text("冲回不能再更正", "a reversal cannot be corrected"), way_out=Text("更正后来的那一笔，或另记一笔", "correct what took its place, or enter another"))
    if wrong.corrected_by is not None:
        raise AlreadyCorrectedError(Text("这一笔已更正过", "this entry was corrected before"), way_out=Text("更正代替它的那一笔", "correct the one that took its place"))
    if not 0 < len(reason.strip()) <= 200:
        raise InvalidError(_WRONG, faults=[Fault("reason", Text("请写原因(最多 200 字)", "say why, in 200 characters at most"))])
    told = {"corrects_id": entry_id, "reason": reason.strip()}
    back = replace(_as_said(wrong), ref=f"reverse:{entry_id}", shares=tuple(replace(share, amount_fen=-share.amount_fen) for share in _as_said(wrong).shares))
    row = _row(stores, back, back.ref, by, wrong.origin) | told | {"is_reversal": True}
    reversal = find(tx, _written(stores, tx, [row], [back], 1).entry_ids[0])
    if instead is None:
        return reversal, None
    _check_one(stores, tx, instead, wrong.origin)
    ref = f"instead:{entry_id}"
    right = _written(stores, tx, [_row(stores, instead, ref, by, wrong.origin) | told], [instead], 1)
    return reversal, find(tx, right.entry_ids[0])


def find(tx: Connection, entry_id: int, *, hold: bool = False) -> Entry:
    """
    Raises
    ------
    NotFoundError
    """
    query = select(_e).where(_e.c.id == entry_id)
    row = tx.execute(query.with_for_update() if hold else query).first()
    if row is None:
        raise NotFoundError(Text(f"没有这笔花费 {entry_id}", f"there is no entry {entry_id}"), way_out=Text("回到花费台账", "go back to the ledger"))
    return read_entries(tx, [row])[0]


def read_entries(tx: Connection, rows: Sequence[Row[Any]]) -> list[Entry]:
    """Rows of entries with their lines, and by what each was taken back."""
    ids = [row.id for row in rows]
    lines: dict[int, list[Line]] = {one: [] for one in ids}
    for row in sorted(select_in(tx, [*_p.c], _p.c.entry_id, ids), key=lambda row: (row.entry_id, row.line)):
        lines[row.entry_id].append(Line(row.line, row.account, row.source_id, row.offer_id, row.region, row.amount_fen))
    backs = select_in(tx, [_e.c.corrects_id, _e.c.id, _e.c.is_reversal], _e.c.corrects_id, ids)
    taken_back = {row.corrects_id: row.id for row in backs if row.is_reversal}
    return [Entry(**row._mapping, lines=tuple(lines[row.id]), corrected_by=taken_back.get(row.id)) for row in rows]


def faults_of(stores: Stores, one: Spending, origin: Origin) -> list[tuple[str, Text]]:
    """What is wrong with it: (field, words)."""
    found = []
    if not FIRST_DAY <= one.day <= stores.calendar.on(stores.now()):
        found.append(("day", Text("1980 年到今天", "between 1980 and today")))
    if one.kind not in KINDS:
        found.append(("kind", Text("没有这个类别", "there is no such kind")))
    least = -MOST_FEN if origin == "accrual" else 1
    if not one.shares or any(not share.amount_fen or not least <= share.amount_fen <= MOST_FEN for share in one.shares):
        found.append(("amount", Text(f"0 到 {MOST_FEN // 100:,} 元", f"more than 0, up to {MOST_FEN // 100:,}")))
    if origin != "accrual" and any(share.source_id < 1 for share in one.shares):
        found.append(("source_id", Text("请选来源", "choose a source")))
    if len({(share.source_id, share.offer_id, share.region) for share in one.shares}) < len(one.shares):
        found.append(("shares", Text("同一来源写了两次", "a source is named twice")))
    found += [(name, Text(f"最多 {longest} 字", f"at most {longest} characters")) for name, longest in (("evidence", 400), ("ref", 160)) if len(getattr(one, name)) > longest]
    if any(len(share.region) > 40 for share in one.shares):
        found.append(("region", Text("最多 40 字", "at most 40 characters")))
    return found + _foreign_faults(stores, one)


def in_brand_currency(original_fen: int, rate: str) -> int:
    """Fen of the brand's currency for an amount of another at so much a unit; half a fen rounds up."""
    return int((Decimal(original_fen) * Decimal(rate)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def is_rate(text: str) -> bool:
    """Whether it is a rate of exchange: a plain decimal number above 0, up to a million."""
    return len(text) <= 24 and text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit() and 0 < Decimal(text) <= 1_000_000


def _foreign_faults(stores: Stores, one: Spending) -> list[tuple[str, Text]]:
    if one.currency in ("", stores.settings.currency):
        return []
    if not (len(one.currency) == 3 and one.currency.isascii() and one.currency.isupper()):
        return [("currency", Text("三个大写字母，如 USD", "three capital letters, such as USD"))]
    if one.original_fen is None or one.rate is None or not is_rate(one.rate):
        return [("rate", Text(f"请写 1 {one.currency} 合多少 {stores.settings.currency}", f"say how much {stores.settings.currency} one {one.currency} is"))]
    if in_brand_currency(one.original_fen, one.rate) != one.amount_fen:
        return [("amount", Text("与原币金额和汇率不符", "it is not the original amount at this rate"))]
    return []


def _check_one(stores: Stores, tx: Connection, one: Spending, origin: Origin) -> None:
    faults = [Fault(name, said) for name, said in faults_of(stores, one, origin)]
    faults += [Fault("source_id", Text(f"没有来源 {gone}", f"there is no source {gone}")) for gone in sources.missing(tx, [share.source_id for share in one.shares if share.source_id])]
    if faults:
        raise InvalidError(_WRONG, faults=faults)


def _as_said(entry: Entry) -> Spending:
    shares = tuple(Share(line.source_id, line.amount_fen, line.offer_id, line.region) for line in entry.lines if line.account == "spend")
    return Spending(entry.day, entry.kind, shares, entry.evidence, entry.ref, entry.currency, entry.original_fen, entry.rate)


def _row(stores: Stores, one: Spending, ref: str, by: str, origin: Origin) -> dict[str, Any]:
    foreign = one.currency not in ("", stores.settings.currency)
    return {
        "ref": ref, "day": one.day, "kind": one.kind, "evidence": one.evidence.strip(), "origin": origin, "currency": one.currency if foreign else stores.settings.currency,
        "original_fen": one.original_fen if foreign else None, "rate": one.rate if foreign else None, "by": by[:80], "at": stores.now(),
        "corrects_id": None, "is_reversal": False, "reason": "",
    }  # fmt: skip


def _written(stores: Stores, tx: Connection, rows: list[dict[str, Any]], said: Sequence[Spending], asked: int) -> Posted:
    """Insert entries whose reference is new, their lines, and tell of them."""
    if not rows:
        return Posted()
    new = (sqlite.insert(_e) if tx.dialect.name == "sqlite" else postgresql.insert(_e)).on_conflict_do_nothing(index_elements=["ref"])
    ids = {row.ref: int(row.id) for row in tx.execute(new.returning(_e.c.id, _e.c.ref), rows)}
    lines = [line for row, one in zip(rows, said, strict=True) if row["ref"] in ids for line in _lines(ids[row["ref"]], one, row["origin"])]
    if lines:
        tx.execute(insert(_p), lines)
        kinds = {ids[row["ref"]]: row["kind"] for row in rows if row["ref"] in ids}
        _tell(stores, tx, [line for line in lines if line["account"] == "spend"], kinds)
    return Posted([ids[row["ref"]] for row in rows if row["ref"] in ids], asked - len(ids))


def _lines(entry_id: int, one: Spending, origin: str) -> list[dict[str, Any]]:
    """What came on each source, and over against it what is owed."""
    spent: list[dict[str, Any]] = [{"account": "spend", "source_id": share.source_id, "offer_id": share.offer_id, "region": share.region.strip(), "amount_fen": share.amount_fen} for share in one.shares]
    owed: dict[str, Any] = {"account": "accrued" if origin == "accrual" else "payable", "source_id": 0, "offer_id": 0, "region": "", "amount_fen": -one.amount_fen}
    return [{"entry_id": entry_id, "line": number, "day": one.day, **line} for number, line in enumerate([*spent, owed], 1)]


def _tell(stores: Stores, tx: Connection, lines: list[dict[str, Any]], kinds: dict[int, str]) -> None:
    columns: dict[str, object] = {name: [line[name] for line in lines] for name in ("entry_id", "line", "source_id", "offer_id", "amount_fen", "region")}
    columns |= {"day": [day_number(line["day"]) for line in lines], "kind": [kinds[line["entry_id"]] for line in lines]}
    log.append(tx, SPEND_POSTED, SPEND_POSTED.table(columns), now=stores.now())


def unknown(tx: Connection, refs: Sequence[str]) -> set[str]:
    """Those of these references under which nothing was posted yet."""
    return set(refs) - {row.ref for row in select_in(tx, [_e.c.ref], _e.c.ref, sorted(set(refs)))}


def find_some(tx: Connection, entry_ids: Sequence[int]) -> list[Entry]:
    """These entries; those that there are not are left out."""
    return read_entries(tx, select_in(tx, [*_e.c], _e.c.id, list(entry_ids)))
