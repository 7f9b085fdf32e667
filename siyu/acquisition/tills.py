"""Tills 核销台: a member of staff, or another system, takes a code: what is shown of it, used once, taken back within ten minutes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError, SiyuError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.identifiers import masked_contacts
from siyu.loyalty import codewords, coupons, redemptions
from siyu.loyalty.codes import Code
from siyu.loyalty.coupons import Coupon
from siyu.loyalty.redemptions import Redemption
from siyu.team import staff as team_staff
from siyu.team import stores as team_stores
from siyu.team.staff import Staff

UNDO_WITHIN = timedelta(minutes=10)
UNDO_REASONS = {"slip": Text("点错了", "by mistake"), "left": Text("顾客没买", "the customer did not buy"), "other": Text("换一张券", "another coupon is used")}


@dataclass(frozen=True)
class Shown:
    """What a till sees of a code before it is used. `why_not`: why it cannot be used now, None when it can; `who`: the person, masked."""

    code: Code
    coupon: Coupon
    who: str
    why_not: SiyuError | None
    used: Redemption | None


@dataclass(frozen=True)
class Till:
    """Who redeems, and where. `by` is written down with each redemption."""

    account_id: int
    staff: str
    name: str
    place: str

    @property
    def by(self) -> str:
        return f"staff:{self.account_id}:{self.staff}"[:80]


def of_staff(tx: Connection, account_id: int, staff: str) -> Till:
    """The till of a member of staff: their store is the place.

    Raises
    ------
    NotFoundError
        When they are not on the account's staff any more: their link ends with them.
    """
    mine = next((one for one in _of_account(tx, account_id, staff) if one.userid == staff and one.status == "active"), None)
    if mine is None:
        raise NotFoundError(Text("链接无效或已过期", "the link is not valid or its time is over"), way_out=Text("请联系运营同事重新发送", "ask your operator to send it again"))
    place = "" if mine.store_id is None else team_stores.find_store(tx, mine.store_id).name
    return Till(account_id, staff, mine.name, place)


def look(stores: Stores, tx: Connection, said: str, *, order_fen: int | None = None) -> Shown:
    """
    Raises
    ------
    BadCodeError, UnknownCodeError
    """
    code, coupon = redemptions.look_up(tx, said)
    why: SiyuError | None = None
    try:
        redemptions.check(stores, tx, code, coupon, order_fen)
    except SiyuError as error:
        why = error
    used = redemptions.of_codes(tx, [code.id]).get(code.id)
    return Shown(code, coupon, _masked(stores, tx, code.customer_id), why, used)


def redeem(stores: Stores, tx: Connection, till: Till, said: str, *, ref: str, order_fen: int | None = None) -> Redemption:
    """Use a code; the same tap again answers the same. Raises what `redemptions.redeem` raises."""
    return redemptions.redeem(stores, tx, said, ref=f"page:{ref}"[:120], by=till.by, order_fen=order_fen, place=till.place)


def undo(stores: Stores, tx: Connection, till: Till, said: str, *, ref: str, reason: str) -> Redemption:
    """Take back what this member of staff has just redeemed.

    Raises
    ------
    NotFoundError
        When there is no such redemption of theirs.
    ConflictError
        When more than ten minutes have passed.
    InvalidError
    """
    if reason not in UNDO_REASONS:
        raise InvalidError(Text("请选撤销原因", "choose why it is taken back"), faults=[Fault("reason", Text("必选", "required"))])
    code, _ = redemptions.look_up(tx, said)
    made = redemptions.find(tx, code.id, f"page:{ref}"[:120])
    if made is None or made.by != till.by:
        raise NotFoundError(Text("没有这次核销", "there is no such redemption"), way_out=Text("核对券码", "check the code"))
    if made.reversed_at is not None:
        return replace(made, again=True)
    if stores.now() > made.at + UNDO_WITHIN:
        raise ConflictError(Text("超过 10 分钟，不能在这里撤销", "it was more than ten minutes ago"), way_out=Text("请联系运营在后台退券", "ask your operator to give the coupon back"))
    return redemptions.take_back(stores, tx, said, ref=made.ref, reason=UNDO_REASONS[reason].zh, by=till.by)


def shown_code(code: Code) -> str:
    return codewords.shown(code.code)


def promise(coupon: Coupon) -> Text:
    return coupons.promise(coupon)


def _masked(stores: Stores, tx: Connection, customer_id: int) -> str:
    """Enough to tell whether it is the person at the counter, and no more."""
    contacts = masked_contacts(stores, tx, [customer_id])
    return contacts.get((customer_id, "phone")) or contacts.get((customer_id, "email")) or f"#{customer_id}"


def _of_account(tx: Connection, account_id: int, staff: str) -> list[Staff]:
    return team_staff.list_staff(tx, account_id=account_id, q=staff, limit=200)


