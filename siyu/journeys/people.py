"""People 一批人: those whom a tick takes through a node, as columns, and what a step decides about each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.foundation.ids import Ints

STAY, FAIL = -1, -2
NEVER = 2**62
"""Due when only an event wakes."""
Codes = np.ndarray[tuple[int], np.dtype[np.object_]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
Heard = Callable[[Ints], pa.Table]
"""Runs (enrolments) → what they have heard, one row each: enrolment_id, event_key, name, at_ms, properties (JSON text), is_entry; by time."""


NOTHING_HEARD: pa.Table = pa.table(
    {"enrolment_id": pa.array([], pa.int64()), "event_key": pa.array([], pa.int64()), "name": pa.array([], pa.string()), "at_ms": pa.array([], pa.int64()),
     "properties": pa.array([], pa.string()), "is_entry": pa.array([], pa.bool_())}
)  # fmt: skip


COLUMNS = ("enrolment_id", "customer_id", "first_id", "entered_ms", "arrived_ms", "due_ms", "arrived", "woken", "changed")


@dataclass(frozen=True)
class People:
    """One row a run, ascending by enrolment_id.

    Attributes
    ----------
    customer_id : whom the person is now (after merges).
    first_id : whom chance is drawn for.
    entered_ms, arrived_ms, due_ms : when they came into the journey, to this node, and when it was due to be looked at again.
    arrived : they have just come to the node (else they were waiting at it).
    woken : what they waited for has happened.
    changed : a step before has changed what facts say of them in this very tick.
    """

    enrolment_id: Ints
    customer_id: Ints
    first_id: Ints
    entered_ms: Ints
    arrived_ms: Ints
    due_ms: Ints
    arrived: Flags
    woken: Flags
    changed: Flags
    heard: Heard = field(repr=False, default=lambda ids: NOTHING_HEARD)

    def __len__(self) -> int:
        return len(self.enrolment_id)

    def take(self, which: Any) -> People:
        """Those at some places, or where a mask holds."""
        return replace(self, **{name: getattr(self, name)[which] for name in COLUMNS})

    @classmethod
    def together(cls, parts: Sequence[People]) -> People:
        """Several arrivals as one batch, ascending."""
        if len(parts) == 1:
            return parts[0]
        columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
        joined = replace(parts[0], **columns)
        return joined.take(np.argsort(joined.enrolment_id, kind="stable"))

    def all(self, value: int) -> Ints:
        """The same for everybody."""
        return np.full(len(self), value, np.int64)


@dataclass(frozen=True)
class Moves:
    """What becomes of each of some people.

    Attributes
    ----------
    edge : place of the edge in the step's `edges`; STAY or FAIL.
    due_ms : of those who stay, when they are looked at again (NEVER: only an event wakes).
    code : of those who fail, why; else None. Of those who move, a remark that is kept with the move, such as a refusal's reason.
    """

    edge: Ints
    due_ms: Ints
    code: Codes

    @classmethod
    def along(cls, count: int, edge: int | Ints = 0) -> Moves:
        """Everybody goes on now."""
        edges = edge if isinstance(edge, np.ndarray) else np.full(count, edge, np.int64)
        return cls(edges, np.full(count, NEVER, np.int64), np.full(count, None, object))

    @classmethod
    def stay(cls, due_ms: Ints) -> Moves:
        return cls(np.full(len(due_ms), STAY, np.int64), due_ms, np.full(len(due_ms), None, object))

    def failing(self, which: Flags, code: str | Sequence[str]) -> Moves:
        """With those where the mask holds failed."""
        codes = self.code.copy()
        codes[which] = code
        return Moves(np.where(which, FAIL, self.edge), self.due_ms, codes)

    def __len__(self) -> int:
        return len(self.edge)
