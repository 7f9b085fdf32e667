"""Past 历史: the messages of an audience as `restraint.HISTORY`, read as one range of the table: it is kept in the order of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Select, case, func, or_, select

from siyu.foundation.database import select_in, whose
from siyu.foundation.ids import Ints
from siyu.messaging import _tables
from siyu.messaging.outbox import COUNTING, PLANNED, real_form
from siyu.messaging.restraint import HISTORY

_m = _tables.message
_NARROW = 5
_TOLD_BY_DISPATCH = ("wecom", "official_account", "mini_program")
"""Carriers of which a dispatch says who sends, or what its messages are to the carrier."""


def past(tx: Connection, ids: Ints, *, since_ms: int, until_ms: int, send_id: int, products: Mapping[int, str], again: bool = False) -> tuple[pa.Table, Ints]:
    """The messages of these people that count, near a span, floating or planned; and who of them has a message of this send, whatever became of
    it (`again`: one that counts).

    `products`: account → carrier. `ids` ascending. Details that only matter where a message can give way are read for planned ones alone.
    """
    if not len(ids):
        return HISTORY.empty_table(), ids
    near = (_m.c.at_ms >= since_ms) & (_m.c.at_ms < until_ms)
    counts = (_m.c.status <= max(COUNTING)) & or_(near, _m.c.floating, _m.c.status == PLANNED)
    flags = _m.c.purpose + case((_m.c.exempt, 8), else_=0) + case((_m.c.floating, 16), else_=0) + _m.c.status * 32 + _m.c.account_id * 1024
    own = _m.c.send_id == send_id
    narrow = select(_m.c.customer_id, _m.c.at_ms, flags, func.coalesce(_m.c.dispatch_id, 0), case((own, 1), else_=0) + case((counts, 2), else_=0))
    rows = fetched(tx, narrow.where(whose(tx, _m.c.customer_id, ids.tolist()), or_(counts, own)), _NARROW)
    mine = np.isin(rows[:, 0], ids, kind="sort") if len(rows) else np.zeros(0, bool)
    rows = rows[mine]
    wanted = 3 if again else 1
    told = np.unique(rows[(rows[:, 4] & wanted) == wanted, 0])
    rows = rows[(rows[:, 4] & 2) == 2]
    is_planned = (rows[:, 2] >> 5) % 32 == PLANNED
    settled = _table(tx, rows[~is_planned], None, products)
    if not is_planned.any():
        return settled, told
    wide = narrow.add_columns(_m.c.send_id, _m.c.route, _m.c.identity_key, _m.c.priority_fen)
    waiting = fetched(tx, wide.where(whose(tx, _m.c.customer_id, ids.tolist()), counts, _m.c.status == PLANNED), _NARROW + 4)
    waiting = waiting[np.isin(waiting[:, 0], ids, kind="sort")]
    return pa.concat_tables([settled, _table(tx, waiting[:, :_NARROW], waiting[:, _NARROW:], products)]), told


def fetched(tx: Connection, query: Select[Any], width: int) -> Any:
    """From the driver as they come: rows of whole numbers."""
    result = tx.execute(query)
    rows: Sequence[Any] = result.cursor.fetchall() if result.cursor is not None else []
    result.close()
    return np.fromiter(chain.from_iterable(rows), np.int64, len(rows) * width).reshape(-1, width)


def by_dispatch(tx: Connection, dispatches: Ints) -> dict[int, tuple[str, str | None]]:
    """Dispatch → who sends it, and what its messages are to the carrier."""
    d = _tables.dispatch
    found = select_in(tx, [d.c.id, d.c.staff, d.c.form, d.c.people_count], d.c.id, dispatches.tolist())
    return {number: (staff, real_form(form, count)) for number, staff, form, count in found}


def _table(tx: Connection, rows: Ints, details: Ints | None, products: Mapping[int, str]) -> pa.Table:
    flags, dispatch = rows[:, 2], rows[:, 3]
    account = flags >> 10
    accounts, of_account = np.unique(account, return_inverse=True)
    dispatches, of_dispatch = np.unique(dispatch, return_inverse=True)
    told = by_dispatch(tx, dispatches) if any(products.get(int(one)) in _TOLD_BY_DISPATCH for one in accounts) else {}
    size = len(rows)

    def detail(place: int, kind: pa.DataType) -> pa.Array:
        return pa.nulls(size, kind) if details is None else pa.array(details[:, place]).cast(kind)

    def named(place: Ints, names: list[str | None]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(place, pa.int32()), pa.array(names, pa.string())).cast(pa.string())

    columns = {
        "customer_id": rows[:, 0], "at_ms": rows[:, 1], "purpose": flags & 7, "exempt": pa.array((flags & 8) > 0), "floating": pa.array((flags & 16) > 0),
        "status": (flags >> 5) % 32, "account_id": account, "carrier": named(of_account, [products.get(int(one), "") for one in accounts]),
        "staff": named(of_dispatch, [told.get(int(one), ("", None))[0] for one in dispatches]), "form": named(of_dispatch, [told.get(int(one), ("", None))[1] for one in dispatches]), "priority_fen": detail(3, pa.int64()), "send_id": detail(0, pa.int64()),
        "route": detail(1, pa.int16()), "identity_key": detail(2, pa.int64()),
    }  # fmt: skip
    return pa.table([pa.array(columns[field.name]).cast(field.type) for field in HISTORY], schema=HISTORY)
