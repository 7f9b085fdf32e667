"""Orders 订单: what customers bought and gave back, brought in from files of any shop.

Terms: order line 订单明细 · valid order 有效订单 (a buyer is named, quantity > 0, price > 0, not cancelled) · refund 退款 ·
gift line 赠品 (price 0) · source 来源 (the shop) · import 导入 · mapping 字段对应 · dry run 试导.
In: CSV, Excel and Parquet files. Out: `people_seen`, `profile_recorded` and `order_lines_recorded` events; facts of lines and orders.
"""
