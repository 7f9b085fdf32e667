"""Limits 上限: how many identifiers of a namespace one customer may have, and how many people may claim one identifier.

The first keeps different people apart who share something weak; the second finds what is shared by many (the phone of a
shop, a tablet on a counter) and lets it link nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from siyu.events.identifiers import RANKS
from siyu.foundation.database import upsert
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text
from siyu.identity import _tables

MOST = 1_000


@dataclass(frozen=True)
class Limit:
    """`per_customer` identifiers of one namespace (of each shop, corp or app apart); an identifier that more than
    `per_identifier` people are seen with is shared."""

    per_customer: int
    per_identifier: int


DEFAULTS: Mapping[str, Limit] = {
    "member": Limit(1, 3),
    "unionid": Limit(1, 3),
    "account": Limit(1, 3),
    "external_userid": Limit(1, 3),
    "openid": Limit(1, 3),
    "phone": Limit(3, 5),
    "email": Limit(3, 5),
    "anonymous": Limit(50, 5),
}


@dataclass(frozen=True)
class Limits:
    """The limits in force, by kind of namespace."""

    kinds: Mapping[str, Limit]

    def of(self, namespace: str) -> Limit:
        return self.kinds.get(namespace.split(":")[0], DEFAULTS["anonymous"])


def load_limits(tx: Connection) -> Limits:
    rows = tx.execute(select(_tables.limit)).all()
    return Limits({**DEFAULTS, **{row.kind: Limit(row.per_customer, row.per_identifier) for row in rows}})


def change_limit(tx: Connection, kind: str, wanted: Limit | None) -> Limit:
    """Set the limit of a kind of namespace; None goes back to the default. What was linked before stays.

    Raises
    ------
    InvalidError
        With a fault for an unknown kind, and for each number that is not in 1…1,000.
    """
    faults = [] if kind in RANKS else [Fault("kind", Text(f"没有这种标识：{kind}", f"no such kind of identifier: {kind}"))]
    message = Text(f"要在 1 到 {MOST} 之间", f"must lie between 1 and {MOST}")
    faults += [Fault(name, message) for name in ("per_customer", "per_identifier") if wanted and not 1 <= getattr(wanted, name) <= MOST]
    if faults:
        raise InvalidError(Text("上限有误", "the limit is not valid"), faults=faults)
    if wanted is None:
        tx.execute(delete(_tables.limit).where(_tables.limit.c.kind == kind))
        return DEFAULTS[kind]
    upsert(tx, _tables.limit, [{"kind": kind, "per_customer": wanted.per_customer, "per_identifier": wanted.per_identifier}], ["kind"])
    return wanted
