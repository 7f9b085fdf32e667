"""Orders of Youzan 有赞订单: `full_order_info` as an order. Money is text in yuan, times are those of Beijing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from siyu.connectors.errors import BadBody
from siyu.connectors.selling import ACCOUNT, Order, OrderLine, State, spread
from siyu.foundation.money import to_fen
from siyu.foundation.text import Text

ZONE = ZoneInfo("Asia/Shanghai")
STATES: dict[str, State] = {
    "WAIT_BUYER_PAY": "unpaid",
    "TRADE_PAID": "paid",
    "WAIT_CONFIRM": "paid",
    "WAIT_SELLER_SEND_GOODS": "paid",
    "WAIT_BUYER_CONFIRM_GOODS": "shipped",
    "TRADE_SUCCESS": "done",
    "TRADE_CLOSED": "closed",
}
_WHOLLY_REFUNDED, _PARTLY_REFUNDED = "12", "2"
_REFUND_DONE = ("60", "")
_OWN_FANS = "1"
Settings = Mapping[str, Any]


def order_of(info: Mapping[str, Any], refunds: object, version: int, settings: Settings) -> Order:
    """`info` is `full_order_info`, `refunds` the list `refund_order` beside it.

    Raises
    ------
    BadBody
        Naming the field that is missing or cannot be read.
    """
    head = _table(info, "order_info")
    tid, status = _text(head, "tid"), _text(head, "status")
    if not tid:
        raise _unreadable("order_info.tid")
    created = _text(head, "created")
    ordered_at = time_of(created)
    if ordered_at is None:
        raise _unreadable("order_info.created")
    state = _state(head, status)
    return Order(
        order_no=tid,
        state=state,
        status=status,
        ordered_at=ordered_at,
        ordered_text=created,
        lines=_lines(info, state, _refunded_fen(head, refunds)),
        buyer=_buyer(_table(info, "buyer_info"), settings),
        profile=_profile(info),
        version=version,
        updated_at=time_of(_text(head, "update_time")),
    )


def time_of(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=ZONE)).astimezone(UTC)


def _state(head: Mapping[str, Any], status: str) -> State:
    if _text(head, "refund_state") == _WHOLLY_REFUNDED:
        return "refunded"
    if status not in STATES:
        raise _unreadable(f"order_info.status {status}"[:60])
    return STATES[status]


def _lines(info: Mapping[str, Any], state: State, refunded_fen: int) -> tuple[OrderLine, ...]:
    rows = [row for row in _list(info, "orders") if isinstance(row, Mapping)]
    if not rows:
        raise _unreadable("orders")
    worth = [_fen(row, "payment", "total_fee") for row in rows]
    paid = _table(info, "pay_info").get("payment")
    amounts = spread(_money(paid, "pay_info.payment"), worth) if paid not in (None, "") else worth
    refunds = amounts if state == "refunded" else spread(min(refunded_fen, sum(amounts)), amounts)
    lines = []
    for number, (row, amount, refund) in enumerate(zip(rows, amounts, refunds, strict=True), start=1):
        sku = next((_text(row, name) for name in ("outer_sku_id", "outer_item_id", "sku_id", "item_id") if _text(row, name) not in ("", "0")), "")
        lines.append(
            OrderLine(
                line_no=_text(row, "oid") or f"{sku}#{number}",
                sku=sku,
                product_name=_text(row, "title"),
                quantity=_count(row, "num"),
                unit_price_fen=_fen(row, "price"),
                amount_fen=amount,
                refund_fen=refund,
            )
        )
    return tuple(lines)


def _refunded_fen(head: Mapping[str, Any], refunds: object) -> int:
    """What was given back, where the order itself says that a part was."""
    if _text(head, "refund_state") != _PARTLY_REFUNDED or not isinstance(refunds, list):
        return 0
    done = [one for one in refunds if isinstance(one, Mapping) and _text(one, "refund_state") in _REFUND_DONE]
    return sum(_fen(one, "refund_fee") for one in done)


def _buyer(buyer: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """`outer_user_id` is an openid of the Official Account whose fans these are, where the settings name that account.

    Youzan's own number of a fan is one only together with the fan's type.
    """
    fans_id, fans_type, outer = (_text(buyer, name) for name in ("fans_id", "fans_type", "outer_user_id"))
    app = str(settings.get("fans_appid") or "")
    source = str(settings.get("source") or "youzan")
    found = {
        ACCOUNT: _text(buyer, "yz_open_id"),
        "phone": _text(buyer, "buyer_phone"),
        f"account:{source}_fans_{fans_type}": fans_id if fans_id != "0" else "",
        (f"openid:{app}" if app and fans_type == _OWN_FANS else f"account:{source}_outer"): outer,
    }
    return {space: value for space, value in found.items() if value}


def _profile(info: Mapping[str, Any]) -> dict[str, str]:
    where = _table(info, "address_info")
    found = {"province": _text(where, "delivery_province"), "city": _text(where, "delivery_city")}
    return {path: value for path, value in found.items() if value}


def _table(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def _list(of: Mapping[str, Any], name: str) -> list[Any]:
    found = of.get(name)
    return found if isinstance(found, list) else []


def _text(of: Mapping[str, Any], name: str) -> str:
    found = of.get(name)
    return str(found).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _fen(row: Mapping[str, Any], *names: str) -> int:
    """The first of these fields that is told; 0 where none is."""
    name = next((name for name in names if row.get(name) not in (None, "")), None)
    return 0 if name is None else _money(row[name], name)


def _money(value: object, name: str) -> int:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise _unreadable(name) from None
    if not amount.is_finite() or abs(amount) > 10**9:
        raise _unreadable(name)
    return to_fen(amount)


def _count(row: Mapping[str, Any], name: str) -> int:
    text = _text(row, name)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10**6:
        raise _unreadable(name)
    return int(text)


def _unreadable(name: str) -> BadBody:
    return BadBody(Text(f"有赞订单的「{name}」缺失或读不出来", f"{name} of the Youzan order is missing or cannot be read"))
