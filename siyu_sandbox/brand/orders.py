"""The shop export of order lines, with the shop's own Chinese headers, and its GB18030 text variant."""

from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from siyu_sandbox.brand.baskets import ONLINE_SHOPS, STATUSES, Lines
from siyu_sandbox.brand.customers import Identities
from siyu_sandbox.brand.digits import numbered, pick, yuan
from siyu_sandbox.brand.goods import load_goods
from siyu_sandbox.brand.names import people_names
from siyu_sandbox.brand.people import People
from siyu_sandbox.brand.plan import DAY_SECONDS, ZONE_OFFSET_SECONDS, Ints, Plan
from siyu_sandbox.brand.purchasing import Purchases
from siyu_sandbox.brand.tables import table
from siyu_sandbox.brand.world import World

GIFT_RATE: Final = 0.05
"""Orders sent to somebody else's name."""
ORDERS_PER_PERSON: Final = 100


def order_table(
    world: World, people: People, identities: Identities, purchases: Purchases, lines: Lines
) -> pa.Table:
    """One row is one order line (子订单), ordered by time inside a batch."""
    plan, network, goods = world.plan, world.network, load_goods()
    person = pa.array(purchases.person[lines.order])
    city = people.city[purchases.person[lines.order]]
    number = _order_numbers(plan, purchases, int(people.number[0])).take(pa.array(lines.order))
    seconds = plan.utc_microseconds(purchases.at[lines.order]) // 1_000_000 + ZONE_OFFSET_SECONDS
    receivers = _receivers(world, identities, purchases)
    shops = [*ONLINE_SHOPS, *(f"门店·{name}" for name in network.store_name)]
    return table(
        "orders",
        {
            "订单编号": number,
            "子订单编号": pc.binary_join_element_wise(number, numbered("", lines.line, 2), ""),
            "下单时间": pa.array(seconds * 1_000_000, pa.int64()).cast(pa.timestamp("us")),
            "商品编码": pick(goods.sku, lines.product),
            "商品名称": pick(goods.name, lines.product),
            "类目": pick(goods.category, lines.product),
            "数量": pa.array(lines.quantity, pa.int32()),
            "单价": yuan(lines.unit_fen),
            "实付金额": yuan(lines.paid_fen),
            "买家账号": identities.key.take(person),
            "手机号": identities.phone.take(person),
            "收货人": receivers.take(pa.array(lines.order)),
            "省份": pick(network.province, city),
            "城市": pick(network.city, city),
            "店铺/来源": pick(shops, lines.shop),
            "订单状态": pick(list(STATUSES), lines.status),
        },
    )


def append_csv(orders: pa.Table, file: BinaryIO, header: bool) -> None:
    """Append order lines as the shop's CSV: GB18030, comma, quoted text, time as YYYY-MM-DD HH:MM:SS."""
    column = orders.schema.get_field_index("下单时间")
    stamp = pc.strftime(orders["下单时间"].cast(pa.timestamp("s")), format="%Y-%m-%d %H:%M:%S")
    sink = pa.BufferOutputStream()
    csv.write_csv(orders.set_column(column, "下单时间", stamp), sink, csv.WriteOptions(include_header=header))
    file.write(sink.getvalue().to_pybytes().decode("utf-8").encode("gb18030"))


def _order_numbers(plan: Plan, purchases: Purchases, first_person: int) -> pa.Array:
    """Eighteen digits: local day, then a running number; a spreadsheet rounds them, as it does real ones.

    Each person has room for `ORDERS_PER_PERSON` numbers on average, so batches never share one.
    """
    days = np.datetime64(plan.began_on, "D") + (purchases.at // DAY_SECONDS).astype("timedelta64[D]")
    month = days.astype("datetime64[M]")
    year: Ints = days.astype("datetime64[Y]").astype(np.int64) + 1970
    month_number = month.astype(np.int64) % 12 + 1
    day_number = (days - month).astype(np.int64) + 1
    local_day = year * 10_000 + month_number * 100 + day_number
    running = first_person * ORDERS_PER_PERSON + np.arange(len(purchases.at))
    return numbered("", local_day * 10_000_000_000 + running, 18)


def _receivers(world: World, identities: Identities, purchases: Purchases) -> pa.Array:
    """The buyer's own name, or another for a gift."""
    random = world.stream("receivers")
    count = len(purchases.person)
    others = people_names(random, random.random(count) < 0.5)
    gift = pa.array(random.random(count) < GIFT_RATE)
    return pc.if_else(gift, others, identities.name.take(pa.array(purchases.person)))
