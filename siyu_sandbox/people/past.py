"""A past (往事): a crowd lived through without servers, as columns, with the truth of everybody: many small worlds in seconds.

The lives are those of `living` and `hearing`; deal-hunters are those who came for the gift. Here are added people who never
care (僵尸粉), lovers of a bargain who stay, and people who buy without ever showing themselves. Every world has its own
habits: how many of each, how much of the reading the carrier tells, how often the brand writes, so that kinds overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from siyu_sandbox.brand.goods import load_goods
from siyu_sandbox.people.chance import Column, stream
from siyu_sandbox.people.crowd import Crowd
from siyu_sandbox.people.hearing import hear
from siyu_sandbox.people.living import Step, live
from siyu_sandbox.people.messages import Messages
from siyu_sandbox.people.reading import understand
from siyu_sandbox.people.shop import Shop
from siyu_sandbox.people.sources import Source, draw
from siyu_sandbox.phones import Received

KINDS = ("ordinary", "hunter", "zombie", "bargain_lover", "quiet_buyer")
ORDINARY, HUNTER, ZOMBIE, LOVER, QUIET = range(5)
SOURCES = ("shop", "douyin", "lift", "draw", "friends")
# Share of deal-hunters and of zombies that a source draws, before a world's own luck.
DRAWN = {"shop": (0.02, 0.04), "douyin": (0.15, 0.12), "lift": (0.08, 0.40), "draw": (0.50, 0.20), "friends": (0.05, 0.05)}
LOVERS, QUIETS = 0.12, 0.06
QUIET_NEED = 0.02
STAYING_LEAVE, STAYING_NEED = 0.04, 4.0
"""A hunter who stays leaves so much less and buys so much more, at the deepest discount."""
PROMOTIONS = ("会员专享:满200减30", "全场 8 折", "限时 6 折", "全场半价返场", "满200减80")
GIFTS = ("新客礼免费领取", "到店免费领一份小样", "抽奖:赢礼盒")
VALUES = ("盖碗三分钟上手", "春茶存放指南", "三种搭配灵感清单")
SERVICES = ("您的订单已发货", "积分即将到期,提醒您")
# By kind of person: visits a day, share of gifts and offers taken when read, and of arrivals who take the gift at once.
VISITS = np.array([0.08, 0.02, 0.0015, 0.12, 0.008])
TAKES = np.array([0.20, 0.85, 0.0, 0.55, 0.03])
TAKES_AT_ONCE = np.array([0.30, 0.92, 0.05, 0.50, 0.10])
COUPON = np.array([0.45, 0.85, 0.0, 0.70, 0.15])
REFUND = np.array([0.036, 0.15, 0.0, 0.04, 0.03])
LOOKS_FIRST = np.array([0.8, 0.7, 0.0, 0.9, 0.1])
RINGED, ACCUSED = 0.3, 0.01
LASTS_DAYS = 12


@dataclass(frozen=True)
class Past:
    """Days count from the world's beginning; `now` is its end. People are numbered from 1, in the order of `kind`."""

    now: float
    kind: Column
    source: Column
    came: Column
    left: Column
    activities: dict[str, Any]
    orders: dict[str, Any]


class _Told:
    """Rows that grow: who, when, what, and one property."""

    def __init__(self) -> None:
        self.parts: list[tuple[Column, Column, str, str, Any]] = []

    def add(self, rows: Column, at: Column | float, name: str, path: str = "", value: Any = None) -> None:
        if len(rows):
            self.parts.append((rows + 1, np.broadcast_to(np.asarray(at, float), len(rows)), name, path, value))

    def table(self) -> dict[str, Any]:
        sizes = [len(part[0]) for part in self.parts]
        values = [np.broadcast_to(np.asarray(part[4] if part[4] is not None else np.nan, object), len(part[0])) for part in self.parts]
        return {
            "person": np.concatenate([part[0] for part in self.parts]),
            "at": np.concatenate([part[1] for part in self.parts]),
            "name": np.repeat([part[2] for part in self.parts], sizes),
            "path": np.repeat([part[3] for part in self.parts], sizes),
            "value": np.concatenate(values),
        }


class _Life:
    """One world on its way through its days."""

    def __init__(self, seed: int, people: int, days: int) -> None:
        self.seed, self.days = seed, days
        self.luck = stream(seed, "past")
        self.crowd, self.messages, self.shop, self.told = Crowd(), Messages(), Shop(seed), _Told()
        self._habits()
        self._come(people)

    def _habits(self) -> None:
        """What is this world's own."""
        luck = self.luck
        self.read_told, self.gap = luck.uniform(0.25, 1.0), luck.uniform(2.0, 6.0)
        self.more_hunters, self.more_zombies = luck.uniform(0.5, 1.6), luck.uniform(0.5, 1.6)
        self.visits = VISITS * luck.uniform(0.5, 1.8, len(VISITS))
        self.takes = np.clip(TAKES * luck.uniform(0.7, 1.3, len(TAKES)), 0, 0.97)
        self.reach = luck.uniform(0.7, 1.0)
        self.blocks_told = luck.uniform(0.1, 0.6)
        self.staying = luck.uniform(0.3, 0.8)

    def _come(self, people: int) -> None:
        luck = self.luck
        self.source = luck.integers(0, len(SOURCES), people)
        hunters, zombies = (np.array([DRAWN[name][part] for name in SOURCES])[self.source] for part in (0, 1))
        lot = luck.random(people)
        edges = np.cumsum([np.minimum(hunters * self.more_hunters, 0.7), np.minimum(zombies * self.more_zombies, 0.25 + zombies), np.full(people, LOVERS), np.full(people, QUIETS)], axis=0)
        self.kind = np.select([lot < edges[0], lot < edges[1], lot < edges[2], lot < edges[3]], [HUNTER, ZOMBIE, LOVER, QUIET], ORDINARY)
        self.came = np.sort(luck.uniform(-30, self.days - 1, people).clip(0))
        self.left = np.full(people, np.nan)
        self.last_taken = np.full(people, -np.inf)
        self.gait = luck.gamma(1.5, 1 / 1.5, people)
        self._draw(people)

    def _draw(self, people: int) -> None:
        """Traits as the crowd has them; a hunter is one who came for the gift."""
        columns: dict[str, Column] = {}
        for kind in range(len(KINDS)):
            mine = np.flatnonzero(self.kind == kind)
            sensitive = 0.85 if kind == LOVER else 0.45
            source = Source("past", deal_hunters=float(kind == HUNTER), price_sensitivity=sensitive, need=0.02 if kind in (LOVER, QUIET) else 0.012)
            for name, values in draw(source, len(mine), stream(self.seed, "traits", kind)).items():
                columns.setdefault(name, np.zeros(people, values.dtype))[mine] = values
        zombie = self.kind == ZOMBIE
        for name in ("need", "cap"):
            columns[name] = np.where(zombie, 0, columns[name]).astype(np.float32)
        self.stays = (self.kind == HUNTER) & (self.luck.random(people) < self.staying)
        columns["need"] = np.where(self.kind == QUIET, np.maximum(columns["need"], QUIET_NEED), columns["need"])
        columns["need"] = np.where(self.stays, columns["need"] * STAYING_NEED, columns["need"]).astype(np.float32)
        self.need = columns["need"].copy()
        columns["need"], columns["cap"] = np.zeros(people, np.float32), np.zeros(people, np.float32)
        leaving = columns["leave_cap"].copy()
        columns["leave_cap"] = np.zeros(people, np.float32)
        self.crowd.add(np.arange(1, people + 1), source=0, muted=zombie, **columns)
        self.leaving = np.where(zombie, leaving * 0.3, leaving)
        # A zombie that silences the account does so at once, and some carriers tell.
        blocks = np.flatnonzero(zombie & (self.luck.random(people) < 0.5 * self.blocks_told))
        self.told.add(blocks, self.came[blocks] + self.luck.exponential(3.0, len(blocks)), "message_blocked")

    def run(self) -> Past:
        message_at = self.luck.uniform(0, self.gap)
        for day in range(self.days):
            arrived = np.flatnonzero((self.came >= day) & (self.came < day + 1))
            self._arrive(arrived, day)
            here = np.flatnonzero((self.came < day) & ~self.crowd.gone[: len(self.kind)])
            while message_at < day + 1:
                self._write(here, max(message_at, day), day)
                message_at += self.luck.exponential(self.gap)
            self._visit(here, day)
            self._live(day)
        self._rings()
        return Past(float(self.days), self.kind, self.source, self.came, self.left, self.told.table(), self._orders())

    def _arrive(self, rows: Column, day: int) -> None:
        crowd = self.crowd
        crowd.need[rows], crowd.cap[rows], crowd.leave_cap[rows] = self.need[rows], self.need[rows] * np.float32(1.001), self.leaving[rows]
        crowd.touched[rows] = day
        self.told.add(rows, self.came[rows], "contact_added")
        self._take(rows[self.luck.random(len(rows)) < TAKES_AT_ONCE[self.kind[rows]]], day, day, at_once=True)

    def _take(self, rows: Column, at: float, day: int, *, at_once: bool = False) -> None:
        """They take a gift or a coupon."""
        when = self.came[rows] + 0.01 if at_once else np.minimum(at + self.luck.exponential(0.1, len(rows)), day + 1.0)
        self.told.add(rows, when, "coupon_claimed", "offer", "gift")
        self.last_taken[rows] = when
        self.crowd.rewarded[rows] |= self.kind[rows] == HUNTER
        hunters = rows[self.kind[rows] == HUNTER]
        self.crowd.leave_cap[hunters] = 0.3

    def _write(self, here: Column, at: float, day: int) -> None:
        lot = self.luck.random()
        words = PROMOTIONS if lot < 0.5 else GIFTS if lot < 0.62 else VALUES if lot < 0.9 else SERVICES
        said = f"{words[self.luck.integers(len(words))]} https://a.example/{day}"
        rows = here[self.luck.random(len(here)) < self.reach]
        if not len(rows):
            return
        received = Received(at, "wecom", "past", "amy", "group_send", said)
        reaction = hear(self.crowd, self.messages, rows, received, understand(received), float(day), self.seed)
        one, kind = self.messages.all[-1], self.kind[rows]
        self.told.add(rows, at, "message_sent", "purpose", "promotion" if lot < 0.62 else "value")
        read = rows[one.read & (kind != QUIET)]
        self.told.add(read[self.luck.random(len(read)) < self.read_told], at + 0.05, "message_opened")
        self.told.add(reaction.clicked[self.kind[reaction.clicked] != QUIET], at + 0.06, "link_opened")
        self.told.add(reaction.asked, at + 0.07, "message_replied")
        self.told.add(reaction.muted[self.luck.random(len(reaction.muted)) < self.blocks_told], at + 0.08, "message_blocked")
        if lot < 0.62:
            taking = rows[one.read]
            chance = self.takes[self.kind[taking]] * (1.0 if lot >= 0.5 else 0.5)
            self._take(taking[self.luck.random(len(taking)) < chance], at + 0.1, day)

    def _visit(self, here: Column, day: int) -> None:
        rate = self.visits[self.kind[here]] * self.gait[here]
        rows = np.repeat(here, self.luck.poisson(rate))
        self.told.add(rows, day + self.luck.random(len(rows)), "product_viewed", "sku", "any")

    def _live(self, day: int) -> None:
        before = self.shop.orders.count
        lived = live(self.crowd, self.messages, Step(day, float(day), 1.0, 1.0), self.seed)
        self._stay(lived.left)
        rows = lived.bought
        self.shop.sell(rows, day + self.luck.random(len(rows)), lived.depth, lived.anyway, lived.by, 1.0)
        at = self.shop.orders.column("at")[before:] if len(rows) else np.zeros(0)
        looked = self.luck.random(len(rows)) < LOOKS_FIRST[self.kind[rows]]
        for name, earlier in (("product_viewed", 0.02), ("cart_added", 0.01)):
            self.told.add(rows[looked], at[looked] - earlier, name, "sku", "any")
        using = (at - self.last_taken[rows] < LASTS_DAYS) & (self.luck.random(len(rows)) < COUPON[self.kind[rows]])
        self.told.add(rows[using], at[using], "coupon_redeemed", "value_fen", 1000)
        left = lived.left[self.crowd.gone[lived.left]]
        self.left[left] = day + self.luck.random(len(left))
        self.crowd.need[left] *= np.float32(0.3)

    def _stay(self, left: Column) -> None:
        """Most of those who stay for the next gift are not gone after all."""
        kept = left[self.stays[left] & (self.luck.random(len(left)) > STAYING_LEAVE)]
        self.crowd.gone[kept] = self.crowd.twin_gone[kept] = False

    def _rings(self) -> None:
        """What a guard over referrals would say: most of a ring is found, and a few honest people look a little like one."""
        hunters, others = np.flatnonzero(self.kind == HUNTER), np.flatnonzero(self.kind != HUNTER)
        ring, wrong = hunters[self.luck.random(len(hunters)) < RINGED], others[self.luck.random(len(others)) < ACCUSED]
        for rows, low, high in ((ring, 0.45, 1.0), (wrong, 0.0, 0.65)):
            self.told.add(rows, np.minimum(self.came[rows] + 3, self.days), "referral_judged", "score", self.luck.uniform(low, high, len(rows)))

    def _orders(self) -> dict[str, Any]:
        """Every fourth world's shop tells no list price; every order takes a few hundredths off by chance."""
        orders = self.shop.orders.table()
        rows = orders["row"]
        off = np.where(self.luck.random(len(rows)) < 0.3, self.luck.uniform(0.02, 0.12, len(rows)), 0)
        paid = np.maximum(np.round(orders["paid_fen"] * (1 - off)), 1).astype(int)
        back = (self.luck.random(len(rows)) < REFUND[self.kind[rows]]) & (orders["at"] < self.days - 3)
        goods = load_goods()
        listed = orders["unit_fen"] if self.seed % 4 else np.round(paid / orders["quantity"]).astype(int)
        return {
            "person": rows + 1, "at": orders["at"], "sku": np.array(goods.sku)[orders["sku"]], "quantity": orders["quantity"].astype(int),
            "unit_fen": listed, "paid_fen": paid, "refunded": back,
        }  # fmt: skip


def past(seed: int, people: int = 3000, days: int = 120) -> Past:
    """Live a world of so many people for so many days; the same seed gives the same world."""
    return _Life(seed, people, days).run()
