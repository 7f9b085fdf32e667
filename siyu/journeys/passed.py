"""Passed 走过的人: who left a step, by which way, from the facts: page by page, or all of them as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.csv

from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores

BATCH_ROWS = 50_000
FILED = ("customer_id", "version", "node", "edge", "code", "arrived_ms", "left_ms")


@dataclass(frozen=True)
class Passage:
    """One person leaving one step. `number` counts passages from the first, for pages."""

    number: int
    enrolment_id: int
    customer_id: int
    version: int
    node: str
    edge: str
    code: str | None
    arrived_at: datetime
    left_at: datetime


def page(stores: Stores, journey_id: int, *, node: str | None = None, version: int | None = None, after: int = 0, limit: int = 50) -> list[Passage]:
    """Those who left a step, the latest first; `after`: so many were shown."""
    with stores.warehouse.read() as session:
        chosen = _chosen(stores.warehouse.tables["journeys_step"], journey_id, node, version)
        order = (chosen.left_ms.desc(), chosen.enrolment_id.desc(), chosen.node, chosen.edge)
        rows = session.query(chosen.order_by(order).limit(limit, offset=after)).to_pylist()
    return [
        Passage(
            after + place + 1, row["enrolment_id"], row["customer_id"], row["version"], row["node"], row["edge"], row["code"],
            from_ms(row["arrived_ms"]), from_ms(row["left_ms"]),
        )
        for place, row in enumerate(rows)
    ]


def as_csv(stores: Stores, journey_id: int, *, node: str | None = None, version: int | None = None) -> Iterator[bytes]:
    """All of them in the order in which they left, as CSV in pieces; customers by their number alone."""
    with stores.warehouse.read() as session:
        chosen = _chosen(stores.warehouse.tables["journeys_step"], journey_id, node, version).order_by(["left_ms", "enrolment_id", "node", "edge"])
        rows = session.query(chosen.select(*FILED))
    yield from in_pieces(rows)


def in_pieces(rows: pa.Table) -> Iterator[bytes]:
    """A table as CSV that spreadsheets read; columns that end in _ms become UTC times."""
    for name in [name for name in rows.column_names if name.endswith("_ms")]:
        at = rows.column_names.index(name)
        rows = rows.set_column(at, name.removesuffix("_ms") + "_at", rows[name].cast(pa.timestamp("ms", "UTC")))
    yield b"\xef\xbb\xbf"
    for number, batch in enumerate(rows.to_batches(max_chunksize=BATCH_ROWS) or rows.schema.empty_table().to_batches()):
        out = pa.BufferOutputStream()
        pyarrow.csv.write_csv(batch, out, pyarrow.csv.WriteOptions(include_header=number == 0))
        yield out.getvalue().to_pybytes()


def _chosen(steps: ir.Table, journey_id: int, node: str | None, version: int | None) -> ir.Table:
    mine = steps.filter(steps.journey_id == journey_id)
    if node is not None:
        mine = mine.filter(mine.node == node)
    return mine if version is None else mine.filter(mine.version == version)
