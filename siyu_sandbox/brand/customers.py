"""The customer list as a member system exports it: keys, contact data, tier, tags, who invited whom."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu_sandbox.brand.baskets import CLOSED, REFUNDED, Lines
from siyu_sandbox.brand.digits import instants, numbered, pick, scrambled
from siyu_sandbox.brand.goods import load_goods
from siyu_sandbox.brand.names import mailboxes, people_names
from siyu_sandbox.brand.people import People
from siyu_sandbox.brand.plan import Bools, Floats, Ints, Plan, choose
from siyu_sandbox.brand.purchasing import Purchases
from siyu_sandbox.brand.sources import load_sources
from siyu_sandbox.brand.tables import table
from siyu_sandbox.brand.world import World

TIERS: Final = ("注册会员", "青芽会员", "银叶会员", "金桂会员", "黑山会员")
TIER_FEN: Final = (1, 50_000, 150_000, 500_000)
"""Net paid money at which the second to fifth tier begins."""
SHOP_PHONE_STORE: Final = 0
"""The staff of this store type the store's own phone for members who give none."""
SHOP_PHONE_RATE: Final = 0.12
ADVOCATE_SHARE: Final = 0.08
AGREED_PROMOTION: Final = 0.7
"""Share of people who ticked that they want offers when they signed up."""
AGREED_PROFILING: Final = 0.6
"""Of those who want something, who also ticked that it may be known what they read."""
PLACEHOLDER_BIRTHDAY: Final = "1900-01-01"


@dataclass(frozen=True)
class Identities:
    """Text columns that orders and customers share."""

    key: pa.Array
    name: pa.Array
    phone: pa.Array
    """Eleven digits without a country prefix, or null."""
    female: Bools
    email: pa.Array


def draw_identities(world: World, people: People) -> Identities:
    """Give every person a key, a name, a phone and an address; phones live in the unassigned block 154."""
    random, sources = world.stream("identities"), load_sources()
    female = random.random(len(people.number)) < 0.74
    from_taobao = np.isin(people.source, [sources.position("taobao_card"), sources.position("organic")])
    key = pc.if_else(
        pa.array(from_taobao),
        numbered("tb", scrambled(people.number, 10), 10),
        numbered("CS", people.number, 8),
    )
    phone = numbered("154", scrambled(people.number, 8, 282_475_249), 8)
    at_shop = (people.store == SHOP_PHONE_STORE) & (random.random(len(female)) < SHOP_PHONE_RATE)
    phone = pc.if_else(
        pa.array(at_shop), pa.scalar(f"154{int(scrambled(np.array([0]), 8, 282_475_249)[0]):08d}"), phone
    )
    return Identities(
        key=key,
        name=people_names(random, female),
        phone=pc.if_else(pa.array(people.has_phone), phone, pa.scalar(None, pa.string())),
        female=female,
        email=pc.if_else(
            pa.array(people.has_email), mailboxes(random, people.number), pa.scalar(None, pa.string())
        ),
    )


def customer_table(
    world: World, people: People, identities: Identities, purchases: Purchases, lines: Lines
) -> pa.Table:
    """One row is one person the brand knows, ordered by registration inside a batch."""
    random, sources, plan, network = world.stream("customers"), load_sources(), world.plan, world.network
    count = len(people.number)
    net = net_paid(lines, purchases, count)
    gender = pc.if_else(pa.array(identities.female), pa.scalar("F"), pa.scalar("M"))
    known = pa.array(random.random(count) < 0.88)
    referred = people.source == sources.position("referral")
    return table(
        "customers",
        {
            "customer_key": identities.key,
            "name": identities.name,
            "gender": pc.if_else(known, gender, pa.scalar(None, pa.string())),
            "birthday": _birthdays(random, plan, count),
            "phone": pc.binary_join_element_wise("+86", identities.phone, ""),
            "email": identities.email,
            "province": pick(network.province, people.city),
            "city": pick(network.city, people.city),
            "source": pick(sources.key, people.source),
            "live_code_id": pick_or_null(network.code_id, people.code),
            "store_id": pick_or_null(network.store_id, people.store),
            "tier": pick(list(TIERS), np.searchsorted(TIER_FEN, net, side="right")),
            "referrer_key": _referrers(random, identities.key, referred, net > 0),
            "registered_at": instants(plan.utc_microseconds(people.registered)),
            "tags": _tags(random, people, net),
            "agreed": _agreed(world.stream("consents"), world.stream("consents to profiling"), count),
        },
    )


def net_paid(lines: Lines, purchases: Purchases, count: int) -> Ints:
    """Money in fen each person paid and kept paid: without closed and refunded lines."""
    counted = np.where(np.isin(lines.status, (CLOSED, REFUNDED)), 0, lines.paid_fen)
    return np.bincount(purchases.person[lines.order], weights=counted, minlength=count).astype(np.int64)


def pick_or_null(values: list[str], positions: Ints) -> pa.Array:
    """Text column of `values` at `positions`, null where the position is negative."""
    return pa.array(values, pa.string()).take(pa.array(positions, mask=positions < 0))


def _birthdays(random: np.random.Generator, plan: Plan, count: int) -> pa.Array:
    """Known for 55 %; a few tills fill in a placeholder."""
    age_days = np.clip(random.normal(34.0, 9.0, count), 18.0, 78.0) * 365.25
    days = np.datetime64(plan.until, "D") - age_days.astype(np.int64).astype("timedelta64[D]")
    days[random.random(count) < 0.003] = np.datetime64(PLACEHOLDER_BIRTHDAY)
    return pa.array(days.astype("datetime64[D]"), pa.date32(), mask=random.random(count) > 0.55)


def _referrers(random: np.random.Generator, key: pa.Array, referred: Bools, buyer: Bools) -> pa.Array:
    """A buyer who registered before, null where none did; a few early advocates bring most of the friends."""
    advocates = np.flatnonzero(buyer & ~referred & (random.random(len(buyer)) < ADVOCATE_SHARE))
    earlier = np.searchsorted(advocates, np.arange(len(buyer)))
    place = (random.random(len(buyer)) ** 2.2 * earlier).astype(np.int64)
    found = referred & (earlier > 0)
    chosen = advocates[place[found]] if len(advocates) else np.empty(0, dtype=np.int64)
    positions = np.full(len(buyer), -1)
    positions[found] = chosen
    return key.take(pa.array(positions, mask=positions < 0))


def _agreed(random: np.random.Generator, more: np.random.Generator, count: int) -> pa.Array:
    """What each person ticked when signing up; who wants offers wants the useful things too, more often than not."""
    promotion = random.random(count) < AGREED_PROMOTION
    content = random.random(count) < np.where(promotion, 0.94, 0.45)
    profiling = (promotion | content) & (more.random(count) < AGREED_PROFILING)
    grid = np.stack([promotion, content, profiling], axis=1)
    offsets = np.concatenate(([0], np.cumsum(grid.sum(axis=1)))).astype(np.int32)
    which = np.broadcast_to(np.arange(3), grid.shape)[grid]
    return pa.ListArray.from_arrays(pa.array(offsets), pick(["promotion", "content", "profiling"], which))


def _tags(random: np.random.Generator, people: People, net: Ints) -> pa.Array:
    """Up to four facts as staff write them down: taste, worth, habits; missing for most."""
    goods, hunter = load_goods(), people.source == load_sources().position("fission_draw")
    count = len(net)
    marks: list[tuple[list[str], Ints, Floats]] = [
        ([f"偏爱{name}" for name in goods.categories], people.favourite, np.full(count, 0.45)),
        (["高客单", "羊毛党", "到店客"], np.select([net > 300_000, hunter, people.store >= 0], [0, 1, 2], -1),
         np.full(count, 0.7)),
        (["企业团购", "送礼需求", "宝妈", "敏感肌", "失眠", "怕冷", "爱喝绿茶"],
         choose(random, np.array([1.0, 5, 6, 4, 4, 3, 5]), count), np.full(count, 0.22)),
    ]  # fmt: skip
    words: list[str] = []
    columns: list[Ints] = []
    for values, position, chance in marks:
        kept = (position >= 0) & (random.random(count) < chance)
        columns.append(np.where(kept, position + len(words), -1))
        words += values
    grid = np.stack(columns, axis=1)
    offsets = np.concatenate(([0], np.cumsum((grid >= 0).sum(axis=1)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pick(words, grid[grid >= 0]))
