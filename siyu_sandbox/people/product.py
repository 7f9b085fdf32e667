"""The people, as the server takes them: no address of any vendor, control routes and truth only."""

from __future__ import annotations

from siyu_sandbox.people.control import CONTROLS
from siyu_sandbox.people.truth import TABLES
from siyu_sandbox.people.world import PeopleWorld
from siyu_sandbox.registry import Product

PEOPLE = Product(name="people", world=PeopleWorld, control=CONTROLS, truth=TABLES)
