"""Touched 触及人群: between recomputes, only the people whose answer can have changed are asked again.

Somebody is touched by a new row about them, or when one of their rows crosses the edge of a rule's window. The second
set is found by the clock: only rows between an edge's old and new place can matter. The same expressions then answer
over those people's rows alone; a test holds the result equal to the full recompute. Within one local day the rounds differ
only by their instants, so their expressions are made and compiled once (`_Round`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.identity.facts import IDENTITY_LINK
from siyu.segments.evaluate import members, names_many
from siyu.segments.leaves import (
    BUYERS,
    ORDERS,
    STANDING_FIELDS,
    TIME_COLUMNS,
    TRAIT_VALUES,
    Aggregate,
    Test,
    Total,
    inside,
    leaf_of,
    order_totals,
)
from siyu.segments.recompute import Comparison, comparison
from siyu.segments.rules import (
    Attribute,
    Event,
    InSegment,
    LastEvent,
    Lifecycle,
    Orders,
    Quality,
    Rfm,
    Rule,
    Window,
    leaves,
    rule_key,
    trait_of,
)
from siyu.segments.windows import BEFORE, FOREVER, NOW, Moment, Span, crossed, earliest_ms


def edges(rule: Rule, before: Moment, after: Moment) -> bool:
    """Whether the passing of time alone can have changed anybody's answer."""
    for leaf in leaves(rule):
        window: Window | None = getattr(leaf, "window", None)
        if window_moves(window, before, after):
            return True
        if isinstance(leaf, Attribute) and (leaf.op.startswith("held_") or (leaf.op == "anniversary_within_days" and before.today != after.today)):
            return True
    return False


def window_moves(window: Window | None, before: Moment, after: Moment) -> bool:
    """Whether a row can have left the window, or come into it, by the passing of time alone."""
    return window is not None and window.last is not None and len(crossed(window, before, after)) > (window.until_last is None)


ARRIVED = ibis.table({"customer_id": "int64"}, name="_arrived")
"""Whom new rows are about, kept by who asks."""
TOUCHED = ibis.table({"customer_id": "int64"}, name="_touched")


def ask_again(session: Session, rules: Mapping[int, Rule], tables: Tables, before: Moment, after: Moment) -> pa.Table:
    """Rows of segment_members_changed, without their time: whose answers differ from the stored members after this round.

    Asked are the people in `ARRIVED` and those whose answer the clock can have changed; they stay kept as `TOUCHED`.
    """
    asked = _Round.of(rules, tables, before, after)
    form = _form.__wrapped__(asked) if any(map(names_many, rules.values())) else _form(asked)
    values = {BEFORE: before.now_ms, NOW: after.now_ms}
    session.keep(TOUCHED.get_name(), form.touched, values)
    for name, rows in form.narrow.items():
        session.keep(_narrow_name(name), rows, values)
    return form.comparison.run(session, values)


@dataclass(frozen=True)
class _Round:
    """What decides the form of a round's expressions; equal rounds share them. `first` is -1 when `before` is the earlier."""

    keys: tuple[tuple[int, str], ...]
    days: tuple[date, date]
    first: int
    zone: str
    facts: tuple[str, ...]
    rules: Mapping[int, Rule] = field(compare=False)
    tables: Tables = field(compare=False)
    moments: tuple[Moment, Moment] = field(compare=False)

    @classmethod
    def of(cls, rules: Mapping[int, Rule], tables: Tables, before: Moment, after: Moment) -> _Round:
        keys = tuple((key, rule_key(rule)) for key, rule in rules.items())
        first = (before.now_ms > after.now_ms) - (before.now_ms < after.now_ms)
        return cls(keys, (before.today, after.today), first, str(after.calendar.zone), tuple(tables), rules, tables, (before, after))


@dataclass(frozen=True)
class _Form:
    touched: ir.Table
    narrow: dict[str, ir.Table]
    comparison: Comparison


@lru_cache(16)
def _form(asked: _Round) -> _Form:
    before, after = asked.moments[0].as_parameter(BEFORE), asked.moments[1].as_parameter(NOW)
    narrow = narrowing(asked.tables, TOUCHED, asked.rules.values(), after)
    small = {name: ibis.table(narrow[name].schema(), name=_narrow_name(name)) if name in narrow else table for name, table in asked.tables.items()}
    return _Form(touched(asked.rules.values(), asked.tables, before, after), narrow, comparison(asked.rules, small, after))


def touched(rules: Iterable[Rule], tables: Tables, before: Moment, after: Moment) -> ir.Table:
    """customer_id of everybody whose answer to one of the rules can differ between the two moments, and of `ARRIVED`."""
    found = {"arrived": ARRIVED}
    for leaf_rule in {rule_key(leaf): leaf for rule in rules for leaf in leaves(rule)}.values():
        now = leaf_of(leaf_rule, tables, after)
        if not isinstance(now, Test):
            source = ORDERS if isinstance(now, Total) else now.source
            rows, at = tables[source], TIME_COLUMNS[source]
            for edge in _edges_of(leaf_rule, now, before, after):
                found[f"{source} {told(edge.from_ms)} {told(edge.to_ms)}"] = rows.filter(inside(rows[at], edge)).select("customer_id")
        elif isinstance(leaf_rule, Attribute) and leaf_rule.op in _CLOCKED:
            was, is_ = members(leaf_rule, tables, before), members(leaf_rule, tables, after)
            found[f"was {rule_key(leaf_rule)}"], found[f"is {rule_key(leaf_rule)}"] = was.anti_join(is_, "customer_id"), is_.anti_join(was, "customer_id")
        if isinstance(leaf_rule, InSegment):
            changed = tables["segments_member"].filter(tables["segments_member"].at_ms > before.instant)
            found[f"segment {leaf_rule.segment}"] = changed.filter(changed.segment_id == leaf_rule.segment).select("customer_id")
    return ibis.union(*found.values(), distinct=True) if len(found) > 1 else ARRIVED.distinct()


_CLOCKED = ("within", "not_within", "anniversary_within_days", "held_at_least", "held_less_than")


def _edges_of(rule: Rule, leaf: Aggregate | Total, before: Moment, after: Moment) -> list[Span]:
    """Where a row must lie in time to count at one moment and not at the other.

    A condition on the time of the first or last row sees the rows until now; its window is on the time that it finds.
    """
    found = crossed(leaf.window, before, after)
    return found + crossed(None, before, after) if isinstance(rule, Attribute) and leaf.window is not None else found


def told(edge: Any) -> str:
    return repr(edge.op()) if isinstance(edge, ir.Expr) else str(edge)


def narrowed(session: Session, tables: Tables, people: ir.Table, rules: Iterable[Rule], moment: Moment) -> Tables:
    """The facts that the rules read, reduced to these people's rows: one scan of each fact, whatever the number of rules."""
    narrow = narrowing(tables, people, rules, moment)
    return {name: session.keep(_narrow_name(name), narrow[name]) if name in narrow else table for name, table in tables.items()}


def narrowing(tables: Tables, people: ir.Table, rules: Iterable[Rule], moment: Moment) -> dict[str, ir.Table]:
    """These people's rows of each fact that the rules read, without columns that no rule reads.

    Rows older than the widest window on a fact are not looked at. Totals of orders become those of the moment.
    """
    since: dict[str, int] = {"customers_profile": FOREVER, "segments_member": FOREVER}
    asked = {rule_key(leaf): leaf for rule in rules for leaf in leaves(rule)}.values()
    for leaf in asked:
        for name, from_ms in _read_by(leaf, tables, moment).items():
            since[name] = min(since.get(name, from_ms), from_ms)
    found = {name: _theirs(tables[name], people, from_ms, asked) for name, from_ms in since.items() if name != BUYERS}
    if BUYERS in since:
        found[BUYERS] = order_totals({BUYERS: tables[BUYERS].semi_join(people, "customer_id")}, moment)
    return found


def _narrow_name(fact: str) -> str:
    return f"_narrow_{fact}"


def _theirs(table: ir.Table, people: ir.Table, from_ms: int, asked: Iterable[Rule]) -> ir.Table:
    time = TIME_COLUMNS.get(table.get_name())
    rows = table if time is None or from_ms == FOREVER else table.filter(table[time] >= from_ms)
    unread = _UNREAD
    if table.get_name() == "customers_profile":
        named = {leaf.field for leaf in asked if isinstance(leaf, Attribute)}
        unread = tuple({*table.columns} - {"customer_id"} - named - {f"{name}_ms" for name in named})
    return rows.semi_join(people, "customer_id").drop(sorted({*unread} & {*table.columns}))


_UNREAD = (
    "identity_key", "content_key", "order_no", "line_count", "first_seen_ms", "ordered_on", "ordered_month", "set_ms", "by", "order_count", "spend_fen", "first_on",
    "last_on", "gap_days", "expected_gap_days", "predicted_orders", "low_fen", "high_fen", "p_alive_rate", "top_category_rate",
)  # fmt: skip
"""Columns of facts that no rule reads. All those of the profile that the rules do not name are left out too."""


def _read_by(leaf_rule: Rule, tables: Tables, moment: Moment) -> dict[str, int]:
    """The facts that a condition reads, each with the earliest instant that matters to it on this local day.

    Not at this instant: the expressions are kept for the day, and a clock may be set back.
    """
    match leaf_rule:
        case Event(where=[_, *_]) | LastEvent():
            return {"customers_activity": earliest_ms(getattr(leaf_rule, "window", None), moment), "customers_property": FOREVER}
        case Rfm() | Lifecycle():
            return {"segments_standing": FOREVER}
        case Quality():
            return {"segments_quality": FOREVER}
        case Attribute(field=field) if field in STANDING_FIELDS:
            return {"segments_standing": FOREVER}
        case Attribute(field=field) if trait_of(field):
            return {TRAIT_VALUES: FOREVER}
        case Attribute(field=field) if field.startswith("custom:"):
            return {"customers_attribute": FOREVER}
        case _:
            leaf = leaf_of(leaf_rule, tables, moment)
            if isinstance(leaf, Total):
                return {BUYERS: FOREVER}
            if not isinstance(leaf, Aggregate):
                return {}
            bounded = isinstance(leaf_rule, Event | Orders)
            return {leaf.source: earliest_ms(leaf.window, moment) if bounded else FOREVER}


_KEYS = ibis.table({"identity_key": "int64"}, name="_keys")
_IDS = ibis.table({"customer_id": "int64"}, name="_ids")
_ARRIVED = IDENTITY_LINK.table.semi_join(_KEYS, "identity_key").select("customer_id").union(_IDS)


def keep_arrived(session: Session, keys: pa.Array, customers: pa.Array) -> None:
    """Keep as `ARRIVED` whom these identifiers belong to, and these customers."""
    session.keep("_keys", pa.table({"identity_key": keys}))
    session.keep("_ids", pa.table({"customer_id": customers}))
    session.keep(ARRIVED.get_name(), _ARRIVED)
