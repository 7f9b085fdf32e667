"""What every test may ask for: fresh stores with a clock of their own, and the shared real data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from siyu.app import FACTS
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine


class SetClock:
    """A clock that stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 1, 1, 12, tzinfo=UTC))


@pytest.fixture
def stores(tmp_path: Path, clock: SetClock) -> Iterator[Stores]:
    """A new SQLite ledger and a warehouse in memory."""
    settings = Settings(home=tmp_path, secret_key="ab" * 32)
    ledger = open_ledger(settings.ledger_url)
    metadata.create_all(ledger.engine)
    opened = Stores(settings, ledger, attach(DuckDBEngine(None, "1GB", 2), FACTS), load_secrets(settings), clock)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that lies beside the repository."""
    folder = Path(os.environ.get("SIYU_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the shared data is not at {folder}; set SIYU_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def shared_reference(shared_data: Path) -> Path:
    return shared_data.parent / "reference"


