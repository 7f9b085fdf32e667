"""Finished 群发与通知结果: what an Official Account or Mini Program tells of a mass send, or of a notice, that it had taken in.

A mass send names its dispatch by the carrier's own number and counts people without naming them: all of them have it, none has, or
it is not known who; then they stay `sent`. A notice names its person; it is the last one of that template that went out to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, select, update

from siyu.foundation import jobs
from siyu.foundation.database import among
from siyu.foundation.errors import SiyuError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import _tables, outbox
from siyu.messaging.outbox import ATTEMPTING, FAILED, RECEIVED, REFUSED, SENT, UNKNOWN
from siyu.messaging.policy import MASS

MASS_FINISHED = "mass_send_finished"
NOTICES_FINISHED = ("subscribe_sent", "template_send_finished")
LOOK_AGAIN = "messaging.mass_finished"
OPEN = (ATTEMPTING, SENT, UNKNOWN)
EARLY_MS = 300_000
"""The carrier's clock may be behind ours by so much."""
_KEYS = pa.schema([("customer_id", pa.int64()), ("send_id", pa.int64()), ("route", pa.int16()), ("identity_key", pa.int64())])
_message, _dispatch = _tables.message, _tables.dispatch


@dataclass(frozen=True)
class Notice:
    """What became of one notice: `template` '' where it is not told."""

    account_id: int
    customer_id: int
    identity_key: int
    template: str
    at_ms: int
    ok: bool
    blocked: bool
    code: str | None


class NotYetError(SiyuError):
    """The answer to a mass send's own call is still under way, so its number is not known."""

    code = "mass_send_not_yet"
    http_status = 409
    retry = "later"
    title = Text("群发编号未知", "The mass send's number is not known yet")


def take_mass(stores: Stores, tx: Connection, account_id: int, detail: Mapping[str, Any]) -> int:
    """Take in the result of a mass send; returns how many messages changed. One that is none of ours changes nothing.

    Raises
    ------
    NotYetError
        When one of ours may get that number yet: a job looks again.
    """
    ref = str(detail.get("message_id") or "")
    mine = (_dispatch.c.account_id == account_id) & (_dispatch.c.form == MASS)
    row = tx.execute(select(_dispatch.c.id, _dispatch.c.status).where(mine, _dispatch.c.ref == ref)).first() if ref else None
    if row is None:
        if ref and tx.execute(select(_dispatch.c.id).where(mine, _dispatch.c.status.in_(("claimed", "unknown"))).limit(1)).first():
            raise NotYetError(Text("稍后再看", "it is looked at again later"))
        return 0
    held, now = outbox.people_of(tx, row.id), stores.now()
    code = str(detail.get("status") or "")[:32]
    changed = 0
    if not detail.get("ok"):
        changed = outbox.mark(tx, held, FAILED, now=now, code=code or "mass_failed", was=OPEN)
    elif detail.get("sent") is not None and detail["sent"] == detail.get("total") and detail["total"] >= held.num_rows:
        changed = outbox.mark(tx, held, RECEIVED, now=now, was=OPEN)
    else:
        tx.execute(update(_dispatch).where(_dispatch.c.id == row.id).values(status_code=f"{detail.get('sent')}/{detail.get('total')}"[:32]))
    if row.status == "sent":
        tx.execute(update(_dispatch).where(_dispatch.c.id == row.id).values(people=b""))
    return changed


def take_masses(stores: Stores, tx: Connection, told: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Results of mass sends, (account, what is told) each; what has to wait is left to a job."""
    for account_id, detail in told:
        try:
            take_mass(stores, tx, account_id, detail)
        except NotYetError:
            jobs.submit(tx, LOOK_AGAIN, {"account_id": account_id, "detail": dict(detail)}, now=stores.now(), key=f"{account_id}:{detail['message_id']}")


def take_notices(stores: Stores, tx: Connection, told: Sequence[Notice]) -> int:
    """Take in what became of notices, in the order in which it happened; returns how many messages changed."""
    if not told:
        return 0
    found = _open_notices(tx, told)
    groups: defaultdict[tuple[int, str | None], list[tuple[int, int, int, int]]] = defaultdict(list)
    for one in sorted(told, key=lambda each: each.at_ms):
        waiting = [
            row for row in found[one.account_id, one.identity_key]
            if row.at_ms <= one.at_ms + EARLY_MS and (row.form == f"notice:{one.template}"[:80] if one.template else row.form.startswith("notice:"))
        ]  # fmt: skip
        if waiting:
            row = max(waiting, key=lambda each: (each.at_ms, each.send_id))
            found[one.account_id, one.identity_key].remove(row)
            status = RECEIVED if one.ok else REFUSED if one.blocked else FAILED
            groups[status, None if one.ok else one.code].append((row.customer_id, row.send_id, row.route, row.identity_key))
    changed = 0
    for (status, code), keys in sorted(groups.items(), key=lambda one: (one[0][0], one[0][1] or "")):
        table = pa.table([pa.array(column, field.type) for column, field in zip(zip(*keys, strict=True), _KEYS, strict=True)], schema=_KEYS)
        changed += outbox.mark(tx, table, status, now=stores.now(), code=code, was=OPEN)
    return changed


def _open_notices(tx: Connection, told: Sequence[Notice]) -> defaultdict[tuple[int, int], list[Any]]:
    """By account and identifier, the notices that may still come to something."""
    columns = [_message.c[name] for name in ("customer_id", "send_id", "route", "identity_key", "account_id", "at_ms")]
    query = select(*columns, _dispatch.c.form).join(_dispatch, _dispatch.c.id == _message.c.dispatch_id).where(
        among(tx, _message.c.customer_id, sorted({one.customer_id for one in told})), _message.c.status.in_(OPEN), _dispatch.c.form.startswith("notice:")
    )  # fmt: skip
    found: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in tx.execute(query):
        found[row.account_id, row.identity_key].append(row)
    return found
