"""Facts of journeys: one row a run as it stands, one row a step that somebody left."""

from __future__ import annotations

from siyu.events.catalogue.journeys import JOURNEY_RUNS_CHANGED, JOURNEY_STEPS_LEFT
from siyu.foundation.warehouse.facts import Column, Fact

_RUN = {p.name: p for p in JOURNEY_RUNS_CHANGED.properties}
_LEFT = {p.name: p for p in JOURNEY_STEPS_LEFT.properties}
_TYPES = {"int64": "int64", "int32": "int32", "string": "string"}


JOURNEYS_RUN = Fact(
    name="journeys_run",
    grain="one run of one person through a journey, as it stands",
    key=("enrolment_id",),
    columns=tuple(Column(name, _TYPES[str(p.type)], p.meaning) for name, p in _RUN.items()),  # type: ignore[arg-type]
    sources={JOURNEY_RUNS_CHANGED.name: lambda batch: batch.rows},
)
JOURNEYS_STEP = Fact(
    name="journeys_step",
    grain="one step that one run has left",
    key=("enrolment_id", "node", "arrived_ms", "edge"),
    columns=tuple(Column(name, _TYPES[str(p.type)], p.meaning) for name, p in _LEFT.items()),  # type: ignore[arg-type]
    sources={JOURNEY_STEPS_LEFT.name: lambda batch: batch.rows},
)
FACTS = (JOURNEYS_RUN, JOURNEYS_STEP)
