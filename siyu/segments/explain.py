"""Explain 解释: why one person is, or is not, in a segment: each condition, what was observed, and when it flips."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa

from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.segments import rules
from siyu.segments.evaluate import leaf_values
from siyu.segments.leaves import TIME_COLUMNS, Aggregate, leaf_of
from siyu.segments.recompute import moment_of
from siyu.segments.rules import AllOf, AnyOf, Attribute, Not, Rule
from siyu.segments.sentence import sentence
from siyu.segments.touched import narrowed
from siyu.segments.windows import Moment, next_crossing_ms


@dataclass(frozen=True)
class Reason:
    """One node of the rule. `observed` is the counted number; `flips_at` when time alone will next change what it sees."""

    sentence: Text
    value: bool
    observed: str | None
    flips_at: datetime | None
    children: list[Reason] = field(default_factory=list)


def explain(stores: Stores, rule: Rule, customer_id: int, segment_names: dict[int, str]) -> Reason:
    """The rule's tree for one customer, by the same expressions that answer for everybody."""
    moment = moment_of(stores, stores.now())
    with stores.warehouse.read() as session:
        person = session.keep("_person", pa.table({"customer_id": pa.array([customer_id], pa.int64())}))
        tables = narrowed(session, stores.warehouse.tables, person, [rule], moment)
        found = session.query(leaf_values(rule, tables, moment)).to_pylist()
        flips = [_flips_at(session, leaf, tables, moment) for leaf in rules.leaves(rule)]
    row = found[0] if found else {}
    teller = _Teller(row, flips, segment_names, stores.settings.currency)
    return teller.tell(rule)


def next_flip_at(reason: Reason) -> datetime | None:
    """The earliest instant at which time alone changes something that the rule looks at."""
    times = [reason.flips_at, *(next_flip_at(child) for child in reason.children)]
    return min((time for time in times if time is not None), default=None)


class _Teller:
    """Walks the rule and the numbered leaves side by side."""

    def __init__(self, row: dict[str, object], flips: list[datetime | None], names: dict[int, str], currency: str) -> None:
        self._row, self._flips, self._names, self._currency = row, flips, names, currency
        self._next = 0

    def tell(self, rule: Rule) -> Reason:
        said = sentence(rule, self._names, self._currency)
        if isinstance(rule, AllOf | AnyOf):
            children = [self.tell(child) for child in rule.of]
            values = [child.value for child in children]
            return Reason(said, all(values) if isinstance(rule, AllOf) else any(values), None, None, children)
        if isinstance(rule, Not):
            child = self.tell(rule.of)
            return Reason(said, not child.value, None, None, [child])
        number = self._next
        self._next += 1
        observed = self._row.get(f"n{number}", "") if f"n{number}" in self._row else None
        shown = None if observed is None and f"n{number}" not in self._row else str(observed if observed is not None else 0)
        return Reason(said, bool(self._row.get(f"v{number}", False)), shown, self._flips[number])


def _flips_at(session: Session, leaf_rule: Rule, tables: Tables, moment: Moment) -> datetime | None:
    leaf = leaf_of(leaf_rule, tables, moment)
    if isinstance(leaf, Aggregate) and leaf.window is not None:
        at = tables[leaf.source][TIME_COLUMNS[leaf.source]]
        times = session.query(tables[leaf.source].select(at=at).distinct())["at"].to_pylist()
        nexts = [found for time in times if (found := next_crossing_ms(leaf.window, time, moment)) is not None]
        return from_ms(min(nexts)) if nexts else None
    if isinstance(leaf_rule, Attribute) and leaf_rule.op == "anniversary_within_days":
        return moment.calendar.midnight(moment.today + timedelta(days=1))
    return None
