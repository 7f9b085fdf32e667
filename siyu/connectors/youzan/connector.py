"""The connector 连接器 of one Youzan shop: asks for orders, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from siyu.connectors._wechat.api import Manner
from siyu.connectors._wechat.asking import asked
from siyu.connectors.errors import BadBody, Refused, Unavailable
from siyu.connectors.fields import ALLOW_PRIVATE, base_url, per_second, reach_of
from siyu.connectors.ports import AccountKey, Ports, Rate
from siyu.connectors.selling import Order, Selling, Told
from siyu.connectors.vendor import Check, Field, Found, Vendor, source_field
from siyu.connectors.youzan.callbacks import YouzanCallback, told
from siyu.connectors.youzan.client import BASE_URL, CODES, App, Client
from siyu.connectors.youzan.orders import ZONE, order_of
from siyu.foundation.text import Text

PAGE_ORDERS = 50
LIST, GET = "youzan.trades.sold.get", "youzan.trade.get"


class Youzan:
    def __init__(self, account: AccountKey, credentials: Mapping[str, str], settings: Mapping[str, Any], ports: Ports) -> None:
        self.account, self._settings = account, settings
        app = App(credentials["kdt_id"], credentials["client_id"], credentials["client_secret"])
        manner = Manner(str(settings.get("base_url") or BASE_URL), reach_of(settings), (Rate(int(settings.get("per_second") or 10), 1),))
        self.client = Client(account, app, manner, ports)
        self.orders = self

    def __repr__(self) -> str:
        return f"Youzan({self.account.ref})"

    async def get(self, order_no: str) -> Order:
        found = await self.client.ask(GET, self._version("get_version"), {"tid": order_no})
        info = found.get("full_order_info")
        if not isinstance(info, Mapping):
            raise Refused(Text("有赞没有这张订单", "Youzan has no such order"), vendor_code="no_order", api=GET)
        return self._order(info, found.get("refund_order"))

    async def page(self, since: datetime, until: datetime, cursor: str) -> Told:
        """After the first page the others come from the last to the first: an order that changes meanwhile leaves the list,
        those behind it move to an earlier page, and none is passed over."""
        number = int(cursor or 1)
        body = {"start_update": _local(since), "end_update": _local(until), "page_no": number, "page_size": PAGE_ORDERS}
        found = await self.client.ask(LIST, self._version("list_version"), body)
        rows = found.get("full_order_info_list")
        orders = tuple(
            self._order(row["full_order_info"], row.get("refund_order"))
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, Mapping) and isinstance(row.get("full_order_info"), Mapping)
        )
        total = int(found.get("total_results") or 0)
        following = -(-total // PAGE_ORDERS) if not cursor else number - 1
        return Told(orders, next_cursor=str(following) if following > (0 if cursor else 1) else "")

    def _order(self, info: Mapping[str, Any], refunds: object) -> Order:
        try:
            return order_of(info, refunds, 0, self._settings)
        except BadBody as error:
            raise Unavailable(error.message, reached=True, vendor_code="shape", api=GET) from None

    def _version(self, name: str) -> str:
        return str(self._settings.get(name) or _VERSIONS[name])


def _local(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


async def _token(shop: Youzan) -> Found:
    return await asked(shop.client.check_token, Text("应用与店铺授权正确", "the app and the shop's authorisation are right"))


async def _list(shop: Youzan) -> Found:
    async def one() -> object:
        body = {"page_no": 1, "page_size": 1}
        return await shop.client.ask(LIST, shop._version("list_version"), body)

    return await asked(one, Text("可以读取订单", "orders can be read"))


_VERSIONS = {"get_version": "4.0.2", "list_version": "4.0.4"}
_CREDENTIALS = (
    Field("kdt_id", Text("店铺 ID(kdt_id)", "Shop id (kdt_id)"), Text("有赞云「授权店铺」里的数字", "The number under authorised shops in Youzan Cloud"), pattern=r"\d{1,20}"),
    Field("client_id", Text("client_id", "client_id"), Text("有赞云应用的 client_id", "Of the app in Youzan Cloud"), pattern=r"[A-Za-z0-9]{6,64}"),
    Field("client_secret", Text("client_secret", "client_secret"), Text("同一页面；也用来核对推送的签名", "On the same page; it also proves pushes"), secret=True, pattern=r"[A-Za-z0-9]{16,128}"),
)  # fmt: skip
_SETTINGS = (
    source_field("youzan"),
    Field("fans_appid", Text("公众号 AppID", "AppID of the Official Account"), Text("店铺绑定的公众号；填写后粉丝的 openid 用来认人", "The account whose fans buy; their openids then name people"), pattern=r"wx[A-Za-z0-9_-]{4,62}", required=False),
    Field("list_version", Text("订单列表接口版本", "Version of the list of orders"), pattern=r"\d+\.\d+\.\d+", required=False, default="4.0.4"),
    Field("get_version", Text("订单详情接口版本", "Version of the order's details"), pattern=r"\d+\.\d+\.\d+", required=False, default="4.0.2"),
    per_second(10, Text("每秒最多调用", "Calls a second")),
    base_url(BASE_URL),
    ALLOW_PRIVATE,
)  # fmt: skip

VENDOR = Vendor(
    product="youzan",
    name=Text("有赞", "Youzan"),
    ref_field="kdt_id",
    credentials=_CREDENTIALS,
    settings=_SETTINGS,
    connect=Youzan,
    callback=YouzanCallback,
    checks=(Check("token", Text("应用与授权", "App and authorisation"), _token), Check("orders", Text("读取订单", "Reading orders"), _list)),
    codes=CODES,
    selling=Selling(told, "youzan"),
    answers_callbacks=True,
    callback_help=Text("在有赞云应用的「消息推送」里填写，并勾选「交易消息」", "Enter it in the app's message push in Youzan Cloud, with the messages about trades"),
)
