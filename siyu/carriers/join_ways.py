"""Join ways 入群码: codes through which customers join a group chat of a WeCom account, and the page that shows one to a person.

The carrier keeps no list of them, so a code whose making was not answered cannot be found again: it stays `unknown` and is never asked for
blindly a second time; whoever wants another makes another. Nobody has joined by a code that was never shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from siyu.carriers import _tables
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.errors import CarrierError, Refused, Unavailable
from siyu.connectors.wecom.ways import JoinWay
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.ids import new_id
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

MOST_GROUPS = 5
_table = _tables.join_way


@dataclass(frozen=True)
class GroupWay:
    """`status`: attempting · open · unknown (asked for, never answered) · refused · closed. `chats`: groups in order; when one is full the next
    is joined, at last a new one. `state` comes with whoever joins by it."""

    id: int
    account_id: int
    token: str
    config_id: str | None
    status: str
    status_code: str | None
    name: str
    chats: list[str]
    qr_code: str | None
    created_at: datetime
    created_by: str
    closed_at: datetime | None

    @property
    def state(self) -> str:
        return f"join{self.id}"


def listed(tx: Connection, account_id: int) -> list[GroupWay]:
    """The newest first; those that were refused or closed too."""
    return [_way(row) for row in tx.execute(select(_table).where(_table.c.account_id == account_id).order_by(_table.c.id.desc()))]


def find(tx: Connection, way_id: int) -> GroupWay:
    row = tx.execute(select(_table).where(_table.c.id == way_id)).first()
    if row is None:
        raise NotFoundError(Text(f"没有入群码 {way_id}", f"there is no join code {way_id}"), way_out=Text("到账号页新建一个", "make one on the account's page"))
    return _way(row)


def find_by_token(tx: Connection, token: str) -> GroupWay | None:
    row = tx.execute(select(_table).where(_table.c.token == token)).first()
    return None if row is None else _way(row)


def address(settings: Settings, way: GroupWay) -> str:
    """The page that shows a code: it stands in messages."""
    return f"{(settings.public_url or f'http://{settings.host}:{settings.port}').rstrip('/')}/g/{way.token}"


def intend(tx: Connection, account: Account, *, name: str, chats: Sequence[str], now: datetime, by: str) -> GroupWay:
    """Write down that a code is asked for."""
    faults = [] if 0 < len(name.strip()) <= 80 else [Fault("name", Text("1 到 80 个字", "1 to 80 characters"))]
    if not 0 < len(set(chats)) <= MOST_GROUPS or len(set(chats)) < len(chats):
        faults.append(Fault("chats", Text(f"选 1 到 {MOST_GROUPS} 个不同的客户群", f"name 1 to {MOST_GROUPS} different group chats")))
    if faults:
        raise InvalidError(Text("入群码有误", "the join code is not valid"), faults=faults)
    row = {"account_id": account.id, "token": new_id("g"), "status": "attempting", "name": name.strip(), "chats": list(chats), "created_at": now, "created_by": by}
    key = tx.execute(insert(_table).values(row)).inserted_primary_key
    assert key is not None
    return find(tx, int(key[0]))


async def make(calls: Calls, account: Account, way: GroupWay) -> GroupWay:
    """Ask the carrier for an intended code, once.

    Raises
    ------
    InvalidError, CarrierError
        When the carrier's limits or the carrier say no (`refused`), or nobody knows (`unknown`).
    """
    ways = calls.connector(account).join_ways
    try:
        config_id = await ways.add(JoinWay(remark=way.name[:30], chat_id_list=tuple(way.chats), room_base_name=way.name[:40], room_base_id=1, state=way.state))
    except (CarrierError, InvalidError) as error:
        unknown = isinstance(error, Unavailable) and error.reached is None
        _set(calls.stores, way.id, status="unknown" if unknown else "refused", status_code=error.vendor_code if isinstance(error, CarrierError) else error.code)
        raise
    _set(calls.stores, way.id, status="open", config_id=config_id)
    return await show(calls, account, way.id)


async def show(calls: Calls, account: Account, way_id: int) -> GroupWay:
    """Read the picture of an open code."""
    with calls.stores.ledger.read() as tx:
        way = find(tx, way_id)
    if way.config_id is None or way.status != "open":
        raise ConflictError(Text("这个入群码不可用", "this join code is not open"))
    told = await calls.connector(account).join_ways.get(way.config_id)
    return _set(calls.stores, way_id, qr_code=told.qr_code or way.qr_code)


async def change(calls: Calls, account: Account, way: GroupWay, chats: Sequence[str], *, opens_groups: bool, next_number: int = 1) -> GroupWay:
    """Lead to other groups from now on; asked for twice it is the same. `opens_groups`: the carrier may open another when all of them are full."""
    if way.status != "open" or way.config_id is None:
        raise ConflictError(Text("这个入群码不可用，不能修改", "this join code is not open and cannot be changed"))
    wanted = JoinWay(
        config_id=way.config_id, remark=way.name[:30], chat_id_list=tuple(chats), room_base_name=way.name[:40], room_base_id=next_number, state=way.state,
        auto_create_room=int(opens_groups),
    )  # fmt: skip
    await calls.connector(account).join_ways.update(wanted)
    return _set(calls.stores, way.id, chats=list(chats))


async def read_groups(calls: Calls, account: Account, way: GroupWay) -> list[str]:
    """The groups that the carrier has on the code now, those that it opened itself too."""
    if way.status != "open" or way.config_id is None:
        return list(way.chats)
    return list((await calls.connector(account).join_ways.get(way.config_id)).chat_id_list)


async def close(calls: Calls, account: Account, way: GroupWay) -> GroupWay:
    """Take it out of use at the carrier; who has joined stays."""
    if way.status == "open" and way.config_id is not None:
        try:
            await calls.connector(account).join_ways.delete(way.config_id)
        except Refused as error:
            # It may be gone already.
            _set(calls.stores, way.id, status_code=error.vendor_code)
    return _set(calls.stores, way.id, status="closed", closed_at=calls.stores.now())


def _set(stores: Stores, way_id: int, **values: Any) -> GroupWay:
    with stores.ledger.begin() as tx:
        tx.execute(update(_table).where(_table.c.id == way_id).values(values))
        return find(tx, way_id)


def _way(row: Any) -> GroupWay:
    return GroupWay(**{name: getattr(row, name) for name in GroupWay.__dataclass_fields__})
