"""Contact ways 活码: codes through which people add staff.

The carrier shows a code that was made here to nobody: whoever loses its config_id loses the code. So it is written down before
the carrier is asked (`intended` → `attempting`), with a mark in its remark. After an answer that never came, or a killed
process, the carrier's list is searched for the mark: found, the code is taken up; not found, it was never made and is asked
for again. The mark holds the row's number and the moment, so that no other code can have it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from siyu.carriers import _tables, accounts
from siyu.carriers._limits import patient
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.health import ONE_API
from siyu.connectors.errors import (
    AccountRestricted,
    BadCredentials,
    CarrierError,
    Refused,
    Throttled,
    Unavailable,
)
from siyu.connectors.wecom.ways import SEVERAL, ContactWay, WayDraft
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

SURE_AFTER = timedelta(minutes=5)
"""A call that was not answered has been dealt with by then; a code that is not listed then was not made."""
LISTED_SINCE = datetime(2021, 7, 10, tzinfo=UTC)
"""Older codes are in no list of the carrier."""
LISTED_TOGETHER = timedelta(days=90)
NAME_IN_REMARK = 12
CHANGEABLE = ("name", "staff", "departments", "skip_verify")


@dataclass(frozen=True)
class Way:
    """`status`: intended · attempting (asked for, not yet answered) · open · refused · closed. `state` comes with whoever adds by it."""

    id: int
    account_id: int
    config_id: str | None
    status: str
    status_code: str | None
    name: str
    state: str
    staff: list[str]
    departments: list[int]
    skip_verify: bool
    qr_code: str | None
    created_at: datetime
    created_by: str
    closed_at: datetime | None


def list_ways(tx: Connection, account_id: int) -> list[Way]:
    """The newest first; those that were refused or closed too."""
    table = _tables.contact_way
    return [_way(row) for row in tx.execute(select(table).where(table.c.account_id == account_id).order_by(table.c.id.desc()))]


def find_way(tx: Connection, account_id: int, way_id: int) -> Way:
    row = tx.execute(select(_tables.contact_way).where(_tables.contact_way.c.id == way_id, _tables.contact_way.c.account_id == account_id)).first()
    if row is None:
        raise NotFoundError(Text("没有这个活码", "there is no such live code"))
    return _way(row)


def counts(stores: Stores, account_id: int) -> dict[str, tuple[int, int]]:
    """State → relations begun by it, and those open, by the published facts."""
    fact = stores.warehouse.tables["carriers_relation"]
    mine = fact.filter(~fact.void & (fact.account_id == account_id) & fact.state.notnull())
    counted = mine.group_by("state").agg(added=mine.count(), open=mine.ended_ms.isnull().sum())
    with stores.warehouse.read() as session:
        return {row["state"]: (int(row["added"]), int(row["open"])) for row in session.query(counted).to_pylist()}


def intend(
    tx: Connection, account: Account, *, name: str, state: str | None, staff: Sequence[str], departments: Sequence[int], skip_verify: bool, now: datetime, by: str
) -> Way:
    """Write down that there is to be a code; `state` is made up where none is given."""
    faults = [] if 0 < len(name.strip()) <= 80 else [Fault("name", Text("1 到 80 个字", "1 to 80 characters"))]
    if not staff and not departments:
        faults.append(Fault("staff", Text("请至少选一位员工或一个部门", "name at least one member of staff or department")))
    if faults:
        raise InvalidError(Text("活码有误", "the live code is not valid"), faults=faults)
    row = {
        "account_id": account.id, "status": "intended", "name": name.strip(), "state": state or "", "staff": list(staff),
        "departments": list(departments), "skip_verify": skip_verify, "created_at": now, "created_by": by,
    }  # fmt: skip
    key = tx.execute(insert(_tables.contact_way).values(row)).inserted_primary_key
    assert key is not None
    if not state:
        tx.execute(update(_tables.contact_way).where(_tables.contact_way.c.id == key[0]).values(state=f"way{int(key[0])}"))
    return find_way(tx, account.id, int(key[0]))


async def make(calls: Calls, account: Account, way: Way) -> Way:
    """Ask the carrier for an intended code. What is not known to have failed is left `attempting`, for `settle`.

    Raises
    ------
    ContentError, CarrierError
        When the carrier's limits or the carrier say no; the code is then `refused` or, where another try may help, `intended`.
    """
    if not _claim(calls.stores, way.id):
        raise ConflictError(Text("这个活码已在创建", "this live code is being made already"))
    try:
        made = await calls.connector(account).contact_ways.add(_draft(way))
    except (CarrierError, InvalidError) as error:
        _set(calls.stores, way.id, **_after(error))
        raise
    return _set(calls.stores, way.id, status="open", status_code=None, config_id=made.config_id, qr_code=made.qr_code or None)


async def settle(calls: Calls, account: Account) -> int:
    """Codes that were asked for and of which nobody knows what became, and those still to be made; returns how many are open now."""
    stores = calls.stores
    table = _tables.contact_way
    with stores.ledger.read() as tx:
        rows = tx.execute(select(table).where(table.c.account_id == account.id, table.c.status.in_(("intended", "attempting")))).all()
    unsure = {_mark(_way(row)): row for row in rows if row.status == "attempting" and row.attempted_at < stores.now() - SURE_AFTER}
    found = await _search(calls, account, set(unsure)) if unsure else {}
    for mark, row in unsure.items():
        if (way := found.get(mark)) is not None:
            _set(stores, row.id, status="open", status_code=None, config_id=way.config_id, qr_code=way.qr_code or None)
        else:
            _set(stores, row.id, status="intended")
    again = [row for row in rows if row.status == "intended"] + [row for mark, row in unsure.items() if mark not in found]
    made = 0
    for row in again:
        try:
            await make(calls, account, _way(row))
            made += 1
        except (CarrierError, InvalidError, ConflictError):
            continue
    return made + len(found)


async def change(calls: Calls, account: Account, way: Way, values: dict[str, Any]) -> Way:
    """Change it at the carrier and here. Asked for twice it is the same."""
    if way.status != "open":
        raise ConflictError(Text("这个活码不可用，不能修改", "this live code is not open and cannot be changed"))
    changed = {name: values[name] for name in CHANGEABLE if values.get(name) is not None}
    wanted = Way(**{**vars(way), **changed})
    await calls.connector(account).contact_ways.update(way.config_id, _draft(wanted))
    return _set(calls.stores, way.id, **changed)


async def close(calls: Calls, account: Account, way: Way) -> Way:
    """Take it out of use at the carrier: whoever scans it adds nobody any more. Its relations stay."""
    if way.status == "open":
        ways = calls.connector(account).contact_ways
        try:
            await ways.delete(way.config_id)
        except Refused:
            # It may be gone already: by an earlier try, or by another's hand.
            if await _is_there(ways, str(way.config_id)):
                raise
    return _set(calls.stores, way.id, status="closed", closed_at=calls.stores.now())


async def take_up(calls: Calls, account: Account, by: str) -> int:
    """Take up codes that were made elsewhere by the same app or before Siyu; returns how many were new."""
    stores = calls.stores
    with stores.ledger.read() as tx:
        known = set(tx.scalars(select(_tables.contact_way.c.config_id).where(_tables.contact_way.c.account_id == account.id)))
        pending = {_mark(way): way for way in list_ways(tx, account.id) if way.status == "attempting"}
    new = 0
    async for config_id in _ids(calls, account, whole=True):
        if config_id in known:
            continue
        known.add(config_id)
        with patient(120):
            way = await calls.connector(account).contact_ways.get(config_id)
        if (mine := pending.get(way.remark)) is not None:
            _set(stores, mine.id, status="open", config_id=config_id, qr_code=way.qr_code or None)
        else:
            _take_up(stores, account, way, by)
            new += 1
    return new


def _take_up(stores: Stores, account: Account, way: ContactWay, by: str) -> None:
    row = {
        "account_id": account.id, "config_id": way.config_id, "status": "open", "name": (way.remark or way.state or way.config_id)[:80], "state": way.state[:30],
        "staff": list(way.user), "departments": list(way.party), "skip_verify": way.skip_verify, "qr_code": way.qr_code or None,
        "created_at": stores.now(), "created_by": by,
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        tx.execute(insert(_tables.contact_way).values(row))


async def _search(calls: Calls, account: Account, marks: set[str]) -> dict[str, ContactWay]:
    """Codes at the carrier that bear one of these marks, and that we hold no config_id of."""
    with calls.stores.ledger.read() as tx:
        known = set(tx.scalars(select(_tables.contact_way.c.config_id).where(_tables.contact_way.c.account_id == account.id)))
    found: dict[str, ContactWay] = {}
    async for config_id in _ids(calls, account, whole=False):
        if config_id in known:
            continue
        with patient(120):
            way = await calls.connector(account).contact_ways.get(config_id)
        if way.remark in marks:
            found[way.remark] = way
    return found


async def _ids(calls: Calls, account: Account, *, whole: bool) -> AsyncIterator[str]:
    """Ids of the last 90 days by the carrier's clock; with `whole`, of all time."""
    ways, now = calls.connector(account).contact_ways, calls.stores.now()
    spans: list[tuple[datetime | None, datetime | None]] = [(None, None)]
    start = LISTED_SINCE
    while whole and start < now:
        spans.append((start, min(start + LISTED_TOGETHER, now)))
        start += LISTED_TOGETHER
    for since_at, until_at in spans:
        with patient(120):
            async for page in ways.ids(since_at, until_at):
                for config_id in page.items:
                    yield config_id


async def _is_there(ways: Any, config_id: str) -> bool:
    try:
        await ways.get(config_id)
    except Refused:
        return False
    return True


def _after(error: CarrierError | InvalidError) -> dict[str, Any]:
    """How a code stands after an attempt that failed."""
    if isinstance(error, Unavailable) and error.reached is None:
        return {"status": "attempting", "status_code": error.vendor_code or "no_answer"}
    if isinstance(error, Throttled | Unavailable) or (isinstance(error, AccountRestricted | BadCredentials) and error.vendor_code not in ONE_API):
        return {"status": "intended", "status_code": error.vendor_code}
    return {"status": "refused", "status_code": error.vendor_code if isinstance(error, CarrierError) else error.code}


def _draft(way: Way) -> WayDraft:
    return WayDraft(users=tuple(way.staff), departments=tuple(way.departments), type=SEVERAL, remark=_mark(way), state=way.state, skip_verify=way.skip_verify)


def _mark(way: Way) -> str:
    """At most 30 characters: the beginning of the name, then number and moment."""
    return f"{way.name[:NAME_IN_REMARK]}#{way.id:x}.{int(way.created_at.timestamp()):x}"


def _set(stores: Stores, way_id: int, **values: Any) -> Way:
    table = _tables.contact_way
    with stores.ledger.begin() as tx:
        tx.execute(update(table).where(table.c.id == way_id).values(values))
        row = tx.execute(select(table).where(table.c.id == way_id)).one()
    return _way(row)


def _claim(stores: Stores, way_id: int) -> bool:
    """Whoever turns `intended` into `attempting` makes the call, and nobody else."""
    table = _tables.contact_way
    with stores.ledger.begin() as tx:
        mine = update(table).where(table.c.id == way_id, table.c.status == "intended")
        return tx.execute(mine.values(status="attempting", attempted_at=stores.now())).rowcount == 1


def _way(row: Any) -> Way:
    return Way(**{name: getattr(row, name) for name in Way.__dataclass_fields__})


def accounts_to_settle(tx: Connection) -> list[Account]:
    """Accounts with codes of which something is still to be done."""
    table = _tables.contact_way
    ids = set(tx.scalars(select(table.c.account_id).where(table.c.status.in_(("intended", "attempting"))).distinct()))
    return [account for account in accounts.list_accounts(tx, ["wecom"]) if account.id in ids and account.status == "connected"]
