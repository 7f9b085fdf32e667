"""Clients that others wrote, unmodified, send to a running Siyu: what they sent is in the log, each once.

Also when the server answers 429, when its answers get lost, and when it is killed in the middle: for the clients that send again.
神策's server-side clients do not (they drop a request that failed, and their asynchronous one ends at the first error), which is why
Siyu never refuses them while it has room.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.browser.house import Server
from tests.collect_clients.conftest import House
from tests.collect_clients.driving import drive, looking_at, make_feeds, told, troubled, until
from tests.makers.collect import logged

ROUNDS = 12
DRIVERS = {"from_python.py": "", "from_node.mjs": "_node"}
PATIENT = ("segment", "rudder", "posthog")
"""Clients that send again what was not taken."""
SENSORS = ("SensorsOrdered_default", "SensorsOrdered_batch", "SensorsOrdered_async", "SensorsNodeOrdered")


class Sending:
    """Both drivers at work; each client tells of its rounds once."""

    def __init__(self, server: Server, clients: tuple[str, ...], url: str, *, but: tuple[str, ...] = (), gap_seconds: float = 0, full: bool = False) -> None:
        self._home = server
        names = {mark: [client for client in clients if client + mark not in but] for mark in DRIVERS.values()}
        ordered = [f"{client}{mark} ordered" for mark in names for client in names[mark] if client in PATIENT]
        self.expected = Counter(dict.fromkeys([*ordered, *(SENSORS if "sensors" in clients else ())], ROUNDS))
        self._before = self._counted()
        order: dict[str, Any] = {"url": url, "rounds": ROUNDS, "gap_seconds": gap_seconds, "full": full}
        self._drivers = [drive(driver, {**order, "keys": make_feeds(server, names[mark])}) for driver, mark in DRIVERS.items()]

    def ended(self) -> list[str]:
        """What went wrong by the clients' own account."""
        failed = [said for driver in self._drivers for said in told(driver)]
        until(lambda: self.arrived() == self.expected, seconds=20)
        return failed

    def arrived(self) -> Counter[str]:
        return self._counted() - self._before

    def _counted(self) -> Counter[str]:
        with looking_at(self._home.home) as stores:
            return Counter(name for name in logged(stores, "activity_recorded")["name"].to_pylist() if name in self.expected)


def attributes(server: Server) -> Counter[tuple[str, str]]:
    with looking_at(server.home) as stores:
        return Counter((row["path"], row["op"]) for row in logged(stores, "profile_recorded").to_pylist())


def test_what_clients_send_is_there_once(house: House) -> None:
    before = attributes(house.server)
    sending = Sending(house.server, (*PATIENT, "sensors"), house.server.url, full=True)
    assert sending.ended() == []
    assert sending.arrived() == sending.expected
    with looking_at(house.server.home) as stores:
        sightings = logged(stores, "people_seen").to_pylist()
        with stores.ledger.read() as tx:
            assert tx.exec_driver_sql("SELECT reason, detail FROM collect_quarantine").all() == []
    # Every round told the level of one person, ten times; 神策 for Python added to the visits three times.
    profiles = attributes(house.server) - before
    assert profiles["level", "set"] == ROUNDS * 10
    assert profiles["visits", "increment"] == ROUNDS * 3
    # Each alias or sign-up joined two ids, whichever of the two it named first.
    assert sum(row["anchor_key"] != row["identity_key"] for row in sightings) >= 9


@pytest.mark.parametrize("kind", ["refuse", "lose"])
def test_what_was_refused_or_whose_answer_was_lost_is_there_once(house: House, kind: str) -> None:
    with troubled(house.server.url, kind, per_client=2) as (url, troubles):
        sending = Sending(house.server, PATIENT, url)
        assert sending.ended() == []
        assert sending.arrived() == sending.expected
    assert sum(troubles.made.values()) >= 2 * len(PATIENT)


def test_what_was_said_around_a_kill_is_there_once(house: House) -> None:
    # rudder-sdk-node tries three times within a second, and then ends the process that uses it: no server can mend that.
    sending = Sending(house.server, PATIENT, house.server.url, but=("rudder_node",), gap_seconds=0.25)
    assert until(lambda: sum(sending.arrived().values()) > 0)
    house.kill_and_start_again(down_seconds=0.3)
    failed = sending.ended()
    assert sending.arrived() == sending.expected, failed
