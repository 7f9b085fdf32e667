"""Audit 审计: who changed what and when. Rows are added with the change itself, never altered or removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select

from siyu.foundation.stores import Stores
from siyu.team._tables import AUDIT

ActorKind = Literal["member", "token", "command_line", "system"]
_SECRET_NAMES = frozenset(
    {"password", "old_password", "new_password", "secret", "token", "cookie", "password_hash", "secret_hash"}
)


@dataclass(frozen=True)
class Actor:
    """Who acts. The name is kept beside the id, so a row can be read after the member was renamed."""

    id: int | None
    name: str
    kind: ActorKind


COMMAND_LINE = Actor(None, "local command line", "command_line")
SYSTEM = Actor(None, "system", "system")


@dataclass(frozen=True)
class AuditEntry:
    """One change. `action` is in the past tense (`member.added`); `subject` is kind and id (`member:7`)."""

    id: int
    at: datetime
    actor: str
    actor_id: int | None
    actor_kind: str
    action: str
    subject: str
    detail: dict[str, Any]


def record(
    tx: Connection, actor: Actor, action: str, subject: str, detail: dict[str, Any], now: datetime
) -> None:
    """Write one change down in its own transaction: both are there, or neither.

    Raises
    ------
    ValueError
        When `detail` has a key that names a secret: a fault in the program, found by its tests.
    """
    if leaked := _SECRET_NAMES & _keys(detail):
        raise ValueError(f"the audit must not hold {sorted(leaked)}")
    row = {
        "at": now, "actor_id": actor.id, "actor_kind": actor.kind, "actor_name": actor.name[:80],
        "action": action, "subject": subject, "detail": detail,
    }  # fmt: skip
    tx.execute(insert(AUDIT), row)


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for item in value.values() for key in _keys(item)}
    if isinstance(value, list | tuple):
        return {key for item in value for key in _keys(item)}
    return set()


def read_audit(
    stores: Stores,
    *,
    actor: str = "",
    action: str = "",
    subject: str = "",
    before_id: int | None = None,
    limit: int = 50,
) -> list[AuditEntry]:
    """Changes, newest first. `actor` is a part of the name; `action` and `subject` are their beginnings."""
    query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
    if actor:
        query = query.where(AUDIT.c.actor_name.icontains(actor, autoescape=True))
    if action:
        query = query.where(AUDIT.c.action.startswith(action, autoescape=True))
    if subject:
        query = query.where(AUDIT.c.subject.startswith(subject, autoescape=True))
    if before_id is not None:
        query = query.where(AUDIT.c.id < before_id)
    with stores.ledger.read() as tx:
        return [
            AuditEntry(
                row.id,
                row.at,
                row.actor_name,
                row.actor_id,
                row.actor_kind,
                row.action,
                row.subject,
                row.detail,
            )
            for row in tx.execute(query)
        ]
