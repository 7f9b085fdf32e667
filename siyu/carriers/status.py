"""Status 账号状态: what an account is at, and that every change of it is told (`carrier_reported`) and audited."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from siyu.carriers import _tables, accounts
from siyu.events import log
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.foundation.clock import to_ms
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.team import audit
from siyu.team.audit import SYSTEM, Actor

CHANGED = "account_status_changed"
SILENCE = "silence"
"""The `status_code` of an account that is restricted because it fell silent, not because the carrier said so."""


def put(stores: Stores, tx: Connection, account_id: int, status: str, code: str | None, by: Actor = SYSTEM) -> bool:
    """Set it; True when that is news, which is then told and audited in the same transaction."""
    now = stores.now()
    before = tx.execute(select(_tables.account.c.status, _tables.account.c.status_since).where(_tables.account.c.id == account_id)).first()
    if not accounts.set_status(tx, account_id, status, code, now):
        return False
    detail = {"status": status, "code": code}
    audit.record(tx, by, "carriers.account_status_changed", f"account:{account_id}", detail, now)
    row = {
        "event_key": [key64("account status", account_id, status, code, to_ms(now))],
        "account_id": [account_id],
        "kind": [CHANGED],
        "staff": [None],
        "detail": [msgspec.json.encode({**detail, **_was(before)}).decode()],
        "at_ms": [to_ms(now)],
    }
    log.append(tx, CARRIER_REPORTED, CARRIER_REPORTED.table(row), now=now)
    return True


def _was(before: Any) -> dict[str, Any]:
    """The status before, and since when, for whoever catches up."""
    return {} if before is None else {"was": before.status, "since_ms": to_ms(before.status_since)}
