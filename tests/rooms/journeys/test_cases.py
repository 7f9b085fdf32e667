"""The collected journey cases, played through the whole river: events, segments, entries, steps, by the clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siyu.foundation.stores import Stores
from siyu.journeys import journeys
from siyu.journeys.steps.step import Context
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
        if "delay" in one and "seconds" not in one["delay"]:
            told = one["delay"]
            sources = told.get("until_any_of") or [{"run_event_property": told["until_run_event_property"]}]
            of = [{"field": f"custom:{each['trait']}"} if "trait" in each else {"property": each["run_event_property"]} for each in sources]
            return "until_date", {"of": of, "hours": told.get("offset_s", 0) / 3600, "at": None}, {"next": one["next"], "unknown": one["next"]}
        if "split" in one:
            asked = one["split"]
            held = {"kind": "segment", "segment": self._segment(asked["segment"])} if "segment" in asked else {"kind": "event", "name": asked["run_event"], "where": _where(asked.get("where"))}
            return "branch", {"ways": [{"edge": "yes", "when": [held]}], "otherwise": "no"}, {"yes": one["yes"], "no": one["no"]}
        if "random" in one:
            ways = {f"w{place}": branch for place, branch in enumerate(one["random"])}
            return "split", {"ways": [{"edge": edge, "percent": branch["percent"]} for edge, branch in ways.items()]}, {edge: branch["next"] for edge, branch in ways.items()}
        if "delay" in one:
            return "wait", {"seconds": one["delay"]["seconds"]}, {"next": one["next"]}
        if "wait_for" in one:
            awaited = one["wait_for"]
            what = {"segment": self._segment(awaited["segment"])} if "segment" in awaited else {"event": awaited["run_event"], "where": _where(awaited.get("where"))}
            return "wait_until", {**what, "timeout": {"seconds": one["timeout_s"]}}, {"happened": one["then"], "timeout": one["on_timeout"]}
        raise AssertionError(f"a case of a new shape: {one}")

    def events(self, events: list[dict[str, Any]], number: int) -> None:
        for place, event in enumerate(events):
            at = ZERO + timedelta(seconds=event["t_s"])
            pass_until(self.stores, self.clock, at)
            message = {"user": event["user"], "at_ms": int(at.timestamp() * 1000), "id": event.get("message_id") or f"{number}-{place}"}
            said = {"traits": _traits(event["traits"])} if event["type"] == "identify" else {"event": event["event"], "properties": event["properties"]}
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


def _traits(given: dict[str, Any]) -> dict[str, Any]:
    """An instant of a case, in seconds from its beginning, is one of the calendar here."""
    return {name: (ZERO + timedelta(seconds=value)).isoformat() if name.endswith("_s") else value for name, value in given.items()}


def _where(given: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [{"path": one["path"], "op": _OPS[one["op"]], "value": one["value"]} for one in given or []]


@pytest.mark.parametrize("case", _cases())
def test_journey_case(case: dict[str, Any], stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    clock.at = ZERO
    if case.get("draw") is not None:
        monkeypatch.setattr(Context, "draw", lambda ctx, label, ids: np.full(len(ids), case["draw"]))
    play = _Play(stores, clock, case)
    for number, step in enumerate(case["steps"]):
        play.step(number, step)
