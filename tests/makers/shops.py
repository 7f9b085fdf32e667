"""Shops of the sandbox, connected to a running Siyu, and what both say of their orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from siyu.foundation.stores import Stores
from tests.makers.running import KEY, Shop
from tests.makers.sandbox import SandboxClient, wait_for

SECRET = "ab12" * 8
STATES = {"unpaid": "cancelled", "closed": "cancelled"}


@dataclass
class Connected:
    """One shop: `path` of its control routes, `account` as the API shows it."""

    shop: Shop
    sandbox: SandboxClient
    path: str
    account: dict[str, Any]
    source: str

    def buy(self, count: int = 1, **wish: Any) -> list[str]:
        found: list[str] = self.sandbox.post(f"{self.path}/orders", {"count": count, **wish})["order_nos"]
        return found

    def act(self, act: str, numbers: list[str] | None = None, **wish: Any) -> None:
        self.sandbox.post(f"{self.path}/acts", {"act": act, "order_nos": numbers, **wish})

    def truth(self) -> dict[str, tuple[Any, ...]]:
        """order → (state, fen, lines) at the shop; what an order that is no sale would have cost does not count."""
        return truth_of(self.sandbox, self.path)

    def known(self) -> dict[str, tuple[Any, ...]]:
        """The same in the warehouse."""
        return lines_of(self.shop.stores, self.source)

    def settled(self) -> None:
        """Wait until both agree."""
        wait_for(lambda: self.known() == self.truth(), seconds=40)


def truth_of(sandbox: SandboxClient, path: str) -> dict[str, tuple[Any, ...]]:
    rows = sandbox.get(path)["orders"]
    return {row["order_no"]: (row["state"], 0 if row["state"] in STATES else row["paid_fen"], row["lines"]) for row in rows if not row["test"]}


def lines_of(stores: Stores, source: str) -> dict[str, tuple[Any, ...]]:
    """order → (state, fen, lines) in the warehouse."""
    lines = stores.warehouse.tables["orders_line"]
    with stores.warehouse.read() as session:
        rows = session.query(lines.filter((lines.source == source) & (lines.kind != "replaced"))).to_pylist()
    found: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        before = found.get(row["order_no"], (row["state"], 0, 0))
        found[row["order_no"]] = (row["state"], before[1] + row["amount_fen"], before[2] + 1)
    return found


def youzan(shop: Shop, sandbox: SandboxClient, *, source: str = "youzan", people: int = 5, **wish: Any) -> Connected:
    if not sandbox.get("phones")["count"]:
        sandbox.post("people", {"count": people})
    made = sandbox.post("youzan", {"client_id": "abcdef123456", "client_secret": SECRET, "retry_seconds": [0.2, 0.4, 1, 2], **wish})
    credentials = {name: made[name] for name in ("kdt_id", "client_id", "client_secret")}
    settings = {"base_url": sandbox.url, "allow_private": "true", "source": source}
    body = {"product": "youzan", "name": f"有赞 {source}", "credentials": credentials, "settings": settings}
    account = shop.api("POST", "/carriers/accounts", body, status=201)
    sandbox.patch(f"youzan/{made['kdt_id']}", {"callback_url": account["callback_url"]})
    return Connected(shop, sandbox, f"youzan/{made['kdt_id']}", account, source)


def wechat_shop(shop: Shop, sandbox: SandboxClient, *, source: str = "wechat_shop", people: int = 5, **wish: Any) -> Connected:
    if not sandbox.get("phones")["count"]:
        sandbox.post("people", {"count": people})
    made = sandbox.post("wechat_shops", {"retry_seconds": [0, 0, 0.3, 0.6, 1, 2], **wish})
    credentials = {"appid": made["appid"], "secret": made["secret"], "callback_token": "token", "encoding_aes_key": KEY}
    settings = {"base_url": sandbox.url, "allow_private": "true", "source": source}
    body = {"product": "wechat_shop", "name": f"小店 {source}", "credentials": credentials, "settings": settings}
    account = shop.api("POST", "/carriers/accounts", body, status=201)
    callback = {"url": account["callback_url"], "token": "token", "encoding_aes_key": KEY}
    sandbox.patch(f"wechat_shops/{made['appid']}", {"callback": callback})
    return Connected(shop, sandbox, f"wechat_shops/{made['appid']}", account, source)
