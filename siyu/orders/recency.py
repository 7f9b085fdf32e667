"""Recency 数据新旧: up to which day there are orders, and for which day reports are made."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from siyu.foundation.clock import day_number, from_day_number
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders.facts import ORDERS_ORDER

STALE_DAYS = 60


class NoOrders(NamedTuple):
    """Why a report has nothing to tell, and what to do about it."""

    message: Text
    way_out: Text

    def json(self) -> dict[str, dict[str, str]]:
        return {"message": self.message.json(), "way_out": self.way_out.json()}


def no_orders(as_of: date) -> NoOrders:
    return NoOrders(
        Text(f"截至 {as_of} 还没有有效订单，没有可算的", f"There is no valid order up to {as_of}, so there is nothing to compute"),
        Text(
            "导入订单：控制台「导入订单」，或 siyu import orders 文件。订单都在这一天之后的话，换一个截止日期",
            "Import orders: on the page Imports, or by siyu import orders FILE. If all orders are later, choose a later day",
        ),
    )


def last_order_on(stores: Stores) -> date | None:
    """The local day of the newest valid order that is not in the future; None without one."""
    orders = ORDERS_ORDER.table
    today = day_number(stores.calendar.on(stores.now()))
    with stores.warehouse.read() as session:
        day = session.scalar(orders.filter(orders.ordered_on <= today).ordered_on.max())
    return None if day is None else from_day_number(int(day))


def default_as_of(stores: Stores) -> date:
    """Today; or, where the newest order is older than 60 days (history that was brought in), the day of that order."""
    today, last = stores.calendar.on(stores.now()), last_order_on(stores)
    return last if last is not None and today - last > timedelta(days=STALE_DAYS) else today
