"""Owing 应发奖励: for which friends whom a reward is due, found from what is written down; and what differs from what was given.

Nothing is counted up or down: what is due follows from who counts now, so that merges, undos, refunds and decisions may come in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, case, insert, select, update

from siyu.foundation.database import among
from siyu.foundation.ids import Ints
from siyu.referral import _tables
from siyu.referral.programmes import Programme
from siyu.referral.terms import Reward

SIDES = ("friend", "inviter", "step")
FRIEND, INVITER, STEP = range(3)
_f, _r, _g = _tables.friend, _tables.reward, _tables.group
# What was due and never given is whole again if it falls due once more.
_NEVER_GIVEN = case((_r.c.round > 1, _r.c.taken), (_r.c.kind == "coupon", 1), else_=_r.c.points)
_COLUMNS = (_f.c.id, _f.c.inviter_id, _f.c.customer_id, _f.c.at_ms, _f.c.real_ms, _f.c.group_id)


@dataclass(frozen=True)
class Due:
    """What is due, parallel. `person`: who gets it; `owner`: of a step its inviter, else 0; `what`: place in `rewards`."""

    friend_id: Ints
    side: Ints
    number: Ints
    person: Ints
    owner: Ints
    what: Ints
    rewards: tuple[Reward, ...]


def bring_up(tx: Connection, programme: Programme, inviters: Sequence[int], now_ms: int) -> None:
    """Write down what is due for the friends of these inviters, and what must be taken back. The programme's row must be held."""
    rows = tx.execute(select(*_COLUMNS, _f.c.state, _f.c.void, _f.c.barred, _f.c.review, _f.c.reserved_fen).where(_f.c.programme_id == programme.id, among(tx, _f.c.inviter_id, list(inviters)))).all()
    if not rows:
        return
    _differ(tx, programme, [row.id for row in rows], _due(tx, programme, rows), now_ms)


def _pays(row: Any) -> bool:
    return row.state in ("real", "final") and not row.void and not row.barred and row.review in ("", "approved") and row.reserved_fen is not None


def _due(tx: Connection, programme: Programme, everybody: Sequence[Any]) -> Due:
    rows = [row for row in everybody if _pays(row)]
    friend, inviter, person, _, _, group = (np.array([row[place] or 0 for row in rows], np.int64) for place in range(6))
    terms, parts = programme.terms, []
    if programme.mode == "group":
        whole = [row for row in everybody if row.group_id is not None]
        in_group = np.array([row.group_id for row in whole], np.int64)
        full = np.array(sorted(full_groups(tx, programme, in_group)), np.int64)
        inside = np.isin(group, full)
        friend, inviter, person = friend[inside], inviter[inside], person[inside]
        # Who opened a group that was filled keeps the reward with it, whoever of its friends gives theirs back.
        each, first = np.unique(in_group, return_index=True)
        led = [(whole[at].id, which, whole[at].inviter_id) for which, at in zip(each.tolist(), first.tolist(), strict=True) if np.isin(which, full)]
        one, opened, leader = (np.array([row[place] for row in led], np.int64) for place in range(3))
        parts.append((one, INVITER, opened, leader, 1))
    elif programme.mode == "invite":
        parts.append((friend, INVITER, np.zeros(len(friend), np.int64), inviter, 1))
    parts.append((friend, FRIEND, np.zeros(len(friend), np.int64), person, 0))
    if programme.mode == "task" and len(friend):
        order = np.lexsort((friend, np.array([row.real_ms or 0 for row in rows], np.int64), inviter))
        place = np.arange(len(order)) - np.searchsorted(inviter[order], inviter[order], "left")
        for number, step in enumerate(terms.steps, 1):
            reaches = order[place == step.friends - 1]
            parts.append((friend[reaches], STEP, np.full(len(reaches), number), inviter[reaches], number + 1))
    rewards = (terms.friend, terms.inviter, *(step.reward for step in terms.steps))
    kept = [part for part in parts if rewards[part[4]].kind != "none"]
    def joined(pick: Any) -> Ints:
        return np.concatenate([pick(part) for part in kept]).astype(np.int64) if kept else np.zeros(0, np.int64)
    side = joined(lambda part: np.full(len(part[0]), part[1]))
    person_ = joined(lambda part: part[3])
    return Due(joined(lambda part: part[0]), side, joined(lambda part: part[2]), person_, np.where(side == STEP, person_, 0), joined(lambda part: np.full(len(part[0]), part[4])), rewards)


def full_groups(tx: Connection, programme: Programme, group_ids: Ints) -> set[int]:
    """Those of some groups that count as full. A group once full stays so, unless the terms say that it falls apart when too few are left."""
    states = ("full",)
    query = select(_g.c.id).where(_g.c.programme_id == programme.id, _g.c.state.in_(states), among(tx, _g.c.id, np.unique(group_ids).tolist()))
    return {int(one) for one in tx.scalars(query)}


def _differ(tx: Connection, programme: Programme, friend_ids: Sequence[int], due: Due, now_ms: int) -> None:
    columns = (_r.c.id, _r.c.friend_id, _r.c.side, _r.c.number, _r.c.customer_id, _r.c.state)
    held = tx.execute(select(*columns).where(among(tx, _r.c.friend_id, list(friend_ids))).order_by(_r.c.id)).all()
    side = np.array([SIDES.index(row.side) for row in held], np.int64)
    number, person = (np.array([getattr(row, name) for row in held], np.int64) for name in ("number", "customer_id"))
    owner = np.where(side == STEP, person, 0)
    # A step is its inviter's, whichever friend made it due; the other rewards are their friend's.
    friend = np.where(side == STEP, 0, np.array([row.friend_id for row in held], np.int64))
    had = np.column_stack([friend, side, number, owner]) if len(held) else np.zeros((0, 4), np.int64)
    want = np.column_stack([np.where(due.side == STEP, 0, due.friend_id), due.side, due.number, due.owner])
    _, place = np.unique(np.concatenate([had, want]), axis=0, return_inverse=True) if len(had) + len(want) else (had, np.zeros(0, np.int64))
    of_held, of_due = place[: len(had)], place[len(had) :]
    wanted = np.isin(of_held, of_due)
    # Of two rewards for one thing (people who were merged) the older one stays.
    first = np.zeros(len(held), np.bool_)
    if len(held):
        first[np.unique(of_held, return_index=True)[1]] = True
    state = np.array([row.state for row in held], object)
    ids = np.array([row.id for row in held], np.int64)
    stays = wanted & first
    _mark(tx, ids[stays & np.isin(state, ("back", "kept"))], {"state": "due", "round": _r.c.round + 1, "reason": "", "changed_ms": now_ms})
    _mark(tx, ids[~stays & (state == "due")], {"state": "back", "taken": _NEVER_GIVEN, "changed_ms": now_ms})
    _mark(tx, ids[~stays & (state == "given")], {"state": "taking", "changed_ms": now_ms})
    new = np.flatnonzero(~np.isin(of_due, of_held))
    if len(new):
        tx.execute(insert(_r), [_row(programme, due, at, now_ms) for at in new.tolist()])


def _mark(tx: Connection, ids: Ints, values: dict[str, Any]) -> None:
    if len(ids):
        tx.execute(update(_r).where(among(tx, _r.c.id, ids.tolist())).values(values))


def _row(programme: Programme, due: Due, at: int, now_ms: int) -> dict[str, Any]:
    one = due.rewards[int(due.what[at])]
    return {
        "programme_id": programme.id, "friend_id": int(due.friend_id[at]), "customer_id": int(due.person[at]), "side": SIDES[int(due.side[at])], "number": int(due.number[at]),
        "kind": one.kind, "points": one.points if one.kind == "points" else 0, "days": one.days, "coupon_id": one.coupon_id if one.kind == "coupon" else 0,
        "cost_fen": one.cost_fen, "state": "due", "round": 1, "ref": "", "reason": "", "taken": 0, "kept_fen": 0, "at_ms": now_ms, "changed_ms": now_ms,
    }  # fmt: skip


