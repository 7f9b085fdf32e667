"""Why 原因: what the conditions in a step's settings see of one customer, each with its value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.journeys.conditions import long_form, passing
from siyu.journeys.standing import among
from siyu.segments import rules, segments
from siyu.segments.explain import Reason, explain
from siyu.segments.rules import Where


@dataclass(frozen=True)
class Why:
    """One condition: in words, what was seen, and whether it holds. `children`: the conditions it is made of."""

    what: Text
    seen: Text | None
    holds: bool
    children: tuple[Why, ...] = ()


def why_here(stores: Stores, tx: Connection, settings: Any, customer_id: int, heard: pa.Table) -> list[Why]:
    """Every condition among some settings: segments, rules, and events since the person came in."""
    found: list[Why] = []
    for one in _conditions(msgspec.to_builtins(settings)):
        if "rule" in one and isinstance(one["rule"], dict):
            found.append(_tree(explain(stores, rules.parse(one["rule"]), customer_id, segments.rule_names(tx))))
        elif isinstance(one.get("segment"), int):
            found += why_in(stores, tx, one["segment"], customer_id)
        elif isinstance(one.get("left"), int):
            found += [Why(Text(f"不在：{each.what.zh}", f"not: {each.what.en}"), each.seen, not each.holds, each.children) for each in why_in(stores, tx, one["left"], customer_id)]
        elif name := one.get("event") or (one.get("name") if one.get("kind") == "event" else None):
            found.append(_event(str(name), one.get("where") or (), heard))
    return found


def why_in(stores: Stores, tx: Connection, segment_id: int | None, customer_id: int) -> list[Why]:
    """Whether a customer is in a segment, as last computed, and what its rule sees of them now."""
    if segment_id is None:
        return []
    segment, names = segments.find_segment(tx, segment_id), segments.rule_names(tx)
    inside = bool(among(stores, segment_id, np.array([customer_id], np.int64))[0])
    tree = _tree(explain(stores, rules.parse(segment.rule), customer_id, names))
    return [Why(Text(f"在分群「{segment.name}」", f"is in the segment {segment.name}"), Text("在" if inside else "不在", "is" if inside else "is not"), inside, (tree,))]


def _tree(reason: Reason) -> Why:
    seen = None if reason.observed is None else Text(reason.observed, reason.observed)
    return Why(reason.sentence, seen, reason.value, tuple(_tree(child) for child in reason.children))


def _event(name: str, where: Any, heard: pa.Table) -> Why:
    mine = heard.filter(pa.array([one == name for one in heard["name"].to_pylist()], pa.bool_()))
    keys = mine["event_key"].to_numpy()
    conditions = [msgspec.convert(one, Where) for one in where]
    count = int(passing(conditions, keys, long_form(keys.tolist(), mine["properties"].to_pylist())).sum()) if len(keys) else 0
    return Why(Text(f"进入旅程后发生过 {name}", f"{name} has happened since they came in"), Text(f"{count} 次", f"{count} times"), count > 0)


def _conditions(value: Any) -> Iterator[dict[str, Any]]:
    """Parts of some settings that ask about a person."""
    if isinstance(value, dict):
        if any(value.get(name) is not None for name in ("rule", "segment", "left", "event")) or value.get("kind") == "event":
            yield value
            return
        for inner in value.values():
            yield from _conditions(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _conditions(inner)
