"""Redemptions 核销: a code is used once, whatever is asked how often; a refund gives it back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.database import among
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.identifiers import primary_keys
from siyu.loyalty import _tables, codes, codewords, coupons, telling
from siyu.loyalty.codes import Code
from siyu.loyalty.coupons import Coupon, yuan
from siyu.loyalty.errors import (
    BadCodeError,
    BelowThresholdError,
    EndedCodeError,
    UnknownCodeError,
    UsedCodeError,
    WithdrawnCodeError,
)

_t, _c, _r = _tables.code, _tables.coupon, _tables.redemption


@dataclass(frozen=True)
class Redemption:
    """A use of a code. `again`: it was recorded before under this reference, and nothing was done now."""

    id: int
    code_id: int
    ref: str
    at: datetime
    by: str
    place: str
    order_no: str
    order_fen: int | None
    value_fen: int
    reversed_at: datetime | None
    reversed_by: str | None
    reversed_reason: str | None
    again: bool = False


def look_up(tx: Connection, said: str) -> tuple[Code, Coupon]:
    """The code that somebody shows, however they write it, and its coupon.

    Raises
    ------
    BadCodeError, UnknownCodeError
    """
    return _held(tx, said, hold=False)


def redeem(
    stores: Stores, tx: Connection, said: str, *, ref: str, by: str, order_fen: int | None = None, order_no: str = "", place: str = ""
) -> Redemption:  # fmt: skip
    """Use a code, once. The same code and reference again answer with the first redemption.

    `order_fen`: what is paid before it; without it the threshold is not checked, and of a percentage only the expected cost is known.

    Raises
    ------
    BadCodeError, UnknownCodeError, UsedCodeError, WithdrawnCodeError, EndedCodeError, BelowThresholdError, InvalidError
    ConflictError
        When the redemption of this reference was taken back.
    """
    if not 0 < len(ref) <= 120 or (order_fen is not None and not 0 <= order_fen <= coupons.MOST_FEN * 100):
        raise InvalidError(Text("核销有误", "it cannot be redeemed so"), faults=[Fault("ref", Text("编号 1 到 120 字，金额不为负", "a reference of 1 to 120 characters, an amount of 0 or more"))])
    code, coupon = _held(tx, said, hold=True)
    if (before := find(tx, code.id, ref)) is not None:
        if before.reversed_at is not None:
            raise ConflictError(Text("这次核销已撤销", "this redemption was taken back"), way_out=Text("再次核销请换一个编号", "redeem it again under another reference"))
        return replace(before, again=True)
    check(stores, tx, code, coupon, order_fen)
    off = coupon.off(order_fen)
    value_fen = coupon.cost_fen if coupon.kind == "gift" or off is None else off
    row = {"code_id": code.id, "ref": ref, "at": stores.now(), "by": by[:80], "place": place[:80], "order_no": order_no[:80], "order_fen": order_fen, "value_fen": value_fen}
    tx.execute(insert(_r).values(row))
    tx.execute(update(_t).where(_t.c.id == code.id).values(state="redeemed"))
    tx.execute(update(_c).where(_c.c.id == coupon.id).values(redeemed=_c.c.redeemed + 1, value_fen=_c.c.value_fen + value_fen))
    made = find(tx, code.id, ref)
    assert made is not None
    _tell(stores, tx, "coupon_redeemed", code, coupon, made)
    return made


def take_back(stores: Stores, tx: Connection, said: str, *, ref: str, reason: str, by: str) -> Redemption:
    """A refund: the code can be used again as long as it holds. Taken back twice it is taken back once.

    Raises
    ------
    BadCodeError, UnknownCodeError
    NotFoundError
        When there is no redemption of this code with this reference.
    """
    code, coupon = _held(tx, said, hold=True)
    before = find(tx, code.id, ref)
    if before is None:
        raise NotFoundError(Text("没有这次核销", "there is no such redemption"), way_out=Text("核对券码和编号", "check the code and the reference"))
    if before.reversed_at is not None:
        return replace(before, again=True)
    made = replace(before, reversed_at=stores.now(), reversed_by=by[:80], reversed_reason=reason[:200])
    told = {name: getattr(made, name) for name in ("reversed_at", "reversed_by", "reversed_reason")}
    tx.execute(update(_r).where(_r.c.id == before.id).values(told))
    # A code whose time is over ends with the next round of `codes.expire`, as any other.
    tx.execute(update(_t).where(_t.c.id == code.id).values(state="issued"))
    tx.execute(update(_c).where(_c.c.id == coupon.id).values(redeemed=_c.c.redeemed - 1, value_fen=_c.c.value_fen - before.value_fen))
    _tell(stores, tx, "coupon_reversed", code, coupon, made)
    return made


def find(tx: Connection, code_id: int, ref: str) -> Redemption | None:
    row = tx.execute(select(_r).where(_r.c.code_id == code_id, _r.c.ref == ref)).first()
    return Redemption(**row._mapping) if row else None


def of_codes(tx: Connection, code_ids: list[int]) -> dict[int, Redemption]:
    """Code → the redemption that stands."""
    rows = tx.execute(select(_r).where(among(tx, _r.c.code_id, code_ids), _r.c.reversed_at.is_(None))) if code_ids else ()
    return {row.code_id: Redemption(**row._mapping) for row in rows}


def _held(tx: Connection, said: str, *, hold: bool) -> tuple[Code, Coupon]:
    word = codewords.clean(said)
    if not codewords.fits(word):
        raise BadCodeError(Text("券码不对，可能输错了一位", "this is no code: perhaps one sign is wrong"), faults=[Fault("code", Text("请核对后重输", "check it and type it again"))])
    query = select(_t).where(_t.c.code == word)
    row = tx.execute(query.with_for_update() if hold else query).first()
    if row is None:
        raise UnknownCodeError(Text("没有这张券", "there is no such code"), way_out=Text("核对券码", "check the code"))
    return codes.read_row(row), coupons.find(tx, row.coupon_id)


def check(stores: Stores, tx: Connection, code: Code, coupon: Coupon, order_fen: int | None = None) -> None:
    """Whether a code can be used now.

    Raises
    ------
    UsedCodeError, WithdrawnCodeError, EndedCodeError, BelowThresholdError
    """
    now = stores.now()
    if code.state == "redeemed":
        used = tx.scalar(select(_r.c.at).where(_r.c.code_id == code.id, _r.c.reversed_at.is_(None)))
        at = f"{used.astimezone(stores.calendar.zone):%Y-%m-%d %H:%M}" if used else ""
        raise UsedCodeError(Text(f"已于 {at} 核销", f"it was used at {at}"), way_out=Text("一张券只能用一次", "a code can be used once"))
    if code.state == codes.VOID:
        raise WithdrawnCodeError(Text("这张券已作废", "this code was withdrawn"), way_out=Text("请联系客服", "ask our service"))
    if code.state == "expired" or now >= code.until_at:
        raise EndedCodeError(Text(f"已于 {code.ends_on(stores)} 过期", f"its last day was {code.ends_on(stores)}"))
    if now < code.from_at:
        first = stores.calendar.on(from_ms(to_ms(code.from_at)))
        raise EndedCodeError(Text(f"{first} 起才能用", f"it can be used from {first} on"))
    if order_fen is not None and order_fen < coupon.threshold_fen:
        short = yuan(coupon.threshold_fen - order_fen)
        raise BelowThresholdError(Text(f"还差 {short} 元", f"¥{short} are missing"), way_out=Text("凑满再用", "add to the order"))


def _tell(stores: Stores, tx: Connection, name: str, code: Code, coupon: Coupon, made: Redemption) -> None:
    keys = primary_keys(tx, [code.customer_id])
    if code.customer_id in keys:
        row = {"code_id": code.id, "mark": made.id, "identity_key": keys[code.customer_id], "coupon": coupon, "ref": made.ref, "value_fen": made.value_fen, "order_no": made.order_no or None}
        telling.coupons(stores, tx, name, [row])
