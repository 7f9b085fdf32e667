"""The connector 连接器 of one WeChat Shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from siyu.connectors._wechat import platform_fields
from siyu.connectors._wechat.asking import asked
from siyu.connectors._wechat.limits import limit_fields, limits_of, number
from siyu.connectors._wechat.platform import Platform
from siyu.connectors._wechat.platform_codes import CODES
from siyu.connectors.fields import is_true
from siyu.connectors.ports import AccountKey, Ports, Rate
from siyu.connectors.selling import Selling
from siyu.connectors.vendor import Check, Found, Vendor, source_field
from siyu.connectors.wechat_shop.callbacks import callback, told
from siyu.connectors.wechat_shop.orders import GET, LIST, Orders
from siyu.foundation.text import Text


@dataclass(frozen=True)
class ShopLimits:
    order_reads_per_minute: int = number(600, "每分钟读取订单次数", "readings of orders a minute")
    list_reads_per_minute: int = number(300, "每分钟读取订单列表次数", "readings of the list of orders a minute")

    def api_rates(self) -> dict[str, tuple[Rate, ...]]:
        return {GET: (Rate(self.order_reads_per_minute, 60),), LIST: (Rate(self.list_reads_per_minute, 60),)}


class WechatShop:
    def __init__(self, account: AccountKey, credentials: Mapping[str, str], settings: Mapping[str, Any], ports: Ports) -> None:
        self.account, self._ports = account, ports
        manner = platform_fields.manner_of(settings, limits_of(ShopLimits, settings).api_rates())
        stable = is_true(settings.get("stable_token"), default=True)
        self.platform = Platform(account, credentials["secret"], manner, ports, stable=stable)
        self.orders = Orders(self.platform)

    def __repr__(self) -> str:
        return f"WechatShop({self.account.ref})"

    async def last_hour(self) -> None:
        now = self._ports.now()
        await self.orders.page(now - timedelta(hours=1), now, "")


async def _secret(shop: WechatShop) -> Found:
    """An address that is not allowed is told by the next step."""
    return await asked(shop.platform.check_token, Text("AppID 与 AppSecret 正确", "AppID and AppSecret are right"), passing=("40164",))


async def _ip(shop: WechatShop) -> Found:
    return await asked(shop.platform.check_token, Text("本服务器 IP 可以调用", "this server's address may call"))


async def _list(shop: WechatShop) -> Found:
    fix = Text("在微信小店后台「服务市场 → 自研」里给这个应用订单权限", "give this app the rights for orders in the shop's console under self-developed services")
    return await asked(shop.last_hour, Text("可以读取订单", "orders can be read"), fixes={"48001": fix})


VENDOR = Vendor(
    product="wechat_shop",
    name=Text("微信小店", "WeChat Shop"),
    ref_field="appid",
    credentials=platform_fields.CREDENTIALS,
    settings=(source_field("wechat_shop"), *platform_fields.SETTINGS, *limit_fields(ShopLimits)),
    connect=WechatShop,
    callback=callback,
    checks=(
        Check("secret", Text("AppID 与 AppSecret", "AppID and AppSecret"), _secret),
        Check("ip", Text("IP 白名单", "IP list"), _ip),
        Check("orders", Text("读取订单", "Reading orders"), _list),
    ),
    codes=CODES,
    selling=Selling(told, "wechat_shop"),
    answers_callbacks=True,
    callback_help=Text("在微信小店后台「服务市场 → 自研 → 消息推送」填写，数据格式选 JSON,加密方式选安全模式;Token 和 EncodingAESKey 用这里填写的", "Enter it in the shop's console under self-developed services, message push: JSON, safe mode, Token and EncodingAESKey as entered here"),
)
