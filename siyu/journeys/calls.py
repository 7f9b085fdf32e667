"""Calls 外部调用 of runs to other systems: which delivery belongs to whom, and what was answered, taken in as something the run has heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from siyu.carriers import deliveries
from siyu.events.catalogue.carriers import DELIVERIES_SETTLED
from siyu.events.properties import normalise_path
from siyu.events.reactions import Reaction
from siyu.foundation.clock import to_ms
from siyu.foundation.database import among, select_in
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.journeys import _step_tables, _tables, runs
from siyu.journeys.people import People
from siyu.journeys.states import ON_THE_WAY, WAITING, WOKEN

HEARD = "webhook_answered"
MOST_TEXT = 2000
"""Characters of one value of an answer that are kept."""
_call, _run, _place, _version = _step_tables.call, _tables.standing, _tables.place, _tables.version
_BEGIN = "journey:"
TOGETHER = 500


def names(place_id: int, people: People) -> list[str]:
    """Who asks for the answer, as the delivery keeps it."""
    return [f"{_BEGIN}{run}:{place_id}:{arrived}" for run, arrived in zip(people.enrolment_id.tolist(), people.arrived_ms.tolist(), strict=True)]


def begin(tx: Connection, place_id: int, people: People, delivery_ids: Sequence[str]) -> None:
    rows = [
        {"enrolment_id": run, "place_id": place_id, "arrived_ms": arrived, "delivery_id": delivery, "outcome": "waiting"}
        for run, arrived, delivery in zip(people.enrolment_id.tolist(), people.arrived_ms.tolist(), delivery_ids, strict=True)
    ]
    if rows:
        tx.execute(insert(_call), rows)


def outcomes(tx: Connection, journey_id: int, node: str, people: People) -> list[tuple[str, str | None]]:
    """(waiting, answered or failed; why it failed) of each of these runs at a node, whichever version asked."""
    here = select(_place.c.id).where(_place.c.journey_id == journey_id, _place.c.node == node)
    query = select(_call.c.enrolment_id, _call.c.arrived_ms, _call.c.outcome, _call.c.code)
    rows = tx.execute(query.where(_call.c.place_id.in_(here), among(tx, _call.c.enrolment_id, people.enrolment_id.tolist()))).all()
    found = {(run, arrived): (outcome, code) for run, arrived, outcome, code in rows}
    return [found.get(key, ("waiting", None)) for key in zip(people.enrolment_id.tolist(), people.arrived_ms.tolist(), strict=True)]


def _take_in(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    """What was answered is heard by the run that asked, which is woken if it still waits there."""
    rows = [row for batch in batches for row in batch.rows.to_pylist() if row["asked_by"].startswith(_BEGIN)]
    told = {row["delivery_id"]: row for row in rows}
    if not told:
        return
    columns = [_call.c.enrolment_id, _call.c.place_id, _call.c.arrived_ms, _call.c.delivery_id, _call.c.outcome]
    waiting = [row for row in select_in(tx, columns, _call.c.delivery_id, list(told)) if row.outcome == "waiting"]
    answered = deliveries.answers(stores.secrets, tx, [row.delivery_id for row in waiting if told[row.delivery_id]["status"] == "arrived"])
    wanted = _mappings(tx, {row.place_id for row in waiting})
    heard, became = [], dict[tuple[str, str | None], list[str]]()
    for row in waiting:
        said = _mapped(answered.get(row.delivery_id), wanted.get(row.place_id, {}))
        happened = told[row.delivery_id]
        arrived = happened["status"] == "arrived"
        became.setdefault(("answered", None) if arrived else ("failed", f"http_{happened['http_status']}"), []).append(row.delivery_id)
        if arrived:
            key = key64("webhook answered", row.delivery_id)
            heard.append({"enrolment_id": row.enrolment_id, "event_key": key, "name": HEARD, "at_ms": happened["at_ms"], "properties": msgspec.json.encode(said).decode(), "is_entry": False})
    for (outcome, code), ids in became.items():
        for start in range(0, len(ids), TOGETHER):
            tx.execute(update(_call).where(_call.c.delivery_id.in_(ids[start : start + TOGETHER])).values(outcome=outcome, code=code))
    runs.remember(tx, heard)
    _wake(tx, [(row.enrolment_id, row.arrived_ms) for row in waiting], to_ms(stores.now()))


ANSWERS = Reaction("journeys.answers", (DELIVERIES_SETTLED.name,), _take_in)


def _wake(tx: Connection, those: Sequence[tuple[int, int]], now_ms: int) -> None:
    """Runs that still stand where they came to at that moment: they asked."""
    by_arrival: dict[int, list[int]] = {}
    for run, arrived in those:
        by_arrival.setdefault(arrived, []).append(run)
    for arrived, ids in by_arrival.items():
        there = (_run.c.arrived_ms == arrived) & (_run.c.state == ON_THE_WAY) & (_run.c.heard == WAITING)
        tx.execute(update(_run).where(there, among(tx, _run.c.enrolment_id, ids)).values(heard=WOKEN, due_ms=now_ms))


def _mappings(tx: Connection, place_ids: set[int]) -> dict[int, dict[str, str]]:
    """Place → property → path in the answer, as the version says that the runs are on."""
    rows = tx.execute(
        select(_place.c.id, _place.c.node, _version.c.definition)
        .join(_version, (_version.c.journey_id == _place.c.journey_id) & (_version.c.number == _place.c.version))
        .where(_place.c.id.in_(sorted(place_ids)))
    )
    return {row.id: row.definition["nodes"].get(row.node, {}).get("with", {}).get("answer", {}) for row in rows}


def _mapped(answer: str | None, mapping: dict[str, str]) -> dict[str, Any]:
    """The mapped values of an answer; what it lacks, or is no text, number or true/false, is left out."""
    try:
        said = msgspec.json.decode(answer or "{}")
    except msgspec.DecodeError:
        return {}
    found = {name: reached(said, normalise_path(path) or "") for name, path in mapping.items()}
    return {name: value[:MOST_TEXT] if isinstance(value, str) else value for name, value in found.items() if isinstance(value, str | int | float | bool)}


def reached(properties: Any, path: str) -> Any:
    """A value at its path, as it stands flat or nested; lists by number. None where it is not there."""
    if isinstance(properties, list):
        head, _, rest = path.partition(".")
        inner = properties[int(head)] if head.isascii() and head.isdigit() and int(head) < len(properties) else None
        return reached(inner, rest) if rest else inner
    if not isinstance(properties, dict):
        return None
    if path in properties:
        return properties[path]
    if path.startswith('$["') and path[3:-2] in properties:
        return properties[path[3:-2]]
    head, _, rest = path.partition(".")
    return reached(properties.get(head), rest) if rest else None
