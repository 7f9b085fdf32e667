"""A Youzan shop, and how what happens in it is told."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from siyu_sandbox.callbacks import Target
from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.shops.orders import Book, ShopOrder
from siyu_sandbox.tokens import Token
from siyu_sandbox.windows import Window

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "youzan"
ZONE = dt.timezone(dt.timedelta(hours=8))
STATUS = {
    "unpaid": "WAIT_BUYER_PAY",
    "paid": "WAIT_SELLER_SEND_GOODS",
    "shipped": "WAIT_BUYER_CONFIRM_GOODS",
    "done": "TRADE_SUCCESS",
    "closed": "TRADE_CLOSED",
    "refunded": "TRADE_CLOSED",
}
RETRY_SECONDS = (5.0, 320.0, 1280.0, 7200.0)
CODES = {"40014": 4203, "41001": 4201, "42001": 4203, "45009": 429}


@dataclass
class YouzanShop:
    """One shop; `thin` sends pushes that hold no more than the number of the order."""

    kdt_id: str
    client_id: str
    client_secret: str
    name: str = "澄山里有赞店"
    callback_url: str = ""
    retry_seconds: tuple[float, ...] = RETRY_SECONDS
    thin: bool = False
    book: Book = field(default_factory=Book)
    messages: int = 0
    versions: dict[str, int] = field(default_factory=dict)

    @property
    def callback(self) -> Target | None:
        """Where pushes go."""
        if not self.callback_url:
            return None
        return Target(
            self.kdt_id, self.callback_url, "", "", self.kdt_id, form="json", waits=self.retry_seconds, seal=_sealed, accepted=_accepted
        )  # fmt: skip

    def push(self, box: Sandbox, order: ShopOrder, kind: str) -> None:
        """Tell of an order as it stands now."""
        self.messages += 1
        version = self.versions[order.number] = self.versions.get(order.number, 0) + 1
        whole = {"full_order_info": full_order(box, self, order), "refund_order": refunds(order)}
        message = quote(msgspec.json.encode({"tid": order.number} if self.thin else whole).decode(), safe="")
        text = f"{self.client_id}{message}{self.client_secret}"
        fields: Json = {
            "Event": kind,
            "type": kind,
            "msg": message,
            "sign": hashlib.md5(text.encode()).hexdigest(),  # noqa: S324
            "status": STATUS[order.state],
            "kdt_id": int(self.kdt_id),
            "root_kdt_id": int(self.kdt_id),
            "kdt_name": self.name,
            "client_id": self.client_id,
            "id": order.number,
            "msg_id": f"{self.kdt_id}-{self.messages}",
            "sendCount": 0,
            "version": version,
            "test": order.is_test,
            "mode": 1,
        }
        box.sender.send(self.callback, fields)


def full_order(box: Sandbox, shop: YouzanShop, order: ShopOrder) -> Json:
    """Return `full_order_info` of an order."""
    phone = box.phones.get(order.phone)
    refunded = order.state == "refunded"
    return {
        "order_info": {
            "tid": order.number, "status": STATUS[order.state], "type": 0, "created": when(order.created), "update_time": when(order.updated),
            "pay_time": "" if order.state in ("unpaid", "closed") else when(order.created + 60), "refund_state": 12 if refunded else 0, "close_type": 0,
        },
        "buyer_info": {
            "buyer_id": 100_000 + order.phone, "buyer_phone": phone.phone, "fans_id": 900_000 + order.phone, "fans_type": 1,
            "fans_nickname": phone.name, "outer_user_id": f"yzouter{order.phone:08d}", "yz_open_id": f"yzopen{shop.kdt_id}x{order.phone:08d}",
        },
        "orders": [
            {
                "oid": f"{order.number[1:]}{number:02d}", "item_id": 5000 + line.item, "outer_item_id": line.sku, "sku_id": 7000 + line.item,
                "outer_sku_id": line.sku, "title": line.name, "num": line.count, "price": yuan(line.price_fen),
                "total_fee": yuan(line.price_fen * line.count), "payment": yuan(line.paid_fen),
            }
            for number, line in enumerate(order.lines, start=1)
        ],
        "address_info": {"receiver_name": phone.name, "receiver_tel": phone.phone, "delivery_province": "浙江省", "delivery_city": "杭州市"},
        "pay_info": {"total_fee": yuan(order.paid_fen - order.freight_fen), "post_fee": yuan(order.freight_fen), "payment": yuan(order.paid_fen)},
        "remark_info": {"buyer_message": "", "trade_memo": ""},
    }  # fmt: skip


def refunds(order: ShopOrder) -> list[Json]:
    """Return what was given back."""
    if order.state != "refunded":
        return []
    return [{"refund_id": f"R{order.number}", "refund_fee": yuan(order.paid_fen), "refund_state": 60}]


def yuan(fen: int) -> str:
    """Return text in yuan."""
    return f"{fen // 100}.{fen % 100:02d}"


def when(second: int) -> str:
    """Return wall-clock text of Beijing."""
    return dt.datetime.fromtimestamp(second, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _sealed(fields: Json, second: int) -> tuple[dict[str, str], bytes]:
    return {}, msgspec.json.encode({name: value for name, value in fields.items() if name != "Event"})


def _accepted(body: bytes) -> bool:
    """Whether the answer is the word that ends the tries."""
    try:
        return bool(msgspec.json.decode(body) == {"code": 0, "msg": "success"})
    except msgspec.DecodeError:
        return False


@dataclass
class YouzanLimits:
    """Settings (`PATCH /sandbox/settings`)."""

    calls_per_second: int = 20
    page_orders: int = 100
    token_seconds: int = 604_800


class YouzanWorld:
    """The shops of the platform."""

    def __init__(self) -> None:
        self.accounts: dict[str, YouzanShop] = {}
        self.limits = YouzanLimits()

    def caller(self, token: Token) -> YouzanShop:
        """Return the shop a token was made for."""
        return self.accounts[token.account]

    def windows(self, api: str) -> Sequence[Window]:
        """Return the window of a second."""
        return (Window(self.limits.calls_per_second, 1),) if api.startswith("/api/") else ()

    def concurrency(self, api: str) -> int | None:
        """Unlimited."""
        return None

    def errmsg(self, refusal: Refusal, ip: str) -> str:
        """Return the words of a refusal."""
        return refusal.errmsg or "error"

    def refused(self, refusal: Refusal) -> Json:
        """Answer as the gateway does."""
        return {"gw_err_resp": {"err_code": CODES.get(str(refusal.errcode), refusal.errcode), "err_msg": refusal.errmsg}}

    def counts(self) -> dict[str, int]:
        """Return how many shops and orders there are."""
        return {"accounts": len(self.accounts), "orders": sum(len(one.book.orders) for one in self.accounts.values())}
