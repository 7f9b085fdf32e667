"""Stores on either ledger, as several processes would open them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from siyu.foundation.clock import Clock, system_clock
from siyu.foundation.database import open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import open_warehouse

MakeStores = Callable[..., Stores]


@pytest.fixture
def make_stores(ledger_url: str, tmp_path: Path) -> Iterator[MakeStores]:
    """Open the same ledger several times, as several processes would; each has a data folder of its own."""
    opened: list[Stores] = []

    def make(clock: Clock = system_clock, job_workers: int = 1) -> Stores:
        home = tmp_path / f"home{len(opened)}"
        home.mkdir()
        settings = Settings(home=home, database_url=ledger_url, job_workers=job_workers)
        ledger = open_ledger(ledger_url)
        opened.append(Stores(settings, ledger, open_warehouse(settings, []), load_secrets(settings), clock))
        return opened[-1]

    yield make
    for stores in opened:
        stores.close()


@pytest.fixture
def stores(make_stores: MakeStores) -> Stores:
    return make_stores()
