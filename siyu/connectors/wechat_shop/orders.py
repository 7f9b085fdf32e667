"""Orders of a WeChat Shop 微信小店订单. Money comes in fen, times in Unix seconds; order numbers exceed 2^53 and stay text."""

from __future__ import annotations

from datetime import datetime

import msgspec

from siyu.connectors._wechat.platform import Platform
from siyu.connectors.errors import Unavailable
from siyu.connectors.selling import Order, OrderLine, State, Told, spread
from siyu.foundation.text import Text

LIST, GET = "/channels/ec/order/list/get", "/channels/ec/order/get"
PAGE_ORDERS = 100
STATES: dict[int, State] = {
    10: "unpaid",
    12: "paid",  # a present that nobody has taken yet
    13: "paid",  # bought together, the group is not complete
    20: "paid",
    21: "part_shipped",
    30: "shipped",
    100: "done",
    190: "closed",
    200: "refunded",
    250: "closed",
}


class _Product(msgspec.Struct, frozen=True):
    product_id: str = ""
    sku_id: str = ""
    sku_code: str = ""
    title: str = ""
    sku_cnt: int = 0
    sale_price: int = 0
    real_price: int = 0
    finish_aftersale_sku_cnt: int = 0


class _Address(msgspec.Struct, frozen=True):
    province_name: str = ""
    city_name: str = ""


class _Delivery(msgspec.Struct, frozen=True):
    address_info: _Address = _Address()


class _Price(msgspec.Struct, frozen=True):
    order_price: int | None = None


class _Detail(msgspec.Struct, frozen=True):
    product_infos: tuple[_Product, ...] = ()
    price_info: _Price = _Price()
    delivery_info: _Delivery = _Delivery()


class ShopOrder(msgspec.Struct, frozen=True):
    order_id: str
    status: int
    create_time: datetime
    update_time: datetime | None = None
    openid: str = ""
    unionid: str = ""
    order_detail: _Detail = _Detail()


class _One(msgspec.Struct, frozen=True):
    order: ShopOrder


class _Page(msgspec.Struct, frozen=True):
    order_id_list: tuple[str, ...] = ()
    next_key: str = ""
    has_more: bool = False


class Orders:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def get(self, order_no: str) -> Order:
        found = await self._platform.post(GET, {"order_id": order_no}, _One)
        return order_of(found.order, self._platform.account.ref)

    async def page(self, since: datetime, until: datetime, cursor: str) -> Told:
        """Numbers of the orders that changed in at most 7 days."""
        times = {"start_time": int(since.timestamp()), "end_time": int(until.timestamp())}
        found = await self._platform.post(LIST, {"update_time_range": times, "page_size": PAGE_ORDERS, "next_key": cursor or None}, _Page)
        return Told(wanted=found.order_id_list, next_cursor=found.next_key if found.has_more else "")


def order_of(one: ShopOrder, appid: str) -> Order:
    """
    Raises
    ------
    Unavailable
        For a status that is not known: to guess would count, or lose, a sale.
    """
    if one.status not in STATES:
        raise Unavailable(
            Text(f"微信小店的订单状态 {one.status} 还不认识", f"the status {one.status} of a WeChat Shop order is not known"), reached=True, vendor_code="status", api=GET
        )
    state, detail = STATES[one.status], one.order_detail
    where = detail.delivery_info.address_info
    people = {"unionid": one.unionid, f"openid:{appid}": one.openid}
    return Order(
        order_no=one.order_id,
        state=state,
        status=str(one.status),
        ordered_at=one.create_time,
        ordered_text=str(int(one.create_time.timestamp())),
        lines=_lines(detail, state),
        buyer={space: value for space, value in people.items() if value},
        profile={path: value for path, value in (("province", where.province_name), ("city", where.city_name)) if value},
        updated_at=one.update_time,
    )


def _lines(detail: _Detail, state: State) -> tuple[OrderLine, ...]:
    """What was given back of a line is its share of the pieces whose after-sale is finished."""
    products = detail.product_infos
    worth = [product.real_price or product.sale_price * product.sku_cnt for product in products]
    paid = detail.price_info.order_price
    amounts = worth if paid is None else spread(paid, worth)
    return tuple(
        OrderLine(
            line_no=f"{product.product_id}/{product.sku_id}#{number}",
            sku=product.sku_code or product.sku_id or product.product_id,
            product_name=product.title,
            quantity=max(1, product.sku_cnt),
            unit_price_fen=product.sale_price,
            amount_fen=amount,
            refund_fen=amount if state == "refunded" else amount * min(product.finish_aftersale_sku_cnt, product.sku_cnt) // max(1, product.sku_cnt),
        )
        for number, (product, amount) in enumerate(zip(products, amounts, strict=True), start=1)
    )
