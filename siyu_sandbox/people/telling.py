"""Telling 埋点: what the shop's mini program tells an analytics server of people's steps, in the form of the 神策 mini-program client.

Whoever buys has looked at the article and put it into the cart; most look now and then and buy nothing. So a server that takes
these events in sees what a real shop's would, with openid and unionid, and nothing of the truth behind it.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from siyu_sandbox.brand.goods import load_goods
from siyu_sandbox.poster import Poster, PostFault
from siyu_sandbox.registry import Json

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

LOOKS_A_DAY = 0.4
"""How often somebody looks into the shop and buys nothing."""
LOOKS_ON_ARRIVAL = 0.6
"""The share of those who come who look into the shop at once."""
PATIENCE_SECONDS = 10.0
_tasks: set[asyncio.Task[None]] = set()


class Telling:
    """Sends to one address; what it does not take is counted and lost, as with the real client."""

    def __init__(self, box: Sandbox, url: str, mini_program: str) -> None:
        self._box = box
        self._account = box.worlds["mini_program"].accounts[mini_program]
        self._numbers = itertools.count(1)
        self._poster = Poster()
        self.url = url
        self.told = self.lost = 0

    def look(self, phone: int, sku: int) -> None:
        """Somebody opens the shop and looks at an article."""
        self._tell(phone, [self._event(phone, name, properties) for name, properties in self._looking(sku)])

    def buy(self, phone: int, sku: int, quantity: int, paid_fen: int) -> None:
        """The same, and it goes into the cart and is ordered."""
        steps = [*self._looking(sku), ("cart_added", _article(sku) | {"quantity": quantity})]
        steps.append(("order_submitted", {"sku": load_goods().sku[sku], "quantity": quantity, "amount": paid_fen / 100}))
        self._tell(phone, [self._event(phone, name, properties) for name, properties in steps])

    def shown(self) -> Json:
        return {"url": self.url, "mini_program": self._account.appid, "told": self.told, "lost": self.lost}

    def _looking(self, sku: int) -> list[tuple[str, Json]]:
        page = {"$url_path": "pages/product/detail", "$title": load_goods().name[sku]}
        return [("$MPViewScreen", page), ("product_viewed", _article(sku))]

    def _event(self, phone: int, name: str, properties: Json) -> Json:
        number, openid = next(self._numbers), self._account.openid(phone)
        names = {"$identity_anonymous_id": f"mp-{openid}", f"$identity_mp_{self._account.appid}_openid": openid}
        if unionid := self._account.unionid(self._box.phones.about(phone)[2]):
            names["$identity_mp_unionid"] = unionid
        return {
            "type": "track", "event": name, "time": int(self._box.clock.now() * 1000), "_track_id": number, "distinct_id": openid, "identities": names,
            "properties": {"$lib": "MiniProgram", **properties}, "lib": {"$lib": "MiniProgram", "$lib_version": "1.22.7", "$lib_method": "code"},
        }  # fmt: skip

    def _tell(self, phone: int, events: list[Json]) -> None:
        body = b"data_list=" + quote(base64.b64encode(msgspec.json.encode(events)).decode(), safe="").encode()
        task = asyncio.get_running_loop().create_task(self._post(body, len(events)))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    async def _post(self, body: bytes, count: int) -> None:
        status = 0
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                status, _ = await self._poster.request("POST", self.url, {}, body, "text/plain")
        except (PostFault, TimeoutError):
            pass
        if status == 200:
            self.told += count
        else:
            self.lost += count


def _article(sku: int) -> dict[str, Any]:
    goods = load_goods()
    return {"sku": goods.sku[sku], "title": goods.name[sku], "category": goods.category[sku], "price": int(goods.list_fen[sku]) / 100}
