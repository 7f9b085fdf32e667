"""Mapping 字段对应: where in somebody's JSON an order stands. Paths are dotted (`data.items.0.id`; `$.data.items[0].id` is the same).

A path that leads nowhere is a fault that names it; nothing is guessed, least of all what a status means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from siyu.connectors._definitions import Part, TimeForm, items_at, pick, read_definition, read_time
from siyu.connectors.selling import STATES, Order, OrderLine, State, spread
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.money import MAX_FEN, to_fen
from siyu.foundation.text import Text

NAMESPACES = ("account", "member", "unionid", "phone", "email")
PROFILE = ("name", "province", "city", "country")
MOST_ORDERS = 500
T = TypeVar("T")


class LinePaths(Part):
    """Paths within one line. Without `number` its place counts; without `amount`, price × quantity."""

    items: str = ""
    number: str = ""
    sku: str = ""
    product_name: str = ""
    quantity: str = ""
    unit_price: str = ""
    amount: str = ""
    refund: str = ""


class OrderMapping(Part):
    """Paths within one order but for `orders`, which leads to the order or to a list of them.

    `states` translates the shop's words into ours. `paid` is what the buyer paid for the whole order, freight included.
    """

    orders: str = ""
    order_no: str
    status: str
    states: dict[str, State]
    ordered_at: str
    updated_at: str = ""
    time_form: TimeForm = "local"
    zone: str = "Asia/Shanghai"
    money: Literal["yuan", "fen"] = "yuan"
    paid: str = ""
    test: str = ""
    lines: LinePaths = LinePaths()
    buyer: dict[str, str] = {}
    profile: dict[str, str] = {}


def read_mapping(text: str) -> OrderMapping:
    """
    Raises
    ------
    InvalidError
        With every fault.
    """
    found, faults = read_definition(text, OrderMapping)
    if found is not None:
        faults = [
            *(Fault(f"buyer.{name}", Text(f"可用：{'、'.join(NAMESPACES)}、openid:AppID", f"use one of {', '.join(NAMESPACES)}, openid:AppID"))
              for name in found.buyer if name not in NAMESPACES and not re.fullmatch(r"openid:wx\w{4,62}", name)),
            *(Fault(f"profile.{name}", Text(f"可用：{'、'.join(PROFILE)}", f"use one of {', '.join(PROFILE)}")) for name in found.profile if name not in PROFILE),
            *([] if found.states else [Fault("states", Text(f"请写明每个状态，对应到：{'、'.join(STATES)}", f"say what each status means: {', '.join(STATES)}"))]),
            *([] if found.paid or found.lines.amount or found.lines.unit_price else [Fault("paid", Text("请指定实付金额，或明细的金额、单价", "name what was paid, or the lines' amount or price"))]),
            *_zone_faults(found.zone),
        ]  # fmt: skip
    if found is None or faults:
        raise InvalidError(Text("字段对应有误", "the mapping is not valid"), faults=faults, way_out=Text("见文档 receive-orders", "see the page receive-orders"))
    return found


def orders_in(content: Any, mapping: OrderMapping) -> list[Order]:
    """The orders of one body, those marked as tests left out.

    Raises
    ------
    InvalidError
        With every fault of every order: nothing of the body is taken then.
    """
    items = items_at(content, _path(mapping.orders))
    faults: list[Fault] = []
    if not items:
        faults = [Fault("orders", Text(f"路径「{mapping.orders}」下没有订单", f"there is no order at {mapping.orders!r}"))]
    if len(items) > MOST_ORDERS:
        faults = [Fault("orders", Text(f"一次最多 {MOST_ORDERS} 张订单", f"at most {MOST_ORDERS} orders at once"))]
    found = [] if faults else [_Reading(item, mapping, faults, number).order() for number, item in enumerate(items)]
    if faults:
        raise InvalidError(Text("订单内容与字段对应不符", "the orders do not fit the mapping"), faults=faults[:100])
    return [order for order in found if order is not None]


class _Reading:
    """One order; faults go into the common list under the path where they were met."""

    def __init__(self, item: Mapping[str, Any], mapping: OrderMapping, faults: list[Fault], number: int) -> None:
        self._item, self._mapping, self._faults, self._at = item, mapping, faults, f"orders.{number}"

    def order(self) -> Order | None:
        mapping, before = self._mapping, len(self._faults)
        if mapping.test and str(self._told(mapping.test)).lower() in ("true", "1"):
            return None
        status = self._needed(mapping.status)
        if status and status not in mapping.states:
            self._fault(mapping.status, f"状态「{status[:40]}」没有写进 states", f"the status {status[:40]!r} is not in states")
        ordered_at = self._time(mapping.ordered_at)
        order_no = self._needed(mapping.order_no)
        lines = self._lines(mapping.states.get(status, "unpaid"))
        buyer = {space: str(value).strip() for space, path in mapping.buyer.items() if (value := self._told(path)) not in (None, "")}
        profile = {name: str(value).strip()[:200] for name, path in mapping.profile.items() if (value := self._told(path)) not in (None, "")}
        updated_at = self._time(mapping.updated_at) if mapping.updated_at else None
        if len(self._faults) > before or ordered_at is None:
            return None
        return Order(order_no, mapping.states[status], status, ordered_at, str(self._told(mapping.ordered_at)), lines, buyer, profile, 0, updated_at)

    def _lines(self, state: State) -> tuple[OrderLine, ...]:
        """Without lines of its own an order is one line."""
        paths, whole = self._mapping.lines, self._mapping.paid
        rows = items_at(self._item, _path(paths.items)) if paths.items else [self._item]
        if not rows:
            self._fault(paths.items, "没有明细", "there are no lines")
        counts = [self._count(row, paths.quantity) for row in rows]
        prices = [self._money(row, paths.unit_price) for row in rows]
        own = [self._money(row, paths.amount) for row in rows]
        worth = [price * count if amount is None else amount for price, count, amount in zip([one or 0 for one in prices], counts, own, strict=True)]
        paid = self._money(self._item, whole) if whole else None
        amounts = worth if paid is None else spread(paid, worth)
        refunds = amounts if state == "refunded" else [self._money(row, paths.refund) or 0 for row in rows]
        return tuple(
            OrderLine(
                str(self._told(paths.number, row) or f"#{number}")[:80], str(self._told(paths.sku, row) or "")[:120],
                str(self._told(paths.product_name, row) or "")[:300], count, amount // count if price is None else price, amount, refund,
            )
            for number, (row, count, price, amount, refund) in enumerate(zip(rows, counts, prices, amounts, refunds, strict=True), start=1)
        )  # fmt: skip

    def _told(self, path: str, row: Mapping[str, Any] | None = None) -> Any:
        found = pick(self._item if row is None else row, _path(path)) if path else None
        return found if isinstance(found, str | int | float | bool) else None

    def _needed(self, path: str) -> str:
        value = self._told(path)
        text = "" if value is None else str(value).strip()[:120]
        if not text:
            self._fault(path, "没有值", "there is no value")
        return text

    def _time(self, path: str) -> datetime | None:
        at = read_time(self._told(path), self._mapping.time_form, ZoneInfo(self._mapping.zone))
        if at is None:
            self._fault(path, f"不是 {self._mapping.time_form} 形式的时间", f"not a time of the form {self._mapping.time_form}")
        return at

    def _money(self, row: Mapping[str, Any], path: str) -> int | None:
        if not path:
            return None
        value = self._told(path, row)
        try:
            amount = Decimal(str(value).replace(",", "") if value not in (None, "") else "0")
            fen = to_fen(amount / 100 if self._mapping.money == "fen" else amount) if amount.is_finite() else MAX_FEN
        except InvalidOperation:
            fen = MAX_FEN
        if not 0 <= fen < MAX_FEN:
            self._fault(path, f"不是金额：{str(value)[:40]}", f"not an amount: {str(value)[:40]}")
            return 0
        return fen

    def _count(self, row: Mapping[str, Any], path: str) -> int:
        value = str(self._told(path, row) if path else 1)
        if value.isascii() and value.isdigit() and 0 < int(value) <= 10**6:
            return int(value)
        self._fault(path, f"不是件数：{value[:40]}", f"not a number of pieces: {value[:40]}")
        return 1

    def _fault(self, path: str, zh: str, en: str) -> None:
        self._faults.append(Fault(f"{self._at}.{path}", Text(zh, en)))


def _path(text: str) -> str:
    return re.sub(r"\[(\d+)\]", r".\1", text.removeprefix("$")).strip(".")


def _zone_faults(name: str) -> list[Fault]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return [Fault("zone", Text("没有这个时区", "there is no such time zone"))]
    return []
