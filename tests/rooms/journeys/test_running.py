"""Journeys go on by themselves while the server runs."""

from __future__ import annotations

import time
from dataclasses import replace

from siyu.app import flow
from siyu.foundation.clock import system_clock, to_ms
from siyu.foundation.stores import Stores
from siyu.journeys import runner
from siyu.journeys.running import Journeys
from tests.conftest import SetClock
from tests.makers.people import record
from tests.rooms.journeys.playing import ORDER, Play, tag


def test_an_event_is_answered_at_once(stores: Stores, clock: SetClock) -> None:
    """Within a second on an idle machine (`bench/journeys_entry.py`); a busy one has ten."""
    clock.at = system_clock()
    play = Play(stores, clock, ORDER, {"t": tag("x", None)})
    running = Journeys(replace(stores, clock=system_clock), flow)
    running.start()
    try:
        record(stores, [{"user": "u", "at_ms": to_ms(system_clock()), "id": "1", "event": "cart_added"}], "one")
        until = time.monotonic() + 10
        while play.all_states() != {"completed": 1}:
            assert time.monotonic() < until, play.all_states()
            time.sleep(0.02)
    finally:
        running.stop()
    assert runner.waiting(stores) is None
