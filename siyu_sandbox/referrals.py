"""Referrals with a known truth: who brought whom, honestly or in a ring, and what can be seen of it. Deterministic by seed.

Honest people live in households that share an address, now and then a tablet or a parent's payment account; some in dormitories and offices
where dozens share one address; a few are listened to by many and bring forty friends in one evening; friends leave, forget, never buy, and
some invite each other back in the next programme. Rings have five people or more and a few of them are real: they take friends out of a
drawer of phones, pay from one account, ship to one door, leave when the reward is there, come in a row like clockwork, wander through many
members of staff, or invite each other round in a circle. No two rings do the same, no ring does everything, and a part of each looks honest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BEGAN = 1_790_000_000_000
STRONG = ("device", "payer", "leave", "circle")
WEAK = ("address", "clockwork", "staff", "idle", "refund")


@dataclass
class Person:
    """What can be seen of one person. `ring` is the truth: 0 for the honest."""

    number: int
    ring: int = 0
    device: list[str] = field(default_factory=list)
    payer: list[str] = field(default_factory=list)
    address: list[str] = field(default_factory=list)
    orders: list[tuple[int, int, bool]] = field(default_factory=list)
    """(when, fen, given back)."""
    acts: list[int] = field(default_factory=list)
    left_ms: int = 0
    staff: int = 1


@dataclass(frozen=True)
class Invite:
    """Somebody came by somebody's invitation; `reward_ms` when it was paid, 0 never."""

    programme: int
    inviter: int
    friend: int
    at_ms: int
    reward_ms: int


@dataclass
class Referrals:
    people: list[Person]
    invites: list[Invite]
    rings: list[list[int]]
    until_ms: int


class _Maker:
    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.people: list[Person] = []
        self.invites: list[Invite] = []
        self.rings: list[list[int]] = []
        self.homes = 0
        self.end = BEGAN + 45 * DAY

    def hit(self, share: float) -> bool:
        return bool(self.chance.random() < share)

    def person(self, ring: int = 0) -> Person:
        one = Person(len(self.people), ring)
        self.people.append(one)
        return one

    def at(self, low: int = 0, high: int = 30) -> int:
        return BEGAN + int(self.chance.integers(low * DAY, high * DAY))

    def home(self, size: int) -> list[Person]:
        """A household: one address, now and then one tablet or one account for two or three of them."""
        self.homes += 1
        members = [self.person() for _ in range(size)]
        tablet, family_pay = self.hit(0.25), self.hit(0.2)
        for place, one in enumerate(members):
            one.address.append(f"home {self.homes}")
            one.device.append(f"phone {one.number}")
            one.payer.append(f"account {one.number}")
            if tablet and place < 2:
                one.device.append(f"tablet {self.homes}")
            if family_pay and place < 3:
                one.payer.append(f"family {self.homes}")
        return members

    def block(self, size: int) -> list[Person]:
        """A dormitory or an office: one address, nothing else in common."""
        self.homes += 1
        members = [self.person() for _ in range(size)]
        for one in members:
            one.address.append(f"block {self.homes}")
            one.device.append(f"phone {one.number}")
            one.payer.append(f"account {one.number}")
        return members

    def live(self, one: Person, since: int, reward: int) -> None:
        """What an honest friend does after they came."""
        if self.hit(0.62):
            days = 1 + int(self.chance.geometric(0.25))
            one.acts += [since + int(self.chance.integers(0, 25 * DAY)) for _ in range(days)]
        if self.hit(0.42):
            one.orders.append((since + int(self.chance.integers(HOUR, 20 * DAY)), int(self.chance.integers(30, 400)) * 100, self.hit(0.05)))
        if self.hit(0.12):
            one.left_ms = since + int(self.chance.integers(DAY, 25 * DAY))
            if self.hit(0.25) and reward:
                one.left_ms = reward + int(self.chance.integers(HOUR, 3 * DAY))
        if self.hit(0.06):
            one.staff = 2 + int(self.hit(0.3))

    def invite(self, inviter: Person, friend: Person, at: int, programme: int = 1, paid: float = 0.6) -> Invite:
        reward = at + 7 * DAY + int(self.chance.integers(0, DAY)) if self.hit(paid) else 0
        made = Invite(programme, inviter.number, friend.number, at, reward)
        self.invites.append(made)
        return made

    def honest(self) -> None:
        """One honest inviter and whom they bring."""
        mine = self.home(int(self.chance.choice([1, 2, 3, 4, 5, 6], p=[0.3, 0.25, 0.2, 0.15, 0.07, 0.03])))
        inviter, family = mine[0], mine[1:]
        many = self.hit(0.02)
        count = int(self.chance.integers(15, 60)) if many else int(self.chance.geometric(0.42))
        evening, start = self.at(2, 25), self.at()
        for number in range(count):
            friend = family.pop() if family and self.hit(0.4) else self.home(int(self.chance.integers(1, 4)))[0]
            at = evening + int(self.chance.exponential(20 * MINUTE)) if many else start + int(self.chance.exponential(4 * DAY)) * (number > 0)
            made = self.invite(inviter, friend, at)
            self.live(friend, at, made.reward_ms)
            if self.hit(0.03):
                self.invite(friend, inviter, at + 10 * DAY, programme=2)
            if self.hit(0.08):
                back = self.home(1)[0]
                self.live(back, at + 3 * DAY, self.invite(friend, back, at + 3 * DAY).reward_ms)

    def neighbours(self) -> None:
        """Somebody brings a part of their dormitory or office."""
        mine = self.block(int(self.chance.integers(6, 30)))
        start = self.at()
        for friend in mine[1 : 1 + int(self.chance.integers(3, len(mine)))]:
            at = start + int(self.chance.exponential(3 * HOUR))
            self.live(friend, at, self.invite(mine[0], friend, at).reward_ms)

    def whole_family(self) -> None:
        """A family of five or six, one of whom brings all the others."""
        mine = self.home(int(self.chance.integers(5, 7)))
        start = self.at()
        for friend in mine[1:]:
            at = start + int(self.chance.exponential(2 * DAY))
            self.live(friend, at, self.invite(mine[0], friend, at).reward_ms)

    def ring(self) -> None:
        number = len(self.rings) + 1
        size = int(self.chance.integers(5, 15))
        strong = list(self.chance.permutation(STRONG))[: int(self.chance.integers(1, 4))]
        weak = list(self.chance.permutation(WEAK))[: int(self.chance.integers(1 if len(strong) > 1 else 2, 5))]
        tricks = set(strong) | set(weak)
        members = [self.person(number) for _ in range(size)]
        self.rings.append([one.number for one in members])
        part = float(self.chance.uniform(0.65, 0.95))
        drawer = max(1, round(size / float(self.chance.uniform(2.5, 6))))
        for one in members:
            does = {name: self.hit(part) for name in tricks}
            one.device.append(f"drawer {number} {one.number % drawer}" if does.get("device") else f"phone {one.number}")
            one.payer.append(f"boss {number}" if does.get("payer") else f"account {one.number}")
            one.address.append(f"door {number}" if does.get("address") else f"own {one.number}")
            if does.get("staff"):
                one.staff = int(self.chance.integers(3, 6))
        for came in self._shape(members, "circle" in tricks, "clockwork" in tricks):
            friend, does = self.people[came.friend], {name: self.hit(part) for name in tricks}
            if does.get("leave"):
                friend.left_ms = (came.reward_ms or came.at_ms + 7 * DAY) + int(self.chance.integers(HOUR, 4 * DAY))
            if not does.get("idle") and self.hit(0.35):
                friend.acts += [came.at_ms + int(self.chance.integers(0, 10 * DAY)) for _ in range(int(self.chance.integers(1, 4)))]
            if self.hit(0.15) or "refund" in tricks:
                friend.orders.append((came.at_ms + int(self.chance.integers(HOUR, 5 * DAY)), int(self.chance.integers(5, 40)) * 100, bool(does.get("refund"))))

    def _shape(self, members: list[Person], circle: bool, clockwork: bool) -> list[Invite]:
        """Who invites whom: a star, two stars, a chain; and round in a circle or back and forth in another programme."""
        start, made = self.at(), []
        shape = self.chance.choice(["star", "two", "chain"], p=[0.5, 0.3, 0.2])
        for place, friend in enumerate(members[1:], 1):
            inviter = members[0] if shape == "star" or (shape == "two" and place <= len(members) // 2) else members[1] if shape == "two" else members[place - 1]
            step = place * int(self.chance.integers(20_000, 50_000)) if clockwork else int(self.chance.exponential(2 * DAY)) + (place * HOUR if shape == "chain" else 0)
            made.append(self.invite(inviter, friend, start + step, paid=0.95))
        if circle:
            for one, other in zip(members, [*members[1:], members[0]], strict=True):
                if self.hit(0.85):
                    self.invite(other, one, start + 9 * DAY + int(self.chance.integers(0, 2 * DAY)), programme=2, paid=0.9)
        return made


def make(seed: int, *, honest: int = 1000, rings: int = 12) -> Referrals:
    """A world of referrals: so many honest inviters (one in twenty with a dormitory, an office or a whole family) and so many rings."""
    maker = _Maker(seed)
    for number in range(honest):
        if number % 20 == 7:
            maker.neighbours() if maker.hit(0.5) else maker.whole_family()
        else:
            maker.honest()
    for _ in range(rings):
        maker.ring()
    return Referrals(maker.people, maker.invites, maker.rings, maker.end)
