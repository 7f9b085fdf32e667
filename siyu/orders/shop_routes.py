"""Shops over HTTP: which shops tell of orders, how far they have come, what could not be read, and a preview of a mapping."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends
from pydantic import AwareDatetime, BaseModel, Field

from siyu.connectors.order_webhook.callbacks import content
from siyu.connectors.order_webhook.mapping import orders_in, read_mapping
from siyu.connectors.selling import Order
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.http import (
    Body,
    Cursor,
    Items,
    Label,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.foundation.http import Limit as PageLimit
from siyu.foundation.text import Text
from siyu.orders import shop_list, shop_tasks, shops
from siyu.orders.states import NAMES
from siyu.team import audit
from siyu.team.access import Access, require

EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
router = Router(tags=["shops"])
Reader = Annotated[Access, Depends(require("imports.read"))]
Writer = Annotated[Access, Depends(require("imports.write"))]


class OrderFault(BaseModel):
    """Why something could not be read, and what to do about it."""

    code: str
    message: Label
    way_out: Label | None

    @classmethod
    def of(cls, fault: dict[str, Any] | None) -> OrderFault | None:
        if fault is None:
            return None
        way_out = fault.get("way_out")
        return cls(code=fault["code"], message=Label(zh=fault["zh"], en=fault["en"]), way_out=Label(**way_out) if way_out else None)


class ShopInfo(BaseModel):
    """`pulls` false: the shop only tells, it cannot be asked. `pulled_to`: all changes before it are known."""

    id: int
    product: str
    product_name: Label
    name: str
    ref: str
    source: str
    status: str
    callback_key: str
    called_back_at: datetime | None
    pulls: bool
    pulled_to: datetime | None
    pulled_at: datetime | None
    order_count: int
    wanted_count: int
    unreadable_count: int
    last_told_at: datetime | None
    fault: OrderFault | None


class ToldOrder(BaseModel):
    """One order as the shop tells of it. `state` is one of seven, `status` the shop's own word."""

    order_no: str
    state: str | None
    state_name: Label | None
    status: str | None
    ordered_at: datetime | None
    ordered_text: str | None
    changed_at: datetime | None
    told_at: datetime
    is_wanted: bool
    fault: OrderFault | None


class Pull(Body):
    """`since`: read again all that changed from then on; without it, what changed since the last time."""

    since: AwareDatetime | None = None


class StartedPull(BaseModel):
    job_id: str


class Sample(Body):
    """A mapping (TOML or JSON) and one body as the integrator sends it."""

    mapping: Annotated[Line, Field(max_length=64_000)]
    sample: Annotated[Line, Field(max_length=1_000_000)]


class TestCall(Body):
    """One body as the integrator sends it."""

    sample: Annotated[Line, Field(max_length=1_000_000)]


class PreviewLine(BaseModel):
    line_no: str
    sku: str
    product_name: str
    quantity: int
    unit_price_fen: int
    amount_fen: int
    refund_fen: int


class PreviewOrder(BaseModel):
    order_no: str
    state: str
    state_name: Label
    status: str
    ordered_at: datetime
    amount_fen: int
    buyer: list[str]
    lines: list[PreviewLine]

    @classmethod
    def of(cls, order: Order) -> PreviewOrder:
        lines = [PreviewLine(**vars(line)) for line in order.lines]
        return cls(
            order_no=order.order_no, state=order.state, state_name=Label.of(NAMES[order.state]), status=order.status, ordered_at=order.ordered_at,
            amount_fen=sum(line.amount_fen for line in order.lines), buyer=sorted(order.buyer), lines=lines,
        )  # fmt: skip


@router.get("/shops", summary="Connected shops, with how far their orders have come")
def list_shops(access: Reader) -> Items[ShopInfo]:
    with access.stores.ledger.read() as tx:
        return Items(items=[_info(one) for one in shop_list.list_shops(tx)])


@router.post("/shops/preview", summary="What a mapping makes of a sample; nothing is kept")
def preview(body: Sample, access: Reader) -> Items[PreviewOrder]:
    found = orders_in(content(body.sample.encode()), read_mapping(body.mapping))
    return Items(items=[PreviewOrder.of(order) for order in found])


@router.post("/shops/{shop_id}/test", summary="A signed test call of an order webhook, by its saved secret and mapping; nothing is kept")
def test_call(shop_id: RowId, body: TestCall, access: Writer) -> Items[PreviewOrder]:
    with access.stores.ledger.begin() as tx:
        found = shop_list.rehearse(access.stores, tx, shop_id, body.sample.encode())
        audit.record(tx, access.actor, "shops.tested", f"shop:{shop_id}", {"order_count": len(found)}, access.stores.now())
    return Items(items=[PreviewOrder.of(order) for order in found])


@router.get("/shops/{shop_id}", summary="One shop")
def get_shop(shop_id: RowId, access: Reader) -> ShopInfo:
    with access.stores.ledger.read() as tx:
        return _info(shop_list.find_shop(tx, shop_id))


@router.get("/shops/{shop_id}/orders", summary="Orders that a shop told of, the latest telling first")
def list_orders(shop_id: RowId, access: Reader, faults_only: bool = False, limit: PageLimit = 50, cursor: Cursor = None) -> Page[ToldOrder]:
    stores, scope = access.stores, f"shop {shop_id} {faults_only}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        shop_list.find_shop(tx, shop_id)
        rows = shop_list.list_orders(tx, shop_id, faults_only=faults_only, before=(datetime.fromisoformat(place[0]), place[1]) if place else None, limit=limit)
    after = encode_cursor(stores, scope, rows[-1].told_at.isoformat(), rows[-1].order_no) if len(rows) == limit else None
    return Page(items=[_order(row) for row in rows], next_cursor=after, total=None)


@router.post("/shops/{shop_id}/pull", summary="Read a shop's orders again, as a job", status_code=202)
def pull(shop_id: RowId, body: Pull, access: Writer) -> StartedPull:
    stores = access.stores
    with stores.ledger.begin() as tx:
        account = shop_list.pullable(tx, shop_id)
        if body.since is not None and not EARLIEST <= body.since <= stores.now():
            fault = Fault("since", Text("应在 2010 年到现在之间", "between 2010 and now"))
            raise InvalidError(Text("开始时间不对", "the time is not valid"), faults=[fault])
        job_id = shop_tasks.ask_pull(tx, account, stores=stores, by=access.actor.name, since=body.since)
        detail = {"since": body.since.isoformat() if body.since else None}
        audit.record(tx, access.actor, "shops.pulled", f"shop:{shop_id}", detail, stores.now())
    return StartedPull(job_id=job_id)


def _info(one: shop_list.ShopRow) -> ShopInfo:
    account, selling = one.account, one.account.vendor.selling
    plain = {name: getattr(one, name) for name in ("pulled_to", "pulled_at", "order_count", "wanted_count", "unreadable_count", "last_told_at")}
    return ShopInfo(
        **{name: getattr(account, name) for name in ("id", "product", "name", "ref", "status", "callback_key", "called_back_at")},
        **plain,
        product_name=Label.of(account.vendor.name),
        source=shops.source_of(account),
        pulls=selling is not None and selling.pulls,
        fault=OrderFault.of(one.fault),
    )


def _order(row: Any) -> ToldOrder:
    plain = {name: getattr(row, name) for name in ("order_no", "state", "status", "ordered_at", "ordered_text", "changed_at", "told_at")}
    name = Label.of(NAMES[row.state]) if row.state else None
    return ToldOrder(**plain, state_name=name, is_wanted=row.wanted_at is not None, fault=OrderFault.of(row.fault))


