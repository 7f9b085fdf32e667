"""Plan checks 埋点校验: events of one feed held against the plan, a set at a time; personal properties are sealed on the way.

Events of one name with the same property names and types have one **shape**. What can be said of a shape is worked out
once; after that an event costs one look-up, and only values that must be read (allowed values, times, personal ones) cost more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from siyu.collect.plan import EVERY, PROFILE, Plan, PlannedProperty
from siyu.events import sealed
from siyu.foundation.secrets import Secrets

BITS = {"text": 1, "number": 2, "boolean": 4, "time": 8, "list": 16, "object": 32}
_TYPES: dict[type, str] = {str: "text", int: "number", float: "number", bool: "boolean", list: "list", dict: "object"}
_MOST_SHAPES = 5_000
_DEEPEST = 6
_EPOCH_MS = (10**11, 10**14)
"""A time may come as epoch milliseconds (1973 to 5138)."""
Broken = tuple[str, str]
"""(property, kind of violation); the property is empty for the event itself."""


@dataclass(eq=False, slots=True)
class Shape:
    """What is true of every event of one name with these property names and types."""

    event: str
    types: dict[str, str]
    broken: tuple[Broken, ...]
    values: tuple[PlannedProperty, ...]
    personal: tuple[str, ...]
    nested: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        return not (self.broken or self.values or self.personal or self.nested)


@dataclass
class Examined:
    """What a set of events of one feed came to. `broken` and `samples` are by (event, property, kind)."""

    feed_id: int
    shapes: Counter[Shape]
    broken: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str, str], str] = field(default_factory=dict)
    refused: dict[int, Broken] = field(default_factory=dict)
    """Row → the first thing wrong with it, where the feed's mode keeps such events out."""


class Checks:
    """A plan, compiled. Holds the shapes it has met; safe to share between threads (a shape worked out twice is the same)."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._shapes: dict[tuple[Any, ...], Shape] = {}
        self._common = plan.events.get(EVERY)

    def examine(self, secrets: Secrets, feed_id: int, names: Sequence[str], properties: Sequence[dict[str, Any]]) -> Examined:
        """Hold events against the plan. Personal values in `properties` are replaced by their sealed form in place."""
        known, found = self._shapes.get, []
        for name, values in zip(names, properties, strict=True):
            shape = known((name, *values, *map(type, values.values())))
            found.append(shape or self._learn(name, values))
        result = Examined(feed_id, Counter(found))
        if not all(shape.is_plain for shape in result.shapes):
            self._look_closer(result, found, properties, secrets)
        return result

    def _look_closer(self, result: Examined, found: list[Shape], properties: Sequence[dict[str, Any]], secrets: Secrets) -> None:
        mode = self.plan.mode(result.feed_id)
        to_seal: list[tuple[dict[str, Any], str]] = []
        for row, shape in enumerate(found):
            if shape.is_plain:
                continue
            values = properties[row]
            broken = (*shape.broken, *((each.name, kind) for each in shape.values if (kind := _wrong(each, values.get(each.name)))))
            for name, kind in broken:
                at = (shape.event, name, kind)
                result.broken[at] += 1
                if at not in result.samples:
                    result.samples[at] = _sample(name, values, name in shape.personal)
            if mode != "record" and (worst := _worst(broken, strict=mode == "strict")):
                result.refused[row] = worst
            to_seal += ((values, name) for name in shape.personal)
            for name in shape.nested:
                to_seal += _personal_inside(values[name], 1)
        wanted = [(holder, name) for holder, name in to_seal if not _is_empty(holder[name])]
        for (holder, name), text in zip(wanted, sealed.seal(secrets, [(name, holder[name]) for holder, name in wanted]), strict=True):
            holder[name] = text

    def _learn(self, event: str, values: dict[str, Any]) -> Shape:
        planned = self.plan.events.get(event)
        rules = {each.name: each for part in (self._common if event != PROFILE else None, planned) if part for each in part.properties}
        types = {name: _TYPES.get(type(value), "text") for name, value in values.items() if value is not None}
        broken = [] if planned or event == PROFILE or not self.plan.events else [("", "unknown_event")]
        if planned:
            broken += [(name, "unknown_property") for name in types if name not in rules and not name.startswith("$")]
            broken += [(name, "missing") for name, rule in rules.items() if rule.required and name not in types]
        broken += [(name, "wrong_type") for name, kind in types.items() if name in rules and not _fits(rules[name].type, kind)]
        wrong = {name for name, _ in broken}
        shape = Shape(
            event, types, tuple(broken),
            tuple(rule for name, rule in rules.items() if name in types and name not in wrong and (rule.allowed or rule.type == "time")),
            tuple(name for name in types if sealed.personal_kind(name) or (name in rules and rules[name].personal)),
            tuple(name for name, kind in types.items() if kind in ("object", "list")),
        )  # fmt: skip
        if len(self._shapes) >= _MOST_SHAPES:
            # Somebody sends names without end; the shapes of today come back at once.
            self._shapes.clear()
        self._shapes[(event, *values, *map(type, values.values()))] = shape
        return shape


def _fits(planned: str, came: str) -> bool:
    return planned in ("any", came) or (planned == "time" and came in ("text", "number"))


def _wrong(rule: PlannedProperty, value: Any) -> str | None:
    if rule.type == "time" and not _is_time(value):
        return "wrong_type"
    return "not_allowed" if rule.allowed and value not in rule.allowed else None


def _is_time(value: Any) -> bool:
    if not isinstance(value, str):
        return isinstance(value, int | float) and _EPOCH_MS[0] <= value < _EPOCH_MS[1]
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _worst(broken: Sequence[Broken], *, strict: bool) -> Broken | None:
    """The first violation that keeps an event out: names that nobody planned only do where the feed is strict."""
    return next((each for each in broken if strict or not each[1].startswith("unknown")), None)


def _personal_inside(value: Any, depth: int) -> Iterator[tuple[dict[str, Any], str]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for each in value:
            yield from _personal_inside(each, depth + 1)
    elif isinstance(value, dict):
        for name, each in value.items():
            if sealed.personal_kind(name):
                yield value, name
            else:
                yield from _personal_inside(each, depth + 1)


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or isinstance(value, bool)


def _sample(name: str, values: dict[str, Any], personal: bool) -> str:
    value = values.get(name)
    if value is None:
        return ""
    return sealed.masked(name, value) if personal else sealed.cautious(value if isinstance(value, str) else str(value))
