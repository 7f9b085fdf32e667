"""Reached 触达到的人: the people behind each number of a report, page by page or all of them as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.csv

from siyu.campaigns._people import CONTROL, OUT, TREATED
from siyu.campaigns.campaigns import Campaign, find
from siyu.campaigns.outcomes import keep
from siyu.foundation.clock import day_number, from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session

BATCH_ROWS = 50_000
FILED = (
    "customer_id", "arm", "variant", "reason", "carrier", "on", "tried", "sent", "received", "unknown", "failed", "read", "clicked", "bought", "opted_out", "blocked",
    "complained", "order_count", "spend_fen", "cost_fen",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """Which people: a stage of the funnel, and of those only some."""

    stage: str
    variant: str | None = None
    carrier: str | None = None
    reason: str | None = None
    on: date | None = None


@dataclass(frozen=True)
class Reached:
    customer_id: int
    arm: str
    variant: str | None
    reason: str | None
    carrier: str | None
    at: datetime
    sent: bool
    read: bool
    clicked: bool
    spend_fen: int


def page(stores: Stores, campaign_id: int, wanted: Wanted, *, after: int, limit: int) -> tuple[list[Reached], int]:
    """People in the order of their number, and how many there are in all."""
    with stores.ledger.read() as tx:
        campaign = find(tx, campaign_id)
    with stores.warehouse.read() as session:
        mine = _chosen(_people(stores, session, campaign), wanted)
        total = int(session.scalar(mine.count()))
        rows = session.query(mine.filter(mine.customer_id > after).order_by("customer_id").limit(limit)).to_pylist()
    return [
        Reached(row["customer_id"], row["arm"], row["variant"], row["reason"], row["carrier"], from_ms(row["at_ms"]), bool(row["sent"]), bool(row["read"]), bool(row["clicked"]), row["spend_fen"])
        for row in rows
    ], total


def as_csv(stores: Stores, campaign: Campaign, wanted: Wanted) -> Iterator[bytes]:
    """All of them, as CSV in pieces; customers by their number alone."""
    with stores.warehouse.read() as session:
        people = _chosen(_people(stores, session, campaign), wanted)
        rows = session.query(people.select(*FILED).order_by("customer_id"))
    rows = rows.set_column(rows.column_names.index("on"), "on", rows["on"].cast(pa.date32()))
    yield b"\xef\xbb\xbf"
    for number, batch in enumerate(rows.to_batches(max_chunksize=BATCH_ROWS) or rows.schema.empty_table().to_batches()):
        out = pa.BufferOutputStream()
        pyarrow.csv.write_csv(batch, out, pyarrow.csv.WriteOptions(include_header=number == 0))
        yield out.getvalue().to_pybytes()


def _people(stores: Stores, session: Session, campaign: Campaign) -> Any:
    return keep(stores, session, campaign.send_ids or [-1], campaign.plan, campaign.started_at or campaign.starts_at or stores.now())


def _chosen(people: ir.Table, wanted: Wanted) -> ir.Table:
    conditions: list[Any] = []
    match wanted.stage:
        case "planned":
            pass
        case "eligible":
            conditions.append(people.arm != OUT)
        case "treated" | "control":
            conditions.append(people.arm == (TREATED if wanted.stage == "treated" else CONTROL))
        case "refused":
            conditions.append(people.arm == OUT)
        case "told":
            conditions.append(people.tried > 0)
        case stage:
            conditions += [people[stage] > 0, people.arm == TREATED]
    for name in ("variant", "carrier", "reason"):
        if (value := getattr(wanted, name)) is not None:
            conditions.append(people[name] == value)
    if wanted.on is not None:
        conditions += [people.on == day_number(wanted.on), people.sent > 0]
    return people.filter(conditions) if conditions else people
