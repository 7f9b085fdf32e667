"""Trial 试算: what a policy would have done with the messages of the past weeks, before it is switched on.

The sends of that time are asked for again in their order, each with what this policy had let through until then; so one that is
refused early leaves room for a later one. Judged are caps, mix, quiet hours and quotas. Consents, cool-downs and hold-outs of that
time were decided then: who was held back by them has no message, and stays out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from siyu.carriers import accounts
from siyu.foundation.clock import DAY_MS, Calendar, from_ms, to_ms
from siyu.foundation.database import select_in
from siyu.foundation.ids import Ints
from siyu.messaging import _tables, outbox, restraint
from siyu.messaging._past import by_dispatch, fetched
from siyu.messaging.blocks import Flags
from siyu.messaging.policy import Policy
from siyu.messaging.quiet import Zones, bucket, bucket_days
from siyu.messaging.reasons import CODES
from siyu.messaging.restraint import Request

MOST = 1_000_000
"""Messages of one trial, the newest."""
_WIDTH = 9
_VERDICTS = ("allow", "wait", "refuse")


@dataclass
class Week:
    """The messages of one week by verdict. `waits` and `refusals` by reason."""

    on: date
    asked: int = 0
    allowed: int = 0
    waits: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Trial:
    """`cut`: there were more messages than are looked at, so the time is shorter than was asked for."""

    from_at: datetime
    to_at: datetime
    weeks: list[Week]
    cut: bool


def run(tx: Connection, policy: Policy, *, calendar: Calendar, now: datetime, weeks: int) -> Trial:
    """What `policy` would have said of the messages of the last `weeks` × 7 days that counted then.

    One row in is one message of one send and person; the counts out are messages, by the week in which they were due.
    """
    to_ms_, from_ms_ = to_ms(now), to_ms(now) - weeks * 7 * DAY_MS
    rows, cut = _messages(tx, from_ms_, to_ms_)
    asked = _asked(tx, rows)
    verdict, reason, at = (np.full(len(asked.row), value) for value in (_VERDICTS.index("refuse"), -1, 0))
    exempt = np.array([policy.is_exempt(one.exempt, one.purpose) for one in asked.sends], bool)
    for turn, one in enumerate(asked.sends):
        mine = asked.by_send[asked.bounds[turn] : asked.bounds[turn + 1]]
        people, before = asked.take(mine), asked.earlier(mine)
        before = before[verdict[before] < _VERDICTS.index("refuse")]
        request = Request(one.id, one.purpose, one.due_ms, one.until_ms, one.priority_fen, bool(exempt[turn]), use_global_holdout=False, may_displace=False)
        table = restraint.decide(policy, request, people.select(["customer_id"]), _routes(people), _history(asked, before, at[before], exempt), zone=str(calendar.zone)).table
        verdict[mine] = pc.index_in(table["verdict"], pa.array(_VERDICTS)).to_numpy()
        reason[mine] = pc.index_in(table["reason"], pa.array(CODES)).fill_null(-1).to_numpy()
        at[mine] = table["at_ms"].to_numpy()
    first = from_ms(int(rows[:, 5].min())) if cut else now - timedelta(weeks=weeks)
    return Trial(first, now, _weeks(asked, verdict, reason, str(calendar.zone)), cut)


@dataclass(frozen=True)
class _Sent:
    id: int
    purpose: str
    exempt: bool
    due_ms: int
    until_ms: int
    priority_fen: int


@dataclass(frozen=True)
class _Asked:
    """Messages in the order of (customer, send), `sends` in the order in which they were due. `by_send`: places in the order of (send,
    customer), those of a send between two `bounds`. `head`: the first place of the same customer. `row`: what was read."""

    row: Ints
    sends: list[_Sent]
    turn: Ints
    by_send: Ints
    bounds: Ints
    head: Ints
    carrier: pa.DictionaryArray
    staff: pa.DictionaryArray
    form: pa.DictionaryArray

    def earlier(self, mine: Ints) -> Ints:
        """Places of what these people were to be told by earlier sends."""
        count = mine - self.head[mine]
        found: Ints = np.arange(int(count.sum())) + np.repeat(self.head[mine] - np.cumsum(count) + count, count)
        return found

    def take(self, places: Ints) -> pa.Table:
        row = self.row[places]
        names = {name: getattr(self, name).take(pa.array(places)) for name in ("carrier", "staff", "form")}
        return pa.table({"customer_id": row[:, 0], "account_id": row[:, 2], "identity_key": row[:, 6], **names})


def _messages(tx: Connection, from_ms_: int, to_ms_: int) -> tuple[Ints, bool]:
    """Customer, send, account, purpose, value, instant, identifier, dispatch, route of each message, the newest first."""
    m = _tables.message
    columns = (m.c.customer_id, m.c.send_id, m.c.account_id, m.c.purpose, m.c.priority_fen, m.c.at_ms, m.c.identity_key, func.coalesce(m.c.dispatch_id, 0), m.c.route)
    wanted = select(*columns).where(m.c.at_ms.between(from_ms_, to_ms_), m.c.status.in_(outbox.COUNTING))
    rows = fetched(tx, wanted.order_by(m.c.at_ms.desc(), m.c.send_id, m.c.customer_id, m.c.route).limit(MOST + 1), _WIDTH)
    return rows[:MOST], len(rows) > MOST


def _asked(tx: Connection, rows: Ints) -> _Asked:
    """One message a person and send, the latest: the way that counted."""
    found = _sends(tx, np.unique(rows[:, 1]))
    turn_of = {one.id: turn for turn, one in enumerate(found)}
    known, place = np.unique(rows[:, 1], return_inverse=True)
    turn = np.array([turn_of.get(int(number), -1) for number in known], np.int64)[place] if len(rows) else place
    order = np.lexsort((rows[:, 8], -rows[:, 5], turn, rows[:, 0]))
    order = order[turn[order] >= 0]
    same = (np.diff(rows[order, 0], prepend=-1) == 0) & (np.diff(turn[order], prepend=-1) == 0)
    order = order[~same]
    row, turn = rows[order], turn[order]
    heads = np.flatnonzero(np.diff(row[:, 0], prepend=-1))
    head = np.repeat(heads, np.diff(heads, append=len(row)))
    by_send = np.argsort(turn, kind="stable")
    products = {account.id: account.product for account in accounts.list_accounts(tx)}
    numbers, of_account = np.unique(row[:, 2], return_inverse=True)
    dispatches, of_dispatch = np.unique(row[:, 7], return_inverse=True)
    told = by_dispatch(tx, dispatches)
    by = [told.get(int(one), ("", None)) for one in dispatches]
    return _Asked(
        row, found, turn, by_send, np.searchsorted(turn[by_send], np.arange(len(found) + 1)), head,
        _named(of_account, [products.get(int(one), "") for one in numbers]), _named(of_dispatch, [one[0] for one in by]), _named(of_dispatch, [one[1] for one in by]),
    )  # fmt: skip


def _named(place: Ints, names: list[Any]) -> pa.DictionaryArray:
    """By number; equal names share one."""
    words = pa.array(names, pa.string()).dictionary_encode()
    return words.take(pa.array(place))


def _sends(tx: Connection, ids: Ints) -> list[_Sent]:
    """In the order in which they were due."""
    s = _tables.send
    columns = [s.c[name] for name in ("id", "purpose", "exempt", "due_at", "until_at", "priority_fen")]
    found = [_Sent(number, purpose, exempt, to_ms(due), max(to_ms(until), to_ms(due)), fen) for number, purpose, exempt, due, until, fen in select_in(tx, columns, s.c.id, ids.tolist())]
    return sorted(found, key=lambda one: (one.due_ms, one.id))


def _routes(people: pa.Table) -> pa.Table:
    """The way that each was told by; it was open then."""
    size = people.num_rows
    same = {
        "rank": pa.array(np.zeros(size), pa.int16()), "consented": pa.repeat(pa.scalar(True), size), "closed": pa.nulls(size, pa.string()), "floating": pa.repeat(pa.scalar(False), size),
    }  # fmt: skip
    return pa.table({**{name: people[name] for name in people.column_names}, **same})


def _history(asked: _Asked, places: Ints, at: Ints, exempt: Flags) -> pa.Table:
    """What this policy had let through of these places, as messages that were sent."""
    told, row = asked.take(places), asked.row[places]
    return pa.table(
        {
            **{name: told[name] for name in told.column_names}, "at_ms": at, "purpose": row[:, 3], "exempt": exempt[asked.turn[places]], "status": np.full(len(places), outbox.SENT),
            "send_id": row[:, 1], "priority_fen": row[:, 4],
        }
    )  # fmt: skip


def _weeks(asked: _Asked, verdict: Ints, reason: Ints, zone: str) -> list[Week]:
    """Counted by week, verdict and reason."""
    number = bucket("week", Zones.everywhere(zone, len(verdict)), asked.row[:, 5])
    kinds, counts = np.unique(np.stack([number, verdict, reason], axis=1), axis=0, return_counts=True)
    found: dict[int, Week] = {}
    for (week, said, why), count in zip(kinds.tolist(), counts.tolist(), strict=True):
        one = found.setdefault(week, Week(date(1970, 1, 1) + timedelta(days=int(bucket_days("week", np.array([week]))[0][0]))))
        one.asked += count
        if _VERDICTS[said] == "allow":
            one.allowed += count
        else:
            (one.waits if _VERDICTS[said] == "wait" else one.refusals)[CODES[why]] += count
    return [found[week] for week in sorted(found)]
