"""Write the whole brand, one batch of people at a time, so that memory does not grow with the brand."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from siyu_sandbox.brand import behaviour
from siyu_sandbox.brand.baskets import draw_lines
from siyu_sandbox.brand.catalogue import HOWS
from siyu_sandbox.brand.customers import Identities, customer_table, draw_identities, pick_or_null
from siyu_sandbox.brand.digits import instants, numbered, pick
from siyu_sandbox.brand.orders import append_csv, order_table
from siyu_sandbox.brand.people import draw_people
from siyu_sandbox.brand.plan import Floats, Ints, Plan
from siyu_sandbox.brand.purchasing import draw_purchases
from siyu_sandbox.brand.registers import registers, spend_table
from siyu_sandbox.brand.relations import Relations, draw_relations
from siyu_sandbox.brand.sources import load_sources
from siyu_sandbox.brand.tables import SCHEMAS, table
from siyu_sandbox.brand.touches import draw_touches
from siyu_sandbox.brand.trial import CONTENTS, CONTROL, Trial, draw_trial, joined
from siyu_sandbox.brand.world import World, build_world

STREAMED: Final = ("orders", "customers", "events", "relations", "trial")


@dataclass
class Totals:
    """Running numbers over the batches."""

    events: int = 0
    relations: int = 0


def export_brand(plan: Plan, folder: Path, with_csv: bool = False) -> dict[str, int]:
    """Write every file of the brand.

    Parameters
    ----------
    folder : created when missing; files of the same names are replaced.
    with_csv : also write `orders.csv` in GB18030.

    Returns
    -------
    Rows by file name without suffix.
    """
    folder.mkdir(parents=True, exist_ok=True)
    world = build_world(plan)
    rows = dict.fromkeys(STREAMED, 0)
    arrivals = np.zeros((len(load_sources().key), plan.months + 1), dtype=np.int64)
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(
                pq.ParquetWriter(folder / f"{name}.parquet", SCHEMAS[name], compression="zstd")
            )
            for name in STREAMED
        }
        text: BinaryIO | None = stack.enter_context((folder / "orders.csv").open("wb")) if with_csv else None
        for tables in _batches(world, arrivals):
            if text:
                append_csv(tables["orders"], text, header=rows["customers"] == 0)
            for name, part in tables.items():
                writers[name].write_table(part)
                rows[name] += part.num_rows
    for name, part in (registers(plan, world.network) | {"spend": spend_table(plan, arrivals)}).items():
        pq.write_table(part, folder / f"{name}.parquet", compression="zstd")
        rows[name] = part.num_rows
    return rows


def _batches(world: World, arrivals: Ints) -> Iterator[dict[str, pa.Table]]:
    """Tables of each batch of people; adds the people to `arrivals` by source and month."""
    plan, totals = world.plan, Totals()
    for batch, first in enumerate(range(1, plan.customers + 1, plan.batch)):
        numbers = np.arange(first, min(first + plan.batch, plan.customers + 1))
        yield _tables(replace(world, batch=batch), numbers, totals, arrivals)


def _tables(world: World, numbers: Ints, totals: Totals, arrivals: Ints) -> dict[str, pa.Table]:
    """Draw one batch from people to events and turn it into tables."""
    people = draw_people(world, numbers)
    purchases = draw_purchases(world, people)
    bought = np.bincount(purchases.person, minlength=len(numbers)) > 0
    people = replace(people, has_phone=people.has_phone | bought)  # a parcel needs a phone
    lines = draw_lines(world, people, purchases)
    touches = draw_touches(world, people, purchases)
    relations = draw_relations(world, people, touches)
    identities = draw_identities(world, people)
    happenings = behaviour.in_order(
        [
            behaviour.browsing(world, people, purchases),
            behaviour.around_orders(world, people, purchases, lines),
            behaviour.message_events(world.catalogue, touches),
            behaviour.relation_events(world.catalogue, relations),
        ]
    )
    trial = draw_trial(world, people)
    purchases, lines = joined(purchases, lines, trial)
    month = world.plan.months_of(people.registered) - world.plan.months_of(np.zeros(1))[0]
    np.add.at(arrivals, (people.source, month), 1)
    tables = {
        "orders": order_table(world, people, identities, purchases, lines),
        "customers": customer_table(world, people, identities, purchases, lines),
        "events": _event_table(world, identities, happenings, totals.events),
        "relations": _relation_table(world, identities, relations, totals.relations),
        "trial": _trial_table(world, identities, trial),
    }
    totals.events += len(happenings.at)
    totals.relations += len(relations.began)
    return tables


def _event_table(world: World, identities: Identities, events: behaviour.Happenings, before: int) -> pa.Table:
    """One row is one event, ordered by time inside a batch."""
    kind = pa.array(events.kind)
    return table(
        "events",
        {
            "event_id": numbered("E", before + 1 + np.arange(len(events.at)), 11),
            "customer_key": identities.key.take(pa.array(events.person)),
            "name": world.catalogue.names.take(kind),
            "at": instants(world.plan.utc_microseconds(events.at)),
            "properties": world.catalogue.properties.take(kind),
        },
    )


def _trial_table(world: World, identities: Identities, trial: Trial) -> pa.Table:
    """One row is one person who was fit to be told in the trial, told or kept as a control."""

    def maybe(seconds: Floats) -> pa.Array:
        never = ~(seconds < world.plan.seconds)
        moments = world.plan.utc_microseconds(np.where(never, 0.0, seconds))
        return pa.array(moments, pa.int64(), mask=never).cast(pa.timestamp("us", tz="UTC"))

    return table(
        "trial",
        {
            "customer_key": identities.key.take(pa.array(trial.person)),
            "arm": pick(["a", "b", "control"], trial.arm),
            "content_id": pick_or_null(list(CONTENTS), np.where(trial.arm == CONTROL, -1, trial.arm)),
            "sent_at": maybe(trial.at),
            "opened_at": maybe(trial.opened),
            "clicked_at": maybe(trial.clicked),
            "read_seconds": pa.array(trial.seconds, pa.int32()),
            "passed_to": pa.array(trial.passed_to, pa.int32()),
        },
    )


def _relation_table(world: World, identities: Identities, relations: Relations, before: int) -> pa.Table:
    """One row is one contact × staff, ordered by its beginning inside a batch."""
    stands = ~np.isfinite(relations.ended)
    ended = world.plan.utc_microseconds(np.where(stands, 0.0, relations.ended))
    network = world.network
    ender = np.where(stands, -1, relations.by_staff.astype(np.int64))
    return table(
        "relations",
        {
            "relation_id": numbered("R", before + 1 + np.arange(len(stands)), 10),
            "customer_key": identities.key.take(pa.array(relations.person)),
            "staff_id": pick(network.staff_id, relations.staff),
            "carrier_id": pick(network.staff_carrier, relations.staff),
            "how": pick(list(HOWS), relations.how),
            "live_code_id": pick_or_null(network.code_id, relations.code),
            "began_at": instants(world.plan.utc_microseconds(relations.began)),
            "ended_at": pa.array(ended, pa.int64(), mask=stands).cast(pa.timestamp("us", tz="UTC")),
            "ended_by": pick_or_null(["customer", "staff"], ender),
        },
    )
