"""The door of the orders room, on each of the ledgers."""

from __future__ import annotations

import pytest

from siyu.foundation.stores import Stores
from tests.makers.door import Door, orders_only


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, stores: Stores) -> Door:
    return orders_only(monkeypatch, stores)


@pytest.fixture
def any_door(monkeypatch: pytest.MonkeyPatch, any_stores: Stores) -> Door:
    return orders_only(monkeypatch, any_stores)
