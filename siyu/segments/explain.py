"""Explain 解释: why one person is, or is not, in a segment: each condition, what was observed, and when it flips."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from siyu.foundation.clock import from_ms
from siyu.foundation.errors import NotFoundError
from siyu.foundation.money import format_fen
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.segments import rules
from siyu.segments.evaluate import leaf_values
from siyu.segments.leaves import BUYERS, TIME_COLUMNS, TRAIT_DEFAULTS, TRAIT_VALUES, Aggregate, Total, leaf_of
from siyu.segments.recompute import moment_of
from siyu.segments.rules import (
    TIME_FIELDS,
    TRAIT,
    AllOf,
    AnyOf,
    Attribute,
    Not,
    Orders,
    Quality,
    Rule,
    trait_of,
)
from siyu.segments.sentence import RuleNames, sentence
from siyu.segments.touched import narrowed
from siyu.segments.traits import used_traits
from siyu.segments.windows import Moment, next_crossing_ms


@dataclass(frozen=True)
class Reason:
    """One node of the rule. `observed` is the counted number; `flips_at` when time alone will next change what it sees."""

    sentence: Text
    value: bool
    observed: str | None
    flips_at: datetime | None
    children: list[Reason] = field(default_factory=list)


def explain(stores: Stores, rule: Rule, customer_id: int, names: RuleNames) -> Reason:
    """The rule's tree for one customer, by the same expressions that answer for everybody."""
    moment = moment_of(stores, stores.now())
    with stores.warehouse.read() as session:
        person = session.keep("_person", pa.table({"customer_id": pa.array([customer_id], pa.int64())}))
        tables = narrowed(session, stores.warehouse.tables, person, [rule], moment)
        found = session.query(leaf_values(rule, tables, moment)).to_pylist()
        if not found:
            raise NotFoundError(Text(f"没有客户 {customer_id}", f"there is no customer {customer_id}"))
        values = (trait_values(session, tables) if used_traits(rule) else {}) | quality_values(session, tables, rule)
        flips = [_flips_at(session, leaf, tables, moment) for leaf in rules.leaves(rule)]
    teller = _Teller(found[0] | values, flips, names, stores)
    return teller.tell(rule)


def next_flip_at(reason: Reason) -> datetime | None:
    """The earliest instant at which time alone changes something that the rule looks at."""
    times = [reason.flips_at, *(next_flip_at(child) for child in reason.children)]
    return min((time for time in times if time is not None), default=None)


class _Teller:
    """Walks the rule and the numbered leaves side by side."""

    def __init__(self, row: dict[str, Any], flips: list[datetime | None], names: RuleNames, stores: Stores) -> None:
        self._row, self._flips, self._names, self._stores = row, flips, names, stores
        self._next = 0

    def tell(self, rule: Rule) -> Reason:
        said = sentence(rule, self._names, self._stores.settings.currency)
        if isinstance(rule, AllOf | AnyOf):
            children = [self.tell(child) for child in rule.of]
            values = [child.value for child in children]
            return Reason(said, all(values) if isinstance(rule, AllOf) else any(values), None, None, children)
        if isinstance(rule, Not):
            child = self.tell(rule.of)
            return Reason(said, not child.value, None, None, [child])
        number = self._next
        self._next += 1
        return Reason(said, bool(self._row.get(f"v{number}", False)), self._observed(rule, number), self._flips[number])

    def _observed(self, rule: Rule, number: int) -> str | None:
        """What was counted, in the condition's own unit; None for conditions that count nothing."""
        if isinstance(rule, Attribute) and trait_of(rule.field):
            return self._trait(rule.field)
        if isinstance(rule, Quality):
            score = self._row.get(f"quality:{rule.of}")
            return "–" if score is None else f"{score:.2f}"
        if f"n{number}" not in self._row:
            return None
        value = self._row[f"n{number}"]
        if isinstance(rule, Attribute) and rule.field in TIME_FIELDS:
            return "–" if value is None else self._stores.calendar.on(from_ms(int(value))).isoformat()
        money = (isinstance(rule, Orders) and rule.measure.endswith("_fen")) or (isinstance(rule, Attribute) and rule.field.endswith("_fen"))
        return format_fen(round(value or 0), self._stores.settings.currency) if money else str(value or 0)


    def _trait(self, name: str) -> str:
        """The value of a trait as it was last computed, the default where there is none."""
        value = self._row.get(name)
        kind = self._names.traits[name][1] if name in self._names.traits else "text"
        if value is None or kind == "text":
            return "–" if value is None else str(value)
        if kind == "time":
            return self._stores.calendar.on(from_ms(int(value))).isoformat()
        if kind == "boolean":
            return "✓" if value else "✗"
        return format_fen(round(value), self._stores.settings.currency) if kind == "money" else f"{value:g}"


def trait_values(session: Session, tables: Tables) -> dict[str, Any]:
    """Values of traits of the one person whose rows these are, by field; the default where there is none."""
    rows = session.query(tables[TRAIT_DEFAULTS]).to_pylist() + session.query(tables[TRAIT_VALUES]).to_pylist()
    found: dict[str, Any] = {}
    for row in rows:
        known = [row[name] for name in ("text", "number", "time_ms") if row[name] is not None]
        found[f"{TRAIT}{row['trait_id']}"] = known[0] if known else None
    return found


def quality_values(session: Session, tables: Tables, rule: Rule) -> dict[str, Any]:
    """The scores of the one person whose rows these are, if the rule asks for them; empty for somebody not judged yet."""
    if not any(isinstance(leaf, Quality) for leaf in rules.leaves(rule)):
        return {}
    rows = session.query(tables["segments_quality"].select("zombie", "deal_hunter")).to_pylist()
    return {f"quality:{name}": score for row in rows for name, score in row.items()}


def _flips_at(session: Session, leaf_rule: Rule, tables: Tables, moment: Moment) -> datetime | None:
    leaf = leaf_of(leaf_rule, tables, moment)
    if isinstance(leaf, Aggregate | Total) and leaf.window is not None:
        rows = tables[BUYERS if isinstance(leaf, Total) else leaf.source]
        at = leaf.number(rows) if isinstance(leaf, Total) else rows[TIME_COLUMNS[leaf.source]]
        times = session.query(rows.select(at=at).distinct())["at"].to_pylist()
        nexts = [found for time in times if (found := next_crossing_ms(leaf.window, time, moment)) is not None]
        return from_ms(min(nexts)) if nexts else None
    if isinstance(leaf_rule, Attribute) and leaf_rule.op == "anniversary_within_days":
        return moment.calendar.midnight(moment.today + timedelta(days=1))
    return None
