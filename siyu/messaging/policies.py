"""Policies 策略版本: the restraint policy in force, and every one before it. The newest version is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from siyu.foundation.errors import ConflictError, Fault, InvalidError
from siyu.foundation.text import Text
from siyu.messaging import _tables, restraint
from siyu.messaging.policy import DEFAULT, Policy, read

_table = _tables.policy


@dataclass(frozen=True)
class PolicyVersion:
    """A policy as it was switched on; version 0 is the product's own, which nobody did."""

    version: int
    policy: Policy
    note: str
    activated_at: datetime | None
    activated_by: str | None


def in_force(tx: Connection) -> PolicyVersion:
    """The policy by which is decided now."""
    return next(iter(listed(tx, limit=1)), PolicyVersion(0, DEFAULT, "", None, None))


def active(tx: Connection) -> Policy:
    return in_force(tx).policy


def listed(tx: Connection, *, before: int | None = None, limit: int = 50) -> list[PolicyVersion]:
    """The newest first, without the product's own."""
    query = select(_table).order_by(_table.c.version.desc()).limit(limit)
    if before is not None:
        query = query.where(_table.c.version < before)
    return [PolicyVersion(row.version, read(row.policy, row.version), row.note, row.activated_at, row.activated_by) for row in tx.execute(query)]


def activate(tx: Connection, raw: dict[str, Any], *, over: int, note: str, by: str, now: datetime) -> PolicyVersion:
    """Switch a policy on: from now on it decides, also of what is planned and not yet sent.

    Parameters
    ----------
    over
        The version that whoever changed it was looking at.

    Raises
    ------
    InvalidError
        With every fault, or when nothing would change.
    ConflictError
        When another one has been switched on meanwhile.
    """
    # Planners wait: none decides one half of a part by one policy and the other by the next.
    restraint.take_turn(tx)
    held = in_force(tx)
    if held.version != over:
        raise ConflictError(
            Text(f"现在生效的已是第 {held.version} 版", f"version {held.version} is in force by now"), way_out=Text("重新打开后再改", "open it again, then change it")
        )
    found = read(raw, held.version + 1)
    if found.json() == held.policy.json():
        raise InvalidError(Text("和现行策略相同", "this is the policy in force already"), faults=[Fault("policy", Text("没有改动", "nothing has changed"))])
    tx.execute(insert(_table).values(version=found.version, policy=found.json(), note=note[:200], activated_at=now, activated_by=by[:80]))
    return PolicyVersion(found.version, found, note[:200], now, by[:80])
