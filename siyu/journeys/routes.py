"""Journeys over HTTP: write, check, publish, pause, drain, stop; versions, counts, history."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Path, Query
from sqlalchemy import Connection

from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.http import (
    Cursor,
    Items,
    Label,
    Limit,
    Line,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
    language_of,
)
from siyu.journeys import checks, drawn, enrolments, held, journeys, listing, shapes, templates, versions
from siyu.journeys.definition import Definition, Node, dump, read
from siyu.journeys.field import TEMPLATES
from siyu.journeys.journeys import Journey
from siyu.journeys.listing import Listed
from siyu.journeys.shapes import JourneyDetail, JourneyFault, JourneyRow
from siyu.journeys.states import JOURNEY
from siyu.journeys.steps.registry import STEPS, placed
from siyu.journeys.steps.step import Step
from siyu.journeys.templates import Template
from siyu.journeys.versions import InFlight, Version
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/journeys", tags=["journeys"])
Reader = Annotated[Access, Depends(require("journeys.read"))]
Writer = Annotated[Access, Depends(require("journeys.write"))]
Language = Annotated[str, Depends(language_of)]
Publisher = Annotated[Access, Depends(require("journeys.publish"))]
_ACTIONS: dict[str, list[shapes.Action]] = {
    "draft": [], "live": ["pause", "drain", "stop"], "paused": ["resume", "drain", "stop"], "draining": ["resume", "pause", "stop"], "stopped": [],
}  # fmt: skip


@router.get("", summary="Journeys, the one that changed last first")
def list_journeys(
    access: Reader,
    status: Annotated[list[shapes.Status] | None, Query(description="Only in these states.")] = None,
    q: Annotated[Line, Query(max_length=80, description="Part of the name.")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> shapes.JourneyListing:
    stores, scope = access.stores, f"journeys {status} {q}"
    place = decode_cursor(stores, scope, cursor)
    before = (from_ms(place[0]), int(place[1])) if place else None
    with stores.ledger.read() as tx:
        found = listing.page(tx, statuses=status or (), q=q.strip(), before=before, limit=limit + 1)
        counted = listing.counts(tx)
    last = found[limit - 1].journey if len(found) > limit else None
    more = encode_cursor(stores, scope, to_ms(last.updated_at), last.id) if last else None
    return shapes.JourneyListing(items=[JourneyRow(**_row(one)) for one in found[:limit]], next_cursor=more, counts=counted)


@router.post("", summary="Write a new journey", status_code=201)
def create_journey(body: shapes.JourneyBody, access: Writer) -> JourneyDetail:
    definition = read(body.definition) if body.definition is not None else None
    with access.stores.ledger.begin() as tx:
        made = journeys.create(tx, body.name, body.description, definition, by=access.actor.name, now=access.stores.now())
        return _answered(access, tx, made, "journey.created")


@router.get("/steps", summary="Every kind of step: what it does, the schema of its settings, its ways out")
def list_steps(access: Reader) -> Items[shapes.JourneyStepInfo]:
    return Items(items=[_step(step) for step in STEPS.values()])


@router.post("/steps/{kind}/edges", summary="The ways out that a step has with these settings")
def edges_of_step(kind: Annotated[Line, Path(max_length=40)], body: shapes.JourneySettings, access: Reader) -> Items[str]:
    one = placed("n1", Node(step=kind, with_=body.settings))
    if isinstance(one, Fault):
        raise InvalidError(one.message, faults=[one])
    return Items(items=list(one.edges))


@router.get("/templates", summary="Ready-made journeys, each explained")
def list_templates(access: Reader) -> Items[shapes.JourneyTemplate]:
    return Items(items=[_template(one) for one in TEMPLATES])


@router.post("/templates/{code}", summary="A draft after a ready-made journey; what has to be chosen stays open", status_code=201)
def use_template(code: Annotated[Line, Path(max_length=40)], access: Writer, language: Language) -> JourneyDetail:
    chosen = templates.find(code, TEMPLATES)
    about = "\n".join(part.to(language) for part in (chosen.why, chosen.when, chosen.does, chosen.adapt))
    with access.stores.ledger.begin() as tx:
        draft = templates.definition_of(chosen, STEPS, language)
        made = journeys.create(tx, chosen.name.to(language), about, draft, by=access.actor.name, now=access.stores.now())
        return _answered(access, tx, made, "journey.created", {"template": code})


@router.get("/{journey_id}", summary="One journey: its draft, and what may be done with it")
def read_journey(journey_id: RowId, access: Reader) -> JourneyDetail:
    with access.stores.ledger.read() as tx:
        return detail_of(tx, journeys.find(tx, journey_id))


@router.put("/{journey_id}", summary="Save the draft, over the one that was read")
def save_journey(journey_id: RowId, body: shapes.JourneyDraft, access: Writer) -> JourneyDetail:
    definition, now = read(body.definition), access.stores.now()
    with access.stores.ledger.begin() as tx:
        before = journeys.find(tx, journey_id)
        description = before.description if body.description is None else body.description
        saved = journeys.save_draft(tx, journey_id, definition, over=body.draft_version, name=body.name, description=description, by=access.actor.name, now=now)
        drawn.keep(tx, journey_id, before.draft, definition, by=access.actor.name, now=now)
        return _answered(access, tx, saved, "journey.changed", {"draft_version": saved.draft_version, **drawn.between(before.draft, definition)})


@router.delete("/{journey_id}", summary="Delete a draft that was never published", status_code=204)
def delete_journey(journey_id: RowId, access: Writer) -> None:
    with access.stores.ledger.begin() as tx:
        gone = journeys.find(tx, journey_id)
        journeys.remove(tx, journey_id)
        audit.record(tx, access.actor, "journey.deleted", f"journey:{journey_id}", {"name": gone.name}, access.stores.now())


@router.post("/{journey_id}/check", summary="What is wrong with a draft while it is being drawn, and what its cards say")
def check_journey(journey_id: RowId, body: shapes.JourneyDrawn, access: Reader) -> shapes.JourneyCheck:
    with access.stores.ledger.read() as tx:
        journeys.find(tx, journey_id)
        try:
            definition = read(body.definition)
        except InvalidError as error:
            return shapes.JourneyCheck(faults=[JourneyFault.of(each) for each in error.faults], warnings=[], nodes={})
        found = checks.check(tx, definition)
    return shapes.JourneyCheck(
        faults=[JourneyFault.of(each) for each in found.faults], warnings=[JourneyFault.of(each) for each in found.warnings], nodes=_nodes(definition)
    )


@router.post("/{journey_id}/copy", summary="The same once more, as a draft", status_code=201)
def copy_journey(journey_id: RowId, access: Writer) -> JourneyDetail:
    with access.stores.ledger.begin() as tx:
        name = journeys.find(tx, journey_id).name[:74]
        made = journeys.copy(tx, journey_id, name=f"{name} (2)", by=access.actor.name, now=access.stores.now())
        return _answered(access, tx, made, "journey.copied", {"from": journey_id})


@router.post("/{journey_id}/publish", summary="Make the draft the version that newcomers take")
def publish_journey(journey_id: RowId, body: shapes.JourneyPublish, access: Publisher) -> JourneyDetail:
    in_flight = InFlight(body.in_flight.rule, body.in_flight.mapping)
    with access.stores.ledger.begin() as tx:
        made = versions.publish(tx, journey_id, over=body.draft_version, in_flight=in_flight, remark=body.note, by=access.actor.name, now=access.stores.now())
        said = {"version": made.number, "note": made.note, "in_flight": made.in_flight}
        return _answered(access, tx, journeys.find(tx, journey_id), "journey.published", said)


@router.post("/{journey_id}/pause", summary="Nobody comes in and nobody moves on")
def pause_journey(journey_id: RowId, access: Publisher) -> JourneyDetail:
    with access.stores.ledger.begin() as tx:
        return _answered(access, tx, journeys.pause(tx, journey_id, by=access.actor.name, now=access.stores.now()), "journey.paused")


@router.post("/{journey_id}/resume", summary="Go on where it was paused, and take people in")
def resume_journey(journey_id: RowId, access: Publisher) -> JourneyDetail:
    with access.stores.ledger.begin() as tx:
        return _answered(access, tx, journeys.resume(tx, journey_id, by=access.actor.name, now=access.stores.now()), "journey.resumed")


@router.post("/{journey_id}/drain", summary="Take nobody in; those on the way finish")
def drain_journey(journey_id: RowId, access: Publisher) -> JourneyDetail:
    with access.stores.ledger.begin() as tx:
        return _answered(access, tx, journeys.drain(tx, journey_id, by=access.actor.name, now=access.stores.now()), "journey.drained")


@router.post("/{journey_id}/stop", summary="End it for everybody who is on the way")
def stop_journey(journey_id: RowId, access: Publisher) -> JourneyDetail:
    with access.stores.ledger.begin() as tx:
        return _answered(access, tx, journeys.stop(tx, journey_id, by=access.actor.name, now=access.stores.now()), "journey.stopped")


@router.get("/{journey_id}/versions", summary="What was published, the newest first")
def list_versions(journey_id: RowId, access: Reader) -> Items[shapes.JourneyVersionRow]:
    with access.stores.ledger.read() as tx:
        journey, here = journeys.find(tx, journey_id), _by_version(tx, journey_id)
        return Items(items=[shapes.JourneyVersionRow(**_version(one, journey, here)) for one in versions.listed(tx, journey_id)])


@router.get("/{journey_id}/versions/{version}", summary="One published version as it was drawn")
def read_version(journey_id: RowId, version: RowId, access: Reader) -> shapes.JourneyVersion:
    with access.stores.ledger.read() as tx:
        journey, here = journeys.find(tx, journey_id), _by_version(tx, journey_id)
        found = versions.find_version(tx, journey_id, version)
        return shapes.JourneyVersion(**_version(found, journey, here), definition=dump(found.definition))


@router.get("/{journey_id}/counts", summary="How many people are at each node, and which ways they took")
def read_counts(journey_id: RowId, access: Reader, version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None) -> shapes.JourneyFlow:
    with access.stores.ledger.read() as tx:
        journeys.find(tx, journey_id)
        found = enrolments.counts(tx, journey_id, version=version)
        states = enrolments.states(tx, journey_id)
        waiting = held.by_node(tx, journey_id, version)
    nodes = {node: shapes.JourneyNodeCounts(here=one.here, failed=one.failed, waiting_for_restraint=waiting.get(node, 0), edges=one.passed) for node, one in found.items()}
    return shapes.JourneyFlow(version=version, nodes=nodes, states=states)


@router.get("/{journey_id}/history", summary="Who did what to it, the latest first")
def read_history(journey_id: RowId, access: Reader) -> Items[shapes.JourneyHappening]:
    with access.stores.ledger.read() as tx:
        journeys.find(tx, journey_id)
        return Items(items=[shapes.JourneyHappening(**vars(one)) for one in journeys.history(tx, journey_id)])


def detail_of(tx: Connection, journey: Journey) -> JourneyDetail:
    """A journey as the console opens it."""
    [listed] = listing.told(tx, [journey])
    same = ("draft_version", "created_at", "created_by", "started_at")
    return JourneyDetail(
        **_row(listed), **{name: getattr(journey, name) for name in same}, definition=dump(journey.draft),
        actions=_ACTIONS[journey.status], can_publish=journey.status != "stopped" and listed.is_changed,
    )  # fmt: skip


def _row(listed: Listed) -> dict[str, Any]:
    journey, tally = listed.journey, listed.tally
    has_goal = journey.draft.goal is not None
    return {
        **{name: getattr(journey, name) for name in ("id", "name", "description", "status", "version", "updated_at")},
        "status_name": Label.of(JOURNEY[journey.status]), "is_changed": listed.is_changed,
        "on_the_way_count": tally.on_the_way, "failed_count": tally.failed, "entered_count": tally.entered, "held_out_count": tally.held_out,
        "goal_rate": tally.goal_rate if has_goal else None, "holdout_goal_rate": tally.holdout_goal_rate if has_goal else None,
    }  # fmt: skip


def _by_version(tx: Connection, journey_id: int) -> dict[int, int]:
    here: dict[int, int] = {}
    for (version, _), people in versions.standing(tx, journey_id).items():
        here[version] = here.get(version, 0) + people
    return here


def _version(one: Version, journey: Journey, here: dict[int, int]) -> dict[str, Any]:
    same = {name: getattr(one, name) for name in ("number", "published_at", "published_by", "note", "in_flight")}
    return {**same, "is_live": one.number == journey.version, "on_the_way_count": here.get(one.number, 0)}


def _template(one: Template) -> shapes.JourneyTemplate:
    told = {name: Label.of(getattr(one, name)) for name in ("name", "why", "when", "does", "adapt")}
    steps = [part.step for part in templates.parts_of(one, STEPS)]
    return shapes.JourneyTemplate(code=one.code, **told, steps=steps, choices=[Label.of(text) for text in templates.choices_of(one, STEPS)])


def _step(step: Step) -> shapes.JourneyStepInfo:
    return shapes.JourneyStepInfo(
        kind=step.kind, label=Label.of(step.label), description=Label.of(step.description), group=step.group, waits=step.waits,
        settings_schema=msgspec.json.schema(step.Settings), edges=list(step.edges(_beginning(step))), edge_labels={},
    )  # fmt: skip


def _beginning(step: Step) -> SimpleNamespace:
    """Settings as a new node has them; what must be chosen is null, which no setting would be."""
    values = {}
    for one in msgspec.structs.fields(step.Settings):
        made = None if one.default_factory is msgspec.NODEFAULT else one.default_factory()
        values[one.name] = made if one.default is msgspec.NODEFAULT else one.default
    return SimpleNamespace(**values)


def _nodes(definition: Definition) -> dict[str, shapes.JourneyNodeSaid]:
    """What can be said of each node whose settings can be read."""
    found = {}
    for node_id, node in definition.nodes.items():
        one = placed(node_id, node)
        if not isinstance(one, Fault):
            found[node_id] = shapes.JourneyNodeSaid(step=node.step, edges=list(one.edges), sentence=Label.of(one.step.sentence(one.settings)))
    return found


def _answered(access: Access, tx: Connection, journey: Journey, action: str, detail: dict[str, Any] | None = None) -> JourneyDetail:
    said = {"name": journey.name, "status": journey.status, **(detail or {})}
    audit.record(tx, access.actor, action, f"journey:{journey.id}", said, access.stores.now())
    return detail_of(tx, journey)
