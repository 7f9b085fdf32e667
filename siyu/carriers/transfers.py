"""Transfers 客户继承: customers go to another member of staff, in service or after resignation. A call only begins it.

Of each customer: intended → attempting → started | refused | unknown; started → done | refused | takeover_full. Whom a call
without an answer was about is `unknown` until the carrier's results tell; nobody is asked for twice before that. The old
relation ends and the new one begins by the carrier's callbacks, which tell the reason (transfer); a reconcile catches what
they miss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from siyu.carriers import _tables, _work_tables, accounts
from siyu.carriers._limits import patient
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.errors import CarrierError, Refused, Unavailable
from siyu.foundation.database import insert_ignore
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.jobs import Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import staff

TOGETHER = 100
"""Customers in one call."""
POLLED_EVERY = timedelta(hours=1)
POLLED_FOR = timedelta(days=7)
"""It completes by itself after 24 hours, unless the customer refuses."""
SURE_AFTER = timedelta(minutes=5)
LASTING = ("done", "refused", "takeover_full")


@dataclass(frozen=True)
class Transfer:
    """Counts are customers by how they stand."""

    id: int
    account_id: int
    from_staff: str
    to_staff: str
    resigned: bool
    message: str
    created_at: datetime
    created_by: str
    next_poll_at: datetime | None
    counts: dict[str, int]


def list_transfers(tx: Connection, account_id: int, limit: int = 100) -> list[Transfer]:
    """The newest first."""
    table = _work_tables.transfer
    rows = tx.execute(select(table).where(table.c.account_id == account_id).order_by(table.c.id.desc()).limit(limit)).all()
    return [_transfer(tx, row) for row in rows]


def find_transfer(tx: Connection, transfer_id: int) -> Transfer:
    row = tx.execute(select(_work_tables.transfer).where(_work_tables.transfer.c.id == transfer_id)).first()
    if row is None:
        raise NotFoundError(Text("没有这次转接", "there is no such transfer"))
    return _transfer(tx, row)


def intend(
    tx: Connection, account: Account, *, from_staff: str, to_staff: str, contacts: Sequence[str] | None, message: str, now: datetime, by: str
) -> Transfer:
    """Write down who goes to whom; `contacts` None: all whose relation with `from_staff` is open. Who left the corp is known by their status."""
    held = _held(tx, account.id, from_staff)
    wanted = sorted(held if contacts is None else set(contacts))
    faults = [] if from_staff != to_staff else [Fault("to_staff", Text("接手人与原跟进人相同", "the new person is the old one"))]
    if unknown := [one for one in wanted if one not in held]:
        faults.append(Fault("contacts", Text(f"{len(unknown)} 位不是该员工的客户", f"{len(unknown)} are no customers of that member of staff")))
    if not wanted:
        faults.append(Fault("contacts", Text("没有可以转接的客户", "there is nobody to transfer")))
    if len(message) > 200:
        faults.append(Fault("message", Text("最多 200 个字", "at most 200 characters")))
    if faults:
        raise InvalidError(Text("转接有误", "the transfer is not valid"), faults=faults)
    row = {
        "account_id": account.id, "from_staff": from_staff, "to_staff": to_staff, "resigned": staff.known(tx, account.id).get(from_staff) == "left",
        "message": message, "created_at": now, "created_by": by,
    }  # fmt: skip
    key = tx.execute(insert(_work_tables.transfer).values(row)).inserted_primary_key
    assert key is not None
    insert_ignore(tx, _work_tables.transfer_item, [{"transfer_id": int(key[0]), "external_id": one, "status": "intended"} for one in wanted])
    return find_transfer(tx, int(key[0]))


def begin(running: Running, calls: Calls, transfer_id: int) -> Transfer:
    """Ask for every customer that is still only intended, a hundred at a time; goes on after a kill without asking twice."""
    stores = running.stores
    with stores.ledger.read() as tx:
        transfer = find_transfer(tx, transfer_id)
        account = accounts.find_account(tx, transfer.account_id)
    total = sum(transfer.counts.values())
    while some := _claim(stores, transfer.id):
        _store(stores, transfer.id, calls.run(_asked(calls, account, transfer, some)))
        with stores.ledger.read() as tx:
            left = find_transfer(tx, transfer.id).counts.get("intended", 0)
        running.progress(total - left, total, Text("正在发起转接", "asking for transfers"))
    with stores.ledger.begin() as tx:
        table = _work_tables.transfer
        tx.execute(update(table).where(table.c.id == transfer.id).values(next_poll_at=stores.now() + SURE_AFTER))
        return find_transfer(tx, transfer.id)


def poll_due(calls: Calls) -> int:
    """Ask how transfers have come along that are due; returns how many."""
    found = due(calls.stores)
    for account, transfer in found:
        try:
            calls.run(_poll(calls, account, transfer))
        except CarrierError:
            _next(calls.stores, transfer)
    return len(found)


def due(stores: Stores) -> list[tuple[Account, Transfer]]:
    table = _work_tables.transfer
    with stores.ledger.read() as tx:
        rows = tx.execute(select(table).where(table.c.next_poll_at <= stores.now()).limit(100)).all()
        owners = {account.id: account for account in accounts.list_accounts(tx, ["wecom"]) if account.status == "connected"} if rows else {}
        return [(owners[row.account_id], _transfer(tx, row)) for row in rows if row.account_id in owners]


def _held(tx: Connection, account_id: int, staff_id: str) -> set[str]:
    relation, contact = _tables.relation, _tables.contact
    query = select(contact.c.external_id).join(relation, relation.c.contact_id == contact.c.id)
    return set(tx.scalars(query.where(relation.c.account_id == account_id, relation.c.staff == staff_id, relation.c.ended_at.is_(None))))


def _claim(stores: Stores, transfer_id: int) -> list[str]:
    """Those of the next call; written down as attempting before it is made."""
    item = _work_tables.transfer_item
    with stores.ledger.begin() as tx:
        mine = select(item.c.external_id).where(item.c.transfer_id == transfer_id, item.c.status == "intended").order_by(item.c.external_id)
        some = list(tx.scalars(mine.limit(TOGETHER).with_for_update()))
        tx.execute(update(item).where(item.c.transfer_id == transfer_id, item.c.external_id.in_(some)).values(status="attempting"))
    return some


async def _asked(calls: Calls, account: Account, transfer: Transfer, some: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Contact → how it stands after the call, and the carrier's code."""
    connector = calls.connector(account).transfer
    try:
        with patient(300):
            if transfer.resigned:
                answers = await connector.customers_of_resigned(transfer.from_staff, transfer.to_staff, some)
            else:
                answers = await connector.customers(transfer.from_staff, transfer.to_staff, some, message=transfer.message)
    except (CarrierError, InvalidError) as error:
        if isinstance(error, Refused | InvalidError):
            return dict.fromkeys(some, ("refused", error.vendor_code if isinstance(error, Refused) else error.code))
        if isinstance(error, Unavailable) and error.reached is None:
            return dict.fromkeys(some, ("unknown", error.vendor_code or "no_answer"))
        # Nothing was done: the job tries again later.
        _store(calls.stores, transfer.id, dict.fromkeys(some, ("intended", error.vendor_code)))
        raise
    told = {one.external_userid: ("refused", str(one.errcode)) if one.errcode else ("started", None) for one in answers}
    return {one: told.get(one, ("unknown", None)) for one in some}


def _store(stores: Stores, transfer_id: int, outcomes: dict[str, tuple[str, str | None]]) -> None:
    item = _work_tables.transfer_item
    with stores.ledger.begin() as tx:
        for status, code in set(outcomes.values()):
            those = [one for one, outcome in outcomes.items() if outcome == (status, code)]
            tx.execute(update(item).where(item.c.transfer_id == transfer_id, item.c.external_id.in_(those)).values(status=status, status_code=code))


async def _poll(calls: Calls, account: Account, transfer: Transfer) -> None:
    """What the carrier knows of each; whom it does not know was never begun, and may be asked for again by hand."""
    connector, stores = calls.connector(account).transfer, calls.stores
    ask = connector.results_of_resigned if transfer.resigned else connector.results
    with patient(300):
        told = {one.external_userid: one async for page in ask(transfer.from_staff, transfer.to_staff) for one in page.items}
    names = {"done": "done", "waiting": "started", "refused": "refused", "takeover_full": "takeover_full"}
    item = _work_tables.transfer_item
    with stores.ledger.begin() as tx:
        open_ = tx.execute(select(item).where(item.c.transfer_id == transfer.id, item.c.status.in_(("started", "attempting", "unknown")))).all()
        for row in open_:
            one = told.get(row.external_id)
            status = names.get(one.standing) if one is not None else None
            if status is None and row.status != "started":
                status = "refused"
            if status is not None:
                values: dict[str, Any] = {"status": status, "takeover_at": one.takeover_at if one else None}
                code = {} if one is not None else {"status_code": "not_made"}
                tx.execute(update(item).where(item.c.transfer_id == transfer.id, item.c.external_id == row.external_id).values(**values, **code))
    _next(stores, transfer)


def _next(stores: Stores, transfer: Transfer) -> None:
    """Ask again in an hour while somebody waits, for a week."""
    table, now = _work_tables.transfer, stores.now()
    with stores.ledger.begin() as tx:
        waiting = {name: count for name, count in find_transfer(tx, transfer.id).counts.items() if name not in LASTING}
        again = now + POLLED_EVERY if waiting and now - transfer.created_at < POLLED_FOR else None
        tx.execute(update(table).where(table.c.id == transfer.id).values(next_poll_at=again))


def _transfer(tx: Connection, row: Any) -> Transfer:
    item = _work_tables.transfer_item
    counted = select(item.c.status, func.count()).where(item.c.transfer_id == row.id).group_by(item.c.status)
    return Transfer(
        row.id, row.account_id, row.from_staff, row.to_staff, row.resigned, row.message, row.created_at, row.created_by, row.next_poll_at,
        {status: int(count) for status, count in tx.execute(counted)},
    )  # fmt: skip


def check_staff(tx: Connection, account: Account, to_staff: str) -> None:
    """The one who takes over must be there."""
    if staff.known(tx, account.id).get(to_staff, "active") == "left":
        raise ConflictError(Text("接手人已经离职", "whoever is to take over has left"))
