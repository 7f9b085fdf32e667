"""Simulated phones (模拟手机): one person each, and everything the phone ever received.

A block of phones costs nothing until one of them is looked at: name, number and address follow from the phone's id.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from siyu_sandbox.brand.names import FEMALE_FIRST, FEMALE_SECOND, MALE_FIRST, MALE_SECOND, SURNAMES
from siyu_sandbox.clock import Clock
from siyu_sandbox.registry import ControlFault, Json

Ids = npt.NDArray[np.int64]
MALE, FEMALE = 1, 2


@dataclass(frozen=True, slots=True)
class Received:
    """One thing that arrived: `at` virtual, `carrier` the product, `account` corpid, appid or sender address,
    `sender` the userid or account name shown, `kind` the message type, `content` as the vendor was given it."""

    at: float
    carrier: str
    account: str
    sender: str
    kind: str
    content: Any


@dataclass(slots=True)
class Phone:
    """A person's phone. `shelf` is where products keep what they know of the person (openid, credits …)."""

    id: int
    name: str
    gender: int
    phone: str
    email: str
    unionid: str
    inbox: list[Received] = field(default_factory=list)
    shelf: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Broadcast:
    """One content for many phones; `ids` are sorted."""

    ids: Ids
    received: Received


class Phones:
    """All phones: ids 1..count."""

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self._clock = clock
        self._seed = seed
        self._made: dict[int, Phone] = {}
        self._broadcasts: list[_Broadcast] = []
        self._by_address: dict[str, int] = {}
        self.count = 0
        # Simulated people listen here: called with the phones and what they received, once a delivery.
        self.heard: list[Callable[[Ids, Received], None]] = []

    def reserve(self, count: int) -> range:
        """Add phones without making them; answers their ids."""
        first = self.count + 1
        self.count += count
        return range(first, self.count + 1)

    def make(self, **known: Any) -> Phone:
        """Add one phone; given fields overrule what follows from its id."""
        phone = self.get(self.reserve(1)[0])
        for name in ("name", "gender", "phone", "email", "unionid"):
            if name in known:
                setattr(phone, name, known[name])
        self._by_address[phone.email] = self._by_address[phone.phone] = phone.id
        return phone

    def get(self, number: int) -> Phone:
        """The phone with this id."""
        phone = self._made.get(number)
        if phone is None:
            if not 1 <= number <= self.count:
                raise ControlFault(f"no phone {number}", 404)
            phone = self._made[number] = Phone(number, *identity(number, self._seed))
        return phone

    def name(self, number: int) -> str:
        """The name of a phone's owner, without making the phone."""
        made = self._made.get(number)
        return made.name if made else person(number, self._seed)[0]

    def about(self, number: int) -> tuple[str, int, str]:
        """Name, gender and unionid, without making the phone."""
        made = self._made.get(number)
        if made:
            return made.name, made.gender, made.unionid
        return person(number, self._seed)

    def touched(self, after: int, limit: int) -> list[int]:
        """The next phones behind `after` that somebody made or that received something."""
        heads = [one.ids[np.searchsorted(one.ids, after, side="right") :][:limit] for one in self._broadcasts]
        found = {int(number) for head in heads for number in head}
        found |= {number for number in self._made if number > after}
        return sorted(found)[:limit]

    def by_address(self, address: str) -> Phone | None:
        """The phone with this e-mail address or number, among those made or, by arithmetic, those not made yet."""
        number = self._by_address.get(address) or _number_in(address)
        if not number or number > self.count:
            return None
        phone = self.get(number)
        return phone if address in (phone.email, phone.phone) else None

    def by_unionid(self, unionid: str) -> int | None:
        """The phone with this unionid, among those that somebody has touched."""
        return next((phone.id for phone in self._made.values() if phone.unionid == unionid), None)

    def deliver(self, number: int, carrier: str, account: str, sender: str, kind: str, content: Any) -> None:
        """Let one phone receive something now."""
        received = Received(self._clock.now(), carrier, account, sender, kind, content)
        self.get(number).inbox.append(received)
        for hear in self.heard:
            hear(np.array([number], dtype=np.int64), received)

    def broadcast(
        self, numbers: Sequence[int] | Ids, carrier: str, account: str, sender: str, kind: str, content: Any
    ) -> None:
        """Let many phones receive the same now, at the cost of one."""
        received = Received(self._clock.now(), carrier, account, sender, kind, content)
        ids = np.sort(np.asarray(numbers, dtype=np.int64))
        self._broadcasts.append(_Broadcast(ids, received))
        for hear in self.heard:
            hear(ids, received)

    def inbox(self, number: int) -> list[Received]:
        """Everything the phone received, oldest first."""
        found = list(self._made[number].inbox) if number in self._made else []
        for one in self._broadcasts:
            place = int(np.searchsorted(one.ids, number))
            if place < len(one.ids) and one.ids[place] == number:
                found.append(one.received)
        return sorted(found, key=lambda received: received.at)

    def show(self, number: int) -> Json:
        """One phone with its inbox, for the control API."""
        phone = self.get(number)
        shown = {name: getattr(phone, name) for name in ("id", "name", "gender", "phone", "email", "unionid")}
        inbox = [asdict(received) for received in self.inbox(number)]
        for row in inbox:
            row["from"] = row.pop("sender")
        return {**shown, "inbox": inbox}

    def tally(self, kind: str = "", words: str = "") -> dict[int, int]:
        """How often phones received something of a kind that holds these words: times → phones, without those who never did."""
        times = np.zeros(self.count + 1, np.int64)
        for phone in self._made.values():
            times[phone.id] += sum(_is_about(one, kind, words) for one in phone.inbox)
        for one in self._broadcasts:
            if _is_about(one.received, kind, words):
                np.add.at(times, one.ids, 1)
        found, phones = np.unique(times[times > 0], return_counts=True)
        return dict(zip(found.tolist(), phones.tolist(), strict=True))

    def received_count(self) -> int:
        """How many deliveries there were."""
        alone = sum(len(phone.inbox) for phone in self._made.values())
        return alone + sum(len(one.ids) for one in self._broadcasts)


def _is_about(received: Received, kind: str, words: str) -> bool:
    return kind in ("", received.kind) and (not words or words in str(received.content))


def person(number: int, seed: int = 0) -> tuple[str, int, str]:
    """Name, gender and unionid that follow from a phone's id."""
    mixed = hashlib.blake2b(b"%d.%d" % (seed, number), digest_size=24).digest()
    gender = FEMALE if mixed[0] & 1 else MALE
    first, second = (FEMALE_FIRST, FEMALE_SECOND) if gender == FEMALE else (MALE_FIRST, MALE_SECOND)
    name = SURNAMES[min(mixed[1], mixed[2]) % len(SURNAMES)] + first[mixed[3] % len(first)]
    if mixed[4] % 5:
        name += second[mixed[5] % len(second)]
    return name, gender, "o" + base64.b64encode(mixed[3:24], b"-_").decode()[:27]


def identity(number: int, seed: int = 0) -> tuple[str, int, str, str, str]:
    """Name, gender, phone number, address and unionid that follow from a phone's id."""
    name, gender, unionid = person(number, seed)
    return name, gender, f"190{number:08d}", f"p{number}@example.test", unionid


def _number_in(address: str) -> int:
    """The phone id inside a number or address made by `identity`, else 0."""
    digits = address[1:].removesuffix("@example.test") if address.endswith("@example.test") else address[3:]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
