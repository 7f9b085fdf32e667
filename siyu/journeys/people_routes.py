"""People of journeys over HTTP: who is where, who is let in or taken out by hand, who tries again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import pyarrow as pa
from fastapi import Depends, Query
from fastapi.responses import StreamingResponse

from siyu.foundation.clock import from_ms
from siyu.foundation.http import Cursor, Label, Limit, Line, Page, Router, RowId, decode_cursor, encode_cursor
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.journeys import enrolments, journeys, passed, shapes
from siyu.journeys.enrolments import Run
from siyu.journeys.people import NEVER
from siyu.journeys.states import WORDS
from siyu.segments.directory_rows import load_rows
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/journeys/{journey_id}", tags=["journeys"])
Looker = Annotated[Access, Depends(require("customers.read"))]
Exporter = Annotated[Access, Depends(require("customers.export"))]
Writer = Annotated[Access, Depends(require("journeys.write"))]
NodeName = Annotated[Line | None, Query(max_length=40, description="Null: of the whole journey.")]
Number = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
_CHUNK = 5_000
_FILED = ("customer_id", "version", "node", "state", "code", "entered_ms", "arrived_ms", "due_ms", "ended_ms")
PASSED = Text("已走过", "Went on")
_RUN_STATE = {"here": "on_the_way", "failed": "failed"}


@router.get("/people", summary="The people behind a number of the canvas")
def list_people(
    journey_id: RowId, access: Looker, node: NodeName = None, version: Number = None, state: shapes.State | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[shapes.JourneyPerson]:
    stores = access.stores
    scope = f"journey people {journey_id} {node} {version} {state}"
    place = decode_cursor(stores, scope, cursor)
    at = int(place[0]) if place else None
    with stores.ledger.read() as tx:
        journeys.find(tx, journey_id)
    found = _passed(stores, journey_id, node, version, at or 0, limit + 1) if state == "passed" else _standing(stores, journey_id, node, version, state, at, limit + 1)
    with stores.ledger.read() as tx, stores.warehouse.read() as session:
        known = {row.id: row for row in load_rows(stores, session, tx, [one["customer_id"] for one in found[:limit]])}
    items = [
        shapes.JourneyPerson(customer=known[one["customer_id"]], **{name: value for name, value in one.items() if name not in ("customer_id", "place")})
        for one in found[:limit]
        if one["customer_id"] in known
    ]
    return Page(items=items, next_cursor=encode_cursor(stores, scope, found[limit - 1]["place"]) if len(found) > limit else None, total=None)


@router.get("/people/export", summary="The same people by number, as CSV", response_class=StreamingResponse)
def export_people(journey_id: RowId, access: Exporter, node: NodeName = None, version: Number = None, state: shapes.State | None = None) -> StreamingResponse:
    stores = access.stores
    with stores.ledger.begin() as tx:
        found = journeys.find(tx, journey_id)
        said = {"name": found.name, "node": node, "version": version, "state": state}
        audit.record(tx, access.actor, "journey.people_exported", f"journey:{journey_id}", said, stores.now())
    if state == "passed":
        lines = passed.as_csv(stores, journey_id, node=node, version=version)
    else:
        lines = passed.in_pieces(_all_standing(stores, journey_id, node, version, state))
    headers = {"Content-Disposition": f'attachment; filename="journey-{journey_id}-people.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/enrol", summary="Let people in by hand or from another system, whatever the entry is")
def enrol_people(journey_id: RowId, body: shapes.JourneyPeople, access: Writer) -> shapes.JourneyEnrolled:
    stores = access.stores
    with stores.ledger.begin() as tx:
        entered = enrolments.enrol(stores, tx, journey_id, sorted(set(body.customer_ids)), data=body.data, by=access.actor.name)
        said = {"asked": len(set(body.customer_ids)), "entered": entered.count, "refused": entered.refused}
        audit.record(tx, access.actor, "journey.enrolled", f"journey:{journey_id}", said, stores.now())
    return shapes.JourneyEnrolled(entered=entered.count, refused=entered.refused)


@router.post("/remove", summary="Take people out by hand; only a hand lets them in again")
def remove_people(journey_id: RowId, body: shapes.JourneyRemove, access: Writer) -> shapes.JourneyDone:
    stores = access.stores
    with stores.ledger.begin() as tx:
        journeys.find(tx, journey_id)
        count = enrolments.take_out(tx, journey_id, body.customer_ids, now=stores.now())
        audit.record(tx, access.actor, "journey.people_removed", f"journey:{journey_id}", {"customer_ids": body.customer_ids[:100], "count": count}, stores.now())
    return shapes.JourneyDone(count=count)


@router.post("/retry", summary="Have those whose step failed try it again: some runs, those of a node, or all")
def retry_people(journey_id: RowId, body: shapes.JourneyRetry, access: Writer) -> shapes.JourneyDone:
    stores = access.stores
    with stores.ledger.begin() as tx:
        journeys.find(tx, journey_id)
        count = enrolments.retry(tx, journey_id, node=body.node, ids=body.enrolment_ids or None, now=stores.now())
        audit.record(tx, access.actor, "journey.retried", f"journey:{journey_id}", {"node": body.node, "count": count}, stores.now())
    return shapes.JourneyDone(count=count)


def _standing(stores: Stores, journey_id: int, node: str | None, version: int | None, state: str | None, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Those who stand at a node now, the newest run first."""
    with stores.ledger.read() as tx:
        runs = enrolments.people(tx, journey_id, version=version, node=node, state=_RUN_STATE.get(state or ""), before=before, limit=limit)
    return [_run(run) for run in runs]


def _run(run: Run) -> dict[str, Any]:
    return {
        "place": run.id, "enrolment_id": run.id, "customer_id": run.customer_id, "state": run.state, "state_name": Label.of(WORDS[run.state]), "node": run.node,
        "edge": None, "code": run.code, "entered_at": from_ms(run.entered_ms), "arrived_at": from_ms(run.arrived_ms),
        "due_at": _at(run.due_ms), "left_at": _at(run.ended_ms),
    }  # fmt: skip


def _at(ms: int | None) -> datetime | None:
    """When; None where nothing but an event wakes."""
    return None if ms is None or ms >= NEVER else from_ms(ms)


def _passed(stores: Stores, journey_id: int, node: str | None, version: int | None, after: int, limit: int) -> list[dict[str, Any]]:
    """Those who have left a node, the latest first."""
    return [
        {
            "place": one.number, "enrolment_id": one.enrolment_id, "customer_id": one.customer_id, "state": "passed", "state_name": Label.of(PASSED), "node": one.node,
            "edge": one.edge, "code": one.code, "entered_at": None, "arrived_at": one.arrived_at, "due_at": None, "left_at": one.left_at,
        }
        for one in passed.page(stores, journey_id, node=node, version=version, after=after, limit=limit)
    ]


def _all_standing(stores: Stores, journey_id: int, node: str | None, version: int | None, state: str | None) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in _FILED}
    before = None
    with stores.ledger.read() as tx:
        while some := enrolments.people(tx, journey_id, version=version, node=node, state=_RUN_STATE.get(state or ""), before=before, limit=_CHUNK):
            for name in _FILED:
                columns[name] += [getattr(run, name) for run in some]
            before = some[-1].id
    kinds = {"version": pa.int64(), "customer_id": pa.int64(), "state": pa.string(), "node": pa.string(), "code": pa.string()}
    # A due time of never is none.
    columns["due_ms"] = [None if due is None or due >= NEVER else due for due in columns["due_ms"]]
    return pa.table({name: pa.array(values, kinds.get(name, pa.int64())) for name, values in columns.items()})
