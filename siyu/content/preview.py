"""Preview 预览: a piece as it will look on a phone, with the values of real customers, and how many would lack one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from siyu.content import pieces, render, variables
from siyu.content.bodies import Body
from siyu.content.kinds import Carrier, Kind
from siyu.content.templates import compiled, names_in
from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.segments.facts import SEGMENTS_MEMBER

LOOKED_AT = 2_000
"""So many customers are looked at for short and long examples, spread over all of them."""


@dataclass(frozen=True)
class Example:
    """What one customer would get. `why`: short, long, usual or chosen; `size` counts the bytes of all its words; `missing` are variables they lack."""

    customer_id: int
    name: str | None
    why: str
    size: int
    parts: dict[str, Any]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """`lacking` of `looked` customers would lack a value; both are counts of people, `looked` at most `LOOKED_AT`, spread evenly over `base`."""

    examples: list[Example]
    lacking: int
    lacking_by: dict[str, int]
    looked: int
    base: int


def preview(
    stores: Stores, kind: Kind, body: Body, carrier: Carrier, *, segment_id: int | None = None, customer_ids: Sequence[int] = (), staff: str = "", named: bool = True
) -> Preview:
    """How a body looks to a short, a usual and a long example, or to chosen customers. Without `named` their names are hidden, also in the words."""
    with stores.ledger.read() as tx, stores.warehouse.read() as session:
        ids, base = (list(customer_ids), len(customer_ids)) if customer_ids else _spread(session, segment_id)
        program = render.compile_for(stores, kind, body, carrier)
        values = variables.load(stores, session, tx, {*program.names, "称呼"}, ids, staff=staff)
    shown_names = values["称呼"]
    if not named:
        hidden = [None if one is None else f"{one[:1]}**" for one in shown_names]
        values = {name: hidden if variables.canonical(name) == "称呼" else column for name, column in values.items()}
        shown_names = hidden
    needed = _without_fallback(body, program.names)
    lacking_by = {name: sum(1 for one in values[name] if not one) for name in needed}
    lacking = sum(1 for row in range(len(ids)) if any(not values[name][row] for name in needed)) if needed else 0
    chosen = _chosen(values, program.names, len(ids), given=bool(customer_ids))
    examples = []
    for why, row in chosen:
        alone = {name: [column[row]] for name, column in values.items()}
        made = render.filled(stores, program, alone, [ids[row]], None, None)
        parts = {**made.shared, **(made.people.drop_columns(["customer_id", "identity_key"]).to_pylist() or [{}])[0]}
        missing = made.no_value.get(ids[row], ())
        examples.append(Example(ids[row], shown_names[row], why, _size(parts), parts, missing))
    return Preview(examples, lacking, {name: count for name, count in lacking_by.items() if count}, len(ids), base)


def _spread(session: Session, segment_id: int | None) -> tuple[list[int], int]:
    """Some customers spread evenly by their number, and how many there are."""
    if segment_id is None:
        people = CUSTOMERS_PROFILE.table.select("customer_id")
    else:
        table = SEGMENTS_MEMBER.table
        people = table.filter((table.segment_id == segment_id) & table.entered).select("customer_id")
    base = int(session.query(people.agg(n=people.count()))["n"][0].as_py() or 0)
    step = max(1, base // LOOKED_AT)
    placed = people.mutate(place=ibis.row_number().over(order_by="customer_id"))
    rows = session.query(placed.filter(placed.place % step == 0).order_by("customer_id").limit(LOOKED_AT).select("customer_id"))
    return rows["customer_id"].to_pylist(), base


def _chosen(values: variables.Values, names: Sequence[str], size: int, *, given: bool) -> list[tuple[str, int]]:
    """(why, row): all that were given, or the shortest, the middle and the longest by the length of their values."""
    if given or size <= 1:
        return [("chosen" if given else "usual", row) for row in range(size)]
    lengths = [sum(len(values[name][row] or "") for name in names) for row in range(size)]
    order = sorted(range(size), key=lambda row: (lengths[row], row))
    return list({row: (why, row) for why, row in (("short", order[0]), ("long", order[-1]), ("usual", order[size // 2]))}.values())


def _without_fallback(body: Body, names: Sequence[str]) -> list[str]:
    texts = pieces.texts_of(body).values()
    bare = {slot.name for text in texts for slot in compiled(text).slots if slot.fallback is None}
    return [name for name in names_in(texts) if name in bare and name in names]


def _size(parts: dict[str, Any]) -> int:
    return sum(len(value.encode()) for name, value in parts.items() if isinstance(value, str) and name in ("text", "title", "desc", "subject"))
