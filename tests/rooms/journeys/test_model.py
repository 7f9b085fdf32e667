"""Random journeys, events, edits and faults: the set-based runner takes everybody the same way as one person at a time (`one_person`).

`ALL_KILLS=1` tries many more, `ALL_CASES=1` without making what fails small.
"""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select, update

from siyu.events import log, reactions
from siyu.events.catalogue.journeys import JOURNEY_STEPS_LEFT
from siyu.events.catalogue.segments import SEGMENT_MEMBERS_CHANGED
from siyu.foundation import faults
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.ids import draw_rows
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import look_up_all
from siyu.identity.merge import merge
from siyu.identity.resolve import RESOLVE
from siyu.journeys import (
    _step_tables,
    _tables,
    books,
    enrolments,
    journeys,
    looking,
    runner,
    versions,
    winners,
)
from siyu.journeys.definition import read
from siyu.journeys.listening import LISTEN
from siyu.journeys.states import STATES
from siyu.segments.facts import SEGMENTS_MEMBER
from tests.conftest import SetClock
from tests.makers.campaigns import put_segment
from tests.makers.customers import put_rows
from tests.makers.journeys import create, publish
from tests.makers.people import record
from tests.rooms.journeys.one_person import World

EVENTS = ("come", "click", "buy", "leave")
IS_LONG = bool(os.environ.get("ALL_KILLS") or os.environ.get("ALL_CASES"))
EXAMPLES, STEPS = (400, 40) if IS_LONG else (12, 14)
PHASES = tuple(Phase) if os.environ.get("ALL_KILLS") else (Phase.explicit, Phase.reuse, Phase.generate)
"""In the suite a failure is told as it was found: making it small takes minutes."""
SPANS = (1, 60, 3600, 86_400)
USERS = 5
WAITS, MARKS = ("wait", "wait_until", "wait_until"), ("tag", "tag", "split", "ab", "holdout", "branch", "branch")
_names = count(1)
_DAY = 86_400_000


@st.composite
def marks(draw: st.DrawFn, kind: str, onward: Any, segment: int) -> dict[str, Any]:
    """A step at which nobody waits: it leads on."""
    if kind == "tag":
        return {"step": kind, "with": {"add": ["x"]}, "to": {"next": draw(onward)}}
    if kind == "holdout":
        return {"step": kind, "with": {"percent": draw(st.sampled_from([1, 30, 50]))}, "to": {"next": draw(onward), "held": draw(onward)}}
    if kind == "branch":
        event = st.builds(lambda name, where, times: {"kind": "event", "name": name, "where": where, "count": times}, st.sampled_from(EVENTS), st.sampled_from(WHERES), st.integers(1, 2))
        tests = st.lists(st.one_of(event, st.just({"kind": "segment", "segment": segment})), min_size=1, max_size=2)
        ways = [{"edge": f"w{number}", "when": draw(tests), "match": draw(st.sampled_from(["all", "any"]))} for number in range(draw(st.integers(1, 2)))]
        return {"step": kind, "with": {"ways": ways}, "to": {edge: draw(onward) for edge in [*(way["edge"] for way in ways), "no"]}}
    percents = draw(st.sampled_from([(50, 50), (10, 20, 70), (33.3, 66.7)] + ([(0, 100)] if kind == "split" else [])))
    shares = [{"edge": edge, "percent": percent} for edge, percent in zip("abc", percents, strict=False)]
    return {"step": kind, "with": {"ways": shares}, "to": {way["edge"]: draw(onward) for way in shares}}


WHERES: tuple[list[dict[str, Any]], ...] = ([], [{"path": "n", "op": ">=", "value": 2}])


@st.composite
def entries(draw: st.DrawFn, segment: int) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"kind": "event", "name": "come", **draw(st.sampled_from([{}, {"key": "n"}]))}
    return {"kind": "segment", "segment": segment, "direction": draw(st.sampled_from(["entered", "entered", "left"])), "existing": draw(st.booleans()), "again": draw(st.booleans())}


@st.composite
def drawings(draw: st.DrawFn, segment: int, *, entry: dict[str, Any] | None = None) -> dict[str, Any]:
    """A definition that can be published: steps that wait may lead back, others only on."""
    size = draw(st.integers(1, 6))
    names = [f"n{number}" for number in range(size)]
    nodes: dict[str, Any] = {}
    for place, name in enumerate(names):
        kind = draw(st.sampled_from(draw(st.sampled_from([WAITS, MARKS]))))
        anywhere, onward = st.sampled_from([*names, None]), st.sampled_from([*names[place + 1 :], None])
        if kind == "wait":
            nodes[name] = {"step": kind, "with": {"seconds": draw(st.sampled_from(SPANS))}, "to": {"next": draw(anywhere)}}
        elif kind in MARKS:
            nodes[name] = draw(marks(kind, onward, segment))
        else:
            where = draw(st.sampled_from(WHERES))
            timeout = draw(st.sampled_from([None, *({"seconds": span} for span in SPANS)]))
            # A wait for what has happened already is over at once: it may not be the only one of a loop.
            nodes[name] = {"step": kind, "with": {"event": draw(st.sampled_from(EVENTS)), "where": where, "timeout": timeout}, "to": {"happened": draw(anywhere), "timeout": draw(anywhere)}}
    reached, stack = set[str](), ["n0"]
    while stack:
        if (node := stack.pop()) not in reached:
            reached.add(node)
            stack += [after for after in nodes[node]["to"].values() if after]
    found: dict[str, Any] = {"entry": entry or draw(entries(segment))}
    found |= {"nodes": {name: node for name, node in nodes.items() if name in reached}, "start": "n0", "holdout_rate": draw(st.sampled_from([0, 0, 0.3]))}
    # Of several runs of one member at once, how many begin again would depend on whether they end in one batch.
    rules = ["once", "after_end", "after_end" if found["entry"].get("again") else "always"]
    found["reentry"] = {"rule": draw(st.sampled_from(rules)), **draw(st.sampled_from([{}, {"at_most": 2}]))}
    found["exit"] = draw(st.sampled_from([[], [{"event": "leave"}], [{"event": "buy"}, {"event": "leave"}], [{"event": "buy"}, {"left": segment}], [{"segment": segment}]]))
    found["goal"] = draw(st.sampled_from([None, {"event": "buy", "days": 2, "ends": True}, {"event": "buy", "days": 1, "ends": False}, {"segment": segment, "days": 2, "ends": True}]))
    return found


EVENT = st.tuples(st.integers(0, USERS - 1), st.sampled_from(EVENTS), st.integers(1, 3), st.sampled_from([0, 0, 0, 0, 60_000, _DAY, 4 * _DAY]))


def machine(stores: Stores, clock: SetClock) -> type[RuleBasedStateMachine]:
    segment = put_segment(stores, [])

    def _listen() -> None:
        for reaction in (RESOLVE, LISTEN):
            reactions.advance(stores, reaction)

    class Journeys(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.batch, self.fault = 100, 0
            self.from_position = 0

        # -- what is done

        @initialize(definition=drawings(segment), members=st.sets(st.integers(0, USERS - 1)))
        def begin(self, definition: dict[str, Any], members: set[int]) -> None:
            self.number = next(_names)
            clock.at += timedelta(days=30)
            with stores.ledger.read() as tx:
                self.from_position = log.head(tx)
            users = [f"u{self.number}-{who}" for who in range(USERS)]
            record(stores, [{"user": user, "id": f"{next(_names)}", "event": "hello", "at_ms": to_ms(clock.at), "properties": {}} for user in users], f"{next(_names)}")
            _listen()
            with stores.ledger.read() as tx:
                self.customers = look_up_all(stores, tx, "member", users)
            self.journey = create(stores, definition).id
            with stores.ledger.begin() as tx:
                tx.execute(update(_tables.journey).where(_tables.journey.c.id == self.journey).values(salt=f"salt {self.number}"))
            self.world = World(self._lot, {1: definition}, started=to_ms(clock.at), members={users[who]: to_ms(clock.at) for who in sorted(members)})
            self._keep_members()
            publish(stores, self.journey)
            self.told: list[dict[str, Any]] = []
            self._tick()

        @rule(events=st.lists(EVENT, min_size=1, max_size=6), mixed=st.randoms(use_true_random=False))
        def happens(self, events: list[tuple[int, str, int, int]], mixed: Any) -> None:
            """A batch of events, also late ones, in any order."""
            clock.at += timedelta(milliseconds=50)
            made = [
                {"user": f"u{self.number}-{who}", "id": f"{next(_names)}", "event": name, "at_ms": to_ms(clock.at) - late + place, "properties": {"n": n}}
                for place, (who, name, n, late) in enumerate(events)
            ]
            clock.at += timedelta(milliseconds=50)
            mixed.shuffle(made)
            self._tell(made)

        @rule(data=st.data())
        def join_or_leave(self, data: st.DataObject) -> None:
            """Some come into the segment, others leave it."""
            clock.at += timedelta(milliseconds=50)
            users = sorted({self.world.who(user) for user in self.customers})
            some = data.draw(st.lists(st.sampled_from(users), min_size=1, max_size=3, unique=True))
            changes, at = {user: user not in self.world.members for user in some}, to_ms(clock.at)
            clock.at += timedelta(milliseconds=50)
            rows = {"segment_id": [segment] * len(changes), "customer_id": [self.customers[user] for user in changes], "entered": list(changes.values()), "at_ms": [at] * len(changes)}
            with stores.ledger.begin() as tx:
                log.append(tx, SEGMENT_MEMBERS_CHANGED, SEGMENT_MEMBERS_CHANGED.table(rows), now=clock.at)
            self.world.change_members(changes, at, to_ms(clock.at))
            self._keep_members()
            self._cut(_listen, "journeys.heard")
            self._tick()

        @precondition(lambda self: bool(self._tests()))
        @rule(data=st.data())
        def a_way_wins(self, data: st.DataObject) -> None:
            """One way of an A/B test is named: everybody takes it from then on, if somebody came to the test before; the first that is named stays."""
            version, node = data.draw(st.sampled_from(self._tests()))
            edge = data.draw(st.sampled_from([way["edge"] for way in self.world.versions[version]["nodes"][node]["with"]["ways"]]))
            with stores.ledger.begin() as tx:
                place = tx.scalar(select(_tables.place.c.id).where(_tables.place.c.journey_id == self.journey, _tables.place.c.version == version, _tables.place.c.node == node))
                assert place is not None
                winners.note(tx, place, {}, winners.Verdict(edge, edge, 0.01), clock.at)
            if (version, node) in self.world.tested:
                self.world.won.setdefault((version, node), edge)

        @rule(data=st.data())
        def is_told_again(self, data: st.DataObject) -> None:
            """Events that were told before are told again."""
            assume(self.told)
            self._tell(data.draw(st.lists(st.sampled_from(self.told), min_size=1, max_size=3, unique_by=lambda one: one["id"])))

        @rule(seconds=st.sampled_from([1, 30, 3600, 90_000, 400_000]))
        def time_passes(self, seconds: int) -> None:
            end = clock.at + timedelta(seconds=seconds)
            for _ in range(60):
                due = self._next()
                if due is None or due > to_ms(end):
                    break
                clock.at = max(clock.at + timedelta(milliseconds=1), from_ms(due))
                self._tick()
            clock.at = max(clock.at, end)

        @rule(definition=st.data(), moves=st.booleans())
        def is_redrawn(self, definition: st.DataObject, moves: bool) -> None:
            new = definition.draw(drawings(segment, entry=self.world.versions[1]["entry"]))
            # Of every node there was, also where nobody is: where chance led people does not decide what is drawn, so an example can be repeated.
            nodes = sorted({node for one in self.world.versions.values() for node in one["nodes"]})
            mapping = {node: definition.draw(st.sampled_from([*new["nodes"], None])) for node in nodes} if moves else None
            clock.at += timedelta(milliseconds=1)
            with stores.ledger.begin() as tx:
                saved = journeys.save_draft(tx, self.journey, read(new), over=journeys.find(tx, self.journey).draft_version, by="test", now=clock.at)
                in_flight = versions.FINISH if mapping is None else versions.InFlight("move", mapping)
                versions.publish(tx, self.journey, over=saved.draft_version, in_flight=in_flight, by="test", now=clock.at)
            self.world.publish(self.world.latest + 1, new, mapping, to_ms(clock.at))
            self._tick()

        @rule()
        def is_paused_or_resumed(self) -> None:
            with stores.ledger.begin() as tx:
                (journeys.resume if self.world.is_paused else journeys.pause)(tx, self.journey, by="test", now=clock.at)
            self.world.is_paused = not self.world.is_paused
            self.world.is_looked = self.world.is_looked or not self.world.is_paused
            self._tick()

        @precondition(lambda self: len(self.customers) > 1)
        @rule(data=st.data())
        def are_merged(self, data: st.DataObject) -> None:
            users = sorted({self.world.who(user) for user in self.customers})
            assume(len(users) > 1)
            goes, stays = data.draw(st.lists(st.sampled_from(users), min_size=2, max_size=2, unique=True))
            with stores.ledger.begin() as tx:
                merge(stores, tx, [(self.customers[stays], self.customers[goes])], by="test", beyond_limits=True)
            self.world.merge(goes, stays)
            # The next recompute would say so: there is one person only.
            self.world.members.pop(goes, None)
            self._keep_members()

        @precondition(lambda self: bool(self.customers))
        @rule(data=st.data())
        def is_taken_out(self, data: st.DataObject) -> None:
            user = self.world.who(data.draw(st.sampled_from(sorted(self.customers))))
            with stores.ledger.begin() as tx:
                enrolments.take_out(tx, self.journey, [self.customers[user]], now=clock.at)
            self.world.take_out(user)

        @rule(batch=st.sampled_from([1, 2, 100]), fault=st.integers(0, 3))
        def will_be_cut_off(self, batch: int, fault: int) -> None:
            """From now on people are moved in batches of this size, and the n-th transaction of a tick is cut off."""
            self.batch, self.fault = batch, fault

        # -- how it goes on

        def _tell(self, events: list[dict[str, Any]]) -> None:
            self.told += [one for one in events if one not in self.told]
            record(stores, events, f"{next(_names)}")
            self._cut(_listen, "journeys.heard")
            for one in sorted(events, key=lambda one: one["at_ms"]):
                heard = {"id": one["id"], "name": one["event"], "at": one["at_ms"], "properties": one["properties"]}
                self.world.hear(self.world.who(one["user"]), heard, to_ms(clock.at))
            self._tick()

        def _tick(self) -> None:
            # What falls due in a tick at another place, such as a loop, comes with the next millisecond.
            looking.look(stores)
            self.world.look(to_ms(clock.at))
            self._cut(lambda: runner.tick(stores, batch=self.batch), "journeys.moved")
            self.world.tick(to_ms(clock.at))

        def _cut(self, work: Any, point: str) -> None:
            for nth in range(self.fault, 0, -1):
                faults.ask(f"{point}=raise:{nth}")
                try:
                    work()
                except faults.InjectedError:
                    pass
                finally:
                    faults.ask("")
            work()

        def _lot(self, label: str, user: str) -> float:
            return float(draw_rows(f"salt {self.number} {label}", np.array([self.customers[user]], np.int64))[0])

        def _tests(self) -> list[tuple[int, str]]:
            versions = self.world.versions if hasattr(self, "world") else {}
            return sorted((number, node) for number, one in versions.items() for node, step in one["nodes"].items() if step["step"] == "ab")

        def _keep_members(self) -> None:
            """The facts say who is in the segment."""
            with stores.warehouse.engine.write() as session:
                session.clear(SEGMENTS_MEMBER)
            put_rows(stores, SEGMENTS_MEMBER, [{"segment_id": segment, "customer_id": self.customers[user], "entered": True, "at_ms": at} for user, at in self.world.members.items()])

        def _next(self) -> int | None:
            dues = [run.due for run in self.world.runs if run.state == "on_the_way" and run.due is not None]
            expected = min(dues, default=None) if not self.world.is_paused else None
            assert runner.waiting(stores) == expected
            return expected

        # -- what holds

        @invariant()
        def everybody_is_where_one_at_a_time_leads(self) -> None:
            if not hasattr(self, "world"):
                return
            expected = [
                (self.customers[self.world.who(run.person)], run.key, run.version, run.state, run.code, run.node, run.due, run.goal, run.path) for run in self.world.runs
            ]
            assert sorted(self._runs(), key=repr) == sorted(expected, key=repr)

        def _runs(self) -> list[Any]:
            c, s, place = _tables.enrolment.c, _tables.standing.c, _tables.place
            columns = (c.id, c.customer_id, c.key, c.version, s.state, s.code, place.c.node, s.due_ms, c.goal_ms)
            with stores.ledger.read() as tx:
                rows = tx.execute(select(*columns).select_from(_tables.run.join(place, place.c.id == s.place_id)).where(c.journey_id == self.journey)).all()
                head = log.head(tx)
            paths: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
            for batch in log.read(stores.ledger, self.from_position, head, [JOURNEY_STEPS_LEFT.name]):
                for row in batch.rows.to_pylist():
                    paths[row["enrolment_id"]].append((row["node"], row["edge"], row["left_ms"]))
            return [(r.customer_id, r.key, r.version, STATES[r.state], r.code, r.node, r.due_ms if r.state == 0 else None, r.goal_ms, paths[r.id]) for r in rows]

        def teardown(self) -> None:
            if not hasattr(self, "journey"):
                return
            with stores.ledger.begin() as tx:
                tx.execute(delete(_tables.heard))
                # Numbers begin anew, and with them what is kept of versions, which outside of tests never go.
                books._kept.clear()
                for table in (_step_tables.winner, _tables.standing, _tables.enrolment, _tables.passed, _tables.place, _tables.version, _tables.happening, _tables.journey):
                    tx.execute(delete(table))

    return Journeys


@pytest.mark.timeout(7200 if IS_LONG else 300)
def test_everybody_goes_the_way_that_one_person_at_a_time_goes(stores: Stores, clock: SetClock) -> None:
    run_state_machine_as_test(
        machine(stores, clock),
        settings=settings(max_examples=EXAMPLES, phases=PHASES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True),
    )  # fmt: skip
