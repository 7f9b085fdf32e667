"""A WeChat Shop (微信小店), and how what happens in it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from siyu_sandbox.registry import Json
from siyu_sandbox.shops.orders import Book, ShopOrder
from siyu_sandbox.weixin.account import Account
from siyu_sandbox.weixin.conversations import OFFICIAL_ACCOUNT_WINDOWS, Conversations
from siyu_sandbox.weixin.limits import TOKEN_CALLS, Limits

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "wechat_shop"
STATUS = {"unpaid": 10, "paid": 20, "shipped": 30, "done": 100, "closed": 190, "refunded": 200}
RETRY_SECONDS = (0.0, 0.0, 10.0, 60.0, 300.0, 1800.0, 3600.0, 3600.0, 3600.0)
EVENTS = {"pay": "pay", "ship": "deliver", "confirm": "confirm", "close": "cancel"}


@dataclass
class ShopLimits(Limits):
    """Settings (`PATCH /sandbox/settings`)."""

    daily: dict[str, int] = field(default_factory=lambda: dict(TOKEN_CALLS))
    minute: dict[str, int] = field(default_factory=lambda: {"/channels/ec/order/get": 3000, "/channels/ec/order/list/get": 600})
    page_orders: int = 100
    list_days: int = 7


@dataclass(kw_only=True)
class WechatShop(Account):
    """One shop; its order numbers exceed 2^53."""

    conversations: Conversations = field(default_factory=lambda: Conversations(OFFICIAL_ACCOUNT_WINDOWS))
    retry_seconds: tuple[float, ...] = RETRY_SECONDS
    book: Book = field(default_factory=Book)

    @property
    def may_notify(self) -> bool:
        """A shop sends no notices."""
        return False

    def refusal(self, openid: str) -> int:
        """Nobody is written to."""
        return 48001

    def push(self, box: Sandbox, order: ShopOrder, act: str) -> None:
        """Tell that something happened to an order."""
        frame: Json = {"ToUserName": self.original_id, "FromUserName": self.openid(order.phone), "CreateTime": order.updated, "MsgType": "event"}
        if act == "refund":
            told = {"status": "MERCHANT_REFUND_SUCCESS", "after_sale_order_id": f"9{order.number}", "order_id": order.number}
            fields = {**frame, "Event": "channels_ec_aftersale_update", "finder_shop_aftersale_status_update": told}
        else:
            info: Json = {"order_id": int(order.number)}
            info |= {"pay": {"pay_time": order.updated}, "ship": {"finish_delivery": 1}, "confirm": {"confirm_type": 1}, "close": {"cancel_type": 1}}.get(act, {})
            fields = {**frame, "Event": f"channels_ec_order_{EVENTS.get(act, 'new')}", "order_info": info}
        box.sender.send(self.callback, fields)


def order_json(box: Sandbox, shop: WechatShop, order: ShopOrder) -> Json:
    """Return an order as `/channels/ec/order/get` words it."""
    phone = box.phones.get(order.phone)
    goods = sum(line.paid_fen for line in order.lines)
    return {
        "order_id": order.number,
        "openid": shop.openid(order.phone),
        "unionid": shop.unionid(phone.unionid) or "",
        "status": STATUS[order.state],
        "create_time": order.created,
        "update_time": order.updated,
        "order_detail": {
            "product_infos": [
                {
                    "product_id": str(10_000_000_000_000 + line.item), "sku_id": str(20_000_000_000_000 + line.item), "sku_code": line.sku, "title": line.name,
                    "sku_cnt": line.count, "sale_price": line.price_fen, "market_price": line.price_fen, "real_price": line.paid_fen,
                    "on_aftersale_sku_cnt": 0, "finish_aftersale_sku_cnt": line.count if order.state == "refunded" else 0, "sku_attrs": [],
                }
                for line in order.lines
            ],
            "price_info": {"product_price": goods, "order_price": order.paid_fen, "freight": order.freight_fen, "is_discounted": False},
            "pay_info": {"pay_time": order.created + 60} if order.state not in ("unpaid", "closed") else {},
            "delivery_info": {"address_info": {"user_name": phone.name[:1] + "*", "province_name": "四川省", "city_name": "成都市", "tel_number": "1*********9"}},
            "ext_info": {},
        },
        "aftersale_detail": {"on_aftersale_order_cnt": 0, "aftersale_order_list": []},
    }  # fmt: skip
