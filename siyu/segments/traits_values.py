"""Values of traits 特征取值: definitions become plain Ibis, all measures of the same rows in as few scans as a person would write.

A plan is a row of steps, each an intermediate table of the session, and where each part's values are found. Rows are
grouped once a source for counts, sums and times; values of the first or last row are picked in a second scan by the time
found in the first; distinct and most frequent values are counted a customer and value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir

from siyu.customers.folding import LARGEST, MILLION
from siyu.events.properties import normalise_path
from siyu.foundation.clock import day_number
from siyu.foundation.warehouse.engines import Session, Values
from siyu.foundation.warehouse.facts import Tables
from siyu.segments.evaluate import members
from siyu.segments.leaves import TIME_COLUMNS, inside, named, property_test, value_test
from siyu.segments.rules import rule_key
from siyu.segments.traits import AT, Part, Trait, is_current, type_of
from siyu.segments.windows import Moment, bounds, local_day

FACTS = {"orders": "orders_order", "order_lines": "orders_line", "activity": "customers_activity", "attribute": "customers_trait"}
TOGETHER = 40
"""Parts measured in one scan; more only make the intermediate table wider."""
_VALUES = ("text", "number", "time_ms")


class _Rows(NamedTuple):
    """What decides which rows are read together: parts with an equal one share their scans."""

    of: str
    property: str
    where: str
    since: str
    among: str

    @classmethod
    def of_part(cls, part: Part) -> _Rows:
        path = part.property if part.of == "activity" and part.property != AT else ""
        # A condition on properties is a look-up: it must leave few rows before it, so those parts have a scan of their own.
        where = repr(part.where) + part.name if part.of == "activity" and part.where else ""
        return cls(part.of, path, where, repr(part.since or ""), rule_key(part.among) if part.among else "")


@dataclass
class Plan:
    """`steps` are to be kept in this order, each under its name; `found` has customer_id, text, number, time_ms of each part."""

    steps: dict[str, ir.Table] = field(default_factory=dict)
    found: dict[int, ir.Table] = field(default_factory=dict)

    def step(self, name: str, table: ir.Table) -> ir.Table:
        self.steps[name] = table
        return ibis.table(table.schema(), name=name)

    def run(self, session: Session, values: Values | None = None) -> None:
        for name, table in self.steps.items():
            session.keep(name, table, values)


@dataclass(frozen=True)
class Measured:
    """A plan for some traits, and their values: trait_id, customer_id, text, number, time_ms; one row where there is a value."""

    plan: Plan
    rows: ir.Table


def measured(traits: Mapping[int, Trait], tables: Tables, moment: Moment, prefix: str = "_trait") -> Measured:
    """How to compute these traits at a moment. `prefix` begins the names of the steps."""
    numbered = [(key, part) for key, trait in traits.items() for part in trait.parts]
    plan = Plan()
    groups: dict[_Rows, list[int]] = {}
    for number, (_, part) in enumerate(numbered):
        if is_current(part):
            plan.found[number] = _current(part, tables)
        else:
            groups.setdefault(_Rows.of_part(part), []).append(number)
    for chunk in (group[start : start + TOGETHER] for group in groups.values() for start in range(0, len(group), TOGETHER)):
        _measure({number: numbered[number][1] for number in chunk}, tables, moment, plan, f"{prefix}_{chunk[0]}")
    parts: dict[int, list[ir.Table]] = {}
    for number, (key, _) in enumerate(numbered):
        parts.setdefault(key, []).append(plan.found[number])
    return Measured(plan, _together([_first_known(found).mutate(trait_id=ibis.literal(key, "int64")) for key, found in parts.items()]))


def values(trait: Trait, tables: Tables, moment: Moment) -> Measured:
    """One trait alone."""
    return measured({1: trait}, tables, moment, "_one")


def _together(found: list[ir.Table]) -> ir.Table:
    columns = ("trait_id", "customer_id", *_VALUES)
    return reduce(lambda a, b: a.union(b), [table.select(*columns) for table in found])


def _first_known(found: list[ir.Table]) -> ir.Table:
    if len(found) == 1:
        return found[0]
    ranked = reduce(lambda a, b: a.union(b), [table.mutate(rank=ibis.literal(place, "int64")) for place, table in enumerate(found)])
    best = ranked.group_by("customer_id").agg(best=ranked["rank"].min())
    return ranked.inner_join(best, ["customer_id", ranked["rank"] == best.best]).select("customer_id", *_VALUES)


def _current(part: Part, tables: Tables) -> ir.Table:
    rows = tables["customers_attribute"]
    return _found(rows.filter(rows.path == (normalise_path(part.name) or "")), _own_column(rows, type_of(part)), part)


def _own_column(rows: ir.Table, kind: str) -> ir.Value:
    return rows.time_ms if kind == "time" else rows.text.nullif("") if kind == "text" else rows.number


def _found(rows: ir.Table, value: Any, part: Part) -> ir.Table:
    """Rows with one value each, in the column of the part's type; those without are left out."""
    kind = type_of(part)
    into = "text" if kind == "text" else "time_ms" if kind == "time" else "number"
    types = {"text": "string", "number": "float64", "time_ms": "int64"}
    valued = rows.select("customer_id", **{into: value.cast(types[into])})
    valued = valued.filter(valued[into].notnull())
    return valued.select("customer_id", **{name: valued[name] if name == into else ibis.null(types[name]) for name in _VALUES})


def _measure(parts: Mapping[int, Part], tables: Tables, moment: Moment, plan: Plan, prefix: str) -> None:
    first = next(iter(parts.values()))
    rows = _rows(first, tables, moment)
    own = {number: _own(part, moment) for number, part in parts.items()}
    rows = rows.filter(reduce(lambda a, b: a | b, (test(rows) for test in own.values())))
    by_value = {number for number, part in parts.items() if part.measure in ("distinct_count", "most_frequent")}
    if plain := {number: part for number, part in parts.items() if number not in by_value}:
        wide = plan.step(prefix, rows.group_by("customer_id").agg(**{f"m{n}": _aggregate(rows, part, own[n](rows)) for n, part in plain.items()}))
        edged = {number: part for number, part in plain.items() if _is_edged(part)}
        if edged:
            wide = plan.step(f"{prefix}_edges", _with_edges(rows, wide, edged, {n: own[n] for n in edged}))
        for number, part in plain.items():
            plan.found[number] = _found(wide, _finished(wide[f"{'v' if number in edged else 'm'}{number}"], part, moment), part)
    for column in sorted({_value_name(parts[number]) for number in by_value}):
        mine = {number: parts[number] for number in by_value if _value_name(parts[number]) == column}
        _by_value(rows, column, mine, own, plan, f"{prefix}_{column}")


def _rows(part: Part, tables: Tables, moment: Moment) -> ir.Table:
    """All rows that parts like this one may read, with the time of each as `at_ms` and, of properties, their values."""
    table = tables[FACTS[part.of]]
    rows = table.filter(table.customer_id > 0).rename(at_ms=TIME_COLUMNS[FACTS[part.of]]) if part.of != "activity" else table.filter(table.customer_id > 0)
    if part.of == "order_lines":
        rows = rows.filter(rows.kind == "sale")
    if part.of == "attribute":
        rows = rows.filter(rows["op"].isnull() | rows["op"].notin(["unset", "delete"]))
    if part.of == "activity":
        for where in part.where:
            rows = rows.filter(named(rows, part.name) & property_test(rows, tables, where))
        if part.property not in ("", AT):
            properties = tables["customers_property"]
            wanted = properties.filter(properties.path == normalise_path(part.property)).select("event_key", *_VALUES)
            rows = rows.inner_join(wanted, "event_key")
    if part.since is not None:
        since = anchors(part, tables, moment)
        rows = rows.inner_join(since, "customer_id").filter(lambda t: t.at_ms > t.since_ms)
    if part.among is not None:
        rows = rows.semi_join(members(part.among, tables, moment), "customer_id")
    return rows


def anchors(part: Part, tables: Tables, moment: Moment) -> ir.Table:
    """customer_id and since_ms: the event after which a part's rows count."""
    since = part.since
    assert since is not None
    table = tables[FACTS[since.of]]
    at = table[TIME_COLUMNS[FACTS[since.of]]]
    rows = table.filter(inside(at, bounds(None, moment)) & (table.customer_id > 0))
    if since.of == "activity":
        rows = rows.filter(named(rows, since.name))
    at = rows[TIME_COLUMNS[FACTS[since.of]]]
    return rows.group_by("customer_id").agg(since_ms=at.min() if since.which == "first" else at.max())


def _own(part: Part, moment: Moment) -> Any:
    """The test of a part's own rows among those that are read together."""
    during = bounds(part.window, moment)

    def test(rows: ir.Table) -> ir.BooleanValue:
        tests = [inside(rows.at_ms, during)]
        if part.of == "activity":
            tests.append(named(rows, part.name))
        elif part.of == "attribute":
            tests.append(rows.path == (normalise_path(part.name) or ""))
            tests += [value_test(rows, where.op, where.value, tall=True) for where in part.where]
        else:
            tests += [value_test(rows[where.field], where.op, where.value) for where in part.where]
        return reduce(lambda a, b: a & b, tests)

    return test


def _value_name(part: Part) -> str:
    """The column of the rows that a part's property is."""
    if part.property == AT:
        return "at_ms"
    if part.of in ("orders", "order_lines"):
        return part.property
    kind = "text" if part.measure == "distinct_count" else type_of(part)
    return "time_ms" if kind == "time" else "text" if kind == "text" else "number"


def _value(rows: ir.Table, part: Part) -> Any:
    column = rows[_value_name(part)]
    return column.nullif("") if column.type().is_string() else column


def _is_edged(part: Part) -> bool:
    return part.measure in ("first", "last") and part.property != AT


def _aggregate(rows: ir.Table, part: Part, own: ir.BooleanValue) -> Any:
    match part.measure:
        case "count" | "exists":
            return rows.count(where=own)
        case "days_since_last":
            return rows.at_ms.max(where=own)
        case "first" | "last":
            known = own if part.property == AT else own & _value(rows, part).notnull()
            return rows.at_ms.min(where=known) if part.measure == "first" else rows.at_ms.max(where=known)
        case "min":
            return _value(rows, part).min(where=own)
        case "max":
            return _value(rows, part).max(where=own)
        case "average":
            number = _exact(_value(rows, part))
            return number.sum(where=own).cast("float64") / number.count(where=own).nullif(0)
        case _:
            return _exact(_value(rows, part)).sum(where=own)


def _exact(value: Any) -> Any:
    """Whole numbers to add: in any order they give the same sum. Of fractions, millionths; such that do not fit are left out."""
    if value.type().is_integer():
        return value
    return (value.abs() < LARGEST).ifelse((value * MILLION).round().cast("int64"), ibis.null("int64"))


def _finished(value: Any, part: Part, moment: Moment) -> Any:
    match part.measure:
        case "count":
            return value.nullif(0)
        case "exists":
            return (value > 0).ifelse(1, ibis.null("int64"))
        case "days_since_last":
            return day_number(moment.today) - local_day(value, moment.calendar)
        case "sum" | "average" if part.of in ("activity", "attribute"):
            return value.cast("float64") / MILLION
        case _:
            return value


def _with_edges(rows: ir.Table, wide: ir.Table, parts: Mapping[int, Part], own: Mapping[int, Any]) -> ir.Table:
    """The wide table with the values of first and last rows; of several at one time the largest, so that all engines agree."""
    times = wide.select("customer_id", **{f"m{number}": wide[f"m{number}"] for number in parts})
    joined = rows.inner_join(times, "customer_id")
    at_edge = {n: own[n](joined) & (joined.at_ms == joined[f"m{n}"]) for n in parts}
    joined_rows = joined.filter(reduce(lambda a, b: a | b, at_edge.values()))
    picked = joined_rows.group_by("customer_id").agg(
        **{f"v{n}": _value(joined_rows, part).max(where=own[n](joined_rows) & (joined_rows.at_ms == joined_rows[f"m{n}"])) for n, part in parts.items()}
    )
    return wide.left_join(picked, "customer_id").drop("customer_id_right")


def _by_value(rows: ir.Table, column: str, parts: Mapping[int, Part], own: Mapping[int, Any], plan: Plan, name: str) -> None:
    """Distinct and most frequent values: rows are first counted a customer and value; of equally frequent ones the smallest."""
    value = rows[column].nullif("") if rows[column].type().is_string() else rows[column]
    known = rows.mutate(value=value).filter(lambda t: t.value.notnull())
    counted = plan.step(name, known.group_by("customer_id", "value").agg(**{f"n{n}": known.count(where=own[n](known)) for n in parts}))
    most = counted.group_by("customer_id").agg(
        **{
            f"m{n}": counted.count(where=counted[f"n{n}"] > 0) if part.measure == "distinct_count" else counted[f"n{n}"].max()
            for n, part in parts.items()
        }
    )
    frequent = {n: part for n, part in parts.items() if part.measure == "most_frequent"}
    if frequent:
        joined = counted.inner_join(most, "customer_id")
        best = joined.group_by("customer_id").agg(
            **{f"v{n}": joined.value.min(where=(joined[f"n{n}"] > 0) & (joined[f"n{n}"] == joined[f"m{n}"])) for n in frequent}
        )
        most = most.left_join(best, "customer_id").drop("customer_id_right")
    wide = plan.step(f"{name}_most", most)
    for number, part in parts.items():
        plan.found[number] = _found(wide, wide[f"v{number}"] if number in frequent else wide[f"m{number}"].nullif(0), part)


def reads(traits: Iterable[Trait]) -> set[str]:
    """The facts that these traits read rows of people from."""
    found: set[str] = set()
    for part in (part for trait in traits for part in trait.parts):
        found.add("customers_attribute" if is_current(part) else FACTS[part.of])
        if part.of == "activity" and (part.where or part.property not in ("", AT)):
            found.add("customers_property")
        if part.since is not None:
            found.add(FACTS[part.since.of])
    return found
