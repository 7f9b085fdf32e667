"""What is in each order: lines, goods, prices, shop and what became of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.brand.goods import GIFT_CATEGORY, Goods, load_goods
from siyu_sandbox.brand.people import People
from siyu_sandbox.brand.plan import DAY_SECONDS, Bools, Floats, Ints, Plan, choose
from siyu_sandbox.brand.purchasing import Purchases
from siyu_sandbox.brand.season import daily_depth
from siyu_sandbox.brand.sources import load_sources
from siyu_sandbox.brand.world import World

ONLINE_SHOPS: Final = ("天猫旗舰店", "抖音小店", "小程序商城")
MALL: Final = ONLINE_SHOPS.index("小程序商城")
STATUSES: Final = ("已完成", "已发货", "交易关闭", "已退款")
COMPLETED, SHIPPED, CLOSED, REFUNDED = range(4)
CLOSED_RATE: Final = 0.02
REFUND_RATE: Final = 0.036
TRANSIT_DAYS: Final = 6.0
MOVED_TO_MALL: Final = 0.55
"""Share of later online orders placed in the brand's own mall."""


@dataclass(frozen=True)
class Lines:
    """Order lines of one batch in order of time; money in fen."""

    order: Ints
    """Position of the order in the batch's purchases."""
    line: Ints
    """1, 2, … inside the order."""
    product: Ints
    quantity: Ints
    unit_fen: Ints
    paid_fen: Ints
    status: Ints
    shop: Ints
    """Position in `ONLINE_SHOPS`, then the stores of the network."""


def draw_lines(world: World, people: People, purchases: Purchases) -> Lines:
    """Fill the orders of one batch; a product stands at most once in an order."""
    random, sources, goods = world.stream("baskets"), load_sources(), load_goods()
    plan = world.plan
    size = people.basket[purchases.person]
    lines = np.clip(1 + random.poisson(0.62 * size), 1, 8)
    order = np.repeat(np.arange(len(size)), lines)
    product = _products(random, plan, people, purchases, order)
    _, kept = np.unique(order * len(goods.sku) + product, return_index=True)
    kept.sort()
    order, product = order[kept], product[kept]
    person, at = purchases.person[order], purchases.at[order]
    quantity = np.where(goods.trial[product], 1, np.clip(1 + random.poisson(0.38 * size[order]), 1, 24))
    depth = daily_depth(plan)[(at // DAY_SECONDS).astype(np.int64)]
    share = (0.97 - 0.2 * depth - random.random(len(order)) ** 3 * 0.25) * sources.discount[
        people.source[person]
    ]
    unit = goods.list_fen[product]
    paid = np.maximum((quantity * unit * share).astype(np.int64), 1)
    status = _statuses(random, plan, people, purchases, order)
    first = np.concatenate(([True], order[1:] != order[:-1])) if len(order) else np.empty(0, dtype=np.bool_)
    starts = np.flatnonzero(first)
    line = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order)))) + 1
    shop = _shops(random, people, purchases)[order]
    return Lines(order, line, product, quantity, unit, np.where(status == CLOSED, 0, paid), status, shop)


def _products(
    random: np.random.Generator, plan: Plan, people: People, purchases: Purchases, order: Ints
) -> Ints:
    """Favourite category first, otherwise what the month asks for; only goods already on sale."""
    goods = load_goods()
    person, at = purchases.person[order], purchases.at[order]
    demand = np.cumsum(goods.monthly_demand(), axis=1)
    month = plan.months_of(at) % 12
    asked = (
        (random.random(len(order))[:, None] > demand[month]).sum(axis=1).clip(0, len(goods.categories) - 1)
    )
    taste = random.random(len(order))
    category = np.where(
        taste < 0.58, people.favourite[person], np.where(taste < 0.78, people.second_favourite[person], asked)
    )
    near_new_year = np.isin(month, (0, 8)) & (random.random(len(order)) < 0.06)
    category = np.where(near_new_year, goods.categories.index(GIFT_CATEGORY), category)
    product = product_of_category(random, goods, category)
    for _ in range(4):
        early = np.flatnonzero(goods.launch_share[product] * plan.seconds > at)
        product[early] = product_of_category(random, goods, category[early])
    early = np.flatnonzero(goods.launch_share[product] * plan.seconds > at)
    product[early] = _evergreens(goods)[category[early]]
    return _trials(random, people, purchases, order, product)


def product_of_category(random: np.random.Generator, goods: Goods, category: Ints) -> Ints:
    """Draw a product of each given category by popularity; trial packs are never drawn here."""
    edges = np.cumsum(goods.popularity())  # every category adds exactly 1, in the order of the file
    draw = np.searchsorted(edges, category + random.random(len(category)) * (1 - 1e-9), side="right")
    return np.minimum(draw, len(goods.sku) - 1)


def _evergreens(goods: Goods) -> Ints:
    """The best seller of each category among goods on sale since before the window."""
    weights = goods.popularity() * (goods.launch_share == 0)
    inside = goods.category_index[None, :] == np.arange(len(goods.categories))[:, None]
    best: Ints = np.argmax(np.where(inside, weights, -1.0), axis=1)
    return best


def _trials(
    random: np.random.Generator, people: People, purchases: Purchases, order: Ints, product: Ints
) -> Ints:
    """Deal-hunters take trial packs, and some newcomers start with one."""
    hunter = people.source[purchases.person[order]] == load_sources().position("fission_draw")
    wanted = np.where(hunter, 0.7, np.where(purchases.rank[order] == 0, 0.10, 0.01))
    trial = np.flatnonzero(load_goods().trial)
    return np.where(
        random.random(len(order)) < wanted, trial[random.integers(0, len(trial), len(order))], product
    )


def _statuses(
    random: np.random.Generator, plan: Plan, people: People, purchases: Purchases, order: Ints
) -> Ints:
    """Closed takes a whole order, a refund takes one line, the last days are still on the way."""
    closed: Bools = (random.random(len(purchases.at)) < CLOSED_RATE)[order]
    refund = REFUND_RATE * load_sources().refund[people.source[purchases.person[order]]]
    refunded = random.random(len(order)) < refund
    transit: Floats = random.exponential(TRANSIT_DAYS * DAY_SECONDS, len(purchases.at))
    shipped = (purchases.at + transit > plan.seconds)[order]
    return np.select([closed, refunded, shipped], [CLOSED, REFUNDED, SHIPPED], COMPLETED)


def _shops(random: np.random.Generator, people: People, purchases: Purchases) -> Ints:
    """First order in the shop of the source; later ones move to the brand's own mall."""
    homes = [ONLINE_SHOPS.index(shop) if shop in ONLINE_SHOPS else -1 for shop in load_sources().home_shop]
    home = np.array(homes)[people.source[purchases.person]]
    store = people.store[purchases.person]
    home = np.where(home < 0, len(ONLINE_SHOPS) + store, home)
    chance = np.where(purchases.rank == 0, 0.0, np.where(store >= 0, 0.3, MOVED_TO_MALL))
    stray = choose(random, np.array([0.5, 0.2, 0.3]), len(home))
    lost = (random.random(len(home)) < 0.05) & (store < 0)
    return np.where(random.random(len(home)) < chance, MALL, np.where(lost, stray, home))
