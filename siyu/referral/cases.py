"""Cases 复核: what the guard finds suspicious waits for somebody who looks at the evidence and decides. Nobody is refused by a score alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Row, func, insert, or_, select, update

from siyu.events import log
from siyu.events.catalogue.customers import ACTIVITY_RECORDED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import among, insert_ignore, upsert
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.ids import key64_numbers
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.identifiers import primary_keys
from siyu.referral import _tables, guard
from siyu.referral.evidence import Gathered
from siyu.referral.guard import Judged, Settings

JUDGED = "referral_judged"
CHANGED = 0.05
"""A score that differs by less from what was told is not told again."""
_c, _p, _v, _k, _f = _tables.case, _tables.case_person, _tables.verdict, _tables.risk, _tables.friend


@dataclass(frozen=True)
class Case:
    """`reasons`: (reason, mean weight), the heaviest first. `people`: how many; `held`: friends whose rewards wait for the decision."""

    id: int
    status: Literal["open", "approved", "rejected"]
    score: float
    reasons: list[tuple[str, float]]
    size: int
    at: datetime
    decided_at: datetime | None
    decided_by: str | None
    note: str
    held: int = 0


def settings(tx: Connection) -> tuple[Settings, int]:
    """The settings that hold, and their version; 0 for those that Siyu comes with."""
    row = tx.execute(select(_tables.guard.c.version, _tables.guard.c.settings).order_by(_tables.guard.c.version.desc()).limit(1)).first()
    return (msgspec.convert(row.settings, Settings), int(row.version)) if row else (Settings(), 0)


def change_settings(stores: Stores, tx: Connection, raw: Any, *, by: str) -> tuple[Settings, int]:
    """
    Raises
    ------
    InvalidError
    """
    try:
        new = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise InvalidError(Text("风控设置有误", "the settings are not valid"), faults=[Fault("settings", Text(str(error), str(error)))]) from error
    bad = [name for name in guard.Weights.__struct_fields__ if not 0 <= getattr(new.weights, name) <= 10]
    bad += [name for name, low, high in (("review", 0.05, 1.0), ("steep", 0.1, 20), ("shared_most", 2, 10_000), ("soon_days", 1, 60), ("ring", -5, 10), ("spread", 0, 10), ("few", -5, 20), ("prior", -10, 5), ("link", -10, 10)) if not low <= getattr(new, name) <= high]
    if bad:
        raise InvalidError(Text("风控设置有误", "the settings are not valid"), faults=[Fault(name, Text("超出范围", "out of bounds")) for name in bad])
    tx.execute(insert(_tables.guard).values(settings=msgspec.to_builtins(new), at=stores.now(), by=by[:80]))
    return settings(tx)


def take_in(stores: Stores, tx: Connection, found: Gathered, judged: Judged, settings: Settings) -> int:
    """Keep everybody's score, tell of those that changed, and hold the rewards of invitations that are suspicious; returns how many are held anew."""
    if not len(judged.people):
        return 0
    _keep(stores, tx, judged)
    score = dict(zip(judged.people.tolist(), judged.score.tolist(), strict=True))
    decided = {int(row.customer_id): row.verdict for row in tx.execute(select(_v.c.customer_id, _v.c.verdict))}
    inviter = found.invites.inviter
    blocked = np.isin(inviter, np.array([one for one, verdict in decided.items() if verdict == "blocked"], np.int64))
    trusted = np.isin(inviter, np.array([one for one, verdict in decided.items() if verdict == "trusted"], np.int64))
    open_ = (_f.c.review == "") & _f.c.state.in_(("waiting", "real"))
    if blocked.any():
        tx.execute(update(_f).where(open_, among(tx, _f.c.id, found.row[blocked].tolist())).values(review="refused", news=True))
    suspicious = np.array([max(score[one], score[other]) >= settings.review for one, other in zip(inviter.tolist(), found.invites.friend.tolist(), strict=True)], np.bool_)
    rows = found.row[suspicious & ~trusted & ~blocked]
    held = set(tx.scalars(update(_f).where(open_, among(tx, _f.c.id, rows.tolist())).values(review="held", news=True).returning(_f.c.id)).all()) if len(rows) else set()
    if held:
        _open(stores, tx, found, judged, np.isin(found.row, np.array(sorted(held), np.int64)))
    return len(held)


def _keep(stores: Stores, tx: Connection, judged: Judged) -> None:
    before = {int(row.customer_id): float(row.score) for row in tx.execute(select(_k.c.customer_id, _k.c.score))}
    was = np.array([before.get(one, -1.0) for one in judged.people.tolist()])
    changed = np.flatnonzero((np.abs(judged.score - was) >= CHANGED) & ((judged.score >= 0.1) | (was >= 0.1)))
    if not len(changed):
        return
    reasons = {community: judged.reasons(judged.people[judged.community == community]) for community in np.unique(judged.community[changed]).tolist()}
    rows: list[dict[str, Any]] = [
        {"customer_id": int(judged.people[at]), "score": round(float(judged.score[at]), 4), "reasons": reasons[int(judged.community[at])], "size": int(judged.size[at]), "at": stores.now()}
        for at in changed.tolist()
    ]
    upsert(tx, _k, rows, ["customer_id"])
    keys = primary_keys(tx, [row["customer_id"] for row in rows])
    told = [row for row in rows if row["customer_id"] in keys]
    if told:
        now_ms = to_ms(stores.now())
        ids = np.array([row["customer_id"] for row in told], np.int64)
        said = [msgspec.json.encode({"score": row["score"], "reasons": [name for name, weight in row["reasons"] if weight > 0][:5], "size": row["size"]}).decode() for row in told]
        columns: dict[str, object] = {
            "event_key": pa.array(key64_numbers(ids, np.full(len(ids), now_ms), np.full(len(ids), 77)).astype(np.int64)), "identity_key": [keys[one] for one in ids.tolist()],
            "name": [JUDGED] * len(told), "at_ms": [now_ms] * len(told), "properties": said,
        }  # fmt: skip
        log.append(tx, ACTIVITY_RECORDED, ACTIVITY_RECORDED.table(columns), now=stores.now())


def _open(stores: Stores, tx: Connection, found: Gathered, judged: Judged, held: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
    """A case for each community with an invitation that is held; one that is open already is carried on."""
    of = dict(zip(judged.people.tolist(), judged.community.tolist(), strict=True))
    score = dict(zip(judged.people.tolist(), judged.score.tolist(), strict=True))
    groups: dict[int, set[int]] = {}
    for inviter, friend in zip(found.invites.inviter[held].tolist(), found.invites.friend[held].tolist(), strict=True):
        worse = inviter if score[inviter] >= score[friend] else friend
        groups.setdefault(of[worse], set()).update((inviter, friend))
    for community, people in groups.items():
        members = people | set(judged.people[judged.community == community].tolist())
        values = {"score": round(max(score[one] for one in members), 4), "reasons": judged.reasons(np.array(sorted(members), np.int64)), "size": len(members)}
        same = select(_p.c.case_id).join(_c, _c.c.id == _p.c.case_id).where(_c.c.status == "open", among(tx, _p.c.customer_id, sorted(members))).order_by(_p.c.case_id).limit(1)
        number = tx.scalar(same)
        if number is None:
            number = tx.execute(insert(_c).values(status="open", at=stores.now(), decided_at=None, decided_by=None, note="", **values).returning(_c.c.id)).scalar_one()
        else:
            tx.execute(update(_c).where(_c.c.id == number).values(values))
        insert_ignore(tx, _p, [{"case_id": int(number), "customer_id": one} for one in sorted(members)])


def decide(stores: Stores, tx: Connection, case_id: int, decision: Literal["approved", "rejected"], *, note: str, remember: bool, by: str) -> Case:
    """Approve (what waits is paid) or reject (it is not, and what was paid comes back). `remember`: of those who invited, for what comes later too.

    Raises
    ------
    NotFoundError
    ConflictError
        When it was decided before.
    """
    held = find(tx, case_id, hold=True)
    if held.status != "open":
        raise ConflictError(Text("这个复核已经处理过", "this case was decided before"), way_out=Text("刷新列表", "load the list again"))
    people = members(tx, case_id)
    mine = _f.c.review.in_(("held",) if decision == "approved" else ("held", "")) & or_(among(tx, _f.c.inviter_id, people), among(tx, _f.c.customer_id, people)) & (_f.c.void == "")
    if decision == "rejected":
        # Friends from outside whom one of these people brought are not theirs to lose: they wait, or stay as they are.
        mine &= (_f.c.review == "held") | (among(tx, _f.c.inviter_id, people) & among(tx, _f.c.customer_id, people))
    tx.execute(update(_f).where(mine).values(review="approved" if decision == "approved" else "refused", news=True))
    tx.execute(update(_c).where(_c.c.id == case_id).values(status=decision, decided_at=stores.now(), decided_by=by[:80], note=note.strip()[:200]))
    if remember:
        inviters = tx.scalars(select(_f.c.inviter_id).where(among(tx, _f.c.inviter_id, people)).distinct()).all()
        verdict = "trusted" if decision == "approved" else "blocked"
        upsert(tx, _v, [{"customer_id": int(one), "verdict": verdict, "note": note.strip()[:200], "at": stores.now(), "by": by[:80]} for one in inviters], ["customer_id"])
    return find(tx, case_id)


def forget(tx: Connection, customer_id: int) -> None:
    """What was remembered of somebody does not hold any more.

    Raises
    ------
    NotFoundError
    """
    if not tx.execute(_v.delete().where(_v.c.customer_id == customer_id)).rowcount:
        raise NotFoundError(Text("没有记住的决定", "nothing is remembered of this customer"))


def remembered(tx: Connection, customer_id: int) -> str | None:
    """What was decided of somebody: trusted or blocked; None for nothing."""
    return tx.scalar(select(_v.c.verdict).where(_v.c.customer_id == customer_id))


def find(tx: Connection, case_id: int, *, hold: bool = False) -> Case:
    """
    Raises
    ------
    NotFoundError
    """
    query = select(_c).where(_c.c.id == case_id)
    row = tx.execute(query.with_for_update() if hold else query).first()
    if row is None:
        raise NotFoundError(Text(f"没有复核 {case_id}", f"there is no case {case_id}"), way_out=Text("回到复核列表", "go back to the queue"))
    return _read(row, len(_waiting(tx, members(tx, case_id))))


def listed(tx: Connection, *, status: str = "open", before: tuple[float, int] | None = None, limit: int = 50) -> list[Case]:
    """Cases, the most suspicious first."""
    query = select(_c).where(_c.c.status == status).order_by(_c.c.score.desc(), _c.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(or_(_c.c.score < before[0], (_c.c.score == before[0]) & (_c.c.id < before[1])))
    return [_read(row, 0) for row in tx.execute(query)]


def count_open(tx: Connection) -> int:
    return int(tx.scalar(select(func.count()).select_from(_c).where(_c.c.status == "open")) or 0)


def members(tx: Connection, case_id: int) -> list[int]:
    return list(tx.scalars(select(_p.c.customer_id).where(_p.c.case_id == case_id).order_by(_p.c.customer_id)))


def risks(tx: Connection, customer_ids: Sequence[int]) -> dict[int, tuple[float, list[tuple[str, float]]]]:
    """Customer → (score, reasons); who was never suspicious is absent."""
    rows = tx.execute(select(_k).where(among(tx, _k.c.customer_id, list(customer_ids))))
    return {int(row.customer_id): (float(row.score), [(name, weight) for name, weight in row.reasons]) for row in rows}


def _waiting(tx: Connection, people: Sequence[int]) -> Sequence[int]:
    both = or_(among(tx, _f.c.inviter_id, list(people)), among(tx, _f.c.customer_id, list(people)))
    return tx.scalars(select(_f.c.id).where(_f.c.review == "held", both)).all()


def _read(row: Row[Any], held: int) -> Case:
    return Case(**{**row._mapping, "reasons": [(name, float(weight)) for name, weight in row.reasons]}, held=held)


