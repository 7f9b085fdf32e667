"""Arrow schemas of the exported files: the names and types a reader may rely on."""

from typing import Final

import pyarrow as pa

TEXT: Final = pa.string()
INSTANT: Final = pa.timestamp("us", tz="UTC")
DAY: Final = pa.date32()
YUAN: Final = pa.decimal128(12, 2)

SCHEMAS: Final = {
    "orders": pa.schema(
        [
            ("订单编号", TEXT), ("子订单编号", TEXT), ("下单时间", pa.timestamp("us")), ("商品编码", TEXT),
            ("商品名称", TEXT), ("类目", TEXT), ("数量", pa.int32()), ("单价", YUAN), ("实付金额", YUAN),
            ("买家账号", TEXT), ("手机号", TEXT), ("收货人", TEXT), ("省份", TEXT), ("城市", TEXT),
            ("店铺/来源", TEXT), ("订单状态", TEXT),
        ]
    ),
    "customers": pa.schema(
        [
            ("customer_key", TEXT), ("name", TEXT), ("gender", TEXT), ("birthday", DAY), ("phone", TEXT),
            ("email", TEXT), ("province", TEXT), ("city", TEXT), ("source", TEXT), ("live_code_id", TEXT),
            ("store_id", TEXT), ("tier", TEXT), ("referrer_key", TEXT), ("registered_at", INSTANT),
            ("tags", pa.list_(TEXT)), ("agreed", pa.list_(TEXT)),
        ]
    ),
    "events": pa.schema(
        [("event_id", TEXT), ("customer_key", TEXT), ("name", TEXT), ("at", INSTANT), ("properties", TEXT)]
    ),
    "relations": pa.schema(
        [
            ("relation_id", TEXT), ("customer_key", TEXT), ("staff_id", TEXT), ("carrier_id", TEXT),
            ("how", TEXT), ("live_code_id", TEXT), ("began_at", INSTANT), ("ended_at", INSTANT),
            ("ended_by", TEXT),
        ]
    ),
    "trial": pa.schema(
        [
            ("customer_key", TEXT), ("arm", TEXT), ("content_id", TEXT), ("sent_at", INSTANT),
            ("opened_at", INSTANT), ("clicked_at", INSTANT), ("read_seconds", pa.int32()), ("passed_to", pa.int32()),
        ]
    ),
    "products": pa.schema(
        [
            ("sku", TEXT), ("name", TEXT), ("category", TEXT), ("list_fen", pa.int64()),
            ("cost_fen", pa.int64()), ("launched_on", DAY), ("trial", pa.bool_()),
        ]
    ),
    "sources": pa.schema(
        [("source", TEXT), ("name", TEXT), ("kind", TEXT), ("how", TEXT), ("began_on", DAY)]
    ),
    "spend": pa.schema([("source", TEXT), ("month", DAY), ("spend_fen", pa.int64())]),
    "live_codes": pa.schema(
        [("live_code_id", TEXT), ("name", TEXT), ("source", TEXT), ("store_id", TEXT), ("created_on", DAY)]
    ),
    "carriers": pa.schema(
        [
            ("carrier_id", TEXT), ("kind", TEXT), ("company", TEXT), ("name", TEXT),
            ("monthly_quota", pa.int32()), ("opened_on", DAY), ("status", TEXT),
        ]
    ),
    "stores": pa.schema(
        [("store_id", TEXT), ("name", TEXT), ("province", TEXT), ("city", TEXT), ("opened_on", DAY)]
    ),
    "staff": pa.schema(
        [
            ("staff_id", TEXT), ("name", TEXT), ("role", TEXT), ("store_id", TEXT), ("carrier_id", TEXT),
            ("hired_on", DAY),
        ]
    ),
    "contents": pa.schema(
        [
            ("content_id", TEXT), ("title", TEXT), ("kind", TEXT), ("purpose", TEXT), ("category", TEXT),
            ("text", TEXT), ("created_on", DAY),
        ]
    ),
}  # fmt: skip
"""File name without suffix → schema."""


def table(name: str, columns: dict[str, object]) -> pa.Table:
    """Build a table of one file; missing, extra or wrongly typed columns raise."""
    schema = SCHEMAS[name]
    if set(columns) != set(schema.names):
        raise KeyError(f"{name}: {sorted(set(columns) ^ set(schema.names))}")
    arrays = [
        pa.array(columns[field.name], field.type)
        if isinstance(columns[field.name], list)
        else columns[field.name]
        for field in schema
    ]
    return pa.table(arrays, schema=schema)
