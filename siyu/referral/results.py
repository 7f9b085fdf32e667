"""Results 裂变效果: what a programme brought, what it cost, how it spreads; and who brings the most (KOC 关键意见消费者)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, case, func, select

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.orders.facts import ORDERS_BUYER
from siyu.referral import _tables, growth, invitations
from siyu.referral.growth import Growth
from siyu.referral.programmes import Programme

_f, _r = _tables.friend, _tables.reward
WINDOW_DAYS = 14
"""So long a customer could invite before K counts them: of the newest nobody knows yet whom they bring."""
DEEPEST = 30


@dataclass(frozen=True)
class Results:
    """`funnel`: inviters, visits, friends, real, buyers (people). Costs in fen: given less taken back, kept (could not be taken back), still promised.
    `cost_per_real_fen` None while nobody is real; `cac_effective_fen`: that times 1 − K, None where no total is printed."""

    inviters: int
    visits: int
    friends: int
    waiting: int
    real: int
    lapsed: int
    lost: int
    held: int
    refused: int
    buyers: int
    revenue_fen: int
    void: dict[str, int]
    given_fen: int
    kept_fen: int
    promised_fen: int
    cost_per_real_fen: int | None
    cac_effective_fen: int | None
    growth: Growth


def results(stores: Stores, tx: Connection, programme: Programme) -> Results:
    rows = tx.execute(select(_f.c.inviter_id, _f.c.customer_id, _f.c.at_ms, _f.c.state, _f.c.void, _f.c.barred, _f.c.review).where(_f.c.programme_id == programme.id)).all()
    inviter, friend, at_ms = (np.array([row[place] for row in rows], np.int64) for place in range(3))
    state, void, review = (np.array([row[place] for row in rows], object) for place in (3, 4, 6))
    void = np.where(void == "", np.array([row[5] for row in rows], object), void)
    counts = void == ""
    _, customers, visits = invitations.reach(tx, programme.id)
    began = dict(tx.execute(select(_tables.invitation.c.customer_id, func.min(_tables.invitation.c.at_ms)).where(_tables.invitation.c.programme_id == programme.id).group_by(_tables.invitation.c.customer_id)).all())
    real = counts & np.isin(state, ("real", "final")) & (review != "refused") & (review != "held")
    bought = _bought(stores, friend[counts])
    given, kept, promised = _costs(tx, programme.id)
    net = given + kept
    found = _growth(stores, customers, visits, began, inviter[counts], friend[counts], at_ms[counts])
    per_real = round(net / int(real.sum())) if real.any() else None
    return Results(
        inviters=len(np.unique(customers)), visits=int(visits.sum()), friends=int(counts.sum()), waiting=int((counts & (state == "waiting")).sum()), real=int(real.sum()),
        lapsed=int((counts & (state == "lapsed")).sum()), lost=int((counts & (state == "lost")).sum()), held=int((counts & (review == "held")).sum()),
        refused=int((counts & (review == "refused")).sum()), buyers=int((bought["orders"] > 0).sum()), revenue_fen=int(bought["fen"].sum()),
        void={str(name): int(count) for name, count in zip(*np.unique(void[~counts].astype(str), return_counts=True), strict=True)},
        given_fen=given, kept_fen=kept, promised_fen=promised, cost_per_real_fen=per_real,
        cac_effective_fen=None if per_real is None else growth.effective_cac_fen(per_real, found), growth=found,
    )  # fmt: skip


def _growth(stores: Stores, customers: Ints, visits: Ints, began: dict[int, int], inviter: Ints, friend: Ints, at_ms: Ints) -> Growth:
    """Everybody who may invite: who has an invitation, and every friend (who had none invited nobody). Only those who had time to."""
    everybody = np.unique(np.concatenate([customers, friend]))
    since = np.full(len(everybody), np.iinfo(np.int64).max)
    np.minimum.at(since, np.searchsorted(everybody, friend), at_ms)
    mine = np.isin(everybody, customers)
    since[mine] = np.minimum(since[mine], np.array([began[one] for one in everybody[mine].tolist()], np.int64))
    old = since <= to_ms(stores.now()) - WINDOW_DAYS * DAY_MS
    reached, came = np.zeros(len(everybody), np.int64), np.zeros(len(everybody), np.int64)
    np.add.at(reached, np.searchsorted(everybody, customers), visits)
    np.add.at(came, np.searchsorted(everybody, inviter), 1)
    # Who came without opening the link (by a live code) was reached as well.
    reached = np.maximum(reached, came)
    place = np.searchsorted(everybody, inviter)
    cycle = (at_ms - since[place])[old[place]]
    return growth.growth(reached[old], came[old], np.maximum(cycle, 0))


def _bought(stores: Stores, people: Ints) -> dict[str, Ints]:
    found = {"orders": np.zeros(len(people), np.int64), "fen": np.zeros(len(people), np.int64)}
    if len(people):
        with stores.warehouse.read() as session:
            asked = session.keep("_brought", pa.table({"row": np.arange(len(people)), "customer_id": people}))
            rows = session.query(asked.inner_join(ORDERS_BUYER.table, "customer_id").select("row", "order_count", "amount_fen"))
        place = rows["row"].to_numpy()
        found["orders"][place], found["fen"][place] = rows["order_count"].to_numpy(), rows["amount_fen"].to_numpy()
    return found


def _costs(tx: Connection, programme_id: int) -> tuple[int, int, int]:
    """Fen that rewards cost: those that people have, what could not be taken back, and what is still promised to friends who wait."""
    given = tx.scalar(select(func.coalesce(func.sum(_r.c.cost_fen), 0)).where(_r.c.programme_id == programme_id, _r.c.state == "given"))
    kept = tx.scalar(select(func.coalesce(func.sum(_r.c.kept_fen), 0)).where(_r.c.programme_id == programme_id))
    waiting = tx.scalar(select(func.coalesce(func.sum(_f.c.reserved_fen), 0)).where(_f.c.programme_id == programme_id, _f.c.state == "waiting", _f.c.void == "", _f.c.barred == ""))
    return int(given or 0), int(kept or 0), int(waiting or 0)


@dataclass(frozen=True)
class Bringer:
    """`direct_fen`: what friends of theirs bought; `downstream_fen`: what those bought whom these brought, and so on; `score`: direct + half of what lies
    downstream, half again with each step. `degree`: friends, each weighed by 1 / how many invited them."""

    customer_id: int
    friends: int
    real: int
    degree: float
    direct_fen: int
    downstream_fen: int
    score: float


def bringers(stores: Stores, tx: Connection, *, limit: int = 50) -> list[Bringer]:
    """Who brings the most value, over all programmes; friends of several inviters count for each in part."""
    came_true = func.max(case((_f.c.state.in_(("real", "final")), 1), else_=0))
    query = select(_f.c.inviter_id, _f.c.customer_id, came_true).where(_f.c.void == "", _f.c.barred == "", _f.c.review != "refused")
    edges = tx.execute(query.group_by(_f.c.inviter_id, _f.c.customer_id)).all()
    if not edges:
        return []
    one, other = (np.array([row[place] for row in edges], np.int64) for place in range(2))
    people, place = np.unique(np.concatenate([one, other]), return_inverse=True)
    inviter, friend = place[: len(one)], place[len(one) :]
    real = np.array([bool(row[2]) for row in edges])
    weight = 1.0 / np.bincount(friend, minlength=len(people))[friend]
    value = _bought(stores, people)["fen"].astype(np.float64)
    direct = np.bincount(inviter, value[friend] * weight, minlength=len(people))
    score, level, downstream = direct.astype(np.float64), direct.astype(np.float64), np.zeros(len(people), np.float64)
    for depth in range(1, DEEPEST):
        level = np.bincount(inviter, level[friend] * weight, minlength=len(people)).astype(np.float64)
        if not level.any():
            break
        downstream += level
        score += level * 0.5**depth
    degree, count = np.bincount(inviter, weight, minlength=len(people)), np.bincount(inviter, minlength=len(people))
    truly = np.bincount(inviter, real, minlength=len(people))
    order = np.lexsort((people, -degree, -score))[:limit]
    return [Bringer(int(people[at]), int(count[at]), int(truly[at]), round(float(degree[at]), 2), round(float(direct[at])), round(float(downstream[at])), round(float(score[at]), 1)) for at in order.tolist() if count[at]]
