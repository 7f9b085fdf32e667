"""One person at a time: what a journey is, played the plainest way, to hold the set-based runner against.

It knows waits, waits until an event or a time-out, tags and ends; entry by an event; rules of re-entry; exit rules and a goal.
Everything happens at an instant: first what is heard, in the order of the events, then whoever is due moves on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Run:
    """One run. `path`: (node, edge, instant) of each step that was left."""

    person: str
    key: str
    began_by: str
    number: int
    version: int
    entered: int
    node: str
    arrived: int
    due: int | None
    is_fresh: bool = True
    is_woken: bool = False
    state: str = "on_the_way"
    code: str | None = None
    goal: int | None = None
    path: list[tuple[str, str, int]] = field(default_factory=list)
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@dataclass
class World:
    """All runs of one journey. `versions`: number → definition as plain data."""

    versions: dict[int, dict[str, Any]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    started: int = 0
    is_paused: bool = False
    used: set[str] = field(default_factory=set)
    into: dict[str, str] = field(default_factory=dict)

    @property
    def latest(self) -> int:
        return max(self.versions)

    def who(self, user: str) -> str:
        while user in self.into:
            user = self.into[user]
        return user

    # -- what is heard

    def hear(self, person: str, event: dict[str, Any], now: int) -> None:
        """One event: {id, name, at, properties}."""
        for run in self.runs:
            if run.person == person and event["at"] >= run.entered and event["id"] != run.began_by and run.key == self._key(run.version, event):
                self._hear(run, event, now)
        entry = self.versions[self.latest]["entry"]
        is_fresh = event["at"] >= max(now - 3 * 86_400_000, self.started)
        if event["name"] == entry["name"] and not self.is_paused and event["id"] not in self.used and is_fresh:
            self._enter(person, event, now)

    def _key(self, version: int, event: dict[str, Any]) -> str:
        path = self.versions[version]["entry"].get("key")
        return str(event["properties"].get(path, "")) if path else ""

    def _hear(self, run: Run, event: dict[str, Any], now: int) -> None:
        definition = self.versions[run.version]
        goal = definition.get("goal")
        is_goal = goal is not None and run.goal is None and event["name"] == goal["event"] and event["at"] <= run.entered + goal["days"] * 86_400_000
        if is_goal:
            run.goal = event["at"]
        if run.state != "on_the_way":
            return
        if event["name"] in remembered(definition):
            run.heard.append((event["name"], event["properties"]))
        node = definition["nodes"][run.node]
        if node["step"] == "wait_until" and not run.is_fresh and _passes(node["with"], event["name"], event["properties"]):
            run.is_woken, run.due = True, now
        if is_goal and goal["ends"]:
            run.state, run.code, run.due = "goal", "goal", None
            return
        for rule in definition.get("exit", ()):
            if rule["event"] == event["name"]:
                run.state, run.code, run.due = "exited", f"event:{event['name']}", None
                return

    def _enter(self, person: str, event: dict[str, Any], now: int) -> None:
        definition = self.versions[self.latest]
        rule, key = definition["reentry"], self._key(self.latest, event)
        mine = [run for run in self.runs if run.person == person]
        if mine and mine[-1].state == "removed":
            return
        before = [run for run in mine if run.key == key]
        if before:
            if rule["rule"] == "once" or (rule["rule"] == "after_end" and any(run.state == "on_the_way" for run in before)):
                return
            if rule.get("at_most") is not None and len(before) >= rule["at_most"]:
                return
        self.used.add(event["id"])
        number = max((run.number for run in before), default=0) + 1
        new = Run(person, key, event["id"], number, self.latest, min(event["at"], now), definition["start"], now, now)
        self.runs.append(new)

    # -- who moves

    def tick(self, now: int) -> int:
        moved = 0
        if not self.is_paused:
            for run in self.runs:
                if run.state == "on_the_way" and run.due is not None and run.due <= now:
                    self._move(run, now)
                    moved += 1
        return moved

    def _move(self, run: Run, now: int) -> None:
        nodes, seen = self.versions[run.version]["nodes"], set[str]()
        while True:
            node = nodes[run.node]
            if run.node in seen:
                # A loop whose wait is over at once goes round once a tick.
                run.is_fresh, run.is_woken, run.due = True, False, now + 1
                return
            seen.add(run.node)
            edge, due = _decide(node, run, now)
            if edge is None:
                run.is_fresh, run.is_woken, run.due = False, False, due
                return
            run.path.append((run.node, edge, now))
            after = node["to"].get(edge)
            if after is None:
                run.state, run.due = "completed", None
                return
            run.node, run.arrived, run.is_fresh, run.is_woken = after, now, True, False

    # -- what is done to it

    def publish(self, number: int, definition: dict[str, Any], mapping: dict[str, str | None] | None, now: int) -> None:
        before = dict(self.versions)
        self.versions[number] = definition
        for run in self.runs if mapping is not None else ():
            if run.state != "on_the_way" or mapping is None:
                continue
            after, old = mapping[run.node], before[run.version]["nodes"][run.node]
            if after is None:
                run.state, run.code, run.due = "stopped", "version", None
                continue
            new = definition["nodes"][after]
            if after != run.node or old["step"] != new["step"]:
                run.arrived, run.due, run.is_fresh, run.is_woken = now, now, True, False
            elif old["with"] != new["with"]:
                run.due = now
            run.version, run.node = number, after

    def merge(self, goes: str, stays: str) -> None:
        """Of two runs of one person the earlier goes on, unless each event starts a run of its own."""
        self.into[goes] = stays
        for run in self.runs:
            run.person = stays if run.person == goes else run.person
        firsts: dict[str, Run] = {}
        for run in sorted((run for run in self.runs if run.person == stays and run.state == "on_the_way"), key=lambda run: run.entered):
            first = firsts.setdefault(run.key, run)
            if first is not run and self.versions[first.version]["reentry"]["rule"] != "always":
                run.state, run.code, run.due = "stopped", "merged", None

    def take_out(self, person: str) -> None:
        for run in self.runs:
            if run.person == person and run.state == "on_the_way":
                run.state, run.code, run.due = "removed", "by_hand", None


def remembered(definition: dict[str, Any]) -> set[str]:
    return {node["with"]["event"] for node in definition["nodes"].values() if node["step"] == "wait_until"}


def _decide(node: dict[str, Any], run: Run, now: int) -> tuple[str | None, int | None]:
    settings = node["with"]
    if node["step"] == "end":
        return "end", None
    if node["step"] == "tag":
        return "next", None
    if node["step"] == "wait":
        until = run.arrived + settings["seconds"] * 1000
        return ("next", None) if until <= now else (None, until)
    if run.is_woken or (run.is_fresh and any(_passes(settings, *one) for one in run.heard)):
        return "happened", None
    if settings["timeout"] is None:
        return None, None
    until = run.arrived + settings["timeout"]["seconds"] * 1000
    return ("timeout", None) if until <= now else (None, until)


def _passes(settings: dict[str, Any], name: str, properties: dict[str, Any]) -> bool:
    return name == settings["event"] and all(properties.get(one["path"], 0) >= one["value"] for one in settings.get("where") or ())
