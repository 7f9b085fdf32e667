"""Leaves 条件: one condition as a feature of a customer: a number computed from rows of a fact, or a column of the profile.

A leaf is an `Aggregate` (rows of one fact, filtered, counted or summed a customer, then compared), a `Total` (a number
kept of all the customer's orders, compared) or a `Test` (a boolean of the customer's own row). All are plain Ibis; every
literal of the user is typed and bound by the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir
import msgspec

from siyu.events.properties import normalise_path
from siyu.foundation.clock import DAY_MS
from siyu.foundation.warehouse.facts import Tables
from siyu.orders.facts import ORDERS_ORDER, buyers
from siyu.segments import rules
from siyu.segments.activity import own
from siyu.segments.quality_verdicts import UNCLEAR_FROM
from siyu.segments.rules import (
    Attribute,
    Event,
    InSegment,
    LastEvent,
    Lifecycle,
    Orders,
    People,
    Quality,
    Rfm,
    Rule,
    Tag,
    Where,
    Window,
)
from siyu.segments.windows import Moment, Span, bounds, instant_ms, is_anniversary

STANDING_FIELDS = ("predicted_value_fen", "top_category")
"""Attributes that are read from the standing as last computed."""
TIME_COLUMNS = {
    "orders_order": "ordered_ms",
    "orders_line": "ordered_ms",
    "customers_activity": "at_ms",
    "customers_tag": "at_ms",
    "customers_trait": "set_ms",
}


@dataclass(frozen=True)
class Aggregate:
    """Rows of `source` for which `keep` holds, made into one number a customer, compared by `test`.

    `exists` says that the test is "at least one row", which needs no counting. `zero` says whether a customer without
    any row passes. `window` is the span of time on the source's time column. With `regroup` the rows are first taken
    together by that column (lines of one order; of one article), so that counting needs no distinct count. `alone` asks
    for a scan of its own: a look-up of properties is cheap on the few rows left by the filter, dear on every row.
    """

    source: str
    keep: Callable[[ir.Table], ir.BooleanValue]
    measure: Callable[[ir.Table, ir.BooleanValue | None], ir.NumericScalar]
    test: Callable[[ir.NumericValue], ir.BooleanValue]
    window: Window | None
    zero: bool
    exists: bool = False
    regroup: str | None = None
    alone: bool = False


@dataclass(frozen=True)
class Test:
    """A boolean of the customer's own row (of the base table)."""

    holds: Callable[[ir.Table], ir.BooleanValue]
    timed: bool = False


@dataclass(frozen=True)
class Total:
    """A number from a buyer's row of `order_totals`, compared by `test`. `zero` says whether somebody without an order passes.

    `window` is a span on that number, when it is a time.
    """

    number: Callable[[ir.Table], Any]
    test: Callable[[Any], ir.BooleanValue]
    zero: bool
    window: Window | None = None


Leaf = Aggregate | Total | Test
ORDERS, BUYERS = "orders_order", "orders_buyer"
TRAIT_VALUES, TRAIT_DEFAULTS = "segments_trait_value", "segments_trait_default"


def order_totals(tables: Tables, moment: Moment) -> ir.Table:
    """One row a buyer of `orders_buyer`, over the orders until this moment.

    The kept totals are over all orders. Only who has one later than the moment (dated ahead, or the moment is past) is
    summed anew; when there is nobody like that, the orders are not read. Where `tables` are some people's rows, their
    totals say whose orders are meant: a second join of the orders with the people would be made even for nobody.
    """
    kept, orders, end = tables[BUYERS], ORDERS_ORDER.table, moment.instant + 1
    late = orders.semi_join(kept.filter(kept.last_ms >= end), "customer_id")
    again = buyers(late.filter(late.ordered_ms < end))
    return kept.filter(kept.last_ms < end).union(again.select(kept.columns))


def leaf_of(rule: Rule, tables: Tables, moment: Moment) -> Leaf:
    """The feature that answers a condition at a moment."""
    match rule:
        case Orders():
            return _orders(rule, moment)
        case Event():
            return _event(rule, tables, moment)
        case Tag():
            return _tag(rule)
        case Attribute(field=field) if field in ("order_count", "spend_fen"):
            return _order_total(rule)
        case Attribute(field=field) if field in ("first_order", "last_order"):
            number, test = f"{field.removesuffix('_order')}_ms", _edge_test(rule, moment)
            return Total(lambda buyer: buyer[number], test, _positive(rule.op)[1], rule.window)
        case Attribute(field="last_active"):
            return _last_active(rule, moment)
        case Attribute():
            return _attribute(rule, tables, moment)
        case LastEvent():
            chosen = _last_event(rule, tables, moment)
            return Test(lambda base: base.customer_id.isin(chosen.customer_id))
        case Rfm():
            scores = [(name, getattr(rule, name)) for name in ("r", "f", "m") if getattr(rule, name)]
            standing = tables["segments_standing"]
            chosen = standing.filter([standing[name].isin(wanted) for name, wanted in scores])
            return Test(lambda base: base.customer_id.isin(chosen.customer_id))
        case Lifecycle():
            return _lifecycle(rule, tables)
        case Quality():
            return _quality(rule, tables)
        case InSegment():
            member = tables["segments_member"]
            chosen = member.filter((member.segment_id == rule.segment) & member.entered)
            return Test(lambda base: base.customer_id.isin(chosen.customer_id))
        case People():
            return Test(lambda base: base.customer_id.isin(rule.customer_ids) if rule.customer_ids else ibis.literal(False))
        case _:
            return Test(lambda base: ibis.literal(True))


def inside(column: ir.IntegerValue, span: Span) -> ir.BooleanValue:
    return (column >= span.from_ms) & (column < span.to_ms)


def _everything(conditions: list[ir.BooleanValue]) -> ir.BooleanValue:
    return reduce(lambda a, b: a & b, conditions)


def _comparison(op: str, value: int | list[int]) -> tuple[Callable[[Any], Any], bool]:
    """(the test, whether 0 passes it)."""
    if isinstance(value, list):
        low, high = value
        return (lambda x: (x >= low) & (x <= high)), low <= 0 <= high
    tests: dict[str, Callable[[Any], Any]] = {
        ">=": lambda x: x >= value, ">": lambda x: x > value, "<": lambda x: x < value, "<=": lambda x: x <= value, "=": lambda x: x == value,
    }  # fmt: skip
    return tests[op], bool(tests[op](0))


_TOTALS: dict[str, Callable[[ir.Table], Any]] = {
    "count": lambda buyer: buyer.order_count,
    "spend_fen": lambda buyer: buyer.amount_fen,
    "average_fen": lambda buyer: buyer.amount_fen / buyer.order_count,
    "largest_fen": lambda buyer: buyer.largest_fen,
    "quantity": lambda buyer: buyer.quantity,
}


def _orders(rule: Orders, moment: Moment) -> Aggregate | Total:
    """Valid orders; with a condition on goods, the matching lines of each order taken together as one order."""
    if not rule.where and rule.window is None and rule.measure in _TOTALS:
        test, zero = _comparison(rule.op, rule.value)
        return Total(_TOTALS[rule.measure], test, zero and rule.measure in ("count", "quantity", "spend_fen"))
    by_line = rule.measure == "distinct_skus" or any(w.field not in ("source", "amount_fen") for w in rule.where)
    during = bounds(rule.window, moment)

    def keep(rows: ir.Table) -> ir.BooleanValue:
        valid = [inside(rows.ordered_ms, during)] + ([rows.kind == "sale", rows.customer_id > 0] if by_line else [])
        return _everything(valid + [value_test(rows[w.field], w.op, w.value) for w in rule.where])

    def measure(rows: ir.Table, where: ir.BooleanValue | None) -> ir.NumericScalar:
        match rule.measure:
            case "count" | "distinct_skus":
                return rows.count(where=where)
            case "average_fen":
                return rows.amount_fen.sum(where=where) / rows.count(where=where).nullif(0)
            case "largest_fen":
                return rows.amount_fen.max(where=where)
            case name:
                return rows[name.replace("spend", "amount")].sum(where=where)

    test, zero = _comparison(rule.op, rule.value)
    counted = rule.measure in ("count", "quantity", "spend_fen", "distinct_skus")
    exists = rule.measure == "count" and (rule.op, rule.value) in ((">=", 1), (">", 0))
    regroup = None if exists or not by_line else "sku" if rule.measure == "distinct_skus" else "order_key"
    source = "orders_line" if by_line else "orders_order"
    return Aggregate(source, keep, measure, test, rule.window, zero and counted, exists, regroup)


def _event(rule: Event, tables: Tables, moment: Moment) -> Aggregate:
    during = bounds(rule.window, moment)
    test, zero = _comparison(rule.op, rule.count)

    def keep(rows: ir.Table) -> ir.BooleanValue:
        conditions = [named(rows, rule.name), inside(rows.at_ms, during)]
        return _everything(conditions + [property_test(rows, tables, where) for where in rule.where])

    exists = (rule.op, rule.count) in ((">=", 1), (">", 0))
    counted = Aggregate("customers_activity", keep, lambda rows, where: rows.count(where=where), test, rule.window, zero, exists)
    return replace(counted, alone=bool(rule.where))


def named(rows: ir.Table, name: str) -> ir.BooleanValue:
    """Activities of a name; a trailing * means any that begins so."""
    return rows["name"].startswith(name[:-1]) if name.endswith("*") else rows["name"] == name


def property_test(rows: ir.Table, tables: Tables, where: Where) -> ir.BooleanValue:
    """A condition on a property: its rows are looked up by event; the negative forms take events that lack it too."""
    properties = tables["customers_property"]
    mine = properties.filter(properties.path == (normalise_path(where.path) or ""))
    positive, negated = _positive(where.op)
    found = mine.filter(value_test(mine, positive, where.value, tall=True))
    has = rows.event_key.isin(found.event_key)
    return ~has if negated else has


def _tag(rule: Tag) -> Aggregate:
    wanted = sorted(set(rule.tags))

    def keep(rows: ir.Table) -> ir.BooleanValue:
        return rows.added & rows.tag.isin(wanted) if wanted else rows.added & ibis.literal(True)

    need = len(wanted) if rule.op == "all_of" else 1
    if rule.op in ("none_of", "untagged"):
        return Aggregate("customers_tag", keep, lambda rows, where: rows.count(where=where), lambda n: n == 0, None, zero=True)
    return Aggregate("customers_tag", keep, lambda rows, where: rows.count(where=where), lambda n: n >= need, None, False, need == 1)


def _order_total(rule: Attribute) -> Total:
    """order_count and spend_fen: 0 for somebody without an order."""

    def test(number: Any) -> ir.BooleanValue:
        return value_test(number, "is_not" if rule.op == "not_exists" else rule.op, 0 if rule.op == "not_exists" else rule.value)

    return Total(
        _TOTALS["count" if rule.field == "order_count" else "spend_fen"],
        (lambda n: n == 0) if rule.op == "not_exists" else (lambda n: n > 0) if rule.op == "exists" else test,
        bool(_python_test(0, rule.op, rule.value)),
    )


def _python_test(number: int, op: str, value: Any) -> bool:
    match op:
        case "is":
            return bool(number == value)
        case "is_not":
            return bool(number != value)
        case "in":
            return number in value
        case "not_in":
            return number not in value
        case "between":
            return bool(value[0] <= number <= value[1])
        case "exists" | "not_exists":
            return op == "not_exists"
        case _:
            return _comparison(op, value)[1]


def _edge_test(rule: Attribute, moment: Moment) -> Callable[[Any], ir.BooleanValue]:
    """Of the time of somebody's first or last row."""
    positive, negated = _positive(rule.op)

    def test(at: ir.IntegerValue) -> ir.BooleanValue:
        holds = at.notnull() & _time_test(at, rule, positive, moment)
        return ~holds if negated else holds

    return test


def _last_active(rule: Attribute, moment: Moment) -> Aggregate:
    """The time of the newest activity that is the customer's own, compared."""
    until_now = bounds(None, moment)

    def keep(rows: ir.Table) -> ir.BooleanValue:
        return inside(rows.at_ms, until_now) & own(rows)

    def measure(rows: ir.Table, where: ir.BooleanValue | None) -> ir.NumericScalar:
        return rows.at_ms.max(where=where)

    return Aggregate("customers_activity", keep, measure, _edge_test(rule, moment), rule.window, zero=_positive(rule.op)[1])


def _attribute(rule: Attribute, tables: Tables, moment: Moment) -> Test:
    positive, negated = _positive(rule.op)
    timed = rule.op in ("within", "not_within", "anniversary_within_days", "held_at_least", "held_less_than")
    if number := rules.trait_of(rule.field):
        return _trait(number, rule, positive, negated, tables, moment)
    if rule.field.startswith("custom:"):
        attributes = tables["customers_attribute"]
        mine = attributes.filter(attributes.path == normalise_path(rule.field[7:]))
        found = mine.filter(_custom_test(mine, rule, positive, moment)).customer_id
        return Test((lambda b: ~b.customer_id.isin(found)) if negated else (lambda b: b.customer_id.isin(found)), timed)
    if rule.field in STANDING_FIELDS:
        standing = tables["segments_standing"]
        known = standing.filter(standing[rule.field].notnull())
        chosen = known.filter(value_test(known[rule.field], positive, rule.value)).customer_id
        return Test((lambda b: ~b.customer_id.isin(chosen)) if negated else (lambda b: b.customer_id.isin(chosen)))
    if rule.field in rules.TIME_FIELDS:
        holds: Callable[[ir.Table], ir.BooleanValue] = lambda base: _time_test(base[f"{rule.field}_ms"], rule, positive, moment)  # noqa: E731
    else:
        holds = lambda base: value_test(base[rule.field], positive, rule.value)  # noqa: E731
    return Test((lambda b: ~holds(b).fill_null(False)) if negated else (lambda b: holds(b).fill_null(False)), timed)


def _trait(number: int, rule: Attribute, op: str, negated: bool, tables: Tables, moment: Moment) -> Test:
    """The value of a trait as last computed; somebody who has none has the default that was computed with it, if there is one."""
    values, defaults = tables[TRAIT_VALUES], tables[TRAIT_DEFAULTS]
    known, default = values.filter(values.trait_id == number), defaults.filter(defaults.trait_id == number)
    passing, is_default = known.filter(_trait_test(known, rule, op, moment)), default.filter(_trait_test(default, rule, op, moment))

    def holds(base: ir.Table) -> ir.BooleanValue:
        unknown = ~base.customer_id.isin(known.customer_id) & ibis.literal(number, "int64").isin(is_default.trait_id)
        return base.customer_id.isin(passing.customer_id) | unknown

    return Test((lambda base: ~holds(base)) if negated else holds, op in ("within", "anniversary_within_days"))


def _trait_test(rows: ir.Table, rule: Attribute, op: str, moment: Moment) -> ir.BooleanValue:
    if op == "exists":
        return rows.trait_id.notnull()
    given = rule.value[0] if isinstance(rule.value, list) else rule.value
    if isinstance(given, bool):
        return (rows.number == int(given)).fill_null(False)
    if op in ("within", "before", "after", "anniversary_within_days") or (op == "between" and isinstance(given, str)):
        return rows.time_ms.notnull() & _time_test(rows.time_ms, rule, op, moment)
    return value_test(rows.text if isinstance(given, str) else rows.number, op, rule.value).fill_null(False)


def _custom_test(mine: ir.Table, rule: Attribute, op: str, moment: Moment) -> ir.BooleanValue:
    if op in ("held_at_least", "held_less_than"):
        long_enough = mine.held_since_ms <= moment.instant - (rule.seconds or 0) * 1000
        return (mine.text == _bare(rule.value)) & (long_enough if op == "held_at_least" else ~long_enough)
    if op in ("within", "before", "after", "anniversary_within_days"):
        return mine.time_ms.notnull() & _time_test(mine.time_ms, rule, op, moment)
    return value_test(mine, op, rule.value, tall=True)


def _time_test(at: ir.IntegerValue, rule: Attribute, op: str, moment: Moment) -> ir.BooleanValue:
    if op == "exists":
        return at.notnull()
    if op == "within":
        return inside(at, bounds(rule.window, moment))
    if op == "anniversary_within_days":
        return _anniversary(at, int(rule.value), moment)  # type: ignore[arg-type]
    if op == "between":
        low, high = (instant_ms(str(item), moment.calendar) for item in rule.value)  # type: ignore[union-attr]
        return (at >= low) & (at < high + DAY_MS)
    edge = instant_ms(str(rule.value), moment.calendar)
    return at < edge if op == "before" else at >= edge


def _anniversary(at: ir.IntegerValue, days: int, moment: Moment) -> ir.BooleanValue:
    """Month and day among those of the coming days, by integer arithmetic on days since 0000-03-01 (no engine's calendar)."""
    in_era = (at // DAY_MS + 719468) % 146097
    year = (in_era - in_era // 1460 + in_era // 36524 - in_era // 146096) // 365
    in_year = in_era - (year * 365 + year // 4 - year // 100)
    from_march = (in_year * 5 + 2) // 153
    day = in_year - (from_march * 153 + 2) // 5 + 1
    month = (from_march < 10).ifelse(from_march + 3, from_march - 9)
    wanted = [m * 100 + d for m in range(1, 13) for d in range(1, 32) if is_anniversary((m, d), moment.today, min(days, 366))]
    return (month * 100 + day).cast("int64").isin(wanted)


def kept_activities(name: str, where: list[Where], tables: Tables, moment: Moment) -> ir.Table:
    """Activities of a name (a trailing * means any that begins so) until now, whose properties pass."""
    rows = tables["customers_activity"]
    return rows.filter(_everything([named(rows, name), inside(rows.at_ms, bounds(None, moment))] + [property_test(rows, tables, w) for w in where]))


def _last_event(rule: LastEvent, tables: Tables, moment: Moment) -> ir.Table:
    """Customers whose newest matching activity has the wanted properties; ties of time go to the larger key."""
    kept = kept_activities(rule.name, rule.where, tables, moment)
    newest = ibis.window(group_by="customer_id", order_by=[kept.at_ms.desc(), kept.event_key.desc()])
    placed = kept.mutate(place=ibis.row_number().over(newest))
    last = placed.filter(placed.place == 0)
    return last.filter([property_test(last, tables, where) for where in rule.has]).select("customer_id")


def _lifecycle(rule: Lifecycle, tables: Tables) -> Test:
    standing = tables["segments_standing"]
    staged = standing.filter(standing.stage != "prospect")
    chosen = standing.filter(standing.stage.isin(rule.stages)).customer_id
    if "prospect" in rule.stages:
        # Nobody needs a row to be a prospect: everyone who is in no other stage is one.
        return Test(lambda base: base.customer_id.isin(chosen) | ~base.customer_id.isin(staged.customer_id))
    return Test(lambda base: base.customer_id.isin(chosen))


def _quality(rule: Quality, tables: Tables) -> Test:
    """By the last judgement; whoever has none is not known yet."""
    row = tables["segments_quality"]
    score, called, cleared = (row.zombie, row.is_zombie, row.not_zombie) if rule.of == "zombie" else (row.deal_hunter, row.is_hunter, row.not_hunter)
    no = ((score < UNCLEAR_FROM).fill_null(False) | cleared) & ~called
    named = {"yes": called, "no": no, "not_known": ~no & ~called}
    wanted = set(rule.is_)
    if "not_known" in wanted:
        others = row.filter(reduce(lambda a, b: a | b, (holds for name, holds in named.items() if name not in wanted), ibis.literal(False)))
        return Test(lambda base: ~base.customer_id.isin(others.customer_id))
    chosen = row.filter(reduce(lambda a, b: a | b, (named[name] for name in sorted(wanted))))
    return Test(lambda base: base.customer_id.isin(chosen.customer_id))


def _positive(op: str) -> tuple[str, bool]:
    """A negative operator as the complement of a positive one: people without any value belong to the complement."""
    negative = {"is_not": "is", "not_in": "in", "not_exists": "exists", "not_within": "within"}
    return negative.get(op, op), op in negative


def _bare(value: Any) -> str:
    """A value as the text under which it is stored: 10 and "10" are one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def value_test(column: Any, op: str, value: Any, *, tall: bool = False) -> ir.BooleanValue:
    """Compare a column, or (tall) the text and number columns of a path's rows."""
    if tall:
        text, number = column.text, column.number
    else:
        is_text = isinstance(column, ir.StringValue)
        text, number = (column, column) if is_text else (column.cast("string"), column)
    numeric = not tall and not isinstance(column, ir.StringValue)
    match op:
        case "is":
            return number == value if numeric else text == _bare(value)
        case "in":
            return number.isin(value) if numeric else text.isin([_bare(item) for item in value])
        case "is_not" | "not_in" | "not_exists":
            return ~value_test(column, _positive(op)[0], value, tall=tall).fill_null(False)
        case "contains":
            return text.contains(str(value))
        case "starts_with":
            return text.startswith(str(value))
        case "exists":
            return text.notnull() & (text != "")
        case "between":
            return (number >= value[0]) & (number <= value[1])
        case "includes":
            # Lists are stored as compact JSON, in which an item that is text keeps its quotes.
            inner = ibis.literal(",") + text.substr(1, text.length() - 2) + ibis.literal(",")
            return text.startswith("[") & inner.contains(f",{msgspec.json.encode(value).decode()},")
        case _:
            return {">": number > value, ">=": number >= value, "<": number < value, "<=": number <= value}[op]
