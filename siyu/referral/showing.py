"""Showing 页面: an inviter's and a friend's page, made on the server; they work without a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from io import BytesIO
from typing import Any

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import coupons
from siyu.loyalty.coupons import Coupon
from siyu.referral.groups import Group
from siyu.referral.programmes import Programme
from siyu.referral.terms import Reward, Terms

STATES = {
    "waiting": Text("等待成真", "on the way"), "real": Text("已成真", "real"), "final": Text("已成真", "real"), "lapsed": Text("未达成条件", "did not come true"),
    "lost": Text("已退款或离开", "left or gave back"), "held": Text("核实中", "being checked"), "refused": Text("不计入", "does not count"),
    "duplicate": Text("已被别人邀请", "was invited before"), "self": Text("是本人", "that was you"), "loop": Text("互相邀请，不计", "invited you, does not count"),
    "known": Text("已是老客户", "was a customer already"), "closed": Text("活动时间之外", "outside of the programme's time"), "budget": Text("名额已满", "no place was left"),
    "stock": Text("名额已满", "no place was left"), "most": Text("超过每人上限", "beyond what one may bring"), "nogroup": Text("没赶上成团", "too late for the group"),
}  # fmt: skip
FULL = Text("名额已满，谢谢你的关注。", "All places are taken. Thank you.")
ENDED = Text("活动已经结束，谢谢你的关注。", "The programme has ended. Thank you.")


@dataclass(frozen=True)
class GroupShown:
    have: int
    size: int
    words: str


def t_of(lang: str) -> Callable[[str, str], str]:
    return lambda zh, en: zh if lang == "zh" else en


def reward_words(one: Reward, held: Mapping[int, Coupon]) -> Text | None:
    """What somebody gets, in words; None for nothing."""
    if one.kind == "points":
        ends = Text(f",{one.days} 天内有效", f", for {one.days} days") if one.days else Text("", "")
        return Text(f"{one.points} 积分{ends.zh}", f"{one.points} points{ends.en}")
    coupon = held.get(one.coupon_id) if one.kind == "coupon" else None
    if coupon is None:
        return None
    said = coupons.promise(coupon)
    return Text(f"{coupon.name}({said.zh})", f"{coupon.name} ({said.en})")


def conditions(terms: Terms) -> Text:
    """When a friend is real, in words."""
    said = []
    if terms.stay_days:
        said.append(Text(f"加好友满 {terms.stay_days} 天", f"has been a contact for {terms.stay_days} days"))
    if terms.buys_fen:
        said.append(Text(f"买满 {coupons.yuan(terms.buys_fen)} 元且不退款", f"has bought for ¥{coupons.yuan(terms.buys_fen)} and kept it"))
    if not said:
        return Text("好友登记后即到账", "as soon as the friend is known")
    joined = ("并且", " and ") if terms.needs == "all" else ("或者", " or ")
    return Text(f"好友{joined[0].join(one.zh for one in said)}后到账", f"when the friend {joined[1].join(one.en for one in said)}")


def rules(programme: Programme) -> Text:
    """What must be known before anybody takes part, in full."""
    one = programme.terms
    zh = ["只奖励直接邀请的好友，不计下线。", f"{conditions(one).zh}；{one.wait_days} 天内未达成则失效。", "自己邀请自己、互相邀请不计；同一位好友只算一次。"]
    en = ["Only friends whom you invited yourself count.", f"Rewards come {conditions(one).en}; after {one.wait_days} days it is too late.", "Inviting yourself or each other does not count, and one friend counts once."]
    if one.only_new:
        zh.append("好友须是新客。")
        en.append("Friends must be new customers.")
    if one.watch_days:
        zh.append(f"成真后 {one.watch_days} 天内退款或离开，奖励收回。")
        en.append(f"If they give back or leave within {one.watch_days} days, rewards are taken back.")
    if programme.mode == "group":
        zh.append(f"{one.hours} 小时内凑满 {one.size} 人(含开团人)成团；不成团则不发奖励，已付款项按店铺规则退回。")
        en.append(f"A group needs {one.size} people (you included) within {one.hours} hours; if it fails nobody gets the reward, and what was paid goes back by the shop's rules.")
    return Text("".join(zh), " ".join(en))


def group_words(stores: Stores, one: Group, lang: str) -> GroupShown:
    until = f"{from_ms(one.until_ms).astimezone(stores.calendar.zone):%m-%d %H:%M}"
    have = min(one.members + 1, one.size)
    said = {
        "open": Text(f"还差 {one.size - have} 人，{until} 截止", f"{one.size - have} more until {until}"), "full": Text("已成团", "It is full"),
        "failed": Text("没有凑满，本团不成立", "It was not filled in time"), "broken": Text("有人退出，本团不再成立", "Somebody left, and it fell apart"),
    }[one.state]  # fmt: skip
    return GroupShown(have, one.size, said.to(lang))


def page(name: str, lang: str, **parts: Any) -> str:
    return _environment().get_template(name).render(**{"said": "", "both": False, **parts}, lang=lang, t=t_of(lang))


def qr_svg(address: str) -> str:
    """The code of an address as SVG for a page."""
    out = BytesIO()
    segno.make(address, error="m").save(out, kind="svg", xmldecl=False, svgns=True, scale=5, border=2, dark="#1f2421", light="#ffffff", svgclass="qr", lineclass=None, omitsize=True)
    return out.getvalue().decode()


def poster(address: str, lines: Sequence[str], brand: str) -> str:
    """A poster of 750 × 1100 with the code, as SVG; the phone that shows it has the letters."""
    code = segno.make(address, error="m")
    size = code.symbol_size(border=0)[0]
    cell = 380 / size
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(code.matrix) for x, on in enumerate(row) if on)
    words = "".join(f'<text x="375" y="{210 + 74 * at}" text-anchor="middle" font-size="{50 if at == 0 else 32}" font-weight="{700 if at == 0 else 400}" fill="#1f2421">{escape(line)}</text>' for at, line in enumerate(lines))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 750 1100" font-family="PingFang SC,HarmonyOS Sans SC,Noto Sans SC,Microsoft YaHei,sans-serif">'
        f'<rect width="750" height="1100" fill="#f5f6f4"/><rect x="40" y="40" width="670" height="1020" rx="28" fill="#fff"/>'
        f'<text x="375" y="120" text-anchor="middle" font-size="30" fill="#5f6963">{escape(brand)}</text>{words}'
        f'<g transform="translate(185 560) scale({cell:.4f})"><path d="{dark}" fill="#1f2421" shape-rendering="crispEdges"/></g>'
        '<text x="375" y="1010" text-anchor="middle" font-size="28" fill="#5f6963">长按或扫码 Scan</text></svg>'
    )


def wrapped(text: str, width: int = 15, most: int = 3) -> list[str]:
    """Words cut into lines of so many Chinese characters (two Latin letters count as one)."""
    lines, line, used = [], "", 0.0
    for sign in text:
        used += 1.0 if ord(sign) > 0x2E80 else 0.5
        if used > width or sign == "\n":
            lines.append(line)
            line, used = "", 0.0
        line += "" if sign == "\n" else sign
    lines = [*lines, line] if line else lines
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1][:-1] + "…"]


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("siyu.referral", "pages"), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
