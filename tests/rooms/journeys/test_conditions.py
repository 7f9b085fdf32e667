"""Conditions on events mean in journeys exactly what they mean in segments: Arrow here, the engine there, held equal."""

from __future__ import annotations

from typing import Any

import ibis
import msgspec
import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.foundation.stores import Stores
from siyu.journeys.conditions import USABLE, long_form, passing
from siyu.segments.leaves import property_test
from siyu.segments.rules import Where

PATHS = ("a", "b", "a.c")
TEXTS = st.sampled_from(["", "x", "xy", "X", "山茶", "1", "1.0", "true", "[1,2]", "%", "_", "x,y", '"x"'])
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, 1.0, 1e15, -2.25]))
ITEMS = st.one_of(TEXTS, NUMBERS, st.booleans())
PROPERTIES = st.dictionaries(st.sampled_from(["a", "b"]), st.one_of(ITEMS, st.lists(ITEMS, max_size=3), st.dictionaries(st.just("c"), ITEMS, max_size=1), st.none()))
COLUMNS = {"event_key": "int64", "path": "string", "text": "string", "number": "float64", "time_ms": "int64"}


@st.composite
def conditions(draw: st.DrawFn) -> Where:
    op = draw(st.sampled_from(sorted(USABLE)))
    value: Any = None
    match op:
        case "is" | "is_not" | "includes":
            value = draw(ITEMS)
        case "in" | "not_in":
            value = draw(st.lists(st.one_of(TEXTS, NUMBERS), min_size=1, max_size=3))
        case ">" | ">=" | "<" | "<=":
            value = draw(NUMBERS)
        case "between":
            value = sorted([draw(NUMBERS), draw(NUMBERS)])
        case "contains" | "starts_with":
            value = draw(TEXTS)
    return Where(op=op, path=draw(st.sampled_from(PATHS)), value=value)


def test_conditions_are_those_of_segments(stores: Stores) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(PROPERTIES, min_size=1, max_size=8), st.lists(conditions(), min_size=1, max_size=8))
    def holds(events: list[dict[str, Any]], wheres: list[Where]) -> None:
        keys = list(range(1, len(events) + 1))
        said = long_form(keys, [msgspec.json.encode(one).decode() for one in events])
        rows = ibis.table({"event_key": "int64"}, name="_asked_events")
        tables = {"customers_property": ibis.table(COLUMNS, name="_asked_properties")}
        with stores.warehouse.read() as session:
            session.keep("_asked_events", pa.table({"event_key": pa.array(keys, pa.int64())}))
            session.keep("_asked_properties", said)
            for where in wheres:
                found = session.query(rows.filter(property_test(rows, tables, where)))  # type: ignore[arg-type]
                expected = np.isin(keys, found["event_key"].to_numpy())
                assert passing([where], np.array(keys, np.int64), said).tolist() == expected.tolist(), where

    holds()
