"""Giving 发奖与收回: what is due goes out through loyalty in sets, and what is not due any more comes back: points are reversed as far as
they are there, unused codes withdrawn; what was used already is written down as cost. Each act has a reference of its own, so it is done once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, bindparam, select, update

from siyu.events import log
from siyu.events.catalogue.referral import REFERRAL_REWARDED
from siyu.foundation.clock import day_number, to_ms
from siyu.foundation.database import among
from siyu.foundation.errors import NotFoundError
from siyu.foundation.ids import key64_numbers
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import primary_keys
from siyu.loyalty import balances, codes, points
from siyu.referral import _tables
from siyu.referral.programmes import Programme

BY = "referral"
REASONS = points.REASONS | codes.REASONS
_r = _tables.reward


def carry_out(stores: Stores, tx: Connection, programme: Programme) -> dict[str, int]:
    """Give all that is due in a programme, and take back what must come back. The programme's row must be held."""
    taking = tx.execute(select(_r).where(_r.c.programme_id == programme.id, _r.c.state == "taking").order_by(_r.c.id)).all()
    back = _taken_back(stores, tx, programme, taking)
    due = tx.execute(select(_r).where(_r.c.programme_id == programme.id, _r.c.state == "due").order_by(_r.c.id)).all()
    given = _given(stores, tx, programme, due)
    return {"given_count": given, "back_count": back}


def _given(stores: Stores, tx: Connection, programme: Programme, rows: Sequence[Any]) -> int:
    wanted, settled = _amounts(tx, rows)
    _tell(stores, tx, programme, settled, "given", {row.id: row.kept_fen for row in settled})
    acts: dict[tuple[Any, ...], list[tuple[Any, int]]] = defaultdict(list)
    turn: dict[tuple[Any, ...], int] = defaultdict(int)
    for row, amount in wanted:
        what = (row.kind, row.coupon_id, row.days)
        turn[*what, row.customer_id] += 1
        # Somebody with two of the same gets them by two acts, so that each can be taken back.
        acts[*what, turn[*what, row.customer_id]].append((row, amount))
    count = len(settled)
    for act in acts.values():
        ref = f"referral:{programme.id}:{act[0][0].id}:{act[0][0].round}"
        refused = _refused(stores, tx, programme, act, ref)
        now_ms = to_ms(stores.now())
        changes = [
            {"row": row.id, "s": "refused" if row.customer_id in refused else "given", "r": refused.get(row.customer_id, ""), "f": row.ref if row.customer_id in refused else ref, "t": now_ms}
            for row, _ in act
        ]
        values: dict[str, Any] = {"state": bindparam("s"), "reason": bindparam("r"), "ref": bindparam("f"), "changed_ms": bindparam("t"), "kept_fen": 0}
        tx.execute(update(_r).where(_r.c.id == bindparam("row")).values(values), changes)
        done = [row for row, _ in act if row.customer_id not in refused and row.state == "due"]
        _tell(stores, tx, programme, done, "given", {row.id: row.kept_fen for row in done})
        count += len(done)
    return count


def _amounts(tx: Connection, rows: Sequence[Any]) -> tuple[list[tuple[Any, int]], list[Any]]:
    """What of each reward must be given now. Of one that falls due again only what is not there any more: when people were merged, what was taken
    back may have come out of the other's batch, so everybody of the same act is looked at, and who has too little since an undo gets the rest. Those who have all of it still are given as second."""
    again = [row for row in rows if row.round > 1 and row.kind == "points" and row.ref]
    plain = [(row, row.points if row.kind == "points" else 1) for row in rows if not (row.round > 1 and row.kind == "points" and row.ref)]
    if not again:
        return plain, []
    refs = sorted({row.ref for row in again})
    left = balances.not_taken_back(tx, refs)
    same = tx.execute(select(_r).where(_r.c.ref.in_(refs), _r.c.kind == "points", _r.c.state.in_(("due", "given"))).order_by(_r.c.id)).all()
    settled, short = [], {}
    for row in same:
        there = min(left.get((row.ref, row.customer_id), 0), row.points)
        left[row.ref, row.customer_id] = left.get((row.ref, row.customer_id), 0) - there
        if there < row.points:
            short[row.id] = row.points - there
        elif row.state == "due":
            settled.append(row)
    if settled:
        tx.execute(update(_r).where(among(tx, _r.c.id, [row.id for row in settled])).values(state="given", reason="", kept_fen=0))
    if late := [row.id for row in same if row.id in short and row.state == "given"]:
        # The act that gives the rest needs a reference of its own.
        tx.execute(update(_r).where(among(tx, _r.c.id, late)).values(round=_r.c.round + 1))
    rest = tx.execute(select(_r).where(among(tx, _r.c.id, sorted(short))).order_by(_r.c.id)).all() if short else []
    return [*plain, *((row, short[row.id]) for row in rest)], settled


def _refused(stores: Stores, tx: Connection, programme: Programme, act: Sequence[tuple[Any, int]], ref: str) -> dict[int, str]:
    """Do it; customer → why not, for those who did not get it."""
    ids, one = [row.customer_id for row, _ in act], act[0][0]
    if one.kind == "coupon":
        wanted = [row.customer_id for row, _ in act if not (row.round > 1 and not row.taken)]
        try:
            why = codes.issue(stores, tx, one.coupon_id, wanted, ref=ref, limited=False).refused if wanted else {}
        except NotFoundError:
            return dict.fromkeys(ids, "not_live")
    else:
        last_on = stores.calendar.on(stores.now()) + timedelta(days=one.days) if one.days else None
        why = points.grant(stores, tx, ids, [amount for _, amount in act], reason=f"裂变「{programme.name}」", ref=ref, by=BY, last_on=last_on).refused
    return {int(each): reason for reason, people in why.items() for each in people.tolist()}


def _taken_back(stores: Stores, tx: Connection, programme: Programme, rows: Sequence[Any]) -> int:
    by_ref: dict[tuple[str, str, int], list[Any]] = defaultdict(list)
    for row in rows:
        by_ref[row.kind, row.ref, row.coupon_id].append(row)
    for (kind, ref, coupon_id), act in by_ref.items():
        taken = _points_back(stores, tx, ref, act) if kind == "points" else _codes_back(stores, tx, ref, coupon_id, act)
        changes = []
        for row in act:
            mine, whole = taken[row.id], row.points if kind == "points" else 1
            kept = -(-row.cost_fen * (whole - mine) // whole)
            changes.append({"row": row.id, "s": "kept" if mine < whole else "back", "n": mine, "k": kept, "t": to_ms(stores.now())})
        changed: dict[str, Any] = {"state": bindparam("s"), "taken": bindparam("n"), "kept_fen": bindparam("k"), "changed_ms": bindparam("t")}
        tx.execute(update(_r).where(_r.c.id == bindparam("row")).values(changed), changes)
        _tell(stores, tx, programme, act, "taken_back", {change["row"]: change["k"] for change in changes})
    return len(rows)


def _points_back(stores: Stores, tx: Connection, ref: str, act: Sequence[Any]) -> dict[int, int]:
    """Reward → points that could be taken back: as many as the person still has."""
    have = balances.of(stores, tx, [row.customer_id for row in act])
    wanted: dict[int, int] = defaultdict(int)
    taken: dict[int, int] = {}
    for row in act:
        taken[row.id] = min(row.points, max(0, have.get(row.customer_id, 0) - wanted[row.customer_id]))
        wanted[row.customer_id] += taken[row.id]
    amounts = {person: amount for person, amount in wanted.items() if amount}
    if not amounts:
        return taken
    back = f"{ref}:back:{act[0].id}"
    posted = points.reverse(stores, tx, ref, ref=back, reason="裂变奖励收回", by=BY, amounts=amounts)
    # Who could not give it after all (their batches were parted by an undo, say) keeps it, and it is a cost.
    kept = {int(each) for people in posted.refused.values() for each in people.tolist()}
    return {row.id: 0 if row.customer_id in kept else taken[row.id] for row in act}


def _codes_back(stores: Stores, tx: Connection, ref: str, coupon_id: int, act: Sequence[Any]) -> dict[int, int]:
    """Reward → 1 where its code is not out any more: withdrawn, or over without having been used."""
    people = [row.customer_id for row in act]
    done = codes.withdraw(stores, tx, coupon_id, people, ref=ref)
    used = set(done.used.tolist()) - set(done.customer_ids.tolist())
    # Somebody who was merged had two codes of one act, and lost both: the one they keep is issued anew.
    mine = _r.c.ref == ref, _r.c.kind == "coupon", _r.c.state == "given"
    others = [row.id for row in tx.execute(select(_r.c.id, _r.c.customer_id).where(*mine)) if row.customer_id in set(people) - set(done.used.tolist())]
    if others:
        tx.execute(update(_r).where(_r.c.id.in_(others)).values(state="due", round=_r.c.round + 1, taken=1))
    return {row.id: 0 if row.customer_id in used else 1 for row in act}


def _tell(stores: Stores, tx: Connection, programme: Programme, rows: Sequence[Any], change: str, kept: dict[int, int] | None = None) -> None:
    keys = primary_keys(tx, sorted({row.customer_id for row in rows}))
    told = [row for row in rows if row.customer_id in keys]
    if not told:
        return
    now, size, sign = stores.now(), len(told), 1 if change == "given" else -1
    cost = np.array([row.cost_fen - (kept or {}).get(row.id, 0) for row in told], np.int64) * sign
    number, turn = np.array([row.id for row in told], np.int64), np.array([row.round for row in told], np.int64)
    columns: dict[str, object] = {
        "event_key": pa.array(key64_numbers(number, turn, np.full(size, sign)).astype(np.int64)), "identity_key": [keys[row.customer_id] for row in told], "reward_id": number,
        "programme_id": [programme.id] * size, "source_id": [programme.source_id] * size, "side": [row.side for row in told], "kind": [row.kind for row in told],
        "change": [change] * size, "expected_fen": cost, "cost_fen": np.where([row.kind == "points" for row in told], cost, 0),
        "day": pa.array([day_number(stores.calendar.on(now))] * size, pa.int32()), "at_ms": [to_ms(now)] * size,
    }  # fmt: skip
    log.append(tx, REFERRAL_REWARDED, REFERRAL_REWARDED.table(columns), now=now)
