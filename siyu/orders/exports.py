"""Exports 店铺导出: the files that shops' back offices give, known by their headers: shop, version, and what each column means.

Headers were checked against samples that others published, not against a live export (`checked` says so to people). Where a shop
gives one row an order, that row is the order: its number is also its line's number, so a later export of it changes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from siyu.foundation.text import Text
from siyu.orders.fields import Mapping

Grain = Literal["order", "line", "sku"]
GRAINS: dict[Grain, Text] = {
    "order": Text("每行一张订单", "one row an order"),
    "line": Text("每行一条明细", "one row a line"),
    "sku": Text("每行一个商品，整单金额重复出现，会分摊而不相加", "one row a product; the order's amount repeats and is spread, not added"),
}


@dataclass(frozen=True)
class Export:
    """`marks` must all be there; `fields` gives for each field its headers, the best first; `known` are headers with no use here."""

    key: str
    source: str
    name: Text
    version: str
    grain: Grain
    marks: frozenset[str]
    fields: dict[str, tuple[str, ...]]
    known: frozenset[str]

    def mapping(self, columns: list[str]) -> Mapping:
        found = {name: next((header for header in headers if header in columns), None) for name, headers in self.fields.items()}
        return {name: header for name, header in found.items() if header is not None}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXPORTS = (
    Export(
        "taobao_export_order_list", "taobao", Text("淘宝/天猫 ExportOrderList", "Taobao/Tmall ExportOrderList"), "ExportOrderList", "order",
        _words("订单编号 买家会员名 买家实际支付金额"),
        {
            "ordered_at": ("订单创建时间",), "order_no": ("订单编号",), "line_no": ("订单编号",), "account": ("买家会员名",), "phone": ("联系手机", "联系电话"),
            "customer_name": ("收货人姓名",), "product_name": ("宝贝标题", "商品标题"), "quantity": ("宝贝总数量",), "amount": ("买家实际支付金额",), "status": ("订单状态",),
        },
        _words("买家支付宝账号 支付单号 支付详情 买家应付货款 买家应付邮费 买家支付积分 总金额 返点积分 买家实际支付积分 买家留言 收货地址 运送方式 联系电话 订单付款时间"
               " 宝贝种类 物流单号 物流公司 订单备注 店铺Id 店铺名称 订单关闭原因 卖家服务费 买家服务费 发票抬头 是否手机订单 分阶段订单信息 特权订金订单id 是否上传合同照片"
               " 是否上传小票 是否代付 定金排名 修改后的sku 修改后的收货地址 异常信息 天猫卡券抵扣 集分宝抵扣 是否是O2O交易 退款金额 预约门店"),
    ),
    Export(
        "tmall_orders", "taobao", Text("天猫订单(新版)", "Tmall orders (newer)"), "2026", "order",
        _words("订单编号 支付单号 买家应付货款 总金额 订单状态 订单创建时间 商品标题"),
        {
            "ordered_at": ("订单创建时间",), "order_no": ("订单编号",), "line_no": ("订单编号",), "account": ("买家会员名",), "phone": ("联系手机",),
            "customer_name": ("收货人姓名",), "product_name": ("商品标题",), "quantity": ("宝贝总数量", "商品数量"), "amount": ("买家实付金额", "总金额"), "status": ("订单状态",),
        },
        _words("支付单号 支付详情 买家应付货款 买家应付邮费 总金额 收货地址 订单付款时间 订单备注 物流单号 物流公司 店铺名称 店铺ID 商品种类 运送方式 买家留言"),
    ),
    Export(
        "jd_orders", "jd", Text("京东订单", "JD orders"), "SKU", "sku",
        _words("订单号 商品ID 订购数量 京东价 下单帐号"),
        {
            "ordered_at": ("下单时间",), "order_no": ("订单号",), "account": ("下单帐号",), "phone": ("联系电话",), "customer_name": ("客户姓名",),
            "sku": ("货号", "商品ID"), "product_name": ("商品名称",), "quantity": ("订购数量",), "unit_price": ("京东价",),
            "order_amount": ("结算金额", "应付金额", "订单金额"), "status": ("订单状态",),
        },
        _words("商品ID 支付方式 订单金额 结算金额 余额支付 应付金额 订单类型 客户地址 订单备注 货号 订单完成时间 订单来源 订单渠道 商家备注 付款确认时间 发票类型 发票抬头 发票内容 运费金额 仓库名称"),
    ),
    Export(
        "youzan_orders", "youzan", Text("有赞订单", "Youzan orders"), "CSV", "order",
        _words("订单号 全部商品名称 订单实付金额 订单状态"),
        {
            "ordered_at": ("下单时间", "订单创建时间", "买家付款时间"), "order_no": ("订单号",), "line_no": ("订单号",),
            "phone": ("收货人手机号/提货人手机号", "收货人手机号", "买家手机号"), "customer_name": ("收货人/提货人", "收货人"), "product_name": ("全部商品名称",),
            "amount": ("订单实付金额",), "status": ("订单状态",),
        },
        _words("买家付款时间 商品种类数 买家备注 商家订单备注 收货人手机号/提货人手机号 订单类型 付款方式 下单网点 归属店铺"),
    ),
    Export(
        "doudian_orders", "douyin", Text("抖店订单", "Doudian orders"), "CSV", "line",
        _words("主订单编号 子订单编号 选购商品 订单提交时间"),
        {
            "ordered_at": ("订单提交时间",), "order_no": ("主订单编号",), "line_no": ("子订单编号",), "phone": ("收件人手机号",), "customer_name": ("收件人",),
            "province": ("省",), "city": ("市",), "sku": ("商家编码", "货号", "商品ID"), "product_name": ("选购商品",), "quantity": ("商品数量",),
            "unit_price": ("商品单价", "商品金额"), "amount": ("订单应付金额",), "status": ("订单状态",),
        },
        _words("商品规格 商品ID 商家编码 货号 运费 优惠总金额 平台优惠 商家优惠 达人优惠 支付优惠 红包抵扣 支付方式 手续费 区 街道 详细地址 买家留言 旗帜颜色 商家备注 订单完成时间 支付完成时间"
               " APP渠道 流量来源 取消原因 售后状态 订单类型 承诺发货时间 鲁班落地页ID 达人ID 达人昵称 是否修改过地址 流量体裁 流量渠道 广告渠道 流量类型 预计送达时间"),
    ),
)  # fmt: skip


def recognise(columns: list[str]) -> Export | None:
    """The export whose marks are all among these headers; None where it is none of them."""
    return next((export for export in EXPORTS if export.marks <= set(columns)), None)


def unknown(columns: list[str], mapping: Mapping, export: Export | None) -> list[str]:
    """Headers that are not used, and that the export is not known to have: worth a look before the import."""
    known = set(mapping.values()) | (export.known if export is not None else frozenset())
    return [column for column in columns if column not in known]
