"""The whole gate for one person at a time, as its rules are said: several ways, quotas, and what gives way. Slow, and by other means.

It says of one message to one person the soonest instant and the way, given all messages that count; with `tests.makers.restraint`
for the rules of one way. Zones here have no daylight saving.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace

from siyu.messaging.policy import Cap, Policy
from tests.makers.restraint import DAY, EVER, Plain, Told, bears, is_quiet, keeps, local

OFFSET = {"Asia/Shanghai": 8 * 60, "Asia/Kathmandu": 5 * 60 + 45, "America/Phoenix": -7 * 60, "Pacific/Kiritimati": 14 * 60}


@dataclass(frozen=True)
class Way:
    """One account that reaches the person; `form` is mass for a mass send of an Official Account."""

    account: int
    carrier: str
    staff: str = ""
    floating: bool = False
    mass: bool = False


@dataclass(frozen=True)
class Message(Told):
    """One that counts, and where it went out. `planned`: it may still give way."""

    send: int = 0
    account: int = 0
    carrier: str = ""
    staff: str = ""
    priority: int = 0
    planned: bool = False
    mass: bool = False


@dataclass(frozen=True)
class Asked:
    """One message to one person, and all that counts for them."""

    policy: Policy
    send: int
    purpose: str
    exempt: bool
    due: int
    until: int
    priority: int
    zone: str
    brand: str
    ways: tuple[Way, ...]
    told: tuple[Message, ...]
    cool_until: int = -EVER


@dataclass(frozen=True)
class Answer:
    """`at` None: not at all. `gone`: sends whose messages give way."""

    at: int | None
    way: Way | None
    gone: frozenset[int]


def soonest(asked: Asked) -> tuple[int | None, Way | None]:
    """The first instant over the ways, on the first of those that have it."""
    best: tuple[int | None, Way | None] = (None, None)
    for way in asked.ways:
        at = _on(asked, way)
        if at is not None and (best[0] is None or at < best[0]):
            best = (at, way)
    return best


def may(asked: Asked, way: Way, at: int) -> bool:
    """Whether a message at that instant by that way breaks nothing, quiet hours aside."""
    told = asked.told
    if not asked.exempt:
        own = tuple(cap for cap in asked.policy.caps if cap.carrier is None)
        if not bears(_plain(asked, own, told), at):
            return False
        for cap in (cap for cap in asked.policy.caps if cap.carrier == way.carrier and cap.purpose in (None, asked.purpose)):
            if not keeps(_plain(asked, (cap,), tuple(one for one in told if one.carrier == way.carrier)), _whole(cap, asked.zone, at), at):
                return False
    for cap in asked.policy.quotas:
        if cap.carrier != way.carrier or cap.purpose not in (None, asked.purpose) or (way.carrier == "official_account" and not way.mass):
            continue
        # The carrier counts everything, whatever we declare it to be, and in the brand's zone.
        mine = tuple(replace(one, exempt=False) for one in told if _counts(cap, way, one))
        if not keeps(replace(_plain(asked, (cap,), mine), zone=asked.brand), _whole(cap, asked.brand, at), at):
            return False
    return True


def decided(asked: Asked) -> Answer:
    """The soonest instant, with as few of the cheaper messages gone as bring it: the cheapest first, and the dearest of them back first."""
    at, way = soonest(asked)
    cheaper = _cheaper(asked)
    if asked.exempt or not cheaper or at == asked.due:
        return Answer(at, way, frozenset())
    best, size = at, 0
    for count in range(1, len(cheaper) + 1):
        other, _ = soonest(_without(asked, cheaper[:count]))
        if other is not None and (best is None or other < best):
            best, size = other, count
            if other == asked.due:
                break
    if not size:
        return Answer(at, way, frozenset())
    taken = cheaper[:size]
    for one in reversed(taken):
        fewer = [each for each in taken if each is not one]
        other, _ = soonest(_without(asked, fewer))
        if fewer and other is not None and best is not None and other <= best:
            taken, best = fewer, other
    at, way = soonest(_without(asked, taken))
    return Answer(at, way, frozenset(one.send for one in taken))


def _cheaper(asked: Asked) -> list[Message]:
    """What may give way, the cheapest first, of equals the latest first; value stays where a promotion may rest on it."""
    promotions = [EVER if one.floating else one.at for one in asked.told if one.purpose == "promotion"]
    last = max(promotions, default=-EVER)
    found = [one for one in asked.told if one.planned and not (one.exempt and one.purpose in asked.policy.exempt.purposes) and one.priority < asked.priority and one.send != asked.send]
    found = [one for one in found if one.purpose != "value" or last < one.at]
    return sorted(found, key=lambda one: (one.priority, -one.at))[:12]


def _without(asked: Asked, gone: list[Message]) -> Asked:
    return replace(asked, told=tuple(one for one in asked.told if not any(one is each for each in gone)))


def _on(asked: Asked, way: Way) -> int | None:
    marks = _instants(asked)
    far = marks[-1] + 400 * DAY
    for at in marks:
        if not asked.due <= at <= asked.until or not may(asked, way, at) or (way.floating and not all(may(asked, way, later) for later in (*(x for x in marks if x > at), far))):
            continue
        if not is_quiet(_plain(asked, (), ()), at):
            return at
        if asked.policy.quiet is not None and asked.policy.quiet.then == "refuse":
            return None
    return None


def _instants(asked: Asked) -> list[int]:
    """Every instant at which anything can change."""
    widths = {(cap.days or 0) * DAY for cap in (*asked.policy.caps, *asked.policy.quotas)} | {7 * DAY, asked.policy.mix.days * DAY if asked.policy.mix else 0}
    found = {asked.due, asked.cool_until}
    for one in asked.told:
        found |= {one.at, one.at + 1} | {one.at + width for width in widths} | {one.at - width + 1 for width in widths}
    for zone in (asked.zone, asked.brand):
        for day in range(asked.due // DAY - 1, asked.until // DAY + 34):
            for minute in {0} | ({asked.policy.quiet.to_minute} if asked.policy.quiet else set()):
                found.add(day * DAY + (minute - OFFSET[zone]) * 60_000)
    return sorted(found)


def _plain(asked: Asked, caps: tuple[Cap, ...], told: tuple[Told, ...]) -> Plain:
    return Plain(replace(asked.policy, caps=caps), asked.purpose, asked.exempt, asked.due, asked.until, asked.zone, told, False, asked.cool_until)


def _counts(cap: Cap, way: Way, one: Message) -> bool:
    if one.account != way.account or (cap.purpose is not None and one.purpose != cap.purpose):
        return False
    if way.carrier == "official_account" and not one.mass:
        return False
    return cap.per != "staff" or one.staff == way.staff


def _whole(cap: Cap, zone: str, at: int) -> Cap:
    """With its number, where that is the days of the month."""
    here = local(zone, at)
    return cap if cap.at_most is not None else replace(cap, at_most=monthrange(here.year, here.month)[1])
