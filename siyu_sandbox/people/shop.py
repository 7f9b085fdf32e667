"""The simulated shop (模拟商城): orders as columns, and the export that a shop would give (订单导出)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import numpy as np

from siyu_sandbox.brand.goods import load_goods
from siyu_sandbox.brand.plan import ZONE_OFFSET_SECONDS
from siyu_sandbox.people.chance import Column, hashed
from siyu_sandbox.people.reading import MOST_DEPTH

DAY = 86400
NAME = "小程序商城"
HEADERS = (
    "订单编号", "下单时间", "商品编码", "商品名称", "类目", "数量", "单价", "实付金额", "买家账号", "手机号", "收货人",
    "店铺/来源", "订单状态",
)  # fmt: skip
SHIPPED, COMPLETED, REFUNDED = "已发货", "已完成", "已退款"
TRANSIT_DAYS, REFUND_RATE, REFUND_DAYS = 5.0, 0.036, (1.0, 9.0)
BULK = 0.25
"""The share of orders of two or more pieces."""
NEVER = np.inf


class Columns:
    """Rows that come in batches and are read as whole columns."""

    def __init__(self, **kinds: Any) -> None:
        self._kinds = kinds
        self._parts: dict[str, list[Column]] = {name: [] for name in kinds}
        self.count = 0

    def add(self, **columns: Any) -> None:
        """Append rows; a single value stands for all of them."""
        length = max(len(np.atleast_1d(values)) for values in columns.values())
        for name, kind in self._kinds.items():
            self._parts[name].append(np.broadcast_to(np.asarray(columns[name], kind), length))
        self.count += length

    def column(self, name: str) -> Column:
        """All rows of one column."""
        parts = self._parts[name]
        if len(parts) != 1:
            parts[:] = [np.concatenate(parts) if parts else np.zeros(0, self._kinds[name])]
        return parts[0]

    def table(self, upto: float | None = None) -> dict[str, Column]:
        """All columns; with `upto`, only rows whose `at` has come."""
        whole = {name: self.column(name) for name in self._kinds}
        if upto is None:
            return whole
        happened = whole["at"] <= upto
        return {name: values[happened] for name, values in whole.items()}


class Shop:
    """Orders in the order of their making; `row` is the buyer in the crowd, `anyway` and `by` are the truth."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        goods = load_goods()
        weights = goods.popularity() * (1 - goods.trial)
        self._weights = np.cumsum(weights / weights.sum())
        self.orders = Columns(
            at=float, row=int, sku=np.int16, quantity=np.int8, unit_fen=int, paid_fen=int, refunded_at=float,
            anyway=bool, by=np.int32,
        )  # fmt: skip

    def pick(self, luck: float) -> int:
        """The article that somebody with this luck (0–1) looks at: those that sell well, more often."""
        return min(int(np.searchsorted(self._weights, luck, side="right")), len(self._weights) - 1)

    def sell(self, rows: Column, at: Column, depth: Column, anyway: Column, by: Column, day: float) -> None:
        """One order for each of these rows, at these moments, with what was off at the time; `day` lasts so many seconds."""
        if not len(rows):
            return
        first = self.orders.count

        def lucky(subject: str) -> Column:
            return hashed(self._seed, subject, first, rows)

        sku = np.minimum(np.searchsorted(self._weights, lucky("sku"), side="right"), len(self._weights) - 1)
        several = lucky("pieces")
        quantity = np.where(several < BULK, np.where(several < BULK / 4, 3, 2), 1)
        unit = load_goods().list_fen[sku]
        paid = np.round(unit * quantity * (1 - np.minimum(depth, MOST_DEPTH))).astype(int)
        low, high = REFUND_DAYS
        back = np.where(lucky("refund") < REFUND_RATE, at + day * (low + (high - low) * lucky("when")), NEVER)
        self.orders.add(
            at=at, row=rows, sku=sku, quantity=quantity, unit_fen=unit, paid_fen=paid, refunded_at=back,
            anyway=anyway, by=by,
        )  # fmt: skip


def order_numbers(at: Column) -> list[str]:
    """Eighteen digits: the local day, then a running number."""
    days = ((at + ZONE_OFFSET_SECONDS) // DAY).astype("datetime64[D]")
    stamps = np.datetime_as_string(days).tolist()
    return [f"{stamp.replace('-', '')}{place:010d}" for place, stamp in enumerate(stamps, 1)]


def export(shop: Shop, people: Any, phones: Any, now: float, since: float, day: float) -> bytes:
    """Orders made, completed or refunded after `since`, as CSV in UTF-8 with the shop's headers.

    Parameters
    ----------
    people : the crowd, for the buyer's phone; `phones` knows names and numbers.
    day : how many seconds a day of the people's time lasts.
    """
    goods, orders = load_goods(), shop.orders.table()
    at, back = orders["at"], orders["refunded_at"]
    done = at + TRANSIT_DAYS * day
    moved = np.maximum.reduce([np.where(moment <= now, moment, -NEVER) for moment in (at, done, back)])
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADERS)
    numbers = order_numbers(at)
    for place in np.flatnonzero((at <= now) & (moved > since)).tolist():
        phone = phones.get(int(people.phone[orders["row"][place]]))
        sku, paid = int(orders["sku"][place]), int(orders["paid_fen"][place])
        status = REFUNDED if back[place] <= now else COMPLETED if done[place] <= now else SHIPPED
        writer.writerow(
            (
                numbers[place], _moment(at[place]), goods.sku[sku], goods.name[sku], goods.category[sku],
                int(orders["quantity"][place]), _yuan(int(orders["unit_fen"][place])), _yuan(paid), phone.unionid,
                phone.phone, phone.name, NAME, status,
            )
        )  # fmt: skip
    return file.getvalue().encode()


def _moment(at: float) -> str:
    zone = dt.timezone(dt.timedelta(seconds=ZONE_OFFSET_SECONDS))
    return dt.datetime.fromtimestamp(float(at), zone).strftime("%Y-%m-%d %H:%M:%S")


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
