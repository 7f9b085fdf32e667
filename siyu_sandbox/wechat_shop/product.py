"""WeChat Shop, as the server takes it: its interfaces for orders, and the control routes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siyu_sandbox.registry import Control, ControlFault, Endpoint, Json, Product, Refusal, whole
from siyu_sandbox.wechat_shop.account import PRODUCT, ShopLimits, WechatShop, order_json
from siyu_sandbox.weixin import credentials
from siyu_sandbox.weixin.control import change, new_appid, shown
from siyu_sandbox.weixin.world import WeixinWorld

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

OWN = ("trusted_ips",)
DAY = 86_400
FIRST_NUMBER = 3_700_000_000_000_000_000


def world(box: Sandbox) -> WeixinWorld[WechatShop]:
    """Return a world without shops."""
    return WeixinWorld(ShopLimits())


def get(box: Sandbox, shop: WechatShop, query: dict[str, str], body: Json) -> Json:
    """POST /channels/ec/order/get."""
    order = shop.book.orders.get(str(body.get("order_id")))
    if order is None:
        raise Refusal(100001, "order not found")
    return {"errcode": 0, "errmsg": "ok", "order": order_json(box, shop, order)}


def listed(box: Sandbox, shop: WechatShop, query: dict[str, str], body: Json) -> Json:
    """POST /channels/ec/order/list/get: numbers of the orders that changed, paged by a key that names the last one."""
    limits: ShopLimits = box.worlds[PRODUCT].limits
    times = body.get("update_time_range")
    times, size = times if isinstance(times, dict) else {}, whole(body, "page_size", 10)
    since, until = whole(times, "start_time", 0), whole(times, "end_time", 0)
    if not 0 < until - since <= limits.list_days * DAY or not 1 <= size <= limits.page_orders:
        raise Refusal(100002, "time range or page_size is out of bounds")
    found = sorted(shop.book.changed(since, until), key=lambda order: (order.updated, order.number))
    updated, _, number = str(body.get("next_key") or "0/").partition("/")
    if not (updated.isascii() and updated.isdigit() and len(updated) < 18):
        raise Refusal(100003, "next_key is not valid")
    rest = [order for order in found if (order.updated, order.number) > (int(updated), number)]
    some = rest[:size]
    return {
        "errcode": 0,
        "errmsg": "ok",
        "order_id_list": [order.number for order in some],
        "next_key": f"{some[-1].updated}/{some[-1].number}" if some else "",
        "has_more": len(rest) > size,
    }


def _shop(box: Sandbox, appid: str) -> WechatShop:
    found = box.worlds[PRODUCT].accounts.get(appid)
    if found is None:
        raise ControlFault(f"no WeChat Shop {appid}", 404)
    shop: WechatShop = found
    return shop


def make(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {appid?, secret?, name?, unionid_platform?, trusted_ips?, callback?, retry_seconds?}."""
    shops = box.worlds[PRODUCT]
    appid = body.get("appid") or new_appid()
    if appid in shops.accounts:
        raise ControlFault(f"{appid} is there already", 409)
    secret = body.get("secret") or f"{box.random.getrandbits(128):032x}"
    shops.accounts[appid] = WechatShop(product=PRODUCT, appid=appid, secret=secret, name="微信小店", limits=shops.limits)
    return _changed(shops.accounts[appid], body)


def patch(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """PATCH what POST took."""
    return _changed(_shop(box, params["appid"]), body)


def show(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """GET the shop and its orders as they stand."""
    shop = _shop(box, params["appid"])
    return shown(shop, OWN) | {"orders": shop.book.truth()}


def buy(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {count?, phones?, quiet?}: orders are made; with `quiet` nobody is told."""
    shop = _shop(box, params["appid"])
    phones = [int(one) for one in body.get("phones") or range(1, box.phones.count + 1)]
    if not phones:
        raise ControlFault("there are no phones: POST /sandbox/people first")
    first = FIRST_NUMBER + len(shop.book.orders) * 257 + 1
    numbers = [str(first + at * 257) for at in range(int(body.get("count", 1)))]
    for order in shop.book.make(numbers, phones, box.clock.second(), box.random):
        if not body.get("quiet"):
            shop.push(box, order, "new")
    return {"order_nos": numbers}


def act(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {act: pay | ship | confirm | close | refund, order_nos?, quiet?}: it happens to these orders, or to all that it can happen to."""
    shop, kind = _shop(box, params["appid"]), str(body.get("act"))
    numbers = body.get("order_nos") or shop.book.able(kind)
    for number in numbers:
        order = shop.book.act(number, kind, box.clock.second())
        if not body.get("quiet"):
            shop.push(box, order, kind)
    return {"order_nos": numbers}


def _changed(shop: WechatShop, body: Json) -> Json:
    if "retry_seconds" in body:
        shop.retry_seconds = tuple(float(one) for one in body["retry_seconds"])
    told = body.get("callback")
    found = change(shop, body | {"callback": {"form": "json", **told}} if told else body, OWN)
    if shop.callback is not None:
        shop.callback = replace(shop.callback, waits=shop.retry_seconds, accepted=_accepted)
    return found


def _accepted(body: bytes) -> bool:
    return body.strip() in (b"", b"success")


def _truth(box: Sandbox) -> list[Json]:
    """Return every order of every shop, for `/sandbox/truth`."""
    shops: dict[str, WechatShop] = box.worlds[PRODUCT].accounts
    return [{"account": shop.appid, **row} for shop in shops.values() for row in shop.book.truth()]


WECHAT_SHOP = Product(
    name=PRODUCT,
    world=world,
    endpoints=(
        *credentials.endpoints(PRODUCT),
        Endpoint("POST", "/channels/ec/order/get", get, PRODUCT),
        Endpoint("POST", "/channels/ec/order/list/get", listed, PRODUCT),
    ),
    control=(
        Control("POST", "/sandbox/wechat_shops", make),
        Control("GET", "/sandbox/wechat_shops/{appid}", show),
        Control("PATCH", "/sandbox/wechat_shops/{appid}", patch),
        Control("POST", "/sandbox/wechat_shops/{appid}/orders", buy),
        Control("POST", "/sandbox/wechat_shops/{appid}/acts", act),
    ),
    truth={"wechat_shop_orders": _truth},
)
