"""Transfers over HTTP: customers go from one member of staff to another."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, Field

from siyu.carriers import accounts, tasks, transfers
from siyu.carriers.transfers import Transfer
from siyu.foundation.errors import InvalidError
from siyu.foundation.http import Body, Items, Line, Router, RowId
from siyu.foundation.text import Text
from siyu.team import audit, staff
from siyu.team.access import Access, require

router = Router(prefix="/carriers/accounts/{id}/transfers", tags=["carriers"])
Reader = Annotated[Access, Depends(require("carriers.read"))]
Writer = Annotated[Access, Depends(require("carriers.write"))]
MOST_CONTACTS = 100_000


class NewTransfer(Body):
    """`contacts` are contacts' ids at the carrier; `all` takes every open relation of `from_staff`."""

    from_staff: Line
    to_staff: Line
    contacts: Annotated[list[Line], Field(max_length=MOST_CONTACTS)] = []
    all: bool = False
    message: Line = ""


class TransferJob(BaseModel):
    transfer_id: int
    job_id: str


class TransferInfo(BaseModel):
    """`counts`: customers who are intended, attempting, started, done, refused, takeover_full or unknown."""

    id: int
    from_staff: str
    from_staff_name: str | None
    to_staff: str
    to_staff_name: str | None
    resigned: bool
    message: str
    created_at: datetime
    created_by: str
    next_poll_at: datetime | None
    counts: dict[str, int]


@router.get("", summary="Transfers of an account, the newest first")
def list_transfers(id: RowId, access: Reader) -> Items[TransferInfo]:
    with access.stores.ledger.read() as tx:
        accounts.find_account(tx, id)
        found, names = transfers.list_transfers(tx, id), staff.names(tx, [id])

    def shown(one: Transfer) -> TransferInfo:
        plain = {name: getattr(one, name) for name in TransferInfo.model_fields if hasattr(one, name)}
        return TransferInfo(**plain, from_staff_name=names.get((id, one.from_staff)), to_staff_name=names.get((id, one.to_staff)))

    return Items(items=[shown(one) for one in found])


@router.post("", status_code=202, summary="Hand customers over to somebody else")
def start_transfer(id: RowId, body: NewTransfer, access: Writer) -> TransferJob:
    """In service the customer is told and may refuse within 24 hours; of somebody who left, they are simply handed over."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        account = accounts.find_account(tx, id)
        if account.product != "wecom":
            raise InvalidError(Text("只有企业微信可以转接客户", "only WeCom can transfer customers"))
        transfers.check_staff(tx, account, body.to_staff)
        made = transfers.intend(
            tx, account, from_staff=body.from_staff, to_staff=body.to_staff, contacts=None if body.all else body.contacts,
            message=body.message, now=stores.now(), by=access.actor.name,
        )  # fmt: skip
        detail = {"from": body.from_staff, "to": body.to_staff, "customer_count": sum(made.counts.values())}
        audit.record(tx, access.actor, "carriers.transfer_added", f"account:{id}", detail, stores.now())
        return TransferJob(transfer_id=made.id, job_id=tasks.ask_transfer(tx, made, stores=stores, by=access.actor.name))
