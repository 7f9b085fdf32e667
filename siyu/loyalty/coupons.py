"""Coupons 优惠券: what is promised: how much or what, from when until when, how many there are, how many one person may have.

Once a code is out, what was promised stays: the name, the stock (never below what is out) and the limit may still change.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from siyu.foundation.clock import to_ms
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import _tables

Kind = Literal["amount", "percent", "gift"]
Status = Literal["draft", "live", "stopped"]
KINDS = {"amount": Text("满减券", "Amount off"), "percent": Text("折扣券", "Percent off"), "gift": Text("兑换券", "Gift")}
LONGEST_DAYS = 3650
MOST_FEN = 100_000_000
_t = _tables.coupon
PROMISED = ("kind", "face_fen", "pay_percent", "most_off_fen", "threshold_fen", "gift", "goods", "from_on", "until_on", "days")


@dataclass(frozen=True)
class Draft:
    """What may be written of a coupon. `pay_percent`: 85 is 8.5折; `days` counts from each issue, else the two days hold, both included.

    `cost_fen`: what one redemption is expected to cost the brand. `stock` and `per_person` None: without a bound.
    """

    name: str
    kind: Kind
    face_fen: int = 0
    pay_percent: int = 100
    most_off_fen: int = 0
    threshold_fen: int = 0
    gift: str = ""
    goods: str = ""
    terms: str = ""
    from_on: date | None = None
    until_on: date | None = None
    days: int | None = None
    stock: int | None = None
    per_person: int | None = 1
    cost_fen: int = 0


@dataclass(frozen=True)
class Coupon(Draft):
    """A coupon. The counts are of all time, also of people who were erased; `value_fen`: what redemptions that stand took off."""

    id: int = 0
    status: Status = "draft"
    issued: int = 0
    redeemed: int = 0
    expired: int = 0
    value_fen: int = 0
    edit: int = 1
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def left(self) -> int | None:
        """How many codes there are still; None without a bound."""
        return None if self.stock is None else self.stock - self.issued

    def off(self, order_fen: int | None) -> int | None:
        """What it takes off an order of so much, fen; None for a percentage of an unknown order. Half a fen is the customer's."""
        if self.kind == "gift":
            return 0
        if self.kind == "amount":
            return self.face_fen if order_fen is None else min(self.face_fen, order_fen)
        if order_fen is None:
            return None
        off = -(-order_fen * (100 - self.pay_percent) // 100)
        return min(off, self.most_off_fen) if self.most_off_fen else off


def yuan(fen: int) -> str:
    """An amount in yuan as people say it: 20, 19.9, 0.05."""
    return f"{fen / 100:.2f}".rstrip("0").rstrip(".")


def spell(stores: Stores, coupon: Draft, at: datetime) -> tuple[int, int]:
    """From when until when (exclusive) a code holds that is issued at an instant, epoch ms: whole days of the brand."""
    if coupon.days is not None:
        return to_ms(at), stores.calendar.end_ms(stores.calendar.on(at) + timedelta(days=coupon.days))
    assert coupon.from_on is not None
    assert coupon.until_on is not None
    return stores.calendar.midnight_ms(coupon.from_on), stores.calendar.end_ms(coupon.until_on)


def add(stores: Stores, tx: Connection, draft: Draft, *, by: str) -> Coupon:
    """
    Raises
    ------
    InvalidError
    """
    clean = _checked(draft)
    now = stores.now()
    row = {**asdict(clean), "status": "draft", "issued": 0, "redeemed": 0, "expired": 0, "value_fen": 0, "edit": 1}
    row |= {"created_at": now, "created_by": by[:80], "updated_at": now, "updated_by": by[:80]}
    return find(tx, int(tx.execute(insert(_t).values(row).returning(_t.c.id)).scalar_one()))


def change(stores: Stores, tx: Connection, coupon_id: int, draft: Draft, *, edit: int | None, by: str) -> Coupon:
    """
    Raises
    ------
    NotFoundError, InvalidError
    ConflictError
        When somebody else changed it since `edit`, or when a code is out and what was promised would change.
    """
    held, clean = find(tx, coupon_id, hold=True), _checked(draft)
    if edit is not None and edit != held.edit:
        raise ConflictError(Text("这张券刚被别人改过", "somebody else has changed this coupon"), way_out=Text("刷新后再改", "load it again"))
    faults = [Fault(name, Text("已有人领取，不能再改", "a code is out; this stays")) for name in PROMISED if held.issued and getattr(held, name) != getattr(clean, name)]
    if faults:
        raise ConflictError(Text("已发出的券，承诺不能改", "what was promised to people stays"), faults=faults, way_out=Text("停发这张，另建一张新券", "stop this one and write a new coupon"))
    if clean.stock is not None and clean.stock < held.issued:
        raise ConflictError(Text(f"库存不能少于已发的 {held.issued} 张", f"the stock cannot be below the {held.issued} that are out"), faults=[Fault("stock", Text("太小", "too small"))])
    tx.execute(update(_t).where(_t.c.id == coupon_id).values(**asdict(clean), edit=held.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    return find(tx, coupon_id)


def set_status(stores: Stores, tx: Connection, coupon_id: int, status: Status, *, by: str) -> Coupon:
    """Begin to issue, or stop. Codes that are out hold all the same."""
    held = find(tx, coupon_id, hold=True)
    if status == "draft":
        raise ConflictError(Text("不能回到草稿", "it cannot become a draft again"))
    if held.status != status:
        tx.execute(update(_t).where(_t.c.id == coupon_id).values(status=status, edit=held.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    return find(tx, coupon_id)


def remove(tx: Connection, coupon_id: int) -> Coupon:
    """Remove a coupon of which no code was ever issued.

    Raises
    ------
    NotFoundError, ConflictError
    """
    held = find(tx, coupon_id, hold=True)
    if held.issued:
        raise ConflictError(Text("已发出过，不能删除", "codes of it are out: it cannot be removed"), way_out=Text("停发即可", "stop it instead"))
    tx.execute(delete(_t).where(_t.c.id == coupon_id))
    return held


def find(tx: Connection, coupon_id: int, *, hold: bool = False) -> Coupon:
    """
    Raises
    ------
    NotFoundError
    """
    query = select(_t).where(_t.c.id == coupon_id)
    row = tx.execute(query.with_for_update() if hold else query).first()
    if row is None:
        raise NotFoundError(Text(f"没有优惠券 {coupon_id}", f"there is no coupon {coupon_id}"), way_out=Text("回到优惠券列表", "go back to the list of coupons"))
    return _read(row)


def find_some(tx: Connection, coupon_ids: list[int]) -> dict[int, Coupon]:
    return {row.id: _read(row) for row in tx.execute(select(_t).where(_t.c.id.in_(coupon_ids)))} if coupon_ids else {}


def listed(tx: Connection, *, status: str | None = None, q: str = "", before_id: int | None = None, limit: int = 50) -> list[Coupon]:
    """Coupons, the newest first."""
    query = select(_t).order_by(_t.c.id.desc()).limit(limit)
    if status is not None:
        query = query.where(_t.c.status == status)
    if before_id is not None:
        query = query.where(_t.c.id < before_id)
    if q:
        query = query.where(or_(func.lower(_t.c.name).contains(q.lower(), autoescape=True), func.lower(_t.c.goods).contains(q.lower(), autoescape=True)))
    return [_read(row) for row in tx.execute(query)]


def promise(coupon: Draft) -> Text:
    """What it promises, in one line."""
    over = Text(f"满 {yuan(coupon.threshold_fen)} 元", f"orders of ¥{yuan(coupon.threshold_fen)} and more: ") if coupon.threshold_fen else Text("", "")
    if coupon.kind == "gift":
        return Text(f"{over.zh}{' ' if over.zh else ''}兑换 {coupon.gift}", f"{over.en}{coupon.gift}")
    if coupon.kind == "amount":
        return Text(f"{over.zh}减 {yuan(coupon.face_fen)} 元", f"{over.en}¥{yuan(coupon.face_fen)} off")
    most = (f",最多减 {yuan(coupon.most_off_fen)} 元", f", ¥{yuan(coupon.most_off_fen)} at most") if coupon.most_off_fen else ("", "")
    return Text(f"{over.zh}{' ' if over.zh else ''}{coupon.pay_percent / 10:g} 折{most[0]}", f"{over.en}{100 - coupon.pay_percent} % off{most[1]}")


def _checked(draft: Draft) -> Draft:
    clean = replace(draft, **{name: getattr(draft, name).strip() for name in ("name", "gift", "goods", "terms")})
    faults = [Fault(name, said) for name, said in _faults(clean)]
    if faults:
        raise InvalidError(Text("优惠券有误", "the coupon is not valid"), faults=faults)
    # What does not belong to its kind is not kept.
    kept: dict[str, Any] = {"face_fen": 0} if clean.kind != "amount" else {}
    kept |= {"pay_percent": 100, "most_off_fen": 0} if clean.kind != "percent" else {}
    kept |= {"gift": ""} if clean.kind != "gift" else {}
    return replace(clean, **kept)


def _faults(one: Draft) -> list[tuple[str, Text]]:
    money = Text(f"0 到 {MOST_FEN // 100:,} 元", f"0 to {MOST_FEN // 100:,} yuan")
    found = [(name, money) for name in ("face_fen", "most_off_fen", "threshold_fen", "cost_fen") if not 0 <= getattr(one, name) <= MOST_FEN]
    for name, longest in (("name", 80), ("gift", 120), ("goods", 200), ("terms", 2000)):
        if len(getattr(one, name)) > longest:
            found.append((name, Text(f"最多 {longest} 字", f"at most {longest} characters")))
    if not one.name:
        found.append(("name", Text("请写名称", "it needs a name")))
    if one.kind == "amount" and one.face_fen < 1:
        found.append(("face_fen", Text("请写减多少", "say how much is taken off")))
    if one.kind == "percent" and not 1 <= one.pay_percent <= 99:
        found.append(("pay_percent", Text("0.1 到 9.9 折", "between 1 and 99 percent are still paid")))
    if one.kind == "gift" and not one.gift:
        found.append(("gift", Text("请写兑换什么", "say what the gift is")))
    if one.days is None and (one.from_on is None or one.until_on is None):
        found.append(("until_on", Text("请选起止日期，或领取后几天有效", "choose two days, or how many days after the issue")))
    if one.days is not None and (one.from_on or one.until_on or not 0 <= one.days <= LONGEST_DAYS):
        found.append(("days", Text(f"0 到 {LONGEST_DAYS} 天，且不与起止日期同用", f"0 to {LONGEST_DAYS} days, and no two days beside them")))
    if one.from_on and one.until_on and one.until_on < one.from_on:
        found.append(("until_on", Text("早于开始日", "before the first day")))
    for name in ("stock", "per_person"):
        value = getattr(one, name)
        if value is not None and not 1 <= value <= 1_000_000_000:
            found.append((name, Text("1 以上，或不限", "1 or more, or no bound")))
    return found


def _read(row: Row[Any]) -> Coupon:
    return Coupon(**row._mapping)
