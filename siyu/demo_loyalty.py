"""Loyalty of the sample brand 示例品牌的积分、优惠券和问卷: what its members were given, what they used, and what they say.

Each part has a reference of its own, so that it may be done again after a kill; who is drawn depends on numbers alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from siyu.foundation.ids import Ints, draw_rows
from siyu.foundation.stores import Stores
from siyu.identity.current import everybody
from siyu.loyalty import codes, coupons, points, redemptions
from siyu.loyalty.coupons import Coupon, Draft
from siyu.surveys import questions, responses, surveys

BY = "示例品牌"
MOST_SHOWN = 60
"""Redemptions and responses that are made one by one, as people make them."""
NEW_TEA = Draft(name="春茶满减券", kind="amount", face_fen=3000, threshold_fen=20_000, goods="春茶系列", days=60, stock=500, per_person=1, cost_fen=3000, terms="不与会员折扣同享")
GIFT = Draft(name="老客茶漏", kind="gift", gift="竹编茶漏一只", goods="门店自提", days=90, stock=80, per_person=1, cost_fen=1800)
FORM = {
    "title": {"zh": "一杯茶的工夫，说说你的感受", "en": "How was your tea?"}, "intro": {"zh": "四道题，不到一分钟。", "en": "Four questions, less than a minute."},
    "thanks": {"zh": "谢谢你，我们会一条一条看。", "en": "Thank you. We read every answer."},
    "questions": [
        {"kind": "nps", "title": {"zh": "你有多大可能把澄山里推荐给朋友?", "en": "How likely are you to recommend us to a friend?"}},
        {"kind": "single", "title": {"zh": "你多久喝一次茶?", "en": "How often do you drink tea?"}, "choices": [{"label": {"zh": zh, "en": en}} for zh, en in (("每天", "Every day"), ("一周几次", "A few times a week"), ("偶尔", "Now and then"))]},
        {"kind": "multi", "title": {"zh": "最想我们多做什么?", "en": "What should we do more of?"}, "most": 2, "required": False, "choices": [{"label": {"zh": zh, "en": en}} for zh, en in (("小包装", "Small packs"), ("茶器", "Tea ware"), ("冲泡教程", "Brewing guides"), ("线下品鉴", "Tastings"))]},
        {"kind": "text", "title": {"zh": "还有什么想说的?", "en": "Anything else?"}, "required": False},
    ],
}  # fmt: skip
SAID = ("小包装很适合办公室", "希望多一点茶器", "快递很快，茶也新", "春茶比去年的香", "门店的讲解很耐心")
SURVEY = "喝茶小调查"


def load(stores: Stores, tx: Connection) -> None:
    """Points of two months, two coupons that were issued and partly used, and a survey with answers; in the caller's transaction."""
    ids = everybody(tx)
    if not len(ids) or any(one.name == NEW_TEA.name for one in coupons.listed(tx)):
        return
    now = stores.now()
    _points(stores, tx, ids, now)
    _coupon(stores, tx, NEW_TEA, _drawn(ids, "tea", 0.25), now, used=0.4)
    _coupon(stores, tx, GIFT, _drawn(ids, "gift", 0.06), now, used=0.5)
    _survey(stores, tx, _drawn(ids, "survey", 0.1)[:MOST_SHOWN], now)


def _drawn(ids: Ints, salt: str, share: float) -> Ints:
    return ids[draw_rows(f"sample {salt}", ids) < share]


def _at(stores: Stores, at: datetime) -> Stores:
    return replace(stores, clock=lambda: at)


def _points(stores: Stores, tx: Connection, ids: Ints, now: datetime) -> None:
    members = _drawn(ids, "members", 0.5)
    today = stores.calendar.on(now)
    begun = _at(stores, now - timedelta(days=60))
    points.grant(begun, tx, members, np.full(len(members), 100), reason="开卡礼", ref="sample:welcome", by=BY)
    buyers = _drawn(members, "buyers", 0.5)
    worth = (draw_rows("sample worth", buyers) * 400).astype(np.int64) + 20
    points.grant(_at(stores, now - timedelta(days=30)), tx, buyers, worth, reason="会员日双倍积分", ref="sample:double", by=BY, last_on=today + timedelta(days=20))
    spenders = _drawn(buyers, "spenders", 0.3)
    points.spend(_at(stores, now - timedelta(days=9)), tx, spenders, np.full(len(spenders), 120), reason="积分换试饮装", ref="sample:tasting", by=BY)


def _coupon(stores: Stores, tx: Connection, draft: Draft, ids: Ints, now: datetime, *, used: float) -> Coupon:
    begun = _at(stores, now - timedelta(days=21))
    made = coupons.set_status(begun, tx, coupons.add(begun, tx, draft, by=BY).id, "live", by=BY)
    given = codes.issue(begun, tx, made.id, ids, ref=f"sample:{made.id}")
    shares = draw_rows(f"sample used {draft.name}", given.customer_ids)
    for number in np.flatnonzero(shares < used)[:MOST_SHOWN].tolist():
        share = float(shares[number]) / used
        at = _at(stores, now - timedelta(hours=4 + round(share * 400)))
        order_fen = draft.threshold_fen + round(share * 30_000) if draft.threshold_fen else None
        redemptions.redeem(at, tx, given.codes[number], ref=f"sample:{number}", by="示例门店", order_fen=order_fen, place="杭州湖滨店")
    return made


def _survey(stores: Stores, tx: Connection, ids: Ints, now: datetime) -> None:
    begun = _at(stores, now - timedelta(days=7))
    made = surveys.publish(begun, tx, surveys.add(begun, tx, SURVEY, questions.read(FORM), repeats=False, by=BY).id, by=BY)
    likes, often = draw_rows("sample likes", ids), draw_rows("sample often", ids)
    for number, person in enumerate(ids.tolist()):
        like, share = float(likes[number]), float(often[number])
        wishes = [f"c{1 + int(like * 40) % 4}", f"c{1 + int(share * 40) % 4}"]
        said = {"q1": [str(10 - round((like**1.6) * 8))], "q2": [f"c{1 + int(share * 3)}"], "q3": list(dict.fromkeys(wishes)), "q4": [SAID[number % len(SAID)]] if share < 0.3 else []}
        responses.answer(_at(stores, now - timedelta(hours=2 + number)), tx, made.id, person, made.version, said)
