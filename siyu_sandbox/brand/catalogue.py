"""Every kind of event the brand can record: a table of (name, properties) whose positions the events hold.

The properties of all events come from a finite set, which is what makes a hundred million JSON texts cheap.
"""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from siyu_sandbox.brand.broadcasts import MESSAGE_CARRIERS, PURPOSES, Broadcasts
from siyu_sandbox.brand.contents import load_contents
from siyu_sandbox.brand.goods import load_goods
from siyu_sandbox.brand.network import Network
from siyu_sandbox.brand.plan import Ints
from siyu_sandbox.brand.sources import load_sources

HOWS = ("live_code", "referral", "group", "search", "card")
"""How a contact is added; `card` is a second staff member recommended by the first."""
PAGES = ("/", "/member", "/coupon", "/live", "/store", "/cart")
LIVES = 12

Row = dict[str, str | int]


@dataclass(frozen=True)
class Catalogue:
    """Positions where each block of event kinds starts, and the two text columns."""

    names: pa.Array
    properties: pa.Array
    first: dict[str, int]

    def position(self, name: str, offset: Ints) -> Ints:
        """Positions of the events `name` at `offset` inside its block."""
        return self.first[name] + offset


def build_catalogue(network: Network, broadcasts: Broadcasts) -> Catalogue:
    """List the event kinds of a plan.

    Blocks and their offsets: product_viewed and cart_added by product; review_written by product × 5 +
    rating - 1; page_viewed by page, then category; live_watched by live; coupon_claimed by category;
    contact_added and contact_deleted by staff × len(HOWS) + how; the four message events by broadcast.
    """
    blocks: dict[str, list[Row]] = {**_shop_blocks(), **_message_blocks(broadcasts)}
    added: list[Row] = [
        {"carrier": "wecom", "account": account, "staff": staff, "how": how}
        for staff, account in zip(network.staff_id, network.staff_carrier, strict=True)
        for how in HOWS
    ]
    blocks |= {"contact_added": added, "contact_deleted": added}
    names: list[str] = []
    properties: list[str] = []
    first: dict[str, int] = {}
    for name, rows in blocks.items():
        first[name] = len(names)
        names += [name] * len(rows)
        properties += [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    return Catalogue(pa.array(names, pa.string()), pa.array(properties, pa.string()), first)


def _shop_blocks() -> dict[str, list[Row]]:
    """Events of the mini-program mall and of the live room."""
    goods = load_goods()
    products: list[Row] = [
        {"page": f"/p/{sku}", "sku": sku, "category": category, "carrier": "miniprogram"}
        for sku, category in zip(goods.sku, goods.category, strict=True)
    ]
    pages: list[Row] = [{"page": page, "carrier": "miniprogram"} for page in PAGES]
    pages += [{"page": f"/c/{name}", "category": name, "carrier": "miniprogram"} for name in goods.categories]
    return {
        "page_viewed": pages,
        "product_viewed": products,
        "cart_added": [{key: row[key] for key in ("sku", "category", "carrier")} for row in products],
        "live_watched": [{"live": f"L{live:02d}", "carrier": "douyin"} for live in range(1, LIVES + 1)],
        "coupon_claimed": [{"coupon": f"C-{name}", "category": name} for name in goods.categories],
        "review_written": [{"sku": sku, "rating": rating} for sku in goods.sku for rating in range(1, 6)],
    }


def _message_blocks(broadcasts: Broadcasts) -> dict[str, list[Row]]:
    """The four events of each broadcast share their properties."""
    contents = load_contents()
    rows: list[Row] = []
    for number, (purpose, carrier, content) in enumerate(
        zip(broadcasts.purpose, broadcasts.carrier, broadcasts.content, strict=True), 1
    ):
        rows.append(
            {
                "carrier": MESSAGE_CARRIERS[carrier], "broadcast": f"B{number:04d}",
                "template": f"{PURPOSES[purpose]}-{content % 7 + 1}", "purpose": PURPOSES[purpose],
                "content": contents[content].content_id,
            }
        )  # fmt: skip
    return dict.fromkeys(("message_sent", "message_opened", "message_clicked", "message_blocked"), rows)


def how_of_source() -> Ints:
    """Position in `HOWS` of each source."""
    return np.array([HOWS.index(how) for how in load_sources().how])
