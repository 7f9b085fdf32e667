"""Stores 存储: everything that is open while the product runs, carried as one value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from siyu.foundation.clock import Calendar, Clock, system_clock
from siyu.foundation.database import Ledger
from siyu.foundation.secrets import Secrets
from siyu.foundation.settings import Settings
from siyu.foundation.warehouse.connect import Warehouse


@dataclass(frozen=True)
class Stores:
    """The open ledger and warehouse, with settings, keys and the clock. Passed to every public function that needs them."""

    settings: Settings
    ledger: Ledger
    warehouse: Warehouse
    secrets: Secrets
    clock: Clock = field(default=system_clock)

    @property
    def calendar(self) -> Calendar:
        return self.settings.calendar

    def now(self) -> datetime:
        return self.clock()

    def close(self) -> None:
        self.warehouse.close()
        self.ledger.close()


@contextmanager
def closing(stores: Stores) -> Iterator[Stores]:
    try:
        yield stores
    finally:
        stores.close()
