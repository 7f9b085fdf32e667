"""Who the people are: when and where they came from, and the hidden traits that drive what they do."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.brand.goods import load_goods
from siyu_sandbox.brand.network import Network
from siyu_sandbox.brand.plan import Bools, Floats, Ints, choose
from siyu_sandbox.brand.season import Clock
from siyu_sandbox.brand.sources import load_sources
from siyu_sandbox.brand.world import World

CATEGORY_WEIGHTS: Final = np.array([0.24, 0.20, 0.15, 0.10, 0.10, 0.11, 0.06, 0.04])
"""Favourite category, in the order of the goods."""


@dataclass(frozen=True)
class People:
    """One entry per person of a batch, in order of registration; times are seconds since the window began."""

    number: Ints
    """1 … customers, in order inside a batch."""
    registered: Floats
    source: Ints
    city: Ints
    store: Ints
    """Store that serves the person, -1 when the online desk does."""
    staff: Ints
    code: Ints
    """Live code that brought the person, -1 when none did."""
    favourite: Ints
    second_favourite: Ints
    basket: Floats
    """Multiplier of order size, mean near 1, heavy tail."""
    wecom: Bools
    follower: Bools
    has_phone: Bools
    has_email: Bools


def draw_people(world: World, numbers: Ints) -> People:
    """Draw one batch of people; `numbers` are their places in the whole brand."""
    random, sources, network = world.stream("people"), load_sources(), world.network
    count = len(numbers)
    source = choose(random, sources.share, count)
    registered = _registered(random, world.growth, source)
    order = np.argsort(registered, kind="stable")
    source, registered = source[order], registered[order]
    city, store = _homes(random, network, source)
    favourite = choose(random, CATEGORY_WEIGHTS, count)
    categories = len(load_goods().categories)
    return People(
        number=numbers,
        registered=registered,
        source=source,
        city=city,
        store=store,
        staff=_staff(random, network, store),
        code=_live_codes(random, network, source, store),
        favourite=favourite,
        second_favourite=(favourite + random.integers(1, categories, count)) % categories,
        basket=sources.basket[source] * random.lognormal(-0.18, 0.6, count),
        wecom=random.random(count) < sources.wecom[source],
        follower=random.random(count) < np.where(source == sources.position("oa_article"), 0.97, 0.26),
        has_phone=random.random(count) < 0.66,
        has_email=random.random(count) < 0.24,
    )


def _registered(random: np.random.Generator, growth: Clock, source: Ints) -> Floats:
    """When each person came: inside the run of the source, denser towards the end and at festivals."""
    sources = load_sources()
    length = growth.wall_edges[-1]
    first = growth.operational(sources.active_from * length)[source]
    last = growth.operational(sources.active_to * length)[source]
    came: Floats = np.minimum(growth.wall(first + random.random(len(source)) * (last - first)), length - 60.0)
    return came


def _homes(random: np.random.Generator, network: Network, source: Ints) -> tuple[Ints, Ints]:
    """City and serving store: people of a store code live where the store is."""
    from_store = source == load_sources().position("store_code")
    store = np.where(from_store, choose(random, network.store_weight, len(source)), -1)
    city = choose(random, network.city_weight, len(source))
    return np.where(from_store, network.store_city[store], city), store


def _staff(random: np.random.Generator, network: Network, store: Ints) -> Ints:
    """One of the store's staff, or of the online desk; the first of each is asked most."""
    first, after = network.staff_order[:-1][store], network.staff_order[1:][store]
    chosen: Ints = first + (random.random(len(store)) ** 1.4 * (after - first)).astype(np.int64)
    return chosen


def _live_codes(random: np.random.Generator, network: Network, source: Ints, store: Ints) -> Ints:
    """The code that was scanned: the store's own, or one of the three of the source."""
    code = np.full(len(source), -1)
    for position in range(len(load_sources().key)):
        codes = network.codes_of(position)
        if len(codes):
            code = np.where(source == position, codes[random.integers(0, len(codes), len(source))], code)
    return np.where(store >= 0, store, code)
