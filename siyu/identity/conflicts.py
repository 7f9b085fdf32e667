"""Conflicts 冲突: identifiers that were seen with somebody else as well, where the limits forbid that both are one person.

A conflict is open until somebody decides: they are one person after all (merged), or they are kept apart, which is
remembered. Those of an identifier that too many people are seen with are nobody's question any more (shared).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, bindparam, func, insert, select, tuple_, update

from siyu.foundation.database import select_in
from siyu.foundation.errors import ConflictError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity import _tables
from siyu.identity.identifiers import customers_of
from siyu.identity.keys import by_key
from siyu.identity.limits import Limits
from siyu.identity.merge import keep_apart, merge, who_stays
from siyu.identity.own import add_claims

State = Literal["open", "merged", "apart", "shared"]
Decision = Literal["merge", "apart"]
Found = tuple[int, int, int, int, str]
"""(identifier, its anchor, who has the identifier, who claims it, the namespace of which there would be too many)."""


@dataclass(frozen=True)
class Conflict:
    """An identifier of `owner_id` that was seen beside one of `claimant_id`; `reason` is the namespace whose limit forbids."""

    identity_key: int
    namespace: str
    owner_id: int
    claimant_id: int
    reason: str | None
    state: State
    claim_count: int
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None

    @property
    def id(self) -> str:
        return f"{self.identity_key}-{self.claimant_id}"


def keep(tx: Connection, found: Sequence[Found], limits: Limits, spaces: Mapping[int, str], now: datetime) -> None:
    """Write down conflicts that are new, and count who claims each identifier; one that is shared asks nobody any more."""
    table = _tables.conflict
    wanted = {(key, claimant): (anchor, reason) for key, anchor, owner, claimant, reason in reversed(found) if owner != claimant}
    keys = sorted({key for key, _ in wanted})
    there = {(row[0], row[1]) for row in select_in(tx, [table.c.identity_key, table.c.customer_id], table.c.identity_key, keys)}
    new = sorted(wanted.keys() - there)
    if not new:
        return
    rows = [{"identity_key": key, "customer_id": claimant, "found_at": now, "state": "open"} for key, claimant in new]
    evidence = [dict(zip(("anchor_key", "reason"), wanted[pair], strict=True)) for pair in new]
    tx.execute(insert(table), [row | why for row, why in zip(rows, evidence, strict=True)])
    add_claims(tx, Counter(key for key, _ in new))
    claims = by_key(tx, [_tables.identifier.c.identity_key, _tables.identifier.c.claim_count], keys)
    crowded = [key for key, count in claims if count > limits.of(spaces[key]).per_identifier]
    if crowded:
        tx.execute(update(table).where(table.c.identity_key == bindparam("_key"), table.c.state == "open").values(state="shared"), [{"_key": key} for key in crowded])


def found_shared(tx: Connection, claims: Mapping[int, int]) -> None:
    """So many people were seen with these identifiers at once."""
    table = _tables.identifier
    rows = [{"_id": each, "claim_count": claims[key]} for each, key in by_key(tx, [table.c.id, table.c.identity_key], claims)]
    if rows:
        tx.execute(update(table).where(table.c.id == bindparam("_id")), rows)


def list_conflicts(
    tx: Connection, state: State = "open", *, before: tuple[datetime, int, int] | None = None, limit: int = 50, customer_id: int | None = None
) -> list[Conflict]:
    """Conflicts of a state, the newest first; with `customer_id` those of one customer, on either side."""
    table, owned = _tables.conflict, _tables.identifier
    order = (table.c.found_at, table.c.identity_key, table.c.customer_id)
    query = select(table).where(table.c.state == state)
    if customer_id is not None:
        theirs = select(owned.c.identity_key).where(owned.c.customer_id == customer_id)
        query = query.where((table.c.customer_id == customer_id) | table.c.identity_key.in_(theirs))
    if before is not None:
        query = query.where(tuple_(*order) < tuple_(*(bindparam(None, value, type_=column.type) for value, column in zip(before, order, strict=True))))
    rows = tx.execute(query.order_by(*(column.desc() for column in order)).limit(limit)).all()
    columns = [owned.c.identity_key, owned.c.namespace, owned.c.customer_id, owned.c.claim_count]
    of = {found.identity_key: found for found in by_key(tx, columns, (row.identity_key for row in rows))}
    return [
        Conflict(row.identity_key, mine.namespace, mine.customer_id, row.customer_id, row.reason, row.state, mine.claim_count, row.found_at, row.decided_at, row.decided_by)
        for row in rows
        if (mine := of.get(row.identity_key)) is not None
    ]


def count_open(tx: Connection) -> int:
    return int(tx.scalar(select(func.count()).select_from(_tables.conflict).where(_tables.conflict.c.state == "open")) or 0)


def decide(stores: Stores, tx: Connection, identity_key: int, claimant_id: int, decision: Decision, *, by: str) -> int | None:
    """Close an open conflict: merge the two customers (the id of the operation), or keep them apart.

    Raises
    ------
    NotFoundError
    ConflictError
        When it was decided already.
    """
    table = _tables.conflict
    mine = (table.c.identity_key == identity_key) & (table.c.customer_id == claimant_id)
    row = tx.execute(select(table).where(mine)).one_or_none()
    owner = customers_of(tx, [identity_key]).get(identity_key)
    if row is None or owner is None:
        raise NotFoundError(Text("没有这个冲突", "there is no such conflict"), way_out=Text("它可能已随合并消失，刷新列表", "it may have gone with a merge; reload the list"))
    if row.state != "open":
        raise ConflictError(Text("这个冲突已有决定", "this conflict was decided already"), way_out=Text("刷新列表", "reload the list"))
    if decision == "merge":
        (stays,) = who_stays(tx, [[owner, claimant_id]])
        goes = claimant_id if stays == owner else owner
        (operation,) = merge(stores, tx, [(stays, goes)], by=by, why="conflict", beyond_limits=True)
        return operation
    tx.execute(update(table).where(mine).values(state="apart", decided_at=stores.now(), decided_by=by[:80]))
    keep_apart(stores, tx, [(owner, claimant_id)], by=by)
    return None
