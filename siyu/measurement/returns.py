"""Returns 真实回报: the computation behind all pages of true cost, published as facts, and the door to what is published.

`recompute` reads the facts once, judges every customer and every fen, and puts the results in the place of the last ones. Pages read only
these. What a page asked for is kept in the ledger under the computation it was made from, so the same page asked again is only read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
from sqlalchemy import Connection, delete, func, select

from siyu.acquisition import sources
from siyu.acquisition.sources import Source
from siyu.foundation.brand import data_epoch
from siyu.foundation.clock import day_number, from_day_number
from siyu.foundation.database import upsert
from siyu.foundation.ids import content_hash
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import CURSORS
from siyu.foundation.warehouse.engines import Session
from siyu.measurement import _return_tables, _tables, economics, experiments
from siyu.measurement._judging import Results, judge
from siyu.measurement.acquired import Frame
from siyu.measurement.facts import FACTS
from siyu.measurement.published import KEPT_DAYS
from siyu.measurement.waste import Incremental
from siyu.orders.recency import default_as_of
from siyu.segments.quality_report import judged_at

DEFINITIONS = 2
"""Raise it when a formula or a shape changes: what was computed before is then computed anew."""
RESTS_ON = ("acquisition_touch", "acquisition_visitor", "acquisition_spend", "carriers_relation", "orders_line", "identity_link")
FRESH = timedelta(minutes=5)
"""A computation so young is not made anew because something has moved."""
T = TypeVar("T")
_computing = threading.Lock()


@dataclass(frozen=True)
class Run:
    """One computation. Equal `key`, equal content. `notes`: what the forecast rests on, in both languages."""

    key: str
    as_of: date
    computed_at: datetime
    notes: list[dict[str, str]]
    incremental: dict[int, Incremental]
    is_newest: bool = True


def recompute(stores: Stores, as_of: date | None = None) -> Run:
    """Compute everything up to a local day, that day included, and publish it; see `measurement.facts`."""
    day = as_of or default_as_of(stores)
    with _computing:
        with stores.ledger.read() as tx:
            tree, rates, settings = sources.listed(tx, archived=True), economics.current(tx), _settings(tx)
            plans = experiments.running(tx)
        frame = Frame(day_number(day), stores.calendar, rates, tree_table(tree), tuple(one.id for one in tree if one.untraced_account_id))
        with stores.warehouse.read() as session:
            positions = _positions(session)
            results = judge(session, stores.warehouse.tables, frame, plans)
        with stores.warehouse.engine.write() as session:
            for fact in FACTS:
                session.clear(fact)
                session.insert(fact, session.keep(f"_new_{fact.name}", results.tables[fact.name].select(fact.arrow.names).cast(fact.arrow)))
        return _keep(stores, results, day, positions, settings)


def newest(stores: Stores) -> Run:
    """The published computation; made if there is none of this data. `is_newest` false: something has moved since, and it is time."""
    with stores.ledger.read() as tx:
        row, settings = tx.execute(select(_return_tables.run)).one_or_none(), _settings(tx)
    if row is None or row.settings.split()[0] != settings.split()[0]:
        return recompute(stores)
    run = Run(row.key, from_day_number(row.as_of_on), row.computed_at, row.notes, {int(node): Incremental(*one) for node, one in row.incremental.items()})
    if row.settings == settings and stores.now() - row.computed_at < FRESH:
        return run
    with stores.warehouse.read() as session:
        same = row.positions == _positions(session)
    due = default_as_of(stores) > run.as_of
    return replace(run, is_newest=same and not due and row.settings == settings)


def refresh(stores: Stores) -> Run:
    """The newest computation, made anew if something has moved (for jobs)."""
    run = newest(stores)
    return run if run.is_newest else recompute(stores)


def kept(stores: Stores, run: Run, name: str, asked: Mapping[str, Any], record: type[T], compute: Callable[[Session], T]) -> T:
    """A report of a computation: from the ledger where it was asked for before, else made and kept."""
    key = content_hash(part.encode() for part in (run.key, name, *(f"{k}={v}" for k, v in sorted(asked.items()))))
    table = _tables.report
    with stores.ledger.read() as tx:
        found = tx.scalar(select(table.c.payload).where(table.c.key == key))
    if found is not None:
        return msgspec.convert(found, record)
    with stores.warehouse.read() as session:
        made = compute(session)
    now = stores.now()
    row = {"key": key, "report": name, "parameters": {k: str(v) for k, v in asked.items()}, "positions": {}, "payload": made, "computed_at": now}
    with stores.ledger.begin() as tx:
        upsert(tx, table, [row], ["key"])
        tx.execute(delete(table).where(table.c.computed_at < now - timedelta(days=KEPT_DAYS)))
    return made


def tree_table(tree: tuple[Source, ...]) -> pa.Table:
    """source_id, ancestor_id (itself included), root_id, depth of the ancestor; one row a pair. Spend and touches of no source are of 0."""
    rows = [(one.id, above, one.ancestors[0], depth) for one in tree for depth, above in enumerate(one.ancestors)]
    names = ("source_id", "ancestor_id", "root_id", "depth")
    return pa.table({name: pa.array([row[place] for row in [*rows, (0, 0, 0, 0)]], pa.int64()) for place, name in enumerate(names)})


def _settings(tx: Connection) -> str:
    """What else a computation depends on: the data's epoch and the definitions first, then the versions of all that people set."""
    own, source = _return_tables, sources.listed(tx, archived=True)
    newest_rates = tx.scalar(select(func.max(own.economics.c.id))) or 0
    plans = tx.execute(select(func.count(), func.count(own.experiment.c.cancelled_at), func.max(own.experiment.c.id))).one()
    edits = content_hash(f"{one.path}:{one.edit}".encode() for one in source)[:12]
    return f"{data_epoch(tx)}.{DEFINITIONS} {newest_rates} {plans[0]}-{plans[1]}-{plans[2]} {edits} {judged_at(tx)}"


def _positions(session: Session) -> dict[str, int]:
    cursors = CURSORS.table
    rows = session.query(cursors.filter(cursors.fact.isin(RESTS_ON))).to_pylist()
    return {row["fact"]: int(row["position"]) for row in rows}


def _keep(stores: Stores, results: Results, day: date, positions: dict[str, int], settings: str) -> Run:
    now, notes = stores.now(), [note.json() for note in results.notes]
    named = (settings, day.isoformat(), now.isoformat(), *(f"{k}={v}" for k, v in sorted(positions.items())))
    key = content_hash(part.encode() for part in named)[:40]
    shares = {str(node): [one.rate, one.low, one.high] for node, one in results.incremental.items()}
    row = {"id": 1, "key": key, "as_of_on": day_number(day), "positions": positions, "settings": settings, "notes": notes, "incremental": shares, "computed_at": now}
    with stores.ledger.begin() as tx:
        upsert(tx, _return_tables.run, [row], ["id"])
    return Run(key, day, now, notes, dict(results.incremental))

