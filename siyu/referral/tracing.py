"""Tracing 溯源: for acquisition a programme is a campaign below the platform "referral"; its live codes, visits and friends count for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from siyu.acquisition import marks, sources, touches
from siyu.acquisition.marks import Mark
from siyu.foundation.ids import key64_numbers
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.referral.invitations import STATE, Invitation
from siyu.referral.programmes import Programme

PLATFORM = Text("老带新", "Referral")
_VISIT, _CLAIM = 61, 62


def source_for(stores: Stores, tx: Connection, programme: Programme, *, by: str) -> int:
    """The source of a programme, made when it begins."""
    if programme.source_id:
        return programme.source_id
    held = sources.listed(tx, archived=True)
    top = next((one for one in held if one.platform == "referral" and one.level == "platform" and one.archived_at is None), None)
    if top is None:
        top = sources.create(stores, tx, sources.Draft(PLATFORM.zh, platform="referral"), by=by)
    taken = {one.name for one in held if one.parent_id == top.id}
    name = programme.name if programme.name not in taken else f"{programme.name[:60]} #{programme.id}"
    made = sources.create(stores, tx, sources.Draft(name, hypothesis="老客邀请好友"), level="campaign", parent_id=top.id, by=by)
    marks.put(stores, tx, [Mark("referral", f"programme {programme.id}", made.id)], by=by)
    return made.id


def mark(stores: Stores, tx: Connection, programme: Programme, invitations: Sequence[Invitation]) -> None:
    """What the live codes of these invitations stand for."""
    mine = [Mark("way", f"{STATE}{one.id}", programme.source_id, account_id=one.account_id, from_ms=one.at_ms) for one in invitations if one.way_id]
    if programme.source_id and mine:
        marks.put(stores, tx, mine, by="referral")


def visited(stores: Stores, tx: Connection, programme: Programme, invitation_id: int, visitor: int, at_ms: int) -> None:
    """A browser opened an invitation for the first time."""
    if programme.source_id:
        key = key64_numbers(np.array([invitation_id]), np.array([visitor]), np.array([_VISIT])).astype(np.int64)
        touches.record(stores, tx, pa.table({"event_key": key, "at_ms": [at_ms], "step": ["visit"], "source_id": [programme.source_id], "visitor_key": [visitor]}))


def came(stores: Stores, tx: Connection, programme: Programme, rows: Sequence[tuple[int, int, int, int]]) -> None:
    """People left their number or were recognised on an invitation: (invitation, identity key, visitor, when). Who added staff is told by the relation."""
    if not programme.source_id or not rows:
        return
    number, key, visitor, at_ms = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    table = {"event_key": key64_numbers(number, key, np.full(len(number), _CLAIM)).astype(np.int64), "at_ms": at_ms, "step": pa.array(["claim"] * len(number)),
             "source_id": np.full(len(number), programme.source_id), "identity_key": key, "visitor_key": visitor}  # fmt: skip
    touches.record(stores, tx, pa.table(table))
    seen = visitor != 0
    if seen.any():
        touches.known(stores, tx, pa.array(visitor[seen]), pa.array(key[seen]))
