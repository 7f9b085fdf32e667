"""Minors 未成年人: who is under 14 or 18, the guardian's consent, and people whose data is restricted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, select, update

from siyu.customers import _consent_tables as _t
from siyu.foundation.clock import day_number, from_day_number
from siyu.foundation.database import upsert
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text


@dataclass(frozen=True)
class Minor:
    """`is_child`: under 14, when even consent must be the guardian's (PIPL art. 31)."""

    customer_id: int
    is_child: bool
    adult_on: date
    guardian_at: datetime | None
    guardian_evidence: str | None
    guardian_by: str | None


@dataclass(frozen=True)
class Restriction:
    since: datetime
    by: str
    reason: str


def find_minor(stores: Stores, tx: Connection, customer_id: int) -> Minor | None:
    """None for somebody who is of age, or whose birthday nobody knows."""
    today = day_number(stores.calendar.on(stores.now()))
    t = _t.minor
    row = tx.execute(select(t).where(t.c.customer_id == customer_id, t.c.adult_on > today)).one_or_none()
    if row is None:
        return None
    return Minor(customer_id, today < row.fourteen_on, from_day_number(row.adult_on), row.guardian_at, row.guardian_evidence, row.guardian_by)


def count_minors(stores: Stores, tx: Connection) -> tuple[int, int, int]:
    """People under 18, those of them under 14, and those under 14 without their guardian's consent."""
    today = day_number(stores.calendar.on(stores.now()))
    t = _t.minor
    child = t.c.fourteen_on > today
    query = select(func.count(), func.count().filter(child), func.count().filter(child & t.c.guardian_at.is_(None))).where(t.c.adult_on > today)
    minors, children, waiting = tx.execute(query).one()
    return int(minors), int(children), int(waiting)


def guardian_consents(stores: Stores, tx: Connection, customer_id: int, *, evidence: str, by: str) -> None:
    """Write down that the guardian has consented, and how that is proven.

    Raises
    ------
    InvalidError
    NotFoundError
    """
    if not evidence.strip():
        raise InvalidError(Text("请写明凭证", "say what proves it"), faults=[Fault("evidence", Text("不能为空", "must not be empty"))])
    done = tx.execute(update(_t.minor).where(_t.minor.c.customer_id == customer_id).values(guardian_at=stores.now(), guardian_evidence=evidence[:400], guardian_by=by[:80]))
    if not done.rowcount:
        raise NotFoundError(Text("这位客户不是未成年人", "this customer is no minor"), way_out=Text("先更正生日", "correct the birthday first"))


def restrict(stores: Stores, tx: Connection, customer_id: int, *, by: str, reason: str) -> None:
    """Keep a person's data and use it for nothing but their orders, until it is lifted."""
    upsert(tx, _t.restriction, [{"customer_id": customer_id, "since": stores.now(), "by": by[:80], "reason": reason[:400]}], ["customer_id"])


def lift(tx: Connection, customer_id: int) -> bool:
    return bool(tx.execute(delete(_t.restriction).where(_t.restriction.c.customer_id == customer_id)).rowcount)


def restriction_of(tx: Connection, customer_id: int) -> Restriction | None:
    t = _t.restriction
    row = tx.execute(select(t.c.since, t.c.by, t.c.reason).where(t.c.customer_id == customer_id)).one_or_none()
    return Restriction(*row) if row else None
