"""Arrivals 来信: looking into the inbox: what came, what has become of it, and what it said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from siyu.carriers import _tables, words
from siyu.carriers.accounts import Account
from siyu.carriers.inbox import document_in, happenings_in
from siyu.foundation.errors import NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

_CODES = re.compile(r"(<(WelcomeCode|Ticket|SuiteTicket|AuthCode)>)(?:<!\[CDATA\[)?.*?(?:\]\]>)?(</\2>)", re.DOTALL)
_PERSONAL = re.compile(r"(?<!\d)1\d{10}(?!\d)|[\w.+-]+@[\w-]+\.[\w.-]+")
_CONTACTS = re.compile(r"(?<![\w-])(?:wm|wo|o)[\w-]{18,}")


@dataclass(frozen=True)
class ArrivalRow:
    """One callback. `done_at` is None while it waits to be worked off."""

    position: int
    kind: str
    at: datetime
    received_at: datetime
    done_at: datetime | None
    summary: str


def list_arrivals(stores: Stores, tx: Connection, account: Account, *, kind: str | None, before: int | None, limit: int) -> list[ArrivalRow]:
    """Newest first."""
    table = _tables.inbox
    query = select(table).where(table.c.account_id == account.id).order_by(table.c.position.desc()).limit(limit)
    if kind:
        query = query.where(table.c.kind == kind)
    if before is not None:
        query = query.where(table.c.position < before)
    rows = tx.execute(query).all()
    said = happenings_in(stores.secrets, [row.body_sealed for row in rows])
    return [
        ArrivalRow(row.position, row.kind, row.at, row.received_at, row.done_at, "; ".join(_said(one) for one in happenings))
        for row, happenings in zip(rows, said, strict=True)
    ]


def find_arrival(stores: Stores, tx: Connection, account: Account, position: int, *, masked: bool) -> tuple[ArrivalRow, str | None]:
    """With its document; None where that was encrypted with another key. Codes that can be used are never shown."""
    table = _tables.inbox
    row = tx.execute(select(table).where(table.c.account_id == account.id, table.c.position == position)).first()
    if row is None:
        raise NotFoundError(Text("没有这条回调", "there is no such callback"))
    said = happenings_in(stores.secrets, [row.body_sealed])[0]
    document = document_in(stores.secrets, row.body_sealed)
    shown = ArrivalRow(row.position, row.kind, row.at, row.received_at, row.done_at, "; ".join(_said(one) for one in said))
    return shown, None if document is None else without_codes(document, masked=masked)


def without_codes(document: str, *, masked: bool) -> str:
    """The document without codes that can be used and, where `masked`, with ids, phones and addresses of people shortened."""
    plain = _CODES.sub(r"\1…\3", document)
    if not masked:
        return plain
    return _PERSONAL.sub(lambda found: f"{found[0][:3]}…{found[0][-2:]}", _CONTACTS.sub(lambda found: f"{found[0][:6]}…{found[0][-4:]}", plain))


def kinds_of(tx: Connection, account_id: int) -> dict[str, int]:
    """How many callbacks of each kind are kept."""
    table = _tables.inbox
    rows = tx.execute(select(table.c.kind, func.count()).where(table.c.account_id == account_id).group_by(table.c.kind))
    return {kind: int(count) for kind, count in rows}


def backlog(tx: Connection) -> tuple[int, datetime | None]:
    """Callbacks that wait to be worked off, and since when the oldest does."""
    table = _tables.inbox
    waiting: ColumnElement[bool] = table.c.done_at.is_(None)
    count, oldest = tx.execute(select(func.count(), func.min(table.c.received_at)).where(waiting)).one()
    return int(count), oldest


def _said(happening: Any) -> str:
    return words.summary(happening.staff, happening.contact, happening.detail)
