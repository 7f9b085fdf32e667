"""Sends 发送: one content to one audience at one time. Asked for with a `ref`, so that asking twice gives the same send.

planning → ready → over; planning | ready → paused → ready or planning; → cancelled; planning → failed (by a fault in what
it rests on). Pausing and cancelling hold at once: nothing of a send is claimed that is not `ready`, and whoever plans it
stops at the next chunk. What was claimed before ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from siyu.customers.purposes import CARRIERS
from siyu.foundation import jobs
from siyu.foundation.database import select_in
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import _tables
from siyu.messaging.outbox import PURPOSES, STATUSES
from siyu.segments import audience
from siyu.segments.audience import AudienceRule

PLAN, RELEASE = "messaging.plan", "messaging.release"
"""Jobs: plan a send; give back what a cancelled send held."""
SENDABLE = (*(name for name in CARRIERS if name != "phone"), "webhook")
"""Carriers that a message can go by."""
CONSENT_FOR = {"promotion": "promotion", "value": "content", "service": "service", "feedback": "content"}
"""Purpose of a message → the purpose of consent that it rests on."""
_table = _tables.send


@dataclass(frozen=True)
class Wave:
    """Which part of the audience this send is for: whose hash lies in [from_rate, to_rate). The waves of one campaign share its
    salt, so that each person is in one of them."""

    from_rate: float = 0.0
    to_rate: float = 1.0


@dataclass(frozen=True)
class SendSpec:
    """What is sent to whom, as it is stored.

    Attributes
    ----------
    content : variant → (piece_id, version)
    split : variant → share of those who are told; the shares add up to 1.
    salt : names the draw of variants, waves and controls; equal salts draw people alike.
    control_rate : share held out by this campaign's own control, 0–1.
    use_global_holdout : leave out the people of the global hold-out.
    carriers : products in order of preference; fail-over goes down this list.
    accounts : the accounts that may send; None: every healthy one of these carriers.
    order : which carrier comes first: as listed, the one the person answered last, or the cheapest.
    per_minute : at most so many messages a minute; None: as fast as the carrier takes them. Kept by dispatching.
    hours : when from due_at on: at once, or each at the hour at which they open most.
    usual_hour : for whom too little is known of that, 0–23; None: the hour at which the audience opens most.
    said : the body itself, of the product's own answers (`answers`): such a send is of no piece.
    """

    audience: AudienceRule
    content: dict[str, tuple[int, int]]
    carriers: tuple[str, ...]
    salt: str
    split: dict[str, float] = field(default_factory=lambda: {"a": 1.0})
    control_rate: float = 0.1
    use_global_holdout: bool = True
    accounts: tuple[int, ...] | None = None
    per_minute: int | None = None
    order: Literal["listed", "person", "cost"] = "listed"
    wave: Wave = Wave()
    hours: Literal["due", "best"] = "due"
    usual_hour: int | None = None
    said: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Send:
    """One send. `counts` is what planning found: see `planning`."""

    id: int
    ref: str
    name: str
    purpose: str
    exempt: bool
    priority_fen: int
    spec: SendSpec
    due_at: datetime
    until_at: datetime
    status: str
    status_code: str | None
    policy_version: int | None
    planned_at: datetime | None
    counts: dict[str, Any]
    created_at: datetime
    created_by: str


@dataclass(frozen=True)
class Draft:
    """What a send is asked for with. `exempt`: transactional, as declared and audited. `priority_fen`: what one message is declared to
    be worth. Nobody is told after `until_at`."""

    ref: str
    name: str
    purpose: str
    spec: SendSpec
    due_at: datetime
    until_at: datetime
    exempt: bool = False
    priority_fen: int = 0


def create(stores: Stores, tx: Connection, draft: Draft, *, by: str) -> Send:
    """Write a send down and ask for the job that plans it; the same `ref` again gives the send that is there.

    Raises
    ------
    InvalidError
        With every fault at once.
    ConflictError
        When the send of this ref is another one (other content, audience, times …).
    """
    known = find_by_ref(tx, draft.ref)
    if known is not None:
        if not _is_same(known, draft):
            raise ConflictError(Text(f"编号 {draft.ref} 已用于另一次发送", f"the ref {draft.ref} is taken by another send"), way_out=Text("换一个 ref", "choose another ref"))
        return known
    if faults := check(tx, draft):
        raise invalid(faults)
    now = stores.now()
    row = {
        "ref": draft.ref, "name": draft.name.strip(), "purpose": draft.purpose, "exempt": draft.exempt, "priority_fen": draft.priority_fen,
        "spec": msgspec.to_builtins(draft.spec), "due_at": draft.due_at, "until_at": draft.until_at, "status": "planning", "counts": {},
        "created_at": now, "created_by": by[:80],
    }  # fmt: skip
    key = tx.execute(insert(_table).values(row)).inserted_primary_key
    assert key is not None
    _ask_to_plan(tx, int(key[0]), now, by)
    return find(tx, int(key[0]))


def check(tx: Connection, draft: Draft) -> list[Fault]:
    """Every fault of a send, named by its field."""
    spec, faults = draft.spec, audience.check(tx, draft.spec.audience)

    def wrong(where: str, zh: str, en: str) -> None:
        faults.append(Fault(where, Text(zh, en)))

    if not 0 < len(draft.ref) <= 120:
        wrong("ref", "1 到 120 个字符", "1 to 120 characters")
    if not 0 < len(draft.name.strip()) <= 80:
        wrong("name", "1 到 80 个字", "1 to 80 characters")
    if draft.purpose not in PURPOSES:
        wrong("purpose", f"可用：{'、'.join(PURPOSES)}", f"use one of: {', '.join(PURPOSES)}")
    if draft.exempt and draft.purpose != "service":
        wrong("exempt", "只有服务类消息可以豁免频控", "only service messages can be exempt")
    if draft.until_at <= draft.due_at:
        wrong("until_at", "截止时间须晚于发送时间", "must be later than due_at")
    if not spec.content:
        wrong("content", "至少一个版本", "at least one variant")
    if any(not 0 < len(name) <= 16 for name in spec.content):
        wrong("content", "版本名 1 到 16 个字符", "names of variants have 1 to 16 characters")
    if set(spec.split) != set(spec.content):
        wrong("split", "每个版本都要有比例，且只限这些版本", "needs a share for each variant, and for no other")
    elif any(share < 0 for share in spec.split.values()) or abs(sum(spec.split.values()) - 1) > 1e-9:
        wrong("split", "比例不能为负，合计须为 1", "shares must not be negative, and add up to 1")
    if not 0 <= spec.control_rate < 1:
        wrong("control_rate", "0 到 1 之间(不含 1)", "from 0 to below 1")
    if not 0 <= spec.wave.from_rate < spec.wave.to_rate <= 1:
        wrong("wave", "须在 0 到 1 之间，起小于止", "must lie within 0 and 1, its start before its end")
    if not spec.carriers:
        wrong("carriers", "至少选一个载体", "choose a carrier")
    for place, carrier in enumerate(spec.carriers):
        if carrier not in SENDABLE or carrier in spec.carriers[:place]:
            wrong(f"carriers.{place}", f"不可用或重复；可用：{'、'.join(SENDABLE)}", f"unknown or given twice; use one of: {', '.join(SENDABLE)}")
    if spec.usual_hour is not None and not 0 <= spec.usual_hour <= 23:
        wrong("usual_hour", "0 到 23", "from 0 to 23")
    if spec.per_minute is not None and spec.per_minute < 1:
        wrong("per_minute", "至少 1", "at least 1")
    return faults


def invalid(faults: list[Fault]) -> InvalidError:
    return InvalidError(Text("发送有误", "the send is not valid"), faults=faults, way_out=Text("改好所列各项后再提交", "mend these, then ask again"))


def find(tx: Connection, send_id: int) -> Send:
    row = tx.execute(select(_table).where(_table.c.id == send_id)).first()
    if row is None:
        raise NotFoundError(Text(f"没有发送 {send_id}", f"there is no send {send_id}"), way_out=Text("在发送列表中查看", "see the list of sends"))
    return _send(row)


def find_by_ref(tx: Connection, ref: str) -> Send | None:
    row = tx.execute(select(_table).where(_table.c.ref == ref)).first()
    return _send(row) if row else None


def list_sends(tx: Connection, *, status: str | None = None, ref_prefix: str = "", before: int | None = None, limit: int = 50) -> list[Send]:
    """The newest first; `ref_prefix` such as `campaign:12:`."""
    query = select(_table)
    if status is not None:
        query = query.where(_table.c.status == status)
    if ref_prefix:
        query = query.where(_table.c.ref.startswith(ref_prefix, autoescape=True))
    if before is not None:
        query = query.where(_table.c.id < before)
    return [_send(row) for row in tx.execute(query.order_by(_table.c.id.desc()).limit(limit))]


def refs_of(tx: Connection, send_ids: Sequence[int]) -> dict[int, str]:
    """Send → its ref; those that are not there are absent."""
    return {int(number): ref for number, ref in select_in(tx, [_table.c.id, _table.c.ref], _table.c.id, list(send_ids))}


def purposes_of(tx: Connection, send_ids: Sequence[int]) -> dict[int, str]:
    """Send → its purpose; those that are not there are absent."""
    return {int(number): purpose for number, purpose in select_in(tx, [_table.c.id, _table.c.purpose], _table.c.id, list(send_ids))}


def by_ref(tx: Connection, prefix: str) -> list[tuple[int, str]]:
    """(id, ref) of every send whose ref begins so, the oldest first."""
    query = select(_table.c.id, _table.c.ref).where(_table.c.ref.startswith(prefix, autoescape=True)).order_by(_table.c.id)
    return [(int(row[0]), str(row[1])) for row in tx.execute(query)]


def pause(tx: Connection, send_id: int) -> Send:
    """Nothing more is claimed until `resume`; what is planned keeps its slots."""
    return _turn(tx, send_id, ("planning", "ready"), "paused", Text("这次发送现在不能暂停", "this send cannot be paused now"))


def resume(stores: Stores, tx: Connection, send_id: int, *, by: str) -> Send:
    send = find(tx, send_id)
    following = "ready" if send.planned_at else "planning"
    found = _turn(tx, send_id, ("paused",), following, Text("这次发送没有暂停", "this send is not paused"))
    if following == "planning":
        _ask_to_plan(tx, send_id, stores.now(), by)
    return found


def cancel(stores: Stores, tx: Connection, send_id: int, *, by: str, code: str = "cancelled") -> Send:
    """Nothing more of it goes out from the commit on; what was claimed ends. A job gives the slots back."""
    found = _turn(tx, send_id, ("planning", "ready", "paused"), "cancelled", Text("这次发送已经结束", "this send is over"), code)
    waiting = (_tables.dispatch.c.send_id == send_id) & _tables.dispatch.c.status.in_(("planned", "failed"))
    tx.execute(update(_tables.dispatch).where(waiting).values(status="cancelled", status_code=code, settled_at=stores.now()))
    jobs.submit(tx, RELEASE, {"send_id": send_id}, now=stores.now(), key=f"send:{send_id}", created_by=by)
    return found


def close_finished(tx: Connection, send_ids: Sequence[int]) -> int:
    """Sends whose dispatches have all ended are `over`; called by whoever settles dispatches. Returns how many."""
    dispatch = _tables.dispatch
    waits = dispatch.c.status.in_(("planned", "claimed", "unknown")) | ((dispatch.c.status == "failed") & dispatch.c.next_at.is_not(None))
    # A task that staff may still send can still be taken back.
    waits |= (dispatch.c.status == "sent") & dispatch.c.settled_at.is_(None)
    open_ = select(dispatch.c.id).where(dispatch.c.send_id == _table.c.id, waits)
    ended = update(_table).where(_table.c.id.in_(list(send_ids)), _table.c.status == "ready", ~open_.exists())
    return int(tx.execute(ended.values(status="over")).rowcount)


def counts(tx: Connection, send_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """By send, its messages by status (names of `outbox.STATUSES`), as each dispatch keeps them."""
    dispatch = _tables.dispatch
    found: dict[int, dict[str, int]] = {send_id: dict.fromkeys(STATUSES, 0) for send_id in send_ids}
    for send_id, counted in tx.execute(select(dispatch.c.send_id, dispatch.c.counts).where(dispatch.c.send_id.in_(list(send_ids)))):
        for name, count in counted.items():
            if name in found[send_id]:
                found[send_id][name] += count
    return found


def dispatch_counts(tx: Connection, send_id: int) -> dict[str, int]:
    """Its dispatches by status."""
    dispatch = _tables.dispatch
    query = select(dispatch.c.status, func.count()).where(dispatch.c.send_id == send_id).group_by(dispatch.c.status)
    return {status: int(count) for status, count in tx.execute(query)}


def staff_load(tx: Connection, send_id: int) -> dict[tuple[int, str], int]:
    """(account, member of staff) → people they are asked to send to."""
    dispatch = _tables.dispatch
    query = select(dispatch.c.account_id, dispatch.c.staff, func.sum(dispatch.c.people_count)).where(dispatch.c.send_id == send_id, dispatch.c.staff != "")
    return {(int(account), staff): int(count) for account, staff, count in tx.execute(query.group_by(dispatch.c.account_id, dispatch.c.staff))}


def _turn(tx: Connection, send_id: int, before: tuple[str, ...], after: str, why_not: Text, code: str | None = None) -> Send:
    """Change the status, if it is one of `before`; one that is so already is left as it is."""
    changed = tx.execute(update(_table).where(_table.c.id == send_id, _table.c.status.in_(before)).values(status=after, status_code=code)).rowcount
    found = find(tx, send_id)
    if not changed and found.status != after:
        raise ConflictError(why_not, way_out=Text("刷新后查看它的状态", "reload it and see how it stands"))
    return found


def _ask_to_plan(tx: Connection, send_id: int, now: datetime, by: str) -> None:
    jobs.submit(tx, PLAN, {"send_id": send_id}, now=now, key=f"send:{send_id}", created_by=by)


def _is_same(send: Send, draft: Draft) -> bool:
    names = ("purpose", "spec", "due_at", "until_at", "exempt", "priority_fen")
    return send.name == draft.name.strip() and all(getattr(send, name) == getattr(draft, name) for name in names)


def _send(row: Row[Any]) -> Send:
    values = dict(row._mapping)
    return Send(**{**values, "spec": msgspec.convert(values["spec"], SendSpec)})
