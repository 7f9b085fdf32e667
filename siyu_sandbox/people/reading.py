"""What a person takes a message for (内容判断): promotion, value, service or feedback, by its words alone.

The rule: count the words of each kind in all texts of the message. Feedback wins when it has any and no fewer than
promotion; promotion wins with more words than service and value; service wins with any; then value. Without any known word,
a welcome or a chat is service, as is a short text; anything with a link or more to read is value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from siyu_sandbox.phones import Received

KINDS = ("promotion", "value", "service", "feedback")
PROMOTION, VALUE, SERVICE, FEEDBACK = range(4)
WORDS = {
    PROMOTION: re.compile(
        r"折|券|满\s*\d+|满减|促销|大促|特价|优惠|秒杀|抢购|限时|爆款|返场|清仓|早鸟|半价|立减|红包|抽奖|拼团|人团"
        r"|狂欢|首单|专享|新客礼|赠|免费|价(?!值)|coupon|discount|%\s?off|\bsale\b|promo|\bdeal|voucher|free gift",
        re.IGNORECASE,
    ),
    SERVICE: re.compile(
        r"物流|发货|订单|售后|到期|提醒|积分|生日|预约|退款|快递|签收|营业|客服|等级|验证码"
        r"|\border|shipp|deliver|refund|remind|appointment|receipt|verify",
        re.IGNORECASE,
    ),
    FEEDBACK: re.compile(
        r"问卷|调研|评价|反馈|打分|回访|满意度|survey|feedback|questionnaire|review", re.IGNORECASE
    ),
    VALUE: re.compile(
        r"怎么|如何|教程|指南|上手|搭配|怎样|挑选|护理|故事|一天|灵感|清单|妙招|食养|存放|知识|贴士|how to|guide|\btips\b|story",
        re.IGNORECASE,
    ),
}
REWARD = re.compile(r"赠|免费|新客礼|红包|领取|抽奖|free gift", re.IGNORECASE)
INVITATION = re.compile(r"好友|邀请|分享|老带新|人团|拼团|invite|friend", re.IGNORECASE)
TENTHS, PAIR = re.compile(r"(\d(?:\.\d)?)\s*折"), re.compile(r"满\s*(\d+)\D{0,4}?减\s*(\d+)")
PERCENT, FLAT = re.compile(r"(\d{1,2})\s*%\s*off", re.IGNORECASE), re.compile(r"(\d+)\s*元")
USUAL_BASKET_YUAN, USUAL_DEPTH, MOST_DEPTH = 150, 0.1, 0.8
AT_HAND = ("welcome", "chat", "trouble", "service", "sms")
LONG = 30
PICTURES = ("pic", "thumb", "image", "media", "head")


@dataclass(frozen=True)
class Said:
    """A message as its reader understands it. `depth`: share of the price that is given away; `links` to press."""

    kind: int
    depth: float
    is_reward: bool
    invites: bool
    links: tuple[str, ...]


def understand(received: Received) -> Said:
    """Judge one message by what arrived."""
    found = list(_texts(received.content, ""))
    links = tuple(text for key, text in found if _is_link(key, text))
    words = "\n".join(text for _, text in found if not text.startswith(("http://", "https://")))
    kind = judge(words, received.kind, bool(links))
    promotion = kind == PROMOTION
    return Said(
        kind,
        depth(words) if promotion else 0.0,
        promotion and bool(REWARD.search(words)),
        bool(INVITATION.search(words)),
        links,
    )


def judge(words: str, message_kind: str = "", has_link: bool = False) -> int:
    """The rule of this module."""
    hits = {kind: len(pattern.findall(words)) for kind, pattern in WORDS.items()}
    if hits[FEEDBACK] and hits[FEEDBACK] >= hits[PROMOTION]:
        return FEEDBACK
    if hits[PROMOTION] > max(hits[SERVICE], hits[VALUE]):
        return PROMOTION
    if hits[SERVICE]:
        return SERVICE
    if hits[VALUE]:
        return VALUE
    is_short = not has_link and len(words) <= LONG
    return SERVICE if message_kind in AT_HAND or is_short else VALUE


def depth(words: str) -> float:
    """The deepest discount that is named, as a share of the price; a tenth where none is."""
    found = [1 - float(tenths) / 10 for tenths in TENTHS.findall(words)]
    found += [int(off) / int(over) for over, off in PAIR.findall(words) if int(over)]
    found += [int(percent) / 100 for percent in PERCENT.findall(words)]
    found += [0.25] if "半价" in words else []
    if not found:
        found = [int(yuan) / USUAL_BASKET_YUAN for yuan in FLAT.findall(words)]
    return min(max(found, default=USUAL_DEPTH), MOST_DEPTH)


def _texts(content: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every text inside, with the key under which it stands."""
    if isinstance(content, str):
        yield key, content
    elif isinstance(content, dict):
        for name, inner in content.items():
            if name != "headers":
                yield from _texts(inner, str(name))
    elif isinstance(content, list | tuple):
        for inner in content:
            yield from _texts(inner, key)


def _is_link(key: str, text: str) -> bool:
    picture = any(part in key.lower() for part in PICTURES)
    return text.startswith(("http://", "https://")) and not picture
