"""Segments over HTTP: definitions, live counts, explanations, members' history."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.foundation import jobs
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.http import (
    Body,
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
)
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.current import current_one
from siyu.segments import preview as previews
from siyu.segments import rules, segments
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.segments.explain import Reason, explain, next_flip_at
from siyu.segments.numbers import as_now
from siyu.segments.segments import Segment
from siyu.segments.sentence import sentence
from siyu.segments.tasks import RECOMPUTE
from siyu.segments.vocabulary import vocabulary
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["segments"])
Reader = Annotated[Access, Depends(require("segments.read"))]
Writer = Annotated[Access, Depends(require("segments.write"))]


class SizePoint(BaseModel):
    on: date
    count: int


class Problem(BaseModel):
    path: str
    message: Label


class SegmentRow(BaseModel):
    id: int
    name: str
    description: str | None
    rule_version: int
    customer_count: int | None
    change_7d: int | None
    status: Annotated[str, Field(json_schema_extra={"enum": ["ready", "computing", "invalid"]})]
    computed_at: datetime | None
    created_by: str | None
    updated_at: datetime
    sizes: list[SizePoint]


class SegmentVersionInfo(BaseModel):
    version: int
    rule: dict[str, Any]
    sentence: Label
    created_at: datetime
    created_by: str | None


class SegmentDetail(SegmentRow):
    rule: dict[str, Any]
    sentence: Label
    versions: list[SegmentVersionInfo]
    problems: list[Problem]


class SegmentBody(Body):
    name: Annotated[Line, Field(min_length=1, max_length=120)]
    description: Line | None = None
    rule: dict[str, Any]


class RuleBody(Body):
    rule: dict[str, Any]


class RulePreviewBody(RuleBody):
    sample: Annotated[int, Field(ge=0, le=50)] = 10


class OverlapBody(Body):
    rule: dict[str, Any] | None = None
    segment_id: Id | None = None
    with_: Annotated[list[Id], Field(alias="with", max_length=50)]


class ExplainBody(Body):
    rule: dict[str, Any] | None = None
    segment_id: Id | None = None
    customer_id: Annotated[int, Field(ge=1, le=2**62)]


class RulePreview(BaseModel):
    count: int
    base_count: int
    share_rate: float | None
    sentence: Label
    sample: list[CustomerRow]
    elapsed_ms: int


class OverlapRow(BaseModel):
    id: int
    name: str
    count: int
    both_count: int
    only_this_count: int
    only_other_count: int
    jaccard_rate: float | None


class OverlapInfo(BaseModel):
    count: int
    items: list[OverlapRow]


class ReasonInfo(BaseModel):
    sentence: Label
    value: bool
    observed: str | None
    flips_at: datetime | None
    children: list[ReasonInfo]

    @classmethod
    def of(cls, reason: Reason) -> ReasonInfo:
        children = [cls.of(child) for child in reason.children]
        return cls(sentence=Label.of(reason.sentence), value=reason.value, observed=reason.observed, flips_at=reason.flips_at, children=children)


class Explanation(BaseModel):
    member: bool
    next_flip_at: datetime | None
    tree: ReasonInfo


class SizeInfo(BaseModel):
    at: datetime
    count: int
    entered_count: int
    left_count: int


class ChangeInfo(BaseModel):
    at: datetime
    customer_id: int
    name: str | None
    entered: bool


class JobStarted(BaseModel):
    job_id: str


@router.get("/segments", summary="Every segment with its size and the last 30 days of it")
def list_segments(access: Reader) -> Items[SegmentRow]:
    stores = access.stores
    with stores.ledger.read() as tx:
        found = segments.list_segments(tx)
        history = segments.sizes(tx, [s.id for s in found], stores.now() - timedelta(days=30))
    return Items(items=[SegmentRow(**_row(stores, item, history[item.id])) for item in found])


@router.post("/segments", summary="Save a new segment and compute it", status_code=201)
def create_segment(body: SegmentBody, access: Writer) -> SegmentDetail:
    stores, now = access.stores, access.stores.now()
    with stores.ledger.begin() as tx:
        made = segments.create_segment(tx, name=body.name, description=body.description, rule=body.rule, by=access.actor.name, now=now)
        audit.record(tx, access.actor, "segment.created", f"segment:{made.id}", {"name": made.name, "rule": made.rule}, now)
        _submit(tx, stores, made, access.actor.name)
        return _detail(stores, tx, made)


@router.post("/segments/recompute", summary="Recompute every segment and every standing", status_code=202)
def recompute_all(access: Writer) -> JobStarted:
    stores = access.stores
    with stores.ledger.begin() as tx:
        audit.record(tx, access.actor, "segments.recomputed", "segments", {}, stores.now())
        return JobStarted(job_id=jobs.submit(tx, RECOMPUTE, {}, now=stores.now(), key="all", created_by=access.actor.name))


@router.post("/segments/preview", summary="Count a rule while it is being written, with a few of its people")
def preview(body: RulePreviewBody, access: Reader) -> RulePreview:
    stores = access.stores
    with stores.ledger.read() as tx:
        rule = _usable(tx, body.rule)
        names = segments.rule_names(tx)
    found = previews.preview(stores, rule, body.sample)
    with stores.ledger.read() as tx, stores.warehouse.read() as session:
        people = load_rows(stores, session, tx, found.sample)
    share = found.count / found.base_count if found.base_count else None
    said = Label.of(sentence(rule, names, stores.settings.currency))
    return RulePreview(
        count=found.count, base_count=found.base_count, share_rate=share, sentence=said, sample=people, elapsed_ms=found.elapsed_ms
    )


@router.post("/segments/sentence", summary="Read a rule back as a sentence")
def read_back(body: RuleBody, access: Reader) -> Label:
    with access.stores.ledger.read() as tx:
        return Label.of(sentence(rules.parse(body.rule), segments.rule_names(tx), access.stores.settings.currency))


@router.post("/segments/overlap", summary="How a rule or segment overlaps with other segments")
def overlap(body: OverlapBody, access: Reader) -> OverlapInfo:
    stores = access.stores
    with stores.ledger.read() as tx:
        rule, names = _chosen(tx, body.rule, body.segment_id), segments.segment_names(tx)
    count, found = previews.overlaps(stores, rule, [key for key in body.with_ if key in names])
    items = [
        OverlapRow(
            id=o.segment_id, name=names[o.segment_id], count=o.count, both_count=o.both_count, only_this_count=count - o.both_count,
            only_other_count=o.count - o.both_count,
            jaccard_rate=o.both_count / (count + o.count - o.both_count) if count + o.count > o.both_count else None,
        )
        for o in found
    ]  # fmt: skip
    return OverlapInfo(count=count, items=items)


@router.post("/segments/explain", summary="Why one customer matches a rule or not, and when that flips")
def explain_one(body: ExplainBody, access: Reader) -> Explanation:
    stores = access.stores
    with stores.ledger.read() as tx:
        rule, names, customer = _chosen(tx, body.rule, body.segment_id), segments.rule_names(tx), current_one(tx, body.customer_id)
    tree = explain(stores, rule, customer, names)
    return Explanation(member=tree.value, next_flip_at=next_flip_at(tree), tree=ReasonInfo.of(tree))


@router.get("/segments/schema", summary="JSON schema of the rule language")
def rule_schema(access: Reader) -> dict[str, Any]:
    return rules.schema()


@router.get("/segments/vocabulary", summary="What rules can be about here: attributes, tags, activities, goods")
def read_vocabulary(access: Reader) -> dict[str, Any]:
    return vocabulary(access.stores)


@router.get("/segments/{segment_id}", summary="One segment with its rule and versions")
def get_segment(segment_id: RowId, access: Reader) -> SegmentDetail:
    with access.stores.ledger.read() as tx:
        return _detail(access.stores, tx, segments.find_segment(tx, segment_id))


@router.put("/segments/{segment_id}", summary="Change a segment; a changed rule is a new version and is computed")
def change_segment(
    segment_id: RowId, body: SegmentBody, access: Writer, if_match: Annotated[str | None, Header(description="The rule_version that was read.")] = None
) -> SegmentDetail:
    stores, now = access.stores, access.stores.now()
    expected = int(if_match.strip('W/"')) if if_match and if_match.strip('W/"').isdigit() else None
    with stores.ledger.begin() as tx:
        made = segments.change_segment(
            tx, segment_id, name=body.name, description=body.description, rule=body.rule, expected_version=expected, by=access.actor.name, now=now
        )
        audit.record(tx, access.actor, "segment.changed", f"segment:{segment_id}", {"name": made.name, "rule": made.rule}, now)
        if made.status == "computing":
            _submit(tx, stores, made, access.actor.name)
        return _detail(stores, tx, made)


@router.delete("/segments/{segment_id}", summary="Put a segment away (it can be restored)", status_code=204)
def delete_segment(segment_id: RowId, access: Writer) -> None:
    now = access.stores.now()
    with access.stores.ledger.begin() as tx:
        segments.delete_segment(tx, segment_id, now)
        audit.record(tx, access.actor, "segment.deleted", f"segment:{segment_id}", {}, now)


@router.post("/segments/{segment_id}/restore", summary="Bring a segment back")
def restore_segment(segment_id: RowId, access: Writer) -> SegmentDetail:
    now = access.stores.now()
    with access.stores.ledger.begin() as tx:
        made = segments.restore_segment(tx, segment_id, now)
        audit.record(tx, access.actor, "segment.restored", f"segment:{segment_id}", {}, now)
        return _detail(access.stores, tx, made)


@router.post("/segments/{segment_id}/recompute", summary="Recompute one segment, and those it uses", status_code=202)
def recompute_one(segment_id: RowId, access: Writer) -> JobStarted:
    with access.stores.ledger.begin() as tx:
        return JobStarted(job_id=_submit(tx, access.stores, segments.find_segment(tx, segment_id), access.actor.name))


@router.get("/segments/{segment_id}/sizes", summary="Size after every recompute")
def list_sizes(segment_id: RowId, access: Reader, days: Annotated[int, Query(ge=1, le=3660)] = 90) -> Items[SizeInfo]:
    stores = access.stores
    with stores.ledger.read() as tx:
        segments.find_segment(tx, segment_id)
        found = segments.sizes(tx, [segment_id], stores.now() - timedelta(days=days))[segment_id]
    items = [SizeInfo(at=s.at, count=s.customer_count, entered_count=s.entered_count, left_count=s.left_count) for s in found]
    return Items(items=items)


@router.get("/segments/{segment_id}/changes", summary="Joins and leaves, newest first")
def list_changes(segment_id: RowId, access: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[ChangeInfo]:
    stores, scope = access.stores, f"changes {segment_id}"
    place = decode_cursor(stores, scope, cursor)
    change, profile = stores.warehouse.tables["segments_change"], stores.warehouse.tables["customers_profile"]
    mine = change.filter(change.segment_id == segment_id)
    if place:
        mine = mine.filter((mine.at_ms < place[0]) | ((mine.at_ms == place[0]) & (mine.customer_id > place[1])))
    newest = mine.order_by([mine.at_ms.desc(), mine.customer_id]).limit(limit + 1)
    named = newest.left_join(profile.select("customer_id", "name"), "customer_id").select("at_ms", "customer_id", "name", "entered")
    with stores.warehouse.read() as session:
        rows = session.query(named.order_by([named.at_ms.desc(), named.customer_id])).to_pylist()
    items = [ChangeInfo(at=from_ms(r["at_ms"]), customer_id=r["customer_id"], name=r["name"], entered=r["entered"]) for r in rows[:limit]]
    more = encode_cursor(stores, scope, rows[limit - 1]["at_ms"], rows[limit - 1]["customer_id"]) if len(rows) > limit else None
    return Page(items=items, next_cursor=more, total=None)


def _submit(tx: Connection, stores: Stores, segment: Segment, by: str) -> str:
    # The version is part of the key: a job that has already read the old rule must not stand for the new one.
    key = f"{segment.id} {segment.rule_version}"
    return jobs.submit(tx, RECOMPUTE, {"segment_id": segment.id}, now=stores.now(), key=key, created_by=by)


def _usable(tx: Connection, raw: dict[str, Any]) -> rules.Rule:
    rule = rules.parse(raw)
    faults = segments.check_uses(tx, rule, None)
    if faults:
        raise InvalidError(Text("分群规则有误", "the rule is not valid"), faults=faults)
    return rule


def _chosen(tx: Connection, raw: dict[str, Any] | None, segment_id: int | None) -> rules.Rule:
    if (raw is None) == (segment_id is None):
        fault = Fault("rule", Text("rule 和 segment_id 要且只要一个", "give either rule or segment_id"))
        raise InvalidError(Text("请求有误", "the request is not valid"), faults=[fault])
    rule = rules.parse(segments.find_segment(tx, segment_id).rule) if segment_id is not None else _usable(tx, raw or {})
    return as_now(tx, rule)


def _row(stores: Stores, item: Segment, history: list[segments.Size]) -> dict[str, Any]:
    by_day = {stores.calendar.on(size.at): size.customer_count for size in history}
    names = ("id", "name", "description", "rule_version", "customer_count", "status", "computed_at", "created_by", "updated_at")
    return {
        **{name: getattr(item, name) for name in names},
        "change_7d": segments.change_7d(history, stores.now()),
        "sizes": [SizePoint(on=on, count=count) for on, count in by_day.items()],
    }


def _detail(stores: Stores, tx: Connection, item: Segment) -> SegmentDetail:
    history = segments.sizes(tx, [item.id], stores.now() - timedelta(days=30))[item.id]
    names = segments.rule_names(tx)

    def said(raw: dict[str, Any]) -> Label:
        try:
            return Label.of(sentence(rules.parse(raw), names, stores.settings.currency))
        except InvalidError as error:
            return Label.of(error.message)

    versions = [
        SegmentVersionInfo(version=v.version, rule=v.rule, sentence=said(v.rule), created_at=v.created_at, created_by=v.created_by)
        for v in segments.versions(tx, item.id)
    ]
    problems = [Problem(path=fault.field, message=Label.of(fault.message)) for fault in item.problem]
    return SegmentDetail(**_row(stores, item, history), rule=item.rule, sentence=said(item.rule), versions=versions, problems=problems)
