"""The list of customers, their tags by rule, saved views and exports over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field, StringConstraints

from siyu.customers.profile import unknown_customers
from siyu.customers.tags import change_tags, check_tags
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.http import (
    Body,
    Cursor,
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
from siyu.identity.current import current
from siyu.segments import directory, export, views
from siyu.segments.directory import Asked, Place
from siyu.segments.directory_columns import DEFAULT_SORT, Kind, check_columns, columns_of
from siyu.segments.directory_rows import CustomerRow
from siyu.segments.export_files import Format
from siyu.segments.windows import Moment
from siyu.team.access import Access, looks_of, require
from siyu.team.audit import record

router = Router(tags=["customers"])

Reader = Annotated[Access, Depends(require("customers.read"))]
Writer = Annotated[Access, Depends(require("customers.write"))]
Exporter = Annotated[Access, Depends(require("customers.export"))]
UNMASK = "customers.identifiers"
MOST_IDS = 10_000
SegmentId = Annotated[int, Field(ge=1, le=directory.BIGGEST_ID)]
Rule = dict[str, Any]
Search = Annotated[Line, StringConstraints(max_length=200)]
Keys = Annotated[list[Annotated[Line, StringConstraints(max_length=40)]], Field(max_length=50)]


class Option(BaseModel):
    value: str
    name: Label


class ColumnInfo(BaseModel):
    key: str
    name: Label
    kind: Kind
    sortable: bool
    default: bool
    options: list[Option] | None = None


class TagsToChange(Body):
    """Whom: a list of ids; or a rule, a segment, or both (those in both)."""

    customer_ids: Annotated[list[Annotated[int, Field(ge=1, le=directory.BIGGEST_ID)]], Field(max_length=MOST_IDS)] | None = None
    filter: Rule | None = None
    segment: SegmentId | None = None
    add: Annotated[list[Line], Field(max_length=50)] = []
    remove: Annotated[list[Line], Field(max_length=50)] = []


class TagsChanged(BaseModel):
    changed_count: int


class ViewToAdd(Body):
    name: Annotated[Line, StringConstraints(min_length=1, max_length=80)]
    shared: bool = False
    q: Search | None = None
    filter: Rule | None = None
    sort: Line | None = None
    columns: Keys = []


class ViewToChange(Body):
    name: Annotated[Line, StringConstraints(min_length=1, max_length=80)] | None = None
    shared: bool | None = None
    q: Search | None = None
    filter: Rule | None = None
    sort: Line | None = None
    columns: Keys | None = None


class ExportToMake(Body):
    q: Search | None = None
    filter: Rule | None = None
    segment: SegmentId | None = None
    sort: Line | None = None
    columns: Keys = []
    format: Format = "csv"


class JobRef(BaseModel):
    job_id: str


@router.get("/customers", summary="The list of customers")
def list_customers(
    access: Reader,
    request: Request,
    q: Annotated[Line, Query(max_length=200, description="Part of the name, a customer number, or a whole phone, email or account.")] = "",
    filter: Annotated[Line, Query(max_length=50_000, description="A rule of the segment language, as JSON.")] = "",
    segment: Annotated[int | None, Query(ge=1, le=directory.BIGGEST_ID)] = None,
    sort: Annotated[Line, Query(max_length=40, description="A column's key; with `-` before it, descending.")] = DEFAULT_SORT,
    columns: Annotated[Line, Query(max_length=1000, description="Keys by comma. Rows are always whole; traits are in them when asked for here.")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CustomerRow]:
    with access.stores.ledger.read() as tx:
        shown = check_columns([key for key in columns.split(",") if key], columns_of(tx))
        asked = directory.parse_asked(tx, q=q, filter=filter, segment_id=segment, sort=sort)
    position = decode_cursor(access.stores, _scope(asked), cursor)
    page = directory.read_page(access.stores, asked, after=Place(*position) if position else None, limit=limit, columns=shown)
    looks_of(request).note(access.actor, "list", count=len(page.rows), detail=f"segment {segment}" if segment else "")
    next_cursor = encode_cursor(access.stores, _scope(asked), *page.next) if page.next else None
    return Page(items=page.rows, next_cursor=next_cursor, total=page.total)


@router.get("/customers/columns", summary="Columns of the list")
def list_columns(access: Reader) -> Items[ColumnInfo]:
    with access.stores.ledger.read() as tx:
        columns = columns_of(tx)
    return Items(
        items=[
            ColumnInfo(
                key=column.key,
                name=Label.of(column.name),
                kind=column.kind,
                sortable=column.sortable,
                default=column.default,
                options=[Option(value=value, name=Label.of(name)) for value, name in column.options] or None,
            )
            for column in columns.values()
        ]
    )


@router.post("/customers/tags", summary="Put tags on customers, or take them off")
def change_customer_tags(body: TagsToChange, access: Writer) -> TagsChanged:
    stores, now = access.stores, access.stores.now()
    add, remove = check_tags(body.add, body.remove)
    customer_ids = _people(stores, body)
    with stores.ledger.begin() as tx:
        count = change_tags(tx, customer_ids, add=add, remove=remove, by=access.actor.name, now=now)
        detail = {"add": add, "remove": remove, "filter": body.filter, "segment": body.segment, "customer_count": len(customer_ids)}
        record(tx, access.actor, "customers.tagged", "customers", {**detail, "changed_count": count}, now)
    return TagsChanged(changed_count=count)


@router.get("/customers/views", summary="Saved views: one's own, and shared ones")
def list_views(access: Reader) -> Items[views.View]:
    with access.stores.ledger.read() as tx:
        return Items(items=views.list_views(access.stores, tx, _person(access)))


@router.post("/customers/views", summary="Save a view")
def add_view(body: ViewToAdd, access: Reader) -> views.View:
    draft = views.ViewDraft(body.name, body.shared, body.q or "", body.filter, body.sort or DEFAULT_SORT, body.columns)
    with access.stores.ledger.begin() as tx:
        return views.add_view(access.stores, tx, _person(access), draft)


@router.patch("/customers/views/{id}", summary="Change one's own view")
def change_view(id: RowId, body: ViewToChange, access: Reader) -> views.View:
    asked = body.model_dump(exclude_unset=True)
    # Null takes a search, a filter or an order away; of the others it says nothing.
    usual = {"q": "", "filter": None, "sort": DEFAULT_SORT}
    changes = {name: usual[name] if value is None else value for name, value in asked.items() if value is not None or name in usual}
    with access.stores.ledger.begin() as tx:
        return views.change_view(access.stores, tx, _person(access), id, changes)


@router.delete("/customers/views/{id}", status_code=204, summary="Remove one's own view")
def delete_view(id: RowId, access: Reader) -> None:
    with access.stores.ledger.begin() as tx:
        views.delete_view(access.stores, tx, _person(access), id)


@router.post("/customers/export", status_code=202, summary="Make a file of the list")
def ask_export(body: ExportToMake, access: Exporter, request: Request) -> JobRef:
    wanted = export.Wanted(
        body.q or "", body.filter, body.segment, body.sort or DEFAULT_SORT, body.columns, body.format, language_of(request)
    )
    with access.stores.ledger.begin() as tx:
        return JobRef(job_id=export.ask_export(access.stores, tx, wanted, access.actor, unmasked=access.may(UNMASK)))


@router.get("/customers/exports/{file_id}", summary="Fetch an exported file", response_class=FileResponse)
def fetch_export(file_id: Annotated[Line, Path(max_length=32)], access: Exporter, request: Request) -> FileResponse:
    with access.stores.ledger.begin() as tx:
        found = export.find_export(access.stores, tx, file_id, access.actor, may_unmask=access.may(UNMASK))
    looks_of(request).note(access.actor, "file", detail=file_id)
    kind = "text/csv; charset=utf-8" if found.format == "csv" else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(found.path, media_type=kind, filename=found.name)


def _scope(asked: Asked) -> str:
    return f"customers.list\0{asked.key}"


def _person(access: Access) -> views.Person:
    return views.Person(access.actor, access.may("customers.write"))


def _people(stores: Stores, body: TagsToChange) -> Any:
    """The customers that a change of tags is for, as ids.

    Nobody is tagged by an oversight: exactly one way of naming them is needed.
    """
    by_rule = body.filter is not None or body.segment is not None
    if by_rule == (body.customer_ids is not None):
        fault = Fault("customer_ids", Text("给出客户编号，或给出条件/分群，二者选一", "give ids, or a rule or segment, not both"))
        raise InvalidError(Text("没有说明是哪些客户", "it is not clear whom to tag"), faults=[fault])
    with stores.ledger.read() as tx, stores.warehouse.read() as session:
        if body.customer_ids is not None:
            stand_for = current(tx, body.customer_ids)
            if unknown := unknown_customers(session, sorted(set(stand_for.values()))):
                shown = ", ".join(map(str, unknown[:10]))
                fault = Fault("customer_ids", Text(f"没有客户 {shown}", f"no such customers: {shown}"))
                raise InvalidError(Text("有不存在的客户", "some customers do not exist"), faults=[fault])
            return sorted(set(stand_for.values()))
        asked = directory.parse_asked(tx, filter=body.filter, segment_id=body.segment)
        directory.choose(stores, session, tx, asked, Moment(to_ms(stores.now()), stores.calendar))
        return session.query(directory.CHOSEN)["customer_id"].combine_chunks()
