"""Checks 检查: what cannot be kept of an offer, what is missing before it goes live, and what was promised and stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from siyu.acquisition import draws, eligibility
from siyu.acquisition.draws import MILLION, MOST_PRIZES, PrizeDraft
from siyu.carriers import contact_ways, join_ways
from siyu.content import pieces
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import coupons
from siyu.loyalty.coupons import Coupon

if TYPE_CHECKING:
    from siyu.acquisition.offers import Draft, Offer

MOST = 1_000_000_000
COUPONED = ("coupon", "gift", "trial")
MAY_HAVE_COUPON = (*COUPONED, "logistics", "consultation")
_LENGTHS = {"name": 80, "title": 80, "words": 2000, "for_whom": 200, "event": 80}
_AT_LEAST_ONE = Text("1 以上，或不限", "1 or more, or no bound")


def kept(draft: Draft) -> Draft:
    """The draft as it is kept; what does not belong to its form is not.

    Raises
    ------
    InvalidError
        When a value cannot be kept.
    """
    clean = replace(draft, **{name: getattr(draft, name).strip() for name in _LENGTHS})
    faults = [Fault(name, Text(f"最多 {longest} 字", f"at most {longest} characters")) for name, longest in _LENGTHS.items() if len(getattr(clean, name)) > longest]
    if not clean.name:
        faults.append(Fault("name", Text("请写名称", "it needs a name")))
    for name in ("stock", "per_day", "budget_fen", "event_days"):
        value = getattr(clean, name)
        if value is not None and not 1 <= value <= (MOST * 1000 if name == "budget_fen" else 3650 if name == "event_days" else MOST):
            faults.append(Fault(name, _AT_LEAST_ONE))
    if clean.begins_at and clean.ends_at and clean.ends_at <= clean.begins_at:
        faults.append(Fault("ends_at", Text("要晚于开始", "must be after the beginning")))
    for place, prize in enumerate(clean.prizes[:MOST_PRIZES]):
        faults += [Fault(f"prizes[{place}].{field}", said) for field, said in _prize_faults(prize)]
    if len(clean.prizes) > MOST_PRIZES:
        faults.append(Fault("prizes", Text(f"最多 {MOST_PRIZES} 种奖品", f"{MOST_PRIZES} prizes at most")))
    if faults:
        raise InvalidError(Text("福利有误", "the offer is not valid"), faults=faults)
    return replace(
        clean,
        prizes=clean.prizes if clean.form == "draw" else (),
        coupon_id=clean.coupon_id if clean.form in MAY_HAVE_COUPON else None,
        piece_id=clean.piece_id if clean.form in ("tutorial", "trial", "logistics") else None,
        join_way_id=clean.join_way_id if clean.form == "group" else None,
        event=clean.event if clean.kind == "scene" else "", event_days=clean.event_days if clean.kind == "scene" and clean.event else None,
    )  # fmt: skip


def to_go_live(stores: Stores, tx: Connection, draft: Draft, *, claimed: int = 0, spoken_fen: int = 0) -> list[Fault]:
    """All that is missing or wrong before people may claim it."""
    faults = eligibility.faults(tx, draft.rule)
    if not draft.title:
        faults.append(Fault("title", Text("请写给客户看的标题", "it needs a title for customers")))
    if draft.ends_at is not None and draft.ends_at <= stores.now():
        faults.append(Fault("ends_at", Text("结束时间已过", "that is over")))
    if draft.stock is not None and draft.stock < claimed:
        faults.append(Fault("stock", Text(f"不能少于已领的 {claimed} 份", f"not below the {claimed} that are claimed")))
    if draft.budget_fen is not None and draft.budget_fen < spoken_fen:
        faults.append(Fault("budget_fen", Text("少于已承诺和已核销的金额", "less than what is committed and redeemed")))
    if (draft.rule is not None or draft.event) and not draft.for_whom:
        faults.append(Fault("for_whom", Text("有领取条件，请写一句给客户看的说明", "there is a condition: say in a sentence who may have it")))
    return faults + _given(stores, tx, draft) + _shown(tx, draft)


def cost_fen(coupon: Coupon) -> int:
    """What one of its codes can cost at most, as far as known before: what a percentage without a bound takes off nobody knows."""
    return coupon.face_fen if coupon.kind == "amount" else coupon.most_off_fen or coupon.cost_fen if coupon.kind == "percent" else coupon.cost_fen


def promised(held: Offer, new: Draft, free: Sequence[str]) -> list[Fault]:
    """What would change although it was promised."""
    said = Text("上线后不能改", "this stays once it is live")
    faults = [Fault(name, said) for name in ("form", "coupon_id", "piece_id", "join_way_id") if name not in free and getattr(held, name) != getattr(new, name)]
    before = tuple(PrizeDraft(one.name, one.coupon_id, one.stock, one.odds_ppm) for one in held.prizes)
    return [*faults, Fault("prizes", said)] if before != new.prizes else faults


def _given(stores: Stores, tx: Connection, draft: Draft) -> list[Fault]:
    if draft.form == "draw":
        return _drawn(stores, tx, draft)
    if draft.form in COUPONED and draft.coupon_id is None:
        return [Fault("coupon_id", Text("请选发哪张券", "choose the coupon that is given"))]
    if draft.coupon_id is None:
        return []
    faults, coupon = _coupon(stores, tx, draft.coupon_id, "coupon_id")
    if coupon is None:
        return faults
    if draft.form in ("gift", "trial") and coupon.kind != "gift":
        faults.append(Fault("coupon_id", Text("礼品和试用要用兑换券", "a gift or a trial needs a coupon of kind gift")))
    if draft.budget_fen is not None and coupon.kind == "percent" and not coupon.most_off_fen:
        faults.append(Fault("budget_fen", Text("不封顶的折扣券无法控制预算；给券设最多减多少", "a percentage without a bound cannot be held to a budget; give the coupon one")))
    return faults


def _drawn(stores: Stores, tx: Connection, draft: Draft) -> list[Fault]:
    faults: list[Fault] = [] if draft.prizes else [Fault("prizes", Text("至少一种奖品", "at least one prize"))]
    if sum(one.odds_ppm for one in draft.prizes) > MILLION:
        faults.append(Fault("prizes", Text("各奖品概率相加超过 100%", "the odds add up to more than 100 %")))
    total = 0
    for place, prize in enumerate(draft.prizes):
        field = f"prizes[{place}]"
        found, coupon = _coupon(stores, tx, prize.coupon_id, f"{field}.coupon_id")
        faults += found
        if coupon is None:
            continue
        given = prize.given if isinstance(prize, draws.Prize) else 0
        total += prize.stock * cost_fen(coupon)
        if coupon.left is not None and coupon.left < prize.stock - given:
            faults.append(Fault(f"{field}.stock", Text(f"「{coupon.name}」只剩 {coupon.left} 张", f"only {coupon.left} of “{coupon.name}” are left")))
    if draft.budget_fen is not None and total > draft.budget_fen:
        faults.append(Fault("budget_fen", Text(f"奖品全部发完要 {coupons.yuan(total)} 元，超过预算", f"all prizes together cost ¥{coupons.yuan(total)}: more than the budget")))
    return faults


def _coupon(stores: Stores, tx: Connection, coupon_id: int, field: str) -> tuple[list[Fault], Coupon | None]:
    try:
        coupon = coupons.find(tx, coupon_id)
    except NotFoundError as error:
        return [Fault(field, error.message)], None
    if coupon.status != "live":
        return [Fault(field, Text(f"「{coupon.name}」没有启用；先启用它", f"“{coupon.name}” is not being issued; start it first"))], coupon
    if coupons.spell(stores, coupon, stores.now())[1] <= to_ms(stores.now()):
        return [Fault(field, Text(f"「{coupon.name}」已过期", f"the time of “{coupon.name}” is over"))], coupon
    return [], coupon


def _shown(tx: Connection, draft: Draft) -> list[Fault]:
    """What its page leads to must be there."""
    faults: list[Fault] = []
    if draft.form == "tutorial" and draft.piece_id is None:
        faults.append(Fault("piece_id", Text("请选一篇文章", "choose an article")))
    if draft.piece_id is not None:
        try:
            piece = pieces.find(tx, draft.piece_id)
            if piece.kind != "article" or piece.approved_version is None:
                faults.append(Fault("piece_id", Text("要一篇审核通过的文章", "it must be an article that was approved")))
        except NotFoundError as error:
            faults.append(Fault("piece_id", error.message))
    if draft.form == "group":
        faults += _found("join_way_id", draft.join_way_id, lambda number: join_ways.find(tx, number).status == "open", Text("请选一个可用的入群码", "choose a join code that is open"))
    if draft.form == "consultation" and draft.way_id is None:
        faults.append(Fault("way_id", Text("请选一个活码", "choose a live code")))
    if draft.way_id is not None:
        account = draft.way_account_id or 0
        faults += _found("way_id", draft.way_id, lambda number: contact_ways.find_way(tx, account, number).status == "open", Text("请选一个可用的活码", "choose a live code that is open"))
    return faults


def _found(field: str, number: int | None, is_open: Callable[[int], bool], said: Text) -> list[Fault]:
    try:
        return [] if number is not None and is_open(number) else [Fault(field, said)]
    except NotFoundError as error:
        return [Fault(field, error.message)]


def _prize_faults(one: PrizeDraft) -> list[tuple[str, Text]]:
    found = []
    if not 1 <= len(one.name.strip()) <= 80:
        found.append(("name", Text("1 到 80 个字", "1 to 80 characters")))
    if not 1 <= one.stock <= MOST:
        found.append(("stock", Text("至少 1 份", "at least 1")))
    if not 1 <= one.odds_ppm <= MILLION:
        found.append(("odds_ppm", Text("0.0001% 到 100%", "0.0001 % to 100 %")))
    return found
