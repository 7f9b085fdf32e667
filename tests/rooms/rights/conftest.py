"""Data folders in which people have left traces: filled once, and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from siyu.app import FACTS
from siyu.foundation.clock import Clock
from siyu.foundation.database import open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores, closing
from siyu.foundation.warehouse.connect import open_warehouse
from tests.conftest import SetClock
from tests.rooms.rights.people import ERIN, FRED, buy, meet


def _opened(home: Path, clock: Clock) -> Stores:
    settings = Settings(home=home, secret_key="ab" * 32, warehouse_memory="500MB", warehouse_threads=1)
    return Stores(settings, open_ledger(settings.ledger_url), open_warehouse(settings, FACTS), load_secrets(settings), clock)


def _filled(home: Path, blank_ledger: Path, fill: Callable[[Stores], None]) -> Path:
    shutil.copy(blank_ledger, home / "ledger.sqlite")
    with closing(_opened(home, lambda: datetime(2026, 1, 1, 12, tzinfo=UTC))) as stores:
        fill(stores)
    return home


@pytest.fixture(scope="session")
def met(tmp_path_factory: pytest.TempPathFactory, blank_ledger: Path) -> Path:
    """Erin and Fred were here."""
    return _filled(tmp_path_factory.mktemp("met"), blank_ledger, lambda stores: meet(stores, ERIN, FRED))


@pytest.fixture(scope="session")
def bought(tmp_path_factory: pytest.TempPathFactory, blank_ledger: Path) -> Path:
    """Erin and Fred were here, and bought."""

    def fill(stores: Stores) -> None:
        meet(stores, ERIN, FRED)
        buy(stores, ERIN, FRED)

    return _filled(tmp_path_factory.mktemp("bought"), blank_ledger, fill)


@contextmanager
def of_its_own(filled: Path, home: Path, clock: SetClock) -> Iterator[Stores]:
    """The stores of a copy."""
    shutil.copytree(filled, home)
    with closing(_opened(home, clock)) as stores:
        yield stores


@pytest.fixture
def house(bought: Path, tmp_path: Path, clock: SetClock) -> Iterator[Stores]:
    with of_its_own(bought, tmp_path / "home", clock) as stores:
        yield stores
