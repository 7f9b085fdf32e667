"""The gate's rules for one person at a time, as they are said: slow, plain, and with nothing of the product's calculation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from siyu.messaging.policy import Cap, Policy

DAY = 86_400_000
EVER = 2**62


@dataclass(frozen=True)
class Told:
    """One message that counts."""

    at: int
    purpose: str
    exempt: bool = False
    floating: bool = False


@dataclass(frozen=True)
class Plain:
    """One person with one way, and what is asked."""

    policy: Policy
    purpose: str
    exempt: bool
    due: int
    until: int
    zone: str
    told: tuple[Told, ...]
    floating: bool = False
    cool_until: int = -EVER
    budget: int | None = None


def local(zone: str, at: int) -> datetime:
    return datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) + timedelta(milliseconds=at % 1000)


def name_of(cap: Cap, zone: str, at: int) -> tuple[int, ...]:
    """Which day, week or month an instant lies in."""
    here = local(zone, at)
    if cap.window == "day":
        return here.year, here.month, here.day
    return tuple(here.isocalendar())[:2] if cap.window == "week" else (here.year, here.month)


def is_quiet(case: Plain, at: int) -> bool:
    quiet = case.policy.quiet
    if quiet is None or case.exempt:
        return False
    here = local(case.zone, at)
    minute = here.hour * 60 + here.minute
    if quiet.from_minute < quiet.to_minute:
        return quiet.from_minute <= minute < quiet.to_minute
    return minute >= quiet.from_minute or minute < quiet.to_minute


def counts(case: Plain, one: Told) -> bool:
    """Whether a message uses caps and the mix up: one that is declared exempt does not, where the policy exempts its purpose at all."""
    return not one.exempt or one.purpose not in case.policy.exempt.purposes or case.policy.exempt.counts


def keeps(case: Plain, cap: Cap, at: int) -> bool:
    """Whether a message at `at` breaks no window that holds it."""
    mine = [one for one in case.told if counts(case, one) and cap.purpose in (None, one.purpose)]
    plain, floating = [one.at for one in mine if not one.floating], [one.at for one in mine if one.floating]
    if cap.window == "rolling":
        width = (cap.days or 0) * DAY
        ends = {x + 1 for x in (*plain, *floating, at)} | {x + width for x in (*plain, at)}
        return all(
            sum(end - width <= x < end for x in plain) + sum(x < end for x in floating) + 1 <= (cap.at_most or 0) for end in ends if end - width <= at < end
        )
    here = name_of(cap, case.zone, at)
    # A floating message may happen in every day, week or month from its own on.
    return sum(name_of(cap, case.zone, x) == here for x in plain) + sum(x <= at or name_of(cap, case.zone, x) == here for x in floating) + 1 <= (cap.at_most or 0)


def room(case: Plain, at: int) -> float:
    """How many promotions more the mix would bear at an instant."""
    mix = case.policy.mix
    assert mix is not None
    mine = [one for one in case.told if counts(case, one)]
    near = [one for one in mine if not one.floating and at - mix.days * DAY < one.at <= at]
    promotions = sum(one.purpose == "promotion" for one in near) + sum(one.floating and one.purpose == "promotion" and one.at <= at for one in mine)
    return mix.free + mix.promotion_per_value * sum(one.purpose == "value" for one in near) - promotions


def mixes(case: Plain, at: int) -> bool:
    mix = case.policy.mix
    if mix is None or case.purpose != "promotion":
        return True
    width = mix.days * DAY
    mine = [one for one in case.told if one.purpose == "promotion" and counts(case, one)]
    later = [one.at for one in mine if not one.floating and one.at - width < at <= one.at]
    waiting = [one.at for one in mine if one.floating]
    if waiting:
        later += [x for x in instants(case) if max(at, min(waiting)) <= x < at + width] + [max(at, min(waiting))] * (min(waiting) < at + width)
    return all(room(case, x) >= 1 - 1e-9 for x in (at, *later))


def instants(case: Plain) -> set[int]:
    """Every instant at which anything can change."""
    widths = [(cap.days or 0) * DAY for cap in case.policy.caps] + [7 * DAY, case.policy.mix.days * DAY if case.policy.mix else 0]
    found = {case.due, case.cool_until}
    for one in case.told:
        found |= {one.at, one.at + 1} | {one.at + width for width in widths} | {one.at - width + 1 for width in widths}
    zone = ZoneInfo(case.zone)
    for day in range(case.due // DAY - 1, case.until // DAY + 33):
        on = datetime.fromtimestamp(day * 86_400, UTC)
        minutes = {0} | ({case.policy.quiet.to_minute} if case.policy.quiet else set())
        for minute in minutes:
            for fold in (0, 1):
                clock = on.replace(tzinfo=None) + timedelta(minutes=minute)
                at = int(clock.replace(tzinfo=zone, fold=fold).timestamp()) * 1000
                # In a gap: the instant of the jump, found by its neighbours.
                found |= {at} | {at + step * 900_000 for step in range(-8, 9)}
    return found


def bears(case: Plain, at: int) -> bool:
    if case.exempt:
        return True
    caps = [cap for cap in case.policy.caps if cap.purpose in (None, case.purpose)]
    caps += [Cap(case.budget, "rolling", 7)] if case.budget is not None else []
    return at >= case.cool_until and all(keeps(case, cap, at) for cap in caps) and mixes(case, at)


def soonest(case: Plain) -> int | None:
    """The first instant in [due, until] at which the person may be told; None for none."""
    marks = sorted(instants(case))
    for at in marks:
        if case.due <= at <= case.until and not is_quiet(case, at) and bears(case, at) and (not case.floating or all(bears(case, x) for x in [*marks, marks[-1] + 400 * DAY] if x >= at)):
            return at
        if case.due <= at <= case.until and case.policy.quiet and case.policy.quiet.then == "refuse" and is_quiet(case, at) and bears(case, at) and (not case.floating or all(bears(case, x) for x in [*marks, marks[-1] + 400 * DAY] if x >= at)):
            return None
    return None
