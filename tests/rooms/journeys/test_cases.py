"""The collected journey cases, played through the whole river: events, segments, entries, steps, by the clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from siyu.foundation.stores import Stores
from siyu.journeys import journeys
from siyu.segments.segments import create_segment
from tests.conftest import SetClock
from tests.makers.journeys import create, drawn, left, pass_until, publish, settle, states_of
from tests.makers.people import customers_by_user, record
from tests.rooms.segments.test_cases import translate

ZERO = datetime(2026, 1, 1, 12, tzinfo=UTC)
_OPS = {"eq": "is", "ne": "is_not", "gte": ">="}


def _cases() -> list[Any]:
    file = Path(__file__).parents[4] / "shared" / "reference" / "segment_journey_cases.jsonl"
    if not file.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{file.name} is not beside the repository"))]
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(case, id=case["id"]) for case in found if case["kind"] == "journey" and "steps" in case]


class _Play:
    """One case: a message node is a tag, and what was sent is how often somebody left it."""

    def __init__(self, stores: Stores, clock: SetClock, case: dict[str, Any]) -> None:
        self.stores, self.clock, self.case = stores, clock, case
        journey = case["journey"]
        self.nodes: dict[str, tuple[str, dict[str, Any], dict[str, str | None]]] = {}
        for node, one in journey["nodes"].items():
            self.nodes[node] = self._node(one)
        self.messages = {node: one["message"] for node, one in journey["nodes"].items() if "message" in one}
        reentry = {"rule": "after_end" if journey.get("can_run_multiple") else "once"}
        made = create(stores, drawn(self._entry(journey["entry"]), self.nodes, journey["start"], reentry=reentry))
        self.journey, self.users = made.id, set[str]()
        if journey.get("status", "running") == "running":
            publish(stores, made.id)

    def _segment(self, rule: dict[str, Any]) -> int:
        with self.stores.ledger.begin() as tx:
            return create_segment(tx, name=f"s{len(self.nodes)} {json.dumps(rule)}"[:60], description=None, rule=translate(rule), by=None, now=self.stores.now()).id

    def _entry(self, entry: dict[str, Any]) -> dict[str, Any]:
        if "segment" in entry:
            return {"kind": "segment", "segment": self._segment(entry["segment"]), "again": entry.get("reenter_while_member", False)}
        return {"kind": "event", "name": entry["event"], "key": entry.get("key", ""), "where": _where(entry.get("where"))}

    def _node(self, one: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, str | None]]:
        if "message" in one:
            return "tag", {"add": [one["message"]]}, {"next": one["next"]}
        if "delay" in one:
            return "wait", {"seconds": one["delay"]["seconds"]}, {"next": one["next"]}
        if "wait_for" in one:
            awaited = one["wait_for"]
            what = {"segment": self._segment(awaited["segment"])} if "segment" in awaited else {"event": awaited["run_event"], "where": _where(awaited.get("where"))}
            return "wait_until", {**what, "timeout": {"seconds": one["timeout_s"]}}, {"happened": one["then"], "timeout": one["on_timeout"]}
        pytest.skip("its step is tried with the step's own tests")

    def events(self, events: list[dict[str, Any]], number: int) -> None:
        for place, event in enumerate(events):
            at = ZERO + timedelta(seconds=event["t_s"])
            pass_until(self.stores, self.clock, at)
            message = {"user": event["user"], "at_ms": int(at.timestamp() * 1000), "id": event.get("message_id") or f"{number}-{place}"}
            said = {"traits": event["traits"]} if event["type"] == "identify" else {"event": event["event"], "properties": event["properties"]}
            record(self.stores, [{**message, **said}], f"{number} {place}")
            self.users.add(event["user"])
            settle(self.stores, self.clock)

    def step(self, number: int, step: dict[str, Any]) -> None:
        self.events(step.get("events") or [], number)
        if "at_s" in step:
            pass_until(self.stores, self.clock, ZERO + timedelta(seconds=step["at_s"]))
        if step.get("set_status") == "running":
            self._run()
        elif step.get("set_status") == "paused":
            with self.stores.ledger.begin() as tx:
                journeys.pause(tx, self.journey, by="test", now=self.stores.now())
        for user, expected in (step.get("expect_sent") or {}).items():
            assert self._sent(user) == expected, (step, user)
        if "expect_active_runs" in step:
            assert sum(state == 0 for state in states_of(self.stores, self.journey).values()) == step["expect_active_runs"]

    def _run(self) -> None:
        with self.stores.ledger.read() as tx:
            status = journeys.find(tx, self.journey).status
        if status == "draft":
            publish(self.stores, self.journey)
        else:
            with self.stores.ledger.begin() as tx:
                journeys.resume(tx, self.journey, by="test", now=self.stores.now())
        settle(self.stores, self.clock)

    def _sent(self, user: str) -> dict[str, int]:
        customer = customers_by_user(self.stores, [user]).get(user)
        found: dict[str, int] = {}
        for (who, node, _), count in left(self.stores, self.journey).items():
            if who == customer and node in self.messages:
                found[self.messages[node]] = found.get(self.messages[node], 0) + count
        return found


def _where(given: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [{"path": one["path"], "op": _OPS[one["op"]], "value": one["value"]} for one in given or []]


@pytest.mark.parametrize("case", _cases())
def test_journey_case(case: dict[str, Any], stores: Stores, clock: SetClock) -> None:
    clock.at = ZERO
    play = _Play(stores, clock, case)
    for number, step in enumerate(case["steps"]):
        play.step(number, step)
