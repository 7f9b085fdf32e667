"""The door of the orders room, on each of the ledgers."""

from __future__ import annotations

import pytest

from siyu.foundation.stores import Stores
from tests.makers.door import Door, door_of


@pytest.fixture
def door(stores: Stores) -> Door:
    return door_of(stores)


@pytest.fixture
def any_door(any_stores: Stores) -> Door:
    return door_of(any_stores)
