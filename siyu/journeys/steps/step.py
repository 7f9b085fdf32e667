"""Step 节点: what every step can do. `advance` decides and has no effect; `act` has the effects, in the tick's transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec
from sqlalchemy import Connection

from siyu.foundation.errors import Fault
from siyu.foundation.ids import Ints, Shares, draw_rows
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.journeys.definition import Condition, Definition
from siyu.journeys.people import Flags, Moves, People
from siyu.journeys.standing import among, holding
from siyu.messaging import sends, zones
from siyu.messaging.quiet import Zones

if TYPE_CHECKING:
    from siyu.journeys.sending import Wanted

Group = Literal["reach", "wait", "branch", "customer", "flow"]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings of a step: typed, with defaults; the console makes its panel of their schema."""


Doors = Callable[[int, list[int]], object]


def nobody(journey_id: int, customer_ids: list[int]) -> None:
    """Where nothing is written, nobody comes into another journey or leaves it."""


@dataclass(frozen=True)
class Context:
    """Where people stand. `tick` is unique among ticks; `dry`: nothing is written (a walk, a rehearsal), only `advance` is called.

    `tx` is the ledger transaction of the tick.
    """

    stores: Stores
    tx: Connection
    now_ms: int
    journey_id: int
    version: int
    node: str
    place_id: int
    tick: str
    salt: str
    definition: Definition
    dry: bool = False
    remembered: dict[Any, Any] = field(default_factory=dict)
    """What steps find once in a tick and use for every batch."""
    enrol: Doors = field(default=nobody, repr=False)
    """(journey, customers): let people into another journey, by its own rules."""
    take_out: Doors = field(default=nobody, repr=False)
    """(journey, customers): end their runs in another journey."""

    def zones(self, customer_ids: Ints) -> Zones:
        """Where these people live; the brand's zone where it is not known."""
        return Zones.of(zones.of(self.stores, customer_ids), str(self.stores.calendar.zone))

    def draw(self, label: str, first_ids: Ints) -> Shares:
        """In [0, 1) for each person, the same for ever for this journey and label."""
        return draw_rows(f"{self.salt} {label}", first_ids)

    def holds(self, rule: dict[str, Any], customer_ids: Ints) -> Flags:
        """For whom a rule of segments holds now."""
        return holding(self.stores, rule, customer_ids)

    def refs_of(self, send_ids: Sequence[int]) -> dict[int, str]:
        """Send → its ref, which names journey, version and node."""
        return sends.refs_of(self.tx, send_ids)

    def members(self, segment_id: int, customer_ids: Ints) -> Flags:
        """Who is in a segment now."""
        return among(self.stores, segment_id, customer_ids)


class Step:
    """A kind of step. One instance of each stands in `registry`.

    Attributes
    ----------
    writes : it changes what facts say of people.
    waits : people may stay at it (see `stays`). Every loop needs a step that does.
    """

    kind: ClassVar[str]
    label: ClassVar[Text]
    description: ClassVar[Text]
    group: ClassVar[Group]
    Settings: ClassVar[type[Settings]]
    writes: ClassVar[bool] = False
    waits: ClassVar[bool] = False

    def edges(self, settings: Any) -> tuple[str, ...]:
        """Names of the ways out, in the order that `Moves.edge` counts them."""
        return ("next",)

    def reads(self, settings: Any) -> bool:
        """Whether it looks at facts: people whom a step before has changed in the same tick then come to it in the next one."""
        return False

    def stays(self, settings: Any) -> bool:
        """Whether people may stay at it with these settings."""
        return self.waits

    def least_ms(self, settings: Any, edge: str) -> int:
        """How long people stay at least before they take a way out."""
        timeout = getattr(settings, "timeout", None)
        return int(timeout.ms) if edge == "timeout" and timeout is not None else 0

    def says(self, settings: Any) -> Wanted | None:
        """The message that people get here; None for a step that sends nothing."""
        return None

    def hears(self, settings: Any) -> tuple[Condition, ...]:
        """What wakes those who wait at it."""
        return ()

    def remembers(self, settings: Any) -> frozenset[str]:
        """Events whose occurrence during the run it asks about (`People.heard`)."""
        return frozenset(condition.event for condition in self.hears(settings) if condition.event)

    def check(self, tx: Connection, settings: Any, field: str) -> list[Fault]:
        """What is wrong with the settings against what exists."""
        return []

    def advance(self, ctx: Context, settings: Any, people: People) -> Moves:
        return Moves.along(len(people))

    def act(self, ctx: Context, settings: Any, people: People) -> Moves | None:
        """The effects on those who come to it; called with those who arrive, before they move. What it returns replaces what `advance` said."""
        return None

    def sentence(self, settings: Any) -> Text:
        """One line for the card on the canvas."""
        return self.label
