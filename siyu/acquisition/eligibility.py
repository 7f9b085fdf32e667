"""Eligibility 领取资格: a rule of the language of segments, answered for the people who ask, at the moment they ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.segments import rules
from siyu.segments.evaluate import members
from siyu.segments.numbers import as_now
from siyu.segments.recompute import moment_of
from siyu.segments.rules import AllOf, Event, Rule, Window
from siyu.segments.segments import check_uses, rule_names
from siyu.segments.sentence import sentence
from siyu.segments.touched import narrowed


def stored(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """A rule as it is kept; one that is not valid is kept as it was written, for the editor."""
    try:
        return None if raw is None else rules.dump(rules.parse(raw))
    except InvalidError:
        return raw


def faults(tx: Connection, raw: dict[str, Any] | None) -> list[Fault]:
    """What is wrong with a rule, each with its path below `rule`."""
    if raw is None:
        return []
    try:
        parsed = rules.parse(raw)
    except InvalidError as error:
        return [Fault(f"rule.{fault.field}" if fault.field else "rule", fault.message) for fault in error.faults] or [Fault("rule", error.message)]
    return [Fault(f"rule.{fault.field}", fault.message) for fault in check_uses(tx, parsed, None)]


def whole(raw: dict[str, Any] | None, event: str, event_days: int | None) -> Rule | None:
    """The rule of an offer with what opens its scene; None when everybody may have it.

    Raises
    ------
    InvalidError
    """
    parts: list[Rule] = [] if raw is None else [rules.parse(raw)]
    if event:
        parts.append(Event(event, ">=", 1, Window(last=event_days) if event_days else None))
    return None if not parts else parts[0] if len(parts) == 1 else AllOf(parts)


def said(stores: Stores, tx: Connection, rule: Rule | None) -> Text:
    """The rule in words, for the console."""
    return Text("所有客户", "every customer") if rule is None else sentence(rule, rule_names(tx), stores.settings.currency)


def among(stores: Stores, rule: Rule | None, customer_ids: Sequence[int]) -> Ints:
    """Those of these people for whom the rule holds now, by the facts as they are published (a second behind at the most while the river runs)."""
    asked = np.unique(np.asarray(customer_ids, np.int64))
    if rule is None or not len(asked):
        return asked
    with stores.ledger.read() as tx:
        rule = as_now(tx, rule)
    moment = moment_of(stores, stores.now())
    with stores.warehouse.read() as session:
        people = session.keep("_claiming", pa.table({"customer_id": pa.array(asked, pa.int64())}))
        tables = narrowed(session, stores.warehouse.tables, people, [rule], moment)
        found: Ints = np.sort(session.query(members(rule, tables, moment))["customer_id"].to_numpy().astype(np.int64))
    return found[np.isin(found, asked)]
