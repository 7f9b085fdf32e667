"""Relations over HTTP: reconciles, the report of growth and loss, the list, and the relations of one customer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from siyu.carriers import accounts, reconcile, relation_list, report, tasks
from siyu.carriers.relation_list import Related, Wanted
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.errors import Fault, InvalidError, NotAllowedError
from siyu.foundation.http import (
    Cursor,
    Id,
    Items,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
    language_of,
)
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import audit, staff
from siyu.team.access import Access, require

router = Router(tags=["carriers"])
Reader = Annotated[Access, Depends(require("carriers.read"))]
Writer = Annotated[Access, Depends(require("carriers.write"))]
CustomerReader = Annotated[Access, Depends(require("customers.read"))]
AccountId = Annotated[Id | None, Query()]
Format = Annotated[Literal["json", "csv"], Query(description="`csv` gives the whole list as a file.")]
DEFAULT_DAYS = 30


class ReconcileJob(BaseModel):
    job_id: str


class ReconcileInfo(BaseModel):
    """Counts are relations, `contact_count` people. `incomplete`: staff whose listing failed (nobody of theirs was ended), with the carrier's code."""

    id: int
    job_id: str
    started_at: datetime
    ended_at: datetime | None
    status: str
    staff_count: int
    contact_count: int
    seen_count: int
    new_count: int
    gone_count: int
    changed_count: int
    incomplete: dict[str, str]


class RelationCounts(BaseModel):
    began_count: int
    ended_by_customer_count: int
    ended_by_staff_count: int
    transferred_count: int
    gone_count: int
    open_count: int
    net_count: int
    person_count: int

    @classmethod
    def of(cls, tally: report.Tally) -> RelationCounts:
        return cls(**vars(tally), net_count=tally.net_count)


class RelationRow(RelationCounts):
    """One day, one member of staff, or one live code."""

    on: date | None = None
    account_id: int | None = None
    staff: str | None = None
    staff_name: str | None = None
    state: str | None = None
    contact_way_name: str | None = None


class RelationReport(BaseModel):
    from_on: date
    to_on: date
    by: report.By
    items: list[RelationRow]
    totals: RelationCounts


class RelationInfo(BaseModel):
    customer_id: int | None
    contact_name: str | None
    account_id: int
    account_name: str
    staff: str
    staff_name: str | None
    began_at: datetime
    state: str | None
    contact_way_name: str | None
    add_way: int | None
    add_way_name: Label | None
    ended_at: datetime | None
    ended_by: str | None

    @classmethod
    def of(cls, one: Related) -> RelationInfo:
        plain = {name: getattr(one, name) for name in cls.model_fields if name != "add_way_name"}
        return cls(**plain, add_way_name=Label.of(one.add_way_name) if one.add_way_name else None)


@router.post("/carriers/accounts/{id}/reconcile", status_code=202, summary="Find who is there and who has gone")
def start_reconcile(id: RowId, access: Writer) -> ReconcileJob:
    stores = access.stores
    with stores.ledger.begin() as tx:
        account = accounts.find_account(tx, id)
        if account.product not in tasks.LISTED_PRODUCTS:
            raise InvalidError(Text("这种载体没有好友名单", "this carrier has no list of people"))
        audit.record(tx, access.actor, "carriers.reconcile_asked", f"account:{id}", {}, stores.now())
        return ReconcileJob(job_id=tasks.ask_reconcile(tx, account, stores=stores, by=access.actor.name))


@router.get("/carriers/accounts/{id}/reconciles", summary="Reconciles of an account, the newest first")
def list_reconciles(id: RowId, request: Request, access: Reader) -> Items[ReconcileInfo]:
    with access.stores.ledger.read() as tx:
        accounts.find_account(tx, id)
        found = reconcile.list_reconciles(tx, id)
        statuses = tasks.statuses(tx, [one.job_id for one in found], request.app.state.job_kinds)
    names = ReconcileInfo.model_fields.keys() - {"status"}
    return Items(items=[ReconcileInfo(**{name: getattr(one, name) for name in names}, status=statuses[one.job_id]) for one in found])


@router.get("/carriers/relations/report", response_model=RelationReport, summary="Growth and loss of relations and people")
def read_report(
    request: Request, access: Reader, account: AccountId = None, from_on: date | None = None, to_on: date | None = None,
    by: report.By = "day", format: Format = "json",
) -> RelationReport | Response:  # fmt: skip
    """Both days included; the last 30 days unless told."""
    stores = access.stores
    last = to_on or stores.calendar.on(stores.now())
    first = from_on or last - timedelta(days=DEFAULT_DAYS - 1)
    if not 0 <= (last - first).days < report.MOST_DAYS:
        fault = Fault("from_on", Text(f"时间范围应为 1 到 {report.MOST_DAYS} 天", f"1 to {report.MOST_DAYS} days"))
        raise InvalidError(Text("时间范围有误", "the period is not valid"), faults=[fault])
    found = report.relations_report(stores, account_id=account, from_on=first, to_on=last, by=by)
    answer = _report(stores, found)
    return answer if format == "json" else _file(_report_lines(answer, language_of(request)), f"relations-{first}-{last}.csv")


@router.get("/carriers/relations", response_model=Page[RelationInfo], summary="Relations, the newest first")
def list_relations(
    request: Request, access: Reader, account: AccountId = None, staff: Annotated[Line | None, Query(max_length=64)] = None,
    state: Annotated[Line | None, Query(max_length=64)] = None, status: Literal["open", "ended"] | None = None,
    ended_by: Literal["customer", "staff", "transfer", "unknown"] | None = None, q: Annotated[Line, Query(max_length=80)] = "",
    cursor: Cursor = None, limit: Limit = 50, format: Format = "json",
) -> Page[RelationInfo] | Response:  # fmt: skip
    stores = access.stores
    wanted = Wanted(account, staff, state, None if status is None else status == "open", ended_by, q)
    if format == "csv":
        if not access.may("customers.export"):
            raise NotAllowedError(Text("需要权限 customers.export", "This needs the permission customers.export"))
        return _file(_list_lines(stores, wanted, language_of(request)), "relations.csv")
    scope = f"relations {wanted}"
    place = decode_cursor(stores, scope, cursor)
    after = (from_ms(place[0]), place[1], place[2]) if place else None
    with stores.ledger.read() as tx:
        found = relation_list.list_relations(stores, tx, wanted, after=after, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    following = encode_cursor(stores, scope, to_ms(last.began_at), last.contact_id, last.staff) if last else None
    return Page(items=[RelationInfo.of(one) for one in found[:limit]], next_cursor=following, total=None)


@router.get("/customers/{id}/relations", summary="Relations of one customer on every carrier, ended ones too")
def customer_relations(id: RowId, access: CustomerReader) -> Items[RelationInfo]:
    with access.stores.ledger.read() as tx:
        return Items(items=[RelationInfo.of(one) for one in relation_list.of_customer(access.stores, tx, id)])


def _report(stores: Stores, found: report.Report) -> RelationReport:
    with stores.ledger.read() as tx:
        ids = [account.id for account in accounts.list_accounts(tx)]
        names, ways = staff.names(tx, ids), relation_list.way_names(tx, ids)
    called = {state: name for (_, state), name in ways.items()}
    items = [
        RelationRow(
            **RelationCounts.of(row.tally).model_dump(), on=row.on, account_id=row.account_id, staff=row.staff,
            staff_name=names.get((row.account_id or 0, row.staff or "")), state=row.state, contact_way_name=called.get(row.state),
        )
        for row in found.items
    ]  # fmt: skip
    return RelationReport(from_on=found.from_on, to_on=found.to_on, by=found.by, items=items, totals=RelationCounts.of(found.totals))


_COUNT_NAMES = {
    "began_count": Text("新增", "Begun"), "ended_by_customer_count": Text("客户删除", "Ended by customer"), "ended_by_staff_count": Text("员工删除", "Ended by staff"),
    "transferred_count": Text("转接", "Transferred"), "gone_count": Text("对账消失", "Found gone"), "net_count": Text("净增", "Net"),
    "open_count": Text("期末好友数", "Open relations"), "person_count": Text("期末客户数", "People"),
}  # fmt: skip
_LIST_NAMES = (
    Text("客户编号", "Customer"), Text("昵称", "Name"), Text("账号", "Account"), Text("员工", "Staff"), Text("添加时间", "Begun at"), Text("渠道参数", "State"),
    Text("活码", "Live code"), Text("添加方式", "Way"), Text("结束时间", "Ended at"), Text("结束方", "Ended by"),
)  # fmt: skip


def _report_lines(found: RelationReport, language: str) -> Iterator[list[object]]:
    head = {"day": [Text("日期", "Day")], "staff": [Text("员工", "Staff")], "state": [Text("渠道参数", "State"), Text("活码", "Live code")]}[found.by]
    yield [name.to(language) for name in (*head, *_COUNT_NAMES.values())]
    for row in found.items:
        key: list[object] = {"day": [row.on], "staff": [row.staff_name or row.staff], "state": [row.state, row.contact_way_name]}[found.by]  # type: ignore[assignment]
        yield [*key, *(getattr(row, name) for name in _COUNT_NAMES)]


def _list_lines(stores: Stores, wanted: Wanted, language: str) -> Iterator[list[object]]:
    yield [name.to(language) for name in _LIST_NAMES]
    zone = stores.calendar.zone
    for some in relation_list.all_relations(stores, wanted):
        for one in some:
            way = one.add_way_name.to(language) if one.add_way_name else None
            times = [None if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") for at in (one.began_at, one.ended_at)]
            yield [
                one.customer_id, one.contact_name, one.account_name, one.staff_name or one.staff, times[0], one.state,
                one.contact_way_name, way, times[1], one.ended_by,
            ]  # fmt: skip


def _file(lines: Iterator[list[object]], name: str) -> StreamingResponse:
    """CSV that spreadsheets open: a byte order mark, and no cell that begins a formula."""

    def text() -> Iterator[str]:
        yield "\ufeff"
        for line in lines:
            out = io.StringIO()
            csv.writer(out).writerow([_harmless(cell) for cell in line])
            yield out.getvalue()

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(text(), media_type="text/csv; charset=utf-8", headers=headers)


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
