"""Fields 字段: what an order line may carry, and the headers under which shops export it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text


@dataclass(frozen=True)
class Field:
    name: str
    label: Text
    help: Text
    aliases: tuple[str, ...]
    required: bool = False


FIELDS = (
    Field("ordered_at", Text("下单时间", "Order time"), Text("日期或时间，按品牌时区理解", "date or time, read in the brand's time zone"),
          ("下单时间", "订单创建时间", "订单提交时间", "创建时间", "订单付款时间", "买家付款时间", "付款时间", "成交时间", "交易时间", "invoice_ts", "invoicedate", "invoice_date",
           "order_date", "orderdate", "ordered_at", "order_time", "created_at", "date", "时间", "日期"), required=True),
    Field("order_no", Text("订单编号", "Order number"), Text("没有这一列时，每行算一张订单", "without it every row is an order of its own"),
          ("订单编号", "订单号", "主订单编号", "交易单号", "order_no", "orderno", "order_id", "orderid", "invoice_no", "invoiceno", "invoice", "order number")),
    Field("line_no", Text("子订单编号", "Line number"), Text("明细行自己的编号", "the line's own number"),
          ("子订单编号", "子订单号", "明细编号", "line_no", "line_id", "order_item_id", "item_id")),
    Field("account", Text("买家", "Buyer"), Text("买家账号或会员号；空着的行不计入客户", "account or member number; rows without one belong to nobody"),
          ("买家账号", "买家会员名", "买家昵称", "客户编号", "会员号", "customer_id", "customerid", "customer id", "buyer", "user_id", "userid", "client_id", "account")),
    Field("phone", Text("手机号", "Phone"), Text("", ""), ("手机号", "手机", "联系手机", "收货人手机", "收件人手机", "电话", "phone", "mobile", "phone_number")),
    Field("email", Text("邮箱", "Email"), Text("", ""), ("邮箱", "电子邮箱", "email", "e-mail", "mail")),
    Field("customer_name", Text("姓名", "Name"), Text("", ""), ("收货人", "收货人姓名", "收件人", "姓名", "客户姓名", "customer_name", "buyer_name", "name")),
    Field("province", Text("省份", "Province"), Text("", ""), ("省份", "省", "收货省份", "province", "state", "region")),
    Field("city", Text("城市", "City"), Text("", ""), ("城市", "市", "收货城市", "city")),
    Field("country", Text("国家", "Country"), Text("", ""), ("国家", "国家/地区", "country")),
    Field("sku", Text("商品编码", "SKU"), Text("", ""), ("商品编码", "商家编码", "货号", "sku", "sku编码", "stock_code", "stockcode", "product_id", "item_code", "商品id")),
    Field("product_name", Text("商品名称", "Product"), Text("", ""), ("商品名称", "商品标题", "宝贝标题", "标题", "description", "product_name", "product", "item_name", "title")),
    Field("category", Text("类目", "Category"), Text("", ""), ("类目", "商品类目", "分类", "品类", "category", "product_category")),
    Field("quantity", Text("数量", "Quantity"), Text("没有这一列时算 1 件；负数是退货", "1 without it; negative means goods came back"),
          ("数量", "购买数量", "商品数量", "宝贝总数量", "件数", "quantity", "qty", "count", "pieces")),
    Field("unit_price", Text("单价", "Unit price"), Text("与数量相乘得到金额；金额列优先", "times quantity gives the amount, unless there is an amount column"),
          ("单价", "商品单价", "价格", "unit_price", "unitprice", "price", "unit price")),
    Field("amount", Text("金额", "Amount"), Text("整行实付金额", "what was paid for the whole line"),
          ("实付金额", "买家实际支付金额", "实付", "金额", "总金额", "支付金额", "成交金额", "amount", "value", "line_total", "total", "sales", "revenue")),
    Field("order_amount", Text("整单金额", "Order's amount"), Text("每行重复的整单实付：按商品金额分摊到各行，不相加", "what was paid for the whole order, repeated on each of its rows: spread over them, never added up"),
          ("整单金额", "整单实付", "order_amount", "order_total", "order_paid")),
    Field("status", Text("订单状态", "Status"), Text("已关闭、已退款的会分别处理", "closed and refunded ones are told apart"), ("订单状态", "状态", "交易状态", "status", "order_status", "state_of_order")),
    Field("shop", Text("店铺/来源", "Shop"), Text("", ""), ("店铺/来源", "店铺", "店铺名称", "来源", "渠道", "shop", "store", "channel_name", "source")),
)
BY_NAME = {field.name: field for field in FIELDS}
Mapping = dict[str, str]
"""field → column of the file."""


def guess(columns: list[str], fields: tuple[Field, ...] = FIELDS) -> Mapping:
    """The likeliest mapping: the first alias of each field that is a header, each column used once."""
    by_form = {_form(column): column for column in reversed(columns)}
    mapping: Mapping = {}
    for field in fields:
        hit = next((by_form[_form(alias)] for alias in field.aliases if _form(alias) in by_form), None)
        if hit is not None and hit not in mapping.values():
            mapping[field.name] = hit
    return mapping


def check(mapping: Mapping, columns: list[str]) -> None:
    """Raise with every fault of a mapping: unknown fields, columns that the file lacks, missing required fields."""
    faults = [Fault(name, Text("没有这个字段", "no such field")) for name in mapping if name not in BY_NAME]
    faults += [
        Fault(name, Text(f"文件里没有列「{column}」，有：{'、'.join(columns[:30])}", f"the file has no column {column!r}; it has: {', '.join(columns[:30])}"))
        for name, column in mapping.items()
        if column not in columns
    ]
    faults += [
        Fault(field.name, Text(f"请指定「{field.label.zh}」对应的列", f"name the column of {field.label.en!r}"))
        for field in FIELDS
        if field.required and field.name not in mapping
    ]
    if "order_amount" in mapping and "order_no" not in mapping:
        faults.append(Fault("order_no", Text("整单金额要按订单编号分摊，请指定订单编号列", "an order's amount is spread by its number: name that column too")))
    if "order_amount" in mapping and "amount" in mapping:
        faults.append(Fault("order_amount", Text("整单金额与金额只能选一个", "choose either the order's amount or the amount of each line")))
    if not {"amount", "unit_price", "order_amount"} & set(mapping):
        faults.append(Fault("amount", Text("请指定金额列，或单价列", "name the column of the amount, or of the unit price")))
    if faults:
        raise InvalidError(
            Text("字段对应不完整", "the mapping is not complete"),
            faults=faults,
            way_out=Text("用 --map 字段=列名 指定，或在导入页选择", "give it with --map field=column, or choose it on the import page"),
        )


def _form(header: str) -> str:
    return re.sub(r"[\s_\-()()]+", "", header).lower()
