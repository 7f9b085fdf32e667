"""The tracking plan over HTTP, and what came in beside it: names, types, counts, violations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from pydantic import BaseModel

from siyu.collect import feeds, plan, plan_files, plan_seen
from siyu.collect.plan import Kind, Mode, PlannedEvent, PlannedProperty
from siyu.collect.plan_seen import SeenEvent, Violation
from siyu.foundation.http import Body, Items, Line, Router, RowId
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/events", tags=["plan"])
Reader = Annotated[Access, Depends(require("events.read"))]
Writer = Annotated[Access, Depends(require("events.write"))]
Feed = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Only this feed.")]


class PlannedPropertyInfo(Body):
    """`allowed` empty: any value of the type. `personal`: sealed wherever it is stored, shown masked."""

    name: Line
    type: Kind = "any"
    required: bool = False
    allowed: list[Line | float] = []
    description: Line = ""
    personal: bool = False


class PlannedEventInfo(Body):
    """`*` stands for every event, `$profile` for attributes of people."""

    name: Line
    description: Line = ""
    properties: list[PlannedPropertyInfo] = []

    def planned(self) -> PlannedEvent:
        properties = (PlannedProperty(**{**vars(each), "allowed": tuple(each.allowed)}) for each in self.properties)
        return PlannedEvent(self.name, self.description, tuple(properties))

    @classmethod
    def of(cls, event: PlannedEvent) -> PlannedEventInfo:
        return cls.model_validate(
            {"name": event.name, "description": event.description, "properties": [{name: getattr(each, name) for name in each.__struct_fields__} for each in event.properties]}
        )


class FeedMode(BaseModel):
    feed_id: int
    mode: Mode


class PlanInfo(BaseModel):
    version: int
    events: list[PlannedEventInfo]
    modes: list[FeedMode]


class PlanFile(Body):
    """`replace`: what the file does not name is planned no longer."""

    format: Literal["json", "csv"]
    text: Line
    replace: bool = False


class Adoption(Body):
    """Names of events that came in; empty for all of them."""

    events: list[Line] = []


class ModeChange(Body):
    mode: Mode


class SeenPropertyInfo(BaseModel):
    name: str
    types: list[str]
    count: int
    first_at: datetime
    last_at: datetime
    planned: bool


class SeenEventInfo(BaseModel):
    """`days` counts the last 14 local days, the oldest first."""

    name: str
    feeds: list[int]
    count: int
    first_at: datetime
    last_at: datetime
    planned: bool
    days: list[int]
    properties: list[SeenPropertyInfo]

    @classmethod
    def of(cls, event: SeenEvent) -> SeenEventInfo:
        return cls.model_validate(event, from_attributes=True)


class ViolationInfo(BaseModel):
    """`sample` is masked."""

    feed_id: int
    event: str
    property: str
    kind: Literal["unknown_event", "unknown_property", "missing", "wrong_type", "not_allowed"]
    count: int
    first_at: datetime
    last_at: datetime
    sample: str

    @classmethod
    def of(cls, one: Violation) -> ViolationInfo:
        return cls.model_validate(one, from_attributes=True)


class Cleared(BaseModel):
    count: int


@router.get("/plan", summary="The tracking plan, and the mode of each feed that does more than record")
def read_plan(access: Reader) -> PlanInfo:
    with access.stores.ledger.read() as tx:
        found = plan.load_plan(tx)
    modes = [FeedMode(feed_id=feed, mode=mode) for feed, mode in sorted(found.modes.items())]
    return PlanInfo(version=found.version, events=[PlannedEventInfo.of(event) for event in found.events.values()], modes=modes)


@router.put("/plan/event", summary="Add an event to the plan, or change it")
def put_planned_event(body: PlannedEventInfo, access: Writer) -> PlanInfo:
    _save(access, [body.planned()], "plan.event_saved")
    return read_plan(access)


@router.delete("/plan/event", status_code=204, summary="Take an event out of the plan")
def remove_planned_event(access: Writer, name: Annotated[Line, Query(max_length=200)]) -> None:
    stores = access.stores
    with stores.ledger.begin() as tx:
        plan.remove_event(tx, name)
        audit.record(tx, access.actor, "plan.event_removed", "plan", {"event": name}, stores.now())


@router.post("/plan/import", summary="Take the plan from a file: JSON, or CSV with one row a property")
def import_plan(body: PlanFile, access: Writer) -> PlanInfo:
    _save(access, plan_files.read_plan(body.format, body.text), "plan.imported", replace=body.replace)
    return read_plan(access)


@router.get("/plan/export", response_class=Response, summary="The plan as a file, JSON or CSV", responses={200: {"content": {"text/csv": {}, "application/json": {}}}})
def export_plan(access: Reader, format: Literal["json", "csv"] = "json") -> Response:
    with access.stores.ledger.read() as tx:
        found = plan.load_plan(tx)
    body = plan_files.to_csv(found).encode() if format == "csv" else plan_files.to_json(found)
    media = "text/csv; charset=utf-8" if format == "csv" else "application/json"
    return Response(body, media_type=media, headers={"Content-Disposition": f'attachment; filename="tracking-plan.{format}"'})


@router.post("/plan/adopt", summary="Plan events as they come in: their properties and types, what is always there, what is personal")
def adopt_seen(body: Adoption, access: Writer) -> PlanInfo:
    stores = access.stores
    with stores.ledger.read() as tx:
        held = plan.load_plan(tx)
        found = plan_seen.list_seen(tx, held, today=_today(access))
    wanted = [event for event in found if event.name in body.events or (not body.events and not event.planned)]
    if wanted:
        _save(access, plan_seen.proposed(wanted, held), "plan.adopted")
    return read_plan(access)


@router.put("/plan/modes/{feed_id}", summary="How strictly a feed keeps to the plan: record, quarantine, strict")
def set_mode(feed_id: RowId, body: ModeChange, access: Writer) -> FeedMode:
    stores = access.stores
    with stores.ledger.begin() as tx:
        feeds.find_feed(tx, feed_id)
        plan.set_mode(tx, feed_id, body.mode)
        audit.record(tx, access.actor, "plan.mode_set", f"feed:{feed_id}", {"mode": body.mode}, stores.now())
    return FeedMode(feed_id=feed_id, mode=body.mode)


@router.get("/seen", summary="Event names that came in, with days, properties and types, the most frequent first")
def list_seen(access: Reader, feed: Feed = None) -> Items[SeenEventInfo]:
    with access.stores.ledger.read() as tx:
        found = plan_seen.list_seen(tx, plan.load_plan(tx), today=_today(access), feed_id=feed)
    return Items(items=[SeenEventInfo.of(event) for event in found])


@router.get("/violations", summary="How events broke the plan, counted by feed, event, property and kind; the newest first")
def list_violations(access: Reader, feed: Feed = None) -> Items[ViolationInfo]:
    with access.stores.ledger.read() as tx:
        return Items(items=[ViolationInfo.of(one) for one in plan_seen.list_violations(tx, feed_id=feed)])


@router.delete("/violations", summary="Begin to count violations anew")
def clear_violations(access: Writer, feed: Feed = None) -> Cleared:
    stores = access.stores
    with stores.ledger.begin() as tx:
        count = plan_seen.clear_violations(tx, feed_id=feed)
        audit.record(tx, access.actor, "violations.cleared", f"feed:{feed}" if feed else "feeds", {"count": count}, stores.now())
    return Cleared(count=count)


def _save(access: Access, events: Sequence[PlannedEvent], action: str, *, replace: bool = False) -> None:
    stores = access.stores
    with stores.ledger.begin() as tx:
        plan.save_events(tx, events, by=access.actor.name, now=stores.now(), replace=replace)
        audit.record(tx, access.actor, action, "plan", {"events": [event.name for event in events][:100], "replace": replace}, stores.now())


def _today(access: Access) -> date:
    return access.stores.calendar.on(access.stores.now())
