"""Numbers 客户编号: lists of customers in rules, as they stand for people now."""

from __future__ import annotations

from sqlalchemy import Connection

from siyu.identity.current import current
from siyu.segments.rules import AllOf, AnyOf, Not, People, Rule, leaves


def as_now(tx: Connection, rule: Rule) -> Rule:
    """The rule with every number of a list replaced by that of whom it stands for since a merge; the rule itself without any."""
    listed = {each for leaf in leaves(rule) if isinstance(leaf, People) for each in leaf.customer_ids}
    now = current(tx, listed) if listed else {}
    return _renumbered(rule, now) if any(old != new for old, new in now.items()) else rule


def _renumbered(rule: Rule, now: dict[int, int]) -> Rule:
    match rule:
        case AllOf(of=parts):
            return AllOf([_renumbered(part, now) for part in parts])
        case AnyOf(of=parts):
            return AnyOf([_renumbered(part, now) for part in parts])
        case Not(of=part):
            return Not(_renumbered(part, now))
        case People(customer_ids=ids):
            return People(sorted({now[each] for each in ids}))
        case _:
            return rule
