"""Settling 落账: what became of a step is written down: messages, the dispatch, and what goes on in a dispatch of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, update

from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.identity.current import current
from siyu.messaging import _tables, failover, lease, outbox, sends, suppression
from siyu.messaging.carriers.port import Kind, Outcome
from siyu.messaging.outbox import ATTEMPTING, FAILED, PLANNED, REFUSED, SENT, UNKNOWN, Dispatch
from siyu.messaging.policy import MASS
from siyu.messaging.suppression import Told

MOST_ATTEMPTS = 10
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=15)
RESTRICTED_WAIT = timedelta(minutes=5)
FIRST_QUESTION, LAST_QUESTION = timedelta(seconds=1), timedelta(hours=1)
AGAIN: tuple[Kind, ...] = ("throttled", "unavailable", "restricted")
UNDER_WAY = (ATTEMPTING, UNKNOWN)
_dispatch = _tables.dispatch

@dataclass(frozen=True)
class Step:
    """What was handed to a sender at once. `messages`: rows of `outbox.people_of`, by place as its chunk's people."""

    dispatch: Dispatch
    messages: pa.Table
    rest_count: int
    """Messages of the dispatch that were not tried yet."""

@dataclass(frozen=True)
class _Group:
    kind: Kind
    code: str | None
    retry_at: datetime | None
    messages: pa.Table
    gone: bool = False

def settle(stores: Stores, tx: Connection, step: Step, outcome: Outcome, now: datetime) -> bool:
    """Write an outcome down; False when the dispatch is somebody else's by now: nothing is written then.

    Everybody is in one state afterwards, and a dispatch holds only messages that will fare alike: those to be tried again and those of
    whom nothing is known go on in dispatches of their own, so that nothing that was sent is ever tried again with them.
    """
    dispatch = step.dispatch
    if not lease.is_held(tx, dispatch):
        return False
    groups = _groups(tx, step, outcome)
    done, again, unknown = ([g for g in groups if g.kind in kinds] for kinds in (("sent", "refused"), AGAIN, ("unknown",)))
    for group in done:
        _done(stores, tx, dispatch, group, outcome, now)
    for group in unknown if dispatch.status != "unknown" else ():
        outbox.mark(tx, group.messages, UNKNOWN, now=now, code=group.code, was=UNDER_WAY)
    for group in again:
        outbox.mark(tx, group.messages, PLANNED, now=now, code=group.code, was=UNDER_WAY, tell=False)
    rest, given_up = step.rest_count, dispatch.attempt_count >= MOST_ATTEMPTS
    if again and not given_up:
        # Where that is true of everybody, the carrier itself says so: the rest of the dispatch waits as well.
        alone = len(groups) == len(again) and (len(again) == 1 or not rest)
        for group in again[: len(again) - alone]:
            lease.part(tx, dispatch, _now(group.messages, PLANNED), status="failed", code=_short(group.code), next_at=_again_at(dispatch, group, now), now=now)
        if alone:
            last = again[-1]
            lease.put_back(tx, dispatch, status="failed", code=_short(last.code), next_at=_again_at(dispatch, last, now), untried=last.kind == "throttled")
        else:
            _end_or_go_on(tx, dispatch, unknown, rest, done, outcome, now)
    else:
        for group in again:
            outbox.mark(tx, group.messages, FAILED, now=now, code=group.code or "gave_up", was=(PLANNED,))
            failover.ask(stores, tx, dispatch, group.messages, now)
        _end_or_go_on(tx, dispatch, unknown, rest, done or again, outcome, now)
    sends.close_finished(tx, [dispatch.send_id])
    return True

def _groups(tx: Connection, step: Step, outcome: Outcome) -> list[_Group]:
    """The step by what became of it. People who were merged meanwhile stand under the number they have now."""
    messages = step.messages
    ids = messages["customer_id"].to_pylist()
    standing = current(tx, ids)
    messages = messages.set_column(messages.schema.get_field_index("customer_id"), "customer_id", pa.array([standing[each] for each in ids], pa.int64()))
    left = np.ones(messages.num_rows, bool)
    found: list[_Group] = []
    for one in outcome.others:
        rows = np.asarray(one.rows, np.int64)
        rows = rows[left[rows]]
        left[rows] = False
        if len(rows):
            found.append(_Group(one.kind, one.code, one.retry_at, messages.take(pa.array(rows)), one.gone))
    if left.any():
        found.append(_Group(outcome.kind, outcome.code, outcome.retry_at, messages.filter(pa.array(left))))
    return found

def _done(stores: Stores, tx: Connection, dispatch: Dispatch, group: _Group, outcome: Outcome, now: datetime) -> None:
    if group.kind == "refused":
        outbox.mark(tx, group.messages, REFUSED, now=now, code=_short(group.code), was=UNDER_WAY)
        if group.gone:
            told = [Told(key, "hard_bounce", to_ms(now), group.code) for key in group.messages["identity_key"].to_pylist()]
            suppression.take_in(tx, dispatch.carrier, told)
        failover.ask(stores, tx, dispatch, group.messages, now)
    elif outcome.floating:
        # Staff have still to send it: it is under way, and counts at any time from now on.
        outbox.mark(tx, group.messages, ATTEMPTING, now=now, at_ms=to_ms(now), was=UNDER_WAY, floating=True)
    else:
        outbox.mark(tx, group.messages, SENT, now=now, at_ms=to_ms(now), was=UNDER_WAY, floating=False)

def _end_or_go_on(tx: Connection, dispatch: Dispatch, unknown: Sequence[_Group], rest: int, done: Sequence[_Group], outcome: Outcome, now: datetime) -> None:
    ends = not rest and not done
    for group in unknown[: len(unknown) - ends]:
        lease.part(tx, dispatch, _now(group.messages, UNKNOWN), status="unknown", code=_short(group.code), next_at=question_at(dispatch, now), now=now)
    if unknown and ends:
        # The number and the holder stay: what is found out later is about this very call.
        values = {"status": "unknown", "status_code": _short(unknown[-1].code), "next_at": question_at(dispatch, now), "leased_until": None}
        tx.execute(update(_dispatch).where(_dispatch.c.id == dispatch.id).values(values))
    elif rest:
        lease.hold(tx, dispatch, now, status="claimed", **({"ref": outcome.ref} if outcome.ref else {}))
    elif outcome.floating and outcome.kind == "sent":
        # Its people are needed until the last result is in.
        lease.put_back(tx, dispatch, status="sent", next_at=None, ref=outcome.ref)
    else:
        status = "sent" if any(group.kind == "sent" for group in done) else "refused"
        code = None if status == "sent" else next((_short(group.code) for group in done), None)
        outbox.settle(tx, dispatch.id, status, now=now, code=code, ref=outcome.ref, keeps_people=status == "sent" and outcome.ref is not None and dispatch.form == MASS)

def question_at(dispatch: Dispatch, now: datetime) -> datetime:
    """When to ask the carrier (again) what became of it: often at first, then ever more rarely."""
    age = now - (dispatch.attempted_at or now)
    return now + min(max(age / 3, FIRST_QUESTION), LAST_QUESTION)


def _again_at(dispatch: Dispatch, group: _Group, now: datetime) -> datetime:
    if group.retry_at is not None:
        return max(group.retry_at, now)
    wait: timedelta = min(FIRST_WAIT * int(2 ** min(dispatch.attempt_count - 1, 10)), LONGEST_WAIT)
    return now + (max(wait, RESTRICTED_WAIT) if group.kind == "restricted" else wait)

def _now(messages: pa.Table, status: int) -> pa.Table:
    """As they stand after the mark."""
    return messages.set_column(messages.schema.get_field_index("status"), "status", pa.array([status] * messages.num_rows, pa.int16()))

def _short(code: str | None) -> str | None:
    return None if code is None else code[:32]
