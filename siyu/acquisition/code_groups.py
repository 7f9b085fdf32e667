"""Group codes 群活码: a code whose groups fill one after another; when one is full the next stands behind the same code.

The carrier holds five groups behind a code at the most. Here stands the whole row of them: those that are not full yet are kept behind
the code, and when all are full the carrier may open another, which is then taken up. Whoever joined by the code is told as a touch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, insert, update

from siyu.acquisition import _code_tables, codes, marks, touches
from siyu.acquisition.codes import Code
from siyu.carriers import accounts, join_ways
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.errors import CarrierError, Refused
from siyu.connectors.wecom.groups import Group
from siyu.events import log
from siyu.events.catalogue.identity import PEOPLE_SEEN
from siyu.events.identifiers import identify, people_seen, sighting
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import ConflictError, InvalidError
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores

MOST_CHOICES = 60
OUTSIDE = 2
"""A member of a group who is not of the staff."""
PATIENCE_SECONDS = 30.0
_code, _t = _code_tables.code, _code_tables.group


@dataclass(frozen=True)
class Rolled:
    """Group codes looked at, those that lead to other groups now, groups that the carrier opened, people who joined by a code since the last look."""

    code_count: int
    changed_count: int
    opened_count: int
    joined_count: int


def behind(groups: Sequence[Any], limit: int, opens: bool) -> list[str]:
    """The groups that are to stand behind a code, by their rows in order.

    The first five that are there and not full. When all are full: the last one, so that the carrier opens another where it may, and
    every one that is there otherwise (the carrier then says itself that they are full).
    """
    there = [row for row in groups if row.gone_at is None]
    free = [row.chat_id for row in there if row.members < limit]
    if free:
        return free[: join_ways.MOST_GROUPS]
    return [row.chat_id for row in there][-1:] if opens else [row.chat_id for row in there][-join_ways.MOST_GROUPS :]


def roll(calls: Calls, only: Sequence[int] | None = None) -> Rolled:
    """Look at the groups of all group codes (or some), and put those behind each code that still take people."""
    stores = calls.stores
    with stores.ledger.read() as tx:
        found = [code for code in codes.listed(tx, status="open") if code.kind == "group" and (only is None or code.id in only)]
        owners = {account.id: account for account in accounts.list_accounts(tx, ["wecom"]) if account.status == "connected"} if found else {}
    done = [_rolled(calls, owners[code.account_id], code) for code in found if code.account_id in owners]
    return Rolled(len(done), sum(one[0] for one in done), sum(one[1] for one in done), sum(one[2] for one in done))


def choices(calls: Calls, account: Account) -> list[Group]:
    """The group chats that a code may lead to, up to `MOST_CHOICES`, by name: what the carrier lists for this app."""

    async def ask() -> list[Group]:
        groups = calls.connector(account).groups
        found: list[Group] = []
        with calls.patient(PATIENCE_SECONDS):
            async for page in groups.list():
                found += [await groups.get(one.chat_id, with_names=False) for one in page.items[: MOST_CHOICES - len(found)]]
                if len(found) >= MOST_CHOICES:
                    break
        return found

    return sorted(calls.run(ask()), key=lambda one: one.name)


def _rolled(calls: Calls, account: Account, code: Code) -> tuple[bool, int, int]:
    """(changed, opened by the carrier, joined). One code's trouble holds up no other."""
    stores = calls.stores
    with stores.ledger.read() as tx:
        way = join_ways.find(tx, code.join_way_id or 0)
    if way.status != "open":
        return False, 0, 0
    try:
        there = calls.run(_read_behind(calls, account, way))
        with stores.ledger.begin() as tx:
            opened = _take_up(tx, code, there)
            rows = codes.groups_of(tx, [code.id])[code.id]
        # A group that was full once and is behind the code no more is not looked at again.
        wanted = set(there) | {row.chat_id for row in rows if row.gone_at is None and (row.read_at is None or row.members < code.group_limit)}
        read = calls.run(_read_groups(calls, account, sorted(wanted)))
        with stores.ledger.begin() as tx:
            joined = _take_in(stores, tx, account, code, read)
            rows = codes.groups_of(tx, [code.id])[code.id]
        chosen = behind(rows, code.group_limit, code.opens_groups)
        changed = bool(chosen) and (chosen != there or code.asked is not None)
        if changed:
            _change(calls, account, code, way, chosen, len(rows))
        return changed, opened, joined
    except (CarrierError, InvalidError, ConflictError) as error:
        _note(stores, code, route_code=error.vendor_code if isinstance(error, CarrierError) else error.code)
        return False, 0, 0


def _change(calls: Calls, account: Account, code: Code, way: Any, chosen: list[str], count: int) -> None:
    """`asked` is written down first, as with staff: after a kill it is told again."""
    stores = calls.stores
    _note(stores, code, asked=chosen, asked_at=stores.now())
    calls.run(join_ways.change(calls, account, way, chosen, opens_groups=code.opens_groups, next_number=count + 1))
    _note(stores, code, asked=None, asked_at=None, route_code=None, routed_at=stores.now())


async def _read_behind(calls: Calls, account: Account, way: Any) -> list[str]:
    with calls.patient(PATIENCE_SECONDS):
        return await join_ways.read_groups(calls, account, way)


async def _read_groups(calls: Calls, account: Account, chats: Sequence[str]) -> dict[str, Group | None]:
    """Each group as the carrier has it; None where it has it no more."""
    found: dict[str, Group | None] = {}
    with calls.patient(PATIENCE_SECONDS):
        for chat in chats:
            try:
                found[chat] = await calls.connector(account).groups.get(chat)
            except Refused:
                found[chat] = None
    return found


def _take_up(tx: Connection, code: Code, there: Sequence[str]) -> int:
    """Groups that the carrier opened behind the code."""
    rows = codes.groups_of(tx, [code.id])[code.id]
    new = [chat for chat in there if chat not in {row.chat_id for row in rows}]
    for place, chat in enumerate(new, len(rows)):
        blank = {"name": "", "members": 0, "joined_ms": 0, "joined": 0, "by_carrier": True}
        tx.execute(insert(_t).values(code_id=code.id, chat_id=chat, place=place, **blank))
    return len(new)


def _take_in(stores: Stores, tx: Connection, account: Account, code: Code, read: dict[str, Group | None]) -> int:
    """How full each group is, and who joined by the code since the last look."""
    now, joined = stores.now(), 0
    held = {row.chat_id: row for row in codes.groups_of(tx, [code.id])[code.id]}
    for chat, group in read.items():
        mine = update(_t).where(_t.c.code_id == code.id, _t.c.chat_id == chat)
        if group is None:
            tx.execute(mine.values(gone_at=now, read_at=now))
            continue
        came = {one.userid: to_ms(one.joined_at) for one in group.members if one.type == OUTSIDE and one.state == code.state and one.joined_at is not None}
        since = held[chat].joined_ms
        # Those of the last second again: a touch that is told twice is one.
        fresh = {who: at for who, at in came.items() if at >= since} if any(at > since for at in came.values()) else {}
        _touch(stores, tx, account, code, chat, fresh)
        joined += max(0, len(came) - held[chat].joined)
        latest = max([since, *came.values()])
        tx.execute(mine.values(name=group.name[:80], members=len(group.members), joined=max(held[chat].joined, len(came)), joined_ms=latest, read_at=now, gone_at=None))
    return joined


def _touch(stores: Stores, tx: Connection, account: Account, code: Code, chat: str, came: dict[str, int]) -> None:
    if not came:
        return
    who, at = list(came), pa.array(list(came.values()), pa.int64())
    column = identify(stores.secrets, account.namespace, pa.array(who, pa.string()))
    log.append(tx, PEOPLE_SEEN, people_seen(stores.secrets, sighting(column, column.keys, at)), now=stores.now())
    sources = marks.resolve(tx, "join", account.id, [code.state] * len(who), at.to_numpy()).source_ids
    touches.record(
        stores, tx,
        pa.table(
            {
                "event_key": [key64("joined", account.id, code.id, chat, one) for one in who], "identity_key": column.keys, "at_ms": at, "step": ["add"] * len(who),
                "source_id": sources, "code_id": [code.id] * len(who), "offer_id": [code.offer_id] * len(who), "account_id": [account.id] * len(who),
            }
        ),
    )


def _note(stores: Stores, code: Code, **values: Any) -> None:
    with stores.ledger.begin() as tx:
        tx.execute(update(_code).where(_code.c.id == code.id).values(values))
