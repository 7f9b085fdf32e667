"""Tasks of staff over HTTP: who has sent and who has not, reminders, taking back, the link of their own page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel, Field

from siyu.carriers.callback_routes import carriers_of
from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.messaging import sends, staff_links, staff_tasks
from siyu.messaging.staff_tasks import StaffTask
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/messaging", tags=["messaging"])
Reader = Annotated[Access, Depends(require("messaging.read"))]
Writer = Annotated[Access, Depends(require("messaging.write"))]
WAIT_SECONDS = 60


class StaffTaskInfo(BaseModel):
    """`state`: open, sent, cancelled, or over (nothing more is heard of it). `received_count` grows for weeks after it was sent."""

    dispatch_id: int
    send_id: int
    send_name: str
    purpose: str
    account_id: int
    staff: str
    state: str
    text: str
    attachments: list[str]
    people_count: int
    received_count: int
    made_at: datetime | None
    until_at: datetime
    sent_at: datetime | None
    reminded_count: int
    can_remind: bool

    @classmethod
    def of(cls, one: StaffTask) -> StaffTaskInfo:
        return cls(**{name: getattr(one, name) for name in cls.model_fields if name != "attachments"}, attachments=list(one.attachments))


class Staff(Body):
    """Members of staff of an account, by the carrier's ids."""

    account_id: Id
    staff: Annotated[list[Line], Field(min_length=1, max_length=100)]


class Told(BaseModel):
    not_told: list[str]


class PageLink(BaseModel):
    url: str


@router.get("/sends/{id}/staff-tasks", summary="Tasks of staff of a send: who has sent and who has not")
def list_staff_tasks(id: RowId, access: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[StaffTaskInfo]:
    stores, scope = access.stores, f"staff tasks {id}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        sends.find(tx, id)
        found = staff_tasks.of_send(stores, tx, id, after=place[0] if place else 0, limit=limit + 1)
    following = encode_cursor(stores, scope, found[limit - 1].dispatch_id) if len(found) > limit else None
    return Page(items=[StaffTaskInfo.of(one) for one in found[:limit]], next_cursor=following, total=None)


@router.post("/dispatches/{id}/remind", summary="Let WeCom remind a member of staff who has not sent")
def remind_staff(id: RowId, access: Writer, request: Request) -> StaffTaskInfo:
    return _asked(id, access, request, "messaging.staff_reminded", remind=True)


@router.post("/dispatches/{id}/take-back", summary="Stop a task that a member of staff has not sent yet")
def take_back(id: RowId, access: Writer, request: Request) -> StaffTaskInfo:
    return _asked(id, access, request, "messaging.task_taken_back", remind=False)


@router.post("/staff-tasks/tell", summary="Send members of staff the link of their own page of tasks, as a message of the app")
def tell_staff(body: Staff, access: Writer, request: Request) -> Told:
    stores = access.stores
    with stores.ledger.begin() as tx:
        audit.record(tx, access.actor, "messaging.staff_told", f"account:{body.account_id}", {"staff": body.staff}, stores.now())
    calls = carriers_of(request).calls
    return Told(not_told=calls.run(staff_tasks.tell(calls, body.account_id, body.staff), WAIT_SECONDS))


@router.post("/staff-tasks/link", summary="The address of one member of staff's page of tasks")
def link_staff(body: Staff, access: Writer) -> PageLink:
    """Of the first who is named: to be passed on by hand, where the app may not write to staff."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        audit.record(tx, access.actor, "messaging.staff_link_made", f"account:{body.account_id}", {"staff": body.staff[0]}, stores.now())
    return PageLink(url=staff_links.address(stores.settings, staff_links.make_token(stores, body.account_id, body.staff[0])))


def _asked(id: int, access: Access, request: Request, action: str, *, remind: bool) -> StaffTaskInfo:
    stores, calls = access.stores, carriers_of(request).calls
    with stores.ledger.begin() as tx:
        one = staff_tasks.find(stores, tx, id)
        audit.record(tx, access.actor, action, f"dispatch:{id}", {"send": one.send_id, "staff": one.staff}, stores.now())
    calls.run(staff_tasks.remind(calls, id) if remind else staff_tasks.take_back(calls, id), WAIT_SECONDS)
    with stores.ledger.read() as tx:
        return StaffTaskInfo.of(staff_tasks.find(stores, tx, id))
