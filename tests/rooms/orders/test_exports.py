"""Exports of shops: recognised by their headers, each order counted once and to the fen. Rows are made up, never copied."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.foundation.stores import Stores
from siyu.orders import exports, spreading, states
from siyu.orders.reading import Chunk
from tests.makers.door import Door, orders_only

TAOBAO = str.split(
    "订单编号 买家会员名 买家支付宝账号 买家应付货款 买家应付邮费 总金额 买家实际支付金额 订单状态 收货人姓名 联系手机 订单创建时间 订单付款时间 "
    "宝贝标题 宝贝总数量 店铺名称 新来的一列"
)
JD = str.split("订单号 商品ID 商品名称 订购数量 支付方式 下单时间 京东价 订单金额 结算金额 余额支付 应付金额 订单状态 下单帐号 客户姓名 联系电话 货号")
DOUYIN = str.split("主订单编号 子订单编号 选购商品 商品数量 商品ID 商家编码 商品金额 订单应付金额 收件人 收件人手机号 省 市 订单提交时间 订单状态 售后状态")
YOUZAN = str.split("订单号 买家付款时间 收货人手机号/提货人手机号 全部商品名称 商品种类数 订单实付金额 订单状态 买家备注 商家订单备注")


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, stores: Stores) -> Door:
    return orders_only(monkeypatch, stores)


def export(headers: list[str], rows: list[dict[str, Any]], *, encoding: str = "gb18030", escaped: bool = False) -> bytes:
    """A CSV as the shop writes it; with `escaped`, numbers as Excel's ="…"."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headers)
    for row in rows:
        cells = [str(row.get(header, "")) for header in headers]
        writer.writerow([f'="{cell}"' if escaped and cell.isdigit() else cell for cell in cells])
    return text.getvalue().encode(encoding)


def taobao(number: int, **more: Any) -> dict[str, Any]:
    return {
        "订单编号": 4_000_000_000_000_000_000 + number, "买家会员名": f"buyer{number % 3}", "总金额": "99.00", "买家实际支付金额": "88.50", "订单状态": "交易成功",
        "收货人姓名": "测试", "联系手机": f"'1390000{number:04d}", "订单创建时间": "2025-11-02 10:00:00", "宝贝标题": "茶 ,饼", "宝贝总数量": 2, **more,
    }  # fmt: skip


def test_taobao_is_recognised_in_gbk_with_excel_cells(door: Door) -> None:
    rows = [taobao(1), taobao(2, 订单状态="交易关闭", 买家实际支付金额="0.00"), taobao(3, 订单状态="等待买家付款"), taobao(4, 买家会员名="t**3", 联系手机="139****0004")]
    file = door.upload(export(TAOBAO, rows, escaped=True), "ExportOrderList.csv").json()
    assert (file["export"]["key"], file["source_guess"], file["mapping_from"], file["encoding"]) == ("taobao_export_order_list", "taobao", "export", "gb18030")
    assert file["unknown_columns"] == ["新来的一列"]
    assert any("masked" in warning["en"] for warning in file["warnings"])
    done = door.bring(export(TAOBAO, rows, escaped=True), source="taobao")
    assert (done["accepted_count"], done["cancelled_line_count"], done["no_customer_line_count"]) == (4, 2, 1)
    assert [row[2:4] for row in door.orders()] == [(8850, 2)], "of the two that were paid, the masked one is nobody's"


def test_a_later_export_changes_the_order_and_adds_none(door: Door) -> None:
    door.bring(export(TAOBAO, [taobao(1, 订单状态="等待买家付款", 买家实际支付金额="0.00"), taobao(2)]), source="taobao")
    done = door.bring(export(TAOBAO, [taobao(1, 买家实际支付金额="80.00"), taobao(2)]), source="taobao")
    assert (done["changed_count"], done["unchanged_count"], done["new_order_count"]) == (1, 1, 0)
    assert sorted(row[2] for row in door.orders()) == [8000, 8850]
    again = door.bring(export(TAOBAO, [taobao(1, 买家实际支付金额="80.00"), taobao(2)]), source="taobao")
    assert (again["changed_count"], again["unchanged_count"]) == (0, 2)


def jd(order: int, item: int, price: str, count: int, paid: str, **more: Any) -> dict[str, Any]:
    return {
        "订单号": order, "商品ID": item, "商品名称": f"茶{item}", "订购数量": count, "下单时间": "2025-11-02 10:00:00", "京东价": price, "订单金额": paid,
        "结算金额": paid, "应付金额": paid, "订单状态": "完成", "下单帐号": f"jd_{order}", **more,
    }  # fmt: skip


def test_amounts_of_jd_repeat_and_are_spread(door: Door) -> None:
    rows = [jd(1, 11, "30.00", 1, "100.00"), jd(1, 12, "40.00", 2, "100.00"), jd(2, 11, "9.99", 1, "9.99")]
    file = door.upload(export(JD, rows)).json()
    assert file["export"]["key"] == "jd_orders"
    assert file["mapping"]["order_amount"] == "结算金额"
    done = door.bring(export(JD, rows), source="jd")
    assert done["rejected_count"] == 0
    assert sorted(row[2:] for row in door.orders()) == [(999, 1, 1), (10000, 3, 2)]
    bad = door.bring(export(JD, [jd(5, 1, "1.00", 1, "5.00"), jd(5, 2, "1.00", 1, "6.00")]), source="jd")
    assert {code for codes in door.reasons(bad).values() for code in codes} == {"order_amounts_differ"}


def test_doudian_and_youzan(door: Door) -> None:
    one = {"主订单编号": "69", "子订单编号": "69-1", "选购商品": "茶", "商品数量": 1, "商家编码": "T1", "商品金额": "50", "订单应付金额": "45.5", "收件人手机号": "13900000001",
           "省": "浙江省", "市": "杭州市", "订单提交时间": "2025-11-02 10:00:00", "订单状态": "已完成"}  # fmt: skip
    done = door.bring(export(DOUYIN, [one, {**one, "子订单编号": "69-2", "订单应付金额": "4.5"}]), source="douyin")
    assert (done["order_count"], done["amount_fen"]) == (1, 5000)
    two = {"订单号": "E1", "买家付款时间": "2025-11-02 10:00:00", "收货人手机号/提货人手机号": "13900000001", "全部商品名称": "茶;饼", "订单实付金额": "12.30", "订单状态": "交易完成"}
    assert door.upload(export(YOUZAN, [two])).json()["export"]["key"] == "youzan_orders"
    done = door.bring(export(YOUZAN, [two]), source="youzan")
    assert (done["amount_fen"], done["new_customer_count"]) == (1230, 0), "the same phone is the same customer"


@pytest.mark.parametrize("shop", exports.EXPORTS, ids=lambda shop: shop.key)
def test_every_header_that_is_used_can_stand_in_the_file(shop: exports.Export) -> None:
    headers = sorted(shop.marks | {names[0] for names in shop.fields.values()})
    assert exports.recognise(headers) == shop
    assert set(shop.mapping(headers)) == set(shop.fields)
    assert exports.unknown(headers, shop.mapping(headers), shop) == []


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 10**9), st.booleans()), min_size=1, max_size=40), st.lists(st.integers(0, 10**11), min_size=5, max_size=5))
@settings(max_examples=60, deadline=None)
def test_parts_of_an_amount_add_up_to_it(rows: list[tuple[int, int, bool]], totals: list[int]) -> None:
    order = pa.array([f"o{row[0]}" for row in rows])
    amounts = pa.array([totals[row[0]] / 100 for row in rows])
    taken = np.array([row[2] for row in rows])
    parts = spreading.over_rows(amounts, np.array([row[1] for row in rows]), order, taken).to_pylist()
    assert all((part is None) == (not row[2]) for part, row in zip(parts, rows, strict=True))
    for number in {row[0] for row in rows if row[2]}:
        mine = [round(part * 100) for part, row in zip(parts, rows, strict=True) if row[0] == number and part is not None]
        assert sum(mine) == totals[number]
        assert min(mine) >= 0


@given(st.lists(st.integers(0, 6), max_size=30), st.integers(1, 7))
@settings(max_examples=50, deadline=None)
def test_chunks_cut_no_order_in_two(numbers: list[int], size: int) -> None:
    """Rows of one order that stand together come in one chunk; those that do not are told, none is lost."""
    cells = [str(number) for number in numbers]
    cut = [Chunk(pa.array(range(at, min(at + size, len(cells))), pa.int64()), {"no": pa.array(cells[at : at + size], pa.string())}) for at in range(0, len(cells), size)]
    whole = list(spreading.whole_orders(iter(cut), "no"))
    places: dict[str, set[int]] = {}
    for place, chunk in enumerate(whole):
        for number in chunk.columns["no"].to_pylist():
            places.setdefault(number, set()).add(place)
    assert all(len(where) == 1 for where in places.values())
    seen = sorted([line for chunk in whole for line in chunk.lines.to_pylist()] + [line for chunk in whole for line, _, _ in chunk.broken])
    assert seen == list(range(len(cells)))
    if numbers == sorted(numbers):
        assert not any(chunk.broken for chunk in whole)


def test_words_of_states() -> None:
    words = ["交易成功", "等待买家付款", "交易关闭,退款成功", "卖家已发货,等待买家确认", "待发货", "已退款", "部分发货", "完成", None, "TRADE_CLOSED", "WAIT_BUYER_PAY", "已完成"]
    found = states.of_words(pa.array(words)).to_pylist()
    assert found == ["done", "unpaid", "closed", "shipped", "paid", "refunded", "part_shipped", None, None, "closed", "unpaid", "done"]
