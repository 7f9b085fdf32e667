"""Live codes 活码: one code belongs to a source, offer, shop or team; who receives by it, and which groups it leads to, changes behind it.

The code that the carrier shows is a contact way (or a join way) of the room `carriers`, which never loses its config_id: it is written
down before the carrier is asked. Here stands what it is for; `code_routing` and `code_groups` keep it leading to the right people.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from siyu.acquisition import _code_tables, code_marks, code_plans, short_links
from siyu.acquisition.code_plans import Moment, Plan
from siyu.carriers import accounts, contact_ways, join_ways, welcome
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.customers.tags import check_tags
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import staff as team_staff
from siyu.team import stores as team_stores

Kind = Literal["staff", "group"]
NOBODY = Plan()
"""Of a group code: its groups receive."""
_t, _group = _code_tables.code, _code_tables.group
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
MOST_GROUPS = 100
FULL = 200
"""Members above which nobody joins a group by a code (WeCom, page of join ways)."""


@dataclass(frozen=True)
class Draft:
    """What a marketer writes of a code. `welcome`: {"text", "attachments"} as the room `carriers` has it; None: the account's own.

    `groups`: ids of group chats in the order in which they fill (kind `group` only).
    """

    name: str
    source_id: int
    offer_id: int = 0
    store_id: int = 0
    plan: Plan = NOBODY
    skip_verify: bool = True
    tags: tuple[str, ...] = ()
    welcome: dict[str, Any] | None = None
    groups: tuple[str, ...] = ()
    group_limit: int = FULL
    opens_groups: bool = True


@dataclass(frozen=True)
class Code:
    """`status` open or closed; how the carrier has it: see `standing`. `asked`: what the carrier was asked to put on it and has not answered yet."""

    id: int
    account_id: int
    kind: Kind
    name: str
    token: str
    state: str
    way_id: int | None
    join_way_id: int | None
    source_id: int
    offer_id: int
    store_id: int
    plan: Plan
    skip_verify: bool
    tags: list[str]
    welcome_id: int | None
    group_limit: int
    opens_groups: bool
    status: str
    asked: list[str] | None
    asked_at: datetime | None
    route_code: str | None
    retry_at: datetime | None
    routed_at: datetime | None
    edit: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    closed_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """How the carrier has a code. `status`: making · open · unknown (asked for, never answered) · refused · closed. `on`: staff or groups that are on it now."""

    status: str
    status_code: str | None
    config_id: str | None
    qr_code: str | None
    on: list[str]


def listed(tx: Connection, *, account_id: int | None = None, source_id: int | None = None, status: str | None = None) -> list[Code]:
    """The newest first."""
    query = select(_t).order_by(_t.c.id.desc())
    for column, wanted in ((_t.c.account_id, account_id), (_t.c.source_id, source_id), (_t.c.status, status)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [_code(row) for row in tx.execute(query)]


def find(tx: Connection, code_id: int) -> Code:
    """
    Raises
    ------
    NotFoundError
    """
    row = tx.execute(select(_t).where(_t.c.id == code_id)).first()
    if row is None:
        raise NotFoundError(Text(f"没有活码 {code_id}", f"there is no live code {code_id}"))
    return _code(row)


def find_by_token(tx: Connection, token: str) -> Code | None:
    row = tx.execute(select(_t).where(_t.c.token == token)).first()
    return None if row is None else _code(row)


def by_state(tx: Connection, states: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Code]:
    """(account, state) → the code that hands it back."""
    rows = tx.execute(select(_t).where(_t.c.state.in_(sorted({state for _, state in states})))) if states else ()
    found = {(row.account_id, row.state): _code(row) for row in rows}
    return {key: code for key, code in found.items() if key in set(states)}


def standing(tx: Connection, codes: Sequence[Code]) -> dict[int, Standing]:
    """Code → how the carrier has it; one look an account."""
    accounts = {code.account_id for code in codes}
    ways = {way.id: way for account in accounts for way in contact_ways.list_ways(tx, account)}
    joins = {way.id: way for account in accounts for way in join_ways.listed(tx, account)}
    found: dict[int, Standing] = {}
    for code in codes:
        if code.kind == "group" and code.join_way_id is not None:
            join = joins[code.join_way_id]
            found[code.id] = Standing({"attempting": "making"}.get(join.status, join.status), join.status_code, join.config_id, join.qr_code, join.chats)
        elif code.way_id is not None:
            way = ways[code.way_id]
            status = "making" if way.status in ("intended", "attempting") else way.status
            found[code.id] = Standing(status, way.status_code, way.config_id, way.qr_code, way.staff)
    return found


def intend(stores: Stores, tx: Connection, account: Account, kind: Kind, draft: Draft, by: str) -> Code:
    """Write down a code, its way, its short link and its mark, before the carrier is asked.

    Raises
    ------
    InvalidError
        With one fault for everything that is wrong.
    """
    _check(tx, account, kind, draft)
    now = stores.now()
    row = {
        "account_id": account.id, "kind": kind, "token": "c" + "".join(secrets.choice(_LETTERS) for _ in range(11)), "state": "", "status": "open", "edit": 1,
        "created_at": now, "created_by": by, "updated_at": now, "updated_by": by, "welcome_id": None, **_plain(draft),
    }  # fmt: skip
    key = tx.execute(insert(_t).values(row)).inserted_primary_key
    assert key is not None
    code = find(tx, int(key[0]))
    code = _with_way(stores, tx, account, code, draft, by)
    code = _welcomed(stores, tx, account, code, draft.welcome, by)
    short_links.add(stores, tx, name=code.name, to=short_links.To(code_id=code.id), source_id=code.source_id, by=by)
    code_marks.put(stores, tx, code, by, first=True)
    return code


async def make(calls: Calls, account: Account, code: Code) -> Code:
    """Ask the carrier for an intended code. What is not known to have failed goes on by itself: contact ways are settled, never asked for blindly.

    Raises
    ------
    InvalidError, CarrierError
    """
    with calls.stores.ledger.read() as tx:
        way = contact_ways.find_way(tx, account.id, code.way_id) if code.way_id is not None else None
        join = join_ways.find(tx, code.join_way_id) if code.join_way_id is not None else None
    if way is not None and way.status == "intended":
        await contact_ways.make(calls, account, way)
    if join is not None and join.status == "attempting":
        await join_ways.make(calls, account, join)
    return code


async def set_verify(calls: Calls, account: Account, code: Code) -> None:
    """Whether people are added at once, or ask first."""
    with calls.stores.ledger.read() as tx:
        way = contact_ways.find_way(tx, account.id, code.way_id) if code.way_id is not None else None
    if way is not None and way.status == "open":
        await contact_ways.change(calls, account, way, {"skip_verify": code.skip_verify})


def change(stores: Stores, tx: Connection, account: Account, code: Code, draft: Draft, edit: int, by: str) -> Code:
    """Write a code anew; whom it leads to follows with the next routing. One that was refused is intended again.

    Raises
    ------
    ConflictError
        When somebody else changed it meanwhile, or it is closed.
    """
    if code.status != "open":
        raise ConflictError(Text("这个活码已停用", "this live code is closed"))
    _check(tx, account, code.kind, draft)
    same = (_t.c.id == code.id) & (_t.c.edit == edit)
    values = {**_plain(draft), "edit": edit + 1, "updated_at": stores.now(), "updated_by": by, "route_code": None, "retry_at": None}
    if not tx.execute(update(_t).where(same).values(values)).rowcount:
        raise ConflictError(Text("别人刚改过这个活码", "somebody else has changed this live code"), way_out=Text("刷新后再改", "reload and change it again"))
    after = find(tx, code.id)
    if after.kind == "group":
        _put_groups(tx, after, draft.groups)
    if standing(tx, [after])[after.id].status in ("refused", "unknown"):
        after = _with_way(stores, tx, account, after, draft, by)
    after = _welcomed(stores, tx, account, after, draft.welcome, by)
    moved = (code.source_id, code.offer_id, code.store_id) != (after.source_id, after.offer_id, after.store_id)
    if moved or code.state != after.state:
        code_marks.put(stores, tx, after, by, first=code.state != after.state)
        short_links.follow(stores, tx, code.id, after.source_id, by)
    return after


async def close(calls: Calls, account: Account, code: Code, by: str) -> Code:
    """Take it out of use at the carrier, for good. Who came by it stays."""
    stores = calls.stores
    with stores.ledger.read() as tx:
        way = contact_ways.find_way(tx, account.id, code.way_id) if code.way_id is not None else None
        join = join_ways.find(tx, code.join_way_id) if code.join_way_id is not None else None
    if way is not None:
        await contact_ways.close(calls, account, way)
    if join is not None:
        await join_ways.close(calls, account, join)
    now = stores.now()
    with stores.ledger.begin() as tx:
        values = {"status": "closed", "closed_at": now, "updated_at": now, "updated_by": by, "edit": _t.c.edit + 1, "asked": None, "asked_at": None}
        tx.execute(update(_t).where(_t.c.id == code.id).values(values))
        if code.welcome_id is not None:
            tx.execute(update(_t).where(_t.c.id == code.id).values(welcome_id=None))
            welcome.remove_welcome(tx, account.id, code.welcome_id)
        return find(tx, code.id)


def wecom(tx: Connection, account_id: int) -> Account:
    """The account, where codes can be made for it.

    Raises
    ------
    InvalidError, NotFoundError
    """
    account = accounts.find_account(tx, account_id)
    _must_be_wecom(account)
    return account


def groups_of(tx: Connection, code_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Code → its groups in order: rows with chat_id, name, members, joined, by_carrier, read_at, gone_at."""
    found: dict[int, list[Any]] = {code_id: [] for code_id in code_ids}
    for row in tx.execute(select(_group).where(_group.c.code_id.in_(list(code_ids))).order_by(_group.c.code_id, _group.c.place)):
        found[row.code_id].append(row)
    return found


def working(tx: Connection, account_id: int, plan: Plan) -> set[str]:
    """Of the staff of a plan, those who may serve; somebody whom the carrier has not told of yet may."""
    known = team_staff.known(tx, account_id)
    return {staff for staff in plan.staff if known.get(staff, "active") == "active"}


def welcome_of(tx: Connection, code: Code) -> dict[str, Any] | None:
    """What is said to whoever comes by it; None: what the account says to everybody."""
    if code.welcome_id is None:
        return None
    return next((one.content for one in welcome.list_welcomes(tx, code.account_id) if one.id == code.welcome_id), None)


def _with_way(stores: Stores, tx: Connection, account: Account, code: Code, draft: Draft, by: str) -> Code:
    if code.kind == "group":
        _put_groups(tx, code, draft.groups)
        join = join_ways.intend(tx, account, name=draft.name, chats=draft.groups[: join_ways.MOST_GROUPS], now=stores.now(), by=by)
        values: dict[str, Any] = {"join_way_id": join.id, "state": join.state}
    else:
        local = stores.now().astimezone(stores.calendar.zone)
        first = code_plans.decide(code.plan, Moment(local, working=working(tx, account.id, code.plan)))
        state = code.state or f"lc{code.id}"
        staff = first.staff or tuple(code.plan.staff)
        way = contact_ways.intend(
            tx, account, name=draft.name, state=state, staff=staff, departments=[], skip_verify=draft.skip_verify, now=stores.now(), by=by
        )
        values = {"way_id": way.id, "state": state}
    tx.execute(update(_t).where(_t.c.id == code.id).values(values))
    return find(tx, code.id)


def _welcomed(stores: Stores, tx: Connection, account: Account, code: Code, content: dict[str, Any] | None, by: str) -> Code:
    """The greeting of its own: the carriers' room greets by the code's state before it greets in general."""
    if code.kind == "group" or (content is None and code.welcome_id is None):
        return code
    if content is None:
        assert code.welcome_id is not None
        tx.execute(update(_t).where(_t.c.id == code.id).values(welcome_id=None))
        welcome.remove_welcome(tx, account.id, code.welcome_id)
        return replace(code, welcome_id=None)
    try:
        saved = welcome.save_welcome(
            tx, account, number=code.welcome_id, name=f"活码：{code.name}"[:80], states=[code.state], staff=[], content=content, active=True,
            check=welcome.content_check(account), now=stores.now(), by=by,
        )  # fmt: skip
    except InvalidError as error:
        raise InvalidError(error.message, faults=[Fault(f"welcome.{one.field.removeprefix('content.')}", one.message) for one in error.faults]) from None
    tx.execute(update(_t).where(_t.c.id == code.id).values(welcome_id=saved.id))
    return replace(code, welcome_id=saved.id)


def _put_groups(tx: Connection, code: Code, groups: Sequence[str]) -> None:
    """Those that a marketer names, in order, then those that the carrier opened; one that is named no more goes unless somebody joined it."""
    held = {row.chat_id: row for row in groups_of(tx, [code.id])[code.id]}
    order = [*groups, *(chat for chat, row in held.items() if chat not in groups and (row.by_carrier or row.joined))]
    tx.execute(_group.delete().where(_group.c.code_id == code.id))
    blank = {"name": "", "members": 0, "by_carrier": False, "joined_ms": 0, "joined": 0, "read_at": None, "gone_at": None}
    for place, chat in enumerate(order):
        kept = {name: getattr(held[chat], name) for name in blank} if chat in held else blank
        # Put on again by hand: it may be there again.
        gone = None if chat in groups else kept["gone_at"]
        tx.execute(insert(_group).values({**kept, "gone_at": gone, "code_id": code.id, "chat_id": chat, "place": place}))


def _must_be_wecom(account: Account) -> None:
    if account.product != "wecom":
        raise InvalidError(Text("只有企业微信有活码", "only WeCom has live codes"), faults=[Fault("account_id", Text("请选企业微信账号", "choose a WeCom account"))])


def _check(tx: Connection, account: Account, kind: Kind, draft: Draft) -> None:
    _must_be_wecom(account)
    faults = [] if 0 < len(draft.name.strip()) <= 80 else [Fault("name", Text("1 到 80 个字", "1 to 80 characters"))]
    faults += _faults_of(code_plans.check, draft.plan) if kind == "staff" else []
    faults += _faults_of(check_tags, draft.tags, []) if draft.tags else []
    if kind == "group":
        if not 0 < len(set(draft.groups)) <= MOST_GROUPS or len(set(draft.groups)) < len(draft.groups):
            faults.append(Fault("groups", Text(f"选 1 到 {MOST_GROUPS} 个不同的客户群", f"name 1 to {MOST_GROUPS} different group chats")))
        if not 0 < draft.group_limit <= FULL:
            faults.append(Fault("group_limit", Text(f"1 到 {FULL} 人", f"1 to {FULL} people")))
    faults += code_marks.faults(tx, draft.source_id)
    try:
        _ = team_stores.find_store(tx, draft.store_id) if draft.store_id else None
    except NotFoundError:
        faults.append(Fault("store_id", Text("没有这家门店", "there is no such store")))
    if faults:
        raise InvalidError(Text("活码有误", "the live code is not valid"), faults=faults)


def _faults_of(check: Callable[..., object], *given: object) -> list[Fault]:
    try:
        check(*given)
    except InvalidError as error:
        return error.faults
    return []


def _plain(draft: Draft) -> dict[str, Any]:
    return {
        "name": draft.name.strip(), "source_id": draft.source_id, "offer_id": draft.offer_id, "store_id": draft.store_id, "plan": code_plans.plain(draft.plan),
        "skip_verify": draft.skip_verify, "tags": list(draft.tags), "group_limit": draft.group_limit, "opens_groups": draft.opens_groups,
    }  # fmt: skip


def _code(row: Any) -> Code:
    values = {name: getattr(row, name) for name in Code.__dataclass_fields__}
    return Code(**{**values, "plan": code_plans.of(row.plan)})


