"""Live codes over HTTP: made, changed, closed, listed with how they stand, and their figures."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.acquisition import code_figures, code_groups, code_plans, code_routing, codes, short_links, sources
from siyu.acquisition.code_figures import HEALTH, Shown
from siyu.acquisition.code_plans import Plan, Receiver, Shift
from siyu.acquisition.codes import Code, Draft
from siyu.carriers import accounts
from siyu.carriers.callback_routes import carriers_of
from siyu.carriers.words import code_says
from siyu.foundation.http import Body, Id, Items, Label, Line, Router, RowId
from siyu.foundation.stores import Stores
from siyu.team import audit
from siyu.team import stores as team_stores
from siyu.team.access import Access, require

router = Router(prefix="/acquisition/codes", tags=["acquisition"])
Reader = Annotated[Access, Depends(require("acquisition.read"))]
Writer = Annotated[Access, Depends(require("acquisition.write"))]
WAIT_SECONDS = 60
Userid = Annotated[Line, Field(min_length=1, max_length=64)]
OrNone = Annotated[int, Field(ge=0, le=2**63 - 1)]


class CodeReceiver(Body):
    """`daily_limit`: additions by this code in a day; null: no limit."""

    staff: Userid
    daily_limit: Annotated[int, Field(ge=1, le=code_plans.MOST_A_DAY)] | None = None


class CodeShift(Body):
    """`days` 1 Monday … 7 Sunday; [from_time, until_time) in the brand's zone, over midnight where it does not end after it begins. `staff` empty: all."""

    days: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(max_length=7)]
    from_time: Annotated[Line, Field(max_length=5)]
    until_time: Annotated[Line, Field(max_length=5)]
    staff: Annotated[list[Userid], Field(max_length=code_plans.MOST_STAFF)] = []


class CodePlan(Body):
    """Who receives. `balance` lot: the carrier draws among those on duty; least_loaded: those who have been given least today."""

    receivers: Annotated[list[CodeReceiver], Field(max_length=code_plans.MOST_STAFF)] = []
    shifts: Annotated[list[CodeShift], Field(max_length=code_plans.MOST_SHIFTS)] = []
    fallback: Annotated[list[Userid], Field(max_length=code_plans.MOST_STAFF)] = []
    balance: Literal["lot", "least_loaded"] = "lot"

    def plan(self) -> Plan:
        return Plan(
            tuple(Receiver(one.staff, one.daily_limit) for one in self.receivers),
            tuple(Shift(tuple(sorted(set(one.days))), one.from_time, one.until_time, tuple(one.staff)) for one in self.shifts),
            tuple(dict.fromkeys(self.fallback)), self.balance,
        )  # fmt: skip


class CodeWelcome(Body):
    """What is said to whoever comes by it, in the carrier's own form."""

    text: Annotated[Line, Field(max_length=4000)] = ""
    attachments: Annotated[list[dict[str, Any]], Field(max_length=9)] = []


class CodeBody(Body):
    """`offer_id`, `store_id` 0: none. `welcome` null: the account's own. `groups`: ids of group chats in the order in which they fill."""

    name: Annotated[Line, Field(min_length=1, max_length=80)]
    source_id: Id
    offer_id: OrNone = 0
    store_id: OrNone = 0
    plan: CodePlan = CodePlan()
    skip_verify: bool = True
    tags: Annotated[list[Line], Field(max_length=20)] = []
    welcome: CodeWelcome | None = None
    groups: Annotated[list[Annotated[Line, Field(min_length=1, max_length=80)]], Field(max_length=codes.MOST_GROUPS)] = []
    group_limit: Annotated[int, Field(ge=1, le=codes.FULL)] = codes.FULL
    opens_groups: bool = True

    def draft(self) -> Draft:
        return Draft(
            self.name, self.source_id, self.offer_id, self.store_id, self.plan.plan(), self.skip_verify, tuple(dict.fromkeys(self.tags)),
            None if self.welcome is None else self.welcome.model_dump(), tuple(self.groups), self.group_limit, self.opens_groups,
        )  # fmt: skip


class NewCode(CodeBody):
    account_id: Id
    kind: Literal["staff", "group"] = "staff"


class CodeChange(CodeBody):
    """`edit` as it was read: who saves over somebody else's change is told."""

    edit: Annotated[int, Field(ge=1, le=2**31 - 1)]


class CodeStaffLine(BaseModel):
    """`state`: receives, falls_back, off_duty, full, carries_more, absent, not_needed. `on`: on the code at the carrier now."""

    staff: str
    name: str
    state: str
    today: int
    daily_limit: int | None
    on: bool


class CodeGroup(BaseModel):
    chat_id: str
    name: str
    members: int
    joined: int
    by_carrier: bool
    gone: bool
    on: bool
    read_at: datetime | None


class GroupChoice(BaseModel):
    chat_id: str
    name: str
    members: int


class CodeInfo(CodeBody):
    """`status`: making, open, unknown, refused, closed. `link`: the short link that stands on posters. `limit_today` null: no limit for somebody."""

    id: int
    account_id: int
    account_name: str
    kind: Literal["staff", "group"]
    state: str
    source_name: str
    store_name: str | None
    status: str
    status_says: Label | None
    health: str
    health_says: Label
    config_id: str | None
    qr_code: str | None
    link: str
    link_code: str
    staff: list[CodeStaffLine]
    group_lines: list[CodeGroup]
    added_today: int
    limit_today: int | None
    added: int
    open: int
    visits: int
    routed_at: datetime | None
    edit: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class CodeDay(BaseModel):
    on: date
    visits: int
    added: int


class CodeStaff(BaseModel):
    staff: str
    name: str
    added: int
    open: int


class CodeFigures(BaseModel):
    days: list[CodeDay]
    staff: list[CodeStaff]


class CodeRouted(BaseModel):
    """Codes that lead to other staff or groups now, and those that could not be changed just now."""

    changed_count: int
    later_count: int


@router.get("", summary="Live codes, the newest first, with how they stand")
def list_codes(
    access: Reader, status: Literal["open", "closed"] | None = None, source_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    account_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Items[CodeInfo]:  # fmt: skip
    with access.stores.ledger.read() as tx:
        return Items(items=_infos(access.stores, tx, codes.listed(tx, account_id=account_id, source_id=source_id, status=status)))


@router.get("/groups", summary="Group chats that a code may lead to, as the carrier lists them")
def list_groups(access: Writer, request: Request, account_id: Annotated[int, Query(ge=1, le=2**63 - 1)]) -> Items[GroupChoice]:
    with access.stores.ledger.read() as tx:
        account = codes.wecom(tx, account_id)
    found = code_groups.choices(carriers_of(request).calls, account)
    return Items(items=[GroupChoice(chat_id=one.chat_id, name=one.name or one.chat_id, members=len(one.members)) for one in found])


@router.get("/{code_id}", summary="A live code")
def read_code(code_id: RowId, access: Reader) -> CodeInfo:
    with access.stores.ledger.read() as tx:
        return _infos(access.stores, tx, [codes.find(tx, code_id)])[0]


@router.post("", status_code=201, summary="Make a live code")
def add_code(body: NewCode, access: Writer, request: Request) -> CodeInfo:
    """Without an answer of the carrier it stays `making` and is looked for later: it is never asked for blindly again."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        account = accounts.find_account(tx, body.account_id)
        code = codes.intend(stores, tx, account, body.kind, body.draft(), access.actor.name)
        _audit(tx, access, "added", code)
    calls = carriers_of(request).calls
    calls.run(codes.make(calls, account, code), WAIT_SECONDS)
    if code.kind == "group":
        code_groups.roll(calls, [code.id])
    return read_code(code.id, access)


@router.put("/{code_id}", summary="Change a live code")
def change_code(code_id: RowId, body: CodeChange, access: Writer, request: Request) -> CodeInfo:
    """Who receives is changed at the carrier at once, where it answers; else with the next round."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        before = codes.find(tx, code_id)
        account = accounts.find_account(tx, before.account_id)
        code = codes.change(stores, tx, account, before, body.draft(), body.edit, access.actor.name)
        _audit(tx, access, "changed", code)
    calls = carriers_of(request).calls
    calls.run(codes.make(calls, account, code), WAIT_SECONDS)
    if code.skip_verify != before.skip_verify:
        calls.run(codes.set_verify(calls, account, code), WAIT_SECONDS)
    _follow(calls, code)
    return read_code(code_id, access)


@router.post("/{code_id}/close", summary="Take a live code out of use, for good")
def close_code(code_id: RowId, access: Writer, request: Request) -> CodeInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        code = codes.find(tx, code_id)
        account = accounts.find_account(tx, code.account_id)
        _audit(tx, access, "closed", code)
    calls = carriers_of(request).calls
    calls.run(codes.close(calls, account, code, access.actor.name), WAIT_SECONDS)
    return read_code(code_id, access)


@router.post("/{code_id}/route", summary="Bring a live code into line now")
def route_code(code_id: RowId, access: Writer, request: Request) -> CodeRouted:
    with access.stores.ledger.begin() as tx:
        code = codes.find(tx, code_id)
        _audit(tx, access, "routed", code)
    return _follow(carriers_of(request).calls, code)


@router.get("/{code_id}/figures", summary="Visits and additions of a live code, by day and by member of staff")
def read_figures(code_id: RowId, access: Reader, days: Annotated[int, Query(ge=1, le=366)] = 30) -> CodeFigures:
    stores = access.stores
    with stores.ledger.read() as tx:
        code = codes.find(tx, code_id)
    staff = [CodeStaff(**vars(one)) for one in code_figures.by_staff(stores, code)] if code.kind == "staff" else []
    return CodeFigures(days=[CodeDay(**vars(one)) for one in code_figures.by_day(stores, code_id, days)], staff=staff)


def _follow(calls: Any, code: Code) -> CodeRouted:
    if code.kind == "group":
        rolled = code_groups.roll(calls, [code.id])
        return CodeRouted(changed_count=rolled.changed_count, later_count=0)
    looked = code_routing.route(calls, [code.id])
    return CodeRouted(changed_count=looked.changed_count, later_count=looked.later_count + looked.refused_count)


def _infos(stores: Stores, tx: Connection, found: list[Code]) -> list[CodeInfo]:
    rows = code_figures.shown(stores, tx, found)
    named = sources.names(tx, [code.source_id for code in found])
    shops = {store.id: store.name for store in team_stores.list_stores(tx)}
    return [_info(stores, tx, row, named, shops) for row in rows]


def _info(stores: Stores, tx: Connection, row: Shown, named: dict[int, str], shops: dict[int, str]) -> CodeInfo:
    code, standing = row.code, row.standing
    said = code.route_code or standing.status_code
    own = ("id", "account_id", "kind", "name", "state", "source_id", "offer_id", "store_id", "skip_verify", "tags", "group_limit", "opens_groups", "routed_at", "edit")
    groups = [
        CodeGroup(
            chat_id=one.chat_id, name=one.name, members=one.members, joined=one.joined, by_carrier=one.by_carrier, gone=one.gone_at is not None, on=one.chat_id in standing.on,
            read_at=one.read_at,
        )
        for one in row.groups
    ]
    return CodeInfo(
        **{name: getattr(code, name) for name in (*own, "created_at", "created_by", "updated_at", "updated_by")}, plan=CodePlan(**code_plans.plain(code.plan)),
        welcome=codes.welcome_of(tx, code), groups=[one.chat_id for one in row.groups if not one.by_carrier], account_name=row.account.name,
        source_name=named.get(code.source_id, ""), store_name=shops.get(code.store_id), status="closed" if code.status == "closed" else standing.status,
        status_says=Label.of(code_says(row.account.product, said, None)) if said else None, health=row.health, health_says=Label.of(HEALTH[row.health]),
        config_id=standing.config_id, qr_code=standing.qr_code, link=short_links.address(stores.settings, row.link.code) if row.link else "",
        link_code=row.link.code if row.link else "", staff=[CodeStaffLine(**vars(line)) for line in row.staff], group_lines=groups, added_today=row.added_today,
        limit_today=row.limit_today, added=row.added, open=row.open, visits=row.visits,
    )  # fmt: skip


def _audit(tx: Connection, access: Access, what: str, code: Code) -> None:
    detail = {"name": code.name, "source": code.source_id, "plan": code_plans.plain(code.plan), "tags": code.tags, "edit": code.edit}
    audit.record(tx, access.actor, f"acquisition.code_{what}", f"code:{code.id}", detail, access.stores.now())
