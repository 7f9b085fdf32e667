"""Guard 风控: how suspicious invitations are, from what can be seen of them: a score with its reasons, and communities of people.

Every invitation (inviter → friend) is weighed: each observation adds its weight, in the manner of log odds, and what speaks for the people
takes weight away. Then people are taken together: inviters and friends whose invitation weighs something, and friends of one inviter who
share a device or a payment account, are one community. A community of five or more is a ring where its invitations weigh much on the
average; a smaller one needs more for the same score. A shared address alone is a family, a dormitory or an office and never enough.
Nobody is refused by a score: from `review` on rewards wait for somebody who decides. Worked numbers: `docs/theory/referral-guard.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import scipy

from siyu.foundation.ids import Ints
from siyu.foundation.text import Text

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
DEVICE, PAYER, ADDRESS = 0, 1, 2
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
RING = 5
"""People from whom on a community can be a ring."""

REASONS = {
    "device": Text("与邀请人或其他好友共用设备", "shares a device with the inviter or another friend of theirs"),
    "payer": Text("与邀请人或其他好友共用付款账户", "shares a payment account with the inviter or another friend of theirs"),
    "address": Text("与邀请人或其他好友同一收货地址", "shares an address with the inviter or another friend of theirs"),
    "left_after": Text("奖励到手后就离开", "left soon after the reward"),
    "left": Text("来了不久就离开", "left soon after coming"),
    "idle": Text("来了之后什么也没做", "did nothing after coming"),
    "fast": Text("一小时内接连到来", "came in a row within an hour"),
    "clockwork": Text("像排好队一样间隔到来", "came at the intervals of a machine"),
    "staff": Text("短时间加了多位员工", "added several members of staff at once"),
    "circle": Text("绕圈互相邀请", "invite each other round in a circle"),
    "mutual": Text("互相邀请", "invite each other"),
    "refunded": Text("买了又全部退款", "bought and gave everything back"),
    "crowd": Text("五人以上互相关联", "five or more who belong together"),
    "bought": Text("真实购买", "really bought"),
    "active": Text("持续有真实互动", "goes on doing things"),
}
FOR = ("bought", "active")
"""What speaks for people: its weight is taken away."""


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each observation weighs, in log odds."""

    device: float = 2.8
    payer: float = 2.5
    address: float = 0.5
    left_after: float = 2.0
    left: float = 0.4
    idle: float = 0.4
    fast: float = 0.1
    clockwork: float = 0.4
    staff: float = 1.6
    circle: float = 2.5
    mutual: float = 1.0
    refunded: float = 1.5
    bought: float = 1.6
    active: float = 1.0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`review`: the score from which rewards wait for a decision. `prior`: where an invitation starts. `ring` + `spread` / √invitations: how much they
    must weigh on the average for a score of one half in a community of five and more; `few`: in a smaller one. `steep`: how fast the score turns.
    `shared_most`: a device or account that more people have is a public one and says nothing. `soon_days`: what "soon after" means.
    `…_paths`: which properties of activities name a device, a payment account, an address."""

    weights: Weights = Weights()
    prior: float = -1.0
    link: float = -0.4
    ring: float = -0.42
    spread: float = 1.7
    few: float = 6.0
    steep: float = 3.0
    review: float = 0.5
    shared_most: int = 60
    soon_days: int = 7
    device_paths: tuple[str, ...] = ("device_id", "device")
    payer_paths: tuple[str, ...] = ("payer_id", "payer")
    address_paths: tuple[str, ...] = ("address_id", "address_hash", "address")


@dataclass(frozen=True)
class Invites:
    """One entry an invitation that somebody came by. Times epoch ms, 0 for never; `net_fen`: bought less what was given back, since."""

    inviter: Ints
    friend: Ints
    at_ms: Ints
    left_ms: Ints
    reward_ms: Ints
    bought_fen: Ints
    net_fen: Ints
    active_days: Ints
    staff: Ints


@dataclass(frozen=True)
class Traces:
    """One entry a thing that somebody used. `kind`: DEVICE, PAYER or ADDRESS; `key`: which one, hashed."""

    person: Ints
    kind: Ints
    key: Ints


@dataclass(frozen=True)
class Judged:
    """`people` ascending, with `score` 0–1, `community` (a number; people with the same belong together) and its `size`.

    `seen`: one row an invitation, one column a reason, its weight where it was observed.
    """

    people: Ints
    score: Floats
    community: Ints
    size: Ints
    inviter: Ints
    friend: Ints
    seen: dict[str, Floats]

    def reasons(self, members: Ints) -> list[tuple[str, float]]:
        """What weighs on invitations among these people, as a mean of each, the heaviest first; what speaks for them is below zero."""
        mine = np.isin(self.inviter, members) & np.isin(self.friend, members)
        if not mine.any():
            mine = np.isin(self.inviter, members) | np.isin(self.friend, members)
        found = [(name, round(float(weight[mine].mean()), 3)) for name, weight in self.seen.items() if mine.any()]
        return sorted(((name, weight) for name, weight in found if abs(weight) >= 0.05), key=lambda one: -one[1])


def judge(invites: Invites, traces: Traces, settings: Settings, now_ms: int) -> Judged:
    """Weigh every invitation and score everybody who takes part."""
    people, place = np.unique(np.concatenate([invites.inviter, invites.friend]), return_inverse=True)
    size = len(invites.inviter)
    inviter, friend = place[:size].astype(np.int64), place[size:].astype(np.int64)
    if not size:
        nothing = np.zeros(0, np.int64)
        return Judged(nothing, np.zeros(0), nothing, nothing, nothing, nothing, {})
    seen, close = _observed(invites, inviter, friend, traces, people, settings, now_ms)
    weight = settings.prior + sum(seen.values(), np.zeros(size))
    community = _communities(len(people), inviter, friend, weight, close, settings)
    score, members = _scored(inviter, friend, weight, community, settings)
    return Judged(people, score, community, members, invites.inviter, invites.friend, seen)


def _observed(
    invites: Invites, inviter: Ints, friend: Ints, traces: Traces, people: Ints, settings: Settings, now_ms: int
) -> tuple[dict[str, Floats], tuple[Ints, Ints]]:  # fmt: skip
    """By reason the weight for each invitation; and pairs of friends of one inviter who share a device or an account."""
    weights, soon = settings.weights, settings.soon_days * DAY_MS
    shared, close = {}, []
    for name, kind in (("device", DEVICE), ("payer", PAYER), ("address", ADDRESS)):
        shared[name], pairs = _shared(inviter, friend, traces, people, kind, settings.shared_most)
        if kind != ADDRESS:
            close.append(pairs)
    left_after = (invites.left_ms > 0) & (invites.reward_ms > 0) & (invites.left_ms >= invites.reward_ms) & (invites.left_ms - invites.reward_ms <= soon)
    left = (invites.left_ms > 0) & ~left_after & (invites.left_ms - invites.at_ms <= 2 * soon)
    fast, clockwork = _paced(inviter, invites.at_ms)
    circle, mutual = _circles(inviter, friend)
    bought = invites.net_fen > 0
    seen = {
        **shared, "left_after": left_after, "left": left, "idle": (invites.active_days == 0) & (invites.bought_fen == 0) & (now_ms - invites.at_ms >= 3 * DAY_MS),
        "fast": fast, "clockwork": clockwork, "staff": invites.staff >= 3, "circle": circle, "mutual": mutual,
        "refunded": (invites.bought_fen > 0) & ~bought, "bought": bought & ~shared["payer"], "active": invites.active_days >= 3,
    }  # fmt: skip
    signed = {name: np.asarray(flag, np.float64) * getattr(weights, name) * (-1 if name in FOR else 1) for name, flag in seen.items()}
    both = (np.concatenate([pairs[0] for pairs in close]), np.concatenate([pairs[1] for pairs in close]))
    return signed, both


def _shared(inviter: Ints, friend: Ints, traces: Traces, people: Ints, kind: int, most: int) -> tuple[Flags, tuple[Ints, Ints]]:
    """For each invitation whether its friend shares a thing with the inviter or with another friend of theirs; and who shares, pairwise along each thing."""
    mine = traces.kind == kind
    at = np.searchsorted(people, traces.person[mine])
    known = (at < len(people)) & (people[np.minimum(at, len(people) - 1)] == traces.person[mine])
    rows = np.unique(np.column_stack([traces.key[mine][known], at[known]]), axis=0)
    if not len(rows):
        return np.zeros(len(inviter), np.bool_), (rows[:, 0], rows[:, 0])
    _, first, count = np.unique(rows[:, 0], return_index=True, return_counts=True)
    useful = np.repeat((count > 1) & (count <= most), count)
    key = np.repeat(np.arange(len(first)), count)[useful]
    who = rows[:, 1][useful]
    # An inviter's circle: the inviter and each friend, with the things they used; a thing that two of one circle have is shared.
    stars = np.concatenate([np.column_stack([inviter, inviter]), np.column_stack([inviter, friend])])
    stars = np.unique(stars, axis=0)
    order = np.argsort(who, kind="stable")
    sorted_who, sorted_key = who[order], key[order]
    begin, end = np.searchsorted(sorted_who, stars[:, 1], "left"), np.searchsorted(sorted_who, stars[:, 1], "right")
    repeat = end - begin
    index = np.repeat(begin, repeat) + np.arange(int(repeat.sum())) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    star, member, thing = np.repeat(stars[:, 0], repeat), np.repeat(stars[:, 1], repeat), sorted_key[index]
    group = star * (len(first) + 1) + thing
    _, where, have = np.unique(group, return_inverse=True, return_counts=True)
    together = have[where] > 1
    pairs = star[together] * len(people) + member[together]
    flags = np.isin(inviter * len(people) + friend, pairs)
    # Everybody of a shared thing is tied to the first of them in that circle.
    order = np.argsort(group[together], kind="stable")
    tied, leader = member[together][order], group[together][order]
    heads = np.unique(leader, return_index=True)[1]
    head = tied[np.repeat(heads, np.diff([*heads.tolist(), len(leader)]))] if len(leader) else tied
    return flags, (head, tied)


def _paced(inviter: Ints, at_ms: Ints) -> tuple[Flags, Flags]:
    """Whether a friend came with five others of the inviter within an hour; and whether the gaps before and after are under a minute and much the same."""
    order = np.lexsort((at_ms, inviter))
    who, at = inviter[order], at_ms[order]
    fast, clockwork = np.zeros(len(at), np.bool_), np.zeros(len(at), np.bool_)
    if len(at) >= 6:
        run = (who[5:] == who[:-5]) & (at[5:] - at[:-5] <= HOUR_MS)
        for step in range(6):
            fast[step : len(at) - 5 + step] |= run
    if len(at) >= 5:
        gaps = np.where(who[1:] == who[:-1], np.diff(at), 10**12).astype(np.float64)
        row = np.lib.stride_tricks.sliding_window_view(gaps, 4)
        even = (row.max(axis=1) < 120_000) & (row.max(axis=1) <= 6 * np.maximum(row.min(axis=1), 5_000))
        for step in range(5):
            clockwork[step : len(at) - 4 + step] |= even
    back = np.argsort(order, kind="stable")
    return fast[back], clockwork[back]


def _circles(inviter: Ints, friend: Ints) -> tuple[Flags, Flags]:
    """Whether an invitation lies on a way of three or more that leads back to its inviter; and whether the two only invited each other."""
    size = int(max(inviter.max(), friend.max())) + 1
    _, part = scipy.sparse.csgraph.connected_components(scipy.sparse.coo_array((np.ones(len(inviter)), (inviter, friend)), shape=(size, size)), directed=True, connection="strong")
    inside = (part[inviter] == part[friend]) & (inviter != friend)
    answered = np.isin(inviter * size + friend, friend * size + inviter)
    # Where nobody's invitation goes unanswered people are friends of friends; one that goes on to somebody else closes a circle.
    round_ = np.zeros(int(part.max()) + 1, np.bool_)
    round_[part[inviter[inside & ~answered]]] = True
    circle = inside & round_[part[inviter]]
    return circle, inside & ~circle


def _communities(count: int, inviter: Ints, friend: Ints, weight: Floats, close: tuple[Ints, Ints], settings: Settings) -> Ints:
    linked = weight > settings.link
    one, other = np.concatenate([inviter[linked], close[0]]), np.concatenate([friend[linked], close[1]])
    _, found = scipy.sparse.csgraph.connected_components(scipy.sparse.coo_array((np.ones(len(one)), (one, other)), shape=(count, count)), directed=False)
    return np.asarray(found, np.int64)


def _scored(inviter: Ints, friend: Ints, weight: Floats, community: Ints, settings: Settings) -> tuple[Floats, Ints]:
    """Everybody's score is their community's: the mean weight of all invitations of its members (also of those who do not belong to it, so that
    one with many friends is not judged by the worst of them) against what its size asks for. And that size: its members and whom they brought."""
    count = int(community.max()) + 1
    whose = community[inviter]
    sent = np.bincount(whose, minlength=count)
    total = np.bincount(whose, np.clip(weight, -4, 6), minlength=count)
    mean = np.divide(total, sent, out=np.full(count, settings.prior), where=sent > 0)
    everybody = np.unique(np.concatenate([np.column_stack([community, np.arange(len(community))]), np.column_stack([whose, friend])]), axis=0)
    size = np.bincount(everybody[:, 0], minlength=count)
    # The more invitations, the less chance plays with their mean.
    ring = settings.ring + settings.spread / np.sqrt(np.maximum(sent, 1))
    score = 1 / (1 + np.exp(-settings.steep * (mean - np.where(size >= RING, ring, settings.few))))
    return np.asarray(score[community], np.float64), np.asarray(size[community], np.int64)
