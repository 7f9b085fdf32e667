"""Outbox 待发箱: the messages of each person and the dispatches that carry them, written and settled in the caller's transaction.

A message is a reservation: it holds its slot against the caps as long as its status is one of `COUNTING`. A dispatch keeps in
`counts` how many of its messages have which status; `mark` is the only door by which a status changes, and it keeps
those counts and appends `messages_changed` in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ARRAY, BigInteger, Connection, Row, SmallInteger, bindparam, func, select, update

from siyu.carriers import accounts
from siyu.connectors.official_account.mass import LEAST_PEOPLE
from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_CHANGED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import among, select_in
from siyu.foundation.errors import NotFoundError
from siyu.foundation.text import Text
from siyu.identity.current import current
from siyu.messaging import _tables, policy

STATUSES = ("planned", "attempting", "sent", "received", "unknown", "refused", "failed", "released", "cancelled", "displaced")
PLANNED, ATTEMPTING, SENT, RECEIVED, UNKNOWN, REFUSED, FAILED, RELEASED, CANCELLED, DISPLACED = range(10)
COUNTING = (PLANNED, ATTEMPTING, SENT, RECEIVED, UNKNOWN)
"""Statuses that count against the caps."""
PURPOSES = policy.PURPOSES
"""By their number in `messaging_message.purpose`."""
DISPATCH_PEOPLE = {"wecom": 10_000, "official_account": 10_000}
DISPATCH_PEOPLE_ELSE = 1_000
"""People in one dispatch, at most: what one call of the carrier takes, or what is sent between two looks at the clock."""
ANSWER = "answer"
"""The form of a message that goes out within a window that the person opened."""
KEY = ("customer_id", "send_id", "route", "identity_key")
"""What names a message."""
PEOPLE = pa.schema([("customer_id", pa.int64()), ("identity_key", pa.int64()), ("route", pa.int16())])
_message, _dispatch = _tables.message, _tables.dispatch


@dataclass(frozen=True)
class Dispatch:
    """A chunk, without its people (see `people_of`). `counts`: status → messages."""

    id: int
    send_id: int
    account_id: int
    carrier: str
    staff: str
    variant: str
    due_at: datetime
    status: str
    status_code: str | None
    fence: int
    holder: str | None
    leased_until: datetime | None
    attempt_count: int
    next_at: datetime | None
    people_count: int
    ref: str | None
    counts: dict[str, int]
    created_at: datetime
    settled_at: datetime | None
    attempted_at: datetime | None
    form: str | None
    crash_count: int


_COLUMNS = [_dispatch.c[name] for name in Dispatch.__dataclass_fields__]


def real_form(form: str | None, people_count: int) -> str | None:
    """What a dispatch is to its carrier: to one person alone nothing is a mass send."""
    return ANSWER if form == policy.MASS and people_count < LEAST_PEOPLE else form


def find_dispatch(tx: Connection, dispatch_id: int) -> Dispatch:
    row = tx.execute(select(*_COLUMNS).where(_dispatch.c.id == dispatch_id)).first()
    if row is None:
        raise NotFoundError(Text(f"没有派发 {dispatch_id}", f"there is no dispatch {dispatch_id}"))
    return to_dispatch(row)


def list_dispatches(tx: Connection, *, send_id: int | None = None, status: str | None = None, after: int = 0, limit: int = 50) -> list[Dispatch]:
    """In the order in which they were made."""
    query = select(*_COLUMNS).where(_dispatch.c.id > after)
    if send_id is not None:
        query = query.where(_dispatch.c.send_id == send_id)
    if status is not None:
        query = query.where(_dispatch.c.status == status)
    return [to_dispatch(row) for row in tx.execute(query.order_by(_dispatch.c.id).limit(limit))]


def to_dispatch(row: Row[Any]) -> Dispatch:
    return Dispatch(**{name: getattr(row, name) for name in Dispatch.__dataclass_fields__})


def packed(people: pa.Table) -> bytes:
    """People of a dispatch as they are stored."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, PEOPLE) as writer:
        writer.write_table(people.select(PEOPLE.names).cast(PEOPLE))
    return bytes(sink.getvalue())


def unpacked(people: bytes) -> pa.Table:
    if not people:
        return PEOPLE.empty_table()
    with pa.ipc.open_stream(people) as reader:
        return reader.read_all()


def people_of(tx: Connection, dispatch_id: int) -> pa.Table:
    """The messages of a dispatch as they are now: `KEY`, status, status_code, account_id, purpose, priority_fen, at_ms, floating; in the
    order of customer_id. People who were merged since stand under the number they have, those who were erased are gone, and
    so are messages that another dispatch carries now. Empty once it is settled."""
    row = tx.execute(select(_dispatch.c.send_id, _dispatch.c.people).where(_dispatch.c.id == dispatch_id)).first()
    if row is None:
        raise NotFoundError(Text(f"没有派发 {dispatch_id}", f"there is no dispatch {dispatch_id}"))
    people = unpacked(row.people)
    now = current(tx, people["customer_id"].to_pylist())
    keys = pa.table(
        {
            "customer_id": pa.array([now[each] for each in people["customer_id"].to_pylist()], pa.int64()),
            "send_id": pa.array([row.send_id] * people.num_rows, pa.int64()),
            "route": people["route"],
            "identity_key": people["identity_key"],
        }
    )
    found = messages(tx, keys)
    mine = found.filter(pc.or_kleene(pc.equal(found["dispatch_id"], dispatch_id), pc.is_null(found["dispatch_id"])))
    return mine.sort_by([("customer_id", "ascending"), ("route", "ascending"), ("identity_key", "ascending")])


_ROW = pa.schema(
    [
        ("customer_id", pa.int64()), ("send_id", pa.int64()), ("route", pa.int16()), ("identity_key", pa.int64()), ("dispatch_id", pa.int64()),
        ("account_id", pa.int64()), ("purpose", pa.int16()), ("exempt", pa.bool_()), ("priority_fen", pa.int64()), ("at_ms", pa.int64()),
        ("floating", pa.bool_()), ("status", pa.int16()), ("status_code", pa.string()),
    ]
)  # fmt: skip


def messages(tx: Connection, keys: pa.Table) -> pa.Table:
    """The messages named by `keys` (columns of `KEY`), all columns; those that are not there are absent."""
    wanted = set(zip(*(keys[name].to_pylist() for name in KEY), strict=True))
    rows = _of_people(tx, [_message.c[name] for name in _ROW.names], {key[0] for key in wanted}, {key[1] for key in wanted})
    chosen = [tuple(row) for row in rows if tuple(row[:4]) in wanted]
    columns = list(zip(*chosen, strict=True)) if chosen else [()] * len(_ROW)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, _ROW, strict=True)], schema=_ROW)


def _of_people(tx: Connection, columns: Sequence[Any], customers: set[int], sends: set[int]) -> Sequence[Row[Any]]:
    mine = among(tx, _message.c.customer_id, sorted(customers)) & _message.c.send_id.in_(sorted(sends))
    return tx.execute(select(*columns).where(mine)).all()


def mark(
    tx: Connection, keys: pa.Table, status: int, *, now: datetime, code: str | None = None, at_ms: int | None = None, was: Sequence[int] | None = None,
    floating: bool | None = None, tell: bool = True,
) -> int:  # fmt: skip
    """Give messages another status, as a set.

    Parameters
    ----------
    keys
        Columns of `KEY`; others are not looked at. Rows whose message is gone are passed over.
    status
        A number of `STATUSES`.
    code
        Why: one of `messaging.reasons`, or the carrier's own code.
    at_ms
        When it was sent, epoch ms: its place in the windows of the caps from now on. None leaves it where it is.
    was
        Only messages in one of these statuses are changed; None: any other than `status`.
    floating
        False once the member of staff has sent it; None leaves it as it is.
    tell
        False where nobody need hear of it: that a call is about to be made.

    Returns
    -------
    int
        How many changed; each is a row of `messages_changed`.
    """
    found = messages(tx, keys)
    changes = pc.not_equal(found["status"], status) if was is None else pc.is_in(found["status"], pa.array(list(was), pa.int16()))
    found = found.filter(changes)
    if not found.num_rows:
        return 0
    values: dict[str, Any] = {"status": status, "status_code": code}
    values |= {"at_ms": at_ms} if at_ms is not None else {}
    values |= {"floating": floating} if floating is not None else {}
    _update(tx, found, values)
    _count(tx, Counter(zip(found["dispatch_id"].to_pylist(), found["status"].to_pylist(), strict=True)), status)
    if tell:
        _tell(tx, found, status, code, to_ms(now) if at_ms is None else at_ms, now)
    return int(found.num_rows)


def _update(tx: Connection, found: pa.Table, values: dict[str, Any]) -> None:
    keys = [found[name].to_pylist() for name in KEY]
    if tx.dialect.name == "sqlite":
        # To the driver as they are: SQLAlchemy would take longer over each row than SQLite does.
        setting = ", ".join(f"{name} = ?" for name in values)
        naming = " AND ".join(f"{name} = ?" for name in KEY)
        given = tuple(values.values())
        tx.exec_driver_sql(f"UPDATE messaging_message SET {setting} WHERE {naming}", [(*given, *key) for key in zip(*keys, strict=True)])
        return
    types = (BigInteger, BigInteger, SmallInteger, BigInteger)
    arrays = [bindparam(f"k{place}", column, ARRAY(kind)) for place, (column, kind) in enumerate(zip(keys, types, strict=True))]
    named = func.unnest(*arrays).table_valued(*KEY, name="named").render_derived()
    same = [_message.c[name] == named.c[name] for name in KEY]
    tx.execute(update(_message).where(*same).values(**values))


def hand_over(tx: Connection, keys: pa.Table, dispatch_id: int, at_ms: int | None = None) -> None:
    """From now on another dispatch carries these messages; `at_ms`: they are due then. The caller keeps the counts of both."""
    _update(tx, keys, {"dispatch_id": dispatch_id} | ({} if at_ms is None else {"at_ms": at_ms}))


def _count(tx: Connection, left: Counter[tuple[int | None, int]], status: int) -> None:
    """Bring the counts of the dispatches concerned up to date."""
    moves: dict[int, Counter[int]] = {}
    for (dispatch_id, before), count in left.items():
        if dispatch_id is not None:
            moves.setdefault(dispatch_id, Counter())[before] += count
    if not moves:
        return
    query = select(_dispatch.c.id, _dispatch.c.counts).where(among(tx, _dispatch.c.id, sorted(moves))).order_by(_dispatch.c.id)
    rows = tx.execute(query.with_for_update()).all()
    for dispatch_id, counts in rows:
        after = Counter(counts)
        for before, count in moves[dispatch_id].items():
            after[STATUSES[before]] -= count
            after[STATUSES[status]] += count
        kept = {name: count for name, count in after.items() if count}
        tx.execute(update(_dispatch).where(_dispatch.c.id == dispatch_id).values(counts=kept))


def _tell(tx: Connection, found: pa.Table, status: int, code: str | None, at_ms: int, now: datetime) -> None:
    size = found.num_rows
    ids = pc.unique(found["dispatch_id"].drop_null()).to_pylist()
    of = {row[0]: (row[1], row[2]) for row in select_in(tx, [_dispatch.c.id, _dispatch.c.carrier, _dispatch.c.variant], _dispatch.c.id, ids)}
    every = {account.id: account for account in accounts.list_accounts(tx)}
    products = {number: account.product for number, account in every.items()}
    costs = {number: cost_fen(account.all_settings) for number, account in every.items()}
    account_ids, dispatch_ids = found["account_id"].to_pylist(), found["dispatch_id"].to_pylist()
    rows = {
        **{name: found[name] for name in (*KEY, "account_id")},
        "carrier": [of[d][0] if d in of else products.get(a) for d, a in zip(dispatch_ids, account_ids, strict=True)],
        "variant": [of[d][1] if d in of else None for d in dispatch_ids],
        "purpose": pa.array(PURPOSES).take(found["purpose"].cast(pa.int32())),
        "status": pa.array([STATUSES[status]] * size), "reason": pa.array([code] * size, pa.string()),
        "cost_fen": [costs.get(a, 0) if status == SENT else 0 for a in account_ids], "at_ms": pa.array([at_ms] * size, pa.int64()),
    }  # fmt: skip
    log.append(tx, MESSAGES_CHANGED, MESSAGES_CHANGED.table(rows), now=now)


def cost_fen(settings: Mapping[str, Any]) -> int:
    """What an account's carrier takes for a message, fen (setting `message_cost_fen`)."""
    return int(settings.get("message_cost_fen") or 0)


def settle(tx: Connection, dispatch_id: int, status: str, *, now: datetime, code: str | None = None, ref: str | None = None, keeps_people: bool = False) -> None:
    """A dispatch has ended: its people are emptied, the messages hold the truth. The caller has checked the fence and marked the messages.

    `keeps_people`: the carrier will still tell of it, by the dispatch alone.
    """
    values: dict[str, Any] = {"status": status, "status_code": code, "settled_at": now, "holder": None, "leased_until": None, "next_at": None}
    values |= {} if keeps_people else {"people": b""}
    values |= {"ref": ref} if ref is not None else {}
    tx.execute(update(_dispatch).where(_dispatch.c.id == dispatch_id).values(**values))


def release_cancelled(tx: Connection, send_id: int, now: datetime) -> bool:
    """Give back what one dispatch of a cancelled send held; False when none is left that holds something."""
    holding = (_dispatch.c.send_id == send_id) & (_dispatch.c.status == "cancelled") & (func.length(_dispatch.c.people) > 0)
    row = tx.execute(select(_dispatch.c.id, _dispatch.c.status_code).where(holding).order_by(_dispatch.c.id).limit(1)).first()
    if row is None:
        return False
    mark(tx, people_of(tx, row.id), CANCELLED, now=now, code=row.status_code, was=(PLANNED, ATTEMPTING))
    settle(tx, row.id, "cancelled", now=now, code=row.status_code)
    return True
