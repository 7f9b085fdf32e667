"""Settling 结算: one round over everything that is open: who came true, what is suspicious, what is due. Each part is a transaction of its own,
and what a kill leaves undone is found by the next round."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
from sqlalchemy import Connection, bindparam, func, or_, select, update

from siyu.foundation.clock import to_ms
from siyu.foundation.database import among
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.referral import (
    _tables,
    cases,
    coming_true,
    evidence,
    friends,
    giving,
    guard,
    owing,
    programmes,
)
from siyu.referral.coming_true import Friends, Seen
from siyu.referral.programmes import Programme

Begin = Callable[[], AbstractContextManager[Connection]]
TOGETHER = 20_000
_f, _g = _tables.friend, _tables.group


def round_of(stores: Stores, begin: Begin) -> dict[str, int]:
    """Everything that is open, once. `begin` opens a transaction of the ledger; returns what was done."""
    with stores.ledger.read() as tx:
        open_ = sorted({int(one) for one in tx.scalars(select(_f.c.programme_id).where(or_(_f.c.state.in_(("waiting", "real")), _f.c.news)).distinct())})
        groups = tx.scalar(select(_g.c.id).where(_g.c.state == "open").limit(1))
    done = {"real_count": 0, "lost_count": 0, "held_count": 0, "given_count": 0, "back_count": 0}
    if not open_ and groups is None:
        return done
    for programme_id in open_:
        came, lost = _come_true(stores, begin, programme_id)
        done["real_count"] += came
        done["lost_count"] += lost
    done["held_count"] = judge(stores, begin)
    for programme_id in open_:
        for name, count in _pay(stores, begin, programme_id).items():
            done[name] += count
    return done


def _come_true(stores: Stores, begin: Begin, programme_id: int) -> tuple[int, int]:
    """Look at every friend who waits or may be lost again, in the order of their numbers."""
    after = came = lost = 0
    while True:
        with stores.ledger.read() as tx:
            rows = tx.execute(
                select(_f.c.id, _f.c.customer_id, _f.c.at_ms, _f.c.state, _f.c.real_ms, func.coalesce(_g.c.until_ms, 0))
                .outerjoin(_g, _g.c.id == _f.c.group_id)
                .where(_f.c.programme_id == programme_id, _f.c.state.in_(("waiting", "real")), _f.c.void == "", _f.c.barred == "", _f.c.id > after)
                .order_by(_f.c.id).limit(TOGETHER)
            ).all()  # fmt: skip
        if not rows:
            return came, lost
        after = rows[-1][0]
        ids, people, at_ms = (np.array([row[place] for row in rows], np.int64) for place in range(3))
        state = np.array([row[3] for row in rows], object)
        real_ms, until_ms = (np.array([row[place] or 0 for row in rows], np.int64) for place in (4, 5))
        seen = coming_true.look(stores, people, at_ms)
        with begin() as tx:
            more = _write(stores, tx, programmes.find(tx, programme_id, hold=True), Friends(ids, state, at_ms, real_ms, until_ms), seen)
        came, lost = came + more[0], lost + more[1]


def _write(stores: Stores, tx: Connection, programme: Programme, friends_: Friends, seen: Seen) -> tuple[int, int]:
    """Keep what became of them. Who was merged or decided upon since the facts were read is left to the next round."""
    now_ms = to_ms(stores.now())
    if programme.terms.only_new:
        _bar_known(tx, programme, friends_.id[seen.before & (friends_.state == "waiting")])
    found = coming_true.settle(programme.terms, friends_, seen, now_ms)
    changed = (found.state != friends_.state) & ~(seen.before & (friends_.state == "waiting") & programme.terms.only_new)
    if not changed.any():
        return 0, 0
    rows = [
        {"row": int(friends_.id[at]), "was": friends_.state[at], "s": found.state[at], "why": found.reason[at], "real": int(found.real_ms[at]) or None, "end": None if found.state[at] == "real" else now_ms}
        for at in np.flatnonzero(changed).tolist()
    ]
    values = {"state": bindparam("s"), "reason": bindparam("why"), "real_ms": bindparam("real"), "ended_ms": bindparam("end"), "news": True}
    tx.execute(update(_f).where(_f.c.id == bindparam("row"), _f.c.state == bindparam("was"), _f.c.void == "").values(values), rows)
    real = friends_.id[changed & (found.state == "real")]
    told = tx.execute(select(_f.c.inviter_id, _f.c.id, _f.c.real_ms).where(among(tx, _f.c.id, real.tolist()), _f.c.state == "real", _f.c.reserved_fen.is_not(None))).all() if len(real) else []
    friends.tell_real(stores, tx, programme, [(int(row[0]), int(row[1]), int(row[2])) for row in told])
    friends.book(tx, programme)
    return len(real), int((changed & (found.state == "lost")).sum())


def _bar_known(tx: Connection, programme: Programme, ids: Ints) -> None:
    """Who bought or was a contact before the invitation is no new customer."""
    if len(ids):
        tx.execute(update(_f).where(among(tx, _f.c.id, ids.tolist())).values(barred="known", state="lapsed", reason="known", reserved_fen=None, news=True))
        friends.book(tx, programme)


def judge(stores: Stores, begin: Begin) -> int:
    """Weigh all invitations anew; returns how many rewards wait for a decision now that did not before."""
    with stores.ledger.read() as tx:
        settings, _ = cases.settings(tx)
        found = evidence.gather(stores, tx, settings)
    judged = guard.judge(found.invites, found.traces, settings, to_ms(stores.now()))
    with begin() as tx:
        return cases.take_in(stores, tx, found, judged, settings)


def _pay(stores: Stores, begin: Begin, programme_id: int) -> dict[str, int]:
    """Bring groups and rewards of a programme in line with its friends."""
    with begin() as tx:
        programme = programmes.find(tx, programme_id, hold=True)
        friends.admit(stores, tx, programme)
        now_ms = to_ms(stores.now())
        if programme.mode == "group":
            _close_groups(stores, tx, programme, now_ms)
        news = tx.execute(select(_f.c.id, _f.c.inviter_id, _f.c.group_id).where(_f.c.programme_id == programme_id, _f.c.news)).all()
        if news:
            owing.bring_up(tx, programme, sorted({int(row.inviter_id) for row in news} | _receivers(tx, [int(row.id) for row in news])), now_ms)
            tx.execute(update(_f).where(among(tx, _f.c.id, [row.id for row in news])).values(news=False))
        done = giving.carry_out(stores, tx, programme)
        friends.book(tx, programme)
        return done


def _receivers(tx: Connection, friend_ids: list[int]) -> set[int]:
    """Whoever was paid a step for one of these friends, and may not be their inviter any more (people were parted)."""
    table = _tables.reward
    return {int(one) for one in tx.scalars(select(table.c.customer_id).where(among(tx, table.c.friend_id, friend_ids), table.c.side == "step").distinct())}


def _close_groups(stores: Stores, tx: Connection, programme: Programme, now_ms: int) -> None:
    """Groups that are full, have failed, or fell apart."""
    counted = (_f.c.void == "") & (_f.c.barred == "") & _f.c.state.in_(("real", "final")) & _f.c.review.in_(("", "approved"))
    members = select(_f.c.group_id, func.count().label("members")).where(_f.c.programme_id == programme.id, counted).group_by(_f.c.group_id).subquery()
    rows = tx.execute(
        select(_g.c.id, _g.c.state, _g.c.size, _g.c.until_ms, func.coalesce(members.c.members, 0).label("members")).outerjoin(members, members.c.group_id == _g.c.id)
        .where(_g.c.programme_id == programme.id, _g.c.state.in_(("open", "full")))
    ).all()  # fmt: skip
    state: dict[str, list[int]] = {"full": [], "failed": [], "broken": []}
    for row in rows:
        enough = row.members + 1 >= row.size
        if row.state == "open" and enough:
            state["full"].append(row.id)
        elif row.state == "open" and now_ms >= row.until_ms:
            state["failed"].append(row.id)
        elif row.state == "full" and not enough and programme.terms.after_refund == "group":
            state["broken"].append(row.id)
    for name, ids in state.items():
        if ids:
            tx.execute(update(_g).where(among(tx, _g.c.id, ids)).values(state=name, ended_ms=now_ms))
            tx.execute(update(_f).where(among(tx, _f.c.group_id, ids)).values(news=True))
            friends.tell_groups(stores, tx, programme, ids, f"group_{'filled' if name == 'full' else 'failed'}", now_ms)
