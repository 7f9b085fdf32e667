"""Every vendor 厂商 that can be connected, by product."""

from __future__ import annotations

from typing import Final

from siyu.connectors._http import close_clients
from siyu.connectors.email.connector import VENDOR as EMAIL
from siyu.connectors.mini_program.connector import VENDOR as MINI_PROGRAM
from siyu.connectors.official_account.connector import VENDOR as OFFICIAL_ACCOUNT
from siyu.connectors.order_webhook.connector import VENDOR as ORDER_WEBHOOK
from siyu.connectors.sms.connector import VENDOR as SMS
from siyu.connectors.vendor import Vendor
from siyu.connectors.webhook.connector import VENDOR as WEBHOOK
from siyu.connectors.wechat_shop.connector import VENDOR as WECHAT_SHOP
from siyu.connectors.wecom.connector import VENDOR as WECOM
from siyu.connectors.youzan.connector import VENDOR as YOUZAN

VENDORS: Final[dict[str, Vendor]] = {
    one.product: one
    for one in (WECOM, OFFICIAL_ACCOUNT, MINI_PROGRAM, EMAIL, SMS, WEBHOOK, YOUZAN, WECHAT_SHOP, ORDER_WEBHOOK)
}
SHOPS: Final = tuple(name for name, one in VENDORS.items() if one.selling is not None)


async def close_connections() -> None:
    """Close what connectors have opened in the running loop; for whoever stops that loop."""
    await close_clients()
