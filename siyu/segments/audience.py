"""Audience 人群包: a frozen list of people made from segments and customer lists, by set operations, each person once.

Nobody is cut off at some number: a list is as long as its segments say. Numbers of customers who were merged stand for
whom they are now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.identity.current import current
from siyu.identity.facts import IDENTITY_LINK
from siyu.segments.facts import SEGMENTS_MEMBER
from siyu.segments.segments import find_segment

MOST_LISTED = 100_000
"""Customers that may be named one by one; more are a segment."""
_LISTED = "_audience_listed"


@dataclass(frozen=True)
class AudienceRule:
    """Members of any of `include` and the customers named, without members of any of `exclude`.

    `customer_ids` None names nobody. Nothing included and nobody named is a fault, never everybody.
    """

    include: tuple[int, ...] = ()
    exclude: tuple[int, ...] = ()
    customer_ids: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Audience:
    """Both ascending, each person once: those who are in it, and those who would be but for what is excluded."""

    customer_ids: Ints
    excluded_ids: Ints


def check(tx: Connection, rule: AudienceRule, field: str = "audience") -> list[Fault]:
    """Every fault: nobody in it, too long a list, segments that are not there or are held back by a problem."""
    faults: list[Fault] = []
    if not rule.include and not rule.customer_ids:
        faults.append(Fault(f"{field}.include", Text("至少选一个分群，或列出客户", "choose a segment, or name customers")))
    if rule.customer_ids is not None and len(rule.customer_ids) > MOST_LISTED:
        faults.append(Fault(f"{field}.customer_ids", Text(f"最多列出 {MOST_LISTED:,} 位；更多请建分群", f"at most {MOST_LISTED:,} may be named; make a segment of more")))
    for part, ids in (("include", rule.include), ("exclude", rule.exclude)):
        for place, segment_id in enumerate(ids):
            where = f"{field}.{part}.{place}"
            try:
                segment = find_segment(tx, segment_id)
            except NotFoundError:
                faults.append(Fault(where, Text(f"没有分群 {segment_id}", f"there is no segment {segment_id}")))
                continue
            # Failing closed: of a rule that is not valid nobody knows whom it would leave out.
            if segment.problem:
                faults.append(Fault(where, Text(f"分群「{segment.name}」的规则已失效，先改好它", f"the rule of the segment {segment.name} is not valid; mend it first")))
            elif segment.computed_version is None:
                faults.append(Fault(where, Text(f"分群「{segment.name}」还没有算过，稍后再试", f"the segment {segment.name} has not been computed yet; try again soon")))
    return faults


def freeze(stores: Stores, session: Session, rule: AudienceRule) -> Audience:
    """Whom the rule names now.

    Raises
    ------
    InvalidError
        With every fault of `check`.
    """
    with stores.ledger.read() as tx:
        faults = check(tx, rule)
        listed = sorted(set(current(tx, rule.customer_ids).values())) if rule.customer_ids and not faults else []
    if faults:
        raise InvalidError(Text("人群有误", "the audience is not valid"), faults=faults)
    session.keep(_LISTED, pa.table({"customer_id": pa.array(listed, pa.int64())}))
    included = _members(rule.include)
    named = ibis.table({"customer_id": "int64"}, name=_LISTED)
    everybody = ibis.union(included, named, distinct=True)
    # A number without an identifier stands for nobody any more (it was merged, or erased).
    known = session.keep("_audience", everybody.semi_join(IDENTITY_LINK.table, "customer_id"))
    ids = np.sort(session.query(known)["customer_id"].to_numpy())
    if not rule.exclude:
        return Audience(ids, ids[:0])
    out = np.sort(session.query(known.semi_join(_members(rule.exclude), "customer_id"))["customer_id"].to_numpy())
    return Audience(np.setdiff1d(ids, out, assume_unique=True), out)


def _members(segment_ids: Sequence[int]) -> ir.Table:
    table = SEGMENTS_MEMBER.table
    return table.filter(table.entered & table.segment_id.isin(list(segment_ids) or [-1])).select("customer_id").distinct()
