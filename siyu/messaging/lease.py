"""Lease 租约: who holds a dispatch, for how long, and with which fencing number.

A claim adds one to `fence`; whoever comes with another number writes nothing. A lease that ran out changes no number: the
late answer of whoever had it is still the truth about its own call, as long as nobody has taken the dispatch since.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from siyu.foundation.database import among
from siyu.messaging import _tables, outbox
from siyu.messaging.outbox import ATTEMPTING, FAILED, PLANNED, STATUSES, UNKNOWN, Dispatch

LEASE = timedelta(seconds=30)
MOST_CRASHES = 3
AFTER_CRASH = timedelta(seconds=10)
LATE_ANSWER = timedelta(seconds=10)
"""A clock that jumps ends the lease of whoever is alive and well: so long their own answer is waited for before the carrier is asked."""
_dispatch, _send, _message = _tables.dispatch, _tables.send, _tables.message
_WAITS = _dispatch.c.status.in_(("planned", "failed"))


def _due(now: datetime) -> ColumnElement[bool]:
    """A failed one without a next time is over: it failed for good."""
    by_itself = _dispatch.c.next_at.is_(None) & (_dispatch.c.status == "planned") & (_dispatch.c.due_at <= now)
    return and_(_WAITS, or_(_dispatch.c.next_at <= now, by_itself), _send.c.status == "ready")


def due_accounts(tx: Connection, now: datetime) -> set[int]:
    """Accounts for which something is due to be sent."""
    query = select(_dispatch.c.account_id).join(_send, _send.c.id == _dispatch.c.send_id).where(_due(now))
    return set(tx.scalars(query.distinct()))


def take(tx: Connection, account_id: int, holder: str, now: datetime) -> Dispatch | None:
    """Claim the next dispatch of an account. One at a time for each account over all processes: so each person is told in order."""
    _alone(tx, account_id)
    claimed = select(_dispatch.c.id).where(_dispatch.c.status == "claimed", _dispatch.c.account_id == account_id)
    if tx.execute(claimed.limit(1)).first() is not None:
        return None
    query = (
        select(_dispatch.c.id).join(_send, _send.c.id == _dispatch.c.send_id).where(_dispatch.c.account_id == account_id, _due(now))
        .order_by(func.coalesce(_dispatch.c.next_at, _dispatch.c.due_at), _dispatch.c.id).limit(1).with_for_update(skip_locked=True, of=_dispatch)
    )  # fmt: skip
    number = tx.scalar(query)
    if number is None:
        return None
    tx.execute(
        update(_dispatch).where(_dispatch.c.id == number)
        .values(status="claimed", holder=holder, fence=_dispatch.c.fence + 1, leased_until=now + LEASE, attempt_count=_dispatch.c.attempt_count + 1)
    )  # fmt: skip
    return outbox.find_dispatch(tx, int(number))


def take_unknown(tx: Connection, dispatch_id: int, holder: str, now: datetime) -> Dispatch | None:
    """Take an unknown dispatch in order to ask what became of it; its status stays."""
    free = or_(_dispatch.c.leased_until.is_(None), _dispatch.c.leased_until <= now)
    mine = update(_dispatch).where(_dispatch.c.id == dispatch_id, _dispatch.c.status == "unknown", free)
    if not tx.execute(mine.values(holder=holder, fence=_dispatch.c.fence + 1, leased_until=now + LEASE)).rowcount:
        return None
    return outbox.find_dispatch(tx, dispatch_id)


def _alone(tx: Connection, account_id: int) -> None:
    """On PostgreSQL two processes look at one account after the other; SQLite has one writer anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(0x5349_5955, account_id % 2**31)))


def hold(tx: Connection, dispatch: Dispatch, now: datetime, **values: Any) -> bool:
    """Renew the lease, and write something besides; False when it is somebody else's by now."""
    return bool(tx.execute(update(_dispatch).where(_is(dispatch)).values(leased_until=now + LEASE, **values)).rowcount)


def _is(dispatch: Dispatch) -> ColumnElement[bool]:
    mine = (_dispatch.c.id == dispatch.id) & (_dispatch.c.fence == dispatch.fence) & (_dispatch.c.holder == dispatch.holder)
    return mine & _dispatch.c.status.in_(("claimed", "unknown"))


def is_held(tx: Connection, dispatch: Dispatch) -> bool:
    """Whether it is still this holder's, with this number; the row stays locked until the end of the transaction."""
    return tx.execute(select(_dispatch.c.id).where(_is(dispatch)).with_for_update()).first() is not None


def put_back(tx: Connection, dispatch: Dispatch, *, next_at: datetime | None, status: str = "planned", code: str | None = None, untried: bool = False, **values: Any) -> None:
    """Give it up, to be taken again at `next_at`. `untried`: no call was made, so it is no attempt."""
    if untried:
        values["attempt_count"] = func.max(0, _dispatch.c.attempt_count - 1) if tx.dialect.name == "sqlite" else func.greatest(0, _dispatch.c.attempt_count - 1)
    tx.execute(update(_dispatch).where(_dispatch.c.id == dispatch.id).values(status=status, status_code=code, next_at=next_at, holder=None, leased_until=None, **values))


def part(tx: Connection, dispatch: Dispatch, messages: pa.Table, *, status: str, next_at: datetime | None, code: str | None = None, now: datetime) -> int:
    """Some of its messages go on in a dispatch of their own; all that it holds go on in itself.

    `messages`: rows as `outbox.people_of` gives them. Returns the number of the dispatch that has them.
    """
    row = tx.execute(select(_dispatch).where(_dispatch.c.id == dispatch.id)).one()._mapping
    if sum(row["counts"].values()) == messages.num_rows:
        put_back(tx, dispatch, status=status, code=code, next_at=next_at, untried=True)
        return dispatch.id
    states: dict[str, int] = {}
    for number in messages["status"].to_pylist():
        states[STATUSES[number]] = states.get(STATUSES[number], 0) + 1
    values = {
        **row, "status": status, "status_code": code, "next_at": next_at, "fence": 0, "holder": None, "leased_until": None, "people_count": messages.num_rows,
        "people": outbox.packed(messages), "counts": states, "created_at": now, "settled_at": None, "ref": None,
    }  # fmt: skip
    values.pop("id")
    key = tx.execute(insert(_dispatch).values(values)).inserted_primary_key
    assert key is not None
    number = int(key[0])
    outbox.hand_over(tx, messages, number)
    left = {name: count - states.get(name, 0) for name, count in row["counts"].items()}
    tx.execute(
        update(_dispatch).where(_dispatch.c.id == dispatch.id)
        .values(counts={name: count for name, count in left.items() if count > 0}, people_count=_dispatch.c.people_count - messages.num_rows)
    )  # fmt: skip
    return number


def expire(tx: Connection, now: datetime, *, everybodys: bool = False) -> int:
    """Leases that ran out: what was under way is `unknown`, the rest waits again; returns how many dispatches.

    `everybodys`: whoever held them is surely dead (one process owns the data folder). After three deaths it failed for good.
    """
    over = _dispatch.c.status == "claimed"
    if not everybodys:
        over &= _dispatch.c.leased_until <= now
    rows = tx.execute(select(_dispatch.c.id).where(over).order_by(_dispatch.c.id).with_for_update(skip_locked=True)).all()
    for (number,) in rows:
        _expire(tx, outbox.find_dispatch(tx, number), now, now if everybodys else now + LATE_ANSWER)
    return len(rows)


def _expire(tx: Connection, dispatch: Dispatch, now: datetime, ask_at: datetime) -> None:
    crashes = dispatch.crash_count + 1
    tx.execute(update(_dispatch).where(_dispatch.c.id == dispatch.id).values(crash_count=crashes))
    held = outbox.people_of(tx, dispatch.id)
    states = held["status"].to_numpy()
    begun, waiting = held.filter(pa.array(states == ATTEMPTING)), held.filter(pa.array(states == PLANNED))
    again_at = now + AFTER_CRASH * crashes
    if crashes >= MOST_CRASHES and waiting.num_rows:
        outbox.mark(tx, waiting, FAILED, now=now, code="crashed", was=(PLANNED,))
    if begun.num_rows:
        if crashes < MOST_CRASHES and waiting.num_rows:
            part(tx, dispatch, waiting, status="planned", next_at=again_at, now=now)
        outbox.mark(tx, begun, UNKNOWN, now=now, code="no_answer", was=(ATTEMPTING,))
        # The holder stays: its late answer is still the truth about its own call.
        values = {"status": "unknown", "status_code": "no_answer", "next_at": ask_at, "leased_until": None}
        tx.execute(update(_dispatch).where(_dispatch.c.id == dispatch.id).values(values))
    elif crashes >= MOST_CRASHES:
        put_back(tx, dispatch, status="failed", code="crashed", next_at=None, settled_at=now)
    elif waiting.num_rows:
        put_back(tx, dispatch, next_at=again_at, code="crashed")
    else:
        outbox.settle(tx, dispatch.id, "sent", now=now)


def behind(tx: Connection, dispatch: Dispatch, customer_ids: list[int]) -> set[int]:
    """Of these, who waits on this account for a message that was due before this one: they hear that one first."""
    earlier = or_(_dispatch.c.due_at < dispatch.due_at, (_dispatch.c.due_at == dispatch.due_at) & (_dispatch.c.send_id < dispatch.send_id))
    open_ = or_(_dispatch.c.status.in_(("planned", "claimed")), (_dispatch.c.status == "failed") & _dispatch.c.next_at.is_not(None))
    query = (
        select(_message.c.customer_id).join(_dispatch, _dispatch.c.id == _message.c.dispatch_id).join(_send, _send.c.id == _message.c.send_id)
        .where(
            among(tx, _message.c.customer_id, customer_ids), _message.c.account_id == dispatch.account_id, _message.c.send_id != dispatch.send_id,
            _message.c.status.in_((PLANNED, ATTEMPTING)), _message.c.floating.is_(False) | (_message.c.status == PLANNED), _send.c.status == "ready", earlier, open_,
        )
    )  # fmt: skip
    return set(tx.scalars(query.distinct()))
