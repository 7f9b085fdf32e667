"""Sending 发送: how steps ask messaging for messages, and learn what became of them. One send a node, tick and due time; the gate decides.

Who stays for an outcome finds the sends again by place and moment of arrival: no row a person is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta
from sqlalchemy import Connection, select

from siyu.carriers.accounts import list_accounts
from siyu.content import pieces
from siyu.foundation.clock import from_ms
from siyu.foundation.database import among, insert_ignore
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import Ints
from siyu.foundation.text import Text
from siyu.journeys import _step_tables, _tables, local
from siyu.journeys.definition import Number
from siyu.journeys.people import People
from siyu.journeys.steps.step import Context
from siyu.messaging import sends
from siyu.messaging.sends import Draft, SendSpec
from siyu.segments.audience import MOST_LISTED, AudienceRule

Purpose = Literal["promotion", "value", "service", "feedback"]
HOUR_MS = 3_600_000
FIRST_LOOK_MS, LAST_LOOK_MS = 2_000, 600_000
"""How soon, and how rarely, somebody who waits for an outcome is looked at again; events wake them sooner."""
_table, _place = _step_tables.sent, _tables.place


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A piece of the library; without a version the one that is approved when it is sent."""

    piece: Number
    version: Annotated[int, Meta(ge=1)] | None = None


@dataclass(frozen=True)
class Wanted:
    """What a step wants told. `content`: variant → piece; `window`: at what hours, where people live; `valid_ms`: after it is due it may
    wait so long for what restraint allows."""

    content: Mapping[str, Said]
    split: Mapping[str, float]
    purpose: str
    carriers: tuple[str, ...]
    order: Literal["listed", "person", "cost"]
    accounts: tuple[int, ...] | None
    exempt: bool
    priority_fen: int
    valid_ms: int
    window: local.Window | None

    @property
    def shares(self) -> dict[str, float]:
        """Of each variant; equal ones where none are given."""
        return dict(self.split) or {name: 1 / len(self.content) for name in self.content}


def ask(ctx: Context, wanted: Wanted, people: People) -> list[int]:
    """Ask for the messages of these people, in the tick's transaction; returns the sends.

    Raises
    ------
    InvalidError
        When a piece cannot be sent (any more).
    """
    versions = pieces.sendable(ctx.tx, {one.piece: one.version for one in wanted.content.values()}, from_ms(ctx.now_ms))
    content = {name: (one.piece, versions[one.piece].version) for name, one in wanted.content.items()}
    now = people.all(ctx.now_ms)
    if wanted.window is None:
        due, until = now, now + wanted.valid_ms
    else:
        zones = ctx.zones(people.customer_id)
        due = local.within(zones, now, wanted.window)
        until = np.minimum(due + wanted.valid_ms, local.ends(zones, due, wanted.window))
    times, which = np.unique(np.stack([due, until]), axis=1, return_inverse=True)
    groups = [(number, people.take(np.flatnonzero(which.reshape(-1) == number))) for number in range(times.shape[1])]
    return [
        _send(ctx, wanted, content, mine.take(slice(start, start + MOST_LISTED)), int(times[0, number]), int(times[1, number]))
        for number, mine in groups
        for start in range(0, len(mine), MOST_LISTED)
    ]


def _send(ctx: Context, wanted: Wanted, content: dict[str, tuple[int, int]], people: People, due_ms: int, until_ms: int) -> int:
    spec = SendSpec(
        AudienceRule(customer_ids=tuple(np.unique(people.customer_id).tolist())), content, wanted.carriers, salt=f"{ctx.salt} {ctx.node}", split=wanted.shares, control_rate=0.0,
        use_global_holdout=ctx.definition.use_global_holdout, accounts=wanted.accounts, order=wanted.order,
    )  # fmt: skip
    until = max(from_ms(until_ms), from_ms(due_ms) + timedelta(minutes=1))
    ref = f"journey:{ctx.journey_id}:{ctx.version}:{ctx.node}:{ctx.tick}:{int(people.enrolment_id[0])}"
    draft = Draft(ref, f"旅程 {ctx.journey_id} · {ctx.node}"[:80], wanted.purpose, spec, from_ms(due_ms), until, wanted.exempt, wanted.priority_fen)
    send = sends.create(ctx.stores, ctx.tx, draft, by=f"journey:{ctx.journey_id}")
    insert_ignore(ctx.tx, _table, [{"place_id": ctx.place_id, "arrived_ms": arrived, "send_id": send.id} for arrived in np.unique(people.arrived_ms).tolist()])
    return send.id


def sends_of(tx: Connection, journey_id: int, node: str, arrived_ms: Sequence[int]) -> dict[int, list[int]]:
    """Moment of arrival at a node → the sends that were asked for then, in whatever version: who is moved to a new one goes on waiting."""
    here = select(_place.c.id).where(_place.c.journey_id == journey_id, _place.c.node == node)
    rows = tx.execute(select(_table.c.arrived_ms, _table.c.send_id).where(_table.c.place_id.in_(here), among(tx, _table.c.arrived_ms, list(arrived_ms)))).all()
    found: dict[int, list[int]] = {}
    for arrived, send_id in rows:
        found.setdefault(int(arrived), []).append(int(send_id))
    return found


def next_look(now_ms: int, arrived_ms: Ints) -> Ints:
    """When somebody who waits for an outcome is looked at again by itself: a quarter of the time that they have waited on."""
    return now_ms + np.clip((now_ms - arrived_ms) // 4, FIRST_LOOK_MS, LAST_LOOK_MS)


def check(tx: Connection, wanted: Wanted, field: str) -> list[Fault]:
    """Every fault of what a step wants told, by its setting."""
    spec = SendSpec(AudienceRule(customer_ids=(1,)), {name: (one.piece, one.version or 1) for name, one in wanted.content.items()}, wanted.carriers, salt="", split=wanted.shares, accounts=wanted.accounts)
    begin = from_ms(0)
    draft = Draft("check", "check", wanted.purpose, spec, begin, begin + timedelta(hours=1), wanted.exempt, wanted.priority_fen)
    faults = [Fault(f"{field}.{fault.field}", fault.message) for fault in sends.check(tx, draft) if fault.field != "audience.include"]
    return faults + _piece_faults(tx, wanted, field) + _account_faults(tx, wanted, field)


def _piece_faults(tx: Connection, wanted: Wanted, field: str) -> list[Fault]:
    held, faults = pieces.find_some(tx, [one.piece for one in wanted.content.values()]), []
    for name, one in wanted.content.items():
        piece, where = held.get(one.piece), f"{field}.content.{name}.piece"
        if piece is None or piece.trashed_at is not None:
            faults.append(Fault(where, Text(f"素材库里没有素材 {one.piece}；换一条", f"there is no piece {one.piece} in the library; choose another")))
        elif piece.status == "retired":
            faults.append(Fault(where, Text(f"「{piece.name}」已停用；换一条", f"“{piece.name}” is retired; choose another")))
        elif not _is_approved(tx, piece, one.version):
            faults.append(Fault(where, Text(f"「{piece.name}」还没有通过审核；先到素材库送审", f"“{piece.name}” has not been approved; have it approved in the library first")))
    return faults


def _is_approved(tx: Connection, piece: pieces.Piece, version: int | None) -> bool:
    if version is None or version == piece.approved_version:
        return piece.approved_version is not None
    try:
        pieces.sendable(tx, {piece.id: version}, piece.valid_from or piece.created_at)
    except InvalidError:
        return False
    return True


def _account_faults(tx: Connection, wanted: Wanted, field: str) -> list[Fault]:
    there = {account.id for account in list_accounts(tx, wanted.carriers)}
    faults = [
        Fault(f"{field}.accounts", Text(f"没有账号 {number}，或它不属于所选载体", f"there is no account {number} of these carriers")) for number in wanted.accounts or () if number not in there
    ]
    if wanted.carriers and not there and not faults:
        faults.append(Fault(f"{field}.carriers", Text("这些载体还没有连接账号；先到账号页接入", "no account of these carriers is connected; connect one first")))
    return faults
