"""Tags 标签: facts that people state about customers; put on and taken off in sets, each change an event.

The ledger holds who has which tag now. What changed is appended as `tags_changed` in the same transaction, so the fact
`customers_tag`, which rules read, follows by publishing. Putting on a tag that is there changes nothing and says nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np
import pyarrow as pa
from sqlalchemy import BigInteger, Connection, delete, func, literal, select, true
from sqlalchemy.dialects import postgresql, sqlite

from siyu.customers import _tables
from siyu.events import log
from siyu.events.catalogue.customers import TAGS_CHANGED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import select_in
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

LONGEST = 64
MOST_AT_ONCE = 50
_CHUNK = 20_000
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True)
class Tag:
    tag: str
    tagged_at: datetime
    by: str


@dataclass(frozen=True)
class TagCount:
    """One tag and how many customers have it."""

    tag: str
    customer_count: int


def change_tags(
    tx: Connection, customer_ids: Sequence[int] | pa.Array | pa.ChunkedArray, *, add: Sequence[str], remove: Sequence[str], by: str, now: datetime
) -> int:
    """Put tags on and take tags off, for any number of customers, in the caller's transaction.

    Returns
    -------
    int
        How many (customer, tag) pairs changed; each is one row of `tags_changed`, the others are not told.

    Raises
    ------
    InvalidError
        With a fault for every tag that is empty, too long or has control characters, or that is on both sides.
    """
    added, removed = check_tags(add, remove)
    ids = np.unique(np.asarray(customer_ids, np.int64))
    count = 0
    for start in range(0, ids.size, _CHUNK):
        chunk: list[int] = ids[start : start + _CHUNK].tolist()
        parts = [(tag, True, _put_on(tx, chunk, tag, by, now)) for tag in added]
        parts += [(tag, False, _take_off(tx, chunk, tag)) for tag in removed]
        rows = [_rows(tag, is_added, changed, by, now) for tag, is_added, changed in parts if changed]
        if rows:
            table = pa.concat_tables(rows)
            log.append(tx, TAGS_CHANGED, table, now=now)
            count += table.num_rows
    return count


def check_tags(add: Sequence[str], remove: Sequence[str]) -> tuple[list[str], list[str]]:
    """The tags as they are stored: blanks around them gone, one form of each character, each once, in order."""
    faults = [
        Fault(f"{side}[{number}]", fault)
        for side, names in (("add", add), ("remove", remove))
        for number, name in enumerate(names)
        if (fault := _fault(_clean(name))) is not None
    ]
    added, removed = (sorted({_clean(name) for name in names}) for names in (add, remove))
    both = Text("一个标签不能同时打上又去掉", "a tag cannot be both put on and taken off")
    faults += [Fault("remove", both)] if set(added) & set(removed) else []
    if not added and not removed:
        faults.append(Fault("add", Text("请至少给一个标签", "at least one tag is needed")))
    if len(added) + len(removed) > MOST_AT_ONCE:
        faults.append(Fault("add", Text(f"一次最多 {MOST_AT_ONCE} 个标签", f"at most {MOST_AT_ONCE} tags at once")))
    if faults:
        raise InvalidError(Text("标签有误", "the tags are not valid"), faults=faults)
    return added, removed


def tags_of(tx: Connection, customer_ids: Iterable[int]) -> dict[int, list[Tag]]:
    """Tags by customer, in the order of their names; customers without any are left out."""
    t = _tables.tag
    found: dict[int, list[Tag]] = {}
    for customer, *tag in select_in(tx, [t.c.customer_id, t.c.tag, t.c.tagged_at, t.c.by], t.c.customer_id, list(customer_ids)):
        found.setdefault(customer, []).append(Tag(*tag))
    return {customer: sorted(tags, key=lambda tag: tag.tag) for customer, tags in found.items()}


def count_tags(tx: Connection) -> list[TagCount]:
    """Every tag in use, the most used first."""
    t = _tables.tag
    rows = tx.execute(select(t.c.tag, func.count().label("n")).group_by(t.c.tag))
    return sorted((TagCount(tag, int(n)) for tag, n in rows), key=lambda each: (-each.customer_count, each.tag))


def _put_on(tx: Connection, customer_ids: Sequence[int], tag: str, by: str, now: datetime) -> list[int]:
    """Those who did not have it. The statement itself tells, so two writers at once never both say "new"."""
    t = _tables.tag
    rest = (literal(tag, t.c.tag.type), literal(now, t.c.tagged_at.type), literal(by, t.c.by.type))
    # One bound value for the whole set: as rows of parameters it takes seven times as long.
    if tx.dialect.name == "sqlite":
        ids = func.json_each(msgspec.json.encode(customer_ids).decode()).table_valued("value").c.value
        # Without WHERE, SQLite would read ON CONFLICT as the condition of a join.
        rows = select(ids, *rest).where(true())
        insert = sqlite.insert(t).from_select(list(t.c), rows).on_conflict_do_nothing()
        return list(tx.scalars(insert.returning(t.c.customer_id)))
    rows = select(func.unnest(literal(list(customer_ids), postgresql.ARRAY(BigInteger))), *rest)
    return list(tx.scalars(postgresql.insert(t).from_select(list(t.c), rows).on_conflict_do_nothing().returning(t.c.customer_id)))


def _take_off(tx: Connection, customer_ids: Sequence[int], tag: str) -> list[int]:
    t = _tables.tag
    return list(tx.scalars(delete(t).where(t.c.tag == tag, t.c.customer_id.in_(customer_ids)).returning(t.c.customer_id)))


def _rows(tag: str, is_added: bool, customer_ids: Sequence[int], by: str, now: datetime) -> pa.Table:
    size = len(customer_ids)
    columns = {"tag": [tag] * size, "added": [is_added] * size, "at_ms": [to_ms(now)] * size, "by": [by] * size}
    return TAGS_CHANGED.table({"customer_id": sorted(customer_ids), **columns})


def _clean(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def _fault(name: str) -> Text | None:
    if not name:
        return Text("标签不能为空", "a tag must not be empty")
    if len(name) > LONGEST:
        return Text(f"标签最多 {LONGEST} 个字", f"a tag has at most {LONGEST} characters")
    if any(unicodedata.category(character) in _UNSEEN for character in name):
        return Text("标签不能含有控制字符", "a tag must not hold control characters")
    return None
