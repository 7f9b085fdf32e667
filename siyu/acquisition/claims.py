"""Claims 领取: who asks for an offer gets it once, as long as there is stock, budget and time; whoever asks at the same moment.

People who ask together are answered together: their rule is asked of the warehouse once, and what they get is one transaction of the ledger,
which holds the offer's row. So no more is given than there is, nobody has it twice, and a killed process has given either everything or nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from siyu.acquisition import _offer_tables, draws, eligibility, offer_checks, offers, telling_claims
from siyu.acquisition.offers import Offer
from siyu.foundation.clock import day_number, from_ms, to_ms
from siyu.foundation.database import among, insert_table
from siyu.foundation.errors import InvalidError
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.current import current
from siyu.identity.identifiers import primary_keys
from siyu.loyalty import codes, coupons

REASONS = {
    "unknown": Text("不是现有客户", "no customer (any more)"),
    "not_live": Text("未上线或已暂停", "not live"),
    "not_begun": Text("还没开始", "it has not begun"),
    "over": Text("已结束", "it is over"),
    "not_eligible": Text("不符合领取条件", "not among those whom it is for"),
    "day_limit": Text("今天的已领完", "today's are gone"),
    "none_left": Text("已领完", "none is left"),
    "budget": Text("预算已用完", "the budget is used up"),
    "limit": Text("这张券已达每人上限", "they have as many of the coupon as one may have"),
    "coupon": Text("券未启用、过期或发完", "its coupon is not being issued, is over or gone"),
}
NO_PRIZE = "no_prize"
_t, _o, _p, _r = _offer_tables.claim, _offer_tables.offer, _offer_tables.prize, _offer_tables.refusal


@dataclass(frozen=True)
class Claim:
    """`ticket`: the how manieth of its offer. `state`: given, used (redeemed), ended, void (withdrawn), no_prize."""

    id: int
    offer_id: int
    customer_id: int
    ticket: int
    at: datetime
    state: str
    prize_id: int | None
    code_id: int | None
    cost_fen: int
    spent_fen: int
    source_id: int | None


@dataclass(frozen=True)
class Refusal:
    offer_id: int
    customer_id: int
    reason: str
    times: int
    at: datetime


@dataclass(frozen=True)
class Claimed:
    """Who has claimed it by this act or before: `customer_ids`, with `again` those who had before. `refused`: reason → customers."""

    customer_ids: Ints
    again: Ints
    refused: dict[str, Ints]

    def why(self, customer_id: int) -> str | None:
        return next((reason for reason, ids in self.refused.items() if customer_id in ids), None)


def claim(stores: Stores, offer_id: int, customer_ids: Sequence[int] | Ints) -> Claimed:
    """Give an offer to people who ask for it, in this order; once each. Opens its own transactions.

    Raises
    ------
    NotFoundError
        When there is no such offer.
    """
    while True:
        with stores.ledger.read() as tx:
            seen = offers.find(tx, offer_id)
            now = current(tx, np.asarray(customer_ids, np.int64).tolist())
        asked = np.array(list(dict.fromkeys(now[int(one)] for one in customer_ids)), np.int64)
        eligible = _eligible(stores, seen, asked)
        with stores.ledger.begin() as tx:
            held = offers.find(tx, offer_id, hold=True)
            if held.rule == seen.rule and (held.event, held.event_days) == (seen.event, seen.event_days):
                return _give(stores, tx, held, asked, eligible)


def of_person(tx: Connection, customer_id: int, offer_id: int | None = None) -> list[Claim]:
    """Somebody's claims, the newest first; of one offer, or of all."""
    query = select(_t).where(_t.c.customer_id == customer_id).order_by(_t.c.id.desc()).limit(100)
    return [_read(row) for row in tx.execute(query if offer_id is None else query.where(_t.c.offer_id == offer_id))]


def listed(tx: Connection, offer_id: int, *, state: str | None = None, before_id: int | None = None, limit: int = 50) -> list[Claim]:
    """Claims of an offer, the newest first."""
    query = select(_t).where(_t.c.offer_id == offer_id).order_by(_t.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(_t.c.state == state)
    return [_read(row) for row in tx.execute(query if before_id is None else query.where(_t.c.id < before_id))]


def refusals(tx: Connection, offer_id: int, *, reason: str | None = None, after: tuple[int, str] | None = None, limit: int = 50) -> list[Refusal]:
    """Who was refused and why, by customer."""
    query = select(_r).where(_r.c.offer_id == offer_id).order_by(_r.c.customer_id, _r.c.reason).limit(limit)
    if reason is not None:
        query = query.where(_r.c.reason == reason)
    if after is not None:
        query = query.where((_r.c.customer_id > after[0]) | ((_r.c.customer_id == after[0]) & (_r.c.reason > after[1])))
    return [Refusal(row.offer_id, row.customer_id, row.reason, row.times, from_ms(row.at_ms)) for row in tx.execute(query)]


def of_codes(tx: Connection, code_ids: Sequence[int]) -> list[Claim]:
    """Claims by which these codes were given; of other codes there are none."""
    return [_read(row) for row in tx.execute(select(_t).where(among(tx, _t.c.code_id, list(code_ids))).order_by(_t.c.id))]


def counts(tx: Connection, offer_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Offer → state of its claims or `refused:<reason>` → how many people, without those who were erased."""
    found: dict[int, dict[str, int]] = {one: {} for one in offer_ids}
    for offer_id, state, count in tx.execute(select(_t.c.offer_id, _t.c.state, func.count()).where(among(tx, _t.c.offer_id, list(offer_ids))).group_by(_t.c.offer_id, _t.c.state)):
        found[offer_id][state] = int(count)
    for offer_id, reason, count in tx.execute(select(_r.c.offer_id, _r.c.reason, func.count()).where(among(tx, _r.c.offer_id, list(offer_ids))).group_by(_r.c.offer_id, _r.c.reason)):
        found[offer_id][f"refused:{reason}"] = int(count)
    return found


def costs(tx: Connection, coupon_ids: Sequence[int]) -> dict[int, int]:
    """Coupon → what one of its codes can cost at most, fen."""
    return {one: offer_checks.cost_fen(coupon) for one, coupon in coupons.find_some(tx, list(coupon_ids)).items()}


def today(stores: Stores, tx: Connection, offer_id: int) -> int:
    """How many were claimed on this local day."""
    return int(tx.scalar(select(func.count()).where(_t.c.offer_id == offer_id, _t.c.day == _today(stores))) or 0)


def closed(stores: Stores, offer: Offer) -> str | None:
    """Why nobody can claim it now, whoever they are; None when it is open."""
    now = stores.now()
    if offers.is_over(offer, now):
        return "over"
    if offer.status != "live":
        return "not_live"
    if offer.begins_at is not None and now < offer.begins_at:
        return "not_begun"
    return "none_left" if offer.left == 0 else None


def _eligible(stores: Stores, offer: Offer, asked: Ints) -> Ints:
    try:
        return eligibility.among(stores, eligibility.whole(offer.rule, offer.event, offer.event_days), asked.tolist())
    except InvalidError:
        # A rule that this version cannot read is nobody's: fail closed.
        return asked[:0]


def _give(stores: Stores, tx: Connection, offer: Offer, asked: Ints, eligible: Ints) -> Claimed:
    keys = primary_keys(tx, asked.tolist())
    known = np.isin(asked, np.array(list(keys), np.int64))
    refused: dict[str, Ints] = {"unknown": asked[~known]}
    ids = asked[known]
    had = np.array(tx.scalars(select(_t.c.customer_id).where(_t.c.offer_id == offer.id, among(tx, _t.c.customer_id, ids.tolist())).distinct()).all(), np.int64)
    again = ids[np.isin(ids, had)]
    ids = ids[~np.isin(ids, had)]
    why = closed(stores, offer)
    if why is not None:
        refused[why], ids = ids, ids[:0]
    fits = np.isin(ids, eligible)
    refused["not_eligible"], ids = ids[~fits], ids[fits]
    given = _draw(stores, tx, offer, ids, refused) if offer.form == "draw" else _hand_out(stores, tx, offer, ids, refused)
    if len(given.ids):
        _write(stores, tx, offer, given, keys)
    refused = {reason: np.sort(ones) for reason, ones in refused.items() if len(ones)}
    _remember(stores, tx, offer.id, refused)
    return Claimed(np.sort(np.concatenate([again, given.ids])), np.sort(again), refused)


@dataclass(frozen=True)
class _Given:
    """Parallel to `ids`, in the order of tickets: the place of a prize (-1: none), the number of a code (0: none), what it can cost."""

    ids: Ints
    places: Ints
    code_ids: Ints
    cost_fen: Ints


def _cut(ids: Ints, room: int | None, reason: str, refused: dict[str, Ints]) -> Ints:
    """The first of them as far as there is room; the others are refused."""
    if room is None or len(ids) <= room:
        return ids
    refused[reason] = np.concatenate([refused.get(reason, ids[:0]), ids[max(0, room) :]])
    return ids[: max(0, room)]


def _rooms(stores: Stores, tx: Connection, offer: Offer) -> list[tuple[str, int | None]]:
    day = None if offer.per_day is None else offer.per_day - today(stores, tx, offer.id)
    return [("none_left", offer.left), ("day_limit", day)]


def _hand_out(stores: Stores, tx: Connection, offer: Offer, ids: Ints, refused: dict[str, Ints]) -> _Given:
    rooms = _rooms(stores, tx, offer)
    if offer.coupon_id is None:
        for reason, room in rooms:
            ids = _cut(ids, room, reason, refused)
        nothing = np.zeros(len(ids), np.int64)
        return _Given(ids, nothing - 1, nothing, nothing)
    # Held to the end: what a code can cost, how many are left and who is at the limit stay true while codes are issued.
    coupon = coupons.find(tx, offer.coupon_id, hold=True)
    cost, left = offer_checks.cost_fen(coupon), offer.budget_left_fen
    if not _is_issued(stores, coupon):
        refused["coupon"], ids = ids, ids[:0]
    full = np.isin(ids, codes.at_limit(tx, coupon, ids))
    refused["limit"], ids = ids[full], ids[~full]
    for reason, room in (*rooms, ("coupon", coupon.left), ("budget", None if left is None or not cost else max(0, left) // cost)):
        ids = _cut(ids, room, reason, refused)
    return _Given(ids, np.full(len(ids), -1, np.int64), _issue(stores, tx, coupon.id, f"offer:{offer.id}", ids), np.full(len(ids), cost, np.int64))


def _issue(stores: Stores, tx: Connection, coupon_id: int, ref: str, ids: Ints) -> Ints:
    """The numbers of the codes that these people have now. Whoever asks has seen to it, with the coupon's row held, that each can have one."""
    if not len(ids):
        return ids
    made = codes.issue(stores, tx, coupon_id, ids, ref=ref, limited=False)
    if len(made.customer_ids) < len(ids):
        raise RuntimeError(f"codes by {ref} could not be issued: {sorted(made.refused)}")
    number = codes.numbers(tx, made.codes)
    return np.array([number[made.codes[place]] for place in np.searchsorted(made.customer_ids, ids).tolist()], np.int64)


def _draw(stores: Stores, tx: Connection, offer: Offer, ids: Ints, refused: dict[str, Ints]) -> _Given:
    """Everybody gets a ticket, and a ticket what its number says. While a prize could not be handed out nobody draws: no outcome depends on it."""
    for reason, room in _rooms(stores, tx, offer):
        ids = _cut(ids, room, reason, refused)
    held = {one: coupons.find(tx, one, hold=True) for one in sorted({prize.coupon_id for prize in offer.prizes})} if len(ids) else {}
    if not all(_can_be_handed_out(stores, offer, held[one.coupon_id]) for one in offer.prizes if held):
        refused["coupon"], ids = ids, ids[:0]
    size = len(ids)
    if not size:
        return _Given(ids, ids, ids, ids)
    tickets = range(offer.claimed + 1, offer.claimed + 1 + size)
    places = draws.drawn(offers.seed_of(stores, tx, offer.id), tickets, offer.prizes)
    code_ids, cost = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for place, prize in enumerate(offer.prizes):
        won = np.flatnonzero(places == place)
        if not len(won):
            continue
        code_ids[won] = _issue(stores, tx, prize.coupon_id, f"offer:{offer.id}:{prize.id}", ids[won])
        cost[won] = offer_checks.cost_fen(held[prize.coupon_id])
        tx.execute(update(_p).where(_p.c.id == prize.id).values(given=_p.c.given + len(won)))
    return _Given(ids, places, code_ids, cost)


def _can_be_handed_out(stores: Stores, offer: Offer, coupon: coupons.Coupon) -> bool:
    wanted = sum(prize.left for prize in offer.prizes if prize.coupon_id == coupon.id)
    return _is_issued(stores, coupon) and (coupon.left is None or coupon.left >= wanted)


def _is_issued(stores: Stores, coupon: coupons.Coupon) -> bool:
    return coupon.status == "live" and coupons.spell(stores, coupon, stores.now())[1] > to_ms(stores.now())


def _write(stores: Stores, tx: Connection, offer: Offer, given: _Given, keys: dict[int, int]) -> None:
    size, is_draw = len(given.ids), offer.form == "draw"
    tickets = np.arange(offer.claimed + 1, offer.claimed + 1 + size)
    prize_ids = [offer.prizes[place].id if place >= 0 else None for place in given.places.tolist()]
    states = [NO_PRIZE if is_draw and one is None else "given" for one in prize_ids]
    rows = pa.table({
        "offer_id": np.full(size, offer.id), "customer_id": given.ids, "ticket": tickets, "at_ms": np.full(size, to_ms(stores.now())), "day": np.full(size, _today(stores)), "state": pa.array(states),
        "prize_id": pa.array(prize_ids, pa.int64()), "code_id": pa.array(given.code_ids, mask=given.code_ids == 0), "cost_fen": given.cost_fen, "spent_fen": np.zeros(size, np.int64),
        "source_id": pa.array([offer.source_id] * size, pa.int64()),
    })  # fmt: skip
    insert_table(tx, _t, rows)
    if is_draw:
        insert_table(tx, _offer_tables.ticket, pa.table({"offer_id": np.full(size, offer.id), "number": tickets, "prize_id": pa.array(prize_ids, pa.int64())}))
    more = {"claimed": _o.c.claimed + size, "committed_fen": _o.c.committed_fen + int(given.cost_fen.sum())}
    tx.execute(update(_o).where(_o.c.id == offer.id).values(more))
    names = {one.id: one.name for one in offer.prizes}
    telling_claims.told(stores, tx, offer, [keys[one] for one in given.ids.tolist()], tickets, [names.get(one or 0, "") for one in prize_ids], states)


def _remember(stores: Stores, tx: Connection, offer_id: int, refused: dict[str, Ints]) -> None:
    """Who was refused, for the console; people whom nobody knows are left out."""
    rows = [{"offer_id": offer_id, "customer_id": one, "reason": reason, "times": 1, "at_ms": to_ms(stores.now())} for reason, ids in refused.items() if reason != "unknown" for one in ids.tolist()]
    if not rows:
        return
    new = sqlite.insert(_r) if tx.dialect.name == "sqlite" else postgresql.insert(_r)
    tx.execute(new.on_conflict_do_update(index_elements=["offer_id", "customer_id", "reason"], set_={"times": _r.c.times + 1, "at_ms": new.excluded.at_ms}), rows)


def _today(stores: Stores) -> int:
    return day_number(stores.calendar.on(stores.now()))


def _read(row: Any) -> Claim:
    names = Claim.__dataclass_fields__.keys() - {"at"}
    return Claim(at=from_ms(row.at_ms), **{name: getattr(row, name) for name in names})
