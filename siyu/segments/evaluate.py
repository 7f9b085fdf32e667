"""Evaluate 求值: rules become sets of customers. One definition answers for the whole base and for the people touched.

`members` answers one rule, as few scans as a person would write by hand. `verdicts` answers many rules at once: the rows
of each fact are read once for all conditions on it, and equal conditions are computed once. Both take the tables to
read from, so the touched set is the same expression over those people's rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import ibis
import ibis.expr.types as ir

from siyu.foundation.warehouse.facts import Tables
from siyu.segments.leaves import Aggregate, Leaf, Test, Total, leaf_of, order_totals
from siyu.segments.rules import AllOf, AnyOf, Not, People, Rule, leaves, rule_key
from siyu.segments.windows import Moment


def members(rule: Rule, tables: Tables, moment: Moment) -> ir.Table:
    """The customers for whom a rule holds: one row a customer, column customer_id."""
    parts = rule.of if isinstance(rule, AllOf) else [rule]
    inside: list[tuple[ir.Table, bool]] = []
    outside: list[ir.Table] = []
    rest: list[Rule] = []
    for part in parts:
        negated = isinstance(part, Not)
        leaf = _plain_leaf(part.of if isinstance(part, Not) else part, tables, moment)
        if leaf is None:
            rest.append(part)
        elif leaf.zero == negated:
            inside.append((_passing(leaf, tables, moment, complement=leaf.zero), _names_once(leaf)))
        else:
            outside.append(_passing(leaf, tables, moment, complement=leaf.zero))
    found = _rest(rest, tables, moment) if rest else _first(inside) if inside else _base(tables)
    for chosen, _ in inside[0 if rest else 1 :]:
        found = found.semi_join(chosen, "customer_id")
    for chosen in outside:
        found = found.anti_join(chosen, "customer_id")
    return found.select("customer_id")


def verdicts(rules: Mapping[str, Rule], tables: Tables, moment: Moment) -> ir.Table:
    """One row a customer: customer_id and a boolean column for each rule."""
    wide, verdict = _wide(list(rules.values()), tables, moment)
    return wide.select("customer_id", **{name: verdict(rule) for name, rule in rules.items()})


def leaf_values(rule: Rule, tables: Tables, moment: Moment) -> ir.Table:
    """For explaining: customer_id, for each leaf `v<i>` (whether it holds) and, where it counts something, `n<i>`."""
    wide, verdict = _wide([rule], tables, moment)
    columns: dict[str, ir.Value] = {}
    for number, leaf_rule in enumerate(leaves(rule)):
        columns[f"v{number}"] = verdict(leaf_rule)
        name = _column(leaf_rule)
        if name in wide.columns:
            columns[f"n{number}"] = wide[name]
    return wide.select("customer_id", **columns)


def names_many(rule: Rule) -> bool:
    """Whether a rule lists so many people that its expression is not worth keeping."""
    return sum(len(leaf.customer_ids) for leaf in leaves(rule) if isinstance(leaf, People)) > 1000


def _base(tables: Tables) -> ir.Table:
    return tables["customers_profile"]


def _plain_leaf(rule: Rule, tables: Tables, moment: Moment) -> Aggregate | Total | None:
    if isinstance(rule, AllOf | AnyOf | Not):
        return None
    leaf = leaf_of(rule, tables, moment)
    return leaf if isinstance(leaf, Aggregate | Total) else None


def _passing(leaf: Aggregate | Total, tables: Tables, moment: Moment, *, complement: bool) -> ir.Table:
    """Customers with rows who pass the test, or (complement) who do not: the ones a table of rows can name."""
    if isinstance(leaf, Total):
        buyer = order_totals(tables, moment)
        passes = leaf.test(leaf.number(buyer)).fill_null(False)
        return buyer.filter(~passes if complement else passes).select("customer_id")
    rows = tables[leaf.source]
    kept = rows.filter(leaf.keep(rows))
    if leaf.exists and not complement:
        return kept.select("customer_id")
    counted = _regrouped(kept, leaf)
    numbers = counted.group_by("customer_id").agg(n=leaf.measure(counted, None))
    holds = leaf.test(numbers.n).fill_null(False)
    return numbers.filter(~holds if complement else holds).select("customer_id")


def _names_once(leaf: Aggregate | Total) -> bool:
    """Whether `_passing` has one row a customer; where it only asks for a row at all, it has one a row."""
    return isinstance(leaf, Total) or not leaf.exists or leaf.zero


def _first(inside: list[tuple[ir.Table, bool]]) -> ir.Table:
    chosen, once = inside[0]
    return chosen if once else chosen.distinct()


def _regrouped(rows: ir.Table, leaf: Aggregate) -> ir.Table:
    if leaf.regroup is None:
        return rows
    return rows.group_by("customer_id", leaf.regroup).agg(amount_fen=rows.amount_fen.sum(), quantity=rows.quantity.sum())


def _rest(parts: list[Rule], tables: Tables, moment: Moment) -> ir.Table:
    wide, verdict = _wide(parts, tables, moment)
    return wide.filter([verdict(part) for part in parts])


def _wide(rules: list[Rule], tables: Tables, moment: Moment) -> tuple[ir.Table, Verdict]:
    """The base with one number for every aggregate condition, and how to read a rule's verdict from it."""
    features: dict[str, Leaf] = {}
    for rule in rules:
        for leaf_rule in leaves(rule):
            features.setdefault(rule_key(leaf_rule), leaf_of(leaf_rule, tables, moment))
    wide = _base(tables)
    for names in _scans(features):
        chosen = {name: leaf for name in names if isinstance(leaf := features[name], Aggregate)}
        wide = wide.left_join(_numbers(chosen, tables), "customer_id").drop("customer_id_right")
    if totals := {name: leaf for name, leaf in features.items() if isinstance(leaf, Total)}:
        buyer = order_totals(tables, moment)
        numbers = buyer.select("customer_id", **{_name(key): leaf.number(buyer) for key, leaf in totals.items()})
        wide = wide.left_join(numbers, "customer_id").drop("customer_id_right")
    return wide, Verdict(wide, features)


def _scans(features: Mapping[str, Leaf]) -> list[list[str]]:
    """Which conditions are computed in one scan: all of a fact, but those that must stand alone have their own."""
    scans: dict[str, list[str]] = {}
    for name, leaf in features.items():
        if isinstance(leaf, Aggregate):
            scans.setdefault(name if leaf.alone or leaf.regroup else leaf.source, []).append(name)
    return list(scans.values())


def _numbers(chosen: Mapping[str, Aggregate], tables: Tables) -> ir.Table:
    first = next(iter(chosen.values()))
    rows = tables[first.source]
    if len(chosen) == 1:
        kept = _regrouped(rows.filter(first.keep(rows)), first)
        return kept.group_by("customer_id").agg(**{_name(next(iter(chosen))): first.measure(kept, None)})
    kept = rows.filter(reduce(lambda a, b: a | b, (leaf.keep(rows) for leaf in chosen.values())))
    return kept.group_by("customer_id").agg(**{_name(key): leaf.measure(kept, leaf.keep(kept)) for key, leaf in chosen.items()})


def _column(rule: Rule) -> str:
    return _name(rule_key(rule))


def _name(key: str) -> str:
    return f"n_{key[:12]}"


class Verdict:
    """Reads whether a rule holds from a row of the wide table; never null."""

    def __init__(self, wide: ir.Table, features: Mapping[str, Leaf]) -> None:
        self._wide, self._features = wide, features

    def __call__(self, rule: Rule) -> ir.BooleanValue:
        if isinstance(rule, AllOf):
            return reduce(lambda a, b: a & b, map(self, rule.of))
        if isinstance(rule, AnyOf):
            return reduce(lambda a, b: a | b, map(self, rule.of))
        if isinstance(rule, Not):
            return ~self(rule.of)
        leaf = self._features[rule_key(rule)]
        if isinstance(leaf, Test):
            return leaf.holds(self._wide)
        number = self._wide[_column(rule)]
        # A customer without rows has no number: `zero` says what that means.
        return number.isnull().ifelse(ibis.literal(leaf.zero), leaf.test(number).fill_null(False))
