"""What people did besides ordering: browsing while interested, the minutes before an order, reviews."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.brand.baskets import COMPLETED, ONLINE_SHOPS, Lines, product_of_category
from siyu_sandbox.brand.catalogue import HOWS, LIVES, PAGES, Catalogue
from siyu_sandbox.brand.goods import load_goods
from siyu_sandbox.brand.people import People
from siyu_sandbox.brand.plan import DAY_SECONDS, Floats, Ints
from siyu_sandbox.brand.purchasing import Purchases
from siyu_sandbox.brand.relations import Relations
from siyu_sandbox.brand.sources import load_sources
from siyu_sandbox.brand.touches import Touches
from siyu_sandbox.brand.world import World

VISITS_PER_MONTH: Final = 1.3
"""Background events of a person of mean engagement in a month of interest."""
MIX: Final = np.array([0.50, 0.82, 0.88, 0.95])
"""Cumulative shares: page_viewed, product_viewed, live_watched, coupon_claimed, the rest cart_added."""
OUTCOMES: Final = ("message_sent", "message_opened", "message_clicked", "message_blocked")


@dataclass(frozen=True)
class Happenings:
    """Events of one batch: person, time, position in the catalogue."""

    person: Ints
    at: Floats
    kind: Ints


def browsing(world: World, people: People, purchases: Purchases) -> Happenings:
    """Draw visits at a personal pace from registration until the interest ends."""
    random, goods = world.stream("browsing"), load_goods()
    catalogue, season = world.catalogue, world.season
    span = np.maximum(purchases.active_until - people.registered, 0.0)
    pace = random.gamma(1.1, VISITS_PER_MONTH / 1.1 / (30 * DAY_SECONDS), len(span))
    person = np.repeat(np.arange(len(span)), random.poisson(pace * span + 0.6))
    start = season.operational(people.registered)[person]
    end = season.operational(purchases.active_until)[person]
    at = season.wall(start + random.random(len(person)) * (end - start))
    category = _tastes(random, people, person)
    product = product_of_category(random, goods, category)
    page = np.where(
        random.random(len(person)) < 0.5,
        random.integers(0, len(PAGES), len(person)),
        len(PAGES) + category,
    )
    mix = np.searchsorted(MIX, random.random(len(person)), side="right")
    from_live = people.source[person] == load_sources().position("douyin_live")
    mix = np.where(from_live & (random.random(len(person)) < 0.25), 2, mix)
    choices = [
        catalogue.position("page_viewed", page),
        catalogue.position("product_viewed", product),
        catalogue.position("live_watched", random.integers(0, LIVES, len(person))),
        catalogue.position("coupon_claimed", category),
        catalogue.position("cart_added", product),
    ]
    return Happenings(person, at, np.choose(mix, choices))


def around_orders(world: World, people: People, purchases: Purchases, lines: Lines) -> Happenings:
    """Views, carts and coupons before the first line of an online order; reviews of completed lines."""
    random, goods = world.stream("around"), load_goods()
    head = np.flatnonzero((lines.line == 1) & (lines.shop < len(ONLINE_SHOPS)))
    viewed, carted = head[random.random(len(head)) < 0.8], head[random.random(len(head)) < 0.6]
    hunter = people.source[purchases.person[lines.order[head]]] == load_sources().position("fission_draw")
    claimed = head[random.random(len(head)) < np.where(hunter, 0.8, 0.22)]
    reviewed = np.flatnonzero((lines.status == COMPLETED) & (random.random(len(lines.status)) < 0.09))
    rating = 1 + np.searchsorted([0.02, 0.05, 0.13, 0.35], random.random(len(reviewed)), side="right")
    waits = random.uniform(2.0, 14.0, len(reviewed)) * DAY_SECONDS
    parts = [
        (viewed, -300.0 - random.exponential(1500.0, len(viewed)), "product_viewed", lines.product[viewed]),
        (carted, -60.0 - random.exponential(200.0, len(carted)), "cart_added", lines.product[carted]),
        (claimed, -90.0 - random.exponential(2400.0, len(claimed)), "coupon_claimed",
         goods.category_index[lines.product[claimed]]),
        (reviewed, waits, "review_written", lines.product[reviewed] * 5 + rating - 1),
    ]  # fmt: skip
    person = np.concatenate([purchases.person[lines.order[rows]] for rows, *_ in parts])
    at = np.concatenate([purchases.at[lines.order[rows]] + wait for rows, wait, *_ in parts])
    kind = np.concatenate([world.catalogue.position(name, offset) for *_, name, offset in parts])
    at = np.maximum(at, people.registered[person])
    inside = at < world.plan.seconds
    return Happenings(person[inside], at[inside], kind[inside])


def message_events(catalogue: Catalogue, touches: Touches) -> Happenings:
    """Touches as events."""
    first = np.array([catalogue.first[name] for name in OUTCOMES])
    return Happenings(touches.person, touches.at, first[touches.outcome] + touches.broadcast)


def relation_events(catalogue: Catalogue, relations: Relations) -> Happenings:
    """Each relation that began, and each that ended, as events."""
    offset = relations.staff * len(HOWS) + relations.how
    gone = np.flatnonzero(np.isfinite(relations.ended))
    return Happenings(
        np.concatenate((relations.person, relations.person[gone])),
        np.concatenate((relations.began, relations.ended[gone])),
        np.concatenate(
            (catalogue.position("contact_added", offset), catalogue.position("contact_deleted", offset[gone]))
        ),
    )


def in_order(parts: list[Happenings]) -> Happenings:
    """Join and sort by time, then person, then kind: a total order."""
    person, at, kind = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("person", "at", "kind")
    )
    order = np.lexsort((kind, person, at))
    return Happenings(person[order], at[order], kind[order])


def _tastes(random: np.random.Generator, people: People, person: Ints) -> Ints:
    """Category looked at: the favourite half of the time."""
    taste = random.random(len(person))
    other = random.integers(0, len(load_goods().categories), len(person))
    return np.where(
        taste < 0.5, people.favourite[person], np.where(taste < 0.7, people.second_favourite[person], other)
    )
