"""Offer pages 福利页: what a person sees of an offer, of their coupons and of how a draw is kept fair; HTML without scripts, under 50 KB."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from sqlalchemy import Connection

from siyu.acquisition import claims, draws
from siyu.acquisition.claims import NO_PRIZE, Claim
from siyu.acquisition.offers import Offer
from siyu.acquisition.parcels import Parcel
from siyu.carriers import contact_ways, join_ways
from siyu.foundation.errors import NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import codes, codewords, coupons
from siyu.loyalty.codes import Code
from siyu.loyalty.coupons import Coupon

ACTS = {
    "coupon": Text("领取优惠券", "Claim the coupon"), "gift": Text("领取礼品", "Claim the gift"), "trial": Text("领取试用", "Claim the trial"), "draw": Text("抽一次", "Draw"),
    "tutorial": Text("领取教程", "Get the article"), "group": Text("加入售后群", "Join the group"), "logistics": Text("领取", "Claim it"), "consultation": Text("联系顾问", "Ask an adviser"),
}  # fmt: skip
SAID = {
    "given": Text("领取成功", "It is yours"), "used": Text("已使用", "Used"), "ended": Text("已过期", "Its time is over"), "void": Text("已作废", "Withdrawn"), NO_PRIZE: Text("这次没有中奖，谢谢参与", "No prize this time; thank you"),
}  # fmt: skip
SERVED = {"tutorial": Text("已领取，点下面打开", "Yours: open it below"), "group": Text("可以入群了", "You may join"), "consultation": Text("扫码联系顾问", "Scan the code to ask")}
WON = Text("恭喜，抽中了!", "You have won!")
CLOSED = {
    "over": Text("活动已结束", "It is over"), "not_live": Text("活动暂停中", "It is paused"), "not_begun": Text("活动还没开始", "It has not begun"), "none_left": Text("已经领完了", "All are gone"),
    "day_limit": Text("今天的已领完，明天再来", "Today's are gone; come back tomorrow"), "budget": Text("已经领完了", "All are gone"), "not_eligible": Text("你暂不符合领取条件", "It is not for you at present"),
    "limit": Text("你已领过这张券", "You have this coupon already"), "coupon": Text("暂时领不了，请稍后再试或联系客服", "It cannot be given just now; try later or ask us"),
    "unknown": Text("链接已失效", "The link has ended"),
}  # fmt: skip
STATES = {"issued": Text("未使用", "Not used"), "redeemed": Text("已使用", "Used"), "expired": Text("已过期", "Ended"), "void": Text("已作废", "Withdrawn")}


def shown(stores: Stores, tx: Connection, offer: Offer, person: int, *, token: str, brand: str, lang: str, refused: str = "", article: str = "", parcel: Parcel | None = None) -> str:
    """The page of an offer for a person; `person` 0 for a passer-by, who is asked to add first."""
    mine = claims.of_person(tx, person, offer.id) if person else []
    closed = claims.closed(stores, offer)
    qr = _qr(tx, offer)
    coupon = coupons.find(tx, offer.coupon_id) if offer.coupon_id is not None else None
    return _page(
        "offer.html", lang, title=offer.title, brand=brand, token=token, offer=offer, person=person, claims=[_mine(stores, tx, offer, one, lang) for one in mine],
        refused=CLOSED[refused].to(lang) if refused in CLOSED and not mine else "", closed=CLOSED[closed].to(lang) if closed else "", open=bool(person) and not mine and closed is None and not refused,
        act=ACTS[offer.form].to(lang), article=article, group=_group(stores, tx, offer), qr=qr, is_service=offer.kind == "service" or offer.form == "consultation", qr_title=_qr_title(offer, person).to(lang), period=_period(stores, offer, lang),
        coupon=_coupon(stores, coupon, lang) if coupon else None, prizes=_prizes(offer), no_prize=_percent(draws.MILLION - sum(one.odds_ppm for one in offer.prizes)), parcel=_parcel(stores, parcel, lang),
    )  # fmt: skip


def my_coupons(stores: Stores, tx: Connection, person: int, *, token: str, brand: str, lang: str) -> str:
    found = codes.of_customer(tx, person)
    held = coupons.find_some(tx, sorted({one.coupon_id for one in found}))
    now = stores.now()
    rows = [
        {
            "name": held[one.coupon_id].name, "promise": coupons.promise(held[one.coupon_id]).to(lang), "code": codewords.shown(one.code), "state": STATES[one.state].to(lang),
            "usable": one.state == "issued" and now < one.until_at, "spell": f"{stores.calendar.on(one.from_at)} – {one.ends_on(stores)}",
        }
        for one in found
    ]  # fmt: skip
    return _page("offer_mine.html", lang, title=Text("我的券", "My coupons").to(lang), brand=brand, token=token, coupons=rows)


def proof(offer: Offer, seed: str, *, token: str, brand: str, lang: str) -> str:
    """How a draw is kept fair; with its seed when it has ended."""
    low, rows = 0, []
    for one in offer.prizes:
        rows.append({"name": one.name, "span": f"{low} – {low + one.odds_ppm - 1}", "given": one.given, "stock": one.stock})
        low += one.odds_ppm
    return _page("offer_proof.html", lang, title=Text("这次抽奖怎么保证公平", "How this draw is kept fair").to(lang), brand=brand, token=token, offer=offer, seed=seed, prizes=rows)


def gone(title: str, said: str, *, brand: str, lang: str) -> str:
    return _page("offer_gone.html", lang, title=title, said=said, brand=brand)


def picture_origins(tx: Connection, offer: Offer) -> str:
    """Where the pictures of an offer's page come from, for its policy."""
    parts = urlsplit(_qr(tx, offer) or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def render(name: str, lang: str, **parts: object) -> str:
    return _page(name, lang, **parts)


def _mine(stores: Stores, tx: Connection, offer: Offer, one: Claim, lang: str) -> dict[str, Any]:
    code, coupon = _code_of(tx, one)
    prize = next((prize.name for prize in offer.prizes if prize.id == one.prize_id), "")
    said = WON if prize and one.state == "given" else SERVED.get(offer.form, SAID["given"]) if one.state == "given" else SAID[one.state]
    usable = code is not None and code.state == "issued"
    until = Text(f"有效期到 {code.ends_on(stores)}", f"until {code.ends_on(stores)}").to(lang) if code else ""
    return {
        "said": said.to(lang), "good": one.state in ("given", "used"), "prize": prize, "ticket": one.ticket if offer.form == "draw" else 0,
        "code": codewords.shown(code.code) if code and usable else "", "qr": segno.make(code.code, micro=False).svg_data_uri(scale=4, border=2) if code and usable else "", "promise": coupons.promise(coupon).to(lang) if coupon else "", "until": until,
    }  # fmt: skip


def _code_of(tx: Connection, one: Claim) -> tuple[Code | None, Coupon | None]:
    if one.code_id is None:
        return None, None
    code = codes.find(tx, one.code_id)
    return code, coupons.find(tx, code.coupon_id) if code else None


def _coupon(stores: Stores, coupon: Coupon, lang: str) -> dict[str, str]:
    if coupon.days is not None:
        spell = Text(f"领取后 {coupon.days} 天", f"{coupon.days} days after you get it").to(lang)
    else:
        spell = f"{coupon.from_on} – {coupon.until_on}"
    return {"promise": coupons.promise(coupon).to(lang), "spell": spell, "goods": coupon.goods, "terms": coupon.terms}


def _prizes(offer: Offer) -> list[dict[str, Any]]:
    return [{"name": one.name, "odds": _percent(one.odds_ppm), "left": one.left, "stock": one.stock} for one in offer.prizes]


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".") + "%"


def _period(stores: Stores, offer: Offer, lang: str) -> str:
    def at(moment: datetime) -> str:
        return f"{moment.astimezone(stores.calendar.zone):%Y-%m-%d %H:%M}"

    if offer.begins_at and offer.ends_at:
        return f"{at(offer.begins_at)} – {at(offer.ends_at)}"
    if offer.ends_at:
        return Text(f"到 {at(offer.ends_at)}", f"until {at(offer.ends_at)}").to(lang)
    return Text(f"{at(offer.begins_at)} 起", f"from {at(offer.begins_at)}").to(lang) if offer.begins_at else ""


def _qr(tx: Connection, offer: Offer) -> str:
    if offer.way_id is None:
        return ""
    try:
        way = contact_ways.find_way(tx, offer.way_account_id or 0, offer.way_id)
    except NotFoundError:
        return ""
    return way.qr_code or "" if way.status == "open" else ""


def _qr_title(offer: Offer, person: int) -> Text:
    return Text("扫码添加，领取福利", "Scan to add us and claim it") if not person else Text("扫码联系顾问", "Scan to ask an adviser")


def _group(stores: Stores, tx: Connection, offer: Offer) -> str:
    if offer.join_way_id is None:
        return ""
    way = join_ways.find(tx, offer.join_way_id)
    return join_ways.address(stores.settings, way) if way.status == "open" else ""


def _parcel(stores: Stores, parcel: Parcel | None, lang: str) -> dict[str, Any] | None:
    if parcel is None:
        return None
    return {"at": f"{parcel.at.astimezone(stores.calendar.zone):%m-%d %H:%M}", "told": [(name.to(lang), value) for name, value in parcel.told]}


def _t(lang: str) -> Callable[[str, str], str]:
    return lambda zh, en: zh if lang == "zh" else en


def _page(name: str, lang: str, **parts: object) -> str:
    return environment().get_template(name).render(**parts, lang=lang, t=_t(lang))


@cache
def environment() -> Environment:
    return Environment(loader=PackageLoader("siyu.acquisition", "pages"), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

