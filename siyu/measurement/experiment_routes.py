"""Experiments on sources over HTTP: plan with power, write down, read, cancel."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field

from siyu.foundation.http import Body, Id, Line, Router, RowId
from siyu.measurement import experiment_reports, experiments
from siyu.measurement.acquisition_routes import published
from siyu.measurement.experiment_reports import Experiments, Planned
from siyu.measurement.experiments import Draft, Kind, Outcome
from siyu.team.access import Access, require
from siyu.team.audit import record

router = Router(prefix="/measurement/acquisition/experiments", tags=["measurement"])
Reader = Annotated[Access, Depends(require("reports.read"))]
Writer = Annotated[Access, Depends(require("acquisition.write"))]
Units = Annotated[list[Annotated[Line, Field(min_length=1, max_length=80)]], Field(max_length=500)]


class ExperimentToAdd(Body):
    """`off`: regions, spans "2026-09-07/2026-09-13" or codes without the source; `on`: those with it (empty: all the others)."""

    name: Annotated[Line, Field(min_length=1, max_length=80)]
    kind: Kind
    source_id: Id
    off: Units
    on: Units = []
    begins_on: date
    ends_on: date
    outcome: Outcome = "buyers"
    note: Annotated[Line, Field(max_length=2000)] = ""


class ExperimentRef(BaseModel):
    id: int


@router.get("", summary="Experiments on sources and what they have shown", response_model=Experiments)
def list_source_experiments(response: Response, access: Reader) -> Experiments:
    return experiment_reports.experiment_report(access.stores, run=published(response, access))


@router.get("/power", summary="What an experiment could show", response_model=Planned)
def plan_source_experiment(
    response: Response, access: Reader, source_id: Annotated[Id, Query()], kind: Kind = "geo",
    units: Annotated[int, Query(ge=2, le=1000, description="Regions, runs of days or codes on both sides.")] = 20,
    off: Annotated[int, Query(ge=1, le=999, description="Of these, without the source.")] = 10,
    days: Annotated[int, Query(ge=1, le=730)] = 28,
) -> Planned:  # fmt: skip
    return experiment_reports.plan_power(access.stores, source_id=source_id, kind=kind, units=units, off=off, days=days, run=published(response, access))


@router.post("", summary="Write down an experiment", status_code=201)
def add_source_experiment(body: ExperimentToAdd, access: Writer) -> ExperimentRef:
    stores, now = access.stores, access.stores.now()
    draft = Draft(**{**body.model_dump(), "off": tuple(body.off), "on": tuple(body.on)})
    count = {"units": len(draft.off) + len(draft.on) or 1, "off": len(draft.off)}
    planned = experiment_reports.plan_power(stores, source_id=draft.source_id, kind=draft.kind, units=max(count["units"], 2), off=count["off"], days=max((draft.ends_on - draft.begins_on).days + 1, 1))
    with stores.ledger.begin() as tx:
        made = experiments.create(stores, tx, draft, planned=asdict(planned.power), by=access.actor.name)
        record(tx, access.actor, "measurement.experiment_added", f"experiment {made.id}", experiments.told(made), now)
    return ExperimentRef(id=made.id)


@router.post("/{id}/cancel", summary="Count an experiment no more")
def cancel_source_experiment(id: RowId, access: Writer) -> ExperimentRef:
    stores, now = access.stores, access.stores.now()
    with stores.ledger.begin() as tx:
        made = experiments.cancel(stores, tx, id)
        record(tx, access.actor, "measurement.experiment_cancelled", f"experiment {id}", experiments.told(made), now)
    return ExperimentRef(id=made.id)
