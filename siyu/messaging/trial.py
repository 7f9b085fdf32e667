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

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from siyu.carriers import accounts
from siyu.foundation.clock import DAY_MS, Calendar, from_ms, to_ms
from siyu.messaging import _tables, outbox, restraint
from siyu.messaging.policy import Policy
from siyu.messaging.restraint import HISTORY, Request

MOST = 500_000
"""Messages of one trial, the newest: about 5 s on one core."""
_COLUMNS = ("customer_id", "send_id", "account_id", "purpose", "exempt", "priority_fen", "at_ms", "floating", "identity_key")


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
    products = {account.id: account.product for account in accounts.list_accounts(tx)}
    found: dict[date, Week] = {}
    allowed = HISTORY.empty_table()
    for send_id, purpose, exempt, due_ms, until_ms, priority in _sends(tx, rows):
        asked = rows.filter(pc.equal(rows["send_id"], send_id)).sort_by("customer_id")
        routes = _routes(asked, products)
        request = Request(send_id, purpose, due_ms, until_ms, priority, policy.is_exempt(exempt, purpose), use_global_holdout=False, may_displace=False)
        before = allowed.filter(pc.is_in(allowed["customer_id"], asked["customer_id"]))
        table = restraint.decide(policy, request, asked.select(["customer_id"]), routes, before, zone=str(calendar.zone)).table
        _count(found, table, asked["at_ms"], calendar)
        told = pc.not_equal(table["verdict"], "refuse")
        allowed = pa.concat_tables([allowed, _counted(asked.filter(told), table.filter(told), products, request.exempt)])
    first = from_ms(pc.min(rows["at_ms"]).as_py()) if cut else now - timedelta(weeks=weeks)
    return Trial(first, now, [found[on] for on in sorted(found)], cut)


def _messages(tx: Connection, from_ms_: int, to_ms_: int) -> tuple[pa.Table, bool]:
    """One row a person and send: the way that counted."""
    table = _tables.message
    wanted = select(*(table.c[name] for name in _COLUMNS)).where(table.c.at_ms.between(from_ms_, to_ms_), table.c.status.in_(outbox.COUNTING))
    got = tx.execute(wanted.order_by(table.c.at_ms.desc(), table.c.send_id, table.c.customer_id, table.c.route).limit(MOST + 1)).all()
    columns = list(zip(*got[:MOST], strict=True)) if got else [()] * len(_COLUMNS)
    kinds = {"exempt": pa.bool_(), "floating": pa.bool_()}
    rows = pa.table({name: pa.array(column, kinds.get(name, pa.int64())) for name, column in zip(_COLUMNS, columns, strict=True)})
    first = rows.group_by(["send_id", "customer_id"], use_threads=False).aggregate([(name, "first") for name in _COLUMNS if name not in ("send_id", "customer_id")])
    return first.rename_columns([name.removesuffix("_first") for name in first.column_names]).select(list(_COLUMNS)), len(got) > MOST


def _sends(tx: Connection, rows: pa.Table) -> list[tuple[int, str, bool, int, int, int]]:
    """(id, purpose, exempt, due, until, value) of the sends, in the order in which they were due."""
    send = _tables.send
    ids = pc.unique(rows["send_id"]).to_pylist()
    found = [row for at in range(0, len(ids), 500) for row in tx.execute(select(send).where(send.c.id.in_(ids[at : at + 500])))]
    return sorted(
        ((row.id, row.purpose, row.exempt, to_ms(row.due_at), max(to_ms(row.until_at), to_ms(row.due_at)), row.priority_fen) for row in found), key=lambda one: (one[3], one[0])
    )


def _routes(asked: pa.Table, products: dict[int, str]) -> pa.Table:
    size = asked.num_rows
    return pa.table(
        {
            "customer_id": asked["customer_id"], "rank": pa.array([0] * size, pa.int16()), "account_id": asked["account_id"], "carrier": _carriers(asked, products),
            "identity_key": asked["identity_key"], "staff": pa.array([""] * size), "consented": pa.array([True] * size), "closed": pa.nulls(size, pa.string()),
            "floating": pa.array([False] * size),
        }
    )  # fmt: skip


def _carriers(rows: pa.Table, products: dict[int, str]) -> pa.Array:
    return pa.array([products.get(account, "") for account in rows["account_id"].to_pylist()], pa.string())


def _counted(asked: pa.Table, told: pa.Table, products: dict[int, str], exempt: bool) -> pa.Table:
    size = asked.num_rows
    columns: dict[str, Any] = {
        "customer_id": asked["customer_id"], "at_ms": told["at_ms"], "purpose": asked["purpose"], "exempt": pa.array([exempt] * size), "floating": pa.array([False] * size),
        "status": pa.array([outbox.SENT] * size), "account_id": asked["account_id"], "carrier": _carriers(asked, products), "staff": pa.array([""] * size),
        "priority_fen": asked["priority_fen"], "send_id": asked["send_id"], "route": pa.array([0] * size), "identity_key": asked["identity_key"],
    }  # fmt: skip
    return pa.table(columns).cast(HISTORY)


def _count(found: dict[date, Week], table: pa.Table, at_ms: pa.ChunkedArray, calendar: Calendar) -> None:
    days: dict[int, date] = {}
    for verdict, reason, at in zip(table["verdict"].to_pylist(), table["reason"].to_pylist(), at_ms.to_pylist(), strict=True):
        day = days.get(at // DAY_MS)
        if day is None:
            on = calendar.on(from_ms(at))
            day = days[at // DAY_MS] = on - timedelta(days=on.weekday())
        week = found.setdefault(day, Week(day))
        week.asked += 1
        if verdict == "allow":
            week.allowed += 1
        else:
            (week.waits if verdict == "wait" else week.refusals)[reason] += 1
