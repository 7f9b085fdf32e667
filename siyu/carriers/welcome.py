"""Welcome 欢迎语: which greeting a new contact gets. It is chosen and written down with the callback itself, before any call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from siyu.carriers import _tables, media
from siyu.carriers.accounts import Account
from siyu.connectors.wecom.content import (
    Attachment,
    Faults,
    File,
    Image,
    Link,
    Message,
    MiniProgram,
    Video,
    check_message,
)
from siyu.connectors.wecom.limits import WeComLimits
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text

NAME_PLACE = "{客户昵称}"
"""Stands for the contact's name in a text."""
NAME_DEFAULT = "朋友"
Check = Callable[[Message], None]
_KINDS: dict[str, type[Attachment]] = {kind.kind: kind for kind in (Image, Link, MiniProgram, Video, File)}


@dataclass(frozen=True)
class Welcome:
    """A greeting of one account. `states` (live codes) and `staff` say whom it is for; an empty list means everybody.

    `content`: {"text": str, "attachments": [{"msgtype": …, …}]} in the carrier's own form.
    """

    id: int
    account_id: int
    name: str
    states: list[str]
    staff: list[str]
    content: dict[str, Any]
    active: bool
    version: int
    updated_at: datetime
    updated_by: str


def list_welcomes(tx: Connection, account_id: int) -> list[Welcome]:
    rows = tx.execute(select(_tables.welcome).where(_tables.welcome.c.account_id == account_id).order_by(_tables.welcome.c.id))
    return [Welcome(**row._mapping) for row in rows]


def save_welcome(
    tx: Connection, account: Account, *, number: int | None, name: str, states: list[str], staff: list[str], content: dict[str, Any], active: bool,
    check: Check, now: datetime, by: str,
) -> Welcome:  # fmt: skip
    """Add one (no `number`) or change it. `check` raises ContentError where a limit of the carrier is broken; every fault is told at once."""
    faults = [] if 0 < len(name.strip()) <= 80 else [Fault("name", Text("1 到 80 个字", "1 to 80 characters"))]
    faults += [Fault(f"content.{fault.field}", fault.message) for fault in _content_faults(check, content) or media.missing(tx, account.id, content.get("attachments") or [])]
    if faults:
        raise InvalidError(Text("欢迎语有误", "the welcome is not valid"), faults=faults)
    table = _tables.welcome
    values = {"name": name.strip(), "states": states, "staff": staff, "content": content, "active": active, "updated_at": now, "updated_by": by}
    if number is None:
        key = tx.execute(insert(table).values(account_id=account.id, version=1, **values)).inserted_primary_key
        assert key is not None
        number = int(key[0])
    elif not tx.execute(update(table).where(table.c.id == number, table.c.account_id == account.id).values(version=table.c.version + 1, **values)).rowcount:
        raise _missing()
    return Welcome(**tx.execute(select(table).where(table.c.id == number)).one()._mapping)


def remove_welcome(tx: Connection, account_id: int, number: int) -> None:
    """Take it out of use; one that was sent stays readable in its dispatches."""
    table = _tables.welcome
    if not tx.execute(update(table).where(table.c.id == number, table.c.account_id == account_id).values(active=False, version=table.c.version + 1)).rowcount:
        raise _missing()
    sent = select(_tables.welcome_dispatch.c.welcome_id).where(_tables.welcome_dispatch.c.welcome_id == number)
    if tx.execute(sent.limit(1)).first() is None:
        tx.execute(delete(table).where(table.c.id == number))


def choose(welcomes: Sequence[Welcome], staff: str, state: str | None) -> Welcome | None:
    """The active one that fits most closely: by live code before by staff before for everybody; the older of two."""
    fitting = [
        w for w in welcomes if w.active and (not w.states or (state is not None and state in w.states)) and (not w.staff or staff in w.staff)
    ]
    return min(fitting, key=lambda w: (not w.states, not w.staff, w.id), default=None)


def message_of(content: dict[str, Any]) -> Message:
    """The content as the connector takes it.

    Raises
    ------
    InvalidError
        With one fault an attachment that is of no known kind or has unknown parts.
    """
    attachments: list[Attachment] = []
    faults: list[Fault] = []
    for number, one in enumerate(content.get("attachments") or []):
        try:
            attachments.append(msgspec.convert(one[one["msgtype"]], _KINDS[one["msgtype"]]))
        except (KeyError, TypeError, msgspec.ValidationError):
            faults.append(Fault(f"attachments.{number}", Text(f"附件须是 {'、'.join(_KINDS)} 之一", f"an attachment is one of {', '.join(_KINDS)}")))
    if faults:
        raise InvalidError(Text("附件有误", "the attachments are not valid"), faults=faults)
    return Message(content.get("text") or "", tuple(attachments))


def content_check(account: Account) -> Check:
    """The connector's own limits; a carrier without welcomes refuses them."""
    if account.product != "wecom":
        raise ConflictError(Text("这种载体没有欢迎语", "this carrier has no welcomes"))
    limits = WeComLimits.of(account.settings)

    def check(message: Message) -> None:
        faults = Faults()
        check_message(faults, message, limits)
        faults.tell()

    return check


def _content_faults(check: Check, content: dict[str, Any]) -> list[Fault]:
    try:
        check(message_of(content))
    except InvalidError as error:
        return error.faults
    return []


def _missing() -> NotFoundError:
    return NotFoundError(Text("没有这条欢迎语", "there is no such welcome"))
