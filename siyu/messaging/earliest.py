"""Earliest 最早可发: the first instant at which nothing holds a message back, and the cheaper ones that may give way for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from siyu.foundation.ids import Ints
from siyu.messaging.blocks import PROMOTION, VALUE, Blocks, Flags, Names, Rows, joined, near, of_cap, of_mix
from siyu.messaging.policy import PURPOSES, Cap, Policy
from siyu.messaging.quiet import FOREVER_MS, Zones, wait
from siyu.messaging.reasons import NUMBER
from siyu.messaging.ways import ENDLESS, Ways

MOST_GIVING_WAY = 12
"""So many messages of one person are looked at, the cheapest."""


@dataclass(frozen=True)
class Case:
    """All that a decision is made of. `zones`: where people live; `brand`: the brand's zone for all; `cool_until`, `budget` (-1: none) and
    `hour` (not before it; `habit`: it is their own) by person."""

    policy: Policy
    purpose: int
    exempt: bool
    due: int
    until: int
    names: Names
    ways: Ways
    rows: Rows
    zones: Zones
    brand: Zones
    cool_until: Ints
    budget: Ints
    hour: Ints
    habit: Flags

    @property
    def people_count(self) -> int:
        return len(self.budget)


@dataclass(frozen=True)
class Found:
    """By person: the instant (`FOREVER_MS`: none), the number of the reason that put it off last (-1: none), the way (place in `Ways`)."""

    at: Ints
    reason: Ints
    way: Ints


def earliest(case: Case, only: Flags | None = None) -> Found:
    """For each person the soonest instant over their ways, of equals that of the better way; at best `due`. Of who finds none the
    reason is that of their best way."""
    count, ways = case.people_count, case.ways
    asked = np.ones(count, bool) if only is None else only
    everywhere = _on_every_way(case, asked)
    found = Found(np.full(count, FOREVER_MS), ways.refusal.copy(), np.full(count, -1))
    for turn in range(int(ways.count[asked].max(initial=0))):
        those = np.flatnonzero(asked & (ways.count > turn) & (found.at > case.due))
        if not len(those):
            break
        chosen = np.full(count, -1)
        chosen[those] = ways.first[those] + turn
        at, reason = _settled(case, those, [*everywhere, *_by_way(case, those, chosen)], chosen)
        sooner = those[at[those] < found.at[those]] if turn else those
        better = sooner if turn else those
        for mine, new in ((found.at, at), (found.reason, reason), (found.way, chosen)):
            mine[better] = new[better]
    return found


def _on_every_way(case: Case, asked: Flags) -> list[tuple[str, Blocks]]:
    """What holds on every way."""
    if case.exempt:
        return []
    those, rows = np.flatnonzero(asked), case.rows
    found = [("cool_down", Blocks(those, np.full(len(those), -FOREVER_MS), case.cool_until[those]))]
    if (case.hour > case.due).any():
        found += [(code, Blocks(mine, np.full(len(mine), -FOREVER_MS), case.hour[mine])) for code, mine in (("best_hour", those[case.habit[those]]), ("usual_hour", those[~case.habit[those]]))]
    counts = asked[rows.person] & (~rows.exempt | case.policy.exempt.counts)
    found += [
        (cap.reason, of_cap(cap, rows.messages(counts & _purpose(cap, rows) & near(cap, rows, case.due)), those, case.zones))
        for cap in case.policy.caps
        if cap.carrier is None and _is_for(cap, case.purpose)
    ]
    for most in np.unique(case.budget[asked & (case.budget >= 0)]).tolist():
        mine = asked & (case.budget == most)
        cap = Cap(most, "rolling", 7)
        found.append(("budget", of_cap(cap, rows.messages(counts & mine[rows.person] & near(cap, rows, case.due)), np.flatnonzero(mine), case.zones)))
    if case.policy.mix is not None and case.purpose == PROMOTION:
        found.append(("mix", of_mix(case.policy.mix, rows, counts, those, case.people_count, case.due)))
    return found


def _by_way(case: Case, those: Ints, chosen: Ints) -> list[tuple[str, Blocks]]:
    """What holds on the ways that are tried in this turn: the carrier's window, quotas, and caps of one carrier."""
    ways, rows = case.ways, case.rows
    way = chosen[those]
    ever = np.full(len(those), FOREVER_MS)
    found = [("window_closed", Blocks(those, -ever, ways.opens[way])), ("window_closed", Blocks(those, ways.closes[way], ever)), *_booked(case, those, chosen)]
    limits = [*case.policy.quotas, *(cap for cap in case.policy.caps if cap.carrier is not None and not case.exempt)]
    for cap in limits:
        number = case.names.carrier_number(cap.carrier or "")
        if number < 0 or not _is_for(cap, case.purpose):
            continue
        mine = those[ways.carrier[way] == number]
        form = -1 if cap.form is None else case.names.form_number(cap.form)
        if form >= 0:
            mine = mine[(ways.form[chosen[mine]] == form) | (ways.form[chosen[mine]] < 0)]
        if not len(mine):
            continue
        on = np.full(case.people_count, -1)
        on[mine] = chosen[mine]
        there = np.flatnonzero((rows.carrier == number) & near(cap, rows, case.due))
        there = there[on[rows.person[there]] >= 0]
        here = on[rows.person[there]]
        keep = np.ones(len(there), bool) if cap.purpose is None else rows.purpose[there] == PURPOSES.index(cap.purpose)
        if cap.per == "person":
            keep &= ~rows.exempt[there] | case.policy.exempt.counts
        else:
            keep &= rows.account[there] == ways.account[here]
        if form >= 0:
            keep &= (rows.form[there] == form) | (rows.form[there] < 0)
        if cap.per == "staff":
            keep &= rows.staff[there] == ways.staff[here]
        found.append((cap.reason, of_cap(cap, rows.messages(there[keep]), mine, case.zones if cap.per == "person" else case.brand)))
    return found


def _booked(case: Case, those: Ints, chosen: Ints) -> list[tuple[str, Blocks]]:
    """Permits, and messages of a window, that planned messages will use up: no room for one more until one of them is gone."""
    ways, rows = case.ways, case.rows
    limited = those[ways.free[chosen[those]] < ENDLESS]
    if not len(limited):
        return []
    on = np.full(case.people_count, -1)
    on[limited] = chosen[limited]
    there = np.flatnonzero(rows.planned & (on[rows.person] >= 0))
    here = on[rows.person[there]]
    same = there[(rows.account[there] == ways.account[here]) & (rows.form[there] == ways.form[here])]
    held = np.bincount(rows.person[same], minlength=case.people_count)
    full = limited[held[limited] >= ways.free[chosen[limited]]]
    return [("carrier_quota", Blocks(full, np.full(len(full), -FOREVER_MS), np.full(len(full), FOREVER_MS)))]


def _is_for(cap: Cap, purpose: int) -> bool:
    return cap.purpose is None or PURPOSES.index(cap.purpose) == purpose


def _purpose(cap: Cap, rows: Rows) -> Flags | bool:
    return True if cap.purpose is None else rows.purpose == PURPOSES.index(cap.purpose)


def _settled(case: Case, those: Ints, held: list[tuple[str, Blocks]], chosen: Ints) -> tuple[Ints, Ints]:
    """Put everybody off to the end of whatever holds them back, until nothing does or it is too late."""
    at, reason = np.full(case.people_count, case.due), np.full(case.people_count, -1)
    floating, asked, look = np.zeros(case.people_count, bool), np.zeros(case.people_count, bool), np.zeros(case.people_count, bool)
    floating[those] = case.ways.floating[chosen[those]]
    asked[those] = look[those] = True
    all_of, why = [], []
    for code, blocks in held:
        # A floating message may happen any time later, so what lies after `until` holds it back, too.
        near = np.flatnonzero((blocks.end > np.maximum(blocks.start, case.due)) & asked[blocks.person] & ((blocks.start <= case.until) | floating[blocks.person]))
        all_of.append(blocks.take(near))
        why.append(np.full(len(near), NUMBER[code]))
    left, codes = joined(all_of), np.concatenate(why)
    # Of what ends at the same instant the reason that stands first is told: it is written last.
    sort = np.argsort(-codes, kind="stable")
    left, codes = left.take(sort), codes[sort]
    while True:
        now = at[left.person]
        alive = (left.end > now) & (now <= case.until)
        left, codes, now = left.take(alive), codes[alive], now[alive]
        hit = (left.start <= now) | floating[left.person]
        if hit.any():
            person, end = left.person[hit], left.end[hit]
            np.maximum.at(at, person, end)
            last = end == at[person]
            reason[person[last]] = codes[hit][last]
            look[person] = True
            continue
        waiting = np.flatnonzero(look & (at <= case.until))
        if case.policy.quiet is None or case.exempt or not len(waiting):
            return at, reason
        end = wait(case.policy.quiet, case.zones.take(waiting), at[waiting])
        late = end > at[waiting]
        look[waiting] = late
        if not late.any():
            return at, reason
        at[waiting[late]] = end[late] if case.policy.quiet.then == "hold" else FOREVER_MS
        reason[waiting[late]] = NUMBER["quiet"]


def giving_way(case: Case, found: Found, *, priority: int, send_id: int) -> Ints:
    """Which messages (places in `case.rows`) give way; `found` is changed to what then holds.

    Looked at are planned messages of a strictly lower declared value, the cheapest first and of those the latest first: as few of these
    as bring the soonest instant; then those that were not needed for it come back, the dearest first. A message of value stays where a
    promotion that counts on it may follow.
    """
    rows = case.rows
    may = np.flatnonzero(rows.planned & ~rows.exempt & (rows.priority < priority) & (rows.send != send_id) & (found.at > case.due)[rows.person])
    may = may[~_counted_on(case, may)] if len(may) else may
    if not len(may) or case.exempt:
        return may[:0]
    may = may[np.lexsort((-rows.at[may], rows.priority[may], rows.person[may]))]
    person = rows.person[may]
    heads = np.flatnonzero(np.diff(person, prepend=-1))
    ordinal = np.arange(len(may)) - np.repeat(heads, np.diff(heads, append=len(may)))
    gone = np.zeros(len(may), bool)
    size = np.zeros(case.people_count, np.int64)
    most = np.bincount(person, minlength=case.people_count)
    for count in range(1, min(MOST_GIVING_WAY, int(most.max())) + 1):
        only = (most >= count) & (found.at > case.due)
        _, better = _without(case, found, only, may[ordinal < count], strictly=True)
        size[better] = count
    gone = ordinal < size[person]
    for place in range(int(size.max(initial=0)) - 1, -1, -1):
        only = (size > max(place, 1)) | ((size > place) & (size > 1))
        back = gone & (ordinal == place) & only[person]
        _, fits = _without(case, found, only, may[gone & ~back], strictly=False)
        kept = np.zeros(case.people_count, bool)
        kept[fits] = True
        gone &= ~(back & kept[person])
    return may[gone]


def _without(case: Case, found: Found, only: Flags, gone: Ints, *, strictly: bool) -> tuple[Found, Ints]:
    """What holds without some messages; who of `only` goes sooner so (or at least as soon), which is written into `found`."""
    keep = np.ones(len(case.rows.at), bool)
    keep[gone] = False
    other = earliest(replace(case, rows=case.rows.take(keep & only[case.rows.person])), only)
    good = only & (other.at <= case.until) & ((other.at < found.at) if strictly else (other.at <= found.at))
    better = np.flatnonzero(good)
    for mine, new in ((found.at, other.at), (found.reason, other.reason), (found.way, other.way)):
        mine[better] = new[better]
    return other, better


def _counted_on(case: Case, may: Ints) -> Flags:
    """Messages of value with a promotion at their instant or after it, or one that may happen at any time."""
    rows = case.rows
    last = np.full(case.people_count, -FOREVER_MS)
    promotions = rows.purpose == PROMOTION
    np.maximum.at(last, rows.person[promotions], np.where(rows.floating[promotions], FOREVER_MS, rows.at[promotions]))
    found: Flags = (rows.purpose[may] == VALUE) & (last[rows.person[may]] >= rows.at[may])
    return found
