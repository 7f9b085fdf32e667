"""Youzan, as the server takes it: its interfaces for orders, and the control routes."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import TYPE_CHECKING

from siyu_sandbox.registry import Control, ControlFault, Endpoint, Json, Product, Refusal, whole
from siyu_sandbox.youzan.account import PRODUCT, ZONE, YouzanShop, YouzanWorld, full_order, refunds

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PLAIN = ("client_id", "client_secret", "name", "callback_url", "thin")
TYPES = {
    "pay": "trade_TradePaid",
    "ship": "trade_TradeSellerShip",
    "confirm": "trade_TradeSuccess",
    "close": "trade_TradeClose",
    "refund": "trade_TradeRefundSuccess",
}


def token(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Json:
    """POST /auth/token: silent authorisation of a shop."""
    shop = box.worlds[PRODUCT].accounts.get(str(body.get("grant_id")))
    known = shop is not None and (body.get("client_id"), body.get("client_secret")) == (shop.client_id, shop.client_secret)
    if shop is None or not known or body.get("authorize_type") != "silent":
        return {"success": False, "code": 500, "data": None, "message": "client_id or client_secret is wrong, or the shop has not authorised the app"}
    life = box.worlds[PRODUCT].limits.token_seconds
    made = box.tokens.live(PRODUCT, shop.kdt_id, "silent") or box.tokens.issue(PRODUCT, shop.kdt_id, "silent", life)
    return {"success": True, "code": 200, "message": None, "data": {"access_token": made.value, "expires": int(made.expires_at * 1000), "authority_id": shop.kdt_id}}


def get(box: Sandbox, shop: YouzanShop, query: dict[str, str], body: Json) -> Json:
    """POST /api/youzan.trade.get: one order."""
    order = shop.book.orders.get(str(body.get("tid")))
    if order is None:
        raise Refusal(101610001, "trade not found")
    return _well({"full_order_info": full_order(box, shop, order), "refund_order": refunds(order)})


def sold(box: Sandbox, shop: YouzanShop, query: dict[str, str], body: Json) -> Json:
    """POST /api/youzan.trades.sold.get: a page of the orders that changed."""
    size, page = whole(body, "page_size", 20), whole(body, "page_no", 1)
    if not 1 <= size <= box.worlds[PRODUCT].limits.page_orders or page < 1:
        raise Refusal(101610002, "page_size or page_no is out of bounds")
    since = _second(body.get("start_update"), 0)
    found = shop.book.changed(since, _second(body.get("end_update"), 2**40))
    some = found[(page - 1) * size : page * size]
    rows = [{"full_order_info": full_order(box, shop, order), "refund_order": refunds(order)} for order in some]
    return _well({"full_order_info_list": rows, "total_results": len(found)})


def _well(data: Json) -> Json:
    return {"success": True, "code": 200, "message": "successful", "data": data, "trace_id": secrets.token_hex(8)}


def _second(text: object, default: int) -> int:
    if not text:
        return default
    try:
        return int(dt.datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE).timestamp())
    except ValueError as wrong:
        raise Refusal(101610003, "the time is not valid") from wrong


def _shop(box: Sandbox, kdt_id: str) -> YouzanShop:
    found: YouzanShop | None = box.worlds[PRODUCT].accounts.get(kdt_id)
    if found is None:
        raise ControlFault(f"no Youzan shop {kdt_id}", 404)
    return found


def make(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {kdt_id?, client_id?, client_secret?, name?, callback_url?, retry_seconds?, thin?}."""
    kdt_id = str(body.get("kdt_id") or box.random.randrange(10**7, 10**8))
    shops = box.worlds[PRODUCT].accounts
    if kdt_id in shops:
        raise ControlFault(f"{kdt_id} is there already", 409)
    shops[kdt_id] = YouzanShop(kdt_id, secrets.token_hex(9), secrets.token_hex(16))
    return _changed(shops[kdt_id], body)


def patch(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """PATCH what POST took."""
    return _changed(_shop(box, params["kdt_id"]), body)


def show(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """GET the shop and its orders as they stand."""
    shop = _shop(box, params["kdt_id"])
    return _shown(shop) | {"orders": shop.book.truth()}


def buy(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {count?, phones?, test?, quiet?}: orders are made; with `quiet` nobody is told."""
    shop = _shop(box, params["kdt_id"])
    now, phones = box.clock.second(), [int(one) for one in body.get("phones") or range(1, box.phones.count + 1)]
    if not phones:
        raise ControlFault("there are no phones: POST /sandbox/people first")
    first = len(shop.book.orders) + 1
    day = dt.datetime.fromtimestamp(now, ZONE).strftime("%Y%m%d%H%M%S")
    numbers = [f"E{day}{shop.kdt_id[-4:]}{first + at:08d}" for at in range(int(body.get("count", 1)))]
    made = shop.book.make(numbers, phones, now, box.random)
    for order in made:
        order.is_test = bool(body.get("test"))
        if not body.get("quiet"):
            shop.push(box, order, "trade_TradeCreate")
    return {"order_nos": numbers}


def act(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {act: pay | ship | confirm | close | refund, order_nos?, quiet?}: it happens to these orders, or to all that it can happen to."""
    shop, kind = _shop(box, params["kdt_id"]), str(body.get("act"))
    numbers = body.get("order_nos") or shop.book.able(kind)
    for number in numbers:
        order = shop.book.act(number, kind, box.clock.second())
        if not body.get("quiet"):
            shop.push(box, order, TYPES[kind])
    return {"order_nos": numbers}


def _changed(shop: YouzanShop, body: Json) -> Json:
    for name in PLAIN:
        if name in body:
            setattr(shop, name, body[name])
    if "retry_seconds" in body:
        shop.retry_seconds = tuple(float(one) for one in body["retry_seconds"])
    return _shown(shop)


def _shown(shop: YouzanShop) -> Json:
    return {"kdt_id": shop.kdt_id, **{name: getattr(shop, name) for name in PLAIN}, "retry_seconds": list(shop.retry_seconds)}


def _truth(box: Sandbox) -> list[Json]:
    """Return every order of every shop, for `/sandbox/truth`."""
    shops: dict[str, YouzanShop] = box.worlds[PRODUCT].accounts
    return [{"account": shop.kdt_id, **row} for shop in shops.values() for row in shop.book.truth()]


def world(box: Sandbox) -> YouzanWorld:
    """Return a platform without shops."""
    return YouzanWorld()


YOUZAN = Product(
    name=PRODUCT,
    world=world,
    endpoints=(
        Endpoint("POST", "/auth/token", token, PRODUCT, token=False),
        *(Endpoint("POST", f"/api/youzan.trade.get/{version}", get, PRODUCT) for version in ("4.0.0", "4.0.2")),
        *(Endpoint("POST", f"/api/youzan.trades.sold.get/{version}", sold, PRODUCT) for version in ("4.0.0", "4.0.4")),
    ),
    control=(
        Control("POST", "/sandbox/youzan", make),
        Control("GET", "/sandbox/youzan/{kdt_id}", show),
        Control("PATCH", "/sandbox/youzan/{kdt_id}", patch),
        Control("POST", "/sandbox/youzan/{kdt_id}/orders", buy),
        Control("POST", "/sandbox/youzan/{kdt_id}/acts", act),
    ),
    truth={"youzan_orders": _truth},
)
