"""Three persons: Alice owns, Bob is a guide, Charlie was deactivated and must see nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from siyu.team import members
from siyu.team.audit import SYSTEM
from siyu.team.members import MemberChange
from tests.rooms.team.house import PASSWORDS, House, open_house


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with Alice, Bob and Charlie in it."""
    house = open_house(ledger_url, tmp_path)
    for who, role in (("alice", "owner"), ("bob", "guide"), ("charlie", "operator")):
        name = who.capitalize()
        house.people[who] = members.add_member(
            house.stores, SYSTEM, login=who, name=name, role=role, password=PASSWORDS[who]
        )
    members.change_member(house.stores, SYSTEM, house.people["charlie"].id, MemberChange(active=False))
    yield house
    house.stores.close()


@pytest.fixture
def empty_house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    house = open_house(ledger_url, tmp_path)
    yield house
    house.stores.close()
