"""Requests 请求: what a person asked for, until when it must be answered, who did what about it.

received → verified (somebody made sure that it is the person) → approved (it is to be done) → working (a job does it) → done; or refused with a reason, or
taken back by the person. Access, correction and erasure are carried out by jobs and doors of their own; a restriction and a
withdrawal take effect at once, because nothing is lost by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from siyu.customers import consent, minors
from siyu.customers.consent import Proof, Statement
from siyu.customers.purposes import ALL_CARRIERS, purposes
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.ids import new_id
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.rights._tables import request as table
from siyu.rights.people import family, is_known
from siyu.team import audit
from siyu.team.audit import Actor

Kind = Literal["access", "correct", "erase", "restrict", "withdraw"]
KINDS: dict[str, Text] = {
    "access": Text("查阅、复制", "Access and copy"),
    "correct": Text("更正、补充", "Correct"),
    "erase": Text("删除", "Erase"),
    "restrict": Text("限制处理", "Restrict"),
    "withdraw": Text("撤回同意", "Withdraw consent"),
}
STATES: dict[str, Text] = {
    "received": Text("已收到", "Received"),
    "verified": Text("已核实身份", "Identity checked"),
    "approved": Text("待执行", "Approved"),
    "working": Text("处理中", "In progress"),
    "done": Text("已完成", "Done"),
    "refused": Text("已拒绝", "Refused"),
    "cancelled": Text("已取消", "Taken back"),
}
OPEN = ("received", "verified", "approved", "working")
DUE_WORKING_DAYS = 15
LONGEST = 1_000
_CONTEXT = "rights request"


@dataclass(frozen=True)
class Request:
    """`said` is what the person wrote, `wanted` the values they want instead (attribute or identifier → value)."""

    id: str
    number: int
    customer_id: int
    kind: str
    state: str
    source: str
    received_at: datetime
    received_by: str
    due_on: date
    said: str
    wanted: dict[str, str]
    verified_at: datetime | None
    verified_by: str | None
    verified_how: str | None
    ended_at: datetime | None
    ended_by: str | None
    reason: str | None
    job_id: str | None
    receipt: dict[str, Any] | None
    file_until: datetime | None

    @property
    def receipt_number(self) -> str:
        """What the person is told: the local day and the running number."""
        return f"SY-{self.number:06d}"


def open_request(
    stores: Stores, tx: Connection, customer_id: int, kind: str, actor: Actor, *, source: str, said: str = "", wanted: dict[str, str] | None = None
) -> Request:
    """Take a request; the same one that is still open is returned instead of a second.

    Raises
    ------
    InvalidError
    NotFoundError
        When there is no such customer.
    """
    faults = []
    if kind not in KINDS:
        faults.append(Fault("kind", Text(f"没有这种请求：{kind!r}", f"no such kind: {kind!r}; use {', '.join(KINDS)}")))
    if len(said) > LONGEST or sum(len(key) + len(value) for key, value in (wanted or {}).items()) > LONGEST:
        faults.append(Fault("said", Text(f"最多 {LONGEST} 个字", f"at most {LONGEST} characters")))
    if kind == "correct" and not (wanted or said.strip()):
        faults.append(Fault("wanted", Text("请写明要更正什么", "say what is to be corrected")))
    if faults:
        raise InvalidError(Text("请求有误", "the request is not valid"), faults=faults)
    if not is_known(tx, customer_id):
        raise NotFoundError(Text(f"没有编号为 {customer_id} 的客户", f"there is no customer {customer_id}"), way_out=Text("从客户列表中选择", "choose them from the list of customers"))
    same = select(table).where(table.c.customer_id.in_(family(tx, [customer_id])), table.c.kind == kind, table.c.state.in_(OPEN))
    if kind != "correct" and (found := tx.execute(same.limit(1)).one_or_none()) is not None:
        return _request(stores, found)
    now = stores.now()
    row: dict[str, Any] = {
        "id": new_id("rr"), "number": int(tx.scalar(select(func.max(table.c.number))) or 0) + 1, "customer_id": customer_id, "kind": kind, "state": "received",
        "source": source, "received_at": now, "received_by": actor.name[:80], "due_on": due_on(stores.calendar.on(now)).isoformat(),
        "said_sealed": stores.secrets.seal([msgspec.json.encode({"said": said, "wanted": wanted or {}}).decode()], _CONTEXT)[0],
    }  # fmt: skip
    tx.execute(insert(table), row)
    audit.record(tx, actor, "right.asked", f"request:{row['id']}", {"kind": kind, "customer": customer_id, "source": source}, now)
    return find_request(stores, tx, row["id"])


def due_on(received: date) -> date:
    """Fifteen working days later, Monday to Friday (public holidays are not taken off, so it is never later than the law's)."""
    day, left = received, DUE_WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def verify(stores: Stores, tx: Connection, id: str, actor: Actor, *, how: str) -> Request:
    """Somebody has made sure that it is the person who asks. Restriction and withdrawal are done with that.

    Raises
    ------
    InvalidError
    ConflictError
    """
    if not how.strip():
        raise InvalidError(Text("请写明怎样核实的", "say how it was checked"), faults=[Fault("how", Text("不能为空", "must not be empty"))])
    now = stores.now()
    found = _move(stores, tx, id, ("received",), {"state": "verified", "verified_at": now, "verified_by": actor.name[:80], "verified_how": how[:400]})
    audit.record(tx, actor, "right.verified", f"request:{id}", {"kind": found.kind}, now)
    if found.kind == "restrict":
        minors.restrict(stores, tx, found.customer_id, by=actor.name, reason=found.receipt_number)
        return finish(stores, tx, id, actor, {})
    if found.kind == "withdraw":
        withdraw_all(stores, tx, found.customer_id, Proof("staff", "rights request", found.receipt_number, actor.name))
        return finish(stores, tx, id, actor, {})
    return found


def withdraw_all(stores: Stores, tx: Connection, customer_id: int, proof: Proof) -> int:
    """Every purpose that rests on consent, on every carrier, also where it was granted for one carrier of its own."""
    now = stores.now()
    asked = {name for name, one in purposes(tx).items() if one.basis == "consent"}
    own = {(one.purpose, one.carrier) for one in consent.of_customer(tx, customer_id) if one.purpose in asked} | {(name, ALL_CARRIERS) for name in asked}
    return consent.record(stores, tx, [Statement(customer_id, purpose, carrier, "withdrawn", now) for purpose, carrier in sorted(own)], proof)


def approve(stores: Stores, tx: Connection, id: str, actor: Actor) -> Request:
    """It is to be done; who checked the identity may be the same person.

    Raises
    ------
    ConflictError
    """
    found = _move(stores, tx, id, ("verified",), {"state": "approved"})
    audit.record(tx, actor, "right.approved", f"request:{id}", {"kind": found.kind}, stores.now())
    return found


def work(stores: Stores, tx: Connection, id: str, job_id: str) -> Request:
    return _move(stores, tx, id, ("approved",), {"state": "working", "job_id": job_id})


def finish(stores: Stores, tx: Connection, id: str, actor: Actor, receipt: dict[str, Any], **more: Any) -> Request:
    """It is done. What the person wrote is no longer needed and goes."""
    now = stores.now()
    values = {"state": "done", "ended_at": now, "ended_by": actor.name[:80], "receipt": receipt, "said_sealed": None, **more}
    found = _move(stores, tx, id, ("verified", "approved", "working"), values)
    audit.record(tx, actor, "right.done", f"request:{id}", {"kind": found.kind}, now)
    return found


def refuse(stores: Stores, tx: Connection, id: str, actor: Actor, *, reason: str) -> Request:
    """Say no, and why: the person is told (PIPL art. 50).

    Raises
    ------
    InvalidError
    ConflictError
    """
    if not reason.strip():
        raise InvalidError(Text("请写明拒绝的理由", "say why it is refused"), faults=[Fault("reason", Text("不能为空", "must not be empty"))])
    now = stores.now()
    found = _move(stores, tx, id, ("received", "verified"), {"state": "refused", "ended_at": now, "ended_by": actor.name[:80], "reason": reason[:400], "said_sealed": None})
    audit.record(tx, actor, "right.refused", f"request:{id}", {"kind": found.kind}, now)
    return found


def take_back(stores: Stores, tx: Connection, id: str, actor: Actor) -> Request:
    now = stores.now()
    found = _move(stores, tx, id, ("received", "verified"), {"state": "cancelled", "ended_at": now, "ended_by": actor.name[:80], "said_sealed": None})
    audit.record(tx, actor, "right.taken_back", f"request:{id}", {"kind": found.kind}, now)
    return found


def find_request(stores: Stores, tx: Connection, id: str) -> Request:
    """
    Raises
    ------
    NotFoundError
    """
    row = tx.execute(select(table).where(table.c.id == id)).one_or_none()
    if row is None:
        raise NotFoundError(Text("没有这个请求", "there is no such request"))
    return _request(stores, row)


def list_requests(
    stores: Stores, tx: Connection, *, state: str | None = None, kind: str | None = None, customer_ids: Sequence[int] = (), before: int | None = None, limit: int = 50
) -> list[Request]:
    """Newest first; `state` "open" means every state that is not an end, and then the one due first comes first."""
    query = select(table).limit(limit)
    query = query.order_by(table.c.due_on, table.c.number) if state == "open" else query.order_by(table.c.number.desc())
    if state == "open":
        query = query.where(table.c.state.in_(OPEN))
    elif state:
        query = query.where(table.c.state == state)
    if kind:
        query = query.where(table.c.kind == kind)
    if customer_ids:
        query = query.where(table.c.customer_id.in_(list(customer_ids)))
    if before is not None:
        query = query.where(table.c.number > before if state == "open" else table.c.number < before)
    return [_request(stores, row) for row in tx.execute(query)]


def count_requests(stores: Stores, tx: Connection) -> dict[str, int]:
    """How many are open by state, how many of them are overdue, and how many were ever done."""
    rows = tx.execute(select(table.c.state, func.count()).group_by(table.c.state))
    counts = {state: int(count) for state, count in rows}
    today = stores.calendar.on(stores.now()).isoformat()
    overdue = tx.scalar(select(func.count()).where(table.c.state.in_(OPEN), table.c.due_on < today))
    return {**{state: counts.get(state, 0) for state in STATES}, "overdue": int(overdue or 0)}


def _move(stores: Stores, tx: Connection, id: str, from_states: Sequence[str], values: dict[str, Any]) -> Request:
    changed = tx.execute(update(table).where(table.c.id == id, table.c.state.in_(from_states)).values(**values))
    found = find_request(stores, tx, id)
    if not changed.rowcount:
        state = STATES[found.state]
        raise ConflictError(
            Text(f"请求已是「{state.zh}」，不能这样处理", f"the request is “{state.en}” and cannot be dealt with like this"),
            way_out=Text("刷新页面看现在的状态", "reload the page to see how it stands"),
        )
    return found


def _request(stores: Stores, row: Row[Any]) -> Request:
    text = stores.secrets.open([row.said_sealed], _CONTEXT)[0] if row.said_sealed else None
    said: dict[str, Any] = msgspec.json.decode(text) if text else {"said": "", "wanted": {}}
    plain = {name: value for name, value in row._mapping.items() if name not in ("said_sealed", "due_on")}
    return Request(**plain, due_on=date.fromisoformat(row.due_on), said=said["said"], wanted=said["wanted"])
