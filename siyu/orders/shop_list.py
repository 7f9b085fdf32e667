"""Shop list 店铺列表: connected shops and the orders they told of, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.connectors.order_webhook import connector as order_webhook
from siyu.connectors.registry import SHOPS
from siyu.connectors.selling import Order
from siyu.foundation.errors import ConflictError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import _tables


@dataclass(frozen=True)
class ShopRow:
    """`order_count` orders are known, `wanted_count` are still to be read, `unreadable_count` could not be; `fault` is that of the
    last pull, or of the latest order that could not be read."""

    account: Account
    pulled_to: datetime | None
    pulled_at: datetime | None
    order_count: int
    wanted_count: int
    unreadable_count: int
    last_told_at: datetime | None
    fault: dict[str, Any] | None


def list_shops(tx: Connection) -> list[ShopRow]:
    return _rows(tx, accounts.list_accounts(tx, SHOPS))


def find_shop(tx: Connection, shop_id: int) -> ShopRow:
    return _rows(tx, [_shop(tx, shop_id)])[0]


def pullable(tx: Connection, shop_id: int) -> Account:
    """
    Raises
    ------
    ConflictError
        When the shop cannot be asked: it only tells, or its account is not well.
    """
    account = _shop(tx, shop_id)
    if account.vendor.selling is None or not account.vendor.selling.pulls:
        raise ConflictError(Text("这个来源只推送，不能拉取", "this source only tells; it cannot be asked"), way_out=Text("请对方重新推送", "let the sender send again"))
    if account.status != "connected":
        raise ConflictError(Text("账号目前不可用", "the account is not well"), way_out=Text("打开账号页逐项检查", "open the account's page and run the checks"))
    return account


def rehearse(stores: Stores, tx: Connection, shop_id: int, body: bytes) -> list[Order]:
    """What a signed call with this body would tell, by the secret and the mapping that are saved.

    Raises
    ------
    ConflictError
        For shops that sign by themselves: nobody else can.
    """
    account = _shop(tx, shop_id)
    if account.product != order_webhook.VENDOR.product:
        raise ConflictError(
            Text("只有订单网络钩子可以在这里测试", "only an order webhook can be tested here"), way_out=Text("有赞和微信小店请用它们后台的测试推送", "use the test push of Youzan's or WeChat's console")
        )
    return list(order_webhook.rehearse(accounts.credentials_of(stores, tx, account), account.all_settings, body).orders)


def list_orders(tx: Connection, shop_id: int, *, faults_only: bool, before: tuple[datetime, str] | None, limit: int) -> Sequence[Any]:
    table = _tables.told
    query = select(table).where(table.c.account_id == shop_id)
    if faults_only:
        query = query.where(table.c.fault.is_not(None))
    if before is not None:
        query = query.where(or_(table.c.told_at < before[0], and_(table.c.told_at == before[0], table.c.order_no > before[1])))
    return tx.execute(query.order_by(table.c.told_at.desc(), table.c.order_no).limit(limit)).all()


def _shop(tx: Connection, shop_id: int) -> Account:
    account = accounts.find_account(tx, shop_id)
    if account.product not in SHOPS:
        raise NotFoundError(Text("没有这家店铺", "there is no such shop"))
    return account


def _rows(tx: Connection, found: Sequence[Account]) -> list[ShopRow]:
    table, ids = _tables.told, [one.id for one in found]
    counted = (
        select(
            table.c.account_id,
            func.sum(case((table.c.content_key.is_not(None), 1), else_=0)).label("orders"),
            func.sum(case((table.c.wanted_at.is_not(None), 1), else_=0)).label("wanted"),
            func.sum(case((table.c.fault.is_not(None), 1), else_=0)).label("faults"),
            func.max(table.c.told_at).label("told_at"),
        )
        .where(table.c.account_id.in_(ids))
        .group_by(table.c.account_id)
    )
    counts = {row.account_id: row for row in tx.execute(counted)}
    places = {row.account_id: row for row in tx.execute(select(_tables.shop).where(_tables.shop.c.account_id.in_(ids)))}
    return [_row(tx, one, counts.get(one.id), places.get(one.id)) for one in found]


def _row(tx: Connection, account: Account, counts: Any, place: Any) -> ShopRow:
    fault = place.fault if place is not None else None
    if fault is None and counts is not None and counts.faults:
        table = _tables.told
        query = select(table.c.fault).where(table.c.account_id == account.id, table.c.fault.is_not(None))
        fault = tx.scalar(query.order_by(table.c.told_at.desc(), table.c.order_no).limit(1))
    orders, wanted, faults, told_at = (counts.orders, counts.wanted, counts.faults, counts.told_at) if counts is not None else (0, 0, 0, None)
    return ShopRow(account, place.pulled_to if place else None, place.pulled_at if place else None, orders, wanted, faults, told_at, fault)
