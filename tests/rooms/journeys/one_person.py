"""One person at a time: what a journey is, played the plainest way, to hold the set-based runner against.

It knows waits, waits until an event or a time-out, branches, random splits, A/B tests, hold-outs, tags and ends; entry by an event or by a segment;
rules of re-entry; the journey's hold-out; exit rules and a goal. Everything happens at an instant: first what is heard, in the order of the events,
then whoever is in the segment comes in, then whoever is due moves on. What chance says of somebody is asked (`lot`), not drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Run:
    """One run. `first`: who came in, before any merge; `path`: (node, edge, instant) of each step that was left; `heard`: event → name and
    properties, of those that the journey asks about; `began_with`: the event by which they came in, likewise."""

    person: str
    first: str
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
    heard: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    began_with: tuple[str, dict[str, Any]] | None = None


@dataclass
class World:
    """All runs of one journey. `versions`: number → definition as plain data; `lot`: (label, person) → where chance falls, 0–1; `members`: who
    is in the segment, and since when; `won`, `tested`: (version, node) → the way that won, and nodes whose test has begun; `is_looked`: those
    who are in the segment are still to come in."""

    lot: Callable[[str, str], float]
    versions: dict[int, dict[str, Any]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    started: int = 0
    is_paused: bool = False
    used: set[Any] = field(default_factory=set)
    members: dict[str, int] = field(default_factory=dict)
    won: dict[tuple[int, str], str] = field(default_factory=dict)
    tested: set[tuple[int, str]] = field(default_factory=set)
    is_looked: bool = True
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
        if entry["kind"] == "event" and event["name"] == entry["name"] and not self.is_paused and is_fresh:
            self._enter(person, min(event["at"], now), event["id"], now, self.latest, key=self._key(self.latest, event), said=(event["name"], event["properties"]))

    def _key(self, version: int, event: dict[str, Any]) -> str:
        path = self.versions[version]["entry"].get("key")
        return str(event["properties"].get(path, "")) if path else ""

    def _hear(self, run: Run, event: dict[str, Any], now: int) -> None:
        definition = self.versions[run.version]
        goal = definition.get("goal")
        is_goal = goal is not None and run.goal is None and event["name"] == goal.get("event") and event["at"] <= run.entered + goal["days"] * 86_400_000
        if is_goal:
            run.goal = event["at"]
        if run.state != "on_the_way":
            return
        if event["name"] in remembered(definition):
            run.heard[event["id"]] = event["name"], event["properties"]
        node = definition["nodes"][run.node]
        if node["step"] == "wait_until" and not run.is_fresh and _passes(node["with"], event["name"], event["properties"]):
            run.is_woken, run.due = True, now
        if is_goal and goal and goal["ends"]:
            run.state, run.code, run.due = "goal", "goal", None
            return
        for rule in definition.get("exit", ()):
            if rule.get("event") == event["name"]:
                run.state, run.code, run.due = "exited", f"event:{event['name']}", None
                return

    def change_members(self, changes: dict[str, bool], at: int, now: int) -> None:
        """People come into the segment or leave it: person → whether they come in."""
        for person, comes in changes.items():
            if comes:
                self.members[person] = at
            else:
                self.members.pop(person, None)
        for version in sorted(self.versions):
            mine = [run for run in self.runs if run.version == version and run.person in changes]
            for run in mine:
                self._member_goal(run, changes[run.person], at)
            for rule in self.versions[version].get("exit", ()):
                for run in mine:
                    if run.state == "on_the_way" and ("segment" in rule or "left" in rule) and changes[run.person] == ("segment" in rule):
                        run.state, run.code, run.due = "exited", f"segment:{rule.get('segment') or rule.get('left')}", None
        entry = self.versions[self.latest]["entry"]
        for person in changes if entry["kind"] == "segment" and not self.is_paused else ():
            if changes[person] == (entry["direction"] == "entered"):
                self._enter(person, now, (person, at), now, self.latest)

    def _member_goal(self, run: Run, comes: bool, at: int) -> None:
        goal = self.versions[run.version].get("goal")
        if goal is None or "segment" not in goal or not comes or run.goal is not None or not run.entered <= at <= run.entered + goal["days"] * 86_400_000:
            return
        run.goal = at
        if goal["ends"] and run.state == "on_the_way":
            run.state, run.code, run.due = "goal", "goal", None

    def look(self, now: int) -> None:
        """When the journey starts or goes on, whoever is in the segment comes in."""
        if not self.is_looked or self.is_paused:
            return
        self.is_looked, entry = False, self.versions[self.latest]["entry"]
        if entry["kind"] == "segment" and entry["existing"] and entry["direction"] == "entered":
            for person, since in self.members.items():
                self._enter(person, now, (person, since), now, self.latest)

    def _enter(self, person: str, at: int, by: Any, now: int, version: int, *, key: str = "", said: Any = None, due: int | None = None) -> None:
        """`by`: what brings them in, and does so only once; None for nothing."""
        definition = self.versions[version]
        rule = definition["reentry"]
        mine = [run for run in self.runs if run.person == person]
        if by in self.used or (mine and mine[-1].state == "removed"):
            return
        before = [run for run in mine if run.key == key]
        if before:
            if rule["rule"] == "once" or (rule["rule"] == "after_end" and any(run.state in ("on_the_way", "held_out") for run in before)):
                return
            if rule.get("at_most") is not None and len(before) >= rule["at_most"]:
                return
        if by is not None:
            self.used.add(by)
        number = max((run.number for run in before), default=0) + 1
        new = Run(person, person, key, by if said else "", number, version, at, definition["start"], now, now if due is None else due, began_with=said)
        if self.lot("holdout", person) < definition["holdout_rate"] or any(run.state == "held_out" for run in mine):
            new.state, new.due, new.is_fresh = "held_out", None, False
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
        nodes, seen, is_changed = self.versions[run.version]["nodes"], set[str](), False
        while True:
            node = nodes[run.node]
            if run.node in seen or (is_changed and reads(node)):
                # A loop whose wait is over at once goes round once a tick; and what a step has changed is known to facts with the next one.
                run.is_fresh, run.is_woken, run.due = True, False, now + 1
                return
            seen.add(run.node)
            edge, due = self._decide(node, run, now)
            if edge is None:
                run.is_fresh, run.is_woken, run.due = False, False, due
                return
            run.path.append((run.node, edge, now))
            is_changed = is_changed or node["step"] == "tag"
            after = node["to"].get(edge)
            if after is None:
                run.state, run.due = "completed", None
                self._again(run, now)
                return
            run.node, run.arrived, run.is_fresh, run.is_woken = after, now, True, False

    def _again(self, run: Run, now: int) -> None:
        """Whoever has completed a journey that takes members again, and is one, comes in anew, on the version that newcomers take."""
        entry = self.versions[self.latest]["entry"]
        if entry["kind"] == "segment" and entry["again"] and (run.person in self.members) == (entry["direction"] == "entered"):
            self._enter(run.person, now, None, now, self.latest, due=now + 1)

    def _decide(self, node: dict[str, Any], run: Run, now: int) -> tuple[str | None, int | None]:
        settings, kind = node["with"], node["step"]
        if kind == "ab":
            self.tested.add((run.version, run.node))
            if (run.version, run.node) in self.won:
                return self.won[run.version, run.node], None
        if kind in ("split", "ab"):
            lot, total = self.lot(run.node, run.first) * 100, 0.0
            for way in settings["ways"]:
                total += way["percent"]
                if lot < total:
                    return way["edge"], None
            return settings["ways"][-1]["edge"], None
        if kind == "holdout":
            return ("held" if self.lot(f"{run.node} holdout", run.first) * 100 < settings["percent"] else "next"), None
        if kind == "branch":
            return next((way["edge"] for way in settings["ways"] if self._holds(way, run)), "no"), None
        return _waited(node, run, now)

    def _holds(self, way: dict[str, Any], run: Run) -> bool:
        told = [*run.heard.values(), *([run.began_with] if run.began_with else [])]
        found = [
            run.person in self.members if test["kind"] == "segment" else sum(_passes({"event": test["name"], "where": test["where"]}, *one) for one in told) >= test["count"]
            for test in way["when"]
        ]
        return all(found) if way["match"] == "all" else any(found)

    # -- what is done to it

    def publish(self, number: int, definition: dict[str, Any], mapping: dict[str, str | None] | None, now: int) -> None:
        before = dict(self.versions)
        self.versions[number] = definition
        self.is_looked = True
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
        """Of two runs of one person the earlier goes on, unless each event starts a run of its own; beside one that is held out none."""
        self.into[goes] = stays
        for run in self.runs:
            run.person = stays if run.person == goes else run.person
        firsts: dict[str, Run] = {}
        here = [run for run in self.runs if run.person == stays and run.state in ("on_the_way", "held_out")]
        for run in sorted(here, key=lambda run: (run.state != "held_out", run.entered)):
            first = firsts.setdefault(run.key, run)
            if first is not run and run.state == "on_the_way" and (first.state == "held_out" or self.versions[first.version]["reentry"]["rule"] != "always"):
                run.state, run.code, run.due = "stopped", "merged", None

    def take_out(self, person: str) -> None:
        for run in self.runs:
            if run.person == person and run.state in ("on_the_way", "held_out"):
                run.state, run.code, run.due = "removed", "by_hand", None


def remembered(definition: dict[str, Any]) -> set[str]:
    nodes = definition["nodes"].values()
    tests = [test for node in nodes if node["step"] == "branch" for way in node["with"]["ways"] for test in way["when"]]
    return {node["with"]["event"] for node in nodes if node["step"] == "wait_until"} | {test["name"] for test in tests if test["kind"] == "event"}


def reads(node: dict[str, Any]) -> bool:
    """Whether a step looks at facts."""
    return node["step"] == "branch" and any(test["kind"] == "segment" for way in node["with"]["ways"] for test in way["when"])


def _waited(node: dict[str, Any], run: Run, now: int) -> tuple[str | None, int | None]:
    settings = node["with"]
    if node["step"] == "end":
        return "end", None
    if node["step"] == "tag":
        return "next", None
    if node["step"] == "wait":
        until = run.arrived + settings["seconds"] * 1000
        return ("next", None) if until <= now else (None, until)
    if run.is_woken or (run.is_fresh and any(_passes(settings, *one) for one in run.heard.values())):
        return "happened", None
    if settings["timeout"] is None:
        return None, None
    until = run.arrived + settings["timeout"]["seconds"] * 1000
    return ("timeout", None) if until <= now else (None, until)


def _passes(settings: dict[str, Any], name: str, properties: dict[str, Any]) -> bool:
    return name == settings["event"] and all(properties.get(one["path"], 0) >= one["value"] for one in settings.get("where") or ())
