"""Random journeys, events, edits and faults: the set-based runner takes everybody the same way as one person at a time (`one_person`).

`ALL_KILLS=1` tries many more.
"""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import timedelta
from itertools import count
from typing import Any

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
from sqlalchemy import delete, select

from siyu.events import log, reactions
from siyu.events.catalogue.journeys import JOURNEY_STEPS_LEFT
from siyu.foundation import faults
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import look_up_all
from siyu.identity.merge import merge
from siyu.identity.resolve import RESOLVE
from siyu.journeys import _tables, books, enrolments, journeys, runner, versions
from siyu.journeys.definition import read
from siyu.journeys.listening import LISTEN
from siyu.journeys.states import STATES
from tests.conftest import SetClock
from tests.makers.journeys import create, publish
from tests.makers.people import record
from tests.rooms.journeys.one_person import World

EVENTS = ("come", "click", "buy", "leave")
EXAMPLES, STEPS = (400, 40) if os.environ.get("ALL_KILLS") else (14, 14)
PHASES = tuple(Phase) if os.environ.get("ALL_KILLS") else (Phase.explicit, Phase.reuse, Phase.generate)
"""In the suite a failure is told as it was found: making it small takes minutes."""
SPANS = (1, 60, 3600, 86_400)
_names = count(1)
_DAY = 86_400_000


@st.composite
def drawings(draw: st.DrawFn, *, entry: dict[str, Any] | None = None) -> dict[str, Any]:
    """A definition that can be published: steps that wait may lead back, others only on."""
    size = draw(st.integers(1, 6))
    names = [f"n{number}" for number in range(size)]
    nodes: dict[str, Any] = {}
    for place, name in enumerate(names):
        kind = draw(st.sampled_from(["wait", "wait_until", "wait_until", "tag", "tag"]))
        anywhere, onward = st.sampled_from([*names, None]), st.sampled_from([*names[place + 1 :], None])
        if kind == "wait":
            nodes[name] = {"step": kind, "with": {"seconds": draw(st.sampled_from(SPANS))}, "to": {"next": draw(anywhere)}}
        elif kind == "tag":
            nodes[name] = {"step": kind, "with": {"add": ["x"]}, "to": {"next": draw(onward)}}
        else:
            where = draw(st.sampled_from([[], [{"path": "n", "op": ">=", "value": 2}]]))
            timeout = draw(st.sampled_from([None, *({"seconds": span} for span in SPANS)]))
            # A wait for what has happened already is over at once: it may not be the only one of a loop.
            nodes[name] = {"step": kind, "with": {"event": draw(st.sampled_from(EVENTS)), "where": where, "timeout": timeout}, "to": {"happened": draw(anywhere), "timeout": draw(anywhere)}}
    reached, stack = set[str](), ["n0"]
    while stack:
        if (node := stack.pop()) not in reached:
            reached.add(node)
            stack += [after for after in nodes[node]["to"].values() if after]
    found: dict[str, Any] = {"entry": entry or draw(st.sampled_from([{"kind": "event", "name": "come"}, {"kind": "event", "name": "come", "key": "n"}]))}
    found |= {"nodes": {name: node for name, node in nodes.items() if name in reached}, "start": "n0", "holdout_rate": 0}
    found["reentry"] = {"rule": draw(st.sampled_from(["once", "after_end", "always"])), **draw(st.sampled_from([{}, {"at_most": 2}]))}
    found["exit"] = draw(st.sampled_from([[], [{"event": "leave"}], [{"event": "buy"}, {"event": "leave"}]]))
    found["goal"] = draw(st.sampled_from([None, {"event": "buy", "days": 2, "ends": True}, {"event": "buy", "days": 1, "ends": False}]))
    return found


EVENT = st.tuples(st.integers(0, 4), st.sampled_from(EVENTS), st.integers(1, 3), st.sampled_from([0, 0, 0, 0, 60_000, _DAY, 4 * _DAY]))


def machine(stores: Stores, clock: SetClock) -> type[RuleBasedStateMachine]:
    class Journeys(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.batch, self.fault = 100, 0
            self.from_position = 0

        # -- what is done

        @initialize(definition=drawings())
        def begin(self, definition: dict[str, Any]) -> None:
            self.number = next(_names)
            clock.at += timedelta(days=30)
            with stores.ledger.read() as tx:
                self.from_position = log.head(tx)
            self.journey = create(stores, definition).id
            publish(stores, self.journey)
            self.world = World({1: definition}, started=to_ms(clock.at))
            self.told: list[dict[str, Any]] = []
            self.customers: dict[str, int] = {}

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
            new = definition.draw(drawings(entry=self.world.versions[1]["entry"]))
            here = sorted({run.node for run in self.world.runs if run.state == "on_the_way"})
            mapping = {node: definition.draw(st.sampled_from([*new["nodes"], None])) for node in here} if moves else None
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
            self._cut(lambda: [reactions.advance(stores, reaction) for reaction in (RESOLVE, LISTEN)], "journeys.heard")
            users = sorted({one["user"] for one in events} - self.customers.keys())
            with stores.ledger.read() as tx:
                self.customers |= look_up_all(stores, tx, "member", users)
            for one in sorted(events, key=lambda one: one["at_ms"]):
                heard = {"id": one["id"], "name": one["event"], "at": one["at_ms"], "properties": one["properties"]}
                self.world.hear(self.world.who(one["user"]), heard, to_ms(clock.at))
            self._tick()

        def _tick(self) -> None:
            # What falls due in a tick at another place, such as a loop, comes with the next millisecond.
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
                for table in (_tables.standing, _tables.enrolment, _tables.passed, _tables.place, _tables.version, _tables.happening, _tables.journey):
                    tx.execute(delete(table))

    return Journeys


def test_everybody_goes_the_way_that_one_person_at_a_time_goes(stores: Stores, clock: SetClock) -> None:
    run_state_machine_as_test(
        machine(stores, clock),
        settings=settings(max_examples=EXAMPLES, phases=PHASES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True),
    )  # fmt: skip
