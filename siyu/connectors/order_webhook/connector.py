"""The connector 连接器 of a source that posts orders: nothing is asked of it; the checks look at the mapping."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from siyu.connectors._signing import headers
from siyu.connectors.order_webhook.callbacks import OrderCallback, told
from siyu.connectors.order_webhook.mapping import read_mapping
from siyu.connectors.ports import AccountKey, Ports
from siyu.connectors.selling import Selling, Told
from siyu.connectors.vendor import Check, Field, Found, Vendor
from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text


class OrderWebhook:
    def __init__(self, account: AccountKey, credentials: Mapping[str, str], settings: Mapping[str, Any], ports: Ports) -> None:
        self.account, self.mapping = account, str(settings.get("mapping") or "")

    def __repr__(self) -> str:
        return f"OrderWebhook({self.account.ref})"


def rehearse(credentials: Mapping[str, str], settings: Mapping[str, Any], body: bytes) -> Told:
    """What a call with this body would tell: signed with the secret, opened and read as any other.

    Raises
    ------
    CallbackError, InvalidError
    """
    signed = headers("test", "orders", body, [credentials["secret"]], datetime.now(UTC))
    OrderCallback(credentials).open({f"header:{name.lower()}": value for name, value in signed.items()}, body)
    return told(body, settings)


async def _mapping(source: OrderWebhook) -> Found:
    if not source.mapping:
        return Found(False, Text("还没有字段对应", "there is no mapping yet"), Text("在「导入订单 → 店铺」里粘贴一条样例并保存", "paste a sample under Imports → Shops and save it"))
    try:
        read_mapping(source.mapping)
    except InvalidError as error:
        first = error.faults[0] if error.faults else None
        return Found(False, error.message if first is None else Text(f"{first.field}:{first.message.zh}", f"{first.field}: {first.message.en}"), error.way_out)
    return Found(True, Text("字段对应可用", "the mapping can be used"))


_CREDENTIALS = (
    Field("source", Text("来源名称", "Source"), Text("小写字母、数字；订单记在这个来源下", "Small letters and digits; orders are kept under this name"), pattern=r"[a-z0-9_-]{1,40}"),
    Field("secret", Text("签名密钥", "Signing secret"), Text("双方相同，至少 16 位", "The same on both sides, 16 characters or more"), secret=True, pattern=r"[!-~]{16,200}"),
    Field("former_secret", Text("旧密钥", "Former secret"), Text("更换密钥期间也接受，换完清空", "Taken too while the secret is replaced; remove it afterwards"), secret=True, pattern=r"[!-~]{16,200}", required=False),
)  # fmt: skip
_SETTINGS = (
    Field("mapping", Text("字段对应", "Mapping"), Text("TOML 或 JSON;在店铺页用样例预览", "TOML or JSON; the page of shops previews it with a sample"), required=False),
)

VENDOR = Vendor(
    product="order_webhook",
    name=Text("订单网络钩子", "Order webhook"),
    ref_field="source",
    credentials=_CREDENTIALS,
    settings=_SETTINGS,
    connect=OrderWebhook,
    callback=OrderCallback,
    checks=(Check("mapping", Text("字段对应", "Mapping"), _mapping),),
    selling=Selling(told, "", pulls=False),
    answers_callbacks=True,
    callback_help=Text("让对方把订单发到", "Let the sender post orders to"),
)
