"""Offers of the sample brand 示例品牌的福利: what newcomers were given at its sources, who claimed it, what was redeemed, and a draw that opens tomorrow.

Whoever claimed asks as people do, week by week; each part may be done again after a kill.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.acquisition import claims, offers
from siyu.acquisition.draws import PrizeDraft
from siyu.acquisition.offers import Offer
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.ids import Ints, draw_rows
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import look_up_all
from siyu.loyalty import codes, coupons, redemptions

BY, PLACE = "示例品牌", "杭州湖滨店"
WEEKS = 6
MOST_REDEEMED = 40
WELCOME = coupons.Draft(name="直播间新客券", kind="amount", face_fen=2000, threshold_fen=9900, goods="全店", days=30, stock=1000, per_person=1, cost_fen=2000)
TASTING = coupons.Draft(name="白茶试饮装", kind="gift", gift="白茶试饮装一份(3 × 5 克)", goods="门店自提或随单寄出", days=45, stock=400, per_person=1, cost_fen=900)
SACHET = coupons.Draft(name="香囊一只", kind="gift", gift="草本香囊一只", goods="门店自提", days=60, stock=60, per_person=1, cost_fen=1500)


@dataclass(frozen=True)
class Wanted:
    """An offer, its coupon, by which sources those came who claim it, how many of them do, and how many of these use what they got."""

    draft: offers.Draft
    coupon: coupons.Draft | None
    came_by: tuple[str, ...]
    share: float
    used: float


def wanted(tops: dict[str, int], article: int | None) -> tuple[Wanted, ...]:
    """What this brand gives, as far as its sources and its article are there."""
    live = offers.Draft("直播间新客券", "coupon", title="直播间新朋友，见面减 20 元", words="加上好友就能领,30 天内有效。", for_whom="从直播间来的新朋友", source_id=tops.get("douyin_live"), stock=800, budget_fen=600_000)
    trial = offers.Draft("白茶试饮装", "trial", title="三种白茶，先尝后买", words="每人一份，送完为止。", for_whom="第一次认识我们的人", source_id=tops.get("xiaohongshu_note"), stock=90, per_day=200, budget_fen=200_000)
    guide = offers.Draft("冲泡教程", "tutorial", title="新茶怎么泡不苦", words="五分钟看完。", source_id=tops.get("taobao_card"), piece_id=article)
    made = [Wanted(live, WELCOME, ("douyin_live",), 0.7, 0.3), Wanted(trial, TASTING, ("xiaohongshu_note", "oa_article"), 0.8, 0.45)]
    return (*made, *([Wanted(guide, None, ("taobao_card", "store_code"), 0.35, 0)] if article else []))


def load(stores: Stores, customers: pa.Table, namespace: str, tops: dict[str, int], article: int | None) -> None:
    """Offers, claims of the last weeks, redemptions; opens its own transactions."""
    people = _people(stores, customers, namespace)
    for one in wanted(tops, article):
        offer = _offer(stores, one)
        _claims(stores, offer, one, people)
        _redeemed(stores, offer, one)
    _draw(stores, tops)


@dataclass(frozen=True)
class _People:
    """Newcomers, parallel: their numbers, when they came, by which source of the files."""

    customer_id: Ints
    at_ms: Ints
    source: np.ndarray[Any, Any]


def _people(stores: Stores, customers: pa.Table, namespace: str) -> _People:
    since = _midnight(stores) - timedelta(weeks=WEEKS)
    rows = customers.filter(pc.greater_equal(customers["registered_at"], pa.scalar(since, customers["registered_at"].type)))
    keys = rows["customer_key"].to_pylist()
    with stores.ledger.read() as tx:
        owner = look_up_all(stores, tx, namespace, keys)
    known = [place for place, key in enumerate(keys) if key in owner]
    at_ms = rows["registered_at"].cast(pa.timestamp("ms", tz="UTC"), safe=False).cast(pa.int64()).to_numpy()
    return _People(np.array([owner[keys[place]] for place in known], np.int64), at_ms[known], np.array(rows["source"].to_pylist(), object)[known])


def _offer(stores: Stores, one: Wanted) -> Offer:
    begun = _at(stores, _midnight(stores) - timedelta(weeks=WEEKS))
    with stores.ledger.begin() as tx:
        held = next((offer for offer in offers.listed(tx, q=one.draft.name, limit=200) if offer.name == one.draft.name), None)
        if held is not None:
            return held
        coupon = None if one.coupon is None else coupons.set_status(begun, tx, coupons.add(begun, tx, one.coupon, by=BY).id, "live", by=BY).id
        made = offers.add(begun, tx, replace(one.draft, coupon_id=coupon, begins_at=begun.now()), by=BY)
        return offers.set_status(begun, tx, made.id, "live", by=BY)


def _claims(stores: Stores, offer: Offer, one: Wanted, people: _People) -> None:
    """Everybody claims at the end of the week in which they came; who asks when nothing is left is refused, as at any time."""
    mine = np.isin(people.source, list(one.came_by)) & (draw_rows(f"sample claim {one.draft.name}", people.customer_id) < one.share)
    for ends in _weeks(stores):
        week = mine & (people.at_ms >= to_ms(ends - timedelta(weeks=1))) & (people.at_ms < to_ms(ends))
        if week.any():
            claims.claim(_at(stores, ends), offer.id, people.customer_id[week])


def _weeks(stores: Stores) -> list[datetime]:
    """An evening at the end of each of the last weeks, the last one yesterday's."""
    return [_midnight(stores) - timedelta(weeks=number, minutes=137 + 23 * number) for number in reversed(range(WEEKS))]


def _midnight(stores: Stores) -> datetime:
    """What depends on no more than the day is the same however often a load is killed."""
    return from_ms(stores.calendar.midnight_ms(stores.calendar.on(stores.now())))


def _redeemed(stores: Stores, offer: Offer, one: Wanted) -> None:
    """Some days after they were given them people use what they got, until this midnight."""
    if one.coupon is None or offer.coupon_id is None:
        return
    with stores.ledger.begin() as tx:
        given = [code for code in codes.of_coupon(tx, offer.coupon_id, state="issued", limit=500) if code.ref == f"offer:{offer.id}"]
        shares = draw_rows(f"sample use {one.draft.name}", np.array([code.customer_id for code in given], np.int64))
        for code, share in [(code, float(share)) for code, share in zip(given, shares, strict=True) if share < one.used][:MOST_REDEEMED]:
            when = code.issued_at + timedelta(days=0.2 + 9 * share / one.used)
            if when < _midnight(stores):
                order_fen = one.coupon.threshold_fen + round(share * 30_000) if one.coupon.threshold_fen else None
                redemptions.redeem(_at(stores, when), tx, code.code, ref=f"sample:{code.customer_id}", by="示例门店", order_fen=order_fen, place=PLACE)


def _draw(stores: Stores, tops: dict[str, int]) -> None:
    """A lucky draw with its odds published: it opens tomorrow, so its seed is still nobody's."""
    name, midnight = "会员日抽奖", from_ms(stores.calendar.midnight_ms(stores.calendar.on(stores.now()) + timedelta(days=1)))
    with stores.ledger.begin() as tx:
        if any(offer.name == name for offer in offers.listed(tx, q=name, limit=200)):
            return
        held = {one.name: one.id for one in coupons.listed(tx, status="live", limit=200)}
        sachet = held.get(SACHET.name) or coupons.set_status(stores, tx, coupons.add(stores, tx, SACHET, by=BY).id, "live", by=BY).id
        prizes = (PrizeDraft("白茶试饮装", held[TASTING.name], 100, 100_000), PrizeDraft("香囊一只", sachet, 50, 40_000))
        draft = offers.Draft(
            name, "draw", title="会员日抽一次，概率写明白", words="每人一次，抽完为止。中奖概率和剩余数量都在页面上。", source_id=tops.get("fission_draw"), stock=2000, budget_fen=300_000,
            begins_at=midnight, ends_at=midnight + timedelta(days=7), prizes=prizes,
        )  # fmt: skip
        offers.set_status(stores, tx, offers.add(stores, tx, draft, by=BY).id, "live", by=BY)


def _at(stores: Stores, at: datetime) -> Stores:
    return replace(stores, clock=lambda: at)
