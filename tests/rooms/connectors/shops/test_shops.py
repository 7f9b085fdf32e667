"""What shops push, read by their codecs: signatures, amounts to the fen, states, and faults that name the field."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.connectors._signing import headers
from siyu.connectors.errors import BadBody, BadSignature, CallbackError, Unavailable
from siyu.connectors.order_webhook.callbacks import OrderCallback
from siyu.connectors.order_webhook.callbacks import told as told_by_webhook
from siyu.connectors.order_webhook.mapping import read_mapping
from siyu.connectors.selling import spread
from siyu.connectors.wechat_shop.callbacks import told as told_by_wechat
from siyu.connectors.wechat_shop.callbacks import translate
from siyu.connectors.wechat_shop.orders import ShopOrder, order_of
from siyu.connectors.youzan.callbacks import YouzanCallback
from siyu.connectors.youzan.callbacks import told as told_by_youzan
from siyu.foundation.errors import InvalidError

CREDENTIALS = {"kdt_id": "42", "client_id": "abc123", "client_secret": "s" * 32}
SECRET = "0123456789abcdef"


def youzan_order(**more: Any) -> dict[str, Any]:
    return {
        "order_info": {"tid": "E1", "status": "WAIT_SELLER_SEND_GOODS", "created": "2025-11-02 23:30:00", "refund_state": 0, **more},
        "buyer_info": {"yz_open_id": "yz1", "buyer_phone": "13900000001", "fans_id": 7, "fans_type": 1, "outer_user_id": "o1"},
        "orders": [
            {"oid": "1", "outer_sku_id": "A", "title": "茶", "num": 2, "price": "10.005", "payment": "20.01"},
            {"oid": "2", "outer_item_id": "B", "sku_id": 0, "title": "饼", "num": 1, "price": "5", "payment": "4.99"},
        ],
        "pay_info": {"payment": "33.00", "post_fee": "8.00"},
    }


def pushed(message: Any, *, secret: str = CREDENTIALS["client_secret"], encoded: bool = True, **more: Any) -> bytes:
    text = json.dumps(message, ensure_ascii=False)
    msg = quote(text, safe="") if encoded else text
    sign = hashlib.md5(f"abc123{msg}{secret}".encode()).hexdigest()
    return json.dumps({"msg": msg, "sign": sign, "type": "trade_TradePaid", "kdt_id": 42, "id": "E1", "msg_id": "m1", "version": 3, "test": False, **more}).encode()


def test_a_youzan_order_is_read_to_the_fen() -> None:
    body = pushed({"full_order_info": youzan_order()})
    codec = YouzanCallback(CREDENTIALS)
    found = codec.translate(codec.open({}, body).fields)
    assert [(one.kind, one.detail["order_no"]) for one in found] == [("order_changed", "E1")]
    order = told_by_youzan(body, {"fans_appid": "wx1234567890"}).orders[0]
    assert (order.state, order.version, order.ordered_at) == ("paid", 3, datetime(2025, 11, 2, 15, 30, tzinfo=UTC))
    assert [(line.line_no, line.sku, line.quantity, line.unit_price_fen) for line in order.lines] == [("1", "A", 2, 1001), ("2", "B", 1, 500)]
    assert sum(line.amount_fen for line in order.lines) == 3300, "what was paid, freight included"
    assert order.buyer == {"account": "yz1", "phone": "13900000001", "account:youzan_fans_1": "7", "openid:wx1234567890": "o1"}


@pytest.mark.parametrize(
    ("more", "state", "refunded"),
    [
        ({"status": "WAIT_BUYER_PAY"}, "unpaid", 0), ({"status": "TRADE_SUCCESS"}, "done", 0), ({"status": "TRADE_CLOSED"}, "closed", 0),
        ({"status": "TRADE_CLOSED", "refund_state": 12}, "refunded", 3300), ({"refund_state": 2}, "paid", 1250), ({"refund_state": 1}, "paid", 0),
    ],
)  # fmt: skip
def test_states_and_refunds_of_youzan(more: dict[str, Any], state: str, refunded: int) -> None:
    refunds = [{"refund_state": 60, "refund_fee": "12.50"}, {"refund_state": 10, "refund_fee": "1.00"}]
    order = told_by_youzan(pushed({"full_order_info": youzan_order(**more), "refund_order": refunds}), {}).orders[0]
    assert (order.state, sum(line.refund_fen for line in order.lines)) == (state, refunded)


def test_pushes_that_are_not_the_shops_are_refused() -> None:
    codec = YouzanCallback(CREDENTIALS)
    for body in (pushed({"tid": "E1"}, secret="x" * 32), pushed({"tid": "E1"}, sign="0" * 32), pushed({"tid": "E1"}, kdt_id=43)):
        with pytest.raises(BadSignature):
            codec.open({}, body)
    for odd in (b"", b"[]", b"{}", b"\xff", b'{"msg":1,"sign":2}'):
        with pytest.raises(BadBody):
            codec.open({}, odd)
    assert told_by_youzan(pushed({"tid": "E9"}), {}).wanted == ("E9",)
    assert told_by_youzan(pushed({"tid": "E9"}, encoded=False), {}).wanted == ("E9",)
    assert codec.translate(codec.open({}, pushed({"tid": "E1"}, test=True)).fields)[0].kind == "shop_tested"
    assert codec.translate(codec.open({}, pushed({}, type="SCRM_CUSTOMER_EVENT")).fields)[0].kind == "unknown"


@pytest.mark.parametrize(("field", "value"), [("order_info.status X", {"status": "X"}), ("order_info.created", {"created": "soon"}), ("order_info.tid", {"tid": ""})])
def test_what_cannot_be_read_names_its_field(field: str, value: dict[str, Any]) -> None:
    with pytest.raises(BadBody) as told:
        told_by_youzan(pushed({"full_order_info": youzan_order(**value)}), {})
    assert field in told.value.message.en


@given(st.dictionaries(st.sampled_from(["full_order_info", "tid", "order_info", "orders", "pay_info", "payment", "num"]),
                       st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
                           st.sampled_from(["order_info", "orders", "tid", "status", "created", "num", "price", "pay_info", "payment"]), inner, max_size=3), max_leaves=6)))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_no_push_breaks_the_codec(message: dict[str, Any]) -> None:
    body = pushed(message)
    codec = YouzanCallback(CREDENTIALS)
    codec.translate(codec.open({}, body).fields)
    try:
        told_by_youzan(body, {})
    except CallbackError as error:
        assert error.http_status < 500  # noqa: PT017


def test_wechat_shop_numbers_stay_whole() -> None:
    number = 3_705_115_058_471_208_928
    fields = {"Event": "channels_ec_order_pay", "CreateTime": "1662480000", "order_info": {"order_id": str(number), "pay_time": "1"}}
    assert [(one.kind, one.detail["order_no"]) for one in translate(fields)] == [("order_changed", str(number))]
    assert told_by_wechat(json.dumps({"order_info": {"order_id": number}}).encode(), {}).wanted == (str(number),)
    after_sale = {"Event": "channels_ec_aftersale_update", "finder_shop_aftersale_status_update": {"order_id": str(number)}}
    assert translate(after_sale)[0].kind == "order_changed"
    assert translate({"Event": "channels_ec_order_new", "order_info": {}})[0].kind == "unknown"
    with pytest.raises(Unavailable):
        order_of(ShopOrder(order_id="1", status=77, create_time=datetime(2025, 1, 1, tzinfo=UTC)), "wx1")


MAPPING = """
orders = "$.data.list"
order_no = "id"
status = "state"
ordered_at = "at"
time_form = "seconds"
money = "fen"
paid = "paid"
test = "is_test"
[states]
ok = "done"
back = "refunded"
[lines]
items = "goods"
sku = "code"
quantity = "n"
unit_price = "each"
[buyer]
account = "who.id"
phone = "who.mobile"
"""


def order(**more: Any) -> dict[str, Any]:
    goods = [{"code": "A", "n": 2, "each": 500}, {"code": "B", "n": "1", "each": "250"}]
    return {"id": 7, "state": "ok", "at": 1_767_225_600, "paid": 1200, "goods": goods, "who": {"id": "u1", "mobile": "13900000001"}, **more}


def body_of(*orders: dict[str, Any]) -> bytes:
    return json.dumps({"data": {"list": orders}}).encode()


def test_a_mapping_reads_anybodys_orders() -> None:
    found = told_by_webhook(body_of(order(), order(id=8, state="back"), order(id=9, is_test=True)), {"mapping": MAPPING}).orders
    assert [(one.order_no, one.state, [line.amount_fen for line in one.lines]) for one in found] == [("7", "done", [960, 240]), ("8", "refunded", [960, 240])]
    assert sum(line.refund_fen for line in found[1].lines) == 1200
    assert found[0].buyer == {"account": "u1", "phone": "13900000001"}


def test_faults_of_a_mapping_and_of_orders_are_told_together() -> None:
    with pytest.raises(InvalidError) as wrong:
        told_by_webhook(body_of(order(state="new"), order(at="soon", goods=[{"n": 0}])), {"mapping": MAPPING})
    assert {fault.field for fault in wrong.value.faults} == {"orders.0.state", "orders.1.at", "orders.1.n"}
    with pytest.raises(InvalidError) as bad:
        read_mapping(MAPPING.replace('paid = "paid"', 'zone = "Mars/Base"').replace('unit_price = "each"', "").replace("account =", "nickname ="))
    assert {fault.field for fault in bad.value.faults} == {"zone", "paid", "buyer.nickname"}


def test_only_signed_and_recent_calls_are_taken() -> None:
    codec, body, now = OrderCallback({"secret": SECRET}), body_of(order()), datetime.now(UTC)

    def said(secret: str, at: datetime) -> dict[str, str]:
        return {f"header:{name.lower()}": value for name, value in headers("", "orders", body, [secret], at).items()}

    one = codec.translate(codec.open(said(SECRET, now), body).fields)
    assert one[0].key == codec.translate(codec.open(said(SECRET, now), body).fields)[0].key, "the same body again is a repeat"
    for wrong in (said("f" * 16, now), said(SECRET, datetime(2020, 1, 1, tzinfo=UTC)), {}):
        with pytest.raises(BadSignature):
            codec.open(wrong, body)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), max_size=20))
@settings(max_examples=60, deadline=None)
def test_spread_adds_up(total: int, weights: list[int]) -> None:
    parts = spread(total, weights)
    assert sum(parts) == (total if weights else 0)
    assert all(part >= 0 for part in parts)
