"""The ground truth of the people (真值): for tests and demos, never at an address that the product knows.

What would have happened anyway is the twin's life: `purchases` with cause anyway or friend, and `prevented`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from siyu_sandbox.people.crowd import NOBODY, WHYS, Crowd
from siyu_sandbox.people.reading import KINDS
from siyu_sandbox.people.shop import order_numbers

if TYPE_CHECKING:
    from siyu_sandbox.people.chance import Column
    from siyu_sandbox.people.world import PeopleWorld
    from siyu_sandbox.registry import Json
    from siyu_sandbox.sandbox import Sandbox

CAUSES = ("anyway", "friend", "message")


def of(box: Sandbox) -> PeopleWorld:
    """The people of a sandbox."""
    world: PeopleWorld = box.worlds["people"]
    return world


def _names(world: PeopleWorld, places: Column) -> pa.Array:
    return pa.array([source.name for source in world.sources], pa.string()).take(pa.array(places))


def _phones(crowd: Crowd, rows: Column) -> pa.Array:
    """Phone numbers of rows; nothing for nobody."""
    return pa.array(crowd.phone[rows], pa.int64(), mask=rows == NOBODY)


def _message(numbers: Column) -> pa.Array:
    return pa.array(numbers, pa.int32(), mask=numbers == NOBODY)


def lives(box: Sandbox) -> pa.Table:
    """One row a person who has come: traits, where from, what it cost, whether and why they left, what they are now."""
    world, crowd = of(box), of(box).crowd
    here = np.flatnonzero(crowd.arrived[: crowd.count] <= box.clock.now())
    gone = crowd.gone[here] & (crowd.gone_at[here] <= box.clock.now())
    return pa.table(
        {
            "person": crowd.phone[here],
            "source": _names(world, crowd.source[here]),
            "cost_fen": crowd.cost_fen[here],
            "arrived_at": crowd.arrived[here],
            "need": crowd.need[here],
            "price_sensitivity": crowd.price[here],
            "came_for_gift": crowd.hunter[here],
            "trust": crowd.trust[here],
            "fatigue": crowd.fatigue[here],
            "muted": crowd.muted[here],
            "gone": gone,
            "gone_at": pa.array(crowd.gone_at[here], mask=~gone),
            "why": pa.array(WHYS).take(pa.array(np.where(gone, crowd.why[here], 0))),
            "gone_by": _message(np.where(gone, crowd.gone_by[here], NOBODY)),
            "would_have_left": crowd.twin_gone[here],
        }
    )


def arrivals(box: Sandbox) -> pa.Table:
    """One row a person: when, from where, at what cost, brought by whom and because of which message."""
    world, crowd = of(box), of(box).crowd
    rows = np.flatnonzero(crowd.arrived[: crowd.count] <= box.clock.now())
    return pa.table(
        {
            "person": crowd.phone[rows],
            "at": crowd.arrived[rows],
            "source": _names(world, crowd.source[rows]),
            "cost_fen": crowd.cost_fen[rows],
            "inviter": _phones(crowd, crowd.inviter[rows]),
            "message": _message(crowd.invited_by[rows]),
        }
    )


def friends(box: Sandbox) -> pa.Table:
    """The arrivals that somebody brought."""
    table = arrivals(box)
    return table.filter(table["inviter"].is_valid())


def purchases(box: Sandbox) -> pa.Table:
    """One row an order, with its cause; `given_away_fen` is the discount of one that would have been made anyway."""
    world, crowd = of(box), of(box).crowd
    orders = world.shop.orders.table()
    shown = orders["at"] <= box.clock.now()
    numbers = np.array(order_numbers(orders["at"]))[shown]
    rows, anyway = orders["row"][shown], orders["anyway"][shown]
    listed = orders["unit_fen"][shown] * orders["quantity"][shown]
    cause = np.where(anyway, (crowd.inviter[rows] != NOBODY).astype(int), 2)
    back = orders["refunded_at"][shown]
    return pa.table(
        {
            "order_no": numbers.astype(str),
            "at": orders["at"][shown],
            "person": crowd.phone[rows],
            "source": _names(world, crowd.source[rows]),
            "paid_fen": orders["paid_fen"][shown],
            "given_away_fen": np.where(anyway, listed - orders["paid_fen"][shown], 0),
            "refunded_at": pa.array(back, mask=~(back <= box.clock.now())),
            "cause": pa.array(CAUSES).take(pa.array(cause)),
            "message": _message(orders["by"][shown]),
        }
    )


def prevented(box: Sandbox) -> pa.Table:
    """One row a purchase that would have been made had this message never come."""
    world = of(box)
    lost = world.prevented.table(box.clock.now())
    return pa.table(
        {"at": lost["at"], "person": world.crowd.phone[lost["row"]], "message": _message(lost["by"])}
    )


def _effects(box: Sandbox) -> dict[str, tuple[Column, Column]]:
    """By what happened: the message and the row of each time it did, up to now."""
    world, crowd, now = of(box), of(box).crowd, box.clock.now()
    orders, lost = world.shop.orders.table(now), world.prevented.table(now)
    caused = ~orders["anyway"]
    gone = np.flatnonzero((crowd.gone_by[: crowd.count] != NOBODY) & (crowd.gone_at[: crowd.count] <= now))
    came = np.flatnonzero((crowd.invited_by[: crowd.count] != NOBODY) & (crowd.arrived[: crowd.count] <= now))
    return {
        "caused": (orders["by"][caused], orders["row"][caused]),
        "prevented": (lost["by"], lost["row"]),
        "left": (crowd.gone_by[gone], gone),
        "friends": (crowd.invited_by[came], crowd.inviter[came]),
    }


def messages(box: Sandbox) -> list[Json]:
    """One row a delivery, with what it truly did to all that it reached."""
    world = of(box)
    count = len(world.messages.all)
    totals = {name: np.bincount(by[by >= 0], minlength=count) for name, (by, _) in _effects(box).items()}
    return [
        one.shown(number) | {f"{name}_count": int(values[number]) for name, values in totals.items()}
        for number, one in enumerate(world.messages.all)
    ]


def touches(box: Sandbox) -> pa.Table:
    """One row a message and person: read, pressed, asked, and what it truly did."""
    world, effects = of(box), _effects(box)
    all_of_them = world.messages.all
    if not all_of_them:
        return pa.table({"message": pa.array([], pa.int32()), "person": pa.array([], pa.int64())})
    rows = np.concatenate([one.rows for one in all_of_them]).astype(np.int64)
    number = np.repeat(np.arange(len(all_of_them), dtype=np.int32), [len(one.rows) for one in all_of_them])
    kinds = np.array([one.said.kind for one in all_of_them])
    columns: dict[str, Any] = {"message": number, "person": world.crowd.phone[rows]}
    columns["kind"] = pa.array(KINDS).take(pa.array(kinds[number]))
    for name in ("read", "clicked", "asked"):
        columns[name] = np.concatenate([getattr(one, name) for one in all_of_them])
    keys = number.astype(np.int64) << 32 | rows
    order = np.argsort(keys, kind="stable")
    for name, (by, row) in effects.items():
        counted = np.zeros(len(keys), np.int32)
        found = order[np.searchsorted(keys[order], by.astype(np.int64) << 32 | row)] if len(by) else order[:0]
        np.add.at(counted, found, 1)
        columns[f"{name}_count"] = counted
    return pa.table(columns)


def sources(box: Sandbox) -> list[Json]:
    """One row a source: what it cost and brought, and what would have been bought without any message."""
    world, crowd, now = of(box), of(box).crowd, box.clock.now()
    orders, lost = world.shop.orders.table(now), world.prevented.table(now)
    place_of_order, place_of_lost = crowd.source[orders["row"]], crowd.source[lost["row"]]
    people = crowd.source[: crowd.count]
    found = []
    for place, source in enumerate(world.sources):
        here, sold = people == place, place_of_order == place
        anyway = int((sold & orders["anyway"]).sum())
        lost_count = int((place_of_lost == place).sum())
        found.append(
            {
                "source": source.name,
                "arrived_count": int(here.sum()),
                "came_for_gift_count": int(crowd.hunter[: crowd.count][here].sum()),
                "cost_fen": int(crowd.cost_fen[: crowd.count][here].sum()),
                "gone_count": int(crowd.gone[: crowd.count][here].sum()),
                "purchase_count": int(sold.sum()),
                "paid_fen": int(orders["paid_fen"][sold].sum()),
                "anyway_count": anyway,
                "caused_count": int(sold.sum()) - anyway,
                "prevented_count": lost_count,
                "without_messages_count": anyway + lost_count,
            }
        )
    return found


TABLES = {
    "lives": lives,
    "arrivals": arrivals,
    "friends": friends,
    "purchases": purchases,
    "prevented": prevented,
    "messages": messages,
    "touches": touches,
    "sources": sources,
}
