"""One server for all clients; it outlives being killed, under the same address."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.house import Server, start, stop
from tests.collect_clients.driving import kill_and_start_again


@dataclass
class House:
    server: Server

    def kill_and_start_again(self, down_seconds: float) -> None:
        self.server = kill_and_start_again(self.server, down_seconds)


@pytest.fixture(scope="package")
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory() as folder:
        held = House(start(Path(folder)))
        try:
            yield held
        finally:
            stop(held.server)
