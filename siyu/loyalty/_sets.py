"""Sets of rows in SQL: whole columns bound as one value, on both ledgers; who is asked for, as they are now; shares in order."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Subquery, func, literal, select
from sqlalchemy.dialects import postgresql

from siyu.foundation.ids import Ints
from siyu.identity.current import current
from siyu.identity.identifiers import primary_keys


class People:
    """Some customers and a number for each, as they are now: ascending, each once, their numbers added up. `unknown` is nobody any more."""

    def __init__(self, tx: Connection, customer_ids: Sequence[int] | Ints, amounts: Sequence[int] | Ints) -> None:
        asked = np.asarray(customer_ids, np.int64)
        now = current(tx, asked.tolist())
        mine = np.array([now[one] for one in asked.tolist()], np.int64)
        ids, place = np.unique(mine, return_inverse=True)
        total = np.zeros(len(ids), np.int64)
        np.add.at(total, place, np.asarray(amounts, np.int64))
        self._keys = primary_keys(tx, ids.tolist())
        known = np.isin(ids, np.array(list(self._keys), np.int64))
        self.unknown: Ints = ids[~known]
        self.ids: Ints = ids[known]
        self.amounts: Ints = total[known]

    def keys_of(self, ids: Ints) -> list[int]:
        """One identity key of each: what is told of them follows it."""
        return [self._keys[one] for one in ids.tolist()]


def columns(tx: Connection, **values: Ints) -> Subquery:
    """Whole numbers as a table in a statement: one column for each name."""
    if tx.dialect.name == "sqlite":
        rows = msgspec.json.encode(np.column_stack(list(values.values())).tolist()).decode()
        each = func.json_each(rows).table_valued("value").c.value
        picked: list[ColumnElement[int]] = [func.json_extract(each, f"$[{place}]").label(name) for place, name in enumerate(values)]
        return select(*picked).subquery()
    arrays = [literal(one.tolist(), postgresql.ARRAY(BigInteger)) for one in values.values()]
    return _unnested(arrays, list(values)).subquery()


def _unnested(arrays: Sequence[ColumnElement[Sequence[int]]], names: Sequence[str]) -> Select[tuple[int, ...]]:
    rows = func.unnest(*arrays).table_valued(*names).render_derived()
    return select(*(rows.c[name] for name in names))


def shares(owner: Ints, there: Ints, wanted: Ints) -> Ints:
    """How much of each row is taken when every owner's rows are used up one after the other until what they want is had.

    `owner` ascending; `wanted` in the order of the owners that occur. Nobody takes more than there is.
    """
    if not len(owner):
        return np.zeros(0, np.int64)
    _, first, place = np.unique(owner, return_index=True, return_inverse=True)
    want = np.asarray(wanted, np.int64)[place]
    before = np.cumsum(there) - there
    before -= before[first][place]
    taken: Ints = np.clip(want - before, 0, there)
    return taken


def sums(owner: Ints, there: Ints, ids: Ints) -> Ints:
    """What each of `ids` (ascending) has in all rows."""
    total = np.zeros(len(ids), np.int64)
    place = np.searchsorted(ids, owner)
    np.add.at(total, place, there)
    return total
