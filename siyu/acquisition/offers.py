"""Offers 引流品: what brings people in: a benefit, a service or something at the right moment; with stock, a budget that stops it, and a period."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from siyu.acquisition import _offer_tables, draws, eligibility, offer_checks
from siyu.acquisition.draws import Prize, PrizeDraft
from siyu.foundation.errors import ConflictError, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

Form = Literal["coupon", "gift", "trial", "draw", "tutorial", "group", "logistics", "consultation"]
Kind = Literal["benefit", "service", "scene"]
Status = Literal["draft", "live", "paused", "ended"]
KIND_OF: dict[str, Kind] = {
    "coupon": "benefit", "gift": "benefit", "trial": "benefit", "draw": "benefit", "tutorial": "service", "group": "service", "logistics": "scene", "consultation": "scene",
}  # fmt: skip
KINDS = {"benefit": Text("福利", "Benefit"), "service": Text("服务延伸", "Service"), "scene": Text("场景触发", "Scene")}
FORMS = {
    "coupon": Text("优惠券", "Coupon"), "gift": Text("礼品", "Gift"), "trial": Text("试用", "Trial"), "draw": Text("抽奖", "Lucky draw"),
    "tutorial": Text("使用教程", "Tutorial"), "group": Text("售后群", "After-sales group"), "logistics": Text("物流关怀", "Parcel on its way"), "consultation": Text("咨询", "Consultation"),
}  # fmt: skip
_t, _p = _offer_tables.offer, _offer_tables.prize


@dataclass(frozen=True)
class Draft:
    """What may be written of an offer. `stock`: how many may claim it (of a draw: take part); None: without a bound. `rule` None: everybody.

    `event`: of a scene, the activity that opens it for `event_days` days. `way_*`: the live code that who is no friend yet is asked to add.
    """

    name: str
    form: Form
    title: str = ""
    words: str = ""
    for_whom: str = ""
    source_id: int | None = None
    coupon_id: int | None = None
    piece_id: int | None = None
    join_way_id: int | None = None
    way_account_id: int | None = None
    way_id: int | None = None
    rule: dict[str, Any] | None = None
    event: str = ""
    event_days: int | None = None
    stock: int | None = None
    per_day: int | None = None
    budget_fen: int | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    prizes: tuple[PrizeDraft, ...] = ()

    @property
    def kind(self) -> Kind:
        return KIND_OF[self.form]


@dataclass(frozen=True)
class Offer(Draft):
    """An offer. `claimed`: how many have claimed it (of a draw: taken part), also people who were erased since.

    `committed_fen`: what codes that are out and unused can cost at most; `redeemed_fen`: what those took off that were used.
    """

    prizes: tuple[Prize, ...] = ()
    id: int = 0
    status: Status = "draft"
    claimed: int = 0
    committed_fen: int = 0
    redeemed_fen: int = 0
    seed_hash: str | None = None
    ended_at: datetime | None = None
    edit: int = 1
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def left(self) -> int | None:
        return None if self.stock is None else self.stock - self.claimed

    @property
    def budget_left_fen(self) -> int | None:
        """Below zero when a redemption that had cost less was taken back: nothing is given then."""
        return None if self.budget_fen is None else self.budget_fen - self.committed_fen - self.redeemed_fen


_DRAWN = ("title", "words", "for_whom", "source_id", "per_day", "stock", "rule", "event", "event_days", "ends_at", "begins_at", "name", "way_account_id", "way_id", "budget_fen")
"""What may still change once a draw or another offer is live; the form, what is given and the odds stay."""


def add(stores: Stores, tx: Connection, draft: Draft, *, by: str) -> Offer:
    """A new draft; what is missing is asked for when it goes live.

    Raises
    ------
    InvalidError
        When a value cannot be kept.
    """
    clean = offer_checks.kept(draft)
    now = stores.now()
    row = {**_row(clean), "status": "draft", "claimed": 0, "committed_fen": 0, "redeemed_fen": 0, "edit": 1}
    row |= {"created_at": now, "created_by": by[:80], "updated_at": now, "updated_by": by[:80]}
    offer_id = int(tx.execute(insert(_t).values(row).returning(_t.c.id)).scalar_one())
    _write_prizes(tx, offer_id, clean.prizes)
    return find(tx, offer_id)


def change(stores: Stores, tx: Connection, offer_id: int, draft: Draft, *, edit: int | None, by: str) -> Offer:
    """
    Raises
    ------
    NotFoundError, InvalidError
    ConflictError
        When somebody else changed it since `edit`, or what was promised would change.
    """
    held, clean = find(tx, offer_id, hold=True), offer_checks.kept(draft)
    if edit is not None and edit != held.edit:
        raise ConflictError(Text("这个福利刚被别人改过", "somebody else has changed this offer"), way_out=Text("刷新后再改", "load it again"))
    if held.status == "ended":
        raise ConflictError(Text("已结束，不能再改", "it has ended and stays as it was"), way_out=Text("复制一个新的", "copy it to a new one"))
    if held.status != "draft":
        if faults := offer_checks.promised(held, clean, _DRAWN):
            raise ConflictError(Text("已上线，承诺不能改", "it is live: what was promised stays"), faults=faults, way_out=Text("结束它，另建一个", "end it and write a new one"))
        if faults := offer_checks.to_go_live(stores, tx, clean, claimed=held.claimed, spoken_fen=held.committed_fen + held.redeemed_fen):
            raise InvalidError(Text("福利还不完整", "the offer is not complete"), faults=faults)
    tx.execute(update(_t).where(_t.c.id == offer_id).values(**_row(clean), edit=held.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    if held.status == "draft":
        tx.execute(delete(_p).where(_p.c.offer_id == offer_id))
        _write_prizes(tx, offer_id, clean.prizes)
    return find(tx, offer_id)


def set_status(stores: Stores, tx: Connection, offer_id: int, status: Status, *, by: str) -> Offer:
    """Go live, pause, go on, or end for good. A draw gets its seed when it first goes live; it can be read when it has ended.

    Raises
    ------
    NotFoundError
    InvalidError
        With all that is missing, when it goes live.
    ConflictError
    """
    held = find(tx, offer_id, hold=True)
    if held.status == status:
        return held
    if status == "draft" or held.status == "ended" or (held.status == "draft" and status == "paused"):
        raise ConflictError(Text("这个福利不能这样改状态", "the offer cannot go there"))
    values: dict[str, Any] = {"status": status, "edit": held.edit + 1, "updated_at": stores.now(), "updated_by": by[:80]}
    if status == "live":
        if faults := offer_checks.to_go_live(stores, tx, held, claimed=held.claimed, spoken_fen=held.committed_fen + held.redeemed_fen):
            raise InvalidError(Text("福利还不完整", "the offer is not complete"), faults=faults)
        if held.form == "draw" and held.seed_hash is None:
            sealed, seed_hash = draws.new_seed(stores)
            values |= {"seed_sealed": sealed, "seed_hash": seed_hash}
    if status == "ended":
        values["ended_at"] = stores.now()
    tx.execute(update(_t).where(_t.c.id == offer_id).values(values))
    return find(tx, offer_id)


def remove(tx: Connection, offer_id: int) -> Offer:
    """Remove a draft.

    Raises
    ------
    NotFoundError, ConflictError
    """
    held = find(tx, offer_id, hold=True)
    if held.status != "draft":
        raise ConflictError(Text("上线过的福利不能删除", "it was live and stays"), way_out=Text("结束即可", "end it instead"))
    tx.execute(delete(_p).where(_p.c.offer_id == offer_id))
    tx.execute(delete(_t).where(_t.c.id == offer_id))
    return held


def find(tx: Connection, offer_id: int, *, hold: bool = False) -> Offer:
    """
    Raises
    ------
    NotFoundError
    """
    query = select(_t).where(_t.c.id == offer_id)
    row = tx.execute(query.with_for_update() if hold else query).first()
    if row is None:
        raise NotFoundError(Text(f"没有福利 {offer_id}", f"there is no offer {offer_id}"), way_out=Text("回到福利列表", "go back to the list of offers"))
    return _read(row, draws.prizes_of(tx, [offer_id]).get(offer_id, ()))


def listed(tx: Connection, *, status: str | None = None, q: str = "", before_id: int | None = None, limit: int = 50) -> list[Offer]:
    """Offers, the newest first."""
    query = select(_t).order_by(_t.c.id.desc()).limit(limit)
    if status is not None:
        query = query.where(_t.c.status == status)
    if before_id is not None:
        query = query.where(_t.c.id < before_id)
    if q:
        query = query.where(func.lower(_t.c.name).contains(q.lower(), autoescape=True))
    rows = tx.execute(query).all()
    prizes = draws.prizes_of(tx, [row.id for row in rows])
    return [_read(row, prizes.get(row.id, ())) for row in rows]


def seed_of(stores: Stores, tx: Connection, offer_id: int) -> bytes:
    """What decides a draw: for the draw itself, and for everybody once it has ended.

    Raises
    ------
    NotFoundError
    """
    sealed = tx.scalar(select(_t.c.seed_sealed).where(_t.c.id == offer_id))
    if sealed is None:
        raise NotFoundError(Text("不是抽奖", "this is no draw"))
    return draws.open_seed(stores, sealed)


def is_over(offer: Offer, now: datetime) -> bool:
    """Whether nobody can claim it any more: it was ended, or its period is over."""
    return offer.status == "ended" or (offer.status != "draft" and offer.ends_at is not None and now >= offer.ends_at)


def copy_of(offer: Offer) -> Draft:
    """The same as a draft, under another name."""
    names = Draft.__dataclass_fields__.keys() - {"prizes"}
    own = tuple(PrizeDraft(one.name, one.coupon_id, one.stock, one.odds_ppm) for one in offer.prizes)
    return replace(Draft(**{name: getattr(offer, name) for name in names}, prizes=own), name=f"{offer.name[:74]} (2)")


def _row(draft: Draft) -> dict[str, Any]:
    row = asdict(draft)
    return {name: row[name] for name in Draft.__dataclass_fields__ if name != "prizes"} | {"rule": eligibility.stored(draft.rule)}


def _write_prizes(tx: Connection, offer_id: int, prizes: tuple[PrizeDraft, ...]) -> None:
    if prizes:
        own = ("name", "coupon_id", "stock", "odds_ppm")
        tx.execute(insert(_p), [{"offer_id": offer_id, "place": place, "given": 0, **{name: getattr(one, name) for name in own}} for place, one in enumerate(prizes)])


def _read(row: Row[Any], prizes: tuple[Prize, ...]) -> Offer:
    return Offer(**{name: value for name, value in row._mapping.items() if name != "seed_sealed"}, prizes=prizes)
