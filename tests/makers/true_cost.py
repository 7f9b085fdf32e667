"""True cost for tests: sources, spend, touches, stays and orders laid straight into the facts, as publishing would leave them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pyarrow as pa

from siyu.acquisition import sources
from siyu.acquisition.facts import ACQUISITION_SPEND, ACQUISITION_TOUCH
from siyu.acquisition.sources import Draft
from siyu.carriers.facts import CARRIERS_RELATION
from siyu.foundation.clock import day_number, to_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Fact
from tests.makers.orders import Order, lay_orders

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Touch:
    """A step of a customer, or of a visitor nobody knows (`customer` 0). A day means noon."""

    source: int
    on: date | datetime
    step: str = "add"
    customer: int = 0
    visitor: int = 0
    code: int = 0
    staff: str = ""
    region: str = ""


@dataclass(frozen=True)
class Stay:
    customer: int
    began: date | datetime
    ended: date | datetime | None = None
    void: bool = False


@dataclass(frozen=True)
class Spent:
    source: int
    on: date
    fen: int


def make_source(stores: Stores, name: str, parent: int | None = None, platform: str = "douyin") -> int:
    """A platform; or what hangs under one."""
    with stores.ledger.begin() as tx:
        if parent is None:
            return sources.create(stores, tx, Draft(name, platform=platform), by="test").id  # type: ignore[arg-type]
        level = {"platform": "campaign", "campaign": "creative", "creative": "place"}[sources.find(tx, parent).level]
        return sources.create(stores, tx, Draft(name), level=level, parent_id=parent, by="test").id  # type: ignore[arg-type]


def lay(stores: Stores, *, touches: Sequence[Touch] = (), stays: Sequence[Stay] = (), spent: Sequence[Spent] = (), orders: Sequence[Order] = ()) -> None:
    """Add all of it to the warehouse; the position of the facts moves."""
    rows = (
        (ACQUISITION_TOUCH, [_touch(stores, one) for one in touches]),
        (CARRIERS_RELATION, [_stay(stores, one) for one in stays]),
        (ACQUISITION_SPEND, [_spent(one) for one in spent]),
    )
    with stores.warehouse.engine.write() as session:
        for fact, made in rows:
            if made:
                session.insert(fact, session.keep(f"_made_{fact.name}", pa.Table.from_pylist([_whole(fact, row) for row in made], fact.arrow)))
    lay_orders(stores, orders)


def clear(stores: Stores) -> None:
    with stores.warehouse.engine.write() as session:
        for fact in stores.warehouse.facts:
            session.clear(fact)


def _whole(fact: Fact, row: Mapping[str, object]) -> dict[str, object]:
    usual = {"int64": 0, "int32": 0, "string": "", "boolean": False, "float64": 0.0}
    return {column.name: row.get(column.name, None if column.name == "ended_ms" else usual[column.type]) for column in fact.columns}


def _ms(stores: Stores, at: date | datetime) -> int:
    return to_ms(at if isinstance(at, datetime) else datetime.combine(at, time(12), tzinfo=stores.calendar.zone))


def _touch(stores: Stores, one: Touch) -> dict[str, object]:
    return {
        "event_key": next(_numbers), "identity_key": one.customer, "customer_id": one.customer, "visitor_key": one.visitor, "at_ms": _ms(stores, one.on),
        "step": one.step, "source_id": one.source, "code_id": one.code, "staff": one.staff, "region": one.region,
    }  # fmt: skip


def _stay(stores: Stores, one: Stay) -> dict[str, object]:
    ended = None if one.ended is None else _ms(stores, one.ended)
    return {
        "identity_key": one.customer, "customer_id": one.customer, "account_id": 1, "staff": "li", "began_ms": _ms(stores, one.began), "ended_ms": ended,
        "void": one.void, "began_known": True,
    }  # fmt: skip


def _spent(one: Spent) -> dict[str, object]:
    return {"entry_id": next(_numbers), "line": 1, "day": day_number(one.on), "source_id": one.source, "kind": "media", "amount_fen": one.fen}


def added(source: int, customer: int, on: date, *, stayed_days: int | None = None, **more: object) -> tuple[Touch, Stay]:
    """Somebody who is added on a day, and leaves after so many or never."""
    return Touch(source, on, "add", customer, **more), Stay(customer, on, None if stayed_days is None else on + timedelta(days=stayed_days))  # type: ignore[arg-type]
