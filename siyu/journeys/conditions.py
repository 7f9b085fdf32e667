"""Conditions 条件: which of some events pass conditions on their properties, by the very meaning that segments give them.

Events come as properties in long form (event_key, path, text, number, time_ms), as the fact `customers_property` has them.
Small sets arrive here many times a second, so this is Arrow and not the engine; a test holds both equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.events.properties import flatten, normalise_path
from siyu.foundation.ids import Ints
from siyu.journeys.people import Flags
from siyu.segments.rules import Where

_POSITIVE = {"is_not": "is", "not_in": "in", "not_exists": "exists"}
"""The complement takes events that lack the property, too."""
USABLE = {"is", "is_not", "in", "not_in", ">", ">=", "<", "<=", "between", "contains", "starts_with", "includes", "exists", "not_exists"}


def passing(where: Sequence[Where], event_keys: Ints, properties: pa.Table) -> Flags:
    """Which of the events pass every condition."""
    found = np.ones(len(event_keys), np.bool_)
    for one in where:
        mine = properties.filter(pc.equal(properties["path"], normalise_path(one.path) or ""))
        op = _POSITIVE.get(one.op, one.op)
        holds = mine.filter(pc.fill_null(_test(mine, op, one.value), False))["event_key"].to_numpy()
        has = np.isin(event_keys, holds)
        found &= ~has if one.op in _POSITIVE else has
    return found


def long_form(event_keys: Sequence[int], texts: Sequence[str]) -> pa.Table:
    """Properties of events from their JSON: one row a property."""
    rows = [(key, *value) for key, text in zip(event_keys, texts, strict=True) for value in flatten(msgspec.json.decode(text))]
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    kinds = {"event_key": pa.int64(), "path": pa.string(), "text": pa.string(), "number": pa.float64(), "time_ms": pa.int64()}
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)})


def _test(rows: pa.Table, op: str, value: Any) -> Any:
    text, number = rows["text"], rows["number"]
    match op:
        case "is":
            return pc.equal(text, _bare(value))
        case "in":
            return pc.is_in(text, pa.array([_bare(item) for item in value], pa.string()))
        case "contains":
            return pc.match_substring(text, str(value))
        case "starts_with":
            return pc.starts_with(text, str(value))
        case "exists":
            return pc.and_(pc.is_valid(text), pc.not_equal(text, ""))
        case "between":
            return pc.and_(pc.greater_equal(number, value[0]), pc.less_equal(number, value[1]))
        case "includes":
            inner = pc.binary_join_element_wise("", pc.utf8_slice_codeunits(text, 1, -1), "", ",")
            return pc.and_(pc.starts_with(text, "["), pc.match_substring(inner, f",{msgspec.json.encode(value).decode()},"))
    compare = {">": pc.greater, ">=": pc.greater_equal, "<": pc.less, "<=": pc.less_equal}[op]
    return compare(number, value)


def _bare(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
