"""The card 质量卡片: what a judgement was made from, in words with figures, for the page of one customer."""

from __future__ import annotations

from pydantic import BaseModel

from siyu.foundation.http import Label
from siyu.foundation.text import Text
from siyu.segments.quality import Quality

_SEEN: tuple[tuple[str, Text], ...] = (
    ("known_days", Text("认识的天数", "Days known")),
    ("received", Text("收到的消息", "Messages received")),
    ("read", Text("阅读、打开", "Read or opened")),
    ("replied", Text("回复、问卷、评价", "Answers, surveys, reviews")),
    ("visited", Text("其他主动行为", "Other acts of their own")),
    ("expected_acts", Text("照这里的常情该有的行为", "Acts that would be usual here")),
    ("claimed", Text("领取的礼品、券、抽奖", "Gifts, coupons, draws taken")),
    ("coupons", Text("用掉的券", "Coupons used")),
    ("orders", Text("有效订单", "Valid orders")),
    ("deep_orders", Text("其中低于平常价 25% 以上", "of them a quarter or more below the usual price")),
    ("full_orders", Text("其中按平常价(差 10% 以内)", "of them at the usual price (within a tenth)")),
    ("refunds", Text("退过款的订单", "Orders with money given back")),
    ("averse", Text("拉黑、退订、投诉", "Blocked, opted out, complained")),
)


class Seen(BaseModel):
    """One figure that was looked at."""

    key: str
    name: Label
    value: float


def seen_of(judged: Quality) -> list[Seen]:
    return [Seen(key=key, name=Label.of(name), value=round(float(judged.seen[key] or 0), 1)) for key, name in _SEEN]
