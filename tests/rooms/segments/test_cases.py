"""The collected segment and property cases: every one through the whole river, by full recompute and by touched people.

Where Siyu differs from a source on purpose: a malformed path makes the definition invalid (DESIGN §9.2), instead of being
dropped from the filter (seg-069) or silently absent.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from siyu.app import flow
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.segments import rules, traits
from siyu.segments.recompute import moment_of, recompute
from siyu.segments.refresh import refresh
from siyu.segments.segments import change_segment, create_segment
from siyu.segments.traits_values import values
from tests.conftest import SetClock
from tests.makers.people import customers_by_user, record

ZERO = datetime(2026, 1, 1, 12, tzinfo=UTC)
_OPS = {"eq": "is", "ne": "is_not", "gte": ">=", "lt": "<", "exists": "exists", "not_exists": "not_exists"}


def _cases(kind: str) -> list[Any]:
    file = Path(__file__).parents[4] / "shared" / "reference" / "segment_journey_cases.jsonl"
    if not file.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{file.name} is not beside the repository"))]
    cases = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(c, id=c["id"]) for c in cases if c["kind"] == kind and "steps" in c]


def translate(node: dict[str, Any]) -> dict[str, Any]:
    """A case's neutral expression in Siyu's rule language."""
    if "and" in node or "or" in node:
        word = "and" if "and" in node else "or"
        return {"kind": "all" if word == "and" else "any", "of": [translate(child) for child in node[word]]}
    if node.get("everyone"):
        return {"kind": "everyone"}
    if "trait" in node:
        return _trait(node)
    if "trait_includes" in node:
        return {"kind": "attribute", "field": f"custom:{node['trait_includes']}", "op": "includes", "value": node["item"]}
    if "performed" in node:
        window = {"window": {"last": node["within_s"], "unit": "second"}} if "within_s" in node else {}
        return {"kind": "event", "name": node["performed"], "op": node["count_op"], "count": node["count"], **window, **_wheres(node, "where")}
    if "last_event" in node:
        return {"kind": "last_event", "name": node["last_event"], **_wheres(node, "where"), **_wheres(node, "has")}
    if "message_event" in node:
        where = [{"path": "template", "op": "is", "value": node["template"]}]
        return {"kind": "event", "name": node["message_event"], "op": node["count_op"], "count": node["count"], "where": where}
    raise AssertionError(f"a case of a new shape: {node}")


def _trait(node: dict[str, Any]) -> dict[str, Any]:
    leaf: dict[str, Any] = {"kind": "attribute", "field": f"custom:{node['trait']}"}
    match node["op"]:
        case "within":
            return {**leaf, "op": "within", "window": {"last": node["seconds"], "unit": "second"}}
        case "abs":
            return {**leaf, "op": node["direction"], "value": node["at"]}
        case "has_been":
            return {**leaf, "op": "held_at_least" if node["cmp"] == ">=" else "held_less_than", "value": node["value"], "seconds": node["seconds"]}
        case op:
            return {**leaf, "op": _OPS[op], **({"value": node["value"]} if "value" in node else {})}


def _wheres(node: dict[str, Any], name: str) -> dict[str, Any]:
    made = [{"path": w["path"], "op": _OPS[w["op"]], **({"value": w["value"]} if "value" in w else {})} for w in node.get(name) or []]
    return {name: made} if made else {}


def _messages(events: list[dict[str, Any]], step: int) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for number, event in enumerate(events):
        base = {"user": event.get("user") or event["anonymous"], "at_ms": _ms(event["t_ms"]), "id": f"{step}-{number}"}
        if event["type"] == "identify":
            made.append({**base, "traits": event.get("traits") or {}})
        elif event["type"] in ("track", "message_event"):
            properties = dict(event.get("properties") or {}) | ({"template": event["template"]} if "template" in event else {})
            made.append({**base, "event": event["event"], "properties": properties})
    return made


def _ms(offset: int) -> int:
    return int(ZERO.timestamp() * 1000) + offset


class _Run:
    """One case played through the product."""

    def __init__(self, stores: Stores, clock: SetClock, compute: Callable[[Stores], None]) -> None:
        self.stores, self.clock, self.compute = stores, clock, compute
        self.segments: dict[str, int] = {}
        self.invalid: set[str] = set()
        self.properties: dict[str, Any] = {}
        self.users: set[str] = set()

    def define(self, segments: dict[str, Any]) -> None:
        for name, node in segments.items():
            try:
                self._define(name, translate(node))
            except InvalidError:
                self.invalid.add(name)

    def _define(self, name: str, rule: dict[str, Any]) -> None:
        now = self.stores.now()
        with self.stores.ledger.begin() as tx:
            if name in self.segments:
                change_segment(tx, self.segments[name], name=name, description=None, rule=rule, expected_version=None, by=None, now=now)
            else:
                self.segments[name] = create_segment(tx, name=name, description=None, rule=rule, by=None, now=now).id

    def step(self, number: int, step: dict[str, Any]) -> None:
        self.clock.at = ZERO + timedelta(milliseconds=step["at_ms"])
        messages = _messages(step.get("events") or [], number)
        if "repeat" in step:
            messages = [{"user": f"user-{i}", "at_ms": _ms(step["template_event"]["t_ms"]), "id": f"{number}-{i}", "traits": {}} for i in range(step["repeat"])]
        self.users |= {message["user"] for message in messages}
        if messages:
            record(self.stores, messages, f"step {number}")
        self.define(step.get("redefine_segments") or {})
        self.properties |= step.get("redefine_properties") or {}
        if step.get("compute"):
            self.compute(self.stores)
        people = customers_by_user(self.stores, sorted(self.users))
        for user, expected in (step.get("expect") or {}).items():
            self._expect(user, people.get(user), expected)
        if "expect_known_users" in step:
            assert self._count("customers_profile") == step["expect_known_users"]

    def _expect(self, user: str, customer: int | None, expected: dict[str, Any]) -> None:
        for name, member in (expected.get("in") or {}).items():
            assert self._is_member(name, customer) == member, (user, name, member)
        if "properties" in expected:
            found = self._properties(customer, user)
            wanted = {k: v for k, v in expected["properties"].items() if k != "id" or k in self.properties}
            assert {k: v for k, v in found.items() if k in wanted or k not in ("id", "anonymousId")} == wanted, user

    def _is_member(self, name: str, customer: int | None) -> bool:
        if name in self.invalid or name not in self.segments:
            return False
        member = self.stores.warehouse.tables["segments_member"]
        chosen = member.filter((member.segment_id == self.segments[name]) & (member.customer_id == (customer or 0)) & member.entered)
        with self.stores.warehouse.read() as session:
            return bool(session.scalar(chosen.count()))

    def _count(self, fact: str) -> int:
        with self.stores.warehouse.read() as session:
            return int(session.scalar(self.stores.warehouse.tables[fact].count()))

    def _properties(self, customer: int | None, user: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        moment = moment_of(self.stores, self.stores.now())
        for name, node in self.properties.items():
            if node["kind"] in ("user_id", "anonymous_id"):
                found[name] = user
            elif not node.get("frozen"):
                try:
                    trait = traits.parse(_trait_definition(node))
                except InvalidError:
                    continue
                measured = values(trait, self.stores.warehouse.tables, moment)
                with self.stores.warehouse.read() as session:
                    measured.plan.run(session)
                    table = measured.rows
                    for row in session.query(table.filter(table.customer_id == (customer or 0))).to_pylist():
                        text = row["text"]
                        found[name] = json.loads(text) if text[:1] in "{[" else text
        return found


def _trait_definition(node: dict[str, Any]) -> dict[str, Any]:
    match node["kind"]:
        case "trait":
            return {"of": "attribute", "measure": "last", "name": node["path"]}
        case "any_of":
            parts = [_trait_definition(child) for child in node["of"]]
            return {"of": "first_known", "parts": [part for each in parts for part in each.get("parts", [each])]}
        case "last_event_property":
            return {"of": "activity", "measure": "last", "name": node["event"], "property": node["path"], **_wheres(node, "where")}
    raise AssertionError(f"a case of a new shape: {node}")


def _by_recompute(stores: Stores) -> None:
    recompute(stores, flow)


def _by_touched(stores: Stores) -> None:
    """Only touched people, after a first full computation of each definition."""
    with stores.ledger.read() as tx:
        from siyu.segments.segments import list_segments

        fresh = [segment.id for segment in list_segments(tx) if segment.computed_version != segment.rule_version]
    if fresh:
        recompute(stores, flow)
    else:
        refresh(stores, flow)


@pytest.mark.parametrize("compute", [_by_recompute, _by_touched])
@pytest.mark.parametrize("case", _cases("segment"))
def test_segment_case(case: dict[str, Any], compute: Callable[[Stores], None], stores: Stores, clock: SetClock) -> None:
    run = _Run(stores, clock, compute)
    clock.at = ZERO
    run.define(case.get("segments") or {})
    for number, step in enumerate(case["steps"]):
        run.step(number, step)
    if case["id"] == "seg-069":
        assert run.invalid == {"withMalformed"}


@pytest.mark.parametrize("case", _cases("property"))
def test_property_case(case: dict[str, Any], stores: Stores, clock: SetClock) -> None:
    run = _Run(stores, clock, lambda stores: None)
    run.properties = dict(case.get("properties") or {})
    for number, step in enumerate(case["steps"]):
        run.step(number, step)


def test_each_case_translates_to_a_rule_that_reads_back_as_it_was_written() -> None:
    for case in (param.values[0] for param in _cases("segment")):
        for node in ((case or {}).get("segments") or {}).values():
            rule = translate(node)
            if "!" not in json.dumps(rule):
                assert rules.parse(rules.dump(rules.parse(rule))) == rules.parse(rule)
